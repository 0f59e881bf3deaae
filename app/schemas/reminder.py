"""Reminders: what people want."""

from enum import StrEnum

from pydantic import Field

from app.models.notification import ReminderChannel
from app.schemas.common import Input, Output, example

FOUR_WEEKS = 40_320
LAST_MINUTE = -1439


class ReminderLevel(StrEnum):
    """What decides about my reminders of an event, the nearest first."""

    OCCURRENCE = "occurrence"
    EVENT = "event"
    CALENDAR = "calendar"
    # What I have chosen for everything.
    OWN = "own"
    # What holds for whoever has chosen nothing.
    INSTALLATION = "installation"


class ReminderWrite(Input):
    """One reminder: when, and by what."""

    minutes: int = Field(
        ge=LAST_MINUTE,
        le=FOUR_WEEKS,
        description="Before the start; of an all-day event before 00:00 of its first day on my clock, so that 900 is"
        " 09:00 the day before and -540 is 09:00 on the day",
    )
    channel: ReminderChannel = ReminderChannel.IN_APP


class ReminderRead(Output):
    minutes: int
    channel: ReminderChannel


class EventRemindersWrite(Input):
    model_config = example(reminders=[{"minutes": 15, "channel": "in_app"}, {"minutes": 1440, "channel": "mail"}])

    reminders: list[ReminderWrite] = Field(max_length=100, description="Empty: none at all")


class EventRemindersRead(Output):
    """My reminders of one event or occurrence, and what decides about them."""

    reminders: list[ReminderRead]
    level: ReminderLevel


class DefaultRemindersWrite(Input):
    model_config = example(timed=[{"minutes": 10, "channel": "in_app"}], all_day=[{"minutes": 900, "channel": "mail"}])

    timed: list[ReminderWrite] = Field(max_length=100, description="Of events with a time; empty: none")
    all_day: list[ReminderWrite] = Field(max_length=100, description="Of all-day events; empty: none")


class DefaultRemindersRead(Output):
    """My reminders of all events, or of those in one calendar, and what decides about them."""

    timed: list[ReminderRead]
    all_day: list[ReminderRead]
    level: ReminderLevel
