"""Shared calendars, one's own list of them, delegates; and the functions that say what somebody sees."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COMPANY = "(SELECT current_company())"
OWNED = ("calendar_shares", "calendar_subscriptions", "delegations")
# What people decide about others; how somebody arranges their own list is nobody's business.
RECORDED = ("calendar_shares", "delegations")
# Levels: 1 busy times, 2 read, 3 write, 4 manage, 5 own. The one place that says who has which.
SHARE_LEVEL = """
CREATE FUNCTION share_level(name text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE name WHEN 'free_busy' THEN 1 WHEN 'read' THEN 2 WHEN 'write' THEN 3 WHEN 'manage' THEN 4 END::smallint
"""
DEPARTMENTS_OF = """
CREATE FUNCTION departments_of(company uuid, person uuid) RETURNS SETOF uuid LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH RECURSIVE mine AS (
        SELECT u.department_id AS id FROM users u
        WHERE u.organization_id = company AND u.id = person AND u.department_id IS NOT NULL
        UNION
        SELECT d.parent_id FROM mine JOIN departments d ON d.organization_id = company AND d.id = mine.id
        WHERE d.parent_id IS NOT NULL
    )
    SELECT id FROM mine;
END
"""
CALENDAR_LEVEL = """
CREATE FUNCTION calendar_level(company uuid, person uuid, calendar uuid) RETURNS smallint
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT max(granted.level) FROM (
        SELECT CASE WHEN c.owner_id = person THEN 5::smallint WHEN c.is_public THEN 2::smallint END AS level
        FROM calendars c WHERE c.organization_id = company AND c.id = calendar
        UNION ALL
        SELECT share_level(s.level) FROM calendar_shares s
        WHERE s.organization_id = company AND s.calendar_id = calendar
          AND (s.user_id = person OR s.department_id IN (SELECT departments_of(company, person)))
    ) granted;
END
"""
# Whatever a person has beyond reading what is public, a row for each reason.
CALENDAR_GRANTS = """
CREATE FUNCTION calendar_grants(company uuid, person uuid)
RETURNS TABLE (calendar_id uuid, level smallint) LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.id, 5::smallint FROM calendars c WHERE c.organization_id = company AND c.owner_id = person
    UNION ALL
    SELECT s.calendar_id, share_level(s.level) FROM calendar_shares s
    WHERE s.organization_id = company AND s.user_id = person
    UNION ALL
    SELECT s.calendar_id, share_level(s.level) FROM departments_of(company, person) mine (id)
    JOIN calendar_shares s ON s.organization_id = company AND s.department_id = mine.id;
END
"""
CALENDAR_ACCESS = """
CREATE FUNCTION calendar_access(company uuid, person uuid)
RETURNS TABLE (calendar_id uuid, level smallint, is_listed boolean) LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT granted.id, max(granted.level), coalesce(bool_and(own.is_listed), true)
    FROM (
        SELECT g.calendar_id AS id, g.level FROM calendar_grants(company, person) g
        UNION ALL
        SELECT c.id, 2::smallint FROM calendars c WHERE c.organization_id = company AND c.is_public
    ) granted
    LEFT JOIN calendar_subscriptions own
      ON own.organization_id = company AND own.user_id = person AND own.calendar_id = granted.id
    GROUP BY granted.id;
END
"""
TAKES_PART = """
CREATE FUNCTION takes_part(company uuid, person uuid, event uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM event_participants p
        WHERE p.organization_id = company AND p.event_id = event
          AND (p.user_id = person OR p.department_id IN (SELECT departments_of(company, person)))
    );
END
"""


def upgrade() -> None:
    op.create_table(
        "delegations",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("delegate_id", sa.Uuid(), nullable=False),
        sa.Column("sees_private", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("principal_id <> delegate_id", name=op.f("ck_delegations_not_oneself")),
        sa.ForeignKeyConstraint(
            ["organization_id", "delegate_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_delegations_organization_id_delegate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "principal_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_delegations_organization_id_principal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_delegations_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_delegations")),
        sa.UniqueConstraint(
            "organization_id",
            "principal_id",
            "delegate_id",
            name=op.f("uq_delegations_organization_id_principal_id_delegate_id"),
        ),
    )
    op.create_index(
        op.f("ix_delegations_organization_id_delegate_id"),
        "delegations",
        ["organization_id", "delegate_id"],
        unique=False,
    )
    op.create_table(
        "calendar_shares",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.String(20), nullable=False),
        sa.CheckConstraint("level IN ('free_busy', 'read', 'write', 'manage')", name=op.f("ck_calendar_shares_level")),
        sa.CheckConstraint("num_nonnulls(user_id, department_id) = 1", name=op.f("ck_calendar_shares_one_kind")),
        sa.ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            name=op.f("fk_calendar_shares_organization_id_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            name=op.f("fk_calendar_shares_organization_id_department_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_calendar_shares_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_calendar_shares_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_calendar_shares")),
        sa.UniqueConstraint(
            "organization_id",
            "calendar_id",
            "department_id",
            name=op.f("uq_calendar_shares_organization_id_calendar_id_department_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "calendar_id",
            "user_id",
            name=op.f("uq_calendar_shares_organization_id_calendar_id_user_id"),
        ),
    )
    op.create_index(
        op.f("ix_calendar_shares_organization_id_department_id"),
        "calendar_shares",
        ["organization_id", "department_id"],
        unique=False,
        postgresql_where=sa.text("department_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_calendar_shares_organization_id_user_id"),
        "calendar_shares",
        ["organization_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_table(
        "calendar_subscriptions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("color", sa.String(9), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            name=op.f("fk_calendar_subscriptions_organization_id_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_calendar_subscriptions_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_calendar_subscriptions_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_calendar_subscriptions")),
        sa.UniqueConstraint(
            "organization_id",
            "user_id",
            "calendar_id",
            name=op.f("uq_calendar_subscriptions_organization_id_user_id_calendar_id"),
        ),
    )
    op.create_index(
        op.f("ix_calendar_subscriptions_organization_id_calendar_id"),
        "calendar_subscriptions",
        ["organization_id", "calendar_id"],
        unique=False,
    )
    for table in OWNED:
        op.execute(f"CREATE POLICY company ON {table} USING (organization_id = {COMPANY})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in RECORDED:
        op.execute(f"""
            CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION write_audit()
        """)
    for statement in (SHARE_LEVEL, DEPARTMENTS_OF, CALENDAR_LEVEL, CALENDAR_GRANTS, CALENDAR_ACCESS, TAKES_PART):
        op.execute(statement)
    for name, column in (("ix_calendars_public_name", "name"), ("ix_calendars_public_created_at", "created_at")):
        op.create_index(
            name,
            "calendars",
            ["organization_id", column, "id"],
            unique=False,
            postgresql_where=sa.text("is_public"),
        )
    op.add_column("handover_items", sa.Column("part_of", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("handover_items", "part_of")
    for index in ("ix_calendars_public_created_at", "ix_calendars_public_name"):
        op.drop_index(index, table_name="calendars", postgresql_where=sa.text("is_public"))
    for name in ("takes_part", "calendar_access", "calendar_grants", "calendar_level", "departments_of", "share_level"):
        op.execute(f"DROP FUNCTION {name}")
    op.drop_index(op.f("ix_calendar_subscriptions_organization_id_calendar_id"), table_name="calendar_subscriptions")
    op.drop_table("calendar_subscriptions")
    op.drop_index(
        op.f("ix_calendar_shares_organization_id_user_id"),
        table_name="calendar_shares",
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_calendar_shares_organization_id_department_id"),
        table_name="calendar_shares",
        postgresql_where=sa.text("department_id IS NOT NULL"),
    )
    op.drop_table("calendar_shares")
    op.drop_index(op.f("ix_delegations_organization_id_delegate_id"), table_name="delegations")
    op.drop_table("delegations")
    # ### end Alembic commands ###
