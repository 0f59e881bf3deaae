"""What participants answer, and what else is theirs alone (rules 15 to 17)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.core.errors import Forbidden, Invalid
from app.models.base import now
from app.models.event import Event
from app.models.participant import EventParticipant, ParticipantResponse
from app.schemas.attendance import AnswerWrite, OwnWrite
from app.schemas.event import EventWrite
from app.services.attendance import Place, find_place, own_rows
from app.services.event_edit_service import Trace
from app.services.event_service import Outcome
from app.services.event_times import resolve_times
from app.services.notice_service import note_answer
from app.services.rows import flush

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, with another time that the participant proposes (COUNTER, RFC 5546 §3.2.7)."""

    response: ParticipantResponse
    comment: str | None = None
    proposed_start: datetime | None = None
    proposed_end: datetime | None = None


def answer(session: Session, actor: Actor, event_id: UUID, data: AnswerWrite, occurrence: date | None) -> Outcome:
    """Answer for oneself: to an event, a whole series, or one occurrence, which invites nobody again (rule 16).

    An answer to a series also holds for its overrides where the answer was the same. Neither the event's version nor
    its SEQUENCE rises (rule 15). The organizer is told, if anything changed.

    Raises:
        NotFound: the actor does not see the event, or the series has no such occurrence.
        Forbidden: the actor does not take part.
        Invalid: the proposed time is not acceptable.
    """
    place = find_place(session, actor, event_id, occurrence)
    rows = _own_rows(session, actor, place)
    reply = _reply(place.event, data)
    own = rows[place.event.id]
    before = own.response
    if _as_reply(own) == reply:
        return Outcome(place.event, [place.series])
    for event in place.rows:
        row = rows.get(event.id)
        if row is not None and row.response == before:
            # Answers that come here are in order: the event is locked.
            stamp = max(now(), row.replied_at or _BEGINNING)
            record_reply(session, event, row, reply, max(event.sequence, row.replied_sequence), stamp)
    return Outcome(place.event, [place.series], Trace(notices=note_answer(session, actor, place.event, own)))


def record_reply(
    session: Session, event: Event, participant: EventParticipant, response: Reply, sequence: int, stamp: datetime
) -> bool:
    """Note a reply of a participant of this row, unless a newer one is known (rule 15); whether it counted.

    Args:
        participant: their row, stored already or not.
        sequence: the SEQUENCE of the event that the reply answers.
        stamp: when the reply was written (DTSTAMP), aware.
    """
    known = (participant.replied_sequence, participant.replied_at or _BEGINNING)
    if (sequence, stamp) < known:
        return False
    participant.response, participant.comment = response.response, response.comment
    participant.proposed_start, participant.proposed_end = response.proposed_start, response.proposed_end
    participant.replied_sequence, participant.replied_at = sequence, stamp
    _store(session, event, participant)
    return True


def set_own(session: Session, actor: Actor, event_id: UUID, data: OwnWrite, occurrence: date | None) -> Outcome:
    """Set what is the actor's alone in an event, a series with its overrides, or one occurrence. Nobody is told.

    Raises:
        NotFound: the actor does not see the event, or the series has no such occurrence.
        Forbidden: the actor does not take part.
    """
    place = find_place(session, actor, event_id, occurrence)
    rows = _own_rows(session, actor, place)
    before = rows[place.event.id].transparency
    for event in place.rows:
        row = rows.get(event.id)
        if row is not None and row.transparency == before != data.transparency:
            row.transparency = data.transparency
            _store(session, event, row)
    return Outcome(place.event, [place.series])


def _own_rows(session: Session, actor: Actor, place: Place) -> dict[UUID, EventParticipant]:
    rows = own_rows(session, actor, place.rows)
    if place.event.id not in rows:
        raise Forbidden("not_participant")
    return rows


def _store(session: Session, event: Event, participant: EventParticipant) -> None:
    participant.span = event.span
    session.add(participant)
    flush(session)


def _as_reply(row: EventParticipant) -> Reply:
    return Reply(ParticipantResponse(row.response), row.comment, row.proposed_start, row.proposed_end)


def _reply(event: Event, data: AnswerWrite) -> Reply:
    if data.proposed_start is None:
        return Reply(data.response, data.comment)
    written = EventWrite(
        title=event.title,
        start_time=data.proposed_start,
        end_time=data.proposed_end,
        is_all_day=event.is_all_day,
        time_zone=event.time_zone,
    )
    try:
        times = resolve_times(written, event.time_zone or "UTC")
    except Invalid as error:
        field = str(error.extra.get("field", "")).replace("_time", "")
        raise Invalid(error.code, field=f"proposed_{field}", **error.params) from error
    return Reply(data.response, data.comment, times.start_time, times.end_time)
