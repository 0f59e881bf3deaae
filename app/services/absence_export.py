"""Absences as a calendar: iCalendar, for programs that show it beside others."""

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from sqlmodel import Session, col

from app.calendaring.ical.model import CalendarProperties, EventData, Status
from app.calendaring.ical.writing import WrittenObject, write_calendar
from app.calendaring.zones import get_zone, utc_to_wall
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.messages import Language, message
from app.models.organization import Organization
from app.models.working_time import Absence, AbsenceKind, AbsenceState
from app.schemas.working_time import AbsenceFilters, AbsenceRead
from app.services import absence_service, presence

KINDS = {
    AbsenceKind.VACATION: "absence_kind_vacation",
    AbsenceKind.SICK: "absence_kind_sick",
    AbsenceKind.TRIP: "absence_kind_trip",
    AbsenceKind.OTHER: "absence_kind_other",
}


def as_calendar(session: Session, actor: Actor, filters: AbsenceFilters, language: Language) -> bytes:
    """The absences of `filters`, refused ones left out, each as a VEVENT: days as dates, half days by the clock of
    whoever is away; requests are tentative.

    Raises:
        Invalid: there are more than ABSENCES_EXPORT_MAX.
    """
    organization = session.get_one(Organization, actor.company)
    limit = get_settings().ABSENCES_EXPORT_MAX
    query = absence_service.filtered(actor, filters).where(col(Absence.state) != AbsenceState.REFUSED)
    rows = list(session.execute(query.order_by(col(Absence.first_day), col(Absence.id)).limit(limit + 1)).scalars())
    if len(rows) > limit:
        raise Invalid("too_many_absences_to_export", field="from", limit=limit)
    zones = presence.zones_of(session, organization, {row.user_id for row in rows})
    told = absence_service.told(session, actor, rows)
    objects = [
        WrittenObject(master=_event(row, read, organization, zones[row.user_id], language), stamp=row.updated_at)
        for row, read in zip(rows, told, strict=True)
    ]
    name = message("absence_calendar_name", language, {"company": organization.name})
    return b"".join(write_calendar(objects, CalendarProperties(name=name)))


def _event(row: Absence, read: AbsenceRead, organization: Organization, zone: str, language: Language) -> EventData:
    kind = read.kind_name or message(KINDS[read.kind] if read.kind else "absence_away", language)
    title = f"{read.user.full_name or read.user.email}: {kind}"
    uid = str(uuid5(NAMESPACE_OID, f"absence:{row.id}"))
    status: Status = "tentative" if row.state == AbsenceState.REQUESTED else "confirmed"
    if not (row.starts_midday or row.ends_midday):
        last = row.last_day + timedelta(days=1)
        return EventData(uid=uid, start=row.first_day, end=last, title=title, status=status, transparency="transparent")
    bounds = [datetime.fromtimestamp(moment, UTC) for moment in presence.span_of(row, organization, zone)]
    start, end = (utc_to_wall(moment, get_zone(zone)) for moment in bounds)
    return EventData(
        uid=uid,
        start=start,
        end=end,
        zone=zone,
        start_utc=bounds[0],
        end_utc=bounds[1],
        title=title,
        status=status,
        transparency="transparent",
    )
