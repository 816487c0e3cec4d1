"""What a bench computer does: it tests what its lab proposes and what has landed, and posts the results."""

from .bench import Bench, Result
from .follow import follow

__all__ = ["Bench", "Result", "follow"]
