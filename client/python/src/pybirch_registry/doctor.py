"""Checks whether this computer can use its instruments. Each finding says what to do."""

import importlib.util
import socket
import sys
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .api import Http, decode
from .enrol import reserve_space, tls_warning
from .errors import RefusedError, RegistryError, UnknownDefinitionError
from .files import sha256
from .folder import NOT_THERE, known_folder, near_folder
from .home import Home
from .keys import KeyRing
from .manifest import ManifestFile
from .needs import find_unmet
from .outbox import Outbox
from .registry import Registry
from .repair import find_faults
from .statement import HEADER
from .store import Store
from .text import logger
from .trust import Trust
from .versions import fetch_keys

log = logger(__name__)


@dataclass(frozen=True)
class Check:
    """A finding. `level` is `ok`, `warning` or `error`."""

    name: str
    level: str
    text: str


def examine(home: Home) -> list[Check]:
    """Runs all checks. No check changes anything or raises an error."""
    return [check for one in CHECKS for check in _safely(one, home)]


def _safely(check: Callable[[Home], Iterator[Check]], home: Home) -> Iterator[Check]:
    name = check.__name__.strip("_")
    try:
        yield from check(home)
    except RegistryError as error:
        yield Check(name, "error", str(error))


def _folder(home: Home) -> Iterator[Check]:
    with reserve_space(home):
        pass
    yield Check("folder", "ok", f"{home.root} can be written")


def _files(home: Home) -> Iterator[Check]:
    for text in find_faults(home):
        yield Check("files", "error", text)


def _enrolment(home: Home) -> Iterator[Check]:
    enrolment = home.enrolment()
    if not enrolment.token:
        text = f"{enrolment.computer_name} uses the bundles of {enrolment.url} and was never enrolled there"
        yield Check("enrolment", "ok", text)
        return
    yield Check("enrolment", "ok", f"{enrolment.computer_name} at {enrolment.url}")
    if enrolment.computer_id != str(uuid.getnode()) and enrolment.computer_name != socket.gethostname():
        text = f"This computer is called {socket.gethostname()}, but its enrolment is for {enrolment.computer_name}. "
        yield Check("enrolment", "warning", text + "If the disk was copied from there, enrol this computer again")
    open_to = tls_warning(enrolment)
    if open_to:
        yield Check("encryption", "warning", open_to)


def _lists(home: Home) -> Iterator[Check]:
    enrolment = home.enrolment_or_none()
    if enrolment is None:
        return
    newest, warning = Trust(home).newest(), Trust(home).warning()
    if warning:
        yield Check("lists", "warning", warning)
    elif newest is None:
        yield Check("lists", "warning", "This computer has not received a signed list yet. Run: pybirch-registry sync")
    elif enrolment.token:
        yield Check("lists", "ok", "The list of the last sync was signed by the registry, for this computer")
    else:
        yield Check("lists", "ok", "The list of the last bundle was signed by the registry")


def _registry(home: Home) -> Iterator[Check]:
    enrolment = home.enrolment_or_none()
    if enrolment is None or not enrolment.token:
        return
    http = Http(enrolment.url, enrolment.token)
    response = http.request("GET", "/api/sync", headers={"Accept": "application/json"}, timeout_s=10)
    decode(response, enrolment.url)
    yield Check("registry", "ok", f"{enrolment.url} answers and knows this computer")
    try:
        statement = KeyRing(None, enrolment, lambda: fetch_keys(http)).statement(response.headers.get(HEADER))
        Trust(home).judge(statement, enrolment.audience, sha256(response.data))
    except RefusedError as error:
        yield Check("lists", "error", f"The registry's list is refused: {error}")
    clock = http.clock_warning()
    if http.clock_ahead_s is None:
        yield Check("clock", "warning", "The registry's answers do not contain the time: check this computer's clock")
    else:
        yield Check("clock", "warning" if clock else "ok", clock or "The clock agrees with the registry's")


def _versions(home: Home) -> Iterator[Check]:
    store = Store(home)
    items = ManifestFile(home).read().items
    for item in items:
        fault = store.fault(item.name, item.commit)
        if fault:
            yield Check("versions", "error", f"{item.label}: {fault}. Run: pybirch-registry sync")
        elif not home.repository(item.name).exists():
            yield Check("versions", "warning", f"{item.label} was fetched as a snapshot: older versions need git")
    yield Check("versions", "ok", f"{len(items)} versions are listed for this computer")


def _outbox(home: Home) -> Iterator[Check]:
    waiting = len(Outbox(home).waiting())
    if waiting:
        yield Check("outbox", "warning", f"{waiting} settings or bindings have not reached the registry yet")


def _python(home: Home) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", "ok", f"Python {version} at {sys.executable}")
    is_there = importlib.util.find_spec("numpy") is not None
    text = f"numpy is {'installed' if is_there else 'not installed in this Python'} (data)"
    yield Check("numpy", "ok" if is_there else "warning", text)


def _pyvisa(home: Home) -> Iterator[Check]:
    """Checks whether pyvisa can open instruments. pyvisa itself selects the VISA library."""
    if importlib.util.find_spec("pyvisa") is None:
        yield Check("pyvisa", "warning", "pyvisa is not installed in this Python (VISA instruments)")
        return
    import pyvisa

    try:
        with warnings.catch_warnings(action="ignore"):  # pyvisa-py warns about missing libraries that it does not need
            manager = pyvisa.ResourceManager()
    except Exception as error:  # vendors' libraries may raise anything
        log.info("%r", error)
        text = "pyvisa finds no working VISA library. Install a manufacturer's library, or run: pip install pyvisa-py"
        yield Check("pyvisa", "warning", text)
        return
    yield Check("pyvisa", "ok", f"pyvisa is installed (VISA instruments), with {library_of(manager.visalib)}")
    with suppress(Exception):
        manager.close()


def library_of(visalib: Any) -> str:
    """The name of a VISA library: the name of its file or of the Python package."""
    path = str(visalib.library_path)
    return type(visalib).__module__.partition(".")[0].replace("_", "-") if path in ("py", "unset", "sim") else path


def _needs(home: Home) -> Iterator[Check]:
    """Checks whether the packages are installed that definitions require in their headers. The checked versions
    are those that a new program would use.
    """
    enrolment = home.enrolment_or_none()
    if enrolment is None:
        return
    registry = Registry(home, enrolment)
    for name in registry.store.names():
        with suppress(UnknownDefinitionError, RefusedError):
            one = registry.resolve(name)
            main = registry.store.folder(one.name, one.commit) / one.main_file
            for text in find_unmet(main.read_bytes() if main.is_file() else b""):
                yield Check("needs", "error", f"{one.name} v{one.version} {text}")


def _pybirch(home: Home) -> Iterator[Check]:
    known, near = known_folder(), near_folder()
    if known is not None:
        yield Check("pybirch", "ok", f"PyBirch is in {known}")
    elif near is not None:
        text = f"PyBirch is in {near}, which this Python does not know. Run: pybirch-registry use-pybirch {near}"
        yield Check("pybirch", "warning", text)
    else:
        yield Check("pybirch", "warning", NOT_THERE)


CHECKS = (_folder, _files, _enrolment, _lists, _registry, _versions, _outbox, _python, _pyvisa, _needs, _pybirch)
