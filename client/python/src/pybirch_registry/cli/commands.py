"""The commands. Each command gets the data folder, its arguments and the output, and returns an exit code."""

from argparse import Namespace
from math import ceil
from typing import Any

from .. import bundle
from .. import enrol as enrolling
from ..doctor import examine
from ..errors import RefusedError, RegistryError, UnreachableError
from ..folder import find_folder, use_folder
from ..home import Home
from ..registry import Registry
from ..report import SyncReport
from ..trust import Trust, day
from .output import NOTHING_YET, Output

UNKNOWN = "the registry lists no such definition for this computer; to list them: pybirch-registry list --available"


def enrol(home: Home, options: Namespace, output: Output) -> int:
    enrolment = enrolling.enrol(home, options.url, options.code, options.name)
    value: dict[str, Any] = {"url": enrolment.url, "computer_name": enrolment.computer_name, "home": str(home.root)}
    value |= {"signing_keys": len(enrolment.signing_keys)}
    open_to = enrolling.tls_warning(enrolment)
    value |= {"warning": open_to}
    lines = [
        f"{enrolment.computer_name} is enrolled at {enrolment.url}.",
        *([f"note     {open_to}"] if open_to else []),
    ]
    output.result(value, *lines, "Next: pybirch-registry sync")
    return 0


def use_pybirch(home: Home, options: Namespace, output: Output) -> int:
    file = use_folder(options.folder)
    folder = find_folder(options.folder)
    output.result({"folder": str(folder), "file": str(file)}, f"This Python finds PyBirch in {folder}")
    return 0


def sync(home: Home, options: Namespace, output: Output) -> int:
    report = Registry.open(home.root).sync(options.names, output.progress)
    return _print_report(report, output)


def _print_report(report: SyncReport, output: Output) -> int:
    lines = [f"installed  {label}" for label in sorted(report.came)]
    lines += [f"refused    {label}: {why}" for label, why in sorted(report.refused.items())]
    revoked = {label: why for label, why in report.revoked.items() if label not in report.known}
    lines += [f"revoked    {label}: {why}" for label, why in sorted(revoked.items())]
    lines += [f"note       {text}" for text in report.warnings]
    lines += [f"unknown    {name}: {UNKNOWN}" for name in report.unknown]
    state = "" if report.online else " (offline)"
    counts = f"{len(report.came)} installed, {len(report.stayed)} unchanged, {len(report.refused)} refused"
    if report.online and not (report.came or report.stayed or report.refused or report.unknown):
        lines.append(NOTHING_YET)
    output.result(report.as_dict(), *lines, f"{counts}{state}")
    if set(report.refused) - set(report.retry):
        return RefusedError.exit_code
    if report.refused or report.unknown:
        return RegistryError.exit_code
    return 0 if report.online else UnreachableError.exit_code


def status(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    listed = registry.manifest()
    waiting = registry.waiting()
    last = home.last_sync()
    bound = [{"name": f.name, "definition": f.definition, "adapter": f.adapter} for f in registry.discover()]
    newest, stale = Trust(home).newest(), Trust(home).warning()
    value = {
        "url": registry.enrolment.url,
        "computer_name": registry.enrolment.computer_name,
        "computer_id": registry.enrolment.computer_id,
        "home": str(home.root),
        "definitions": len(registry.store.names()),
        "listed": len(listed.items),
        "bindings": len(bound),
        "instruments": bound,
        "pins": registry.pins(),
        "waiting": waiting,
        "list": None if newest is None else {"number": newest[0], "signed_at": day(newest[1])},
        "warning": stale,
        "last_sync": None if last is None else f"{last:%Y-%m-%dT%H:%M:%SZ}",
    }
    output.result(
        value,
        f"computer     {value['computer_name']}",
        f"registry     {value['url']}",
        f"folder       {value['home']}",
        f"definitions  {value['definitions']}",
        f"instruments  {value['bindings']} bound here",
        *[f"             {one['name']} ({one['definition']}) at {one['adapter'] or 'no address'}" for one in bound],
        f"waiting      {waiting} settings and bindings to send",
        f"list         {'none yet' if newest is None else f'number {newest[0]}, signed {day(newest[1])}'}",
        f"last sync    {'never' if last is None else f'{last:%Y-%m-%d %H:%M} UTC'}",
        *([f"note         {stale}"] if stale else []),
    )
    return 0


def watch(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    output.result({"watching": registry.enrolment.url}, f"Watching {registry.enrolment.url}; press Ctrl+C to stop")

    def on_sync(report: SyncReport) -> None:
        _print_report(report, output)

    def on_trouble(error: RegistryError, wait_s: float) -> None:
        value = {"trouble": str(error), "next_attempt_s": round(wait_s, 1)}
        output.result(value, f"{error}; trying again in {ceil(wait_s)} s")

    registry.watch(on_sync, on_trouble)
    return 0


def import_bundle(home: Home, options: Namespace, output: Output) -> int:
    return _print_report(bundle.import_bundle(home, options.file, options.trust, output.progress), output)


def doctor(home: Home, options: Namespace, output: Output) -> int:
    checks = examine(home)
    rows = [{"name": c.name, "level": c.level, "text": c.text} for c in checks]
    marks = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}
    output.result(rows, *[f"{marks[c.level]}  {c.name:<11} {c.text}" for c in checks])
    return 1 if any(c.level == "error" for c in checks) else 0
