"""What the tests ran with, as results tell it."""

import platform
from importlib import metadata
from typing import Any


def describe_environment() -> dict[str, Any]:
    """The version of Python, and the installed packages with their versions."""
    packages = {dist.name: dist.version for dist in metadata.distributions() if dist.name}
    return {"python": platform.python_version(), "packages": dict(sorted(packages.items(), key=lambda p: p[0].lower()))}
