"""The change feed, written by triggers; and requests that may be sent twice."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COMPANY = "(SELECT current_company())"
OWNED = ("changes", "idempotency_keys")
# One row an object in a stream. In the order of their keys, so that two writers never wait for each other; what this
# transaction has noted already is left alone. Of a company that is being removed nothing is noted.
NOTE = """
    INSERT INTO changes (organization_id, stream_id, kind, object_id, xid, at)
    SELECT DISTINCT t.organization_id, t.stream_id, t.kind, t.object_id, pg_current_xact_id()::text::bigint, now()
    FROM ({touched}) AS t (organization_id, stream_id, kind, object_id)
    WHERE {condition}
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (organization_id, stream_id, kind, object_id)
    DO UPDATE SET xid = EXCLUDED.xid, at = EXCLUDED.at WHERE changes.xid <> EXCLUDED.xid;
"""
COMPANY_LIVES = "EXISTS (SELECT FROM organizations o WHERE o.id = t.organization_id AND o.deleted_at IS NULL)"
FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A statement that wrote nothing fires the trigger too.
    IF EXISTS (SELECT FROM {rows}) THEN
        {note}
    END IF;
    RETURN NULL;
END $$
"""
# Whoever organizes an event in a calendar of their own hears of it there.
ORGANIZER = """
    SELECT e.organization_id, e.organizer_id, 'event', e.id
    FROM {events} e JOIN calendars c ON c.organization_id = e.organization_id AND c.id = e.calendar_id
    WHERE c.owner_id <> e.organizer_id
"""
GUESTS = """
    SELECT p.organization_id, coalesce(p.user_id, p.department_id), 'event', p.event_id
    FROM {events} e JOIN event_participants p ON p.organization_id = e.organization_id AND p.event_id = e.id
    WHERE p.email IS NULL
"""
IN_CALENDAR = "SELECT organization_id, calendar_id, 'event', id FROM {events} e"
# All who hear of events, of which `ids` selects organization_id and event_id. Each table is joined once: many events are
# written by one statement, and of a new table nobody knows yet how many rows it has.
ALL_OF_EVENT = """
    SELECT e.organization_id, unnest(
        CASE WHEN c.owner_id <> e.organizer_id THEN ARRAY[e.calendar_id, e.organizer_id] ELSE ARRAY[e.calendar_id] END
    ), 'event', e.id
    FROM (SELECT DISTINCT * FROM ({ids}) written) i
    JOIN events e ON e.organization_id = i.organization_id AND e.id = i.event_id
    JOIN calendars c ON c.organization_id = e.organization_id AND c.id = e.calendar_id
    UNION ALL
    SELECT p.organization_id, coalesce(p.user_id, p.department_id), 'event', p.event_id
    FROM (SELECT DISTINCT * FROM ({ids}) written) i
    JOIN event_participants p ON p.organization_id = i.organization_id AND p.event_id = i.event_id
    WHERE p.email IS NULL
"""
OF_GUEST = "SELECT organization_id, coalesce(user_id, department_id), 'event', event_id FROM {rows} WHERE email IS NULL"
# The nightly extension stores further occurrences of a series, and new time zone data that change nothing leave their
# mark; the event itself stays what it was.
CHANGED_EVENTS = """
    (SELECT n.* FROM made n JOIN gone o ON o.organization_id = n.organization_id AND o.id = n.id
     WHERE n.version <> o.version
        OR n.expanded_until IS NOT DISTINCT FROM o.expanded_until AND n.tzdata_version = o.tzdata_version)
"""
# An event that moves takes its guests' spans along.
ANSWERED = """
    SELECT n.organization_id, n.event_id FROM made n JOIN gone o ON o.organization_id = n.organization_id AND o.id = n.id
    WHERE n.span = o.span
"""
GRANTED = "SELECT organization_id, coalesce(user_id, department_id), 'access', calendar_id FROM {rows}"
LISTED = "SELECT organization_id, user_id, 'calendar', calendar_id FROM {rows}"
# By table: what an INSERT, an UPDATE and a DELETE touch.
TOUCHED = {
    "events": (
        f"{IN_CALENDAR} UNION ALL {ORGANIZER}".format(events="made"),
        f"""{f"{IN_CALENDAR} UNION ALL {ORGANIZER} UNION ALL {GUESTS}".format(events=CHANGED_EVENTS)}
            UNION ALL
            SELECT o.organization_id, unnest(ARRAY[o.calendar_id, o.organizer_id]), 'event', o.id
            FROM made n JOIN gone o ON o.organization_id = n.organization_id AND o.id = n.id
            WHERE n.calendar_id <> o.calendar_id OR n.organizer_id <> o.organizer_id""",
        "SELECT organization_id, unnest(ARRAY[calendar_id, organizer_id]), 'event', id FROM gone",
    ),
    "event_participants": (
        ALL_OF_EVENT.format(ids="SELECT organization_id, event_id FROM made"),
        f"{ALL_OF_EVENT.format(ids=ANSWERED)} UNION ALL {OF_GUEST.format(rows='gone')}",
        f"{ALL_OF_EVENT.format(ids='SELECT organization_id, event_id FROM gone')}"
        f" UNION ALL {OF_GUEST.format(rows='gone')}",
    ),
    "calendars": (
        """SELECT organization_id, owner_id, 'access', id FROM made
           UNION ALL SELECT organization_id, organization_id, 'access', id FROM made WHERE is_public""",
        """SELECT organization_id, id, 'calendar', id FROM made
           UNION ALL
           SELECT n.organization_id, unnest(ARRAY[n.owner_id, o.owner_id]), 'access', n.id
           FROM made n JOIN gone o ON o.organization_id = n.organization_id AND o.id = n.id
           WHERE n.owner_id <> o.owner_id
           UNION ALL
           SELECT n.organization_id, n.organization_id, 'access', n.id
           FROM made n JOIN gone o ON o.organization_id = n.organization_id AND o.id = n.id
           WHERE n.is_public <> o.is_public""",
        """SELECT organization_id, owner_id, 'access', id FROM gone
           UNION ALL SELECT organization_id, organization_id, 'access', id FROM gone WHERE is_public""",
    ),
    "calendar_shares": (
        GRANTED.format(rows="made"),
        f"{GRANTED.format(rows='made')} UNION ALL {GRANTED.format(rows='gone')}",
        GRANTED.format(rows="gone"),
    ),
    "calendar_subscriptions": (
        LISTED.format(rows="made"),
        LISTED.format(rows="made"),
        LISTED.format(rows="gone"),
    ),
}
OPERATIONS = {
    "INSERT": "REFERENCING NEW TABLE AS made",
    "UPDATE": "REFERENCING OLD TABLE AS gone NEW TABLE AS made",
    "DELETE": "REFERENCING OLD TABLE AS gone",
}
# Which life of which database cluster this is: after a restore, transactions are counted from somewhere else, and places
# in the feed that were given out before mean nothing.
CLUSTER_LIFE = """
CREATE FUNCTION cluster_life() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.system_identifier || '-' || c.timeline_id FROM pg_control_system() s, pg_control_checkpoint() c
$$
"""


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('event', 'calendar', 'access')", name=op.f("ck_changes_kind")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_changes_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "stream_id", "kind", "object_id", name=op.f("pk_changes")),
    )
    op.create_index(
        op.f("ix_changes_organization_id_stream_id_xid_object_id"),
        "changes",
        ["organization_id", "stream_id", "xid", "object_id"],
        unique=False,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_idempotency_keys_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_idempotency_keys_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        op.f("ix_idempotency_keys_organization_id_user_id_created_at"),
        "idempotency_keys",
        ["organization_id", "user_id", "created_at"],
        unique=False,
    )
    # A calendar's events by id, for whoever begins to follow it.
    op.create_index(
        op.f("ix_events_organization_id_calendar_id_id"),
        "events",
        ["organization_id", "calendar_id", "id"],
        unique=False,
    )
    for table in OWNED:
        op.execute(f"CREATE POLICY company ON {table} USING (organization_id = {COMPANY})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table, touched in TOUCHED.items():
        for (operation, rows), query in zip(OPERATIONS.items(), touched, strict=True):
            name = f"note_{table}_{operation.lower()}"
            note = NOTE.format(touched=query, condition=COMPANY_LIVES if operation == "DELETE" else "true")
            written = "gone" if operation == "DELETE" else "made"
            op.execute(FUNCTION.format(name=name, note=note, rows=written))
            op.execute(f"""
                CREATE TRIGGER changes_{operation.lower()} AFTER {operation} ON {table} {rows}
                FOR EACH STATEMENT EXECUTE FUNCTION {name}()
            """)
    op.execute(CLUSTER_LIFE)


def downgrade() -> None:
    op.execute("DROP FUNCTION cluster_life")
    for table in TOUCHED:
        for operation in OPERATIONS:
            op.execute(f"DROP TRIGGER changes_{operation.lower()} ON {table}")
            op.execute(f"DROP FUNCTION note_{table}_{operation.lower()}")
    op.drop_index(op.f("ix_events_organization_id_calendar_id_id"), table_name="events")
    op.drop_index(op.f("ix_idempotency_keys_organization_id_user_id_created_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index(op.f("ix_changes_organization_id_stream_id_xid_object_id"), table_name="changes")
    op.drop_table("changes")
