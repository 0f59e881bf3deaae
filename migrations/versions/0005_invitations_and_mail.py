"""Names in invitations, lists of companies, mail of one person; the domains of all companies for the installation."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# As it was, `name` meant the company's name.
COMPANY_OF_DOMAIN = """
    CREATE OR REPLACE FUNCTION company_of_domain(name text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT d.organization_id FROM organization_domains d JOIN organizations o ON o.id = d.organization_id
        WHERE d.domain = company_of_domain.name AND o.deleted_at IS NULL
    $$
"""
OWN = "organization_id = (SELECT current_company())"


def upgrade() -> None:
    op.add_column("invitations", sa.Column("full_name", sa.String(200), nullable=True))
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
    op.execute(COMPANY_OF_DOMAIN)
    # An e-mail domain is one of the settings of a company, which an administrator of the installation keeps.
    op.execute(f"ALTER POLICY company ON organization_domains USING ({OWN} OR (SELECT is_installation()))")


def downgrade() -> None:
    op.execute(f"ALTER POLICY company ON organization_domains USING ({OWN})")
    op.drop_index(op.f("ix_outbox_messages_organization_id_created_at"), table_name="outbox_messages")
    op.drop_index(op.f("ix_outbox_messages_organization_id_recipient_created_at"), table_name="outbox_messages")
    op.drop_index(op.f("ix_organizations_created_at_id"), table_name="organizations")
    op.drop_index(op.f("ix_organizations_name_id"), table_name="organizations")
    op.drop_column("invitations", "full_name")
