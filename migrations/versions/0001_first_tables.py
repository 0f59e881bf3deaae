"""First tables: companies, people, calendars, events with their occurrences, rooms with their bookings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "organizations",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
    )
    op.create_table(
        "departments",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("head_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"],
            ["departments.organization_id", "departments.id"],
            name=op.f("fk_departments_organization_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_departments_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_departments")),
    )
    op.create_index(
        op.f("ix_departments_organization_id_parent_id"), "departments", ["organization_id", "parent_id"], unique=False
    )
    op.create_table(
        "rooms",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(5000), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(500), nullable=True),
        sa.Column(
            "equipment", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("jsonb_typeof(equipment) = 'array'", name=op.f("ck_rooms_equipment_is_list")),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_rooms_capacity")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_rooms_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_rooms")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_rooms_organization_id_name")),
    )
    op.create_index(op.f("ix_rooms_organization_id_capacity"), "rooms", ["organization_id", "capacity"], unique=False)
    op.create_table(
        "users",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("full_name", sa.String(200), nullable=True),
        sa.Column("phone", sa.String(40), nullable=True),
        sa.Column("position", sa.String(200), nullable=True),
        sa.Column("department", sa.String(200), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("manager_id", sa.Uuid(), nullable=True),
        sa.Column("avatar_url", sa.String(500), nullable=True),
        sa.Column("hashed_password", sa.String(200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("access_org_structure", sa.Boolean(), nullable=False),
        sa.Column("access_tickets", sa.Boolean(), nullable=False),
        sa.Column("access_availability_slots", sa.Boolean(), nullable=False),
        sa.Column("show_local_time", sa.Boolean(), nullable=False),
        sa.Column("show_moscow_time", sa.Boolean(), nullable=False),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("time_zone", sa.String(64), nullable=True),
        sa.Column(
            "search_text",
            sa.Text(),
            sa.Computed(
                "replace(lower(coalesce(full_name, '') || ' ' || email || ' ' || coalesce(position, '') || ' ' || coalesce(department, '')), 'ё', 'е')",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "organization_id IS NOT NULL OR role = 'admin'", name=op.f("ck_users_only_admins_without_company")
        ),
        sa.CheckConstraint("role IN ('admin', 'it', 'employee')", name=op.f("ck_users_role")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_is_lower_case")),
        sa.CheckConstraint("manager_id <> id", name=op.f("ck_users_not_own_manager")),
        sa.ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            name=op.f("fk_users_organization_id_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "manager_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_users_organization_id_manager_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_users_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_users_organization_id_id")),
    )
    op.create_index(
        "ix_users_name", "users", ["organization_id", sa.literal_column("coalesce(full_name, '')"), "id"], unique=False
    )
    op.create_index(
        op.f("ix_users_organization_id_department_id"), "users", ["organization_id", "department_id"], unique=False
    )
    op.create_index(
        op.f("ix_users_organization_id_manager_id"), "users", ["organization_id", "manager_id"], unique=False
    )
    op.create_index(
        "ix_users_search_text",
        "users",
        ["search_text"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(64), nullable=True),
        sa.Column("user_agent", sa.String(200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_auth_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_sessions")),
    )
    op.create_index(op.f("ix_auth_sessions_expires_at"), "auth_sessions", ["expires_at"], unique=False)
    op.create_index(
        op.f("ix_auth_sessions_user_id_created_at"), "auth_sessions", ["user_id", "created_at"], unique=False
    )
    op.create_table(
        "calendars",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(5000), nullable=True),
        sa.Column("color", sa.String(9), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_calendars_organization_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_calendars_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_calendars")),
    )
    op.create_index(
        op.f("ix_calendars_organization_id_owner_id"), "calendars", ["organization_id", "owner_id"], unique=False
    )
    op.create_index(
        "ix_calendars_public",
        "calendars",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("is_public"),
    )
    op.create_table(
        "events",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_wall", sa.DateTime(), nullable=False),
        sa.Column("end_wall", sa.DateTime(), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=True),
        sa.Column("tzdata_version", sa.String(16), nullable=False),
        sa.Column("location", sa.String(500), nullable=True),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("is_all_day", sa.Boolean(), nullable=False),
        sa.Column("recurrence_rule", sa.String(1000), nullable=True),
        sa.Column("exdates", postgresql.ARRAY(sa.DateTime()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column("original_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uid", sa.String(500), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("span", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("expanded_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "is_recurring", sa.Boolean(), sa.Computed("recurrence_rule IS NOT NULL", persisted=True), nullable=False
        ),
        sa.CheckConstraint("status IN ('confirmed', 'tentative', 'cancelled')", name=op.f("ck_events_status")),
        sa.CheckConstraint(
            "(series_id IS NULL) = (original_start IS NULL)", name=op.f("ck_events_override_names_its_instance")
        ),
        sa.CheckConstraint("NOT isempty(span)", name=op.f("ck_events_span_not_empty")),
        sa.CheckConstraint("end_time >= start_time", name=op.f("ck_events_end_not_before_start")),
        sa.CheckConstraint("is_all_day = (time_zone IS NULL)", name=op.f("ck_events_zone_unless_all_day")),
        sa.CheckConstraint(
            "series_id IS NULL OR recurrence_rule IS NULL", name=op.f("ck_events_override_does_not_recur")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            name=op.f("fk_events_organization_id_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "organizer_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_events_organization_id_organizer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "room_id"],
            ["rooms.organization_id", "rooms.id"],
            name=op.f("fk_events_organization_id_room_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "series_id", "calendar_id"],
            ["events.organization_id", "events.id", "events.calendar_id"],
            name=op.f("fk_events_organization_id_series_id_calendar_id"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_events_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_events")),
        sa.UniqueConstraint(
            "organization_id", "id", "calendar_id", name=op.f("uq_events_organization_id_id_calendar_id")
        ),
        sa.UniqueConstraint("organization_id", "id", "span", name=op.f("uq_events_organization_id_id_span")),
        sa.UniqueConstraint(
            "organization_id",
            "series_id",
            "original_start",
            name=op.f("uq_events_organization_id_series_id_original_start"),
        ),
    )
    op.create_index(
        "ix_events_expanded_until",
        "events",
        ["organization_id", "expanded_until"],
        unique=False,
        postgresql_where=sa.text("expanded_until IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_events_organization_id_room_id"),
        "events",
        ["organization_id", "room_id"],
        unique=False,
        postgresql_where=sa.text("room_id IS NOT NULL"),
    )
    op.create_index(
        "uq_events_uid",
        "events",
        ["organization_id", "calendar_id", "uid"],
        unique=True,
        postgresql_where=sa.text("series_id IS NULL"),
    )
    op.create_table(
        "event_occurrences",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("original_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_event_occurrences_end_not_before_start")),
        sa.ForeignKeyConstraint(
            ["organization_id", "event_id"],
            ["events.organization_id", "events.id"],
            name=op.f("fk_event_occurrences_organization_id_event_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "series_id", "calendar_id"],
            ["events.organization_id", "events.id", "events.calendar_id"],
            name=op.f("fk_event_occurrences_organization_id_series_id_calendar_id"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "series_id", "original_start", name=op.f("pk_event_occurrences")),
    )
    op.create_index(
        "ix_event_occurrences_long",
        "event_occurrences",
        ["calendar_id", sa.literal_column("tstzrange(starts_at, ends_at)")],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("ends_at - starts_at > '1 day'::interval"),
    )
    op.create_index(
        op.f("ix_event_occurrences_organization_id_calendar_id_starts_at"),
        "event_occurrences",
        ["organization_id", "calendar_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_event_occurrences_organization_id_event_id_starts_at"),
        "event_occurrences",
        ["organization_id", "event_id", "starts_at"],
        unique=False,
    )
    op.create_table(
        "event_participants",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("response", sa.String(20), nullable=False),
        sa.Column("span", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "response IN ('needs_action', 'accepted', 'tentative', 'declined')",
            name=op.f("ck_event_participants_response"),
        ),
        sa.CheckConstraint("role IN ('required', 'optional', 'chair')", name=op.f("ck_event_participants_role")),
        sa.ForeignKeyConstraint(
            ["organization_id", "event_id", "span"],
            ["events.organization_id", "events.id", "events.span"],
            name=op.f("fk_event_participants_organization_id_event_id_span"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_event_participants_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_event_participants_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_event_participants")),
        sa.UniqueConstraint(
            "organization_id",
            "event_id",
            "user_id",
            name=op.f("uq_event_participants_organization_id_event_id_user_id"),
        ),
    )
    op.create_index(
        "ix_event_participants_span", "event_participants", ["user_id", "span"], unique=False, postgresql_using="gist"
    )
    op.create_table(
        "room_bookings",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("original_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("organization_id"), "="),
            (sa.column("room_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("state IN ('held', 'pending', 'confirmed')"),
            using="gist",
            name="ex_room_bookings_no_overlap",
        ),
        sa.CheckConstraint(
            "state IN ('held', 'pending', 'confirmed', 'declined')", name=op.f("ck_room_bookings_state")
        ),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_room_bookings_during_not_empty")),
        sa.ForeignKeyConstraint(
            ["organization_id", "room_id"],
            ["rooms.organization_id", "rooms.id"],
            name=op.f("fk_room_bookings_organization_id_room_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "series_id", "original_start"],
            ["event_occurrences.organization_id", "event_occurrences.series_id", "event_occurrences.original_start"],
            name=op.f("fk_room_bookings_organization_id_series_id_original_start"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_room_bookings_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_room_bookings")),
        sa.UniqueConstraint(
            "organization_id",
            "series_id",
            "original_start",
            name=op.f("uq_room_bookings_organization_id_series_id_original_start"),
        ),
    )
    op.create_foreign_key(
        op.f("fk_departments_organization_id_head_id"),
        "departments",
        "users",
        ["organization_id", "head_id"],
        ["organization_id", "id"],
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_departments_organization_id_head_id"), "departments", type_="foreignkey")
    op.drop_table("room_bookings")
    op.drop_index("ix_event_participants_span", table_name="event_participants", postgresql_using="gist")
    op.drop_table("event_participants")
    op.drop_index(op.f("ix_event_occurrences_organization_id_event_id_starts_at"), table_name="event_occurrences")
    op.drop_index(op.f("ix_event_occurrences_organization_id_calendar_id_starts_at"), table_name="event_occurrences")
    op.drop_index(
        "ix_event_occurrences_long",
        table_name="event_occurrences",
        postgresql_using="gist",
        postgresql_where=sa.text("ends_at - starts_at > '1 day'::interval"),
    )
    op.drop_table("event_occurrences")
    op.drop_index("uq_events_uid", table_name="events", postgresql_where=sa.text("series_id IS NULL"))
    op.drop_index(
        op.f("ix_events_organization_id_room_id"), table_name="events", postgresql_where=sa.text("room_id IS NOT NULL")
    )
    op.drop_index(
        "ix_events_expanded_until", table_name="events", postgresql_where=sa.text("expanded_until IS NOT NULL")
    )
    op.drop_table("events")
    op.drop_index("ix_calendars_public", table_name="calendars", postgresql_where=sa.text("is_public"))
    op.drop_index(op.f("ix_calendars_organization_id_owner_id"), table_name="calendars")
    op.drop_table("calendars")
    op.drop_index(op.f("ix_auth_sessions_user_id_created_at"), table_name="auth_sessions")
    op.drop_index(op.f("ix_auth_sessions_expires_at"), table_name="auth_sessions")
    op.drop_table("auth_sessions")
    op.drop_index(
        "ix_users_search_text",
        table_name="users",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.drop_index(op.f("ix_users_organization_id_manager_id"), table_name="users")
    op.drop_index(op.f("ix_users_organization_id_department_id"), table_name="users")
    op.drop_index("ix_users_name", table_name="users")
    op.drop_table("users")
    op.drop_index(op.f("ix_rooms_organization_id_capacity"), table_name="rooms")
    op.drop_table("rooms")
    op.drop_index(op.f("ix_departments_organization_id_parent_id"), table_name="departments")
    op.drop_table("departments")
    op.drop_table("organizations")
