"""When I am reminded: of an occurrence, an event, a calendar's events, or all my events; the nearest decides."""

from typing import Any
from uuid import UUID

from app.api.deps import CurrentUser, OccurrenceParam
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.reminder import DefaultRemindersRead, DefaultRemindersWrite, EventRemindersRead, EventRemindersWrite
from app.services import reminder_settings_service

router = PrefixRouter(prefix="/notifications/reminders", tags=["notifications"], route_class=TransactionRoute)
of_events = PrefixRouter(prefix="/events", tags=["notifications"], route_class=TransactionRoute)
of_calendars = PrefixRouter(prefix="/calendars", tags=["notifications"], route_class=TransactionRoute)


@router.get("", response_model=DefaultRemindersRead, summary="Show my reminders", responses=responses(401, 403))
def read_reminders(user: CurrentUser, session: SessionDep) -> Any:
    """Of all events for which nothing nearer is set."""
    return reminder_settings_service.read_defaults(session, user)


@router.put("", response_model=DefaultRemindersRead, summary="Set my reminders", responses=responses(401, 403))
def set_reminders(data: DefaultRemindersWrite, user: CurrentUser, session: SessionDep) -> Any:
    """Of all events for which nothing nearer is set."""
    return reminder_settings_service.set_defaults(session, user, data)


@router.delete("", status_code=204, summary="Reset my reminders", responses=responses(401, 403))
def reset_reminders(user: CurrentUser, session: SessionDep) -> None:
    """To what holds for everybody: ten minutes before what has a time."""
    reminder_settings_service.reset_defaults(session, user)


@of_events.get(
    "/{event_id}/reminders",
    response_model=EventRemindersRead,
    summary="Show my reminders of an event",
    responses=responses(401, 403, 404),
)
def read_event_reminders(
    event_id: UUID, user: CurrentUser, session: SessionDep, occurrence: OccurrenceParam = None
) -> Any:
    """And what decides about them. Nobody else sees them."""
    return reminder_settings_service.read_for_event(session, user, event_id, occurrence)


@of_events.put(
    "/{event_id}/reminders",
    response_model=EventRemindersRead,
    summary="Set my reminders of an event",
    responses=responses(401, 403, 404, 409),
)
def set_event_reminders(
    event_id: UUID,
    data: EventRemindersWrite,
    user: CurrentUser,
    session: SessionDep,
    occurrence: OccurrenceParam = None,
) -> Any:
    """Of one occurrence or all. Whoever reads the event may; the event itself does not change."""
    return reminder_settings_service.set_for_event(session, user, event_id, occurrence, data)


@of_events.delete(
    "/{event_id}/reminders",
    status_code=204,
    summary="Reset my reminders of an event",
    responses=responses(401, 403, 404),
)
def reset_event_reminders(
    event_id: UUID, user: CurrentUser, session: SessionDep, occurrence: OccurrenceParam = None
) -> None:
    """What is set for its series, its calendar or everything decides again."""
    reminder_settings_service.reset_for_event(session, user, event_id, occurrence)


@of_calendars.get(
    "/{calendar_id}/reminders",
    response_model=DefaultRemindersRead,
    summary="Show my reminders of a calendar's events",
    responses=responses(401, 403, 404),
)
def read_calendar_reminders(calendar_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """And what decides about them."""
    return reminder_settings_service.read_for_calendar(session, user, calendar_id)


@of_calendars.put(
    "/{calendar_id}/reminders",
    response_model=DefaultRemindersRead,
    summary="Set my reminders of a calendar's events",
    responses=responses(401, 403, 404, 409),
)
def set_calendar_reminders(
    calendar_id: UUID, data: DefaultRemindersWrite, user: CurrentUser, session: SessionDep
) -> Any:
    """Also of those in which I take no part, as far as I read them."""
    return reminder_settings_service.set_for_calendar(session, user, calendar_id, data)


@of_calendars.delete(
    "/{calendar_id}/reminders",
    status_code=204,
    summary="Reset my reminders of a calendar's events",
    responses=responses(401, 403, 404),
)
def reset_calendar_reminders(calendar_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """My general reminders decide again."""
    reminder_settings_service.reset_for_calendar(session, user, calendar_id)
