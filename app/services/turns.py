"""Taking turns: what counts before it adds, adds one at a time, so that two are not both the last that is possible."""

from sqlalchemy import func, select
from sqlmodel import Session


def take_turn(session: Session, what: str, whose: object) -> None:
    """Wait until nobody else does this for the same company or person, and keep others out until the commit."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{what}:{whose}", 0))))
