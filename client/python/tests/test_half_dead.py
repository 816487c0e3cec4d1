"""Servers that answer badly. Bad answers use up neither memory nor time of a lab computer, and the user reads a clear
message.

The flaws: 290 kB of gzip became 572 MiB. The program waited silently for two minutes for a server that accepted the
connection and sent nothing. Requests of git had no time limit at all. Lab users saw texts of urllib3 and dulwich.
"""

import gzip
import json
import re
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from fake_registry import TOKEN, FakeRegistry
from pybirch_registry import Registry, UnreachableError, versions, wire
from pybirch_registry.api import Http
from pybirch_registry.cli import main
from pybirch_registry.events import Stream
from pybirch_registry.home import Enrolment, Home
from sources import measurement

Send = Callable[[bytes], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def forever(send: Send, piece: bytes) -> None:
    while True:
        send(piece)


def trickle(send: Send, text: bytes) -> None:
    for byte in text:
        send(bytes([byte]))
        time.sleep(0.02)


def silent(send: Send) -> None:
    time.sleep(30)


BOMB = gzip.compress(bytes(300_000_000), 1)

ANSWERS: dict[str, Callable[[Send], None]] = {
    "silence": silent,
    "end": lambda send: None,
    "garbage": lambda send: send(bytes(range(256)) * 40),
    "half a head": lambda send: send(HEAD),
    "slow head": lambda send: trickle(send, HEAD + b"X: y\r\n" * 5000),
    "endless head": lambda send: forever(send, b"X-Header: " + b"y" * 60_000 + b"\r\n"),
    "endless line of a head": lambda send: forever(send, b"y" * 65_536),
    "endless continue": lambda send: forever(send, b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "slow body": lambda send: trickle(send, HEAD + b"Content-Length: 90000\r\n\r\n" + b" " * 90_000),
    "half a body": lambda send: send(HEAD + b'Content-Length: 90\r\n\r\n{"a":'),
    "claims a terabyte": lambda send: send(HEAD + b"Content-Length: 1000000000000\r\n\r\n{"),
    "claims a terabyte in a chunk": lambda send: send(HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffff\r\n{"),
    "endless size of a chunk": lambda send: (
        send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
        forever(send, b"0" * 65_536),
    )[0],
    "endless chunks": lambda send: (
        send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
        forever(send, b"10000\r\n" + b" " * 65_536 + b"\r\n"),
    )[0],
    "endless body": lambda send: (send(HEAD + b"\r\n"), forever(send, b" " * 65_536))[0],
    "bomb": lambda send: send(
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: " + str(len(BOMB)).encode() + b"\r\n\r\n" + BOMB
    ),
    "deep": lambda send: send(HEAD + b"Content-Length: 200000\r\n\r\n" + b"[" * 200_000),
    "a page": lambda send: send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"),
    "elsewhere": lambda send: send(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:9/x\r\nContent-Length: 0\r\n\r\n"
    ),
    "no status": lambda send: send(b"HTTP/1.1 abc Found\r\n\r\n"),
}


class HalfDead:
    """A server that answers every request in the same way. `sent` counts the bytes."""

    def __init__(self, answer: Callable[[Send], None]) -> None:
        self.sent = 0
        self.asked: list[bytes] = []
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                one, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(one,), daemon=True).start()

    def _talk(self, one: socket.socket) -> None:
        def send(data: bytes) -> None:
            one.sendall(data)
            self.sent += len(data)

        try:
            self.asked.append(one.recv(65536))
            self._answer(send)
        except OSError:
            pass
        finally:
            one.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program's own limits, but shorter."""
    monkeypatch.setattr(wire, "HEAD_S", 0.4)
    monkeypatch.setattr(wire, "GRACE_S", 0.4)
    monkeypatch.setattr(wire, "NOTICE_S", 0.1)


@pytest.fixture
def half_dead(request: pytest.FixtureRequest) -> Iterator[HalfDead]:
    server = HalfDead(ANSWERS[request.param])
    yield server
    server.close()


OF_LIBRARIES = re.compile(
    r"urllib3|dulwich|HTTPConnection|Errno|Traceback|\w(Error|Exception)\b|object at 0x|http\.client"
)


@pytest.mark.parametrize("half_dead", ANSWERS, indirect=True)
def test_no_answer_exceeds_its_limits(impatient: None, half_dead: HalfDead) -> None:
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises(UnreachableError) as raised:
            Http(half_dead.url, "secret").json("GET", "/api/sync")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 20 and len(half_dead.asked) == 1
    assert peak < 3 * wire.ANSWER_BYTES and not OF_LIBRARIES.search(str(raised.value)), (peak, str(raised.value))


@pytest.fixture
def home_of(home: Home, server: FakeRegistry) -> Callable[[str], Home]:
    """Enrols a computer, which already has a definition, at another address. Returns its data folder."""
    server.land("Alpha", measurement("Alpha"))
    server.bind(7, "Alpha", "GPIB::8::INSTR")
    Registry.open(home.root).sync()

    def move(url: str) -> Home:
        home.save_enrolment(Enrolment(url, TOKEN, "LABPC-01", "1", {"id": 1, "lab_id": 1}, [server.key.listed]))
        return home

    return move


COMMANDS = [
    ["sync"],
    ["sync", "Other"],
    ["status"],
    ["list"],
    ["show", "Alpha"],
    ["pin", "Alpha@4"],
    ["pin", "Alpha"],
    ["unpin", "Alpha"],
    ["bind", "Main Alpha", "GPIB::9::INSTR"],
    ["bind", "Unknown", "GPIB::9::INSTR"],
    ["export", "Alpha", "--to", "out"],
    ["export", "Other", "--to", "out"],
    ["doctor"],
    ["enrol", "URL", "CODE"],
]


@pytest.mark.parametrize("half_dead", ["silence", "end", "garbage", "bomb", "a page", "elsewhere"], indirect=True)
def test_every_command_explains_a_bad_answer(
    impatient: None,
    half_dead: HalfDead,
    home_of: Callable[[str], Home],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("out"))
    home_of(half_dead.url)
    for command in COMMANDS:
        began = time.monotonic()
        main([half_dead.url if part == "URL" else part for part in command])
        said = "".join(capsys.readouterr())
        assert said and not OF_LIBRARIES.search(said), (command, said)
        assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://registry.invalid", "https://127.0.0.1:1", "http://..", "http://a b"]
)
def test_every_command_explains_that_nothing_answers(
    url: str,
    home_of: Callable[[str], Home],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("out"))
    home_of(url)
    for command in COMMANDS:
        main([url if part == "URL" else part for part in command])
        said = "".join(capsys.readouterr())
        assert said and not OF_LIBRARIES.search(said), (command, said)


@pytest.mark.parametrize("half_dead", ["silence"], indirect=True)
def test_a_user_soon_sees_that_a_server_does_not_answer(
    impatient: None, half_dead: HalfDead, home_of: Callable[[str], Home], caplog: pytest.LogCaptureFixture
) -> None:
    report = Registry.open(home_of(half_dead.url).root).sync()
    assert "127.0.0.1 has not answered yet; waiting for at most" in caplog.text and not report.online
    assert "no answer in time" in report.warnings[0]
    caplog.clear()
    assert main(["pin", "Alpha@4"]) == 4
    assert "127.0.0.1 has not answered yet" in caplog.text  # git's requests have the same limits as all others


def test_a_sync_waits_at_most_half_a_minute_for_a_silent_server() -> None:
    """A sync makes two requests: it sends stored settings and bindings, and then asks for the list."""
    assert 2 * wire.HEAD_S <= 30 and wire.NOTICE_S <= 5


@pytest.mark.parametrize("event", [b"data: " + b"x" * 65_536, b"data: x\n" * 8000])
def test_an_event_without_an_end_ends_the_stream(event: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    server = HalfDead(lambda send: (send(head), forever(send, event))[0])
    try:
        with Stream(Http(server.url, "secret")) as stream, pytest.raises(UnreachableError, match="sends more than any"):
            stream.take(10)
        assert server.sent < 20 * wire.EVENT_BYTES
    finally:
        server.close()


def test_a_stream_may_exceed_the_limit_of_one_event() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    events = b"".join(b"data: " + json.dumps("x" * 60_000).encode() + b"\n\n" for _ in range(20))
    server = HalfDead(lambda send: [send(head), *(send(events) for _ in range(3)), time.sleep(5)][0])
    try:
        with Stream(Http(server.url, "secret")) as stream:
            count = 0
            while count < 60:
                count += len(stream.take(10))
    finally:
        server.close()


def test_git_follows_no_redirects(home_of: Callable[[str], Home], server: FakeRegistry) -> None:
    """A registry redirects git to another host. The computer's token must not go to the other host."""
    other = HalfDead(ANSWERS["a page"])
    try:
        server.sends_on_to = f"{other.url}/info/refs?service=git-upload-pack"
        home_of(server.url)
        assert main(["pin", "Alpha@4"]) == 4
        assert other.asked == []
    finally:
        other.close()


def test_a_slow_endless_answer_is_ended(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The flaw: at the slowest allowed rate, the largest answer took two hours, and the largest history fifteen."""
    monkeypatch.setattr(wire, "LONGEST_S", 0.8)
    body = HEAD + b"Content-Length: 60000000\r\n\r\n"

    def steadily(send: Send) -> None:
        send(body)
        for _ in range(2000):
            send(b" " * 20_000)
            time.sleep(0.01)

    server = HalfDead(steadily)
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="no answer in time"):
        Http(server.url, "secret").json("GET", "/api/sync")
    assert 0.5 < time.monotonic() - began < 10
    server.close()


def test_the_list_of_refs_has_a_smaller_limit_than_a_pack(
    home: Home, server: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of refs is kept in memory, whereas a pack goes to a file. The flaw: a list of refs could have
    512 MiB, like a pack.
    """
    for value in range(6):
        server.land("Alpha", measurement("Alpha", value))
    monkeypatch.setattr(versions, "REFS_BYTES", 600)
    refused = Registry.open(home.root).sync()
    assert "was fetched as a snapshot" in refused.warnings[0] and "more than any registry does" in refused.warnings[0]
    monkeypatch.setattr(versions, "REFS_BYTES", 5000)
    assert Registry.open(home.root).sync().ok
    assert home.repository("Alpha").exists() and Registry.open(home.root).resolve("Alpha").checked_by == "signature"
