"""A series whose room is taken now and then: all or nothing, or what clashes goes without; always told in full."""

from collections import Counter
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.support.people import Company
from tests.support.planning import MISSING_ID, accepted, at, refused, stored_bookings, today

FIRST = today() + timedelta(days=10)
CLASHING = (1, 3)


def weekly(room_id: str, **values: Any) -> dict[str, Any]:
    """Ten weeks, an hour each."""
    return {
        "title": "Weekly",
        **at(FIRST),
        "recurrence_rule": "FREQ=WEEKLY;COUNT=10",
        "room_id": room_id,
        **values,
    }


@pytest.fixture
def taken(company: Company) -> str:
    """A room that others have in the second and the fourth week."""
    room: str = company.admin.create_room(name="Blue", capacity=8)["id"]
    for week in CLASHING:
        company.admin.create_event(**at(FIRST + timedelta(weeks=week)), room_id=room)
    return room


def test_a_series_is_booked_whole_or_not_at_all_unless_asked_otherwise(company: Company, taken: str) -> None:
    problem = refused(company.person().post("/events", weekly(taken)), 409, "room_taken")
    assert "2 of 10" in problem["detail"]
    assert [clash["original_start"][:10] for clash in problem["clashes"]] == [
        (FIRST + timedelta(weeks=week)).isoformat() for week in CLASHING
    ]


@pytest.mark.parametrize(("percent", "status"), [(0, 409), (19, 409), (20, 201), (50, 201), (100, 201)])
def test_up_to_so_many_percent_may_clash(
    company: Company, database: psycopg.Connection, taken: str, percent: int, status: int
) -> None:
    answer = company.person().post("/events", weekly(taken), params={"room_clashes_percent": percent})
    assert answer.status_code == status, answer.text
    if status == 201:
        states = [row[3] for row in stored_bookings(database, answer.json()["id"])]
        assert states == ["declined" if week in CLASHING else "confirmed" for week in range(10)]


def test_every_occurrence_is_reported_with_its_state_and_reason(company: Company, taken: str) -> None:
    anna = company.person()
    report = accepted(anna.post("/events", weekly(taken), params={"room_clashes_percent": 100}), 201)["room_report"]
    assert report["counts"] == {"confirmed": 8, "declined": 2}
    assert report["warnings"] == []
    told = [(item["state"], item["reason"], item["room_id"]) for item in report["occurrences"]]
    assert told == [
        ("declined", "taken", taken) if week in CLASHING else ("confirmed", None, taken) for week in range(10)
    ]
    assert report["occurrences"][1]["original_start"] == f"{FIRST + timedelta(weeks=1)}T09:00:00Z"


def test_the_list_of_events_says_which_occurrence_went_without_its_room(company: Company, taken: str) -> None:
    anna = company.person()
    accepted(anna.post("/events", weekly(taken), params={"room_clashes_percent": 100}), 201)
    window = (FIRST.isoformat(), (FIRST + timedelta(weeks=5)).isoformat())
    own = [item["room_state"] for item in anna.occurrences(*window) if item["title"] == "Weekly"]
    assert own == ["confirmed", "declined", "confirmed", "declined", "confirmed"]


def test_an_edit_of_a_series_may_skip_what_clashes_too(
    company: Company, database: psycopg.Connection, taken: str
) -> None:
    anna = company.person()
    series = accepted(anna.post("/events", {**weekly(taken), "room_id": None}), 201)
    assert series["room_report"] is None
    path = f"/events/{series['id']}"
    refused(anna.patch(path, {"room_id": taken}), 409, "room_taken")
    assert stored_bookings(database, series["id"]) == []
    changed = accepted(anna.patch(path, {"room_id": taken}, params={"room_clashes_percent": 20}))
    assert changed["room_report"]["counts"] == {"confirmed": 8, "declined": 2}
    moved = accepted(
        anna.patch(path, {"start_time": f"{FIRST}T12:00:00Z", "end_time": f"{FIRST}T13:00:00Z"}),
    )
    assert moved["room_report"]["counts"] == {"confirmed": 10}


def test_a_dry_run_reports_the_rooms_as_the_request_would(
    company: Company, database: psycopg.Connection, taken: str
) -> None:
    anna = company.person()
    params = {"room_clashes_percent": 100}
    tried = accepted(anna.post("/events", weekly(taken), params={**params, "dry_run": True}))
    assert tried["rooms_won"]["count"] == 8
    done = accepted(anna.post("/events", weekly(taken), params=params), 201)
    assert tried["event"]["room_report"]["counts"] == done["room_report"]["counts"]
    assert len(stored_bookings(database, done["id"])) == 10


def test_a_single_event_is_never_left_without_the_room_it_asked_for(company: Company, taken: str) -> None:
    body = {"title": "Once", **at(FIRST + timedelta(weeks=1)), "room_id": taken}
    refused(company.person().post("/events", body, params={"room_clashes_percent": 100}), 409, "room_taken")


def test_a_series_that_overlaps_itself_is_told_so_whatever_may_clash(company: Company) -> None:
    room = company.admin.create_room()["id"]
    long = {**weekly(room), "end_time": f"{FIRST + timedelta(days=1)}T10:00:00Z", "recurrence_rule": "FREQ=DAILY"}
    refused(company.admin.post("/events", long), 422, "series_overlaps_itself")


@pytest.mark.parametrize("percent", [-1, 101, "x", 1.5])
def test_a_share_that_is_none_is_refused(company: Company, percent: Any) -> None:
    refused(
        company.admin.post("/events", weekly(MISSING_ID), params={"room_clashes_percent": percent}),
        422,
        "invalid_request",
    )


def test_each_clash_names_rooms_that_are_free_then_the_most_alike_first(company: Company, taken: str) -> None:
    alike = company.admin.create_room(name="Green", capacity=8)["id"]
    larger = company.admin.create_room(name="Hall", capacity=40)["id"]
    company.admin.create_event(**at(FIRST + timedelta(weeks=1)), room_id=alike)
    problem = refused(company.person().post("/events", weekly(taken)), 409, "room_taken")
    found = [[room["id"] for room in clash["alternatives"]] for clash in problem["clashes"]]
    assert found == [[larger], [alike, larger]]
    assert [room["id"] for room in problem["free_rooms"]] == [larger]


def test_one_series_takes_what_is_left_of_another(company: Company, database: psycopg.Connection, taken: str) -> None:
    anna, boris = company.person(), company.person()
    params = {"room_clashes_percent": 100}
    accepted(anna.post("/events", weekly(taken), params=params), 201)
    later = weekly(taken, recurrence_rule="FREQ=WEEKLY;COUNT=14")
    second = accepted(boris.post("/events", later, params=params), 201)
    assert Counter(row[3] for row in stored_bookings(database, second["id"])) == {"declined": 10, "confirmed": 4}
