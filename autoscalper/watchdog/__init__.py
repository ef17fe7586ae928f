"""Process: supervisord's event listener, which revives what gave up and restarts what hangs.

``core`` decides without I/O; ``listener`` speaks supervisord's event protocol.
"""
