"""The registry's HTTP API, as far as a lab computer uses it."""

import json
import os
import ssl
import urllib.request
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cached_property
from time import time
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import urllib3

from .errors import AnswerError, NotEnrolledError, UnreachableError

CONNECT_S = 10.0
READ_S = 60.0
CLOCK_TOLERANCE_S = 24 * 3600.0


class Http:
    """Speaks to one registry, through the proxy of the environment or of Windows where there is one."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.token = token
        #: How far this computer's clock is ahead of the registry's, in seconds, once it has answered.
        self.clock_ahead_s: float | None = None

    @cached_property
    def pool(self) -> urllib3.PoolManager:
        """The connections. Raises `UnreachableError` where the address or the environment's settings are wrong."""
        return make_pool(self.url)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        stream: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """The answer, whatever its status.

        Raises `UnreachableError` where there is none, `NotEnrolledError` for a token that no longer counts.
        """
        sent = {"Accept": "application/json", "User-Agent": "pybirch-registry", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        try:
            response = self.pool.request(
                method,
                self.url + path,
                body=content,
                headers=sent,
                timeout=urllib3.Timeout(connect=min(timeout_s or CONNECT_S, CONNECT_S), read=timeout_s or READ_S),
                retries=False,
                redirect=False,
                preload_content=not stream,
            )
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(describe(self.url, error)) from error
        if response.get_redirect_location():
            response.close()
            raise UnreachableError(elsewhere(self.url, response))
        self._note_clock(response.headers.get("Date"))
        if response.status == 401:
            raise NotEnrolledError(
                f"{self.url} no longer accepts this computer. "
                "Ask a lab admin for a new code and run: pybirch-registry enrol URL CODE"
            )
        return response

    def json(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """What the registry answers. Raises `AnswerError` for its errors, and as `request` does."""
        return decode(self.request(method, path, body, **options), self.url)

    def _note_clock(self, date: str | None) -> None:
        if date is None:
            return
        try:
            self.clock_ahead_s = time() - parsedate_to_datetime(date).timestamp()
        except ValueError:
            return

    def clock_warning(self) -> str | None:
        """A sentence where this computer's clock is more than a day off the registry's."""
        ahead = self.clock_ahead_s
        if ahead is None or abs(ahead) < CLOCK_TOLERANCE_S:
            return None
        way = "ahead of" if ahead > 0 else "behind"
        days = abs(ahead) / 86400
        return f"This computer's clock is {days:.0f} days {way} the registry's: times of measurements will be wrong"


def decode(response: urllib3.BaseHTTPResponse, url: str) -> Any:
    """The JSON of an answer. Raises `AnswerError`, or `UnreachableError` where somebody else answered."""
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind not in ("application/json", "application/problem+json"):
        if response.status == 204:
            return None
        raise UnreachableError(not_the_registry(url, kind, response.status))
    try:
        value = json.loads(response.data)
    except ValueError as error:
        raise UnreachableError(not_the_registry(url, "broken JSON", response.status)) from error
    if response.status >= 500:
        raise UnreachableError(f"{url} is in trouble (it answers {response.status})", response.status)
    if response.status >= 400:
        detail = value.get("detail") or value.get("title") if isinstance(value, dict) else None
        raise AnswerError(detail or f"{url} answered {response.status}", response.status)
    return value


def not_the_registry(url: str, kind: str, status: int) -> str:
    """A sentence for answers of a proxy or of a sign-in page."""
    return (
        f"Something between this computer and {url} answered in its place ({kind or 'no content type'}, status "
        f"{status}): a proxy, or a sign-in page of the network. Open the address in a browser to see it."
    )


def elsewhere(url: str, response: urllib3.BaseHTTPResponse) -> str:
    """A sentence for an answer that sends on to another address; the token goes nowhere but to the registry's."""
    place = urljoin(url, response.headers.get("Location", ""))
    return (
        f"{url} sends on to {place}. If that is your registry, enrol this computer at that address; if not, a proxy or "
        "a sign-in page of the network answered in its place"
    )


def describe(url: str, error: BaseException) -> str:
    """An error of the connection, in words."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        if "expired" in text or "not yet valid" in text:
            return f"The certificate of {url} is not valid today: check this computer's date and time"
        return (
            f"The certificate of {url} is not trusted here. Where a proxy or the lab has a certificate of its own, "
            "name its file in SSL_CERT_FILE"
        )
    return f"{url} cannot be reached: {_reason(error)}"


def _reason(error: BaseException) -> str:
    kinds = urllib3.exceptions
    if isinstance(error, kinds.ProxyError):
        return f"the proxy does not let it through ({error.original_error})"
    if isinstance(error, kinds.NameResolutionError):
        return "nobody knows its name; check the address and the network"
    cause = error.__cause__ or error.__context__
    if isinstance(error, kinds.NewConnectionError) and isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}. It is down, or the address or the network is not right"
    if isinstance(error, kinds.TimeoutError):
        return "no answer in time"
    if isinstance(error, kinds.ProtocolError):
        return "the connection broke off"
    return str(error)


def make_pool(url: str) -> urllib3.PoolManager:
    """Honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or Windows' own settings), and SSL_CERT_FILE."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise UnreachableError("The address of a registry looks like https://registry.example.edu")
    context = ssl.create_default_context()
    extra = os.environ.get("SSL_CERT_FILE")
    if extra:
        try:
            context.load_verify_locations(extra)
        except OSError as error:
            raise UnreachableError(f"SSL_CERT_FILE names {extra}, which cannot be read") from error
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname):
        proxy_parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if proxy_parts.scheme not in ("http", "https"):
            raise UnreachableError(f"A proxy of the kind {proxy_parts.scheme} cannot be used, only http and https")
        headers = None
        if proxy_parts.username:
            credentials = unquote(f"{proxy_parts.username}:{proxy_parts.password or ''}")
            headers = urllib3.make_headers(proxy_basic_auth=credentials)
        return urllib3.ProxyManager(proxy_parts.geturl(), proxy_headers=headers, ssl_context=context, maxsize=8)
    return urllib3.PoolManager(ssl_context=context, maxsize=8)
