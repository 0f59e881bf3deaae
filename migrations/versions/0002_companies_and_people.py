"""Companies' settings, invitations, mail, leaving, and charts without circles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# Two changes at once could each close half of a circle, so they wait for each other; what the first one committed, the
# second one's query sees.
NO_CIRCLE = """
CREATE FUNCTION refuse_circle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    above uuid;
    -- Where the walk was at step 1, 2, 4, 8, ...: whoever comes there again walks in a circle (Brent), which another row
    -- of the same statement may have closed.
    mark uuid := NEW.id;
    steps integer := 0;
    next_mark integer := 1;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_NAME || ':' || NEW.organization_id, 0));
    -- Step by step, each a prepared look-up by key: one recursive query is planned anew for every row, and badly for a
    -- table that has just grown.
    IF TG_TABLE_NAME = 'users' THEN above := NEW.manager_id; ELSE above := NEW.parent_id; END IF;
    WHILE above IS NOT NULL LOOP
        IF above = NEW.id OR above = mark THEN
            RAISE EXCEPTION 'this would close a circle'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_' || TG_TABLE_NAME || '_no_circle',
                      TABLE = TG_TABLE_NAME;
        END IF;
        steps := steps + 1;
        IF steps = next_mark THEN
            mark := above;
            next_mark := next_mark * 2;
        END IF;
        IF TG_TABLE_NAME = 'users' THEN
            SELECT manager_id INTO above FROM users WHERE organization_id = NEW.organization_id AND id = above;
        ELSE
            SELECT parent_id INTO above FROM departments WHERE organization_id = NEW.organization_id AND id = above;
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""
CHAINS = (("users", "manager_id"), ("departments", "parent_id"))


def upgrade() -> None:
    op.create_table(
        "organization_domains",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_organization_domains_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_organization_domains")),
        sa.UniqueConstraint("domain", name=op.f("uq_organization_domains_domain")),
    )
    op.create_table(
        "outbox_messages",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.String(50), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column(
            "values", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(500), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_outbox_messages_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_outbox_messages")),
    )
    op.create_index(
        "ix_outbox_messages_due",
        "outbox_messages",
        ["organization_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "handovers",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "successor_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_handovers_organization_id_successor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_handovers_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_handovers_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_handovers")),
    )
    op.create_index(
        op.f("ix_handovers_organization_id_user_id_created_at"),
        "handovers",
        ["organization_id", "user_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "invitations",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("full_name", sa.String(200), nullable=True),
        sa.CheckConstraint("role IN ('admin', 'it', 'employee')", name=op.f("ck_invitations_role")),
        sa.ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            name=op.f("fk_invitations_organization_id_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "invited_by"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_invitations_organization_id_invited_by"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_invitations_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_invitations")),
    )
    op.create_index(
        op.f("ix_invitations_organization_id_created_at_id"),
        "invitations",
        ["organization_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["organization_id", "email"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_table(
        "handover_items",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handover_id", sa.Uuid(), nullable=False),
        sa.Column("object_type", sa.String(50), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(50), nullable=False),
        sa.Column("before", sa.Uuid(), nullable=True),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "handover_id"],
            ["handovers.organization_id", "handovers.id"],
            name=op.f("fk_handover_items_organization_id_handover_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_handover_items_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_handover_items")),
    )
    op.create_index(
        op.f("ix_handover_items_organization_id_handover_id"),
        "handover_items",
        ["organization_id", "handover_id"],
        unique=False,
    )
    op.add_column("auth_sessions", sa.Column("organization_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_auth_sessions_organization_id"), "auth_sessions", ["organization_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_auth_sessions_organization_id"),
        "auth_sessions",
        "organizations",
        ["organization_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index(
        op.f("ix_departments_organization_id_head_id"), "departments", ["organization_id", "head_id"], unique=False
    )
    op.create_index(
        "uq_departments_name",
        "departments",
        ["organization_id", "parent_id", sa.literal_column("lower(name)")],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.add_column(
        "organizations",
        sa.Column(
            "working_days", postgresql.ARRAY(sa.SmallInteger()), server_default=sa.text("'{1,2,3,4,5}'"), nullable=False
        ),
    )
    op.add_column(
        "organizations", sa.Column("workday_start", sa.Time(), server_default=sa.text("'09:00'"), nullable=False)
    )
    op.add_column(
        "organizations", sa.Column("workday_end", sa.Time(), server_default=sa.text("'18:00'"), nullable=False)
    )
    op.add_column("organizations", sa.Column("holiday_country", sa.String(2), nullable=True))
    op.add_column("organizations", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_organizations_working_days"), "organizations", "working_days <@ '{1,2,3,4,5,6,7}'::smallint[]"
    )
    op.create_check_constraint(op.f("ck_organizations_workday"), "organizations", "workday_start < workday_end")
    op.add_column("users", sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_users_birthday",
        "users",
        ["organization_id", sa.literal_column("(extract(month FROM birthday) * 100 + extract(day FROM birthday))")],
        unique=False,
        postgresql_where=sa.text("birthday IS NOT NULL"),
    )
    op.create_index(op.f("ix_organizations_name_id"), "organizations", ["name", "id"], unique=False)
    op.create_index(op.f("ix_organizations_created_at_id"), "organizations", ["created_at", "id"], unique=False)
    op.create_index(
        op.f("ix_outbox_messages_organization_id_recipient_created_at"),
        "outbox_messages",
        ["organization_id", "recipient", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_outbox_messages_organization_id_created_at"),
        "outbox_messages",
        ["organization_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_events_organization_id_organizer_id"), "events", ["organization_id", "organizer_id"], unique=False
    )
    op.execute("UPDATE auth_sessions s SET organization_id = u.organization_id FROM users u WHERE u.id = s.user_id")
    op.execute(NO_CIRCLE)
    # Circles that earlier versions let in: everybody in one loses the manager.
    op.execute("""
        WITH RECURSIVE chain AS (
            SELECT organization_id, id AS start, manager_id AS above FROM users WHERE manager_id IS NOT NULL
            UNION
            SELECT c.organization_id, c.start, u.manager_id FROM chain c
            JOIN users u ON u.organization_id = c.organization_id AND u.id = c.above
        )
        UPDATE users SET manager_id = NULL FROM chain WHERE chain.start = users.id AND chain.above = users.id
    """)
    for table, column in CHAINS:
        op.execute(f"""
            CREATE TRIGGER no_circle AFTER INSERT OR UPDATE OF {column} ON {table}
            FOR EACH ROW WHEN (NEW.{column} IS NOT NULL) EXECUTE FUNCTION refuse_circle('{column}')
        """)


def downgrade() -> None:
    op.drop_index(op.f("ix_events_organization_id_organizer_id"), table_name="events")
    op.drop_index(op.f("ix_organizations_created_at_id"), table_name="organizations")
    op.drop_index(op.f("ix_organizations_name_id"), table_name="organizations")
    for table, _ in CHAINS:
        op.execute(f"DROP TRIGGER no_circle ON {table}")
    op.execute("DROP FUNCTION refuse_circle()")
    op.drop_index("ix_users_birthday", table_name="users", postgresql_where=sa.text("birthday IS NOT NULL"))
    op.drop_column("users", "deactivated_at")
    op.drop_column("organizations", "deleted_at")
    op.drop_column("organizations", "holiday_country")
    op.drop_column("organizations", "workday_end")
    op.drop_column("organizations", "workday_start")
    op.drop_column("organizations", "working_days")
    op.drop_index("uq_departments_name", table_name="departments", postgresql_nulls_not_distinct=True)
    op.drop_index(op.f("ix_departments_organization_id_head_id"), table_name="departments")
    op.drop_constraint(op.f("fk_auth_sessions_organization_id"), "auth_sessions", type_="foreignkey")
    op.drop_index(op.f("ix_auth_sessions_organization_id"), table_name="auth_sessions")
    op.drop_column("auth_sessions", "organization_id")
    op.drop_index(op.f("ix_handover_items_organization_id_handover_id"), table_name="handover_items")
    op.drop_table("handover_items")
    op.drop_index(
        "uq_invitations_open",
        table_name="invitations",
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )
    op.drop_index(op.f("ix_invitations_organization_id_created_at_id"), table_name="invitations")
    op.drop_table("invitations")
    op.drop_index(op.f("ix_handovers_organization_id_user_id_created_at"), table_name="handovers")
    op.drop_table("handovers")
    op.drop_index(
        "ix_outbox_messages_due",
        table_name="outbox_messages",
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.drop_table("outbox_messages")
    op.drop_table("organization_domains")
