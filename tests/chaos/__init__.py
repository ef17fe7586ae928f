"""The machine that tries to break AutoScalper: a seeded storm over the real, supervised stack.

``trader`` writes the alerts and ``storm`` the disturbances, both from a seed and without I/O;
``stack`` runs the product, ``weather`` carries the disturbances out and ``play`` brings both
together. ``evidence`` collects what is left in the end, and ``judge`` decides on that alone.
"""
