"""Tests the guard as an attacker: each attempt in `attacks.py` is refused, or GUARD.md says that it is not refused."""

import ctypes.util  # noqa: F401  (the host program has loaded it)
import os
import re
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cffi  # noqa: F401  (cryptography needs it)
import pytest
import serial  # noqa: F401  (the host program has loaded its VISA libraries)

from attacks import OPEN, REFUSED
from fake_registry import FakeRegistry
from pybirch_registry import BannedImportError, GuardError, Registry
from pybirch_registry.guard import audit
from sources import measurement

GUARD = (BannedImportError, GuardError)


def definition(attacks: dict[str, str]) -> str:
    lines = ["import numpy as np", "import pandas as pd", "class Attacker:"]
    for number, body in enumerate(attacks.values()):
        lines.append(f"    def attack{number}(self, mark, secret, port):")
        lines.append(textwrap.indent(body, "        "))
    return "\n".join(lines) + "\n"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


@pytest.fixture
def attack(server: FakeRegistry, registry: Registry, tmp_path: Path, listener: socket.socket) -> Iterator[Any]:
    """Runs one attack. Returns what the attack read, and whether it left a mark."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret 1\n")
    (tmp_path / "unreviewed.py").write_text("value = 'secret'\n")
    mark = tmp_path / "mark"
    attacks = {**REFUSED, **OPEN}
    server.land("Attacker", definition(attacks))
    registry.sync()
    instance = registry.create("Attacker")
    port = listener.getsockname()[1]

    instance.pool = pool = ThreadPoolExecutor(1)
    pool.submit(int).result()

    def run(name: str) -> tuple[Any, bool]:
        method = getattr(instance, f"attack{list(attacks).index(name)}")
        try:
            return method(str(mark), str(secret), port), mark.exists()
        finally:
            assert secret.read_text() == "secret 1\n"

    run.mark, run.instance = mark, instance  # type: ignore[attr-defined]
    yield run
    pool.shutdown()


def test_there_are_at_least_forty_attempts() -> None:
    assert len(REFUSED) >= 40


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_attempt_is_refused(attack: Any, capfd: pytest.CaptureFixture[str]) -> None:
    failed = {}
    errors: list[BaseException] = []
    threading.excepthook = lambda args: errors.append(args.exc_value or RuntimeError())
    try:
        for name in REFUSED:
            errors.clear()
            try:
                got, marked = attack(name)
            except GUARD:
                got, marked = None, attack.mark.exists()
            except Exception as error:
                # A library may raise an error of its own after the guard's error. The guard's error is then the cause
                # of the library's error.
                got, marked = (None if chain(error) else repr(error)), attack.mark.exists()
            else:
                if got is None and not errors and not is_silent(name):
                    failed[name] = "ended without the guard's error"
            if got is not None or marked:
                failed[name] = f"returned {got!r}, left {'a mark' if marked else 'no mark'}"
                attack.mark.unlink(missing_ok=True)
    finally:
        threading.excepthook = threading.__excepthook__
    assert failed == {}


SILENT = (
    *("linecache", "webbrowser", "antigravity", "sys.addaudithook"),
    *("set_data of a loader", "set_data into a cache", "code.InteractiveInterpreter"),
    "import of its own folder through another package's path",
    "a file in memory on sys.path",
)


def is_silent(name: str) -> bool:
    """Whether the attacked library ignores the guard's error. Some libraries ignore a file or program that they
    cannot open.
    """
    return name in SILENT


def chain(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, GUARD) or any(k.__name__ in str(error) for k in GUARD):
            return True
        error = error.__cause__ or error.__context__
    return False


AT_EXIT = ("atexit of os.system", "weakref.finalize of os.system", "os._exit", "os.register_at_fork")


@pytest.mark.parametrize("name", [name for name in OPEN if name not in AT_EXIT])
def test_what_the_guard_does_not_refuse_works(attack: Any, name: str) -> None:
    rule = audit._RULES["os.mkdir"]
    try:
        got, marked = attack(name)
        if "later" in attack.instance.__dict__:
            attack.instance.later()
            marked = attack.mark.exists()
        assert got == "secret" or marked
    finally:
        audit._RULES["os.mkdir"] = rule
        os.environ.pop("PYBIRCH_GUARD_TEST", None)


def test_the_document_lists_every_attempt_with_its_outcome() -> None:
    text = (Path(__file__).parent.parent / "GUARD.md").read_text()
    rows = dict(re.findall(r"^\| `(.+?)` \| (refused|not refused)", text, re.MULTILINE))
    assert rows == {**dict.fromkeys(REFUSED, "refused"), **dict.fromkeys(OPEN, "not refused")}


# ------------------------------------------------------------------ what must still work


def test_the_guard_never_affects_the_host_program(server: FakeRegistry, registry: Registry, tmp_path: Path) -> None:
    source = measurement("Host") + "\n    def call(self, function):\n        return function()\n"
    server.land("Host", source)
    registry.sync()
    registry.create("Host")
    (tmp_path / "a").write_text("x")
    subprocess.run([sys.executable, "-c", ""], check=True)
    socket.create_server(("127.0.0.1", 0)).close()
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda n: Path(tmp_path / "a").read_text(), range(4))) == ["x"] * 4
    namespace: dict[str, Any] = {}
    exec(compile("y = 2", "x", "exec"), namespace)
    assert namespace["y"] == 2


def test_the_definition_s_rules_apply_to_what_it_calls(
    server: FakeRegistry, registry: Registry, tmp_path: Path
) -> None:
    server.land("Call", "class Call:\n    def call(self, function):\n        return function()\n")
    registry.sync()
    instance = registry.create("Call")
    (tmp_path / "a").write_text("x")
    with pytest.raises(GuardError, match="Call v1 tried to read"):
        instance.call(lambda: (tmp_path / "a").read_text())


def test_numpy_pandas_threads_and_logging_work_in_a_definition(
    server: FakeRegistry, registry: Registry, tmp_path: Path
) -> None:
    source = """import logging, threading, collections, dataclasses, zoneinfo, datetime
log = logging.getLogger("definition")

@dataclasses.dataclass(frozen=True)
class Point:
    x: float

class Works:
    def run(self, nowhere):
        pair = collections.namedtuple("pair", "a b")(1, 2)
        frame = pd.DataFrame({"t": pd.date_range("2026-01-01", periods=3, tz="Europe/Berlin"), "v": [1, 2, 3]})
        log.warning("measured %s", frame.describe().to_string())
        frame.query("v > 1")
        found = []
        thread = threading.Thread(target=lambda: found.append(np.linalg.norm(np.ones((2, 2)))))
        thread.start(); thread.join()
        zone = datetime.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))
        print("shown", file=None)
        np.savetxt(nowhere, [1.0])
        return found[0], Point(pair.a).x, zone.utcoffset().total_seconds()
"""
    import logging

    handler = logging.FileHandler(tmp_path / "host.log", delay=True)
    logging.getLogger().addHandler(handler)
    try:
        server.land("Works", source)
        registry.sync()
        assert registry.create("Works").run(os.devnull) == (pytest.approx(2.0), 1, 9 * 3600)
        assert "measured" in (tmp_path / "host.log").read_text()
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def test_a_refusal_tells_what_a_lab_admin_can_allow(server: FakeRegistry, registry: Registry, tmp_path: Path) -> None:
    source = """from pathlib import Path
import sys
class Tries:
    def file(self, path):
        Path(path).write_text("x")
    def net(self):
        sys.modules["socket"].create_connection(("127.0.0.1", 1))
"""
    server.land("Tries", source)
    registry.sync()
    tries = registry.create("Tries")
    with pytest.raises(
        GuardError, match=r"Tries v1 tried to write .*/a\. A definition .*, unless a lab admin allows `open`"
    ):
        tries.file(tmp_path / "a")
    with pytest.raises(GuardError, match=r"reach the network .*, unless a lab admin allows `socket`"):
        tries.net()


def test_libraries_may_look_into_windows_registry_and_nobody_may_change_it(
    server: FakeRegistry, registry: Registry
) -> None:
    """Libraries look in the Windows registry for installed software. Only Windows raises events of its
    registry, so the test raises them itself.
    """
    server.land("Looks", "class Looks:\n    def call(self, function, *given):\n        return function(*given)\n")
    registry.sync()
    call = registry.create("Looks").call

    def library(event: str) -> None:
        sys.audit(event, 7, "Software", 1)

    for event in ("winreg.OpenKey", "winreg.OpenKey/result", "winreg.QueryValue", "winreg.EnumKey"):
        call(library, event)
        with pytest.raises(GuardError, match="read Windows' registry"):
            call(sys.audit, event, 7, "Software", 1)
    for event in ("winreg.SetValue", "winreg.CreateKey", "winreg.DeleteKey"):
        with pytest.raises(GuardError, match="change Windows' registry"):
            call(library, event)


def test_visa_works_in_a_definition(server: FakeRegistry, registry: Registry) -> None:
    source = """from pybirch.Instruments.base import VisaBaseMeasurementInstrument
import pyvisa

class Idn(VisaBaseMeasurementInstrument):
    def _create_instrument(self, adapter):
        self.adapter = adapter
        manager = pyvisa.ResourceManager("@sim")
        self.instrument = manager.open_resource(adapter, read_termination="\\n", write_termination="\\r\\n")
    def _perform_measurement_impl(self):
        return np.array([[len(self.instrument.query("?IDN"))]])
    def serial_loop(self):
        import serial
        port = serial.serial_for_url("loop://", timeout=1)
        port.write(b"x")
        return port.read(1)
"""
    server.land("Idn", source)
    registry.sync()
    instrument = registry.create("Idn", adapter="ASRL1::INSTR")
    assert instrument.perform_measurement()[0][0] > 5
    assert instrument.serial_loop() == b"x"


def test_allowing_an_import_also_allows_its_effects(server: FakeRegistry, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    server.policy = {"banned_imports": ["os", "subprocess", "open"], "allowed_imports": ["open"]}
    source = """class Reads:
    def read(self, path):
        return open(path).read()
    def run(self):
        import subprocess
"""
    server.land("Reads", source)
    registry.sync()
    instance = registry.create("Reads")
    assert instance.read(tmp_path / "a") == "x"
    with pytest.raises(BannedImportError):
        instance.run()


def test_the_hook_is_added_with_the_first_definition() -> None:
    code = """import sys
sys.addaudithook(lambda event, args: event == "sys.addaudithook" and print("added"))
import pybirch_registry.definitions
print("none")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "src"}
    )
    assert done.stdout == "none\n", done.stderr
