"""Objects that are made for one request, so that its path points at something which is there."""

from dataclasses import dataclass, field

from app.core.ids import new_id
from fuzz.cast import Cast
from tests.support.mail import token_for
from tests.support.people import Person, event

API = "/api/v1"


class NotMade(Exception):
    """The API refused, as it may: requests of the run have just dismissed who asked."""


@dataclass(frozen=True)
class Target:
    """What the parameters of a path are to be, and a query that this object alone needs."""

    ids: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)


@dataclass
class Targets:
    """Makes them: in the company of the run or, for an administrator of the installation, a company of its own."""

    cast: Cast

    def for_path(self, path: str, sender: Person) -> Target:
        """An object for each parameter of `path`, a template of the OpenAPI document.

        Raises:
            NotMade: the API refused to make one.
        """
        kind = path.removeprefix(API).split("/")[1]
        if kind == "organizations":
            return self._organization(path, sender)
        if kind == "users":
            return Target({"user_id": self._user(path)})
        if kind == "events":
            return self._event(path)
        bodies: dict[str, tuple[str, object]] = {
            "rooms": ("room_id", {"name": new_id().hex, "capacity": 4}),
            "calendars": ("calendar_id", {"name": "Team", "is_public": True}),
            "departments": ("department_id", {"name": new_id().hex}),
        }
        parameter, named = bodies[kind]
        return Target({parameter: self._made(f"/{kind}", named)})

    def invited(self) -> dict[str, str]:
        """An address that is invited into the company of the run, and the token in the mail to it."""
        email = new_email()
        self._made(f"/organizations/{self.cast.company.organization.id}/invitations", {"email": email})
        token = token_for(self.cast.database, email)
        return {"email": email, "token": token, "invitation_token": token}

    def _event(self, path: str) -> Target:
        """An event with a guest, and what hangs on it where the path names that."""
        event_id = self._made("/events", event(participants=[{"user_id": self.cast.employee.id}]))
        ids = {"event_id": event_id, "user_id": self.cast.employee.id}
        if "{comment_id}" in path:
            ids["comment_id"] = self._made(f"/events/{event_id}/comments", {"body": "First"})
        if "{attachment_id}" in path:
            # Any body is a file.
            ids["attachment_id"] = self._made(f"/events/{event_id}/attachments?name=a.json", {"a": 1})
        return Target(ids)

    def _organization(self, path: str, sender: Person) -> Target:
        organization, query = str(self.cast.company.organization.id), dict[str, str]()
        if sender is self.cast.installation_admin:
            name = f"Company {new_id().hex}"
            organization = self._made("/organizations", {"name": name, "time_zone": "Asia/Almaty"}, sender)
            query = {"confirm": name} if path.endswith("/{organization_id}") else {}
        ids = {"organization_id": organization}
        if "{invitation_id}" in path:
            invitations = f"/organizations/{organization}/invitations"
            ids["invitation_id"] = self._made(invitations, {"email": new_email()}, sender)
        return Target(ids, query)

    def _user(self, path: str) -> str:
        """A new colleague; one who has left, where a leaving is to be undone."""
        person = self.cast.company.person()
        if path.endswith("/leaving/undo"):
            self._made(f"/users/{person.id}/leaving", {"successor_id": None}, status=200)
        return person.id

    def _made(self, path: str, body: object, sender: Person | None = None, status: int = 201) -> str:
        answer = (sender or self.cast.admin).post(path, body)
        if answer.status_code != status:
            raise NotMade(answer.text)
        return str(answer.json()["id"])


def new_email() -> str:
    """An address that nobody has."""
    return f"somebody-{new_id().hex}@example.com"
