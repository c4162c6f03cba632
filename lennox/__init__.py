"""Read dental films offline, mark suspected caries, and refuse models that no audit has passed."""

__version__ = "0.1.0"
