"""Cleaning up what is over."""

import structlog
from celery import shared_task

from app.core import tenancy
from app.db import SessionLocal
from app.services import (
    avatar_service,
    change_service,
    idempotency_service,
    invitation_service,
    notification_service,
    outbox_service,
    people_search_service,
    purge_service,
    reminder_planning,
    room_photo_service,
    session_service,
    stored_files,
)
from app.services.picture_files import ROOM_PHOTOS
from app.tasks.rounds import all_companies, in_company

log = structlog.get_logger(__name__)


@shared_task(name="app.tasks.cleanup_tasks.cleanup_expired_tokens")
def cleanup_expired_tokens() -> int:
    """Delete sessions that expired or were ended a day ago, in small transactions; how many."""
    total = 0
    while True:
        with SessionLocal.begin() as session:
            tenancy.enter(session, None, installation=True, origin="cleanup_expired_tokens")
            deleted = session_service.delete_expired(session)
        total += deleted
        if not deleted:
            log.info("expired_tokens_deleted", count=total)
            return total


@shared_task(name="app.tasks.cleanup_tasks.purge_deleted_companies")
def purge_deleted_companies() -> int:
    """Remove the rows of companies that were deleted, in small transactions; how many companies are gone."""
    with SessionLocal.begin() as session:
        companies = purge_service.deleted_companies(session)
    for company in companies:
        more = True
        while more:
            with in_company(company, "purge_deleted_companies") as session:
                more = purge_service.purge_next(session, company)
        log.info("company_purged", organization_id=str(company))
    return len(companies)


@shared_task(name="app.tasks.cleanup_tasks.cleanup_invitations_and_mail")
def cleanup_invitations_and_mail() -> int:
    """Forget old mails and invitations that were over long ago, in small transactions; how many rows."""
    total = 0
    for company in all_companies():
        for delete in (
            outbox_service.delete_old,
            outbox_service.delete_old_itip,
            invitation_service.delete_over,
        ):
            deleted = 1
            while deleted:
                with in_company(company, "cleanup_invitations_and_mail") as session:
                    deleted = delete(session, company)
                total += deleted
    log.info("invitations_and_mail_deleted", count=total)
    return total


@shared_task(name="app.tasks.cleanup_tasks.cleanup_old_notifications")
def cleanup_old_notifications() -> int:
    """Forget notifications that are old, or more than somebody may have, in small transactions; how many."""
    total = 0
    for company in all_companies():
        for delete in (
            notification_service.delete_old,
            notification_service.delete_beyond_bound,
            reminder_planning.delete_old,
        ):
            deleted = 1
            while deleted:
                with in_company(company, "cleanup_old_notifications") as session:
                    deleted = delete(session, company)
                total += deleted
    log.info("notifications_deleted", count=total)
    return total


@shared_task(name="app.tasks.cleanup_tasks.cleanup_people")
def cleanup_people() -> int:
    """Remove pictures that nobody and no room has, and forget words that search need not know; how many pictures."""
    with SessionLocal.begin() as session:
        tenancy.enter(session, None, installation=True, origin="cleanup_people")
        removed = avatar_service.delete_leftovers(session)
    photos: set[str] = set()
    for company in all_companies():
        with in_company(company, "cleanup_people") as session:
            people_search_service.forget_words(session)
            photos |= room_photo_service.used_files(session, company)
    removed += ROOM_PHOTOS.delete_leftovers(photos)
    log.info("pictures_deleted", count=removed)
    return removed


@shared_task(name="app.tasks.cleanup_tasks.cleanup_attachments")
def cleanup_attachments() -> int:
    """Remove files that no attachment refers to any more, of companies that are gone too; how many."""
    removed = 0
    for company, keys in stored_files.leftover_candidates():
        with in_company(company, "cleanup_attachments") as session:
            unused = stored_files.unused(session, company, keys)
        removed += stored_files.remove_files(unused)
    log.info("attachments_deleted", count=removed)
    return removed


@shared_task(name="app.tasks.cleanup_tasks.cleanup_idempotency_keys")
def cleanup_idempotency_keys() -> int:
    """Forget how requests were answered that nobody repeats any more, in small transactions; how many."""
    total = 0
    for company in all_companies():
        deleted = 1
        while deleted:
            with in_company(company, "cleanup_idempotency_keys") as session:
                deleted = idempotency_service.delete_old(session, company)
            total += deleted
    log.info("idempotency_keys_deleted", count=total)
    return total


@shared_task(name="app.tasks.cleanup_tasks.cleanup_changes")
def cleanup_changes() -> int:
    """Forget changes from before any cursor that is still good, in small transactions; how many."""
    total = 0
    for company in all_companies():
        deleted = 1
        while deleted:
            with in_company(company, "cleanup_changes") as session:
                deleted = change_service.delete_old(session, company)
            total += deleted
    log.info("changes_deleted", count=total)
    return total
