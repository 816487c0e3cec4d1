"""Loaded definitions: `pybirch_registry.definitions.<Name>.c<commit>.<Name>` is the module of one version.

A pickle that holds such a name loads the version again, also in another process.
"""

from ..finder import install
from ..library import Library

install(Library)
