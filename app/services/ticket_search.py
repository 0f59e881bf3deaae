"""Words of tickets: looked up in the index where they are rare, met on the way through the list where not."""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import Session, col

from app.core.hot import fetch_row, hot_statement
from app.models.ticket import Ticket
from app.models.ticket_talk import TicketWords
from app.services.event_search_service import read_query
from app.services.ticket_access import Desk

# Words that more tickets have than these are common.
CANDIDATES = 8000
# Of a word that its statistics do not know, or the beginning of one, PostgreSQL thinks that fewer hold it.
KNOWN_SHARE = 0.05
_ESTIMATE: LiteralString = """
    EXPLAIN (FORMAT JSON) SELECT FROM ticket_words
    WHERE organization_id = %(company)s AND internal @@ event_query(%(words)s::text[], %(phrases)s::text[])
"""
_TOTAL = hot_statement("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'ticket_words'::regclass")
# Joined, so that the index is asked: behind a limit PostgreSQL would rather go through the table.
_COUNT = hot_statement(f"""
    WITH asked AS MATERIALIZED (SELECT event_query(%(words)s::text[], %(phrases)s::text[]) AS query)
    SELECT count(*) FROM (
        SELECT FROM asked JOIN ticket_words w ON w.organization_id = %(company)s AND w.internal @@ asked.query
        LIMIT {CANDIDATES + 1}
    ) found
""")


def look_up(session: Session, desk: Desk, text: str | None, *, newest_first: bool = True) -> CTE | None:
    """The tickets that hold rare words, by the index on words; None where they are common, or none are asked for.

    That index knows no order: of a common word, it would first find all tickets. Those are met soon by going through
    the list in its order; so are those of somebody who works no queue, and has few.
    """
    if text is None or not desk.queues():
        return None
    words, phrases = read_query(text)
    if _is_common(session, desk.actor.company, words, phrases):
        return None
    asked = _asked(text, "looked_up")
    here = and_(
        col(TicketWords.organization_id) == desk.actor.company,
        # What is internal holds what is public, so the one index finds both.
        col(TicketWords.internal).op("@@")(asked.c.query),
    )
    # In its order, PostgreSQL 17 and newer look at no more tickets than a page shows.
    moment = col(TicketWords.created_at)
    order = moment.desc() if newest_first else moment.asc()
    rows: Any = select(col(TicketWords.ticket_id).label("id"), moment.label("created_at"))
    found: CTE = rows.join_from(asked, TicketWords, here).order_by(order, col(TicketWords.ticket_id)).cte("found")
    return found.prefix_with("MATERIALIZED")


def holds(desk: Desk, text: str, *, is_found: bool) -> ColumnElement[bool]:
    """That a ticket holds the words, of what the actor may read of it."""
    asked = select(_asked(text, "asked").c.query).scalar_subquery()
    # A value and no EXISTS, which PostgreSQL might turn into looking all of them up.
    its = (
        col(TicketWords.organization_id) == desk.actor.company,
        col(TicketWords.ticket_id) == col(Ticket.id),
    )
    public = col(TicketWords.document).op("@@")(asked)
    queues = desk.queues()
    if not queues:
        return select(public).where(*its).correlate(Ticket).scalar_subquery()
    if is_found:
        return or_(_sees_internal(desk, queues), select(public).where(*its).correlate(Ticket).scalar_subquery())
    internal = col(TicketWords.internal).op("@@")(asked)
    both = and_(internal, or_(_sees_internal(desk, queues), public))
    return select(both).where(*its).correlate(Ticket).scalar_subquery()


def _asked(text: str, name: str) -> CTE:
    """What is asked for: read once, and not for each ticket."""
    query = func.event_query(*read_query(text), type_=TSQUERY).label("query")
    return select(query).cte(name).prefix_with("MATERIALIZED")


def _is_common(session: Session, company: UUID, words: list[str], phrases: list[str]) -> bool:
    """Whether more than CANDIDATES tickets hold the words: as the statistics know, or else as they are counted."""
    asked = {"company": company, "words": words, "phrases": phrases}
    (plan,) = fetch_row(session, _ESTIMATE, asked) or ([],)
    (total,) = fetch_row(session, _TOTAL, {}) or (0,)
    if plan[0]["Plan"]["Plan Rows"] > max(KNOWN_SHARE * total, CANDIDATES):
        # To count these would take what it is to save.
        return True
    (count,) = fetch_row(session, _COUNT, asked) or (0,)
    return bool(count > CANDIDATES)


def _sees_internal(desk: Desk, queues: Sequence[UUID]) -> ColumnElement[bool]:
    """As `Desk.sees_internal`."""
    me = desk.actor.user_id
    mine = or_(col(Ticket.queue_id).in_(queues), col(Ticket.assignee_id) == me)
    return and_(col(Ticket.requester_id).is_distinct_from(me), mine)
