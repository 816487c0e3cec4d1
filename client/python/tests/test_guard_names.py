"""The guard judges every twin of a banned module, and a lab may ban any built-in."""

import builtins
import contextlib
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import BannedImportError, GuardError, Registry
from pybirch_registry.guard import Policy
from pybirch_registry.guard.twins import HARMLESS, JUDGED, TWINS, WINDOWS

REFUSERS = (BannedImportError, GuardError)


def written_in_c() -> set[str]:
    """The modules of this Python that have no source in Python."""
    folder = Path(sysconfig.get_paths()["platstdlib"]) / "lib-dynload"
    found = {path.name.partition(".")[0] for path in folder.glob("*") if path.suffix in (".so", ".pyd")}
    return found | set(sys.builtin_module_names)


def test_every_module_written_in_c_is_judged() -> None:
    known = HARMLESS | JUDGED | {twin for twins in TWINS.values() for twin in twins}
    assert (written_in_c() | WINDOWS) - known == set()
    assert not HARMLESS & {twin for twins in TWINS.values() for twin in twins}


def test_a_ban_and_an_exception_apply_to_twins_too() -> None:
    for name, twins in TWINS.items():
        for twin in twins:
            assert Policy().bans(twin), twin
            assert not Policy(allowed=frozenset([name])).bans(twin), twin


CALLS = {
    "getattr": "getattr(self, 'x')",
    "input": "input()",
    "print": "print('x')",
    "vars": "vars(self)",
    "globals": "globals()",
    "type": "type(self)",
    "breakpoint": "breakpoint()",
    "memoryview": "memoryview(b'')",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_banned_built_in_is_refused_under_every_name(server: FakeRegistry, registry: Registry, name: str) -> None:
    server.policy = {"banned_imports": [name]}
    source = f"""class Uses:
    x = 1
    def plainly(self):
        {CALLS[name]}
    def by_module(self):
        import builtins
        builtins.{CALLS[name]}
    def from_module(self):
        from builtins import {name}
        {CALLS[name]}
    def by_its_dictionary(self):
        __builtins__['{name}']()
"""
    server.land("Uses", source)
    registry.sync()
    uses = registry.create("Uses")
    for way in ("plainly", "by_module", "from_module", "by_its_dictionary"):
        with pytest.raises(REFUSERS, match=name):
            getattr(uses, way)()


def test_every_built_in_function_can_be_banned(server: FakeRegistry, registry: Registry) -> None:
    """Python itself looks up some built-ins, for example for a class statement or a loop. A ban of a built-in
    must not affect Python's own look-ups.
    """
    names = [name for name, value in vars(builtins).items() if callable(value) and name[0].islower()]
    body = "\n".join(f"    def use_{name}(self):\n        {name}()" for name in names)
    server.policy = {"banned_imports": names}
    server.land("Uses", f"class Uses:\n{body}\n")
    registry.sync()
    uses = registry.create("Uses")
    for name in names:
        with pytest.raises(REFUSERS, match=name):
            getattr(uses, f"use_{name}")()


ROUNDABOUT = {
    "the instance's dictionary": "vars(os.environ)['_data'] = {}",
    "dict's own function": "dict.__setitem__(os.environ._data, b'PYBIRCH_GUARD_TEST', b'x')",
    "object's own function": "object.__setattr__(os.environ, '_data', {})",
    "what was there before": "vars(os.environ)['_data'][b'PYBIRCH_GUARD_TEST'] = b'x'",
    "a deletion": "del os.environ._data",
}


@pytest.mark.parametrize("way", ROUNDABOUT)
def test_a_definition_cannot_change_the_environment(server: FakeRegistry, registry: Registry, way: str) -> None:
    server.land(
        "Env", f"import sys\nclass Env:\n    def go(self):\n        os = sys.modules['os']\n        {ROUNDABOUT[way]}\n"
    )
    registry.sync()
    before = dict(os.environ)
    with contextlib.suppress(GuardError, TypeError, KeyError, AttributeError):
        registry.create("Env").go()
    assert dict(os.environ) == before


def test_the_host_program_can_change_its_environment(server: FakeRegistry, registry: Registry) -> None:
    server.land("Env", "class Env:\n    pass\n")
    registry.sync()
    registry.create("Env")
    os.environ["PYBIRCH_GUARD_TEST"] = "x"
    assert os.getenv("PYBIRCH_GUARD_TEST") == "x" and "PYBIRCH_GUARD_TEST" in os.environ
    assert (os.environ | {"a": "b"})["PYBIRCH_GUARD_TEST"] == "x"
    del os.environ["PYBIRCH_GUARD_TEST"]
    assert "PYBIRCH_GUARD_TEST" not in os.environ and "PATH" in os.environ.copy()
