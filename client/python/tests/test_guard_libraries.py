"""Libraries may do some things for a definition that a definition may not do itself. Each use of a library in
this file is harmless.
"""

import ctypes.util  # noqa: F401  (the host program has loaded it)
import os
import pty
import sys

import pytest
import serial

from fake_registry import FakeRegistry
from pybirch_registry import GuardError, Registry

WORKS = {
    "an event loop": "import asyncio\nasync def one():\n    await asyncio.sleep(0)\n    return 1\nreturn asyncio.run(one()) == 1",
    "work of an event loop in a thread": "import asyncio\nasync def one():\n    return await asyncio.to_thread(sum, [1])\nreturn asyncio.run(one()) == 1",
    "a task group": "import asyncio\nasync def one():\n    async with asyncio.TaskGroup() as g:\n        t = g.create_task(asyncio.sleep(0, 1))\n    return t.result()\nreturn asyncio.run(one()) == 1",
    "the name of the platform": "import platform\nreturn platform.platform() and platform.processor() is not None",
    "the whole description of the platform": "import platform\nreturn platform.uname() and platform.libc_ver() and platform.architecture()[0]",
    "the name of the computer, as platform asks for it on Windows": "import platform\nreturn platform._node() != ''",
    "the machine's number": "import uuid\nuuid._node = None\nreturn uuid.getnode() > 0 and uuid.uuid1() and uuid.uuid4()",
    "pyserial's list of ports": "import serial.tools.list_ports\nreturn isinstance(list(serial.tools.list_ports.comports()), list)",
    "pyvisa's list of libraries": "import pyvisa.highlevel\nreturn 'ivi' in pyvisa.highlevel.list_backends()",
    "pyvisa's search for a library": "from pyvisa.ctwrapper import IVIVisaLibrary\nreturn isinstance(IVIVisaLibrary.get_library_paths(), tuple)",
    "pyvisa's report": "import pyvisa.util\nreturn pyvisa.util.get_debug_info(to_screen=False)",
    "pyvisa-py's list of instruments": "import pyvisa\nreturn isinstance(pyvisa.ResourceManager('@py').list_resources('ASRL?*'), tuple)",
    "ctypes' search for a library": "import pyvisa.ctwrapper.cthelper, sys\nreturn sys.modules['ctypes.util'].find_library('c')",
    "ctypes' search for what is not there": "import pyvisa.ctwrapper.cthelper, sys\nreturn sys.modules['ctypes.util'].find_library('nothing_of_this_name') is None",
    "the locale": "import locale\nreturn locale.getlocale() and locale.localeconv() and locale.getpreferredencoding()",
    "the name of the folder for temporary files": "import tempfile\nreturn tempfile.gettempdir()",
    "time zones": "import zoneinfo\nreturn zoneinfo.ZoneInfo('Pacific/Auckland') and zoneinfo.available_timezones()",
    "its own table": "from pathlib import Path\nreturn np.loadtxt(Path(__file__).with_name('table.txt')).sum() == 3",
    "its own table by pandas": "from pathlib import Path\nreturn pd.read_csv(Path(__file__).with_name('table.txt'), sep=' ').columns.size == 2",
    "its own file by pkgutil": "import pkgutil\nreturn pkgutil.get_data(__name__, 'table.txt')[:1] == b'1'",
    "a warning of a library": "import warnings\nwith warnings.catch_warnings(record=True):\n    warnings.simplefilter('always'); warnings.warn('x')\nreturn True",
    "a traceback in words": "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    return 'Zero' in traceback.format_exc()",
    "random numbers": "import random, secrets\nreturn random.random() >= 0 and secrets.token_hex(4) and np.random.default_rng().random() >= 0",
    "a queue between threads": "import queue, threading\nq = queue.Queue(); t = threading.Thread(target=q.put, args=(1,)); t.start(); t.join()\nreturn q.get() == 1",
    "a dataclass and an enum": "import dataclasses, enum\n@dataclasses.dataclass\nclass P:\n    x: int = 1\nreturn P().x == enum.IntEnum('E', 'a').a",
    "a plot in words": "return 'v' in pd.DataFrame({'v': [1.0]}).describe().to_string() or True",
}

ALLOWED = {
    "its own file by importlib.resources": "import importlib.resources as r\nreturn r.files(__package__).joinpath('table.txt').read_text()[:1] == '1'",
    "a file of an installed package": "import importlib.resources as r\nreturn r.files('pyvisa_sim').joinpath('default.yaml').read_text()",
    "the version of a package": "import importlib.metadata\nreturn importlib.metadata.version('numpy')",
}


def source(bodies: dict[str, str]) -> str:
    lines = ["import numpy as np", "import pandas as pd", "class Works:"]
    for number, body in enumerate(bodies.values()):
        lines.append(f"    def work{number}(self):")
        lines += [f"        {line}" for line in body.split("\n")]
    return "\n".join(lines) + "\n"


def run(server: FakeRegistry, registry: Registry, bodies: dict[str, str]) -> dict[str, object]:
    server.land("Works", source(bodies), {"table.txt": "1 2\n"})
    registry.sync()
    works = registry.create("Works")
    failed: dict[str, object] = {}
    for number, name in enumerate(bodies):
        try:
            if not getattr(works, f"work{number}")():
                failed[name] = "nothing"
        except Exception as error:
            failed[name] = repr(error)
    return failed


def test_definitions_can_use_these_libraries(server: FakeRegistry, registry: Registry) -> None:
    assert run(server, registry, WORKS) == {}


def test_importlib_works_where_a_lab_allows_it(server: FakeRegistry, registry: Registry) -> None:
    server.policy = {"allowed_imports": ["importlib"]}
    assert run(server, registry, ALLOWED) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="devices are named otherwise")
def test_a_visa_library_writes_only_to_devices(server: FakeRegistry, registry: Registry) -> None:
    """A pseudo-terminal is a device, as a serial port is. Shared memory and the machine's memory are not devices."""
    server.land(
        "Port",
        "import serial\nclass Port:\n    def write(self, port):\n        serial.Serial(port).write(b'x')\n",
    )
    registry.sync()
    port = registry.create("Port")
    leader, follower = pty.openpty()
    port.write(os.ttyname(follower))
    assert os.read(leader, 1) == b"x"
    for name in ("/dev/shm/pybirch", "/dev/mem", "/dev/sda", "/dev/full", "/dev/tty/../shm/x"):
        with pytest.raises((GuardError, serial.SerialException), match="tried to write"):
            port.write(name)
