"""Refuses definitions the use of modules whose functions raise no audit event, however a definition got the module.

`import ctypes` is refused by its name. But the module is also in `sys.modules` and in the namespaces of many libraries.
Therefore the module itself checks which code reads its attributes.
"""

import sys
import sysconfig
from types import FrameType, ModuleType
from typing import Any

from ..errors import BannedImportError
from .charge import Definitions
from .importing import FROZEN
from .policy import Policy
from .twins import SILENT

OPEN_NAMES = frozenset(
    ["__class__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__path__", "__spec__"]
)
"""The attributes that the import system reads from every module."""


class Silent:
    """Watches the loaded modules that are in `SILENT`."""

    def __init__(self, definitions: Definitions, policies: dict[str, Policy]) -> None:
        self._definitions = definitions
        self._policies = policies
        self._library = sysconfig.get_paths()["stdlib"]
        self._own = tuple(f"{self._library}/{name}" for name in ("ctypes", "multiprocessing", "uuid", "platform"))
        self._kind = self._watched()
        self.is_pending = True

    def watch(self) -> None:
        """Watches the modules that were loaded since the last call."""
        self.is_pending = False
        for name in SILENT:
            module = sys.modules.get(name)
            if type(module) is ModuleType:
                module.__class__ = self._kind

    def _watched(self) -> type[ModuleType]:
        judge = self._judge

        class Module(ModuleType):
            def __getattribute__(self, name: str) -> Any:
                if name not in OPEN_NAMES:
                    judge(object.__getattribute__(self, "__name__"), name, sys._getframe(1))
                return super().__getattribute__(name)

        return Module

    def _judge(self, module: str, name: str, frame: FrameType | None) -> None:
        while frame is not None:
            charge = self._definitions.owner(frame)
            if charge is not None:
                if self._policies[charge.label].bans(module):
                    what = f"{module}.{name}"
                    raise BannedImportError(
                        f"{charge.label} tried to use {what}. A definition may not do that on this computer, "
                        f"unless a lab admin allows `{module.partition('.')[0]}`"
                    )
                return
            place = frame.f_code.co_filename
            # Skip Python's own functions that read attributes for a caller.
            if place.startswith(FROZEN) or place.startswith(self._own) or not place.startswith(self._library):
                return
            frame = frame.f_back
