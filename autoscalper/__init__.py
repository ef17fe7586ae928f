"""AutoScalper trades a Discord trader's option alerts at Interactive Brokers."""

__version__ = "0.1.0"
