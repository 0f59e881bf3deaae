"""Comments and files of events."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.schemas.common import DateOrInstant, Input, Instant, Output, Text, example, partial_of


class DiscussionSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class Colleague(Output):
    """Somebody of the company, who may have left it since."""

    id: UUID
    full_name: str | None
    email: str


class CommentWrite(Input):
    model_config = example(body="Перенесём на час?", mentions=["01998f3e-6a00-7c4e-9d2b-5f1c3a7e8b90"])

    body: Annotated[Text, StringConstraints(min_length=1)]
    mentions: list[UUID] = Field(
        default_factory=list, max_length=500, description="Colleagues who see the event, by their ids"
    )


CommentPatch = partial_of(CommentWrite, "CommentPatch")


class CommentRead(Output):
    id: UUID
    event_id: UUID = Field(description="The single event or the series")
    original_start: DateOrInstant | None = Field(description="Of one occurrence of a series; null: on the whole of it")
    author: Colleague
    body: str
    mentions: list[Colleague]
    created_at: Instant
    edited_at: Instant | None = Field(description="Null: as it was first written")
    version: int


class AttachmentRead(Output):
    """What is known of a file. Its bytes are under `/content`."""

    id: UUID
    event_id: UUID = Field(description="The single event or the series")
    original_start: DateOrInstant | None = Field(description="Of one occurrence of a series; null: on the whole of it")
    uploaded_by: Colleague
    name: str
    media_type: str = Field(description="As the content shows, whatever the client called it")
    size: int = Field(description="Bytes")
    sha256: str
    created_at: Instant
