"""Objects that are made for one request, so that a path points at something which is there."""

from dataclasses import dataclass, field

from psycopg import Connection

from app.core.ids import new_id
from tests.support.mail import token_for
from tests.support.people import Company, Person, event

API = "/api/v1"


def new_email() -> str:
    return f"somebody-{new_id().hex}@example.com"


@dataclass(frozen=True)
class Target:
    """What the parameters of a path are to be, and values that only go with this object."""

    ids: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)


@dataclass
class Targets:
    """Makes them: in the company of the run, or, for who administers the installation, a company of their own."""

    company: Company
    employee: Person
    installation_admin: Person
    database: Connection

    def for_path(self, path: str, *, by_installation: bool) -> Target:
        """An object for each parameter of `path` (a template of the OpenAPI document)."""
        if path.startswith(f"{API}/organizations/"):
            return self._organization(path, by_installation=by_installation)
        if path.startswith(f"{API}/users/"):
            return Target({"user_id": self._user(path)})
        if path.startswith(f"{API}/events/"):
            body = event(participants=[{"user_id": self.employee.id}])
            return Target({"event_id": _made(self.company.admin, "/events", body), "user_id": self.employee.id})
        if path.startswith(f"{API}/rooms/"):
            return Target({"room_id": _made(self.company.admin, "/rooms", {"name": new_id().hex, "capacity": 4})})
        if path.startswith(f"{API}/calendars/"):
            body = {"name": "Team", "is_public": True}
            return Target({"calendar_id": _made(self.company.admin, "/calendars", body)})
        if path.startswith(f"{API}/departments/"):
            return Target({"department_id": _made(self.company.admin, "/departments", {"name": new_id().hex})})
        raise AssertionError(f"Nothing is made for {path}: add it to {__file__}.")

    def invitation(self) -> tuple[str, str]:
        """An address that is invited into the company of the run, and the token in the mail to it."""
        email = new_email()
        _made(self.company.admin, f"/organizations/{self.company.organization.id}/invitations", {"email": email})
        return email, token_for(self.database, email)

    def _organization(self, path: str, *, by_installation: bool) -> Target:
        sender, values = self.company.admin, dict[str, str]()
        organization = str(self.company.organization.id)
        if by_installation:
            sender, values = self.installation_admin, {"confirm": f"Company {new_id().hex}"}
            organization = _made(sender, "/organizations", {"name": values["confirm"], "time_zone": "Asia/Almaty"})
        ids = {"organization_id": organization}
        if "{invitation_id}" in path:
            ids["invitation_id"] = _made(sender, f"/organizations/{organization}/invitations", {"email": new_email()})
        return Target(ids, values)

    def _user(self, path: str) -> str:
        """A new colleague; one who has left, where a leaving is to be undone."""
        person = self.company.person()
        if path.endswith("/leaving/undo"):
            answer = self.company.admin.post(f"/users/{person.id}/leaving", {"successor_id": self.employee.id})
            assert answer.status_code == 200, answer.text
        return person.id


def _made(sender: Person, path: str, body: object) -> str:
    answer = sender.post(path, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
