"""The commands that test definitions. commands.py says how commands work."""

import json
import os
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import NotEnrolledError, RefusedError, UnknownDefinitionError
from ..files import write_atomic
from ..guard import Policy
from ..home import Home
from ..manifest import ManifestFile
from ..registry import Registry
from ..testing import measure
from ..testing.environment import describe_environment
from ..testing.importing import convert, file_name, read_sessions
from ..testing.items import Item, overall
from ..testing.junit import write_junit
from ..testing.masking import entries_of
from ..testing.recorder import record_session
from ..testing.recording import RecordingError, write
from ..testing.running import run_recording, run_tests
from ..testing.subjects import Subject, find_subject
from ..testing.under_test import UnderTest
from .output import Output

MARKS = {"passed": "passed ", "failed": "FAILED ", "skipped": "skipped"}


def record(home: Home, options: Namespace, output: Output) -> int:
    """Records a session, and replays the recording at once, so that the user knows whether it can be used."""
    registry = Registry.open(home.root)
    subject = find_installed(registry, options.name, None)
    cls = registry.load(options.name)
    calls = [name.strip() for name in options.calls.split(",")] if options.calls else []
    if options.source is not None:
        return _import(subject, cls, calls, options, output)
    done: list[str] = []

    def note(call: str) -> None:
        done.append(call)
        output.progress(len(done), max(len(calls), len(done)), call)

    found = record_session(cls, {"adapter": options.adapter}, calls, note)
    write_atomic(options.to, write(found).encode())
    with UnderTest() as tested:
        item = run_recording(subject, options.to, tested)
    counts = f"{len(found.steps)} steps, {len(entries_of(found))} entries of traffic"
    raised = [f"note     {step.label} raised {step.raises}" for step in found.steps if step.raises]
    value = {
        "file": str(options.to),
        "steps": len(found.steps),
        "instrument": found.instrument,
        "replay": item.as_dict(),
    }
    output.result(value, f"{options.to}: {counts}", *raised, *_lines(subject, item))
    return 1 if item.state == "failed" else 0


def _import(subject: Subject, cls: type, calls: list[str], options: Namespace, output: Output) -> int:
    """Writes a recording for each session of a test file or log, and replays it."""
    sessions = read_sessions(options.source, calls)
    items: list[Item] = []
    taken: Counter[str] = Counter()
    with UnderTest() as tested:
        for number, session in enumerate(sessions, 1):
            name = file_name(session.name)
            taken[name] += 1  # one test may have several sessions
            file = options.to / (f"{name}.jsonl" if taken[name] == 1 else f"{name}-{taken[name]}.jsonl")
            try:
                if session.cls is not None and session.cls.rpartition(".")[2] != subject.name:
                    raise RecordingError(f"it tests {session.cls}")
                write_atomic(file, write(convert(session, cls, options.adapter)).encode())
                items.append(run_recording(subject, file, tested))
            except RecordingError as error:
                items.append(Item(session.name, "skipped", 0.0, f"not imported: {error}"))
            output.progress(number, len(sessions), session.name)
    return _print_results([(subject, items)], output)


def test(home: Home, options: Namespace, output: Output) -> int:
    subjects = find_subjects(home, options.targets)
    results: list[tuple[Subject, list[Item]]] = []
    for number, subject in enumerate(subjects):
        items: list[Item] = []
        results.append((subject, items))
        output.progress(number, len(subjects), subject.label)
        for item in run_tests(subject):
            items.append(item)
            output.progress(number, len(subjects), f"{subject.label} {item.name}")
    output.progress(len(subjects), len(subjects), "done")
    if options.junit is not None:
        write_junit(options.junit, [(subject.label, items) for subject, items in results])
    return _print_results(results, output)


def simulate(home: Home, options: Namespace, output: Output) -> int:
    """Prints the table as JSON, with or without `--json`."""
    [subject] = find_subjects(home, [options.target])
    table = measure.simulate(subject, options.rows).as_dict()
    output.result(table, json.dumps(table))
    return 0


def _print_results(results: list[tuple[Subject, list[Item]]], output: Output) -> int:
    state = overall([item for _, items in results for item in items])
    rows = [
        {"definition": subject.name, "version": subject.version, **item.as_dict()}
        for subject, items in results
        for item in items
    ]
    value: dict[str, Any] = {"state": state, "items": rows, "environment": describe_environment()}
    lines: list[str] = []
    for subject, items in results:
        lines += [line for item in items for line in _lines(subject, item)]
        if not items:
            lines.append(f"skipped  {subject.label} has no tests: add tests/*.jsonl or tests/test_*.py")
    counts = {key: sum(item.state == key for _, items in results for item in items) for key in MARKS}
    lines.append(", ".join(f"{count} {key}" for key, count in counts.items()))
    output.result(value, *lines)
    return 1 if state == "failed" else 0


def _lines(subject: Subject, item: Item) -> list[str]:
    lines = [f"{MARKS[item.state]}  {subject.label} {item.name}  {item.seconds:.2f} s"]
    text = item.difference if item.state == "failed" and item.difference else item.message
    if item.state == "failed" and item.difference and item.message and not item.difference.startswith("at "):
        lines.append(f"         {item.message}")
    return lines + [f"         {line}" for line in (text or "").splitlines()]


def find_subjects(home: Home, targets: list[str]) -> list[Subject]:
    """The definitions that the user means: folders, names, names with versions, or all on this computer.

    Raises `UnknownDefinitionError`, `RefusedError`, `NotEnrolledError`.
    """
    if not targets:
        registry = Registry.open(home.root)
        return [find_installed(registry, name, None) for name in registry.store.names()]
    return [_find(home, target) for target in targets]


def _find(home: Home, target: str) -> Subject:
    is_path = target in (".", "..") or os.sep in target or "/" in target
    try:
        registry = None if is_path else Registry.open(home.root)
    except NotEnrolledError:
        if not Path(target).is_dir():
            raise
        registry = None
    if registry is None:
        return find_subject(Path(target), Policy.of(ManifestFile(home).read().policy))
    name, _, version = target.partition("@")
    if version and not version.removeprefix("v").isdecimal():
        raise UnknownDefinitionError(f"{version!r} is not a version number: write a version as {name}@3")
    return find_installed(registry, name, int(version.removeprefix("v")) if version else None)


def find_installed(registry: Registry, name: str, version: int | None) -> Subject:
    """A version on this computer. Fetches a definition that is not here yet. Raises what `Registry.fetch` raises."""
    installed = registry.fetch(name, version)
    fault = registry.store.fault(name, installed.commit)
    if fault is not None:
        raise RefusedError(f"{name} v{installed.version} is not tested: {fault}")
    policy = Policy.of(registry.manifest().policy).with_permissions(installed.permissions)
    return Subject(registry.store.folder(name, installed.commit), name, installed.version, policy)
