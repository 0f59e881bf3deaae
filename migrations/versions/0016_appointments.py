"""Bookable times: kinds of appointment, taken slots, who booked them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COMPANY = "(SELECT current_company())"
OWNED = (
    "appointment_days",
    "appointment_hosts",
    "appointment_kinds",
    "appointments",
    "availability_slots",
    "slot_hosts",
)
# What people decide for the company, by column. What becomes of an appointment, its meeting says.
RECORDED = {
    "appointment_kinds": (
        "name, mode, durations, hours, time_zone, capacity, place, room_id, needs_approval, notice_minutes, window_days,"
        " max_per_day, max_per_week, questions, is_public, is_active"
    ),
}
# For links and pages, which come before there is a company, and for the rounds of the workers.
LOOKED_THROUGH = {"appointment_kinds": "is_public AND is_active", "appointments": "act_at IS NOT NULL"}
FUNCTIONS = {
    "companies_with_appointments_due() RETURNS SETOF uuid": """
        SELECT o.id FROM organizations o
        WHERE o.deleted_at IS NULL AND EXISTS (
            SELECT FROM appointments a WHERE a.organization_id = o.id AND a.act_at <= now()
        )
    """,
    "company_of_appointment_kind(key text) RETURNS uuid": """
        SELECT k.organization_id FROM appointment_kinds k
        JOIN organizations o ON o.id = k.organization_id AND o.deleted_at IS NULL
        WHERE k.public_key = key AND k.is_public AND k.is_active
    """,
}
FUNCTION = """
    CREATE FUNCTION {signature}
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        {body}
    $$
"""
# What hosts do with the meeting of a slot, the slot follows: moved, it keeps nobody any more, since the meeting makes
# them busy by itself, and whoever booked is reminded of the new time; cancelled or deleted, it does not take place.
FOLLOW = """
    CREATE FUNCTION slots_follow_event() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE slot_hosts h SET during = 'empty'
        FROM availability_slots s
        WHERE s.organization_id = OLD.organization_id AND s.event_id = OLD.id
          AND h.organization_id = s.organization_id AND h.slot_id = s.id AND NOT isempty(h.during);
        IF TG_OP = 'DELETE' OR NEW.status = 'cancelled' THEN
            UPDATE appointments a
            SET state = 'cancelled', act_at = NULL, version = a.version + 1, updated_at = now()
            FROM availability_slots s
            WHERE s.organization_id = OLD.organization_id AND s.event_id = OLD.id
              AND a.organization_id = s.organization_id AND a.slot_id = s.id
              AND a.state IN ('held', 'unconfirmed', 'pending', 'confirmed');
            RETURN OLD;
        END IF;
        UPDATE appointments a SET act_at = now(), reminded = '{}'
        FROM availability_slots s
        WHERE s.organization_id = NEW.organization_id AND s.event_id = NEW.id
          AND a.organization_id = s.organization_id AND a.slot_id = s.id AND a.state = 'confirmed';
        UPDATE availability_slots
        SET starts_at = NEW.start_time, ends_at = greatest(NEW.end_time, NEW.start_time + interval '1 minute')
        WHERE organization_id = NEW.organization_id AND event_id = NEW.id;
        RETURN NEW;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "appointment_kinds",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(5000), nullable=True),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("durations", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("buffer_before_minutes", sa.Integer(), nullable=False),
        sa.Column("buffer_after_minutes", sa.Integer(), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("step_minutes", sa.Integer(), nullable=True),
        sa.Column("max_per_day", sa.Integer(), nullable=True),
        sa.Column("max_per_week", sa.Integer(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(500), nullable=True),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("hours", postgresql.INT4MULTIRANGE(), nullable=True),
        sa.Column("time_zone", sa.String(64), nullable=True),
        sa.Column("questions", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("reminder_minutes", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("change_until_minutes", sa.Integer(), nullable=False),
        sa.Column("max_moves", sa.Integer(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("public_key", sa.String(32), nullable=False),
        sa.CheckConstraint("mode IN ('one', 'collective', 'round_robin')", name=op.f("ck_appointment_kinds_mode")),
        sa.CheckConstraint(
            "buffer_before_minutes >= 0 AND buffer_after_minutes >= 0", name=op.f("ck_appointment_kinds_buffers")
        ),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_appointment_kinds_capacity")),
        sa.CheckConstraint(
            "cardinality(durations) > 0 AND 0 < ALL (durations)", name=op.f("ck_appointment_kinds_durations")
        ),
        sa.CheckConstraint("max_per_day > 0 AND max_per_week > 0", name=op.f("ck_appointment_kinds_at_most")),
        sa.CheckConstraint("step_minutes > 0", name=op.f("ck_appointment_kinds_step")),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_appointment_kinds_organization_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "room_id"],
            ["rooms.organization_id", "rooms.id"],
            name=op.f("fk_appointment_kinds_organization_id_room_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_appointment_kinds_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_appointment_kinds")),
        sa.UniqueConstraint("public_key", name=op.f("uq_appointment_kinds_public_key")),
    )
    op.create_index(
        op.f("ix_appointment_kinds_organization_id_name_id"),
        "appointment_kinds",
        ["organization_id", "name", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appointment_kinds_organization_id_owner_id"),
        "appointment_kinds",
        ["organization_id", "owner_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appointment_kinds_organization_id_room_id"),
        "appointment_kinds",
        ["organization_id", "room_id"],
        unique=False,
        postgresql_where=sa.text("room_id IS NOT NULL"),
    )
    op.create_table(
        "appointment_days",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hours", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "kind_id"],
            ["appointment_kinds.organization_id", "appointment_kinds.id"],
            name=op.f("fk_appointment_days_organization_id_kind_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_appointment_days_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "kind_id", "day", name=op.f("pk_appointment_days")),
    )
    op.create_table(
        "appointment_hosts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("last_given_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("weight > 0", name=op.f("ck_appointment_hosts_weight")),
        sa.ForeignKeyConstraint(
            ["organization_id", "kind_id"],
            ["appointment_kinds.organization_id", "appointment_kinds.id"],
            name=op.f("fk_appointment_hosts_organization_id_kind_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_appointment_hosts_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_appointment_hosts_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "kind_id", "user_id", name=op.f("pk_appointment_hosts")),
    )
    op.create_index(
        op.f("ix_appointment_hosts_organization_id_user_id"),
        "appointment_hosts",
        ["organization_id", "user_id"],
        unique=False,
    )
    op.create_table(
        "availability_slots",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_availability_slots_order")),
        sa.ForeignKeyConstraint(
            ["organization_id", "event_id"],
            ["events.organization_id", "events.id"],
            name=op.f("fk_availability_slots_organization_id_event_id"),
            ondelete="SET NULL (event_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "kind_id"],
            ["appointment_kinds.organization_id", "appointment_kinds.id"],
            name=op.f("fk_availability_slots_organization_id_kind_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_availability_slots_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_availability_slots")),
        sa.UniqueConstraint(
            "organization_id", "id", "capacity", name=op.f("uq_availability_slots_organization_id_id_capacity")
        ),
    )
    op.create_index(
        op.f("ix_availability_slots_organization_id_event_id"),
        "availability_slots",
        ["organization_id", "event_id"],
        unique=True,
    )
    op.create_index(
        op.f("ix_availability_slots_organization_id_kind_id_starts_at"),
        "availability_slots",
        ["organization_id", "kind_id", "starts_at"],
        unique=False,
    )
    op.create_table(
        "appointments",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=True),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("act_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.CheckConstraint(
            "state IN ('held', 'unconfirmed', 'pending', 'confirmed', 'cancelled', 'refused')",
            name=op.f("ck_appointments_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('held', 'unconfirmed') OR act_at IS NOT NULL", name=op.f("ck_appointments_held_ends")
        ),
        sa.CheckConstraint(
            "state NOT IN ('pending', 'confirmed') OR email IS NOT NULL", name=op.f("ck_appointments_is_somebodys")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_appointments_email_is_lower_case")),
        sa.CheckConstraint("seat BETWEEN 1 AND capacity", name=op.f("ck_appointments_seat")),
        sa.ForeignKeyConstraint(
            ["organization_id", "slot_id", "capacity"],
            ["availability_slots.organization_id", "availability_slots.id", "availability_slots.capacity"],
            name=op.f("fk_appointments_organization_id_slot_id_capacity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_appointments_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_appointments_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_appointments")),
    )
    op.create_index(
        "ix_appointments_due",
        "appointments",
        ["organization_id", "act_at"],
        unique=False,
        postgresql_where=sa.text("act_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_appointments_organization_id_address_created_at"),
        "appointments",
        ["organization_id", "address", "created_at"],
        unique=False,
        postgresql_where=sa.text("address IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_appointments_organization_id_created_at_id"),
        "appointments",
        ["organization_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appointments_organization_id_email"),
        "appointments",
        ["organization_id", "email"],
        unique=False,
        postgresql_where=sa.text("state IN ('held', 'unconfirmed', 'pending', 'confirmed')"),
    )
    op.create_index(
        op.f("ix_appointments_organization_id_slot_id"), "appointments", ["organization_id", "slot_id"], unique=False
    )
    op.create_index(
        op.f("ix_appointments_organization_id_user_id"),
        "appointments",
        ["organization_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_index(
        "uq_appointments_seat",
        "appointments",
        ["organization_id", "slot_id", "seat"],
        unique=True,
        postgresql_where=sa.text("state IN ('held', 'unconfirmed', 'pending', 'confirmed')"),
    )
    op.create_table(
        "slot_hosts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("user_id"), "="), (sa.column("during"), "&&"), using="gist", name="ex_slot_hosts_no_overlap"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "slot_id"],
            ["availability_slots.organization_id", "availability_slots.id"],
            name=op.f("fk_slot_hosts_organization_id_slot_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name=op.f("fk_slot_hosts_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_slot_hosts_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "slot_id", "user_id", name=op.f("pk_slot_hosts")),
    )
    op.create_index(
        op.f("ix_slot_hosts_organization_id_user_id"), "slot_hosts", ["organization_id", "user_id"], unique=False
    )
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
    op.execute(FOLLOW)
    op.execute(
        "CREATE TRIGGER follow_event AFTER UPDATE OF start_time, end_time, status ON events FOR EACH ROW"
        " WHEN ((OLD.start_time, OLD.end_time, OLD.status) IS DISTINCT FROM"
        " (NEW.start_time, NEW.end_time, NEW.status)) EXECUTE FUNCTION slots_follow_event()"
    )
    op.execute(
        "CREATE TRIGGER follow_deleted_event BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION slots_follow_event()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER follow_deleted_event ON events")
    op.execute("DROP TRIGGER follow_event ON events")
    op.execute("DROP FUNCTION slots_follow_event()")
    op.execute("DROP FUNCTION companies_with_appointments_due()")
    op.execute("DROP FUNCTION company_of_appointment_kind(text)")
    op.drop_table("slot_hosts")
    op.drop_table("appointments")
    op.drop_table("availability_slots")
    op.drop_table("appointment_hosts")
    op.drop_table("appointment_days")
    op.drop_table("appointment_kinds")
