"""Row-level security: a second lock behind every query, which shows the rows of the company that was entered.

The context is three settings of the transaction (or, for requests that only read, of the connection until the next one
enters): planner.company, planner.installation and, for the record of writes, who and from where. Only functions that
run as the owner of the tables look further, and only for what comes before there is a company: signing in, registering,
and the rounds of the workers.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A sub-select is computed once a statement; the bare call, once a row wherever it is no index condition.
COMPANY = "(SELECT current_company())"
INSTALLATION = "(SELECT is_installation())"
OWNED = (
    "departments",
    "invitations",
    "calendars",
    "events",
    "event_participants",
    "event_occurrences",
    "rooms",
    "room_bookings",
    "outbox_messages",
    "handovers",
    "handover_items",
)
# What an administrator of the installation sees of all companies.
KEPT_BY_THE_INSTALLATION = {
    "organizations": "id",
    "organization_domains": "organization_id",
    "users": "organization_id",
    "auth_sessions": "organization_id",
}
# What the owner's own functions look through.
LOOKED_THROUGH = ("organizations", "organization_domains", "users", "auth_sessions", "outbox_messages")
CONTEXT = (
    """
    CREATE FUNCTION current_company() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('planner.company', true), '')::uuid
    """,
    """
    CREATE FUNCTION is_installation() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('planner.installation', true), '') = 'on'
    """,
    """
    CREATE FUNCTION enter_company(
        company uuid, installation boolean, actor uuid, origin text, request text, until_commit boolean
    ) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM set_config('planner.company', coalesce(company::text, ''), until_commit),
                set_config('planner.installation', CASE WHEN installation THEN 'on' ELSE '' END, until_commit),
                set_config('planner.actor', coalesce(actor::text, ''), until_commit),
                set_config('planner.origin', coalesce(origin, ''), until_commit),
                set_config('planner.request', coalesce(request, ''), until_commit);
    END $$
    """,
)
OWNERS_FUNCTIONS = (
    # The actor behind a session, and in the same round trip the entry into the actor's company.
    """
    CREATE FUNCTION authenticate(session uuid, person uuid, origin text, request text, until_commit boolean)
    RETURNS TABLE (
        company uuid, role text, own_zone text, company_zone text, org_structure boolean, tickets boolean
    ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        SELECT u.organization_id, u.role, u.time_zone, o.time_zone, u.access_org_structure, u.access_tickets
        INTO company, role, own_zone, company_zone, org_structure, tickets
        FROM auth_sessions s
        JOIN users u ON u.id = s.user_id
        LEFT JOIN organizations o ON o.id = u.organization_id
        WHERE s.id = session AND s.user_id = person AND s.revoked_at IS NULL AND s.expires_at > now()
          AND u.is_active AND o.deleted_at IS NULL;
        IF FOUND THEN
            PERFORM enter_company(company, company IS NULL, person, origin, request, until_commit);
            RETURN NEXT;
        ELSE
            PERFORM enter_company(NULL, false, NULL, origin, request, until_commit);
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION find_account(address text, OUT person uuid, OUT company uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT u.id, u.organization_id FROM users u LEFT JOIN organizations o ON o.id = u.organization_id
        WHERE u.email = address AND o.deleted_at IS NULL
    $$
    """,
    """
    CREATE FUNCTION find_session(session uuid, OUT person uuid, OUT company uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT s.user_id, s.organization_id FROM auth_sessions s
        LEFT JOIN organizations o ON o.id = s.organization_id
        WHERE s.id = session AND o.deleted_at IS NULL
    $$
    """,
    """
    CREATE FUNCTION company_of_domain(address_domain text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT d.organization_id FROM organization_domains d JOIN organizations o ON o.id = d.organization_id
        WHERE d.domain = address_domain AND o.deleted_at IS NULL
    $$
    """,
    """
    CREATE FUNCTION first_company() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT id FROM organizations WHERE deleted_at IS NULL ORDER BY created_at, id LIMIT 1
    $$
    """,
    # For the rounds of the workers: every company, or those that were deleted, or those with mail to send.
    """
    CREATE FUNCTION all_companies() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT id FROM organizations WHERE deleted_at IS NULL ORDER BY id
    $$
    """,
    """
    CREATE FUNCTION deleted_companies() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT id FROM organizations WHERE deleted_at IS NOT NULL ORDER BY id
    $$
    """,
    """
    CREATE FUNCTION companies_with_mail() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT DISTINCT organization_id FROM outbox_messages
        WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= now()
    $$
    """,
    # How many administrators the installation has, of any company: the first start makes one when there is none.
    """
    CREATE FUNCTION has_admin() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT EXISTS (SELECT FROM users WHERE users.role = 'admin')
    $$
    """,
    # The record of a company that was deleted goes with it; of any other, this removes nothing.
    """
    CREATE FUNCTION forget_company(company uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DELETE FROM audit_log WHERE organization_id = company AND object_type <> 'organizations'
          AND EXISTS (SELECT FROM organizations WHERE id = company AND deleted_at IS NOT NULL)
    $$
    """,
)
NAMES = (
    "authenticate",
    "find_account",
    "find_session",
    "company_of_domain",
    "first_company",
    "all_companies",
    "deleted_companies",
    "companies_with_mail",
    "has_admin",
    "forget_company",
    "enter_company",
    "is_installation",
    "current_company",
)


def upgrade() -> None:
    for statement in (*CONTEXT, *OWNERS_FUNCTIONS):
        op.execute(statement)
    for table in OWNED:
        op.execute(f"CREATE POLICY company ON {table} USING (organization_id = {COMPANY})")
    for table, column in KEPT_BY_THE_INSTALLATION.items():
        op.execute(f"CREATE POLICY company ON {table} USING ({column} = {COMPANY} OR {INSTALLATION})")
    for table in LOOKED_THROUGH:
        op.execute(f"CREATE POLICY owners_functions ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(
        "CREATE POLICY company ON audit_log FOR SELECT"
        f" USING (organization_id = {COMPANY} OR {INSTALLATION} AND object_type IN ('organizations', 'users'))"
    )
    op.execute("CREATE POLICY owners_functions ON audit_log TO CURRENT_USER USING (true) WITH CHECK (true)")
    for table in (*OWNED, *KEPT_BY_THE_INSTALLATION, "audit_log"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table in (*OWNED, *KEPT_BY_THE_INSTALLATION, "audit_log"):
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"DROP POLICY company ON {table}")
    for table in (*LOOKED_THROUGH, "audit_log"):
        op.execute(f"DROP POLICY owners_functions ON {table}")
    for name in NAMES:
        op.execute(f"DROP FUNCTION {name}")
