"""What becomes of rooms when time passes."""

import structlog
from celery import shared_task

from app.services import room_decision_service, room_hold_service
from app.tasks.rounds import companies_with_rooms_due, in_company

log = structlog.get_logger(__name__)


@shared_task(name="app.tasks.room_tasks.expire_room_requests")
def expire_room_requests() -> int:
    """Refuse the requests that nobody has decided in time, one a transaction; how many there were."""
    total = 0
    for company in companies_with_rooms_due():
        more = True
        while more:
            with in_company(company, "expire_room_requests") as session:
                more = room_decision_service.expire_next(session, company)
            total += more
    log.info("room_requests_expired", count=total)
    return total


@shared_task(name="app.tasks.room_tasks.expire_room_holds")
def expire_room_holds() -> int:
    """Forget the holds that have expired, in small transactions; how many there were."""
    total = 0
    for company in companies_with_rooms_due():
        deleted = 1
        while deleted:
            with in_company(company, "expire_room_holds") as session:
                deleted = room_hold_service.delete_expired(session, company)
            total += deleted
    log.info("room_holds_expired", count=total)
    return total
