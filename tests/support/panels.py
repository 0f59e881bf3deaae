"""Panels at the doors of rooms, as tests use them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2 as httpx
from psycopg import Connection

from app.core.ids import new_id
from tests.support.people import Company, Person
from tests.support.planning import accepted
from tests.support.streams import Followed


@dataclass(frozen=True)
class Panel:
    """A tablet at a door: it has the address, and nobody is signed in."""

    client: httpx.Client
    room: dict[str, Any]
    token: str
    page_url: str

    @classmethod
    def of(cls, admin: Person, **room: Any) -> "Panel":
        """The panel of a new room."""
        return cls.at(admin, admin.create_room(**room))

    @classmethod
    def at(cls, admin: Person, room: dict[str, Any]) -> "Panel":
        made = accepted(admin.post(f"/rooms/{room['id']}/panel-token"), 201)
        return cls(admin.client, room, made["token"], made["page_url"])

    @property
    def path(self) -> str:
        return f"/rooms/{self.room['id']}/panel"

    def ask(self, method: str, below: str = "", **sent: Any) -> httpx.Response:
        return self.client.request(method, f"{self.path}{below}", params={"token": self.token}, **sent)

    def shown(self) -> dict[str, Any]:
        return accepted(self.ask("GET"))

    def press(self, below: str, minutes: int | None = None) -> httpx.Response:
        """A button's POST."""
        return self.ask("POST", below, **({} if minutes is None else {"json": {"minutes": minutes}}))

    @contextmanager
    def followed(self, **headers: str) -> Iterator["FollowedPanel"]:
        """The live stream, of a server that really streams."""
        with self.client.stream(
            "GET", f"{self.path}/stream", params={"token": self.token}, headers=headers, timeout=30
        ) as answer:
            yield FollowedPanel(answer, answer.iter_lines())


@dataclass(frozen=True)
class FollowedPanel(Followed):
    def next_state(self) -> tuple[str, dict[str, Any]]:
        """The id and the data of the next event."""
        event = self.next_event()
        assert event.name == "panel"
        assert event.id is not None
        return event.id, event.data


def present_minute() -> datetime:
    """The minute that `soon` counts from."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def soon(minutes: float) -> datetime:
    """So many minutes from the present one."""
    return present_minute() + timedelta(minutes=minutes)


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def meet(person: Person, room: dict[str, Any], start: float, end: float, **values: Any) -> dict[str, Any]:
    """An event in the room, from and to so many minutes from now."""
    times = {"start_time": iso(soon(start)), "end_time": iso(soon(end)), "time_zone": "UTC"}
    return person.create_event(room_id=room["id"], **{"title": "Secret plan", **times, **values})


def rule(database: Connection, company: Company, room: dict[str, Any], **columns: Any) -> None:
    """The policy of a room."""
    names = ["organization_id", "id", "room_id", *columns]
    values = [company.organization.id, new_id(), room["id"], *columns.values()]
    marks = ", ".join(["%s"] * len(values))
    database.execute(f"INSERT INTO booking_policies ({', '.join(names)}) VALUES ({marks})", values)


def block(
    database: Connection, company: Company, room: dict[str, Any], start: float, end: float, title: str | None = None
) -> None:
    """Cleaning in a room whose clock is the company's, from and to so many minutes from now."""
    first, last = (wall_of(company, soon(minutes)) for minutes in (start, end))
    database.execute(
        "INSERT INTO room_blockings (organization_id, id, room_id, kind, title, start_wall, end_wall, last_end_wall)"
        " VALUES (%s, %s, %s, 'cleaning', %s, %s, %s, %s)",
        [company.organization.id, new_id(), room["id"], title, first, last, last],
    )


def wall_of(company: Company, moment: datetime) -> datetime:
    """What the company's clock shows."""
    return moment.astimezone(ZoneInfo(company.organization.time_zone)).replace(tzinfo=None)


def hold(database: Connection, company: Company, room: dict[str, Any], minutes: int, expires: int) -> None:
    """A hold of the administrator's from now on, which expires in so many minutes."""
    database.execute(
        "INSERT INTO room_bookings (organization_id, id, room_id, starts_at, ends_at, during, state, source,"
        " held_by_id, expires_at, created_at) VALUES (%(o)s, %(i)s, %(r)s, %(s)s, %(e)s, tstzrange(%(s)s, %(e)s),"
        " 'held', 'hold', %(u)s, %(x)s, now())",
        {
            "o": company.organization.id,
            "i": new_id(),
            "r": room["id"],
            "s": soon(0),
            "e": soon(minutes),
            "u": company.admin.id,
            "x": soon(expires),
        },
    )
