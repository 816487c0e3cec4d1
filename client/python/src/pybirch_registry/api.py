"""The part of the registry's HTTP API that lab computers use."""

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property
from time import time
from typing import Any
from urllib.parse import urljoin

import urllib3

from .errors import AnswerError, NotEnrolledError, UnreachableError
from .proxies import make_pool
from .text import logger
from .wire import CONNECT_S, Bounds, BoundsError, limit_answers

log = logger(__name__)

CLOCK_TOLERANCE_S = 5 * 60.0
UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"))
NEVER_ENROLLED = (
    "This computer was never enrolled: it takes its definitions from bundles (pybirch-registry import-bundle FILE). "
    "For a registry on the network, ask a lab admin for a code, then run: pybirch-registry enrol URL CODE"
)
JSON = ("application/json", "application/problem+json")
"""The media types of the registry's answers and errors."""
UNREACHED = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)
"""The errors that are raised if a request gets no answer. `ValueError` is raised for malformed addresses."""


class Http:
    """Requests to one registry, through the proxy that the environment or Windows sets."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.token = token
        # How far this computer's clock is ahead of the registry's, in seconds. The value is None before the first
        # answer.
        self.clock_ahead_s: float | None = None

    @cached_property
    def pool(self) -> urllib3.PoolManager:
        """The pool of connections. Raises `UnreachableError` if the address or a setting of the environment
        is wrong.
        """
        return make_pool(self.url)

    def check_enrolled(self) -> None:
        """Raises `NotEnrolledError` on a computer that knows its registry only from bundles. Makes no request."""
        if self.token == "":
            raise NotEnrolledError(NEVER_ENROLLED)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        bounds: Bounds | None = None,
        is_whole: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        """Returns the answer, whatever its status. The answer has been read completely, unless `bounds` allow an
        endless answer or the caller reads it piece by piece (`is_whole=False`).

        Raises `UnreachableError` if there is no answer, and `NotEnrolledError` if the registry no longer accepts the
        token.
        """
        self.check_enrolled()
        sent = {"Accept": "application/json", "User-Agent": "pybirch-registry", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        limits = bounds or Bounds()
        limits.head_s = min(timeout_s or limits.head_s, limits.head_s)
        timeout = urllib3.Timeout(connect=min(limits.head_s, CONNECT_S), read=limits.head_s)
        options: dict[str, Any] = {
            "headers": sent,
            "timeout": timeout,
            "preload_content": is_whole and not limits.is_endless,
        }
        try:
            with limit_answers(limits):
                response = self.pool.request(method, self.url + path, body=content, **options)
        except UNREACHED as error:
            raise UnreachableError(describe(self.url, error)) from error
        if response.get_redirect_location():
            response.close()
            raise UnreachableError(describe_redirect(self.url, response))
        kind = kind_of(response)
        if response.status == 401:
            if kind not in JSON:
                raise UnreachableError(describe_stranger(self.url, kind, 401))
            raise NotEnrolledError(
                f"{self.url} {'no longer accepts' if self.token else 'does not know'} this computer. "
                "Ask a lab admin for a new code and run: pybirch-registry enrol URL CODE"
            )
        if kind in JSON or response.status == 304:
            self._note_clock(response.headers.get("Date"))
        return response

    def json(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """Returns the registry's answer. Raises `AnswerError` for an error status, and the errors of `request`."""
        return decode(self.request(method, path, body, **options), self.url)

    def _note_clock(self, date: str | None) -> None:
        with suppress(TypeError, ValueError):
            at = parsedate_to_datetime(date or "")
            self.clock_ahead_s = time() - (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()

    def clock_warning(self) -> str | None:
        """A warning if this computer's clock differs from the registry's by minutes or more."""
        ahead = self.clock_ahead_s
        if ahead is None or abs(ahead) < CLOCK_TOLERANCE_S:
            return None
        way = "ahead of" if ahead > 0 else "behind"
        off = abs(ahead)
        size, unit = next(((s, u) for s, u in UNITS if off >= 2 * s), UNITS[-1])
        return (
            f"This computer's clock is {off / size:.0f} {unit} {way} the registry's: times of measurements will be "
            "wrong. Set its date, time and time zone"
        )


def decode(response: urllib3.BaseHTTPResponse, url: str) -> Any:
    """The JSON of an answer. Raises `AnswerError`. If something other than the registry answered, raises
    `UnreachableError`.
    """
    kind = kind_of(response)
    if kind not in JSON:
        if response.status == 204:
            return None
        raise UnreachableError(describe_stranger(url, kind, response.status))
    try:
        value = json.loads(response.data)
    except (ValueError, RecursionError) as error:
        raise UnreachableError(describe_stranger(url, "broken JSON", response.status)) from error
    if response.status >= 500:
        raise UnreachableError(f"{url} reports an error (status {response.status})", response.status)
    if response.status >= 400:
        detail = value.get("detail") or value.get("title") if isinstance(value, dict) else None
        raise AnswerError(detail or f"{url} answered {response.status}", response.status)
    return value


def kind_of(response: urllib3.BaseHTTPResponse) -> str:
    """The media type of an answer, without its parameters."""
    return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


def describe_stranger(url: str, kind: str, status: int) -> str:
    """Describes in a sentence that a proxy or a sign-in page answered instead of the registry."""
    return (
        f"Something between this computer and {url} answered in its place ({kind or 'no content type'}, status "
        f"{status}): a proxy, or a sign-in page of the network. Open the address in a browser to see it"
    )


def describe_redirect(url: str, response: urllib3.BaseHTTPResponse) -> str:
    """Describes in a sentence that the registry's address redirects to another address. The token is only sent
    to the registry's own address.
    """
    place = urljoin(url, response.headers.get("Location", ""))
    return (
        f"{url} redirects to {place}. If that is your registry, enrol this computer at that address; if not, a proxy "
        "or a sign-in page of the network answered in its place"
    )


def describe(url: str, error: BaseException) -> str:
    """Describes a connection error in words. The text of the library's error only goes to the log."""
    log.info("%s: %r", url, error)
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        if "expired" in text or "not yet valid" in text:
            return f"The certificate of {url} is not valid today: check this computer's date and time"
        return (
            f"The certificate of {url} is not trusted here. If a proxy or the lab has its own certificate, name its "
            "file in SSL_CERT_FILE"
        )
    return f"{url} cannot be reached: {_reason(error)}"


def _reason(error: BaseException) -> str:
    kinds = urllib3.exceptions
    chain = list(_chain(error))
    beyond = next((one for one in chain if isinstance(one, BoundsError)), None)
    if beyond is not None:
        return str(beyond)
    if isinstance(error, kinds.ProxyError):
        status = re.search(r"failed: (\d{3})", str(error.original_error))
        return "the proxy refuses the connection" + (f" (status {status[1]})" if status else "")
    if isinstance(error, kinds.NameResolutionError):
        return "the host name is unknown; check the address and the network"
    if isinstance(error, kinds.NewConnectionError):
        said = next((one.strerror for one in chain if isinstance(one, OSError) and one.strerror), None)
        return f"{said or 'no connection'}. The registry is down, or the address or the network is wrong"
    if any(isinstance(one, (kinds.TimeoutError, TimeoutError)) for one in chain):
        return "no answer in time"
    if isinstance(error, kinds.SSLError):
        return (
            "no encrypted connection could be made. Check whether the address begins with http://, and whether a proxy "
            "interferes"
        )
    if isinstance(error, (kinds.LocationValueError, UnicodeError, http.client.InvalidURL)):
        return "that is not an address"
    return "the connection was lost"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields an error, and then the errors that caused it."""
    seen: list[BaseException] = [error]
    for one in seen:
        yield one
        near = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        seen += [other for other in near if isinstance(other, BaseException) and other not in seen]


def describe_git(url: str, error: BaseException) -> str:
    """Describes in words why git failed. dulwich may have raised any error."""
    from dulwich.client import HTTPUnauthorized
    from dulwich.errors import NotGitRepository

    for one in _chain(error):
        if isinstance(one, (urllib3.exceptions.HTTPError, OSError)):
            return describe(url, one)
    log.info("%s: %r", url, error)
    status = re.search(r"http resp (\d{3})", str(error))
    if status:
        return f"git got status {status[1]} instead of a history"
    if isinstance(error, NotGitRepository):
        return "the registry has no such history for this computer"
    if isinstance(error, HTTPUnauthorized):
        return "the registry does not accept this computer's access for git"
    return "git got an incomplete answer"
