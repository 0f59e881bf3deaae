"""Mail that becomes tickets and answers.

From proves nothing, so what a mail may do depends on what it shows. An answer to a mail of ours quotes its Message-ID,
which is signed for the address that it went to (`ticket_mail_keys`): that is an answer of that person. A number in the
subject counts only for an answer of somebody who takes part in the ticket anyway. All else, sent to the address of a
queue, is a new ticket. Mail that programs sent of themselves never comes this far (`received_mail`).
"""

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import Message
from email.utils import parseaddr
from uuid import UUID

import structlog
from sqlalchemy import func, select, text
from sqlmodel import Session, col

from app.core import tenancy
from app.core.config import get_settings
from app.core.errors import PlannerError
from app.models.base import now
from app.models.organization import Organization
from app.models.ticket import Ticket, TicketPriority, TicketSource, TicketType
from app.models.ticket_desk import TicketMail, TicketQueue, UnknownSenders
from app.models.ticket_talk import EntryKind, TicketEntry
from app.models.user import User
from app.services import stored_files, ticket_clock, ticket_file_service, ticket_mail_keys, ticket_service
from app.services.mail_texts import MailFile, read_text, subject_of
from app.services.received_mail import Ignored, header
from app.services.stored_files import SentFile
from app.services.ticket_access import may_work, readers_among
from app.services.ticket_history import Hand
from app.services.ticket_mail_keys import MailThread
from app.services.ticket_talk_service import Author, Said, add_entry
from app.services.turns import take_turn

log = structlog.get_logger(__name__)

_QUEUE_OF = text("SELECT company, queue FROM ticket_queue_of(:addresses)")
_NUMBER = re.compile(r"\[#(\d{1,9})\]")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
# Of one mail, so many references are looked at.
REFERENCES_MAX = 50
TITLE_MAX = 200
_WITHOUT_SUBJECT = {"ru": "Без темы", "en": "No subject"}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail says it is from: a colleague, or nobody known."""

    email: str
    name: str | None
    user: User | None = None


def take_mail(session: Session, message: Message, addresses: Sequence[str]) -> None:
    """Make a ticket or an answer of a mail, for a session that has entered no company yet; it enters the mail's.

    Raises:
        Ignored: it is neither, or must not become one.
    """
    name, email = parseaddr(header(message, "From")[:1000])
    email = email.strip().lower()
    references = " ".join(header(message, field)[:20_000] for field in ("References", "In-Reply-To"))
    thread = ticket_mail_keys.find(references, email)
    queue_of = session.execute(_QUEUE_OF, {"addresses": list(addresses)}).one_or_none()
    if thread is None and queue_of is None:
        raise Ignored("not_addressed_to_us")
    if "@" not in email or len(email) > 254:
        raise Ignored("no_sender")
    company: UUID = thread.company if thread is not None else queue_of.company  # type: ignore[union-attr]
    tenancy.enter(session, company, origin="mail")
    organization = session.get(Organization, company)
    if organization is None or organization.deleted_at is not None:
        raise Ignored("not_addressed_to_us")
    _check_loop(session, company, message, email)
    digest = _mail_digest(message)
    _check_new(session, company, digest, email)
    sender = Sender(email, name.strip()[:200] or None, _colleague(session, company, email))
    try:
        # All of it counts, or nothing does.
        with session.begin_nested():
            queue_id = queue_of.queue if queue_of is not None and queue_of.company == company else None
            ticket = _take(session, company, message, sender, thread, queue_id, references)
            session.add(TicketMail(organization_id=company, message_hash=digest, ticket_id=ticket.id, sender=email))
            session.flush()
    except PlannerError as error:
        raise Ignored(error.code) from error


def _take(
    session: Session,
    company: UUID,
    message: Message,
    sender: Sender,
    thread: MailThread | None,
    queue_id: UUID | None,
    references: str,
) -> Ticket:
    found = _ticket_of_thread(session, thread) if thread is not None else None
    kind = thread.kind if thread is not None and found is not None else EntryKind.REPLY
    if found is None:
        found = _ticket_of_reference(session, company, sender, references, subject_of(message))
    if found is not None:
        answered = _answer(session, message, sender, found, kind)
        if answered is not None:
            return answered
    if queue_id is None:
        raise Ignored("ticket_closed_for_good" if found is not None else "ticket_unknown")
    return _new_ticket(session, message, sender, session.get_one(TicketQueue, (company, queue_id)))


def _answer(session: Session, message: Message, sender: Sender, ticket: Ticket, kind: EntryKind) -> Ticket | None:
    """Add a mail to its ticket; None where that can be reopened no more."""
    user = sender.user
    works = user is not None and user.id != ticket.requester_id and _works(session, ticket, user.id)
    if kind == EntryKind.NOTE and (user is None or not readers_among(session, ticket, {user.id}, internal=True)):
        # An answer to a note is a note, or nothing.
        raise Ignored("note_of_nobody")
    if not _takes_part(session, ticket, sender):
        # They did, when the mail that they answer went out.
        raise Ignored("sender_takes_no_part")
    written = read_text(message)
    author = Author(user.id if user else None, works=works, email=sender.email, name=sender.name)
    said = Said(written.body or "—", written.folded, source=TicketSource.MAIL)
    savepoint = session.begin_nested()
    try:
        entry = add_entry(session, ticket, author, kind, said)
    except PlannerError as refusal:
        savepoint.rollback()
        if refusal.code == "ticket_closed_for_good":
            return None
        raise
    savepoint.commit()
    _keep_files(session, ticket, user, written.files, entry)
    return ticket


def _new_ticket(session: Session, message: Message, sender: Sender, queue: TicketQueue) -> Ticket:
    if sender.user is None and queue.unknown_senders == UnknownSenders.IGNORE:
        raise Ignored("sender_unknown")
    if sender.user is not None and not (sender.user.is_active and sender.user.access_tickets):
        raise Ignored("sender_has_no_access")
    written = read_text(message)
    locale = session.get_one(Organization, queue.organization_id).locale
    title = " ".join(_NUMBER.sub("", subject_of(message)).split()) or _WITHOUT_SUBJECT["ru" if locale == "ru" else "en"]
    user = sender.user
    ticket = Ticket(
        organization_id=queue.organization_id,
        number=0,
        title=title[:TITLE_MAX],
        body=written.body,
        folded=written.folded,
        type=TicketType.REQUEST,
        priority=TicketPriority.NORMAL,
        queue_id=queue.id,
        requester_id=user.id if user else None,
        requester_email=None if user else sender.email,
        requester_name=None if user else sender.name,
        created_by_id=user.id if user else None,
        department_id=user.department_id if user else None,
        source=TicketSource.MAIL,
        next_due_at=ticket_clock.NEVER_DUE,
    )
    ticket_service.add(session, ticket, queue, None, Hand(cause="mail"))
    _keep_files(session, ticket, user, written.files)
    return ticket


def _ticket_of_thread(session: Session, thread: MailThread) -> Ticket | None:
    """The ticket, locked; where it was merged, the one as which it goes on."""
    ticket = _locked(session, thread.company, col(Ticket.id) == thread.ticket_id)
    for _ in range(REFERENCES_MAX):
        if ticket is None or ticket.merged_into_id is None:
            break
        ticket = _locked(session, thread.company, col(Ticket.id) == ticket.merged_into_id)
    return ticket


def _ticket_of_reference(
    session: Session, company: UUID, sender: Sender, references: str, subject: str
) -> Ticket | None:
    """The ticket of a mail that this one refers to, or of the number in its subject, if the sender takes part in it."""
    ids = _MESSAGE_ID.findall(references)[-REFERENCES_MAX:]
    mails = select(col(TicketMail.ticket_id)).where(
        col(TicketMail.organization_id) == company,
        col(TicketMail.message_hash).in_([_digest(id_) for id_ in ids]),
    )
    candidates = list(session.execute(mails).scalars())
    if numbers := _NUMBER.findall(subject):
        by_number = select(col(Ticket.id)).where(
            col(Ticket.organization_id) == company, col(Ticket.number) == int(numbers[-1])
        )
        candidates += session.execute(by_number).scalars()
    for ticket_id in dict.fromkeys(candidates):
        ticket = _ticket_of_thread(session, MailThread(company, ticket_id, EntryKind.REPLY))
        if ticket is not None and _takes_part(session, ticket, sender):
            return ticket
    return None


def _takes_part(session: Session, ticket: Ticket, sender: Sender) -> bool:
    if sender.user is None:
        return ticket.requester_id is None and ticket.requester_email == sender.email
    return bool(readers_among(session, ticket, {sender.user.id}))


def _works(session: Session, ticket: Ticket, user_id: UUID) -> bool:
    return ticket.assignee_id == user_id or may_work(session, ticket.organization_id, ticket.queue_id, user_id)


def _keep_files(
    session: Session, ticket: Ticket, user: User | None, files: Sequence[MailFile], entry: TicketEntry | None = None
) -> None:
    """Store the files of a mail, as many as the ticket and the company may have."""
    for file in files[: max(ticket_file_service.free_places(session, ticket), 0)]:
        sent = SentFile(io.BytesIO(file.content), len(file.content), hashlib.sha256(file.content).hexdigest())
        try:
            stored_files.check_size(sent)
            stored_files.check_room(session, ticket.organization_id, sent.size, lock=True)
            kept = stored_files.keep(ticket.organization_id, file.name, sent)
        except PlannerError as refusal:
            log.info("mail_file_left_out", reason=refusal.code, ticket_id=str(ticket.id))
            continue
        is_internal = entry is not None and entry.kind == EntryKind.NOTE
        uploaded_by, entry_id = user.id if user else None, entry.id if entry else None
        ticket_file_service.add_file(session, ticket, uploaded_by, kept, is_internal=is_internal, entry_id=entry_id)


def _check_loop(session: Session, company: UUID, message: Message, sender: str) -> None:
    """Raises Ignored for what we sent ourselves, and for what a sender sends without end."""
    if ticket_mail_keys.is_ours(header(message, "Message-ID")):
        raise Ignored("own_mail")
    own = select(col(TicketQueue.id)).where(
        col(TicketQueue.organization_id) == company, col(TicketQueue.email) == sender
    )
    if sender == parseaddr(get_settings().MAIL_FROM)[1].lower() or session.execute(own).first() is not None:
        raise Ignored("own_mail")
    counted = select(func.count()).where(
        col(TicketMail.organization_id) == company,
        col(TicketMail.sender) == sender,
        col(TicketMail.created_at) > now() - timedelta(hours=1),
    )
    if session.execute(counted).scalar_one() >= get_settings().TICKET_MAILS_PER_HOUR:
        raise Ignored("too_many_mails")


def _check_new(session: Session, company: UUID, digest: str, sender: str) -> None:
    """Raises Ignored for a mail that was taken in already; two at once wait for each other."""
    for key in (digest, sender):
        take_turn(session, "mail", f"{company}:{key}")
    if session.get(TicketMail, (company, digest)) is not None:
        raise Ignored("seen_already")


def _mail_digest(message: Message) -> str:
    """What names a mail: its Message-ID; of one without, what it says."""
    found = _MESSAGE_ID.search(header(message, "Message-ID"))
    return _digest(found[0] if found else message.as_string()[:100_000])


def _digest(message_id: str) -> str:
    return hashlib.sha256(message_id.strip().encode(errors="replace")).hexdigest()


def _locked(session: Session, company: UUID, which: object) -> Ticket | None:
    query = select(Ticket).where(col(Ticket.organization_id) == company, which)  # type: ignore[arg-type]
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    ticket: Ticket | None = session.execute(locked).scalar_one_or_none()
    return ticket


def _colleague(session: Session, company: UUID, email: str) -> User | None:
    query = select(User).where(col(User.organization_id) == company, col(User.email) == email)
    user: User | None = session.execute(query).scalar_one_or_none()
    return user
