"""Every route that takes a body, from the OpenAPI document, with a body that it would accept."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from app.main import app
from tests.support.people import PASSWORD, event
from tests.support.planning import slot, today
from tests.support.push import subscription

PREFIX = "/api/v1"
OBJECTS = {
    "{calendar_id}": "<calendar>",
    "{event_id}": "<event>",
    "{share_id}": "<share>",
    "{outside_calendar_id}": "<outside calendar>",
    "{feed_id}": "<feed>",
    "{import_id}": "<import>",
    "{token}": "unknown",
    "{delegation_id}": "<delegation>",
    "{building_id}": "<building>",
    "{room_id}": "<room>",
    "{equipment_id}": "<equipment>",
    "{blocking_id}": "<blocking>",
    "{user_id}": "<employee>",
    "{department_id}": "<department>",
    "{organization_id}": "<organization>",
    "{invitation_id}": "<invitation>",
    "{comment_id}": "<comment>",
    "{attachment_id}": "<attachment>",
    "{request_id}": "<request>",
    "{hold_id}": "<hold>",
    "{waiting_id}": "<waiting>",
    "{notification_id}": "<notification>",
    "{push_subscription_id}": "<push subscription>",
    "{webhook_id}": "<webhook>",
    "{delivery_id}": "<delivery>",
    "{dead_letter_id}": "<dead letter>",
    "{ticket_id}": "<ticket>",
    "{link_id}": "<ticket link>",
    "{file_id}": "<ticket file>",
    "{queue_id}": "<queue>",
    "{category_id}": "<category>",
    "{view_id}": "<view>",
    "{absence_id}": "<absence>",
    "{absence_kind_id}": "<absence kind>",
    "{hours_id}": "<hours>",
    "{appointment_kind_id}": "<appointment kind>",
    "{booking_id}": "<booking>",
}
_NEW_USER = {"email": "somebody-new@example.com", "password": PASSWORD}
# A route that is not here fails the tests: add it, and they cover it.
GOOD_BODIES: dict[str, dict[str, Any]] = {
    "POST /auth/register": _NEW_USER,
    "POST /auth/login": {"email": "nobody@example.com", "password": PASSWORD},
    "POST /auth/refresh": {"refresh_token": "not.a.token"},
    "POST /auth/change-password": {"current_password": PASSWORD, "new_password": "battery staple correct"},
    "POST /users": _NEW_USER,
    "PUT /users/{user_id}": {"email": "somebody-else@example.com"},
    "PATCH /users/{user_id}": {"full_name": "Somebody Else"},
    "PUT /notifications/preferences": {"choices": []},
    "PUT /notifications/quiet-hours": {"start": "22:00", "end": "07:00"},
    "PUT /notifications/digest": {"at": "08:00", "days": [1, 2]},
    "PUT /notifications/reminders": {"timed": [{"minutes": 5, "channel": "mail"}], "all_day": []},
    "PUT /calendars/{calendar_id}/reminders": {"timed": [{"minutes": 5, "channel": "mail"}], "all_day": []},
    "PUT /events/{event_id}/reminders": {"reminders": [{"minutes": 5, "channel": "in_app"}]},
    "POST /push/subscriptions": subscription(),
    "POST /webhooks": {"name": "Hook", "url": "https://hooks.example/", "types": ["event.created"]},
    "PUT /webhooks/{webhook_id}": {"name": "Hook", "url": "https://hooks.example/", "types": ["event.created"]},
    "PATCH /webhooks/{webhook_id}": {"name": "Other"},
    "POST /calendars": {"name": "Mine"},
    "PUT /calendars/{calendar_id}": {"name": "Mine"},
    "PATCH /calendars/{calendar_id}": {"name": "Mine"},
    "POST /calendars/{calendar_id}/shares": {"user_id": "<admin>", "level": "read"},
    "PATCH /calendars/{calendar_id}/shares/{share_id}": {"level": "write"},
    "PUT /calendars/{calendar_id}/subscription": {"color": "#8e24aa", "position": 1},
    "PUT /calendars/{calendar_id}/owner": {"user_id": "<employee>"},
    "POST /calendars/{calendar_id}/feeds": {"detail": "free_busy"},
    "POST /feeds": {"detail": "full"},
    "POST /calendars/subscriptions": {"url": "https://calendar.example/a.ics", "name": "Holidays"},
    "PATCH /calendars/subscriptions/{outside_calendar_id}": {"name": "Other"},
    "POST /delegations": {"delegate_id": "<employee>"},
    "PATCH /delegations/{delegation_id}": {"sees_private": True},
    "POST /events": event(),
    "POST /events/find-time": {
        "duration_minutes": 60,
        "required": ["<employee>"],
        "from": f"{today() + timedelta(days=7)}",
        "to": f"{today() + timedelta(days=14)}",
    },
    "PUT /events/{event_id}": event(title="Other"),
    "PATCH /events/{event_id}": {"title": "Other"},
    "POST /events/{event_id}/participants": {"user_id": "<employee>"},
    "POST /events/{event_id}/rebooking": {"items": [{"occurrence": "2027-03-22T09:00:00", "room_id": None}]},
    "POST /events/{event_id}/comments": {"body": "Good", "mentions": ["<employee>"]},
    "PATCH /events/{event_id}/comments/{comment_id}": {"body": "Better"},
    "PUT /events/{event_id}/response": {"response": "accepted"},
    "PATCH /events/{event_id}/mine": {"transparency": "opaque"},
    "POST /users/{user_id}/leaving": {"successor_id": "<admin>"},
    "POST /departments": {"name": "Research"},
    "PUT /departments/{department_id}": {"name": "Research"},
    "PATCH /departments/{department_id}": {"name": "Research"},
    "POST /departments/{department_id}/members": {"user_ids": ["<employee>"]},
    "POST /organizations": {"name": "Romashka", "time_zone": "Europe/Moscow"},
    "PUT /organizations/{organization_id}": {"name": "Romashka", "time_zone": "Europe/Moscow"},
    "PATCH /organizations/{organization_id}": {"name": "Romashka"},
    "POST /organizations/{organization_id}/invitations": {"email": "somebody-invited@example.com"},
    "POST /rooms": {"name": "Blue", "capacity": 8},
    "PUT /rooms/{room_id}": {"name": "Blue", "capacity": 8},
    "PATCH /rooms/{room_id}": {"name": "Blue"},
    "PATCH /rooms/{room_id}/equipment/{equipment_id}": {"out_of_order": 1},
    "PUT /rooms/policy": {"max_minutes": 600},
    "PATCH /rooms/policy": {"max_minutes": 600},
    "PUT /rooms/{room_id}/policy": {"max_minutes": 600},
    "PATCH /rooms/{room_id}/policy": {"max_minutes": 600},
    "PUT /buildings/{building_id}/policy": {"max_minutes": 600},
    "PATCH /buildings/{building_id}/policy": {"max_minutes": 600},
    "POST /room-blockings": {"start": "2027-05-01", "end": "2027-05-02"},
    "PUT /room-blockings/{blocking_id}": {"start": "2027-05-01", "end": "2027-05-02"},
    "PATCH /room-blockings/{blocking_id}": {"title": "Cleaning"},
    "POST /rooms/for-series": {"start_time": "2027-05-03T09:00:00", "end_time": "2027-05-03T10:00:00"},
    "POST /buildings": {"name": "Tower"},
    "PUT /buildings/{building_id}": {"name": "Tower"},
    "PATCH /buildings/{building_id}": {"name": "Tower"},
    "POST /rooms/{room_id}/holds": {**slot(today() + timedelta(days=8)), "minutes": 5},
    "POST /rooms/requests/{request_id}/approve": {"comment": "Enjoy"},
    "POST /rooms/requests/{request_id}/decline": {"comment": "Painters"},
    "POST /rooms/{room_id}/waiting": {"event_id": "<event>", "occurrence": "2027-03-22T09:00:00"},
    "POST /rooms/{room_id}/closing": {"start": f"{today()}", "end": f"{today() + timedelta(days=1)}"},
    "POST /rooms/{room_id}/check-in": {"code": "493027"},
    "POST /rooms/{room_id}/end-early": {"code": "493027"},
    "POST /rooms/{room_id}/extend": {"minutes": 15, "code": "493027"},
    "POST /rooms/{room_id}/panel/book": {"minutes": 15},
    "POST /rooms/{room_id}/panel/extend": {"minutes": 15},
    "POST /tickets": {"title": "Scanner"},
    "PATCH /tickets/{ticket_id}": {"title": "Scanner"},
    "POST /tickets/bulk": {"ticket_ids": ["<ticket>"], "changes": {"title": "Scanner"}},
    "POST /tickets/{ticket_id}/approval": {"is_approved": True},
    "POST /tickets/{ticket_id}/merge": {"into_id": "<missing>"},
    "POST /tickets/{ticket_id}/links": {"kind": "blocks", "ticket_id": "<missing>"},
    "POST /tickets/{ticket_id}/entries": {"body": "We come"},
    "POST /tickets/queues": {"name": "Second"},
    "PATCH /tickets/queues/{queue_id}": {"name": "Second"},
    "PUT /tickets/queues/{queue_id}/members": {"members": [{"user_id": "<employee>"}]},
    "PUT /tickets/queues/{queue_id}/slas": {"slas": [{"priority": "low", "resolution_minutes": 5}]},
    "POST /tickets/categories": {"name": "Scanning"},
    "PATCH /tickets/categories/{category_id}": {"name": "Scanning"},
    "POST /tickets/views": {"name": "Late", "filters": {"is_overdue": True}},
    "PATCH /tickets/views/{view_id}": {"name": "Late"},
    "POST /absences": {"first_day": "2027-08-05", "last_day": "2027-08-06"},
    "PATCH /absences/{absence_id}": {"note": "At sea"},
    "POST /absences/kinds": {"name": "Parental leave"},
    "PATCH /absences/kinds/{absence_kind_id}": {"name": "Parental leave"},
    "POST /absences/{absence_id}/decision": {"is_approved": True},
    "POST /availability/hours": {"hours": []},
    "PATCH /availability/hours/{hours_id}": {"priority": 3},
    "PUT /availability/places": {"day": "2027-07-05", "place": "home"},
    "POST /slots/kinds": {"name": "Interview"},
    "PATCH /slots/kinds/{appointment_kind_id}": {"name": "Interview"},
    "POST /slots/bookings": {"kind_id": "<appointment kind>", "start": "2027-07-05T09:00:00Z"},
    "POST /slots/bookings/{booking_id}/decision": {"is_approved": True},
    "POST /slots/bookings/{booking_id}/move": {"start": "2027-07-05T09:00:00Z"},
    "PUT /holidays": {"day": "2027-07-05", "is_working": False, "name": "Ours"},
}


# What takes a file.
GOOD_FILES: dict[str, tuple[str, bytes]] = {
    "PUT /users/{user_id}/avatar": ("image/png", b"what it holds is looked at last"),
    "PUT /rooms/{room_id}/photo": ("image/png", b"what it holds is looked at last"),
    "POST /events/{event_id}/attachments": ("text/plain", b"what it holds is looked at last"),
    "POST /tickets/{ticket_id}/attachments": ("text/plain", b"what it holds is looked at last"),
    "POST /calendars/{calendar_id}/imports": ("text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
    "POST /users/import": ("text/csv", b"email\nsomebody-new@example.com\n"),
}


# What must stand in the address besides the path.
GOOD_QUERIES: dict[str, dict[str, str]] = {
    "DELETE /events/{event_id}/participants": {"email": "guest@firm.example"},
    "POST /events/{event_id}/participants/proposal/accept": {"email": "guest@firm.example"},
    "POST /events/{event_id}/participants/proposal/decline": {"email": "guest@firm.example"},
    "POST /rooms/check-in": {"token": "unknown"},
    "DELETE /holidays": {"day": "2027-07-05"},
    "DELETE /availability/places": {"day": "2027-07-05"},
}


def good_body(route: str) -> dict[str, Any]:
    """What to send with a request, so that its body is not what is wrong with it."""
    if route in GOOD_QUERIES:
        return {"params": dict(GOOD_QUERIES[route])}
    if route in GOOD_FILES:
        kind, content = GOOD_FILES[route]
        return {"content": content, "headers": {"Content-Type": kind}}
    return {"json": GOOD_BODIES[route]} if route in GOOD_BODIES else {}


def path_of(template: str) -> str:
    """The path to an object of our company; `World.named` fills in its id."""
    for parameter, name in OBJECTS.items():
        template = template.replace(parameter, name)
    return template


@dataclass(frozen=True)
class WriteRoute:
    method: str
    template: str
    fields: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def path(self) -> str:
        """The path to an object of our company."""
        return path_of(self.template)

    def body(self, **values: Any) -> dict[str, Any]:
        return {**GOOD_BODIES[self.name], **values}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI document of the application."""
    return app.openapi()


def write_routes() -> list[WriteRoute]:
    """Every operation with a JSON body."""
    found = []
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            # Pictures and tables are bodies too, which their own tests try.
            if "application/json" in operation.get("requestBody", {}).get("content", {}):
                schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
                found.append(WriteRoute(method.upper(), path.removeprefix(PREFIX), schema["properties"]))
    return found


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, or the one that it refers to."""
    if "$ref" in schema:
        named: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return named
    return schema


def variants(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of which a value may have one."""
    return [resolved(option) for option in schema.get("anyOf", [schema])]


def text_fields(route: WriteRoute) -> list[str]:
    """The fields that take free text."""
    return [
        name
        for name, schema in route.fields.items()
        if any(option.get("type") == "string" and "enum" not in option for option in variants(schema))
    ]
