"""Classes of definitions: they may have several files, show real lines in tracebacks, and run in two versions
side by side.
"""

import inspect
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import ConstructionError, RefusedError, Registry
from pybirch_registry.construct import construct
from pybirch_registry.home import Home
from sources import SEED, measurement


def test_a_definition_without_imports_runs(server: FakeRegistry, registry: Registry) -> None:
    server.land("MyLockIn", SEED)
    registry.sync()
    instrument = registry.create("MyLockIn")
    assert instrument.name == "The MyLockIn" and instrument.adapter == ""
    assert instrument.measurement_df().shape == (1, 2)


def test_an_instance_tells_where_it_comes_from(server: FakeRegistry, registry: Registry) -> None:
    commit = server.land("Alpha", measurement("Alpha"))
    registry.sync()
    instrument = registry.create("Alpha")
    assert instrument._definition == {
        "name": "Alpha",
        "version": 1,
        "commit": commit,
        "sha256": server.definitions["Alpha"]["files"]["Alpha.py"],
        "approved_by": ["ada"],
    }
    assert instrument.serialize()["definition"] == instrument._definition
    assert instrument.serialize()["pybirch_class"] == "Alpha"


def test_sibling_relative_and_nested_modules_load(server: FakeRegistry, registry: Registry) -> None:
    source = """import helper
import tools.units as units
from helper import controller
from pathlib import Path
from .shared import SCALE
from tools import deep
from pybirch.Instruments.base import FakeMeasurementInstrument

class Multi(FakeMeasurementInstrument):
    def _perform_measurement_impl(self):
        return np.loadtxt(Path(__file__).parent / "table.csv") * SCALE
    def parts(self):
        import Multi as me
        return helper.controller() is controller() and me.Multi is type(self), units.MILLI, deep.here()
"""
    files = {
        "helper.py": "from tools.units import MILLI\n_c = object()\ndef controller():\n    return _c\n",
        "tools/__init__.py": "",
        "tools/units.py": "MILLI = 1e-3\n",
        "tools/deep.py": "from . import units\nfrom ..shared import SCALE\n"
        "def here():\n    return SCALE * units.MILLI\n",
        "shared.py": "SCALE = 2.0\n",
        "table.csv": "1\n2\n",
    }
    server.land("Multi", source, files)
    registry.sync()
    instrument = registry.create("Multi")
    assert instrument.parts() == (True, 1e-3, 2e-3)
    assert list(instrument.perform_measurement()) == [2.0, 4.0]
    assert "helper" not in sys.modules and "tools" not in sys.modules


def test_an_axis_class_and_its_controller_share_a_file(server: FakeRegistry, registry: Registry) -> None:
    source = '''class Controller:
    """Shared by the axes."""
    known = {}

class Axis(FakeMovementInstrument):
    def __init__(self, name, adapter, axis=1):
        super().__init__(name)
        self.adapter, self.axis = adapter, axis
        self.controller = Controller.known.setdefault(adapter, Controller())
    position = property(lambda self: 0.0, lambda self, value: None)
'''
    server.land("Axis", source)
    registry.sync()
    one = registry.create("Axis", adapter="GPIB::1", axis=1)
    two = registry.create("Axis", adapter="GPIB::1", axis=2)
    assert one.controller is two.controller and (one.axis, two.axis) == (1, 2)
    assert one.controller._definition["name"] == "Axis"


def test_two_versions_run_side_by_side_and_a_class_is_loaded_once(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    old = registry.create("Alpha")
    server.land("Alpha", measurement("Alpha", 2))
    registry.sync()
    new = registry.create("Alpha")
    assert type(old) is not type(new) and type(registry.create("Alpha")) is type(new)
    assert (old.perform_measurement()[0][0], new.perform_measurement()[0][0]) == (1, 2)
    assert pickle.loads(pickle.dumps(type(old))) is type(old)


def test_each_version_finds_its_own_modules(server: FakeRegistry, registry: Registry) -> None:
    """The two versions of the definition have modules with the same names, and run in the same process."""
    source = "import scale\nclass Multi:\n    def get(self):\n        from scale import FACTOR\n        return FACTOR\n"
    for factor in (1, 2):
        server.land("Multi", source, {"scale.py": f"FACTOR = {factor}\n"})
        registry.sync()
    assert [registry.create("Multi", version=v).get() for v in (1, 2, 1)] == [1, 2, 1]


def test_an_instrument_on_pybirch_s_base_classes_can_be_pickled(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 3))
    registry.sync()
    instrument = registry.create("Alpha", adapter="GPIB::8::INSTR")
    instrument.settings = {"gain": 2.0}
    again = pickle.loads(pickle.dumps(instrument))
    assert type(again) is type(instrument) and again.adapter == "GPIB::8::INSTR"
    assert again.perform_measurement()[0][0] == 6 and again.settings_UI() == {"gain": 2.0}


def test_a_class_that_pickles_in_its_own_way_keeps_it(server: FakeRegistry, registry: Registry) -> None:
    source = """class Own:
    __slots__ = ("kept", "__dict__", "__weakref__")
    def __getstate__(self):
        return {"kept": "own"}
    def __setstate__(self, state):
        self.kept = state["kept"]
class Slots:
    __slots__ = ("a",)
"""
    server.land("Own", source)
    registry.sync()
    instrument = registry.create("Own")
    assert pickle.loads(pickle.dumps(instrument)).kept == "own"
    slots = sys.modules[type(instrument).__module__].Slots()
    slots.a = 5
    assert pickle.loads(pickle.dumps(slots)).a == 5


CONSTRUCTORS = {
    "self, name, adapter": ("n", "GPIB::8"),
    "self, name, adapter, /": ("n", "GPIB::8"),
    "self, adapter, name='x'": ("n", "GPIB::8"),
    "self, name, adapter='', axis=1": ("n", "GPIB::8"),
    "self, name, *, resource_name": ("n", "GPIB::8"),
    "self, name, wait=0.0": ("n", "GPIB::8"),
    "self, name='x'": ("n", "GPIB::8"),
    "self": ("n", "GPIB::8"),
}


@pytest.mark.parametrize("number", range(len(CONSTRUCTORS)))
def test_constructors_of_every_kind_get_their_parameters(server: FakeRegistry, registry: Registry, number: int) -> None:
    """What a constructor does not accept is assigned after construction."""
    parameters = list(CONSTRUCTORS)[number]
    takes = [p.split("=")[0] for p in parameters.split(", ")]
    given = "        self.name = name\n" if "name" in takes else ""
    given += "".join(f"        self.adapter = {n}\n" for n in ("adapter", "resource_name") if n in takes)
    server.land("Kind", f"class Kind:\n    def __init__({parameters}):\n        pass\n{given}")
    registry.sync()
    instrument = registry.create("Kind", adapter="GPIB::8", name="n")
    assert (instrument.name, instrument.adapter) == CONSTRUCTORS[parameters]


def test_every_name_that_pybirch_s_factory_provides_is_there(server: FakeRegistry, registry: Registry) -> None:
    names = "np numpy pd pandas time math Dict List Optional Any Type InstrumentSettingsMixin SimulatedDelay "
    names += " ".join(f"{k}{w}Instrument" for k in ("Base", "VisaBase", "Fake") for w in ("Measurement", "Movement"))
    names += " Measurement VisaMeasurement Movement VisaMovement"
    server.land("Names", f"class Names:\n    found = ({', '.join(names.split())})\n")
    registry.sync()
    assert len(registry.load("Names").found) == len(names.split())  # type: ignore[attr-defined]


def test_tracebacks_and_getsource_show_the_real_file(server: FakeRegistry, registry: Registry) -> None:
    server.land("Bad", measurement("Bad").replace("return np", "return missing_name * np"))
    registry.sync()
    instrument = registry.create("Bad")
    with pytest.raises(NameError) as caught:
        instrument.perform_measurement()
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert Path(last.filename).name == "Bad.py" and "missing_name" in (last.line or "")
    assert Path(last.filename).is_file()
    assert inspect.getsource(type(instrument)).startswith("class Bad(")
    assert "def serialize" not in inspect.getsource(type(instrument))


def test_an_instance_is_unpickled_in_another_process(
    server: FakeRegistry, registry: Registry, home: Home, tmp_path: Path
) -> None:
    source = "class Plain:\n    def __init__(self, name):\n        self.name = name\n"
    server.land("Plain", source)
    registry.sync()
    path = tmp_path / "it.pickle"
    path.write_bytes(pickle.dumps(registry.create("Plain", name="mine")))
    code = f"import pickle; it = pickle.load(open({str(path)!r}, 'rb')); print(it.name, it._definition['version'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=_env(home))
    assert done.stdout == "mine 1\n", done.stderr


def _env(home: Home) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": "src", "PYBIRCH_REGISTRY_HOME": str(home.root)}


def test_an_edited_file_is_refused_and_the_next_sync_restores_it(
    server: FakeRegistry, registry: Registry, home: Home
) -> None:
    commit = server.land("Alpha", measurement("Alpha"))
    registry.sync()
    path = registry.store.folder("Alpha", commit) / "Alpha.py"
    path.write_text(path.read_text() + "# tuned\n")
    with pytest.raises(RefusedError, match=r"Alpha\.py .* edited on this computer"):
        registry.create("Alpha")
    fresh = Registry.open(home.root)
    report = fresh.sync()
    assert report.came == ["Alpha v1"] and any("edited" in text for text in report.warnings)
    assert fresh.create("Alpha").name == "The Alpha"


def test_an_added_file_is_noticed_too(server: FakeRegistry, registry: Registry) -> None:
    commit = server.land("Alpha", measurement("Alpha"))
    registry.sync()
    (registry.store.folder("Alpha", commit) / "numpy.py").write_text("evil = True\n")
    with pytest.raises(RefusedError, match=r"numpy\.py"):
        registry.create("Alpha")


class Takes:
    def __init__(self, name: str, adapter: str) -> None:
        self.got = (name, adapter)


class Positional:
    def __init__(self, name: str, adapter: str, /) -> None:
        self.got = (name, adapter)


class HandsOn(Takes):
    def __init__(self, *args: object, gain: int = 1, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]


class HandsOnByPosition(Takes):
    def __init__(self, *args: str) -> None:
        super().__init__(*args)


class Address:
    def __init__(self, address: str) -> None:
        self.got = (None, address)


@pytest.mark.parametrize("cls", [Takes, Positional, HandsOn, HandsOnByPosition])
def test_the_adapter_goes_into_the_constructor(cls: type) -> None:
    assert construct(cls, "n", "GPIB::8").got == ("n", "GPIB::8")


def test_other_constructors_are_honoured() -> None:
    assert construct(Address, None, "X").got == (None, "X")

    class Nothing:
        adapter = name = ""

    made = construct(Nothing, "n", "GPIB::8")
    assert (made.name, made.adapter) == ("n", "GPIB::8")
    with pytest.raises(ConstructionError, match="also needs name"):
        construct(Takes)
    with pytest.raises(ConstructionError, match="does not take axis"):
        construct(Takes, "n", options={"axis": 1})
