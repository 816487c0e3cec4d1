"""Networks of laboratories: their own certificates, proxies and clocks."""

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fake_registry import TOKEN, FakeRegistry
from pybirch_registry import Registry, UnreachableError
from pybirch_registry.api import Http, make_pool
from pybirch_registry.doctor import examine
from pybirch_registry.home import Enrolment, Home
from pybirch_registry.proxies import bypasses_proxies
from pybirch_registry.wire import ProxyPool
from sources import measurement
from test_half_dead import HalfDead

DAY = datetime.timedelta(days=1)


def certificate(folder: Path, days: tuple[int, int] = (-1, 30)) -> tuple[Path, Path]:
    """Makes a self-signed certificate for 127.0.0.1 and its key. `days` are the start and end of the
    certificate's validity, counted from now.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )
    return files


@pytest.fixture
def days() -> tuple[int, int]:
    return (-1, 30)


@pytest.fixture
def secure(tmp_path: Path, days: tuple[int, int]) -> Iterator[FakeRegistry]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path, days))
    (tmp_path / "server").mkdir()
    found = FakeRegistry(tmp_path / "server", context)
    found.land("Alpha", measurement("Alpha"))
    yield found
    found.close()


@pytest.fixture
def registry(secure: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    home = Home(tmp_path / "home")
    home.save_enrolment(Enrolment(secure.url, TOKEN, "LABPC-01", "1", {"id": 1, "lab_id": 1}, [secure.key.listed]))
    return Registry.open(home.root)


def test_a_certificate_of_the_lab_s_own_is_trusted_once_it_is_named(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = registry.sync()
    assert not report.online and "name its file in SSL_CERT_FILE" in report.warnings[0]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    again = Registry.open(registry.home.root)
    assert again.sync().came == ["Alpha v1"]
    assert again.store.versions("Alpha")[0].checked_by == "signature"


@pytest.mark.parametrize("days", [(-400, -30), (300, 400)])
def test_an_invalid_certificate_date_is_explained(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    report = registry.sync()
    assert not report.online and "check this computer's date and time" in report.warnings[0]


class Proxy:
    """An HTTP proxy that makes tunnels and stores their targets."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://user:p%40ss@127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                inner, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(inner,), daemon=True).start()

    def _tunnel(self, inner: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += inner.recv(1)
        self.asked.append(head)
        host, port = head.split()[1].split(b":")
        outer = socket.create_connection((host.decode(), int(port)))
        inner.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for one, other in ((inner, outer), (outer, inner)):
            threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    @staticmethod
    def _copy(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_everything_goes_through_the_proxy_of_the_environment(
    secure: FakeRegistry, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list, git and the report go through the proxy. The proxy gets its own credentials, and never the
    computer's token.
    """
    proxy = Proxy()
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    # On some platforms, addresses of this machine bypass proxies.
    monkeypatch.setattr("urllib.request.proxy_bypass", lambda host: False)
    assert registry.sync().came == ["Alpha v1"]
    proxy.socket.close()
    assert proxy.asked and all(head.startswith(b"CONNECT 127.0.0.1:") for head in proxy.asked)
    assert all(b"dXNlcjpwQHNz" in head and TOKEN.encode() not in head for head in proxy.asked)
    assert len(secure.requests) == len(proxy.asked)  # it closes the connection after each answer


def test_a_redirect_is_reported_and_not_followed(
    secure: FakeRegistry, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address may redirect from http to https, or to a network's sign-in page. The token is never sent to
    the other address.
    """
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    secure.sends_on_to = "https://login.example/?from=x"
    report = registry.sync()
    assert not report.online and secure.requests == ["GET /api/sync"]
    assert "redirects to https://login.example/?from=x. If that is your registry, enrol" in report.warnings[0]


def test_a_proxy_address_may_lack_its_scheme_and_other_kinds_are_refused(
    secure: FakeRegistry, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy()
    monkeypatch.setattr("urllib.request.proxy_bypass", lambda host: False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.removeprefix("http://"))
    assert registry.sync().came == ["Alpha v1"] and proxy.asked
    proxy.socket.close()
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    again = Registry.open(registry.home.root)
    report = again.sync()
    assert not report.online and "proxy of the kind socks5 cannot be used" in report.warnings[0]
    assert again.create("Alpha").name == "The Alpha"


def test_the_reason_why_a_registry_cannot_be_reached_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as closed:
        quiet, gone = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in (silent, closed))
        closed.close()
        said = {}
        for url in (gone, quiet, "http://registry.invalid"):
            with pytest.raises(UnreachableError) as raised:
                Http(url).request("GET", "/", timeout_s=0.2)
            said[url] = str(raised.value).removeprefix(url)
    assert said[gone] == (
        " cannot be reached: Connection refused. The registry is down, or the address or the network is wrong"
    )
    assert said[quiet] == " cannot be reached: no answer in time"
    assert said["http://registry.invalid"].endswith("the host name is unknown; check the address and the network")
    monkeypatch.setenv("HTTP_PROXY", gone)
    with pytest.raises(UnreachableError, match="the proxy refuses the connection"):
        Http("http://registry.invalid").request("GET", "/")


PAST = [
    ("lab.example", "http://registry.lab.example:80"),
    (".lab.example", "https://registry.lab.example"),
    ("*.lab.example", "https://registry.lab.example"),
    ("LAB.example.", "https://registry.lab.EXAMPLE"),
    ("registry.lab.example:18420", "http://registry.lab.example:18420"),
    ("other, registry.lab.example:443 ", "https://registry.lab.example"),
    ("10.0.0.0/8", "http://10.1.2.3:18420"),
    ("10.1.2.3:18420", "http://10.1.2.3:18420"),
    ("10.0.0.0/8:18420", "http://10.1.2.3:18420"),
    ("192.168.7.9/24", "http://192.168.7.1"),
    ("fd00::/8", "http://[fd00::1]:18420"),
    ("[fd00::1]:18420", "http://[fd00::1]:18420"),
    ("::1", "http://[0:0::1]"),
    ("*", "https://anything"),
]
THROUGH = [
    ("registry.lab.example:80", "http://registry.lab.example:18420"),
    ("ab.example", "http://lab.example"),
    ("10.0.0.0/8", "http://11.0.0.1"),
    ("10.0.0.0/8", "http://10.example"),
    ("10.0.0.0/99", "http://10.0.0.1"),
    ("fd00::/8", "http://10.0.0.1"),
    ("", "http://lab.example"),
    (" , ,:,.,*.", "http://lab.example"),
    ("lab.example:x", "http://other.example"),
]


@pytest.mark.parametrize(("listed", "url", "past"), [(*p, True) for p in PAST] + [(*t, False) for t in THROUGH])
def test_hosts_in_no_proxy_bypass_the_proxy(monkeypatch: pytest.MonkeyPatch, listed: str, url: str, past: bool) -> None:
    """The flaw: `host:port` and networks were ignored, so a registry in the lab's own network could not be reached."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", listed)
    assert isinstance(make_pool(url), ProxyPool) is not past


def test_certificates_are_read_only_for_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading certificates takes longer than the rest of a short command."""
    read: list[str] = []
    monkeypatch.setattr("ssl.create_default_context", lambda: read.append("read"))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    make_pool("http://registry.example")
    assert read == []
    make_pool("https://registry.example")
    assert read == ["read"]
    monkeypatch.setenv("http_proxy", "https://proxy.example")
    make_pool("http://registry.example")
    assert read == ["read", "read"]


def test_without_a_proxy_in_the_environment_the_system_s_exceptions_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("urllib.request.getproxies_environment", dict)
    monkeypatch.setattr("urllib.request.proxy_bypass", lambda host: host == "registry.lab.example")
    assert bypasses_proxies("registry.lab.example", 80) and not bypasses_proxies("other.example", 80)


@pytest.mark.parametrize(
    ("ahead_s", "said"),
    [
        (0, None),
        (-200, None),
        (11 * 60, "11 minutes ahead of"),
        (-3 * 3600, "3 hours behind"),
        (5 * 3600 + 1900, "6 hours ahead of"),
        (-366 * 86400, "366 days behind"),
    ],
)
def test_a_wrong_clock_is_reported(ahead_s: float, said: str | None) -> None:
    """The flaw: a clock that was wrong by hours counted as right, and measurements got wrong times."""
    http = Http("http://registry.lab.example")
    http.clock_ahead_s = ahead_s
    warning = http.clock_warning()
    assert warning is None if said is None else said in (warning or "")


def test_an_incomplete_address_is_explained() -> None:
    for url in ("127.0.0.1:18420", "registry.example.edu", "localhost:80/x"):
        with pytest.raises(
            UnreachableError, match=rf"{url} has no http:// or https://: write http://{url} or https://"
        ):
            Http(url).request("GET", "/")
    for url in ("ftp://x", "http:///x", "http://user:pw@x", "http://x:99999999", "http://[::1", "http://x\ty"):
        with pytest.raises(UnreachableError, match="looks like https://registry"):
            Http(url).request("GET", "/")
    for url in ("http://x/computers", "http://x/?a=b", "http://x/#/computers"):
        with pytest.raises(UnreachableError, match=r"ends with its host: http://x$"):
            Http(url).request("GET", "/")


@pytest.mark.parametrize(
    ("date", "says"),
    [
        (None, "do not contain the time"),
        ("some day", "do not contain the time"),
        ("Mon, 01 Jan 2024 00:00:00 -0000", "days ahead of"),
        ("Mon, 01 Jan 2024 00:00:00 GMT", "days ahead of"),
    ],
)
def test_a_clock_is_confirmed_only_if_the_registry_sends_the_time(home: Home, date: str | None, says: str) -> None:
    """The flaw: if the registry did not send the time, the clock counted as right."""
    head = "" if date is None else f"Date: {date}\r\n"
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n{head}\r\n{{}}".encode()
    server = HalfDead(lambda send: send(answer))
    try:
        home.save_enrolment(replace(home.enrolment(), url=server.url))
        (clock,) = [check for check in examine(home) if check.name == "clock"]
        assert clock.level == "warning" and says in clock.text
    finally:
        server.close()


@pytest.mark.parametrize("status", [200, 401, 407, 502])
def test_a_page_of_another_server_does_not_count_as_an_answer(home: Home, status: int) -> None:
    """The flaw: a page with the status 401 counted as the registry's answer, and `doctor` did not explain the page."""
    page = f"HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: 2\r\nDate: x\r\n\r\nhi".encode()
    server = HalfDead(lambda send: send(page))
    try:
        home.save_enrolment(replace(home.enrolment(), url=server.url))
        report = Registry.open(home.root).sync()
        assert not report.online and "answered in its place" in report.warnings[0] and ".." not in report.warnings[0]
        checks = {check.name: check for check in examine(home)}
        assert "answered in its place" in checks["registry"].text and "clock" not in checks
    finally:
        server.close()
