"""The command line tells lab users which definitions they can install, where instruments are, and how to add
another instrument.
"""

import zipfile
from pathlib import Path

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.cli import main
from pybirch_registry.home import Home
from pybirch_registry.signatures import fingerprint_of
from sources import measurement
from test_cli import make_bundle, run


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0, capsys.readouterr()
    return capsys.readouterr().out


def test_a_first_sync_without_definitions_says_what_to_do(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    server.land("SR830", measurement("SR830"), is_builtin=True, manufacturer="Stanford Research", lab_id=None)
    server.land("Stage", measurement("Stage"), is_builtin=True, manufacturer="Newport", lab_id=None)
    assert "list --available" in said(capsys, "sync") and "list --available" in said(capsys, "list")
    assert [one["name"] for one in run(capsys, "list", "--available")[1]] == ["SR830", "Stage"]
    found = run(capsys, "search", "stanford", "RESEARCH")[1]
    assert [(one["name"], one["here"]) for one in found] == [("SR830", False)]
    assert "Nothing found for 'oscilloscope'" in said(capsys, "search", "oscilloscope")
    said(capsys, "sync", "SR830")
    server.close()
    offline = said(capsys, "search", "sr830")
    assert "This list is from 20" in offline and offline.splitlines()[1].endswith("yes")


def test_without_an_old_list_the_error_gives_the_reason(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    server.close()
    assert main(["list", "--available"]) == 4 and "cannot be reached" in capsys.readouterr().err


def test_addresses_are_shown_at_once_and_an_instrument_can_be_unbound(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    server.land("SR830", measurement("SR830"))
    said(capsys, "sync")
    said(capsys, "bind", "SR830", "GPIB::8::INSTR")
    said(capsys, "bind", "SR830", "GPIB::9::INSTR", "--as", "second lock-in")
    assert [b["instrument"]["name"] for b in server.bindings] == ["The SR830", "second lock-in"]
    listed = said(capsys, "list")
    assert "GPIB::8::INSTR, GPIB::9::INSTR" in listed and "True" not in listed
    assert "second lock-in (SR830) at GPIB::9::INSTR" in said(capsys, "status")
    said(capsys, "bind", "SR830", "GPIB::10::INSTR", "--as", "second lock-in")
    assert [b["adapter"] for b in server.bindings] == ["GPIB::8::INSTR", "GPIB::10::INSTR"]
    assert main(["bind", "SR830", "GPIB::11::INSTR"]) == 1
    assert (
        "Several instruments here match SR830. Give the name or number of one: The SR830 at" in capsys.readouterr().err
    )
    said(capsys, "pin", "SR830")
    assert "v1 here" in said(capsys, "list")
    assert main(["unbind", "nothing"]) == 1


def test_without_a_network_a_new_address_makes_no_second_instrument(
    server: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The flaw: a computer that uses bundles made a second instrument for each new address."""
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(tmp_path / "home"))
    server.land("SR830", measurement("SR830"))
    make_bundle(server, tmp_path / "b.zip")
    server.close()
    said(capsys, "import-bundle", str(tmp_path / "b.zip"), "--trust", fingerprint_of(server.key.blob))
    for address in ("GPIB::8::INSTR", "GPIB::9::INSTR"):
        assert "next sync" not in said(capsys, "bind", "SR830", address)
    said(capsys, "bind", "The SR830", "GPIB::10::INSTR")
    assert [found.adapter for found in Registry.open().discover()] == ["GPIB::10::INSTR"]
    said(capsys, "bind", "SR830", "COM3", "--as", "second")
    assert sorted(found.adapter for found in Registry.open().discover()) == ["COM3", "GPIB::10::INSTR"]
    said(capsys, "unbind", "second")
    assert [found.adapter for found in Registry.open().discover()] == ["GPIB::10::INSTR"]


@pytest.mark.parametrize("address", ["not a visa address at all", "", "GPIB::", "GPIB::99", "lockin", "x\x1b[2J1"])
def test_text_that_is_not_an_address_is_refused(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    server.land("SR830", measurement("SR830"))
    said(capsys, "sync")
    assert main(["bind", "SR830", address]) == 1
    assert "is not the address of an instrument. Give its VISA address" in capsys.readouterr().err
    assert Registry.open().discover() == []


def test_a_known_revocation_is_reported_once_unless_the_version_is_in_use(
    server: FakeRegistry, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    first = server.land("SR830", measurement("SR830", 1))
    said(capsys, "sync")
    server.land("SR830", measurement("SR830", 2))
    server.revoked = [{"name": "SR830", "version": 1, "commit": first, "reason": "drifts"}]
    assert "revoked    SR830 v1: drifts" in said(capsys, "sync")
    assert "revoked" not in said(capsys, "sync")
    server.land("Other", measurement("Other"))
    assert "revoked" not in said(capsys, "sync")
    assert run(capsys, "sync")[1]["revoked"] == {"SR830 v1": "drifts"}
    shown = said(capsys, "show", "SR830")
    assert [("REVOKED: drifts" in line) for line in shown.splitlines()[-2:]] == [False, True]
    assert "Change 1" in shown and "Why" not in shown  # one line for each version
    revoked, server.revoked = server.revoked, []
    server.reinstated = [{"name": "SR830", "version": 1, "commit": first}]
    said(capsys, "sync")
    said(capsys, "pin", "SR830@1")
    server.revoked, server.reinstated = revoked, []
    for _ in range(2):
        assert "revoked    SR830 v1: drifts" in said(capsys, "sync")


def test_enrol_is_spelled_either_way(
    server: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(tmp_path / "home"))
    assert main(["enroll", server.url.removeprefix("http://"), "CODE"]) == 4
    assert f"write {server.url} or https://" in capsys.readouterr().err
    assert "is enrolled" in said(capsys, "enroll", server.url, "CODE", "--name", "LABPC-01")


def test_a_bundle_that_is_a_bomb_is_refused(tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("manifest.json", "w") as entry:
        for _ in range(100):
            entry.write(bytes(1_000_000))
    assert main(["import-bundle", str(file)]) == 5
    assert "The bundle's manifest.json is too large" in capsys.readouterr().err
