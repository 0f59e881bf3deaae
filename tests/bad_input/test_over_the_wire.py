"""Bytes on a real connection that no HTTP client would send."""

import socket

import pytest

from tests.bad_input.world import World
from tests.support.api_process import ApiProcess

HOST = b"Host: planner\r\n"
SPLIT = b"GET /api/v1/livez HTTP/1.1\r\n" + HOST + b"X-Request-ID: a\r\n Set-Cookie: b=c\r\n"
CHUNKED = b"POST /api/v1/auth/login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n"
# None of these may be answered by a success, and whoever comes next must be served.
NO_HTTP = {
    "not http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a version that is none": b"GET /api/v1/auth/me HTTP/9.9\r\n" + HOST,
    "a nul in a header": b"GET /api/v1/auth/me HTTP/1.1\r\n" + HOST + b"X-Request-ID: a\0b\r\n",
    "a nul in the address": b"GET /api/v1/auth/me\0 HTTP/1.1\r\n" + HOST,
    "spaces in the address": b"GET /api/v1/auth/me HTTP/1.1 HTTP/1.1\r\n" + HOST,
    "a huge header": b"GET /api/v1/auth/me HTTP/1.1\r\n"
    + HOST
    + b"Authorization: Bearer "
    + b"a" * 2_000_000
    + b"\r\n",
    "a length that is none": b"POST /api/v1/auth/login HTTP/1.1\r\n" + HOST + b"Content-Length: many\r\n",
    "a negative length": b"POST /api/v1/auth/login HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n",
    "two lengths": b"POST /api/v1/auth/login HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n",
    "a length and pieces": CHUNKED + b"Content-Length: 5\r\n",
    "a piece of no size": CHUNKED + b"\r\nzz\r\n",
    "ten megabytes announced": b"POST /api/v1/auth/login HTTP/1.1\r\n" + HOST + b"Content-Length: 10485760\r\n",
}


def talk(server: ApiProcess, request: bytes) -> bytes:
    """Everything that the server answers before it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        answer = b""
        try:
            connection.sendall(request)
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionError:
            # Closed in the middle of what was being sent: that is an answer too.
            pass
        return answer


@pytest.mark.parametrize("request_bytes", NO_HTTP.values(), ids=NO_HTTP.keys())
def test_what_is_no_http_is_turned_away_and_the_next_one_served(
    world: World, server: ApiProcess, request_bytes: bytes
) -> None:
    before = world.contents()
    answer = talk(server, request_bytes + b"Connection: close\r\n\r\n0\r\n\r\n")
    assert answer == b"" or answer.split(b" ")[1][:1] == b"4", answer[:200]
    assert b"Traceback" not in answer
    assert world.contents() == before
    assert server.seen_by(world.admin).get("/auth/me").status_code == 200


def test_a_header_cannot_be_smuggled_into_the_answer(server: ApiProcess) -> None:
    answer = talk(server, SPLIT + b"Connection: close\r\n\r\n").lower()
    assert b"\r\nset-cookie" not in answer
    assert b"\nset-cookie" not in answer


@pytest.mark.parametrize(
    "query", [b"?q=%0d%0aSet-Cookie:%20b=c", b"?cursor=%0d%0aX:%20y", b"%0d%0aSet-Cookie:%20b=c"], ids=ascii
)
def test_an_address_cannot_be_smuggled_into_the_answer(world: World, server: ApiProcess, query: bytes) -> None:
    token = world.admin.token.encode()
    head = b"GET /api/v1/users/search" + query + b" HTTP/1.1\r\n" + HOST + b"Authorization: Bearer " + token
    answer = talk(server, head + b"\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ")[1] in (b"200", b"404", b"422")
    assert b"set-cookie" not in answer.lower().split(b"\r\n\r\n")[0]


def test_a_large_body_is_refused_before_it_is_sent(server: ApiProcess) -> None:
    head = b"POST /api/v1/auth/login HTTP/1.1\r\n" + HOST + b"Content-Length: 10485760\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
