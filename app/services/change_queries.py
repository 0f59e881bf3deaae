"""What the change feed asks the database. Every statement follows the size of its answer, not of the company.

All of them run in one snapshot, so that what somebody may see, what is there, and what changed fit together.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.core.hot import HotStatement, fetch_row, fetch_rows, hot_statement
from app.services.change_cursor import Place, Scope, Walk

_MOMENT: HotStatement = hot_statement("""
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
           clock_timestamp(), cluster_life(),
           ARRAY(SELECT departments_of(%(company)s, %(person)s))
""")
_FOLLOWED: HotStatement = hot_statement("""
    SELECT calendar_id FROM calendar_access(%(company)s, %(person)s)
    UNION ALL SELECT departments_of(%(company)s, %(person)s)
""")
# A stream tells of an object at most three kinds of things, so twice three rows a wanted object are always enough.
_CHANGED: HotStatement = hot_statement("""
    WITH followed (id) AS MATERIALIZED (
        SELECT calendar_id FROM calendar_access(%(company)s, %(person)s)
        UNION ALL
        SELECT unnest(%(departments)s::uuid[] || %(person)s::uuid || %(company)s::uuid)
    )
    SELECT c.xid, c.object_id, max(c.at), bool_or(c.kind = 'access'), bool_or(c.kind = 'event')
    FROM followed CROSS JOIN LATERAL (
        SELECT xid, object_id, kind, at FROM changes
        WHERE organization_id = %(company)s AND stream_id = followed.id
          AND (xid, object_id) > (%(after_xid)s::bigint, %(after_object)s::uuid) AND xid < %(xmin)s::bigint
        ORDER BY xid, object_id LIMIT 3 * %(limit)s + 3
    ) c
    GROUP BY c.xid, c.object_id ORDER BY c.xid, c.object_id LIMIT %(limit)s + 1
""")
_CALENDARS: dict[Scope, LiteralString] = {
    Scope.ALL: "SELECT calendar_id, level FROM calendar_access(%(company)s, %(person)s)",
    Scope.CALENDAR: "SELECT %(scope)s::uuid, calendar_level(%(company)s, %(person)s, %(scope)s::uuid)",
    Scope.DEPARTMENT: """
        SELECT found.id, calendar_level(%(company)s, %(person)s, found.id) FROM (
            SELECT calendar_id FROM calendar_shares
            WHERE organization_id = %(company)s AND department_id = %(scope)s
            UNION
            SELECT object_id FROM changes
            WHERE organization_id = %(company)s AND stream_id = %(scope)s AND kind = 'access'
        ) found (id)
    """,
}
# Of a calendar that somebody does not see, the events that they organize or take part in.
_WALKED: LiteralString = """
    WITH scope (id, level) AS ({calendars}), mine (id) AS MATERIALIZED (
        SELECT event_id FROM event_participants
        WHERE organization_id = %(company)s AND (user_id = %(person)s OR department_id = ANY(%(departments)s::uuid[]))
    )
    SELECT s.id, e.id
    FROM (SELECT id, level FROM scope WHERE id >= %(calendar)s ORDER BY id LIMIT %(limit)s + 1) s
    LEFT JOIN LATERAL (
        SELECT e.id FROM events e
        WHERE e.organization_id = %(company)s AND e.calendar_id = s.id
          AND e.id > CASE WHEN s.id = %(calendar)s THEN %(event)s::uuid ELSE %(nowhere)s::uuid END
          AND (s.level > 0 OR e.organizer_id = %(person)s OR e.id IN (SELECT id FROM mine))
        ORDER BY e.id LIMIT %(limit)s + 1
    ) e ON true
    ORDER BY s.id, e.id LIMIT %(limit)s + 1
"""
_WALKS: dict[Scope, HotStatement] = {
    scope: hot_statement(_WALKED.replace("{calendars}", calendars)) for scope, calendars in _CALENDARS.items()
}
_ELSEWHERE: dict[Scope, HotStatement] = {
    Scope.ALL: hot_statement("""
        SELECT e.id FROM events e JOIN (
            SELECT id FROM events WHERE organization_id = %(company)s AND organizer_id = %(person)s
            UNION
            SELECT event_id FROM event_participants
            WHERE organization_id = %(company)s
              AND (user_id = %(person)s OR department_id = ANY(%(departments)s::uuid[]))
        ) mine ON e.organization_id = %(company)s AND e.id = mine.id
        WHERE e.id > %(elsewhere)s
          AND e.calendar_id NOT IN (SELECT calendar_id FROM calendar_access(%(company)s, %(person)s))
        ORDER BY e.id LIMIT %(limit)s + 1
    """),
    Scope.DEPARTMENT: hot_statement("""
        SELECT event_id FROM event_participants
        WHERE organization_id = %(company)s AND department_id = %(scope)s AND event_id > %(elsewhere)s
        UNION
        SELECT object_id FROM changes
        WHERE organization_id = %(company)s AND stream_id = %(scope)s AND kind = 'event' AND object_id > %(elsewhere)s
        ORDER BY 1 LIMIT %(limit)s + 1
    """),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment of a snapshot: transactions below `xmin` are all over; those from `xmax` on have not begun."""

    xmin: int
    xmax: int
    at: datetime
    cluster: str
    departments: list[UUID]


@dataclass(frozen=True, slots=True)
class Changed:
    xid: int
    object_id: UUID
    at: datetime
    is_access: bool
    is_event: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader in the middle of a snapshot."""

    session: Session
    actor: Actor
    moment: Moment

    def changed(self, place: Place, limit: int) -> list[Changed]:
        """What changed after the place in what the reader follows: `limit` objects and one more, if there are."""
        values = self._values(after_xid=place.xid, after_object=place.object_id, xmin=self.moment.xmin, limit=limit)
        return [Changed(*row) for row in fetch_rows(self.session, _CHANGED, values)]

    def walked(self, walk: Walk, limit: int) -> list[tuple[UUID, UUID | None]]:
        """Pairs of a calendar and an event in it, from the walk's place on; None for a calendar without more."""
        values = self._values(scope=walk.id, calendar=walk.calendar, event=walk.event, nowhere=UUID(int=0), limit=limit)
        return [(row[0], row[1]) for row in fetch_rows(self.session, _WALKS[walk.scope], values)]

    def elsewhere(self, walk: Walk, limit: int) -> list[UUID]:
        """The walk's events in other calendars, after the last that was told."""
        if walk.scope not in _ELSEWHERE:
            return []
        values = self._values(scope=walk.id, elsewhere=walk.elsewhere, limit=limit)
        return [row[0] for row in fetch_rows(self.session, _ELSEWHERE[walk.scope], values)]

    def _values(self, **more: Any) -> dict[str, Any]:
        who = {"company": self.actor.company, "person": self.actor.user_id}
        return {**who, "departments": self.moment.departments, **more}


def followed(session: Session, actor: Actor) -> frozenset[UUID]:
    """The streams of the feed that the actor follows: calendars, departments, their own, the company's."""
    rows = fetch_rows(session, _FOLLOWED, {"company": actor.company, "person": actor.user_id})
    return frozenset({actor.user_id, actor.company, *(row[0] for row in rows)})


def begin(session: Session, actor: Actor) -> Reading:
    """The reader at this snapshot's moment."""
    row = fetch_row(session, _MOMENT, {"company": actor.company, "person": actor.user_id})
    assert row is not None
    return Reading(session, actor, Moment(*row))
