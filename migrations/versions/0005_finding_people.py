"""Finding people: one text in Latin letters with marked names, its index by company, known words, indexes for sorts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Lower case in, lower-case Latin out, letter by letter: a part of a word becomes a part of the word's Latin form.
LATIN = """
CREATE FUNCTION latin_letters(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(
        words, 'щ', 'sch'), 'ж', 'zh'), 'ч', 'ch'), 'ш', 'sh'), 'ю', 'yu'), 'я', 'ya'), 'х', 'kh'), 'ц', 'ts'),
        'ß', 'ss'),
    'абвгдеёзийклмнопрстуфыэіїєґўәғқңөұүһäàáâãåąçćčďèéêëęěìíîïłñńňòóôõöőøřśšťùúûüůűýÿźżžьъ',
    'abvgdeeziyklmnoprstufyeiieguegknouuhaaaaaaacccdeeeeeeiiiilnnnooooooorsstuuuuuuyyzzz'
)
"""
# Words of the name begin with ъ, which has no Latin form and so is in no other word: the index can tell them apart.
# Every word has a space before and behind; the domain of the e-mail is a word too.
SEARCH_TEXT = """
CREATE FUNCTION person_search_text(full_name text, email text, job text, department text, phone text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(latin_letters(lower(coalesce(full_name, ''))), '\\s*(\\S+)\\s*', ' ъ\\1', 'g')
    || ' ' || latin_letters(lower(concat_words(email, split_part(email, '@', 2), job, department)))
    || ' ' || regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g') || ' '
"""
CONCAT_WORDS = """
CREATE FUNCTION concat_words(a text, b text, c text, d text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(a, '') || ' ' || coalesce(b, '') || ' ' || coalesce(c, '') || ' ' || coalesce(d, '')
"""
OLD_SEARCH_TEXT = (
    "replace(lower(coalesce(full_name, '') || ' ' || email || ' ' || coalesce(position, '')"
    " || ' ' || coalesce(department, '')), 'ё', 'е')"
)
WORDS_OF = """
CREATE FUNCTION person_words_of(full_name text, job text, department text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT DISTINCT word
    FROM regexp_split_to_table(latin_letters(lower(concat_words(full_name, job, department, ''))), '[^[:alnum:]]+') word
    WHERE length(word) BETWEEN 4 AND 40
$$
"""
# No unique key: two people of one name who come at the same moment need not wait for each other.
LEARN = """
CREATE FUNCTION learn_person_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO person_words (organization_id, word)
        SELECT DISTINCT n.organization_id, w.word
        FROM new_rows n CROSS JOIN person_words_of(n.full_name, n.position, n.department) w (word)
        WHERE n.organization_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM person_words k WHERE k.organization_id = n.organization_id AND k.word = w.word);
    ELSE
        INSERT INTO person_words (organization_id, word)
        SELECT DISTINCT n.organization_id, w.word
        FROM new_rows n JOIN old_rows o USING (id)
        CROSS JOIN person_words_of(n.full_name, n.position, n.department) w (word)
        WHERE n.search_text <> o.search_text AND n.organization_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM person_words k WHERE k.organization_id = n.organization_id AND k.word = w.word);
    END IF;
    RETURN NULL;
END $$
"""
# Words that the company's people have and that may have been meant, whatever the letter that is wrong. Those in which
# two letters changed places have too little in common to be found so: the caller names them as `variants`.
SIMILAR = """
CREATE FUNCTION similar_person_words(asked text[], variants text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET pg_trgm.word_similarity_threshold = 0.35 AS $$
    SELECT k.word
    FROM unnest(asked) a (word)
    CROSS JOIN LATERAL (
        SELECT w.word FROM person_words w
        WHERE w.organization_id = current_company() AND w.word %> a.word
        ORDER BY word_similarity(a.word, w.word) DESC, w.word LIMIT 30
    ) k
    UNION
    SELECT word FROM person_words WHERE organization_id = current_company() AND word = ANY (variants)
$$
"""
# Of the company that was entered: words that nobody has any more, and those that are there twice.
FORGET = """
CREATE FUNCTION forget_person_words() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM person_words k
    WHERE k.organization_id = current_company() AND (
        k.word NOT IN (
            SELECT w.word FROM users u CROSS JOIN person_words_of(u.full_name, u.position, u.department) w (word)
            WHERE u.organization_id = current_company())
        OR EXISTS (
            SELECT FROM person_words other
            WHERE other.organization_id = k.organization_id AND other.word = k.word AND other.id < k.id))
$$
"""
FUNCTIONS = (
    "learn_person_words()",
    "similar_person_words(text[], text[])",
    "forget_person_words()",
    "person_words_of(text, text, text)",
)


def _search_text(expression: str) -> None:
    """Search through this expression from now on; the index goes with the column."""
    op.drop_column("users", "search_text")
    op.add_column("users", sa.Column("search_text", sa.Text(), sa.Computed(expression, persisted=True), nullable=False))


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    for statement in (LATIN, CONCAT_WORDS, SEARCH_TEXT, WORDS_OF):
        op.execute(statement)
    _search_text("person_search_text(full_name, email, position, department, phone)")
    op.create_index(
        "ix_users_search_text",
        "users",
        ["organization_id", "search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    op.create_index("ix_users_email", "users", ["organization_id", "email", "id"])
    op.create_index("ix_users_created_at", "users", ["organization_id", "created_at", "id"])
    # coalesce() says the same as CASE, but row-level security keeps bounds on it out of an index.
    op.drop_index("ix_users_name", table_name="users")
    for name, column in (("name", "full_name"), ("position", "position"), ("department", "department")):
        key = sa.literal_column(f"(CASE WHEN {column} IS NULL THEN '' ELSE {column} END)", sa.String())
        op.create_index(f"ix_users_{name}", "users", ["organization_id", key, "id"])
    op.create_table(
        "person_words",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("word", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_person_words_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_person_words")),
    )
    op.create_index(op.f("ix_person_words_organization_id_word"), "person_words", ["organization_id", "word"])
    op.create_index(
        "ix_person_words_similar",
        "person_words",
        ["organization_id", "word"],
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    )
    for statement in (LEARN, SIMILAR, FORGET):
        op.execute(statement)
    op.execute("""
        INSERT INTO person_words (organization_id, word)
        SELECT DISTINCT organization_id, word
        FROM users CROSS JOIN person_words_of(full_name, position, department) word WHERE organization_id IS NOT NULL
    """)
    op.execute("CREATE POLICY company ON person_words USING (organization_id = (SELECT current_company()))")
    op.execute("CREATE POLICY owners_functions ON person_words TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute("ALTER TABLE person_words ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE person_words FORCE ROW LEVEL SECURITY")
    op.execute("""
        CREATE TRIGGER learn_words_of_new AFTER INSERT ON users REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION learn_person_words()
    """)
    op.execute("""
        CREATE TRIGGER learn_words AFTER UPDATE ON users REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION learn_person_words()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER learn_words ON users")
    op.execute("DROP TRIGGER learn_words_of_new ON users")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("person_words")
    for name in ("department", "position", "name", "created_at", "email"):
        op.drop_index(f"ix_users_{name}", table_name="users")
    op.create_index("ix_users_name", "users", ["organization_id", sa.literal_column("coalesce(full_name, '')"), "id"])
    _search_text(OLD_SEARCH_TEXT)
    op.create_index(
        "ix_users_search_text",
        "users",
        ["search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    for function in (
        "person_search_text(text, text, text, text, text)",
        "concat_words(text, text, text, text)",
        "latin_letters(text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
