"""Mails that are taken in hand, what calendars are told with them, and what people are told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COMPANY = "(SELECT current_company())"
OWNED = ("itip_messages", "notification_choices", "notification_settings", "notifications", "reply_keys")
# For whoever answers without being signed in: what the owner's function reads.
LOOKED_THROUGH = ("reply_keys",)
LANGUAGE = "language IN ('ru', 'en')"
COMPANIES_WITH_MAIL = """
    CREATE OR REPLACE FUNCTION companies_with_mail() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT organization_id FROM outbox_messages
        WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= now()
    $$
"""
FUNCTIONS = (
    # The companies with something to leave that nobody has in hand.
    """
    CREATE OR REPLACE FUNCTION companies_with_mail() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.id FROM organizations o
        WHERE o.deleted_at IS NULL AND EXISTS (
            SELECT FROM outbox_messages m
            WHERE m.organization_id = o.id AND m.sent_at IS NULL AND m.failed_at IS NULL
              AND m.due_at <= now() AND (m.claimed_until IS NULL OR m.claimed_until <= now())
        )
    $$
    """,
    """
    CREATE FUNCTION company_of_reply_key(hash text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT k.organization_id FROM reply_keys k JOIN organizations o ON o.id = k.organization_id
        WHERE k.key_hash = hash AND o.deleted_at IS NULL
    $$
    """,
    # Whose company somebody active is of, for tasks that know no more than the person.
    """
    CREATE FUNCTION company_of_user(person uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT u.organization_id FROM users u JOIN organizations o ON o.id = u.organization_id
        WHERE u.id = person AND u.is_active AND o.deleted_at IS NULL
    $$
    """,
)


def upgrade() -> None:
    op.create_table(
        "itip_messages",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("hides_guests", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_itip_messages_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_itip_messages")),
    )
    op.create_index(
        op.f("ix_itip_messages_organization_id_created_at"),
        "itip_messages",
        ["organization_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "notification_settings",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=False),
        sa.Column("quiet_to", sa.Time(), nullable=False),
        sa.Column(
            "quiet_days",
            postgresql.ARRAY(sa.SmallInteger()),
            server_default=sa.text("'{1,2,3,4,5,6,7}'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "quiet_days <@ '{1,2,3,4,5,6,7}'::smallint[]", name=op.f("ck_notification_settings_quiet_days")
        ),
        sa.CheckConstraint("quiet_from <> quiet_to", name=op.f("ck_notification_settings_quiet_hours_last")),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_notification_settings_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_notification_settings_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_notification_settings")),
    )
    op.create_table(
        "notifications",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("title", sa.String(1000), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("reason_text", sa.String(500), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("original_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('participant', 'organizer', 'mentioned', 'commented', 'booked', 'approver', 'waiting', 'addressed')",
            name=op.f("ck_notifications_reason"),
        ),
        sa.CheckConstraint(
            "type IN ('invitation', 'event_changed', 'event_cancelled', 'answer', 'proposal', 'comment', 'mention', 'room', 'room_request', 'message')",
            name=op.f("ck_notifications_type"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_notifications_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_notifications_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_notifications")),
    )
    op.create_index(
        "ix_notifications_event",
        "notifications",
        ["organization_id", "event_id"],
        unique=False,
        postgresql_where=sa.text("event_id IS NOT NULL AND read_at IS NULL"),
    )
    op.create_index(
        op.f("ix_notifications_organization_id_created_at"),
        "notifications",
        ["organization_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_notifications_organization_id_user_id_created_at_id"),
        "notifications",
        ["organization_id", "user_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_notifications_organization_id_user_id_type_created_at_id"),
        "notifications",
        ["organization_id", "user_id", "type", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["organization_id", "user_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "notification_choices",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.CheckConstraint("channel IN ('in_app', 'mail')", name=op.f("ck_notification_choices_channel")),
        sa.CheckConstraint(
            "type IN ('invitation', 'event_changed', 'event_cancelled', 'answer', 'proposal', 'comment', 'mention', 'room', 'room_request', 'message')",
            name=op.f("ck_notification_choices_type"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            name=op.f("fk_notification_choices_organization_id_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_notification_choices_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_notification_choices_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_notification_choices")),
    )
    op.create_index(
        op.f("ix_notification_choices_organization_id_calendar_id"),
        "notification_choices",
        ["organization_id", "calendar_id"],
        unique=False,
        postgresql_where=sa.text("calendar_id IS NOT NULL"),
    )
    op.create_index(
        "uq_notification_choices_person",
        "notification_choices",
        ["organization_id", "user_id", "type", "channel", "calendar_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "reply_keys",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "event_id"],
            ["events.organization_id", "events.id"],
            name=op.f("fk_reply_keys_organization_id_event_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_reply_keys_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_reply_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_reply_keys_key_hash")),
    )
    op.create_index("uq_reply_keys_event", "reply_keys", ["organization_id", "event_id", "email"], unique=True)
    op.add_column("outbox_messages", sa.Column("thread", sa.Uuid(), nullable=True))
    op.add_column("outbox_messages", sa.Column("event_id", sa.Uuid(), nullable=True))
    op.add_column("outbox_messages", sa.Column("itip_id", sa.Uuid(), nullable=True))
    op.add_column(
        "outbox_messages", sa.Column("gathers", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("outbox_messages", sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        op.f("ix_outbox_messages_organization_id_itip_id"),
        "outbox_messages",
        ["organization_id", "itip_id"],
        unique=False,
        postgresql_where=sa.text("itip_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_messages_thread",
        "outbox_messages",
        ["organization_id", "thread", "recipient", "id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL AND thread IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_outbox_messages_organization_id_itip_id"),
        "outbox_messages",
        "itip_messages",
        ["organization_id", "itip_id"],
        ["organization_id", "id"],
        ondelete="CASCADE",
    )
    op.add_column("users", sa.Column("language", sa.String(8), nullable=True))
    op.create_check_constraint(op.f("ck_users_language"), "users", LANGUAGE)
    for table in OWNED:
        op.execute(f"CREATE POLICY company ON {table} USING (organization_id = {COMPANY})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in LOOKED_THROUGH:
        op.execute(f"CREATE POLICY owners_functions ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    for statement in FUNCTIONS:
        op.execute(statement)


def downgrade() -> None:
    for name in ("company_of_reply_key", "company_of_user"):
        op.execute(f"DROP FUNCTION {name}")
    op.execute(COMPANIES_WITH_MAIL)
    op.drop_constraint(op.f("ck_users_language"), "users", type_="check")
    op.drop_column("users", "language")
    op.drop_constraint(op.f("fk_outbox_messages_organization_id_itip_id"), "outbox_messages", type_="foreignkey")
    op.drop_index(
        "ix_outbox_messages_thread",
        table_name="outbox_messages",
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL AND thread IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_outbox_messages_organization_id_itip_id"),
        table_name="outbox_messages",
        postgresql_where=sa.text("itip_id IS NOT NULL"),
    )
    op.drop_column("outbox_messages", "claimed_until")
    op.drop_column("outbox_messages", "gathers")
    op.drop_column("outbox_messages", "itip_id")
    op.drop_column("outbox_messages", "event_id")
    op.drop_column("outbox_messages", "thread")
    op.drop_index("uq_reply_keys_event", table_name="reply_keys")
    op.drop_table("reply_keys")
    op.drop_index(
        "uq_notification_choices_person", table_name="notification_choices", postgresql_nulls_not_distinct=True
    )
    op.drop_index(
        op.f("ix_notification_choices_organization_id_calendar_id"),
        table_name="notification_choices",
        postgresql_where=sa.text("calendar_id IS NOT NULL"),
    )
    op.drop_table("notification_choices")
    op.drop_index("ix_notifications_unread", table_name="notifications", postgresql_where=sa.text("read_at IS NULL"))
    op.drop_index(op.f("ix_notifications_organization_id_user_id_type_created_at_id"), table_name="notifications")
    op.drop_index(op.f("ix_notifications_organization_id_user_id_created_at_id"), table_name="notifications")
    op.drop_index(op.f("ix_notifications_organization_id_created_at"), table_name="notifications")
    op.drop_index(
        "ix_notifications_event",
        table_name="notifications",
        postgresql_where=sa.text("event_id IS NOT NULL AND read_at IS NULL"),
    )
    op.drop_table("notifications")
    op.drop_table("notification_settings")
    op.drop_index(op.f("ix_itip_messages_organization_id_created_at"), table_name="itip_messages")
    op.drop_table("itip_messages")
