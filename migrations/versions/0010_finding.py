"""Finding a time: what a person organizes in a window is one index scan."""

from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_events_organizer_span", "events", ["organizer_id", "span"], postgresql_using="gist")


def downgrade() -> None:
    op.drop_index("ix_events_organizer_span", table_name="events")
