"""Keeps code that nobody has reviewed away from this computer: it runs in namespaces of its own (namespaces(7)).

It sees no network, no process but its own, no device, no home folder and nothing of the data folder. It can write only
to a home folder in memory, which goes with its last process. `inside.py` sets this up, `probe.py` tries to break it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import RegistryError

HERE = Path(__file__).parent
NAMESPACES = ("--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc", "--uts")
PROBE_S = 60.0
WHAT_TO_DO = (
    "A bench computer runs code that nobody has reviewed, so it tests nothing without this protection. Use Linux 5.12 "
    'or newer with util-linux, where accounts may make user namespaces: docs/testing-definitions.md, "Bench computers"'
)


class IsolationError(RegistryError):
    """Code cannot be kept away from this computer."""

    code = "not_isolated"


@dataclass(frozen=True)
class Isolation:
    """How a process is kept away from this computer. `check` proves that it works."""

    data: Path
    """The data folder, which contains the enrolment."""

    def wrap(self, command: Sequence[str], home: Path) -> list[str]:
        """The command that runs `command` in namespaces of its own. The process may write to `home`, and read what is
        beside `home`. Raises `IsolationError`.
        """
        programs = {name: shutil.which(name) or shutil.which(name, path=os.defpath) for name in ("setpriv", "unshare")}
        missing = [name for name, path in programs.items() if path is None]
        if sys.platform != "linux" or missing:
            what = f"has no program {missing[0]} (util-linux)" if missing else "has no namespaces"
            raise IsolationError(f"This computer {what}. {WHAT_TO_DO}")
        hide = [str(place) for place in (Path.home().resolve(), self.data.resolve()) if place != Path("/")]
        plan = {"hide": hide, "home": str(home.resolve()), "keep": self._kept(home)}
        return [
            # When this program ends, whatever the reason, setpriv's signal ends unshare, and that ends all the rest.
            *(str(programs["setpriv"]), "--pdeathsig", "KILL", "--"),
            *(str(programs["unshare"]), *NAMESPACES, "--fork", "--kill-child", "--"),
            *(sys.executable, "-I", "-S", str(HERE / "inside.py"), json.dumps(plan), *command),
        ]

    def _kept(self, home: Path) -> list[str]:
        """The folders that the process may read wherever they are: those of Python, and the files to test. Leaves out
        folders in which the data folder is.
        """
        python = [sys.prefix, sys.exec_prefix, sys.base_prefix, *sys.path, str(Path(sys.executable).parent)]
        found = {Path(place).resolve() for place in python if place}
        own = Path.home().resolve()
        kept = {place for place in found if not any(one.is_relative_to(place) for one in (self.data.resolve(), own))}
        return sorted(str(place) for place in {*kept, home.parent.resolve()} if place.exists())

    def check(self, url: str) -> None:
        """Runs a program that tries to read the enrolment, to reach the registry, to write files and to find other
        processes. Raises `IsolationError` if it does not run, or succeeds.
        """
        with tempfile.TemporaryDirectory(prefix="pybirch-test-") as scratch:
            home = Path(scratch, "home")
            home.mkdir()
            address = urlsplit(url)
            port = address.port or (443 if address.scheme == "https" else 80)
            script = [sys.executable, "-I", "-S", str(HERE / "probe.py")]
            asked = [str(self.data.resolve()), str(address.hostname), str(port), str(os.getpid())]
            folders = [str(Path(sys.prefix)), str(HERE), scratch]
            command = self.wrap([*script, *asked, *folders], home)
            try:
                done = subprocess.run(
                    command,
                    cwd=home,
                    env={"HOME": str(home)},
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=PROBE_S,
                    check=False,
                    start_new_session=True,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise IsolationError(
                    f"Namespaces of its own cannot be made for a test: {error}. {WHAT_TO_DO}"
                ) from error
        told = done.stdout.decode(errors="replace").splitlines()
        if done.returncode != 0 or told[-1:] != ["tried"]:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            why = lines[-1] if lines else f"exit code {done.returncode}"
            raise IsolationError(f"Namespaces of its own cannot be made for a test: {why}. {WHAT_TO_DO}")
        if told[:-1]:
            raise IsolationError(f"A test on this computer could {', '.join(told[:-1])}. {WHAT_TO_DO}")
