"""Every rule of a room, tried through events: what it refuses, what it says, and what it lets pass."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from app.tasks.occurrence_tasks import book_reached_rooms
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings, stored_bookings, today

SOON = today() + timedelta(days=10)
RUSSIAN = {"Accept-Language": "ru"}


def next_monday() -> Any:
    return today() + timedelta(days=14 - today().weekday())


def body(room: str, day: Any = SOON, hour: int = 9, minutes: int = 60, **values: Any) -> dict[str, Any]:
    start = datetime(day.year, day.month, day.day, hour)
    end = start + timedelta(minutes=minutes)
    times = {"start_time": start.isoformat(), "end_time": end.isoformat(), "time_zone": "UTC"}
    return {"title": "Meeting", **times, "room_id": room, **values}


def ruled(company: Company, **rules: Any) -> str:
    """A room with these rules."""
    room: str = company.admin.create_room(name="Blue", capacity=4)["id"]
    accepted(company.admin.put(f"/rooms/{room}/policy", rules))
    return room


def broken(person: Person, event: dict[str, Any], code: str) -> dict[str, Any]:
    """The first broken rule of a refusal, which says the same in words."""
    problem = refused(person.post("/events", event), 409, code)
    assert problem["broken"][0]["rule"] == code
    assert refused(person.post("/events", event, headers=RUSSIAN), 409, code)["detail"] != problem["detail"]
    rule: dict[str, Any] = problem["broken"][0]
    return {**rule, "detail": problem["detail"]}


def test_a_room_is_booked_at_most_so_many_days_ahead(company: Company) -> None:
    anna, room = company.person(), ruled(company, booking_window_days=20)
    accepted(anna.post("/events", body(room, today() + timedelta(days=19))), 201)
    rule = broken(anna, body(room, today() + timedelta(days=21)), "room_beyond_window")
    assert rule["value"] == f"{today() + timedelta(days=21)}T09:00:00Z"
    assert rule["allowed"][:10] == str(today() + timedelta(days=20))
    assert "20 days" in rule["detail"]


def test_without_a_rule_it_is_what_the_installation_says(company: Company) -> None:
    anna, room = company.person(), company.admin.create_room()["id"]
    with settings(ROOM_BOOKING_WINDOW_DAYS=180):
        broken(anna, body(room, today() + timedelta(days=181)), "room_beyond_window")
        accepted(anna.post("/events", body(room, today() + timedelta(days=179))), 201)


def test_what_a_series_has_beyond_the_window_is_booked_when_the_window_reaches_it(
    company: Company, database: psycopg.Connection
) -> None:
    anna, room = company.person(), ruled(company, booking_window_days=20)
    weekly = body(room, recurrence_rule="FREQ=WEEKLY;COUNT=5")
    made = accepted(anna.post("/events", weekly), 201)
    assert made["room_report"]["counts"] == {"confirmed": 2, "later": 3}
    assert [row[3] for row in stored_bookings(database, made["id"])] == ["confirmed"] * 2 + ["later"] * 3
    # Somebody may be first there: then that occurrence goes without.
    accepted(company.admin.put(f"/rooms/{room}/policy", {"booking_window_days": 30}))
    accepted(company.person().post("/events", body(room, SOON + timedelta(weeks=2))), 201)
    assert book_reached_rooms() >= 1
    states = [row[3] for row in stored_bookings(database, made["id"])]
    assert states == ["confirmed", "confirmed", "declined", "later", "later"]
    report = accepted(anna.get(f"/events/{made['id']}/room-report"))
    assert report["occurrences"][2]["reason"] == "taken"
    book_reached_rooms()
    assert [row[3] for row in stored_bookings(database, made["id"])] == states


def test_a_series_whose_first_occurrence_lies_beyond_the_window_is_refused(company: Company) -> None:
    room = ruled(company, booking_window_days=5)
    broken(company.person(), body(room, recurrence_rule="FREQ=WEEKLY;COUNT=3"), "room_beyond_window")


@pytest.mark.parametrize(
    ("rules", "minutes", "code", "allowed"),
    [
        ({"min_minutes": 30}, 29, "room_booking_too_short", 30),
        ({"max_minutes": 120}, 121, "room_booking_too_long", 120),
    ],
)
def test_a_booking_has_a_shortest_and_a_longest_duration(
    company: Company, rules: dict[str, int], minutes: int, code: str, allowed: int
) -> None:
    anna, room = company.person(), ruled(company, **rules)
    rule = broken(anna, body(room, minutes=minutes), code)
    assert (rule["value"], rule["allowed"]) == (minutes, allowed)
    assert str(allowed) in rule["detail"]
    accepted(anna.post("/events", body(room, minutes=allowed)), 201)


def test_a_room_is_booked_in_its_opening_hours_on_the_clock_of_its_building(company: Company) -> None:
    house = accepted(company.admin.post("/buildings", {"name": "House", "time_zone": "Asia/Yekaterinburg"}), 201)
    anna, room = company.person(), company.admin.create_room(building_id=house["id"])["id"]
    hours = [{"weekdays": [1, 2, 3, 4, 5], "start": "08:00", "end": "20:00"}]
    accepted(company.admin.put(f"/buildings/{house['id']}/policy", {"opening_hours": hours}))
    monday = next_monday()
    # 08:00 to 20:00 in Yekaterinburg, five hours before UTC.
    for hour in (3, 14):
        accepted(anna.post("/events", body(room, monday, hour)), 201)
    for hour in (2, 15):
        rule = broken(anna, body(room, monday, hour), "room_not_open")
        assert rule["allowed"][0] == {"weekday": 1, "start": "08:00", "end": "20:00"}
        assert "08:00" in rule["detail"]
        assert rule["value"]["time_zone"] == "Asia/Yekaterinburg"
    broken(anna, body(room, monday + timedelta(days=5), 5), "room_not_open")


def changes_of_the_clock(zone: str) -> list[Any]:
    """The next two days on which a zone's clocks change."""
    days, clock = [], ZoneInfo(zone)
    for number in range(1, 400):
        day = today() + timedelta(days=number)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=clock)
        if noon.utcoffset() != (noon - timedelta(days=1)).utcoffset():
            days.append(day)
    return days[:2]


def test_opening_hours_are_wall_time_on_the_days_the_clocks_change(company: Company) -> None:
    house = accepted(company.admin.post("/buildings", {"name": "House", "time_zone": "Europe/Berlin"}), 201)
    anna, room = company.person(), company.admin.create_room(building_id=house["id"])["id"]
    hours = [{"weekdays": [7], "start": "01:00", "end": "05:00"}]
    accepted(company.admin.put(f"/rooms/{room}/policy", {"opening_hours": hours}))
    for day in changes_of_the_clock("Europe/Berlin"):
        wall = {"start_time": f"{day}T01:00:00", "end_time": f"{day}T05:00:00", "time_zone": "Europe/Berlin"}
        accepted(anna.post("/events", {"title": "Night", **wall, "room_id": room}), 201)
        late = {**wall, "start_time": f"{day}T04:59:00", "end_time": f"{day}T05:01:00"}
        broken(anna, {"title": "Late", **late, "room_id": room}, "room_not_open")


@pytest.mark.parametrize("place", ["room", "building", "company"])
def test_a_blocked_room_is_not_booked_again_and_again(company: Company, place: str) -> None:
    house = accepted(company.admin.post("/buildings", {"name": "House", "time_zone": "Europe/Berlin"}), 201)
    anna, room = company.person(), company.admin.create_room(building_id=house["id"])["id"]
    where = {"room": {"room_id": room}, "building": {"building_id": house["id"]}, "company": {}}[place]
    cleaning = {"kind": "cleaning", "start": f"{SOON}T12:00:00", "end": f"{SOON}T13:00:00", **where}
    accepted(company.admin.post("/room-blockings", {**cleaning, "recurrence_rule": "FREQ=DAILY"}), 201)
    event = {"title": "Lunch", "time_zone": "Europe/Berlin", "room_id": room}
    day = SOON + timedelta(days=3)
    clash = {"start_time": f"{day}T12:30:00", "end_time": f"{day}T13:30:00"}
    rule = broken(anna, {**event, **clash}, "room_blocked")
    assert rule["value"] == {"kind": "cleaning", "title": None}
    assert f"{day} 12:00" in rule["detail"]
    assert "cleaning" in rule["detail"]
    for start, end in (("11:00", "12:00"), ("13:00", "14:00")):
        times = {"start_time": f"{day}T{start}:00", "end_time": f"{day}T{end}:00"}
        accepted(anna.post("/events", {**event, **times}), 201)
    other = company.admin.create_room()["id"]
    if place != "company":
        accepted(anna.post("/events", {**event, **clash, "room_id": other}), 201)


def test_what_a_blocking_takes_from_a_series_counts_as_a_clash(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), ruled(company)
    day = SOON + timedelta(weeks=1)
    whole_day = {"kind": "holiday", "start": str(day), "end": str(day + timedelta(days=1)), "room_id": room}
    accepted(company.admin.post("/room-blockings", whole_day), 201)
    weekly = body(room, recurrence_rule="FREQ=WEEKLY;COUNT=4")
    refused(anna.post("/events", weekly), 409, "room_blocked")
    made = accepted(anna.post("/events", weekly, params={"room_clashes_percent": 25}), 201)
    told = [(item["state"], item["reason"]) for item in made["room_report"]["occurrences"]]
    assert told == [("confirmed", None), ("declined", "rule"), ("confirmed", None), ("confirmed", None)]


def test_buffers_keep_meetings_apart(company: Company, database: psycopg.Connection) -> None:
    anna = company.person()
    room = ruled(company, buffer_before_minutes=10, buffer_after_minutes=20)
    first = accepted(anna.post("/events", body(room, hour=9)), 201)
    ((_, start, end, _),) = stored_bookings(database, first["id"])
    assert (end - start) == timedelta(minutes=90)
    problem = refused(anna.post("/events", body(room, hour=10)), 409, "room_taken")
    assert problem["clashes"][0]["booked_to"] == f"{SOON}T10:20:00Z"
    late = {"start_time": f"{SOON}T10:29:00", "end_time": f"{SOON}T11:00:00"}
    refused(anna.post("/events", body(room, **late)), 409, "room_taken")
    accepted(anna.post("/events", body(room, **{**late, "start_time": f"{SOON}T10:30:00"})), 201)
    accepted(anna.patch(f"/events/{first['id']}", {"title": "New"}))
    assert stored_bookings(database, first["id"])[0][1:3] == (start, end)


def invited(company: Company, count: int) -> list[dict[str, str]]:
    return [{"user_id": company.person().id} for _ in range(count)]


def test_too_many_people_are_warned_of_or_refused_as_the_room_says(company: Company) -> None:
    anna, room = company.person(), ruled(company)
    # Four seats: three guests and the organizer.
    fits, many = body(room, participants=invited(company, 3)), body(room, hour=11, participants=invited(company, 4))
    assert accepted(anna.post("/events", fits), 201)["room_report"]["warnings"] == []
    (warning,) = accepted(anna.post("/events", many), 201)["room_report"]["warnings"]
    assert (warning["rule"], warning["value"], warning["allowed"]) == ("room_too_small", 5, 4)
    accepted(company.admin.put(f"/rooms/{room}/policy", {"capacity_rule": "enforce"}))
    rule = broken(anna, body(room, hour=13, participants=invited(company, 4)), "room_too_small")
    assert (rule["value"], rule["allowed"]) == (5, 4)
    accepted(company.admin.put(f"/rooms/{room}/policy", {"capacity_rule": "ignore"}))
    made = accepted(anna.post("/events", body(room, hour=15, participants=invited(company, 4))), 201)
    assert made["room_report"]["warnings"] == []


def test_a_department_counts_with_all_its_people(company: Company) -> None:
    department = accepted(company.admin.post("/departments", {"name": "Sales"}), 201)["id"]
    for _ in range(4):
        company.person(department_id=department)
    room = ruled(company, capacity_rule="enforce")
    event = body(room, participants=[{"department_id": department}])
    assert broken(company.person(), event, "room_too_small")["value"] == 5


def test_people_who_come_later_count_too(company: Company) -> None:
    anna, room = company.person(), ruled(company, capacity_rule="enforce")
    event = accepted(anna.post("/events", body(room, participants=invited(company, 3))), 201)
    path = f"/events/{event['id']}"
    (guest,) = invited(company, 1)
    problem = refused(anna.post(f"{path}/participants", guest), 409, "room_too_small")
    assert (problem["broken"][0]["value"], problem["broken"][0]["allowed"]) == (5, 4)
    refused(anna.patch(path, {"participants": [*invited(company, 3), guest]}), 409, "room_too_small")
    assert accepted(anna.get(path))["participants_count"] == 3
    accepted(anna.patch(path, {"participants": [*invited(company, 2), guest]}))
    accepted(anna.patch(path, {"room_id": None}))
    accepted(anna.post(f"{path}/participants", *invited(company, 1)), 201)


def test_only_listed_people_and_departments_book(company: Company) -> None:
    parent = accepted(company.admin.post("/departments", {"name": "Law"}), 201)["id"]
    child = accepted(company.admin.post("/departments", {"name": "Tax", "parent_id": parent}), 201)["id"]
    anna, boris, clerk = company.person(), company.person(), company.person(department_id=child)
    listed = [{"user_id": anna.id}, {"department_id": parent}]
    room = ruled(company, bookable_by="listed", bookers=listed)
    accepted(anna.post("/events", body(room, hour=8)), 201)
    accepted(clerk.post("/events", body(room, hour=10)), 201)
    broken(boris, body(room, hour=12), "room_not_for_you")
    broken(company.admin, body(room, hour=12), "room_not_for_you")


def test_a_room_may_be_for_single_meetings_only(company: Company) -> None:
    anna, room = company.person(), ruled(company, recurring_allowed=False)
    broken(anna, body(room, recurrence_rule="FREQ=DAILY;COUNT=2"), "room_not_for_series")
    accepted(anna.post("/events", body(room)), 201)


def test_all_broken_rules_are_told_at_once(company: Company) -> None:
    room = ruled(company, max_minutes=30, recurring_allowed=False, opening_hours=[])
    problem = refused(
        company.person().post("/events", body(room, recurrence_rule="FREQ=DAILY;COUNT=2")), 409, "room_not_for_series"
    )
    assert [rule["rule"] for rule in problem["broken"]] == [
        "room_not_for_series",
        *["room_booking_too_long", "room_not_open"] * 2,
    ]


def test_a_move_is_checked_and_another_edit_is_not(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), ruled(company)
    event = accepted(anna.post("/events", body(room, minutes=120)), 201)
    accepted(company.admin.put(f"/rooms/{room}/policy", {"max_minutes": 60}))
    path = f"/events/{event['id']}"
    accepted(anna.patch(path, {"title": "Longer than allowed, and booked before"}))
    moved = {"start_time": f"{SOON}T12:00:00Z", "end_time": f"{SOON}T14:00:00Z"}
    refused(anna.patch(path, moved), 409, "room_booking_too_long")
    assert len(stored_bookings(database, event["id"])) == 1
    accepted(anna.patch(path, {**moved, "end_time": f"{SOON}T13:00:00Z"}))


def test_one_occurrence_that_moves_is_checked_by_itself(company: Company) -> None:
    anna, room = company.person(), ruled(company, booking_window_days=60, recurring_allowed=True)
    series = accepted(anna.post("/events", body(room, recurrence_rule="FREQ=WEEKLY;COUNT=3")), 201)
    far = today() + timedelta(days=61)
    params = {"occurrence": f"{SOON + timedelta(weeks=1)}T09:00:00"}
    times = {"start_time": f"{far}T09:00:00Z", "end_time": f"{far}T10:00:00Z"}
    refused(anna.patch(f"/events/{series['id']}", times, params=params), 409, "room_beyond_window")


def test_the_rules_of_the_organizer_hold_for_whoever_acts_for_them(company: Company) -> None:
    boss, helper = company.person(), company.person()
    accepted(boss.post("/delegations", {"delegate_id": helper.id}), 201)
    room = ruled(company, bookable_by="listed", bookers=[{"user_id": boss.id}])
    acting = {"X-On-Behalf-Of": boss.id}
    accepted(helper.post("/events", body(room), headers=acting), 201)
    refused(helper.post("/events", body(room, hour=11)), 409, "room_not_for_you")
