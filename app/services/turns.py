"""Taking turns: what counts before it adds, adds one at a time, so that two are not both the last that is possible."""

from collections.abc import Iterable

from sqlalchemy import func, select, text
from sqlmodel import Session


def take_turn(session: Session, what: str, whose: object) -> None:
    """Wait until nobody else does this for the same company or person, and keep others out until the commit."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{what}:{whose}", 0))))


_IN_ORDER = text("SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(CAST(:keys AS text[])) AS k (key)")


def take_turns(session: Session, what: str, whose: Iterable[object]) -> None:
    """The same for several, one after the other in this order, which is to be the same for everybody."""
    session.execute(_IN_ORDER, {"keys": [f"{what}:{one}" for one in whose]})
