"""All routes of the API."""

from fastapi import APIRouter

from app.api.v1 import (
    absences,
    attachments,
    audit,
    auth,
    availability,
    avatars,
    booking,
    buildings,
    calendar_files,
    calendar_sharing,
    calendars,
    changes,
    comments,
    delegations,
    departments,
    event_exports,
    event_search,
    events,
    feeds,
    free_time,
    health,
    holidays,
    inbound_mail,
    invitations,
    leaving,
    metrics,
    notifications,
    org_structure,
    organizations,
    outbox,
    outside_feeds,
    participants,
    people_tables,
    push,
    rebooking,
    reminders,
    room_blockings,
    room_checkins,
    room_closings,
    room_finding,
    room_holds,
    room_panels,
    room_photos,
    room_policies,
    room_requests,
    room_waiting,
    rooms,
    rsvp,
    slots,
    statistics,
    streams,
    ticket_desk,
    ticket_reports,
    ticket_talk,
    tickets,
    users,
    webhooks,
)

api_router = APIRouter()
api_router.include_router(free_time.finding)
api_router.include_router(event_search.router)
api_router.include_router(streams.of_events)
api_router.include_router(streams.of_notifications)
api_router.include_router(streams.tickets)
api_router.include_router(availability.of_people)
# The most asked first: each router before it is tried in vain.
for module in (
    # Before the routes of single events, to which "ics" would be a wrong id.
    event_exports,
    events,
    comments,
    attachments,
    free_time,
    participants,
    auth,
    # Before the routes of single rooms, to which "policy" and what else stands there would be wrong ids.
    room_policies,
    room_requests,
    room_holds,
    room_waiting,
    room_checkins,
    room_panels,
    room_finding,
    rooms,
    room_photos,
    room_blockings,
    room_closings,
    rebooking,
    buildings,
    # Before the routes of single calendars, to which "subscriptions" would be a wrong id.
    outside_feeds,
    calendar_files,
    feeds,
    calendars,
    calendar_sharing,
    delegations,
    changes,
    # Before the routes of single tickets, to which "queues" would be a wrong id.
    ticket_desk,
    ticket_reports,
    tickets,
    ticket_talk,
    absences,
    availability,
    slots,
    booking,
    holidays,
    # Before the routes of single users, to whom "export" would be a wrong id.
    people_tables,
    users,
    avatars,
    departments,
    org_structure,
    organizations,
    invitations,
    statistics,
    audit,
    leaving,
    rsvp,
    reminders,
    notifications,
    push,
    webhooks,
    outbox,
    inbound_mail,
):
    api_router.include_router(module.router)
api_router.include_router(feeds.of_calendars)
api_router.include_router(reminders.of_events)
api_router.include_router(reminders.of_calendars)
api_router.include_router(room_policies.of_buildings)
api_router.include_router(room_blockings.of_rooms)
api_router.include_router(room_panels.streams)
api_router.include_router(health.router)

# Load balancers and the supervisor ask at the root.
probes = APIRouter()
probes.include_router(health.router)
probes.include_router(metrics.router)
