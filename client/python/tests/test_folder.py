"""Users tell Python where PyBirch is, because pip cannot install PyBirch. Rows of data are marked with the
versions that measured them.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fake_registry import FakeRegistry
from pybirch_registry import Registry, with_version
from pybirch_registry.doctor import examine
from pybirch_registry.errors import FolderError
from pybirch_registry.folder import find_folder
from pybirch_registry.home import Home
from pybirch_registry.rows import label
from sources import measurement

STANDIN = Path(__file__).parents[3] / "test" / "fixtures" / "pybirch-standin"


@pytest.mark.parametrize("name", ["PyBirch", "Jürgen's PyBirch", "実験 室"])
def test_after_one_command_every_program_of_this_python_finds_pybirch(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    (folder / "pybirch" / "Instruments").mkdir(parents=True)
    for file in ("pybirch/__init__.py", "pybirch/Instruments/__init__.py", "pybirch/Instruments/base.py"):
        (folder / file).write_text("HERE = True\n")
    venv.create(tmp_path / "venv", symlinks=os.name != "nt")
    python = next(p for p in (tmp_path / "venv").rglob("python*") if p.stem == "python")
    code = "import sys; from pathlib import Path; from pybirch_registry.folder import use_folder; "
    code += "use_folder(Path(sys.argv[1]))"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    path = os.pathsep.join(p for p in sys.path if Path(p) != STANDIN)
    subprocess.run([python, "-c", code, folder], check=True, env={**environment, "PYTHONPATH": path}, cwd=tmp_path)
    for encoding in ("C", "C.UTF-8"):
        plain = {**environment, "LC_ALL": encoding}
        found = subprocess.run(
            [python, "-c", "import pybirch.Instruments.base as b; print(b.HERE)"],
            capture_output=True,
            text=True,
            env=plain,
            cwd=tmp_path,
            check=False,
        )
        assert (found.stdout, found.stderr) == ("True\n", "")


def test_a_folder_without_pybirch_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"git clone .* use-pybirch FOLDER"):
        find_folder(tmp_path)


def test_doctor_in_pybirch_s_folder_says_how_to_make_it_importable(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> list[tuple[str, str]]:
        return [(check.level, check.text) for check in examine(home) if check.name == "pybirch"]

    assert said() == [("ok", f"PyBirch is in {STANDIN}")]
    monkeypatch.setattr(sys, "path", [p for p in sys.path if Path(p or ".").resolve() != STANDIN])
    for name in [name for name in sys.modules if name.partition(".")[0] == "pybirch"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.chdir(STANDIN / "GUI")
    ((level, text),) = said()
    assert level == "warning" and f"pybirch-registry use-pybirch {STANDIN}" in text
    monkeypatch.chdir(STANDIN.parents[3])
    ((level, text),) = said()
    assert level == "warning" and "git clone" in text


def test_rows_contain_the_version_that_measured_them(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    instrument = registry.create("Alpha")
    rows = instrument.measurement_df()
    marked = with_version(rows, instrument, object())
    commit = instrument._definition["commit"]
    assert marked["definition"].tolist() == [f"Alpha v1 {commit[:12]}"] and "definition" not in rows
    assert marked.to_csv(index=False).splitlines()[0].endswith(",definition")
    assert label(object()) is None


def test_rows_of_pybirch_s_scans_contain_the_versions_too(
    server: FakeRegistry, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows get the versions of the measurement and of the movements above it in the scan. Rows of instruments
    from files are unchanged.
    """
    import types

    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    saved: dict[str, Any] = {}

    class Scan:
        def save_data(self, data: Any, measurement_name: str) -> None:
            saved[measurement_name] = data

    class Item:
        def __init__(self, name: str, instrument: Any, below: str = "") -> None:
            self.name, self.below = name, below
            self.instrument_object = types.SimpleNamespace(instrument=instrument)

        def unique_id(self) -> str:
            return self.name

        def is_ancestor_of(self, item: Any) -> bool:
            return self.below == item.name

    module = types.ModuleType("pybirch.scan.scan")
    module.Scan = Scan  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pybirch.scan.scan", module)
    from pybirch_registry.rows import mark_scans

    mark_scans()
    mark_scans()
    one, stage = registry.create("Alpha"), registry.create("Alpha")
    tree = types.SimpleNamespace(
        get_measurement_items=lambda: [Item("m1", one), Item("m2", object())],
        get_movement_items=lambda: [Item("s1", stage, "m1"), Item("s2", object(), "m2")],
    )
    scan: Any = Scan()
    scan.scan_settings = types.SimpleNamespace(scan_tree=tree)
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    for name in ("m1", "m2"):
        scan.save_data(frame, name)
    assert saved["m1"]["definition"].tolist() == [label(one)] * 2
    assert saved["m2"] is frame and list(frame) == ["x"]
