"""Imports of .ics files: taken in by a request, stored by a worker batch by batch, reported line by line."""

import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Select, delete, func, select, text
from sqlmodel import Session, col

from app.calendaring.ical.model import CalendarObject, CalendarProperties, OtherComponent, Problem, ReadingLimits
from app.calendaring.ical.reading import read_objects
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict
from app.core.ids import new_id
from app.core.messages import MESSAGES, Language, message
from app.models.base import now
from app.models.calendar import Calendar
from app.models.interchange import (
    CalendarComponent,
    IcsImport,
    IcsImportFile,
    IcsImportLine,
    IcsImportState,
    IcsOutcome,
)
from app.models.organization import Organization
from app.models.sharing import ShareLevel
from app.models.user import Role, User
from app.schemas.interchange import IcsImportLineRead
from app.services import calendar_service, ical_store
from app.services.bulk_rows import insert_rows
from app.services.event_access import LEVELS
from app.services.ical_rows import kept_text
from app.services.ical_store import Result
from app.services.nudges import IMPORTS, nudge
from app.services.rows import PageRequest, decode_cursor, encode_cursor, flush, get_visible

Item = CalendarObject | OtherComponent | CalendarProperties | Problem

# Items that one transaction stores: enough to save round trips, few enough to hold no locks for long.
BATCH = 300
# Times that an import is begun without coming any further, before it is given up.
ATTEMPTS_MAX = 3
CLAIM = timedelta(minutes=2)
OPEN = (IcsImportState.WAITING, IcsImportState.RUNNING)
_EVENTS = re.compile(rb"^BEGIN:VEVENT\s*$", re.MULTILINE | re.IGNORECASE)
_INSTANCE = re.compile(r"^RECURRENCE-ID.*$", re.MULTILINE)
UID_MAX_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Work:
    """An import that a worker has taken."""

    company: UUID
    id: UUID
    user_id: UUID
    claim: UUID
    content: bytes
    position: int
    zone: str

    def batches(self) -> Iterator[list[Item]]:
        """What is left of the file, in batches; of each UID there is one object."""
        items = islice(read_items(self.content, self.zone), self.position, None)
        while batch := list(islice(items, BATCH)):
            yield batch


def read_items(content: bytes, zone: str) -> Iterator[Item]:
    """Everything in a file, within the bounds of the installation. `zone` is for times that name none."""
    settings = get_settings()
    limits = ReadingLimits(
        attendees=settings.EVENT_MAX_PARTICIPANTS,
        exdates=settings.SERIES_MAX_EXDATES,
        rdates=settings.SERIES_MAX_EXDATES,
    )
    return read_objects(io.BytesIO(content), limits=limits, default_zone=zone)


def visible_to(actor: Actor, calendar: Calendar) -> Select[IcsImport]:
    """The imports into a calendar in which the actor may write."""
    return select(IcsImport).where(
        col(IcsImport.organization_id) == actor.company, col(IcsImport.calendar_id) == calendar.id
    )


def start(session: Session, actor: Actor, calendar_id: UUID, content: bytes) -> IcsImport:
    """Take in a file; a worker stores it.

    Raises:
        NotFound, Forbidden: the actor may not write in the calendar.
        Conflict: ICS_IMPORTS_OPEN_MAX of the actor's imports are not through yet.
    """
    calendar = calendar_service.get_writable_calendar(session, actor, calendar_id)
    is_open = select(func.count()).where(
        col(IcsImport.organization_id) == actor.company,
        col(IcsImport.user_id) == actor.user_id,
        col(IcsImport.state).in_(OPEN),
    )
    limit = get_settings().ICS_IMPORTS_OPEN_MAX
    if session.execute(is_open).scalar_one() >= limit:
        raise Conflict("ics_too_many_imports", limit=limit)
    row = IcsImport(
        organization_id=actor.company,
        calendar_id=calendar.id,
        user_id=actor.user_id,
        size=len(content),
        events_total=len(_EVENTS.findall(content)),
    )
    session.add(row)
    flush(session)
    session.add(IcsImportFile(organization_id=actor.company, id=row.id, content=content))
    flush(session)
    nudge(session, IMPORTS)
    return row


def get_import(session: Session, actor: Actor, calendar_id: UUID, import_id: UUID) -> IcsImport:
    """How an import stands, for whoever may write in its calendar."""
    calendar = calendar_service.get_writable_calendar(session, actor, calendar_id)
    return get_visible(session, visible_to(actor, calendar), import_id, "ics_import_not_found")


def list_lines(
    session: Session, actor: Actor, calendar_id: UUID, import_id: UUID, page: PageRequest, language: Language
) -> tuple[list[IcsImportLineRead], str | None]:
    """A page of the report, in the order of the file."""
    row = get_import(session, actor, calendar_id, import_id)
    query = select(IcsImportLine).where(
        col(IcsImportLine.organization_id) == row.organization_id, col(IcsImportLine.import_id) == row.id
    )
    if page.cursor is not None:
        query = query.where(col(IcsImportLine.number) > decode_cursor(page.cursor, [int])[0])
    found = list(session.execute(query.order_by(col(IcsImportLine.number)).limit(page.limit + 1)).scalars())
    shown = found[: page.limit]
    cursor = encode_cursor([shown[-1].number]) if len(found) > page.limit else None
    return [_told(line, language) for line in shown], cursor


def companies_with_imports(session: Session) -> list[UUID]:
    """The companies that have an import which nobody works on."""
    return list(session.execute(text("SELECT companies_with_imports()")).scalars())


def claim_next(session: Session, company: UUID) -> Work | None:
    """Take the import of the entered company that has waited longest; None if there is none that nobody works on.

    One that was begun several times without coming any further is given up: it may be what ends the workers.
    """
    query = (
        select(IcsImport)
        .where(
            col(IcsImport.organization_id) == company,
            col(IcsImport.state).in_(OPEN),
            func.coalesce(col(IcsImport.claimed_until), now()) <= now(),
        )
        .order_by(col(IcsImport.created_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    while (row := session.execute(query).scalar_one_or_none()) is not None:
        reason = _why_not(session, row)
        if reason is None:
            break
        _end(session, row, IcsImportState.FAILED, reason)
    if row is None:
        return None
    row.state = IcsImportState.RUNNING
    row.attempts += 1
    row.claim, row.claimed_until = new_id(), now() + CLAIM
    flush(session)
    file = session.get_one(IcsImportFile, (company, row.id))
    zone = session.execute(
        select(func.coalesce(col(User.time_zone), col(Organization.time_zone)))
        .join(Organization, col(Organization.id) == col(User.organization_id))
        .where(col(User.id) == row.user_id)
    ).scalar_one()
    return Work(company, row.id, row.user_id, row.claim, file.content, row.position, zone)


def store_batch(session: Session, work: Work, items: Sequence[Item]) -> bool:
    """Store a batch and its lines of the report; False when the import is somebody else's by now, or is gone."""
    row = _claimed(session, work)
    if row is None:
        return False
    calendar = session.get_one(Calendar, (row.organization_id, row.calendar_id), with_for_update={"key_share": True})
    objects = [item for item in items if isinstance(item, CalendarObject)]
    results = iter(ical_store.store(session, calendar, row.user_id, objects))
    kept = keep_components(session, calendar, items)
    lines: list[dict[str, Any]] = []
    for item in items:
        if isinstance(item, CalendarObject):
            result = next(results)
            lines.append({**_line(item.line, item.uid, result.outcome), "code": result.code, "params": result.params})
            lines += [_problem_line(problem) for problem in item.problems]
            row.events_done += (item.master is not None) + len(item.overrides)
        elif isinstance(item, OtherComponent):
            result = kept[id(item)]
            lines.append({**_line(item.line, item.uid, result.outcome), "code": result.code, "params": result.params})
        elif isinstance(item, Problem):
            lines.append(_problem_line(item))
    _report(session, row, lines)
    row.position += len(items)
    row.attempts = 0
    row.claimed_until = now() + CLAIM
    flush(session)
    return True


def finish(session: Session, work: Work) -> None:
    """Note that the whole file is stored, and forget the file."""
    row = _claimed(session, work)
    if row is not None:
        row.events_done = row.events_total
        _end(session, row, IcsImportState.DONE, None)


def delete_old(session: Session, organization_id: UUID, *, batch: int = 200) -> int:
    """Forget up to `batch` imports that were over ICS_IMPORT_KEEP_DAYS ago, and say how many."""
    old = (
        select(col(IcsImport.id))
        .where(
            col(IcsImport.organization_id) == organization_id,
            col(IcsImport.state).not_in(OPEN),
            col(IcsImport.created_at) < now() - timedelta(days=get_settings().ICS_IMPORT_KEEP_DAYS),
        )
        .limit(batch)
    )
    result = session.execute(
        delete(IcsImport).where(
            col(IcsImport.organization_id) == organization_id, col(IcsImport.id).in_(old.scalar_subquery())
        )
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def keep_components(session: Session, calendar: Calendar, items: Sequence[Item]) -> dict[int, Result]:
    """Keep what is no event for the export, up to ICS_COMPONENTS_PER_CALENDAR; what became of each, by its `id()`."""
    parts = [item for item in items if isinstance(item, OtherComponent)]
    own = [item for item in items if isinstance(item, CalendarProperties) and item.text]
    results: dict[int, Result] = {}
    if not (parts or own):
        return results
    mine = (col(CalendarComponent.organization_id) == calendar.organization_id,)
    counted = select(func.count()).where(*mine, col(CalendarComponent.calendar_id) == calendar.id)
    limit = get_settings().ICS_COMPONENTS_PER_CALENDAR
    room = limit - session.execute(counted).scalar_one()
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for item in parts:
        if room <= len(rows):
            results[id(item)] = Result(IcsOutcome.REFUSED, "ics_too_many_components", {"limit": limit})
            continue
        instance = _INSTANCE.search(item.text)
        key = f"{item.uid}\n{instance[0] if instance else ''}" if item.uid else item.text
        row = _component(calendar, item.name[:100], item.uid, key, kept_text(item.text, item.zones) or "")
        rows[row["name"], row["digest"]] = row
        results[id(item)] = Result(IcsOutcome.KEPT)
    for properties in own:
        row = _component(calendar, "VCALENDAR", None, "", properties.text)
        rows[row["name"], row["digest"]] = row
    ending = "ON CONFLICT (organization_id, calendar_id, name, digest) DO UPDATE SET text = excluded.text"
    insert_rows(session, CalendarComponent, list(rows.values()), ending=ending)
    return results


def _component(calendar: Calendar, name: str, uid: str | None, key: str, content: str) -> dict[str, Any]:
    return {
        "organization_id": calendar.organization_id,
        "id": new_id(),
        "calendar_id": calendar.id,
        "name": name,
        "uid": uid[:UID_MAX_LENGTH] if uid else None,
        "digest": hashlib.sha256(key.encode()).hexdigest(),
        "text": content,
    }


def _why_not(session: Session, row: IcsImport) -> str | None:
    if row.attempts >= ATTEMPTS_MAX:
        return "ics_given_up"
    user = session.get_one(User, row.user_id)
    calendar = session.get_one(Calendar, (row.organization_id, row.calendar_id))
    level = session.execute(select(func.calendar_level(row.organization_id, row.user_id, row.calendar_id))).scalar()
    keeps_order = user.role == Role.ADMIN and calendar.is_public
    writes = keeps_order or (level or 0) >= LEVELS[ShareLevel.WRITE]
    return None if user.is_active and writes and not calendar.is_outside else "ics_no_right"


def _claimed(session: Session, work: Work) -> IcsImport | None:
    query = select(IcsImport).where(
        col(IcsImport.organization_id) == work.company,
        col(IcsImport.id) == work.id,
        col(IcsImport.claim) == work.claim,
        col(IcsImport.state) == IcsImportState.RUNNING,
    )
    found: IcsImport | None = session.execute(query.with_for_update()).scalar_one_or_none()
    return found


def _end(session: Session, row: IcsImport, state: IcsImportState, error: str | None) -> None:
    row.state, row.error, row.finished_at = state, error, now()
    row.claim = row.claimed_until = None
    session.execute(
        delete(IcsImportFile).where(
            col(IcsImportFile.organization_id) == row.organization_id, col(IcsImportFile.id) == row.id
        )
    )
    flush(session)


def _report(session: Session, row: IcsImport, lines: list[dict[str, Any]]) -> None:
    """Count the lines and store those that the report has room for."""
    counts = Counter(line["outcome"] for line in lines)
    for name in (IcsOutcome.CREATED, IcsOutcome.UPDATED, IcsOutcome.UNCHANGED, IcsOutcome.SKIPPED):
        setattr(row, name, getattr(row, name) + counts[name])
    row.problems += counts[IcsOutcome.REPAIRED] + counts[IcsOutcome.REFUSED]
    room = max(0, get_settings().ICS_REPORT_MAX_LINES - row.report_lines)
    stored = [
        {
            "organization_id": row.organization_id,
            "id": new_id(),
            "import_id": row.id,
            "number": row.report_lines + place,
            **line,
            "params": json.loads(json.dumps(dict(line["params"]), default=str)),
        }
        for place, line in enumerate(lines[:room], start=1)
    ]
    insert_rows(session, IcsImportLine, stored)
    row.report_lines += len(lines)


def _line(line: int | None, uid: str | None, outcome: IcsOutcome) -> dict[str, Any]:
    return {"line": line, "uid": uid[:UID_MAX_LENGTH] if uid else None, "outcome": outcome}


def _problem_line(problem: Problem) -> dict[str, Any]:
    outcome = IcsOutcome.REFUSED if problem.refused else IcsOutcome.REPAIRED
    return {**_line(problem.line, problem.uid, outcome), "code": text_code(problem.code), "params": problem.params}


def text_code(code: str) -> str:
    """The code of the text for a problem of reading; those of rules have the texts that REST has."""
    rule = "rule_" + code.removeprefix("rule_")
    return rule if f"ics_{code}" not in MESSAGES and rule in MESSAGES else f"ics_{code}"


def _told(line: IcsImportLine, language: Language) -> IcsImportLineRead:
    return IcsImportLineRead(
        number=line.number,
        line=line.line,
        uid=line.uid,
        outcome=IcsOutcome(line.outcome),
        code=line.code,
        detail=message(line.code, language, line.params) if line.code else None,
    )
