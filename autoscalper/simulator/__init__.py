"""Process: an IB Gateway that speaks the TWS socket protocol and keeps an order book of its own.

For the demo, dry runs, tests and benchmarks. ``codec``, ``layouts``, ``requests`` and ``replies``
know the bytes; ``book`` and what it is made of decide without I/O; ``gateway`` connects the two;
``server`` and ``control`` own the sockets.
"""
