"""What iCalendar texts say, in the terms of Planner: the values that reading makes and writing takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Role = Literal["required", "optional", "chair"]
Response = Literal["needs_action", "accepted", "tentative", "declined"]
Status = Literal["confirmed", "tentative", "cancelled"]
Visibility = Literal["default", "public", "private", "confidential"]
Transparency = Literal["opaque", "transparent"]


@dataclass(frozen=True, slots=True)
class Attendee:
    """An ATTENDEE (RFC 5545 §3.8.4.1). `email` is in lower case, without "mailto:"."""

    email: str
    name: str | None = None
    role: Role = "required"
    response: Response = "needs_action"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventData:
    """One VEVENT: an event, the master of a series, or an override of one instance (RFC 5545 §3.6.1).

    `start` and `end` (exclusive) are naive wall times in `zone`, an IANA name, or dates when `zone` is None, which
    means all-day. `start_utc` and `end_utc` are their instants, None when all-day. `nominal_days` is the whole days of
    a DURATION (§3.8.5.3). `rule` is the canonical text of a `Rule`. `exdates` and `rdates` are of the kind of `start`.
    `recurrence_id` is the original start of the instance that an override replaces: an aware UTC instant, or a date.
    `ical` is the component's own text as it was read, unfolded, with all that the fields do not hold; only `writing`
    may show it to others, because it holds a line of ours.
    """

    uid: str
    start: date
    end: date
    zone: str | None = None
    start_utc: datetime | None = None
    end_utc: datetime | None = None
    nominal_days: int = 0
    title: str = ""
    description: str | None = None
    location: str | None = None
    sequence: int = 0
    rule: str | None = None
    exdates: tuple[date, ...] = ()
    rdates: tuple[date, ...] = ()
    status: Status = "confirmed"
    visibility: Visibility = "default"
    transparency: Transparency = "opaque"
    organizer: tuple[str, str | None] | None = None
    attendees: tuple[Attendee, ...] = ()
    recurrence_id: date | None = None
    related_to: str | None = None
    stamp: datetime | None = None
    ical: str | None = None

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that was repaired or, when `refused`, left out. `code` is a constant for programs.

    `line` is the line of the file, counted from 1, where the component or the content line begins.
    """

    line: int | None
    uid: str | None
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarObject:
    """All components of one UID: what a client would store as one resource (RFC 4791 §4.1).

    Without `master`, the overrides stand alone: a guest of single instances gets no more than those. `zones` is the
    text of the VTIMEZONEs that its components name and the IANA database does not. `line` is where the first of them
    begins, counted from 1.
    """

    uid: str
    master: EventData | None
    overrides: tuple[EventData, ...] = ()
    zones: str = ""
    problems: tuple[Problem, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherComponent:
    """A component that is kept but not understood: VTODO, VJOURNAL, VFREEBUSY, X-…; its text is unfolded."""

    name: str
    uid: str | None
    text: str
    zones: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarProperties:
    """What a VCALENDAR says of itself (RFC 5545 §3.7, RFC 7986 §5).

    `zone` is the IANA name behind X-WR-TIMEZONE. `refresh_seconds` is REFRESH-INTERVAL or X-PUBLISHED-TTL. `text` holds
    the unfolded lines that Planner does not write itself, so that they come back.
    """

    method: str | None = None
    name: str | None = None
    description: str | None = None
    color: str | None = None
    zone: str | None = None
    refresh_seconds: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """What a text may cost. Bytes are counted as read; a component, line or list beyond its bound is refused."""

    components: int = 50_000
    component_bytes: int = 1024 * 1024
    line_bytes: int = 256 * 1024
    depth: int = 8
    attendees: int = 500
    exdates: int = 500
    rdates: int = 500
    overrides: int = 500
    title_characters: int = 500
    location_characters: int = 500
    description_characters: int = 50_000
