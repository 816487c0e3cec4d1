"""What the tests ran with, as results tell it."""

import platform
from contextlib import suppress
from importlib import metadata
from typing import Any

from dulwich.errors import NotGitRepository
from dulwich.repo import Repo

from ..folder import known_folder


def describe_environment() -> dict[str, Any]:
    """The version of Python, and the installed packages with their versions. PyBirch's version is the commit of its
    clone, because pip cannot install PyBirch.
    """
    packages = {dist.name: dist.version for dist in metadata.distributions() if dist.name}
    folder = known_folder()
    if folder is not None:
        with suppress(NotGitRepository, KeyError, OSError), Repo(str(folder)) as clone:
            packages["PyBirch"] = clone.head().decode()[:12]
    return {"python": platform.python_version(), "packages": dict(sorted(packages.items(), key=lambda p: p[0].lower()))}
