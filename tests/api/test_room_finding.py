"""Finding rooms: free for a time or within a window, by all rules; near a place; and for most of a series."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from psycopg import Connection

from app.schemas.room_finding import AvailableRoomRead, NearestRooms, SeriesRooms
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, at, enter, refused, settings, today, utc

# The Monday after next.
MONDAY = today() + timedelta(days=14 - today().weekday())
WEEKLY = {**at(MONDAY, 9), "recurrence_rule": "FREQ=WEEKLY;COUNT=4"}
NINE_TO_SIX = "{" + ",".join(f"[{day * 1440 + 540},{day * 1440 + 1080})" for day in range(5)) + "}"


@pytest.fixture
def company(client: TestClient) -> Company:
    return Company.create(client, time_zone="UTC")


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


def policy(database: Connection, company: Company, **values: Any) -> str:
    """A policy of the company, of building_id or of room_id."""
    enter(database, company)
    columns = {"organization_id": company.organization.id, **values}
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO booking_policies (id, {names}) VALUES (gen_random_uuid(), {marks}) RETURNING id"
    row = database.execute(statement.encode(), list(columns.values())).fetchone()
    assert row is not None
    return str(row[0])


def listed(database: Connection, company: Company, policy_id: str, purpose: str, user_id: str) -> None:
    enter(database, company)
    database.execute(
        "INSERT INTO booking_policy_people (organization_id, id, policy_id, purpose, user_id)"
        " VALUES (%s, gen_random_uuid(), %s, %s, %s)",
        [company.organization.id, policy_id, purpose, user_id],
    )


def blocking(
    database: Connection, company: Company, start: str, end: str, rule: str | None = None, **place: Any
) -> None:
    enter(database, company)
    database.execute(
        "INSERT INTO room_blockings (organization_id, id, kind, start_wall, end_wall, recurrence_rule, room_id,"
        " building_id) VALUES (%s, gen_random_uuid(), 'cleaning', %s, %s, %s, %s, %s)",
        [company.organization.id, start, end, rule, place.get("room_id"), place.get("building_id")],
    )


def held(database: Connection, company: Company, room_id: str, by: str, hour: int, minutes: int) -> None:
    """An hour of MONDAY that somebody holds, for so many minutes from now."""
    enter(database, company)
    database.execute(
        "INSERT INTO room_bookings (organization_id, id, room_id, starts_at, ends_at, during, state, source,"
        " held_by_id, expires_at, created_at) VALUES (%(o)s, gen_random_uuid(), %(r)s, %(s)s, %(e)s,"
        " tstzrange(%(s)s, %(e)s), 'held', 'hold', %(u)s, now() + make_interval(mins => %(m)s), now())",
        {
            "o": company.organization.id,
            "r": room_id,
            "s": utc(MONDAY, hour),
            "e": utc(MONDAY, hour + 1),
            "u": by,
            "m": minutes,
        },
    )


def available(asker: Person, start: int = 9, end: int = 10, **params: Any) -> list[dict[str, Any]]:
    """The rooms that are found for hours of MONDAY, UTC."""
    window = {"from_": utc(MONDAY, start), "to": utc(MONDAY, end), **params}
    sent = {name: value for name, value in window.items() if value is not None}
    found: list[dict[str, Any]] = accepted(asker.get("/rooms/available", **sent))["items"]
    for item in found:
        AvailableRoomRead.model_validate(item)
    return found


def names(rooms: list[dict[str, Any]]) -> list[str]:
    return [room["name"] for room in rooms]


def for_series(asker: Person, **values: Any) -> list[dict[str, Any]]:
    body = accepted(asker.post("/rooms/for-series", {**WEEKLY, **values}))
    SeriesRooms.model_validate(body)
    items: list[dict[str, Any]] = body["items"]
    return items


def nearest(asker: Person, **params: Any) -> list[dict[str, Any]]:
    body = accepted(asker.get("/rooms/nearest", **params))
    NearestRooms.model_validate(body)
    items: list[dict[str, Any]] = body["items"]
    return items


def test_a_free_room_says_until_when_it_is_free(company: Company, anna: Person) -> None:
    room = company.admin.create_room(name="Blue")
    anna.create_event(**at(MONDAY, 13), room_id=room["id"])
    [found] = available(anna)
    assert (found["free_from"], found["free_until"]) == (utc(MONDAY, 9), utc(MONDAY, 13))
    assert found["needs_approval"] is False
    [found] = available(anna, 14, 15)
    assert found["free_until"] == utc(MONDAY + timedelta(days=1), 0)


def test_without_an_end_a_room_is_free_for_so_long_from_the_start_on(company: Company, anna: Person) -> None:
    room = company.admin.create_room(name="Blue")
    anna.create_event(**at(MONDAY, 10), room_id=room["id"])
    assert names(available(anna, to=None, duration_minutes=60)) == ["Blue"]
    assert names(available(anna, to=None, duration_minutes=61)) == []


def test_within_a_window_the_first_time_that_is_long_enough_is_told(company: Company, anna: Person) -> None:
    room = company.admin.create_room(name="Blue")
    anna.create_event(**at(MONDAY, 9), room_id=room["id"])
    anna.create_event(**at(MONDAY, 11, 2), room_id=room["id"])
    [found] = available(anna, 9, 18, duration_minutes=60)
    assert (found["free_from"], found["free_until"]) == (utc(MONDAY, 10), utc(MONDAY, 11))
    [found] = available(anna, 9, 18, duration_minutes=90)
    assert (found["free_from"], found["free_until"]) == (utc(MONDAY, 13), utc(MONDAY, 18))
    assert available(anna, 9, 18, duration_minutes=301) == []


@pytest.mark.parametrize("field", ["min_minutes", "max_minutes"])
def test_rooms_are_left_out_that_are_lent_for_other_lengths(
    company: Company, anna: Person, database: Connection, field: str
) -> None:
    room = company.admin.create_room(name="Blue")
    policy(database, company, room_id=room["id"], **{field: 60})
    is_fine = {"min_minutes": [False, True, True], "max_minutes": [True, True, False]}[field]
    found = [bool(available(anna, to=None, duration_minutes=minutes)) for minutes in (59, 60, 61)]
    assert found == is_fine


def test_rooms_are_left_out_that_others_book(company: Company, anna: Person, database: Connection) -> None:
    room = company.admin.create_room(name="Board")
    boris = company.person()
    listed(database, company, policy(database, company, room_id=room["id"], bookable_by="listed"), "booker", boris.id)
    assert names(available(anna)) == []
    assert names(available(boris)) == ["Board"]
    assert for_series(anna) == []
    assert nearest(anna, near_room_id=company.admin.create_room()["id"]) == []


def test_rooms_that_an_approver_lends_say_so_but_not_to_who_decides(
    company: Company, anna: Person, database: Connection
) -> None:
    room = company.admin.create_room(name="Board")
    exempt = company.person()
    lent = policy(database, company, room_id=room["id"], in_policy="request")
    listed(database, company, lent, "exempt", exempt.id)
    for asker, expected in ((anna, True), (company.admin, False), (exempt, False)):
        assert [item["needs_approval"] for item in available(asker)] == [expected]
        assert [item["needs_approval"] for item in for_series(asker)] == [expected]


def test_the_booking_window_ends_what_is_found(company: Company, anna: Person, database: Connection) -> None:
    room = company.admin.create_room(name="Blue")
    days = (MONDAY - today()).days
    policy(database, company, room_id=room["id"], booking_window_days=days - 1)
    assert available(anna) == []
    enter(database, company)
    database.execute("UPDATE booking_policies SET booking_window_days = %s WHERE room_id = %s", [days + 8, room["id"]])
    assert names(available(anna)) == ["Blue"]
    [found] = for_series(anna)
    assert (found["free"], found["clashing"], found["later"]) == (4, 0, 2)


def test_opening_hours_count_on_the_clock_of_the_building(company: Company, anna: Person, database: Connection) -> None:
    building = accepted(
        company.admin.post("/buildings", {"name": "Tokyo", "time_zone": "Asia/Tokyo"}), 201
    )  # nine hours ahead, without summer time
    company.admin.create_room(name="There", building_id=building["id"])
    company.admin.create_room(name="Here")
    policy(database, company, opening_hours=NINE_TO_SIX)
    assert names(available(anna, 0, 1)) == ["There"]
    assert names(available(anna, 8, 9)) == ["There"]
    assert names(available(anna, 8, 10)) == []
    assert names(available(anna, 9, 18)) == ["Here"]
    assert names(available(anna, 17, 19)) == []
    [found] = available(anna, 12, 13)
    assert found["free_until"] == utc(MONDAY, 18)
    saturday = MONDAY + timedelta(days=5)
    assert available(anna, from_=utc(saturday, 10), to=utc(saturday, 11)) == []
    # Within a window, from the time at which it opens.
    [first] = available(anna, 10, 24 - 1, duration_minutes=60)
    assert (first["name"], first["free_from"]) == ("Here", utc(MONDAY, 10))


def test_the_hours_of_a_room_go_before_those_of_its_building_and_the_company(
    company: Company, anna: Person, database: Connection
) -> None:
    building = accepted(company.admin.post("/buildings", {"name": "A", "time_zone": "UTC"}), 201)
    rooms = {name: company.admin.create_room(name=name, building_id=building["id"]) for name in ("Own", "Other")}
    company.admin.create_room(name="Outside")
    policy(database, company, opening_hours=NINE_TO_SIX)
    policy(database, company, building_id=building["id"], opening_hours="{[0,600)}")
    policy(database, company, room_id=rooms["Own"]["id"], opening_hours="{[0,10080)}")
    assert names(available(anna, 7, 8)) == ["Own", "Other"]
    assert names(available(anna, 11, 12)) == ["Own", "Outside"]
    assert names(available(anna, 20, 21)) == ["Own"]


def test_what_blocks_a_room_a_building_or_all_keeps_them_from_being_found(
    company: Company, anna: Person, database: Connection
) -> None:
    building = accepted(company.admin.post("/buildings", {"name": "A", "time_zone": "UTC"}), 201)
    inside = company.admin.create_room(name="Inside", building_id=building["id"])
    company.admin.create_room(name="Next", building_id=building["id"])
    company.admin.create_room(name="Outside")
    long_ago = "2020-01-01"
    blocking(database, company, f"{long_ago}T09:00", f"{long_ago}T09:30", "FREQ=DAILY", room_id=inside["id"])
    blocking(database, company, f"{MONDAY}T11:00", f"{MONDAY}T12:00", building_id=building["id"])
    blocking(database, company, f"{MONDAY}T14:00", f"{MONDAY}T15:00")
    assert names(available(anna, 9, 10)) == ["Next", "Outside"]
    assert names(available(anna, 11, 12)) == ["Outside"]
    assert names(available(anna, 14, 15)) == []
    assert {room["name"]: room["free_until"] for room in available(anna, 10, 11)} == {
        "Inside": utc(MONDAY, 11),
        "Next": utc(MONDAY, 11),
        "Outside": utc(MONDAY, 14),
    }
    assert {room["name"]: room["free_from"][11:16] for room in available(anna, 9, 13, duration_minutes=60)} == {
        "Inside": "09:30",
        "Next": "09:00",
        "Outside": "09:00",
    }


def test_the_buffers_of_a_room_are_kept_around_what_is_asked(
    company: Company, anna: Person, database: Connection
) -> None:
    room = company.admin.create_room(name="Blue")
    anna.create_event(**at(MONDAY, 9), room_id=room["id"])
    anna.create_event(**at(MONDAY, 12), room_id=room["id"])
    policy(database, company, room_id=room["id"], buffer_before_minutes=10, buffer_after_minutes=15)
    # The bookings were made before there were buffers.
    [found] = available(anna, 9, 14, duration_minutes=60)
    assert (found["free_from"], found["free_until"]) == (utc(MONDAY, 10, 10), utc(MONDAY, 11, 45))
    assert available(anna, 10, 11) == []
    for start, end, is_found in ((utc(MONDAY, 10, 10), utc(MONDAY, 11, 45), 1), (utc(MONDAY, 11), utc(MONDAY, 12), 0)):
        found_now = available(anna, from_=start, to=end)
        assert len(found_now) == is_found
        assert anna.post(
            "/events",
            {"title": "x", "start_time": start, "end_time": end, "room_id": room["id"]},
            params={"dry_run": True},
        ).status_code == (200 if is_found else 409)


def test_holds_of_others_block_until_they_expire_and_ones_own_never_do(
    company: Company, anna: Person, database: Connection
) -> None:
    room = company.admin.create_room(name="Blue")
    held(database, company, room["id"], anna.id, 9, minutes=10)
    held(database, company, room["id"], anna.id, 11, minutes=-1)
    boris = company.person()
    assert names(available(anna)) == ["Blue"]
    assert names(available(boris)) == []
    assert names(available(boris, 11, 12)) == ["Blue"]


def test_what_a_room_must_have(company: Company, anna: Person) -> None:
    building = accepted(company.admin.post("/buildings", {"name": "A", "time_zone": "UTC"}), 201)
    company.admin.create_room(
        name="Fit", capacity=6, building_id=building["id"], floor=2, accessibility=["step_free"], equipment=["tv"]
    )
    company.admin.create_room(name="Bare", capacity=4)
    assert names(available(anna)) == ["Bare", "Fit"]
    for params in (
        {"capacity": 5},
        {"building_id": building["id"]},
        {"floor": 2},
        {"accessibility": "step_free"},
        {"equipment": "tv"},
    ):
        assert names(available(anna, **params)) == ["Fit"], params
    assert available(anna, accessibility=["step_free", "hearing_loop"]) == []
    assert available(anna, building_id=MISSING_ID) == []
    assert names(for_series(anna, building_id=building["id"], floor=2, equipment=["TV"], capacity=6)) == ["Fit"]
    assert for_series(anna, accessibility=["hearing_loop"]) == []


def test_pages_within_a_window_repeat_none_and_lose_none(company: Company, anna: Person) -> None:
    made = {company.admin.create_room(capacity=capacity)["id"] for capacity in (3, 1, 3, 2, 3)}
    params = {"from_": utc(MONDAY, 9), "to": utc(MONDAY, 12), "duration_minutes": 30, "limit": 2}
    pages = all_pages(anna, "/rooms/available", **params)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {item["id"] for page in pages for item in page} == made


def test_what_has_passed_of_a_window_is_left_out(company: Company, anna: Person) -> None:
    company.admin.create_room()
    with time_machine.travel(datetime(MONDAY.year, MONDAY.month, MONDAY.day, 10, 7, 30, tzinfo=UTC), tick=False):
        fresh = company.person()
        [found] = available(fresh, 9, 12, duration_minutes=30)
        assert found["free_from"] == utc(MONDAY, 10, 8)
        window = {"from_": utc(MONDAY, 8), "to": utc(MONDAY, 10), "duration_minutes": 30}
        refused(fresh.get("/rooms/available", **window), 422, "no_start_in_window")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"to": None}, "to_or_duration_needed"),
        ({"duration_minutes": 61}, "no_start_in_window"),
        ({"to": utc(MONDAY + timedelta(days=40)), "duration_minutes": 30}, "window_too_wide"),
        ({"from_": utc(MONDAY, 10)}, "window_needs_order"),
        ({"duration_minutes": 0}, "invalid_request"),
        ({"duration_minutes": 10**9}, "invalid_request"),
        ({"accessibility": "wings"}, "invalid_request"),
        ({"floor": 1000}, "invalid_request"),
        ({"building_id": "x"}, "invalid_request"),
        ({"from_": "2199-01-01", "to": None, "duration_minutes": 5}, "room_beyond_horizon"),
    ],
)
def test_questions_that_make_no_sense_are_refused(anna: Person, params: dict[str, Any], code: str) -> None:
    window = {"from_": utc(MONDAY, 9), "to": utc(MONDAY, 10), **params}
    sent = {name: value for name, value in window.items() if value is not None}
    refused(anna.get("/rooms/available", **sent), 422, code)


def test_the_nearest_rooms_come_first(company: Company, anna: Person) -> None:
    admin = company.admin
    building = accepted(admin.post("/buildings", {"name": "A", "time_zone": "UTC"}), 201)["id"]
    spots = {
        "Elsewhere": {},
        "Fourth": {"building_id": building, "floor": 4, "zone": "north"},
        "Below": {"building_id": building, "floor": 1, "zone": "north"},
        "South": {"building_id": building, "floor": 2, "zone": "south"},
        "North large": {"building_id": building, "floor": 2, "zone": "north", "capacity": 20},
        "North": {"building_id": building, "floor": 2, "zone": "north"},
    }
    rooms = {name: admin.create_room(name=name, **spot) for name, spot in spots.items()}
    expected = ["North", "North large", "South", "Below", "Fourth", "Elsewhere"]
    found = nearest(anna, building_id=building, floor=2, zone="north")
    assert names(found) == expected
    assert [item["nearness"] for item in found] == [
        *("same_zone", "same_zone", "same_floor", "same_building", "same_building", "elsewhere")
    ]
    assert [item["floors_apart"] for item in found] == [0, 0, 0, 1, 2, None]
    assert names(nearest(anna, near_room_id=rooms["North"]["id"])) == expected[1:]
    assert names(nearest(anna, near_room_id=rooms["North"]["id"], limit=2, capacity=9)) == ["North large"]
    assert names(nearest(anna, building_id=building, floor=4))[0] == "Fourth"


def test_rooms_nearby_become_free_within_the_time(company: Company, anna: Person) -> None:
    admin = company.admin
    rooms = {name: admin.create_room(name=name) for name in ("Soon", "Now", "Late", "Short")}
    moment = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 9, tzinfo=UTC)

    def meets(name: str, start: int, minutes: int) -> None:
        begins = moment + timedelta(minutes=start)
        times = {"start_time": begins.isoformat(), "end_time": (begins + timedelta(minutes=minutes)).isoformat()}
        anna.create_event(**times, room_id=rooms[name]["id"])

    meets("Soon", -30, 60)
    meets("Late", -30, 100)
    meets("Short", 20, 120)
    with time_machine.travel(moment, tick=False):
        asker = company.person()
        here = rooms["Late"]["id"]
        found = nearest(asker, near_room_id=here)
        assert [(item["name"], item["free_from"][11:16]) for item in found] == [("Now", "09:00"), ("Soon", "09:30")]
        found = nearest(asker, near_room_id=here, duration_minutes=20)
        assert [(item["name"], item["free_until"][11:16]) for item in found][:2] == [
            ("Now", "22:00"),
            ("Short", "09:20"),
        ]
        assert names(nearest(asker, near_room_id=here, within_minutes=29)) == ["Now"]


def test_where_no_place_is_named_all_rooms_are_elsewhere(company: Company, anna: Person) -> None:
    building = accepted(company.admin.post("/buildings", {"name": "A", "time_zone": "UTC"}), 201)
    company.admin.create_room(name="Inside", building_id=building["id"], capacity=9)
    company.admin.create_room(name="Outside", capacity=3)
    found = nearest(anna, duration_minutes=5)
    assert [(item["name"], item["nearness"], item["floors_apart"]) for item in found] == [
        ("Outside", "elsewhere", None),
        ("Inside", "elsewhere", None),
    ]


def test_not_both_a_room_and_a_building_are_named(company: Company, stranger_company: Company, anna: Person) -> None:
    room = stranger_company.admin.create_room()
    building = accepted(stranger_company.admin.post("/buildings", {"name": "A", "time_zone": "UTC"}), 201)
    both = {"near_room_id": room["id"], "building_id": building["id"]}
    refused(anna.get("/rooms/nearest", **both), 422, "room_or_building")
    refused(anna.get("/rooms/nearest", near_room_id=room["id"]), 404, "room_not_found")
    refused(anna.get("/rooms/nearest", building_id=building["id"]), 404, "building_not_found")


def test_the_room_that_is_free_for_most_of_a_series_comes_first(company: Company, anna: Person) -> None:
    admin = company.admin
    half = admin.create_room(name="Half", capacity=4)
    most = admin.create_room(name="Most", capacity=30)
    for room, weeks in ((half, (0, 1)), (most, (2,))):
        for week in weeks:
            anna.create_event(**at(MONDAY + timedelta(weeks=week), 9), room_id=room["id"])
    anna.create_event(**at(MONDAY, 10), room_id=most["id"])
    found = for_series(anna)
    assert [(item["name"], item["free"], item["clashing"]) for item in found] == [("Most", 3, 1), ("Half", 2, 2)]
    start = utc(MONDAY + timedelta(weeks=2), 9)
    assert found[0]["clashes"] == [
        {
            "original_start": start,
            "start_time": start,
            "end_time": utc(MONDAY + timedelta(weeks=2), 10),
            "reason": "taken",
        }
    ]
    admin.create_room(name="Free", capacity=100)
    assert names(for_series(anna)) == ["Free", "Most", "Half"]
    assert names(for_series(anna, limit=1)) == ["Free"]
    with settings(ROOM_SERIES_MAX_ROOMS=1):
        assert names(for_series(anna)) == ["Half"]


def test_a_series_is_told_when_a_room_is_closed(company: Company, anna: Person, database: Connection) -> None:
    company.admin.create_room(name="Blue")
    policy(database, company, opening_hours=NINE_TO_SIX, buffer_before_minutes=5)
    second = MONDAY + timedelta(weeks=1)
    blocking(database, company, f"{second}T08:00", f"{second}T09:30")
    [found] = for_series(anna)
    assert [(clash["start_time"], clash["reason"]) for clash in found["clashes"]] == [(utc(second, 9), "closed")]
    [found] = for_series(anna, recurrence_rule="FREQ=DAILY;COUNT=7")
    assert (found["free"], [clash["reason"] for clash in found["clashes"]]) == (5, ["closed", "closed"])


def test_rooms_for_single_meetings_are_not_found_for_a_series(
    company: Company, anna: Person, database: Connection
) -> None:
    room = company.admin.create_room(name="Blue")
    policy(database, company, room_id=room["id"], recurring_allowed=False)
    assert for_series(anna) == []
    assert names(for_series(anna, recurrence_rule=None)) == ["Blue"]


def test_an_all_day_series_takes_the_days_of_the_company(client: TestClient) -> None:
    company = Company.create(client, time_zone="Asia/Tokyo")
    room = company.admin.create_room()
    company.admin.create_event(**at(MONDAY, 16), room_id=room["id"])  # Tuesday in Tokyo
    days = {"start_time": f"{MONDAY}", "end_time": None, "time_zone": None, "is_all_day": True}
    [found] = for_series(company.admin, **days, recurrence_rule="FREQ=DAILY;COUNT=3")
    assert [clash["original_start"] for clash in found["clashes"]] == [f"{MONDAY + timedelta(days=1)}"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"end_time": WEEKLY["start_time"]}, "room_needs_duration"),
        ({"recurrence_rule": "FREQ=DAILY;COUNT=5000"}, "rule_too_many_occurrences"),
        ({"recurrence_rule": "FREQ=HOURLY"}, None),
        ({"limit": 51}, "invalid_request"),
        ({"capacity": 0}, "invalid_request"),
        ({"title": "x"}, "invalid_request"),
        ({"recurrence_rule": "FREQ=DAILY;COUNT=1", "exdates": [WEEKLY["start_time"]]}, "no_occurrence_left"),
        ({"start_time": "2190-01-01T09:00:00Z", "end_time": "2190-01-01T10:00:00Z"}, "room_beyond_horizon"),
    ],
)
def test_a_series_that_makes_no_sense_is_refused(anna: Person, values: dict[str, Any], code: str | None) -> None:
    answer = anna.post("/rooms/for-series", {**WEEKLY, **values})
    refused(answer, 422, code or answer.json()["code"])


def test_strangers_find_nothing_of_ours(company: Company, stranger_company: Company) -> None:
    room = company.admin.create_room()
    stranger = stranger_company.admin
    own = stranger.create_room(name="Own")
    assert names(available(stranger)) == ["Own"]
    assert names(for_series(stranger)) == ["Own"]
    assert nearest(stranger, near_room_id=own["id"]) == []
    refused(stranger.get("/rooms/nearest", near_room_id=room["id"]), 404, "room_not_found")
