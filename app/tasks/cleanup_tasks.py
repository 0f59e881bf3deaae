"""Cleaning up what is over."""

import structlog
from celery import shared_task

from app.db import SessionLocal
from app.services import session_service

log = structlog.get_logger(__name__)


@shared_task(name="app.tasks.cleanup_tasks.cleanup_expired_tokens")
def cleanup_expired_tokens() -> int:
    """Delete sessions that expired or were ended a day ago, in small transactions; how many."""
    total = 0
    while True:
        with SessionLocal.begin() as session:
            deleted = session_service.delete_expired(session)
        total += deleted
        if not deleted:
            log.info("expired_tokens_deleted", count=total)
            return total
