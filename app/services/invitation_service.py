"""Invitations: who may join a company, and the link that lets them."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, CursorResult, Select, and_, delete, func, select, text
from sqlmodel import Session, col

from app.core import tenancy
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.security import NO_PASSWORD
from app.models.base import now
from app.models.invitation import Invitation, InvitationState
from app.models.organization import Organization
from app.models.user import Role, User
from app.schemas.invitation import InvitationPreview, InvitationSort, InvitationWrite
from app.services import organization_service, outbox_service
from app.services.outbox_service import Mail, MailTemplate
from app.services.rows import PageRequest, SortColumn, apply_changes, check_version, fetch_page, flush, get_visible
from app.services.user_profile import department_name

log = structlog.get_logger(__name__)

SORTS = {
    "created_at": SortColumn(col(Invitation.created_at), datetime),
    "email": SortColumn(col(Invitation.email), str),
}
SECRET_BYTES = 32
# Waits for an answer, expired or not; `uq_invitations_open` allows one an address and company.
_UNANSWERED = and_(col(Invitation.accepted_at).is_(None), col(Invitation.revoked_at).is_(None))


def visible_to(organization: Organization) -> Select[Invitation]:
    """The invitations of a company that the actor keeps (`organization_service.get_managed`)."""
    return select(Invitation).where(col(Invitation.organization_id) == organization.id)


def list_invitations(
    session: Session,
    actor: Actor,
    organization_id: UUID,
    sort: InvitationSort,
    page: PageRequest,
    *,
    state: InvitationState | None = None,
    role: Role | None = None,
    email: str | None = None,
) -> tuple[list[Invitation], str | None]:
    """The company's invitations, for those who keep it."""
    query = visible_to(organization_service.get_managed(session, actor, organization_id))
    if state is not None:
        query = query.where(_is_in(state))
    if role is not None:
        query = query.where(col(Invitation.role) == role)
    if email is not None:
        query = query.where(col(Invitation.email) == email)
    return fetch_page(session, query, SORTS, sort, page)


def invite(session: Session, actor: Actor, organization_id: UUID, data: InvitationWrite) -> Invitation:
    """Write to somebody that they may join; a second invitation to the same address renews the first.

    Raises:
        Conflict: registration is closed, the e-mail has an account, or too many invitations wait for an answer.
        Invalid: the company has no such department.
    """
    # The lock lets invitations of one company go one after another: they are counted, and one address has one.
    organization = organization_service.get_managed(session, actor, organization_id, lock=True)
    _require_answerable(session, organization.id, data.email)
    if data.department_id is not None:
        department_name(session, organization.id, data.department_id)
    invited_by = actor.user_id if actor.organization_id == organization.id else None
    invitation = _find_unanswered(session, organization.id, data.email)
    if invitation is None:
        _require_room(session, organization.id, by_request=False)
        invitation = Invitation(
            **data.model_dump(),
            organization_id=organization.id,
            invited_by=invited_by,
            token_hash="",
            expires_at=now(),
        )
        session.add(invitation)
    else:
        invitation.sqlmodel_update({**data.model_dump(), "invited_by": invited_by})
    _send(session, organization, invitation, MailTemplate.INVITATION, inviter=_name_of(session, actor))
    return invitation


def resend(session: Session, actor: Actor, organization_id: UUID, invitation_id: UUID) -> Invitation:
    """Write again with a new link, which lasts as long as a first one; the old link is worth nothing from now on.

    Raises:
        Conflict: it was accepted or revoked, the e-mail has an account by now, or registration is closed.
    """
    organization = organization_service.get_managed(session, actor, organization_id, lock=True)
    invitation = _get_unanswered(session, organization, invitation_id)
    _require_answerable(session, organization.id, invitation.email)
    _send(session, organization, invitation, MailTemplate.INVITATION, inviter=_name_of(session, actor))
    return invitation


def revoke(
    session: Session, actor: Actor, organization_id: UUID, invitation_id: UUID, if_match: frozenset[int] | None
) -> None:
    """Withdraw an invitation, and its mail if that still waits.

    Raises:
        Conflict: it was accepted or revoked already.
    """
    organization = organization_service.get_managed(session, actor, organization_id, lock=True)
    invitation = _get_unanswered(session, organization, invitation_id)
    check_version(invitation, if_match)
    apply_changes(invitation, {"revoked_at": now()})
    flush(session)
    outbox_service.withdraw(session, organization.id, "invitation_id", str(invitation.id))


def ask_by_domain(session: Session, company: UUID, email: str) -> None:
    """Write to an address of one of the company's domains that it may register, or that it has an account.

    Whoever asks sees no difference, nor when nothing is sent because the address was written to a moment ago.
    """
    tenancy.enter(session, company)
    own = select(Organization).where(col(Organization.id) == company).with_for_update(key_share=True)
    organization = session.execute(own).scalar_one()
    pause = timedelta(minutes=get_settings().REGISTRATION_MAIL_PAUSE_MINUTES)
    if outbox_service.was_written_since(session, company, email, now() - pause):
        return
    if _has_account(session, email) and _find_without_password(session, company, email) is None:
        values = {"company": organization.name, "email": email}
        mail = Mail(MailTemplate.ACCOUNT_EXISTS, email, organization.locale, values)
        outbox_service.enqueue(session, company, [mail])
        return
    # One that an administrator sent keeps its role and department: the letter goes to the same person.
    invitation = _find_unanswered(session, company, email)
    if invitation is None:
        try:
            _require_room(session, company, by_request=True)
        except Conflict:
            log.warning("registrations_beyond_the_limit", organization_id=str(company))
            return
        invitation = Invitation(organization_id=company, email=email, token_hash="", expires_at=now())
        session.add(invitation)
    _send(session, organization, invitation, MailTemplate.REGISTRATION, inviter=None)


def preview(session: Session, token: str) -> InvitationPreview:
    """What a link is good for.

    Raises:
        Forbidden: the invitation is not valid, or has expired; or registration is closed.
    """
    invitation, organization = _by_token(session, token)
    return InvitationPreview(
        organization_name=organization.name,
        email=invitation.email,
        full_name=invitation.full_name,
        expires_at=invitation.expires_at,
    )


def accept(session: Session, token: str, user: User) -> User:
    """Use up the invitation and give `user`, who is not stored yet, its company, role and department.

    Somebody whom an import has stored without a password is given back instead: they keep what is stored.

    Raises:
        Forbidden: the invitation is not valid, or has expired; or registration is closed.
        Invalid: it was sent to another address.
    """
    invitation, organization = _by_token(session, token, lock=True)
    if user.email != invitation.email:
        raise Invalid("invitation_other_email", field="email")
    apply_changes(invitation, {"accepted_at": now()})
    known = _find_without_password(session, organization.id, user.email)
    # From here on it is the new person who acts.
    tenancy.enter(session, organization.id, actor=known.id if known else user.id)
    flush(session)
    if known is not None:
        return known
    user.organization_id = organization.id
    user.role = invitation.role
    user.full_name = user.full_name or invitation.full_name
    if invitation.department_id is not None:
        user.department_id = invitation.department_id
        user.department = department_name(session, organization.id, invitation.department_id)
    return user


def _has_account(session: Session, email: str) -> bool:
    """Whether somebody in the installation has this e-mail."""
    found = session.execute(text("SELECT person FROM find_account(:email)"), {"email": email}).scalar_one_or_none()
    return found is not None


def _find_without_password(session: Session, organization_id: UUID, email: str) -> User | None:
    """The active colleague with this e-mail whom an import has stored and who cannot sign in yet."""
    query = select(User).where(
        col(User.organization_id) == organization_id,
        col(User.email) == email,
        col(User.hashed_password) == NO_PASSWORD,
        col(User.is_active),
    )
    found: User | None = session.execute(query.with_for_update(key_share=True)).scalar_one_or_none()
    return found


def delete_over(session: Session, organization_id: UUID, *, batch: int = 5000) -> int:
    """Forget up to `batch` invitations that were over INVITATION_KEEP_DAYS ago, and say how many."""
    long_ago = now() - timedelta(days=get_settings().INVITATION_KEEP_DAYS)
    over = (
        select(col(Invitation.id))
        .where(
            col(Invitation.organization_id) == organization_id,
            # Answered or not, by then it was over.
            col(Invitation.expires_at) < long_ago,
        )
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    result = session.execute(
        delete(Invitation).where(
            col(Invitation.organization_id) == organization_id, col(Invitation.id).in_(over.scalar_subquery())
        )
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _is_in(state: InvitationState) -> ColumnElement[bool]:
    if state == InvitationState.ACCEPTED:
        return col(Invitation.accepted_at).is_not(None)
    if state == InvitationState.REVOKED:
        return and_(col(Invitation.accepted_at).is_(None), col(Invitation.revoked_at).is_not(None))
    is_open = col(Invitation.expires_at) > now()
    return and_(_UNANSWERED, is_open if state == InvitationState.OPEN else ~is_open)


def _require_answerable(session: Session, organization_id: UUID, email: str) -> None:
    if get_settings().REGISTRATION == "closed":
        raise Conflict("invitations_closed")
    if _has_account(session, email) and _find_without_password(session, organization_id, email) is None:
        raise Conflict("email_taken", email=email)


def _require_room(session: Session, organization_id: UUID, *, by_request: bool) -> None:
    """Those that strangers cause are counted apart, so that they cannot keep administrators from inviting."""
    limit = get_settings().INVITATIONS_OPEN_MAX
    by = col(Invitation.invited_by)
    waiting = select(func.count()).where(
        col(Invitation.organization_id) == organization_id,
        _UNANSWERED,
        col(Invitation.expires_at) > now(),
        by.is_(None) if by_request else by.is_not(None),
    )
    if session.execute(waiting).scalar_one() >= limit:
        raise Conflict("too_many_invitations", limit=limit)


def _find_unanswered(session: Session, organization_id: UUID, email: str) -> Invitation | None:
    query = select(Invitation).where(
        col(Invitation.organization_id) == organization_id, col(Invitation.email) == email, _UNANSWERED
    )
    found: Invitation | None = session.execute(query.with_for_update()).scalar_one_or_none()
    return found


def _get_unanswered(session: Session, organization: Organization, invitation_id: UUID) -> Invitation:
    invitation = get_visible(session, visible_to(organization), invitation_id, "invitation_not_found", lock=True)
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise Conflict("invitation_not_open")
    return invitation


def _name_of(session: Session, actor: Actor) -> str | None:
    """How the mail calls the one who invites; None for an administrator of the installation."""
    if actor.is_installation_admin:
        return None
    user = session.get_one(User, actor.user_id)
    return user.full_name or user.email


def _send(
    session: Session,
    organization: Organization,
    invitation: Invitation,
    template: MailTemplate,
    *,
    inviter: str | None,
) -> None:
    """Give the invitation a new token and write it to the person. Mails with an older one that still wait are gone."""
    secret = secrets.token_bytes(SECRET_BYTES)
    settings = get_settings()
    is_new = not invitation.token_hash
    invitation.token_hash = _hash(secret)
    invitation.expires_at = now() + timedelta(days=settings.INVITATION_EXPIRE_DAYS)
    if not is_new:
        invitation.version += 1
    flush(session)
    outbox_service.withdraw(session, organization.id, "invitation_id", str(invitation.id))
    values = {
        "invitation_id": str(invitation.id),
        "company": organization.name,
        "email": invitation.email,
        "full_name": invitation.full_name,
        "inviter": inviter,
        "url": settings.invitation_url(_token(invitation, secret)),
        "expires_at": invitation.expires_at.isoformat(),
        "time_zone": organization.time_zone,
    }
    outbox_service.enqueue(session, organization.id, [Mail(template, invitation.email, organization.locale, values)])


def _token(invitation: Invitation, secret: bytes) -> str:
    """URL-safe text: the company, so that row-level security lets it be found; the invitation; the secret."""
    return (
        base64.urlsafe_b64encode(invitation.organization_id.bytes + invitation.id.bytes + secret).decode().rstrip("=")
    )


def _hash(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()


def _by_token(session: Session, token: str, *, lock: bool = False) -> tuple[Invitation, Organization]:
    if get_settings().REGISTRATION == "closed":
        raise Forbidden("registration_closed")
    try:
        parts = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise Forbidden("invitation_invalid") from error
    if len(parts) != 32 + SECRET_BYTES:
        raise Forbidden("invitation_invalid")
    company, invitation_id, secret = UUID(bytes=parts[:16]), UUID(bytes=parts[16:32]), parts[32:]
    tenancy.enter(session, company)
    query = (
        select(Invitation, Organization)
        .join(Organization, col(Organization.id) == col(Invitation.organization_id))
        .where(
            col(Invitation.organization_id) == company,
            col(Invitation.id) == invitation_id,
            col(Organization.deleted_at).is_(None),
        )
    )
    found = session.execute(query.with_for_update(of=Invitation) if lock else query).one_or_none()
    if found is None or not hmac.compare_digest(found[0].token_hash, _hash(secret)):
        raise Forbidden("invitation_invalid")
    invitation: Invitation = found[0]
    if invitation.state in (InvitationState.ACCEPTED, InvitationState.REVOKED):
        raise Forbidden("invitation_invalid")
    if invitation.state == InvitationState.EXPIRED:
        raise Forbidden("invitation_expired")
    return invitation, found[1]
