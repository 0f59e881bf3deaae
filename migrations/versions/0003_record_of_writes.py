"""Every write leaves a row in audit_log. A trigger writes it, as the owner of the tables: nobody else can."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WRITE_AUDIT = """
CREATE FUNCTION write_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    -- Derived or mechanical: what nobody decided.
    mechanical constant text[] := '{updated_at,version,search_text,span,expanded_until,tzdata_version,generation,
                                    refreshed_at,expires_at}';
    secrets constant text[] := '{hashed_password,token_hash}';
    old_row jsonb;
    new_row jsonb;
    company uuid;
    secret text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        old_row := to_jsonb(OLD) - mechanical;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        new_row := to_jsonb(NEW) - mechanical;
    END IF;
    FOREACH secret IN ARRAY secrets LOOP
        IF coalesce(new_row, old_row) ? secret THEN
            IF old_row -> secret <> new_row -> secret THEN
                new_row := new_row || jsonb_build_object(secret, '*** (changed)');
            ELSE
                new_row := new_row || jsonb_build_object(secret, '***');
            END IF;
            old_row := old_row || jsonb_build_object(secret, '***');
        END IF;
    END LOOP;
    IF TG_TABLE_NAME = 'organizations' THEN
        company := coalesce(new_row, old_row) ->> 'id';
    ELSE
        company := coalesce(new_row, old_row) ->> 'organization_id';
        -- A company that was deleted is taken away as a whole, and its record with it.
        IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM organizations WHERE id = company AND deleted_at IS NOT NULL) THEN
            RETURN NULL;
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF old_row = new_row THEN
            RETURN NULL;
        END IF;
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, n.value)
        INTO old_row, new_row
        FROM jsonb_each(old_row) o JOIN jsonb_each(new_row) n ON n.key = o.key
        WHERE o.value <> n.value;
    END IF;
    INSERT INTO audit_log
        (organization_id, actor_id, origin, request_id, action, object_type, object_id, before, after)
    VALUES (
        company,
        nullif(current_setting('planner.actor', true), '')::uuid,
        nullif(current_setting('planner.origin', true), ''),
        nullif(current_setting('planner.request', true), ''),
        CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END,
        TG_TABLE_NAME,
        CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END,
        old_row,
        new_row
    );
    RETURN NULL;
END $$
"""
# Occurrences and bookings follow from events, the outbox from invitations; a handover's items are in its objects.
RECORDED = (
    "organizations",
    "organization_domains",
    "departments",
    "users",
    "invitations",
    "calendars",
    "events",
    "event_participants",
    "rooms",
    "handovers",
)


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("origin", sa.String(64), nullable=True),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("object_type", sa.String(50), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("action IN ('created', 'changed', 'deleted')", name=op.f("ck_audit_log_action")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(
        op.f("ix_audit_log_organization_id_actor_id_at_id"),
        "audit_log",
        ["organization_id", "actor_id", "at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_audit_log_organization_id_at_id"), "audit_log", ["organization_id", "at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_audit_log_organization_id_object_id_at_id"),
        "audit_log",
        ["organization_id", "object_id", "at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_audit_log_organization_id_object_type_at_id"),
        "audit_log",
        ["organization_id", "object_type", "at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_audit_log_installation",
        "audit_log",
        ["at", "id"],
        unique=False,
        postgresql_where=sa.text("object_type IN ('organizations', 'users')"),
    )
    op.execute(WRITE_AUDIT)
    for table in RECORDED:
        op.execute(f"""
            CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION write_audit()
        """)
    # Signing in and out; a renewed token is no news.
    op.execute("""
        CREATE TRIGGER audit AFTER INSERT OR UPDATE OF revoked_at ON auth_sessions
        FOR EACH ROW EXECUTE FUNCTION write_audit()
    """)


def downgrade() -> None:
    for table in (*RECORDED, "auth_sessions"):
        op.execute(f"DROP TRIGGER audit ON {table}")
    op.execute("DROP FUNCTION write_audit()")
    op.drop_table("audit_log")
