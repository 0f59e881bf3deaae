"""How far somebody has followed the change feed, as the cursor that they keep.

A cursor is not signed: whatever it says, a reader is shown only what they may see at the moment.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Gone, Invalid
from app.models.base import now

NOWHERE = UUID(int=0)
LARGEST_XID = 2**62


class Scope(StrEnum):
    """What a walk goes through: everything that the reader sees, what one department brings, or one calendar."""

    ALL = "all"
    DEPARTMENT = "department"
    CALENDAR = "calendar"


@dataclass
class Walk:
    """A way through what is there now: calendars by id, each with its events by id, then events in other calendars.

    `calendar` and `event` are the last that were told; `elsewhere` is the last of the others, None before the first.
    """

    scope: Scope
    id: UUID = NOWHERE
    calendar: UUID = NOWHERE
    event: UUID = NOWHERE
    elsewhere: UUID | None = None


@dataclass
class Place:
    """Where a reader is: walks to be finished first, then the changes after (`xid`, `object_id`).

    `since` is when the reader last had everything, in seconds since 1970: what was removed before is forgotten one day.
    `departments` are those whose streams the reader has followed until now.
    """

    since: int
    xid: int
    object_id: UUID = NOWHERE
    departments: set[UUID] = field(default_factory=set)
    walks: list[Walk] = field(default_factory=list)

    def follow(self, departments: set[UUID]) -> None:
        """Walk through what departments bring that the reader joined, and what those brought that they left."""
        for department in sorted(self.departments ^ departments):
            self.walks.append(Walk(Scope.DEPARTMENT, department))
        self.departments = departments


def encode(place: Place, reader: str) -> str:
    walks = [
        [walk.scope, *_hexes(walk.id, walk.calendar, walk.event), walk.elsewhere and walk.elsewhere.hex]
        for walk in place.walks
    ]
    departments = _hexes(*sorted(place.departments))
    values = [reader, place.since, place.xid, place.object_id.hex, departments, walks]
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, reader: str) -> Place:
    """The place that a cursor names.

    Raises:
        Invalid: it is no cursor at all.
        Gone: it was given to another reader, or so long ago that what was removed since is not known any more.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        owner, since, xid, object_id, departments, walks = json.loads(
            base64.b64decode(padded, altchars=b"-_", validate=True)
        )
        place = Place(
            _number(since),
            _number(xid),
            UUID(hex=object_id),
            {UUID(hex=department) for department in departments},
            [_walk(*values) for values in walks],
        )
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise Invalid("bad_cursor", field="cursor") from error
    kept = timedelta(days=get_settings().CHANGES_KEEP_DAYS)
    if owner != reader or place.since < (now() - kept).timestamp():
        raise Gone("cursor_expired")
    return place


def reader_of(actor: Actor, cluster: str) -> str:
    """For whom a cursor is good: who reads, with which rights, in which life of the database."""
    who = [actor.company, actor.user_id, actor.delegate_id, actor.sees_private, actor.role, cluster]
    return hashlib.sha256(repr([str(each) for each in who]).encode()).hexdigest()[:24]


def _walk(scope: str, id_: str, calendar: str, event: str, elsewhere: str | None) -> Walk:
    others = None if elsewhere is None else UUID(hex=elsewhere)
    return Walk(Scope(scope), UUID(hex=id_), UUID(hex=calendar), UUID(hex=event), others)


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_XID:
        raise ValueError
    return value


def _hexes(*ids: UUID) -> list[str]:
    return [id_.hex for id_ in ids]
