"""What becomes of rooms when time passes."""

from uuid import UUID

import structlog
from celery import shared_task

from app.db import SessionLocal
from app.services import check_in_rounds, offer_rounds, room_decision_service, room_hold_service
from app.tasks.email_tasks import send_outbox
from app.tasks.rounds import all_companies, companies_with_rooms_due, in_company

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


@shared_task(name="app.tasks.room_tasks.tell_room_offers")
def tell_room_offers() -> int:
    """Tell those to whom the database has offered a room, in small transactions; how many."""
    told = sum(_tell(company) for company in _companies())
    _send(told)
    return told


@shared_task(name="app.tasks.room_tasks.expire_room_offers")
def expire_room_offers() -> int:
    """End offers that nobody took and waiting that is of no use, and offer what is free; a transaction a room.

    How many entries ended. All who are offered a room and were not told are told. This is also what runs right after a
    room has become free: the database leaves those out that are being booked at that moment.
    """
    ended = told = 0
    for company in _companies():
        with in_company(company, "expire_room_offers") as session:
            rooms = offer_rounds.rooms_due(session, company)
        for room_id in rooms:
            with in_company(company, "expire_room_offers") as session:
                ended += offer_rounds.look_through(session, company, room_id)
        told += _tell(company)
    _send(told)
    log.info("room_offers_expired", ended=ended)
    return ended


@shared_task(name="app.tasks.room_tasks.cleanup_room_waiting")
def cleanup_room_waiting() -> int:
    """Forget who waited for rooms long ago, in small transactions; how many entries."""
    total = 0
    for company in all_companies():
        deleted = 1
        while deleted:
            with in_company(company, "cleanup_room_waiting") as session:
                deleted = offer_rounds.delete_old(session, company)
            total += deleted
    log.info("room_waiting_deleted", count=total)
    return total


def _companies() -> list[UUID]:
    with SessionLocal.begin() as session:
        return offer_rounds.companies_with_waiting(session)


def _tell(company: UUID) -> int:
    total, told = 0, 1
    while told:
        with in_company(company, "tell_room_offers") as session:
            told = offer_rounds.tell_offers(session, company)
        total += told
    return total


def _send(told: int) -> None:
    if told:
        log.info("room_offers_told", count=told)
        # The offer does not last: its mail leaves now and not with the next round.
        send_outbox()


@shared_task(name="app.tasks.room_tasks.ask_to_check_in")
def ask_to_check_in() -> int:
    """Write to the organizers of meetings that begin soon where their rooms need check-in; how many bookings."""
    total = 0
    with SessionLocal.begin() as session:
        companies = check_in_rounds.companies(session)
    for company in companies:
        asked = 1
        while asked:
            with in_company(company, "ask_to_check_in") as session:
                asked = check_in_rounds.ask_next(session, company)
            total += asked
    return total


@shared_task(name="app.tasks.room_tasks.release_unused_rooms")
def release_unused_rooms() -> int:
    """Release the rooms in which nobody has checked in, each in a transaction of its own; how many bookings."""
    total = 0
    with SessionLocal.begin() as session:
        companies = check_in_rounds.companies(session)
    for company in companies:
        with in_company(company, "release_unused_rooms") as session:
            unused = check_in_rounds.unused(session, company)
        for booking in unused:
            with in_company(company, "release_unused_rooms") as session:
                total += check_in_rounds.release(session, company, booking)
    if total:
        log.info("unused_rooms_released", bookings=total)
    return total
