"""The commands. Each gets the data folder, its arguments and the output, and returns the exit code."""

from argparse import Namespace
from math import ceil
from typing import Any

from .. import bundle
from .. import enrol as enrolling
from ..addresses import check_address
from ..available import filter_by_word, list_available
from ..discovery import find_others_at
from ..doctor import examine
from ..errors import RefusedError, RegistryError, UnknownDefinitionError, UnreachableError
from ..export import export_definition
from ..folder import find_folder, use_folder
from ..home import Home
from ..manifest import Item
from ..registry import Registry
from ..report import SyncReport
from ..repository import DamagedError, Repository
from ..store import Installed
from ..trust import Trust, day
from .output import Output, table


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
    lines = [f"came     {label}" for label in sorted(report.came)]
    lines += [f"refused  {label}: {why}" for label, why in sorted(report.refused.items())]
    revoked = {label: why for label, why in report.revoked.items() if label not in report.known}
    lines += [f"revoked  {label}: {why}" for label, why in sorted(revoked.items())]
    lines += [f"note     {text}" for text in report.warnings]
    lines += [f"unknown  {name}: {UNKNOWN}" for name in report.unknown]
    state = "" if report.online else " (offline)"
    counts = f"{len(report.came)} came, {len(report.stayed)} stayed, {len(report.refused)} refused"
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
        f"waiting      {waiting} to be sent",
        f"list         {'none yet' if newest is None else f'number {newest[0]}, signed {day(newest[1])}'}",
        f"last sync    {'never' if last is None else f'{last:%Y-%m-%d %H:%M} UTC'}",
        *([f"note         {stale}"] if stale else []),
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
        "pinned_to": _pinned(installed, registry, items),
        **_bound(registry, installed.name, any(item.bound for item in items)),
    }


def _bound(registry: Registry, name: str, is_listed: bool = False) -> dict[str, Any]:
    """Where the instruments of a definition are on this computer, including those that the registry does not know
    yet."""
    here = [found for found in registry.discover() if found.definition == name]
    addresses = [found.adapter or "(no address)" for found in here]
    return {"bound": bool(here) or is_listed, "addresses": addresses}


def _pinned(installed: Installed, registry: Registry, items: list[Item]) -> str | None:
    """Who pinned a definition and to which version, and why another version is used, if one is."""
    here = registry.pins().get(installed.name)
    if here is None:
        return next((f"v{i.version} by the lab" for i in items if i.pinned), None)
    if here == installed.version:
        return f"v{here} here"
    listed = registry.manifest()
    commits = {i.commit for i in registry.store.versions(installed.name) if i.version == here}
    is_revoked = any(listed.revocation(commit) is not None for commit in commits)
    return f"v{here} here, but it {'was revoked' if is_revoked else 'cannot be used'}"


def list_definitions(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    if options.available:
        return _print_available(registry, "", output)
    rows = []
    for name in registry.store.names():
        try:
            rows.append(_row(registry, registry.resolve(name)))
        except RegistryError as error:
            rows.append({"name": name, "version": None, "display_name": f"not usable: {error}"})
    shown = [{**row, "bound_at": ", ".join(row.get("addresses", ())), "pinned": row.get("pinned_to")} for row in rows]
    lines = table(shown, ["name", "version", "display_name", "bound_at", "pinned"]) if rows else [NOTHING_YET]
    output.result(rows, *lines)
    return 0


UNKNOWN = (
    "the registry lists no such definition for this computer; to see what it lists: pybirch-registry list --available"
)
NOTHING_YET = (
    "Nothing is here yet. To see what you can ask for: pybirch-registry list --available; then: "
    "pybirch-registry sync NAME"
)


def search(home: Home, options: Namespace, output: Output) -> int:
    return _print_available(Registry.open(home.root), " ".join(options.words), output)


def _print_available(registry: Registry, word: str, output: Output) -> int:
    items, of = list_available(registry.home, registry.http)
    here = set(registry.store.names())
    rows = [{**one, "here": one["name"] in here} for one in filter_by_word(items, word)]
    shown = [{**row, "here": "yes" if row["here"] else ""} for row in rows]
    lines = table(shown, ["name", "version", "display_name", "manufacturer", "category", "here"]) if rows else []
    lines += [f"The registry cannot be reached: this is its list of {of}"] if of else []
    lines.append("To bring one: pybirch-registry sync NAME" if rows else f"Nothing found for {word!r}")
    output.result(rows, *lines)
    return 0


def show(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    installed = registry.resolve(options.name)
    folder = registry.store.folder(installed.name, installed.commit)
    listed = registry.manifest()
    old = {item.commit: item.fields.get("deprecated") for item in listed.items}
    versions = [
        {
            **version,
            "revoked": listed.revocation(version["commit"]),
            "deprecated": _reason(old.get(version["commit"])),
        }
        for version in _history(home, installed)
    ]
    value = {**_row(registry, installed), "folder": str(folder), "files": installed.files, "versions": versions}
    output.result(
        value,
        f"{installed.name} v{installed.version}  {installed.fields.get('display_name') or ''}".rstrip(),
        f"commit       {installed.commit}",
        f"approved by  {_approvers(installed)}  (checked by {installed.checked_by})",
        f"folder       {folder}",
        f"files        {', '.join(installed.files)}",
        *[_version_line(version) for version in versions],
    )
    return 0


def _reason(verdict: Any) -> str | None:
    """The reason in the registry's verdict on a version."""
    return None if not verdict else str(verdict.get("reason") or "yes") if isinstance(verdict, dict) else str(verdict)


def _version_line(version: dict[str, Any]) -> str:
    mark = f"REVOKED: {version['revoked']}  " if version["revoked"] else ""
    mark += f"deprecated: {version['deprecated']}  " if version["deprecated"] else ""
    summary = next(iter((version["change_summary"] or "").splitlines()), "")
    return f"v{version['version']:<4} {version['landed_at'] or '':25} {mark}{summary}".rstrip()


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
    adapter = check_address(options.adapter)
    registry.bind_by_name(options.instrument, adapter, options.called)
    name = options.called or options.instrument
    text = f"{name} is at {adapter} on this computer"
    others = ", ".join(found.name for found in find_others_at(adapter, registry.find_bound(name), registry.discover()))
    note = (
        f"{others} is bound to {adapter} too. If it is no longer there: pybirch-registry unbind NAME"
        if others
        else None
    )
    return _print_binding(registry, name, adapter, text, output, note)


def unbind(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    found = registry.find_bound(options.instrument)
    if found is None:
        raise UnknownDefinitionError(
            f"{options.instrument} is not bound on this computer. To see what is: pybirch-registry status"
        )
    registry.unbind(found)
    text = f"{found.name} is no longer bound on this computer; the registry keeps the instrument"
    return _print_binding(registry, options.instrument, None, text, output)


def _print_binding(
    registry: Registry, name: str, adapter: str | None, text: str, output: Output, note: str | None = None
) -> int:
    waiting = registry.waiting()
    later = " (the registry gets it at the next sync)" if waiting and registry.enrolment.token else ""
    value = {"instrument": name, "adapter": adapter, "waiting": waiting, "warning": note}
    output.result(value, text + later, *([f"note     {note}"] if note else []))
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
    return _print_report(bundle.import_bundle(home, options.file, options.trust, output.progress), output)


def doctor(home: Home, options: Namespace, output: Output) -> int:
    checks = examine(home)
    rows = [{"name": c.name, "level": c.level, "text": c.text} for c in checks]
    marks = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}
    output.result(rows, *[f"{marks[c.level]}  {c.name:<11} {c.text}" for c in checks])
    return 1 if any(c.level == "error" for c in checks) else 0
