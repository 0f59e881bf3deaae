"""Keeping occurrences stored up to the horizon."""

import structlog
from celery import shared_task

from app.services import booking_extension, occurrence_service, time_repair_service
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


@shared_task(name="app.tasks.occurrence_tasks.book_reached_rooms")
def book_reached_rooms() -> int:
    """Book the rooms of series for what their booking windows have reached, in small transactions; how many series."""
    total = 0
    for company in all_companies():
        booked = True
        while booked:
            with in_company(company, "book_reached_rooms") as session:
                booked = booking_extension.book_reached(session, company)
            total += booked
    log.info("reached_rooms_booked", series=total)
    return total


@shared_task(name="app.tasks.occurrence_tasks.repair_times")
def repair_times() -> int:
    """Derive the future instants that older time zone data have made anew (rule 9); how many events have moved."""
    total = 0
    for company in all_companies():
        while True:
            with in_company(company, "repair_times") as session:
                if not time_repair_service.mark_ended(session, company):
                    break
        while True:
            with in_company(company, "repair_times") as session:
                has_moved = time_repair_service.repair_next(session, company)
            if has_moved is None:
                break
            total += has_moved
    log.info("times_repaired", events=total)
    return total
