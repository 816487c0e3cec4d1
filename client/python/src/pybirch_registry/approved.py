"""Versions that passed every check and may be loaded, and the providers that find them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .store import Installed

ROOT = "pybirch_registry.definitions"
DRIVER = "__driver__"
"""The name of the module that contains the class for PyBirch's factory (see driver.py). The package of every version
has this module.
"""


@dataclass(frozen=True)
class Approved:
    """A checked version, ready to be loaded."""

    installed: Installed
    folder: Path
    sources: dict[str, bytes]
    """The checked content of each Python file, by its path."""
    builtins: dict[str, Any]

    @property
    def package(self) -> str:
        return package_name(self.installed.name, self.installed.commit)


class Provider(Protocol):
    """Finds versions to load."""

    def find_approved(self, name: str, commit: str) -> Approved | None:
        """Returns None if the version is not on this computer. Raises `RefusedError` if the version must not
        be loaded.
        """


_providers: list[Provider] = []


def package_name(name: str, commit: str) -> str:
    return f"{ROOT}.{name}.c{commit}"


def add_provider(provider: Provider) -> None:
    """Adds a provider. The provider that was added last is asked first."""
    if provider in _providers:
        _providers.remove(provider)
    _providers.insert(0, provider)


def has_providers() -> bool:
    return bool(_providers)


def find_approved(name: str, commit: str) -> Approved | None:
    """Asks the providers in turn. Raises what `Provider.find_approved` raises."""
    return next((a for provider in _providers if (a := provider.find_approved(name, commit))), None)
