"""The projector in room 4 is broken: a ticket marks it, coming meetings are warned, and other rooms are offered."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.models import Role
from tests.support.desk import Desk, changed, notified, read
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused


@pytest.fixture
def desk(company: Company) -> Desk:
    return Desk.open(company)


def room(desk: Desk, name: str, *equipment: dict[str, Any], **values: Any) -> dict[str, Any]:
    return desk.company.admin.create_room(name=name, equipment=list(equipment), **values)


def projector(**values: Any) -> dict[str, Any]:
    return {"name": "projector", "quantity": 1, **values}


def broken(desk: Desk, place: dict[str, Any], by: Person | None = None, **values: Any) -> dict[str, Any]:
    """A ticket on the first thing in a room."""
    return desk.ticket(
        by,
        **{
            "title": "It is dark",
            "type": "incident",
            "room_id": place["id"],
            "equipment_id": place["equipment"][0]["id"],
            **values,
        },
    )


def out_of_order(desk: Desk, place: dict[str, Any]) -> int:
    (item,) = accepted(desk.agent.get(f"/rooms/{place['id']}"))["equipment"]
    count: int = item["out_of_order"]
    return count


def tomorrow(hour: int = 9) -> dict[str, str]:
    start = (datetime.now(UTC) + timedelta(days=1)).replace(hour=hour, minute=0, second=0, microsecond=0)
    return {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}


def test_it_is_out_of_order_until_the_ticket_is_done(desk: Desk) -> None:
    place = room(desk, "Room 4", projector())
    ticket = broken(desk, place)
    assert out_of_order(desk, place) == 1
    found = accepted(desk.requester.get("/rooms", equipment="projector"))["items"]
    assert found == []
    changed(desk.agent, ticket, state="resolved")
    assert out_of_order(desk, place) == 0
    changed(desk.requester, ticket, state="open")
    assert out_of_order(desk, place) == 1
    assert desk.company.admin.delete(f"/tickets/{ticket['id']}").status_code == 204
    assert out_of_order(desk, place) == 0


def test_two_tickets_on_one_thing_count_once(desk: Desk) -> None:
    place = room(desk, "Room 4", projector())
    first, second = broken(desk, place), broken(desk, place, by=desk.other)
    assert out_of_order(desk, place) == 1
    # The other one says so still.
    changed(desk.agent, first, state="resolved")
    assert out_of_order(desk, place) == 1
    changed(desk.agent, second, state="closed")
    assert out_of_order(desk, place) == 0


def test_of_several_each_ticket_marks_one(desk: Desk) -> None:
    place = room(desk, "Room 4", projector(quantity=2))
    tickets = [broken(desk, place) for _ in range(3)]
    assert out_of_order(desk, place) == 2
    for ticket, left in zip(tickets, (2, 1, 0), strict=True):
        changed(desk.agent, ticket, state="resolved")
        assert out_of_order(desk, place) == left


def test_what_was_marked_by_hand_stays_so(desk: Desk) -> None:
    place = room(desk, "Room 4", projector(out_of_order=1))
    ticket = broken(desk, place)
    changed(desk.agent, ticket, state="resolved")
    assert out_of_order(desk, place) == 1


def test_a_question_marks_nothing(desk: Desk) -> None:
    place = room(desk, "Room 4", projector())
    ticket = broken(desk, place, type="question")
    assert out_of_order(desk, place) == 0
    assert read(desk.agent, ticket)["equipment_id"] == place["equipment"][0]["id"]


def test_a_ticket_moved_to_another_room_is_about_that_thing_no_more(desk: Desk) -> None:
    place, other = room(desk, "Room 4", projector()), room(desk, "Room 5")
    ticket = broken(desk, place)
    moved = changed(desk.agent, ticket, room_id=other["id"])
    assert (moved["room_id"], moved["equipment_id"]) == (other["id"], None)
    assert out_of_order(desk, place) == 0
    answer = desk.requester.post(
        "/tickets", {"title": "x", "room_id": other["id"], "equipment_id": place["equipment"][0]["id"]}
    )
    refused(answer, 422, "equipment_not_found")


def test_the_desk_says_what_a_ticket_is_about(desk: Desk) -> None:
    place, other = room(desk, "Room 4", projector()), room(desk, "Room 5", projector())
    ticket = desk.ticket(type="incident")
    thing, same_elsewhere = (one["equipment"][0]["id"] for one in (place, other))
    refused(desk.agent.patch(f"/tickets/{ticket['id']}", {"equipment_id": thing}), 422, "equipment_needs_room")
    changed(desk.agent, ticket, room_id=place["id"], equipment_id=thing)
    assert out_of_order(desk, place) == 1
    refused(desk.agent.patch(f"/tickets/{ticket['id']}", {"equipment_id": same_elsewhere}), 422, "equipment_not_found")
    changed(desk.agent, ticket, room_id=other["id"], equipment_id=same_elsewhere)
    assert (out_of_order(desk, place), out_of_order(desk, other)) == (0, 1)
    changed(desk.agent, ticket, type="question")
    assert out_of_order(desk, other) == 0
    changed(desk.agent, ticket, type="incident")
    assert out_of_order(desk, other) == 1
    assert changed(desk.agent, ticket, equipment_id=None)["room_id"] == other["id"]
    assert out_of_order(desk, other) == 0


def test_coming_meetings_are_warned_and_offered_rooms(desk: Desk) -> None:
    place = room(desk, "Room 4", projector(), capacity=8)
    large = room(desk, "Large", projector(), capacity=20)
    taken, bare = room(desk, "Taken", projector(), capacity=8), room(desk, "Bare", capacity=8)
    host, watcher = desk.company.person(full_name="Olga Host"), desk.company.person()
    meeting = host.create_event(title="Plans", room_id=place["id"], visibility="private", **tomorrow())
    host.create_event(title="More plans", room_id=place["id"], **tomorrow(12))
    watcher.create_event(room_id=taken["id"], **tomorrow())
    ticket = broken(desk, place)
    (told,) = [title for title in notified(host) if "projector" in title]
    assert "Plans" in told
    assert "Large" in told
    assert "и ещё 1" in told
    assert "Taken" not in told
    assert bare["name"] not in told
    meetings = read(host, ticket, "/meetings") if host is desk.requester else read(desk.requester, ticket, "/meetings")
    assert next(one["event_id"] for one in meetings) == meeting["id"]
    # Nobody learns of a meeting by its room.
    assert meetings[0]["title"] is None
    assert [one["name"] for one in meetings[0]["rooms"]] == ["Large"]
    assert [one["name"] for one in meetings[1]["rooms"]] == ["Taken", "Large"]
    moved = host.patch(f"/events/{meeting['id']}", {"room_id": large["id"]})
    assert moved.status_code == 200, moved.text
    assert len(read(desk.requester, ticket, "/meetings")) == 1


def test_while_another_one_works_nobody_is_warned(desk: Desk) -> None:
    place = room(desk, "Room 4", projector(quantity=2))
    host = desk.company.person()
    host.create_event(room_id=place["id"], **tomorrow())
    broken(desk, place)
    assert not any("projector" in title for title in notified(host))
    broken(desk, place)
    assert any("projector" in title for title in notified(host))


def test_equipment_may_go_while_a_ticket_stands(desk: Desk) -> None:
    place = room(desk, "Room 4", projector())
    ticket = broken(desk, place)
    emptied = desk.company.person(Role.IT).patch(f"/rooms/{place['id']}", {"equipment": []})
    assert emptied.status_code == 200, emptied.text
    assert changed(desk.agent, ticket, state="resolved")["state"] == "resolved"
    assert read(desk.agent, ticket, "/meetings") == []
