"""docs/access.md as data, and the people and objects that it speaks of.

A row of the table is a route and an object; a column is who asks. `own` is the actor's; `colleague's` is that of
somebody in the department head's department; `company's` belongs to nobody in particular; `foreign` is another
company's, and for the last two columns, ours.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import httpx2 as httpx
from fastapi.testclient import TestClient

from app.tasks.notification_tasks import create_notification
from tests.support.mail import dead_letter
from tests.support.people import PASSWORD, Company, Person, event, sign_in
from tests.support.planning import MISSING_ID, at, slot, today
from tests.support.push import subscription
from tests.support.room_policies import lend_by_approver

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "access.md"
ANONYMOUS = "nobody"
INSIDE = ("employee", "it", "head", "admin")
OUTSIDE = ("their employee", "their admin")
ACTORS = (ANONYMOUS, *INSIDE, "installation", *OUTSIDE)
OWN, COLLEAGUES, INVITED, PUBLIC = "own", "colleague's", "invited", "public"
COMPANYS, FOREIGN, NONE = "company's", "foreign", ""
OUTSIDE_GUEST = "secret-guest@outside.example"
_numbers = count(1)
_NEXT_WEEK = today() + timedelta(days=7)


@dataclass(frozen=True)
class Row:
    """What a route answers about an object to each of the actors; None where there is no such object."""

    route: str
    object: str
    statuses: dict[str, int | None]

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def template(self) -> str:
        return self.route.partition(" ")[2]


@lru_cache(maxsize=1)
def table() -> list[Row]:
    """The rows of docs/access.md."""
    rows = []
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) == len(ACTORS) + 2:
            route, kind, *statuses = cells
            numbers = [int(status) if status.isdigit() else None for status in statuses]
            rows.append(Row(route.strip("`"), kind, dict(zip(ACTORS, numbers, strict=True))))
    return rows


@dataclass
class Circle:
    """A company with one of each kind of people: `colleague` works in the department of `head`."""

    company: Company
    people: dict[str, Person]
    colleague: Person
    guest: Person

    @classmethod
    def create(cls, client: TestClient, name: str) -> "Circle":
        company = Company.create(client, name)
        people = {
            "admin": company.admin,
            "employee": company.person(),
            "it": company.person(role="it"),  # type: ignore[arg-type]
            "head": company.person(),
        }
        department = company.admin.post("/departments", {"name": "Research", "head_id": people["head"].id}).json()
        colleague = company.person(department_id=department["id"], department="Research")
        return cls(company, people, colleague, company.person())


Maker = Callable[[Circle, Person], str]


def _created(answer: httpx.Response) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _calendar(owner: Person, *, is_public: bool) -> str:
    return _created(owner.post("/calendars", {"name": "Secret", "is_public": is_public}))


def _event(owner: Person, guest: Person | None, *, is_public: bool) -> str:
    calendar = _calendar(owner, is_public=is_public)
    people = [{"user_id": person.id} for person in (owner, guest) if person]
    participants = [*people, {"email": OUTSIDE_GUEST}]
    return str(owner.create_event(title="Secret", calendar_id=calendar, participants=participants)["id"])


def _share(owner: Person, partner: Person, calendar_id: str) -> str:
    return _created(owner.post(f"/calendars/{calendar_id}/shares", {"user_id": partner.id, "level": "read"}))


def _import(owner: Person, calendar_id: str) -> str:
    path = f"/calendars/{calendar_id}/imports"
    started = owner.call("POST", path, content=b"BEGIN:VCALENDAR", headers={"Content-Type": "text/calendar"})
    assert started.status_code == 202, started.text
    return str(started.json()["id"])


def _outside(owner: Person, *, is_public: bool) -> str:
    outside = _created(owner.post("/calendars/subscriptions", _FEED))
    if is_public:
        assert owner.patch(f"/calendars/{outside}", {"is_public": True}).status_code == 200
    return outside


_AWAY = {"first_day": "2027-07-05", "last_day": "2027-07-06"}
_DAY = {"start": "2027-05-01", "end": "2027-05-02", "title": "Secret"}
_FEED = {"url": "https://secret.example/secret.ics", "name": "Secret"}


def _delegation(owner: Person, partner: Person) -> str:
    return _created(owner.post("/delegations", {"delegate_id": partner.id}))


def _request(circle: Circle, owner: Person) -> str:
    """What the owner asks of the administrators and the IT desk."""
    room = circle.company.admin.create_room(name=f"Secret {next(_numbers)}")
    lend_by_approver(circle.company, room["id"])
    answer = owner.post("/events", event(title="Secret", room_id=room["id"], **at(_NEXT_WEEK)))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["room_report"]["occurrences"][0]["request_id"])


def _new_day() -> str:
    return str(date(2100, 1, 1) + timedelta(days=next(_numbers)))


def _offered(circle: Circle, owner: Person, **values: Any) -> str:
    """A kind of appointment that its owner offers around the clock, some days ahead."""
    allowed = circle.company.admin.patch(f"/users/{owner.id}", {"access_availability_slots": True})
    assert allowed.status_code == 200, allowed.text
    always = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}]
    body = {"name": f"Secret {next(_numbers)}", "durations": [5], "hours": always, **values}
    kind = _created(owner.post("/slots/kinds", body))
    circle.company.admin.patch(f"/users/{owner.id}", {"access_availability_slots": False})
    return kind


def _appointment(circle: Circle, owner: Person) -> str:
    """One that the owner booked with somebody else, who has to approve it."""
    host = circle.company.person(access_availability_slots=True)
    kind = _offered(circle, host, needs_approval=True)
    circle.company.admin.patch(f"/users/{host.id}", {"access_availability_slots": True})
    start = datetime.combine(today() + timedelta(days=3), time(), UTC)
    return _created(owner.post("/slots/bookings", {"kind_id": kind, "start": start.isoformat()}))


def _queue(circle: Circle) -> str:
    return _created(circle.company.admin.post("/tickets/queues", {"name": f"Secret {next(_numbers)}"}))


def _invitation(circle: Circle) -> str:
    path = f"/organizations/{circle.company.organization.id}/invitations"
    return _created(circle.company.admin.post(path, {"email": f"secret-{next(_numbers)}@invited.example"}))


def _waiting(circle: Circle, owner: Person) -> str:
    room_id = str(circle.company.admin.create_room(name=f"Secret {next(_numbers)}")["id"])
    return _created(owner.post(f"/rooms/{room_id}/waiting", _wish_for(room_id, circle, owner)))


def _wish_for(room_id: str, circle: Circle, asker: Person) -> dict[str, str]:
    """What somebody sends who is to wait for a room: it is taken at the time of their meeting."""
    circle.company.admin.post("/events", event(title="Secret", room_id=room_id))
    meeting = asker.post("/events", event(title="Secret")).json()
    return {"event_id": meeting.get("id", MISSING_ID)}


def make(
    parameter: str,
    circle: Circle,
    owner: Person,
    guest: Person | None,
    *,
    is_public: bool,
    named: dict[str, str],
) -> str:
    """A new object of the circle's company that the path parameter can name; its id. `named`: those before it."""
    admin = circle.company.admin
    match parameter:
        case "user_id":
            if "ticket_id" in named:
                # Watchers of a ticket are what is named.
                assert admin.put(f"/tickets/{named['ticket_id']}/watchers/{owner.id}", None).status_code == 200
            return owner.id
        case "ticket_id":
            return _created(owner.post("/tickets", {"title": "Secret", "body": "Secret"}))
        case "link_id":
            body = {"kind": "blocks", "ticket_id": _created(admin.post("/tickets", {"title": "Secret"}))}
            return _created(admin.post(f"/tickets/{named['ticket_id']}/links", body))
        case "file_id":
            path = f"/tickets/{named['ticket_id']}/attachments?name=secret.txt"
            return _created(owner.call("POST", path, content=b"Secret"))
        case "queue_id":
            return _queue(circle)
        case "category_id":
            return _created(admin.post("/tickets/categories", {"name": f"Secret {next(_numbers)}"}))
        case "view_id":
            return _created(owner.post("/tickets/views", {"name": f"Secret {next(_numbers)}", "filters": {}}))
        case "absence_id":
            return _created(owner.post("/absences", {**_AWAY, "note": "Secret"}))
        case "absence_kind_id":
            return _created(admin.post("/absences/kinds", {"name": f"Secret {next(_numbers)}"}))
        case "hours_id":
            return _created(owner.post("/availability/hours", {"hours": [], "first_day": _new_day()}))
        case "appointment_kind_id":
            return _offered(circle, owner)
        case "booking_id":
            return _appointment(circle, owner)
        case "calendar_id":
            return _calendar(owner, is_public=is_public)
        case "share_id":
            return _share(owner, circle.company.person(), named["calendar_id"])
        case "import_id":
            return _import(owner, named["calendar_id"])
        case "feed_id":
            return _created(owner.post("/feeds", {}))
        case "outside_calendar_id":
            return _outside(owner, is_public=is_public)
        case "token":
            return "unknown"
        case "notification_id":
            create_notification(owner.id, "Secret")
            return str(owner.get("/notifications").json()["items"][0]["id"])
        case "push_subscription_id":
            return _created(owner.post("/push/subscriptions", subscription()))
        case "webhook_id":
            return _created(admin.post("/webhooks", _WEBHOOK))
        case "delivery_id":
            return _created(admin.post(f"/webhooks/{named['webhook_id']}/ping"))
        case "dead_letter_id":
            return dead_letter(circle.company)
        case "delegation_id":
            return _delegation(owner, circle.company.person())
        case "event_id":
            return _event(owner, guest, is_public=is_public)
        case "comment_id":
            return _created(owner.post(f"/events/{named['event_id']}/comments", {"body": "Secret"}))
        case "attachment_id":
            path = f"/events/{named['event_id']}/attachments?name=secret.txt"
            return _created(owner.call("POST", path, content=b"Secret"))
        case "building_id":
            return _created(admin.post("/buildings", {"name": f"Secret {next(_numbers)}"}))
        case "blocking_id":
            return _created(admin.post("/room-blockings", _DAY))
        case "equipment_id":
            room = admin.patch(f"/rooms/{named['room_id']}", {"equipment": ["projector"]}).json()
            return str(room["equipment"][0]["id"])
        case "waiting_id":
            return _waiting(circle, owner)
        case "room_id":
            return str(admin.create_room(name=f"Secret {next(_numbers)}")["id"])
        case "request_id":
            return _request(circle, owner)
        case "hold_id":
            room = admin.create_room(name=f"Secret {next(_numbers)}")
            return _created(owner.post(f"/rooms/{room['id']}/holds", slot(_NEXT_WEEK)))
        case "department_id":
            return _created(admin.post("/departments", {"name": f"Secret {next(_numbers)}"}))
        case "invitation_id":
            return _invitation(circle)
        case "organization_id":
            return str(circle.company.organization.id)
    raise AssertionError(f"nobody knows how to make a {parameter}")


def request_of(
    route: str, ids: dict[str, str], circle: Circle, asker: Person | None, names: dict[str, str]
) -> dict[str, Any]:
    """What is sent besides the path, so that only a missing right can be the reason for a refusal."""
    number = next(_numbers)
    address = f"person-{number}@new.example"
    window = {"from": "2027-03-01", "to": "2027-04-01"}
    organization = str(circle.company.organization.id)
    is_installation = asker is not None and asker.user.organization_id is None
    name = names.get(ids.get("organization_id", ""), "")
    known: dict[str, dict[str, Any]] = {
        "POST /auth/register": {"json": {"email": address, "password": PASSWORD}},
        "POST /auth/login": {"json": {"email": asker.email if asker else address, "password": PASSWORD}},
        "POST /auth/refresh": {"json": {"refresh_token": asker.refresh_token if asker else "none"}},
        "POST /auth/change-password": {"json": {"current_password": PASSWORD, "new_password": f"{PASSWORD} 2"}},
        "GET /auth/invitation": {"params": {"token": "unknown"}},
        "GET /events": {"params": window},
        "GET /events/search": {"params": {"q": "secret"}},
        "GET /freebusy": {"params": {**window, "users": asker.id if asker else ""}},
        "POST /events/find-time": {
            "json": {**_next_days(), "duration_minutes": 60, "required": [asker.id if asker else circle.guest.id]}
        },
        "POST /events": {"json": event()},
        "PUT /events/{event_id}": {"json": event(title="Taken over")},
        "PATCH /events/{event_id}": {"json": {"title": "Taken over"}},
        "POST /events/{event_id}/participants": {"json": {"user_id": circle.guest.id}},
        "POST /events/{event_id}/rebooking": {
            "json": {"items": [{"occurrence": event()["start_time"], "room_id": None}]}
        },
        "POST /events/{event_id}/comments": {"json": {"body": "Taken over"}},
        "PATCH /events/{event_id}/comments/{comment_id}": {"json": {"body": "Taken over"}},
        "POST /events/{event_id}/attachments": {"params": {"name": "new.txt"}, "content": b"Taken over"},
        "DELETE /events/{event_id}/participants": {"params": {"email": OUTSIDE_GUEST}},
        **{
            f"POST /events/{{event_id}}/participants/proposal/{verb}": {"params": {"email": OUTSIDE_GUEST}}
            for verb in ("accept", "decline")
        },
        "PUT /events/{event_id}/response": {"json": {"response": "accepted"}},
        "PATCH /events/{event_id}/mine": {"json": {"transparency": "transparent"}},
        "POST /calendars": {"json": {"name": "New"}},
        "PUT /calendars/{calendar_id}": {"json": {"name": "Taken over"}},
        "PATCH /calendars/{calendar_id}": {"json": {"name": "Taken over"}},
        "GET /events/ics": {"params": window},
        "POST /calendars/{calendar_id}/imports": {
            "content": b"BEGIN:VCALENDAR",
            "headers": {"Content-Type": "text/calendar"},
        },
        "POST /calendars/{calendar_id}/feeds": {"json": {}},
        "POST /feeds": {"json": {}},
        "POST /calendars/subscriptions": {"json": _FEED},
        "PATCH /calendars/subscriptions/{outside_calendar_id}": {"json": {"name": "Taken over"}},
        "POST /calendars/{calendar_id}/shares": {"json": {"user_id": circle.guest.id, "level": "read"}},
        "PATCH /calendars/{calendar_id}/shares/{share_id}": {"json": {"level": "manage"}},
        "PUT /calendars/{calendar_id}/subscription": {"json": {"color": "#8e24aa"}},
        "PUT /calendars/{calendar_id}/owner": {"json": {"user_id": circle.guest.id}},
        "POST /delegations": {"json": {"delegate_id": circle.guest.id}},
        "PATCH /delegations/{delegation_id}": {"json": {"sees_private": True}},
        "POST /buildings": {"json": {"name": f"New {number}"}},
        "PUT /buildings/{building_id}": {"json": {"name": f"Taken over {number}"}},
        "PATCH /buildings/{building_id}": {"json": {"address": "Taken over"}},
        "GET /rooms/{room_id}/blocked": {"params": window},
        "POST /room-blockings": {"json": _DAY},
        "PUT /room-blockings/{blocking_id}": {"json": _DAY},
        "PATCH /room-blockings/{blocking_id}": {"json": {"title": "Taken over"}},
        **{
            f"{method} {path}": {"json": {"max_minutes": 600}}
            for method in ("PUT", "PATCH")
            for path in ("/rooms/policy", "/rooms/{room_id}/policy", "/buildings/{building_id}/policy")
        },
        "GET /rooms/available": {"params": window},
        "POST /rooms/for-series": {"json": {"start_time": "2027-05-03T09:00:00", "end_time": "2027-05-03T10:00:00"}},
        "GET /rooms/check-in": {"params": {"token": "unknown"}},
        "PUT /notifications/preferences": {"json": {"choices": []}},
        "PUT /notifications/quiet-hours": {"json": {"start": "22:00", "end": "07:00"}},
        "PUT /notifications/digest": {"json": {"at": "08:00"}},
        "PUT /notifications/reminders": {"json": {"timed": [], "all_day": []}},
        "PUT /calendars/{calendar_id}/reminders": {"json": {"timed": [], "all_day": []}},
        "PUT /events/{event_id}/reminders": {"json": {"reminders": []}},
        "POST /push/subscriptions": {"json": subscription()},
        "POST /webhooks": {"json": _WEBHOOK},
        "PUT /webhooks/{webhook_id}": {"json": _WEBHOOK},
        "PATCH /webhooks/{webhook_id}": {"json": {"name": "Taken over"}},
        "POST /rsvp/{token}": {"data": {"response": "accepted"}},
        "POST /mail/inbound": {"content": b"Subject: x", "headers": {"Content-Type": "message/rfc822"}},
        "POST /rooms/check-in": {"params": {"token": "unknown"}},
        "GET /rooms/no-shows": {"params": window},
        "POST /rooms/{room_id}/check-in": {"json": {}},
        "POST /rooms/{room_id}/end-early": {"json": {}},
        "POST /rooms/{room_id}/extend": {"json": {"minutes": 15}},
        "POST /rooms": {"json": {"name": f"New {number}", "capacity": 2}},
        "PUT /rooms/{room_id}": {"json": {"name": f"Taken over {number}", "capacity": 2}},
        "PATCH /rooms/{room_id}": {"json": {"capacity": 3}},
        "PATCH /rooms/{room_id}/equipment/{equipment_id}": {"json": {"out_of_order": 1}},
        "PUT /rooms/{room_id}/photo": {"content": _PIXEL, "headers": {"Content-Type": "image/png"}},
        "POST /rooms/requests/{request_id}/approve": {"json": {}},
        "POST /rooms/requests/{request_id}/decline": {"json": {}},
        "POST /rooms/{room_id}/holds": {"json": slot(_NEXT_WEEK)},
        "POST /rooms/{room_id}/closing": {"json": {"reason": "Taken over"}},
        "POST /rooms/{room_id}/panel/book": {"json": {"minutes": 15}},
        "POST /rooms/{room_id}/panel/extend": {"json": {"minutes": 15}},
        "GET /users/search": {"params": {"q": "secret"}},
        "POST /users": {
            "json": {
                "email": address,
                "password": PASSWORD,
                **({"organization_id": organization} if is_installation else {}),
            }
        },
        "PUT /users/{user_id}": {"json": {"email": _email_of(ids, circle, asker), "full_name": "Taken Over"}},
        "PATCH /users/{user_id}": {"json": {"full_name": "Taken Over"}},
        "POST /users/import": {"content": f"email\n{address}\n".encode(), "headers": {"Content-Type": "text/csv"}},
        "PUT /users/{user_id}/avatar": {"content": _PIXEL, "headers": {"Content-Type": "image/png"}},
        "POST /users/{user_id}/leaving": {"json": {"successor_id": circle.company.admin.id, "dry_run": True}},
        "POST /departments": {"json": {"name": f"New {number}"}},
        "PUT /departments/{department_id}": {"json": {"name": f"Taken over {number}"}},
        "PATCH /departments/{department_id}": {"json": {"name": f"Taken over {number}"}},
        "POST /departments/{department_id}/members": {"json": {"user_ids": [circle.people["it"].id]}},
        "POST /organizations": {"json": {"name": f"New {number}", "time_zone": "Europe/Berlin"}},
        "PUT /organizations/{organization_id}": {"json": {"name": name, "time_zone": "Asia/Almaty"}},
        "PATCH /organizations/{organization_id}": {"json": {"locale": "en"}},
        "DELETE /organizations/{organization_id}": {"params": {"confirm": name}},
        "POST /organizations/{organization_id}/invitations": {"json": {"email": address}},
        "POST /tickets": {"json": {"title": "New"}},
        "POST /tickets/bulk": {"json": {"ticket_ids": [MISSING_ID], "changes": {"title": "Taken over"}}},
        "PATCH /tickets/{ticket_id}": {"json": {"state": "closed"}},
        "POST /tickets/{ticket_id}/approval": {"json": {"is_approved": True}},
        "POST /tickets/{ticket_id}/merge": {"json": {"into_id": MISSING_ID}},
        "POST /tickets/{ticket_id}/links": {"json": {"kind": "blocks", "ticket_id": MISSING_ID}},
        "POST /tickets/{ticket_id}/entries": {"json": {"body": "Taken over"}},
        "POST /tickets/{ticket_id}/attachments": {"params": {"name": "new.txt"}, "content": b"Taken over"},
        "POST /tickets/queues": {"json": {"name": f"New {number}"}},
        "PATCH /tickets/queues/{queue_id}": {"json": {"name": f"Taken over {number}"}},
        "PUT /tickets/queues/{queue_id}/members": {"json": {"members": []}},
        "PUT /tickets/queues/{queue_id}/slas": {"json": {"slas": []}},
        "POST /tickets/categories": {"json": {"name": f"New {number}"}},
        "PATCH /tickets/categories/{category_id}": {"json": {"name": f"Taken over {number}"}},
        "POST /tickets/views": {"json": {"name": f"New {number}", "filters": {}}},
        "PATCH /tickets/views/{view_id}": {"json": {"name": f"Taken over {number}"}},
        "POST /absences": {"json": _AWAY},
        "PATCH /absences/{absence_id}": {"json": {"note": "Taken over"}},
        "POST /absences/kinds": {"json": {"name": f"New {number}"}},
        "PATCH /absences/kinds/{absence_kind_id}": {"json": {"name": f"Taken over {number}"}},
        "POST /absences/{absence_id}/decision": {"json": {"is_approved": True}},
        "GET /users/{user_id}/availability": {"params": window},
        "GET /availability": {"params": {**window, "users": asker.id if asker else ""}},
        "POST /availability/hours": {"json": {"hours": [], "first_day": _new_day()}},
        "PATCH /availability/hours/{hours_id}": {"json": {"keeps_holidays": False}},
        "PUT /availability/places": {"json": {"day": "2027-07-05", "place": "home"}},
        "DELETE /availability/places": {"params": {"day": "2028-07-05"}},
        "GET /slots": {"params": {**window, "kind": MISSING_ID}},
        "POST /slots/kinds": {"json": {"name": f"New {number}"}},
        "PATCH /slots/kinds/{appointment_kind_id}": {"json": {"name": f"Taken over {number}"}},
        "POST /slots/bookings": {"json": {"kind_id": MISSING_ID, "start": "2027-03-22T09:00:00Z"}},
        "POST /slots/bookings/{booking_id}/decision": {"json": {"is_approved": True}},
        "POST /slots/bookings/{booking_id}/move": {"json": {"start": "2020-03-22T09:00:00Z"}},
        "POST /book/{token}": {"data": {"start": "2027-03-22T09:00:00Z"}},
        "POST /appointments/{token}": {"data": {"do": "confirm"}},
        "GET /holidays": {"params": window},
        "PUT /holidays": {"json": {"day": "2027-07-05", "is_working": False, "name": "New"}},
        "DELETE /holidays": {"params": {"day": "2028-07-05"}},
        **{f"GET /statistics{report}": {"params": window} for report in ("", "/meetings", "/rooms", "/busiest")},
    }
    if route == "POST /rooms/{room_id}/waiting" and asker is not None:
        return {"json": _wish_for(ids["room_id"], circle, asker)}
    if route in ("GET /tickets/board", "GET /tickets/report"):
        queue = _queue(circle)
        return {"params": {"queue_id": queue}} if route == "GET /tickets/board" else {}
    return known.get(route, {})


def _next_days() -> dict[str, str]:
    """A window that has not passed: times to meet are looked for from now on."""
    return {"from": f"{today() + timedelta(days=7)}", "to": f"{today() + timedelta(days=14)}"}


def _email_of(ids: dict[str, str], circle: Circle, asker: Person | None) -> str:
    """The e-mail that the person named in the path has: a PUT must not be refused for another reason."""
    everybody = [*circle.people.values(), circle.colleague, *([asker] if asker else [])]
    return next((person.email for person in everybody if person.id == ids.get("user_id")), "x@new.example")


_WEBHOOK = {"name": "Hook", "url": "https://hooks.example/", "types": ["event.created"]}


_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@dataclass
class Scene:
    """Both companies, and who runs the installation."""

    client: TestClient
    ours: Circle
    theirs: Circle
    installation: Person
    _kept: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)

    @classmethod
    def create(cls, client: TestClient) -> "Scene":
        installation = sign_in(client, None, role="admin")
        return cls(client, Circle.create(client, "Ours"), Circle.create(client, "Theirs"), installation)

    def actor(self, name: str) -> tuple[Person | None, Circle]:
        """Who asks, and the company that is theirs; for those of neither, ours."""
        if name == ANONYMOUS:
            return None, self.ours
        if name == "installation":
            return self.installation, self.ours
        circle = self.theirs if name in OUTSIDE else self.ours
        return circle.people[name.removeprefix("their ")], circle

    def ids(self, row: Row, actor: str, *, anew: bool) -> dict[str, str]:
        """The ids for the row's path: of objects made for this one request, or kept for all that change nothing."""
        parameters = re.findall(r"\{(\w+)\}", row.template)
        asker, circle = self.actor(actor)
        if row.object == FOREIGN:
            circle = self.ours if circle is self.theirs else self.theirs
        elif actor in OUTSIDE:
            circle = self.ours
        owner = asker if row.object == OWN and asker and actor not in OUTSIDE else circle.colleague
        is_public = row.object in (PUBLIC, FOREIGN, COMPANYS)
        guest = asker if row.object == INVITED and circle is self.ours and actor in INSIDE else None
        key = (row.object, circle.company.admin.id, owner.id, guest.id if guest else "")
        kept = {} if anew else self._kept.setdefault(key, {})
        for parameter in parameters:
            if parameter not in kept:
                kept[parameter] = make(parameter, circle, owner, guest, is_public=is_public, named=kept)
        return kept

    def ask(self, row: Row, actor: str, *, anew: bool) -> httpx.Response:
        """The answer to the row's route, asked by this actor."""
        asker, circle = self.actor(actor)
        ids = self.ids(row, actor, anew=anew)
        companies = (self.ours.company.organization, self.theirs.company.organization)
        names = {str(organization.id): organization.name for organization in companies}
        sent = request_of(row.route, ids, circle, asker, names)
        path = row.template.format(**ids)
        if asker is None:
            return self.client.request(row.method, path, **sent)
        return asker.call(row.method, path, **sent)
