"""People who wait for a room that is taken."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg import Connection

from tests.support.people import Company, Person
from tests.support.planning import accepted, at, today

DAY = today() + timedelta(days=20)


def meeting(hour: int = 10, hours: int = 1, **values: Any) -> dict[str, Any]:
    """The body of an event on DAY, UTC."""
    return {"title": "Planning", **at(DAY, hour, hours), **values}


@dataclass
class Taken:
    """A room that its owner has booked on DAY, from 10 to 11 UTC unless told otherwise."""

    company: Company
    room: str
    owner: Person
    event: dict[str, Any]

    @classmethod
    def create(cls, company: Company, hour: int = 10, hours: int = 1) -> "Taken":
        room, owner = company.admin.create_room()["id"], company.person()
        return cls(company, room, owner, owner.create_event(**meeting(hour, hours, room_id=room)))

    def waiting(self, person: Person | None = None, **values: Any) -> tuple[Person, dict[str, Any]]:
        """Somebody with a meeting at that time, or another, who waits for the room; and their entry."""
        person = person or self.company.person()
        event = person.create_event(**meeting(**values))
        return person, accepted(person.post(f"/rooms/{self.room}/waiting", {"event_id": event["id"]}), 201)

    def free(self) -> None:
        assert self.owner.delete(f"/events/{self.event['id']}").status_code == 204


def entry_of(person: Person, entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as it is now."""
    return accepted(person.get(f"/rooms/waiting/{entry['id']}"))


def state_of(person: Person, entry: dict[str, Any]) -> str:
    return str(entry_of(person, entry)["state"])


def stored_state(database: Connection, entry: dict[str, Any]) -> str | None:
    """What the table says, whatever is told."""
    row = database.execute("SELECT state FROM room_waiting WHERE id = %s", [entry["id"]]).fetchone()
    return None if row is None else str(row[0])


def expire_offer(database: Connection, entry: dict[str, Any]) -> None:
    """Let the time of an offer run out."""
    database.execute(
        "UPDATE room_bookings SET expires_at = now() - interval '1 second' WHERE waiting_id = %s", [entry["id"]]
    )
