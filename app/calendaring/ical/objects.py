"""All VEVENTs of one UID as one object: the master, and an override for each instance that differs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from app.calendaring.ical.content_lines import ContentLine
from app.calendaring.ical.context import Context, Properties, Refused
from app.calendaring.ical.event_reading import own_properties, read_event, read_uid, with_text
from app.calendaring.ical.foreign_zones import ForeignZones
from app.calendaring.ical.model import CalendarObject, EventData, Problem
from app.calendaring.ical.overrides import from_periods, from_range, newest, read_recurrence_id, revision
from app.calendaring.ical.schedule_reading import Schedule


@dataclass(slots=True)
class Component:
    """The lines of a VEVENT, and the context to read it in."""

    lines: list[ContentLine]
    context: Context


@dataclass(slots=True)
class _Master:
    data: EventData
    schedule: Schedule
    context: Context


def build_object(components: Iterable[Component]) -> Iterator[CalendarObject | Problem]:
    """The object of components that share a UID; when none of them can be taken, only the problems."""
    builder = _Builder()
    for component in components:
        builder.add(component)
    yield from builder.built()


def zone_texts(lines: Iterable[ContentLine], zones: ForeignZones) -> list[str]:
    """The VTIMEZONEs of the TZIDs in these lines that are no IANA names, in their order, each once."""
    tzids = dict.fromkeys(line.parameter("TZID") for line in lines if "TZID" in line.parameters.upper())
    texts = (zones.text_of(tzid) for tzid in tzids if tzid)
    return [text for text in texts if text is not None]


class _Builder:
    def __init__(self) -> None:
        self._master: _Master | None = None
        self._overrides: list[tuple[Component, Properties]] = []
        self._zones: dict[str, None] = {}
        self._problems: list[Problem] = []
        self._uid: str | None = None
        self._line: int | None = None

    def add(self, component: Component) -> None:
        context = component.context
        if self._line is None:
            self._line = context.line
        properties = own_properties(component.lines)
        self._uid = context.uid = read_uid(component.lines, properties, context)
        context.problems = [replace(problem, uid=context.uid) for problem in context.problems]
        self._zones.update(dict.fromkeys(zone_texts(component.lines, context.zones)))
        if "RECURRENCE-ID" not in properties:
            self._add_master(component, properties)
        elif len(self._overrides) < context.limits.overrides:
            self._overrides.append((component, properties))
        else:
            self._refuse(context, Refused("too_many_overrides", context.line, maximum=context.limits.overrides))

    def _add_master(self, component: Component, properties: Properties) -> None:
        context = component.context
        try:
            data, schedule = read_event(component.lines, properties, context)
        except Refused as refusal:
            self._refuse(context, refusal)
            return
        data = replace(data, ical=with_text(data, component.lines, schedule))
        if self._master is not None:
            context.report("uid_twice")
            self._problems += context.problems
            if revision(data) < revision(self._master.data):
                return
        self._master = _Master(data, schedule, context)

    def built(self) -> Iterator[CalendarObject | Problem]:
        master = None if self._master is None else self._master.data
        versions: dict[date, list[EventData]] = {}
        ranges: list[EventData] = []
        for component, properties in self._overrides:
            data = self._override(component, properties)
            if data is not None and data.recurrence_id is not None:
                versions.setdefault(data.recurrence_id, []).append(data)
                if (properties["RECURRENCE-ID"][0].parameter("RANGE") or "").upper() == "THISANDFUTURE":
                    ranges.append(data)
        overrides = {data.recurrence_id: data for data in newest(versions) if data.recurrence_id is not None}
        if self._master is not None:
            self._add_implied(self._master, overrides, ranges)
            self._problems += [p for p in self._master.context.problems if p not in self._problems]
        if master is None and not overrides:
            yield from self._problems
            return
        assert self._uid is not None
        yield CalendarObject(
            uid=self._uid,
            master=master,
            overrides=tuple(overrides.values()),
            zones="\n".join(self._zones),
            problems=tuple(self._problems),
            line=self._line,
        )

    def _override(self, component: Component, properties: Properties) -> EventData | None:
        context = component.context
        master = None if self._master is None else self._master.data
        try:
            identifier = read_recurrence_id(properties["RECURRENCE-ID"][0], master, context)
            data, schedule = read_event(component.lines, properties, context)
        except Refused as refusal:
            self._refuse(context, refusal)
            return None
        if data.rule is not None or (data.rdates and master is not None):
            context.report("override_recurs")
        # An override is one instance (§3.8.4.4). One without a master keeps its RDATEs nowhere either.
        data = replace(data, rule=None, exdates=(), rdates=(), recurrence_id=identifier)
        self._problems += context.problems
        return replace(data, ical=with_text(data, component.lines, schedule))

    def _add_implied(self, master: _Master, overrides: dict[date, EventData], ranges: list[EventData]) -> None:
        for data in from_periods(master.data, master.schedule):
            if data.recurrence_id is not None:
                overrides.setdefault(data.recurrence_id, data)
        maximum = master.context.limits.overrides
        ranges.sort(key=_identifier)
        for number, first in enumerate(ranges):
            until = _identifier(ranges[number + 1]) if number + 1 < len(ranges) else None
            room = max(0, maximum - len(overrides))
            news = (data for data in from_range(master.data, first, until) if _identifier(data) not in overrides)
            implied = list(islice(news, room + 1))
            if len(implied) > room:
                master.context.report("range_cut", maximum=maximum)
            overrides.update((_identifier(data), data) for data in implied[:room])

    def _refuse(self, context: Context, refusal: Refused) -> None:
        self._problems += context.problems
        self._problems.append(
            Problem(
                line=refusal.line or context.line,
                uid=context.uid,
                code=refusal.code,
                params=refusal.params,
                refused=True,
            )
        )


def _identifier(data: EventData) -> date:
    assert data.recurrence_id is not None
    return data.recurrence_id
