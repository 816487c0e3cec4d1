"""The command line, as lab users and programs call it, and the stream of events."""

import json
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fake_registry import FakeRegistry, SigningKey, make_bundle
from pybirch_registry import (
    NotEnrolledError,
    RefusedError,
    Registry,
    RegistryError,
    SyncReport,
    UnknownDefinitionError,
    events,
)
from pybirch_registry.cli import main
from pybirch_registry.enrol import is_name
from pybirch_registry.events import Event, parse
from pybirch_registry.home import Home
from pybirch_registry.signatures import fingerprint_of
from pybirch_registry.watch import concerns, pause, wait_after
from sources import measurement


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_computer_is_enrolled_and_used_by_commands(
    server: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(tmp_path / "home"))
    for value in (1, 2):
        server.land("Alpha", measurement("Alpha", value))
    server.land("Multi", measurement("Multi"), {"helper.py": "X = 1\n"})
    server.bind(42, "Alpha", "GPIB::8::INSTR")
    code, value = run(capsys, "status")
    assert code == 3 and value["error"]["code"] == "not_enrolled"
    code, value = run(capsys, "enrol", server.url, "WRONG")
    assert (code, value["error"]["message"]) == (1, "No such code")
    code, value = run(capsys, "enrol", server.url, "CODE", "--name", "Ada's PC")
    assert code == 1 and "Give this computer another name: --name NAME" in value["error"]["message"]
    assert run(capsys, "enrol", server.url, "CODE", "--name", "LABPC-01")[0] == 0
    assert run(capsys, "status")[1]["last_sync"] is None
    assert sorted(run(capsys, "sync")[1]["came"]) == ["Alpha v2", "Multi v1"]
    last = run(capsys, "status")[1]["last_sync"]
    assert abs(time.time() - datetime.fromisoformat(last).timestamp()) < 60
    assert run(capsys, "status")[1]["bindings"] == 1
    assert [(d["name"], d["version"], d["bound"]) for d in run(capsys, "list")[1]] == [
        ("Alpha", 2, True),
        ("Multi", 1, False),
    ]
    shown = run(capsys, "show", "Alpha")[1]
    assert shown["approved_by"] == ["ada"] and [v["version"] for v in shown["versions"]] == [2, 1]
    assert run(capsys, "pin", "Alpha@1")[1] == {"name": "Alpha", "version": 1}
    assert run(capsys, "show", "Alpha")[1]["version"] == 1
    assert run(capsys, "unpin", "Alpha")[1]["was_pinned"]
    assert run(capsys, "bind", "Main Alpha", "GPIB::9::INSTR")[1]["waiting"] == 0
    assert server.bindings[0]["adapter"] == "GPIB::9::INSTR"
    assert run(capsys, "bind", "Multi", "USB0::1::INSTR")[0] == 0
    assert server.bindings[1]["instrument"]["name"] == "The Multi"
    out = tmp_path / "out"
    assert run(capsys, "export", "Alpha", "Multi", "--to", str(out))[0] == 0
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.py")) == [
        "Alpha.py",
        "Multi/Multi.py",
        "Multi/helper.py",
    ]
    (out / "Alpha.py").write_text("mine")
    assert run(capsys, "export", "Alpha", "--to", str(out))[0] == 6
    code, checks = run(capsys, "doctor")
    assert code == 0 and {"registry", "clock", "versions"} <= {c["name"] for c in checks}
    server.close()
    code, report = run(capsys, "sync")
    assert code == 4 and f"the last sync, of {last[:10]} " in report["warnings"][0]
    assert run(capsys, "doctor")[0] == 1
    assert main(["list"]) == 0 and "Alpha" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["LABPC-01", "Kühl Labor_2", "a.b-", "_x", "実験室"])
def test_names_that_a_computer_can_have(name: str) -> None:
    assert is_name(name) and not any(is_name(bad) for bad in (f".{name}", f"{name} ", f"{name}/x", f"{name}'s", ""))


def test_common_options_may_come_before_or_after_the_command(
    server: FakeRegistry, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.land("Alpha", measurement("Alpha"))
    assert run(capsys, "sync")[0] == 0
    for arguments in (
        ["list", "--json"],
        ["--json", "list"],
        ["--json", "list", "--json"],
        ["--verbose", "--json", "list"],
    ):
        assert main(arguments) == 0
        assert [one["name"] for one in json.loads(capsys.readouterr().out)] == ["Alpha"]
    empty = str(tmp_path / "empty")
    for arguments in (
        ["--home", empty, "list"],
        ["list", "--home", empty],
        ["--home", str(home.root), "list", "--home", empty],
    ):
        assert main(arguments) == 3, arguments
    assert main(["--home", str(home.root), "list"]) == 0 and main(["list"]) == 0


def test_a_name_that_the_registry_does_not_list_is_an_error(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    server.land("Alpha", measurement("Alpha"))
    code, value = run(capsys, "sync", "alpha", "Nope")
    assert (code, value["ok"], value["unknown"], value["came"]) == (1, False, ["Nope"], ["Alpha v1"])
    assert main(["sync", "Nope"]) == 1
    said = capsys.readouterr().out
    assert "unknown    Nope: the registry lists no such definition for this computer" in said
    assert "pybirch-registry list --available" in said
    assert main(["sync"]) == 0


def test_list_shows_that_a_pin_is_not_followed(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    first = server.land("Alpha", measurement("Alpha", 1))
    server.land("Alpha", measurement("Alpha", 2))
    run(capsys, "sync")
    run(capsys, "pin", "Alpha@1")
    assert [(d["version"], d["pinned_to"]) for d in run(capsys, "list")[1]] == [(1, "v1 here")]
    server.revoked = [{"name": "Alpha", "version": 1, "commit": first, "reason": "drifts"}]
    run(capsys, "sync")
    assert [(d["version"], d["pinned_to"]) for d in run(capsys, "list")[1]] == [(2, "v1 here, but it was revoked")]
    assert main(["list"]) == 0 and "v1 here, but it was revoked" in capsys.readouterr().out


def test_a_refused_version_has_an_exit_code_of_its_own(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    server.land("Alpha", measurement("Alpha"), signed=False)
    code, value = run(capsys, "sync")
    assert code == 5 and "not signed" in value["refused"]["Alpha v1"]


def test_a_console_that_cannot_show_a_letter_does_not_stop_a_command(
    server: FakeRegistry, environment: dict[str, str]
) -> None:
    """The code pages of Windows consoles have no Greek letters."""
    server.land("Alpha", measurement("Alpha"), display_name="10 MΩ meter")
    for command in (["sync"], ["list"], ["list", "--json"]):
        program = [sys.executable, "-m", "pybirch_registry", *command]
        done = subprocess.run(program, capture_output=True, env={**environment, "PYTHONIOENCODING": "cp1252"})
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["display_name"] == "10 MΩ meter"


def test_a_bundle_brings_definitions_without_any_network(
    server: FakeRegistry, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in (1, 2):
        server.land("Alpha", measurement("Alpha", value))
    server.land("Unsigned", measurement("Unsigned"), signed=False)
    make_bundle(server, tmp_path / "b.zip")
    server.close()
    code, report = run(capsys, "import-bundle", str(tmp_path / "b.zip"))
    assert code == 5 and report["came"] == ["Alpha v2"] and "Unsigned v1" in report["refused"]
    assert Registry.open().create("Alpha", version=1).perform_measurement()[0][0] == 1
    (tmp_path / "c.zip").write_bytes(b"no zip")
    assert run(capsys, "import-bundle", str(tmp_path / "c.zip"))[0] == 1


def test_an_old_bundle_undoes_no_version_and_no_revocation(
    server: FakeRegistry, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody may use a USB stick with an old bundle, by mistake or as an attack."""
    first = server.land("Alpha", measurement("Alpha", 1))
    make_bundle(server, tmp_path / "old.zip")
    second = server.land("Alpha", measurement("Alpha", 2))
    server.land("Alpha", measurement("Alpha", 3))
    server.revoked = [
        {"name": "Alpha", "version": 1, "commit": first, "reason": "drifts"},
        {"name": "Alpha", "version": 2, "commit": second, "reason": "drifts"},
    ]
    assert run(capsys, "sync")[0] == 0
    server.close()
    server.number += 1
    make_bundle(server, tmp_path / "swapped.zip", policy={"allowed_imports": ["os"]}, revoked=[])
    for name, code in (("old.zip", 0), ("swapped.zip", 0), ("old.zip", 5)):
        assert run(capsys, "import-bundle", str(tmp_path / name))[0] == code
        registry = Registry.open()
        assert registry.resolve("Alpha").version == 3
        assert registry.manifest().policy == {} and set(registry.manifest().revoked) == {first, second}
        with pytest.raises(RefusedError, match="drifts"):
            registry.create("Alpha", version=2)


def test_a_computer_without_a_network_asks_which_key_to_trust(
    server: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(tmp_path / "home"))
    server.land("Alpha", measurement("Alpha"))
    make_bundle(server, tmp_path / "b.zip")
    key = fingerprint_of(server.key.blob)
    code, value = run(capsys, "import-bundle", str(tmp_path / "b.zip"))
    assert code == 3 and key in value["error"]["message"]
    code, value = run(capsys, "import-bundle", str(tmp_path / "b.zip"), "--trust", "SHA256:other")
    assert code == 5 and "has no key SHA256:other" in value["error"]["message"]
    assert run(capsys, "import-bundle", str(tmp_path / "b.zip"), "--trust", key)[1]["came"] == ["Alpha v1"]
    assert Registry.open().create("Alpha")._definition["version"] == 1
    server.keys = [SigningKey()]
    server.land("Forged", measurement("Forged"))
    server.keys = [server.key]
    make_bundle(server, tmp_path / "c.zip")
    code, value = run(capsys, "import-bundle", str(tmp_path / "c.zip"))
    assert code == 5 and "not a key of this registry" in value["refused"]["Forged v1"]
    server.keys = [SigningKey()]
    make_bundle(server, tmp_path / "d.zip")
    server.close()
    code, value = run(capsys, "import-bundle", str(tmp_path / "d.zip"))
    assert code == 5 and "is not the key" in value["error"]["message"]
    for command in (["sync"], ["pin", "Alpha@4"]):  # no word of an access that the registry took away
        code, value = run(capsys, *command)
        assert code == 3 and "This computer was never enrolled" in value["error"]["message"]


@pytest.mark.parametrize("damage", ["whole", "part", "missing"])
def test_a_key_of_a_damaged_bundle_is_not_trusted_from_then_on(
    server: FakeRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    """The revocations and the rest of a damaged bundle are not trusted either."""
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(tmp_path / "home"))
    commit = server.land("Alpha", measurement("Alpha"))
    server.revoked = [{"name": "Beta", "version": 1, "commit": commit[::-1], "reason": "x"}]
    file = tmp_path / "b.zip"
    make_bundle(server, file)
    content = bytearray(file.read_bytes())
    if damage == "whole":
        del content[-30:]
    elif damage == "part":
        at = content.index(b"bundles/Alpha.bundle") + 200
        content[at : at + 20] = bytes(20)
    else:
        content = content.replace(b"bundles/Alpha.bundle", b"bundles/Omega.bundle")
    file.write_bytes(content)
    code, value = run(capsys, "import-bundle", str(file), "--trust", fingerprint_of(server.key.blob))
    said = value["error"]["message"] if damage == "whole" else value["refused"]["Alpha v1"]
    expected = {"whole": "is not a bundle", "part": "damaged", "missing": "holds no bundle of it"}
    assert code == (1 if damage == "whole" else 5) and expected[damage] in said
    home = Home(tmp_path / "home")
    assert home.enrolment_or_none() is None and not home.manifest.exists()


def test_a_computer_with_bundles_passes_doctor_and_gets_updates_once_it_is_enrolled(
    server: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The flaw: on a computer that uses bundles, `doctor` ended with 1, and versions from a bundle were never
    updated.
    """
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(tmp_path / "home"))
    server.land("Alpha", measurement("Alpha"), is_builtin=True)
    make_bundle(server, tmp_path / "b.zip")
    run(capsys, "import-bundle", str(tmp_path / "b.zip"), "--trust", fingerprint_of(server.key.blob))
    code, checks = run(capsys, "doctor")
    assert code == 0 and "never enrolled" in {c["name"]: c["text"] for c in checks}["enrolment"]
    code, value = run(capsys, "pin", "Alpha@7")
    assert code == 3 and "Alpha v7 is not on this computer. This computer was never" in value["error"]["message"]
    code, value = run(capsys, "bind", "5", "GPIB::9")
    assert code == 3 and Registry.open().waiting() == 0
    with pytest.raises(UnknownDefinitionError):
        Registry.open().create("Nothing")
    assert run(capsys, "enrol", server.url, "CODE")[0] == 0
    server.land("Alpha", measurement("Alpha", 2), is_builtin=True)
    assert run(capsys, "sync")[1]["came"] == ["Alpha v2"]


def test_an_unknown_instrument_or_definition_is_an_error(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """The flaw: the command said that an unknown number was bound, and that an unknown definition followed the
    newest version.
    """
    server.land("Alpha", measurement("Alpha"))
    run(capsys, "sync")
    code, value = run(capsys, "bind", "77", "GPIB::9")
    assert code == 1 and "has no instrument 77" in value["error"]["message"]
    code, value = run(capsys, "unpin", "Beta")
    assert code == 1 and "No definition Beta" in value["error"]["message"]
    assert run(capsys, "unpin", "Alpha")[0] == 0
    server.close()
    code, value = run(capsys, "bind", "77", "GPIB::9")
    assert code == 4 and Registry.open().waiting() == 0
    run(capsys, "bind", "Alpha", "GPIB::8", "--as", "one")
    run(capsys, "bind", "Alpha", "GPIB::9", "--as", "two")
    code, value = run(capsys, "bind", "Alpha", "GPIB::7")
    assert code == 1 and "one at GPIB::8, two at GPIB::9" in value["error"]["message"]


@pytest.mark.parametrize("address", ["GPIB::8", "gpib0::8::INSTR"])
def test_binding_an_address_of_another_instrument_prints_a_warning(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    server.land("Alpha", measurement("Alpha"))
    run(capsys, "sync")
    assert run(capsys, "bind", "Alpha", "GPIB::8", "--as", "one")[1]["warning"] is None
    assert run(capsys, "bind", "Alpha", "GPIB::8", "--as", "one")[1]["warning"] is None
    assert run(capsys, "bind", "Alpha", "GPIB::9", "--as", "two")[1]["warning"] is None
    assert "one is bound to" in run(capsys, "bind", "Alpha", address, "--as", "two")[1]["warning"]


def test_every_event_that_changes_a_computer_s_definitions_causes_a_sync() -> None:
    """The list in the test has all events of the registry that a computer ignores."""
    source = (Path(__file__).parents[3] / "registry" / "schemas" / "events.ts").read_text()
    kinds = re.findall(r"^  '?([a-z_.]+)'?: Static", source.partition("interface EventData")[2], re.MULTILINE)
    of_people = {k for k in kinds if k.startswith("merge_request.")} | {"policy.overridden"}
    assert {"definition.landed", "version.revoked", "binding.changed", "reset"} < set(kinds) and len(of_people) == 5
    assert {kind for kind in kinds if not concerns(Event(kind, {}))} == of_people


def test_watching_continues_after_a_new_enrolment(server: FakeRegistry, registry: Registry) -> None:
    """Another program enrols the computer, such as a user's command while a scheduled task is watching."""
    stop = threading.Event()
    home = registry.home
    home.save_enrolment(replace(registry.enrolment, token="old"))
    watching = Registry.open(home.root)
    home.save_enrolment(registry.enrolment)
    watching.watch(lambda report: stop.set(), stop=stop)
    home.save_enrolment(replace(registry.enrolment, token="old"))
    with pytest.raises(NotEnrolledError):
        watching.watch(lambda report: None)


def test_closing_a_stream_never_blocks(
    server: FakeRegistry, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows does not wake a thread that waits for a socket when the socket is shut down for reading."""
    monkeypatch.setattr(events, "END_S", 0.1)
    monkeypatch.setattr("urllib3.HTTPResponse.shutdown", lambda self: None)
    started = time.monotonic()
    with events.Stream(registry.http) as stream:
        assert stream.take(0.01) == []
    assert time.monotonic() - started < 5


def test_a_wait_ends_at_stop_or_after_its_time() -> None:
    stop = threading.Event()
    started = time.monotonic()
    pause(stop, 0.3)
    assert time.monotonic() - started >= 0.3
    threading.Timer(0.05, stop.set).start()
    pause(stop, 60)
    assert time.monotonic() - started < 30


def test_a_watching_computer_has_a_landing_within_a_second(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    reports: list[SyncReport] = []
    came = threading.Condition()
    stop = threading.Event()

    def on_sync(report: SyncReport) -> None:
        with came:
            reports.append(report)
            came.notify_all()

    thread = threading.Thread(target=registry.watch, args=(on_sync,), kwargs={"stop": stop}, daemon=True)
    started = time.monotonic()
    thread.start()
    with came:
        assert came.wait_for(lambda: len(reports) == 1, 30)
        # On a busy machine, a sync alone takes long, so the watching computer may take longer too.
        limit_s = max(1.0, 4 * (time.monotonic() - started))
        server.land("Alpha", measurement("Alpha", 2))
        started = time.monotonic()
        server.say("merge_request.opened", {}, 6)
        server.say("definition.landed", {"name": "Alpha", "version": 2}, 7)
        assert came.wait_for(lambda: len(reports) == 2, 30)
    assert time.monotonic() - started < limit_s and reports[1].came == ["Alpha v2"]
    # The stream ends. The program opens the stream again, and syncs because it may have missed events.
    server.events.pop().put("")
    with came:
        assert came.wait_for(lambda: len(reports) == 3, 30)
    # The program now waits for the registry, which sends nothing.
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_events_that_arrive_together_cause_one_sync_and_failures_are_retried(
    server: FakeRegistry, registry: Registry
) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    stop = threading.Event()
    reports: list[SyncReport] = []

    def on_sync(report: SyncReport) -> None:
        reports.append(report)
        if len(reports) == 1:
            server.land("Alpha", measurement("Alpha", 2))
            server.git_fault, server.fails_on = "cut", "/api/instrument-definitions/"
            for _ in range(5):
                server.say("definition.landed", {})
            server.say("merge_request.opened", {})
        if len(reports) == 2:
            server.git_fault, server.fails_on = None, ""
        if len(reports) == 3:
            stop.set()

    registry.watch(on_sync, stop=stop)
    assert [r.came for r in reports] == [["Alpha v1"], [], ["Alpha v2"]]
    assert reports[1].retry == ["Alpha v2"]


def test_watching_continues_when_the_registry_is_back(server: FakeRegistry, registry: Registry) -> None:
    stop = threading.Event()
    troubles: list[tuple[str, float]] = []
    server.down = True

    def on_trouble(error: RegistryError, wait_s: float) -> None:
        troubles.append((error.code, wait_s))
        if len(troubles) == 3:
            server.down = False

    registry.watch(lambda report: stop.set(), on_trouble, stop)
    assert [code for code, _ in troubles] == ["unreachable"] * 3
    assert 0.25 <= troubles[0][1] <= 0.5 <= troubles[1][1] <= 1 <= troubles[2][1] <= 2


def test_waits_grow_to_a_minute_and_differ() -> None:
    assert 0.25 <= wait_after(0) <= 0.5
    assert all(30 <= wait_after(20) <= 60 for _ in range(20))
    assert len({wait_after(5) for _ in range(10)}) > 1


def test_events_are_parsed_as_the_html_standard_says() -> None:
    text = ': hi\nid: 4\nevent: definition.landed\ndata: {"a":\ndata: 1}\n\nevent: x\n\ndata:plain\n\n'
    assert list(parse(iter(text.split("\n")))) == [
        Event("definition.landed", {"a": 1}),
        Event("message", "plain"),
    ]
