"""Calendar rule 22: reminders are per instance, planned as rows, sent once, and void when things change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from app.services import reminder_planning
from app.services.reminder_planning import DEFAULTS, FOLLOWER
from app.tasks.change_tasks import follow_changes
from app.tasks.cleanup_tasks import cleanup_old_notifications
from app.tasks.email_tasks import send_event_reminder, send_event_reminders
from app.tasks.reminder_tasks import plan_reminders
from app.tasks.rounds import in_company
from tests.support.following import follow_to_the_end
from tests.support.mail import written_to
from tests.support.people import Company, Person
from tests.support.planning import accepted, at, settings, today


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna", language="en")


@pytest.fixture(autouse=True)
def planned(company: Company) -> None:
    """Every company's reminders are planned, as the workers have it within minutes."""
    plan_reminders()


def soon(minutes: int = 5, **values: Any) -> dict[str, Any]:
    """The times of an event that begins in so many minutes."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    return {
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(hours=1)).isoformat(),
        "time_zone": "UTC",
        **values,
    }


def plan_until(database: psycopg.Connection, company: Company, until: str) -> None:
    """Plan as if it were shortly before then."""
    database.execute(
        "UPDATE reminder_plans SET planned_until = %s WHERE organization_id = %s", [until, company.organization.id]
    )


def due(database: psycopg.Connection, person: Person) -> list[tuple[str, int, str, bool]]:
    """(when in UTC, minutes, channel, whether sent) of somebody's reminders."""
    return database.execute(
        "SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), minutes, channel, sent_at IS NOT NULL"
        " FROM due_reminders WHERE user_id = %s ORDER BY due_at, minutes, channel",
        [person.id],
    ).fetchall()


def reminded(person: Person) -> list[str]:
    return [item["title"] for item in accepted(person.get("/notifications", type="reminder"))["items"]]


def catch_up(company: Company) -> None:
    """Plan anew what has changed."""
    follow_to_the_end(follow_changes, FOLLOWER, company.organization.id)


def run(company: Company) -> None:
    """All that the workers do about reminders, in one go."""
    catch_up(company)
    send_event_reminders()


def want(person: Person, path: str, *reminders: tuple[int, str], all_day: tuple[tuple[int, str], ...] = ()) -> None:
    as_sent = [{"minutes": minutes, "channel": channel} for minutes, channel in reminders]
    if path.startswith("/events"):
        accepted(person.put(path, {"reminders": as_sent}))
    else:
        days = [{"minutes": minutes, "channel": channel} for minutes, channel in all_day]
        accepted(person.put(path, {"timed": as_sent, "all_day": days}))


def test_rule_22_everybody_who_takes_part_is_reminded_once(company: Company, anna: Person) -> None:
    made = company.admin.create_event(**soon(), title="Plan", location="Roof", participants=[{"user_id": anna.id}])
    run(company)
    run(company)
    assert send_event_reminder(made["id"]) == 0
    assert len(reminded(company.admin)) == len(reminded(anna)) == 1
    (item,) = accepted(anna.get("/notifications", type="reminder"))["items"]
    assert item["title"].startswith("Plan, ")
    assert item["title"].endswith(", Roof")
    assert (item["reason"], item["event_id"]) == ("participant", made["id"])


def test_rule_22_moving_voids_the_old_reminders_and_makes_new_ones(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    made = company.admin.create_event(**soon(55), participants=[{"user_id": anna.id}])
    run(company)
    ((before, *_),) = due(database, anna)
    accepted(company.admin.patch(f"/events/{made['id']}", soon(58)))
    run(company)
    ((after, *_),) = due(database, anna)
    assert after > before
    assert reminded(anna) == []
    # Moved to what is soon, it is due at once; moved again, once more.
    for minutes in (5, 6):
        accepted(company.admin.patch(f"/events/{made['id']}", soon(minutes)))
        run(company)
        run(company)
    assert len(reminded(anna)) == 2


def test_rule_22_cancelling_leaving_and_declining_void_reminders(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    boris = company.person()
    guests = [{"user_id": anna.id}, {"user_id": boris.id}]
    cancelled, declined, left = (company.admin.create_event(**soon(30), participants=guests) for _ in range(3))
    run(company)
    assert len(due(database, anna)) == 3
    assert company.admin.delete(f"/events/{cancelled['id']}").status_code == 204
    accepted(anna.put(f"/events/{declined['id']}/response", {"response": "declined"}))
    accepted(company.admin.patch(f"/events/{left['id']}", {"participants": [{"user_id": boris.id}]}))
    run(company)
    assert due(database, anna) == []
    assert len(due(database, boris)) == 2
    # What changes between planning and sending counts as well, and nobody who is gone is reminded.
    accepted(company.admin.patch(f"/events/{left['id']}", {"status": "cancelled"}))
    accepted(boris.put(f"/events/{declined['id']}/response", {"response": "declined"}))
    database.execute("UPDATE due_reminders SET due_at = now() WHERE user_id = %s", [boris.id])
    send_event_reminders()
    assert (reminded(boris), due(database, boris)) == ([], [])


def test_rule_22_an_all_day_event_counts_from_midnight_in_the_readers_zone(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    far = company.person(time_zone="America/New_York")
    everybody = (anna, far)
    for person in everybody:
        # The day before at 09:00, and at 09:00 on the day itself.
        want(person, "/notifications/reminders", all_day=((900, "in_app"), (-540, "mail")))
    plan_until(database, company, "2027-04-30T00:00:00Z")
    day = {"is_all_day": True, "time_zone": None, "start_time": "2027-03-29", "end_time": "2027-03-30"}
    company.admin.create_event(**day, participants=[{"user_id": person.id} for person in everybody])
    catch_up(company)
    # In Berlin, the clocks change between the two.
    assert [row[:3] for row in due(database, anna)] == [
        ("2027-03-28 07:00", 900, "in_app"),
        ("2027-03-29 07:00", -540, "mail"),
    ]
    assert [row[:3] for row in due(database, far)] == [
        ("2027-03-28 13:00", 900, "in_app"),
        ("2027-03-29 13:00", -540, "mail"),
    ]


def test_rule_22_a_wall_time_that_comes_twice_is_the_first_and_one_that_is_missing_an_hour_later(
    database: psycopg.Connection,
) -> None:
    # Rule 2, as the database does it.
    for wall, zone, instant in (
        ("2026-10-25 02:30", "Europe/Berlin", "2026-10-25 00:30"),
        ("2026-03-29 02:30", "Europe/Berlin", "2026-03-29 01:30"),
        ("2027-04-04 01:45", "Australia/Lord_Howe", "2027-04-03 14:45"),
        ("2026-07-01 09:00", "Asia/Tokyo", "2026-07-01 00:00"),
    ):
        row = database.execute(
            "SELECT to_char(first_instant(%s, %s) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')", [wall, zone]
        ).fetchone()
        assert row == (instant,), (wall, zone)


def test_rule_22_reminders_of_a_series_are_per_instance(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    start = today() + timedelta(days=10)
    series = company.admin.create_event(
        **at(start, 9), recurrence_rule="FREQ=DAILY;COUNT=4", participants=[{"user_id": anna.id}]
    )
    path = f"/events/{series['id']}/reminders"
    second, third = (f"{start + timedelta(days=days)}T09:00:00" for days in (1, 2))
    want(anna, path, (30, "in_app"))
    want(anna, f"{path}?occurrence={second}", (60, "mail"))
    plan_until(database, company, f"{start + timedelta(days=20)}T00:00:00Z")
    # One instance moves, another is cancelled.
    moved = {
        "start_time": f"{start + timedelta(days=2)}T15:00:00Z",
        "end_time": f"{start + timedelta(days=2)}T16:00:00Z",
    }
    accepted(company.admin.patch(f"/events/{series['id']}?scope=this&occurrence={third}", moved))
    last = f"{start + timedelta(days=3)}T09:00:00"
    assert company.admin.delete(f"/events/{series['id']}?scope=this&occurrence={last}").status_code == 204
    catch_up(company)
    assert [row[:3] for row in due(database, anna)] == [
        (f"{start} 08:30", 30, "in_app"),
        (f"{start + timedelta(days=1)} 08:00", 60, "mail"),
        (f"{start + timedelta(days=2)} 14:30", 30, "in_app"),
    ]


def test_rule_12_reminders_survive_a_split(company: Company, anna: Person, database: psycopg.Connection) -> None:
    start = today() + timedelta(days=10)
    series = company.admin.create_event(
        **at(start, 9), recurrence_rule="FREQ=DAILY;COUNT=4", participants=[{"user_id": anna.id}]
    )
    want(anna, f"/events/{series['id']}/reminders", (30, "in_app"))
    third = f"{start + timedelta(days=2)}T09:00:00"
    want(anna, f"/events/{series['id']}/reminders?occurrence={third}", (45, "in_app"))
    plan_until(database, company, f"{start + timedelta(days=20)}T00:00:00Z")
    catch_up(company)
    database.execute("UPDATE due_reminders SET sent_at = now() WHERE user_id = %s", [anna.id])
    second = f"{start + timedelta(days=1)}T09:00:00"
    part = accepted(
        company.admin.patch(f"/events/{series['id']}?scope=following&occurrence={second}", {"title": "Other"})
    )
    assert part["id"] != series["id"]
    catch_up(company)
    # Each once, as before, and none of it anew.
    assert [(minutes, is_sent) for _, minutes, _, is_sent in due(database, anna)] == [
        (30, True),
        (30, True),
        (45, True),
        (30, True),
    ]
    shown = accepted(anna.get(f"/events/{part['id']}/reminders", occurrence=third))
    assert (shown["level"], shown["reminders"]) == ("occurrence", [{"minutes": 45, "channel": "in_app"}])


def test_the_nearest_setting_decides_and_says_so(company: Company, anna: Person, database: psycopg.Connection) -> None:
    team = accepted(company.admin.post("/calendars", {"name": "Team", "is_public": True}), 201)["id"]
    made = company.admin.create_event(**soon(30), calendar_id=team)
    event, calendar, own = f"/events/{made['id']}/reminders", f"/calendars/{team}/reminders", "/notifications/reminders"
    assert accepted(anna.get(event))["level"] == "installation"
    run(company)
    assert due(database, anna) == []
    # Whoever asks is reminded of meetings in which they take no part; the organizer's stay as they are.
    for path, minutes, level in ((own, 5, "own"), (calendar, 7, "calendar"), (event, 9, "event")):
        want(anna, path, (minutes, "in_app"))
        assert accepted(anna.get(event)) == {"reminders": [{"minutes": minutes, "channel": "in_app"}], "level": level}
        run(company)
        assert [row[1] for row in due(database, anna)] == ([] if level == "own" else [minutes])
    for path, level in ((event, "calendar"), (calendar, "own"), (own, "installation")):
        assert anna.delete(path).status_code == 204
        assert accepted(anna.get(event))["level"] == level
    run(company)
    assert due(database, anna) == []
    assert len(due(database, company.admin)) == 1
    want(company.admin, event)
    run(company)
    assert due(database, company.admin) == []


def test_whoever_does_not_read_an_event_any_more_is_not_reminded(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    team = accepted(company.admin.post("/calendars", {"name": "Team", "is_public": True}), 201)["id"]
    want(anna, f"/calendars/{team}/reminders", (10, "in_app"))
    made = company.admin.create_event(**soon(30), calendar_id=team)
    company.admin.create_event(**soon(30), calendar_id=team, visibility="private")
    run(company)
    assert len(due(database, anna)) == 1
    accepted(company.admin.patch(f"/events/{made['id']}", {"visibility": "private"}))
    run(company)
    assert due(database, anna) == []


def test_departments_are_reminded_and_those_of_them_who_declined_are_not(company: Company, anna: Person) -> None:
    parent = accepted(company.admin.post("/departments", {"name": "All"}), 201)["id"]
    child = accepted(company.admin.post("/departments", {"name": "Part", "parent_id": parent}), 201)["id"]
    boris = company.person(department_id=parent)
    accepted(company.admin.patch(f"/users/{anna.id}", {"department_id": child}))
    made = company.admin.create_event(**soon(), participants=[{"department_id": parent}])
    accepted(boris.put(f"/events/{made['id']}/response", {"response": "declined"}))
    run(company)
    assert (len(reminded(anna)), len(reminded(boris))) == (1, 0)


def test_reminders_leave_by_the_channels_that_were_chosen(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    want(anna, "/notifications/reminders", (10, "mail"), (9, "in_app"))
    company.admin.create_event(**soon(), title="Plan", participants=[{"user_id": anna.id}])
    run(company)
    assert len(reminded(anna)) == 1
    mails = [mail for mail in written_to(database, anna.email) if mail.template == "reminder"]
    assert [mail.values["title"] for mail in mails] == ["Plan"]
    # Who wants none of this kind at all gets none.
    off = [{"type": "reminder", "channel": "in_app", "is_on": False}]
    accepted(anna.put("/notifications/preferences", {"choices": off}))
    company.admin.create_event(**soon(), participants=[{"user_id": anna.id}])
    run(company)
    assert len(reminded(anna)) == 1


def test_what_was_due_while_nothing_ran_is_sent_as_long_as_it_makes_sense(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    want(anna, "/notifications/reminders", (120, "in_app"))
    company.admin.create_event(**soon(100), title="Later", participants=[{"user_id": anna.id}])
    over = company.admin.create_event(**soon(119), title="Over", participants=[{"user_id": anna.id}])
    with settings(REMINDER_GRACE_MINUTES=60):
        catch_up(company)
    database.execute(
        "UPDATE event_occurrences SET starts_at = now() - interval '1 minute' WHERE series_id = %s", [over["id"]]
    )
    database.execute(
        "UPDATE due_reminders SET due_at = now() - interval '2 hours', starts_at = o.starts_at FROM event_occurrences o"
        " WHERE o.series_id = due_reminders.series_id AND user_id = %s",
        [anna.id],
    )
    send_event_reminders()
    assert len(reminded(anna)) == 1
    assert reminded(anna)[0].startswith("Later")


def test_what_becomes_due_later_is_planned_in_time(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    want(anna, "/notifications/reminders", (30, "in_app"), (1440, "in_app"))
    company.admin.create_event(**soon(24 * 60 + 30), participants=[{"user_id": anna.id}])
    company.admin.create_event(**soon(90), participants=[{"user_id": anna.id}])
    catch_up(company)
    # The plan reaches an hour ahead: a day before the one, and half an hour before the other.
    plan_until(database, company, datetime.now(UTC).isoformat())
    database.execute("DELETE FROM due_reminders WHERE user_id = %s", [anna.id])
    plan_reminders()
    assert [row[1] for row in due(database, anna)] == [1440, 30]
    database.execute("UPDATE due_reminders SET due_at = now() - interval '31 days' WHERE user_id = %s", [anna.id])
    assert cleanup_old_notifications() >= 2


def test_reminders_are_bounded_and_bad_ones_are_refused(company: Company, anna: Person) -> None:
    made = company.admin.create_event(participants=[{"user_id": anna.id}])
    path = f"/events/{made['id']}/reminders"

    def code(body: dict[str, Any], where: str = path) -> str:
        answer = anna.put(where, body)
        assert answer.status_code in (409, 422), answer.text
        return str(answer.json()["code"])

    one = {"minutes": 5, "channel": "in_app"}
    assert code({"reminders": [one, one]}) == "reminder_twice"
    assert code({"reminders": [{"minutes": -1}]}) == "reminder_too_early"
    assert code({"timed": [{"minutes": -1}], "all_day": []}, "/notifications/reminders") == "reminder_too_early"
    assert code({"reminders": [{"minutes": 40_321}]}) == "invalid_request"
    assert code({"reminders": [{"minutes": number} for number in range(11)]}) == "too_many_reminders"
    with settings(REMINDER_SETTINGS_PER_USER=1):
        want(anna, path, (5, "in_app"))
        want(anna, path, (6, "in_app"))
        assert code({"timed": [], "all_day": []}, "/notifications/reminders") == "too_many_reminder_settings"
    assert accepted(anna.get(path))["reminders"] == [{"minutes": 6, "channel": "in_app"}]
    # It is nobody else's business: the event is as it was.
    assert accepted(company.admin.get(path))["level"] == "installation"
    assert accepted(company.admin.get(f"/events/{made['id']}"))["version"] == made["version"]


def test_of_a_feed_from_outside_only_those_are_reminded_who_ask(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    made = anna.create_event(**soon(30))
    database.execute("UPDATE calendars SET is_outside = true WHERE id = %s", [made["calendar_id"]])
    catch_up(company)
    assert due(database, anna) == []
    want(anna, f"/calendars/{made['calendar_id']}/reminders", (20, "in_app"))
    catch_up(company)
    assert [row[1] for row in due(database, anna)] == [20]


def test_planning_enters_the_index_with_both_bounds_under_row_level_security(company: Company) -> None:
    """Its cost follows what becomes due, not how much a company has."""
    since = datetime.now(UTC)
    with in_company(company.organization.id, "test") as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        values = {"company": company.organization.id, "since": since, "until": since + timedelta(minutes=10)}
        plan = session.execute(text(f"EXPLAIN {reminder_planning._PLAN.text}"), {**values, **DEFAULTS}).scalars()
        bounds = [line for line in plan if "starts_at >= t.first_start" in line]
    assert len(bounds) == 1
    assert "Index Cond" in bounds[0]
    assert "starts_at <= t.last_start" in bounds[0]
