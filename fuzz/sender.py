"""Who sends the fuzz run's requests, and with what in them that no generator could guess."""

from random import Random
from typing import Any

from fastapi.testclient import TestClient

from app.core.ids import new_id
from app.models import Role
from tests.support.people import PASSWORD, Company, event, sign_in

API = "/api/v1"
# These end the session that sends them, or the password that it came with.
LAST_WORDS = {f"{API}/auth/logout", f"{API}/auth/change-password"}
# Only an administrator of the installation makes and ends companies.
COMPANIES = {f"{API}/organizations", f"{API}/organizations/{{organization_id}}"}
RULES = ["FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "FREQ=YEARLY"]
# One pixel, as PNG.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63606060600000"
    "00050001a5f645400000000049454e44ae426082"
)
ZONES = ["Europe/Berlin", "Asia/Almaty", "Australia/Lord_Howe", "UTC"]


class Sender:
    """Signs requests in: most as an administrator, some as an employee, few not at all.

    Every second request gets values that can succeed in place of those generated for zones, e-mails, times, rules,
    passwords and ids, so that the run goes further than the checks of what was sent.
    """

    def __init__(self, client: TestClient, seed: int) -> None:
        self.company = Company.create(client)
        self.employee = self.company.person()
        self.random = Random(seed)  # noqa: S311 - to be repeatable is the point
        self.sent = 0
        self.client = client
        self.installation = sign_in(client, None, role="admin")
        self.department_id = self.company.admin.post("/departments", {"name": "Sales"}).json()["id"]
        self.room_ids = [self.company.admin.create_room(equipment=["projector"])["id"] for _ in range(3)]
        self.people = [self.company.person().id for _ in range(5)]
        self.calendar_id = self.company.admin.post("/calendars", {"name": "Team", "is_public": True}).json()["id"]
        for room_id in self.room_ids:
            self.company.admin.create_event(participants=[{"user_id": self.people[0]}], room_id=room_id)

    def prepare(self, case: Any) -> None:
        """Give a request its token, and every second one values that can succeed."""
        self.sent += 1
        if self.sent % 2:
            self._mend(case)
        token = self._token(case)
        if token is not None:
            case.headers["Authorization"] = f"Bearer {token}"

    def replace_who_was_dismissed(self) -> None:
        """The run may deactivate or demote anybody, those who send its requests too."""
        if self.company.admin.get("/auth/me").json().get("role") != Role.ADMIN:
            self.company.admin = self.company.person(Role.ADMIN)
        if self.employee.get("/auth/me").status_code != 200:
            self.employee = self.company.person()

    def _token(self, case: Any) -> str | None:
        if case.path in LAST_WORDS:
            return self.company.person().token
        if case.path in COMPANIES and case.method in ("POST", "DELETE"):
            return self.installation.token
        if self.sent % 20 == 0:
            return None
        return (self.employee if self.sent % 5 == 0 else self.company.admin).token

    def _mend(self, case: Any) -> None:
        values = self._good_values(case.path)
        if (case.media_type or "").startswith("image/"):
            case.body = PICTURE
        elif case.media_type == "text/csv":
            case.body = f"email,full_name\nsomebody-{new_id().hex}@example.com,Somebody\n".encode()
        elif isinstance(case.body, dict):
            case.body.update({name: values[name] for name in case.body.keys() & values.keys()})
            if "start_time" in case.body:
                case.body["is_all_day"] = False
        if case.query:
            case.query.update({name: values[name] for name in case.query.keys() & values.keys()})
        if case.path_parameters and self.sent % 4 == 1:
            self._aim(case)

    def _aim(self, case: Any) -> None:
        """Point a path at an object that was made for this request."""
        admin = self.company.admin
        made = {
            "room_id": ("/rooms", {"name": new_id().hex, "capacity": 4}),
            "calendar_id": ("/calendars", {"name": "Team", "is_public": True}),
            "event_id": ("/events", event(participants=[{"user_id": self.employee.id}])),
            "department_id": ("/departments", {"name": new_id().hex}),
        }
        if "organization_id" in case.path_parameters:
            self._aim_at_company(case)
            return
        for name in case.path_parameters:
            if name in made:
                answer = admin.post(*made[name])
                if answer.status_code == 201:
                    case.path_parameters[name] = answer.json()["id"]
            else:
                takes_part = "event_id" in case.path_parameters
                case.path_parameters[name] = self.employee.id if takes_part else self.company.person().id

    def _aim_at_company(self, case: Any) -> None:
        """The own company, but for its end: that is another one's."""
        company = Company.create(self.client) if case.method == "DELETE" else self.company
        organization = str(company.organization.id)
        case.path_parameters["organization_id"] = organization
        if "invitation_id" in case.path_parameters:
            body = {"email": f"somebody-{new_id().hex}@example.com"}
            answer = company.admin.post(f"/organizations/{organization}/invitations", body)
            case.path_parameters["invitation_id"] = answer.json()["id"]
        elif case.method == "DELETE" and case.query is not None:
            case.query["confirm"] = company.organization.name

    def _good_values(self, path: str) -> dict[str, Any]:
        pick = self.random.choice
        # A Monday, a Wednesday, and the last day of a month.
        day = pick(["2027-03-22", "2027-03-24", "2027-03-31"])
        values = {
            "start_time": f"{day}T{pick(range(24)):02}:00:00Z",
            "end_time": f"{day}T23:30:00Z",
            "exdates": [],
            "recurrence_rule": pick([*RULES, None]),
            "from": f"{day}T{pick(range(24)):02}:00:00Z",
            "to": "2027-05-01T00:00:00Z",
            "time_zone": pick(ZONES),
            "email": f"somebody-{new_id().hex}@example.com",
            "password": PASSWORD,
            "current_password": PASSWORD,
            "phone": "+7 495 123-45-67",
            "birthday": "1990-05-17",
            "user_id": pick(self.people),
            "manager_id": pick([self.company.admin.id, None]),
            "department_id": pick([self.department_id, None]),
            "organization_id": str(self.company.organization.id),
            "calendar_id": self.calendar_id,
            "room_id": pick(self.room_ids),
            "participants": pick([[], [{"user_id": pick(self.people)}]]),
            "color": "#ff8800",
            "name": new_id().hex,
            "parent_id": pick([self.department_id, None]),
            "head_id": pick([self.employee.id, None]),
            "user_ids": [pick(self.people)],
            "move_to": self.department_id,
            "root": self.department_id,
            "successor_id": pick(self.people),
            "email_domains": [f"{new_id().hex}.example"],
            "working_days": [1, 2, 3, 4],
            "workday_start": "08:00",
            "workday_end": "17:30",
            "holiday_country": "DE",
            "admin": {"email": f"admin-{new_id().hex}@example.com"},
            "actor_id": self.company.admin.id,
        }
        if path == f"{API}/auth/refresh":
            values["refresh_token"] = self.company.person().refresh_token
        if path == f"{API}/auth/login":
            values.update(email=self.employee.email, username=self.employee.email)
        return values
