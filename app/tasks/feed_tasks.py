"""Fetching the feeds that calendars show."""

from uuid import UUID

from celery import shared_task

from app.db import SessionLocal
from app.services import ical_store, outside_feed_service
from app.services.outside_feed_service import Fetch
from app.tasks.rounds import in_company


@shared_task(name="app.tasks.feed_tasks.refresh_feeds")
def refresh_feeds() -> int:
    """Fetch every feed that is due, the companies in turns; how many. No transaction waits for a server."""
    fetched = 0
    with SessionLocal.begin() as session:
        companies = outside_feed_service.companies_with_due_feeds(session)
    while companies:
        still_busy = []
        for company in companies:
            with in_company(company, "refresh_feeds") as session:
                work = outside_feed_service.claim_next(session, company)
            if work is not None:
                _refresh(company, work)
                fetched += 1
                still_busy.append(company)
        companies = still_busy
    return fetched


def _refresh(company: UUID, work: Fetch) -> None:
    fetched = outside_feed_service.fetch(work)
    problems = None
    if fetched.has_news:
        uids: set[str] = set()
        problems = 0
        for number, batch in enumerate(outside_feed_service.batches(work, fetched)):
            with in_company(company, "refresh_feeds") as session:
                stored = outside_feed_service.store_batch(session, work, batch)
            if stored is None:
                return
            if number == 0:
                with SessionLocal.begin() as session:
                    ical_store.measure_new_tables(session)
            uids |= stored[0]
            problems += stored[1]
        more = True
        while more:
            with in_company(company, "refresh_feeds") as session:
                more = outside_feed_service.delete_vanished(session, work, uids)
    with in_company(company, "refresh_feeds") as session:
        outside_feed_service.note(session, work, fetched, problems)
