"""What should happen soon after the commit: notes on the session, which the entry points turn into tasks.

A nudge only saves waiting. What must not be lost is a row, which the next round of a task finds.
"""

from sqlmodel import Session

# Mail was written; a company was deleted.
OUTBOX, PURGE = "outbox", "purge"
_NUDGES = "nudges"


def nudge(session: Session, name: str) -> None:
    """Ask for `name` once the session's transaction is committed."""
    session.info.setdefault(_NUDGES, set()).add(name)


def take_nudges(session: Session) -> frozenset[str]:
    """What was asked for since the last call."""
    return frozenset(session.info.pop(_NUDGES, ()))
