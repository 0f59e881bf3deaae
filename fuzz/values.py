"""Values that no generator could guess, for fields and parameters by their names."""

from random import Random
from typing import Any

from app.core.ids import new_id
from fuzz.cast import Cast
from fuzz.targets import API, Targets, new_email
from tests.support.people import PASSWORD

RULES = ["FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "FREQ=YEARLY"]
ZONES = ["Europe/Berlin", "Asia/Almaty", "Australia/Lord_Howe", "UTC"]
WEEKS = [[1, 2, 3, 4, 5], [7, 1, 2, 3, 4], [6]]
COUNTRIES = ["RU", "DE", "kz", None]


class Values:
    """Values that can succeed, in the company of the run."""

    def __init__(self, cast: Cast, targets: Targets, random: Random) -> None:
        self.cast = cast
        self.targets = targets
        self.random = random
        admin = cast.admin
        self.department_ids = [admin.post("/departments", {"name": name}).json()["id"] for name in ("Sales", "Law")]
        self.room_ids = [admin.create_room(equipment=["projector"])["id"] for _ in range(3)]
        self.people = [cast.company.person().id for _ in range(5)]
        self.calendar_id = admin.post("/calendars", {"name": "Team", "is_public": True}).json()["id"]
        for room_id in self.room_ids:
            admin.create_event(participants=[{"user_id": self.people[0]}], room_id=room_id)

    def for_path(self, path: str) -> dict[str, Any]:
        """By name, for a request to `path`.

        Raises:
            NotMade: the API refused to make what the request needs.
        """
        values = {"name": new_id().hex, **self._of_events(), **self._of_people(), **self._of_companies()}
        if path == f"{API}/auth/refresh":
            values["refresh_token"] = self.cast.company.person().refresh_token
        if path == f"{API}/auth/login":
            values.update(email=self.cast.employee.email, username=self.cast.employee.email)
        if path == f"{API}/auth/invitation" or (path == f"{API}/auth/register" and self.random.choice([True, False])):
            values.update(self.targets.invited())
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
            "calendar_id": self.calendar_id,
            "room_id": pick(self.room_ids),
            "participants": pick([[], [{"user_id": pick(self.people)}]]),
            "color": "#ff8800",
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
