"""Occurrences that went without their room get another room or time in one call; and what became of rooms is read."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.api.closings import policy
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, at, refused, stored_event, today, utc

FIRST = today() + timedelta(days=10)
CLASHING = (1, 3)


def week(number: int) -> Any:
    return FIRST + timedelta(weeks=number)


@pytest.fixture
def taken(company: Company) -> dict[str, Any]:
    """A room that others have in the second and the fourth week; `events` are theirs."""
    room = company.admin.create_room(name="Blue")
    events = [company.admin.create_event(**at(week(number)), room_id=room["id"]) for number in CLASHING]
    return {**room, "events": events}


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person()


@pytest.fixture
def series(anna: Person, taken: dict[str, Any]) -> dict[str, Any]:
    """Five weeks, two of which went without the room."""
    body = {"title": "W", **at(FIRST), "recurrence_rule": "FREQ=WEEKLY;COUNT=5", "room_id": taken["id"]}
    return accepted(anna.post("/events", body, params={"room_clashes_percent": 100}), 201)


def rebooked(person: Person, event: dict[str, Any], *items: dict[str, Any], **query: Any) -> Any:
    return person.post(f"/events/{event['id']}/rebooking", {"items": list(items)}, params=query)


def report_of(person: Person, event: dict[str, Any], **query: Any) -> dict[str, Any]:
    return accepted(person.get(f"/events/{event['id']}/room-report", **query))


def overrides(database: psycopg.Connection, event: dict[str, Any]) -> int:
    (count,) = stored_event(database, event["id"], "(SELECT count(*) FROM events o WHERE o.series_id = events.id)")
    return int(count)


def test_what_was_skipped_gets_another_room_or_another_time_in_one_call(
    company: Company, anna: Person, taken: dict[str, Any], series: dict[str, Any]
) -> None:
    green = company.admin.create_room(name="Green")
    answer = accepted(
        rebooked(
            anna,
            series,
            {"occurrence": utc(week(1)), "room_id": green["id"]},
            {"occurrence": utc(week(3)), "start_time": utc(week(3), 11), "end_time": utc(week(3), 12)},
        )
    )
    assert answer["id"] == series["id"]
    report = answer["room_report"]
    assert report["counts"] == {"confirmed": 5}
    assert [item["room_id"] for item in report["occurrences"]] == [
        green["id"] if number == 1 else taken["id"] for number in range(5)
    ]
    assert report["occurrences"][3]["start_time"] == utc(week(3), 11)
    assert report["occurrences"][3]["original_start"] == utc(week(3))
    assert report_of(anna, series) == report


def test_the_same_room_is_asked_for_again_once_it_is_free(
    company: Company, anna: Person, taken: dict[str, Any], series: dict[str, Any], database: psycopg.Connection
) -> None:
    items = [{"occurrence": utc(week(number)), "room_id": taken["id"]} for number in CLASHING]
    problem = refused(rebooked(anna, series, *items), 409, "room_taken")
    assert [clash["original_start"] for clash in problem["clashes"]] == [utc(week(1))]
    assert report_of(anna, series)["counts"] == {"confirmed": 3, "declined": 2}
    for event in taken["events"]:
        assert company.admin.delete(f"/events/{event['id']}").status_code == 204
    accepted(rebooked(anna, series, items[0], {"occurrence": utc(week(3))}))
    assert report_of(anna, series)["counts"] == {"confirmed": 5}
    # Nothing differs from the series, so no occurrence has a row of its own.
    assert overrides(database, series) == 0


def test_all_of_it_or_nothing(
    company: Company, anna: Person, taken: dict[str, Any], series: dict[str, Any], database: psycopg.Connection
) -> None:
    green = company.admin.create_room(name="Green")
    before = report_of(anna, series)
    good = {"occurrence": utc(week(1)), "room_id": green["id"]}
    for bad, status, code in (
        ({"occurrence": utc(week(3)), "room_id": taken["id"]}, 409, "room_taken"),
        ({"occurrence": utc(week(3)), "room_id": MISSING_ID}, 404, "room_not_found"),
        ({"occurrence": utc(week(3), 3)}, 404, "occurrence_not_found"),
        ({"occurrence": utc(week(3)), "start_time": utc(week(3), 12)}, 422, "end_before_start"),
        ({"occurrence": utc(week(1))}, 422, "occurrence_twice"),
    ):
        refused(rebooked(anna, series, good, bad), status, code)
    assert report_of(anna, series) == before
    assert overrides(database, series) == 0


def test_a_dry_run_tells_what_would_happen(company: Company, anna: Person, series: dict[str, Any]) -> None:
    green = company.admin.create_room(name="Green")
    before = report_of(anna, series)
    told = accepted(rebooked(anna, series, {"occurrence": utc(week(1)), "room_id": green["id"]}, dry_run=True))
    assert told["dry_run"] is True
    assert [item["room_id"] for item in told["rooms_won"]["items"]] == [green["id"]]
    assert told["rooms_lost"]["count"] == 0
    assert report_of(anna, series) == before


def test_an_occurrence_can_go_without_a_room(company: Company, anna: Person, series: dict[str, Any]) -> None:
    accepted(rebooked(anna, series, {"occurrence": utc(week(1)), "room_id": None}))
    report = report_of(anna, series)
    assert report["counts"] == {"confirmed": 3, "declined": 1}
    assert report_of(anna, series, occurrence=utc(week(1)))["occurrences"] == []


def test_guests_are_told_of_each_occurrence_and_nobody_if_so_asked(
    company: Company, anna: Person, series: dict[str, Any]
) -> None:
    guest = company.person()
    accepted(
        anna.patch(f"/events/{series['id']}", {"participants": [{"user_id": guest.id}]}, params={"notify": "nobody"})
    )
    green = company.admin.create_room(name="Green")
    items = [{"occurrence": utc(week(number)), "room_id": green["id"]} for number in CLASHING]
    told = accepted(rebooked(anna, series, *items, dry_run=True))
    assert [(person["why"], person["user_id"]) for person in told["people_told"]["items"]] == [
        ("changed", guest.id)
    ] * 2
    quiet = accepted(rebooked(anna, series, *items, dry_run=True, notify="nobody"))
    assert quiet["people_told"]["count"] == 0


def test_a_single_event_is_rebooked_too(company: Company, anna: Person, taken: dict[str, Any]) -> None:
    event = anna.create_event(**at(week(1)))
    refused(rebooked(anna, event, {"occurrence": utc(week(2)), "room_id": None}), 404, "occurrence_not_found")
    refused(rebooked(anna, event, {"occurrence": utc(week(1)), "room_id": taken["id"]}), 409, "room_taken")
    green = company.admin.create_room(name="Green")
    answer = accepted(rebooked(anna, event, {"occurrence": utc(week(1)), "room_id": green["id"]}))
    assert (answer["room_id"], answer["room_report"]["counts"]) == (green["id"], {"confirmed": 1})
    times = {"start_time": utc(week(1), 11), "end_time": utc(week(1), 12)}
    answer = accepted(rebooked(anna, event, {"occurrence": utc(week(1)), **times}))
    assert answer["start_time"] == utc(week(1), 11)
    assert report_of(anna, event)["occurrences"][0]["start_time"] == utc(week(1), 11)


def test_the_id_of_an_occurrence_that_differs_names_its_series(
    company: Company, anna: Person, series: dict[str, Any]
) -> None:
    green = company.admin.create_room(name="Green")
    override = accepted(
        anna.patch(f"/events/{series['id']}", {"room_id": green["id"]}, params={"occurrence": utc(week(1))})
    )
    assert report_of(anna, override)["counts"] == {"confirmed": 1}
    answer = accepted(rebooked(anna, override, {"occurrence": utc(week(3)), "room_id": green["id"]}))
    assert answer["id"] == series["id"]
    assert report_of(anna, series)["counts"] == {"confirmed": 5}


def test_a_changed_version_is_noticed(company: Company, anna: Person, series: dict[str, Any]) -> None:
    answer = anna.post(
        f"/events/{series['id']}/rebooking",
        {"items": [{"occurrence": utc(week(1)), "room_id": None}]},
        headers={"If-Match": f'"{series["version"] + 1}"'},
    )
    refused(answer, 412, "version_mismatch")


def test_what_needs_an_approver_waits_for_one(
    company: Company, anna: Person, series: dict[str, Any], database: psycopg.Connection
) -> None:
    green = company.admin.create_room(name="Green")
    policy(database, company, green, in_policy="request")
    answer = accepted(rebooked(anna, series, {"occurrence": utc(week(1)), "room_id": green["id"]}))
    assert answer["room_report"]["counts"] == {"confirmed": 3, "pending": 1, "declined": 1}


def test_only_who_may_change_the_event_rebooks_and_only_readers_read_the_report(
    company: Company, stranger_company: Company, anna: Person, series: dict[str, Any]
) -> None:
    guest = company.person()
    accepted(anna.patch(f"/events/{series['id']}", {"participants": [{"user_id": guest.id}]}))
    item = {"occurrence": utc(week(1)), "room_id": None}
    refused(rebooked(guest, series, item), 403, "not_organizer")
    refused(rebooked(guest, series, {"occurrence": utc(week(1))}), 403, "not_organizer")
    assert report_of(guest, series)["counts"] == {"confirmed": 3, "declined": 2}
    for person in (company.person(), company.admin, stranger_company.admin):
        refused(rebooked(person, series, item), 404, "event_not_found")
        refused(person.get(f"/events/{series['id']}/room-report"), 404, "event_not_found")
    refused(anna.get(f"/events/{series['id']}/room-report", occurrence=utc(week(9))), 404, "occurrence_not_found")


@pytest.mark.parametrize("items", [[], [{}], [{"occurrence": "2027-03-29T09:00:00Z"}] * 101])
def test_a_list_of_none_or_too_many_is_refused(anna: Person, series: dict[str, Any], items: list[Any]) -> None:
    answer = anna.post(f"/events/{series['id']}/rebooking", {"items": items})
    assert answer.status_code == 422, answer.text
