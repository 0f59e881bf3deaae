"""iCalendar in and out: imports, secret feeds, and calendars that show a feed from elsewhere."""

from uuid import UUID

from pydantic import Field

from app.models.interchange import FeedDetail, IcsImportState, IcsOutcome
from app.schemas.common import Address, Color, Input, Instant, Line, Output, example, partial_of


class IcsImportRead(Output):
    """How an import stands. Every count is of events, series counting once; `problems` of lines of the report."""

    id: UUID
    calendar_id: UUID
    user_id: UUID
    state: IcsImportState
    size: int = Field(description="Bytes of the file")
    events_total: int = Field(description="VEVENTs in the file")
    events_done: int = Field(description="VEVENTs that are through: the progress")
    created: int
    updated: int
    unchanged: int
    skipped: int = Field(description="Left alone, because what is stored is newer")
    problems: int = Field(description="Parts that were repaired or refused: the report tells which")
    report_lines: int
    error: str | None = Field(description="The code of the reason why it failed")
    created_at: Instant
    finished_at: Instant | None


class IcsImportLineRead(Output):
    """What became of an event of the file, or what was repaired or refused in it."""

    number: int
    line: int | None = Field(description="Where it begins in the file, counted from 1")
    uid: str | None
    outcome: IcsOutcome
    code: str | None
    detail: str | None = Field(description="In the reader's language")


class FeedWrite(Input):
    model_config = example(detail="free_busy")

    detail: FeedDetail = FeedDetail.FULL


class FeedRead(Output):
    """A secret address. It shows what its owner may see at the moment when it is read."""

    id: UUID
    calendar_id: UUID | None = Field(description="Null: everything that its owner sees")
    detail: FeedDetail
    created_at: Instant


class FeedCreated(FeedRead):
    url: str = Field(description="Told this once: only a hash of its secret is kept")


class OutsideFeedWrite(Input):
    """A calendar that shows the events of an iCalendar feed elsewhere. Planner fetches it again and again."""

    model_config = example(
        url="webcal://calendar.example/holidays.ics", name="Праздники", color="#c62828", refresh_minutes=720
    )

    url: Address = Field(description="http, https or webcal")
    name: Line
    color: Color = "#3788d8"
    refresh_minutes: int = Field(60, ge=1, le=10_080, description="The installation has a least number")


OutsideFeedPatch = partial_of(OutsideFeedWrite, "OutsideFeedPatch")


class OutsideFeedRead(Output):
    """A subscribed calendar, and how the last fetch went. The address is for whoever owns the calendar."""

    id: UUID = Field(description="Of the calendar")
    name: str
    color: str
    url: str
    refresh_minutes: int
    next_at: Instant = Field(description="When it is fetched next")
    checked_at: Instant | None = Field(description="The last attempt")
    fetched_at: Instant | None = Field(description="The last attempt that went well")
    error: str | None = Field(description="The code of what went wrong in the last attempt")
    error_detail: str | None = Field(description="The same, in the reader's language")
    failures: int = Field(description="In a row: after each, the next attempt waits longer")
    problems: int = Field(description="Parts of the feed that could not be taken")
    version: int
