"""Telling people of tickets. What is internal is told to nobody but those who see it, and never to the requester."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.spoken_times import SpokenTime
from app.core.texts.tickets import PROMISES
from app.models.notification import NotificationReason, NotificationType
from app.models.organization import Organization
from app.models.ticket import Ticket, TicketState, TicketWatcher
from app.models.ticket_desk import QueueRight, TicketQueue
from app.models.ticket_talk import EntryKind, TicketAttachment, TicketEntry
from app.models.user import User
from app.services import ticket_mail_keys
from app.services.announcement_service import Announcement, MailText, announce, line
from app.services.mail_files import mail_file
from app.services.notification_choices import Reader
from app.services.outbox_service import About, Mail, MailTemplate, MailValue, enqueue
from app.services.ticket_access import readers_among, workers_of
from app.services.ticket_clock import Escalation

# Characters of an answer that its notice shows, and lines that its mail does.
SHOWN = 300
LINES_MAX = 500
# Of a queue that nobody is assigned in, so many are told.
WORKERS_TOLD_MAX = 100
_TOLD_STATES = frozenset({TicketState.OPEN, TicketState.PENDING, TicketState.RESOLVED, TicketState.CLOSED})


@dataclass(frozen=True, slots=True)
class Told:
    """An answer or a note, and the files that go along."""

    entry: TicketEntry
    files: Sequence[TicketAttachment]


def tell_created(session: Session, ticket: Ticket, by: UUID | None) -> None:
    """Tell whoever works it of a new ticket, and its requester where somebody else, or a mail, made it."""
    if ticket.requester_id != by or by is None:
        _tell_requester(session, ticket, by, "ticket_created", {})
    _tell_desk(session, ticket, {by}, "ticket_new")


def tell_assigned(session: Session, ticket: Ticket, by: UUID | None) -> None:
    """Tell the new assignee."""
    people = {ticket.assignee_id} - {by, None}
    _announce(session, ticket, NotificationType.TICKET_WORK, NotificationReason.ASSIGNEE, people, "ticket_assigned", {})


def tell_entry(session: Session, ticket: Ticket, entry: TicketEntry, files: Sequence[TicketAttachment] = ()) -> None:
    """Tell of an answer or a note, with the files that go along: those it mentions, and those whom it concerns."""
    told = Told(entry, files)
    author = _name_of(session, entry)
    said = {"sender": author, "text": _short(entry.body)}
    by = entry.author_id
    is_note = entry.kind == EntryKind.NOTE
    mentioned = readers_among(session, ticket, entry.mentions, internal=is_note) - {by}
    _announce(
        session,
        ticket,
        NotificationType.MENTION,
        NotificationReason.MENTIONED,
        mentioned,
        "ticket_mentioned",
        said,
        told,
    )
    done = mentioned | {by}
    if is_note:
        people = readers_among(session, ticket, _assignee(ticket), internal=True) - done
        work, reason = NotificationType.TICKET_WORK, NotificationReason.ASSIGNEE
        _announce(session, ticket, work, reason, people, "ticket_note", said, told)
        return
    is_requester = by == ticket.requester_id if by is not None else True
    if is_requester:
        _tell_desk(session, ticket, done, "ticket_reply", said, told)
        _tell_watchers(session, ticket, done, "ticket_reply", said, told)
    else:
        _tell_requester(session, ticket, by, "ticket_reply", said, told, done=done)
        people = readers_among(session, ticket, _assignee(ticket)) - done - {ticket.requester_id}
        work, reason = NotificationType.TICKET_WORK, NotificationReason.ASSIGNEE
        _announce(session, ticket, work, reason, people, "ticket_reply", said, told)


def tell_state(session: Session, ticket: Ticket, by: UUID | None) -> None:
    """Tell the requester and watchers what became of it, and the desk of what comes back to it."""
    if ticket.state not in _TOLD_STATES or ticket.approval == "waiting":
        return
    params = {"text": ticket.pending_reason or ""}
    _tell_requester(session, ticket, by, f"ticket_{TicketState(ticket.state)}", params)
    if ticket.state == TicketState.OPEN:
        _tell_desk(session, ticket, {by}, "ticket_open")


def tell_merged(session: Session, ticket: Ticket, into: Ticket, by: UUID) -> None:
    """Tell the requester under which number their ticket goes on."""
    _tell_requester(session, ticket, by, "ticket_merged", {"other": into.number})


def tell_due(session: Session, ticket: Ticket, escalation: Escalation) -> None:
    """Tell the assignee and those who manage the queue of what is due, or late; where there are none, who works it."""
    company = ticket.organization_id
    people = _assignee(ticket) | workers_of(session, company, ticket.queue_id, QueueRight.MANAGE)
    due = ticket.first_answer_due_at if escalation.promise == "first_answer" else ticket.resolution_due_at
    params = {"when": SpokenTime(due or escalation.at), "what": PROMISES[escalation.promise]}
    reason = NotificationReason.QUEUE
    people = people or _some_workers(session, ticket)
    _announce(session, ticket, NotificationType.TICKET_DUE, reason, people, f"ticket_{escalation.stage}", params)


def ask_approval(session: Session, ticket: Ticket, approvers: Collection[UUID]) -> None:
    """Ask whoever approves."""
    params = {"sender": _requester_name(session, ticket)}
    kind, reason = NotificationType.TICKET_APPROVAL, NotificationReason.ADDRESSED
    _announce(session, ticket, kind, reason, set(approvers) - {ticket.requester_id}, "ticket_approval", params)


def tell_decision(session: Session, ticket: Ticket, by: UUID, reason: str | None) -> None:
    """Tell the requester what was decided; once approved, the desk has it as a new one."""
    decider = session.get_one(User, by)
    params = {"sender": decider.full_name or decider.email, "text": reason or "—"}
    is_approved = ticket.approval == "approved"
    _tell_requester(session, ticket, by, "ticket_approved" if is_approved else "ticket_refused", params)
    if is_approved:
        _tell_desk(session, ticket, {by}, "ticket_new")


def _tell_requester(
    session: Session,
    ticket: Ticket,
    by: UUID | None,
    text: str,
    params: Mapping[str, Any],
    told: Told | None = None,
    *,
    done: Collection[UUID | None] = (),
) -> None:
    """Tell the requester, wherever they are, and the watchers."""
    kind = NotificationType.TICKET
    heard = {by, *done}
    if ticket.requester_id is None:
        _write_outside(session, ticket, text, params, told)
    else:
        people = readers_among(session, ticket, {ticket.requester_id}) - heard
        _announce(session, ticket, kind, NotificationReason.REQUESTER, people, text, params, told)
    _tell_watchers(session, ticket, heard, text, params, told)


def _tell_watchers(
    session: Session,
    ticket: Ticket,
    done: Collection[UUID | None],
    text: str,
    params: Mapping[str, Any],
    told: Told | None = None,
) -> None:
    query = select(col(TicketWatcher.user_id)).where(
        col(TicketWatcher.organization_id) == ticket.organization_id, col(TicketWatcher.ticket_id) == ticket.id
    )
    watchers = readers_among(session, ticket, set(session.execute(query).scalars()))
    people = watchers - set(done) - {ticket.requester_id, ticket.assignee_id}
    kind, reason = NotificationType.TICKET, NotificationReason.WATCHER
    _announce(session, ticket, kind, reason, people, text, params, told)


def _tell_desk(
    session: Session,
    ticket: Ticket,
    done: Collection[UUID | None],
    text: str,
    params: Mapping[str, Any] | None = None,
    told: Told | None = None,
) -> None:
    """Tell the assignee, or where there is none, those who work the queue."""
    kind = NotificationType.TICKET_WORK
    # Who left or lost access hears of nothing any more.
    people = readers_among(session, ticket, _assignee(ticket))
    reason = NotificationReason.ASSIGNEE if people else NotificationReason.QUEUE
    people = people or _some_workers(session, ticket)
    _announce(session, ticket, kind, reason, people - set(done) - {ticket.requester_id}, text, params or {}, told)


def _assignee(ticket: Ticket) -> set[UUID]:
    return set() if ticket.assignee_id is None else {ticket.assignee_id}


def _some_workers(session: Session, ticket: Ticket) -> set[UUID]:
    return set(sorted(workers_of(session, ticket.organization_id, ticket.queue_id))[:WORKERS_TOLD_MAX])


def _announce(
    session: Session,
    ticket: Ticket,
    kind: NotificationType,
    reason: NotificationReason,
    people: Collection[UUID | None],
    text: str,
    params: Mapping[str, Any],
    told: Told | None = None,
) -> None:
    announce(
        session,
        ticket.organization_id,
        [
            Announcement(
                type=kind,
                reason=reason,
                people={person for person in people if person is not None},
                text=text,
                params={"number": ticket.number, "title": ticket.title, **params},
                mail=MailText(MailTemplate.TICKET, _mail_for(session, ticket, text, params, told)),
                ticket_id=ticket.id,
                url=get_settings().ticket_url(ticket.id, ticket.number),
            )
        ],
    )


def _mail_for(
    session: Session, ticket: Ticket, text: str, params: Mapping[str, Any], told: Told | None
) -> Callable[[Reader], Mapping[str, MailValue]]:
    queue = session.get_one(TicketQueue, (ticket.organization_id, ticket.queue_id))

    def values(reader: Reader) -> Mapping[str, MailValue]:
        return _mail_values(ticket, queue, text, params, told, reader.email, reader.time_zone, reader.language)

    return values


def _mail_values(
    ticket: Ticket,
    queue: TicketQueue,
    text: str,
    params: Mapping[str, Any],
    told: Told | None,
    email: str,
    zone: str,
    language: str,
) -> dict[str, MailValue]:
    entry = told.entry if told is not None else None
    kind = EntryKind(entry.kind) if entry is not None else EntryKind.REPLY
    filled = {"number": ticket.number, "title": ticket.title, **params}
    if entry is not None:
        # The text stands below, whole.
        filled["text"] = "↓"
    return {
        "number": str(ticket.number),
        "subject_title": ticket.title,
        "title": line(text, filled, zone, language),
        "body": entry.body.splitlines()[:LINES_MAX] if entry is not None else None,
        "files": [mail_file(file) for file in told.files] if told is not None and told.files else None,
        "url": get_settings().ticket_url(ticket.id, ticket.number),
        "message_token": ticket_mail_keys.make(ticket.organization_id, ticket.id, kind, email),
        "reply_to": queue.email,
        "is_personal": "yes" if entry is not None else None,
    }


def _write_outside(session: Session, ticket: Ticket, text: str, params: Mapping[str, Any], told: Told | None) -> None:
    """A mail to a requester who is no colleague: they have no choices, and no front end."""
    assert ticket.requester_email is not None
    organization = session.get_one(Organization, ticket.organization_id)
    queue = session.get_one(TicketQueue, (ticket.organization_id, ticket.queue_id))
    language = "ru" if organization.locale == "ru" else "en"
    zone = queue.time_zone or organization.time_zone
    values = _mail_values(ticket, queue, text, params, told, ticket.requester_email, zone, language)
    values |= {"url": None, "time_zone": zone, "reason_text": None}
    about = About(ticket.id, ticket.id, replaces=False)
    mail = Mail(MailTemplate.TICKET, ticket.requester_email, language, values, about=about)
    enqueue(session, ticket.organization_id, [mail])


def _name_of(session: Session, entry: TicketEntry) -> str:
    if entry.author_id is None:
        return entry.author_name or entry.author_email or ""
    author = session.get_one(User, entry.author_id)
    return author.full_name or author.email


def _requester_name(session: Session, ticket: Ticket) -> str:
    if ticket.requester_id is None:
        return ticket.requester_name or ticket.requester_email or ""
    requester = session.get_one(User, ticket.requester_id)
    return requester.full_name or requester.email


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"
