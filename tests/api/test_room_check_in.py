"""Checking in to meetings: by those whose meeting it is, with the code at the door, and by a link in a mail."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2 as httpx
import psycopg
import pytest
import time_machine
from fastapi.testclient import TestClient

from app.core import tenancy
from app.core.errors import Conflict
from app.db import SessionLocal
from app.services import check_in_service
from app.services.check_in_service import room_code
from app.tasks.room_tasks import ask_to_check_in
from tests.support.api_process import ApiProcess
from tests.support.mail import token_for, written_to
from tests.support.meetings import invite_department, share
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, refused
from tests.support.room_use import booking_of, meeting, set_policy, soon, walk_up

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def code_of(room: dict[str, Any], minutes: float = 0) -> str:
    return room_code(UUID(room["id"]), datetime.now(UTC) + timedelta(minutes=minutes))


def wrong_code(room: dict[str, Any]) -> str:
    good = {code_of(room), code_of(room, -5)}
    return next(code for code in ("000000", "111111", "222222") if code not in good)


def test_the_organizer_checks_in_and_again_without_a_change(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), company.admin.create_room()
    event_id = meeting(anna, room)
    first = accepted(anna.post(f"/rooms/{room['id']}/check-in", {}))
    assert (first["room_id"], first["state"], first["used_until"]) == (room["id"], "confirmed", None)
    assert first["checked_in_at"] is not None
    again = accepted(anna.post(f"/rooms/{room['id']}/check-in", {}))
    assert again == first
    assert booking_of(database, event_id, "checked_in_by_id::text") == (anna.id,)


def test_whoever_takes_part_or_keeps_the_calendar_checks_in_without_a_code(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.person()
    department = accepted(company.admin.post("/departments", {"name": "Sales"}), 201)
    guest, member, writer, reader = (company.person() for _ in range(4))
    accepted(company.admin.patch(f"/users/{member.id}", {"department_id": department["id"]}))
    room = company.admin.create_room()
    event_id = meeting(anna, room, participants=[{"user_id": guest.id}])
    invite_department(database, event_id, department["id"])
    share(database, anna.calendar_id, writer, "write")
    share(database, anna.calendar_id, reader, "read")
    refused(reader.post(f"/rooms/{room['id']}/check-in", {}), 403, "room_code_required")
    for person in (guest, member, writer):
        accepted(person.post(f"/rooms/{room['id']}/check-in", {}))
    assert booking_of(database, event_id, "checked_in_by_id::text") == (guest.id,)


def test_a_delegate_checks_in_for_the_principal(company: Company, database: psycopg.Connection) -> None:
    anna, helper, room = company.person(), company.person(), company.admin.create_room()
    accepted(anna.post("/delegations", {"delegate_id": helper.id}), 201)
    event_id = meeting(anna, room)
    accepted(helper.post(f"/rooms/{room['id']}/check-in", {}, headers={"X-On-Behalf-Of": anna.id}))
    assert booking_of(database, event_id, "checked_in_by_id::text") == (helper.id,)


def test_any_colleague_checks_in_with_the_code_at_the_door(company: Company, database: psycopg.Connection) -> None:
    room, boris = company.admin.create_room(), company.person()
    event_id = meeting(company.person(), room)
    path = f"/rooms/{room['id']}/check-in"
    refused(boris.post(path, {}), 403, "room_code_required")
    refused(boris.post(path, {"code": wrong_code(room)}), 403, "room_code_wrong")
    assert booking_of(database, event_id, "checked_in_at") == (None,)
    accepted(boris.post(path, {"code": code_of(room)}))
    assert booking_of(database, event_id, "checked_in_by_id::text") == (boris.id,)


def test_a_code_lasts_for_its_step_and_the_next_and_is_of_one_room(company: Company) -> None:
    room, other, boris = company.admin.create_room(), company.admin.create_room(), company.person()
    meeting(company.person(), room)
    path = f"/rooms/{room['id']}/check-in"
    moment = datetime.now(UTC)
    codes = {room_code(UUID(room["id"]), moment - number * check_in_service.CODE_STEP) for number in range(4)}
    assert len(codes) > 1
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    refused(boris.post(path, {"code": code_of(room, -10)}), 403, "room_code_wrong")
    refused(boris.post(path, {"code": code_of(other)}), 403, "room_code_wrong")
    accepted(boris.post(path, {"code": code_of(room, -5)}))


def test_whoever_guesses_codes_is_held_back(server: ApiProcess, company: Company) -> None:
    room, boris, carla = company.admin.create_room(), company.person(), company.person()
    meeting(company.person(), room)
    path = f"/rooms/{room['id']}/check-in"

    def guess(person: Person, code: str | None) -> httpx.Response:
        return server.seen_by(person).post(path, {"code": code})

    answers = [guess(boris, wrong_code(room)).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]
    assert int(guess(boris, code_of(room)).headers["retry-after"]) > 0
    # Nobody else is held back, and who sends no code guesses nothing.
    assert [guess(person, None).status_code for person in (boris, carla)] == [403, 403]
    assert guess(carla, code_of(room)).status_code == 200


def test_check_in_opens_some_minutes_before_the_start_and_closes_at_the_end(company: Company) -> None:
    anna, room = company.person(), company.admin.create_room()
    path = f"/rooms/{room['id']}/check-in"
    problem = refused(anna.post(path, {}), 409, "nothing_to_check_in")
    assert problem["next_check_in"] is None
    start, end = soon(35), soon(60)
    meeting(anna, room, 35, 60)
    problem = refused(anna.post(path, {}), 409, "nothing_to_check_in")
    assert problem["next_check_in"] in problem["detail"]
    opens = datetime.fromisoformat(problem["next_check_in"])
    assert abs(datetime.fromisoformat(start) - timedelta(minutes=15) - opens) <= timedelta(seconds=1)
    with time_machine.travel(opens - timedelta(seconds=1)):
        refused(anna.post(path, {}), 409, "nothing_to_check_in")
    with time_machine.travel(datetime.fromisoformat(end) + timedelta(seconds=2)):
        assert check_ins(company, room, "nothing_to_check_in")
    with time_machine.travel(opens + timedelta(seconds=2)):
        accepted(anna.post(path, {}))


def check_ins(company: Company, room: dict[str, Any], code: str) -> bool:
    """Whether the panel of the room is refused with this code; it asks the service, since it is no person."""
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        with pytest.raises(Conflict) as raised:
            check_in_service.check_in_at(session, company.organization.id, UUID(room["id"]))
    return raised.value.code == code


def test_one_checks_in_to_the_own_of_two_meetings_and_with_a_code_to_the_running_one(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris, room = company.person(), company.person(), company.admin.create_room()
    running, following = meeting(anna, room, -50, 10), meeting(boris, room, 10, 60)
    path = f"/rooms/{room['id']}/check-in"
    accepted(boris.post(path, {}))
    assert booking_of(database, following, "checked_in_at IS NULL") == (False,)
    assert booking_of(database, running, "checked_in_at IS NULL") == (True,)
    accepted(company.person().post(path, {"code": code_of(room)}))
    assert booking_of(database, running, "checked_in_at IS NULL") == (False,)


def test_the_panel_checks_in_without_a_person(company: Company, database: psycopg.Connection) -> None:
    room = company.admin.create_room()
    event_id = meeting(company.person(), room)
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        check_in_service.check_in_at(session, company.organization.id, UUID(room["id"]))
    assert booking_of(database, event_id, "checked_in_at IS NULL, checked_in_by_id") == (False, None)


def test_an_occurrence_that_differs_is_checked_in_to_by_its_own_guests(
    company: Company, database: psycopg.Connection
) -> None:
    anna, guest, room = company.person(), company.person(), company.admin.create_room()
    event_id = meeting(anna, room, recurrence_rule="FREQ=DAILY;COUNT=3")
    occurrence = {"scope": "this", "occurrence": accepted(anna.get(f"/events/{event_id}"))["start_time"]}
    accepted(anna.call("POST", f"/events/{event_id}/participants", json={"user_id": guest.id}, params=occurrence), 201)
    accepted(guest.post(f"/rooms/{room['id']}/check-in", {}))
    counted = "SELECT count(*) FROM room_bookings WHERE series_id = %s AND checked_in_at IS NOT NULL"
    assert database.execute(counted, [event_id]).fetchone() == (1,)


def test_a_meeting_that_is_lengthened_stays_checked_in_and_one_that_is_moved_does_not(
    company: Company, database: psycopg.Connection
) -> None:
    anna, room, other = company.person(), company.admin.create_room(), company.admin.create_room()
    event_id = meeting(anna, room)
    accepted(anna.post(f"/rooms/{room['id']}/check-in", {}))
    accepted(anna.patch(f"/events/{event_id}", {"end_time": soon(80)}))
    assert booking_of(database, event_id, "checked_in_at IS NULL, checked_in_by_id::text") == (False, anna.id)
    accepted(anna.patch(f"/events/{event_id}", {"start_time": soon(24 * 60), "end_time": soon(25 * 60)}))
    assert booking_of(database, event_id, "checked_in_at IS NULL") == (True,)
    accepted(anna.patch(f"/events/{event_id}", {"start_time": soon(-1), "end_time": soon(60)}))
    accepted(anna.post(f"/rooms/{room['id']}/check-in", {}))
    accepted(anna.patch(f"/events/{event_id}", {"room_id": other["id"]}))
    assert booking_of(database, event_id, "checked_in_at IS NULL") == (True,)


def test_a_room_that_was_taken_at_the_door_is_not_checked_in_to_twice(
    company: Company, database: psycopg.Connection
) -> None:
    room, boris = company.admin.create_room(), company.person()
    walk_up(database, company, room)
    refused(boris.post(f"/rooms/{room['id']}/check-in", {}), 403, "room_code_required")
    use = accepted(boris.post(f"/rooms/{room['id']}/check-in", {"code": code_of(room)}))
    assert use["checked_in_at"] == use["start_time"]


def test_rooms_of_others_and_of_nobody_are_not_there(company: Company, stranger_company: Company) -> None:
    room = company.admin.create_room()
    meeting(company.admin, room)
    for path in ("check-in", "end-early", "extend"):
        body = {"code": code_of(room), **({"minutes": 5} if path == "extend" else {})}
        refused(stranger_company.admin.post(f"/rooms/{room['id']}/{path}", body), 404, "room_not_found")
        refused(company.admin.post(f"/rooms/{MISSING_ID}/{path}", body), 404, "room_not_found")


@pytest.mark.parametrize("code", ["12345", "1234567", "12345x", "١٢٣٤٥٦", 123456, ""])
def test_a_code_is_six_digits(company: Company, code: Any) -> None:
    room = company.admin.create_room()
    assert company.admin.post(f"/rooms/{room['id']}/check-in", {"code": code}).status_code == 422


# --- by the link ---


def asked(company: Company, database: psycopg.Connection, **values: Any) -> tuple[Person, str, str]:
    """Somebody who was sent a link, the meeting, and the link's token."""
    anna, room = company.person(), company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    event_id = meeting(anna, room, 10, 70, **values)
    assert ask_to_check_in() >= 1
    return anna, event_id, token_for(database, anna.email)


def test_the_organizer_is_sent_a_link_once(company: Company, database: psycopg.Connection) -> None:
    anna, event_id, token = asked(company, database, title="Plans")
    ask_to_check_in()
    (mail,) = written_to(database, anna.email)
    assert (mail.template, mail.values["why"], mail.values["title"]) == ("room_notice", "check_in", "Plans")
    assert mail.values["url"].endswith(f"/api/v1/rooms/check-in?token={token}")
    assert booking_of(database, event_id, "check_in_asked_at IS NULL") == (False,)


def test_opening_the_link_shows_a_page_and_changes_nothing(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    _, event_id, token = asked(company, database)
    page = client.get("/rooms/check-in", params={"token": token}, headers={**HTML, "Accept-Language": "en"})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "<script" not in page.text
    assert '<form method="post">' in page.text
    assert "We are here" in page.text
    assert "(Europe/Berlin)" in page.text
    assert booking_of(database, event_id, "checked_in_at") == (None,)
    russian = client.get("/rooms/check-in", params={"token": token})
    assert "Мы здесь" in russian.text


def test_the_button_of_the_page_checks_in_as_whoever_was_asked(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    anna, event_id, token = asked(company, database)
    for _ in range(2):
        page = client.post("/rooms/check-in", params={"token": token}, headers={**HTML, "Accept-Language": "en"})
        assert page.status_code == 200
        assert "You are checked in" in page.text
        assert "<form" not in page.text
    assert booking_of(database, event_id, "checked_in_at IS NULL, checked_in_by_id::text") == (False, anna.id)
    assert (
        "You are checked in"
        in client.get("/rooms/check-in", params={"token": token}, headers={"Accept-Language": "en"}).text
    )


def test_what_people_called_a_room_is_escaped(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    _, event_id, token = asked(company, database)
    database.execute(
        "UPDATE rooms SET name = '<b>' || id::text WHERE id = (SELECT room_id FROM room_bookings WHERE series_id = %s)",
        [event_id],
    )
    page = client.get("/rooms/check-in", params={"token": token}).text
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_is_none_of_ours_is_refused(client: TestClient, company: Company, method: str) -> None:
    for token in ("nonsense", company.admin.token, "a.b.c", "é", "\x00"):
        answer = client.request(method, "/rooms/check-in", params={"token": token})
        refused(answer, 403, "check_in_link_invalid")
        page = client.request(method, "/rooms/check-in", params={"token": token}, headers=HTML)
        assert page.status_code == 403
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "<form" not in page.text
    assert client.request(method, "/rooms/check-in").status_code == 422
    assert client.request(method, "/rooms/check-in", params={"token": "x" * 5000}).status_code == 422


def test_a_link_is_good_until_the_meeting_ends(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    _, event_id, token = asked(company, database)
    (end,) = booking_of(database, event_id, "ends_at")
    with time_machine.travel(end - timedelta(seconds=2)):
        assert client.get("/rooms/check-in", params={"token": token}).status_code == 200
    with time_machine.travel(end + timedelta(seconds=2)):
        refused(client.post("/rooms/check-in", params={"token": token}), 403, "check_in_link_invalid")


def test_a_link_of_a_meeting_that_has_lost_its_room_says_so(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    anna, event_id, token = asked(company, database)
    accepted(anna.patch(f"/events/{event_id}", {"start_time": soon(5), "end_time": soon(65)}))
    refused(client.post("/rooms/check-in", params={"token": token}), 409, "check_in_link_late")
    # The meeting at its new time is asked about anew.
    ask_to_check_in()
    newer = token_for(database, anna.email)
    assert newer != token
    database.execute("UPDATE room_bookings SET state = 'released', reason = 'no_show' WHERE series_id = %s", [event_id])
    refused(client.post("/rooms/check-in", params={"token": newer}), 409, "check_in_link_late")


def test_a_link_of_somebody_who_has_left_is_worth_nothing(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    anna, _, token = asked(company, database)
    database.execute("UPDATE users SET is_active = false WHERE id = %s", [anna.id])
    refused(client.post("/rooms/check-in", params={"token": token}), 403, "check_in_link_invalid")
