"""The import guard: what a definition's code may not do on a lab computer. It is a seat belt. Review is what keeps
hostile code out."""

from .audit import watch
from .builtins import guarded_builtins
from .charge import Charge
from .policy import Policy

__all__ = ["Charge", "Policy", "guarded_builtins", "watch"]
