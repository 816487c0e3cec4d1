"""A registry in a thread, which serves real git over HTTP with dulwich, and the few other answers that a lab
computer needs.
"""

import base64
import hashlib
import io
import json
import os
import queue
import signal
import ssl
import struct
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dulwich.bundle import create_bundle_from_repo, write_bundle
from dulwich.objects import Blob, Commit, Tag, Tree
from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import GunzipFilter, HTTPGitApplication, LimitedInputFilter

TOKEN = "computer-token"
LAB = 1


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


class SigningKey:
    """An Ed25519 key in the format of the registry's list. The key signs as ssh-keygen(1) does."""

    def __init__(self, valid_after: str = "2020-01-01T00:00:00Z", number: int = 1) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.blob = string(b"ssh-ed25519") + string(self._key.public_key().public_bytes_raw())
        self.listed = {
            "id": number,
            "public_key": f"ssh-ed25519 {base64.b64encode(self.blob).decode()} registry",
            "fingerprint": "SHA256:test",
            "valid_after": valid_after,
            "valid_before": None,
        }

    def sign(self, payload: bytes, purpose: bytes = b"git") -> bytes:
        digest = hashlib.sha512(payload).digest()
        signed = b"SSHSIG" + string(purpose) + string(b"") + string(b"sha512") + string(digest)
        signature = string(b"ssh-ed25519") + string(self._key.sign(signed))
        blob = b"SSHSIG" + struct.pack(">I", 1) + string(self.blob) + string(purpose) + string(b"")
        blob += string(b"sha512") + string(signature)
        text = base64.b64encode(blob)
        lines = b"\n".join(text[i : i + 70] for i in range(0, len(text), 70))
        return b"-----BEGIN SSH SIGNATURE-----\n" + lines + b"\n-----END SSH SIGNATURE-----\n"

    def state(self, value: dict[str, Any]) -> str:
        """A signed statement, in the format of the registry's header."""
        text = json.dumps(value).encode()
        lines = self.sign(text, b"lists@pybirch-registry").decode().strip().split("\n")
        return base64.urlsafe_b64encode(text).decode().rstrip("=") + "." + "".join(lines[1:-1])


def chain(keys: list[SigningKey], cut: bool = False) -> list[dict[str, Any]]:
    """The keys as `GET /api/signing-keys` lists them, newest first. With `cut`, the previous key did not sign
    the last change.
    """
    listed: list[dict[str, Any]] = []
    for number, key in enumerate(keys, 1):
        shown = [
            {k: one.listed[k] for k in ("id", "public_key", "valid_after", "valid_before")} for one in keys[:number]
        ]
        document = json.dumps({"number": number, "keys": shown})
        signers = [key, *(keys[number - 2 : number - 1] if number > 1 and not (cut and number == len(keys)) else [])]
        signatures = [one.sign(document.encode(), b"keys@pybirch-registry").decode() for one in signers]
        listed.insert(0, {**key.listed, "change": {"document": document, "signatures": signatures}})
    return listed


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores errors of clients that close the connection or do not trust the certificate. Tests cause such
        errors.
        """


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class FakeRegistry:
    """The registry of a test. Tests change `definitions`, `revoked`, `bindings`, `policy` and the faults."""

    def __init__(self, folder: Path, tls: ssl.SSLContext | None = None) -> None:
        self.folder = folder
        self.key = SigningKey()
        self.keys = [self.key]
        self.repos: dict[str, Repo] = {}
        self.definitions: dict[str, dict[str, Any]] = {}
        self.revoked: list[dict[str, Any]] = []
        self.bindings: list[dict[str, Any]] = []
        self.instruments: list[dict[str, Any]] = []
        """The lab's instruments that no binding in `bindings` names."""
        self.policy: dict[str, Any] = {}
        self.warnings: list[str] = []
        self.reports: list[Any] = []
        self.requests: list[str] = []
        self.events: list[queue.Queue[str]] = []
        self.names_in_tags = True
        self.reinstated: list[dict[str, Any]] = []
        self.number = 100
        self.timeline: dict[str, Any] = {"id": "first", "restored_from": None, "confirmed": None}
        self.content = b""
        self.sent: list[tuple[bytes, str]] = []
        """Lists that were sent, each with its statement."""
        # Changes that an attacker makes to signed lists
        self.signs = True
        self.restate: dict[str, Any] = {}
        """Fields that replace those of each statement before it is signed."""
        self.replay: tuple[bytes, str] | None = None
        """An old list and its statement, which are sent instead of the present list."""
        self.cuts_chain = False
        self.lists_keys = True
        self.histories: Callable[[list[tuple[str, bytes]]], bytes] | None = join_histories
        """Makes the answer with many histories, or None for a registry that is too old to send such answers."""
        self.histories_kind = "application/vnd.pybirch.histories"
        self.lab_bench: Callable[[str, str, Any], tuple[int, Any]] | None = None
        """Answers what bench computers ask (fake_lab.py), as `_api` does."""
        # Faults
        self.git_fault: str | None = None
        self.snapshot_extra: dict[str, bytes] = {}
        self.fails_on = ""
        self.html = False
        self.sends_on_to = ""
        self.down = False
        self.refuse_token = False
        self.date_offset_s = 0.0
        self.server = make_server("127.0.0.1", 0, self.answer, Server, Quiet)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        for waiting in self.events:
            waiting.put("")
        self.server.shutdown()
        self.server.server_close()
        for repo in self.repos.values():
            repo.close()

    def land(
        self,
        name: str,
        source: str,
        files: Mapping[str, str | bytes] | None = None,
        signed: bool = True,
        permissions: Any = (),
        **fields: Any,
    ) -> str:
        """Lands a new version. Returns its commit."""
        texts = {f"{name}.py": source, **(files or {})}
        contents = {path: text.encode() if isinstance(text, str) else text for path, text in texts.items()}
        repo = self.repos.get(name)
        if repo is None:
            path = self.folder / f"{name}.git"
            repo = self.repos[name] = Repo.init_bare(str(path), mkdir=True)
        before = self.definitions.get(name)
        version = before["version"] + 1 if before else 1
        commit = self.commit(name, contents, [before["commit"].encode()] if before else [], f"{name} v{version}")
        identity = commit.decode()
        approvals = [{"by": {"id": 1, "username": "ada", "name": "Ada", "email": ""}, "at": "", "head": ""}]
        number = before["id"] if before else len(self.definitions) + 1
        record: dict[str, Any] = {"id": number, "name": name} if self.names_in_tags else {}
        record |= {"version": version, "commit": identity, "approvals": approvals, "author": {"name": "Ada"}}
        record |= {
            "change_summary": f"Change {version}\n\nWhy it was made.",
            "landed_at": "2026-01-01T00:00:00Z",
            "permissions": permissions,
        }
        repo.refs[f"refs/tags/v{version}".encode()] = self.add_tag(repo, f"v{version}", commit, record, signed)
        repo.refs[b"refs/heads/main"] = commit
        self.definitions[name] = {
            "id": number,
            "name": name,
            "display_name": f"The {name}",
            "description": None,
            "instrument_type": "measurement",
            "base_class": "FakeMeasurementInstrument",
            "lab_id": LAB,
            "is_public": False,
            "is_builtin": False,
            "version": version,
            "commit": identity,
            "files": {path: sha(content) for path, content in contents.items()},
            "clone_url": f"{self.url}/definitions/{name}.git",
            "pinned": False,
            "bound": False,
            "approvals": approvals,
            **fields,
        }
        return identity

    def bind(self, number: int, name: str, adapter: str = "", **fields: Any) -> None:
        definition = self.definitions[name]
        instrument = {"id": number, "name": f"Main {name}", "definition_id": definition["id"]}
        instrument["definition"] = {"name": name, "version": definition["version"]}
        instrument |= fields.pop("instrument", {})
        definition["bound"] = True
        self.bindings.append({"id": number + 100, "instrument": instrument, "adapter": adapter, **fields})

    def say(self, event: str, data: Any, number: int = 1) -> None:
        for waiting in self.events:
            waiting.put(f"id: {number}\nevent: {event}\ndata: {json.dumps(data)}\n\n")

    def commit(self, name: str, contents: Mapping[str, bytes], parents: list[bytes], message: str) -> bytes:
        """Adds a commit, to which no ref points yet."""
        repo = self.repos[name]
        commit = Commit()
        commit.tree = self._tree(repo, contents)
        commit.parents = parents
        commit.author = commit.committer = b"Ada <ada@lab.example>"
        commit.author_time = commit.commit_time = int(time.time())
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = f"{message}\n".encode()
        repo.object_store.add_object(commit)
        return commit.id

    def _tree(self, repo: Repo, contents: Mapping[str, bytes]) -> bytes:
        tree, folders = Tree(), {}
        for path, content in contents.items():
            head, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(head, {})[rest] = content
                continue
            blob = Blob.from_string(content)
            repo.object_store.add_object(blob)
            tree.add(head.encode(), 0o100644, blob.id)
        for head, below in folders.items():
            tree.add(head.encode(), 0o040000, self._tree(repo, below))
        repo.object_store.add_object(tree)
        return tree.id

    def add_tag(self, repo: Repo, name: str, commit: bytes, record: Any, signed: bool = True) -> bytes:
        """Makes a tag object, to which no ref points yet."""
        text = f"object {commit.decode()}\ntype commit\ntag {name}\n"
        text += f"tagger Registry <registry@localhost> {int(time.time())} +0000\n\n"
        text += f"{name}\n\n{json.dumps(record, indent=2)}\n"
        raw = text.encode()
        tag = Tag.from_string(raw + self.keys[-1].sign(raw) if signed else raw)
        repo.object_store.add_object(tag)
        return tag.id

    def attest(self, name: str, as_name: str | None = None) -> None:
        """Attests all versions of a definition, as a registry does once for versions whose tags do not name
        their definition.
        """
        repo, definition = self.repos[name], self.definitions[name]
        versions = []
        for ref, sha in sorted(repo.get_refs().items()):
            if ref.startswith(b"refs/tags/v"):
                commit = repo[sha].object[1].decode()
                versions.append({"version": int(ref[11:]), "commit": commit, "tag": sha.decode()})
        record = {"id": definition["id"], "name": as_name or name, "versions": versions}
        repo.refs[b"refs/tags/attested"] = self.add_tag(repo, "attested", definition["commit"].encode(), record)

    # ------------------------------------------------------------------ answers

    def answer(self, environ: dict[str, Any], start: Any) -> Any:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append(f"{method} {path}")
        date = ("Date", formatdate(time.time() + self.date_offset_s, usegmt=True))
        if self.html:
            start("200 OK", [("Content-Type", "text/html"), date])
            return [b"<html>Sign in to the network</html>"]
        if self.sends_on_to:
            start("302 Found", [("Location", self.sends_on_to), ("Content-Type", "text/html")])
            return [b""]
        if self.down:
            start("503 Service Unavailable", [("Content-Type", "application/problem+json")])
            return [b'{"title": "Down"}']
        if self.fails_on and path.startswith(self.fails_on):
            return self._send(start, 500, {"title": "Internal Server Error"})
        if path.startswith("/definitions/"):
            return self._git(environ, start)
        if not self._knows(environ) and path not in ("/api/computers/enrol", "/api/signing-keys"):
            return self._send(start, 401, {"title": "Unauthorized"})
        if path == "/api/events":
            return self._stream(start)
        if path.endswith("/snapshot"):
            return self._snapshot(environ, start)
        if path == "/api/instrument-definitions":
            return self._send(start, 200, self._page_of_definitions(environ))
        body = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"null")
        if path == "/api/sync/histories" and self.histories is not None:
            start("200 OK", [("Content-Type", self.histories_kind)])
            return [self.histories([(name, bundle_of(self.repos[name])) for name in body["names"]])]
        if path == "/api/sync" and method == "GET":
            return self._sync(environ, start, date)
        return self._send(start, *self._api(method, path, body))

    def _page_of_definitions(self, environ: dict[str, Any]) -> dict[str, Any]:
        """A page with one definition. A client that needs more must follow `next`."""
        at = int(parse_qs(environ["QUERY_STRING"]).get("after", ["0"])[0])
        items = list(self.definitions.values())
        following = {"next": str(at + 1)} if at + 1 < len(items) else {}
        return {"items": items[at : at + 1], "total": len(items), **following}

    def _api(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if self.lab_bench is not None and (path.startswith("/api/merge-requests") or path.endswith("/results")):
            return self.lab_bench(method, path, body)
        if path == "/api/sync/report":
            self.reports.append(body)
            return 200, {}
        if path == "/api/signing-keys":
            return 200, {"items": chain(self.keys, self.cuts_chain) if self.lists_keys else []}
        if path == "/api/computers/enrol":
            if not body["code"].startswith("CODE"):
                return 404, {"title": "Not Found", "detail": "No such code"}
            computer = {"id": 1, "lab_id": LAB, "computer_name": body["computer_name"]}
            statement = self.statement(code=sha(body["code"].encode()))
            answer = {"token": TOKEN, "computer": computer, "signing_keys": [self.key.listed]}
            return 201, {**answer, "statement": statement}
        if method == "PUT" and path.startswith("/api/instruments/"):
            number = int(path.split("/")[3])
            for binding in self.bindings:
                if binding["instrument"]["id"] == number:
                    binding.update(body)
                    return 200, binding
            for instrument in self.instruments:
                if instrument["id"] == number:
                    self.bind(number, instrument["definition"]["name"], instrument=instrument)
                    self.bindings[-1].update(body)
                    return 201, self.bindings[-1]
            return 404, {"title": "Not Found"}
        if method == "DELETE" and path.startswith("/api/computer-bindings/"):
            number = int(path.split("/")[3])
            left = [binding for binding in self.bindings if binding["id"] != number]
            status = 200 if len(left) < len(self.bindings) else 404
            self.bindings[:] = left
            return status, {"title": "Not Found"}
        if method == "POST" and path.endswith("/bindings"):
            known = [b for b in self.bindings if b.get("key") == body["key"]]
            if known:
                return 200, known[0]
            number = 1000 + len(self.bindings)
            self.bind(number, body["pybirch_class"])
            self.bindings[-1].update(body)
            self.bindings[-1]["instrument"]["name"] = body["name"]
            return 201, self.bindings[-1]
        return 404, {"title": "Not Found"}

    def _sync(self, environ: dict[str, Any], start: Any, date: tuple[str, str]) -> Any:
        names = parse_qs(environ["QUERY_STRING"]).get("names", [""])[0].lower().split(",")
        gone = {entry["commit"] for entry in self.revoked}
        listed = [
            d
            for d in self.definitions.values()
            if d["commit"] not in gone and (not d["is_builtin"] or d["bound"] or d["name"].lower() in names)
        ]
        value = {
            "computer": {"computer_name": "LABPC-01", "lab_id": LAB},
            "generation": 1,
            "asked": {"scope": "all", "names": sorted({*names} - {""})},
            "definitions": listed,
            "revoked": self.revoked,
            "reinstated": self.reinstated,
            "bindings": self.bindings,
            "instruments": [*self.instruments, *(b["instrument"] for b in self.bindings)],
            "policy": self.policy,
            "warnings": self.warnings,
        }
        content = json.dumps(value).encode()
        if content != self.content:
            self.number += 1
            self.content = content
        etag = f'"{sha(content)[:16]}"'
        statement = self.statement(digest=sha(content))
        if self.replay:
            content, statement = self.replay
        elif environ.get("HTTP_IF_NONE_MATCH") == etag:
            start("304 Not Modified", [("ETag", etag), date, *self._stated(statement)])
            return [b""]
        else:
            self.sent.append((content, statement))
        start("200 OK", [("Content-Type", "application/json"), ("ETag", etag), date, *self._stated(statement)])
        return [content]

    def _stated(self, statement: str) -> list[tuple[str, str]]:
        return [("Sync-Statement", statement)] if self.signs else []

    def statement(self, **more: Any) -> str:
        """A statement that the newest key signs now."""
        at = datetime.fromtimestamp(time.time(), UTC).isoformat().replace("+00:00", "Z")
        value = {"audience": "computer:1", "number": self.number, "timeline": self.timeline, "signed_at": at}
        return self.keys[-1].state({**value, **more, **self.restate})

    def rotate(self) -> SigningKey:
        """Replaces the signing key by a new one. The previous key signs the change."""
        self.keys.append(SigningKey(number=len(self.keys) + 1))
        return self.keys[-1]

    def _snapshot(self, environ: dict[str, Any], start: Any) -> Any:
        number = int(environ["PATH_INFO"].split("/")[3])
        found = next(d for d in self.definitions.values() if d["id"] == number)
        repo = self.repos[found["name"]]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry in repo.object_store.iter_tree_contents(repo[found["commit"].encode()].tree):
                archive.writestr(entry.path.decode(), repo[entry.sha].as_raw_string())
            for extra, text in self.snapshot_extra.items():
                archive.writestr(extra, text)
        content = buffer.getvalue()
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        headers = [("Content-Type", "application/zip"), ("X-Commit", found["commit"])]
        start("200 OK", [*headers, ("Repr-Digest", f"sha-256=:{digest}:")])
        return [content]

    def _stream(self, start: Any) -> Any:
        waiting: queue.Queue[str] = queue.Queue()
        start("200 OK", [("Content-Type", "text/event-stream")])
        self.events.append(waiting)

        def chunks() -> Any:
            yield b": here\n\n"
            while text := waiting.get():
                yield text.encode()

        return chunks()

    def _git(self, environ: dict[str, Any], start: Any) -> Any:
        if not self._knows(environ):
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="registry"')])
            return [b""]
        if self.git_fault == "blocked":
            start("403 Forbidden", [("Content-Type", "text/html")])
            return [b"<html>Blocked by policy</html>"]
        backend = DictBackend({f"/definitions/{name}.git": r for name, r in self.repos.items()})
        app = GunzipFilter(LimitedInputFilter(HTTPGitApplication(backend)))
        if self.git_fault not in ("cut", "die"):
            return app(environ, start)
        # The connection is closed in the middle of the pack. With the fault `die`, the server ends too.
        is_pack = environ["PATH_INFO"].endswith("git-upload-pack")
        chunks: list[bytes] = []
        heads: list[Any] = []

        def keep(*head: Any) -> Any:
            heads.append(head)
            return chunks.append

        chunks += app(environ, keep)
        body = b"".join(chunks)
        start(*heads[0])
        if is_pack and self.git_fault == "die":
            return self._die_behind(body[: len(body) // 2])
        return [body[: len(body) // 2] if is_pack else body]

    @staticmethod
    def _die_behind(part: bytes) -> Iterator[bytes]:
        yield part
        os.kill(os.getpid(), signal.SIGKILL)

    def _knows(self, environ: dict[str, Any]) -> bool:
        kind, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind == "Basic":
            value = base64.b64decode(value).decode().partition(":")[2]
        return not self.refuse_token and value == TOKEN

    def _send(self, start: Any, status: int, value: Any) -> Any:
        kind = "application/json" if status < 400 else "application/problem+json"
        start(f"{status} -", [("Content-Type", kind)])
        return [json.dumps(value).encode()]


def join_histories(parts: list[tuple[str, bytes]]) -> bytes:
    """An answer with many histories."""
    return b"".join(part(*one) for one in parts) + b'{"end": true}\n'


def part(name: str, content: bytes, size: int | None = None) -> bytes:
    head = {"name": name, "size": len(content) if size is None else size}
    return json.dumps(head).encode() + b"\n" + content


def bundle_of(repo: Repo) -> bytes:
    """A git bundle of all refs and of the objects that they reach."""
    bundle = create_bundle_from_repo(repo, refs=[ref for ref in repo.refs.keys() if ref != b"HEAD"])  # noqa: SIM118
    target = io.BytesIO()
    write_bundle(target, bundle)
    bundle.close()
    return target.getvalue()


def make_bundle(server: FakeRegistry, file: Path, stated: dict[str, Any] | None = None, **fields: Any) -> None:
    """Writes a bundle as `registry export --bundle` does. `stated` replaces fields of the bundle's statement; a
    field that is None is left out.
    """
    manifest = {
        "registry": server.url,
        "definitions": list(server.definitions.values()),
        "revoked": server.revoked,
        "reinstated": server.reinstated,
        "signing_keys": chain(server.keys, server.cuts_chain)[::-1],
        **fields,
    }
    text = json.dumps(manifest)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", text)
        if server.signs:
            told = {"audience": "bundle:1", "digest": sha(text.encode()), **(stated or {})}
            archive.writestr("statement", server.statement(**told))
        for name, repo in server.repos.items():
            archive.writestr(f"bundles/{name}.bundle", bundle_of(repo))
