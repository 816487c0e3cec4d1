"""Fetches the files of a merge request's head with git."""

import mmap
import tempfile
from pathlib import Path
from typing import Any

from dulwich.client import HttpGitClient
from dulwich.errors import NotGitRepository
from dulwich.repo import Repo

from ..api import Http, describe_git
from ..errors import RegistryError, UnreachableError
from ..packs import check_pack
from ..repository import Repository
from ..wire import GIT_S, PACK_BYTES, Bounds, limit_answers


class StaleError(Exception):
    """The merge request has a newer head, or is closed."""


def fetch_head(http: Http, name: str, number: int, head: str) -> dict[str, bytes]:
    """The content of each file of a head, by path. Fetches this one commit into a folder that is deleted afterwards.

    Raises `StaleError`, `RefusedError` for an answer that unpacks to too much, `UnreachableError`.
    """
    with tempfile.TemporaryDirectory(prefix="pybirch-head-") as folder:
        path = Path(folder, f"{name}.git")
        try:
            with Repo.init_bare(str(path), mkdir=True) as repo:
                _fetch(http, repo, f"definitions/{name}.git", f"refs/merge-requests/{number}/head", head)
            return Repository(path).files(head)
        except NotGitRepository as error:
            raise StaleError from error
        except (RegistryError, StaleError):
            raise
        except Exception as error:  # dulwich raises many kinds of errors for a blocked or broken connection
            raise UnreachableError(describe_git(http.url, error)) from error


def _fetch(http: Http, repo: Repo, path: str, ref: str, head: str) -> None:
    def wanted(refs: Any, depth: Any = None) -> list[Any]:
        if refs.get(ref.encode()) != head.encode():
            raise StaleError
        return [head.encode()]

    client = HttpGitClient(http.url, pool_manager=http.pool, username="computer", password=http.token, quiet=True)
    with tempfile.TemporaryFile(dir=repo.path) as file, limit_answers(Bounds(most_bytes=PACK_BYTES, longest_s=GIT_S)):
        walker = repo.get_graph_walker()
        client.fetch_pack(path.encode(), wanted, walker, file.write, ref_prefix=[ref.encode()], depth=1)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as pack:
            check_pack(pack)
        file.seek(0)
        repo.object_store.add_thin_pack(file.read, None)
