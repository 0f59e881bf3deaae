"""When people work, and when they are away: working hours, places, kinds of absence, approval."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COMPANY = "(SELECT current_company())"
OWNED = ("absence_kinds", "answered_invitations", "user_availability", "work_place_days")
# What people decide for the company, by column.
RECORDED = {
    "absence_kinds": "name, kind, needs_approval, is_active",
    "user_availability": (
        "user_id, department_id, priority, first_day, last_day, hours, time_zone, holiday_country, keeps_holidays"
    ),
}
ABSENCES_BEFORE = "user_id, kind, first_day, last_day, substitute_id"
ABSENCES = f"{ABSENCES_BEFORE}, kind_id, starts_midday, ends_midday, state, invitations"
TYPES = (
    *("invitation", "event_changed", "event_cancelled", "answer", "proposal"),
    *("comment", "mention", "room", "room_request", "message", "reminder"),
    *("ticket", "ticket_work", "ticket_due", "ticket_approval"),
)
NEW_TYPES = ("absence", "absence_request", "appointment")
REASONS = (
    *("participant", "organizer", "mentioned", "commented"),
    *("booked", "approver", "waiting", "addressed", "asked", "administrator"),
    *("requester", "watcher", "assignee", "queue"),
)
MORE_VALUES = {
    ("notifications", "type"): (TYPES, NEW_TYPES),
    ("notifications", "reason"): (REASONS, ("decides", "substitute", "host")),
    ("notification_choices", "type"): (TYPES, NEW_TYPES),
}
CHECKS = (
    ("absences", "state", "state IN ('requested', 'approved', 'refused')"),
    ("absences", "invitations", "invitations IN ('leave', 'decline', 'tell')"),
    ("absences", "lasts", "first_day < last_day OR NOT (starts_midday AND ends_midday)"),
    ("absences", "decision_is_whole", "(decided_by_id IS NULL) = (decided_at IS NULL)"),
    (
        "organizations",
        "absences_to_approve",
        "absences_to_approve <@ '{vacation,sick,trip,other}'::text[]",
    ),
)
TO_ANSWER = """
    CREATE FUNCTION companies_with_absences_to_answer() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.id FROM organizations o
        WHERE o.deleted_at IS NULL AND EXISTS (
            SELECT FROM absences a WHERE a.organization_id = o.id AND NOT a.is_answered
        )
    $$
"""


def upgrade() -> None:
    op.create_table(
        "absence_kinds",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('vacation', 'sick', 'trip', 'other')", name=op.f("ck_absence_kinds_kind")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_absence_kinds_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_absence_kinds")),
    )
    op.create_index(
        "uq_absence_kinds_name", "absence_kinds", ["organization_id", sa.literal_column("lower(name)")], unique=True
    )
    op.create_table(
        "user_availability",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("hours", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=True),
        sa.Column("holiday_country", sa.String(2), nullable=True),
        sa.Column("keeps_holidays", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("places", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint(
            "cardinality(places) IN (0, 7) AND places <@ '{\"\",office,home,away}'::text[]",
            name=op.f("ck_user_availability_places"),
        ),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_user_availability_order")),
        sa.CheckConstraint("num_nonnulls(user_id, department_id) = 1", name=op.f("ck_user_availability_one_owner")),
        sa.CheckConstraint("priority BETWEEN 0 AND 9", name=op.f("ck_user_availability_priority")),
        sa.ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            name=op.f("fk_user_availability_organization_id_department_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_user_availability_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_user_availability_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_user_availability")),
    )
    op.create_index(
        op.f("ix_user_availability_organization_id_department_id"),
        "user_availability",
        ["organization_id", "department_id"],
        unique=False,
    )
    op.create_index(
        "uq_user_availability_layer",
        "user_availability",
        ["organization_id", "user_id", "department_id", "priority", "first_day"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "work_place_days",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("place", sa.String(20), nullable=False),
        sa.CheckConstraint("place IN ('office', 'home', 'away')", name=op.f("ck_work_place_days_place")),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_work_place_days_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_work_place_days_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", "day", name=op.f("pk_work_place_days")),
    )
    op.create_table(
        "answered_invitations",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("absence_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("original_start", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "absence_id"],
            ["absences.organization_id", "absences.id"],
            name=op.f("fk_answered_invitations_organization_id_absence_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "series_id"],
            ["events.organization_id", "events.id"],
            name=op.f("fk_answered_invitations_organization_id_series_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_answered_invitations_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "absence_id", "series_id", "original_start", name=op.f("pk_answered_invitations")
        ),
    )
    op.create_index(
        op.f("ix_answered_invitations_organization_id_series_id"),
        "answered_invitations",
        ["organization_id", "series_id"],
        unique=False,
    )
    op.add_column("absences", sa.Column("kind_id", sa.Uuid(), nullable=True))
    op.add_column("absences", sa.Column("starts_midday", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("absences", sa.Column("ends_midday", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("absences", sa.Column("state", sa.String(20), server_default=sa.text("'approved'"), nullable=False))
    op.add_column(
        "absences", sa.Column("invitations", sa.String(20), server_default=sa.text("'leave'"), nullable=False)
    )
    op.add_column("absences", sa.Column("is_answered", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("absences", sa.Column("decided_by_id", sa.Uuid(), nullable=True))
    op.add_column("absences", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("absences", sa.Column("decision_note", sa.String(500), nullable=True))
    op.create_index(
        "ix_absences_answering",
        "absences",
        ["organization_id", "last_day"],
        unique=False,
        postgresql_where=sa.text("invitations <> 'leave' AND state = 'approved'"),
    )
    op.create_index(
        op.f("ix_absences_organization_id_decided_by_id"),
        "absences",
        ["organization_id", "decided_by_id"],
        unique=False,
        postgresql_where=sa.text("decided_by_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_absences_organization_id_kind_id"),
        "absences",
        ["organization_id", "kind_id"],
        unique=False,
        postgresql_where=sa.text("kind_id IS NOT NULL"),
    )
    op.create_index(
        "ix_absences_unanswered",
        "absences",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("NOT is_answered"),
    )
    op.create_foreign_key(
        op.f("fk_absences_organization_id_kind_id"),
        "absences",
        "absence_kinds",
        ["organization_id", "kind_id"],
        ["organization_id", "id"],
    )
    op.create_foreign_key(
        op.f("fk_absences_organization_id_decided_by_id"),
        "absences",
        "users",
        ["organization_id", "decided_by_id"],
        ["organization_id", "id"],
    )
    op.add_column("organizations", sa.Column("midday", sa.Time(), server_default=sa.text("'13:00'"), nullable=False))
    op.add_column(
        "organizations",
        sa.Column("absences_to_approve", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    for table, rule, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{rule}"), table, condition)
    for (table, column), (before, more) in MORE_VALUES.items():
        _allow(table, column, (*before, *more))
    for table in OWNED:
        op.execute(f"CREATE POLICY company ON {table} USING (organization_id = {COMPANY})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY owners_functions ON absences FOR SELECT TO CURRENT_USER USING (NOT is_answered)")
    for table, columns in RECORDED.items():
        _record(table, columns)
    op.execute("DROP TRIGGER audit ON absences")
    _record("absences", ABSENCES)
    op.execute(TO_ANSWER)


def _record(table: str, columns: str) -> None:
    op.execute(
        f"CREATE TRIGGER audit AFTER INSERT OR UPDATE OF {columns} OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION write_audit()"
    )


def _allow(table: str, column: str, values: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({listed})")


def _as_owner(table: str, statement: str) -> None:
    """Run a statement on the rows of all companies."""
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP FUNCTION companies_with_absences_to_answer")
    op.execute("DROP TRIGGER audit ON absences")
    op.execute("DROP POLICY owners_functions ON absences")
    for table, rule, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{rule}"), table, type_="check")
    # What nobody knows any more cannot stay.
    for (table, column), (before, more) in MORE_VALUES.items():
        listed = ", ".join(f"'{value}'" for value in more)
        _as_owner(table, f"DELETE FROM {table} WHERE {column} IN ({listed})")
        _allow(table, column, before)
    _as_owner("absences", "DELETE FROM absences WHERE state <> 'approved'")
    op.drop_column("organizations", "absences_to_approve")
    op.drop_column("organizations", "midday")
    op.drop_constraint(op.f("fk_absences_organization_id_decided_by_id"), "absences", type_="foreignkey")
    op.drop_constraint(op.f("fk_absences_organization_id_kind_id"), "absences", type_="foreignkey")
    op.drop_index("ix_absences_unanswered", table_name="absences", postgresql_where=sa.text("NOT is_answered"))
    op.drop_index(
        op.f("ix_absences_organization_id_kind_id"),
        table_name="absences",
        postgresql_where=sa.text("kind_id IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_absences_organization_id_decided_by_id"),
        table_name="absences",
        postgresql_where=sa.text("decided_by_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_absences_answering",
        table_name="absences",
        postgresql_where=sa.text("invitations <> 'leave' AND state = 'approved'"),
    )
    op.drop_column("absences", "decision_note")
    op.drop_column("absences", "decided_at")
    op.drop_column("absences", "decided_by_id")
    op.drop_column("absences", "is_answered")
    op.drop_column("absences", "invitations")
    op.drop_column("absences", "state")
    op.drop_column("absences", "ends_midday")
    op.drop_column("absences", "starts_midday")
    op.drop_column("absences", "kind_id")
    op.drop_index(op.f("ix_answered_invitations_organization_id_series_id"), table_name="answered_invitations")
    op.drop_table("answered_invitations")
    op.drop_table("work_place_days")
    op.drop_index("uq_user_availability_layer", table_name="user_availability", postgresql_nulls_not_distinct=True)
    op.drop_index(op.f("ix_user_availability_organization_id_department_id"), table_name="user_availability")
    op.drop_table("user_availability")
    op.drop_index("uq_absence_kinds_name", table_name="absence_kinds")
    op.drop_table("absence_kinds")
    _record("absences", ABSENCES_BEFORE)
