"""Closing a room: a plan that is shown first, then carried out whole; what finds no room keeps its time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from app.core.ids import new_id
from tests.api.closings import (
    DAY,
    becomes,
    beliefs_without_rooms,
    closed,
    equal_room,
    policy,
    rooms_of,
    weekly,
    why_told,
)
from tests.support.mail import written_to
from tests.support.people import Company
from tests.support.planning import (
    MISSING_ID,
    accepted,
    at,
    enter,
    refused,
    settings,
    stored_bookings,
    today,
    utc,
)


@pytest.fixture
def blue(company: Company) -> dict[str, Any]:
    """The room that is closed."""
    return company.admin.create_room(name="Blue", capacity=8, equipment=["projector"])


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    equal_room(company, "Green")
    anna = company.person()
    event = anna.create_event(**at(DAY), room_id=blue["id"], title="Board")
    plan = closed(company.admin, blue, dry_run=True)
    assert (plan["dry_run"], plan["counts"]) == (True, {"moved": 1, "lost": 0, "dropped": 0})
    (item,) = plan["bookings"]
    assert (item["start_time"], item["state"], item["becomes"]) == (utc(DAY), "confirmed", "moved")
    assert item["room"]["name"] == "Green"
    assert closed(company.admin, blue, dry_run=True)["plan"] == plan["plan"]
    assert rooms_of(database, event) == [("Blue", "confirmed")]
    assert accepted(company.admin.get(f"/rooms/{blue['id']}")) == blue
    assert accepted(anna.get(f"/events/{event['id']}"))["version"] == event["version"]
    assert why_told(database, anna) == []


def test_closed_for_good_its_bookings_are_in_the_equal_room_and_the_organizer_is_told_once(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    green = equal_room(company, "Green")
    anna, guest = company.person(), company.person()
    participants = [{"user_id": anna.id}, {"user_id": guest.id}]
    event = anna.create_event(**at(DAY), room_id=blue["id"], title="Board", participants=participants)
    accepted(guest.put(f"/events/{event['id']}/response", {"response": "accepted"}))
    read = accepted(anna.get(f"/events/{event['id']}"))
    before = {person.id: len(why_told(database, person)) for person in (anna, guest)}
    answer = closed(company.admin, blue, reason="New carpet")
    assert (answer["dry_run"], becomes(answer), answer["end"]) == (False, ["Green"], None)
    assert accepted(company.admin.get(f"/rooms/{blue['id']}"))["is_active"] is False
    assert rooms_of(database, event) == [("Green", "confirmed")]
    moved = accepted(anna.get(f"/events/{event['id']}"))
    assert (moved["room_id"], moved["uid"]) == (green["id"], event["uid"])
    assert moved["version"] > read["version"]
    assert {item["response"] for item in moved["participants"]} == {"needs_action", "accepted"}
    (mail,) = written_to(database, anna.email)[before[anna.id] :]
    assert (mail.template, mail.values["why"], mail.values["other_room"]) == ("room_notice", "moved", "Green")
    assert (mail.values["title"], mail.values["comment"]) == ("Board", "New carpet")
    (mail,) = written_to(database, guest.email)[before[guest.id] :]
    assert (mail.template, mail.values["why"]) == ("event_notice", "changed")
    refused(anna.patch(f"/events/{event['id']}", {"room_id": blue["id"]}), 409, "room_inactive")
    accepted(company.admin.patch(f"/rooms/{blue['id']}", {"is_active": True}))
    accepted(anna.patch(f"/events/{event['id']}", {"room_id": blue["id"]}))


def test_what_finds_no_room_keeps_its_time_and_its_organizer_is_told(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna = company.person()
    event = anna.create_event(**at(DAY), room_id=blue["id"])
    answer = closed(company.admin, blue)
    assert (becomes(answer), answer["counts"]) == ([None], {"moved": 0, "lost": 1, "dropped": 0})
    kept = accepted(anna.get(f"/events/{event['id']}"))
    assert (kept["room_id"], kept["start_time"]) == (None, event["start_time"])
    assert rooms_of(database, event) == []
    assert why_told(database, anna) == ["lost"]


@pytest.mark.parametrize(
    "other",
    [
        {"capacity": 7},
        {"equipment": ["whiteboard"]},
        {"equipment": [{"name": "projector", "quantity": 2, "out_of_order": 2}]},
        {"accessibility": []},
        {"is_active": False},
    ],
)
def test_a_room_that_lacks_something_is_not_equal(
    company: Company, blue: dict[str, Any], other: dict[str, Any]
) -> None:
    anna = company.person()
    accepted(company.admin.patch(f"/rooms/{blue['id']}", {"accessibility": ["step_free"]}))
    equal_room(company, "Other", **{"accessibility": ["step_free", "hearing_loop"], **other})
    guests = [{"email": f"guest-{number}@firm.example"} for number in range(7)]
    anna.create_event(**at(DAY), room_id=blue["id"], participants=guests)
    assert becomes(closed(company.admin, blue, dry_run=True)) == [None]


def test_a_smaller_room_will_do_for_those_who_come_when_none_is_as_large(
    company: Company, blue: dict[str, Any]
) -> None:
    anna = company.person()
    equal_room(company, "Small", capacity=2)
    anna.create_event(**at(DAY), room_id=blue["id"], participants=[{"email": "guest@firm.example"}])
    assert becomes(closed(company.admin, blue, dry_run=True)) == ["Small"]
    equal_room(company, "Hall", capacity=100)
    assert becomes(closed(company.admin, blue, dry_run=True)) == ["Hall"]


def test_what_does_not_work_in_the_room_is_not_asked_of_another(company: Company, blue: dict[str, Any]) -> None:
    company.person().create_event(**at(DAY), room_id=blue["id"])
    equal_room(company, "Bare", equipment=[])
    assert becomes(closed(company.admin, blue, dry_run=True)) == [None]
    broken = [{"name": "projector", "quantity": 1, "out_of_order": 1}]
    accepted(company.admin.patch(f"/rooms/{blue['id']}", {"equipment": broken}))
    assert becomes(closed(company.admin, blue, dry_run=True)) == ["Bare"]


def test_the_nearest_equal_room_comes_first_and_another_building_last(
    company: Company, database: psycopg.Connection
) -> None:
    enter(database, company)
    here, there = str(new_id()), str(new_id())
    for building, zone in ((here, "Europe/Berlin"), (there, "Asia/Almaty")):
        database.execute(
            "INSERT INTO buildings (organization_id, id, name, time_zone) VALUES (%s, %s, %s, %s)",
            [company.organization.id, building, f"House {zone}", zone],
        )
    blue = equal_room(company, "Blue", building_id=here, floor=3)
    company.person().create_event(**at(DAY), room_id=blue["id"])
    for name, building, floor in (("Far", there, 3), ("Below", here, 1), ("Beside", here, 3)):
        equal_room(company, name, building_id=building, floor=floor)
    for name in ("Beside", "Below", "Far"):
        assert becomes(closed(company.admin, blue, dry_run=True)) == [name]
        room = accepted(company.admin.get("/rooms"))["items"]
        taken = next(item["id"] for item in room if item["name"] == name)
        company.admin.create_event(**at(DAY), room_id=taken)
    assert becomes(closed(company.admin, blue, dry_run=True)) == [None]


def test_the_rules_of_the_other_room_hold_for_the_organizer(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna, boris = company.person(), company.person()
    for number, person in enumerate((anna, boris)):
        person.create_event(**at(DAY, 9 + number), room_id=blue["id"])
    green = equal_room(company, "Green")
    policy_id = policy(database, company, green, bookable_by="listed")
    database.execute(
        "INSERT INTO booking_policy_people (organization_id, id, policy_id, purpose, user_id)"
        " VALUES (%s, %s, %s, 'booker', %s)",
        [company.organization.id, new_id(), policy_id, anna.id],
    )
    assert becomes(closed(company.admin, blue, dry_run=True)) == ["Green", None]
    database.execute("UPDATE booking_policies SET bookable_by = NULL, in_policy = 'request' WHERE id = %s", [policy_id])
    assert becomes(closed(company.admin, blue, dry_run=True)) == [None, None]
    database.execute("UPDATE booking_policies SET in_policy = NULL, max_minutes = 30 WHERE id = %s", [policy_id])
    assert becomes(closed(company.admin, blue, dry_run=True)) == [None, None]
    database.execute("UPDATE booking_policies SET max_minutes = 60 WHERE id = %s", [policy_id])
    assert becomes(closed(company.admin, blue, dry_run=True)) == ["Green", "Green"]


def test_buffers_of_the_other_room_count_and_are_taken(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna = company.person()
    first, second = (anna.create_event(**at(DAY, hour), room_id=blue["id"]) for hour in (9, 10))
    green = equal_room(company, "Green")
    policy(database, company, green, buffer_before_minutes=10, buffer_after_minutes=5)
    assert becomes(closed(company.admin, blue)) == ["Green", None]
    ((_, start, end, _),) = stored_bookings(database, first["id"])
    begin = datetime(DAY.year, DAY.month, DAY.day, 9, tzinfo=UTC)
    assert (start, end) == (begin - timedelta(minutes=10), begin + timedelta(minutes=65))
    assert stored_bookings(database, second["id"]) == []


def test_a_room_closed_for_a_time_loses_only_what_lies_in_it(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna = company.person()
    series = anna.create_event(**weekly(4), room_id=blue["id"])
    equal_room(company, "Green")
    start, end = DAY + timedelta(weeks=1), DAY + timedelta(weeks=2)
    answer = closed(company.admin, blue, start=utc(start, 9, 59), end=utc(end, 9), reason="Paint")
    assert becomes(answer) == ["Green"]
    assert [room for room, _ in rooms_of(database, series)] == ["Blue", "Green", "Blue", "Blue"]
    assert accepted(company.admin.get(f"/rooms/{blue['id']}"))["is_active"] is True
    body = {"title": "Late", **at(start, 12), "room_id": blue["id"]}
    problem = refused(anna.post("/events", body), 409, "room_blocked")
    assert "Paint" in problem["detail"]
    accepted(anna.post("/events", {**body, **at(end, 12)}), 201)
    assert beliefs_without_rooms(database, company) == []
    row = database.execute(
        "SELECT id::text, kind FROM room_blockings WHERE organization_id = %s", [company.organization.id]
    ).fetchone()
    assert row == (answer["blocking_id"], "closed")


def test_naive_times_are_the_clock_of_the_rooms_building(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    plan = closed(company.admin, blue, dry_run=True, start=f"{DAY}T08:00:00", end=f"{DAY + timedelta(days=1)}")
    zone = ZoneInfo("Europe/Berlin")
    walls = [datetime.fromisoformat(plan[name]).astimezone(zone).replace(tzinfo=None) for name in ("start", "end")]
    midnight = datetime(DAY.year, DAY.month, DAY.day)
    assert walls == [midnight + timedelta(hours=8), midnight + timedelta(days=1)]


def test_what_waits_for_an_approver_is_booked_where_none_is_needed(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    policy(database, company, blue, in_policy="request")
    anna = company.person()
    event = anna.create_event(**at(DAY), room_id=blue["id"])
    assert rooms_of(database, event) == [("Blue", "pending")]
    equal_room(company, "Green")
    assert [item["state"] for item in closed(company.admin, blue)["bookings"]] == ["pending"]
    states = database.execute("SELECT state FROM room_requests WHERE room_id = %s", [blue["id"]]).fetchall()
    assert states == [("withdrawn",)]
    assert rooms_of(database, event) == [("Green", "confirmed")]


def test_holds_go_and_what_was_booked_at_the_door_ends(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    enter(database, company)
    moment = datetime.now(UTC).replace(microsecond=0)
    hour = timedelta(hours=1)
    values = {"o": company.organization.id, "r": blue["id"], "u": company.admin.id}
    for source, state, start, holder in (
        ("hold", "held", moment + 24 * hour, company.admin.id),
        ("walk_up", "confirmed", moment - hour / 2, None),
    ):
        database.execute(
            "INSERT INTO room_bookings (organization_id, id, room_id, starts_at, ends_at, during, state, source,"
            " held_by_id, expires_at, created_at) VALUES (%(o)s, %(i)s, %(r)s, %(s)s, %(e)s, tstzrange(%(s)s, %(e)s),"
            " %(state)s, %(source)s, %(h)s, CASE WHEN %(h)s::uuid IS NULL THEN NULL ELSE now() + interval '1 hour' END,"
            " now())",
            {**values, "i": new_id(), "s": start, "e": start + hour, "state": state, "source": source, "h": holder},
        )
    answer = closed(company.admin, blue)
    assert [item["source"] for item in answer["dropped"]] == ["walk_up", "hold"]
    rows = database.execute(
        "SELECT source, upper(during) <= now() FROM room_bookings WHERE room_id = %s", [blue["id"]]
    ).fetchall()
    assert rows == [("walk_up", True)]


def test_who_waits_for_the_room_waits_no_longer(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna, boris = company.person(), company.person()
    anna.create_event(**at(DAY), room_id=blue["id"])
    waiting = boris.create_event(**at(DAY))
    enter(database, company)
    database.execute(
        "INSERT INTO room_waiting (organization_id, id, room_id, user_id, series_id, original_start, starts_at,"
        " ends_at, during, state, offer_minutes, created_at)"
        " SELECT organization_id, %s, %s, %s, series_id, original_start, starts_at, ends_at,"
        " tstzrange(starts_at, ends_at), 'waiting', 5, now() FROM event_occurrences WHERE series_id = %s",
        [new_id(), blue["id"], boris.id, waiting["id"]],
    )
    equal_room(company, "Green")
    closed(company.admin, blue, start=utc(DAY, 0), end=utc(DAY, 20))
    states = database.execute("SELECT state FROM room_waiting WHERE room_id = %s", [blue["id"]]).fetchall()
    held = database.execute("SELECT count(*) FROM room_bookings WHERE room_id = %s", [blue["id"]]).fetchone()
    assert (states, held) == ([("expired",)], (0,))


def test_a_plan_that_has_changed_is_not_carried_out(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna = company.person()
    event = anna.create_event(**at(DAY), room_id=blue["id"])
    green = equal_room(company, "Green")
    plan = closed(company.admin, blue, dry_run=True)
    anna.create_event(**at(DAY), room_id=green["id"])
    answer = company.admin.post(f"/rooms/{blue['id']}/closing", {"plan": plan["plan"]})
    fresh = refused(answer, 409, "plan_changed")["closing"]
    assert becomes(fresh) == [None]
    assert rooms_of(database, event) == [("Blue", "confirmed")]
    assert accepted(company.admin.get(f"/rooms/{blue['id']}"))["is_active"] is True
    assert becomes(closed(company.admin, blue, plan=fresh["plan"])) == [None]


def test_private_events_of_others_move_unseen(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna = company.person()
    event = anna.create_event(**at(DAY), room_id=blue["id"], title="Merger", visibility="private")
    own = company.admin.create_event(**at(DAY, 12), room_id=blue["id"], title="Mine")
    equal_room(company, "Green")
    answer = company.admin.post(f"/rooms/{blue['id']}/closing", {})
    assert event["id"] not in answer.text
    assert "Merger" not in answer.text
    hidden, seen = accepted(answer)["bookings"]
    assert (hidden["event_id"], hidden["title"], hidden["becomes"]) == (None, None, "moved")
    assert (seen["event_id"], seen["title"]) == (own["id"], "Mine")
    assert rooms_of(database, event) == [("Green", "confirmed")]


def test_a_room_with_bookings_ahead_points_to_closing(company: Company, blue: dict[str, Any]) -> None:
    company.person().create_event(**at(DAY), recurrence_rule="FREQ=MONTHLY;COUNT=12", room_id=blue["id"])
    for answer in (
        company.admin.delete(f"/rooms/{blue['id']}"),
        company.admin.patch(f"/rooms/{blue['id']}", {"is_active": False}),
    ):
        problem = refused(answer, 409, "room_has_bookings")
        # Those beyond the booking window too.
        assert " 12 " in problem["detail"]
        assert "/closing" in problem["detail"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"start": utc(DAY)}, "closing_for_good_is_now"),
        ({"start": utc(DAY), "end": utc(DAY)}, "closing_needs_order"),
        ({"start": utc(DAY, 10), "end": utc(DAY, 9)}, "closing_needs_order"),
        ({"start": utc(DAY), "end": utc(DAY + timedelta(days=4000))}, "closing_too_long"),
        ({"end": utc(today() - timedelta(days=2))}, "closing_has_passed"),
    ],
)
def test_times_that_make_no_closing_are_refused(
    company: Company, blue: dict[str, Any], values: dict[str, Any], code: str
) -> None:
    for dry_run in (True, False):
        answer = company.admin.post(f"/rooms/{blue['id']}/closing", values, params={"dry_run": dry_run})
        refused(answer, 422, code)


def test_no_more_than_the_bound_move_at_once(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    event = company.person().create_event(**weekly(3), room_id=blue["id"])
    with settings(ROOM_CLOSING_MAX_BOOKINGS=2):
        problem = refused(company.admin.post(f"/rooms/{blue['id']}/closing", {}), 409, "too_many_bookings")
        assert " 3 " in problem["detail"]
    assert rooms_of(database, event) == [("Blue", "confirmed")] * 3
    with settings(ROOM_BLOCKINGS_MAX=1):
        window = {"start": utc(DAY, 0), "end": utc(DAY, 12)}
        closed(company.admin, blue, **window)
        refused(company.admin.post(f"/rooms/{blue['id']}/closing", window), 409, "too_many_blockings")


def test_only_who_keeps_rooms_closes_them_and_strangers_see_none(
    company: Company, stranger_company: Company, blue: dict[str, Any]
) -> None:
    path = f"/rooms/{blue['id']}/closing"
    refused(company.person().post(path, {}), 403, "admin_or_it_only")
    refused(stranger_company.admin.post(path, {}), 404, "room_not_found")
    refused(company.admin.post(f"/rooms/{MISSING_ID}/closing", {}), 404, "room_not_found")
    accepted(company.person(role="it").post(path, {}, params={"dry_run": True}))  # type: ignore[arg-type]


def test_an_all_day_event_moves_too(company: Company, database: psycopg.Connection, blue: dict[str, Any]) -> None:
    anna = company.person()
    body = {"title": "Fair", "is_all_day": True, "start_time": f"{DAY}", "room_id": blue["id"]}
    event = accepted(anna.post("/events", body), 201)
    equal_room(company, "Green")
    assert becomes(closed(company.admin, blue)) == ["Green"]
    assert rooms_of(database, event) == [("Green", "confirmed")]


def test_a_closing_that_is_sent_twice_is_carried_out_once(company: Company, blue: dict[str, Any]) -> None:
    company.person().create_event(**at(DAY), room_id=blue["id"])
    equal_room(company, "Green")
    headers = {"Idempotency-Key": "closing-1"}
    first, second = (company.admin.post(f"/rooms/{blue['id']}/closing", {}, headers=headers) for _ in range(2))
    assert becomes(accepted(first)) == ["Green"]
    assert second.content == first.content
