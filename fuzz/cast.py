"""Who sends the requests of the fuzz run."""

from dataclasses import dataclass, field

from fastapi.testclient import TestClient

from app.models import Role
from tests.support.people import Company, Person, sign_in


@dataclass
class Cast:
    """A company with its administrator, one of its employees, and an administrator of the installation."""

    client: TestClient
    company: Company = field(init=False)
    employee: Person = field(init=False)
    installation_admin: Person = field(init=False)

    def __post_init__(self) -> None:
        self.company = Company.create(self.client)
        self.employee = self.company.person()
        self.installation_admin = sign_in(self.client, None, role=Role.ADMIN)

    @property
    def admin(self) -> Person:
        return self.company.admin

    def replace_who_was_dismissed(self) -> None:
        """The run may deactivate or demote anybody, those who send its requests too."""
        if not _is_admin(self.admin):
            self.company.admin = self.company.person(Role.ADMIN)
        if not _is_admin(self.installation_admin):
            self.installation_admin = sign_in(self.client, None, role=Role.ADMIN)
        if self.employee.get("/auth/me").status_code != 200:
            self.employee = self.company.person()


def _is_admin(person: Person) -> bool:
    return bool(person.get("/auth/me").json().get("role") == Role.ADMIN)
