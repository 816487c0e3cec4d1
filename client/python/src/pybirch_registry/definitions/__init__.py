"""Loaded definitions. The module of a version is `pybirch_registry.definitions.<Name>.c<commit>.<Name>`.

A pickle that contains such a name loads the version again, even in another process.
"""

from ..finder import install
from ..library import Library

install(Library)
