"""Which instrument is at which address here, and its last settings: remembered at once, told to the registry."""

import math
import sys
import uuid
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from . import instances, state
from .api import Http
from .errors import RegistryError
from .files import locked
from .home import Home
from .manifest import check_kept
from .outbox import Entry, Outbox, Sent
from .text import logger

log = logger(__name__)

SEND_NOW_S = 3.0
"""How long `bind` and `save_settings` wait for the registry before they leave it to the next sync, in seconds."""

NUMBER = "_registry_instrument"
"""The attribute of an instrument that holds its id in the registry."""
KEY = "_registry_key"
"""The attribute that names an instrument that the registry does not know yet."""


class Describes(Protocol):
    """Tells the registry what it needs to make an instrument."""

    def __call__(self, instrument: Any) -> dict[str, Any]: ...


class Bindings:
    """Of one computer. Several processes may use it at once."""

    def __init__(self, home: Home, computer_name: str, describe: Describes) -> None:
        self._home = home
        self._computer = quote(computer_name, safe="")
        self._describe = describe
        self.outbox = Outbox(home)

    def remember(self, http: Http, instrument: Any, body: dict[str, Any]) -> str | None:
        """At once here; the registry is told in a few seconds, or else at the next sync. What it refuses is forgotten,
        and the reason given back. `instrument` is an object or an instrument's id. Raises `FolderError`.
        """
        key = self._put(instrument, body)
        try:
            sent = self.send(http, SEND_NOW_S)
        except RegistryError as error:
            log.info("Kept for the next sync: %s", error)
            return None
        for text in sent.refused.values():
            log.warning("%s", text)
        if sent.trouble:
            log.info("Kept for the next sync: %s", sent.trouble)
        return sent.refused.get(key)

    def _put(self, instrument: Any, body: dict[str, Any]) -> str:
        """The key of what waits now."""
        number = instrument if isinstance(instrument, int) else instrument.__dict__.get(NUMBER)
        if isinstance(number, int):
            key = f"binding:{number}"
            self.outbox.put(key, body)
        else:
            name = instrument.__dict__.setdefault(KEY, str(uuid.uuid4()))
            key = f"new:{name}"
            self.outbox.put(key, {**self._describe(instrument), "key": name, **body})
        return key

    def send(self, http: Http, timeout_s: float | None = None) -> Sent:
        """Tells the registry what waits. Raises `NotEnrolledError`, `FolderError`."""

        def deliver(entry: Entry) -> Any:
            kind, _, number = entry.key.partition(":")
            if kind == "binding":
                path = f"/api/instruments/{number}/bindings/{self._computer}"
                return http.json("PUT", path, entry.body, timeout_s=timeout_s)
            return http.json("POST", f"/api/computers/{self._computer}/bindings", entry.body, timeout_s=timeout_s)

        sent = self.outbox.send(deliver)
        self._take(sent.answers)
        return sent

    def _take(self, answers: list[Any]) -> None:
        """Lays the answers into the last list, so that they are told of before the next one comes."""
        taken = {a["instrument"]["id"]: a for a in answers if isinstance(a, dict) and a.get("instrument")}
        if not taken:
            return
        numbers = {answer["key"]: number for number, answer in taken.items() if answer.get("key")}
        for one in instances.live():
            if one.__dict__.get(KEY) in numbers:
                one.__dict__[NUMBER] = numbers[one.__dict__[KEY]]
        with locked(self._home.lock("manifest")):
            kept = state.load(self._home.manifest, check_kept)
            if kept is None:
                return
            others = [b for b in kept["manifest"].get("bindings") or [] if b["instrument"]["id"] not in taken]
            kept["manifest"]["bindings"] = [*others, *taken.values()]
            state.save(self._home.manifest, {**kept, "etag": None})


def adapter_type_of(adapter: str) -> str | None:
    """`GPIB`, `USB`, `Serial` or `TCP` by the start of a VISA address; None where it does not say."""
    kinds = {"GPIB": "GPIB", "USB": "USB", "ASRL": "Serial", "COM": "Serial", "/DEV/TTY": "Serial"}
    kinds |= {"TCPIP": "TCP", "VICP": "TCP"}
    return next((kind for prefix, kind in kinds.items() if adapter.upper().startswith(prefix)), None)


def plain(value: Any) -> Any:
    """Settings as JSON takes them: numpy's scalars and arrays become Python's numbers and lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(one) for one in value]
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.generic, numpy.ndarray)):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
