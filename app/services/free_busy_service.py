"""Free/busy: when people and rooms are not free, merged, with reasons only for who may read them (rule 20)."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.schemas.free_time import SubjectKind
from app.services import busy_times
from app.services.busy_times import Subject
from app.services.windows import check_window


def read_free_busy(
    session: Session,
    actor: Actor,
    users: list[UUID],
    departments: list[UUID],
    rooms: list[UUID],
    start: datetime,
    end: datetime,
) -> bytes:
    """A FreeBusyRead as JSON, over [start, end), UTC. Departments stand for their people and those below.

    Raises:
        NotFound: somebody is no active colleague, or there is no such department or room.
        Invalid: the window is empty or too wide, nobody is asked for, or too many are.
    """
    check_free_time_window(start, end)
    wanted = set(users)
    for department_id in dict.fromkeys(departments):
        wanted.update(busy_times.members_of(session, actor, department_id))
    check_subjects(len(wanted) + len(set(rooms)), is_anybody_named=bool(users or departments or rooms))
    people = busy_times.people_of(session, actor, wanted)
    places = busy_times.rooms_of(session, actor, set(rooms))
    found = busy_times.blocks_json(session, actor, people, places, start, end)
    items = [_told(person, SubjectKind.USER, found.get(person.id, "")) for person in people]
    items += [_told(place, SubjectKind.ROOM, found.get(place.id, "")) for place in places]
    head = f'{{"start":"{_instant(start)}","end":"{_instant(end)}","subjects":['
    return f"{head}{','.join(items)}]}}".encode()


def check_subjects(count: int, *, is_anybody_named: bool) -> None:
    """Raises Invalid when nobody is asked for, or more than FREEBUSY_MAX_SUBJECTS people and rooms."""
    if not is_anybody_named:
        raise Invalid("nobody_asked_for")
    limit = get_settings().FREEBUSY_MAX_SUBJECTS
    if count > limit:
        raise Invalid("too_many_subjects", limit=limit)


def check_free_time_window(start: datetime, end: datetime) -> None:
    """Raises Invalid when the window is empty, or wider than FREEBUSY_MAX_DAYS."""
    check_window(start, end)
    days = get_settings().FREEBUSY_MAX_DAYS
    if end - start > timedelta(days=days):
        raise Invalid("window_too_wide", field="to", days=days)


def _told(subject: Subject, kind: SubjectKind, blocks: str) -> str:
    """A SubjectRead as JSON, of blocks that PostgreSQL wrote: only names need a serializer."""
    name, zone = (json.dumps(text, ensure_ascii=False) for text in (subject.name, subject.zone))
    return f'{{"kind":"{kind}","id":"{subject.id}","name":{name},"time_zone":{zone},"blocks":[{blocks}]}}'


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
