"""Imports bundles, the files that `registry export --bundle` makes for computers without a network.

A bundle is a zip file. The zip file contains `manifest.json`, `statement` and, for each definition, a git bundle of
`main` and its version tags (`bundles/<Name>.bundle`). The manifest has `definitions`, `revoked` and `reinstated` as in
`GET /api/sync`, `signing_keys` as in `GET /api/signing-keys`, and the registry's address as `registry`. The `statement`
signs, numbers and dates the manifest, as the header `Sync-Statement` does for a list.

The content must be signed by a trusted key. A new key of the registry is trusted if an older trusted key has signed the
change of keys. So a lost or swapped USB stick does no harm, and an older bundle cannot undo a newer one. On a computer
that was never enrolled, the user names the fingerprints of the keys to trust.
"""

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import manifest as manifests
from . import state
from .api import Http
from .archives import DAMAGED, read_entry
from .computer import get_computer_info
from .errors import NotEnrolledError, RefusedError, RegistryError, UnknownDefinitionError
from .files import locked, reason_of, sha256
from .home import Enrolment, Home
from .keys import Listed, keys_vouched_by
from .manifest import Item
from .report import Progress, SyncReport
from .repository import Repository
from .signatures import fingerprint_of, key_blob
from .statement import LONGEST, Statement
from .store import Store
from .text import logger
from .trust import Trust
from .versions import Versions
from .wire import ANSWER_BYTES

log = logger(__name__)

MAX_BUNDLE_BYTES = 256 * 1024 * 1024


def import_bundle(home: Home, file: Path, trust: Sequence[str] = (), progress: Progress | None = None) -> SyncReport:
    """Imports a bundle. Returns which versions were installed, which were unchanged, and which were refused.

    `trust` lists fingerprints of keys in the bundle (`SHA256:…`) to trust from now on. Raises `UnknownDefinitionError`
    for a file that is not a bundle, `NotEnrolledError` if no key is known, `RefusedError` for a fingerprint that
    matches no key in the bundle, `FolderError`.
    """
    report = SyncReport()
    try:
        with zipfile.ZipFile(file) as archive:
            text = _part(archive, "manifest.json", ANSWER_BYTES)
            value = json.loads(text)
            listed = manifests.parse(value)
            offered = [key for key in value.get("signing_keys") or [] if isinstance(key, dict)]
            enrolment = _add_trusted_keys(home, str(value.get("registry")), offered, trust)
            versions = Versions(home, enrolment, Http(enrolment.url), Store(home), lambda: offered)
            if not listed.items:
                raise UnknownDefinitionError(f"{file} holds no definition")
            with locked(home.lock("manifest")):
                statement = _judge(home, versions, _part(archive, "statement", LONGEST).decode(), text)
            for done, item in enumerate(listed.items, 1):
                _install(versions, item, _reader(archive, item), report)
                if progress:
                    progress(done, len(listed.items), item.label)
    except OSError as error:
        raise UnknownDefinitionError(f"{file} cannot be read: {reason_of(error, 'read')}") from error
    except (*DAMAGED, KeyError, TypeError) as error:
        log.info("%s: %r", file, error)
        raise UnknownDefinitionError(
            f"{file} is not a bundle of definitions, or it is damaged: copy it again from the registry's machine"
        ) from error
    if trust and report.came:
        home.save_enrolment(versions.keys.enrolment)
    report.warnings += versions.keys.notes
    if report.came or report.stayed or not trust:
        with locked(home.lock("manifest")):
            note = Trust(home).remember(statement, value)
        report.warnings += [note] if note else []
    if report.came or report.stayed:
        _merge(home, [item for item in listed.items if item.label not in report.refused])
    return report.make_visible()


def _part(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Reads one file of the bundle. Raises `RefusedError` if the file is too large, `KeyError` if it is absent."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        if name == "statement":
            raise RefusedError(
                "The bundle is not signed, so an older registry made it. Update the registry and make a new bundle"
            ) from None
        raise
    if info.file_size > most:
        raise RefusedError(f"The bundle's {name} is too large: a registry makes none of more than {most} bytes")
    return read_entry(archive, info)


def _judge(home: Home, versions: Versions, packed: str, text: bytes) -> Statement:
    """Checks the manifest and returns the registry's statement about it. Raises `RefusedError` if the manifest must not
    be used.
    """
    try:
        statement = versions.keys.statement(packed)
        if not statement.audience.startswith("bundle:"):
            raise RefusedError(f"its statement was made for {statement.audience}")
        Trust(home).judge(statement, statement.audience, sha256(text))
        return statement
    except RefusedError as error:
        raise RefusedError(f"The bundle is refused: {error}") from error


def _add_trusted_keys(home: Home, url: str, offered: Listed, trust: Sequence[str]) -> Enrolment:
    """Returns the enrolment with the keys to trust, and with the earlier keys that they have signed. A new enrolment
    has no token.

    Saves nothing, because a key is trusted only after it has verified the manifest.
    """
    enrolment = home.enrolment_or_none()
    keys = {fingerprint_of(key_blob(key)): key for key in offered}
    missing = [name for name in trust if name not in keys]
    if missing:
        raise RefusedError(f"The bundle has no key {missing[0]}; it has {', '.join(keys) or 'none'}")
    chosen = {key_blob(key): key for name in trust for key in _keys_vouched_by(keys[name])}
    if enrolment is None and chosen:
        info = get_computer_info(home.root)
        enrolment = Enrolment(url, "", info["computer_name"], info["computer_id"], keys_by="bundle")
    if enrolment is None or not (enrolment.signing_keys or chosen):
        raise NotEnrolledError(
            "This computer knows no key of a registry, so it cannot verify this bundle. Ask a lab admin which "
            f"key your registry signs with (the bundle has {', '.join(keys) or 'none'}; the newest comes "
            "last), then run: pybirch-registry import-bundle FILE --trust SHA256:…"
        )
    known = {key_blob(key) for key in enrolment.signing_keys}
    new = [key for blob, key in chosen.items() if blob not in known]
    return replace(enrolment, signing_keys=[*enrolment.signing_keys, *new])


def _keys_vouched_by(key: Mapping[str, Any]) -> list[dict[str, Any]]:
    return keys_vouched_by(key) if key.get("change") else [dict(key)]


def _reader(archive: zipfile.ZipFile, item: Item) -> Callable[[], bytes]:
    """Returns a function that reads a definition's git bundle. That function raises `RefusedError`."""

    def read() -> bytes:
        try:
            info = archive.getinfo(f"bundles/{item.name}.bundle")
            if info.file_size > MAX_BUNDLE_BYTES:
                raise RefusedError("its bundle is larger than any definition")
            return read_entry(archive, info)
        except KeyError:
            raise RefusedError("the file holds no bundle of it") from None
        except (*DAMAGED, OSError) as error:
            log.info("%s: %r", item.label, error)
            raise RefusedError("its bundle is damaged: copy the file again") from error

    return read


def _install(versions: Versions, item: Item, read: Callable[[], bytes], report: SyncReport) -> None:
    if versions.store.fault(item.name, item.commit) is None:
        report.stayed.append(item.label)
        return
    repository = Repository(versions.home.repository(item.name))
    try:
        with locked(versions.home.lock(f"repository-{item.name}")), repository.restore_if_refused():
            _adopt(repository, read())
            versions.install(repository, item)
        report.came.append(item.label)
    except RegistryError as error:
        report.refused[item.label] = str(error)


def _adopt(repository: Repository, content: bytes) -> None:
    """Adds the objects of a git bundle to the repository. Raises `RefusedError` if the git bundle is damaged."""
    try:
        repository.adopt_bundle(content)
    except RegistryError:
        raise
    except Exception as error:  # dulwich raises many kinds of errors for a damaged bundle
        log.info("%s: %r", repository.path, error)
        raise RefusedError("its bundle is damaged: copy the file again") from error


def _merge(home: Home, taken: list[Item]) -> None:
    """Merges the bundle's list into the last list. If both lists contain a definition, the higher version counts.

    A bundle cannot change bindings or the lab's policy. Later syncs also ask for the definitions of the bundle, to keep
    them up to date.
    """
    with locked(home.lock("manifest")):
        kept = state.load(home.manifest, manifests.check_kept) or {"manifest": {"definitions": []}}
        before = manifests.parse(kept["manifest"])
        newer = {}
        for item in sorted(taken, key=lambda item: item.version):
            known = before.newest(item.name)
            if known is None or item.version >= known.version:
                newer[item.name] = item.fields
        others = [d for d in kept["manifest"]["definitions"] if d["name"] not in newer]
        merged = {**kept["manifest"], "definitions": [*others, *newer.values()]}
        names = sorted({*kept.get("names", []), *(item.name for item in taken)})
        state.save(home.manifest, {**kept, "names": names, "etag": None, "digest": None, "manifest": merged})
