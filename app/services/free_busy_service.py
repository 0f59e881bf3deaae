"""Free/busy: when people and rooms are not free, merged, with reasons only for who may read them (rule 20)."""

import json
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlmodel import Session

from app.calendaring.free_busy import Block, blocks, clipped
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.schemas.free_time import SubjectKind
from app.services import busy_times
from app.services.busy_times import Reason, Subject
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
    busy_times.look_up(session, actor, people, places, start, end)
    window = (int(start.timestamp()), int(end.timestamp()))
    items = [_told(subject, SubjectKind.USER, window) for subject in people]
    items += [_told(subject, SubjectKind.ROOM, window) for subject in places]
    head = f'{{"start":"{_instant(window[0])}","end":"{_instant(window[1])}","subjects":['
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


def _told(subject: Subject, kind: SubjectKind, window: tuple[int, int]) -> str:
    """A SubjectRead as JSON: only names and titles need a serializer."""
    found = blocks(clipped(subject.busy, *window), clipped(subject.tentative, *window))
    reasons = _reasons(found, subject.reasons)
    told = ",".join(
        f'{{"start":"{_instant(start)}","end":"{_instant(end)}","type":"{kind}","events":[{",".join(events)}]}}'
        for (start, end, kind), events in zip(found, reasons, strict=True)
    )
    name, zone = (json.dumps(text, ensure_ascii=False) for text in (subject.name, subject.zone))
    return f'{{"kind":"{kind}","id":"{subject.id}","name":{name},"time_zone":{zone},"blocks":[{told}]}}'


def _reasons(found: list[Block], reasons: list[Reason]) -> list[list[str]]:
    """For each block, as JSON, the events of its type that lie in it and that the asker reads, by their start."""
    told: list[list[str]] = [[] for _ in found]
    if not reasons:
        return told
    ends = [block.end for block in found]
    spans = sorted((start, end, reason) for reason in reasons for start, end in reason.spans)
    for start, end, (event_id, title, kind, _) in spans:
        event = f'{{"id":"{event_id}","title":{json.dumps(title, ensure_ascii=False)}}}'
        place = bisect_right(ends, start)
        while place < len(found) and found[place].start < end:
            if found[place].type == kind and event not in told[place]:
                told[place].append(event)
            place += 1
    return told


@lru_cache(maxsize=8192)
def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
