"""Requests to the outside: to whom they may go, and what they may cost."""

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import pytest

from app.core.outbound import Limits, OutboundError, checked_addresses, parse_url, request, shown_url
from app.core.outbound_addresses import is_public, networks_of
from tests.support.web import Web, answering

LOOPBACK = networks_of(["127.0.0.0/8"])
LIMITS = Limits(seconds=10, max_bytes=100_000, max_redirects=3, allowed=LOOPBACK)
STRICT = Limits(seconds=5, max_bytes=1000, max_redirects=3)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


def refusal(url: str, limits: Limits = LIMITS, **options: Any) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        request("GET", url, limits, **options)
    return caught.value


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "224.0.0.1", "255.255.255.255"),
        *("192.0.2.1", "198.18.0.1", "240.0.0.1", "::", "::1", "fe80::1", "fd00::1", "fd00:ec2::254", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "2001:db8::1", "2001::1"),
        *("2002:7f00:1::", "2002:0a00:0001::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "fec0::1"),
    ],
)
def test_addresses_of_inner_networks_are_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    error = refusal("http://calendar.example/", STRICT, resolve=lambda *_: [address])
    assert error.code == "outbound_address_refused"


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::808:808"],
)
def test_addresses_of_the_internet_are_good(address: str) -> None:
    assert is_public(ip_address(address))
    found = checked_addresses(parse_url("https://calendar.example/x"), STRICT, lambda *_: [address])
    assert found == [ip_address(address)]


@pytest.mark.parametrize(
    "url", ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://localhost/", "http://[::ffff:127.0.0.1]/"]
)
def test_other_spellings_of_this_machine_are_refused(url: str) -> None:
    assert refusal(url, STRICT).code in ("outbound_address_refused", "outbound_name_unknown")


def test_a_name_with_an_inner_address_among_others_goes_to_the_others() -> None:
    target = parse_url("https://calendar.example/")
    found = checked_addresses(target, STRICT, lambda *_: ["10.0.0.1", "8.8.8.8"])
    assert found == [ip_address("8.8.8.8")]


def test_only_the_ports_of_the_web_are_asked() -> None:
    error = refusal("http://calendar.example:22/", STRICT, resolve=lambda *_: ["8.8.8.8"])
    assert error.code == "outbound_port_refused"
    # Another scheme's port is another port.
    assert refusal("http://calendar.example:443/", STRICT, resolve=lambda *_: ["8.8.8.8"]).code == (
        "outbound_port_refused"
    )


@pytest.mark.parametrize(
    "url",
    [
        *("", "calendar", "ftp://calendar.example/", "file:///etc/passwd", "gopher://x/", "http://", "http:///x"),
        *("http://a b/", "http://exa\nmple/\x00", "https://calendar.example:99999/", "http://-x-/", "https://[::1/"),
        *("http://calendar.example/" + "x" * 2000, "javascript:alert(1)", "http://a..b:x/"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert refusal(url).code == "outbound_bad_url"


def test_an_address_is_taken_apart() -> None:
    target = parse_url("webcal://user:p%40ss@Кремль.рф/мой календарь.ics?ключ=1&b=%20#part")
    assert (target.scheme, target.port) == ("https", 443)
    assert target.host == "xn--e1ajeds9e.xn--p1ai"
    assert target.path.startswith("/%D0%BC%D0%BE%D0%B9%20")
    assert target.path.endswith("=1&b=%20")
    assert target.authorization == "Basic dXNlcjpwQHNz"
    assert "dXNlcjpwQHNz" not in repr(target)


def test_a_log_shows_neither_credentials_nor_path() -> None:
    assert shown_url("https://user:secret@calendar.example:8443/private-secret/basic.ics?key=secret") == (
        "https://calendar.example:8443/…"
    )
    assert shown_url("secret") == "(no URL)"


def test_an_answer_is_read_with_its_headers(web: Web) -> None:
    web.paths["/a.ics?x=1"] = answering(200, b"BEGIN", ETag='"1"')
    answer = request("GET", web.url("/a.ics?x=1"), LIMITS, headers={"If-None-Match": '"0"'})
    assert (answer.status, answer.body, answer.headers["etag"], answer.moved_to) == (200, b"BEGIN", '"1"', None)
    ((_, headers),) = web.asked
    assert headers["host"] == f"127.0.0.1:{web.port}"
    assert headers["if-none-match"] == '"0"'


def test_the_name_is_resolved_once_and_the_connection_goes_to_what_was_checked(web: Web) -> None:
    web.paths["/"] = answering(200, b"x")
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    answer = request("GET", web.url("/", "calendar.example"), LIMITS, resolve=lambda *_: next(answers))
    assert answer.status == 200
    assert web.asked[0][1]["host"] == f"calendar.example:{web.port}"
    assert next(answers) == ["10.0.0.1"]


def test_each_redirect_is_checked_again(web: Web) -> None:
    web.paths["/"] = answering(302, Location="http://inner.example/latest/meta-data")
    addresses = {"127.0.0.1": ["127.0.0.1"], "inner.example": ["169.254.169.254"]}
    error = refusal(web.url("/"), LIMITS, resolve=lambda host, _: addresses[host])
    assert error.code == "outbound_address_refused"
    web.paths["/"] = answering(302, Location="file:///etc/passwd")
    assert refusal(web.url("/")).code == "outbound_bad_url"


def test_redirects_end(web: Web) -> None:
    web.paths["/"] = answering(301, Location="/")
    assert refusal(web.url("/")).code == "outbound_too_many_redirects"
    assert len(web.asked) == LIMITS.max_redirects + 1


def test_a_permanent_redirect_tells_the_new_address_and_a_passing_one_does_not(web: Web) -> None:
    web.paths["/new"] = answering(200, b"x")
    web.paths["/old"] = answering(301, Location="/new")
    assert request("GET", web.url("/old"), LIMITS).moved_to == web.url("/new")
    web.paths["/old"] = answering(307, Location="/new")
    assert request("GET", web.url("/old"), LIMITS).moved_to is None


def test_credentials_stay_with_their_origin(web: Web) -> None:
    web.paths["/"] = answering(302, Location=web.url("/there", "other.example"))
    web.paths["/there"] = answering(200, b"x")
    url = web.url("/").replace("//", "//user:secret@")
    request("GET", url, LIMITS, headers={"Authorization": "Bearer secret"}, resolve=lambda *_: ["127.0.0.1"])
    assert [headers.get("authorization") is not None for _, headers in web.asked] == [True, False]


def test_a_post_follows_nobody(web: Web) -> None:
    web.paths["/"] = answering(307, b"no", Location="/there")
    answer = request("POST", web.url("/"), LIMITS, body=b"{}", headers={"Content-Type": "application/json"})
    assert (answer.status, answer.body, len(web.asked)) == (307, b"no", 1)


def test_a_body_above_the_bound_is_given_up(web: Web) -> None:
    web.paths["/"] = answering(200, b"x" * (LIMITS.max_bytes + 1))
    assert refusal(web.url("/")).code == "outbound_too_large"
    web.paths["/"] = answering(200, b"x" * LIMITS.max_bytes)
    assert len(request("GET", web.url("/"), LIMITS).body) == LIMITS.max_bytes


def test_what_is_small_when_packed_ends_at_the_same_bound(web: Web) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < LIMITS.max_bytes
    web.paths["/"] = answering(200, bomb, Content_Encoding="gzip")
    assert refusal(web.url("/")).code == "outbound_too_large"
    web.paths["/"] = answering(200, gzip.compress(b"BEGIN" * 1000), Content_Encoding="gzip")
    assert request("GET", web.url("/"), LIMITS).body == b"BEGIN" * 1000


@pytest.mark.parametrize(
    ("body", "encoding"), [(b"no gzip", "gzip"), (gzip.compress(b"x" * 99, mtime=0)[:-9], "gzip"), (b"x", "br")]
)
def test_a_body_that_cannot_be_unpacked_is_an_error(web: Web, body: bytes, encoding: str) -> None:
    web.paths["/"] = answering(200, body, Content_Encoding=encoding)
    assert refusal(web.url("/")).code == "outbound_encoding"


@contextmanager
def talking(*lines: bytes) -> Iterator[int]:
    """A server that says these lines again and again, slowly, until nobody listens; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopped = threading.Event()

        def talk() -> None:
            peer, _ = listener.accept()
            with peer:
                try:
                    while True:
                        for line in lines:
                            peer.sendall(line)
                            if stopped.wait(0.02):
                                return
                except OSError:
                    return

        thread = threading.Thread(target=talk)
        thread.start()
        yield listener.getsockname()[1]
        stopped.set()
        thread.join()


@pytest.mark.parametrize("lines", [(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), (b"HTTP/1.1 200 OK\r\n\r\n", b"x")])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_never_comes_to_an_end_is_cut_off(lines: tuple[bytes, ...], scheme: str) -> None:
    limits = Limits(seconds=0.4, max_bytes=10**9, max_redirects=0, allowed=LOOPBACK)
    with talking(*lines) as port:
        code = refusal(f"{scheme}://127.0.0.1:{port}/", limits).code
    assert code in {"http": ("outbound_timeout", "outbound_protocol"), "https": ("outbound_tls",)}[scheme]


def test_what_does_not_answer_or_is_no_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert refusal(f"http://127.0.0.1:{port}/").code == "outbound_unreachable"
    with talking(b"SSH-2.0-x\r\n") as port:
        assert refusal(f"http://127.0.0.1:{port}/").code == "outbound_protocol"

    def unknown(*_: Any) -> list[str]:
        raise socket.gaierror

    assert refusal("https://nowhere.example/", resolve=unknown).code == "outbound_name_unknown"
