"""Delivering what the outbox holds, the companies in turns."""

import time
from functools import partial
from uuid import UUID

import structlog

from app.db import SessionLocal
from app.services import delivery_service
from app.services.delivery_service import LEASE, LEASE_MARGIN, Delivery, Parcel, Way
from app.tasks.rounds import each_of, in_company

log = structlog.get_logger(__name__)

# So that a company with thousands of messages does not keep the others waiting.
MESSAGES_A_TURN = 20


def deliver_all(way: Way) -> int:
    """Send what is due; how many left.

    Ends early when the server takes nothing: each message would only wait for the same silence.
    """
    sent = 0
    with SessionLocal.begin() as session:
        companies = delivery_service.companies_with_messages(session, way.channel)
    while companies:
        still_busy = []
        for company, outcomes in each_of(companies, partial(_turn, way=way), "send_outbox"):
            sent += outcomes.count(Delivery.SENT)
            if Delivery.SERVER_DOWN in outcomes:
                log.warning("server_down", channel=way.channel, sent=sent)
                return sent
            # Messages of one thread come one after the other, so any turn may have made room for the next.
            if outcomes:
                still_busy.append(company)
        companies = still_busy
    return sent


def _turn(company: UUID, way: Way) -> tuple[UUID, list[Delivery]]:
    ends_at = time.monotonic() + (LEASE - LEASE_MARGIN).total_seconds()
    with in_company(company, "send_outbox") as session:
        parcels = delivery_service.claim(session, company, way, MESSAGES_A_TURN)
    outcomes: list[Delivery] = []
    untried: list[Parcel] = []
    while parcels and time.monotonic() < ends_at:
        parcel = parcels.pop(0)
        receipt = way.send(parcel)
        with in_company(company, "send_outbox") as session:
            outcomes.append(delivery_service.settle(session, way, parcel, receipt).delivery)
        if outcomes[-1] is Delivery.SERVER_DOWN:
            break
        if outcomes[-1] is Delivery.RECIPIENT_DOWN:
            untried += [other for other in parcels if other.recipient == parcel.recipient]
            parcels = [other for other in parcels if other.recipient != parcel.recipient]
    untried += parcels
    if untried:
        with in_company(company, "send_outbox") as session:
            delivery_service.release(session, untried)
    return company, outcomes
