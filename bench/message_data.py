"""A company of its own for the figures of messages: people who are signed in, each with a calendar."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from app.core.ids import new_id
from app.core.migrations import upgrade
from bench.databases import Database
from bench.servers import Servers, token_of


@dataclass(frozen=True)
class Colleague:
    id: str
    email: str
    session: str
    calendar: str

    @property
    def token(self) -> str:
        return token_of(self.id, self.session)


@dataclass(frozen=True)
class MessageCompany:
    """A database with one company in it."""

    database: Database
    id: str
    people: list[Colleague]

    def connect(self) -> psycopg.Connection:
        """A connection that no policy binds."""
        return psycopg.connect(self.database.superuser_url, autocommit=True)


def company_of(servers: Servers, name: str, people: int) -> MessageCompany:
    """A new database with a company of so many people."""
    database = Database.another(servers.postgres, name)
    upgrade(database.owner_url, application_url=database.url)
    company = str(new_id())
    made = [
        Colleague(str(new_id()), f"person-{number}@firm.example", str(new_id()), str(new_id()))
        for number in range(people)
    ]
    expires = datetime.now(UTC) + timedelta(days=1)
    with psycopg.connect(database.superuser_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO organizations (id, name, time_zone, locale) VALUES (%s, 'Firm', 'Europe/Berlin', 'en')",
            [company],
        )
        cursor.executemany(
            "INSERT INTO users (organization_id, id, email, hashed_password, role, is_active, access_org_structure,"
            " access_tickets, access_availability_slots, show_local_time, show_moscow_time)"
            " VALUES (%s, %s, %s, '!', 'employee', true, true, true, true, true, false)",
            [(company, person.id, person.email) for person in made],
        )
        cursor.executemany(
            "INSERT INTO auth_sessions (id, user_id, organization_id, generation, refreshed_at, expires_at, created_at)"
            " VALUES (%s, %s, %s, 0, now(), %s, now())",
            [(person.session, person.id, company, expires) for person in made],
        )
        cursor.executemany(
            "INSERT INTO calendars (organization_id, id, name, color, owner_id, is_public)"
            " VALUES (%s, %s, 'Calendar', '#3788d8', %s, false)",
            [(company, person.calendar, person.id) for person in made],
        )
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    return MessageCompany(database, company, made)
