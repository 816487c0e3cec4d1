"""Definitions by USB stick: a file that `registry export --bundle` makes, for computers without any network.

A zip with `manifest.json` (as `GET /api/sync` answers, without bindings) and `bundles/<Name>.bundle`, a git bundle of
`main` and the versions' tags. What is in it is checked as if it came by network: the tags' signatures count, with the
keys of this computer's enrolment, so a stick can be lost or swapped without harm.
"""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from . import manifest as manifests
from .api import Http
from .errors import NotEnrolledError, RefusedError, RegistryError, UnknownDefinitionError
from .files import locked, read_json, write_json
from .home import Enrolment, Home
from .manifest import Item
from .repository import Repository
from .store import Store
from .sync import Progress, SyncReport
from .versions import Versions

MAX_BUNDLE_BYTES = 256 * 1024 * 1024


def import_bundle(home: Home, enrolment: Enrolment, file: Path, progress: Progress | None = None) -> SyncReport:
    """What came, what stayed and what was refused. Raises `UnknownDefinitionError` for a file that is no bundle."""
    if not enrolment.signing_keys:
        raise NotEnrolledError("This computer knows no signing keys, so it cannot tell whose bundle this is")
    versions = Versions(home, enrolment, Http(enrolment.url), Store(home))
    report = SyncReport(online=False)
    try:
        with zipfile.ZipFile(file) as archive:
            value = json.loads(archive.read("manifest.json"))
            listed = manifests.parse(value)
            for done, item in enumerate(listed.items, 1):
                _take(versions, item, _reader(archive, item), report)
                if progress:
                    progress(done, len(listed.items), item.label)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UnknownDefinitionError(f"{file} is not a bundle of definitions: {error}") from error
    _merge(home, value)
    return report


def _reader(archive: zipfile.ZipFile, item: Item) -> Callable[[], bytes]:
    def read() -> bytes:
        info = archive.getinfo(f"bundles/{item.name}.bundle")
        if info.file_size > MAX_BUNDLE_BYTES:
            raise RefusedError("its bundle is larger than any definition")
        return archive.read(info)

    return read


def _take(versions: Versions, item: Item, read: Callable[[], bytes], report: SyncReport) -> None:
    if versions.store.fault(item.name, item.commit) is None:
        report.stayed.append(item.label)
        return
    repository = Repository(versions.home.repository(item.name))
    try:
        with locked(versions.home.lock(f"repository-{item.name}")):
            _adopt(repository, read())
            versions.install(repository, item)
        report.came.append(item.label)
    except RegistryError as error:
        report.refused[item.label] = str(error)


def _adopt(repository: Repository, content: bytes) -> None:
    """Raises `RefusedError` where the bundle is damaged."""
    try:
        repository.adopt_bundle(content)
    except RegistryError:
        raise
    except Exception as error:  # whatever dulwich raises for bytes that are no bundle
        raise RefusedError(f"its bundle is damaged: {error!r}") from error


def _merge(home: Home, value: dict[str, object]) -> None:
    """Lays the bundle's list over the last one: names in it are replaced, bindings and other names stay."""
    with locked(home.lock("manifest")):
        kept = read_json(home.manifest) or {"manifest": {"definitions": []}}
        entries = value["definitions"]
        assert isinstance(entries, list)
        names = {entry["name"] for entry in entries}
        others = [d for d in kept["manifest"]["definitions"] if d["name"] not in names]
        merged = {**kept["manifest"], "definitions": [*others, *entries]}
        if "revoked" in value:
            merged["revoked"] = value["revoked"]
        write_json(home.manifest, {**kept, "etag": None, "manifest": merged})
