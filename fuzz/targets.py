"""Objects that are made for one request, so that its path points at something which is there."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx2 as httpx

from app.core.ids import new_id
from app.core.security import create_check_in_token
from app.services.reply_key_service import make_key
from app.tasks.import_tasks import import_files
from app.tasks.notification_tasks import create_notification
from fuzz import files
from fuzz.cast import Cast
from tests.support.mail import dead_letter, token_for, written_to
from tests.support.people import Person, event
from tests.support.planning import at, slot, today
from tests.support.push import subscription
from tests.support.room_policies import lend_by_approver
from tests.support.room_use import soon

API = "/api/v1"
USES_OF_ROOMS = ("/check-in", "/end-early", "/extend")
MOVED = {"proposed_start": "2027-03-22T15:00:00", "proposed_end": "2027-03-22T16:00:00"}


def soon_free() -> str:
    """A beginning some days ahead, at which those who are there around the clock can be booked."""
    return f"{today() + timedelta(days=3)}T10:00:00Z"


class NotMade(Exception):
    """The API refused, as it may: requests of the run have just dismissed who asked."""


@dataclass(frozen=True)
class Target:
    """What the parameters of a path are to be, and a query that this object alone needs.

    `occurrence` is the start of one of its occurrences, where it is a series.
    """

    ids: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    occurrence: str | None = None


@dataclass
class Targets:
    """Makes them: in the company of the run or, for an administrator of the installation, a company of its own.

    What belongs to somebody belongs to the sender, who may do everything with it.
    """

    cast: Cast
    random: Random

    def for_path(self, path: str, sender: Person) -> Target:
        """An object for each parameter of `path`, a template of the OpenAPI document.

        Raises:
            NotMade: the API refused to make one.
        """
        kind = path.removeprefix(API).split("/")[1]
        owner = self.cast.admin if sender is self.cast.installation_admin else sender
        match kind:
            case "organizations":
                return self._organization(path, sender)
            case "users":
                return Target({"user_id": self._user(path)})
            case "events":
                return self._event(path, owner)
            case "calendars":
                return self._calendar(path, owner)
            case "feeds":
                return self._feed(path, owner)
            case "delegations":
                delegate = self.cast.company.person()
                return Target({"delegation_id": self._made("/delegations", {"delegate_id": delegate.id}, owner)})
            case "rooms":
                return self._room(path, owner)
            case "room-blockings":
                return Target(
                    {"blocking_id": self._made("/room-blockings", {"start": "2027-05-01", "end": "2027-05-02"})}
                )
            case "buildings":
                return Target({"building_id": self._made("/buildings", {"name": new_id().hex})})
            case "departments":
                return Target({"department_id": self._department()})
            case "notifications":
                create_notification(owner.id, "Told")
                listed = self._accepted(owner.get("/notifications"), 200)
                return Target({"notification_id": str(listed["items"][0]["id"])})
            case "push":
                return Target({"push_subscription_id": self._made("/push/subscriptions", subscription(), owner)})
            case "webhooks":
                return self._webhook(path)
            case "tickets":
                return self._ticket(path, owner)
            case "absences":
                return self._absence(path, owner)
            case "availability":
                hours = {"hours": [], "first_day": f"{today() + timedelta(days=self.random.randrange(30_000))}"}
                return Target({"hours_id": self._made("/availability/hours", hours, owner)})
            case "slots":
                kind = self.offered(needs_approval=path.endswith("/decision"))
                if "{appointment_kind_id}" in path:
                    return Target({"appointment_kind_id": kind["id"]})
                booking = {"kind_id": kind["id"], "start": soon_free()}
                return Target({"booking_id": self._made("/slots/bookings", booking, owner)})
            case "book":
                return Target({"token": self.offered()["public_url"].rpartition("/")[2]})
            case "appointments":
                return Target({"token": self._appointment(path)})
            case "outbox":
                return Target({"dead_letter_id": dead_letter(self.cast.company)})
            case "rsvp":
                return self._invitation(owner)
        raise AssertionError(f"nobody knows how to make what {path} names")

    def invited(self) -> dict[str, str]:
        """An address that is invited into the company of the run, and the token in the mail to it."""
        email = new_email()
        self._made(f"/organizations/{self.cast.company.organization.id}/invitations", {"email": email})
        token = token_for(self.cast.database, email)
        return {"email": email, "token": token, "invitation_token": token}

    def principal_of(self, delegate: Person) -> Person:
        """A new colleague for whom `delegate` may act."""
        principal = self.cast.company.person()
        self._made("/delegations", {"delegate_id": delegate.id, "sees_private": True}, principal)
        return principal

    def link_token(self) -> str:
        """What stands in the link that asks the administrator to check in to a meeting that takes place now."""
        room_id = self._room("/check-in", self.cast.admin).ids["room_id"]
        query = "SELECT organization_id::text, id::text FROM room_bookings WHERE room_id = %s"
        row = self.cast.database.execute(query, [room_id]).fetchone()
        assert row is not None
        claims = {"company": row[0], "booking": row[1], "person": self.cast.admin.id}
        return create_check_in_token(claims, datetime.now(UTC) + timedelta(hours=1))

    def offered(self, **values: Any) -> dict[str, Any]:
        """A kind of appointment of a new colleague, around the clock."""
        host = self.cast.company.person(access_availability_slots=True)
        always = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}]
        body = {"name": new_id().hex, "durations": [30], "hours": always, "is_public": True, **values}
        return self._accepted(host.post("/slots/kinds", body), 201)

    def _appointment(self, path: str) -> str:
        """The key of the form of an appointment, or where that is asked for, of one that is booked."""
        page = f"/book/{self.offered()['public_url'].rpartition('/')[2]}"
        chosen = self.cast.admin.client.post(page, data={"start": soon_free()}, follow_redirects=False)
        if chosen.status_code != 303:
            raise NotMade(chosen.text)
        key = str(chosen.headers["location"]).rpartition("/")[2]
        if path.endswith("/calendar.ics"):
            email = new_email()
            form = {"do": "submit", "name": "Gus", "email": email}
            self.cast.admin.client.post(f"/appointments/{key}", data=form)
            key = str(written_to(self.cast.database, email)[-1].values["url"]).rpartition("/")[2]
            self.cast.admin.client.post(f"/appointments/{key}", data={"do": "confirm"})
        return key

    def _absence(self, path: str, owner: Person) -> Target:
        """An absence of the owner; a kind of absence; or one that the owner, an administrator, decides about."""
        if "{absence_kind_id}" in path:
            return Target({"absence_kind_id": self._made("/absences/kinds", {"name": new_id().hex})})
        away: dict[str, Any] = {"first_day": "2027-07-05", "last_day": "2027-07-06"}
        if path.endswith("/decision"):
            away["kind_id"] = self._made("/absences/kinds", {"name": new_id().hex})
            owner = self.cast.company.person(manager_id=owner.user.id)
        return Target({"absence_id": self._made("/absences", away, owner)})

    def _webhook(self, path: str) -> Target:
        """A webhook, and what it was told where the path names that."""
        body = {"name": "Hook", "url": outside_address(), "types": ["event.created"]}
        ids = {"webhook_id": self._made("/webhooks", body)}
        if "{delivery_id}" in path:
            ids["delivery_id"] = self._made(f"/webhooks/{ids['webhook_id']}/ping", {})
        return Target(ids)

    def ticket(self, owner: Person | None = None) -> str:
        """A ticket of the owner, in a queue of its own that takes some."""
        queue = self._made("/tickets/queues", {"name": new_id().hex})
        return self._made("/tickets", {"title": "Printer", "queue_id": queue}, owner)

    def _ticket(self, path: str, owner: Person) -> Target:
        """A ticket of the owner and what hangs on it; or of the desk, what the path names."""
        name = new_id().hex
        if "{queue_id}" in path:
            return Target({"queue_id": self._made("/tickets/queues", {"name": name})})
        if "{category_id}" in path:
            return Target({"category_id": self._made("/tickets/categories", {"name": name})})
        if "{view_id}" in path:
            return Target({"view_id": self._made("/tickets/views", {"name": name, "filters": {}}, owner)})
        if path.endswith("/approval"):
            approved = {"name": name, "approval": "person", "approver_id": owner.id}
            category = self._made("/tickets/categories", approved)
            asked = {"title": "Laptop", "category_id": category}
            return Target({"ticket_id": self._made("/tickets", asked, self.cast.company.person())})
        ticket_id = self.ticket(owner)
        ids = {"ticket_id": ticket_id, "user_id": self.cast.company.person().id}
        if "{link_id}" in path:
            body = {"kind": "blocks", "ticket_id": self.ticket()}
            ids["link_id"] = self._made(f"/tickets/{ticket_id}/links", body)
        if "{file_id}" in path:
            ids["file_id"] = self._made(f"/tickets/{ticket_id}/attachments?name=a.json", {"a": 1}, owner)
        if "{user_id}" in path:
            watched = self.cast.admin.put(f"/tickets/{ticket_id}/watchers/{ids['user_id']}", None)
            self._accepted(watched, 200)
        return Target(ids)

    def _event(self, path: str, owner: Person) -> Target:
        """An event of the owner, who takes part, with guests, and what hangs on it where the path names that."""
        guest = self.cast.admin if owner is self.cast.employee else self.cast.employee
        outside = new_email()
        participants = [{"user_id": owner.id}, {"user_id": guest.id}, {"email": outside}]
        ids = {"user_id": guest.id}
        if "{department_id}" in path:
            ids["department_id"] = self._department()
            participants.append({"department_id": ids["department_id"]})
        # What is proposed is a time for an event, or for one occurrence.
        is_series = "/proposal/" not in path and self.random.choice([True, False])
        body = event(participants=participants, recurrence_rule="FREQ=WEEKLY;COUNT=3" if is_series else None)
        event_id = ids["event_id"] = self._made("/events", body, owner)
        if "{comment_id}" in path:
            ids["comment_id"] = self._made(f"/events/{event_id}/comments", {"body": "First"}, owner)
        if "{attachment_id}" in path:
            # Any body is a file.
            ids["attachment_id"] = self._made(f"/events/{event_id}/attachments?name=a.json", {"a": 1}, owner)
        if "/participants/proposal/" in path:
            self._proposes(event_id, outside)
        elif "/proposal/" in path:
            self._accepted(guest.put(f"/events/{event_id}/response", {"response": "tentative", **MOVED}), 200)
        is_outside = path.endswith("/participants") or "/participants/proposal/" in path
        query = {"email": outside} if is_outside else {}
        return Target(ids, query, "2027-03-29T09:00:00" if is_series else None)

    def _proposes(self, event_id: str, email: str) -> None:
        """As after a COUNTER that came by mail."""
        statement = """
            UPDATE event_participants
            SET proposed_start = lower(span) + interval '1 h', proposed_end = upper(span) + interval '1 h'
            WHERE event_id = %s AND email = %s
        """
        self.cast.database.execute(statement, [event_id, email])

    def _invitation(self, owner: Person) -> Target:
        """The key of a guest from outside."""
        email = new_email()
        event_id = self._made("/events", event(participants=[{"email": email}]), owner)
        return Target({"token": make_key(self.cast.company.organization.id, UUID(event_id), email)})

    def _calendar(self, path: str, owner: Person) -> Target:
        """A calendar, one that shows a feed which nobody fetches, and what hangs on it where the path names that."""
        if "{outside_calendar_id}" in path:
            subscription = {"url": outside_address(), "name": "Outside"}
            return Target({"outside_calendar_id": self._made("/calendars/subscriptions", subscription, owner)})
        calendar_id = self._made("/calendars", {"name": "Team", "is_public": True}, owner)
        ids = {"calendar_id": calendar_id}
        if "{share_id}" in path:
            share = {"user_id": self.cast.company.person().id, "level": "read"}
            ids["share_id"] = self._made(f"/calendars/{calendar_id}/shares", share, owner)
        if "{import_id}" in path:
            headers = {"Content-Type": files.CALENDAR}
            sent = owner.call(
                "POST", f"/calendars/{calendar_id}/imports", content=files.calendar(self.random), headers=headers
            )
            ids["import_id"] = str(self._accepted(sent, 202)["id"])
            if path.endswith("/lines"):
                # No worker runs beside the API: its task is called here.
                import_files()
        return Target(ids)

    def _room(self, path: str, owner: Person) -> Target:
        """A room with something in it, and what the path needs to be there: requests, holds, meetings, who waits."""
        # Rules that another request has set for all rooms would forbid what is needed.
        self._accepted(self.cast.admin.put("/rooms/policy", {}), 200)
        body = {"name": new_id().hex, "capacity": 4, "equipment": [{"name": "chair", "quantity": 10_000}]}
        room = self._accepted(self.cast.admin.post("/rooms", body), 201)
        room_id, next_week = room["id"], today() + timedelta(days=7)
        ids = {"room_id": room_id, "equipment_id": room["equipment"][0]["id"]}
        if "/panel" in path and not path.endswith("/panel-token"):
            return Target(ids, self._panel(path, room_id))
        if "{request_id}" in path:
            lend_by_approver(self.cast.company, room_id)
            asked = self.cast.company.person().post("/events", event(room_id=room_id, **at(next_week)))
            ids["request_id"] = self._accepted(asked, 201)["room_report"]["occurrences"][0]["request_id"]
        if "{hold_id}" in path:
            ids["hold_id"] = self._made(f"/rooms/{room_id}/holds", slot(next_week), owner)
        if "waiting" in path:
            # Taken at the time for which others wait.
            booked = self._made("/events", event(room_id=room_id))
        if "{waiting_id}" in path:
            # And free again: it is offered.
            needs = self._made("/events", event(), owner)
            ids["waiting_id"] = self._made(f"/rooms/{room_id}/waiting", {"event_id": needs}, owner)
            self.cast.admin.delete(f"/events/{booked}")
        if path.endswith(USES_OF_ROOMS):
            self._meet_now(room_id, owner)
        return Target(ids)

    def _panel(self, path: str, room_id: str) -> dict[str, str]:
        """The query that opens the room's panel; and the meeting that its buttons are about."""
        door = f"/rooms/{room_id}/panel"
        query = {"token": str(self._accepted(self.cast.admin.post(f"{door}-token"), 201)["token"])}
        if path.endswith(("/check-in", "/end", "/extend")):
            self._meet_now(room_id, self.cast.admin)
        return query

    def _meet_now(self, room_id: str, owner: Person) -> None:
        times = {"start_time": soon(-10), "end_time": soon(50), "time_zone": "UTC"}
        self._made("/events", event(**times, room_id=room_id), owner)

    def _feed(self, path: str, owner: Person) -> Target:
        feed = self._accepted(owner.post("/feeds", {}), 201)
        if "{token}" in path:
            return Target({"token": feed["url"].rpartition("/")[2].removesuffix(".ics")})
        return Target({"feed_id": feed["id"]})

    def _organization(self, path: str, sender: Person) -> Target:
        organization, query = str(self.cast.company.organization.id), dict[str, str]()
        if sender is self.cast.installation_admin:
            name = f"Company {new_id().hex}"
            organization = self._made("/organizations", {"name": name, "time_zone": "Asia/Almaty"}, sender)
            query = {"confirm": name} if path.endswith("/{organization_id}") else {}
        ids = {"organization_id": organization}
        if "{invitation_id}" in path:
            invitations = f"/organizations/{organization}/invitations"
            ids["invitation_id"] = self._made(invitations, {"email": new_email()}, sender)
        return Target(ids, query)

    def _user(self, path: str) -> str:
        """A new colleague; one who has left, where a leaving is to be undone."""
        person = self.cast.company.person()
        if path.endswith("/leaving/undo"):
            self._accepted(self.cast.admin.post(f"/users/{person.id}/leaving", {"successor_id": None}), 200)
        return person.id

    def _department(self) -> str:
        return self._made("/departments", {"name": new_id().hex})

    def _made(self, path: str, body: object, sender: Person | None = None, status: int = 201) -> str:
        return str(self._accepted((sender or self.cast.admin).post(path, body), status)["id"])

    @staticmethod
    def _accepted(answer: httpx.Response, status: int) -> dict[str, Any]:
        if answer.status_code != status:
            raise NotMade(answer.text)
        body: dict[str, Any] = answer.json()
        return body


def new_email() -> str:
    """An address that nobody has."""
    return f"somebody-{new_id().hex}@example.com"


def outside_address() -> str:
    """Of a feed elsewhere. No worker fetches it, and nobody can have the name (RFC 6761, 6.4)."""
    return f"https://{new_id().hex}.invalid/calendar.ics"
