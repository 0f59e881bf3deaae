"""iCalendar in and out: imports with their reports, parts that are only kept, secret feeds, and feeds from outside."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COMPANY = "(SELECT current_company())"
OWNED = (
    "ics_imports",
    "ics_import_files",
    "ics_import_lines",
    "calendar_components",
    "calendar_feeds",
    "outside_feeds",
)
# What people decide about others; that a calendar shows a feed from outside is in the record of calendars, without the
# address, which is often a secret.
RECORDED = ("calendar_feeds",)
# For the rounds of the workers, which look through these two tables.
LOOKED_THROUGH = ("ics_imports", "outside_feeds")
# What came with an event beside its columns is long, and nobody decided it here.
KEPT_OUT = ("refreshed_at,expires_at}", "refreshed_at,expires_at,ical}")
OWNERS_FUNCTIONS = (
    """
    CREATE FUNCTION companies_with_imports() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT organization_id FROM ics_imports
        WHERE state IN ('waiting', 'running') AND (claimed_until IS NULL OR claimed_until < now())
    $$
    """,
    """
    CREATE FUNCTION companies_with_due_feeds() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT organization_id FROM outside_feeds WHERE next_at <= now()
    $$
    """,
    # Until autovacuum comes by, a minute or more later, nothing is known of a new table, and each row of a bulk would be
    # looked for among all rows of its company. Small tables only: a large one takes long, and is not new.
    """
    CREATE FUNCTION measure_new_tables() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        unmeasured regclass;
    BEGIN
        FOR unmeasured IN
            SELECT oid FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples <= 0
              AND pg_relation_size(oid) BETWEEN 1 AND 67108864
        LOOP
            EXECUTE format('ANALYZE (SKIP_LOCKED) %s', unmeasured);
        END LOOP;
    END $$
    """,
)


def upgrade() -> None:
    op.create_table(
        "calendar_components",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("uid", sa.String(500), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            name=op.f("fk_calendar_components_organization_id_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_calendar_components_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_calendar_components")),
        sa.UniqueConstraint(
            "organization_id",
            "calendar_id",
            "name",
            "digest",
            name=op.f("uq_calendar_components_organization_id_calendar_id_name_digest"),
        ),
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.String(20), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("detail IN ('free_busy', 'full')", name=op.f("ck_calendar_feeds_detail")),
        sa.ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            name=op.f("fk_calendar_feeds_organization_id_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_calendar_feeds_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_calendar_feeds_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_calendar_feeds")),
    )
    op.create_index(
        op.f("ix_calendar_feeds_organization_id_calendar_id"),
        "calendar_feeds",
        ["organization_id", "calendar_id"],
        unique=False,
        postgresql_where=sa.text("calendar_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_calendar_feeds_organization_id_user_id"),
        "calendar_feeds",
        ["organization_id", "user_id"],
        unique=False,
    )
    op.create_table(
        "ics_imports",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("events_total", sa.Integer(), nullable=False),
        sa.Column("events_done", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("report_lines", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(50), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_ics_imports_state")),
        sa.ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            name=op.f("fk_ics_imports_organization_id_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_ics_imports_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_ics_imports_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ics_imports")),
    )
    op.create_index(
        "ix_ics_imports_open",
        "ics_imports",
        ["organization_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index(
        op.f("ix_ics_imports_organization_id_calendar_id_created_at"),
        "ics_imports",
        ["organization_id", "calendar_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "outside_feeds",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("refresh_minutes", sa.Integer(), nullable=False),
        sa.Column("etag", sa.String(500), nullable=True),
        sa.Column("last_modified", sa.String(100), nullable=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(50), nullable=True),
        sa.Column(
            "error_params",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.CheckConstraint("refresh_minutes > 0", name=op.f("ck_outside_feeds_refresh_minutes")),
        sa.ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            name=op.f("fk_outside_feeds_organization_id_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_outside_feeds_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_outside_feeds")),
        sa.UniqueConstraint(
            "organization_id", "calendar_id", name=op.f("uq_outside_feeds_organization_id_calendar_id")
        ),
    )
    op.create_index(
        op.f("ix_outside_feeds_organization_id_next_at"), "outside_feeds", ["organization_id", "next_at"], unique=False
    )
    op.create_table(
        "ics_import_files",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "id"],
            ["ics_imports.organization_id", "ics_imports.id"],
            name=op.f("fk_ics_import_files_organization_id_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ics_import_files_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ics_import_files")),
    )
    op.create_table(
        "ics_import_lines",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("uid", sa.String(500), nullable=True),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("code", sa.String(50), nullable=True),
        sa.Column(
            "params", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.CheckConstraint(
            "outcome IN ('created', 'updated', 'unchanged', 'skipped', 'kept', 'repaired', 'refused')",
            name=op.f("ck_ics_import_lines_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "import_id"],
            ["ics_imports.organization_id", "ics_imports.id"],
            name=op.f("fk_ics_import_lines_organization_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ics_import_lines_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ics_import_lines")),
        sa.UniqueConstraint(
            "organization_id", "import_id", "number", name=op.f("uq_ics_import_lines_organization_id_import_id_number")
        ),
    )
    for table in OWNED:
        op.execute(f"CREATE POLICY company ON {table} USING (organization_id = {COMPANY})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in LOOKED_THROUGH:
        op.execute(f"CREATE POLICY owners_functions ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    for table in RECORDED:
        op.execute(f"""
            CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION write_audit()
        """)
    for statement in OWNERS_FUNCTIONS:
        op.execute(statement)
    _rewrite_audit(*KEPT_OUT)


def _rewrite_audit(old: str, new: str) -> None:
    source = op.get_bind().scalar(sa.text("SELECT pg_get_functiondef('write_audit'::regproc)"))
    assert old in source, "write_audit() is not as this migration knows it"
    op.get_bind().exec_driver_sql(source.replace(old, new).replace("%", "%%"))


def downgrade() -> None:
    _rewrite_audit(*reversed(KEPT_OUT))
    for name in ("measure_new_tables", "companies_with_due_feeds", "companies_with_imports"):
        op.execute(f"DROP FUNCTION {name}")
    op.drop_table("ics_import_lines")
    op.drop_table("ics_import_files")
    op.drop_index(op.f("ix_outside_feeds_organization_id_next_at"), table_name="outside_feeds")
    op.drop_table("outside_feeds")
    op.drop_index(op.f("ix_ics_imports_organization_id_calendar_id_created_at"), table_name="ics_imports")
    op.drop_index(
        "ix_ics_imports_open", table_name="ics_imports", postgresql_where=sa.text("state IN ('waiting', 'running')")
    )
    op.drop_table("ics_imports")
    op.drop_index(op.f("ix_calendar_feeds_organization_id_user_id"), table_name="calendar_feeds")
    op.drop_index(
        op.f("ix_calendar_feeds_organization_id_calendar_id"),
        table_name="calendar_feeds",
        postgresql_where=sa.text("calendar_id IS NOT NULL"),
    )
    op.drop_table("calendar_feeds")
    op.drop_table("calendar_components")
