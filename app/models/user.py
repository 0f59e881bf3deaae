"""People, and the sessions in which they are signed in."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    Text,
    TextClause,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from app.core.ids import new_id
from app.models.base import OwnedByOrganization, Timestamped, Versioned, now, one_of


class Role(StrEnum):
    ADMIN = "admin"
    IT = "it"
    EMPLOYEE = "employee"


# What search looks through: name, e-mail, position and department in lower case with ё as е, the same in Latin letters,
# and the digits of the phone.
SEARCH_TEXT = "person_search_text(full_name, email, position, department, phone)"


def _or_empty(column: str) -> TextClause:
    # coalesce() says the same, but row-level security keeps bounds on it out of an index. Written as PostgreSQL shows
    # it, lines included, so that `alembic check` finds no difference.
    return text(f"(\nCASE\n    WHEN {column} IS NULL THEN ''::character varying\n    ELSE {column}\nEND)")


class User(Timestamped, Versioned, table=True):
    __tablename__ = "users"
    __table_args__ = (
        # The target of the composite keys that keep every row of a company inside the company.
        UniqueConstraint("organization_id", "id"),
        ForeignKeyConstraint(["organization_id", "department_id"], ["departments.organization_id", "departments.id"]),
        ForeignKeyConstraint(["organization_id", "manager_id"], ["users.organization_id", "users.id"]),
        one_of("role", Role),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        CheckConstraint("language IN ('ru', 'en')", name="language"),
        CheckConstraint("organization_id IS NOT NULL OR role = 'admin'", name="only_admins_without_company"),
        CheckConstraint("manager_id <> id", name="not_own_manager"),
        Index("ix_users_name", "organization_id", _or_empty("full_name"), "id"),
        Index("ix_users_email", "organization_id", "email", "id"),
        Index("ix_users_created_at", "organization_id", "created_at", "id"),
        Index("ix_users_position", "organization_id", _or_empty("position"), "id"),
        Index("ix_users_department", "organization_id", _or_empty("department"), "id"),
        Index(None, "organization_id", "department_id"),
        Index(None, "organization_id", "manager_id"),
        Index(
            "ix_users_birthday",
            "organization_id",
            text("(extract(month FROM birthday) * 100 + extract(day FROM birthday))"),
            postgresql_where=text("birthday IS NOT NULL"),
        ),
        Column(
            "search_text",
            Text,
            Computed(
                SEARCH_TEXT,
                persisted=True,
            ),
            nullable=False,
        ),
        Index(
            "ix_users_search_text",
            "organization_id",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(max_length=254, unique=True)
    full_name: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=40)
    position: str | None = Field(default=None, max_length=200)
    department: str | None = Field(default=None, max_length=200)
    department_id: UUID | None = None
    manager_id: UUID | None = None
    avatar_url: str | None = Field(default=None, max_length=500)
    hashed_password: str = Field(max_length=200)
    is_active: bool = True
    role: str = Field(default=Role.EMPLOYEE, max_length=20)
    organization_id: UUID | None = Field(default=None, foreign_key="organizations.id", ondelete="CASCADE")
    access_org_structure: bool = True
    access_tickets: bool = True
    access_availability_slots: bool = False
    show_local_time: bool = True
    show_moscow_time: bool = True
    birthday: date | None = None
    time_zone: str | None = Field(default=None, max_length=64)
    # In which language Planner writes to them: ru or en; None: as the company does.
    language: str | None = Field(default=None, max_length=8)
    deactivated_at: datetime | None = None
    # Made by PostgreSQL: what search looks through.
    search_text: ClassVar[Any]


class PersonWord(OwnedByOrganization, table=True):
    """A word of somebody's name, position or department, in Latin letters: what a word with a typo may have meant.

    A trigger on `users` writes them (migration 0005); a daily task forgets those that nobody has any more.
    """

    __tablename__ = "person_words"
    __table_args__ = (
        Index(None, "organization_id", "word"),
        Index(
            "ix_person_words_similar",
            "organization_id",
            "word",
            postgresql_using="gin",
            postgresql_ops={"word": "gin_trgm_ops"},
        ),
    )

    id: UUID = Field(
        default_factory=new_id, primary_key=True, sa_column_kwargs={"server_default": text("gen_random_uuid()")}
    )
    word: str = Field(max_length=40)


class AuthSession(SQLModel, table=True):
    """One signed-in device. The row is the session: when it is revoked or gone, its tokens are worth nothing."""

    __tablename__ = "auth_sessions"
    __table_args__ = (Index(None, "user_id", "created_at"), Index(None, "expires_at"), Index(None, "organization_id"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    # The user's company, for row-level security; None for an administrator of the installation.
    organization_id: UUID | None = Field(default=None, foreign_key="organizations.id", ondelete="CASCADE")
    # The only refresh token that is good now is the one of this generation; an older one is a reuse.
    generation: int = 0
    refreshed_at: datetime = Field(default_factory=now)
    expires_at: datetime
    revoked_at: datetime | None = None
    address: str | None = Field(default=None, max_length=64)
    user_agent: str | None = Field(default=None, max_length=200)
    created_at: datetime = Field(default_factory=now)
