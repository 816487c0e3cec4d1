"""The import guard: what code of a definition may not do on a lab computer. A seat belt; review is the wall."""

from .audit import watch
from .builtins import guarded_builtins
from .charge import Charge
from .policy import Policy

__all__ = ["Charge", "Policy", "guarded_builtins", "watch"]
