"""PyBirch's own database, used by the service object."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .ids import is_ours, to_registry

IDS = frozenset(["driver_id", "definition_id", "instrument_id", "binding_id", "computer_db_id", "lab_id"])


class Database:
    """PyBirch's database. `service` is PyBirch's `DatabaseService`, or None while the database is switched off."""

    def __init__(self, service: Any, url: str) -> None:
        self.service = service
        self._url = url

    def ask(self, method: str, without: Any, *arguments: Any) -> Any:
        """Calls a method of the database. Without a database, returns `without`, as an empty database would."""
        return without if self.service is None else getattr(self.service, method)(*arguments)

    def attribute(self, name: str) -> Any:
        """Raises `AttributeError`."""
        if self.service is None:
            raise AttributeError(f"{name} needs PyBirch's database, which is switched off (on the page Extensions)")
        found = getattr(self.service, name)
        return self._refuse_our_ids(name, found) if inspect.ismethod(found) else found

    def _refuse_our_ids(self, name: str, method: Callable[..., Any]) -> Any:
        """Wraps a method so that it refuses ids of the registry, because the database does not know them."""

        @functools.wraps(method)
        def asked(*arguments: Any, **options: Any) -> Any:
            told = inspect.signature(method).bind(*arguments, **options).arguments
            for key, value in _ids_in(told):
                if is_ours(value):
                    text = f"{name}: {key} {value} is the registry's {to_registry(value)}; change it at {self._url}"
                    raise ValueError(text)
            return method(*arguments, **options)

        return asked


def _ids_in(told: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The ids of drivers, instruments and the like, in the arguments and in dictionaries among them."""
    for key, value in told.items():
        if key in IDS:
            yield key, value
        elif isinstance(value, dict):
            yield from ((k, v) for k, v in value.items() if k in IDS)
