"""The record of writes: who, when, from where, what before and after; never a secret; readable and nothing else."""

import base64
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx2 as httpx
import psycopg
import pytest
from fastapi.testclient import TestClient

from app.core.ids import new_id
from app.main import app
from app.models import Role
from app.schemas.audit import AuditObject
from tests.support.people import PASSWORD, Company, Person, event, sign_in
from tests.support.planning import MISSING_ID, accepted, refused

SECRETS = ("hashed_password", "token_hash")
_requests = count(1)


def entries(reader: Person, **filters: Any) -> list[dict[str, Any]]:
    return list(accepted(reader.get("/audit", limit=500, **filters))["items"])


def of_request(reader: Person, request_id: str) -> list[dict[str, Any]]:
    return [entry for entry in entries(reader) if entry["request_id"] == request_id]


class Ids(dict[str, str]):
    """The ids of things by their names; each is made when it is first asked for."""

    def __init__(self, makers: dict[str, Callable[[], str]]) -> None:
        super().__init__()
        self.makers = makers

    def __missing__(self, name: str) -> str:
        self[name] = self.makers[name]()
        return self[name]

    def everything(self) -> dict[str, str]:
        return {name: self[name] for name in self.makers}


@dataclass
class Scene:
    """A company that has one of everything as soon as it is named."""

    company: Company
    admin: Person
    person: Person
    other: Person
    installation: Person
    ids: Ids = field(init=False)

    @classmethod
    def create(cls, company: Company) -> "Scene":
        people = company.admin, company.person(full_name="Anna"), company.person()
        return cls(company, *people, sign_in(company.client, None, role=Role.ADMIN))

    def __post_init__(self) -> None:
        organization = str(self.company.organization.id)
        email = {"email": f"{new_id().hex}@example.com"}
        self.ids = Ids(
            {
                "person": lambda: self.person.id,
                "organization": lambda: organization,
                "room": lambda: str(self.admin.create_room(equipment=["projector"])["id"]),
                "equipment": self._equipment,
                "request": self._request,
                "event": self._event,
                "calendar": lambda: self._made("/calendars", {"name": "Team", "is_public": True}),
                "share": lambda: self._made(f"/calendars/{self.ids['calendar']}/shares", self._reader),
                "feed": lambda: self._made(f"/calendars/{self.ids['calendar']}/feeds", {"detail": "full"}),
                "comment": lambda: self._made(f"/events/{self.ids['event']}/comments", {"body": "First"}),
                "department": lambda: self._made("/departments", {"name": "Sales"}),
                "invitation": lambda: self._made(f"/organizations/{organization}/invitations", email),
                "delegation": lambda: self._made("/delegations", {"delegate_id": self.person.id}),
                "building": lambda: self._made("/buildings", {"name": "House"}),
                "blocking": lambda: self._made("/room-blockings", {"start": "2027-04-01", "end": "2027-04-02"}),
                "webhook": lambda: self._made("/webhooks", HOOK),
                "queue": lambda: self._made("/tickets/queues", {"name": "Desk"}),
                "category": lambda: self._made("/tickets/categories", {"name": "Printing"}),
                "absence": lambda: self._made("/absences", AWAY),
                "host": lambda: self.company.person(access_availability_slots=True).id,
                "absence_kind": lambda: self._made("/absences/kinds", {"name": "Study leave"}),
                "hours": lambda: self._made("/availability/hours", {"hours": []}),
                "appointment_kind": lambda: self._made("/slots/kinds", {"name": "Talk", "hosts": self._hosts}),
            }
        )

    @property
    def _hosts(self) -> list[dict[str, str]]:
        return [{"user_id": self.ids["host"]}]

    @property
    def _reader(self) -> dict[str, str]:
        return {"user_id": self.person.id, "level": "read"}

    def _made(self, path: str, body: dict[str, Any]) -> str:
        return str(accepted(self.admin.post(path, body), 201)["id"])

    def _equipment(self) -> str:
        return str(accepted(self.admin.get(f"/rooms/{self.ids['room']}"))["equipment"][0]["id"])

    def _request(self) -> str:
        lent = self.admin.create_room()["id"]
        accepted(self.admin.patch(f"/rooms/{lent}/policy", {"in_policy": "request"}))
        asked = accepted(self.person.post("/events", event(room_id=lent)), 201)
        return str(asked["room_report"]["occurrences"][0]["request_id"])

    def _event(self) -> str:
        """One to which the person answered with another time."""
        guests = [{"user_id": self.person.id}]
        made = self.admin.create_event(calendar_id=self.ids["calendar"], participants=guests)
        times = {"proposed_start": "2027-03-22T15:00:00", "proposed_end": "2027-03-22T16:00:00"}
        accepted(self.person.put(f"/events/{made['id']}/response", {"response": "tentative", **times}))
        return str(made["id"])


AWAY = {"first_day": "2027-07-05", "last_day": "2027-07-06"}
# What a body has besides what is looked at.
NEEDED: dict[str, dict[str, Any]] = {
    "absence": AWAY,
    "hours": {"hours": []},
    "appointment_kind": {"hosts": [{"user_id": "<host>"}]},
}
HOOK = {"name": "Hook", "url": "https://hooks.example/", "types": ["event.created"]}


@dataclass(frozen=True)
class Write:
    """A request, and the entry that it must leave: of which table, what was done, and some of before and after."""

    route: str
    object_type: str
    action: str
    body: Any = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    object: str | None = None
    by: Callable[[Scene], Person] = lambda scene: scene.admin
    first: tuple[tuple[str, str, Any], ...] = ()
    success: int = 200
    status: tuple[int, ...] = (200, 201, 204)

    def send(self, scene: Scene, route: str, body: Any, request_id: str) -> httpx.Response:
        method, path = route.split(" ", 1)
        named = set(re.findall(r"{(\w+)_id}", path)) & {"user", *scene.ids.makers}
        for name in sorted(named):
            path = path.replace(f"{{{name}_id}}", scene.ids["person" if name == "user" else name])
        return self.by(scene).call(method, path, json=body, headers={"X-Request-ID": request_id})


def installation(scene: Scene) -> Person:
    return scene.installation


def person(scene: Scene) -> Person:
    return scene.person


NEW_EMAIL = "new-{}@example.com"
WRITES = [
    Write("POST /rooms", "rooms", "created", {"name": "Blue", "capacity": 4}, None, {"name": "Blue", "capacity": 4}),
    Write("PUT /rooms/{room_id}", "rooms", "changed", {"name": "Red", "capacity": 9}, {"capacity": 8},
          {"name": "Red", "capacity": 9}, "room"),
    Write("PATCH /rooms/{room_id}", "rooms", "changed", {"capacity": 9}, {"capacity": 8}, {"capacity": 9}, "room"),
    Write("DELETE /rooms/{room_id}", "rooms", "changed", None, {"is_active": True}, {"is_active": False}, "room"),
    Write("POST /webhooks", "webhooks", "created", HOOK, None, {"name": "Hook"}),
    Write("PUT /webhooks/{webhook_id}", "webhooks", "changed", {**HOOK, "name": "New"}, {"name": "Hook"},
          {"name": "New"}, "webhook"),
    Write("PATCH /webhooks/{webhook_id}", "webhooks", "changed", {"is_active": False}, {"is_active": True},
          {"is_active": False}, "webhook"),
    Write("POST /webhooks/{webhook_id}/rotate-secret", "webhooks", "changed", None, {"secret_number": 1},
          {"secret_number": 2}, "webhook"),
    Write("DELETE /webhooks/{webhook_id}", "webhooks", "deleted", None, {"name": "Hook"}, None, "webhook"),
    *(
        write
        for path, table, name, body in (
            ("/tickets/queues", "ticket_queues", "queue", {"name": "New"}),
            ("/tickets/categories", "ticket_categories", "category", {"name": "New"}),
            ("/absences", "absences", "absence", {"last_day": "2027-07-09"}),
            ("/absences/kinds", "absence_kinds", "absence_kind", {"name": "New"}),
            ("/availability/hours", "user_availability", "hours", {"priority": 3}),
            ("/slots/kinds", "appointment_kinds", "appointment_kind", {"name": "New"}),
        )
        for write in (
            Write(f"POST {path}", table, "created", {**NEEDED.get(name, {}), **body}, None, body),
            Write(f"PATCH {path}/{{{name}_id}}", table, "changed", body, {}, body, name),
            Write(f"DELETE {path}/{{{name}_id}}", table, "deleted", None, {}, None, name),
        )
    ),
    Write("POST /buildings", "buildings", "created", {"name": "Tower"}, None, {"name": "Tower"}),
    Write("PUT /buildings/{building_id}", "buildings", "changed", {"name": "New"}, {"name": "House"}, {"name": "New"},
          "building"),
    Write("PATCH /buildings/{building_id}", "buildings", "changed", {"address": "Here"}, {"address": None},
          {"address": "Here"}, "building"),
    Write("DELETE /buildings/{building_id}", "buildings", "deleted", None, {"name": "House"}, None, "building"),
    Write("PUT /rooms/policy", "booking_policies", "changed", {"max_minutes": 60}, {"max_minutes": None},
          {"max_minutes": 60}),
    Write("PATCH /rooms/policy", "booking_policy_people", "created", {"approvers": [{"user_id": "<person>"}]}, None,
          {"purpose": "approver"}),
    *(
        Write(f"{method} {path}/policy", "booking_policies", "changed", {"min_minutes": 5}, {"min_minutes": None},
              {"min_minutes": 5})
        for method in ("PUT", "PATCH")
        for path in ("/rooms/{room_id}", "/buildings/{building_id}")
    ),
    Write("POST /room-blockings", "room_blockings", "created", {"start": "2027-05-01", "end": "2027-05-02"}, None,
          {"kind": "other"}),
    Write("PUT /room-blockings/{blocking_id}", "room_blockings", "changed",
          {"start": "2027-05-01", "end": "2027-05-02", "title": "May"}, {"title": None}, {"title": "May"}, "blocking"),
    Write("PATCH /room-blockings/{blocking_id}", "room_blockings", "changed", {"kind": "holiday"}, {"kind": "other"},
          {"kind": "holiday"}, "blocking"),
    Write("DELETE /room-blockings/{blocking_id}", "room_blockings", "deleted", None, {"kind": "other"}, None,
          "blocking"),
    Write("PATCH /rooms/{room_id}/equipment/{equipment_id}", "room_equipment", "changed", {"out_of_order": 1},
          {"out_of_order": 0}, {"out_of_order": 1}, "equipment"),
    Write("POST /rooms/{room_id}/panel-token", "rooms", "changed", None, {"panel_token_hash": "***"},
          {"panel_token_hash": "*** (changed)"}, "room",
          first=(("POST /rooms/{room_id}/panel-token", "", None),), success=201),
    Write("DELETE /rooms/{room_id}/panel-token", "rooms", "changed", None, {"panel_token_hash": "***"}, {}, "room",
          first=(("POST /rooms/{room_id}/panel-token", "", None),), success=201),
    Write("POST /rooms/requests/{request_id}/approve", "room_requests", "changed", {}, {"state": "pending"},
          {"state": "approved"}, "request"),
    Write("POST /rooms/requests/{request_id}/decline", "room_requests", "changed", {"comment": "No"},
          {"state": "pending"}, {"state": "declined", "comment": "No"}, "request"),
    Write("POST /rooms/{room_id}/closing", "rooms", "changed", {}, {"is_active": True}, {"is_active": False}, "room"),
    Write("POST /events/{event_id}/rebooking", "events", "changed",
          {"items": [{"occurrence": "2027-03-22T09:00:00", "room_id": "<room>"}]}, {"room_id": None}, {}, "event"),
    Write("POST /calendars", "calendars", "created", {"name": "Mine"}, None, {"name": "Mine", "is_public": False}),
    Write("PUT /calendars/{calendar_id}", "calendars", "changed", {"name": "Ours", "is_public": True},
          {"name": "Team"}, {"name": "Ours"}, "calendar"),
    Write("PATCH /calendars/{calendar_id}", "calendars", "changed", {"color": "#000000"}, {"color": "#3788d8"},
          {"color": "#000000"}, "calendar"),
    Write("DELETE /calendars/{calendar_id}", "calendars", "deleted", None, {"color": "#3788d8"}, None, "calendar"),
    Write("POST /calendars/{calendar_id}/shares", "calendar_shares", "created",
          {"user_id": "<other>", "level": "write"}, None, {"level": "write", "department_id": None}),
    Write("PATCH /calendars/{calendar_id}/shares/{share_id}", "calendar_shares", "changed", {"level": "manage"},
          {"level": "read"}, {"level": "manage"}, "share"),
    Write("DELETE /calendars/{calendar_id}/shares/{share_id}", "calendar_shares", "deleted", None, {"level": "read"},
          None, "share", person),
    Write("PUT /calendars/{calendar_id}/owner", "calendars", "changed", {"user_id": "<person>"}, {}, {}, "calendar"),
    Write("POST /calendars/subscriptions", "calendars", "created",
          {"url": "https://calendar.example/holidays.ics", "name": "Holidays"}, None, {"name": "Holidays"}),
    Write("POST /calendars/{calendar_id}/feeds", "calendar_feeds", "created", {"detail": "full"}, None,
          {"detail": "full", "token_hash": "***"}),
    Write("POST /feeds", "calendar_feeds", "created", {"detail": "free_busy"}, None, {"detail": "free_busy"}),
    Write("DELETE /feeds/{feed_id}", "calendar_feeds", "deleted", None, {"detail": "full"}, None, "feed"),
    Write("POST /delegations", "delegations", "created", {"delegate_id": "<admin>"}, None, {"sees_private": False},
          by=person),
    Write("PATCH /delegations/{delegation_id}", "delegations", "changed", {"sees_private": True},
          {"sees_private": False}, {"sees_private": True}, "delegation"),
    Write("DELETE /delegations/{delegation_id}", "delegations", "deleted", None, {"sees_private": False}, None,
          "delegation", person),
    Write("POST /events", "events", "created", event(title="Plans"), None, {"status": "confirmed"}, by=person),
    Write("PUT /events/{event_id}", "events", "changed", event(title="Plans"), {"title": "Meeting"},
          {"title": "Plans"}, "event"),
    Write("PATCH /events/{event_id}", "events", "changed", {"status": "cancelled"},
          {"status": "confirmed", "sequence": 0}, {"status": "cancelled", "sequence": 1}, "event"),
    Write("DELETE /events/{event_id}", "events", "deleted", None, {"title": "Meeting"}, None, "event"),
    Write("POST /events/{event_id}/participants", "event_participants", "created", {"user_id": "<admin>"}, None,
          {"role": "required", "response": "needs_action"}),
    Write("DELETE /events/{event_id}/participants/{user_id}", "event_participants", "deleted", None,
          {"response": "tentative"}, None, by=person),
    Write("DELETE /events/{event_id}/participants/departments/{department_id}", "event_participants", "deleted",
          None, {"response": "needs_action", "user_id": None}, None,
          first=(("POST /events/{event_id}/participants", "", {"department_id": "<department>"}),), success=201),
    Write("DELETE /events/{event_id}/participants?email=guest@firm.example", "event_participants", "deleted", None,
          {"email": "guest@firm.example"}, None,
          first=(("POST /events/{event_id}/participants", "", {"email": "guest@firm.example"}),), success=201),
    Write("PUT /events/{event_id}/response", "event_participants", "changed", {"response": "accepted"},
          {"response": "tentative"}, {"response": "accepted"}, by=person),
    Write("PATCH /events/{event_id}/mine", "event_participants", "changed", {"transparency": "transparent"},
          {"transparency": None}, {"transparency": "transparent"}, by=person),
    Write("POST /events/{event_id}/participants/{user_id}/proposal/accept", "events", "changed", None,
          {"sequence": 0}, {"sequence": 1}, "event"),
    Write("POST /events/{event_id}/participants/{user_id}/proposal/decline", "event_participants", "changed", None,
          {}, {"proposed_start": None, "proposed_end": None}),
    Write("POST /events/{event_id}/comments", "event_comments", "created", {"body": "Yes"}, None, {"body": "Yes"},
          by=person),
    Write("PATCH /events/{event_id}/comments/{comment_id}", "event_comments", "changed", {"body": "Better"},
          {"body": "First"}, {"body": "Better"}, "comment"),
    Write("DELETE /events/{event_id}/comments/{comment_id}", "event_comments", "deleted", None, {"body": "First"},
          None, "comment"),
    Write("POST /users", "users", "created", {"email": NEW_EMAIL, "password": PASSWORD, "full_name": "New"}, None,
          {"full_name": "New", "role": "employee", "hashed_password": "***"}),
    Write("PUT /users/{user_id}", "users", "changed", {"email": NEW_EMAIL, "full_name": "Other"},
          {"full_name": "Anna"}, {"full_name": "Other"}, "person"),
    Write("PATCH /users/{user_id}", "users", "changed", {"full_name": "Анна"}, {"full_name": "Anna"},
          {"full_name": "Анна"}, "person", person),
    Write("DELETE /users/{user_id}", "users", "changed", None, {"is_active": True}, {"is_active": False}, "person"),
    Write("POST /departments", "departments", "created", {"name": "North"}, None, {"name": "North"}),
    Write("PUT /departments/{department_id}", "departments", "changed", {"name": "North"}, {"name": "Sales"},
          {"name": "North"}, "department"),
    Write("PATCH /departments/{department_id}", "departments", "changed", {"head_id": "<person>"}, {"head_id": None},
          {}, "department"),
    Write("DELETE /departments/{department_id}", "departments", "deleted", None, {"name": "Sales"}, None, "department"),
    Write("POST /departments/{department_id}/members", "users", "changed", {"user_ids": ["<person>"]},
          {"department_id": None, "department": None}, {"department": "Sales"}, "person"),
    Write("POST /organizations", "organizations", "created", {"name": "Third", "time_zone": "UTC"}, None,
          {"name": "Third"}, by=installation),
    Write("PUT /organizations/{organization_id}", "organizations", "changed",
          {"name": "Renamed", "time_zone": "Europe/Berlin"}, {"name": "Company"}, {"name": "Renamed"}, "organization"),
    Write("PATCH /organizations/{organization_id}", "organizations", "changed", {"workday_end": "17:00"},
          {"workday_end": "18:00:00"}, {"workday_end": "17:00:00"}, "organization", installation),
    Write("POST /organizations/{organization_id}/invitations", "invitations", "created", {"email": NEW_EMAIL}, None,
          {"role": "employee", "token_hash": "***"}),
    Write("POST /organizations/{organization_id}/invitations/{invitation_id}/resend", "invitations", "changed", None,
          {"token_hash": "***"}, {"token_hash": "*** (changed)"}, "invitation"),
    Write("DELETE /organizations/{organization_id}/invitations/{invitation_id}", "invitations", "changed", None,
          {"revoked_at": None}, {}, "invitation"),
    Write("POST /users/{user_id}/leaving", "users", "changed", {"successor_id": "<admin>"}, {"is_active": True},
          {"is_active": False}, "person"),
    Write("POST /users/{user_id}/leaving/undo", "users", "changed", None, {"is_active": False}, {"is_active": True},
          "person", first=(("POST /users/{user_id}/leaving", "", {"successor_id": "<admin>"}),)),
    Write("POST /auth/change-password", "users", "changed",
          {"current_password": PASSWORD, "new_password": "battery staple correct"}, {"hashed_password": "***"},
          {"hashed_password": "*** (changed)"}, "person", person),
    Write("POST /auth/logout", "auth_sessions", "changed", None, {"revoked_at": None}, {}, None, person),
]  # fmt: skip
# A renewed token is no news. Registering and signing in are tested below: nobody is signed in. Who deletes a company
# takes its record away; the installation keeps the entry about the company. What takes files has tests of its own. How
# people arrange their own list of calendars is nobody's business. The address of a feed outside may hold a secret.
# Holds, waiting and check-in come and go, and what they book follows from events.
PLACES_OF_REMINDERS = ("/notifications", "/events/{event_id}", "/calendars/{calendar_id}")
ELSEWHERE = {
    # What becomes of a ticket stands in its own history; who works a queue, its members say.
    "POST /tickets",
    "POST /tickets/bulk",
    "PATCH /tickets/{ticket_id}",
    "DELETE /tickets/{ticket_id}",
    *(f"POST /tickets/{{ticket_id}}/{part}" for part in ("approval", "merge", "links", "entries", "attachments")),
    "DELETE /tickets/{ticket_id}/links/{link_id}",
    "DELETE /tickets/{ticket_id}/attachments/{file_id}",
    *(f"{method} /tickets/{{ticket_id}}/watchers/{{user_id}}" for method in ("PUT", "DELETE")),
    *(f"PUT /tickets/queues/{{queue_id}}/{part}" for part in ("members", "slas")),
    *("POST /tickets/views", "PATCH /tickets/views/{view_id}", "DELETE /tickets/views/{view_id}"),
    *("PUT /holidays", "DELETE /holidays"),
    # What was decided about an absence is recorded with the absence, when it was asked for.
    "POST /absences/{absence_id}/decision",
    *("PUT /availability/places", "DELETE /availability/places"),
    # What becomes of an appointment, its meeting says.
    *("POST /slots/bookings", "DELETE /slots/bookings/{booking_id}"),
    *(f"POST /slots/bookings/{{booking_id}}/{what}" for what in ("decision", "move")),
    *("POST /book/{token}", "POST /appointments/{token}"),
    "POST /events/find-time",
    "POST /rooms/for-series",
    *(f"POST /rooms/{{room_id}}/{what}" for what in ("holds", "waiting", "check-in", "end-early", "extend")),
    *(f"POST /rooms/{{room_id}}/panel/{what}" for what in ("book", "check-in", "end", "extend")),
    "DELETE /rooms/holds/{hold_id}",
    "DELETE /rooms/waiting/{waiting_id}",
    "POST /rooms/waiting/{waiting_id}/accept",
    "POST /rooms/check-in",
    # Answers of whoever is invited are recorded as those of people who are signed in.
    "POST /rsvp/{token}",
    "POST /mail/inbound",
    # As with what colleagues propose; such a proposal comes by mail only.
    *(f"POST /events/{{event_id}}/participants/proposal/{verb}" for verb in ("accept", "decline")),
    # What somebody has read is nobody's business.
    "POST /notifications/read-all",
    "PUT /notifications/preferences",
    "PUT /notifications/quiet-hours",
    "PUT /notifications/digest",
    *(f"{method} {path}/reminders" for method in ("PUT", "DELETE") for path in PLACES_OF_REMINDERS),
    "POST /auth/stream-ticket",
    "POST /push/subscriptions",
    "DELETE /push/subscriptions/{push_subscription_id}",
    "POST /push/subscriptions/{push_subscription_id}/test",
    # To send something again changes nothing that somebody decided.
    "POST /outbox/dead-letters/retry",
    "POST /outbox/dead-letters/{dead_letter_id}/retry",
    "DELETE /outbox/dead-letters/{dead_letter_id}",
    "POST /webhooks/{webhook_id}/ping",
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
    "POST /notifications/{notification_id}/read",
    "POST /notifications/{notification_id}/unread",
    "DELETE /notifications/{notification_id}",
    "PUT /rooms/{room_id}/photo",
    "DELETE /rooms/{room_id}/photo",
    "POST /calendars/{calendar_id}/imports",
    "PATCH /calendars/subscriptions/{outside_calendar_id}",
    "POST /calendars/subscriptions/{outside_calendar_id}/refresh",
    "PUT /calendars/{calendar_id}/subscription",
    "DELETE /calendars/{calendar_id}/subscription",
    "POST /users/import",
    "POST /events/{event_id}/attachments",
    "DELETE /events/{event_id}/attachments/{attachment_id}",
    "PUT /users/{user_id}/avatar",
    "DELETE /users/{user_id}/avatar",
    "POST /auth/refresh",
    "POST /auth/register",
    "POST /auth/login",
    "DELETE /organizations/{organization_id}",
}


@pytest.fixture
def scene(company: Company) -> Scene:
    return Scene.create(company)


def filled(value: Any, scene: Scene) -> Any:
    """The body with `<name>` replaced by ids, and an e-mail that nobody has."""
    if isinstance(value, dict):
        return {name: filled(item, scene) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, scene) for item in value]
    if isinstance(value, str):
        if value == NEW_EMAIL:
            return value.format(new_id().hex)
        people = {"<admin>": scene.admin, "<person>": scene.person, "<other>": scene.other}
        if value in people:
            return people[value].id
        return scene.ids[value[1:-1]] if value[1:-1] in scene.ids.makers and value.startswith("<") else value
    return value


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.route)
def test_a_write_leaves_who_when_from_where_before_and_after(scene: Scene, write: Write) -> None:
    for route, _, body in write.first:
        accepted(write.send(scene, route, filled(body, scene), "first"), write.success)
    actor, request_id = write.by(scene), f"audit-{next(_requests)}"
    reader = scene.installation if actor is scene.installation else scene.admin
    asked = datetime.now(UTC).replace(microsecond=0)
    answer = write.send(scene, write.route, filled(write.body, scene), request_id)
    assert answer.status_code in write.status, answer.text
    left = of_request(reader, request_id)
    assert left, "the write left nothing"
    for entry in left:
        assert entry["actor_id"] == actor.id
        assert entry["origin"] == "testclient"
        assert asked <= datetime.fromisoformat(entry["at"]) <= asked + timedelta(minutes=5)
        assert not entry["before"] or not entry["after"] or entry["before"].keys() == entry["after"].keys()
    row_id = scene.ids[write.object] if write.object else None
    found = [
        entry
        for entry in left
        if (entry["object_type"], entry["action"]) == (write.object_type, write.action)
        and row_id in (None, entry["object_id"])
    ]
    assert len(found) == 1, left
    for told, expected in ((found[0]["before"], write.before), (found[0]["after"], write.after)):
        if expected is None:
            assert told is None
        else:
            assert told is not None
            assert {name: told[name] for name in expected} == expected


def test_every_route_that_writes_is_tested_here() -> None:
    routes = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in app.openapi()["paths"].items()
        for method in operations
        if method != "get"
    }
    assert routes == {write.route.partition("?")[0] for write in WRITES} | ELSEWHERE


def test_the_filter_knows_every_table_that_is_recorded(database: psycopg.Connection) -> None:
    tables = database.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit'").fetchall()
    assert {name for (name,) in tables} == {str(kind) for kind in AuditObject}


# Signing in and registering


def test_signing_in_leaves_an_entry(company: Company) -> None:
    anna = company.person()
    answer = company.client.post(
        "/auth/login", json={"email": anna.email, "password": PASSWORD}, headers={"X-Request-ID": "login-1"}
    )
    accepted(answer)
    (entry,) = of_request(company.admin, "login-1")
    assert (entry["object_type"], entry["action"], entry["origin"]) == ("auth_sessions", "created", "testclient")
    assert (entry["actor_id"], entry["after"]["user_id"]) == (anna.id, anna.id)


def test_a_failed_sign_in_leaves_nothing(company: Company) -> None:
    before = entries(company.admin)
    refused(
        company.client.post("/auth/login", json={"email": company.admin.email, "password": "wrong password"}),
        401,
        "invalid_credentials",
    )
    assert entries(company.admin) == before


def test_what_came_from_no_client_names_its_source(company: Company) -> None:
    # tests/support/people.py makes companies as a command would.
    made = entries(company.admin, object_type="users", object_id=company.admin.id)
    assert [(entry["actor_id"], entry["origin"], entry["request_id"]) for entry in made] == [(None, "test", None)]


# What is never there


def test_no_secret_is_ever_told(scene: Scene) -> None:
    anna = scene.person
    change = {"current_password": PASSWORD, "new_password": "battery staple correct"}
    assert anna.post("/auth/change-password", change).status_code == 204
    text = scene.admin.get("/audit", limit=500).text
    for entry in entries(scene.admin):
        for row in (entry["before"] or {}, entry["after"] or {}):
            assert {row[name] for name in SECRETS if name in row} <= {"***", "*** (changed)"}
    assert "argon2" not in text
    assert anna.token not in text
    assert anna.refresh_token not in text
    assert PASSWORD not in text


def test_a_refused_request_leaves_nothing(scene: Scene) -> None:
    admin, person = scene.admin, scene.person
    taken = admin.create_room()
    before = entries(admin)
    refused(person.post("/rooms", {"name": "Mine", "capacity": 1}), 403, "admin_or_it_only")
    refused(admin.post("/rooms", {"name": "", "capacity": 1}), 422, "invalid_request")
    refused(admin.post("/rooms", {"name": taken["name"], "capacity": 1}), 409, "room_name_taken")
    refused(admin.patch(f"/rooms/{taken['id']}", {"capacity": 2}, headers={"If-Match": '"9"'}), 412, "version_mismatch")
    refused(admin.patch(f"/rooms/{MISSING_ID}", {"capacity": 2}), 404, "room_not_found")
    body = event(room_id=taken["id"], recurrence_rule="FREQ=DAILY;COUNT=2")
    scene.person.create_event(room_id=taken["id"], start_time="2027-03-23T09:30:00", end_time="2027-03-23T09:45:00")
    booked = entries(admin)
    refused(admin.post("/events", body), 409, "room_taken")
    assert entries(admin) == booked
    assert booked[len(booked) - len(before) :] == before


def test_a_patch_that_changes_nothing_leaves_nothing(scene: Scene) -> None:
    admin, ids = scene.admin, scene.ids.everything()
    before = entries(admin)
    for path in (f"/rooms/{ids['room']}", f"/calendars/{ids['calendar']}", f"/users/{ids['person']}"):
        read = accepted(admin.get(path))
        name = "full_name" if path.startswith("/users") else "name"
        accepted(admin.patch(path, {name: read[name]}))
        accepted(admin.patch(path, {}))
    accepted(admin.patch(f"/events/{ids['event']}", {"title": "Meeting"}))
    assert entries(admin) == before


# Reading


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.IT])
def test_only_administrators_read_it(company: Company, role: Role) -> None:
    refused(company.person(role=role).get("/audit"), 403, "admin_only")
    refused(company.client.get("/audit"), 401, "not_authenticated")


def test_another_company_sees_nothing_of_it(scene: Scene, stranger_company: Company) -> None:
    theirs = entries(stranger_company.admin)
    assert {entry["organization_id"] for entry in theirs} == {str(stranger_company.organization.id)}
    for object_id in scene.ids.everything().values():
        assert entries(stranger_company.admin, object_id=object_id) == []
    assert entries(stranger_company.admin, actor_id=scene.admin.id) == []


def test_the_installation_reads_about_companies_and_people(scene: Scene) -> None:
    kinds = {"organizations", "users"}
    assert {entry["object_type"] for entry in entries(scene.installation)} == kinds
    assert len(entries(scene.installation, object_id=scene.ids["person"])) == 1
    assert len(entries(scene.installation, object_id=scene.ids["organization"])) == 1
    assert entries(scene.installation, object_id=scene.ids["room"]) == []
    assert entries(scene.installation, object_type="events") == []


def test_filters_by_person_object_action_and_time(scene: Scene, database: psycopg.Connection) -> None:
    admin, ids = scene.admin, scene.ids
    accepted(admin.patch(f"/rooms/{ids['room']}", {"capacity": 9}))
    accepted(scene.person.patch(f"/users/{scene.person.id}", {"full_name": "Анна"}))
    database.execute(
        "UPDATE audit_log SET at = '2027-03-22T12:00:00Z' WHERE object_id = %s AND action = 'changed'", [ids["room"]]
    )
    everything = entries(admin)
    for filters, wanted in (
        ({"actor_id": scene.person.id}, lambda entry: entry["actor_id"] == scene.person.id),
        ({"object_type": "rooms"}, lambda entry: entry["object_type"] == "rooms"),
        ({"object_id": ids["room"]}, lambda entry: entry["object_id"] == ids["room"]),
        ({"action": "changed"}, lambda entry: entry["action"] == "changed"),
        (
            {"action": "changed", "object_id": ids["room"], "actor_id": admin.id},
            lambda entry: entry["object_id"] == ids["room"] and entry["action"] == "changed",
        ),
        # Dates are those of who asks: Berlin.
        ({"from_": "2027-03-22", "to": "2027-03-23"}, lambda entry: entry["at"] == "2027-03-22T12:00:00Z"),
        ({"from_": "2027-03-22T12:00:00Z"}, lambda entry: entry["at"] == "2027-03-22T12:00:00Z"),
        ({"from_": "2027-03-22T12:00:01Z"}, lambda entry: False),
        ({"to": "2027-03-22T12:00:00Z"}, lambda entry: entry["at"] < "2027-03-22T12:00:00Z"),
    ):
        found = entries(admin, **filters)
        assert found == [entry for entry in everything if wanted(entry)], filters
        assert found or filters == {"from_": "2027-03-22T12:00:01Z"}
    for filters in ({"object_type": "tickets"}, {"action": "read"}, {"actor_id": "me"}, {"who": admin.id}):
        refused(admin.get("/audit", **filters), 422, "invalid_request")
    refused(admin.get("/audit", from_="2027-03-22", to="2027-03-22"), 422, "window_needs_order")


def test_pages_hold_every_entry_once_newest_first(scene: Scene, database: psycopg.Connection) -> None:
    admin = scene.admin
    # Entries of one moment, as one statement that writes many rows leaves them.
    database.execute("UPDATE audit_log SET at = date_trunc('minute', at) WHERE organization_id = %s", [
        scene.company.organization.id])  # fmt: skip
    everything = entries(admin)
    keys = [(entry["at"], entry["id"]) for entry in everything]
    assert keys == sorted(keys, reverse=True)
    paged: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        body = accepted(admin.get("/audit", limit=2, **cursor))
        paged += body["items"]
        if body["next_cursor"] is None:
            break
        cursor = {"cursor": body["next_cursor"]}
        # What is written meanwhile comes before the first page and disturbs no other.
        admin.create_room()
    assert paged == everything


def test_a_cursor_names_an_entry(company: Company) -> None:
    for last in ("-1", "1.5", "٣", str(2**63), "9" * 30, ""):
        text = f'["2027-03-22T12:00:00+00:00", "{last}"]'
        refused(company.admin.get("/audit", cursor=encoded(text)), 422, "bad_cursor")
    largest = f'["2027-03-22T12:00:00+00:00", "{2**63 - 1}"]'
    accepted(company.admin.get("/audit", cursor=encoded(largest)))


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


# Append-only


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_log (action, object_type, object_id) VALUES ('created', 'rooms', gen_random_uuid())",
        "UPDATE audit_log SET actor_id = NULL",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "ALTER TABLE audit_log DISABLE TRIGGER ALL",
        "ALTER TABLE rooms DISABLE TRIGGER audit",
        "DROP TRIGGER audit ON rooms",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION write_audit() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
    ],
)
def test_the_applications_role_can_neither_write_nor_switch_it_off(company: Company, statement: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SELECT enter_company(%s, true, NULL, NULL, NULL, false)", [company.organization.id])
        assert connection.execute("SELECT count(*) > 0 FROM audit_log").fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_there_is_no_route_that_changes_it(client: TestClient) -> None:
    assert set(app.openapi()["paths"]["/api/v1/audit"]) == {"get"}
    assert not [path for path in app.openapi()["paths"] if path.startswith("/api/v1/audit/")]


def test_what_an_administrator_sees_only_as_busy_is_masked_in_the_record(
    company: Company, database: psycopg.Connection
) -> None:
    person, admin = company.person(), company.admin
    public = accepted(person.post("/calendars", {"name": "Team", "is_public": True}), 201)
    shares = f"/calendars/{person.calendar_id}/shares"
    accepted(person.post(shares, {"user_id": admin.id, "level": "free_busy"}), 201)

    def told(event: dict[str, Any]) -> set[str]:
        items = accepted(admin.get("/audit", object_id=event["id"]))["items"]
        return {(item["before"] or item["after"])["title"] for item in items if item["action"] != "changed"}

    busy = person.create_event(title="Secret")
    closed = person.create_event(title="Secret", calendar_id=public["id"])
    shown = person.create_event(title="For all", calendar_id=public["id"])
    database.execute("UPDATE events SET visibility = 'private' WHERE id = %s", [closed["id"]])
    assert [told(busy), told(closed), told(shown)] == [{"***"}, {"***"}, {"For all"}]
    for made in (busy, shown):
        assert person.delete(f"/events/{made['id']}").status_code == 204
    assert [told(busy), told(shown)] == [{"***"}, {"For all"}]


def test_names_and_texts_of_what_is_private_stay_private(company: Company) -> None:
    person = company.person()
    private = person.create_event(title="Secret", description="Secret", location="Secret")
    public = accepted(person.post("/calendars", {"name": "Team", "is_public": True}), 201)
    shown = person.create_event(title="For all", calendar_id=public["id"])
    invited = person.create_event(title="With you", participants=[{"user_id": company.admin.id}])
    accepted(person.patch(f"/events/{private['id']}", {"title": "Secret too", "status": "tentative"}))
    assert person.delete(f"/events/{shown['id']}").status_code == 204

    def told(event: dict[str, Any]) -> list[tuple[Any, Any]]:
        items = accepted(company.admin.get("/audit", object_id=event["id"]))["items"]
        return [((item["before"] or {}).get("title"), (item["after"] or {}).get("title")) for item in items]

    assert told(private) == [("***", "***"), (None, "***")]
    assert told(shown) == [("For all", None), (None, "For all")]
    assert told(invited) == [(None, "With you")]
    everything = company.admin.get("/audit", limit=500).text
    assert "Secret" not in everything
    assert '"status":"tentative"' in everything
