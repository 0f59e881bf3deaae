"""The demo company in the real database, as its people see it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.cli import demo as command
from app.cli.commands import main
from app.core import tenancy
from app.core.config import get_settings
from app.core.ids import new_id
from app.db import SessionLocal
from app.demo.company import PASSWORD
from app.demo.days import monday_of
from app.demo.fill import Filled, fill
from app.demo.meetings import OPEN_DAY_HOST
from app.demo.model import Plan
from app.demo.places import BERLIN_OFFICE, HALL
from app.demo.plan import plan_company
from app.models import Organization, User
from app.services import bootstrap_service, session_service
from tests.support.people import Person
from tests.support.planning import accepted, at, refused, today

TODAY = date(2026, 10, 14)
MONDAY = monday_of(TODAY)
# What one run adds to; none of them may grow in a second.
TABLES = (
    "departments",
    "users",
    "buildings",
    "rooms",
    "booking_policies",
    "calendars",
    "events",
    "event_participants",
    "event_occurrences",
    "tickets",
    "absences",
    "user_availability",
    "appointment_kinds",
)


@dataclass
class Demo:
    client: TestClient
    organization: Organization
    plan: Plan
    filled: Filled

    @property
    def id(self) -> UUID:
        return self.organization.id

    def sign_in(self, name: str) -> Person:
        email = next(employee.email for employee in self.plan.employees if employee.name == name)
        with SessionLocal.begin() as session:
            tenancy.enter(session, self.id, origin="test")
            user = session.exec(select(User).where(User.email == email)).one()
            tokens = session_service.open_session(session, user, address=None, user_agent=None)
        return Person(self.client, user, tokens.access_token, tokens.refresh_token)


@pytest.fixture(scope="module")
def demo(client: TestClient) -> Demo:
    """A demo of its own: e-mail addresses are unique over all companies."""
    plan = plan_company(TODAY, domain=f"{new_id().hex}.example")
    with SessionLocal.begin() as session:
        organization = Organization(name=bootstrap_service.FIRST_COMPANY, time_zone="Europe/Moscow")
        tenancy.enter(session, organization.id, origin="test")
        session.add(organization)
        session.flush()
        filled = fill(session, organization, plan)
    assert filled is not None
    return Demo(client, organization, plan, filled)


def counts(database: psycopg.Connection, demo: Demo) -> dict[str, int]:
    found = {}
    for table in TABLES:
        row = database.execute(f"SELECT count(*) FROM {table} WHERE organization_id = %s", [demo.id]).fetchone()
        assert row is not None
        found[table] = row[0]
    return found


def test_everything_is_there(demo: Demo, database: psycopg.Connection) -> None:
    found = counts(database, demo)
    assert (found["users"], found["rooms"], found["departments"]) == (40, 8, 7)
    assert (found["buildings"], found["booking_policies"]) == (2, 2)
    assert found["calendars"] == 40 + len(demo.plan.calendars)
    assert found["events"] == demo.filled.events == len(demo.plan.meetings)
    assert found["event_occurrences"] == demo.filled.occurrences
    assert demo.organization.name == demo.plan.company


def test_departments_are_a_tree_with_a_head_each(demo: Demo, database: psycopg.Connection) -> None:
    rows = database.execute(
        "SELECT d.parent_id, h.department_id = d.id FROM departments d JOIN users h ON h.id = d.head_id"
        " WHERE d.organization_id = %s",
        [demo.id],
    ).fetchall()
    assert len(rows) == 7
    assert [parent for parent, _ in rows].count(None) == 1
    assert all(head_is_member for _, head_is_member in rows)


def test_names_are_in_both_alphabets(demo: Demo, database: psycopg.Connection) -> None:
    row = database.execute(
        "SELECT count(*) FILTER (WHERE full_name ~ '[а-яё]'), count(*) FILTER (WHERE full_name ~ '[a-z]')"
        " FROM users WHERE organization_id = %s",
        [demo.id],
    ).fetchone()
    assert row is not None
    assert row[0] > 25
    assert row[1] > 5


def test_every_manager_chain_ends_at_the_top(demo: Demo, database: psycopg.Connection) -> None:
    row = database.execute(
        """
        WITH RECURSIVE below AS (
            SELECT id FROM users WHERE organization_id = %(id)s AND manager_id IS NULL
            UNION ALL
            SELECT u.id FROM users u JOIN below b ON u.manager_id = b.id
        ) CYCLE id SET is_cycle USING path
        SELECT count(*), count(*) FILTER (WHERE is_cycle) FROM below
        """,
        {"id": demo.id},
    ).fetchone()
    assert row == (40, 0)


def test_rooms_are_really_booked_and_never_twice(demo: Demo, database: psycopg.Connection) -> None:
    row = database.execute(
        """
        SELECT count(*), count(DISTINCT room_id), count(*) FILTER (WHERE lower(during) < ended) FROM (
            SELECT *, max(upper(during)) OVER (
                PARTITION BY room_id ORDER BY during ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS ended
            FROM room_bookings WHERE organization_id = %s
        ) booking
        """,
        [demo.id],
    ).fetchone()
    assert row is not None
    bookings, rooms, overlapping = row
    assert bookings > 500
    assert (rooms, overlapping) == (8, 0)


def test_rooms_have_places_and_things_that_work_or_not(demo: Demo) -> None:
    anna = demo.sign_in("Анна Соколова")
    buildings = {item["id"]: item for item in accepted(anna.get("/buildings"))["items"]}
    assert {item["time_zone"] for item in buildings.values()} == {"Europe/Moscow", "Europe/Berlin"}
    rooms = {item["name"]: item for item in accepted(anna.get("/rooms", sort="floor"))["items"]}
    assert next(iter(rooms)) == HALL
    assert all(room["floor"] and room["zone"] and room["accessibility"] for room in rooms.values())
    assert buildings[rooms["Spree"]["building_id"]]["name"] == BERLIN_OFFICE
    microphones = next(item for item in rooms["Каспий"]["equipment"] if item["name"] == "microphone")
    assert (microphones["quantity"], microphones["out_of_order"]) == (4, 1)
    with_video = [item["name"] for item in accepted(anna.get("/rooms", equipment="video"))["items"]]
    assert "Spree" not in with_video
    assert "Онега" in with_video


def test_one_request_for_the_hall_waits_for_an_approver(demo: Demo, database: psycopg.Connection) -> None:
    rows = database.execute(
        """
        SELECT r.name, u.full_name, q.state, b.state FROM room_requests q
        JOIN rooms r ON r.id = q.room_id JOIN users u ON u.id = q.requested_by_id
        JOIN room_bookings b ON b.request_id = q.id
        WHERE q.organization_id = %s
        """,
        [demo.id],
    ).fetchall()
    assert rows == [(HALL, OPEN_DAY_HOST, "pending", "pending")]


def test_the_berlin_office_has_opening_hours(demo: Demo) -> None:
    sophie = demo.sign_in("Sophie Lang")
    spree = accepted(sophie.get("/rooms"))["items"]
    room_id = next(room["id"] for room in spree if room["name"] == "Spree")
    saturday = today() + timedelta(days=14 + (5 - today().weekday()) % 7)
    body = {"title": "Weekend", **at(saturday, 9), "room_id": room_id}
    problem = refused(sophie.post("/events", body), 409, "room_not_open")
    assert "Europe/Berlin" in problem["detail"]


def test_planned_rooms_were_free(demo: Demo, database: psycopg.Connection) -> None:
    """None had to be exchanged for another."""
    rows = database.execute(
        "SELECT r.name, count(*) FROM events e JOIN rooms r ON r.id = e.room_id"
        " WHERE e.organization_id = %s GROUP BY 1",
        [demo.id],
    ).fetchall()
    planned: dict[str, int] = {}
    for meeting in demo.plan.meetings:
        if meeting.room:
            planned[meeting.room] = planned.get(meeting.room, 0) + 1
    assert dict(rows) == planned


def test_a_series_keeps_its_wall_time_over_the_clock_change(demo: Demo) -> None:
    anna = demo.sign_in("Анна Соколова")
    items = [
        item
        for item in anna.occurrences("2026-10-12", "2026-11-09", limit=500)
        if item["title"] == "Quiet Harbour Europe: weekly"
    ]
    starts = [datetime.fromisoformat(item["start_time"]) for item in items]
    # The head of the team is on vacation in the last week of October.
    assert [start.isoformat() for start in starts] == [
        "2026-10-13T09:00:00+00:00",
        "2026-10-20T09:00:00+00:00",
        "2026-11-03T10:00:00+00:00",
    ]
    assert {start.astimezone(ZoneInfo("Europe/Berlin")).hour for start in starts} == {11}
    assert all(item["room_state"] == "confirmed" for item in items)


def test_most_people_see_meetings_of_their_own_this_week(demo: Demo, database: psycopg.Connection) -> None:
    row = database.execute(
        """
        SELECT count(DISTINCT u.id) FROM users u
        JOIN events e ON e.organization_id = u.organization_id AND NOT e.is_all_day AND (e.organizer_id = u.id
            OR EXISTS (SELECT FROM event_participants p WHERE p.event_id = e.id AND p.user_id = u.id))
        JOIN event_occurrences o ON o.event_id = e.id AND o.starts_at >= %s AND o.starts_at < %s
        WHERE u.organization_id = %s
        """,
        [MONDAY, MONDAY + timedelta(weeks=1), demo.id],
    ).fetchone()
    assert row is not None
    assert row[0] >= 36


def test_a_demo_person_signs_in_and_lists_the_week(demo: Demo) -> None:
    email = next(employee.email for employee in demo.plan.employees if employee.name == "Тимур Ахметов")
    answer = demo.client.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert demo.client.get("/auth/me", headers=headers).json()["time_zone"] == "Asia/Almaty"
    window = {"from": MONDAY.isoformat(), "to": (MONDAY + timedelta(weeks=1)).isoformat()}
    items = demo.client.get("/events", params=window, headers=headers).json()["items"]
    titles = {item["title"] for item in items}
    assert "Планёрка разработки" in titles
    assert "Отпуск: Никита Рябов" in titles


def test_private_appointments_stay_private(demo: Demo) -> None:
    private = next(meeting for meeting in demo.plan.meetings if meeting.title == "Стоматолог")
    assert isinstance(private.start, datetime)
    day = private.start.date()
    window = (day.isoformat(), (day + timedelta(days=1)).isoformat())
    others = next(employee.name for employee in demo.plan.employees if employee.name != private.organizer)
    assert private.title in {item["title"] for item in demo.sign_in(private.organizer).occurrences(*window)}
    assert private.title not in {item["title"] for item in demo.sign_in(others).occurrences(*window)}


def test_guests_have_answered(demo: Demo, database: psycopg.Connection) -> None:
    rows = database.execute(
        "SELECT response, count(*) FROM event_participants WHERE organization_id = %s GROUP BY 1", [demo.id]
    ).fetchall()
    answers: dict[str, int] = dict(rows)
    assert answers.keys() == {"accepted", "tentative", "declined", "needs_action"}
    assert answers["accepted"] > sum(answers.values()) / 2


def test_a_second_time_changes_nothing(demo: Demo, database: psycopg.Connection) -> None:
    before = counts(database, demo)
    with SessionLocal.begin() as session:
        tenancy.enter(session, demo.id, origin="test")
        organization = session.get_one(Organization, demo.id)
        # A month later the meetings would be others; the people are the same.
        later = plan_company(TODAY + timedelta(days=30), domain=demo.plan.employees[0].email.split("@")[1])
        assert fill(session, organization, later) is None
    assert counts(database, demo) == before


def test_a_taken_room_is_exchanged_for_a_free_one(client: TestClient, database: psycopg.Connection) -> None:
    plan = plan_company(TODAY, domain=f"{new_id().hex}.example")
    one = next(meeting for meeting in plan.meetings if meeting.room == "Ладога")
    with SessionLocal.begin() as session:
        organization = Organization(name="Ours", time_zone="Europe/Berlin")
        tenancy.enter(session, organization.id, origin="test")
        session.add(organization)
        session.flush()
        fill(session, organization, replace(plan, meetings=(one,) * 9))
    rows = database.execute(
        "SELECT r.name FROM events e LEFT JOIN rooms r ON r.id = e.room_id WHERE e.organization_id = %s",
        [organization.id],
    ).fetchall()
    # Eight rooms, nine meetings: the last does without.
    assert sorted(name or "" for (name,) in rows) == sorted(["", *(room.name for room in plan.rooms)])
    assert organization.name == "Ours"


def test_the_command_says_that_the_demo_is_there(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:

    def entered(session: Session) -> Organization:
        tenancy.enter(session, demo.id, origin="test")
        return session.get_one(Organization, demo.id)

    monkeypatch.setattr(bootstrap_service, "ensure_first_admin", lambda session, settings: None)
    monkeypatch.setattr(bootstrap_service, "first_organization", entered)
    monkeypatch.setattr(command, "plan_company", lambda today: demo.plan)
    with pytest.raises(SystemExit) as ended:
        main(["demo"])
    assert ended.value.code == 0
    assert "there already" in capsys.readouterr().out


def test_the_command_refuses_in_production(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    get_settings.cache_clear()
    try:
        with pytest.raises(SystemExit) as ended:
            main(["demo"])
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert ended.value.code == 1
    assert "production" in capsys.readouterr().err


def test_the_report_tells_how_to_go_on(demo: Demo) -> None:
    text = command.report(get_settings(), demo.plan, demo.filled, TODAY, 2.5, is_running=False)
    assert text.count(PASSWORD) == 2
    assert "40 people" in text
    assert "make run" in text
    assert "events?from=2026-10-12&to=2026-10-19" in text


def test_the_desk_has_tickets_in_every_state(demo: Demo) -> None:
    agent = demo.sign_in("Андрей Фомин")
    tickets = agent.get("/tickets", limit=100).json()["items"]
    assert len(tickets) == demo.filled.tickets
    assert {ticket["state"] for ticket in tickets} == {"new", "open", "pending", "resolved", "closed"}
    (waiting,) = (ticket for ticket in tickets if ticket["approval"] == "waiting")
    assert waiting["category"]["name"] == "Новый ноутбук"
    assert all(ticket["resolution_due_at"] for ticket in tickets if ticket["state"] in ("new", "open"))
