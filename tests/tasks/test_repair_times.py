"""Rule 9: the time zone data move. Instants that older data made are derived anew, and nothing is lost silently."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.calendaring.zones import TZDATA_VERSION
from app.cli.server_checks import check_times
from app.core.config import get_settings
from app.tasks.occurrence_tasks import repair_times
from tests.support.people import Company
from tests.support.planning import accepted, enter, starts, stored_bookings, stored_event, stored_occurrences

OLDER = "2020a"


@pytest.fixture
def company(client: TestClient) -> Company:
    return Company.create(client)


def derived_by_older_data(database: psycopg.Connection, company: Company, series_id: str) -> None:
    """Store the event as data that put its zone an hour elsewhere would have."""
    values = {"id": series_id, "shift": timedelta(hours=1), "version": OLDER}
    enter(database, company)
    for statement in (
        "UPDATE events SET start_time = start_time + %(shift)s, end_time = end_time + %(shift)s,"
        " original_start = original_start + %(shift)s, tzdata_version = %(version)s,"
        " span = tstzrange(lower(span) + %(shift)s, upper(span) + %(shift)s, '[]')"
        " WHERE id = %(id)s OR series_id = %(id)s",
        "UPDATE event_occurrences SET original_start = original_start + %(shift)s,"
        " starts_at = starts_at + %(shift)s, ends_at = ends_at + %(shift)s WHERE series_id = %(id)s",
        "UPDATE room_bookings SET during = tstzrange(lower(during) + %(shift)s, upper(during) + %(shift)s)"
        " WHERE series_id = %(id)s",
    ):
        database.execute(statement, values)


def weekly(company: Company, **values: Any) -> dict[str, Any]:
    """Five Mondays at nine in Berlin, the first two of them past."""
    today = datetime.now(UTC).date()
    first = today - timedelta(days=today.weekday() + 7)
    return company.admin.create_event(
        start_time=f"{first}T09:00:00", end_time=f"{first}T10:00:00", recurrence_rule="FREQ=WEEKLY;COUNT=6", **values
    )


def test_rule_09_what_lies_ahead_follows_the_clock_and_what_is_past_stays(
    company: Company, database: psycopg.Connection
) -> None:
    series = weekly(company)
    right = stored_occurrences(database, series["id"])
    derived_by_older_data(database, company, series["id"])
    wrong = stored_occurrences(database, series["id"])
    repair_times()
    now = datetime.now(UTC)
    expected = [was if was[1] < now else new for was, new in zip(wrong, right, strict=True)]
    assert stored_occurrences(database, series["id"]) == expected
    assert sum(row[1] < now for row in wrong) in (1, 2)
    assert stored_event(database, series["id"], "tzdata_version") == (TZDATA_VERSION,)


def test_rule_09_overrides_stay_with_their_occurrences(company: Company, database: psycopg.Connection) -> None:
    series = weekly(company)
    original = stored_occurrences(database, series["id"])[4][0]
    override = accepted(
        company.admin.call(
            "PATCH", f"/events/{series['id']}", json={"title": "Other"}, params={"occurrence": original.isoformat()}
        )
    )
    before = accepted(company.admin.get(f"/events/{override['id']}"))
    derived_by_older_data(database, company, series["id"])
    repair_times()
    after = accepted(company.admin.get(f"/events/{override['id']}"))
    for name in ("title", "original_start", "start_time", "end_time", "series_id"):
        assert after[name] == before[name], name


def test_rule_09_rooms_are_checked_again_and_people_are_told(company: Company, database: psycopg.Connection) -> None:
    boris = company.person()
    room = company.admin.create_room()
    series = weekly(company, room_id=room["id"], participants=[{"user_id": boris.id}])
    right = stored_bookings(database, series["id"])
    derived_by_older_data(database, company, series["id"])
    # Somebody else has taken the time to which the last occurrence must go back.
    _, start, end, _ = right[-1]
    company.admin.create_event(
        title="In the way", start_time=start.isoformat(), end_time=end.isoformat(), room_id=room["id"]
    )
    mails = "SELECT recipient, template FROM outbox_messages WHERE organization_id = %s"
    database.execute("DELETE FROM outbox_messages WHERE organization_id = %s", [company.organization.id])
    repair_times()
    states = [row[3] for row in stored_bookings(database, series["id"])]
    assert states == ["confirmed"] * 5 + ["declined"]
    told = {row[0] for row in database.execute(mails, [company.organization.id])}
    assert told == {boris.email, company.admin.email}


def test_rule_09_nothing_is_done_twice_and_nobody_is_told_of_nothing(
    company: Company, database: psycopg.Connection
) -> None:
    series = weekly(company)
    database.execute("UPDATE events SET tzdata_version = %s WHERE id = %s", [OLDER, series["id"]])
    rows = stored_occurrences(database, series["id"])
    assert repair_times() == 0
    assert stored_occurrences(database, series["id"]) == rows
    assert stored_event(database, series["id"], "tzdata_version, version") == (TZDATA_VERSION, 1)
    written = database.execute(
        "SELECT count(*) FROM outbox_messages WHERE organization_id = %s", [company.organization.id]
    ).fetchone()
    assert written == (0,)


def test_rule_09_the_doctor_tells_what_waits(company: Company, database: psycopg.Connection) -> None:
    repair_times()
    url = get_settings().DATABASE_URL
    assert check_times(url).status == "ok"
    series = weekly(company)
    past = company.admin.create_event(start_time="2020-03-22T09:00:00", end_time="2020-03-22T10:00:00")
    for event in (series, past):
        database.execute("UPDATE events SET tzdata_version = %s WHERE id = %s", [OLDER, event["id"]])
    waiting = check_times(url)
    assert (waiting.status, waiting.found) == ("warn", f"1 events wait for tzdata {TZDATA_VERSION}")
    repair_times()
    assert check_times(url).status == "ok"
    assert stored_event(database, past["id"], "tzdata_version") == (TZDATA_VERSION,)
    assert starts(company.admin.occurrences("2020-03-01", "2020-04-01")) == ["2020-03-22T08:00:00Z"]
