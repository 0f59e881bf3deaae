"""Whose address counts."""

import pytest
from uvicorn.middleware.proxy_headers import _parse_host_port

from app.core.client_address import find_client, hops_of, limit_key, networks_of

PROXIES = networks_of(["10.0.0.0/8", "fd00::/8", "192.0.2.53"])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.1", [], "203.0.113.1"),
        ("203.0.113.1", ["198.51.100.1"], "203.0.113.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.9, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.9", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.9, 198.51.100.1, 10.0.0.2,192.0.2.53"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, _hidden, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [",,,"], "10.0.0.1"),
        ("", ["198.51.100.1"], ""),
        ("testclient", ["198.51.100.1"], "testclient"),
    ],
)
def test_the_first_address_from_the_right_that_is_no_trusted_proxy(
    peer: str, forwarded_for: list[str], client: str
) -> None:
    assert find_client(peer, forwarded_for, PROXIES) == client


def test_without_trusted_proxies_the_header_is_not_read() -> None:
    assert find_client("10.0.0.1", ["198.51.100.1"], ()) == "10.0.0.1"


@pytest.mark.parametrize(
    "hop",
    ["192.0.2.1", "192.0.2.1:80", "192.0.2.1: +8_0", "192.0.2.1:-1", "192.0.2.1:x", "192.0.2.1:", "[2001:db8::1]",
     "2001:db8::1",
     "[2001:db8::1]:80", "[2001:db8::1]:x", "[2001:db8::1]80", "[2001:db8::1", "]", "[", "[]", "[]:", ":", "::", ":80",
     "", "a:b:c", "192.0.2.1:" + "9" * 5000, "192.0.2.1:٣"],
)  # fmt: skip
def test_uvicorn_reads_the_same_address_out_of_any_header(hop: str) -> None:
    # What uvicorn put in place of the peer must be recognised, or a made-up address would count.
    assert hops_of([hop]) == [_parse_host_port(hop)]


def test_requests_from_one_ipv6_network_are_counted_together() -> None:
    assert limit_key("2001:db8:1:2::1") == limit_key("2001:db8:1:2:ffff::9")
    assert limit_key("2001:db8:1:2::1") != limit_key("2001:db8:1:3::1")
    assert limit_key("192.0.2.1") != limit_key("192.0.2.2")
    assert limit_key("testclient") == "address:testclient"
