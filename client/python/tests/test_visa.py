"""Every built-in VISA definition opens its instrument under the default policy. pyvisa itself chooses the library.

Nothing names a library: `PYVISA_LIBRARY` is not set. pyvisa finds what the computer has: no library at all, pyvisa-py,
or a vendor's library that ctypes finds. The test compiles a small library that stands for a vendor's library.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from computers import enrol, environment_of
from fake_registry import FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.home import Home

BUILTIN = Path(__file__).parents[3] / "registry" / "builtin"
VISA = sorted(path.stem for path in BUILTIN.glob("*/*.py") if "VisaBase" in path.read_text())
COMPILER = shutil.which("cc") or shutil.which("gcc")

PROGRAM = """
import json, logging, sys
hidden, address, *names = json.loads(sys.stdin.readline())
for name in hidden:
    sys.modules[name] = None
from pybirch_registry import Registry
logging.basicConfig(stream=sys.stderr, format="%(message)s")
registry = Registry.open()
told = {}
for name in names:
    instrument = registry.create(name, adapter=address)
    opened = getattr(instrument, "instrument", None)
    holder = next((one for one in (opened, *getattr(opened, "__dict__", {}).values()) if hasattr(one, "visalib")), None)
    told[name] = None if holder is None else type(holder.visalib).__module__.partition(".")[0]
print(json.dumps(told))
"""

VENDOR = """
#include <string.h>
typedef unsigned int S;
int viOpenDefaultRM(S *s) { *s = 1; return 0; }
int viOpen(S rm, const char *n, unsigned int m, unsigned int t, S *s) { *s = 2; return 0; }
int viClose(S s) { return 0; }
int viParseRsrc(S rm, const char *n, unsigned short *t, unsigned short *i) { *t = 1; *i = 0; return 0; }
int viParseRsrcEx(S rm, const char *n, unsigned short *t, unsigned short *i, char *c, char *u, char *a) {
    *t = 1; *i = 0; strcpy(c, "INSTR"); strcpy(u, n); *a = 0; return 0;
}
int viGetAttribute(S s, unsigned int a, void *v) { *(unsigned int *)v = 0; return 0; }
int viSetAttribute(S s, unsigned int a, unsigned long v) { return 0; }
int viStatusDesc(S s, int c, char *d) { strcpy(d, "fine"); return 0; }
int viEnableEvent(S s, unsigned int t, unsigned short m, unsigned int c) { return 0; }
int viDisableEvent(S s, unsigned int t, unsigned short m) { return 0; }
int viDiscardEvents(S s, unsigned int t, unsigned short m) { return 0; }
"""


@pytest.fixture
def instrument() -> Iterator[str]:
    """A raw socket that accepts connections, as network instruments do. Yields its VISA address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        yield f"TCPIP0::127.0.0.1::{listener.getsockname()[1]}::SOCKET"
        listener.shutdown(socket.SHUT_RDWR)
        for one in held:
            one.close()


Opens = Callable[..., tuple[dict[str, str | None], str]]


@pytest.fixture(scope="module")
def computer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A lab computer with every built-in VISA definition."""
    folder = tmp_path_factory.mktemp("computer")
    (folder / "server").mkdir()
    server = FakeRegistry(folder / "server")
    home = enrol(folder / "home", server)
    for name in VISA:
        server.land(name, (BUILTIN / name / f"{name}.py").read_text())
    assert not Registry.open(home.root).sync().refused
    yield home
    server.close()


@pytest.fixture
def opens(computer: Home, tmp_path: Path) -> Opens:
    """Opens every built-in VISA definition in a new program. Returns the library that each definition used, and
    the log.
    """
    user = tmp_path / "user"
    user.mkdir()
    clean = {key: value for key, value in environment_of(computer).items() if key != "PYVISA_LIBRARY"}
    # If there is a compiler, pyvisa runs it for every instrument. Most lab computers have no compiler.
    clean |= {"HOME": str(user), "PATH": ""}

    def run(address: str, hidden: tuple[str, ...] = (), **variables: str) -> tuple[dict[str, str | None], str]:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            input=json.dumps([hidden, address, *VISA]),
            capture_output=True,
            text=True,
            env={**clean, **variables},
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1]), done.stderr

    return run


def vendor_library(folder: Path) -> Path:
    """Makes libvisa.so in the place where the packages of National Instruments and Keysight install it."""
    folder.mkdir()
    (folder / "visa.c").write_text(VENDOR)
    library = folder / "libvisa.so"
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-w", "-o", library, folder / "visa.c"], check=True)
    return library


def test_there_are_built_in_visa_definitions() -> None:
    assert len(VISA) >= 15


def test_without_a_library_the_error_is_pyvisas_own(opens: Opens) -> None:
    told, log = opens("GPIB0::8::INSTR", hidden=("pyvisa_py",))
    assert told == dict.fromkeys(VISA)
    assert "may not do that" not in log
    assert log.count("VISA") >= len(VISA), log


def test_pyvisa_py_is_found_and_opens(opens: Opens, instrument: str) -> None:
    told, log = opens(instrument)
    assert told == dict.fromkeys(VISA, "pyvisa_py"), log


@pytest.mark.skipif(COMPILER is None, reason="no C compiler to make a vendor's library with")
@pytest.mark.skipif(sys.platform != "linux", reason="pyvisa asks the compiler for libraries only on Linux")
def test_a_vendors_library_is_found_by_the_linker_and_opens(opens: Opens, tmp_path: Path) -> None:
    folder = vendor_library(tmp_path / "vendor").parent
    told, log = opens("GPIB0::8::INSTR", LIBRARY_PATH=str(folder), PATH=os.environ["PATH"])
    assert told == dict.fromkeys(VISA, "pyvisa"), log


@pytest.mark.skipif(COMPILER is None, reason="no C compiler to make a vendor's library with")
def test_a_vendors_library_named_in_pyvisas_own_file_opens(opens: Opens, tmp_path: Path) -> None:
    library = vendor_library(tmp_path / "vendor")
    (tmp_path / "user" / ".pyvisarc").write_text(f"[Paths]\nvisa library={library}\n")
    told, log = opens("GPIB0::8::INSTR")
    assert told == dict.fromkeys(VISA, "pyvisa"), log


def test_a_simulation_chosen_by_the_computers_user_opens(opens: Opens) -> None:
    told, log = opens("ASRL1::INSTR", PYVISA_LIBRARY="@sim")
    assert told == dict.fromkeys(VISA, "pyvisa_sim"), log
