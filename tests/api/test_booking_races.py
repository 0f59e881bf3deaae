"""Many people at once, against the running server: no room is booked twice, no edit is lost, nothing breaks."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import psycopg

from tests.support.api_process import ApiProcess, at_once
from tests.support.people import Company, Person
from tests.support.planning import accepted, at, overlapping_pairs, stored_bookings, stored_event, today

DAY = today() + timedelta(days=10)
Call = Callable[[], httpx.Response]


def meeting(room_id: str | None, minute: int = 0, length: int = 60, **values: Any) -> dict[str, Any]:
    """The body of an event that begins so many minutes after 09:00 UTC."""
    start, end = ((9 * 60 + offset) for offset in (minute, minute + length))
    times = {
        "start_time": f"{DAY}T{start // 60:02}:{start % 60:02}:00Z",
        "end_time": f"{DAY}T{end // 60:02}:{end % 60:02}:00Z",
    }
    return {"title": "Race", **times, "time_zone": "UTC", "room_id": room_id, **values}


def posting(person: Person, body: dict[str, Any]) -> Call:
    return lambda: person.post("/events", body)


def patching(person: Person, event: dict[str, Any], values: dict[str, Any], **options: Any) -> Call:
    return lambda: person.patch(f"/events/{event['id']}", values, **options)


def deleting(person: Person, path: str) -> Call:
    return lambda: person.delete(path)


def statuses(calls: list[Call]) -> Counter[int]:
    """How often each status was answered when all calls were made at once."""
    return Counter(answer.status_code for answer in at_once(*calls))


def racers(company: Company, server: ApiProcess, number: int) -> list[Person]:
    return [server.seen_by(company.person()) for _ in range(number)]


def test_each_slot_of_a_room_has_exactly_one_winner(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    rooms = [company.admin.create_room()["id"] for _ in range(2)]
    people = racers(company, server, 8)
    for minute in (0, 60, 120):
        for room_id in rooms:
            answers = at_once(*[posting(person, meeting(room_id, minute)) for person in people])
            assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
            losers = [answer.json() for answer in answers if answer.status_code == 409]
            assert {loser["code"] for loser in losers} == {"room_taken"}
            assert all(loser["clashes"] for loser in losers)
    count = database.execute(
        "SELECT count(*) FROM room_bookings WHERE organization_id = %s", [company.organization.id]
    ).fetchone()
    assert count == (6,)
    assert overlapping_pairs(database) == 0


def test_bookings_that_overlap_in_part_never_both_succeed(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    room_id = company.admin.create_room()["id"]
    people = racers(company, server, 12)
    for start in (0, 100, 200):
        calls = [posting(person, meeting(room_id, start + 7 * number)) for number, person in enumerate(people)]
        answered = statuses(calls)
        assert set(answered) == {201, 409}, answered
        assert answered[201] >= 1
    assert overlapping_pairs(database) == 0


def test_of_two_series_that_clash_somewhere_one_is_booked_whole_and_the_other_not_at_all(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    room_id = company.admin.create_room()["id"]
    people = racers(company, server, 6)
    rules = ["FREQ=DAILY;COUNT=20", "FREQ=DAILY;INTERVAL=2;COUNT=10", "FREQ=DAILY;INTERVAL=3;COUNT=7"] * 2
    calls = [
        posting(person, meeting(room_id, recurrence_rule=rule)) for person, rule in zip(people, rules, strict=True)
    ]
    answers = at_once(*calls)
    (winner,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}
    whole = int(winner["recurrence_rule"].partition("COUNT=")[2].partition(";")[0])
    assert len(stored_bookings(database, winner["id"])) == whole
    events = database.execute(
        "SELECT count(*) FROM events WHERE organization_id = %s", [company.organization.id]
    ).fetchone()
    assert events == (1,)
    assert overlapping_pairs(database) == 0


def test_two_events_that_swap_taken_rooms_at_once_never_break(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    first, second = (company.admin.create_room()["id"] for _ in range(2))
    anna, boris = racers(company, server, 2)
    for _ in range(4):
        a = accepted(anna.post("/events", meeting(first, recurrence_rule="FREQ=DAILY;COUNT=5")), 201)
        b = accepted(boris.post("/events", meeting(second, recurrence_rule="FREQ=DAILY;COUNT=5")), 201)
        answered = statuses([patching(anna, a, {"room_id": second}), patching(boris, b, {"room_id": first})])
        assert answered == {409: 2}
        for event, room_id in ((a, first), (b, second)):
            assert {row[0] for row in stored_bookings(database, event["id"])} == {room_id}
        assert anna.delete(f"/events/{a['id']}").status_code == 204
        assert boris.delete(f"/events/{b['id']}").status_code == 204


def test_events_that_cross_into_each_others_rooms_at_other_times_all_arrive(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    first, second = (company.admin.create_room()["id"] for _ in range(2))
    people = racers(company, server, 6)
    bodies = [meeting((first, second)[n % 2], 90 * n, recurrence_rule="FREQ=DAILY;COUNT=5") for n in range(6)]
    events = [accepted(person.post("/events", body), 201) for person, body in zip(people, bodies, strict=True)]
    where = [first, second] * 3
    for _ in range(4):
        where = [second if room_id == first else first for room_id in where]
        calls = [
            patching(person, event, {"room_id": room_id})
            for person, event, room_id in zip(people, events, where, strict=True)
        ]
        assert statuses(calls) == {200: 6}
    for event, room_id in zip(events, where, strict=True):
        assert [row[0] for row in stored_bookings(database, event["id"])] == [room_id] * 5
    assert overlapping_pairs(database) == 0


def test_of_many_edits_of_one_version_one_wins_and_the_others_are_told(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    anna = server.seen_by(company.person())
    event = accepted(anna.post("/events", meeting(None)), 201)
    same = {"headers": {"If-Match": '"1"'}}
    calls = [patching(anna, event, {"title": f"Edit {number}"}, **same) for number in range(8)]
    answers = at_once(*calls)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert stored_event(database, event["id"], "title, version") == (winner["title"], 2)


def test_edits_without_a_version_all_count(company: Company, server: ApiProcess, database: psycopg.Connection) -> None:
    anna = server.seen_by(company.person())
    event = accepted(anna.post("/events", meeting(None, recurrence_rule="FREQ=DAILY;COUNT=3")), 201)
    lengths = range(61, 67)
    calls = [patching(anna, event, {"end_time": meeting(None, 0, length)["end_time"]}) for length in lengths]
    assert statuses(calls) == {200: 6}
    assert stored_event(database, event["id"], "version, sequence") == (7, 6)
    rows = database.execute(
        "SELECT count(*), count(DISTINCT ends_at - starts_at) FROM event_occurrences WHERE series_id = %s",
        [event["id"]],
    ).fetchone()
    assert rows == (3, 1)


def test_a_room_is_either_booked_or_taken_out_of_use_and_never_both(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin, anna = server.seen_by(company.admin), server.seen_by(company.person())
    for _ in range(4):
        room_id = company.admin.create_room()["id"]
        booked, removed = at_once(
            posting(anna, meeting(room_id)),
            deleting(admin, f"/rooms/{room_id}"),
        )
        assert sorted((booked.status_code == 201, removed.status_code == 204)) == [False, True]
        assert {booked.status_code, removed.status_code} <= {201, 204, 409}
    rows = database.execute(
        "SELECT count(*) FROM room_bookings b JOIN rooms r ON r.id = b.room_id"
        " WHERE b.organization_id = %s AND NOT r.is_active",
        [company.organization.id],
    ).fetchone()
    assert rows == (0,)


def test_of_two_deletions_of_the_last_two_calendars_one_is_refused(company: Company, server: ApiProcess) -> None:
    for _ in range(3):
        anna = server.seen_by(company.person())
        accepted(anna.post("/calendars", {"name": "Second"}), 201)
        both = [item["id"] for item in accepted(anna.get("/calendars"))["items"]]
        answered = statuses([deleting(anna, f"/calendars/{calendar_id}") for calendar_id in both])
        assert answered == {204: 1, 409: 1}
        assert len(accepted(anna.get("/calendars"))["items"]) == 1


def test_somebody_invited_many_times_at_once_takes_part_once(company: Company, server: ApiProcess) -> None:
    anna, guest = server.seen_by(company.person()), company.person()
    event = accepted(anna.post("/events", meeting(None)), 201)
    path = f"/events/{event['id']}/participants"
    answered = statuses([lambda: anna.post(path, {"user_id": guest.id})] * 6)
    assert answered == {201: 1, 409: 5}
    assert len(accepted(anna.get(f"/events/{event['id']}"))["participants"]) == 1


def test_an_event_made_while_its_calendar_is_deleted_is_there_whole_or_not_at_all(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    anna = server.seen_by(company.person())
    for _ in range(4):
        calendar_id = accepted(anna.post("/calendars", {"name": "Short-lived"}), 201)["id"]
        body = {"title": "x", **at(DAY), "calendar_id": calendar_id, "recurrence_rule": "FREQ=DAILY;COUNT=5"}
        made, deleted = at_once(posting(anna, body), deleting(anna, f"/calendars/{calendar_id}"))
        assert deleted.status_code == 204
        assert made.status_code in (201, 404, 409), made.text
    left = database.execute(
        "SELECT (SELECT count(*) FROM events WHERE organization_id = %(id)s),"
        " (SELECT count(*) FROM event_occurrences WHERE organization_id = %(id)s)",
        {"id": company.organization.id},
    ).fetchone()
    assert left == (0, 0)
