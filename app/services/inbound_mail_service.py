"""Mail that comes in: answers to invitations find their event (RFC 6047, calendar rule 26), all else the tickets.

From proves nothing. An answer counts only where it was sent to the secret address that one invitation carried, and
names the same person as attendee. Mail that programs sent of themselves opens nothing and answers nothing. Whatever
counts as nothing is left alone, and the log says why.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.message import Message
from functools import lru_cache

import structlog
from sqlmodel import Session

from app.calendaring.ical.scheduling_reading import NoAnswer, ReadAnswer, read_answers
from app.core.config import get_settings
from app.core.errors import PlannerError
from app.models.base import now
from app.models.event import Event
from app.models.participant import ParticipantResponse
from app.services import invited_reply_service, reply_key_service, ticket_mail_service
from app.services.event_times import as_instant
from app.services.received_mail import Ignored, addresses_of, calendars_of, header, read_message, written_at
from app.services.reply_key_service import Invited
from app.services.response_service import Reply

log = structlog.get_logger(__name__)

NOT_OURS = "not_addressed_to_us"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: `reason` says why nothing did."""

    is_accepted: bool
    reason: str | None = None


# What takes a message in: each says that it is not its own by Ignored.
Handler = Callable[[Session, Message, list[str]], None]


def take_in(session: Session, content: bytes, recipient: str | None = None) -> Outcome:
    """Find what a message answers, for a session that has entered no company yet; it enters that of the answer.

    Args:
        content: the message as it came (RFC 5322).
        recipient: the address that the mail server took it for, where that is known.
    """
    try:
        message = read_message(content)
        addresses = addresses_of(message, recipient)
        reason = NOT_OURS
        for handler in HANDLERS:
            try:
                handler(session, message, addresses)
            except Ignored as refusal:
                # What it might have been says more than what it is not.
                reason = refusal.reason if reason == NOT_OURS else reason
            else:
                log.info("mail_taken_in", message_id=_message_id(message))
                return Outcome(is_accepted=True)
    except Ignored as refusal:
        reason, message = refusal.reason, Message()
    log.info("mail_left_alone", reason=reason, message_id=_message_id(message))
    return Outcome(is_accepted=False, reason=reason)


def _message_id(message: Message) -> str:
    return header(message, "Message-ID")[:200]


# Answers to invitations


def _take_answer(session: Session, message: Message, addresses: list[str]) -> None:
    pattern = _pattern(get_settings().REPLY_ADDRESS)
    keys = [match[1] for address in addresses if pattern and (match := pattern.fullmatch(address))]
    if not keys:
        raise Ignored(NOT_OURS)
    invited = next((found for key in keys if (found := reply_key_service.find(session, key))), None)
    if invited is None:
        raise Ignored("key_unknown")
    uid = invited_reply_service.uid_of(session, invited)
    answers = _answers(message)
    mine = [answer for answer in answers if answer.uid == uid]
    if not mine:
        raise Ignored("uid_is_another")
    written = written_at(message)
    # All of it counts, or nothing does.
    with session.begin_nested():
        for answer in mine:
            _record(session, invited, answer, written)


@lru_cache(maxsize=4)
def _pattern(template: str) -> re.Pattern[str] | None:
    if not template:
        return None
    before, _, after = template.lower().partition("{key}")
    return re.compile(f"{re.escape(before)}([a-z2-7]{{26}}){re.escape(after)}")


def _answers(message: Message) -> list[ReadAnswer]:
    reason = "no_calendar"
    for part in calendars_of(message):
        try:
            return read_answers(part)
        except NoAnswer as error:
            reason = error.reason
        except (ValueError, OverflowError):
            reason = "calendar_unreadable"
    raise Ignored(reason)


def _record(session: Session, invited: Invited, answer: ReadAnswer, written: datetime) -> None:
    attendee = answer.of(invited.email)
    # Somebody who forwards an invitation answers for themselves, and was not invited.
    if attendee is None:
        raise Ignored("attendee_is_another")
    event = session.get(Event, (invited.company, invited.event_id))
    start, end = _proposed(event, answer)
    # Who hands the invitation on (DELEGATED) has not said that they will stay away; the delegate was not invited.
    if attendee.response == "needs_action" and start is None:
        raise Ignored("answer_unknown")
    reply = Reply(ParticipantResponse(attendee.response), answer.comment, start, end)
    stamp = min(answer.stamp or written, now())
    try:
        invited_reply_service.answer_by_mail(session, invited, reply, answer.recurrence_id, answer.sequence, stamp)
    except PlannerError as error:
        raise Ignored(error.code) from error


def _proposed(event: Event | None, answer: ReadAnswer) -> tuple[datetime | None, datetime | None]:
    """The other times of a COUNTER as they are stored: instants, or the dates of an all-day event at 00:00 UTC."""
    if event is None or answer.start is None or answer.end is None:
        return None, None
    if event.is_all_day is isinstance(answer.start, datetime):
        raise Ignored("proposal_of_another_kind")
    try:
        start, end = _instant(event, answer.start), _instant(event, answer.end)
    except (OverflowError, ValueError) as error:
        raise Ignored("proposal_out_of_range") from error
    if end < start or not datetime(1902, 1, 1, tzinfo=UTC) < start <= end < datetime(2199, 1, 1, tzinfo=UTC):
        raise Ignored("proposal_out_of_range")
    return start, end


def _instant(event: Event, value: date) -> datetime:
    from_wall = isinstance(value, datetime) and value.tzinfo is None
    return invited_reply_service.in_zone_of(event, value) if from_wall else as_instant(value)


HANDLERS: tuple[Handler, ...] = (_take_answer, ticket_mail_service.take_mail)
