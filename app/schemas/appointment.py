"""Appointments that others book: kinds, times, and who booked what."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.models.appointment import AppointmentMode, AppointmentState
from app.schemas.common import (
    AwareMoment,
    Date,
    DateOrMoment,
    Input,
    Instant,
    Line,
    LongLine,
    Output,
    Text,
    ZoneName,
    example,
    partial_of,
)
from app.schemas.discussion import Colleague
from app.schemas.room_policy import OpeningSpan, OpeningSpanRead

EXAMPLE_ID = "01998f3e-6a00-7c4e-9d2b-5f1c3a7e8b90"


class QuestionType(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    CHOICES = "choices"
    NUMBER = "number"
    DATE = "date"
    PHONE = "phone"
    YES_NO = "yes_no"


class Question(Input):
    """What whoever books is asked."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = Field(examples=["topic"])
    label: Line
    type: QuestionType = QuestionType.TEXT
    required: StrictBool = False
    options: list[Line] = Field(default_factory=list, max_length=50, description="Of choice and choices")

    @model_validator(mode="after")
    def _has_options(self) -> Self:
        if (self.type in (QuestionType.CHOICE, QuestionType.CHOICES)) != bool(self.options):
            raise PydanticCustomError("question_options", "A choice has options, and only a choice")
        return self


def _without_doubles(questions: list[Question]) -> list[Question]:
    if len({question.key for question in questions}) < len(questions):
        raise PydanticCustomError("question_keys", "Each question has a key of its own")
    return questions


def _durations(minutes: list[int]) -> list[int]:
    return list(dict.fromkeys(minutes))


Minutes = Annotated[int, Field(strict=True, ge=5, le=1440)]
Buffer = Annotated[int, Field(strict=True, ge=0, le=1440)]
YEAR_MINUTES = 366 * 1440


class HostWrite(Input):
    user_id: UUID
    weight: int = Field(1, strict=True, ge=1, le=100, description="Who has twice the weight, gets twice as many")


class DayWrite(Input):
    """A day with other hours than usual."""

    day: Date = Field(examples=["2027-07-05"])
    hours: list[OpeningSpan] = Field(max_length=20, description="Those of its weekday count. Empty: none")


class KindWrite(Input):
    """A kind of appointment: how long, when, with whom, and by which rules."""

    model_config = example(
        name="Собеседование",
        mode="round_robin",
        hosts=[{"user_id": EXAMPLE_ID, "weight": 1}],
        durations=[30, 60],
        buffer_after_minutes=10,
        notice_minutes=120,
        window_days=30,
        questions=[{"key": "topic", "label": "О чём?", "type": "text", "required": True}],
        is_public=True,
    )

    name: Line
    description: Text | None = None
    mode: AppointmentMode = Field(
        AppointmentMode.ONE, description="With one person; with all hosts; with the one who is free and has had least"
    )
    hosts: list[HostWrite] | None = Field(None, min_length=1, max_length=100, description="Not sent: you")
    durations: Annotated[list[Minutes], Field(min_length=1, max_length=10), AfterValidator(_durations)] = Field(
        default_factory=lambda: [30], description="In minutes, to choose from; the first is the usual one"
    )
    buffer_before_minutes: Buffer = 0
    buffer_after_minutes: Buffer = 0
    notice_minutes: int = Field(0, strict=True, ge=0, le=YEAR_MINUTES, description="How long before it is booked")
    window_days: int = Field(60, strict=True, ge=1, le=730, description="How far ahead it is booked")
    step_minutes: Minutes | None = Field(
        None, description="From one start to the next, counted from where hours begin. Null: the shortest duration"
    )
    max_per_day: int | None = Field(None, strict=True, ge=1, le=1000, description="Of each host")
    max_per_week: int | None = Field(None, strict=True, ge=1, le=1000, description="Of each host, Monday to Sunday")
    capacity: int = Field(1, strict=True, ge=1, le=1000, description="How many can have the same time")
    place: LongLine | None = Field(None, description="An address, a phone number, a link")
    room_id: UUID | None = Field(None, description="Booked along")
    needs_approval: StrictBool = False
    hours: list[OpeningSpan] | None = Field(None, max_length=50, description="Null: the hosts' working hours")
    time_zone: ZoneName | None = Field(None, description="Of hours and days. Null: each host's own")
    days: list[DayWrite] = Field(default_factory=list, max_length=366)
    questions: Annotated[list[Question], Field(max_length=30), AfterValidator(_without_doubles)] = Field(
        default_factory=list
    )
    reminder_minutes: list[Annotated[int, Field(strict=True, ge=5, le=43_200)]] = Field(
        default_factory=lambda: [1440], max_length=5, description="Before the beginning, by mail to whoever booked"
    )
    change_until_minutes: int = Field(
        60, strict=True, ge=0, le=YEAR_MINUTES, description="Until so long before, whoever booked moves or cancels it"
    )
    max_moves: int = Field(3, strict=True, ge=0, le=100)
    is_public: StrictBool = Field(False, description="Whether people from outside book it on a page")
    is_active: StrictBool = True


KindPatch = partial_of(KindWrite, "KindPatch")


class HostRead(Output):
    user: Colleague
    weight: int


class DayRead(Output):
    day: date
    hours: list[OpeningSpanRead]


class KindRead(Output):
    id: UUID
    owner: Colleague
    name: str
    description: str | None
    mode: AppointmentMode
    hosts: list[HostRead]
    durations: list[int]
    buffer_before_minutes: int
    buffer_after_minutes: int
    notice_minutes: int
    window_days: int
    step_minutes: int | None
    max_per_day: int | None
    max_per_week: int | None
    capacity: int
    place: str | None
    room_id: UUID | None
    needs_approval: bool
    hours: list[OpeningSpanRead] | None
    time_zone: str | None
    days: list[DayRead]
    questions: list[Question]
    reminder_minutes: list[int]
    change_until_minutes: int
    max_moves: int
    is_public: bool
    is_active: bool
    public_url: str | None = Field(description="Of the page for people from outside")
    created_at: Instant
    updated_at: Instant
    version: int


class KindSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"


class SlotsQuery(Input):
    kind: UUID
    start: DateOrMoment = Field(alias="from", examples=["2027-03-22"])
    end: DateOrMoment = Field(alias="to", examples=["2027-03-29"], description="Exclusive, of beginnings")
    minutes: int | None = Field(None, ge=5, le=1440, description="One of the kind's durations. Not sent: the usual one")
    time_zone: ZoneName | None = Field(None, description="IANA zone of naive times; yours when not sent")


class SlotRead(Output):
    start: Instant
    end: Instant
    seats: int = Field(description="How many are free")


class SlotsRead(Output):
    kind_id: UUID
    minutes: int
    slots: list[SlotRead]


class BookingWrite(Input):
    """An appointment for oneself."""

    model_config = example(kind_id=EXAMPLE_ID, start="2027-03-22T09:00:00+01:00", answers={"topic": "Договор"})

    kind_id: UUID
    start: AwareMoment = Field(examples=["2027-03-22T09:00:00+01:00"])
    minutes: int | None = Field(None, strict=True, ge=5, le=1440, description="Not sent: the usual duration")
    answers: dict[str, Any] = Field(default_factory=dict, max_length=30, description="By the keys of the questions")


class BookingDecision(Input):
    model_config = example(is_approved=True)

    is_approved: StrictBool
    reason: LongLine | None = None


class BookingMove(Input):
    model_config = example(start="2027-03-22T10:00:00+01:00")

    start: AwareMoment = Field(examples=["2027-03-22T10:00:00+01:00"])


class BookingSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class BookingQuery(Input):
    kind_id: UUID | None = None
    state: AppointmentState | None = None
    start: Date | None = Field(None, alias="from", examples=["2027-03-01"], description="UTC")
    end: Date | None = Field(None, alias="to", examples=["2027-04-01"], description="Exclusive")
    sort: BookingSort = BookingSort.CREATED_DESC
    limit: int | None = Field(None, ge=1, description="Rows a page; capped by the installation")
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class BookingRead(Output):
    id: UUID
    kind_id: UUID
    kind_name: str
    state: AppointmentState
    start: Instant
    end: Instant
    hosts: list[Colleague]
    name: str | None = Field(description="Of whoever booked")
    email: str | None
    user: Colleague | None = Field(description="The colleague who booked; null: somebody from outside")
    answers: dict[str, Any]
    event_id: UUID | None = Field(description="The meeting that it became")
    language: str
    time_zone: str = Field(description="Of whoever booked")
    reason: str | None
    may_decide: bool = Field(description="Whether it waits for you")
    created_at: Instant
    updated_at: Instant
    version: int
