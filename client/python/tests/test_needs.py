"""`doctor` says which definition would fail on this computer, and why, before somebody binds it and measures with it.

The tests compare headers and versions with `packaging`, which pip itself uses. The tests use the packages that are
installed in this Python.
"""

import platform

import numpy
import pytest

from fake_registry import FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.cli import main
from pybirch_registry.home import Home
from pybirch_registry.needs import find_unmet
from sources import measurement

MET = [
    'requires-python = ">=3.11"',
    'requires-python = ">=3.8,!=3.9.*"',
    'dependencies = ["numpy", "NumPy>=1", "cryptography"]',
    f'dependencies = ["numpy=={numpy.__version__}"]',
    "dependencies = [\"no-such-package; python_version < '3'\"]",
    'dependencies = ["pybirch"]',
    'dependencies = "numpy"',
    "not toml at all",
    "",
]
UNMET = {
    'requires-python = ">=3.99"  # not \u2028 a \x85 line': "needs Python >=3.99",
    'requires-python = ">=3.99"': f"needs Python >=3.99; this is {platform.python_version()}",
    'requires-python = "three"': "says that it needs Python 'three', which is not a version",
    'dependencies = ["numpy>=99"]': f"needs numpy>=99; numpy {numpy.__version__} is installed",
    'dependencies = ["no-such-package[x]>=1"]': "needs no-such-package[x]>=1, which is not installed: pip install",
    'dependencies = ["not a req !!"]': "says that it needs 'not a req !!', which is not a requirement",
    "dependencies = [\"no-such-package; python_version > '3'\"]": "which is not installed",
}


def header(line: str, end: str = "\n") -> bytes:
    return (
        "\n".join(["import numpy", "# /// script", *(f"# {line}".split("\n")), "# ///", ""]).replace("\n", end).encode()
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("line", MET)
def test_requirements_that_are_met_are_not_reported(line: str, end: str) -> None:
    assert list(find_unmet(header(line, end))) == [] and list(find_unmet(b"import numpy\n")) == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("line", UNMET)
def test_missing_requirements_are_reported(line: str, end: str) -> None:
    (said,) = find_unmet(header(line, end))
    assert UNMET[line] in said


def test_doctor_names_the_definition(server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    needs = '# /// script\n# requires-python = ">=3.99"\n# dependencies = ["no-such-package"]\n# ///\n'
    server.land("Alpha", needs + measurement("Alpha"))
    server.land("Beta", measurement("Beta"))
    Registry.open(home.root).sync()
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "Alpha v1 needs Python >=3.99" in said and "Alpha v1 needs no-such-package, which is not" in said
    assert "Beta v1" not in said


def test_the_plus_in_python_s_version_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "python_version", lambda: "3.12.4+")
    assert list(find_unmet(header('requires-python = ">=3.11"', "\n"))) == []
    assert "this is 3.12.4" in next(find_unmet(header('requires-python = ">=3.13"', "\n")))
