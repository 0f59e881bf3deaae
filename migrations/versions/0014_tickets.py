"""Tickets, the desk behind them, and when people and companies are away."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COMPANY = "(SELECT current_company())"
OWNED = (
    *("absences", "company_days", "ticket_attachments", "ticket_categories", "ticket_changes", "ticket_entries"),
    *(
        "ticket_links",
        "ticket_mails",
        "ticket_marks",
        "ticket_numbers",
        "ticket_pauses",
        "ticket_queue_members",
        "ticket_queues",
    ),
    *("ticket_slas", "ticket_views", "ticket_watchers", "ticket_words", "tickets"),
)
# What people decide for the company, by column. What becomes of a ticket stands in its own history.
RECORDED = {
    "absences": "user_id, kind, first_day, last_day, substitute_id",
    "ticket_categories": "name, queue_id, type, priority, approval, approver_id, is_active",
    "ticket_queues": (
        "name, is_default, is_active, is_for_it, assignment, email, unknown_senders, service_hours, time_zone,"
        " holiday_country, reopen_days"
    ),
}
TYPES = (
    *("invitation", "event_changed", "event_cancelled", "answer", "proposal"),
    *("comment", "mention", "room", "room_request", "message", "reminder"),
)
NEW_TYPES = ("ticket", "ticket_work", "ticket_due", "ticket_approval")
REASONS = (
    *("participant", "organizer", "mentioned", "commented"),
    *("booked", "approver", "waiting", "addressed", "asked", "administrator"),
)
MORE_VALUES = {
    ("notifications", "type"): (TYPES, NEW_TYPES),
    ("notifications", "reason"): (REASONS, ("requester", "watcher", "assignee", "queue")),
    ("notification_choices", "type"): (TYPES, NEW_TYPES),
}
# For the rounds of the workers and for mail, which comes before there is a company: what the owner's functions read.
LOOKED_THROUGH = {"tickets": "act_at IS NOT NULL", "ticket_queues": "email IS NOT NULL"}
FUNCTIONS = {
    "companies_with_tickets_due() RETURNS SETOF uuid": """
        SELECT o.id FROM organizations o
        WHERE o.deleted_at IS NULL AND EXISTS (
            SELECT FROM tickets t WHERE t.organization_id = o.id AND t.act_at <= now()
        )
    """,
    # Whose queue one of these addresses is: the first of them that is any.
    "ticket_queue_of(addresses text[]) RETURNS TABLE (company uuid, queue uuid)": """
        SELECT q.organization_id, q.id
        FROM unnest(addresses) WITH ORDINALITY a (email, place)
        JOIN ticket_queues q ON q.email = a.email AND q.is_active
        JOIN organizations o ON o.id = q.organization_id AND o.deleted_at IS NULL
        ORDER BY a.place LIMIT 1
    """,
}
FUNCTION = """
    CREATE FUNCTION {signature}
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        {body}
    $$
"""
TRANSITION = """
    CREATE FUNCTION check_ticket_state() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (OLD.state, NEW.state) NOT IN (
            ('new', 'open'), ('new', 'pending'), ('new', 'resolved'), ('new', 'closed'),
            ('open', 'pending'), ('open', 'resolved'), ('open', 'closed'),
            ('pending', 'open'), ('pending', 'resolved'), ('pending', 'closed'),
            ('resolved', 'open'), ('resolved', 'closed'), ('closed', 'open')
        ) THEN
            RAISE EXCEPTION 'a ticket goes not from % to %', OLD.state, NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_tickets_transition';
        END IF;
        RETURN NEW;
    END $$
"""
# Two links that close a circle together wait for each other: the lock is the company's.
CIRCLE = """
    CREATE FUNCTION check_ticket_links() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('ticket_links:' || NEW.organization_id, 0));
        IF EXISTS (
            WITH RECURSIVE reached (id) AS (
                SELECT NEW.other_id
                UNION
                SELECT l.other_id FROM reached r
                JOIN ticket_links l
                  ON l.organization_id = NEW.organization_id AND l.ticket_id = r.id AND l.kind = NEW.kind
            )
            SELECT FROM reached WHERE id = NEW.ticket_id
        ) THEN
            RAISE EXCEPTION 'links in a circle'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ticket_links_no_circle';
        END IF;
        RETURN NULL;
    END $$
"""
# The words of what everybody reads: number and title (A), people (B), answers and files (C), the text (D); and the same
# with notes and internal files, apart, so that no search of somebody else ever meets them.
REFRESH = """
    CREATE FUNCTION refresh_ticket_words(company uuid, tickets uuid[]) RETURNS void LANGUAGE sql
    BEGIN ATOMIC
        INSERT INTO ticket_words (organization_id, ticket_id, created_at, document, internal)
        SELECT t.organization_id, t.id, t.created_at,
               everybody.document,
               everybody.document
               || setweight(words_vector(concat_words(left(said.notes, 200000), files.internal, '', '')), 'C')
        FROM public.tickets t
        LEFT JOIN users r ON r.organization_id = t.organization_id AND r.id = t.requester_id
        LEFT JOIN users a ON a.organization_id = t.organization_id AND a.id = t.assignee_id
        CROSS JOIN LATERAL (
            SELECT string_agg(e.body, ' ') FILTER (WHERE e.kind = 'reply') AS replies,
                   string_agg(e.body, ' ') FILTER (WHERE e.kind = 'note') AS notes
            FROM ticket_entries e WHERE e.organization_id = t.organization_id AND e.ticket_id = t.id
        ) said
        CROSS JOIN LATERAL (
            SELECT string_agg(f.name, ' ') FILTER (WHERE NOT f.is_internal) AS shown,
                   string_agg(f.name, ' ') FILTER (WHERE f.is_internal) AS internal
            FROM ticket_attachments f WHERE f.organization_id = t.organization_id AND f.ticket_id = t.id
        ) files
        CROSS JOIN LATERAL (
            SELECT setweight(words_vector(concat_words(t.number::text, t.title, '', '')), 'A')
                   || setweight(words_vector(concat_words(
                          r.full_name, concat_words(t.requester_name, t.requester_email, '', ''), a.full_name, ''
                      )), 'B')
                   || setweight(words_vector(concat_words(left(said.replies, 200000), files.shown, '', '')), 'C')
                   || setweight(words_vector(left(t.body, 100000)), 'D') AS document
        ) everybody
        WHERE t.organization_id = company AND t.id = ANY (refresh_ticket_words.tickets)
        ON CONFLICT (organization_id, ticket_id) DO UPDATE
        SET document = EXCLUDED.document, internal = EXCLUDED.internal
        WHERE (ticket_words.document, ticket_words.internal) IS DISTINCT FROM (EXCLUDED.document, EXCLUDED.internal);
    END
"""
WRITTEN = """
    CREATE FUNCTION learn_ticket_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('planner.words_later', true) = 'on' THEN
            RETURN NULL;
        END IF;
        PERFORM refresh_ticket_words(organization_id, array_agg(id)) FROM new_rows GROUP BY organization_id;
        RETURN NULL;
    END $$
"""
CHANGED = """
    CREATE FUNCTION learn_changed_ticket_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM refresh_ticket_words(n.organization_id, array_agg(n.id))
        FROM new_rows n JOIN old_rows o USING (organization_id, id)
        WHERE (n.title, n.body, n.requester_id, n.assignee_id, n.requester_name)
            IS DISTINCT FROM (o.title, o.body, o.requester_id, o.assignee_id, o.requester_name)
        GROUP BY n.organization_id;
        RETURN NULL;
    END $$
"""
# What is said at a ticket; and when it is merged, at both.
SAID = """
    CREATE FUNCTION learn_said_ticket_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('planner.words_later', true) = 'on' THEN
            RETURN NULL;
        END IF;
        PERFORM refresh_ticket_words(organization_id, array_agg(DISTINCT ticket_id)) FROM rows GROUP BY organization_id;
        RETURN NULL;
    END $$
"""
MOVED = """
    CREATE FUNCTION learn_moved_ticket_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM refresh_ticket_words(organization_id, array_agg(DISTINCT ticket_id))
        FROM (TABLE new_rows UNION ALL TABLE old_rows) moved GROUP BY organization_id;
        RETURN NULL;
    END $$
"""
RENAMED = """
    CREATE FUNCTION learn_renamed_ticket_words() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        entered text := coalesce(current_setting('planner.company', true), '');
        company uuid;
        renamed uuid[];
    BEGIN
        FOR company, renamed IN
            SELECT n.organization_id, array_agg(n.id) FROM new_rows n JOIN old_rows o USING (id)
            WHERE n.full_name IS DISTINCT FROM o.full_name AND n.organization_id IS NOT NULL
            GROUP BY n.organization_id
        LOOP
            PERFORM set_config('planner.company', company::text, true);
            PERFORM refresh_ticket_words(company, array_agg(t.id)) FROM tickets t
            WHERE t.organization_id = company AND (t.requester_id = ANY (renamed) OR t.assignee_id = ANY (renamed));
            PERFORM set_config('planner.company', entered, true);
        END LOOP;
        RETURN NULL;
    END $$
"""
BOTH = "OLD TABLE AS old_rows NEW TABLE AS new_rows"
TRIGGERS = (
    ("words_of_new", "tickets", "INSERT", "NEW TABLE AS new_rows", "learn_ticket_words"),
    ("words", "tickets", "UPDATE", BOTH, "learn_changed_ticket_words"),
    ("words_of_new", "ticket_entries", "INSERT", "NEW TABLE AS rows", "learn_said_ticket_words"),
    ("words", "ticket_entries", "UPDATE", BOTH, "learn_moved_ticket_words"),
    ("words_of_new", "ticket_attachments", "INSERT", "NEW TABLE AS rows", "learn_said_ticket_words"),
    ("words", "ticket_attachments", "UPDATE", BOTH, "learn_moved_ticket_words"),
    ("words_of_old", "ticket_attachments", "DELETE", "OLD TABLE AS rows", "learn_said_ticket_words"),
    ("ticket_words", "users", "UPDATE", BOTH, "learn_renamed_ticket_words"),
)
FOUND_BY_WORDS = {
    "refresh_ticket_words(uuid, uuid[])": REFRESH,
    "learn_ticket_words()": WRITTEN,
    "learn_changed_ticket_words()": CHANGED,
    "learn_said_ticket_words()": SAID,
    "learn_moved_ticket_words()": MOVED,
    "learn_renamed_ticket_words()": RENAMED,
}


def upgrade() -> None:
    op.create_table(
        "company_days",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_company_days_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "day", name=op.f("pk_company_days")),
    )
    op.create_table(
        "ticket_numbers",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ticket_numbers_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_ticket_numbers")),
    )
    op.create_table(
        "ticket_queues",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(1000), nullable=True),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_for_it", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("assignment", sa.String(20), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("unknown_senders", sa.String(10), nullable=False),
        sa.Column("service_hours", postgresql.INT4MULTIRANGE(), nullable=True),
        sa.Column("time_zone", sa.String(64), nullable=True),
        sa.Column("holiday_country", sa.String(2), nullable=True),
        sa.Column("reopen_days", sa.Integer(), server_default=sa.text("14"), nullable=False),
        sa.CheckConstraint(
            "assignment IN ('manual', 'round_robin', 'least_loaded')", name=op.f("ck_ticket_queues_assignment")
        ),
        sa.CheckConstraint(
            "service_hours <@ '{[0,10080)}'::int4multirange", name=op.f("ck_ticket_queues_service_hours")
        ),
        sa.CheckConstraint("unknown_senders IN ('ignore', 'accept')", name=op.f("ck_ticket_queues_unknown_senders")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_ticket_queues_email_is_lower_case")),
        sa.CheckConstraint("reopen_days >= 0", name=op.f("ck_ticket_queues_reopen_days")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_ticket_queues_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ticket_queues")),
    )
    op.create_index(
        "uq_ticket_queues_default",
        "ticket_queues",
        ["organization_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_index(
        "uq_ticket_queues_email", "ticket_queues", ["email"], unique=True, postgresql_where=sa.text("email IS NOT NULL")
    )
    op.create_index(
        "uq_ticket_queues_name",
        "ticket_queues",
        ["organization_id", sa.literal_column("lower(name::text)")],
        unique=True,
    )
    op.create_table(
        "ticket_slas",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.String(20), nullable=False),
        sa.Column("first_answer_minutes", sa.Integer(), nullable=True),
        sa.Column("resolution_minutes", sa.Integer(), nullable=True),
        sa.Column("warn_minutes", sa.Integer(), nullable=False),
        sa.Column("again_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_ticket_slas_priority")),
        sa.CheckConstraint("first_answer_minutes > 0 AND resolution_minutes > 0", name=op.f("ck_ticket_slas_minutes")),
        sa.CheckConstraint(
            "num_nonnulls(first_answer_minutes, resolution_minutes) > 0", name=op.f("ck_ticket_slas_promises")
        ),
        sa.CheckConstraint("warn_minutes >= 0 AND again_minutes >= 0", name=op.f("ck_ticket_slas_escalation")),
        sa.ForeignKeyConstraint(
            ["organization_id", "queue_id"],
            ["ticket_queues.organization_id", "ticket_queues.id"],
            name=op.f("fk_ticket_slas_organization_id_queue_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "queue_id", "priority", name=op.f("pk_ticket_slas")),
    )
    op.create_table(
        "absences",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("substitute_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(500), nullable=True),
        sa.CheckConstraint("kind IN ('vacation', 'sick', 'trip', 'other')", name=op.f("ck_absences_kind")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_absences_order")),
        sa.CheckConstraint("substitute_id <> user_id", name=op.f("ck_absences_substitute_is_another")),
        sa.ForeignKeyConstraint(
            ["organization_id", "substitute_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_absences_organization_id_substitute_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_absences_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_absences_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_absences")),
    )
    op.create_index(
        op.f("ix_absences_organization_id_first_day_id"),
        "absences",
        ["organization_id", "first_day", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_absences_organization_id_substitute_id"),
        "absences",
        ["organization_id", "substitute_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_absences_organization_id_user_id_first_day_id"),
        "absences",
        ["organization_id", "user_id", "first_day", "id"],
        unique=False,
    )
    op.create_table(
        "ticket_categories",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(1000), nullable=True),
        sa.Column("queue_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.String(20), nullable=True),
        sa.Column("priority", sa.String(20), nullable=True),
        sa.Column("approval", sa.String(10), nullable=False),
        sa.Column("approver_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint(
            "approval <> 'person' OR approver_id IS NOT NULL", name=op.f("ck_ticket_categories_approver")
        ),
        sa.CheckConstraint("approval IN ('nobody', 'manager', 'person')", name=op.f("ck_ticket_categories_approval")),
        sa.CheckConstraint(
            "priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_ticket_categories_priority")
        ),
        sa.CheckConstraint("type IN ('incident', 'request', 'question')", name=op.f("ck_ticket_categories_type")),
        sa.ForeignKeyConstraint(
            ["organization_id", "approver_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_ticket_categories_organization_id_approver_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "queue_id"],
            ["ticket_queues.organization_id", "ticket_queues.id"],
            name=op.f("fk_ticket_categories_organization_id_queue_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ticket_categories_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ticket_categories")),
    )
    op.create_index(
        op.f("ix_ticket_categories_organization_id_approver_id"),
        "ticket_categories",
        ["organization_id", "approver_id"],
        unique=False,
        postgresql_where=sa.text("approver_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_ticket_categories_organization_id_queue_id"),
        "ticket_categories",
        ["organization_id", "queue_id"],
        unique=False,
    )
    op.create_index(
        "uq_ticket_categories_name",
        "ticket_categories",
        ["organization_id", sa.literal_column("lower(name::text)")],
        unique=True,
    )
    op.create_table(
        "ticket_queue_members",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("queue_right", sa.String(10), nullable=False),
        sa.Column("takes_tickets", sa.Boolean(), nullable=False),
        sa.Column("last_given_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "NOT takes_tickets OR queue_right <> 'read'", name=op.f("ck_ticket_queue_members_takes_tickets")
        ),
        sa.CheckConstraint(
            "queue_right IN ('read', 'work', 'manage')", name=op.f("ck_ticket_queue_members_queue_right")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "queue_id"],
            ["ticket_queues.organization_id", "ticket_queues.id"],
            name=op.f("fk_ticket_queue_members_organization_id_queue_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_ticket_queue_members_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "queue_id", "user_id", name=op.f("pk_ticket_queue_members")),
    )
    op.create_index(
        op.f("ix_ticket_queue_members_organization_id_user_id"),
        "ticket_queue_members",
        ["organization_id", "user_id"],
        unique=False,
    )
    op.create_table(
        "ticket_views",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("is_shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("filters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sort", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_ticket_views_organization_id_owner_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_ticket_views_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ticket_views")),
        sa.UniqueConstraint(
            "organization_id", "owner_id", "name", name=op.f("uq_ticket_views_organization_id_owner_id_name")
        ),
    )
    op.create_index(
        op.f("ix_ticket_views_organization_id_created_at_id"),
        "ticket_views",
        ["organization_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "tickets",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("priority", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("requester_id", sa.Uuid(), nullable=True),
        sa.Column("requester_email", sa.String(254), nullable=True),
        sa.Column("requester_name", sa.String(200), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("equipment_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("pending_reason", sa.String(500), nullable=True),
        sa.Column("pending_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval", sa.String(10), nullable=True),
        sa.Column("approver_id", sa.Uuid(), nullable=True),
        sa.Column("first_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_answer_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated", postgresql.ARRAY(sa.String(length=30)), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("act_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column(
            "is_open", sa.Boolean(), sa.Computed("state IN ('new', 'open', 'pending')", persisted=True), nullable=False
        ),
        sa.Column(
            "priority_rank",
            sa.SmallInteger(),
            sa.Computed(
                "CASE priority WHEN 'urgent' THEN 4 WHEN 'high' THEN 3 WHEN 'normal' THEN 2 ELSE 1 END", persisted=True
            ),
            nullable=False,
        ),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_tickets_closed_at")),
        sa.CheckConstraint(
            "(state IN ('resolved', 'closed')) = (resolved_at IS NOT NULL)", name=op.f("ck_tickets_resolved_at")
        ),
        sa.CheckConstraint(
            "CASE WHEN state <> 'pending' THEN num_nonnulls(pending_reason, pending_until) = 0 ELSE num_nonnulls(pending_reason, pending_until) = 2 OR approval IS NOT DISTINCT FROM 'waiting' END",
            name=op.f("ck_tickets_pending_says_why"),
        ),
        sa.CheckConstraint("approval IN ('waiting', 'approved', 'refused')", name=op.f("ck_tickets_approval")),
        sa.CheckConstraint(
            "approval IS DISTINCT FROM 'waiting' OR approver_id IS NOT NULL", name=op.f("ck_tickets_somebody_approves")
        ),
        sa.CheckConstraint("merged_into_id IS NULL OR state = 'closed'", name=op.f("ck_tickets_merged_is_closed")),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_tickets_priority")),
        sa.CheckConstraint("source IN ('api', 'mail')", name=op.f("ck_tickets_source")),
        sa.CheckConstraint("state IN ('new', 'open', 'pending', 'resolved', 'closed')", name=op.f("ck_tickets_state")),
        sa.CheckConstraint("type IN ('incident', 'request', 'question')", name=op.f("ck_tickets_type")),
        sa.CheckConstraint("num_nonnulls(requester_id, requester_email) = 1", name=op.f("ck_tickets_one_requester")),
        sa.ForeignKeyConstraint(
            ["organization_id", "approver_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_tickets_organization_id_approver_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "assignee_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_tickets_organization_id_assignee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "category_id"],
            ["ticket_categories.organization_id", "ticket_categories.id"],
            name=op.f("fk_tickets_organization_id_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "created_by_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_tickets_organization_id_created_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "merged_into_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_tickets_organization_id_merged_into_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "queue_id"],
            ["ticket_queues.organization_id", "ticket_queues.id"],
            name=op.f("fk_tickets_organization_id_queue_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "requester_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_tickets_organization_id_requester_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_tickets_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_tickets_organization_id_number")),
    )
    op.create_index(
        op.f("ix_tickets_organization_id_act_at"),
        "tickets",
        ["organization_id", "act_at"],
        unique=False,
        postgresql_where=sa.text("act_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_tickets_organization_id_approver_id"),
        "tickets",
        ["organization_id", "approver_id"],
        unique=False,
        postgresql_where=sa.text("approver_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_tickets_organization_id_assignee_id_is_open_created_at_id"),
        "tickets",
        ["organization_id", "assignee_id", "is_open", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_category_id"),
        "tickets",
        ["organization_id", "category_id"],
        unique=False,
        postgresql_where=sa.text("category_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_tickets_organization_id_created_at_id"),
        "tickets",
        ["organization_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_event_id"),
        "tickets",
        ["organization_id", "event_id"],
        unique=False,
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_tickets_organization_id_is_open_created_at_id"),
        "tickets",
        ["organization_id", "is_open", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_merged_into_id"),
        "tickets",
        ["organization_id", "merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_tickets_organization_id_queue_id_created_at_id"),
        "tickets",
        ["organization_id", "queue_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_queue_id_is_open_created_at_id"),
        "tickets",
        ["organization_id", "queue_id", "is_open", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_queue_id_is_open_next_due_at_id"),
        "tickets",
        ["organization_id", "queue_id", "is_open", "next_due_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_queue_id_is_open_priority_rank_id"),
        "tickets",
        ["organization_id", "queue_id", "is_open", "priority_rank", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_queue_id_is_open_updated_at_id"),
        "tickets",
        ["organization_id", "queue_id", "is_open", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_queue_id_state_updated_at_id"),
        "tickets",
        ["organization_id", "queue_id", "state", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_requester_email_created_at"),
        "tickets",
        ["organization_id", "requester_email", "created_at"],
        unique=False,
        postgresql_where=sa.text("requester_id IS NULL"),
    )
    op.create_index(
        op.f("ix_tickets_organization_id_requester_id_created_at_id"),
        "tickets",
        ["organization_id", "requester_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_organization_id_room_id_created_at_id"),
        "tickets",
        ["organization_id", "room_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("room_id IS NOT NULL"),
    )
    op.create_table(
        "ticket_changes",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("field", sa.String(30), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("cause", sa.String(30), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "actor_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_ticket_changes_organization_id_actor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "ticket_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_changes_organization_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ticket_changes_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ticket_changes")),
    )
    op.create_index(
        op.f("ix_ticket_changes_organization_id_created_at"),
        "ticket_changes",
        ["organization_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ticket_changes_organization_id_ticket_id_created_at_id"),
        "ticket_changes",
        ["organization_id", "ticket_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "ticket_entries",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_email", sa.String(254), nullable=True),
        sa.Column("author_name", sa.String(200), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("mentions", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind <> 'note' OR author_id IS NOT NULL", name=op.f("ck_ticket_entries_notes_are_internal")
        ),
        sa.CheckConstraint("kind IN ('reply', 'note')", name=op.f("ck_ticket_entries_kind")),
        sa.CheckConstraint("source IN ('api', 'mail')", name=op.f("ck_ticket_entries_source")),
        sa.CheckConstraint("num_nonnulls(author_id, author_email) = 1", name=op.f("ck_ticket_entries_one_author")),
        sa.ForeignKeyConstraint(
            ["organization_id", "author_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_ticket_entries_organization_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "ticket_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_entries_organization_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ticket_entries_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ticket_entries")),
    )
    op.create_index(
        op.f("ix_ticket_entries_organization_id_ticket_id_created_at_id"),
        "ticket_entries",
        ["organization_id", "ticket_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "ticket_attachments",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("uploaded_by_id", sa.Uuid(), nullable=True),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("storage_key", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "ticket_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_attachments_organization_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "entry_id"],
            ["ticket_entries.organization_id", "ticket_entries.id"],
            name=op.f("fk_ticket_attachments_organization_id_entry_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "uploaded_by_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_ticket_attachments_organization_id_uploaded_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_ticket_attachments_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ticket_attachments")),
    )
    op.create_index(
        op.f("ix_ticket_attachments_organization_id_storage_key"),
        "ticket_attachments",
        ["organization_id", "storage_key"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ticket_attachments_organization_id_ticket_id_created_at_id"),
        "ticket_attachments",
        ["organization_id", "ticket_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ticket_attachments_organization_id_entry_id"),
        "ticket_attachments",
        ["organization_id", "entry_id"],
        unique=False,
        postgresql_where=sa.text("entry_id IS NOT NULL"),
    )
    op.create_table(
        "ticket_links",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('blocks', 'duplicates', 'caused_by')", name=op.f("ck_ticket_links_kind")),
        sa.CheckConstraint("ticket_id <> other_id", name=op.f("ck_ticket_links_two_tickets")),
        sa.ForeignKeyConstraint(
            ["organization_id", "other_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_links_organization_id_other_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "ticket_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_links_organization_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_ticket_links_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ticket_links")),
        sa.UniqueConstraint(
            "organization_id",
            "ticket_id",
            "kind",
            "other_id",
            name=op.f("uq_ticket_links_organization_id_ticket_id_kind_other_id"),
        ),
    )
    op.create_index(
        op.f("ix_ticket_links_organization_id_other_id"), "ticket_links", ["organization_id", "other_id"], unique=False
    )
    op.create_table(
        "ticket_mails",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("message_hash", sa.String(64), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.String(254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "ticket_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_mails_organization_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_ticket_mails_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "message_hash", name=op.f("pk_ticket_mails")),
    )
    op.create_index(
        op.f("ix_ticket_mails_organization_id_sender_created_at"),
        "ticket_mails",
        ["organization_id", "sender", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ticket_mails_organization_id_ticket_id"),
        "ticket_mails",
        ["organization_id", "ticket_id"],
        unique=False,
    )
    op.create_table(
        "ticket_marks",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("equipment_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "ticket_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_marks_organization_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "ticket_id", name=op.f("pk_ticket_marks")),
    )
    op.create_index(
        op.f("ix_ticket_marks_organization_id_equipment_id"),
        "ticket_marks",
        ["organization_id", "equipment_id"],
        unique=False,
    )
    op.create_table(
        "ticket_pauses",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'open', 'pending', 'resolved', 'closed')", name=op.f("ck_ticket_pauses_state")
        ),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_ticket_pauses_order")),
        sa.ForeignKeyConstraint(
            ["organization_id", "ticket_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_pauses_organization_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_ticket_pauses_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_ticket_pauses")),
    )
    op.create_index(
        op.f("ix_ticket_pauses_organization_id_ticket_id_started_at"),
        "ticket_pauses",
        ["organization_id", "ticket_id", "started_at"],
        unique=False,
    )
    op.create_index(
        "uq_ticket_pauses_running",
        "ticket_pauses",
        ["organization_id", "ticket_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "ticket_watchers",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "ticket_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_watchers_organization_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_ticket_watchers_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "ticket_id", "user_id", name=op.f("pk_ticket_watchers")),
    )
    op.create_index(
        op.f("ix_ticket_watchers_organization_id_user_id_ticket_id"),
        "ticket_watchers",
        ["organization_id", "user_id", "ticket_id"],
        unique=False,
    )
    op.create_table(
        "ticket_words",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.Column("internal", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "ticket_id"],
            ["tickets.organization_id", "tickets.id"],
            name=op.f("fk_ticket_words_organization_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "ticket_id", name=op.f("pk_ticket_words")),
    )
    op.create_index(
        "ix_ticket_words_internal",
        "ticket_words",
        ["organization_id", "internal"],
        unique=False,
        postgresql_using="gin",
    )
    op.add_column("notifications", sa.Column("ticket_id", sa.Uuid(), nullable=True))
    for (table, column), (before, more) in MORE_VALUES.items():
        _allow(table, column, (*before, *more))
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
    for signature, body in FUNCTIONS.items():
        op.execute(FUNCTION.format(signature=signature, body=body))
    op.execute(TRANSITION)
    op.execute(
        "CREATE TRIGGER transition BEFORE UPDATE OF state ON tickets FOR EACH ROW"
        " WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_ticket_state()"
    )
    op.execute(CIRCLE)
    op.execute(
        "CREATE TRIGGER no_circle AFTER INSERT OR UPDATE OF ticket_id, other_id, kind ON ticket_links"
        " FOR EACH ROW EXECUTE FUNCTION check_ticket_links()"
    )
    for body in FOUND_BY_WORDS.values():
        op.execute(body)
    for name, table, operation, rows, function in TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} AFTER {operation} ON {table} REFERENCING {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
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
    for name, table, _, _, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for function in reversed(FOUND_BY_WORDS):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP TRIGGER no_circle ON ticket_links")
    op.execute("DROP TRIGGER transition ON tickets")
    op.execute("DROP FUNCTION check_ticket_links()")
    op.execute("DROP FUNCTION check_ticket_state()")
    op.execute("DROP FUNCTION companies_with_tickets_due()")
    op.execute("DROP FUNCTION ticket_queue_of(text[])")
    # What was not known before goes with it.
    for (table, column), (before, more) in MORE_VALUES.items():
        listed = ", ".join(f"'{value}'" for value in more)
        _as_owner(table, f"DELETE FROM {table} WHERE {column} IN ({listed})")
        _allow(table, column, before)
    op.drop_column("notifications", "ticket_id")
    op.drop_table("ticket_words")
    op.drop_table("ticket_watchers")
    op.drop_table("ticket_pauses")
    op.drop_table("ticket_marks")
    op.drop_table("ticket_mails")
    op.drop_table("ticket_links")
    op.drop_table("ticket_attachments")
    op.drop_table("ticket_entries")
    op.drop_table("ticket_changes")
    op.drop_table("tickets")
    op.drop_table("ticket_views")
    op.drop_table("ticket_queue_members")
    op.drop_table("ticket_categories")
    op.drop_table("absences")
    op.drop_table("ticket_slas")
    op.drop_table("ticket_queues")
    op.drop_table("ticket_numbers")
    op.drop_table("company_days")
