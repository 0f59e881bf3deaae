"""What tests of closing a room ask for again and again."""

from datetime import timedelta
from typing import Any

import psycopg

from app.core.ids import new_id
from tests.support.mail import written_to
from tests.support.people import Company, Person
from tests.support.planning import accepted, at, enter, today

# Far enough ahead that nothing begins while a test runs.
DAY = today() + timedelta(days=10)


def closed(admin: Person, room: dict[str, Any], dry_run: bool = False, **values: Any) -> dict[str, Any]:
    """The answer to a closing that must be accepted."""
    return accepted(admin.post(f"/rooms/{room['id']}/closing", values, params={"dry_run": dry_run}))


def becomes(answer: dict[str, Any]) -> list[str | None]:
    """The rooms that occurrences get, in order of time; None: lost."""
    assert all((item["becomes"] == "moved") == (item["room"] is not None) for item in answer["bookings"])
    return [item["room"] and item["room"]["name"] for item in answer["bookings"]]


def rooms_of(database: psycopg.Connection, event: dict[str, Any]) -> list[tuple[str, str]]:
    """(room, state) of the event's bookings, in order of time."""
    rows = database.execute(
        "SELECT r.name, b.state FROM room_bookings b"
        " JOIN rooms r ON (r.organization_id, r.id) = (b.organization_id, b.room_id)"
        " WHERE b.series_id = %s ORDER BY b.starts_at",
        [event["id"]],
    )
    return rows.fetchall()


def beliefs_without_rooms(database: psycopg.Connection, company: Company) -> list[Any]:
    """Occurrences whose event names another room than their booking, and the other way round."""
    return database.execute(
        "SELECT o.original_start, e.room_id, b.room_id FROM event_occurrences o"
        " JOIN events e ON (e.organization_id, e.id) = (o.organization_id, o.event_id)"
        " LEFT JOIN room_bookings b"
        " ON (b.organization_id, b.series_id, b.original_start) = (o.organization_id, o.series_id, o.original_start)"
        " WHERE o.organization_id = %s AND e.room_id IS DISTINCT FROM b.room_id",
        [company.organization.id],
    ).fetchall()


def equal_room(company: Company, name: str, **values: Any) -> dict[str, Any]:
    return company.admin.create_room(**{"name": name, "capacity": 8, "equipment": ["projector"], **values})


def policy(database: psycopg.Connection, company: Company, room: dict[str, Any], **values: Any) -> str:
    """A policy of a room; its id."""
    enter(database, company)
    row = {"organization_id": company.organization.id, "id": str(new_id()), "room_id": room["id"], **values}
    names = ", ".join(row)
    places = ", ".join(["%s"] * len(row))
    database.execute(f"INSERT INTO booking_policies ({names}) VALUES ({places})", list(row.values()))
    return str(row["id"])


def why_told(database: psycopg.Connection, person: Person) -> list[str]:
    """Why mails went to a person, in order."""
    return [mail.values["why"] for mail in written_to(database, person.email)]


def weekly(count: int, **values: Any) -> dict[str, Any]:
    return {**at(DAY), "recurrence_rule": f"FREQ=WEEKLY;COUNT={count}", **values}
