"""Other rooms or times for occurrences that did not get theirs."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.common import DateOrMoment, Input, example


class RebookedOccurrence(Input):
    """One occurrence, and what it is to have instead. What is not sent stays; the same room is asked for again."""

    occurrence: DateOrMoment = Field(
        description="Its original start: an instant, wall time in the event's zone, or a date",
        examples=["2027-03-29T09:00:00"],
    )
    room_id: UUID | None = Field(None, description="Null: it goes without a room")
    start_time: DateOrMoment | None = Field(None, examples=["2027-03-29T11:00:00"])
    end_time: DateOrMoment | None = Field(None, examples=["2027-03-29T12:00:00"])


class RebookingWrite(Input):
    model_config = example(
        items=[
            {"occurrence": "2027-03-29T09:00:00", "room_id": "0190a0d8-0000-7000-8000-000000000000"},
            {
                "occurrence": "2027-04-05T09:00:00",
                "start_time": "2027-04-05T11:00:00",
                "end_time": "2027-04-05T12:00:00",
            },
        ]
    )

    items: Annotated[list[RebookedOccurrence], Field(min_length=1, max_length=100)]
