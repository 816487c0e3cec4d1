"""Finds PyBirch's folder. Users clone PyBirch with git, because pip cannot install it, and must tell Python
where the clone is.
"""

import importlib.util
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from .errors import FolderError
from .files import write_atomic

BASE = Path("pybirch", "Instruments", "base.py")
PTH = "pybirch-folder.pth"
"""The name of a `.pth` file. When Python starts, it reads all `.pth` files in `site-packages` and searches the
folders in them for packages.
"""

HOW = (
    "PyBirch cannot be installed by pip. Clone PyBirch (git clone https://github.com/Burch-Group/PyBirch), then run: "
    "pybirch-registry use-pybirch FOLDER"
)
NOT_THERE = f"This Python cannot find PyBirch. {HOW}"


def find_folder(folder: Path | None = None) -> Path:
    """Finds PyBirch in the given folder. Without `folder`, looks where Python finds packages and in the current
    folder. Raises `FolderError` if PyBirch is not found.
    """
    for place in [folder] if folder is not None else _places():
        if (place / BASE).is_file():
            return place.resolve()
    where = "where Python looks for packages, nor in the current folder" if folder is None else f"in {folder.resolve()}"
    raise FolderError(f"PyBirch is not {where}. {HOW}")


def known_folder() -> Path | None:
    """The folder in which Python finds the package `pybirch`, or None if there is no such package."""
    spec = importlib.util.find_spec("pybirch")
    places = list(spec.submodule_search_locations or ()) if spec else []
    found = [Path(place).resolve().parent for place in places]
    return next((place for place in found if (place / BASE).is_file()), None)


def near_folder() -> Path | None:
    """The folder that contains PyBirch: the current folder or the nearest one above it."""
    here = Path.cwd()
    return next((place for place in (here, *here.parents) if (place / BASE).is_file()), None)


def _places() -> Iterator[Path]:
    yield from (place for place in (known_folder(), near_folder()) if place is not None)


def use_folder(folder: Path) -> Path:
    """Makes the PyBirch in this folder importable in this Python, permanently. Returns the path of the `.pth` file that
    it writes. Raises `FolderError`.
    """
    place = str(find_folder(folder))
    # The file is in ASCII, because Python before 3.13 reads it in the computer's own encoding.
    line = place if place.isascii() else f"import sys; sys.path.append({place!a})"
    failures = []
    for packages in (sysconfig.get_path("purelib"), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])):
        file = Path(packages, PTH)
        try:
            write_atomic(file, f"{line}\n".encode("ascii"))
        except FolderError as error:
            failures.append(str(error))
            continue
        if place not in sys.path:
            sys.path.append(place)
        return file
    raise FolderError(" ".join(failures))
