"""Words of tickets: looked up in the index where they are rare, met on the way through the list where not."""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import Session, col

from app.core.hot import fetch_row, hot_statement
from app.models.ticket import Ticket
from app.models.ticket_talk import TicketWords
from app.services.event_search_service import read_query
from app.services.ticket_access import Desk

# Words that more tickets have than these are common.
CANDIDATES = 8000
# PostgreSQL thinks that fewer hold a word which its statistics do not know.
KNOWN_SHARE = 0.02
_ESTIMATE: LiteralString = """
    EXPLAIN (FORMAT JSON) SELECT FROM ticket_words
    WHERE organization_id = %(company)s AND internal @@ event_query(%(words)s::text[], %(phrases)s::text[])
"""
_TOTAL = hot_statement("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'ticket_words'::regclass")


def look_up(session: Session, desk: Desk, text: str | None, *, newest_first: bool) -> CTE | None:
    """The tickets that hold rare words, by the index on words; None where they are common, or none are asked for.

    That index knows no order: of a common word, it would first find all tickets. Those are met soon by going through
    the list in its order; so are those of somebody who works no queue, and has few. More than CANDIDATES are not
    looked up: then `counted` tells that they are common after all.
    """
    if text is None or not desk.queues() or _is_known_as_common(session, desk.actor.company, text):
        return None
    asked = _asked(text, "looked_up")
    here = and_(
        col(TicketWords.organization_id) == desk.actor.company,
        # What is internal holds what is public, so the one index finds both.
        col(TicketWords.internal).op("@@")(asked.c.query),
    )
    rows: Any = select(col(TicketWords.ticket_id).label("id"), col(TicketWords.created_at).label("created_at"))
    some = rows.join_from(asked, TicketWords, here).limit(CANDIDATES + 1).subquery("some")
    # In its order, PostgreSQL 17 and newer look at no more tickets than a page shows.
    order = some.c.created_at.desc() if newest_first else some.c.created_at.asc()
    found: CTE = select(some).order_by(order, some.c.id).cte("found")
    return found.prefix_with("MATERIALIZED")


def counted(found: CTE, page: Select[Any]) -> Select[Any]:
    """The rows of a page of what was looked up, each with how much that was; one row without an id for none.

    It is joined to a single row, which keeps its order.
    """
    total = select(func.count().label("found")).select_from(found).subquery("total")
    rows = page.subquery("page")
    return select(total.c.found, rows).select_from(total.outerjoin(rows, true()))


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


def _is_known_as_common(session: Session, company: UUID, text: str) -> bool:
    """Whether PostgreSQL's statistics know that many tickets hold the words, each taken for a whole one."""
    words, phrases = read_query(text)
    asked = {"company": company, "words": [word.removesuffix(":*") for word in words], "phrases": phrases}
    (plan,) = fetch_row(session, _ESTIMATE, asked) or ([],)
    (total,) = fetch_row(session, _TOTAL, {}) or (0,)
    return bool(plan[0]["Plan"]["Plan Rows"] > max(KNOWN_SHARE * total, CANDIDATES))


def _sees_internal(desk: Desk, queues: Sequence[UUID]) -> ColumnElement[bool]:
    """As `Desk.sees_internal`."""
    me = desk.actor.user_id
    mine = or_(col(Ticket.queue_id).in_(queues), col(Ticket.assignee_id) == me)
    return and_(col(Ticket.requester_id).is_distinct_from(me), mine)
