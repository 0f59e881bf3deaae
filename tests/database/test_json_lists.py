"""Lists whose JSON PostgreSQL builds agree with the schemas that document them, in keys and in values."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from app.schemas.event import OccurrenceRead
from app.schemas.notification import NotificationRead
from app.schemas.room import RoomRead
from app.schemas.room_finding import AvailableRoomRead, NearRoomRead, SeriesRoomRead
from app.tasks.notification_tasks import create_notification
from tests.support.people import Company
from tests.support.planning import accepted, at, settings, today, utc

MOMENTS = ("start_time", "end_time", "original_start")
HARD_TEXT = 'Ёлки "и" \\палки\\ \n\t🎄 </script> \u2028 %s %% {x}'


def as_pydantic_writes(schema: type[BaseModel], item: dict[str, Any]) -> dict[str, Any]:
    # Left to itself, Pydantic would read the text of a date as its midnight.
    texts = {name: item.get(name) or "" for name in MOMENTS}
    dates = {name: date.fromisoformat(text) for name, text in texts.items() if len(text) == len("2027-03-22")}
    return schema.model_validate({**item, **dates}).model_dump(mode="json")


def assert_same(schema: type[BaseModel], item: dict[str, Any]) -> None:
    """The same keys in the same order, and values that Pydantic reads and writes back unchanged."""
    assert list(item) == list(schema.model_fields)
    assert as_pydantic_writes(schema, item) == item


def test_notifications_are_told_as_their_schema_says(company: Company) -> None:
    anna = company.person()
    for text in (HARD_TEXT, "Read"):
        assert create_notification(anna.id, text)
    company.admin.create_event(participants=[{"user_id": anna.id}])
    newest = accepted(anna.get("/notifications"))["items"][0]
    accepted(anna.post(f"/notifications/{newest['id']}/read"))
    items = accepted(anna.get("/notifications"))["items"]
    assert len(items) == 3
    for item in items:
        assert_same(NotificationRead, item)


@pytest.mark.parametrize("values", [{}, {"description": HARD_TEXT, "location": "\u00e9\u0301", "status": "tentative"}])
def test_occurrences_are_told_as_their_schema_says(company: Company, values: dict[str, Any]) -> None:
    room = company.admin.create_room()
    company.admin.create_event(title=HARD_TEXT, **values, recurrence_rule="FREQ=DAILY;COUNT=2", room_id=room["id"])
    company.admin.create_event(start_time="2027-03-22", end_time="2027-03-24", is_all_day=True, **values)
    items = company.admin.occurrences("2027-03-22", "2027-03-29")
    assert len(items) == 3
    for item in items:
        assert_same(OccurrenceRead, item)
    assert {item["room_state"] for item in items} == {"confirmed", None}


def test_an_occurrence_says_what_its_event_says(company: Company) -> None:
    room = company.admin.create_room()
    for body in (
        {"title": HARD_TEXT.strip(), "description": HARD_TEXT, "location": "Here", "room_id": room["id"]},
        {"start_time": "2027-03-23", "end_time": "2027-03-24", "is_all_day": True},
        {"start_time": "2027-03-24T09:00:00", "end_time": "2027-03-24T09:00:00", "status": "tentative"},
    ):
        made = company.admin.create_event(**body)
        day = made["start_time"][:10]
        (item,) = company.admin.occurrences(day, f"{day[:8]}{int(day[8:]) + 1}")
        # Of a single event only the list tells an original start.
        shared = set(item) & set(made) - {"original_start"}
        assert {name: item[name] for name in shared} == {name: made[name] for name in shared}
        assert item["original_start"] == made["start_time"]


def test_stored_and_expanded_occurrences_are_told_alike(company: Company) -> None:
    with settings(OCCURRENCE_HORIZON_DAYS=40):
        for body in (
            {**at(today()), "title": HARD_TEXT, "description": HARD_TEXT, "location": "Here"},
            {"start_time": f"{today()}", "end_time": f"{today() + timedelta(days=1)}", "is_all_day": True},
        ):
            company.admin.create_event(**body, recurrence_rule="FREQ=WEEKLY")
        stored = company.admin.occurrences(f"{today()}", f"{today() + timedelta(days=3)}")
        expanded = company.admin.occurrences(f"{today() + timedelta(days=70)}", f"{today() + timedelta(days=73)}")
    assert len(stored) == len(expanded) == 2
    by_id = {item["id"]: item for item in stored}
    for item in expanded:
        assert_same(OccurrenceRead, item)
        twin = by_id[item["id"]]
        assert list(twin) == list(item)
        assert {name: item[name] for name in item if name not in MOMENTS} == {
            name: twin[name] for name in twin if name not in MOMENTS
        }


def test_free_rooms_are_told_exactly_as_rooms_are(company: Company) -> None:
    company.admin.create_room(name=HARD_TEXT.strip(), description=HARD_TEXT, equipment=["видео", 'a "b" \\c'])
    company.admin.create_room(name="Plain", location=None)
    company.admin.patch(f"/rooms/{company.admin.create_room(name='Changed')['id']}", {"capacity": 3})
    listed = accepted(company.admin.get("/rooms", sort="capacity"))
    free = accepted(company.admin.get("/rooms/available", from_="2027-03-22", to="2027-03-23"))
    assert [{name: item[name] for name in RoomRead.model_fields} for item in free["items"]] == listed["items"]
    for item in free["items"]:
        assert_same(AvailableRoomRead, item)
    near = accepted(company.admin.get("/rooms/nearest", near_room_id=free["items"][0]["id"]))
    assert len(near["items"]) == 2
    for item in near["items"]:
        assert_same(NearRoomRead, item)
    series = {"start_time": utc(today()), "end_time": utc(today(), 10), "recurrence_rule": "FREQ=DAILY;COUNT=3"}
    company.admin.create_event(**series, room_id=free["items"][0]["id"])
    for item in accepted(company.admin.post("/rooms/for-series", series))["items"]:
        assert_same(SeriesRoomRead, item)


def test_an_empty_list_is_a_list(company: Company) -> None:
    empty = {"items": [], "next_cursor": None}
    assert accepted(company.admin.get("/events", from_="2027-03-22", to="2027-03-23")) == empty
    assert accepted(company.admin.get("/events/upcoming")) == empty
    assert accepted(company.admin.get("/rooms/available", from_="2027-03-22", to="2027-03-23")) == empty
