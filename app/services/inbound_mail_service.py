"""Mail that comes in: answers to invitations find their event (RFC 6047, calendar rule 26).

From proves nothing. An answer counts only where it was sent to the secret address that one invitation carried, and
names the same person as attendee. Mail that programs sent of themselves opens nothing and answers nothing. Whatever
counts as nothing is left alone, and the log says why.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache

import structlog
from sqlmodel import Session

from app.calendaring.ical.scheduling_reading import NoAnswer, ReadAnswer, read_answers
from app.core.config import get_settings
from app.core.errors import PlannerError
from app.models.base import now
from app.models.event import Event
from app.models.participant import ParticipantResponse
from app.services import invited_reply_service, reply_key_service
from app.services.event_times import as_instant
from app.services.reply_key_service import Invited
from app.services.response_service import Reply

log = structlog.get_logger(__name__)

MAX_PARTS = 100
# Where mail servers note whom a message was really for; the first is what the server that took it says.
ADDRESSED = ("X-Envelope-To", "Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
_BY_PROGRAMS = frozenset({"bulk", "junk", "list", "auto_reply"})
CALENDARS = ("text/calendar", "application/ics")


class Ignored(Exception):
    """The message is left alone; `reason` is a constant for programs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: `reason` says why nothing did."""

    is_accepted: bool
    reason: str | None = None


# What takes a message in: each says that it is not its own by Ignored.
Handler = Callable[[Session, EmailMessage, list[str]], None]


def take_in(session: Session, content: bytes, recipient: str | None = None) -> Outcome:
    """Find what a message answers, for a session that has entered no company yet; it enters that of the answer.

    Args:
        content: the message as it came (RFC 5322).
        recipient: the address that the mail server took it for, where that is known.
    """
    try:
        message = _read(content)
        addresses = _addresses(message, recipient)
        reason = "not_addressed_to_us"
        for handler in HANDLERS:
            try:
                handler(session, message, addresses)
            except Ignored as refusal:
                reason = refusal.reason
            else:
                log.info("mail_taken_in", message_id=_message_id(message))
                return Outcome(is_accepted=True)
    except Ignored as refusal:
        reason, message = refusal.reason, EmailMessage()
    log.info("mail_left_alone", reason=reason, message_id=_message_id(message))
    return Outcome(is_accepted=False, reason=reason)


def _read(content: bytes) -> EmailMessage:
    if len(content) > get_settings().INBOUND_MAIL_MAX_BYTES:
        raise Ignored("too_large")
    try:
        message = message_from_bytes(content, policy=SMTP)
    except (ValueError, LookupError, RecursionError) as error:
        raise Ignored("unreadable") from error
    if not isinstance(message, EmailMessage) or not message.keys():
        raise Ignored("unreadable")
    if _header(message, "Auto-Submitted").partition(";")[0].strip().lower() not in ("", "no"):
        raise Ignored("auto_submitted")
    if message.get_content_type() == "multipart/report" or _header(message, "Return-Path").strip() == "<>":
        raise Ignored("bounce")
    if _header(message, "Precedence").strip().lower() in _BY_PROGRAMS or "List-Id" in message:
        raise Ignored("sent_by_program")
    return message


def _header(message: EmailMessage, name: str) -> str:
    """The header's text; "" where there is none, or none that can be read."""
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError, TypeError):
        # The library's parser of structured headers fails on some that are none.
        return ""


def _addresses(message: EmailMessage, recipient: str | None) -> list[str]:
    """Whom it is for, lower case; the most certain first."""
    found = [recipient or ""]
    for name in ADDRESSED:
        try:
            values = [str(value) for value in message.get_all(name, [])]
        except (ValueError, IndexError, AttributeError, TypeError):
            continue
        found += [address for _, address in getaddresses(values[:20])]
    return list(dict.fromkeys(address.strip().strip("<>").lower() for address in found if address))[:50]


def _message_id(message: EmailMessage) -> str:
    return _header(message, "Message-ID")[:200]


# Answers to invitations


def _take_answer(session: Session, message: EmailMessage, addresses: list[str]) -> None:
    pattern = _pattern(get_settings().REPLY_ADDRESS)
    keys = [match[1] for address in addresses if pattern and (match := pattern.fullmatch(address))]
    if not keys:
        raise Ignored("not_addressed_to_us")
    invited = next((found for key in keys if (found := reply_key_service.find(session, key))), None)
    if invited is None:
        raise Ignored("key_unknown")
    uid = invited_reply_service.uid_of(session, invited)
    answers = _answers(message)
    mine = [answer for answer in answers if answer.uid == uid]
    if not mine:
        raise Ignored("uid_is_another")
    # Somebody who forwards an invitation answers for themselves, and was not invited.
    if any(answer.attendee.email != invited.email for answer in mine):
        raise Ignored("attendee_is_another")
    written = _written(message)
    for answer in mine:
        _record(session, invited, answer, written)


@lru_cache(maxsize=4)
def _pattern(template: str) -> re.Pattern[str] | None:
    if not template:
        return None
    before, _, after = template.lower().partition("{key}")
    return re.compile(f"{re.escape(before)}([a-z2-7]{{26}}){re.escape(after)}")


def _answers(message: EmailMessage) -> list[ReadAnswer]:
    reason = "no_calendar"
    for part in _calendars(message):
        try:
            return read_answers(part)
        except NoAnswer as error:
            reason = error.reason
        except (ValueError, OverflowError):
            reason = "calendar_unreadable"
    raise Ignored(reason)


def _calendars(message: EmailMessage) -> Iterator[bytes]:
    """What is iCalendar in the message: as a part, or as a file."""
    try:
        for number, part in enumerate(message.walk()):
            if number >= MAX_PARTS:
                raise Ignored("too_many_parts")
            name = (part.get_filename() or "").lower()
            if part.get_content_type() in CALENDARS or name.endswith(".ics"):
                content = part.get_payload(decode=True)
                if isinstance(content, bytes):
                    yield _as_utf_8(content, part.get_content_charset())
    except (LookupError, RecursionError, AttributeError, TypeError) as error:
        raise Ignored("unreadable") from error


def _as_utf_8(content: bytes, charset: str | None) -> bytes:
    if charset in (None, "utf-8", "us-ascii"):
        return content
    try:
        return content.decode(charset).encode()
    except (LookupError, UnicodeDecodeError):
        return content


def _written(message: EmailMessage) -> datetime:
    """When the message says it was written, where the answer itself does not; not later than now."""
    try:
        date_ = parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, TypeError, IndexError):
        return now()
    return min(now(), date_.astimezone(UTC) if date_.tzinfo else date_.replace(tzinfo=UTC))


def _record(session: Session, invited: Invited, answer: ReadAnswer, written: datetime) -> None:
    event = session.get(Event, (invited.company, invited.event_id))
    start, end = _proposed(event, answer)
    reply = Reply(ParticipantResponse(answer.attendee.response), answer.comment, start, end)
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
    start, end = _instant(event, answer.start), _instant(event, answer.end)
    if end < start or not datetime(1902, 1, 1, tzinfo=UTC) < start <= end < datetime(2199, 1, 1, tzinfo=UTC):
        raise Ignored("proposal_out_of_range")
    return start, end


def _instant(event: Event, value: date) -> datetime:
    from_wall = isinstance(value, datetime) and value.tzinfo is None
    return invited_reply_service.in_zone_of(event, value) if from_wall else as_instant(value)


HANDLERS: tuple[Handler, ...] = (_take_answer,)
