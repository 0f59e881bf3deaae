"""What leaves the house by mail, push and webhook; what people are told; reminders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COMPANY = "(SELECT current_company())"
OWNED = (
    "change_followers",
    "due_reminders",
    "itip_messages",
    "notification_choices",
    "notification_settings",
    "notifications",
    "push_subscriptions",
    "reminder_settings",
    "reply_keys",
    "webhooks",
)
# What people decide for the company. What somebody wants for themselves is nobody's business, and the rest follows.
RECORDED = ("webhooks",)
# For the rounds of the workers, and for whoever answers without being signed in: what the owner's functions read.
LOOKED_THROUGH = {
    "change_followers": "true",
    "changes": "true",
    "due_reminders": "sent_at IS NULL",
    "notification_settings": "digest_at IS NOT NULL",
    "reply_keys": "true",
}
CHECKS = {
    "outbox_messages": {
        "channel": "channel IN ('mail', 'push', 'webhook')",
        "mail_has_template": "(channel = 'mail') = (template IS NOT NULL)",
        "push_has_subscription": "(channel = 'push') = (subscription_id IS NOT NULL)",
        "webhook_has_webhook": "(channel = 'webhook') = (webhook_id IS NOT NULL)",
    },
    "users": {"language": "language IN ('ru', 'en')"},
}
COMPANIES_WITH_MAIL = """
    CREATE FUNCTION companies_with_mail() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT organization_id FROM outbox_messages
        WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= now()
    $$
"""
FUNCTIONS = (
    # The companies with something to leave by this way that nobody has in hand.
    """
    CREATE FUNCTION companies_with_outbox(way text) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.id FROM organizations o
        WHERE o.deleted_at IS NULL AND EXISTS (
            SELECT FROM outbox_messages m
            WHERE m.organization_id = o.id AND m.channel = way AND m.sent_at IS NULL AND m.failed_at IS NULL
              AND m.due_at <= now() AND (m.claimed_until IS NULL OR m.claimed_until <= now())
        )
    $$
    """,
    """
    CREATE FUNCTION companies_with_reminders_due() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.id FROM organizations o
        WHERE o.deleted_at IS NULL AND EXISTS (
            SELECT FROM due_reminders r
            WHERE r.organization_id = o.id AND r.sent_at IS NULL AND r.due_at <= now()
        )
    $$
    """,
    # Those in which something changed since this follower of ours was there last.
    """
    CREATE FUNCTION companies_with_changes(follower text) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.id FROM organizations o
        LEFT JOIN change_followers f ON f.organization_id = o.id AND f.name = follower
        WHERE o.deleted_at IS NULL AND (f.xid IS NULL OR f.cluster <> cluster_life() OR EXISTS (
            SELECT FROM changes c WHERE c.organization_id = o.id AND c.xid >= f.xid
        ))
    $$
    """,
    """
    CREATE FUNCTION companies_with_digests() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.id FROM organizations o
        WHERE o.deleted_at IS NULL AND EXISTS (
            SELECT FROM notification_settings s WHERE s.organization_id = o.id AND s.digest_at IS NOT NULL
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
    """
    CREATE FUNCTION note_notification() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.xid := pg_current_xact_id()::text::bigint;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER note_notification BEFORE INSERT OR UPDATE ON notifications
    FOR EACH ROW EXECUTE FUNCTION note_notification()
    """,
)


def upgrade() -> None:
    op.create_table(
        "change_followers",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("cluster", sa.String(60), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_change_followers_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "name", name=op.f("pk_change_followers")),
    )
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
        "webhooks",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.String(length=30)), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("secret_number", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_webhooks_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_webhooks")),
    )
    op.create_index(
        op.f("ix_webhooks_organization_id_created_at_id"),
        "webhooks",
        ["organization_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "notification_settings",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_to", sa.Time(), nullable=True),
        sa.Column(
            "quiet_days",
            postgresql.ARRAY(sa.SmallInteger()),
            server_default=sa.text("'{1,2,3,4,5,6,7}'"),
            nullable=False,
        ),
        sa.Column("reminders_pass", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("digest_at", sa.Time(), nullable=True),
        sa.Column(
            "digest_days", postgresql.ARRAY(sa.SmallInteger()), server_default=sa.text("'{1,2,3,4,5}'"), nullable=False
        ),
        sa.Column("digest_sent_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "digest_days <@ '{1,2,3,4,5,6,7}'::smallint[]", name=op.f("ck_notification_settings_digest_days")
        ),
        sa.CheckConstraint(
            "quiet_days <@ '{1,2,3,4,5,6,7}'::smallint[]", name=op.f("ck_notification_settings_quiet_days")
        ),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_to IS NULL)", name=op.f("ck_notification_settings_quiet_hours_are_whole")
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
    op.create_index(
        op.f("ix_notification_settings_organization_id_digest_at"),
        "notification_settings",
        ["organization_id", "digest_at"],
        unique=False,
        postgresql_where=sa.text("digest_at IS NOT NULL"),
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
        sa.Column("is_shown", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("in_digest", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("xid", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('participant', 'organizer', 'reminder', 'mentioned', 'commented', 'booked', 'approver', 'waiting', 'administrator', 'addressed')",
            name=op.f("ck_notifications_reason"),
        ),
        sa.CheckConstraint(
            "type IN ('invitation', 'event_changed', 'event_cancelled', 'answer', 'proposal', 'reminder', 'comment', 'mention', 'room', 'room_request', 'message')",
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
        "ix_notifications_digest",
        "notifications",
        ["organization_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("in_digest"),
    )
    op.create_index(
        "ix_notifications_list",
        "notifications",
        ["organization_id", "user_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("is_shown"),
    )
    op.create_index(
        op.f("ix_notifications_organization_id_created_at"),
        "notifications",
        ["organization_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_notifications_organization_id_user_id_xid_id"),
        "notifications",
        ["organization_id", "user_id", "xid", "id"],
        unique=False,
    )
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["organization_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("is_shown AND read_at IS NULL"),
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.String(2000), nullable=False),
        sa.Column("endpoint_hash", sa.String(64), nullable=False),
        sa.Column("p256dh", sa.String(200), nullable=False),
        sa.Column("auth", sa.String(100), nullable=False),
        sa.Column("device", sa.String(200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_push_subscriptions_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_push_subscriptions_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_push_subscriptions")),
    )
    op.create_index(
        op.f("ix_push_subscriptions_organization_id_user_id_created_at"),
        "push_subscriptions",
        ["organization_id", "user_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "uq_push_subscriptions_endpoint", "push_subscriptions", ["organization_id", "endpoint_hash"], unique=True
    )
    op.create_table(
        "notification_choices",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("choice", sa.String(10), nullable=False),
        sa.CheckConstraint("channel IN ('in_app', 'mail', 'push')", name=op.f("ck_notification_choices_channel")),
        sa.CheckConstraint(
            "choice <> 'digest' OR channel = 'mail'", name=op.f("ck_notification_choices_digest_is_mail")
        ),
        sa.CheckConstraint("choice IN ('on', 'off', 'digest')", name=op.f("ck_notification_choices_choice")),
        sa.CheckConstraint(
            "type IN ('invitation', 'event_changed', 'event_cancelled', 'answer', 'proposal', 'reminder', 'comment', 'mention', 'room', 'room_request', 'message')",
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
        "reminder_settings",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column(
            "timed", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "all_day", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.CheckConstraint("num_nonnulls(calendar_id, event_id) <= 1", name=op.f("ck_reminder_settings_one_level")),
        sa.ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            name=op.f("fk_reminder_settings_organization_id_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "event_id"],
            ["events.organization_id", "events.id"],
            name=op.f("fk_reminder_settings_organization_id_event_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_reminder_settings_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_reminder_settings_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_reminder_settings")),
    )
    op.create_index(
        op.f("ix_reminder_settings_organization_id_calendar_id"),
        "reminder_settings",
        ["organization_id", "calendar_id"],
        unique=False,
        postgresql_where=sa.text("calendar_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_reminder_settings_organization_id_event_id"),
        "reminder_settings",
        ["organization_id", "event_id"],
        unique=False,
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.create_index(
        "uq_reminder_settings_person",
        "reminder_settings",
        ["organization_id", "user_id", "calendar_id", "event_id"],
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
    op.create_table(
        "due_reminders",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("original_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('in_app', 'mail', 'push')", name=op.f("ck_due_reminders_channel")),
        sa.ForeignKeyConstraint(
            ["organization_id", "series_id", "original_start"],
            ["event_occurrences.organization_id", "event_occurrences.series_id", "event_occurrences.original_start"],
            name=op.f("fk_due_reminders_organization_id_series_id_original_start"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_due_reminders_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_due_reminders_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "organization_id",
            "series_id",
            "original_start",
            "user_id",
            "minutes",
            "channel",
            name=op.f("pk_due_reminders"),
        ),
    )
    op.create_index(
        op.f("ix_due_reminders_organization_id_due_at"),
        "due_reminders",
        ["organization_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_index(
        op.f("ix_due_reminders_organization_id_user_id"), "due_reminders", ["organization_id", "user_id"], unique=False
    )
    op.create_index(op.f("ix_changes_organization_id_xid"), "changes", ["organization_id", "xid"], unique=False)
    op.add_column(
        "outbox_messages", sa.Column("channel", sa.String(10), server_default=sa.text("'mail'"), nullable=False)
    )
    op.add_column("outbox_messages", sa.Column("user_id", sa.Uuid(), nullable=True))
    op.add_column("outbox_messages", sa.Column("thread", sa.Uuid(), nullable=True))
    op.add_column("outbox_messages", sa.Column("event_id", sa.Uuid(), nullable=True))
    op.add_column("outbox_messages", sa.Column("itip_id", sa.Uuid(), nullable=True))
    op.add_column("outbox_messages", sa.Column("subscription_id", sa.Uuid(), nullable=True))
    op.add_column("outbox_messages", sa.Column("webhook_id", sa.Uuid(), nullable=True))
    op.add_column(
        "outbox_messages", sa.Column("gathers", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("outbox_messages", sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox_messages", sa.Column("response_status", sa.Integer(), nullable=True))
    op.alter_column("outbox_messages", "template", existing_type=sa.VARCHAR(length=50), nullable=True)
    op.drop_index(
        op.f("ix_outbox_messages_due"),
        table_name="outbox_messages",
        postgresql_where="((sent_at IS NULL) AND (failed_at IS NULL))",
    )
    op.create_index(
        "ix_outbox_messages_due",
        "outbox_messages",
        ["organization_id", "channel", "due_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_messages_failed",
        "outbox_messages",
        ["organization_id", "failed_at", "id"],
        unique=False,
        postgresql_where=sa.text("failed_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_outbox_messages_organization_id_itip_id"),
        "outbox_messages",
        ["organization_id", "itip_id"],
        unique=False,
        postgresql_where=sa.text("itip_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_outbox_messages_organization_id_subscription_id"),
        "outbox_messages",
        ["organization_id", "subscription_id"],
        unique=False,
        postgresql_where=sa.text("subscription_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_outbox_messages_organization_id_webhook_id_id"),
        "outbox_messages",
        ["organization_id", "webhook_id", "id"],
        unique=False,
        postgresql_where=sa.text("webhook_id IS NOT NULL"),
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
    op.create_foreign_key(
        op.f("fk_outbox_messages_organization_id_subscription_id"),
        "outbox_messages",
        "push_subscriptions",
        ["organization_id", "subscription_id"],
        ["organization_id", "id"],
        ondelete="CASCADE",
    )
    op.create_foreign_key(
        op.f("fk_outbox_messages_organization_id_webhook_id"),
        "outbox_messages",
        "webhooks",
        ["organization_id", "webhook_id"],
        ["organization_id", "id"],
        ondelete="CASCADE",
    )
    op.add_column("users", sa.Column("language", sa.String(8), nullable=True))
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    for table in OWNED:
        op.execute(f"CREATE POLICY company ON {table} USING (organization_id = {COMPANY})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table, condition in LOOKED_THROUGH.items():
        op.execute(f"CREATE POLICY owners_functions ON {table} FOR SELECT TO CURRENT_USER USING ({condition})")
    for table in RECORDED:
        op.execute(f"""
            CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION write_audit()
        """)
    op.execute("DROP FUNCTION companies_with_mail")
    for statement in FUNCTIONS:
        op.execute(statement)


def downgrade() -> None:
    for name in (
        "companies_with_outbox",
        "companies_with_reminders_due",
        "companies_with_changes",
        "companies_with_digests",
        "company_of_reply_key",
        "company_of_user",
    ):
        op.execute(f"DROP FUNCTION {name}")
    op.execute(COMPANIES_WITH_MAIL)
    op.execute("DROP POLICY owners_functions ON changes")
    # What the code before this does not know.
    op.execute("ALTER TABLE outbox_messages NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM outbox_messages WHERE channel <> 'mail'")
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.execute("ALTER TABLE outbox_messages FORCE ROW LEVEL SECURITY")
    for table, checks in CHECKS.items():
        for name in checks:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.drop_column("users", "language")
    op.drop_constraint(op.f("fk_outbox_messages_organization_id_webhook_id"), "outbox_messages", type_="foreignkey")
    op.drop_constraint(
        op.f("fk_outbox_messages_organization_id_subscription_id"), "outbox_messages", type_="foreignkey"
    )
    op.drop_constraint(op.f("fk_outbox_messages_organization_id_itip_id"), "outbox_messages", type_="foreignkey")
    op.drop_index(
        "ix_outbox_messages_thread",
        table_name="outbox_messages",
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL AND thread IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_outbox_messages_organization_id_webhook_id_id"),
        table_name="outbox_messages",
        postgresql_where=sa.text("webhook_id IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_outbox_messages_organization_id_subscription_id"),
        table_name="outbox_messages",
        postgresql_where=sa.text("subscription_id IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_outbox_messages_organization_id_itip_id"),
        table_name="outbox_messages",
        postgresql_where=sa.text("itip_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_outbox_messages_failed", table_name="outbox_messages", postgresql_where=sa.text("failed_at IS NOT NULL")
    )
    op.drop_index(
        "ix_outbox_messages_due",
        table_name="outbox_messages",
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.create_index(
        op.f("ix_outbox_messages_due"),
        "outbox_messages",
        ["organization_id", "due_at"],
        unique=False,
        postgresql_where="((sent_at IS NULL) AND (failed_at IS NULL))",
    )
    op.alter_column("outbox_messages", "template", existing_type=sa.VARCHAR(length=50), nullable=False)
    op.drop_column("outbox_messages", "response_status")
    op.drop_column("outbox_messages", "claimed_until")
    op.drop_column("outbox_messages", "gathers")
    op.drop_column("outbox_messages", "webhook_id")
    op.drop_column("outbox_messages", "subscription_id")
    op.drop_column("outbox_messages", "itip_id")
    op.drop_column("outbox_messages", "event_id")
    op.drop_column("outbox_messages", "thread")
    op.drop_column("outbox_messages", "user_id")
    op.drop_column("outbox_messages", "channel")
    op.drop_index(op.f("ix_changes_organization_id_xid"), table_name="changes")
    op.drop_index(op.f("ix_due_reminders_organization_id_user_id"), table_name="due_reminders")
    op.drop_index(
        op.f("ix_due_reminders_organization_id_due_at"),
        table_name="due_reminders",
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.drop_table("due_reminders")
    op.drop_index("uq_reply_keys_event", table_name="reply_keys")
    op.drop_table("reply_keys")
    op.drop_index("uq_reminder_settings_person", table_name="reminder_settings", postgresql_nulls_not_distinct=True)
    op.drop_index(
        op.f("ix_reminder_settings_organization_id_event_id"),
        table_name="reminder_settings",
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_reminder_settings_organization_id_calendar_id"),
        table_name="reminder_settings",
        postgresql_where=sa.text("calendar_id IS NOT NULL"),
    )
    op.drop_table("reminder_settings")
    op.drop_index(
        "uq_notification_choices_person", table_name="notification_choices", postgresql_nulls_not_distinct=True
    )
    op.drop_index(
        op.f("ix_notification_choices_organization_id_calendar_id"),
        table_name="notification_choices",
        postgresql_where=sa.text("calendar_id IS NOT NULL"),
    )
    op.drop_table("notification_choices")
    op.drop_index("uq_push_subscriptions_endpoint", table_name="push_subscriptions")
    op.drop_index(op.f("ix_push_subscriptions_organization_id_user_id_created_at"), table_name="push_subscriptions")
    op.drop_table("push_subscriptions")
    op.drop_index(
        "ix_notifications_unread", table_name="notifications", postgresql_where=sa.text("is_shown AND read_at IS NULL")
    )
    op.drop_index(op.f("ix_notifications_organization_id_user_id_xid_id"), table_name="notifications")
    op.drop_index(op.f("ix_notifications_organization_id_created_at"), table_name="notifications")
    op.drop_index("ix_notifications_list", table_name="notifications", postgresql_where=sa.text("is_shown"))
    op.drop_index("ix_notifications_digest", table_name="notifications", postgresql_where=sa.text("in_digest"))
    op.drop_table("notifications")
    op.drop_index(
        op.f("ix_notification_settings_organization_id_digest_at"),
        table_name="notification_settings",
        postgresql_where=sa.text("digest_at IS NOT NULL"),
    )
    op.drop_table("notification_settings")
    op.drop_index(op.f("ix_webhooks_organization_id_created_at_id"), table_name="webhooks")
    op.drop_table("webhooks")
    op.drop_index(op.f("ix_itip_messages_organization_id_created_at"), table_name="itip_messages")
    op.drop_table("itip_messages")
    op.drop_table("change_followers")
    op.execute("DROP FUNCTION note_notification")
