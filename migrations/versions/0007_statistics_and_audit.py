"""What one person organizes; the record by kind of object, and of companies and people for the installation."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_events_organization_id_organizer_id"), "events", ["organization_id", "organizer_id"], unique=False
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


def downgrade() -> None:
    op.drop_index("ix_audit_log_installation", table_name="audit_log")
    op.drop_index(op.f("ix_audit_log_organization_id_object_type_at_id"), table_name="audit_log")
    op.drop_index(op.f("ix_events_organization_id_organizer_id"), table_name="events")
