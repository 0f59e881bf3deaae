"""What can be booked, and when: everything that stands against it takes it away at once."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.desk import made
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings
from tests.support.slots import DAYTIME, MONDAY, at, booked, free, host, kind


@pytest.fixture
def anna(company: Company) -> Person:
    return host(company, full_name="Anna")


@pytest.fixture
def boris(company: Company) -> Person:
    return company.person(full_name="Boris", time_zone="UTC")


def test_within_hours_in_steps_from_where_they_begin(anna: Person, boris: Person) -> None:
    assert free(boris, kind(anna)) == ["09:00", "10:00", "11:00"]
    assert free(boris, kind(anna, step_minutes=40)) == ["09:00", "09:40", "10:20", "11:00"]
    several = kind(anna, durations=[90, 30])
    assert free(boris, several) == ["09:00", "09:30", "10:00", "10:30"]
    assert free(boris, several, minutes=30)[-1] == "11:30"
    refused(
        boris.get("/slots", kind=several["id"], from_="2027-01-01", to="2027-01-02", minutes=45),
        422,
        "appointment_duration",
    )


def test_without_hours_of_its_own_it_is_offered_in_working_hours(anna: Person, boris: Person) -> None:
    offered = kind(anna, hours=None, durations=[240])
    assert free(boris, offered) == ["09:00", "13:00"]
    assert free(boris, offered, first=5) == []
    made(anna, "/availability/hours", hours=[{"weekdays": [1], "start": "06:00", "end": "10:00"}])
    assert free(boris, offered) == ["06:00"]


def test_days_with_other_hours(anna: Person, boris: Person) -> None:
    other = [{"weekdays": [1], "start": "14:00", "end": "15:00"}]
    offered = kind(
        anna, days=[{"day": str(MONDAY), "hours": other}, {"day": str(MONDAY + timedelta(days=1)), "hours": []}]
    )
    assert free(boris, offered) == ["14:00"]
    assert free(boris, offered, first=1) == []
    assert free(boris, offered, first=2) == ["09:00", "10:00", "11:00"]


def test_an_edited_meeting_of_the_host_removes_the_slot_at_once(anna: Person, boris: Person) -> None:
    offered = kind(anna)
    event = anna.create_event(start_time=at(8), end_time=at(9), time_zone="UTC")
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]
    anna.patch(f"/events/{event['id']}", {"start_time": at(10), "end_time": at(11)})
    assert free(boris, offered) == ["09:00", "11:00"]
    anna.delete(f"/events/{event['id']}")
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]


def test_invitations_and_absences_stand_against_it(company: Company, anna: Person, boris: Person) -> None:
    offered = kind(anna)
    boris.create_event(start_time=at(10), end_time=at(11), participants=[{"user_id": anna.id}])
    assert free(boris, offered) == ["09:00", "11:00"]
    day = str(MONDAY)
    half = made(anna, "/absences", first_day=day, last_day=day, ends_midday=True)
    assert free(boris, offered) == []
    anna.delete(f"/absences/{half['id']}")
    company.admin.put("/holidays", {"day": day, "is_working": False, "name": "Holiday"})
    assert free(boris, offered) == []


def test_buffers_are_kept_around_meetings(anna: Person, boris: Person) -> None:
    anna.create_event(start_time=at(10), end_time=at(10, 30))
    assert free(boris, kind(anna, durations=[30], buffer_after_minutes=15)) == ["09:00", "10:30", "11:00", "11:30"]
    assert free(boris, kind(anna, durations=[30], buffer_before_minutes=15)) == ["09:00", "09:30", "11:00", "11:30"]


def test_notice_and_window(anna: Person, boris: Person) -> None:
    ahead = (MONDAY - MONDAY.today()).days
    assert free(boris, kind(anna, notice_minutes=(ahead + 2) * 1440)) == []
    assert free(boris, kind(anna, window_days=ahead - 2)) == []
    with settings(SLOTS_WINDOW_MAX_DAYS=3):
        refused(boris.get("/slots", kind=kind(anna)["id"], from_="2027-01-01", to="2027-01-05"), 422, "window_too_wide")


def test_at_most_so_many_a_day_and_a_week(anna: Person, boris: Person) -> None:
    daily, weekly = kind(anna, max_per_day=1), kind(anna, max_per_week=2)
    booked(boris, daily)
    assert free(boris, daily) == []
    assert free(boris, daily, first=1) == ["09:00", "10:00", "11:00"]
    booked(boris, weekly, 10)
    booked(boris, weekly, 9, start=at(9, days=3))
    assert free(boris, weekly, days=7) == []
    assert free(boris, weekly, days=1, first=7) == ["09:00", "10:00", "11:00"]


def test_collective_means_all_and_round_robin_any(company: Company, anna: Person, boris: Person) -> None:
    clara = host(company, full_name="Clara")
    both = [{"user_id": anna.id}, {"user_id": clara.id}]
    together, any_one = kind(anna, mode="collective", hosts=both), kind(anna, mode="round_robin", hosts=both)
    anna.create_event(start_time=at(9), end_time=at(10))
    clara.create_event(start_time=at(10), end_time=at(11))
    assert free(boris, together) == ["11:00"]
    assert free(boris, any_one) == ["09:00", "10:00", "11:00"]
    booking = booked(boris, together, 11)
    assert {one["full_name"] for one in booking["hosts"]} == {"Anna", "Clara"}
    assert free(boris, any_one) == ["09:00", "10:00"]
    assert [one["full_name"] for one in booked(boris, any_one, 9)["hosts"]] == ["Clara"]


def test_hosts_in_several_zones_meet_where_their_hours_do(company: Company, anna: Person, boris: Person) -> None:
    tokyo = host(company, time_zone="Asia/Tokyo")
    hours = [{"weekdays": [1, 2, 3, 4, 5], "start": "08:00", "end": "20:00"}]
    offered = kind(
        anna, mode="collective", hosts=[{"user_id": anna.id}, {"user_id": tokyo.id}], hours=hours, time_zone=None
    )
    # Until 20:00 in Tokyo, from 08:00 UTC on.
    assert free(boris, offered) == ["08:00", "09:00", "10:00"]


def test_round_robin_gives_to_who_has_least_by_weight(company: Company, anna: Person, boris: Person) -> None:
    clara = host(company, full_name="Clara")
    offered = kind(
        anna, mode="round_robin", hosts=[{"user_id": anna.id, "weight": 2}, {"user_id": clara.id, "weight": 1}]
    )
    given = [
        booked(boris, offered, start=at(hour, days=day))["hosts"][0]["full_name"]
        for day in (0, 1)
        for hour in (9, 10, 11)
    ]
    assert sorted(given) == ["Anna"] * 4 + ["Clara"] * 2
    assert sorted(given[:3]) == ["Anna", "Anna", "Clara"]


def test_the_room_is_booked_along(company: Company, anna: Person, boris: Person) -> None:
    room = company.admin.create_room()
    offered = kind(anna, room_id=room["id"])
    boris.create_event(start_time=at(10), end_time=at(11), room_id=room["id"])
    assert free(boris, offered) == ["09:00", "11:00"]
    booking = booked(boris, offered)
    event = accepted(anna.get(f"/events/{booking['event_id']}"))
    assert (event["room_id"], event["room_state"]) == (room["id"], "confirmed")
    accepted(company.admin.patch(f"/rooms/{room['id']}/policy", {"min_minutes": 90}))
    assert free(boris, offered) == []


def test_several_seats_at_one_time(company: Company, anna: Person, boris: Person) -> None:
    offered = kind(anna, capacity=2)
    first = booked(boris, offered)
    clara = company.person()
    second = booked(clara, offered)
    assert first["event_id"] == second["event_id"]
    refused(company.admin.post("/slots/bookings", {"kind_id": offered["id"], "start": at(9)}), 409, "slot_taken")
    assert free(boris, offered) == ["10:00", "11:00"]
    event = accepted(clara.get(f"/events/{first['event_id']}"))
    assert boris.id not in {one["user_id"] for one in event["participants"]}
    assert boris.delete(f"/slots/bookings/{first['id']}").status_code == 204
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]
    assert clara.delete(f"/slots/bookings/{second['id']}").status_code == 204
    assert accepted(anna.get(f"/events/{first['event_id']}"))["status"] == "cancelled"


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Europe/Berlin", "2027-03-28", ["00:00", "01:00"]),
        ("Europe/Berlin", "2027-10-31", ["23:00", "00:00", "01:00", "02:00"]),
        ("America/New_York", "2027-03-14", ["06:00", "07:00"]),
        ("Australia/Lord_Howe", "2027-10-03", ["14:30", "15:30"]),
    ],
)
def test_rule_21_the_day_of_a_clock_change_offers_the_hours_that_exist(
    company: Company, boris: Person, zone: str, day: str, expected: list[str]
) -> None:
    there = host(company, time_zone=zone)
    night = [{"weekdays": [7], "start": "01:00", "end": "04:00"}]
    offered = kind(there, hours=night, time_zone=zone, window_days=730)
    answer = boris.get("/slots", kind=offered["id"], from_=day, to=f"{day}T06:00:00", time_zone=zone)
    assert [item["start"][11:16] for item in accepted(answer)["slots"]] == expected


def test_who_may_offer(company: Company, anna: Person, boris: Person) -> None:
    body = {"name": "Talk", "durations": [60]}
    refused(boris.post("/slots/kinds", body), 403, "slots_not_allowed")
    refused(anna.post("/slots/kinds", {**body, "hosts": [{"user_id": boris.id}]}), 422, "host_offers_no_slots")
    refused(
        anna.post("/slots/kinds", {**body, "hosts": [{"user_id": anna.id}, {"user_id": anna.id}]}), 422, "host_twice"
    )
    two = [{"user_id": anna.id}, {"user_id": host(company).id}]
    refused(anna.post("/slots/kinds", {**body, "hosts": two}), 422, "appointment_with_one")
    offered = kind(anna)
    path = f"/slots/kinds/{offered['id']}"
    refused(host(company).patch(path, {"name": "x"}), 403, "appointment_kind_not_yours")
    company.admin.patch(f"/users/{anna.id}", {"access_availability_slots": False})
    assert free(boris, offered) == []


def test_kinds_are_changed_and_switched_off(company: Company, anna: Person, boris: Person) -> None:
    offered = kind(anna)
    path = f"/slots/kinds/{offered['id']}"
    changed = accepted(
        anna.patch(path, {"durations": [30], "hosts": [{"user_id": anna.id, "weight": 3}]}, headers={"If-Match": '"1"'})
    )
    assert (changed["durations"], changed["hosts"][0]["weight"]) == ([30], 3)
    refused(anna.patch(path, {"durations": [45]}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    accepted(anna.patch(path, {"is_active": False}))
    refused(boris.get(path), 404, "appointment_kind_not_found")
    assert accepted(anna.get(path))["is_active"] is False
    assert [one["id"] for one in anna.get("/slots/kinds").json()["items"]] == [offered["id"]]
    assert boris.get("/slots/kinds").json()["items"] == []
    assert anna.delete(path).status_code == 204
    with settings(APPOINTMENT_KINDS_MAX=1):
        kind(anna)
        refused(anna.post("/slots/kinds", {"name": "More", "durations": [60]}), 409, "too_many_appointment_kinds")


def test_what_makes_no_sense_is_refused(anna: Person, stranger_company: Company) -> None:
    for values, code in (
        ({"durations": []}, "invalid_request"),
        ({"durations": [3]}, "invalid_request"),
        ({"hosts": []}, "invalid_request"),
        ({"hosts": [{"user_id": stranger_company.admin.id}]}, "user_not_found"),
        ({"room_id": stranger_company.admin.create_room()["id"]}, "room_not_found"),
        ({"questions": [{"key": "a", "label": "A", "type": "choice"}]}, "invalid_request"),
        ({"questions": [{"key": "a", "label": "A"}, {"key": "a", "label": "B"}]}, "invalid_request"),
    ):
        body: dict[str, Any] = {"name": "Talk", "durations": [60], "hours": DAYTIME, **values}
        refused(anna.post("/slots/kinds", body), 422, code)


def test_whoever_leaves_hands_over_what_they_offer(company: Company, anna: Person, boris: Person) -> None:
    clara = host(company, full_name="Clara")
    offered = kind(anna, mode="round_robin", hosts=[{"user_id": anna.id}, {"user_id": clara.id}])
    left = accepted(company.admin.get(f"/users/{anna.id}/leaving"))["appointment_kinds"]
    assert (left["count"], left["items"]) == (1, [{"id": offered["id"], "name": "Talk"}])
    done = accepted(company.admin.post(f"/users/{anna.id}/leaving", {"successor_id": clara.id}))
    assert done["appointment_kinds"] == 1
    assert accepted(clara.get(f"/slots/kinds/{offered['id']}"))["owner"]["id"] == clara.id
    # Whoever left cannot be booked.
    assert [one["full_name"] for one in booked(boris, offered)["hosts"]] == ["Clara"]
    refused(boris.post("/slots/bookings", {"kind_id": offered["id"], "start": at(9)}), 409, "slot_taken")
