"""`load_in_lab.py FOLDER`: tests which definitions the lab computers' package loads, with its guard on.

FOLDER contains a folder `<Name>/` with the files of each definition, and `permissions.json`: {name: permissions that
the lab granted}. A fake registry in a thread signs the definitions. The package fetches, checks and loads the
definitions. Prints JSON: {name: error or null}.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

from fake_registry import TOKEN, FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.home import Enrolment, Home


def error_of(registry: Registry, name: str) -> str | None:
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            registry.load(name)
    except BaseException as error:  # a definition may raise anything, even SystemExit
        cause = f" from {error.__cause__!r}" if error.__cause__ else ""
        return f"{type(error).__name__}: {error}{cause}"
    return None


def main(folder: Path) -> None:
    permissions = json.loads((folder / "permissions.json").read_text())
    with tempfile.TemporaryDirectory() as temporary:
        served = Path(temporary, "server")
        served.mkdir()
        server = FakeRegistry(served)
        home = Home(Path(temporary, "home"))
        os.environ["PYBIRCH_REGISTRY_HOME"] = str(home.root)
        keys = [server.key.listed]
        home.save_enrolment(Enrolment(server.url, TOKEN, "LABPC-01", "1", {"id": 1, "lab_id": 1}, keys))
        registry = Registry.open(home.root)
        names = sorted(permissions)
        for name in names:
            place = folder / name
            files = {p.relative_to(place).as_posix(): p.read_bytes() for p in place.rglob("*") if p.is_file()}
            server.land(name, files.pop(f"{name}.py").decode(), files, permissions=permissions[name])
        report = registry.sync()
        refused = {one.name: str(one) for one in getattr(report, "refused", [])}
        print(json.dumps({name: refused.get(name) or error_of(registry, name) for name in names}))
        sys.stdout.flush()
        server.close()
        os._exit(0)  # drivers leave threads behind


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]))
