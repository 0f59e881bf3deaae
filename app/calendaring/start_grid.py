"""Possible starts of a meeting as the bits of one integer.

Bit k stands for the start `first + k * step`. What blocks hundreds of starts is one shift, and what dozens of people
leave free is one `&` each: integers of Python are the fastest bitmaps that need no library.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.calendaring.free_busy import Span


@dataclass(frozen=True, slots=True)
class StartGrid:
    """`count` starts, each `step` seconds after the one before, of a meeting of `duration` seconds.

    `first` is in seconds since 1970-01-01 UTC.
    """

    first: int
    step: int
    count: int
    duration: int

    @property
    def all(self) -> int:
        """Every start."""
        return (1 << self.count) - 1

    def start(self, place: int) -> int:
        """The moment of a start."""
        return self.first + place * self.step

    def touched_by(self, spans: Iterable[Span], before: int = 0, after: int = 0) -> int:
        """The starts whose meeting overlaps one of the spans, with `before` and `after` seconds around it kept free."""
        found = 0
        for begins, ends in spans:
            if begins < ends:
                low = (begins - self.duration - after - self.first) // self.step + 1
                high = -((self.first - ends - before) // self.step)
                found |= self._bits(low, high)
        return found

    def within(self, spans: Iterable[Span], slack: int = 0) -> int:
        """The starts whose meeting lies in one of the spans, moved by up to `slack` seconds."""
        found = 0
        for begins, ends in spans:
            if ends - begins >= self.duration:
                low = -((self.first - begins + slack) // self.step)
                high = (ends - self.duration + slack - self.first) // self.step + 1
                found |= self._bits(low, high)
        return found

    def _bits(self, low: int, high: int) -> int:
        low, high = max(low, 0), min(high, self.count)
        return ((1 << (high - low)) - 1) << low if low < high else 0


def runs(bits: int) -> Iterator[tuple[int, int]]:
    """The stretches of set bits, as half-open pairs of places, in order."""
    begins = 0
    while bits:
        zeros = (bits & -bits).bit_length() - 1
        bits >>= zeros
        ones = (~bits & (bits + 1)).bit_length() - 1
        bits >>= ones
        yield begins + zeros, begins + zeros + ones
        begins += zeros + ones


def places(bits: int) -> list[int]:
    """The places of all set bits, in order."""
    return [place for low, high in runs(bits) for place in range(low, high)]


def at_least(count: int, maps: Iterable[int], everything: int) -> int:
    """The bits that are set in at least `count` of the maps."""
    reached = [everything] + [0] * count
    for bits in maps:
        for level in range(count, 0, -1):
            reached[level] |= reached[level - 1] & bits
    return reached[count]


class Tally:
    """A sum for each place of a grid, to which stretches of places are added."""

    def __init__(self, count: int) -> None:
        self._steps = [0] * (count + 1)

    def add(self, bits: int, amount: int) -> None:
        for low, high in runs(bits):
            self._steps[low] += amount
            self._steps[high] -= amount

    def sums(self) -> list[int]:
        """The sum at each place."""
        total, found = 0, []
        for step in self._steps[:-1]:
            total += step
            found.append(total)
        return found
