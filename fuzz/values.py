"""Values that no generator could guess, for fields and parameters by their names."""

from datetime import timedelta
from random import Random
from typing import Any

from app.core.ids import new_id
from fuzz.cast import Cast
from fuzz.targets import API, MOVED, USES_OF_ROOMS, Targets, new_email, outside_address, soon_free
from tests.support.people import PASSWORD, event
from tests.support.planning import slot, today
from tests.support.push import subscription

RULES = ["FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "FREQ=YEARLY"]
ZONES = ["Europe/Berlin", "Asia/Almaty", "Australia/Lord_Howe", "UTC"]
WEEKS = [[1, 2, 3, 4, 5], [7, 1, 2, 3, 4], [6]]
WITH_ONE = ("/participants", "/shares")
WAYS_TO_NAME = ("user_id", "department_id", "email")
COUNTRIES = ["RU", "DE", "kz", None]


class Values:
    """Values that can succeed, in the company of the run."""

    def __init__(self, cast: Cast, targets: Targets, random: Random) -> None:
        self.cast = cast
        self.targets = targets
        self.random = random
        admin = cast.admin
        self.department_ids = [admin.post("/departments", {"name": name}).json()["id"] for name in ("Sales", "Law")]
        self.building_id = admin.post("/buildings", {"name": "House"}).json()["id"]
        self.room_ids = [
            admin.create_room(building_id=self.building_id, equipment=["projector"])["id"] for _ in range(3)
        ]
        self.people = [cast.company.person().id for _ in range(5)]
        self.calendar_id = admin.post("/calendars", {"name": "Team", "is_public": True}).json()["id"]
        everybody = [{"user_id": admin.id}, {"user_id": cast.employee.id}]
        self.needs_room = admin.create_event(participants=everybody, guests_can_change=True)["id"]
        for room_id in self.room_ids:
            admin.create_event(participants=[{"user_id": self.people[0]}], room_id=room_id)

    def mend_body(self, path: str, body: dict[str, Any]) -> None:
        """Put values that can succeed into the fields of a body that are there."""
        values = self.for_path(path)
        if path.endswith(WITH_ONE):
            # Somebody is named in one way.
            named = self.random.choice([name for name in WAYS_TO_NAME if name in body] or ["user_id"])
            for name in WAYS_TO_NAME:
                body.pop(name, None)
            body[named] = None
            if named != "email":
                # Only a guest from outside is called something.
                body.pop("name", None)
            values["department_id"] = self.random.choice(self.department_ids)
        body.update({name: values[name] for name in body.keys() & values.keys()})
        if "start_time" in body:
            body["is_all_day"] = False
        if body.keys() & MOVED.keys():
            body.update(MOVED)

    def mend_query(self, path: str, query: dict[str, Any]) -> None:
        """Put values that can succeed into the parameters that are there."""
        values = self.for_path(path)
        query.update({name: values[name] for name in query.keys() & values.keys()})

    def for_path(self, path: str) -> dict[str, Any]:
        """By name, for a request to `path`.

        Raises:
            NotMade: the API refused to make what the request needs.
        """
        values = {"name": new_id().hex, **self._of_events(), **self._of_people(), **self._of_companies()}
        if path == f"{API}/events/find-time":
            values.update(self._of_a_search())
        if path.endswith("/rebooking"):
            values["items"] = [
                {"occurrence": event()["start_time"], "room_id": self.random.choice([None, *self.room_ids])}
            ]
        if path.endswith("/closing"):
            ends = [None, f"{today() + timedelta(days=1)}", f"{today() + timedelta(days=400)}"]
            values.update(start=None, end=self.random.choice(ends), plan=None)
        if path == f"{API}/rooms/check-in":
            values["token"] = self.targets.link_token()
        if path.startswith(f"{API}/rooms/") and path.endswith(USES_OF_ROOMS):
            values.update(code=None, minutes=15)
        if path == f"{API}/delegations":
            values["delegate_id"] = self.cast.company.person().id
        if path.startswith(f"{API}/room-blockings"):
            # Of a room of its own: nothing else is to be blocked.
            place = {"room_id": self.cast.admin.create_room()["id"], "building_id": None}
            values.update(start="2027-05-01", end="2027-05-02T12:00:00", recurrence_rule=None, **place)
        if path.startswith((f"{API}/slots", f"{API}/book", f"{API}/appointments", f"{API}/availability")):
            values.update(self._of_appointments(path))
        if path.startswith((f"{API}/tickets", f"{API}/absences", f"{API}/holidays")):
            values.update(self._of_the_desk(path))
        if path.endswith("/holds"):
            values.update(slot(today() + timedelta(days=9)), minutes=self.random.choice([None, 1, 15]))
        if path.endswith("/waiting"):
            values.update(event_id=self.needs_room, occurrence=None)
        if path == f"{API}/notifications/quiet-hours":
            values.update(start="22:00", end="07:00")
        if path == f"{API}/notifications/digest":
            values.update(at="08:00", days=[1, 5])
        if path.endswith("/reminders"):
            one = [
                {
                    "minutes": self.random.choice([0, 10, 1440]),
                    "channel": self.random.choice(["in_app", "mail", "push"]),
                }
            ]
            values.update(reminders=one, timed=one, all_day=one)
        if path.startswith(f"{API}/push/"):
            values.update(subscription())
        if path.startswith(f"{API}/webhooks"):
            values["types"] = ["event.created", "event.deleted"]
        if path == f"{API}/notifications/preferences":
            values["choices"] = [{"type": "answer", "channel": "mail", "is_on": False}]
        if path == f"{API}/auth/refresh":
            values["refresh_token"] = self.cast.company.person().refresh_token
        if path == f"{API}/auth/login":
            values.update(email=self.cast.employee.email, username=self.cast.employee.email)
        if path == f"{API}/auth/invitation" or (path == f"{API}/auth/register" and self.random.choice([True, False])):
            values.update(self.targets.invited())
        return values

    def _of_appointments(self, path: str) -> dict[str, Any]:
        """What is offered around the clock, and booked at a time that is free."""
        host = self.cast.company.person(access_availability_slots=True).id
        always = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}]
        start = soon_free()
        if path.endswith("/move"):
            start = start.replace("T10", "T12")
        kind = self.targets.offered()["id"] if path in (f"{API}/slots", f"{API}/slots/bookings") else None
        return {
            **dict.fromkeys(("department_id", "last_day", "minutes", "step_minutes", "kind_id", "user_id")),
            "first_day": f"{today() + timedelta(days=self.random.randrange(30_000))}",
            "hosts": [{"user_id": host, "weight": 1}],
            "mode": "one",
            "hours": always,
            "places": [{"weekdays": [1], "place": "home"}],
            "days": [{"day": "2027-07-05", "hours": always}],
            "questions": [],
            "answers": {},
            "durations": [30],
            "room_id": self.random.choice([None, *self.room_ids]),
            "start": start,
            "kind": kind,
            "day": "2027-07-05",
            "users": [self.cast.employee.id],
            "departments": [],
            "from": f"{today()}",
            "to": f"{today() + timedelta(days=10)}",
            "do": "submit",
            **({"kind_id": kind} if path == f"{API}/slots/bookings" and kind else {}),
        }

    def _of_the_desk(self, path: str) -> dict[str, Any]:
        pick = self.random.choice
        values: dict[str, Any] = {
            **dict.fromkeys(("category_id", "view_id", "event_id", "equipment_id", "department_id", "substitute_id")),
            **dict.fromkeys(("requester_id", "assignee_id", "watcher_id", "approver_id", "kind_id")),
            "starts_midday": False,
            "email": None,
            "is_default": False,
            "service_hours": None,
            "approval": pick(["nobody", "manager"]),
            "mentions": [],
            "attachment_ids": [],
            "members": [],
            "slas": [{"priority": "low", "resolution_minutes": 60}],
            "filters": {"is_open": True},
            "first_day": "2027-07-05",
            "last_day": "2027-07-06",
            "day": f"2027-{pick(range(1, 13)):02}-{pick(range(1, 29)):02}",
        }
        if path.endswith(("/merge", "/links")):
            values.update(into_id=self.targets.ticket(), ticket_id=self.targets.ticket(), kind="blocks")
        if path in (f"{API}/absences", f"{API}/holidays"):
            values.update({"from": "2027-01-01", "to": "2027-12-01"})
        if path == f"{API}/tickets/board":
            values["queue_id"] = self.cast.admin.get("/tickets/queues").json()["items"][0]["id"]
        return values

    def _of_events(self) -> dict[str, Any]:
        pick = self.random.choice
        # A Monday, a Wednesday, and the last day of a month.
        day = pick(["2027-03-22", "2027-03-24", "2027-03-31"])
        return {
            "start_time": f"{day}T{pick(range(24)):02}:00:00Z",
            "end_time": f"{day}T23:30:00Z",
            "exdates": [],
            "recurrence_rule": pick([*RULES, None]),
            "from": f"{day}T{pick(range(24)):02}:00:00Z",
            "to": "2027-05-01T00:00:00Z",
            "time_zone": pick(ZONES),
            "language": pick(["ru", "en", None]),
            "calendar_id": self.calendar_id,
            "room_id": pick(self.room_ids),
            "building_id": pick([self.building_id, None]),
            "participants": pick([[], [{"user_id": pick(self.people)}]]),
            "color": "#ff8800",
            "url": outside_address(),
            "refresh_minutes": pick([15, 60]),
            "transparency": pick([None, "transparent"]),
            "rooms": self.random.sample(self.room_ids, 2),
        }

    def _of_a_search(self) -> dict[str, Any]:
        """For a time to meet, which is looked for from now on."""
        pick, sample = self.random.choice, self.random.sample
        return {
            "from": f"{today() + timedelta(days=1)}",
            "to": f"{today() + timedelta(days=8)}",
            "duration_minutes": pick([15, 60, 480, 3000]),
            "required": sample(self.people, pick([1, 3])),
            "optional": sample(self.people, pick([0, 2])),
            "departments": pick([[], [{"id": pick(self.department_ids), "any_of": pick([True, False])}]]),
            "rooms": pick([None, {}, {"ids": self.room_ids, "count": 2}, {"capacity": 2, "equipment": ["projector"]}]),
        }

    def _of_people(self) -> dict[str, Any]:
        pick = self.random.choice
        return {
            "email": new_email(),
            "password": PASSWORD,
            "current_password": PASSWORD,
            "phone": "+7 495 123-45-67",
            "birthday": "1990-05-17",
            "user_id": pick(self.people),
            "actor_id": self.cast.admin.id,
            "owner_id": self.cast.admin.id,
            "organizer_id": self.cast.admin.id,
            "participant_id": pick(self.people),
            "principal_id": self.cast.admin.id,
            "users": self.random.sample(self.people, 2),
            "departments": [pick(self.department_ids)],
            "manager_id": pick([self.cast.admin.id, None]),
            "department_id": pick([*self.department_ids, None]),
            "successor_id": pick(self.people),
            "user_ids": self.random.sample(self.people, 2),
            "invitation_token": None,
            "head_id": pick([*self.people, None]),
            "parent_id": pick([*self.department_ids, None]),
            "root": pick(self.department_ids),
            "move_to": pick([*self.department_ids, "none"]),
            "days": pick([1, 30]),
        }

    def _of_companies(self) -> dict[str, Any]:
        pick = self.random.choice
        return {
            "organization_id": str(self.cast.company.organization.id),
            "working_days": pick(WEEKS),
            "workday_start": pick(["00:00", "09:00"]),
            "workday_end": pick(["18:00", "23:59"]),
            "holiday_country": pick(COUNTRIES),
            "email_domains": pick([[], [f"{new_id().hex}.example"]]),
            "admin": pick([None, {"email": new_email(), "full_name": "Anna"}]),
        }
