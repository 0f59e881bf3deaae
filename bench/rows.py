"""What data sets have in common: lines of COPY text, ids in the order of time, and what a loader needs to know."""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any, Protocol

NULL = r"\N"

Rows = dict[str, list[str]]


def line(*values: object) -> str:
    """One row in COPY's text form; None is NULL. Values hold no tabs, line ends and backslashes of their own."""
    return "\t".join(NULL if value is None else str(value) for value in values) + "\n"


class Ids:
    """Makes UUIDv7s in ascending order, as an installation makes them over time, from a seeded source."""

    def __init__(self, random: Random, since: datetime) -> None:
        self._random = random
        self._milliseconds = int(since.timestamp() * 1000)

    def new(self) -> str:
        self._milliseconds += 1
        bits = self._random.getrandbits(74)
        value = self._milliseconds << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & 0x3FFF_FFFF_FFFF_FFFF
        return f"{value:032x}"


class Loadable(Protocol):
    """A data set: rows in batches, and statements that derive the rest from them.

    `columns` names each table's columns in the order of the lines.
    """

    columns: dict[str, str]
    derived: tuple[str, ...]
    parameters: dict[str, Any]

    def batches(self) -> Iterator[Rows]: ...
