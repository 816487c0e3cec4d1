"""Loads approved PyBirch instrument definitions on a lab computer, with or without the network.

```python
from pybirch_registry import Registry

registry = Registry.open()
registry.sync()
for found in registry.discover():
    instrument = found.create()
```
"""

from .computer import get_computer_info
from .discovery import Found
from .errors import (
    AnswerError,
    BannedImportError,
    ConstructionError,
    FolderError,
    GuardError,
    NotEnrolledError,
    RefusedError,
    RegistryError,
    UnknownDefinitionError,
    UnreachableError,
)
from .registry import Registry
from .report import SyncReport
from .rows import with_version
from .updates import Update

__version__ = "0.2.0"

__all__ = [
    "AnswerError",
    "BannedImportError",
    "ConstructionError",
    "FolderError",
    "Found",
    "GuardError",
    "NotEnrolledError",
    "RefusedError",
    "Registry",
    "RegistryError",
    "SyncReport",
    "UnknownDefinitionError",
    "UnreachableError",
    "Update",
    "get_computer_info",
    "with_version",
]
