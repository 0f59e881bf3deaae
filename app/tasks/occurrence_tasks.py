"""Keeping occurrences stored up to the horizon."""

import structlog
from celery import shared_task

from app.db import SessionLocal
from app.services import occurrence_service

log = structlog.get_logger(__name__)


@shared_task(name="app.tasks.occurrence_tasks.extend_occurrences")
def extend_occurrences() -> int:
    """Store the occurrences that time has brought within the horizon, in small transactions; how many series."""
    total = 0
    while True:
        with SessionLocal.begin() as session:
            extended = occurrence_service.extend_next(session)
        total += extended
        if not extended:
            log.info("occurrences_extended", series=total)
            return total
