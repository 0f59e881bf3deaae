"""Answering invitations to what lies in an absence, as whoever is away chose: declined, or the organizer is told.

A new absence looks at everything it covers; what is invited or moved into one afterwards, the change feed names. Each
occurrence is answered once: what people answer themselves afterwards stays.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog
from psycopg.types.range import TimestamptzRange
from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import PlannerError
from app.core.messages import Language, message
from app.core.spoken_times import SpokenTime, day
from app.models.base import now
from app.models.organization import Organization
from app.models.participant import ParticipantResponse
from app.models.user import User
from app.models.working_time import Absence, AbsenceAnswer, AbsenceState, AnsweredInvitation
from app.schemas.attendance import AnswerWrite
from app.schemas.event import Notify
from app.services import absence_notices, change_following, notice_service, presence, response_service
from app.services.actors import actor_for
from app.services.nudges import CHANGES, nudge

FOLLOWER = "absences"
CHANGES_A_STEP = 500
ANSWERS_A_STEP = 50
_COMPANIES = text("SELECT companies_with_absences_to_answer()")
# What the person takes part in, by themselves or with a department, that lies in the absence and makes them busy.
_CAUGHT = """
    WITH linked AS MATERIALIZED (
        SELECT event_id FROM event_participants WHERE user_id = :person AND span && :window
        UNION
        SELECT p.event_id FROM departments_of(:company, :person) d (id)
        JOIN event_participants p ON p.department_id = d.id AND p.span && :window
    )
    SELECT o.series_id, o.original_start, o.starts_at, e.id AS event_id, e.is_all_day, e.title, e.organizer_id,
           s.is_recurring AND e.series_id IS NULL AS is_one_of_many
    FROM linked l
    JOIN events e ON e.organization_id = :company AND e.id = l.event_id
    JOIN event_occurrences o ON o.organization_id = :company AND o.event_id = e.id
    JOIN events s ON s.organization_id = :company AND s.id = o.series_id
    LEFT JOIN event_participants own
      ON own.organization_id = :company AND own.event_id = e.id AND own.user_id = :person
    WHERE e.status <> 'cancelled' AND e.organizer_id <> :person {only}
      AND coalesce(own.response, 'needs_action') <> 'declined'
      AND coalesce(own.transparency, e.transparency) = 'opaque'
      AND CASE WHEN e.is_all_day THEN o.starts_at < :day_after AND o.ends_at > :first_day
          ELSE o.starts_at < :until AND o.ends_at > :since END
      AND o.ends_at > now()
      AND NOT EXISTS (
          SELECT FROM answered_invitations a
          WHERE a.organization_id = :company AND a.absence_id = :absence AND a.series_id = o.series_id
            AND a.original_start = o.original_start
      )
    ORDER BY o.starts_at, o.series_id
    LIMIT :limit
"""
_ALL = text(_CAUGHT.format(only=""))
_OF_CHANGED = text(_CAUGHT.format(only="AND (e.id = ANY(:changed ::uuid[]) OR e.series_id = ANY(:changed ::uuid[]))"))
log = structlog.get_logger(__name__)


def companies_to_answer(session: Session) -> list[UUID]:
    """The companies with absences that have not looked at all they cover yet."""
    return list(session.execute(_COMPANIES).scalars())


def look_again(session: Session, company: UUID) -> None:
    """Have a company's absences that are not over look anew at what they cover: series have been extended since."""
    session.execute(
        update(Absence).where(*_answering_still(company)).values(is_answered=False, updated_at=col(Absence.updated_at))
    )


def answer_soon(session: Session, absence: Absence) -> None:
    """Have an absence answer what it covers, and what comes later."""
    absence.is_answered = not _answers(absence)
    session.flush()
    if not absence.is_answered:
        change_following.begin(session, absence.organization_id, FOLLOWER)
        nudge(session, CHANGES)


def answer_next(session: Session, company: UUID) -> bool:
    """Answer some of what an absence of the entered company covers; whether there is more to do."""
    query = (
        select(Absence)
        .where(col(Absence.organization_id) == company, col(Absence.is_answered).is_(False))
        .order_by(col(Absence.id))
        .limit(1)
        .with_for_update(key_share=True, skip_locked=True)
    )
    absence: Absence | None = session.execute(query).scalar_one_or_none()
    if absence is None:
        return False
    if not _answers(absence) or _answer(session, absence, None) < ANSWERS_A_STEP:
        _set_answered(session, absence, is_answered=True)
    return True


def follow_next(session: Session, company: UUID) -> bool:
    """Go on in the change feed of the entered company; whether there is more to look at."""
    step = change_following.step(session, company, FOLLOWER, CHANGES_A_STEP)
    if step is None:
        return False
    absences = _answering(session, company)
    if not absences:
        change_following.end(session, company, FOLLOWER)
        return False
    for absence in absences if step.events else ():
        if _answer(session, absence, step.events) == ANSWERS_A_STEP:
            # More than a step: as if it were new.
            _set_answered(session, absence, is_answered=False)
    return step.has_more


def _answers(absence: Absence) -> bool:
    return absence.state == AbsenceState.APPROVED and absence.invitations != AbsenceAnswer.LEAVE


def _answering_still(company: UUID) -> list[ColumnElement[bool]]:
    """Those that answer and are not over, wherever on earth."""
    return [
        col(Absence.organization_id) == company,
        col(Absence.state) == AbsenceState.APPROVED,
        col(Absence.invitations) != AbsenceAnswer.LEAVE,
        col(Absence.last_day) >= (now() - presence.DAY_OR_TWO).date(),
    ]


def _answering(session: Session, company: UUID) -> Sequence[Absence]:
    query = select(Absence).where(*_answering_still(company))
    return session.execute(query.order_by(col(Absence.id)).with_for_update(key_share=True)).scalars().all()


def _set_answered(session: Session, absence: Absence, *, is_answered: bool) -> None:
    """Nobody edited it: neither its version nor its `updated_at` changes."""
    session.execute(
        update(Absence)
        .where(col(Absence.organization_id) == absence.organization_id, col(Absence.id) == absence.id)
        .values(is_answered=is_answered, updated_at=col(Absence.updated_at))
    )


def _answer(session: Session, absence: Absence, changed: Collection[UUID] | None) -> int:
    """Answer up to ANSWERS_A_STEP occurrences that the absence covers, or only those of `changed`; how many."""
    organization = session.get_one(Organization, absence.organization_id)
    person = session.get_one(User, absence.user_id)
    if not person.is_active:
        return 0
    zone = person.time_zone or organization.time_zone
    since, until = (datetime.fromtimestamp(moment, UTC) for moment in presence.span_of(absence, organization, zone))
    first_day = datetime.combine(absence.first_day, time(), UTC)
    day_after = datetime.combine(absence.last_day, time(), UTC) + timedelta(days=1)
    values: dict[str, Any] = {
        "company": organization.id,
        "absence": absence.id,
        "person": person.id,
        "since": since,
        "until": until,
        "first_day": first_day,
        "day_after": day_after,
        "window": TimestamptzRange(min(since, first_day), max(until, day_after)),
        "limit": ANSWERS_A_STEP,
    }
    if changed is None:
        caught = session.execute(_ALL, values).all()
    else:
        caught = session.execute(_OF_CHANGED, {**values, "changed": list(changed)}).all()
    actor = actor_for(person, organization)
    for row in caught:
        if _is_first(session, absence, row):
            try:
                with session.begin_nested():
                    _answer_one(session, actor, absence, row)
            except PlannerError as error:
                log.warning("invitation_not_answered", absence_id=str(absence.id), code=error.code)
    return len(caught)


def _is_first(session: Session, absence: Absence, row: Any) -> bool:
    """Note that an occurrence is answered; False: it was already."""
    noted = session.execute(
        insert(AnsweredInvitation)
        .values(
            organization_id=absence.organization_id,
            absence_id=absence.id,
            series_id=row.series_id,
            original_start=row.original_start,
        )
        .on_conflict_do_nothing()
        .returning(col(AnsweredInvitation.series_id))
    )
    return noted.first() is not None


def _answer_one(session: Session, actor: Actor, absence: Absence, row: Any) -> None:
    if absence.invitations == AbsenceAnswer.TELL:
        start = SpokenTime(row.starts_at, row.is_all_day)
        absence_notices.tell_organizer(session, absence, row.organizer_id, row.title, start)
        return
    original = row.original_start.date() if row.is_all_day else row.original_start
    occurrence = original if row.is_one_of_many else None
    answer = AnswerWrite(response=ParticipantResponse.DECLINED, comment=_comment(session, absence))
    outcome = response_service.answer(session, actor, row.event_id, answer, occurrence)
    notice_service.tell(session, actor, outcome.trace.notices, Notify.ALL)


def _comment(session: Session, absence: Absence) -> str:
    """That they are away, in the company's language; why is nobody's business."""
    organization = session.get_one(Organization, absence.organization_id)
    language: Language = "ru" if organization.locale == "ru" else "en"
    last = day(datetime.combine(absence.last_day, time(), UTC), language)
    return message("absence_comment", language, {"last": last})
