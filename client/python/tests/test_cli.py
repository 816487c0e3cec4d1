"""The command line, as a lab user and as a program calls it; and events."""

import json
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from dulwich.bundle import create_bundle_from_repo, write_bundle

from fake_registry import FakeRegistry
from pybirch_registry import Registry, SyncReport
from pybirch_registry.cli import main
from pybirch_registry.events import Event, parse
from pybirch_registry.home import Home
from pybirch_registry.watch import wait_after
from sources import measurement


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_whole_story(
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
    assert run(capsys, "enrol", server.url, "CODE", "--name", "LABPC-01")[0] == 0
    assert sorted(run(capsys, "sync")[1]["came"]) == ["Alpha v2", "Multi v1"]
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
    assert run(capsys, "sync")[0] == 4
    assert run(capsys, "doctor")[0] == 1
    assert main(["list"]) == 0 and "Alpha" in capsys.readouterr().out


def test_a_refused_version_has_an_exit_code_of_its_own(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    server.land("Alpha", measurement("Alpha"), signed=False)
    code, value = run(capsys, "sync")
    assert code == 5 and "not signed" in value["refused"]["Alpha v1"]


def make_bundle(server: FakeRegistry, file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        manifest = {"definitions": list(server.definitions.values()), "revoked": []}
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, repo in server.repos.items():
            bundle = create_bundle_from_repo(repo, refs=[ref for ref in repo.refs.keys() if ref != b"HEAD"])  # noqa: SIM118
            with archive.open(f"bundles/{name}.bundle", "w") as target:
                write_bundle(target, bundle)
            bundle.close()


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
    thread.start()
    with came:
        assert came.wait_for(lambda: len(reports) == 1, 10)
        server.land("Alpha", measurement("Alpha", 2))
        started = time.monotonic()
        server.say("merge_request.opened", {}, 6)
        server.say("definition.landed", {"name": "Alpha", "version": 2}, 7)
        assert came.wait_for(lambda: len(reports) == 2, 10)
    assert time.monotonic() - started < 1 and reports[1].came == ["Alpha v2"]
    # The stream ends: it is taken up again, with a sync for what happened meanwhile.
    server.events.pop().put("")
    with came:
        assert came.wait_for(lambda: len(reports) == 3, 10)
    # While it waits for the registry, which says nothing now.
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_waits_grow_to_a_minute_and_differ() -> None:
    assert 0.25 <= wait_after(0) <= 0.5
    assert all(30 <= wait_after(20) <= 60 for _ in range(20))
    assert len({wait_after(5) for _ in range(10)}) > 1


def test_events_are_read_as_the_standard_says() -> None:
    text = ': hi\nid: 4\nevent: definition.landed\ndata: {"a":\ndata: 1}\n\nevent: x\n\ndata:plain\n\n'
    assert list(parse(iter(text.split("\n")))) == [
        Event("definition.landed", {"a": 1}),
        Event("message", "plain"),
    ]
