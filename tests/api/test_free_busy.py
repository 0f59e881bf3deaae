"""When people and rooms are busy, and what the asker may know of it (calendar-rules.md, rule 20)."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg import Connection

from app.schemas.free_time import FreeBusyRead
from app.services import busy_times
from tests.support.meetings import answer, invite_department, override, set_event, share
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, at, refused, settings, today, utc

DAY = {"from_": "2027-03-22", "to": "2027-03-23", "time_zone": "UTC"}
# An hour at 09:00 in Berlin, as tests.support.people.event() has it.
HOUR = ("2027-03-22T08:00:00Z", "2027-03-22T09:00:00Z")


@pytest.fixture(autouse=True, params=[0, 1000], ids=["person by person", "by the company's calendars"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy_times, "CALENDARS_PER_PERSON", request.param)


@pytest.fixture
def company(client: TestClient) -> Company:
    return Company.create(client)


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


@pytest.fixture
def boris(company: Company) -> Person:
    return company.person(full_name="Boris")


def blocks_of(asker: Person, person: Person, **params: Any) -> list[dict[str, Any]]:
    body = accepted(asker.get("/freebusy", users=person.id, **{**DAY, **params}))
    FreeBusyRead.model_validate(body)
    [item] = body["subjects"]
    blocks: list[dict[str, Any]] = item["blocks"]
    return blocks


def times_of(asker: Person, person: Person, **params: Any) -> list[tuple[str, str, str]]:
    return [(block["start"], block["end"], block["type"]) for block in blocks_of(asker, person, **params)]


def test_rule_20_own_events_make_busy_and_colleagues_see_no_reason(anna: Person, boris: Person) -> None:
    event = anna.create_event(title="Secret")
    assert blocks_of(boris, anna) == [{"start": HOUR[0], "end": HOUR[1], "type": "busy", "events": []}]
    assert blocks_of(anna, anna)[0]["events"] == [{"id": event["id"], "title": "Secret"}]


def test_rule_20_transparent_cancelled_and_declined_do_not_block(
    anna: Person, boris: Person, database: Connection
) -> None:
    guests = [{"user_id": boris.id}]
    transparent = anna.create_event(participants=guests)
    set_event(database, transparent["id"], transparency="transparent")
    anna.create_event(status="cancelled", participants=guests)
    declined = anna.create_event(participants=guests)
    answer(database, declined["id"], boris, "declined")
    assert blocks_of(anna, boris) == []
    assert times_of(boris, anna) == [(*HOUR, "busy")]


def test_rule_20_transparency_is_each_participants_own(anna: Person, boris: Person, database: Connection) -> None:
    event = anna.create_event(participants=[{"user_id": boris.id}])
    answer(database, event["id"], boris, "accepted", "transparent")
    assert blocks_of(anna, boris) == []
    assert times_of(boris, anna) == [(*HOUR, "busy")]
    set_event(database, event["id"], transparency="transparent")
    answer(database, event["id"], boris, "accepted", "opaque")
    assert times_of(anna, boris) == [(*HOUR, "busy")]
    assert blocks_of(boris, anna) == []


@pytest.mark.parametrize(
    ("response", "kind"), [("accepted", "busy"), ("tentative", "tentative"), ("needs_action", "tentative")]
)
def test_rule_20_what_is_not_promised_is_tentative(
    anna: Person, boris: Person, database: Connection, response: str, kind: str
) -> None:
    event = anna.create_event(participants=[{"user_id": boris.id}])
    answer(database, event["id"], boris, response)
    assert times_of(anna, boris) == [(*HOUR, kind)]


def test_rule_20_a_tentative_event_is_tentative_for_all(anna: Person, boris: Person, database: Connection) -> None:
    event = anna.create_event(status="tentative", participants=[{"user_id": boris.id}])
    answer(database, event["id"], boris, "accepted")
    assert times_of(anna, boris) == times_of(boris, anna) == [(*HOUR, "tentative")]


def test_who_calls_a_meeting_is_busy_without_an_answer(anna: Person, boris: Person) -> None:
    anna.create_event(participants=[{"user_id": anna.id}])
    assert times_of(boris, anna) == [(*HOUR, "busy")]


def test_rule_20_neighbours_are_merged_and_busy_hides_tentative(anna: Person, boris: Person) -> None:
    anna.create_event(start_time="2027-03-22T09:00:00", end_time="2027-03-22T10:00:00")
    anna.create_event(start_time="2027-03-22T10:00:00", end_time="2027-03-22T11:00:00")
    anna.create_event(start_time="2027-03-22T10:30:00", end_time="2027-03-22T12:00:00", status="tentative")
    assert times_of(boris, anna) == [
        ("2027-03-22T08:00:00Z", "2027-03-22T10:00:00Z", "busy"),
        ("2027-03-22T10:00:00Z", "2027-03-22T11:00:00Z", "tentative"),
    ]


def test_rule_20_occurrences_are_expanded_and_an_override_counts_by_its_own_row(
    anna: Person, boris: Person, database: Connection
) -> None:
    series = anna.create_event(recurrence_rule="FREQ=DAILY;COUNT=3", participants=[{"user_id": boris.id}])
    answer(database, series["id"], boris, "accepted")
    moved = override(database, series["id"], "2027-03-23T08:00:00Z", "2027-03-23T12:00:00Z", "2027-03-23T13:00:00Z")
    answer(database, moved, boris, "tentative")
    assert times_of(anna, boris, to="2027-03-25") == [
        (*HOUR, "busy"),
        ("2027-03-23T12:00:00Z", "2027-03-23T13:00:00Z", "tentative"),
        ("2027-03-24T08:00:00Z", "2027-03-24T09:00:00Z", "busy"),
    ]


def test_rule_20_beyond_the_horizon_the_rules_say_the_same(anna: Person, boris: Person, database: Connection) -> None:
    ahead = today() + timedelta(days=60)
    with settings(OCCURRENCE_HORIZON_DAYS=40):
        series = anna.create_event(
            **at(today() + timedelta(days=1)),
            recurrence_rule="FREQ=DAILY",
            participants=[{"user_id": boris.id}],
        )
        answer(database, series["id"], boris, "tentative")
        window = {"from_": utc(ahead, 0), "to": utc(ahead + timedelta(days=2), 0)}
        expected = [(utc(day), utc(day, 10)) for day in (ahead, ahead + timedelta(days=1))]
        assert times_of(boris, anna, **window) == [(*times, "busy") for times in expected]
        assert times_of(anna, boris, **window) == [(*times, "tentative") for times in expected]
        assert blocks_of(boris, anna, **window)[0]["events"] == [{"id": series["id"], "title": "Meeting"}]
        assert blocks_of(anna, boris, from_=utc(ahead, 10), to=utc(ahead, 11)) == []


def test_rule_20_a_private_event_is_busy_and_nothing_else(anna: Person, boris: Person, database: Connection) -> None:
    event = anna.create_event(title="Doctor")
    share(database, anna.calendar_id, boris, "read")
    assert blocks_of(boris, anna)[0]["events"] == [{"id": event["id"], "title": "Doctor"}]
    set_event(database, event["id"], visibility="private")
    assert blocks_of(boris, anna) == [{"start": HOUR[0], "end": HOUR[1], "type": "busy", "events": []}]


def test_sharing_busy_times_only_tells_no_title_but_of_public_events(
    anna: Person, boris: Person, database: Connection
) -> None:
    event = anna.create_event(title="Lecture")
    share(database, anna.calendar_id, boris, "free_busy")
    assert blocks_of(boris, anna)[0]["events"] == []
    set_event(database, event["id"], visibility="public")
    assert blocks_of(boris, anna)[0]["events"] == [{"id": event["id"], "title": "Lecture"}]


def test_reasons_stand_in_each_block_that_they_make(anna: Person) -> None:
    long = anna.create_event(title="Long", end_time="2027-03-22T12:00:00", status="tentative")
    short = anna.create_event(title="Short", start_time="2027-03-22T10:00:00", end_time="2027-03-22T11:00:00")
    told = [[event["id"] for event in block["events"]] for block in blocks_of(anna, anna)]
    assert told == [[long["id"]], [short["id"]], [long["id"]]]


def test_a_department_is_its_people_and_those_below(company: Company, anna: Person, database: Connection) -> None:
    above = company.admin.post("/departments", {"name": "Office"}).json()["id"]
    below = company.admin.post("/departments", {"name": "Team", "parent_id": above}).json()["id"]
    chief, member = (
        company.person(full_name=name, department_id=unit, department="Unit")
        for name, unit in (("Chief", above), ("Member", below))
    )
    event = anna.create_event(title="All hands")
    invite_department(database, event["id"], above)
    body = accepted(anna.get("/freebusy", departments=above, **DAY))
    assert [item["name"] for item in body["subjects"]] == ["Chief", "Member"]
    for person in (chief, member):
        # Nobody of the department has answered yet; being invited, they read the details.
        assert times_of(anna, person) == [(*HOUR, "tentative")]
        assert blocks_of(person, person)[0]["events"] == [{"id": event["id"], "title": "All hands"}]
    database.execute(
        "INSERT INTO event_participants (organization_id, id, event_id, user_id, via_department_id, role, response,"
        " span, created_at) SELECT organization_id, gen_random_uuid(), event_id, %s, department_id, role, 'declined',"
        " span, now() FROM event_participants WHERE event_id = %s AND department_id IS NOT NULL",
        [member.id, event["id"]],
    )
    assert times_of(anna, member) == []
    assert times_of(anna, chief) == [(*HOUR, "tentative")]


def test_an_all_day_event_is_the_day_in_each_ones_own_zone(company: Company, anna: Person) -> None:
    far = company.person(full_name="Far", time_zone="Asia/Vladivostok")
    far.create_event(is_all_day=True, start_time="2027-03-22", end_time="2027-03-23", time_zone=None)
    anna.create_event(is_all_day=True, start_time="2027-03-22", end_time="2027-03-23", time_zone=None)
    window = {"from_": "2027-03-20", "to": "2027-03-25"}
    assert times_of(anna, far, **window) == [("2027-03-21T14:00:00Z", "2027-03-22T14:00:00Z", "busy")]
    assert times_of(anna, anna, **window) == [("2027-03-21T23:00:00Z", "2027-03-22T23:00:00Z", "busy")]


def test_blocks_are_cut_at_the_window(anna: Person) -> None:
    anna.create_event(start_time="2027-03-21T12:00:00", end_time="2027-03-25T12:00:00")
    assert times_of(anna, anna) == [("2027-03-22T00:00:00Z", "2027-03-23T00:00:00Z", "busy")]


def test_an_event_without_a_length_makes_nobody_busy(anna: Person) -> None:
    anna.create_event(end_time="2027-03-22T09:00:00")
    assert times_of(anna, anna) == []


def test_rooms_are_busy_by_their_bookings(company: Company, anna: Person, boris: Person, database: Connection) -> None:
    room = company.admin.create_room(name="Blue")
    event = anna.create_event(room_id=room["id"], title="In blue")
    seen = [accepted(asker.get("/freebusy", rooms=room["id"], **DAY))["subjects"] for asker in (anna, boris)]
    assert [item["kind"] for items in seen for item in items] == ["room", "room"]
    block = {"start": HOUR[0], "end": HOUR[1], "type": "busy"}
    assert seen[0][0]["blocks"] == [{**block, "events": [{"id": event["id"], "title": "In blue"}]}]
    assert seen[1][0]["blocks"] == [{**block, "events": []}]
    database.execute("UPDATE room_bookings SET state = 'pending' WHERE room_id = %s", [room["id"]])
    assert accepted(anna.get("/freebusy", rooms=room["id"], **DAY))["subjects"][0]["blocks"][0]["type"] == "tentative"


def test_strangers_are_not_there(client: TestClient, company: Company, anna: Person) -> None:
    other = Company.create(client, "Other")
    room = other.admin.create_room()
    unit = other.admin.post("/departments", {"name": "Unit"}).json()
    refused(anna.get("/freebusy", users=other.admin.id, **DAY), 404, "user_not_found")
    refused(anna.get("/freebusy", rooms=room["id"], **DAY), 404, "room_not_found")
    refused(anna.get("/freebusy", departments=unit["id"], **DAY), 404, "department_not_found")
    refused(anna.get("/freebusy", users=[anna.id, MISSING_ID], **DAY), 404, "user_not_found")


def test_what_is_asked_has_bounds(company: Company, anna: Person, boris: Person) -> None:
    refused(anna.get("/freebusy", **DAY), 422, "nobody_asked_for")
    refused(anna.get("/freebusy", users=anna.id, from_="2027-03-22", to="2027-03-22"), 422, "window_needs_order")
    with settings(FREEBUSY_MAX_SUBJECTS=1, FREEBUSY_MAX_DAYS=7):
        refused(anna.get("/freebusy", users=[anna.id, boris.id], **DAY), 422, "too_many_subjects")
        refused(anna.get("/freebusy", users=anna.id, from_="2027-03-22", to="2027-03-30"), 422, "window_too_wide")
        assert accepted(anna.get("/freebusy", users=[anna.id, anna.id], **DAY))["subjects"]


def test_a_delegate_reads_the_principals_reasons_but_private_ones_only_where_allowed(
    anna: Person, boris: Person, database: Connection
) -> None:
    event = anna.create_event(title="Doctor")
    accepted(anna.post("/delegations", {"delegate_id": boris.id}), 201)
    acting = {
        "params": {"users": anna.id, "from": DAY["from_"], "to": DAY["to"]},
        "headers": {"X-On-Behalf-Of": anna.id},
    }
    shown = accepted(boris.call("GET", "/freebusy", **acting))["subjects"][0]["blocks"]
    assert shown[0]["events"] == [{"id": event["id"], "title": "Doctor"}]
    set_event(database, event["id"], visibility="private")
    assert accepted(boris.call("GET", "/freebusy", **acting))["subjects"][0]["blocks"][0]["events"] == []
    found = boris.call("GET", "/events/search", params={"q": "doctor"}, headers={"X-On-Behalf-Of": anna.id})
    assert accepted(found)["items"] == []
