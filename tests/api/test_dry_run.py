"""dry_run on every write of events: it tells what the same request then does, and changes nothing at all."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlmodel import SQLModel

from tests.support.guests import FIRST, SECOND, THIRD, WEEKLY, answer, department, forget_mails, told
from tests.support.people import Company, Person, event
from tests.support.planning import accepted

TABLES = sorted(name for name, table in SQLModel.metadata.tables.items() if "organization_id" in table.columns)
TAKING_PLACE = """
    SELECT o.original_start, o.starts_at, o.ends_at, b.room_id::text, lower(b.during), upper(b.during)
    FROM event_occurrences o JOIN events e ON (e.organization_id, e.id) = (o.organization_id, o.event_id)
    LEFT JOIN room_bookings b
      ON (b.organization_id, b.series_id, b.original_start) = (o.organization_id, o.series_id, o.original_start)
     AND b.state <> 'declined'
    WHERE o.organization_id = %s AND e.status <> 'cancelled'
"""


@dataclass
class World:
    """A weekly series in a room, with colleagues who answered, a department and a guest from outside."""

    company: Company
    boris: Person
    vera: Person
    series: dict[str, Any]
    room: str
    other_room: str
    department: str

    @property
    def path(self) -> str:
        return f"/events/{self.series['id']}"


@pytest.fixture
def world(company: Company, database: psycopg.Connection) -> World:
    anna = company.admin
    sales = department(company, "Sales")
    boris, vera = company.person(), company.person(department_id=sales)
    room, other = anna.create_room()["id"], anna.create_room()["id"]
    guests = [{"user_id": boris.id}, {"department_id": sales}, {"email": "guest@firm.example"}]
    series = anna.create_event(recurrence_rule=WEEKLY, room_id=room, participants=guests)
    answer(boris, series, "accepted")
    answer(vera, series, "tentative")
    answer(boris, series, "declined", occurrence=SECOND)
    forget_mails(database, company)
    return World(company, boris, vera, series, room, other, sales)


Request = Callable[[World], tuple[Person, str, str, Any, dict[str, Any]]]


def by_anna(method: str, body: Any = None, tail: str = "", **params: Any) -> Request:
    """A request of the organizer about the series."""
    return lambda world: (world.company.admin, method, f"{world.path}{tail}", body, params)


MOVED = {"start_time": "2027-03-22T15:00:00", "end_time": "2027-03-22T16:30:00"}
THIRD_MOVED = {"start_time": "2027-04-06T15:00:00", "end_time": "2027-04-06T16:00:00"}
PROPOSED = {"proposed_start": "2027-04-06T15:00:00", "proposed_end": "2027-04-06T16:00:00"}
REQUESTS: dict[str, Request] = {
    "create": lambda world: (
        world.company.admin,
        "POST",
        "/events",
        event(
            recurrence_rule="FREQ=DAILY;COUNT=3",
            room_id=world.other_room,
            participants=[{"user_id": world.boris.id}, {"department_id": world.department}],
        ),
        {},
    ),
    "title": by_anna("PATCH", {"title": "Other"}),
    "move this": by_anna("PATCH", THIRD_MOVED, occurrence=THIRD),
    "move following": by_anna("PATCH", THIRD_MOVED, occurrence=THIRD, scope="following"),
    "move all": by_anna("PATCH", MOVED),
    "move all by one": by_anna("PATCH", THIRD_MOVED, occurrence=THIRD, scope="all"),
    "more of them": by_anna("PATCH", {"recurrence_rule": "FREQ=WEEKLY;COUNT=7"}),
    "fewer of them": by_anna("PATCH", {"exdates": [FIRST, THIRD]}),
    "another room": lambda world: (world.company.admin, "PATCH", world.path, {"room_id": world.other_room}, {}),
    "another room once": lambda world: (
        *(world.company.admin, "PATCH", world.path, {"room_id": world.other_room}),
        {"occurrence": THIRD},
    ),
    "no room": by_anna("PATCH", {"room_id": None}),
    "cancel": by_anna("PATCH", {"status": "cancelled"}),
    "cancel one": by_anna("PATCH", {"status": "cancelled"}, occurrence=SECOND),
    "outside only": by_anna("PATCH", MOVED, notify="outside"),
    "nobody told": by_anna("PATCH", MOVED, notify="nobody"),
    "delete this": by_anna("DELETE", occurrence=SECOND),
    "delete following": by_anna("DELETE", occurrence=THIRD, scope="following"),
    "delete all": by_anna("DELETE"),
    "invite": lambda world: (
        *(world.company.admin, "POST", f"{world.path}/participants", {"user_id": world.vera.id}),
        {},
    ),
    "invite once": by_anna("POST", {"email": "once@firm.example"}, "/participants", occurrence=THIRD),
    "take out": lambda world: (
        *(world.company.admin, "DELETE", f"{world.path}/participants/{world.boris.id}", None),
        {},
    ),
    "take out the department": lambda world: (
        *(world.company.admin, "DELETE", f"{world.path}/participants/departments/{world.department}", None),
        {"occurrence": THIRD},
    ),
    "take out the guest": by_anna("DELETE", None, "/participants", email="guest@firm.example"),
    "leave one": lambda world: (
        *(world.boris, "DELETE", f"{world.path}/participants/{world.boris.id}", None),
        {"occurrence": THIRD},
    ),
    "answer": lambda world: (world.vera, "PUT", f"{world.path}/response", {"response": "declined"}, {}),
    "answer one": lambda world: (
        *(world.boris, "PUT", f"{world.path}/response", {"response": "tentative", **PROPOSED}),
        {"occurrence": THIRD},
    ),
    "mine": lambda world: (
        *(world.boris, "PATCH", f"{world.path}/mine", {"transparency": "transparent"}),
        {"occurrence": THIRD},
    ),
    "accept a proposal": lambda world: (
        *(world.company.admin, "POST", f"{world.path}/participants/{world.boris.id}/proposal/accept", None),
        {"occurrence": FIRST},
    ),
    "decline a proposal": lambda world: (
        *(world.company.admin, "POST", f"{world.path}/participants/{world.boris.id}/proposal/decline", None),
        {"occurrence": FIRST},
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_dry_run_changes_nothing_and_tells_what_the_request_then_does(
    world: World, database: psycopg.Connection, name: str
) -> None:
    company = world.company
    if "proposal" in name:
        answer(world.boris, world.series, "tentative", occurrence=FIRST, **PROPOSED)
        forget_mails(database, company)
    person, method, path, body, params = REQUESTS[name](world)
    stored = whole(database, company)
    previewed = accepted(person.call(method, path, json=body, params={**params, "dry_run": True}))
    assert previewed["dry_run"] is True
    assert whole(database, company) == stored
    assert told(database, company) == []
    before, answered = taking_place(database, company), answers(database, company)
    done = person.call(method, path, json=body, params=params)
    assert done.status_code in (200, 201, 204), done.text
    after = taking_place(database, company)
    lost, won = changed_times(previewed)
    assert times(before) - lost + won == times(after)
    assert not lost - times(before)
    lost, won = booked(previewed["rooms_lost"]), booked(previewed["rooms_won"])
    assert bookings(before) - lost + won == bookings(after)
    assert not lost - bookings(before)
    people = previewed["people_told"]["items"]
    # Of a series that is cut, calendars are told by one more mail to the same people.
    assert set(told(database, company)) == {(person["email"], person["why"]) for person in people}
    assert len({(person["email"], person["why"]) for person in people}) == len(people)
    assert resets(previewed) == asked_again(answered, answers(database, company))
    if done.status_code == 204:
        assert previewed["event"] is None
    else:
        assert comparable(previewed["event"]) == comparable(done.json())


def test_a_dry_run_fails_as_the_request_would(world: World, database: psycopg.Connection) -> None:
    anna = world.company.admin
    anna.create_event(**THIRD_MOVED, room_id=world.room)
    stored = whole(database, world.company)
    for params in ({}, {"dry_run": True}):
        answered = anna.call("PATCH", world.path, json=THIRD_MOVED, params={**params, "occurrence": THIRD})
        assert (answered.status_code, answered.json()["code"]) == (409, "room_taken")
        refused = world.boris.call("PATCH", world.path, json={"title": "x"}, params=params)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_organizer")
    assert whole(database, world.company) == stored


def whole(database: psycopg.Connection, company: Company) -> dict[str, list[Any]]:
    """Every row of every table of the company, as text."""
    return {
        table: sorted(
            database.execute(
                f"SELECT t::text FROM {table} t WHERE organization_id = %s", [company.organization.id]
            ).fetchall()
        )
        for table in TABLES
    }


def taking_place(database: psycopg.Connection, company: Company) -> list[Any]:
    return database.execute(TAKING_PLACE, [company.organization.id]).fetchall()


def times(rows: list[Any]) -> Counter[Any]:
    return Counter((instant(row[1]), instant(row[2])) for row in rows)


def bookings(rows: list[Any]) -> Counter[Any]:
    return Counter((row[3], instant(row[4]), instant(row[5])) for row in rows if row[3] is not None)


def instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def changed_times(previewed: dict[str, Any]) -> tuple[Counter[Any], Counter[Any]]:
    """The times that are no more, and those that are new."""
    added, moved, removed = (previewed[f"occurrences_{what}"]["items"] for what in ("added", "moved", "removed"))
    lost = [(item["start_time"], item["end_time"]) for item in removed]
    lost += [(item["old_start_time"], item["old_end_time"]) for item in moved]
    return Counter(lost), Counter((item["start_time"], item["end_time"]) for item in [*added, *moved])


def booked(listed: dict[str, Any]) -> Counter[Any]:
    return Counter((item["room_id"], item["booked_from"], item["booked_to"]) for item in listed["items"])


Answers = dict[tuple[str, str], tuple[str | None, str | None, str]]


def answers(database: psycopg.Connection, company: Company) -> Answers:
    """By event row and participant: the series that it is or was a part of, original start, and the answer."""
    rows = database.execute(
        """
        SELECT e.id::text, coalesce(p.user_id::text, p.department_id::text, p.email),
               coalesce(e.series_id::text, s.id::text), e.original_start, p.response
        FROM event_participants p JOIN events e ON (e.organization_id, e.id) = (p.organization_id, p.event_id)
        LEFT JOIN events s ON (s.organization_id, s.uid) = (e.organization_id, e.related_to) AND s.series_id IS NULL
        WHERE p.organization_id = %s
        """,
        [company.organization.id],
    ).fetchall()
    return {row[:2]: (row[2], row[3] and instant(row[3]), row[4]) for row in rows}


def resets(previewed: dict[str, Any]) -> set[tuple[str | None, str]]:
    items = previewed["responses_reset"]["items"]
    return {(item["original_start"], item["user_id"] or item["department_id"] or item["email"]) for item in items}


def asked_again(before: Answers, after: Answers) -> set[tuple[str | None, str]]:
    """Who had answered and has to again; an occurrence that got a row of its own had the answers of its series."""
    found = set()
    for (row, who), (series, original, response) in after.items():
        known = [before[key] for key in ((row, who), (series or "", who)) if key in before]
        if response == "needs_action" and known and known[0][2] != "needs_action":
            found.add((original, who))
    return found


def comparable(read: dict[str, Any]) -> dict[str, Any]:
    """An event as it was answered, without what each new row has of its own."""
    own = ("id", "uid", "created_at", "updated_at")
    return {name: value for name, value in read.items() if name not in own}
