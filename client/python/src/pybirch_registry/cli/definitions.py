"""The commands about definitions. commands.py says how commands work."""

from argparse import Namespace
from typing import Any

from ..available import filter_by_word, list_available
from ..errors import RegistryError, UnknownDefinitionError
from ..export import export_definition
from ..home import Home
from ..manifest import Item
from ..registry import Registry
from ..repository import DamagedError, Repository
from ..store import Installed
from .output import NOTHING_YET, Output, table


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
    """The instruments of a definition on this computer, with their addresses. Instruments that the registry does not
    know yet are included.
    """
    here = [found for found in registry.discover() if found.definition == name]
    addresses = [found.adapter or "(no address)" for found in here]
    return {"bound": bool(here) or is_listed, "addresses": addresses}


def _pinned(installed: Installed, registry: Registry, items: list[Item]) -> str | None:
    """Describes who pinned a definition, and to which version. If another version is used, also says why."""
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


def search(home: Home, options: Namespace, output: Output) -> int:
    return _print_available(Registry.open(home.root), " ".join(options.words), output)


def _print_available(registry: Registry, word: str, output: Output) -> int:
    items, of = list_available(registry.home, registry.http)
    here = set(registry.store.names())
    rows = [{**one, "here": one["name"] in here} for one in filter_by_word(items, word)]
    shown = [{**row, "here": "yes" if row["here"] else ""} for row in rows]
    lines = table(shown, ["name", "version", "display_name", "manufacturer", "category", "here"]) if rows else []
    lines += [f"The registry cannot be reached. This list is from {of}"] if of else []
    lines.append("To install a definition: pybirch-registry sync NAME" if rows else f"Nothing found for {word!r}")
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
    """The reason that the registry's verdict on a version gives."""
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
        raise UnknownDefinitionError(f"{version!r} is not a version number: write a version as {name}@3")
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


def export(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    written: list[str] = []
    for done, name in enumerate(options.names, 1):
        installed = registry.resolve(name)
        written += map(str, export_definition(registry.store, installed, options.to, options.force))
        output.progress(done, len(options.names), name)
    output.result({"written": written}, *written)
    return 0
