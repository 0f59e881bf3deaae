"""A made-up company with meetings of every kind, and what the reference knows of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from app.core import tenancy
from app.db import SessionLocal
from app.models import Department
from tests.api.statistics_reference import ZONE, Meeting
from tests.support.people import Company, Person
from tests.support.planning import accepted

REPORTS = ("", "/meetings", "/rooms", "/busiest")


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def department(company: Company, name: str, parent: UUID | None = None, head: Person | None = None) -> UUID:
    """A department, written past the API, which is not what is tested here."""
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        row = Department(
            organization_id=company.organization.id,
            name=name,
            parent_id=parent,
            head_id=head.user.id if head else None,
        )
        session.add(row)
    return row.id


@dataclass
class Made:
    """A company with meetings of every kind, and what the reference knows of them."""

    company: Company
    people: dict[str, Person]
    departments: dict[str, UUID]
    rooms: dict[str, str]
    meetings: list[Meeting] = field(default_factory=list)

    def add(
        self,
        database: psycopg.Connection,
        organizer: str,
        start: str,
        end: str,
        participants: tuple[str, ...] = (),
        declined: tuple[str, ...] = (),
        room: str | None = None,
        weeks: int = 1,
        department: str | None = None,
        members: tuple[str, ...] = (),
        refusing: tuple[str, ...] = (),
        **values: Any,
    ) -> None:
        """Create an event, and its occurrences for the reference. `members` come with `department`, others refuse."""
        all_day = len(start) == len("2027-03-22")
        body = {
            "start_time": start,
            "end_time": end,
            "time_zone": None if all_day else "Europe/Berlin",
            "is_all_day": all_day,
            "participants": [
                *({"user_id": self.people[name].id} for name in (*participants, *declined)),
                *([{"department_id": str(self.departments[department])}] if department else []),
            ],
            "room_id": self.rooms[room] if room else None,
            "recurrence_rule": f"FREQ=WEEKLY;COUNT={weeks}" if weeks > 1 else None,
            **values,
        }
        created = self.people[organizer].create_event(title="Secret plans", **body)
        for name in declined:
            database.execute(
                "UPDATE event_participants SET response = 'declined' WHERE event_id = %s AND user_id = %s",
                [created["id"], self.people[name].id],
            )
        for name in refusing:
            accepted(self.people[name].put(f"/events/{created['id']}/response", {"response": "declined"}))
        if values.get("status") == "cancelled":
            return
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
        for week in range(weeks):
            times = [moment + timedelta(weeks=week) for moment in (first, last)]
            edges = [moment.date() if all_day else wall(moment.isoformat()) for moment in times]
            self.meetings.append(Meeting(created["id"], *edges, frozenset({organizer, *participants, *members}), room))

    def ids(self, names: set[str]) -> dict[str, str]:
        return {self.people[name].id: name for name in names}


def make(company: Company, database: psycopg.Connection) -> Made:
    """A company, its people in three departments, and meetings of every kind."""
    admin, head = company.admin, company.person(full_name="Hanna Head")
    office = department(company, "Office")
    sales = department(company, "Sales", office, head)
    north = department(company, "North", sales)
    people = {
        "admin": admin,
        "head": head,
        "anna": company.person(full_name="Anna", department_id=sales),
        "boris": company.person(full_name="Boris", department_id=north),
        "vera": company.person(full_name="Вера", department_id=office),
    }
    rooms = {name: admin.create_room(name=name)["id"] for name in ("Blue", "Red")}
    made = Made(company, people, {"office": office, "sales": sales, "north": north}, rooms)
    # A series across the change of the clock on 28 March, one person declines it.
    made.add(database, "anna", "2027-03-22T09:30", "2027-03-22T11:00", ("boris", "vera"), ("admin",), "Blue", weeks=3)
    # Over midnight, over the hour that was left out, and from before the window into it.
    made.add(database, "boris", "2027-03-27T22:15", "2027-03-28T04:45", ("anna",), room="Red")
    made.add(database, "vera", "2027-03-21T20:00", "2027-03-22T01:20", ("admin",))
    # Of the last day of the month into the next one, and out of the window.
    made.add(database, "admin", "2027-03-31T23:00", "2027-04-01T01:10", ("head", "boris"))
    made.add(database, "vera", "2027-04-11T23:00", "2027-04-12T03:00", room="Blue")
    # Long and all day, one of them in a room; without a length; tentative; cancelled; twice the same person.
    made.add(database, "anna", "2027-03-24T12:00", "2027-03-26T12:30", room="Red")
    made.add(database, "boris", "2027-03-30", "2027-04-02", ("vera",), room="Blue")
    made.add(database, "vera", "2027-03-20", "2027-03-23")
    made.add(database, "vera", "2027-04-05T12:00", "2027-04-05T12:00", ("anna",))
    made.add(database, "anna", "2027-04-06T09:59", "2027-04-06T10:01", ("anna", "boris"), status="tentative")
    made.add(database, "anna", "2027-04-07T09:00", "2027-04-07T17:00", ("boris",), status="cancelled")
    # With whole departments: of one somebody refuses, of another somebody is also invited by name, and organizes.
    made.add(database, "vera", "2027-03-23T13:00", "2027-03-23T14:00", department="office", members=("anna", "boris"))
    made.add(
        database,
        *("admin", "2027-03-25T13:00", "2027-03-25T14:30"),
        weeks=2,
        department="sales",
        members=("anna",),
        refusing=("boris",),
    )
    made.add(
        database,
        *("anna", "2027-04-08T13:00", "2027-04-08T13:45", ("boris",)),
        department="sales",
        members=("anna", "boris"),
    )
    # Outside of the window.
    made.add(database, "anna", "2027-04-12T00:00", "2027-04-12T10:00", ("vera",))
    made.add(database, "anna", "2027-03-21T10:00", "2027-03-22T00:00", ("vera",))
    return made


def read(person: Person, report: str, start: str, end: str, **params: Any) -> dict[str, Any]:
    return accepted(person.get(f"/statistics{report}", from_=start, to=end, **params))
