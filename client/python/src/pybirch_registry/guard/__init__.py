"""The import guard refuses what a definition's code may not do on a lab computer. The guard stops mistakes. Only a
review of the code stops attackers.
"""

from .audit import watch
from .builtins import guarded_builtins
from .charge import Charge
from .policy import Policy

__all__ = ["Charge", "Policy", "guarded_builtins", "watch"]
