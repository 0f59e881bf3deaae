-- Prepares a PostgreSQL server (15 or newer) of your own for Planner. Run it once as a superuser, with psql:
--
--   psql -v owner_password=... -v application_password=... -f docs/postgresql.sql
--
-- Then set DATABASE_OWNER_URL=postgresql://planner:<owner_password>@<host>/planner
-- and          DATABASE_URL=postgresql://planner_app:<application_password>@<host>/planner, and run: planner migrate

-- Owns the database and its tables; only migrations connect as this role.
CREATE ROLE planner LOGIN PASSWORD :'owner_password';
-- The application. It owns nothing and bypasses nothing, so row-level security binds it.
CREATE ROLE planner_app LOGIN PASSWORD :'application_password';
CREATE DATABASE planner OWNER planner ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0;

\connect planner
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Under row-level security an index serves a condition only if its function is declared to leak nothing. Without these
-- lines everything works, but looking for free rooms, people and events reads whole tables. A restored dump and an upgraded
-- server have forgotten them: `planner doctor` tells, and these lines can be run again.
ALTER FUNCTION pg_catalog.range_overlaps(anyrange, anyrange) LEAKPROOF;
ALTER FUNCTION pg_catalog.range_overlaps_multirange(anyrange, anymultirange) LEAKPROOF;
ALTER FUNCTION pg_catalog.tstzrange(timestamptz, timestamptz) LEAKPROOF;
ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF;
ALTER FUNCTION pg_catalog.textlike(text, text) LEAKPROOF;
ALTER FUNCTION pg_catalog.texticlike(text, text) LEAKPROOF;
ALTER FUNCTION public.similarity_op(text, text) LEAKPROOF;
ALTER FUNCTION public.word_similarity_op(text, text) LEAKPROOF;
ALTER FUNCTION public.word_similarity_commutator_op(text, text) LEAKPROOF;
ALTER FUNCTION public.strict_word_similarity_op(text, text) LEAKPROOF;
ALTER FUNCTION public.strict_word_similarity_commutator_op(text, text) LEAKPROOF;
