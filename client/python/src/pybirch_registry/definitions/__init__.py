"""Loaded definitions: `pybirch_registry.definitions.<Name>.c<commit>.<Name>` is the module of one version.

A name like that in a pickle is enough to load the version again, in another process too.
"""

from ..finder import install

install()
