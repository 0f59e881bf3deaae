"""Storing .ics files: by workers that may be killed at any moment."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from app.services import ical_store, ics_import_service
from app.supervisor.waiting import retry_until
from app.tasks import import_tasks
from app.tasks.import_tasks import cleanup_imports, import_files
from tests.support.ics_files import counts, vcalendar, vevent
from tests.support.people import Company, Person
from tests.support.planning import accepted, settings
from tests.support.worker_process import SECONDS, running_worker

HEADERS = {"Content-Type": "text/calendar"}


class Killed(BaseException):
    """What a worker dies of."""


def started(person: Person, content: bytes) -> str:
    """The path of an import that waits for a worker."""
    path = f"/calendars/{person.calendar_id}/imports"
    return f"{path}/{accepted(person.call('POST', path, content=content, headers=HEADERS), 202)['id']}"


def forget_claims(database: psycopg.Connection) -> None:
    """As if the time had passed in which a killed worker's import is nobody else's."""
    database.execute("UPDATE ics_imports SET claimed_until = now() - interval '1 second' WHERE state = 'running'")


def events_of(database: psycopg.Connection, person: Person) -> int:
    row = database.execute("SELECT count(*) FROM events WHERE calendar_id = %s", [person.calendar_id]).fetchone()
    assert row is not None
    return int(row[0])


def test_a_killed_import_goes_on_where_it_was(
    company: Company, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = company.person()
    path = started(person, vcalendar(*(vevent(f"e{number}") for number in range(10))))
    monkeypatch.setattr(ics_import_service, "BATCH", 3)
    store, calls = ics_import_service.store_batch, []

    def dying(session: Any, work: Any, items: Any) -> bool:
        # Imports that other tests have left are none of this one's.
        calls.extend([work.id] if path.endswith(str(work.id)) else [])
        if len(calls) == 3:
            raise Killed
        return store(session, work, items)

    with monkeypatch.context() as patch:
        patch.setattr(import_tasks.ics_import_service, "store_batch", dying)
        with pytest.raises(Killed):
            import_files()
    half = accepted(person.get(path))
    assert half["state"] == "running"
    assert 0 < half["events_done"] < half["events_total"] == 10
    # While the claim of the dead one lasts, nobody else takes it.
    import_files()
    assert accepted(person.get(path)) == half
    forget_claims(database)
    import_files()
    assert counts(accepted(person.get(path))) == (10, 0, 0, 0, 0)
    assert events_of(database, person) == 10
    lines = accepted(person.get(f"{path}/lines"))["items"]
    assert [line["uid"] for line in lines] == [f"e{number}" for number in range(10)]


def test_who_dies_before_words_are_made_leaves_nothing_of_the_batch(
    company: Company, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = company.person()
    path = started(person, vcalendar(vevent("a", SUMMARY="Quarterly plan")))

    def dying(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ical_store, "make_words", dying)
        with pytest.raises(Killed):
            import_files()
    assert events_of(database, person) == 0
    changes = "SELECT count(*) FROM changes WHERE organization_id = %s AND kind = 'event'"
    assert database.execute(changes, [company.organization.id]).fetchone() == (0,)
    forget_claims(database)
    import_files()
    assert counts(accepted(person.get(path))) == (1, 0, 0, 0, 0)
    items = accepted(person.get("/events/search", q="quarterly"))["items"]
    assert [item["title"] for item in items] == ["Quarterly plan"]


def test_a_new_installation_learns_the_size_of_its_tables_from_the_first_batch(
    company: Company, database: psycopg.Connection
) -> None:
    person = company.person()
    started(person, vcalendar(vevent("a")))
    import_files()
    unknown = "SELECT relname FROM pg_class WHERE relname IN ('events', 'event_words', 'changes') AND reltuples <= 0"
    assert database.execute(unknown).fetchall() == []


def test_who_has_lost_an_import_stores_no_more_of_it(
    company: Company, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = company.person()
    path = started(person, vcalendar(vevent("a")))
    store = ics_import_service.store_batch

    def late(session: Any, work: Any, items: Any) -> bool:
        # Somebody else has taken it in the meantime.
        database.execute("UPDATE ics_imports SET claim = gen_random_uuid() WHERE id = %s", [work.id])
        return store(session, work, items)

    monkeypatch.setattr(import_tasks.ics_import_service, "store_batch", late)
    import_files()
    assert accepted(person.get(path))["state"] == "running"
    assert events_of(database, person) == 0
    monkeypatch.undo()
    forget_claims(database)
    import_files()
    assert events_of(database, person) == 1


def test_a_file_that_ends_every_worker_is_given_up(
    company: Company, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What other tests have left.
    import_files()
    person = company.person()
    path = started(person, vcalendar(vevent("a")))

    def dying(*_: Any) -> bool:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(import_tasks.ics_import_service, "store_batch", dying)
        for _ in range(ics_import_service.ATTEMPTS_MAX):
            forget_claims(database)
            with pytest.raises(Killed):
                import_files()
    forget_claims(database)
    import_files()
    done = accepted(person.get(path))
    assert (done["state"], done["error"]) == ("failed", "ics_given_up")
    left = database.execute("SELECT count(*) FROM ics_import_files WHERE id = %s", [done["id"]]).fetchone()
    assert left == (0,)


def test_who_lost_the_right_in_the_meantime_imports_nothing(company: Company, database: psycopg.Connection) -> None:
    person = company.person()
    path = started(person, vcalendar(vevent("a")))
    calendar = person.calendar_id
    database.execute("UPDATE users SET is_active = false WHERE id = %s", [person.id])
    import_files()
    row = database.execute("SELECT state, error FROM ics_imports WHERE calendar_id = %s", [calendar]).fetchone()
    assert row == ("failed", "ics_no_right")
    assert path


def test_old_imports_are_forgotten(company: Company, database: psycopg.Connection) -> None:
    person = company.person()
    path = started(person, vcalendar(vevent("a")))
    import_files()
    cleanup_imports()
    assert person.get(path).status_code == 200
    with settings(ICS_IMPORT_KEEP_DAYS=1):
        # Only this test's own: others share the database.
        age = "UPDATE ics_imports SET created_at = created_at - %s WHERE id = %s"
        database.execute(age, [timedelta(days=2), path.rpartition("/")[2]])
        assert cleanup_imports() >= 1
    assert person.get(path).status_code == 404
    assert events_of(database, person) == 1


def test_sending_a_file_wakes_the_worker(company: Company) -> None:
    person = company.person()
    with running_worker() as output:
        path = started(person, vcalendar(vevent("a")))
        assert retry_until(lambda: accepted(person.get(path))["state"] == "done", SECONDS), output.read_text()
