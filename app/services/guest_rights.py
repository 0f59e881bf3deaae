"""What guests may change of an event whose organizer lets them: what it is, when and where, and nothing else."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from app.core.actor import Actor
from app.core.errors import Forbidden
from app.models.event import Event
from app.schemas.participant import ParticipantWrite
from app.services.event_access import is_host, takes_part
from app.services.event_reading import GUEST_RIGHTS
from app.services.participant_service import Key, participants_of, with_colleagues

# Whether it takes place, where it lies, who sees it and what guests may is the host's to say.
HOSTS_ONLY = ("status", "calendar_id", "visibility", *GUEST_RIGHTS)


def check_edit(
    session: Session, actor: Actor, event: Event, values: Mapping[str, Any], *, splits: bool = False
) -> None:
    """Refuse what is not for guests; hosts may all.

    Args:
        values: what is to be laid over the event.
        splits: whether the change ends a series and begins another (rule 12: the organizer's alone).

    Raises:
        Forbidden: it is not the actor's to change (rule 17).
    """
    if is_host(session, actor, event):
        return
    if not (event.guests_can_change and takes_part(session, actor, event)):
        raise Forbidden("not_organizer")
    changed = [name for name in HOSTS_ONLY if name in values and values[name] not in (None, getattr(event, name))]
    if changed or splits:
        raise Forbidden("guests_change_content_only")
    if values.get("participants") is not None:
        _check_participants(session, event, values["participants"])


def _check_participants(session: Session, event: Event, wanted: list[ParticipantWrite]) -> None:
    present = {Key.of(row): row.role for row in participants_of(session, event) if row.via_department_id is None}
    roles = {Key.of(participant): participant.role for participant in with_colleagues(session, event, wanted)}
    if any(roles.get(key) != role for key, role in present.items()):
        raise Forbidden("guests_change_content_only")
    if roles.keys() - present.keys() and not event.guests_can_invite:
        raise Forbidden("guests_cannot_invite")
