"""Reminders, the daily mail, pushes to browsers, webhooks, and who follows the change feed for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


COMPANY = "(SELECT current_company())"
OWNED = (
    "change_followers",
    "digest_settings",
    "due_reminders",
    "push_subscriptions",
    "reminder_plans",
    "reminder_replans",
    "reminder_settings",
    "webhooks",
)
# What people decide for the company, by column. What somebody wants for themselves is nobody's business, and the rest follows.
RECORDED = {"webhooks": "name, url, types, is_active, secret_number"}
# For the rounds of the workers: what the owner's functions read.
LOOKED_THROUGH = {
    "change_followers": "true",
    "changes": "true",
    "digest_settings": "true",
    "due_reminders": "sent_at IS NULL",
    "reminder_plans": "true",
    "reminder_replans": "true",
}
TYPES = (
    *("invitation", "event_changed", "event_cancelled", "answer", "proposal"),
    *("comment", "mention", "room", "room_request", "message"),
)
REASONS = (
    *("participant", "organizer", "mentioned", "commented"),
    *("booked", "approver", "waiting", "addressed"),
)
# By table and column: what it may say before, and what is new.
MORE_VALUES = {
    ("notifications", "type"): (TYPES, ("reminder",)),
    ("notifications", "reason"): (REASONS, ("asked", "administrator")),
    ("notification_choices", "type"): (TYPES, ("reminder",)),
    ("notification_choices", "channel"): (("in_app", "mail"), ("push", "digest")),
}
OUTBOX_CHECKS = {
    "channel": "channel IN ('mail', 'push', 'webhook')",
    "push_has_subscription": "(channel = 'push') = (subscription_id IS NOT NULL)",
    "webhook_has_webhook": "(channel = 'webhook') = (webhook_id IS NOT NULL)",
}
COMPANIES_WITH_MAIL = """
    CREATE FUNCTION companies_with_mail() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT o.id FROM organizations o
        WHERE o.deleted_at IS NULL AND EXISTS (
            SELECT FROM outbox_messages m
            WHERE m.organization_id = o.id AND m.sent_at IS NULL AND m.failed_at IS NULL
              AND m.due_at <= now() AND (m.claimed_until IS NULL OR m.claimed_until <= now())
        )
    $$
"""
FUNCTION = """
    CREATE FUNCTION {signature}
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        {body}
    $$
"""
COMPANIES_WITH = "SELECT o.id FROM organizations o WHERE o.deleted_at IS NULL AND EXISTS ({rows})"
FUNCTIONS = {
    # The companies with something to leave by this way that nobody has in hand.
    "companies_with_outbox(way text) RETURNS SETOF uuid": COMPANIES_WITH.format(
        rows="""
            SELECT FROM outbox_messages m
            WHERE m.organization_id = o.id AND m.channel = way AND m.sent_at IS NULL AND m.failed_at IS NULL
              AND m.due_at <= now() AND (m.claimed_until IS NULL OR m.claimed_until <= now())
        """
    ),
    "companies_with_reminders_due() RETURNS SETOF uuid": COMPANIES_WITH.format(
        rows="""
            SELECT FROM due_reminders r
            WHERE r.organization_id = o.id AND r.sent_at IS NULL AND r.due_at <= now()
        """
    ),
    # Those whose reminders are not planned as far ahead as this.
    "companies_to_plan(ahead timestamptz) RETURNS SETOF uuid": """
        SELECT o.id FROM organizations o LEFT JOIN reminder_plans p ON p.organization_id = o.id
        WHERE o.deleted_at IS NULL AND (p.planned_until IS NULL OR p.planned_until < ahead)
    """,
    "companies_to_replan() RETURNS SETOF uuid": COMPANIES_WITH.format(
        rows="SELECT FROM reminder_replans r WHERE r.organization_id = o.id"
    ),
    # Those in which something changed since this follower of ours was there last.
    "companies_with_changes(follower text) RETURNS SETOF uuid": """
        SELECT o.id FROM organizations o JOIN change_followers f ON f.organization_id = o.id AND f.name = follower
        WHERE o.deleted_at IS NULL AND (f.cluster <> cluster_life() OR EXISTS (
            SELECT FROM changes c WHERE c.organization_id = o.id AND c.xid >= f.xid AND c.kind <> ''
        ))
    """,
    "companies_with_digests_due() RETURNS SETOF uuid": COMPANIES_WITH.format(
        rows="SELECT FROM digest_settings s WHERE s.organization_id = o.id AND s.due_at <= now()"
    ),
    # How much waits by each way, of at most 100,000 messages, since when, and how much was given up in the last day.
    "outbox_state() RETURNS TABLE (channel text, waiting bigint, oldest_due timestamptz, failed bigint)": """
        SELECT w.way, waiting.count, waiting.oldest, failed.count
        FROM unnest(ARRAY['mail', 'push', 'webhook']) AS w (way)
        CROSS JOIN LATERAL (
            SELECT count(*), min(m.due_at) AS oldest FROM (
                SELECT due_at FROM outbox_messages
                WHERE outbox_messages.channel = w.way AND sent_at IS NULL AND failed_at IS NULL LIMIT 100000
            ) m WHERE m.due_at <= now()
        ) waiting
        CROSS JOIN LATERAL (
            SELECT count(*) FROM (
                SELECT FROM outbox_messages
                WHERE outbox_messages.channel = w.way AND failed_at > now() - interval '1 day' LIMIT 100000
            ) m
        ) failed
    """,
    "oldest_due_reminder() RETURNS timestamptz": """
        SELECT min(due_at) FROM due_reminders WHERE sent_at IS NULL AND due_at <= now()
    """,
}
# The instant of a wall time; of two, the first (calendar rule 2). PostgreSQL itself takes the second.
FIRST_INSTANT = """
    CREATE FUNCTION first_instant(wall timestamp, zone text) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE
            WHEN (later - interval '1 hour') AT TIME ZONE zone = wall THEN later - interval '1 hour'
            WHEN (later - interval '30 minutes') AT TIME ZONE zone = wall THEN later - interval '30 minutes'
            ELSE later
        END
        FROM (SELECT wall AT TIME ZONE zone AS later) t
    $$
"""


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
        "reminder_plans",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_reminder_plans_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_reminder_plans")),
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
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_webhooks_failures")),
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
        "digest_settings",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("days", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "days <@ '{1,2,3,4,5,6,7}'::smallint[] AND cardinality(days) > 0", name=op.f("ck_digest_settings_days")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_digest_settings_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_digest_settings_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_digest_settings")),
    )
    op.create_index(
        op.f("ix_digest_settings_organization_id_due_at"),
        "digest_settings",
        ["organization_id", "due_at"],
        unique=False,
    )
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
        op.f("ix_due_reminders_organization_id_due_at"), "due_reminders", ["organization_id", "due_at"], unique=False
    )
    op.create_index(
        op.f("ix_due_reminders_organization_id_user_id"),
        "due_reminders",
        ["organization_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_index(
        "ix_due_reminders_unsent",
        "due_reminders",
        ["organization_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
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
        op.f("ix_push_subscriptions_organization_id_user_id_created_at_id"),
        "push_subscriptions",
        ["organization_id", "user_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_push_subscriptions_endpoint", "push_subscriptions", ["organization_id", "endpoint_hash"], unique=True
    )
    op.create_table(
        "reminder_replans",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_reminder_replans_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_reminder_replans_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_reminder_replans")),
    )
    op.create_index(
        op.f("ix_reminder_replans_organization_id_user_id"),
        "reminder_replans",
        ["organization_id", "user_id"],
        unique=False,
    )
    op.create_table(
        "reminder_settings",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("original_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timed", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("all_day", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("num_nonnulls(calendar_id, event_id) <= 1", name=op.f("ck_reminder_settings_one_level")),
        sa.CheckConstraint(
            "original_start IS NULL OR event_id IS NOT NULL", name=op.f("ck_reminder_settings_occurrence_of_event")
        ),
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
        sa.UniqueConstraint(
            "organization_id",
            "user_id",
            "event_id",
            "original_start",
            "calendar_id",
            name="uq_reminder_settings_person",
            deferrable=True,
            initially="IMMEDIATE",
            postgresql_nulls_not_distinct=True,
        ),
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
        "ix_changes_followed",
        "changes",
        ["organization_id", "xid"],
        unique=False,
        postgresql_where=sa.text("kind <> ''"),
    )
    op.add_column(
        "events",
        sa.Column(
            "created_xid", sa.BigInteger(), server_default=sa.text("pg_current_xact_id()::text::bigint"), nullable=False
        ),
    )
    op.create_index(
        op.f("ix_events_organization_id_created_xid"), "events", ["organization_id", "created_xid"], unique=False
    )
    op.add_column(
        "notifications",
        sa.Column("xid", sa.BigInteger(), server_default=sa.text("pg_current_xact_id()::text::bigint"), nullable=False),
    )
    op.create_index(
        op.f("ix_notifications_organization_id_user_id_xid_id"),
        "notifications",
        ["organization_id", "user_id", "xid", "id"],
        unique=False,
    )
    op.add_column(
        "outbox_messages", sa.Column("channel", sa.String(10), server_default=sa.text("'mail'"), nullable=False)
    )
    op.add_column("outbox_messages", sa.Column("subscription_id", sa.Uuid(), nullable=True))
    op.add_column("outbox_messages", sa.Column("webhook_id", sa.Uuid(), nullable=True))
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
        op.f("ix_outbox_messages_organization_id_subscription_id"),
        "outbox_messages",
        ["organization_id", "subscription_id"],
        unique=False,
        postgresql_where=sa.text("subscription_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_outbox_messages_organization_id_webhook_id_created_at_id"),
        "outbox_messages",
        ["organization_id", "webhook_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("webhook_id IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_outbox_messages_organization_id_webhook_id"),
        "outbox_messages",
        "webhooks",
        ["organization_id", "webhook_id"],
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
    for (table, column), (before, more) in MORE_VALUES.items():
        _allow(table, column, (*before, *more))
    for name, condition in OUTBOX_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_outbox_messages_{name}"), "outbox_messages", condition)
    for table in OWNED:
        op.execute(f"CREATE POLICY company ON {table} USING (organization_id = {COMPANY})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table, condition in LOOKED_THROUGH.items():
        op.execute(f"CREATE POLICY owners_functions ON {table} FOR SELECT TO CURRENT_USER USING ({condition})")
    for table, columns in RECORDED.items():
        op.execute(
            f"CREATE TRIGGER audit AFTER INSERT OR UPDATE OF {columns} OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION write_audit()"
        )
    op.execute("DROP FUNCTION companies_with_mail()")
    for signature, body in FUNCTIONS.items():
        op.execute(FUNCTION.format(signature=signature, body=body))
    op.execute(FIRST_INSTANT)


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
    op.execute("DROP FUNCTION first_instant(timestamp, text)")
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature.partition(' RETURNS ')[0]}")
    op.execute(COMPANIES_WITH_MAIL)
    op.execute("DROP POLICY owners_functions ON changes")
    for name in OUTBOX_CHECKS:
        op.drop_constraint(op.f(f"ck_outbox_messages_{name}"), "outbox_messages", type_="check")
    # What was not known before goes with it.
    _as_owner("outbox_messages", "DELETE FROM outbox_messages WHERE channel <> 'mail'")
    for (table, column), (before, more) in MORE_VALUES.items():
        listed = ", ".join(f"'{value}'" for value in more)
        _as_owner(table, f"DELETE FROM {table} WHERE {column} IN ({listed})")
        _allow(table, column, before)
    op.drop_constraint(
        op.f("fk_outbox_messages_organization_id_subscription_id"), "outbox_messages", type_="foreignkey"
    )
    op.drop_constraint(op.f("fk_outbox_messages_organization_id_webhook_id"), "outbox_messages", type_="foreignkey")
    op.drop_index(
        op.f("ix_outbox_messages_organization_id_webhook_id_created_at_id"),
        table_name="outbox_messages",
        postgresql_where=sa.text("webhook_id IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_outbox_messages_organization_id_subscription_id"),
        table_name="outbox_messages",
        postgresql_where=sa.text("subscription_id IS NOT NULL"),
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
    op.drop_column("outbox_messages", "webhook_id")
    op.drop_column("outbox_messages", "subscription_id")
    op.drop_column("outbox_messages", "channel")
    op.drop_index(op.f("ix_notifications_organization_id_user_id_xid_id"), table_name="notifications")
    op.drop_column("notifications", "xid")
    op.drop_index(op.f("ix_events_organization_id_created_xid"), table_name="events")
    op.drop_column("events", "created_xid")
    op.drop_index("ix_changes_followed", table_name="changes", postgresql_where=sa.text("kind <> ''"))
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
    op.drop_index(op.f("ix_reminder_replans_organization_id_user_id"), table_name="reminder_replans")
    op.drop_table("reminder_replans")
    op.drop_index("uq_push_subscriptions_endpoint", table_name="push_subscriptions")
    op.drop_index(op.f("ix_push_subscriptions_organization_id_user_id_created_at_id"), table_name="push_subscriptions")
    op.drop_table("push_subscriptions")
    op.drop_index("ix_due_reminders_unsent", table_name="due_reminders", postgresql_where=sa.text("sent_at IS NULL"))
    op.drop_index(
        op.f("ix_due_reminders_organization_id_user_id"),
        table_name="due_reminders",
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.drop_index(op.f("ix_due_reminders_organization_id_due_at"), table_name="due_reminders")
    op.drop_table("due_reminders")
    op.drop_index(op.f("ix_digest_settings_organization_id_due_at"), table_name="digest_settings")
    op.drop_table("digest_settings")
    op.drop_index(op.f("ix_webhooks_organization_id_created_at_id"), table_name="webhooks")
    op.drop_table("webhooks")
    op.drop_table("reminder_plans")
    op.drop_table("change_followers")
