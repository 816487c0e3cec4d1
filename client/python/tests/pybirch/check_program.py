"""Tests the real, unmodified PyBirch with the registry's instruments: `npm run pybirch -- FOLDER`. pytest does not
collect this file by its name.

PyBirch's factory, its instrument tree and its main window run without a screen. PyBirch's own database is switched off,
on, and off again.
"""

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import Registry, pybirch
from pybirch_registry.ids import is_ours, to_pybirch
from pybirch_registry.rows import label
from sources import measurement

FOLDER = Path(os.environ["PYBIRCH_FOLDER"])
KEPT: list[Any] = []
"""Windows that were closed. Python must not delete a window in a thread of the test's registry, because Qt
would crash.
"""
BUILT_IN = sorted((Path(__file__).parents[4] / "registry" / "builtin").glob("*/*.py"))


@pytest.fixture
def computer(server: FakeRegistry, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A computer with every built-in definition, a definition of the lab that is bound, and a copy of PyBirch's
    own database.
    """
    for file in BUILT_IN:
        source = file.read_text(encoding="utf-8")
        kind = "movement" if "MovementInstrument" in source else "measurement"
        fields = {"is_builtin": True, "is_public": True, "lab_id": None, "instrument_type": kind}
        server.land(file.stem, source, **fields)
    server.land("Ours", measurement("Ours"))
    server.bind(1, "Ours")
    registry.sync([file.stem for file in BUILT_IN])
    monkeypatch.setenv("PYBIRCH_DATABASE_PATH", shutil.copy(FOLDER / "database" / "pybirch.db", tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return registry


@pytest.fixture
def on(computer: Registry) -> Iterator[Registry]:
    """PyBirch after `switch_on`, which is the one line that the documentation tells users to call."""
    pybirch.switch_on(computer, version_in_rows=True)
    factory().invalidate_cache()
    yield computer
    factory().invalidate_cache()


def factory() -> Any:
    from pybirch.Instruments.factory import InstrumentFactory

    return InstrumentFactory


@pytest.fixture(scope="session")
def app() -> Any:
    from GUI.app import create_app

    return create_app()


@pytest.fixture
def window(on: Registry, app: Any) -> Iterator[Any]:
    with contextlib.redirect_stdout(io.StringIO()):
        from GUI.main.main_window import MainWindow

        made = MainWindow()
        made.show()
        yield made
        made.has_unsaved_changes = False  # otherwise, closing the window would ask the user
        made.close()
        KEPT.append(made)


def listed(window: Any) -> dict[str, type]:
    kinds = window.instruments_page.instrument_selector._database_classes.values()
    return {name: made for kind in kinds for name, made, _ in kind}


def ours(window: Any) -> list[str]:
    return sorted(name for name, made in listed(window).items() if made.__module__.startswith("pybirch_registry."))


def every(*more: str) -> list[str]:
    return sorted([*(file.stem for file in BUILT_IN), "Ours", *more])


def test_pybirch_is_the_real_one() -> None:
    module = sys.modules[factory().__module__]
    assert Path(module.__file__ or "").is_relative_to(FOLDER)


def test_its_factory_lists_and_creates_every_definition(computer: Registry) -> None:
    made = factory()(computer.service())
    drivers = made.get_available_drivers()
    assert sorted(driver["name"] for driver in drivers) == every()
    for driver in drivers:
        instrument = made.create_instance(driver)
        assert (instrument.name, type(instrument).__name__) == (driver["display_name"], driver["name"])
        assert made.create_class_from_driver(driver) is type(instrument)
        assert made.get_driver_by_id(driver["id"]) == driver


def test_its_factory_does_not_mix_up_classes_of_the_registry_and_the_database(computer: Registry) -> None:
    """The factory stores classes by id and version, and the ids of PyBirch's database begin at 1 too."""
    from database.services import DatabaseService

    database = DatabaseService("sqlite:///:memory:")
    for number in range(1, 9):
        name = f"Theirs{number}"
        source = f"class {name}(FakeMeasurementInstrument):\n    pass\n"
        fields = {"name": name, "display_name": name, "instrument_type": "measurement", "base_class": "Measurement"}
        assert database.create_driver({**fields, "source_code": source})["id"] == number
    made = factory()(computer.service(database))
    drivers = made.get_available_drivers()
    assert len(drivers) == len(every()) + 8 == len({driver["id"] for driver in drivers})
    for _ in range(2):
        for driver in drivers:
            cls = made.create_class_from_driver(driver)
            assert cls.__name__ == driver["name"]
            assert cls.__module__.startswith("pybirch_registry.") == is_ours(driver["id"])


def test_its_tree_takes_the_service_and_shows_what_is_bound_here(computer: Registry, app: Any) -> None:
    from GUI.widgets.instrument_autoload import InstrumentAutoLoadWidget

    tree = InstrumentAutoLoadWidget(str(FOLDER / "pybirch" / "setups"), db_service=computer.service())
    names = sorted(name for kind in tree._database_classes.values() for name, _, _ in kind)
    assert names == every()
    bound = InstrumentAutoLoadWidget(
        str(FOLDER / "pybirch" / "setups"), db_service=computer.service(), filter_by_computer=True
    )
    assert "Ours" in [name for kind in bound._database_classes.values() for name, _, _ in kind]


def test_its_window_lists_the_instruments_with_and_without_its_database(window: Any) -> None:
    """Samples, projects and drivers come from PyBirch's database, as without the registry."""
    page, samples = window.extensions_page, window.queue_info_page.sample_widget
    assert ours(window) == every() and samples._items == []
    for _ in range(2):
        page._enable_database()
        assert ours(window) == every()
        assert samples._items == page.db_service.get_samples_simple_list() and samples._items
        assert type(window.db_service).__name__ == "DatabaseService"
        page._disable_database()
        assert ours(window) == every() and samples._items == []
    window.instruments_page.instrument_selector.filter_by_computer = True
    window.instruments_page.instrument_selector.refresh_classes()
    assert "Ours" in ours(window)


def test_its_window_accepts_the_service_as_its_database(window: Any, on: Registry) -> None:
    """Somebody may pass the service to the window by hand."""
    from database.services import DatabaseService

    database = DatabaseService(os.environ["PYBIRCH_DATABASE_PATH"])
    window._on_database_state_changed(True, on.service(database))
    assert ours(window) == every()
    assert window.queue_info_page.sample_widget._items == database.get_samples_simple_list() != []
    window._on_database_state_changed(True, on.service())
    assert ours(window) == every() and window.queue_info_page.sample_widget._items == []
    window._on_database_state_changed(False, None)
    assert ours(window) == every()


def test_its_page_of_instruments_creates_them_with_an_address_or_a_placeholder(window: Any) -> None:
    manager = window.instruments_page.adapter_manager
    classes = listed(window)
    manager.instrument_names = names = ["SR830", "SimulatedLockIn", "SimulatedStageAxis"]
    manager.instrument_classes = [classes[name] for name in names]
    manager.table.setRowCount(0)
    opened: list[str] = []
    visa = classes["SR830"].__mro__[1]
    visa._create_instrument = lambda self, adapter: opened.append(adapter)  # type: ignore[attr-defined]
    for name in names:
        manager.add_row("placeholder_1", name)
        manager.add_row("GPIB0::8::INSTR", name)
    rows = manager.get_configured_instruments()
    assert [row["instance"].adapter for row in rows] == ["placeholder_1", "GPIB0::8::INSTR"] * 3
    assert [type(row["instance"]).__name__ for row in rows] == [name for name in names for _ in range(2)]
    assert opened == ["GPIB0::8::INSTR"]
    assert not {row["instance"].name for row in rows} & {"placeholder_1", "GPIB0::8::INSTR"}


def test_its_window_says_that_a_loaded_version_was_revoked(
    window: Any, app: Any, server: FakeRegistry, on: Registry
) -> None:
    from PySide6.QtWidgets import QMessageBox

    found = server.definitions["Ours"]
    server.revoked.append({"name": "Ours", "version": 1, "commit": found["commit"], "reason": "wrong sign"})
    with pytest.warns(UserWarning, match="wrong sign"):
        on.sync()
    app.processEvents()
    boxes = [one for one in app.topLevelWidgets() if isinstance(one, QMessageBox) and one.isVisible()]
    assert [box.text().partition(" is ")[0] for box in boxes] == ["Ours v1"]
    assert not boxes[0].isModal()
    boxes[0].close()


def test_its_scans_and_exports_contain_the_version_that_measured_each_row(on: Registry, tmp_path: Path) -> None:
    import numpy as np
    from database.services import DatabaseService
    from database.utils import export_scan_to_csv
    from GUI.widgets.scan_tree.treeitem import InstrumentTreeItem
    from GUI.widgets.scan_tree.treemodel import ScanTreeModel
    from pybirch.database_integration import DatabaseExtension
    from pybirch.scan.measurements import MeasurementItem
    from pybirch.scan.movements import MovementItem
    from pybirch.scan.scan import Scan, ScanSettings

    made = factory()(on.service())
    meter, stage = (made.create_instance(made.get_driver_by_name_or_class(n)) for n in ("Ours", "SimulatedStageAxis"))
    root = InstrumentTreeItem()
    moves = InstrumentTreeItem(root, MovementItem(stage, positions=np.array([0.0, 1.0]), settings={}))
    takes = InstrumentTreeItem(moves, MeasurementItem(meter, settings={}))
    root.child_items.append(moves)
    moves.child_items.append(takes)
    settings = ScanSettings("project", "scan", "1D", "test", ScanTreeModel(root_item=root), extensions=[])
    database = DatabaseService(os.environ["PYBIRCH_DATABASE_PATH"])
    extension = DatabaseExtension(database, scan_settings=settings, owner="ada")
    settings.extensions.append(extension)
    scan = Scan(settings, owner="ada")
    with contextlib.redirect_stdout(io.StringIO()):
        scan.startup()
        scan.save_data(meter.measurement_df(), takes.unique_id())
        scan.flush()
        extension.flush()
    said = f"{label(meter)}; {label(stage)}"
    number = extension.db_scan_id
    assert said in database.generate_scan_csv(number)
    (file,) = export_scan_to_csv(number, str(tmp_path / "csv"))
    assert said in Path(file).read_text()


def test_the_launcher_starts_its_program(computer: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    import GUI.app

    started: list[Any] = []
    monkeypatch.setattr(GUI.app, "main", lambda: started.append(factory()().get_available_drivers()))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", ["pybirch"])
    assert pybirch.main([str(FOLDER), "--home", str(computer.home.root)]) == 0
    assert sorted(driver["name"] for driver in started[0]) == every()
    assert {driver["id"] for driver in started[0]} >= {to_pybirch(1)}


def test_the_launcher_says_that_pybirch_is_not_in_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pybirch.main([str(tmp_path)]) == 6
    assert "use-pybirch FOLDER" in capsys.readouterr().err
