"""What should happen soon after the commit: notes on the session, which the entry points take up.

A nudge becomes a task; work is done at once. Neither may be lost for ever: a nudge only saves waiting for the next
round of its task, and what work leaves undone, another task finds.
"""

from collections.abc import Callable

from sqlmodel import Session

# Mail was written; a company was deleted.
OUTBOX, PURGE = "outbox", "purge"
# Messages to browsers and to webhooks were written.
PUSHES, WEBHOOKS = "pushes", "webhooks"
# Events changed, or what somebody wants to be reminded of: `change_following`.
CHANGES = "changes"
# A file waits to be imported; a feed from outside is to be fetched.
IMPORTS, FEEDS = "imports", "feeds"
# A room that somebody waits for has become free.
OFFERS = "offers"
# What tickets are due is to be counted anew.
TICKETS = "tickets"
_NUDGES = "nudges"
_WORK = "work_after_commit"


def nudge(session: Session, name: str) -> None:
    """Ask for `name` once the session's transaction is committed."""
    session.info.setdefault(_NUDGES, set()).add(name)


def take_nudges(session: Session) -> frozenset[str]:
    """What was asked for since the last call."""
    return frozenset(session.info.pop(_NUDGES, ()))


def after_commit(session: Session, work: Callable[[], object]) -> None:
    """Have `work`, which must not raise, done once the session's transaction is committed; never if it is not."""
    session.info.setdefault(_WORK, []).append(work)


def take_work(session: Session) -> list[Callable[[], object]]:
    """The work that was asked for since the last call."""
    return list(session.info.pop(_WORK, ()))
