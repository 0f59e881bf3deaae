"""Finding a time for a meeting: every possible start is judged, and the best are proposed with their price.

A start is possible when all who are required are free, of each group somebody is, and enough rooms are. Its pain is
what it costs those who come or must stay away; `PAIN_*` say how much. Spans are those of `free_busy`: seconds since
1970 UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from app.calendaring.free_busy import Span
from app.calendaring.start_grid import StartGrid, Tally, at_least, places

HOUR = 3600
# Somebody optional is busy; somebody has not promised another meeting yet, required or not.
PAIN_MISSING, PAIN_TENTATIVE_REQUIRED, PAIN_TENTATIVE = 5, 3, 1
# Each hour begun between the meeting and the working hours nearest to it, up to so many; twice for who is required.
PAIN_HOURS_MAX = 8


class Hours(StrEnum):
    """What working hours mean to who looks for a time."""

    # Nobody who is required meets outside theirs.
    STRICT = "strict"
    # It costs.
    PREFER = "prefer"
    IGNORE = "ignore"


class Order(StrEnum):
    EARLIEST = "earliest"
    LEAST_PAIN = "least_pain"
    FEWEST_CONFLICTS = "fewest_conflicts"


class Why(StrEnum):
    """Why somebody cannot come, or who stands in the way."""

    BUSY = "busy"
    # Absent; no meeting is held with them, promised or not.
    AWAY = "away"
    TENTATIVE = "tentative"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to meet. `working` is merged, in order; who is neither required nor optional only belongs to a group."""

    busy: Sequence[Span]
    tentative: Sequence[Span]
    working: tuple[Span, ...]
    is_required: bool = False
    is_optional: bool = False
    away: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for. `groups` are places in `people`; `rooms` are the bookings of each room, the best one first.

    `before` and `after` are the seconds that people need free around the meeting; rooms need none.
    """

    grid: StartGrid
    people: Sequence[Person]
    groups: Sequence[Sequence[int]] = ()
    rooms: Sequence[Sequence[Span]] = ()
    room_count: int = 0
    before: int = 0
    after: int = 0
    hours: Hours = Hours.PREFER
    tentative_is_busy: bool = True
    order: Order = Order.EARLIEST
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """A start and its price; people, groups and rooms by their places in the question.

    `absent` are those who cannot come, or have not promised the other meeting yet. `obstacles` counts what stands in
    the way: required people, groups of whom nobody is free, and rooms.
    """

    start: int
    rooms: list[int]
    absent: list[tuple[int, Why]]
    outside: list[int]
    present: list[list[int]]
    pain: int
    conflicts: int
    obstacles: int


@dataclass(frozen=True, slots=True)
class Blocker:
    """How many starts somebody blocks, by reason, and how many of these nobody else does."""

    place: int
    starts: int
    alone: int
    reasons: dict[Why, int]


@dataclass(frozen=True, slots=True)
class Blockers:
    """Who and what stands in the way, the worst first; `rooms` are the single rooms, `any_room` all of them."""

    people: list[Blocker]
    groups: list[Blocker]
    rooms: list[Blocker]
    any_room: Blocker | None


class Finder:
    """Judges the starts of one question."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.grid = question.grid
        around = (question.before, question.after)
        self._busy = [self.grid.touched_by(person.busy, *around) for person in question.people]
        self._tentative = [self.grid.touched_by(person.tentative, *around) for person in question.people]
        # Whoever comes back at noon can meet at noon.
        self._absent = [self.grid.touched_by(person.away) for person in question.people]
        hours = {person.working for person in question.people}
        self._further = {working: self._distances(working) for working in hours}
        self._free_rooms = [self.grid.all & ~self.grid.touched_by(bookings) for bookings in question.rooms]

    def proposals(self) -> list[Choice]:
        """The best possible starts, at most `limit`, none of which overlaps another."""
        possible = self.grid.all
        for bits in self._obstacles:
            possible &= ~bits
        return self._best(places(possible), self._rank)

    def near_misses(self) -> list[Choice]:
        """The starts at which the fewest stand in the way, likewise."""
        tally = Tally(self.grid.count)
        for bits in self._obstacles:
            tally.add(bits, 1)
        counts = tally.sums()
        return self._best(
            list(range(self.grid.count)), [(count, *rank) for count, rank in zip(counts, self._rank, strict=True)]
        )

    def price(self, choice: Choice) -> dict[Why, tuple[int, int]]:
        """What the pain of a choice is made of: by reason, how many people it touches and its points."""
        parts = dict.fromkeys(Why, (0, 0))

        def add(why: Why, points: int) -> None:
            people, pain = parts[why]
            parts[why] = (people + 1, pain + points)

        place = (choice.start - self.grid.first) // self.grid.step
        for number, why in choice.absent:
            person = self.question.people[number]
            if self._unsure(number) >> place & 1:
                add(why, PAIN_TENTATIVE_REQUIRED if person.is_required else PAIN_TENTATIVE)
            elif person.is_optional:
                add(why, PAIN_MISSING)
        for number in choice.outside:
            person = self.question.people[number]
            hours = sum(further >> place & 1 for further in self._further[person.working])
            add(Why.OUTSIDE_HOURS, hours * (2 if person.is_required else 1))
        return parts

    def blockers(self) -> Blockers:
        """What each person, group and room blocks."""
        once = twice = 0
        for bits in self._obstacles:
            twice |= once & bits
            once |= bits
        alone = once & ~twice
        required, groups, any_room = self._required, self._groups, self._rooms_lacking
        people = [self._blocker(place, bits, alone, self._reasons(place)) for place, bits in required.items()]
        parties = [self._blocker(place, bits, alone, {}) for place, bits in enumerate(groups)]
        rooms = [
            self._blocker(place, self.grid.all & ~free, 0, {Why.BUSY: self.grid.all & ~free})
            for place, free in enumerate(self._free_rooms)
        ]
        whole = self._blocker(0, any_room, alone, {}) if any_room else None
        return Blockers(_worst_first(people), _worst_first(parties), _worst_first(rooms) if whole else [], whole)

    @cached_property
    def _required(self) -> dict[int, int]:
        """The starts that each required person blocks."""
        return {
            place: self._blocked(place) | self._outside(place) if self._is_strict else self._blocked(place)
            for place, person in enumerate(self.question.people)
            if person.is_required
        }

    @cached_property
    def _groups(self) -> list[int]:
        """The starts at which nobody of each group is free, within their own hours unless hours are ignored."""
        lacking = []
        for members in self.question.groups:
            free = 0
            for place in members:
                free |= self._comes(place)
            lacking.append(self.grid.all & ~free)
        return lacking

    @cached_property
    def _rooms_lacking(self) -> int:
        return self.grid.all & ~at_least(self.question.room_count, self._free_rooms, self.grid.all)

    @cached_property
    def _obstacles(self) -> list[int]:
        return [*self._required.values(), *self._groups, self._rooms_lacking]

    @cached_property
    def _costs(self) -> tuple[list[int], list[int]]:
        """Pain and conflicts of each start."""
        pain, conflicts = Tally(self.grid.count), Tally(self.grid.count)
        weights: dict[tuple[Span, ...], int] = {}
        for place, person in enumerate(self.question.people):
            if not (person.is_required or person.is_optional):
                continue
            missing, unsure = self._blocked(place), self._unsure(place)
            conflicts.add(missing | unsure, 1)
            pain.add(unsure, PAIN_TENTATIVE_REQUIRED if person.is_required else PAIN_TENTATIVE)
            if person.is_optional:
                pain.add(missing, PAIN_MISSING)
            weights[person.working] = weights.get(person.working, 0) + (2 if person.is_required else 1)
        if self.question.hours is not Hours.IGNORE:
            for working, weight in weights.items():
                for further in self._further[working]:
                    pain.add(further, weight)
        return pain.sums(), conflicts.sums()

    @cached_property
    def _rank(self) -> list[tuple[int, ...]]:
        """What the starts are sorted by."""
        pain, conflicts = self._costs
        numbers = range(self.grid.count)
        if self.question.order is Order.EARLIEST:
            return [(number,) for number in numbers]
        if self.question.order is Order.LEAST_PAIN:
            return list(zip(pain, numbers, strict=True))
        return list(zip(conflicts, pain, numbers, strict=True))

    def _best(self, candidates: list[int], rank: Sequence[tuple[int, ...]]) -> list[Choice]:
        apart = -(-self.grid.duration // self.grid.step)
        taken = 0
        chosen: list[Choice] = []
        for place in sorted(candidates, key=rank.__getitem__):
            if len(chosen) == self.question.limit:
                break
            if not taken >> place & 1:
                chosen.append(self._choice(place))
                low = max(0, place - apart + 1)
                taken |= ((1 << (place + apart - low)) - 1) << low
        return chosen

    def _choice(self, place: int) -> Choice:
        pain, conflicts = self._costs
        absent, outside = [], []
        for number, person in enumerate(self.question.people):
            if not (person.is_required or person.is_optional):
                continue
            if self._busy[number] >> place & 1:
                absent.append((number, Why.BUSY))
            elif self._absent[number] >> place & 1:
                absent.append((number, Why.AWAY))
            elif self._tentative[number] >> place & 1:
                absent.append((number, Why.TENTATIVE))
            if self._outside(number) >> place & 1:
                outside.append(number)
        free = [number for number, bits in enumerate(self._free_rooms) if bits >> place & 1]
        return Choice(
            start=self.grid.start(place),
            rooms=free[: self.question.room_count],
            absent=absent,
            outside=outside,
            present=[[one for one in group if self._comes(one) >> place & 1] for group in self.question.groups],
            pain=pain[place],
            conflicts=conflicts[place],
            obstacles=sum(bits >> place & 1 for bits in self._obstacles),
        )

    def _blocked(self, place: int) -> int:
        """The starts at which this person cannot come, whatever the hour."""
        gone = self._busy[place] | self._absent[place]
        return gone | self._tentative[place] if self.question.tentative_is_busy else gone

    def _unsure(self, place: int) -> int:
        return 0 if self.question.tentative_is_busy else self._tentative[place] & ~self._blocked(place)

    def _outside(self, place: int) -> int:
        if self.question.hours is Hours.IGNORE:
            return 0
        return self._further[self.question.people[place].working][0]

    def _comes(self, place: int) -> int:
        return self.grid.all & ~self._blocked(place) & ~self._outside(place)

    @property
    def _is_strict(self) -> bool:
        return self.question.hours is Hours.STRICT

    def _distances(self, working: tuple[Span, ...]) -> list[int]:
        """The starts that lie outside the hours; those more than an hour away from them; more than two; and so on."""
        return [self.grid.all & ~self.grid.within(working, hours * HOUR) for hours in range(PAIN_HOURS_MAX)]

    def _reasons(self, place: int) -> dict[Why, int]:
        """Each start by the strongest reason."""
        busy = self._busy[place]
        away = self._absent[place] & ~busy
        tentative = self._blocked(place) & ~busy & ~away
        reasons = {Why.BUSY: busy, Why.AWAY: away, Why.TENTATIVE: tentative}
        if self._is_strict:
            reasons[Why.OUTSIDE_HOURS] = self._outside(place) & ~self._blocked(place)
        return reasons

    def _blocker(self, place: int, bits: int, alone: int, reasons: dict[Why, int]) -> Blocker:
        counts = {why: count for why, starts in reasons.items() if (count := starts.bit_count())}
        return Blocker(place, bits.bit_count(), (bits & alone).bit_count(), counts)


def _worst_first(blockers: list[Blocker]) -> list[Blocker]:
    found = [blocker for blocker in blockers if blocker.starts]
    return sorted(found, key=lambda blocker: (-blocker.alone, -blocker.starts, blocker.place))
