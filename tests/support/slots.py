"""Kinds of appointment and their hosts, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.desk import made
from tests.support.people import Company, Person
from tests.support.planning import accepted

# A Monday soon enough to be booked, whenever the tests run.
_TODAY = datetime.now(UTC).date()
MONDAY = _TODAY + timedelta(days=7 - _TODAY.weekday() + 7)
DAYTIME = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "09:00", "end": "12:00"}]


def host(company: Company, **fields: Any) -> Person:
    """Somebody who may offer appointments."""
    return company.person(**{"access_availability_slots": True, "time_zone": "UTC", **fields})


def kind(owner: Person, **values: Any) -> dict[str, Any]:
    """What is booked for an hour between nine and twelve, UTC."""
    body = {"name": "Talk", "durations": [60], "hours": DAYTIME, "time_zone": "UTC", **values}
    return made(owner, "/slots/kinds", **body)


def at(hour: int, minute: int = 0, days: int = 0) -> str:
    """On that Monday, or so many days later, UTC."""
    return f"{MONDAY + timedelta(days=days)}T{hour:02}:{minute:02}:00Z"


def free(person: Person, offered: dict[str, Any], days: int = 1, first: int = 0, **params: Any) -> list[str]:
    """When it can be booked from that Monday on, by their hours and minutes in UTC."""
    start = MONDAY + timedelta(days=first)
    answer = person.call(
        "GET",
        "/slots",
        params={
            "kind": offered["id"],
            "from": f"{start}T00:00:00Z",
            "to": f"{start + timedelta(days=days)}T00:00:00Z",
            **params,
        },
    )
    return [item["start"][11:16] for item in accepted(answer)["slots"]]


def booked(person: Person, offered: dict[str, Any], hour: int = 9, **values: Any) -> dict[str, Any]:
    return made(person, "/slots/bookings", **{"kind_id": offered["id"], "start": at(hour), **values})
