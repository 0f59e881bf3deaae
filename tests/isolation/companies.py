"""Who asks, and for what."""

from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from psycopg import Connection

from tests.bad_input.world import World
from tests.support.people import Company, Person, event, sign_in
from tests.support.room_use import ask_earlier, soon

# The words that paths and bodies in these tests use for ids of our company.
PRIVATE = {"{calendar_id}": "<private calendar>", "{event_id}": "<private event>"}
PUBLIC = {"{calendar_id}": "<calendar>", "{event_id}": "<event>"}
OTHERS = {"{room_id}": "<room>", "{user_id}": "<employee>"}


@dataclass
class Isolation(World):
    """Ours: an employee with a private calendar and a private event in it, and what `Belongings` holds."""

    colleague: Person
    it_desk: Person
    invited: Person
    installation_admin: Person

    @classmethod
    def create(cls, client: TestClient, database: Connection) -> "Isolation":
        world = World.create(client, database)
        ours = world.ours
        invited = ours.company.person()
        secret = ours.employee.create_event(
            title="Secret",
            room_id=ours.ids["room"],
            participants=[{"user_id": invited.id}],
            start_time="2027-03-23T09:00:00",
            end_time="2027-03-23T10:00:00",
        )
        used = {"start_time": soon(-120), "end_time": soon(-110), "time_zone": "UTC", "room_id": ours.ids["room"]}
        ask_earlier(database, ours.employee.create_event(title="Used", **used)["id"])
        ours.ids.update(
            {"private calendar": secret["calendar_id"], "private event": secret["id"], "invited": invited.id}
        )
        return cls(
            ours=ours,
            theirs=world.theirs,
            database=database,
            colleague=ours.company.person(),
            it_desk=ours.company.person(role="it"),
            invited=invited,
            installation_admin=sign_in(client, None, role="admin"),
        )

    @property
    def company(self) -> Company:
        return self.ours.company

    def path(self, template: str, names: dict[str, str] = PUBLIC) -> str:
        """The path to objects of our company: the private ones, or those that the company sees."""
        for parameter, name in {**names, **OTHERS}.items():
            template = template.replace(parameter, name)
        path: str = self.named(template)
        return path


# What may be sent, so that nothing but the missing right can be the reason for the refusal.
BODIES: dict[str, dict[str, Any]] = {
    "PUT /users/{user_id}": {"email": "taken-over@example.com"},
    "PATCH /users/{user_id}": {"full_name": "Taken Over"},
    "PUT /calendars/{calendar_id}": {"name": "Taken Over"},
    "PATCH /calendars/{calendar_id}": {"name": "Taken Over"},
    "PUT /events/{event_id}": event(title="Taken Over"),
    "PATCH /events/{event_id}": {"title": "Taken Over"},
    "POST /events/{event_id}/participants": {"user_id": "<invited>"},
    "PUT /rooms/{room_id}": {"name": "Taken Over", "capacity": 2},
    "PATCH /rooms/{room_id}": {"name": "Taken Over"},
}
