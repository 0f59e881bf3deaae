"""Somebody who follows the change feed, and what they must hold in the end: reckoned slowly, from the tables."""

import os
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row

from app.supervisor.waiting import retry_until
from tests.support.people import Company, Person
from tests.support.planning import accepted

LEVELS = {"free_busy": 1, "read": 2, "write": 3, "manage": 4}
NEEDED = {"public": 1, "default": 2, "private": 3, "confidential": 5}


def settled() -> None:
    """Wait until every transaction that runs now is over, those of other tests on this server included.

    The feed tells nothing beyond the oldest of them.
    """
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        begun = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        over = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::text::xid8"
        assert retry_until(lambda: connection.execute(over, begun).fetchone() == (True,), 30)


@dataclass
class Replica:
    """A copy of what a person sees, kept by the feed alone, as its documentation says."""

    person: Person
    cursor: str | None = None
    calendars: dict[str, Any] = field(default_factory=dict)
    events: dict[str, Any] = field(default_factory=dict)

    def page(self, limit: int = 500) -> bool:
        """Follow one page; whether there is more."""
        params = {"limit": limit} | ({"cursor": self.cursor} if self.cursor else {})
        body = accepted(self.person.get("/changes", **params))
        assert len(body["items"]) <= limit
        for item in body["items"]:
            self._apply(item)
        self.cursor = body["cursor"]
        return bool(body["has_more"])

    def follow(self, limit: int = 500) -> None:
        """Follow to the end."""
        for _ in range(2000):
            if not self.page(limit):
                return
        raise AssertionError("the feed does not end")

    def catch_up(self, limit: int = 500) -> None:
        """Follow to the end of all that is committed now."""
        settled()
        self.follow(limit)

    def held(self) -> dict[str, Any]:
        """What can be compared with the truth: of each calendar its name, of each event whether it is hidden, and all
        that is known of it."""
        return {"calendars": dict(self.calendars), "events": dict(self.events)}

    def _apply(self, item: dict[str, Any]) -> None:
        kind, id_ = item["type"], item["id"]
        if kind == "calendar" and item["deleted"]:
            self.calendars.pop(id_, None)
            self.events = {each: event for each, event in self.events.items() if event["calendar_id"] != id_}
        elif kind == "calendar":
            calendar = item["calendar"]
            self.calendars[id_] = {name: calendar[name] for name in ("name", "is_public", "owner_id", "version")}
        elif item["deleted"]:
            self.events.pop(id_, None)
        else:
            assert item["calendar_id"] == item["event"]["calendar_id"]
            assert item["is_details_hidden"] == (item["event"]["title"] is None) == (item["version"] is None)
            self.events[id_] = {
                "calendar_id": item["calendar_id"],
                "title": item["event"]["title"],
                "version": item["version"],
                "guests": None if item["is_details_hidden"] else _guests(item["event"]["participants"]),
            }


def _guests(participants: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((each["user_id"], each["response"]) for each in participants if each["user_id"])


@dataclass
class Truth:
    """The rows of a company as they are."""

    rows: dict[str, list[dict[str, Any]]]

    @classmethod
    def read(cls, database: Connection, company: Company) -> "Truth":
        tables = ("users", "departments", "calendars", "calendar_shares", "events", "event_participants")
        with database.cursor(row_factory=dict_row) as cursor:
            return cls(
                {
                    table: cursor.execute(
                        f"SELECT * FROM {table} WHERE organization_id = %s".encode(), [company.organization.id]
                    ).fetchall()
                    for table in tables
                }
            )

    def of(self, person: Person) -> dict[str, Any]:
        """What the person's copy must hold."""
        me, mine = person.user.id, self._departments(person.user.id)
        levels = {calendar["id"]: self._level(calendar, me, mine) for calendar in self.rows["calendars"]}
        calendars = {
            str(each["id"]): {
                "name": each["name"],
                "is_public": each["is_public"],
                "owner_id": str(each["owner_id"]),
                "version": each["version"],
            }
            for each in self.rows["calendars"]
            if levels[each["id"]]
        }
        events = {}
        for event in self.rows["events"]:
            guests = [each for each in self.rows["event_participants"] if each["event_id"] == event["id"]]
            is_part = event["organizer_id"] == me or any(
                guest["user_id"] == me or guest["department_id"] in mine for guest in guests
            )
            level = levels[event["calendar_id"]]
            if level or is_part:
                reads = is_part or level >= NEEDED[event["visibility"]]
                answers = sorted((str(each["user_id"]), each["response"]) for each in guests if each["user_id"])
                events[str(event["id"])] = {
                    "calendar_id": str(event["calendar_id"]),
                    "title": event["title"] if reads else None,
                    "version": event["version"] if reads else None,
                    "guests": answers if reads else None,
                }
        return {"calendars": calendars, "events": events}

    def _departments(self, person: UUID) -> set[UUID]:
        parents = {each["id"]: each["parent_id"] for each in self.rows["departments"]}
        department = next(each["department_id"] for each in self.rows["users"] if each["id"] == person)
        found = set()
        while department is not None:
            found.add(department)
            department = parents[department]
        return found

    def _level(self, calendar: dict[str, Any], me: UUID, mine: set[UUID]) -> int:
        shares = [
            LEVELS[share["level"]]
            for share in self.rows["calendar_shares"]
            if share["calendar_id"] == calendar["id"] and (share["user_id"] == me or share["department_id"] in mine)
        ]
        own = 5 if calendar["owner_id"] == me else 2 if calendar["is_public"] else 0
        return max([own, *shares])
