"""Definitions by USB stick: a file that `registry export --bundle` makes, for computers without any network.

A zip with `manifest.json` and a git bundle of `main` and the versions' tags for each definition,
`bundles/<Name>.bundle`. The manifest has `definitions` and `revoked` as `GET /api/sync` answers them, `signing_keys`
as `GET /api/signing-keys` lists them, and `registry`, the address. What is in it is checked as if it came by network:
the tags' signatures count, with the keys that this computer knows, so a stick can be lost or swapped without harm. A
computer that was never enrolled is told which keys to trust, by their fingerprints.
"""

import base64
import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import manifest as manifests
from . import state
from .api import Http
from .computer import get_computer_info
from .errors import NotEnrolledError, RefusedError, RegistryError, UnknownDefinitionError
from .files import locked, reason_of
from .home import Enrolment, Home
from .manifest import Item
from .repository import Repository
from .signatures import key_blob
from .store import Store
from .sync import Progress, SyncReport
from .text import logger
from .versions import Versions
from .wire import ANSWER_BYTES

log = logger(__name__)

MAX_BUNDLE_BYTES = 256 * 1024 * 1024
DAMAGED = (EOFError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, RecursionError, NotImplementedError)
"""What reading a file raises that is no whole zip, or holds no list."""


def import_bundle(home: Home, file: Path, trust: Sequence[str] = (), progress: Progress | None = None) -> SyncReport:
    """What came, what stayed and what was refused.

    `trust` are fingerprints of keys (`SHA256:…`) that the bundle has and that are to be believed from now on. Raises
    `UnknownDefinitionError` for a file that is no bundle, `NotEnrolledError` where no key is known, `RefusedError` for
    a fingerprint that the bundle has no key of, `FolderError`.
    """
    report = SyncReport()
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo("manifest.json").file_size > ANSWER_BYTES:
                raise UnknownDefinitionError(f"{file} is not a bundle of definitions: its list is larger than any")
            value = json.loads(archive.read("manifest.json"))
            listed = manifests.parse(value)
            enrolment = _trusting(home, value, trust)
            versions = Versions(home, enrolment, Http(enrolment.url), Store(home))
            if not listed.items:
                raise UnknownDefinitionError(f"{file} holds no definition")
            for done, item in enumerate(listed.items, 1):
                _take(versions, item, _reader(archive, item), report)
                if progress:
                    progress(done, len(listed.items), item.label)
    except OSError as error:
        raise UnknownDefinitionError(f"{file} cannot be read: {reason_of(error, 'read')}") from error
    except DAMAGED as error:
        log.info("%s: %r", file, error)
        raise UnknownDefinitionError(
            f"{file} is not a bundle of definitions, or it is damaged: copy it anew from the registry's machine"
        ) from error
    if trust and report.came:
        home.save_enrolment(versions.keys.enrolment)
    if report.came or report.stayed:
        _merge(home, value, [item for item in listed.items if item.label not in report.refused])
    return report.made_visible()


def _trusting(home: Home, value: dict[str, Any], trust: Sequence[str]) -> Enrolment:
    """The enrolment, with the keys that are to be trusted; one without a token where there was none.

    Nothing is saved: a key is believed once it has proven itself on a version.
    """
    enrolment = home.enrolment_or_none()
    offered = {fingerprint(key): key for key in value.get("signing_keys") or []}
    missing = [name for name in trust if name not in offered]
    if missing:
        raise RefusedError(f"The bundle has no key {missing[0]}; it has {', '.join(offered) or 'none'}")
    chosen = [offered[name] for name in trust]
    if enrolment is None and chosen:
        info = get_computer_info(home.root)
        enrolment = Enrolment(str(value["registry"]), "", info["computer_name"], info["computer_id"])
    if enrolment is None or not (enrolment.signing_keys or chosen):
        raise NotEnrolledError(
            "This computer knows no key of a registry, so it cannot tell whose bundle this is. Compare with a lab "
            f"admin which of its keys are your registry's ({', '.join(offered) or 'it has none'}), then run: "
            "pybirch-registry import-bundle FILE --trust SHA256:…"
        )
    known = {fingerprint(key) for key in enrolment.signing_keys}
    new = [key for key in chosen if fingerprint(key) not in known]
    return replace(enrolment, signing_keys=[*enrolment.signing_keys, *new])


def fingerprint(key: dict[str, Any]) -> str:
    """`SHA256:…` as ssh-keygen and git print it. Raises `KeyError`, `ValueError`."""
    digest = hashlib.sha256(key_blob(key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _reader(archive: zipfile.ZipFile, item: Item) -> Callable[[], bytes]:
    """Of a definition's part of the file. It raises `RefusedError`."""

    def read() -> bytes:
        try:
            info = archive.getinfo(f"bundles/{item.name}.bundle")
            if info.file_size > MAX_BUNDLE_BYTES:
                raise RefusedError("its bundle is larger than any definition")
            return archive.read(info)
        except KeyError:
            raise RefusedError("the file holds no bundle of it") from None
        except (*DAMAGED, OSError) as error:
            log.info("%s: %r", item.label, error)
            raise RefusedError("its bundle is damaged: copy the file anew") from error

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
        log.info("%s: %r", repository.path, error)
        raise RefusedError("its bundle is damaged: copy the file anew") from error


def _merge(home: Home, value: dict[str, Any], taken: list[Item]) -> None:
    """Lays the bundle's list over the last one, which may be newer: the higher version counts, and a revocation stays.

    Bindings and the lab's policy are not a bundle's to tell.
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
        revoked = {**{e["commit"]: e for e in value.get("revoked") or []}, **before.revoked}
        merged = {**kept["manifest"], "definitions": [*others, *newer.values()], "revoked": list(revoked.values())}
        state.save(home.manifest, {**kept, "etag": None, "manifest": merged})
