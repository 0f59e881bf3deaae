"""The panel at a room's door: what it tells to whom, and what can be done there without signing in."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from app.models import Role
from tests.support import panels
from tests.support.panels import Panel, block, hold, iso, meet, rule, soon, wall_of
from tests.support.people import Company
from tests.support.planning import MISSING_ID, accepted, overlapping_pairs, refused

Database = psycopg.Connection[Any]


@pytest.fixture(autouse=True)
def _one_present_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test counts from the minute in which it began, also when the next one begins on the way."""
    minute = panels.present_minute()
    monkeypatch.setattr(panels, "present_minute", lambda: minute)


@pytest.fixture
def panel(company: Company) -> Panel:
    return Panel.of(company.admin, equipment=["projector", {"name": "microphone", "quantity": 4, "out_of_order": 1}])


def minutes_of(choices: list[dict[str, Any]]) -> list[int]:
    return [choice["minutes"] for choice in choices]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- the address


def test_administrators_and_the_it_desk_make_the_address_which_is_told_once(
    company: Company, database: Database
) -> None:
    it = company.person(Role.IT)
    room = it.create_room()
    answer = it.post(f"/rooms/{room['id']}/panel-token")
    made = accepted(answer, 201)
    assert made["page_url"].endswith(f"/api/v1/rooms/{room['id']}/panel/page?token={made['token']}")
    assert (made["version"], answer.headers["etag"]) == (2, '"2"')
    row = database.execute("SELECT r::text FROM rooms r WHERE id = %s", [room["id"]]).fetchone()
    assert row is not None
    assert made["token"] not in row[0]
    assert made["token"] not in accepted_text(it.get(f"/rooms/{room['id']}"))
    recorded = database.execute(
        "SELECT string_agg(after::text, '') FROM audit_log WHERE object_id = %s", [room["id"]]
    ).fetchone()
    assert recorded is not None
    assert '"panel_token_hash": "***"' in recorded[0]
    refused(company.person().post(f"/rooms/{room['id']}/panel-token"), 403, "admin_or_it_only")
    refused(company.person().delete(f"/rooms/{room['id']}/panel-token"), 403, "admin_or_it_only")


def accepted_text(answer: Any) -> str:
    accepted(answer)
    return str(answer.text)


def test_an_idempotency_key_keeps_no_secret(company: Company, database: Database) -> None:
    room = company.admin.create_room()
    path, key = f"/rooms/{room['id']}/panel-token", {"headers": {"Idempotency-Key": "once"}}
    tokens = {accepted(company.admin.post(path, **key), 201)["token"] for _ in range(2)}
    assert len(tokens) == 2


def test_a_new_address_replaces_the_last_one_and_a_revoked_one_is_nobodys(company: Company, panel: Panel) -> None:
    replaced = Panel.at(company.admin, panel.room)
    refused(panel.ask("GET"), 404, "panel_not_found")
    replaced.shown()
    path = f"/rooms/{panel.room['id']}/panel-token"
    assert company.admin.delete(path).status_code == 204
    refused(replaced.ask("GET"), 404, "panel_not_found")
    assert company.admin.delete(path).status_code == 204
    assert accepted(company.admin.get(f"/rooms/{panel.room['id']}"))["version"] == 4


def test_wrong_and_foreign_tokens_open_nothing(company: Company, stranger_company: Company, panel: Panel) -> None:
    other, foreign = Panel.of(company.admin), Panel.of(stranger_company.admin)
    raw = base64.urlsafe_b64decode(panel.token + "==")
    theirs = base64.urlsafe_b64decode(foreign.token + "==")
    forged = [
        *("", "x", "кириллица", "=" * 80, panel.token[:-1], panel.token.swapcase(), other.token, foreign.token),
        # Another company's secret for our room, and our secret in the name of another company.
        base64.urlsafe_b64encode(raw[:32] + theirs[32:]).decode().rstrip("="),
        base64.urlsafe_b64encode(theirs[:16] + raw[16:]).decode().rstrip("="),
    ]
    for token in forged:
        guess = replace(panel, token=token)
        for answer in (
            *(guess.ask("GET", below) for below in ("", "/page", "/stream")),
            *(guess.press(below) for below in ("/check-in", "/end")),
            *(guess.press(below, 15) for below in ("/book", "/extend")),
        ):
            refused(answer, 404, "panel_not_found")
    # Whoever is signed in is nobody more here.
    refused(company.admin.get(panel.path), 404, "panel_not_found")
    refused(panel.client.get(f"/rooms/{MISSING_ID}/panel", params={"token": panel.token}), 404, "panel_not_found")
    refused(panel.client.get(panel.path, params={"token": "x" * 2000}), 422, "invalid_request")


# --- what it tells


def test_a_free_room_tells_of_itself_and_what_can_be_booked(company: Company, panel: Panel) -> None:
    shown = panel.shown()
    assert shown["room"] == {
        **{name: panel.room[name] for name in ("id", "name", "capacity", "location", "floor", "zone")},
        "building": None,
        "equipment": [
            {"name": "microphone", "quantity": 4, "out_of_order": 1},
            {"name": "projector", "quantity": 1, "out_of_order": 0},
        ],
    }
    assert (shown["status"], shown["now"], shown["next"], shown["free_until"]) == ("free", None, None, None)
    assert (shown["time_zone"], shown["code"], shown["can_end"]) == ("Europe/Berlin", None, False)
    assert minutes_of(shown["quick_bookings"]) == [15, 30, 60]
    assert shown["utc_offset_minutes"] in (60, 120)

    meet(company.person(), panel.room, 40, 70)
    shown = panel.shown()
    assert shown["free_until"] == shown["next"]["start_time"] == iso(soon(40))
    assert minutes_of(shown["quick_bookings"]) == [15, 30]


@pytest.mark.parametrize(
    ("details", "visibility", "told"),
    [
        (None, "default", (None, "Anna")),
        ("busy", "default", (None, None)),
        ("organizer", "public", (None, "Anna")),
        ("title", "default", ("Secret plan", "Anna")),
        ("title", "private", (None, None)),
        ("title", "confidential", (None, None)),
        ("organizer", "private", (None, None)),
    ],
)
def test_of_meetings_it_tells_what_the_rule_says_and_of_private_ones_nothing(
    company: Company, database: Database, panel: Panel, details: str | None, visibility: str, told: tuple[Any, ...]
) -> None:
    if details is not None:
        rule(database, company, panel.room, panel_details=details)
    anna = company.person(full_name="Anna")
    for start in (-10, 60):
        meet(anna, panel.room, start, start + 30, visibility=visibility)
    answer = panel.ask("GET")
    shown = accepted(answer)
    for meeting in (shown["now"], shown["next"]):
        assert (meeting["title"], meeting["organizer"]) == told
    assert ("Secret" in answer.text) == (told[0] is not None)
    assert anna.email not in answer.text


def test_a_busy_room_tells_until_when_nobody_has_it_any_more(company: Company, panel: Panel) -> None:
    anna = company.person()
    for start, end in ((-10, 20), (20, 50), (120, 150)):
        meet(anna, panel.room, start, end)
    shown = panel.shown()
    assert (shown["status"], shown["busy_until"], shown["free_until"]) == ("busy", iso(soon(50)), None)
    assert (shown["now"]["end_time"], shown["next"]["start_time"]) == (iso(soon(20)), iso(soon(20)))
    assert shown["quick_bookings"] == []
    assert shown["can_end"] is True
    assert shown["extensions"] == []


def test_the_buffer_of_a_meeting_keeps_the_room_busy_for_nobody(
    company: Company, database: Database, panel: Panel
) -> None:
    rule(database, company, panel.room, buffer_before_minutes=20)
    meet(company.person(), panel.room, 10, 40)
    shown = panel.shown()
    assert (shown["status"], shown["now"], shown["can_end"]) == ("busy", None, False)
    assert shown["busy_until"] == iso(soon(40))
    refused(panel.press("/book", 15), 409, "room_taken")


def test_holds_are_shown_until_they_expire_and_then_give_way(
    company: Company, database: Database, panel: Panel
) -> None:
    hold(database, company, panel.room, 30, expires=10)
    shown = panel.shown()
    assert (shown["status"], shown["now"]["is_held"], shown["now"]["organizer"]) == ("held", True, None)
    refused(panel.press("/book", 15), 409, "room_taken")
    refused(panel.press("/end"), 409, "room_not_in_use")
    database.execute("UPDATE room_bookings SET expires_at = now() WHERE room_id = %s", [panel.room["id"]])
    assert panel.shown()["status"] == "free"
    assert accepted(panel.press("/book", 15), 201)["now"]["is_walk_up"] is True


def test_a_blocked_room_is_closed_and_says_why(company: Company, database: Database, panel: Panel) -> None:
    block(database, company, panel.room, -5, 30, title="Window cleaners")
    shown = panel.shown()
    assert (shown["status"], shown["quick_bookings"]) == ("closed", [])
    assert shown["closed"] == {"kind": "cleaning", "title": "Window cleaners", "until": iso(soon(30))}
    problem = refused(panel.press("/book", 15), 409, "room_blocked")
    assert problem["broken"][0]["rule"] == "room_blocked"


def test_what_comes_bounds_what_can_be_booked(company: Company, database: Database, panel: Panel) -> None:
    block(database, company, panel.room, 20, 30)
    shown = panel.shown()
    assert (shown["status"], shown["free_until"]) == ("free", iso(soon(20)))
    assert minutes_of(shown["quick_bookings"]) == [15]


def hours(company: Company, start: int, end: int) -> Multirange[Range[int]]:
    """Opening hours from and to so many minutes from now."""
    spans = []
    for first, last in ((start, end),):
        opens, closes = (wall_of(company, soon(minutes)) for minutes in (first, last))
        week = 7 * 24 * 60
        a, b = (wall.weekday() * 1440 + wall.hour * 60 + wall.minute for wall in (opens, closes))
        spans += [Range(a, b)] if a < b else [Range(a, week), Range(0, b)]
    return Multirange([span for span in spans if span.lower != span.upper])


def test_opening_hours_close_a_room_and_bound_what_can_be_booked(company: Company, database: Database) -> None:
    closing, opening, never = (Panel.of(company.admin) for _ in range(3))
    rule(database, company, closing.room, opening_hours=hours(company, -60, 40))
    rule(database, company, opening.room, opening_hours=hours(company, 30, 90))
    rule(database, company, never.room, opening_hours=Multirange())
    shown = closing.shown()
    assert (shown["status"], shown["free_until"]) == ("free", iso(soon(40)))
    assert minutes_of(shown["quick_bookings"]) == [15, 30]
    refused(closing.press("/book", 60), 409, "room_not_open")
    shown = opening.shown()
    assert (shown["status"], shown["closed"]) == ("closed", {"kind": "hours", "title": None, "until": iso(soon(30))})
    shown = never.shown()
    assert (shown["status"], shown["closed"]["until"]) == ("closed", None)


def test_a_room_out_of_use_is_closed(company: Company, panel: Panel) -> None:
    accepted(company.admin.patch(f"/rooms/{panel.room['id']}", {"is_active": False}))
    shown = panel.shown()
    assert (shown["status"], shown["closed"]["kind"], shown["quick_bookings"]) == ("closed", "out_of_use", [])
    refused(panel.press("/book", 15), 409, "room_inactive")


# --- booking at the door


def test_whoever_stands_there_books_extends_and_ends(company: Company, database: Database, panel: Panel) -> None:
    shown = accepted(panel.press("/book", 30), 201)
    assert (shown["status"], shown["now"]["is_walk_up"], shown["now"]["title"]) == ("busy", True, None)
    end = moment(shown["now"]["end_time"])
    assert timedelta(minutes=28) < end - moment(shown["server_time"]) <= timedelta(minutes=30)
    row = database.execute(
        "SELECT source, state, series_id, ends_at FROM room_bookings WHERE room_id = %s", [panel.room["id"]]
    ).fetchone()
    assert row == ("walk_up", "confirmed", None, end)
    refused(panel.press("/book", 15), 409, "room_taken")
    answer = company.person().post(
        "/events",
        {"title": "x", "start_time": iso(soon(10)), "end_time": iso(soon(20)), "room_id": panel.room["id"]},
    )
    refused(answer, 409, "room_taken")

    assert minutes_of(shown["extensions"]) == [15, 30, 60]
    shown = accepted(panel.press("/extend", 15))
    assert moment(shown["now"]["end_time"]) == end + timedelta(minutes=15)
    shown = accepted(panel.press("/end"))
    assert (shown["status"], shown["now"]) == ("free", None)
    refused(panel.press("/end"), 409, "room_not_in_use")
    refused(panel.press("/extend", 15), 409, "room_not_in_use")
    accepted(panel.press("/book", 15), 201)
    assert overlapping_pairs(database) == 0


def test_a_taken_room_says_until_when_it_is_free(company: Company, panel: Panel) -> None:
    meet(company.person(), panel.room, 40, 70)
    problem = refused(panel.press("/book", 60), 409, "room_taken")
    assert problem["free_until"] == iso(soon(40))
    accepted(panel.press("/book", 30), 201)
    assert refused(panel.press("/book", 15), 409, "room_taken")["free_until"] is None
    assert minutes_of(panel.shown()["extensions"]) == []
    refused(panel.press("/extend", 15), 409, "room_taken")


def test_the_rules_of_a_room_hold_at_its_door(company: Company, database: Database) -> None:
    for columns, minutes, code in (
        ({"max_minutes": 20}, 30, "room_booking_too_long"),
        ({"min_minutes": 20}, 15, "room_booking_too_short"),
        ({"bookable_by": "listed"}, 15, "room_not_for_you"),
        ({"in_policy": "request"}, 15, "room_needs_approver"),
        ({"max_minutes": 20, "out_of_policy": "request"}, 30, "room_booking_too_long"),
    ):
        panel = Panel.of(company.admin)
        rule(database, company, panel.room, **columns)
        assert minutes not in minutes_of(panel.shown()["quick_bookings"])
        refused(panel.press("/book", minutes), 409, code)
    counted = database.execute(
        "SELECT count(*) FROM room_bookings WHERE organization_id = %s", [company.organization.id]
    ).fetchone()
    assert counted == (0,)


def test_the_buffer_after_counts_and_none_is_before(company: Company, database: Database, panel: Panel) -> None:
    rule(database, company, panel.room, buffer_before_minutes=5, buffer_after_minutes=10)
    meet(company.person(), panel.room, 40, 70)
    assert minutes_of(panel.shown()["quick_bookings"]) == [15]
    accepted(panel.press("/book", 15), 201)
    row = database.execute(
        "SELECT lower(during) = starts_at, upper(during) - ends_at FROM room_bookings"
        " WHERE room_id = %s AND source = 'walk_up'",
        [panel.room["id"]],
    ).fetchone()
    assert row == (True, timedelta(minutes=10))


@pytest.mark.parametrize(
    "body", [{}, {"minutes": 20}, {"minutes": "15"}, {"minutes": 15, "title": "x"}, {"minutes": None}]
)
def test_only_the_lengths_on_the_buttons_are_booked(panel: Panel, body: dict[str, Any]) -> None:
    for below in ("/book", "/extend"):
        refused(panel.ask("POST", below, json=body), 422, "invalid_request")


# --- checking in


def test_a_meeting_is_checked_in_at_the_door(company: Company, database: Database, panel: Panel) -> None:
    rule(database, company, panel.room, check_in_minutes=10)
    anna = company.person()
    meet(anna, panel.room, 5, 30)
    meet(anna, panel.room, 60, 90)
    shown = panel.shown()
    assert re.fullmatch(r"[0-9]{6}", shown["code"])
    assert shown["check_in"] == {
        "start_time": iso(soon(5)),
        "end_time": iso(soon(30)),
        "until": iso(soon(15)),
    }
    shown = accepted(panel.press("/check-in"))
    assert shown["check_in"] is None
    assert shown["next"]["is_checked_in"] is True
    by = database.execute(
        "SELECT checked_in_by_id FROM room_bookings WHERE room_id = %s AND checked_in_at IS NOT NULL",
        [panel.room["id"]],
    ).fetchall()
    assert by == [(None,)]


def test_where_nobody_waits_nobody_checks_in(company: Company, database: Database, panel: Panel) -> None:
    refused(panel.press("/check-in"), 409, "nothing_to_check_in")
    rule(database, company, panel.room, check_in_minutes=10)
    meet(company.person(), panel.room, 40, 90)
    assert panel.shown()["check_in"] is None
    refused(panel.press("/check-in"), 409, "nothing_to_check_in")


def test_the_next_meeting_is_checked_in_to_while_the_one_before_goes_on(
    company: Company, database: Database, panel: Panel
) -> None:
    rule(database, company, panel.room, check_in_minutes=10)
    anna = company.person()
    meet(anna, panel.room, -30, 5)
    meet(anna, panel.room, 5, 30)
    for start in (-30, 5):
        assert panel.shown()["check_in"]["start_time"] == iso(soon(start))
        accepted(panel.press("/check-in"))
    assert panel.shown()["check_in"] is None


def test_a_meeting_of_an_event_ends_early_and_goes_on_for_longer(company: Company, panel: Panel) -> None:
    created = meet(company.person(), panel.room, -10, 20)
    assert accepted(panel.press("/extend", 30))["now"]["end_time"] == iso(soon(50))
    shown = accepted(panel.press("/end"))
    assert (shown["status"], shown["now"]) == ("free", None)
    # People's calendars are theirs.
    assert moment(created["end_time"]) == soon(20)


# --- the page


def test_the_page_is_one_file_under_a_policy_for_just_it(company: Company, panel: Panel) -> None:
    answer = panel.ask("GET", "/page")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    for tag, source in (("script", "script-src"), ("style", "style-src")):
        inline = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        assert len(inline) == 1
        digest = base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
        assert f"{source} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    # Nothing of the room stands in the page, no text becomes markup, and nothing comes from elsewhere.
    for unwanted in (panel.token, panel.room["name"], "innerHTML", "document.write", "http://", "https://", "=>", "`"):
        assert unwanted not in answer.text, unwanted


def test_the_page_speaks_the_companys_language(company: Company, panel: Panel) -> None:
    for locale, word in (("ru", "Занять сейчас"), ("en", "Book now")):
        accepted(company.admin.patch(f"/organizations/{company.organization.id}", {"locale": locale}))
        text = panel.ask("GET", "/page").text
        assert f'<html lang="{locale}">' in text
        assert word in _unescaped(text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)
