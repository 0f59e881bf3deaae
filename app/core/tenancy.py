"""Whose rows a session sees: the company that it entered (row-level security, migration 0004).

The context is a handful of PostgreSQL settings. A session that writes sets them for its transaction, so they end with
it. One that only reads runs in autocommit and sets them for the connection; the next session on that connection either
enters a company itself, or loses what is left of the last one before its first statement.
"""

from typing import Any
from uuid import UUID

from psycopg import Connection
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import event, text
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session

from app.core.hot import HotStatement, fetch_row, hot_statement

# What a session is told when it is made: that it reads in autocommit; and for the record of writes, where its work
# comes from (the client's address, or the name of the task or command) and in which request.
READS, ORIGIN, REQUEST = "reads", "origin", "request_id"
# Of a session that enters with its first statement, and of a connection that is still in the company it was last in.
ENTERS = "enters"
ENTERED = "planner_entered"

_AUTHENTICATE: HotStatement = hot_statement("""
    SELECT company, role, own_zone, company_zone, org_structure, tickets
    FROM authenticate(%(session)s, %(person)s, %(origin)s, %(request)s, %(until_commit)s)
""")
_ENTER: HotStatement = hot_statement("""
    SELECT enter_company(%(company)s, %(installation)s, %(actor)s, %(origin)s, %(request)s, %(until_commit)s)
""")
_LEAVE = "SELECT enter_company(NULL, false, NULL, NULL, NULL, %s)"


def authenticate(session: Session, session_id: UUID, user_id: UUID) -> tuple[Any, ...] | None:
    """Look up who is signed in and enter their company, in one round trip; None if the sign-in session is over.

    Returns company, role, own zone, company's zone, access_org_structure, access_tickets.
    """
    return _first_statement(session, _AUTHENTICATE, {"session": session_id, "person": user_id})


def enter(
    session: Session,
    company: UUID | None,
    *,
    installation: bool = False,
    actor: UUID | None = None,
    origin: str | None = None,
) -> None:
    """Let the session see the rows of `company`, and have what it writes recorded as `actor`'s.

    Args:
        installation: also the companies and people of the whole installation.
        origin: the name of the task or command, where the session was not told.
    """
    session.info.setdefault(ORIGIN, origin)
    _first_statement(session, _ENTER, {"company": company, "installation": installation, "actor": actor})


def act_for(session: Session, company: UUID | None) -> None:
    """Let an administrator of the installation, who entered none, work in one company; who and from where stay."""
    session.execute(text("SELECT set_config('planner.company', :company, true)"), {"company": str(company or "")})


def _first_statement(session: Session, statement: HotStatement, values: dict[str, Any]) -> tuple[Any, ...] | None:
    session.info[ENTERS] = True
    reads = bool(session.info.get(READS))
    connection = session.connection()
    if reads:
        connection.info[ENTERED] = True
    told = {"origin": session.info.get(ORIGIN), "request": session.info.get(REQUEST), "until_commit": not reads}
    return fetch_row(session, statement, {**values, **told})


@event.listens_for(Session, "after_begin")
def _leave_the_last_company(session: Session, _transaction: SessionTransaction, connection: SqlConnection) -> None:
    if connection.info.get(ENTERED) and not session.info.get(ENTERS):
        driver = connection.connection.driver_connection
        assert isinstance(driver, Connection)
        # The mark stays: in a transaction, leaving lasts no longer than it.
        driver.execute(_LEAVE, [not session.info.get(READS)])
