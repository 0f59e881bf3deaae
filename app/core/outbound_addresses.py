"""Which addresses of the internet requests to the outside may go to: only those that anybody could reach.

What people give us as a URL must not become a door to our own network (server-side request forgery). The lists are
IANA's special-purpose registries (RFC 6890), written out so that they do not change with the version of Python.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_INNER_IPV4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' own (RFC 6598)
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; clouds tell their machines' secrets there
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
# Clouds' services for their own machines that look like anybody's address.
_METADATA = frozenset(map(ip_address, ("168.63.129.16", "100.100.100.200")))
_GLOBAL_IPV6 = IPv6Network("2000::/3")
_INNER_IPV6 = [IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20")]
_SIX_TO_FOUR, _NAT64 = IPv6Network("2002::/16"), IPv6Network("64:ff9b::/96")


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a setting.

    Raises:
        ValueError: one of the texts is no network.
    """
    return tuple(ip_network(text) for text in texts)


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether the address is in one of the networks that the installation names."""
    plain = _carried(address)
    return any(plain in network for network in allowed)


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach the address; of one that carries an IPv4 address, whether that is."""
    plain = _carried(address)
    if plain in _METADATA:
        return False
    if isinstance(plain, IPv4Address):
        return not any(plain in network for network in _INNER_IPV4)
    return plain in _GLOBAL_IPV6 and not any(plain in network for network in _INNER_IPV6)


def _carried(address: Address) -> Address:
    """The IPv4 address inside of a mapped (RFC 4291), 6to4 (RFC 3056) or NAT64 (RFC 6052) one; else the address."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
