"""iCalendar as a response that is written while it is read from the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from fastapi.responses import StreamingResponse
from sqlmodel import Session

from app.core import tenancy
from app.core.actor import Actor
from app.core.tenancy import READS
from app.db import SessionLocal, get_read_engine
from app.schemas.common import DateOrMoment
from app.services.ical_export_service import Export
from app.services.windows import check_window, resolve_moment

MEDIA_TYPE = "text/calendar; charset=utf-8"
# Pieces are of some hundred bytes; each one sent by itself would cost a hop into the thread pool.
_PIECE = 64 * 1024
DOCUMENTED = {"description": "The calendar", "content": {"text/calendar": {"schema": {"type": "string"}}}}


@dataclass(frozen=True, slots=True)
class Range:
    """Which part of a calendar is exported."""

    start: DateOrMoment | None
    end: DateOrMoment | None
    zone: str | None

    def resolved(self, actor: Actor) -> dict[str, datetime]:
        """The bounds as instants; nothing where none was sent."""
        if self.start is None or self.end is None:
            return {}
        zone = self.zone or actor.time_zone
        start, until = resolve_moment(self.start, zone, "from"), resolve_moment(self.end, zone, "to")
        check_window(start, until)
        return {"start": start, "until": until}


def calendar_response(export: Export, name: str, headers: dict[str, str] | None = None) -> StreamingResponse:
    """The export as a file of this name. It opens a session for each batch, and none while it is sent."""

    @contextmanager
    def sessions() -> Iterator[Session]:
        actor = export.actor
        with SessionLocal(bind=get_read_engine(), info={READS: True}) as session:
            tenancy.enter(session, actor.company, actor=actor.user_id)
            yield session

    disposition = {"Content-Disposition": f'attachment; filename="{name}.ics"'}
    pieces = _in_larger_pieces(export.stream(sessions))
    return StreamingResponse(pieces, media_type=MEDIA_TYPE, headers={**disposition, **(headers or {})})


def _in_larger_pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= _PIECE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
