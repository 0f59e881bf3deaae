"""Rule 19: a room is booked for every instance or for none, in one transaction, and never twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.support.people import Company, Person, event
from tests.support.planning import (
    accepted,
    at,
    company_counts,
    refused,
    settings,
    starts,
    stored_bookings,
    stored_event,
    stored_occurrences,
    stored_rows,
    today,
    utc,
)


def berlin(start: str, end: str, day: str = "2027-03-22") -> dict[str, str]:
    return {"start_time": f"{day}T{start}:00", "end_time": f"{day}T{end}:00"}


def test_rule_19_ten_to_eleven_and_eleven_to_twelve_live_side_by_side(
    company: Company, database: psycopg.Connection
) -> None:
    room = company.admin.create_room()
    made = [
        company.admin.create_event(**berlin(start, end), room_id=room["id"])
        for start, end in (("10:00", "11:00"), ("11:00", "12:00"), ("09:00", "10:00"))
    ]
    assert all(len(stored_bookings(database, item["id"])) == 1 for item in made)


@pytest.mark.parametrize(
    ("start", "end"),
    [("10:00", "11:00"), ("10:59", "11:30"), ("09:00", "10:01"), ("09:00", "12:00"), ("10:15", "10:45")],
)
def test_rule_19_a_second_booking_that_overlaps_is_refused_whole(
    company: Company, database: psycopg.Connection, start: str, end: str
) -> None:
    anna = company.person()
    room, free = company.admin.create_room(), company.admin.create_room(name="Free one")
    first = company.admin.create_event(**berlin("10:00", "11:00"), room_id=room["id"], title="Board")
    before = company_counts(database, company.organization.id)
    problem = refused(anna.post("/events", event(**berlin(start, end), room_id=room["id"])), 409, "room_taken")
    (clash,) = problem["clashes"]
    assert (clash["booked_from"], clash["booked_to"]) == (first["start_time"], first["end_time"])
    assert clash["start_time"] < clash["end_time"]
    assert [item["id"] for item in problem["free_rooms"]] == [free["id"]]
    assert company_counts(database, company.organization.id) == before


def test_a_clash_names_the_other_event_only_to_those_who_may_see_it(company: Company) -> None:
    anna, boris = company.person(), company.person()
    room = company.admin.create_room()
    made = anna.create_event(title="Secret merger", room_id=room["id"], participants=[{"user_id": boris.id}])

    def clash_seen_by(person: Person) -> dict[str, Any]:
        problem = refused(person.post("/events", event(room_id=room["id"])), 409, "room_taken")
        (clash,) = problem["clashes"]
        return clash

    for person in (anna, boris):
        assert (clash_seen_by(person)["event_id"], clash_seen_by(person)["title"]) == (made["id"], "Secret merger")
    for person in (company.person(), company.admin):
        assert (clash_seen_by(person)["event_id"], clash_seen_by(person)["title"]) == (None, None)
    answer = company.admin.post("/events", event(room_id=room["id"]))
    assert "Secret" not in answer.text
    assert made["id"] not in answer.text


def test_rule_19_a_series_that_clashes_once_is_refused_whole_with_the_clashing_instances(
    company: Company, database: psycopg.Connection
) -> None:
    admin = company.admin
    room, free = company.admin.create_room(), company.admin.create_room()
    half_free = company.admin.create_room()
    for day in ("2027-04-05", "2027-04-19"):
        admin.create_event(**berlin("09:30", "09:45", day), room_id=room["id"])
    admin.create_event(**berlin("09:30", "09:45", "2027-04-12"), room_id=half_free["id"])
    before = company_counts(database, company.organization.id)

    weekly = event(recurrence_rule="FREQ=WEEKLY;COUNT=8", room_id=room["id"])
    problem = refused(admin.post("/events", weekly), 409, "room_taken")

    assert [clash["start_time"] for clash in problem["clashes"]] == ["2027-04-05T07:00:00Z", "2027-04-19T07:00:00Z"]
    assert [clash["booked_from"] for clash in problem["clashes"]] == ["2027-04-05T07:30:00Z", "2027-04-19T07:30:00Z"]
    assert [item["id"] for item in problem["free_rooms"]] == [free["id"]]
    assert "2 of 8" in problem["detail"]
    assert company_counts(database, company.organization.id) == before
    accepted(admin.post("/events", {**weekly, "exdates": ["2027-04-05", "2027-04-19"]}), 201)


def test_free_rooms_begin_with_the_one_most_like_the_room_that_is_taken(company: Company) -> None:
    room = company.admin.create_room(capacity=8)
    sizes = (2, 7, 9, 30, 8)
    for capacity in sizes:
        company.admin.create_room(capacity=capacity, name=f"For {capacity}")
    company.admin.create_event(room_id=room["id"])
    problem = refused(company.admin.post("/events", event(room_id=room["id"])), 409, "room_taken")
    assert [item["name"] for item in problem["free_rooms"]] == ["For 8", "For 9", "For 30", "For 7", "For 2"]


def test_the_409_shows_a_bounded_number_of_clashes_and_counts_them_all(company: Company) -> None:
    room = company.admin.create_room()
    daily = event(recurrence_rule="FREQ=DAILY;COUNT=80", room_id=room["id"])
    accepted(company.admin.post("/events", daily), 201)
    problem = refused(company.admin.post("/events", daily), 409, "room_taken")
    assert len(problem["clashes"]) == 50
    assert "80 of 80" in problem["detail"]


def test_rule_19_a_moved_event_moves_its_room_along(company: Company, database: psycopg.Connection) -> None:
    room = company.admin.create_room()
    series = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3", room_id=room["id"])
    # Half an hour later: the new times overlap the series' own old bookings.
    accepted(company.admin.patch(f"/events/{series['id']}", berlin("09:30", "10:30")))
    bookings = stored_bookings(database, series["id"])
    assert [(row[1], row[2]) for row in bookings] == [row[1:] for row in stored_occurrences(database, series["id"])]
    assert bookings[0][1] == datetime(2027, 3, 22, 8, 30, tzinfo=UTC)
    assert {row[0] for row in bookings} == {room["id"]}
    company.admin.create_event(**berlin("09:00", "09:30"), room_id=room["id"])


def test_rule_19_a_move_onto_somebody_elses_booking_fails_whole(company: Company, database: psycopg.Connection) -> None:
    admin = company.admin
    room, free = admin.create_room(), admin.create_room()
    series = admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3", room_id=room["id"])
    admin.create_event(**berlin("11:00", "12:00", "2027-03-29"), room_id=room["id"], title="Other")
    read = accepted(admin.get(f"/events/{series['id']}"))
    rows, bookings = stored_rows(database, series["id"]), stored_bookings(database, series["id"])

    move = {"title": "Moved", **berlin("11:30", "12:30"), "participants": [{"user_id": company.person().id}]}
    problem = refused(admin.patch(f"/events/{series['id']}", move), 409, "room_taken")

    assert [(clash["start_time"], clash["title"]) for clash in problem["clashes"]] == [
        ("2027-03-29T09:30:00Z", "Other")
    ]
    assert [item["id"] for item in problem["free_rooms"]] == [free["id"]]
    assert accepted(admin.get(f"/events/{series['id']}")) == read
    assert stored_rows(database, series["id"]) == rows
    assert stored_bookings(database, series["id"]) == bookings
    accepted(admin.patch(f"/events/{series['id']}", {**move, "room_id": problem["free_rooms"][0]["id"]}))


def test_changing_the_room_frees_the_old_one_and_null_gives_it_back(
    company: Company, database: psycopg.Connection
) -> None:
    admin = company.admin
    first, second = admin.create_room(), admin.create_room()
    made = admin.create_event(room_id=first["id"])
    rows = stored_rows(database, made["id"])
    accepted(admin.patch(f"/events/{made['id']}", {"room_id": second["id"]}))
    admin.create_event(room_id=first["id"])
    assert [row[0] for row in stored_bookings(database, made["id"])] == [second["id"]]
    assert accepted(admin.patch(f"/events/{made['id']}", {"room_id": None}))["room_id"] is None
    assert stored_bookings(database, made["id"]) == []
    assert stored_rows(database, made["id"]) == rows
    admin.create_event(room_id=second["id"])


def test_cancelling_frees_the_room_and_coming_back_books_it_again(
    company: Company, database: psycopg.Connection
) -> None:
    admin = company.admin
    room = admin.create_room()
    series = admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3", room_id=room["id"])
    path = f"/events/{series['id']}"
    cancelled = accepted(admin.patch(path, {"status": "cancelled"}))
    assert (cancelled["status"], cancelled["room_id"]) == ("cancelled", room["id"])
    assert stored_bookings(database, series["id"]) == []
    accepted(admin.patch(path, {"status": "confirmed"}))
    assert len(stored_bookings(database, series["id"])) == 3


def test_coming_back_is_a_409_when_the_room_was_taken_in_the_meantime(
    company: Company, database: psycopg.Connection
) -> None:
    admin = company.admin
    room = admin.create_room()
    series = admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3", room_id=room["id"])
    path = f"/events/{series['id']}"
    accepted(admin.patch(path, {"status": "cancelled"}))
    admin.create_event(**berlin("09:00", "10:00", "2027-03-29"), room_id=room["id"])
    problem = refused(admin.patch(path, {"status": "confirmed"}), 409, "room_taken")
    assert [clash["start_time"] for clash in problem["clashes"]] == ["2027-03-29T07:00:00Z"]
    assert accepted(admin.get(path))["status"] == "cancelled"
    assert stored_bookings(database, series["id"]) == []


def test_a_cancelled_event_holds_no_room_wherever_it_moves(company: Company, database: psycopg.Connection) -> None:
    admin = company.admin
    room = admin.create_room()
    made = admin.create_event(room_id=room["id"], status="cancelled")
    accepted(admin.patch(f"/events/{made['id']}", berlin("12:00", "13:00")))
    assert stored_bookings(database, made["id"]) == []
    admin.create_event(room_id=room["id"], **berlin("12:00", "13:00"))


def test_a_tentative_event_holds_its_room(company: Company) -> None:
    room = company.admin.create_room()
    company.admin.create_event(room_id=room["id"], status="tentative")
    refused(company.admin.post("/events", event(room_id=room["id"])), 409, "room_taken")


def test_deleting_an_event_frees_its_room(company: Company) -> None:
    room = company.admin.create_room()
    made = company.admin.create_event(room_id=room["id"])
    assert company.admin.delete(f"/events/{made['id']}").status_code == 204
    company.admin.create_event(room_id=room["id"])


def test_a_change_of_text_leaves_bookings_untouched(company: Company, database: psycopg.Connection) -> None:
    room = company.admin.create_room()
    made = company.admin.create_event(room_id=room["id"])
    marks = "SELECT ctid::text, xmin::text FROM room_bookings WHERE series_id = %s"
    before = database.execute(marks, [made["id"]]).fetchall()
    accepted(company.admin.patch(f"/events/{made['id']}", {"title": "Other", "status": "tentative"}))
    assert database.execute(marks, [made["id"]]).fetchall() == before


def test_an_all_day_event_takes_the_room_for_the_companys_own_day(company: Company) -> None:
    room = company.admin.create_room()
    company.admin.create_event(
        start_time="2027-03-27", end_time="2027-03-29", time_zone=None, is_all_day=True, room_id=room["id"]
    )
    # Two days in Berlin, the second of which has 23 hours: 2027-03-26T23:00Z to 2027-03-28T22:00Z.
    for start, end, is_free in (
        ("2027-03-26T22:00:00Z", "2027-03-26T23:00:00Z", True),
        ("2027-03-26T22:30:00Z", "2027-03-26T23:30:00Z", False),
        ("2027-03-28T21:30:00Z", "2027-03-28T22:30:00Z", False),
        ("2027-03-28T22:00:00Z", "2027-03-28T23:00:00Z", True),
    ):
        answer = company.admin.post("/events", event(start_time=start, end_time=end, room_id=room["id"]))
        assert answer.status_code == (201 if is_free else 409), (start, answer.text)


def test_a_series_whose_instances_overlap_each_other_cannot_have_one_room(
    company: Company, database: psycopg.Connection
) -> None:
    room = company.admin.create_room()
    body = event(end_time="2027-03-23T10:00:00", recurrence_rule="FREQ=DAILY;COUNT=3", room_id=room["id"])
    refused(company.admin.post("/events", body), 422, "series_overlaps_itself")
    assert company_counts(database, company.organization.id) == (0, 0, 0, 0)
    accepted(company.admin.post("/events", {**body, "room_id": None}), 201)


def test_an_event_of_no_length_cannot_have_a_room(company: Company, database: psycopg.Connection) -> None:
    room = company.admin.create_room()
    body = event(end_time="2027-03-22T09:00:00", room_id=room["id"])
    refused(company.admin.post("/events", body), 422, "room_needs_duration")
    assert company_counts(database, company.organization.id) == (0, 0, 0, 0)


def test_a_room_is_booked_up_to_the_horizon_and_not_beyond(company: Company, database: psycopg.Connection) -> None:
    room = company.admin.create_room()
    with settings(OCCURRENCE_HORIZON_DAYS=60):
        body = {"title": "Far", **at(today() + timedelta(days=62)), "room_id": room["id"]}
        refused(company.admin.post("/events", body), 422, "room_beyond_horizon")
        assert company_counts(database, company.organization.id) == (0, 0, 0, 0)
        near = company.admin.create_event(**at(today() + timedelta(days=58)), room_id=room["id"])
    assert len(stored_bookings(database, near["id"])) == 1


def test_a_series_that_begins_on_the_last_day_of_the_horizon_really_books_its_room(
    company: Company, database: psycopg.Connection
) -> None:
    """On that day the clock decides whether a moment is within reach; whoever gets a 201 has the room."""
    room = company.admin.create_room()
    with settings(OCCURRENCE_HORIZON_DAYS=60):
        day = today() + timedelta(days=60)
        body = {"title": "Edge", **at(day, 0), "recurrence_rule": "FREQ=WEEKLY;COUNT=2", "room_id": room["id"]}
        answer = company.admin.post("/events", body)
        if answer.status_code == 201:
            assert stored_bookings(database, answer.json()["id"])[0][0] == room["id"]
        else:
            refused(answer, 422, "room_beyond_horizon")


def test_a_weekly_series_with_a_room_keeps_its_wall_time_over_both_clock_changes(
    company: Company, database: psycopg.Connection
) -> None:
    room = company.admin.create_room()
    series = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=40", room_id=room["id"])
    hours = [row[1].hour for row in stored_bookings(database, series["id"])]
    # Monday 29 March is the first in summer time, Monday 1 November the first in winter time.
    assert hours == [8] + [7] * 31 + [8] * 8
    listed = company.admin.occurrences("2027-10-25", "2027-11-03", room_id=room["id"])
    assert starts(listed) == ["2027-10-25T07:00:00Z", "2027-11-01T08:00:00Z"]
    assert {item["room_state"] for item in listed} == {"confirmed"}


def test_rule_19_a_refused_change_leaves_the_sequence_and_the_version_alone(
    company: Company, database: psycopg.Connection
) -> None:
    admin = company.admin
    room = admin.create_room()
    admin.create_event(room_id=room["id"])
    made = admin.create_event()
    before = stored_event(database, made["id"], "sequence, version, updated_at, room_id")
    refused(admin.patch(f"/events/{made['id']}", {"room_id": room["id"], "title": "New"}), 409, "room_taken")
    assert stored_event(database, made["id"], "sequence, version, updated_at, room_id") == before


def test_the_room_filter_lists_what_takes_place_in_the_room(company: Company) -> None:
    admin = company.admin
    room, other = admin.create_room(), admin.create_room()
    admin.create_event(**at(today()), title="Here", room_id=room["id"])
    admin.create_event(**at(today()), title="There", room_id=other["id"])
    admin.create_event(**at(today()), title="Nowhere")
    window = (utc(today(), 0), utc(today() + timedelta(days=1), 0))
    items = admin.occurrences(*window, room_id=room["id"])
    assert [(item["title"], item["room_id"], item["room_state"]) for item in items] == [
        ("Here", room["id"], "confirmed")
    ]
    assert len(admin.occurrences(*window)) == 3
