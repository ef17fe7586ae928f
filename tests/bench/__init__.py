"""Measurements of the real processes, for people and for ``scripts/``: nothing here is a test.

What is measured is named in the module that measures it; ``test_*`` modules check the arithmetic.
"""
