"""Keeping occurrences stored up to the horizon."""

import structlog
from celery import shared_task

from app.services import occurrence_service
from app.tasks.rounds import all_companies, in_company

log = structlog.get_logger(__name__)


@shared_task(name="app.tasks.occurrence_tasks.extend_occurrences")
def extend_occurrences() -> int:
    """Store the occurrences that time has brought within the horizon, in small transactions; how many series."""
    total = 0
    for company in all_companies():
        extended = True
        while extended:
            with in_company(company, "extend_occurrences") as session:
                extended = occurrence_service.extend_next(session, company)
            total += extended
    log.info("occurrences_extended", series=total)
    return total
