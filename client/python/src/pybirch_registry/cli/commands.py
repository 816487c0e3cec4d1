"""The commands: each takes the data folder, its arguments and where to print; the exit code."""

from argparse import Namespace
from math import ceil
from typing import Any

from .. import bundle
from .. import enrol as enrolling
from ..doctor import examine
from ..errors import RefusedError, RegistryError, UnknownDefinitionError, UnreachableError
from ..export import export_definition
from ..home import Home
from ..registry import Registry
from ..repository import DamagedError, Repository
from ..store import Installed
from ..sync import SyncReport
from .output import Output, table


def enrol(home: Home, options: Namespace, output: Output) -> int:
    enrolment = enrolling.enrol(home, options.url, options.code, options.name)
    value: dict[str, Any] = {"url": enrolment.url, "computer_name": enrolment.computer_name, "home": str(home.root)}
    value |= {"signing_keys": len(enrolment.signing_keys)}
    output.result(value, f"{enrolment.computer_name} is enrolled at {enrolment.url}.", "Next: pybirch-registry sync")
    return 0


def sync(home: Home, options: Namespace, output: Output) -> int:
    report = Registry.open(home.root).sync(options.names, output.progress)
    return _tell(report, output)


def _tell(report: SyncReport, output: Output) -> int:
    lines = [f"came     {label}" for label in sorted(report.came)]
    lines += [f"refused  {label}: {why}" for label, why in sorted(report.refused.items())]
    lines += [f"revoked  {label}: {why}" for label, why in sorted(report.revoked.items())]
    lines += [f"note     {text}" for text in report.warnings]
    state = "" if report.online else " (offline)"
    counts = f"{len(report.came)} came, {len(report.stayed)} stayed, {len(report.refused)} refused"
    output.result(report.as_dict(), *lines, f"{counts}{state}")
    if set(report.refused) - set(report.retry):
        return RefusedError.exit_code
    if report.refused:
        return RegistryError.exit_code
    return 0 if report.online else UnreachableError.exit_code


def status(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    listed = registry.manifest()
    waiting = registry.waiting()
    last = home.last_sync()
    value = {
        "url": registry.enrolment.url,
        "computer_name": registry.enrolment.computer_name,
        "computer_id": registry.enrolment.computer_id,
        "home": str(home.root),
        "definitions": len(registry.store.names()),
        "listed": len(listed.items),
        "bindings": len(registry.discover()),
        "pins": registry.pins(),
        "waiting": waiting,
        "last_sync": None if last is None else f"{last:%Y-%m-%dT%H:%M:%SZ}",
    }
    output.result(
        value,
        f"computer     {value['computer_name']}",
        f"registry     {value['url']}",
        f"folder       {value['home']}",
        f"definitions  {value['definitions']}",
        f"instruments  {value['bindings']} bound here",
        f"waiting      {waiting} to be sent",
        f"last sync    {'never' if last is None else f'{last:%Y-%m-%d %H:%M} UTC'}",
    )
    return 0


def _row(registry: Registry, installed: Installed) -> dict[str, Any]:
    listed = registry.manifest()
    items = [item for item in listed.items if item.name == installed.name]
    return {
        "name": installed.name,
        "version": installed.version,
        "commit": installed.commit,
        "display_name": installed.fields.get("display_name"),
        "approved_by": installed.approved_by,
        "checked_by": installed.checked_by,
        "pinned": installed.name in registry.pins() or any(item.pinned for item in items),
        "bound": any(item.bound for item in items),
    }


def list_definitions(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    rows = []
    for name in registry.store.names():
        try:
            rows.append(_row(registry, registry.resolve(name)))
        except RegistryError as error:
            rows.append({"name": name, "version": None, "display_name": f"not usable: {error}"})
    output.result(rows, *table(rows, ["name", "version", "display_name", "bound", "pinned"]))
    return 0


def show(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    installed = registry.resolve(options.name)
    folder = registry.store.folder(installed.name, installed.commit)
    versions = _history(home, installed)
    value = {**_row(registry, installed), "folder": str(folder), "files": installed.files, "versions": versions}
    output.result(
        value,
        f"{installed.name} v{installed.version}  {installed.fields.get('display_name') or ''}".rstrip(),
        f"commit       {installed.commit}",
        f"approved by  {_approvers(installed)}  (checked by {installed.checked_by})",
        f"folder       {folder}",
        f"files        {', '.join(installed.files)}",
        *[f"v{v['version']:<4} {v['landed_at'] or '':25} {v['change_summary'] or ''}".rstrip() for v in versions],
    )
    return 0


def _approvers(installed: Installed) -> str:
    nobody = "nobody: shipped with the registry" if installed.fields.get("is_builtin") else "nobody"
    return ", ".join(installed.approved_by) or nobody


def _history(home: Home, installed: Installed) -> list[dict[str, Any]]:
    repository = Repository(home.repository(installed.name))
    try:
        tags = [(n, repository.tag(n)) for n in repository.version_numbers()]
    except DamagedError:
        return [{"version": installed.version, "commit": installed.commit, "landed_at": None, "change_summary": None}]
    return [
        {"version": n, "commit": tag.commit, **{k: tag.record.get(k) for k in ("landed_at", "change_summary")}}
        for n, tag in tags
        if tag is not None
    ]


def pin(home: Home, options: Namespace, output: Output) -> int:
    name, _, version = options.name.partition("@")
    if version and not version.removeprefix("v").isdecimal():
        raise UnknownDefinitionError(f"{version!r} is no version; write {name}@3")
    number = int(version.removeprefix("v")) if version else None
    installed = Registry.open(home.root).pin(name, number)
    value = {"name": name, "version": installed.version}
    output.result(value, f"{name} stays at version {installed.version} on this computer")
    return 0


def unpin(home: Home, options: Namespace, output: Output) -> int:
    was = Registry.open(home.root).unpin(options.name)
    text = f"{options.name} follows the newest version" + ("" if was else " (it was not pinned)")
    output.result({"name": options.name, "was_pinned": was}, text)
    return 0


def bind(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    registry.bind_by_name(options.instrument, options.adapter)
    waiting = registry.waiting()
    value = {"instrument": options.instrument, "adapter": options.adapter, "waiting": waiting}
    text = f"{options.instrument} is at {options.adapter} on this computer"
    output.result(value, text + (" (the registry will be told at the next sync)" if waiting else ""))
    return 0


def watch(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    output.result({"watching": registry.enrolment.url}, f"Watching {registry.enrolment.url}; Ctrl+C ends it")

    def on_sync(report: SyncReport) -> None:
        _tell(report, output)

    def on_trouble(error: RegistryError, wait_s: float) -> None:
        value = {"trouble": str(error), "next_attempt_s": round(wait_s, 1)}
        output.result(value, f"{error}; trying again in {ceil(wait_s)} s")

    registry.watch(on_sync, on_trouble)
    return 0


def export(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    written: list[str] = []
    for done, name in enumerate(options.names, 1):
        installed = registry.resolve(name)
        written += map(str, export_definition(registry.store, installed, options.to, options.force))
        output.progress(done, len(options.names), name)
    output.result({"written": written}, *written)
    return 0


def import_bundle(home: Home, options: Namespace, output: Output) -> int:
    return _tell(bundle.import_bundle(home, options.file, options.trust, output.progress), output)


def doctor(home: Home, options: Namespace, output: Output) -> int:
    checks = examine(home)
    rows = [{"name": c.name, "level": c.level, "text": c.text} for c in checks]
    marks = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}
    output.result(rows, *[f"{marks[c.level]}  {c.name:<11} {c.text}" for c in checks])
    return 1 if any(c.level == "error" for c in checks) else 0
