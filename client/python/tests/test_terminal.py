"""Names, reasons and answers of other people appear in a user's terminal. Text of other people must never act as a
control sequence in the terminal.

The flaws had one cause: text of other people was printed without changes. The reason of a revocation could clear the
screen, overwrite the line above, or show letters in another order.
"""

import io
import logging
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pytest

import pybirch_registry
from fake_registry import FakeRegistry
from pybirch_registry import Registry, errors
from pybirch_registry.cli import main
from pybirch_registry.cli.output import Output
from pybirch_registry.home import Home
from pybirch_registry.text import make_visible
from sources import measurement

HOSTILE = [chr(n) for n in (*range(0x20), *range(0x7F, 0xA0))]
HOSTILE += [*"\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"]
HOSTILE += [*"\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff\ufff9\U000e0041\U0001d173\u3164\u2800\ud800"]
EVIL = "x" + "".join(c for c in HOSTILE if c not in "\0\ud800") + "\x1b[2J\x1b]0;owned\x07y"


def test_each_hostile_character_is_escaped_and_each_ordinary_one_stays() -> None:
    for char in HOSTILE:
        shown = make_visible(f"a{char}b")
        assert char not in shown and shown.isascii() and shown.startswith("a\\") and shown.endswith("b"), repr(char)
    for text in ("10 MΩ, 3 µV", "Kühl Labor", "実験室　二", "Ångström\u00a0°C", "nai\u0308ve", "🔬"):
        assert make_visible(text) == text
    assert make_visible("a\nb\x1b", keep="\n") == "a\nb\\x1b"


def printed(monkeypatch: pytest.MonkeyPatch, command: Sequence[str], coding: str = "utf-8") -> tuple[int, str]:
    """Runs a command on a console with this encoding, which rejects characters outside it. Returns the exit
    code and the output.
    """
    consoles = [io.TextIOWrapper(io.BytesIO(), coding, errors="strict") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", consoles[0])
    monkeypatch.setattr(sys, "stderr", consoles[1])
    try:
        code = main(command)
    except SystemExit as end:
        code = int(end.code or 0)
    for one in consoles:
        one.flush()
    return code, "".join(one.buffer.getvalue().decode(coding) for one in consoles)  # type: ignore[attr-defined]


def escapes(text: str) -> list[str]:
    return [c for c in text if c != "\n" and make_visible(c) != c]


COMMANDS = [
    ["sync"],
    ["sync", "Evil\x1b[31m"],
    ["status"],
    ["list"],
    ["show", "Alpha"],
    ["show", "No\x1b[31mne"],
    ["pin", "Alpha@9"],
    ["pin", "Alpha@\x1b[31m"],
    ["bind", f"Main {EVIL}", "GPIB::9::INSTR"],
    ["bind", "\u202eno", "GPIB::9::INSTR"],
    ["export", "Alpha", "--to", "out\x1b[31m"],
    ["import-bundle", "file\x1b[31m.zip"],
    ["doctor"],
    ["no\x1b[31mcommand"],
    ["list", "--no\x1b[31moption"],
    ["--help"],
]


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_no_command_prints_hostile_characters_of_other_people(
    server: FakeRegistry, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_json: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    server.land("Alpha", measurement("Alpha"), display_name=f"Meter {EVIL}", is_builtin=False)
    gone = server.land("Beta", measurement("Beta"), display_name=EVIL)
    server.bind(7, "Alpha", "GPIB::8::INSTR", instrument={"id": 7, "name": f"Main {EVIL}"})
    Registry.open(home.root).sync()
    server.revoked = [{"name": "Beta", "version": 1, "commit": gone, "reason": EVIL}]
    server.warnings = [EVIL]
    server.land("Alpha", measurement("Alpha", 2), {f"{EVIL[:40]}.csv": "1"})
    seen = ""
    for command in COMMANDS:
        _, text = printed(monkeypatch, [*command, *as_json])
        assert text and escapes(text) == [] and "Traceback" not in text, (command, text)
        seen += text
    assert ("\\u001b[2J" if as_json else "\\x1b[2J") in seen


def test_a_hostile_folder_name_is_printed_with_escapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a\x1b[2Jb\u202e"
    for command in (["status"], ["doctor"], ["enrol", "http://127.0.0.1:1", "CODE"]):
        _, text = printed(monkeypatch, [*command, "--home", str(place)])
        assert text and escapes(text) == []


def test_an_internal_error_is_printed_with_escapes(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(self: Output, *args: object) -> None:
        raise RuntimeError(EVIL)

    monkeypatch.setattr(Output, "result", fails)
    assert main(["status"]) == 1
    said = capsys.readouterr().err
    assert "RuntimeError: x" in said and escapes(said) == []


def test_every_logger_of_the_package_escapes_its_messages(caplog: pytest.LogCaptureFixture) -> None:
    """A notebook shows warnings through a handler of its own."""
    names = [m.name for m in pkgutil.walk_packages(pybirch_registry.__path__, "pybirch_registry.")]
    logs = [vars(import_module(n)).get("log") for n in names if not n.endswith("__main__")]
    found = [log for log in logs if isinstance(log, logging.Logger)]
    assert len(found) > 10
    for log in found:
        log.error("%s is evil", EVIL)
    assert len(caplog.messages) == len(found) and not any(map(escapes, caplog.messages))


def test_every_error_is_escaped_when_python_prints_it() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.RegistryError)]
    assert len(kinds) > 8 and not any(escapes(str(kind(EVIL))) for kind in kinds)


NAMES = ("enrol", "sync", "status", "list", "show", "pin", "unpin", "bind", "watch", "export", "import-bundle")


@pytest.mark.parametrize("coding", ["cp437", "ascii", "cp1252", "utf-8"])
def test_commands_work_on_consoles_with_few_letters(
    server: FakeRegistry, home: Home, monkeypatch: pytest.MonkeyPatch, coding: str
) -> None:
    """Help is printed while arguments are parsed. The help text contains an ellipsis, which some Windows
    consoles cannot show.
    """
    server.land("Alpha", measurement("Alpha"), display_name="10 MΩ 実験室")
    commands = [[], ["--help"], ["--version"], ["nonsense…"], *([name, "--help"] for name in NAMES)]
    commands += [["sync"], ["list"], ["status"], ["show", "Alpha"], ["bind", "Ω…", "GPIB::1::INSTR"]]
    for command in commands:
        code, text = printed(monkeypatch, command, coding)
        assert code in (0, 1, 2) and text and "Traceback" not in text, (command, text)


def test_a_console_of_windows_shows_help(environment: dict[str, str]) -> None:
    env = {**environment, "PYTHONIOENCODING": "cp437:strict", "PYTHONUTF8": "0"}
    program = [sys.executable, "-m", "pybirch_registry", "enrol", "--help"]
    done = subprocess.run(program, capture_output=True, env=env)
    assert done.returncode == 0 and b"https://\\u2026" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "command", [["bind", "Alpha", "GPIB::1", "--as", "\udcce"], ["bind", "\udcce", "GPIB::1"], ["unbind", "\udcce"]]
)
def test_letters_that_python_could_not_decode_are_refused_with_advice(
    home: Home, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """The test passes the letters as Python decodes them if `LC_ALL` is `C`."""
    code, text = printed(monkeypatch, command, "ascii")
    assert code == 2 and "PYTHONUTF8=1" in text and "\\udcce" in text and "Traceback" not in text
