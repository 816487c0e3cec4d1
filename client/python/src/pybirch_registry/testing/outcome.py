"""Makes an item of how a test of a definition ended."""

import time
from collections.abc import Callable

from ..errors import RegistryError
from ..text import make_visible
from .difference import Difference
from .items import Item
from .process import ProcessError
from .under_test import RaisedError, UnderTest

SHOWN_LINES = 12
"""How many of the last lines that a definition printed are shown with a failure."""


def outcome(name: str, tested: UnderTest, work: Callable[[], object]) -> Item:
    """Does the work. A difference, an unusable file and an end of the process make the item fail. `RaisedError` means
    that the definition could not be loaded.
    """
    start = time.monotonic()

    def failed(message: str, difference: str | None = None) -> Item:
        return Item(name, "failed", time.monotonic() - start, message, difference)

    try:
        work()
    except Difference as difference:
        return failed(str(difference), difference.lines + _printed(tested))
    except RaisedError as error:
        where = f" ({error.place})" if error.place else ""
        return failed(f"the definition cannot be loaded: {error}{where}", _printed(tested).strip() or None)
    except ProcessError as error:
        return failed(f"{name}: {error}", _printed(tested).strip() or None)
    except RegistryError as error:
        return failed(str(error))
    return Item(name, "passed", time.monotonic() - start)


def _printed(tested: UnderTest) -> str:
    """The last lines that the definition printed or logged, as a paragraph."""
    lines = tested.printed().splitlines()[-SHOWN_LINES:]
    return "".join(f"\nprinted  {make_visible(line)}" for line in lines)
