"""Who sends the requests of the fuzz run."""

from dataclasses import dataclass, field

from fastapi.testclient import TestClient
from psycopg import Connection

from app.core.security import decode_token
from app.models import Role
from tests.support.people import Company, Person, sign_in

ROLE = """
    SELECT u.role FROM users u JOIN auth_sessions s ON s.user_id = u.id
    WHERE s.id = %s AND s.revoked_at IS NULL AND u.is_active
"""


@dataclass
class Cast:
    """A company with its administrator, one of its employees, and an administrator of the installation."""

    client: TestClient
    database: Connection
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
        """The run may deactivate, demote or sign out anybody, those who send its requests too."""
        if self._role(self.admin) != Role.ADMIN:
            self.company.admin = self.company.person(Role.ADMIN)
        if self._role(self.installation_admin) != Role.ADMIN:
            self.installation_admin = sign_in(self.client, None, role=Role.ADMIN)
        if self._role(self.employee) is None:
            self.employee = self.company.person()

    def _role(self, person: Person) -> str | None:
        """From the database: to ask the API after every chain takes longer than to send the chain."""
        session_id = decode_token(person.token)["sid"]
        row = self.database.execute(ROLE, [session_id]).fetchone()
        return str(row[0]) if row else None
