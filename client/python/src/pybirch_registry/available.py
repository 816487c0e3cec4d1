"""The definitions that this computer may ask for: every approved definition that the computer may see, whether
or not it is installed.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from .api import Http
from .errors import AnswerError, UnreachableError
from .files import read_json, write_json
from .home import Home

PER_PAGE = 500
MOST_PAGES = 1000
FIELDS = ("name", "version", "display_name", "manufacturer", "category", "description", "is_builtin", "is_public")
SEARCHED = ("name", "display_name", "manufacturer", "category", "description")


def list_available(home: Home, http: Http) -> tuple[list[dict[str, Any]], str | None]:
    """Returns the definitions by name. If the registry cannot be reached, the definitions come from the last list, and
    the time of that list (ISO 8601) is returned too.

    Raises `UnreachableError` if there is no last list, `NotEnrolledError`, `AnswerError`, `FolderError`.
    """
    path = home.root / "available.json"
    try:
        items = sorted(_fetch(http), key=lambda one: str(one["name"]).lower())
    except UnreachableError:
        kept = read_json(path)
        if kept is None or not isinstance(kept.get("items"), list):
            raise
        return kept["items"], str(kept.get("at"))
    write_json(path, {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "items": items})
    return items, None


def filter_by_word(items: list[dict[str, Any]], word: str) -> list[dict[str, Any]]:
    """The definitions that match a search: each part of `word` is in their name, manufacturer, category or
    description.
    """
    parts = word.casefold().split()
    texts = [(one, " ".join(str(one.get(key) or "") for key in SEARCHED).casefold()) for one in items]
    return [one for one, text in texts if all(part in text for part in parts)]


def _fetch(http: Http) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    path = f"/api/instrument-definitions?per_page={PER_PAGE}"
    after = ""
    for _ in range(MOST_PAGES):
        answer = http.json("GET", path + after)
        try:
            found += [{key: one.get(key) for key in FIELDS} for one in answer["items"]]
            following = answer.get("next")
        except (AttributeError, KeyError, TypeError) as error:
            raise AnswerError("The registry's list of definitions is not in a form that this version knows") from error
        if not following:
            break
        after = f"&after={quote(str(following), safe='')}"
    return [one for one in found if one["version"]]
