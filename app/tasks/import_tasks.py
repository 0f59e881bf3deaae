"""Storing the .ics files that people have sent."""

import structlog
from celery import shared_task

from app.db import SessionLocal
from app.services import ical_store, ics_import_service
from app.services.ics_import_service import Work
from app.tasks.rounds import all_companies, in_company

log = structlog.get_logger(__name__)


@shared_task(name="app.tasks.import_tasks.import_files")
def import_files() -> int:
    """Store every file that waits, in small transactions, the companies in turns; how many files.

    Whoever is killed half way leaves an import that somebody else takes up, two minutes later, where it stopped.
    """
    stored = 0
    with SessionLocal.begin() as session:
        companies = ics_import_service.companies_with_imports(session)
    while companies:
        still_busy = []
        for company in companies:
            with in_company(company, "import_files") as session:
                work = ics_import_service.claim_next(session, company)
            if work is not None:
                _store(work)
                stored += 1
                still_busy.append(company)
        companies = still_busy
    return stored


@shared_task(name="app.tasks.import_tasks.cleanup_imports")
def cleanup_imports() -> int:
    """Forget imports that were over long ago, in small transactions; how many."""
    total = 0
    for company in all_companies():
        deleted = 1
        while deleted:
            with in_company(company, "cleanup_imports") as session:
                deleted = ics_import_service.delete_old(session, company)
            total += deleted
    return total


def _store(work: Work) -> None:
    for number, batch in enumerate(work.batches()):
        with in_company(work.company, "import_files", work.user_id) as session:
            if not ics_import_service.store_batch(session, work, batch):
                log.warning("ics_import_lost", id=str(work.id))
                return
        if number == 0:
            with SessionLocal.begin() as session:
                ical_store.measure_new_tables(session)
    with in_company(work.company, "import_files", work.user_id) as session:
        ics_import_service.finish(session, work)
    log.info("ics_imported", id=str(work.id), bytes=len(work.content))
