"""All routes of the API."""

from fastapi import APIRouter

from app.api.v1 import (
    attachments,
    audit,
    auth,
    avatars,
    calendar_sharing,
    calendars,
    changes,
    comments,
    delegations,
    departments,
    event_search,
    events,
    free_time,
    health,
    invitations,
    leaving,
    org_structure,
    organizations,
    people_tables,
    rooms,
    statistics,
    users,
)

api_router = APIRouter()
api_router.include_router(free_time.finding)
api_router.include_router(event_search.router)
# The most asked first: each router before it is tried in vain.
for module in (
    events,
    comments,
    attachments,
    free_time,
    auth,
    rooms,
    calendars,
    calendar_sharing,
    delegations,
    changes,
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
):
    api_router.include_router(module.router)
api_router.include_router(health.router)

# Load balancers and the supervisor ask at the root.
probes = health.router
