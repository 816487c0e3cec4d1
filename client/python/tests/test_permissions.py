"""Permissions: one version may use what its lab bans, as its signed tag says. No permission applies to other
versions and definitions.
"""

import ctypes  # noqa: F401  (the host program has loaded it)
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import BannedImportError, GuardError, Registry, RegistryError

REFUSED = (BannedImportError, GuardError)
COMPILER = shutil.which("cc") or shutil.which("gcc")

USES = """import ctypes
class {name}:
    def length(self):
        return ctypes.CDLL(None).strlen(b"four")
"""
PROGRAM = """import subprocess
class {name}:
    def ask(self, program):
        return subprocess.run([program, "-c", "print(21.5)"], capture_output=True, text=True, check=True).stdout.strip()
"""


def test_a_version_may_do_what_its_signed_tag_says_and_no_other(server: FakeRegistry, registry: Registry) -> None:
    server.land("Has", USES.format(name="Has"), permissions=["ctypes"])
    server.land("Lacks", USES.format(name="Lacks"))
    registry.sync()
    assert registry.create("Has").length() == 4
    with pytest.raises(REFUSED, match="ctypes"):
        registry.create("Lacks")
    server.land("Has", USES.format(name="Has") + "# again\n")
    registry.sync()
    with pytest.raises(REFUSED, match="ctypes"):
        registry.create("Has")
    assert registry.create("Has", version=1).length() == 4


def test_one_permission_allows_nothing_else(server: FakeRegistry, registry: Registry) -> None:
    source = USES.format(name="Has") + "    def more(self):\n        import subprocess\n"
    server.land("Has", source, permissions=["ctypes"])
    registry.sync()
    with pytest.raises(REFUSED, match="subprocess"):
        registry.create("Has").more()


@pytest.mark.parametrize("where", ["list", "snapshot", "unsigned tag", "nonsense in the tag"])
def test_nothing_unsigned_gives_a_permission(server: FakeRegistry, registry: Registry, where: str) -> None:
    """A proxy, a forged list, or the zip that is used where git is blocked could contain anything."""
    if where == "list":
        server.land("Has", USES.format(name="Has"))
        server.definitions["Has"]["permissions"] = ["ctypes"]
    elif where == "snapshot":
        server.land("Has", USES.format(name="Has"), permissions=["ctypes"])
        server.definitions["Has"]["permissions"] = ["ctypes"]
        server.git_fault = "blocked"
    elif where == "unsigned tag":
        server.land("Has", USES.format(name="Has"), signed=False, permissions=["ctypes"])
    else:
        server.land("Has", USES.format(name="Has"), permissions={"ctypes": True})
    registry.sync()
    with pytest.raises(RegistryError, match=r"ctypes|has not arrived"):
        registry.create("Has").length()


# ------------------------------------------------------------------ the examples of docs/permissions.md

SOCKET = """from pybirch.Instruments.base import VisaBaseMeasurementInstrument
class Source(VisaBaseMeasurementInstrument):
    def _perform_measurement_impl(self):
        self.instrument.read_termination = self.instrument.write_termination = "\\n"
        return np.array([[float(self.instrument.query(":READ?"))]])
"""


@pytest.fixture
def scpi() -> Iterator[int]:
    """An instrument that answers over a raw socket. Yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rw") as lines:
                for _ in lines:
                    lines.write("21.5\n")
                    lines.flush()

        threading.Thread(target=answer, daemon=True).start()
        yield listener.getsockname()[1]


def test_raw_tcp_needs_no_permission(server: FakeRegistry, registry: Registry, scpi: int) -> None:
    server.land("Source", SOCKET)
    registry.sync()
    source = registry.create("Source", adapter=f"TCPIP::127.0.0.1::{scpi}::SOCKET")
    assert source.perform_measurement().tolist() == [[21.5]]
    source.instrument.close()


@pytest.mark.skipif(COMPILER is None, reason="no C compiler to make a vendor's library with")
def test_a_vendors_library_needs_ctypes(server: FakeRegistry, registry: Registry, tmp_path: Path) -> None:
    code, library = tmp_path / "vendor.c", tmp_path / "libvendor.so"
    code.write_text("double vendor_read(int channel) { return 21.5 + channel; }\n")
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", library, code], check=True)
    source = f"""import ctypes
class Vendor:
    def __init__(self):
        self.library = ctypes.CDLL({str(library)!r})
        self.library.vendor_read.restype = ctypes.c_double
    def read(self, channel):
        return self.library.vendor_read(channel)
"""
    server.land("Vendor", source)
    registry.sync()
    with pytest.raises(REFUSED, match="ctypes"):
        registry.create("Vendor")
    server.land("Vendor", source + "# granted\n", permissions=["ctypes"])
    registry.sync()
    assert registry.create("Vendor").read(1) == 22.5


def test_a_vendors_program_needs_subprocess(server: FakeRegistry, registry: Registry) -> None:
    server.land("Program", PROGRAM.format(name="Program"))
    registry.sync()
    with pytest.raises(REFUSED, match="subprocess"):
        registry.create("Program")
    server.land("Program", PROGRAM.format(name="Program") + "# granted\n", permissions=["subprocess"])
    registry.sync()
    assert registry.create("Program").ask(sys.executable) == "21.5"
