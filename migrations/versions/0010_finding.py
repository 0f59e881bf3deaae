"""Finding a time and an event: what a person organizes in a window, and the words of every event."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COMPANY = "(SELECT current_company())"
# Letters and digits only, so that what is written and what is searched for fall into the same words.
PLAIN_WORDS = """
CREATE FUNCTION plain_words(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(replace(lower(coalesce(words, '')), 'ё', 'е'), '[^[:alnum:]]+', ' ', 'g')
"""
# The stems of Russian and of English words (the Russian configuration takes Latin letters for English), and the words as
# they are, by which beginnings and phrases are found. A word that is taken out again keeps the parts from being neighbours.
WORDS_VECTOR = """
CREATE FUNCTION words_vector(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ts_delete(
    to_tsvector('pg_catalog.russian'::regconfig, 'zzgap ' || plain_words(words))
    || to_tsvector('pg_catalog.simple'::regconfig, 'zzgap ' || plain_words(words)),
    'zzgap'
)
"""
# A word without an operator, or with :* behind it where it is the beginning of one. Null when nothing is asked.
EVENT_QUERY = """
CREATE FUNCTION event_query(words text[], phrases text[]) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT string_agg('(' || part::text || ')', ' & ')::tsquery FROM (
        SELECT to_tsquery('pg_catalog.russian'::regconfig, word) || to_tsquery('pg_catalog.simple'::regconfig, word)
        FROM unnest(words) word
        UNION ALL
        SELECT phraseto_tsquery('pg_catalog.simple'::regconfig, phrase) FROM unnest(phrases) phrase
    ) parts (part) WHERE numnode(part) > 0;
END
"""
# People are found where whoever reads the event sees them.
REFRESH = """
CREATE FUNCTION refresh_event_words(company uuid, events uuid[]) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO event_words (organization_id, event_id, document)
    SELECT e.organization_id, e.id,
           setweight(words_vector(e.title), 'A')
           || setweight(words_vector(concat_words(o.full_name, e.organizer_name, e.organizer_email, p.names)), 'B')
           || setweight(words_vector(e.location), 'C')
           || setweight(words_vector(left(e.description, 100000)), 'D')
    FROM events e
    JOIN users o ON o.organization_id = e.organization_id AND o.id = e.organizer_id
    CROSS JOIN LATERAL (
        SELECT string_agg(concat_words(u.full_name, g.name, g.email, ''), ' ' ORDER BY g.id) AS names
        FROM event_participants g
        LEFT JOIN users u ON u.organization_id = g.organization_id AND u.id = g.user_id
        WHERE g.organization_id = e.organization_id AND g.event_id = e.id AND e.guests_can_see_guests
    ) p
    WHERE e.organization_id = company AND e.id = ANY (events)
    ON CONFLICT (organization_id, event_id) DO UPDATE SET document = EXCLUDED.document
    WHERE event_words.document <> EXCLUDED.document;
END
"""
# Whoever writes many events with their participants in one transaction says planner.words_later, and then calls
# refresh_event_words once for all of them.
UNLESS_LATER = """IF current_setting('planner.words_later', true) = 'on' THEN
        RETURN NULL;
    END IF;"""
EVENTS_WRITTEN = f"""
CREATE FUNCTION learn_event_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {UNLESS_LATER}
    PERFORM refresh_event_words(organization_id, array_agg(id)) FROM new_rows GROUP BY organization_id;
    RETURN NULL;
END $$
"""
EVENTS_CHANGED = f"""
CREATE FUNCTION learn_changed_event_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {UNLESS_LATER}
    PERFORM refresh_event_words(n.organization_id, array_agg(n.id))
    FROM new_rows n JOIN old_rows o USING (organization_id, id)
    WHERE (n.title, n.description, n.location, n.organizer_id, n.organizer_name, n.organizer_email,
           n.guests_can_see_guests)
        IS DISTINCT FROM (o.title, o.description, o.location, o.organizer_id, o.organizer_name, o.organizer_email,
           o.guests_can_see_guests)
    GROUP BY n.organization_id;
    RETURN NULL;
END $$
"""
PARTICIPANTS_WRITTEN = f"""
CREATE FUNCTION learn_participants_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {UNLESS_LATER}
    PERFORM refresh_event_words(organization_id, array_agg(DISTINCT event_id)) FROM rows GROUP BY organization_id;
    RETURN NULL;
END $$
"""
PARTICIPANTS_CHANGED = f"""
CREATE FUNCTION learn_changed_participants_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {UNLESS_LATER}
    PERFORM refresh_event_words(n.organization_id, array_agg(DISTINCT n.event_id))
    FROM rows n JOIN old_rows o USING (organization_id, id)
    WHERE (n.user_id, n.email, n.name) IS DISTINCT FROM (o.user_id, o.email, o.name)
    GROUP BY n.organization_id;
    RETURN NULL;
END $$
"""
# Whoever renames people may have entered no company: an administrator of the installation.
PEOPLE_CHANGED = """
CREATE FUNCTION learn_renamed_people_words() RETURNS trigger LANGUAGE plpgsql AS $$
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
        PERFORM refresh_event_words(company, array_agg(id)) FROM (
            SELECT e.id FROM events e WHERE e.organization_id = company AND e.organizer_id = ANY (renamed)
            UNION
            SELECT p.event_id FROM event_participants p
            WHERE p.organization_id = company AND p.user_id = ANY (renamed)
        ) theirs;
        PERFORM set_config('planner.company', entered, true);
    END LOOP;
    RETURN NULL;
END $$
"""
TRIGGERS = (
    ("words_of_new", "events", "INSERT", "NEW TABLE AS new_rows", "learn_event_words"),
    ("words", "events", "UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows", "learn_changed_event_words"),
    ("words_of_new", "event_participants", "INSERT", "NEW TABLE AS rows", "learn_participants_words"),
    ("words_of_old", "event_participants", "DELETE", "OLD TABLE AS rows", "learn_participants_words"),
    (
        *("words", "event_participants", "UPDATE", "OLD TABLE AS old_rows NEW TABLE AS rows"),
        "learn_changed_participants_words",
    ),
    ("event_words", "users", "UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows", "learn_renamed_people_words"),
)
READ_BY_BACKFILL = ("events", "event_participants")


def upgrade() -> None:
    op.create_index("ix_events_organizer_span", "events", ["organizer_id", "span"], postgresql_using="gist")
    op.create_table(
        "event_words",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "event_id"],
            ["events.organization_id", "events.id"],
            name=op.f("fk_event_words_organization_id_event_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "event_id", name=op.f("pk_event_words")),
    )
    for statement in (
        *(PLAIN_WORDS, WORDS_VECTOR, EVENT_QUERY, REFRESH),
        *(EVENTS_WRITTEN, EVENTS_CHANGED, PARTICIPANTS_WRITTEN, PARTICIPANTS_CHANGED, PEOPLE_CHANGED),
    ):
        op.execute(statement)
    for name, table, what, rows, function in TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} AFTER {what} ON {table} REFERENCING {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
    # The owner is bound by the policies too, and has entered no company.
    for table in READ_BY_BACKFILL:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("SELECT refresh_event_words(organization_id, array_agg(id)) FROM events GROUP BY organization_id")
    for table in READ_BY_BACKFILL:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    # After the rows are there: an index is built in a tenth of the time in which it grows.
    op.create_index("ix_event_words_document", "event_words", ["organization_id", "document"], postgresql_using="gin")
    op.execute(f"CREATE POLICY company ON event_words USING (organization_id = {COMPANY})")
    op.execute("ALTER TABLE event_words ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE event_words FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    for name, table, _, _, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for function in sorted({function for *_, function in TRIGGERS}):
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP FUNCTION refresh_event_words(uuid, uuid[])")
    op.drop_table("event_words")
    for function in ("event_query(text[], text[])", "words_vector(text)", "plain_words(text)"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_index("ix_events_organizer_span", table_name="events")
