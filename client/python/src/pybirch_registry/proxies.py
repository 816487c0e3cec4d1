"""Chooses how to connect to a registry: directly, or through the proxy that the environment or Windows sets."""

import ipaddress
import os
import ssl
import urllib.request
from urllib.parse import SplitResult, unquote, urlsplit

import urllib3

from .errors import UnreachableError
from .wire import Pool, ProxyPool

PORTS = {"http": 80, "https": 443}
LOOKS_LIKE = "The address of a registry looks like https://registry.example.edu"


def make_pool(url: str) -> urllib3.PoolManager:
    """Makes the connections to a registry. Uses HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or the settings of Windows), and
    SSL_CERT_FILE.

    Raises `UnreachableError`.
    """
    parts = check_address(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if not proxy or bypasses_proxies(parts.hostname or "", parts.port or PORTS[parts.scheme]):
        return Pool(ssl_context=_make_tls_context(parts.scheme), maxsize=8)
    proxy_parts = _split(proxy if "://" in proxy else f"http://{proxy}", f"The proxy's address {proxy} is not valid")
    if proxy_parts.scheme not in PORTS:
        raise UnreachableError(f"A proxy of the kind {proxy_parts.scheme} cannot be used, only http and https")
    context = _make_tls_context(parts.scheme, proxy_parts.scheme)
    headers = None
    if proxy_parts.username:
        credentials = unquote(f"{proxy_parts.username}:{proxy_parts.password or ''}")
        headers = urllib3.make_headers(proxy_basic_auth=credentials)
    return ProxyPool(proxy_parts.geturl(), proxy_headers=headers, ssl_context=context, maxsize=8)


def _make_tls_context(*schemes: str) -> ssl.SSLContext | None:
    """The certificates to trust. Without TLS, returns None, because reading the certificates takes long."""
    if "https" not in schemes:
        return None
    context = ssl.create_default_context()
    extra = os.environ.get("SSL_CERT_FILE")
    if extra:
        try:
            context.load_verify_locations(extra)
        except OSError as error:
            raise UnreachableError(f"SSL_CERT_FILE names {extra}, which cannot be read") from error
    return context


def check_address(url: str) -> SplitResult:
    """The parts of a registry's address. Raises `UnreachableError` that says what is missing."""
    if "://" not in url and url:
        raise UnreachableError(
            f"{url} has no http:// or https://: write http://{url} or https://{url}, as the lab admin gave it"
        )
    parts = _split(url, LOOKS_LIKE)
    if parts.scheme not in PORTS or not parts.hostname or parts.username:
        raise UnreachableError(LOOKS_LIKE)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise UnreachableError(f"A registry's address ends with its host: {parts.scheme}://{parts.netloc}")
    return parts


def _split(url: str, complaint: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UnreachableError(complaint) from error
    if any(c <= " " or c == "\x7f" for c in url):
        raise UnreachableError(complaint)
    return parts


def bypasses_proxies(host: str, port: int) -> bool:
    """Whether NO_PROXY names a host. If NO_PROXY is not set, the settings of Windows or macOS decide."""
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    if listed is None and not urllib.request.getproxies_environment():
        return bool(urllib.request.proxy_bypass(host))
    return any(_names(entry.strip(), host, port) for entry in (listed or "").split(","))


def _names(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY names a host. An entry is `*`, a host, a domain (perhaps with a dot in front), an
    address or a network, and may end with a port. curl reads entries in the same way.
    """
    if entry == "*":
        return True
    name, of_port = _without_port(entry.lower())
    if not name or of_port not in (None, port):
        return False
    address = _address(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(name, strict=False)
        except ValueError:
            return False
    name = name.removeprefix("*").strip(".")
    host = host.lower().rstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _without_port(entry: str) -> tuple[str, int | None]:
    """Splits `host:port` and `[::1]:port`. A bare IPv6 address has no port."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        rest = rest.removeprefix(":")
    elif entry.count(":") == 1:
        name, _, rest = entry.partition(":")
    else:
        name, rest = entry, ""
    return name, int(rest) if rest.isdecimal() else None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
