"""What is said at a ticket, and its files."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.models.ticket import TicketSource
from app.models.ticket_talk import EntryKind
from app.schemas.common import Input, Instant, LongText, Output, example
from app.schemas.discussion import Colleague
from app.schemas.ticket import EXAMPLE_ID, Requester


class TalkSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class EntryWrite(Input):
    model_config = example(body="Мы заменили лампу. Проверьте, пожалуйста.", mentions=[EXAMPLE_ID])

    kind: EntryKind = Field(EntryKind.REPLY, description="A note is for those who work the queue, never the requester")
    body: Annotated[LongText, StringConstraints(min_length=1)]
    mentions: list[UUID] = Field(
        default_factory=list, max_length=500, description="Colleagues who see the ticket; of a note, who see notes"
    )
    attachment_ids: list[UUID] = Field(
        default_factory=list,
        max_length=100,
        description="Files of the ticket that go along, by mail too; of a note, internal ones",
    )


class TicketFileRead(Output):
    """What is known of a file. Its bytes are under `/content`."""

    id: UUID
    entry_id: UUID | None = Field(description="The answer or note with which it came")
    uploaded_by: Colleague | None = Field(description="Null: somebody outside, by mail")
    is_internal: bool = Field(description="For those who work the queue, as notes are")
    name: str
    media_type: str = Field(description="As the content shows, whatever the client called it")
    size: int = Field(description="Bytes")
    sha256: str
    created_at: Instant


class EntryRead(Output):
    id: UUID
    kind: EntryKind
    author: Requester
    body: str
    folded: str | None = Field(description="What a mail quoted below itself, and the signature")
    mentions: list[Colleague]
    attachments: list[TicketFileRead]
    source: TicketSource
    created_at: Instant
