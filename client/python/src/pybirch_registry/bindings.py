"""The addresses and last settings of this computer's instruments, which are stored here at once and then sent
to the registry.
"""

import math
import sys
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from . import instances, state
from .api import Http
from .connection import Connection
from .discovery import KEY, NUMBER, Found
from .errors import AnswerError, RegistryError
from .files import locked
from .manifest import check_kept
from .outbox import Entry, Outbox, Sent
from .store import Store
from .text import logger

log = logger(__name__)

SEND_NOW_S = 3.0
"""How long `bind` and `save_settings` wait for the registry, in seconds. If they stop waiting, the next sync
sends the remaining changes.
"""


class Bindings:
    """The bindings of one computer. Several processes may change the bindings at once."""

    def __init__(self, connection: Connection, store: Store) -> None:
        self._connection = connection
        self._home = connection.home
        self._store = store
        self.outbox = Outbox(connection.home)

    def remember(self, instrument: Any, body: dict[str, Any]) -> str | None:
        """Stores a binding or settings here at once, and sends them to the registry within a few seconds or at the next
        sync.

        If the registry refuses the binding or settings, deletes them here and returns the reason. `instrument` is an
        object or an instrument's id. Raises `FolderError`.
        """
        return self._send_now(self._put(instrument, body))

    def _send_now(self, key: str) -> str | None:
        try:
            sent = self.send(SEND_NOW_S)
        except RegistryError as error:
            log.info("Kept for the next sync: %s", error)
            return None
        for text in sent.refused.values():
            log.warning("%s", text)
        if sent.trouble:
            log.info("Kept for the next sync: %s", sent.trouble)
        return sent.refused.get(key)

    def _put(self, instrument: Any, body: dict[str, Any]) -> str:
        """Stores an entry to send, and returns its key."""
        number = number_of(instrument)
        if number is not None:
            key = f"binding:{number}"
            self.outbox.drop(f"unbind:{number}")
            self.outbox.put(key, body)
        elif isinstance(instrument, Found):
            key = f"new:{instrument.key}"
            self.outbox.put(key, body)
        else:
            name = instrument.__dict__.setdefault(KEY, str(uuid.uuid4()))
            key = f"new:{name}"
            self.outbox.put(key, {**self.describe(instrument), "key": name, **body})
        return key

    def forget(self, found: Found) -> str | None:
        """Ends a binding on this computer at once, and in the registry as soon as possible. Returns and raises what
        `remember` does.
        """
        number = number_of(found)
        if number is None:
            self.outbox.drop(f"new:{found.key}")
            return None
        waited = self.outbox.drop(f"binding:{number}")
        if found.binding.get("id") is None and waited:
            return None
        key = f"unbind:{number}"
        self.outbox.put(key, {"binding": found.binding["id"]})
        return self._send_now(key)

    def describe(self, instrument: Any) -> dict[str, Any]:
        """Returns what the registry must know to add an instrument."""
        origin = getattr(instrument, "_definition", None) or {}
        name = origin.get("name", type(instrument).__name__)
        known = self._store.versions(name)
        return {
            "name": getattr(instrument, "nickname", None) or getattr(instrument, "name", name),
            "pybirch_class": name,
            "definition_id": known[0].id if known else None,
        }

    def send(self, timeout_s: float | None = None) -> Sent:
        """Sends the stored entries to the registry. Raises `NotEnrolledError`, `FolderError`."""
        http = self._connection.http
        computer = quote(self._connection.enrolment.computer_name, safe="")

        def deliver(entry: Entry) -> Any:
            kind, _, number = entry.key.partition(":")
            if kind == "binding":
                path = f"/api/instruments/{number}/bindings/{computer}"
                return http.json("PUT", path, entry.body, timeout_s=timeout_s)
            if kind == "unbind":
                _unbind(http, entry.body["binding"], timeout_s)
                return {"unbound": int(number)}
            return http.json("POST", f"/api/computers/{computer}/bindings", entry.body, timeout_s=timeout_s)

        sent = self.outbox.send(deliver)
        self._merge_answers(sent.answers)
        return sent

    def _merge_answers(self, answers: list[Any]) -> None:
        """Merges the registry's answers into the last list, so that they count before the next list arrives."""
        told = [answer for answer in answers if isinstance(answer, dict)]
        taken = {answer["instrument"]["id"]: answer for answer in told if answer.get("instrument")}
        gone = {answer["unbound"] for answer in told if "unbound" in answer}
        if not taken and not gone:
            return
        numbers = {answer["key"]: number for number, answer in taken.items() if answer.get("key")}
        for one in instances.list_live():
            if one.__dict__.get(KEY) in numbers:
                one.__dict__[NUMBER] = numbers[one.__dict__[KEY]]
        with locked(self._home.lock("manifest")):
            kept = state.load(self._home.manifest, check_kept)
            if kept is None:
                return
            others = [b for b in kept["manifest"].get("bindings") or [] if b["instrument"]["id"] not in {*taken, *gone}]
            kept["manifest"]["bindings"] = [*others, *taken.values()]
            state.save(self._home.manifest, {**kept, "etag": None})


def number_of(instrument: Any) -> int | None:
    """The registry's id of an instrument. `instrument` is the id, an object or a `Found`."""
    if isinstance(instrument, Found):
        number = instrument.instrument.get("id")
    else:
        number = instrument if isinstance(instrument, int) else instrument.__dict__.get(NUMBER)
    return number if isinstance(number, int) else None


def _unbind(http: Http, binding: int, timeout_s: float | None) -> None:
    """Deletes a binding. If the binding is already gone, that is not an error."""
    try:
        http.json("DELETE", f"/api/computer-bindings/{binding}", timeout_s=timeout_s)
    except AnswerError as error:
        if error.status != 404:
            raise


def adapter_type_of(adapter: str) -> str | None:
    """The type of a VISA address, from its start: `GPIB`, `USB`, `Serial` or `TCP`, or None if the start is unknown."""
    kinds = {"GPIB": "GPIB", "USB": "USB", "ASRL": "Serial", "COM": "Serial", "/DEV/TTY": "Serial"}
    kinds |= {"TCPIP": "TCP", "VICP": "TCP"}
    return next((kind for prefix, kind in kinds.items() if adapter.upper().startswith(prefix)), None)


def plain(value: Any) -> Any:
    """Converts settings for JSON: numpy's scalars and arrays become Python's numbers and lists."""
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
