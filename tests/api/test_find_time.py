"""Finding a time for people, departments and rooms, and what is said when there is none."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg import Connection

from tests.support.meetings import answer
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, at, company_counts, refused, settings, today

# The Monday after next: working hours are 9 to 18 of the company's zone, UTC here.
MONDAY = today() + timedelta(days=14 - today().weekday())
FRIDAY = MONDAY + timedelta(days=4)


@pytest.fixture
def company(client: TestClient) -> Company:
    return Company.create(client, time_zone="UTC")


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


@pytest.fixture
def boris(company: Company) -> Person:
    return company.person(full_name="Boris")


def moment(day: date, hour: int, minute: int = 0) -> str:
    return f"{day}T{hour:02}:{minute:02}:00Z"


def find(asker: Person, **values: Any) -> dict[str, Any]:
    body = {"duration_minutes": 60, "from": moment(MONDAY, 9), "to": moment(MONDAY, 18), "hours": "strict", **values}
    return accepted(asker.post("/events/find-time", body))


def starts(found: dict[str, Any], kind: str = "proposals") -> list[str]:
    return [proposal["start"] for proposal in found[kind]]


def test_the_first_times_at_which_all_are_free(anna: Person, boris: Person) -> None:
    anna.create_event(**at(MONDAY, 9))
    boris.create_event(**at(MONDAY, 10))
    found = find(anna, required=[anna.id, boris.id], limit=2)
    assert starts(found) == [moment(MONDAY, 11), moment(MONDAY, 12)]
    assert found["proposals"][0]["end"] == moment(MONDAY, 12)
    assert (found["blockers"], found["near_misses"]) == ([], [])


def test_proposals_do_not_overlap_each_other_and_stand_on_steps(anna: Person) -> None:
    found = find(anna, required=[anna.id], **{"from": moment(MONDAY, 9, 5)}, step_minutes=20, duration_minutes=30)
    assert starts(found)[:3] == [moment(MONDAY, 9, 20), moment(MONDAY, 10), moment(MONDAY, 10, 40)]


def test_nothing_is_written(company: Company, anna: Person, database: Connection) -> None:
    room = company.admin.create_room()
    before = company_counts(database, company.organization.id)
    assert find(anna, required=[anna.id], rooms={"ids": [room["id"]]})["proposals"]
    assert company_counts(database, company.organization.id) == before


def test_who_is_optional_may_be_missing_and_that_has_a_price(anna: Person, boris: Person) -> None:
    boris.create_event(**at(MONDAY, 9, hours=2))
    asked = {"required": [anna.id], "optional": [boris.id], "limit": 1}
    [earliest] = find(anna, **asked)["proposals"]
    assert earliest["start"] == moment(MONDAY, 9)
    assert earliest["missing"] == [{"id": boris.id, "name": "Boris", "is_required": False, "why": "busy"}]
    assert (earliest["pain"], earliest["explained"]) == (5, [{"why": "busy", "people": 1, "pain": 5}])
    for order in ("least_pain", "fewest_conflicts"):
        [best] = find(anna, **asked, order=order)["proposals"]
        assert (best["start"], best["pain"], best["missing"]) == (moment(MONDAY, 11), 0, [])


def test_what_is_tentative_blocks_or_costs_as_one_likes(anna: Person, boris: Person, database: Connection) -> None:
    event = anna.create_event(**at(MONDAY, 9), participants=[{"user_id": boris.id}])
    assert starts(find(anna, required=[boris.id], limit=1)) == [moment(MONDAY, 10)]
    [first] = find(anna, required=[boris.id], limit=1, tentative_is_busy=False)["proposals"]
    assert (first["start"], first["pain"]) == (moment(MONDAY, 9), 3)
    assert [(one["id"], one["why"]) for one in first["missing"]] == [(boris.id, "tentative")]
    answer(database, event["id"], boris, "declined")
    assert starts(find(anna, required=[boris.id], limit=1)) == [moment(MONDAY, 9)]


def test_working_hours_are_each_ones_own(company: Company, anna: Person) -> None:
    # 9 to 18 in Almaty (UTC+5) is 4 to 13 in UTC.
    far = company.person(full_name="Far", time_zone="Asia/Almaty")
    both = {
        "required": [anna.id, far.id],
        "from": str(MONDAY),
        "to": str(MONDAY + timedelta(days=1)),
        "time_zone": "UTC",
    }
    assert starts(find(anna, **both)) == [moment(MONDAY, hour) for hour in (9, 10, 11, 12)]
    least = find(anna, **both, hours="prefer", order="least_pain", limit=5)["proposals"]
    assert [proposal["pain"] for proposal in least] == [0, 0, 0, 0, 2]
    [outside] = least[4]["outside_hours"]
    away = {
        moment(MONDAY, 8): (anna.id, "UTC", f"{MONDAY}T08:00:00"),
        moment(MONDAY, 13): (far.id, "Asia/Almaty", f"{MONDAY}T18:00:00"),
    }
    assert (outside["id"], outside["time_zone"], outside["local_start"]) == away[least[4]["start"]]
    night = find(anna, **both, hours="ignore", limit=1)["proposals"][0]
    assert (night["start"], night["pain"], night["outside_hours"]) == (moment(MONDAY, 0), 0, [])


def test_a_weekend_is_outside_working_hours(anna: Person) -> None:
    saturday = FRIDAY + timedelta(days=1)
    window = {"from": moment(FRIDAY, 17, 30), "to": moment(saturday + timedelta(days=2), 10), "time_zone": "UTC"}
    assert starts(find(anna, required=[anna.id], **window)) == [moment(saturday + timedelta(days=2), 9)]


def test_buffers_are_kept_free_by_people(anna: Person) -> None:
    anna.create_event(**at(MONDAY, 10))
    before = find(anna, required=[anna.id], buffer_before_minutes=30, limit=2)
    assert starts(before) == [moment(MONDAY, 9), moment(MONDAY, 11, 30)]
    after = find(anna, required=[anna.id], buffer_after_minutes=15, limit=1)
    assert starts(after) == [moment(MONDAY, 11)]


def test_anyone_of_a_department_is_enough(company: Company, anna: Person) -> None:
    desk = accepted(company.admin.post("/departments", {"name": "Desk"}), 201)["id"]
    one, two = (company.person(full_name=name, department_id=desk, department="Desk") for name in ("One", "Two"))
    one.create_event(**at(MONDAY, 9, hours=2))
    two.create_event(**at(MONDAY, 10, hours=2))
    anyone = find(anna, required=[anna.id], departments=[{"id": desk}], limit=3)["proposals"]
    assert [proposal["start"] for proposal in anyone] == [moment(MONDAY, hour) for hour in (9, 11, 12)]
    present = [[person["name"] for person in proposal["anyone"][0]["people"]] for proposal in anyone]
    assert present == [["Two"], ["One"], ["One", "Two"]]
    everyone = find(anna, departments=[{"id": desk, "any_of": False}], limit=1)
    assert starts(everyone) == [moment(MONDAY, 12)]


def test_the_smallest_rooms_that_fit_are_proposed(company: Company, anna: Person) -> None:
    small, middle, large = (
        company.admin.create_room(name=name, capacity=capacity, equipment=equipment)
        for name, capacity, equipment in (("Small", 2, ["tv"]), ("Middle", 6, ["tv"]), ("Large", 20, []))
    )
    anna.create_event(**at(MONDAY, 9), room_id=middle["id"])

    def rooms(**wish: Any) -> list[tuple[str, list[str]]]:
        proposals = find(company.admin, rooms=wish, limit=2)["proposals"]
        return [(proposal["start"], [room["name"] for room in proposal["rooms"]]) for proposal in proposals]

    assert rooms() == [(moment(MONDAY, 9), ["Small"]), (moment(MONDAY, 10), ["Small"])]
    assert rooms(capacity=4) == [(moment(MONDAY, 9), ["Large"]), (moment(MONDAY, 10), ["Middle"])]
    assert rooms(capacity=4, equipment=["tv"]) == [(moment(MONDAY, hour), ["Middle"]) for hour in (10, 11)]
    assert rooms(count=3)[0] == (moment(MONDAY, 10), ["Small", "Middle", "Large"])
    assert rooms(ids=[large["id"]])[0] == (moment(MONDAY, 9), ["Large"])
    assert small["id"]


def test_when_there_is_no_time_the_answer_says_who_stands_in_the_way(
    company: Company, anna: Person, boris: Person
) -> None:
    room = company.admin.create_room(name="Only one")
    anna.create_event(**at(MONDAY, 9), room_id=room["id"])
    boris.create_event(**at(MONDAY, 10, hours=2))
    found = find(
        boris, required=[anna.id, boris.id], rooms={}, step_minutes=60, to=moment(MONDAY, 12), duration_minutes=60
    )
    assert (found["proposals"], found["starts"]) == ([], 3)
    told = [(one["kind"], one["name"], one["starts"], one["alone"], one["reasons"]) for one in found["blockers"]]
    assert told == [
        ("user", "Boris", 2, 2, {"busy": 2}),
        ("user", "Anna", 1, 0, {"busy": 1}),
        ("rooms", None, 1, 0, {}),
        ("room", "Only one", 1, 0, {"busy": 1}),
    ]
    assert [(one["start"], one["obstacles"]) for one in found["near_misses"]] == [
        (moment(MONDAY, 10), 1),
        (moment(MONDAY, 11), 1),
        (moment(MONDAY, 9), 2),
    ]
    nearest = found["near_misses"][0]
    assert [(one["name"], one["is_required"]) for one in nearest["missing"]] == [("Boris", True)]
    assert [free["name"] for free in nearest["rooms"]] == ["Only one"]


def test_no_room_that_fits_blocks_all(company: Company, anna: Person) -> None:
    company.admin.create_room(capacity=4)
    found = find(anna, required=[anna.id], rooms={"capacity": 50})
    assert [(one["kind"], one["starts"]) for one in found["blockers"]] == [("rooms", found["starts"])]


def test_private_reasons_are_not_told(anna: Person, boris: Person) -> None:
    anna.create_event(title="Doctor", **at(MONDAY, 9, hours=9))
    answer = boris.post(
        "/events/find-time",
        {"duration_minutes": 60, "required": [anna.id], "from": moment(MONDAY, 9), "to": moment(MONDAY, 18)},
    )
    assert accepted(answer)["proposals"] == []
    assert "Doctor" not in answer.text


def test_strangers_are_not_there(client: TestClient, company: Company, anna: Person) -> None:
    other = Company.create(client, "Other")
    unit = other.admin.post("/departments", {"name": "Unit"}).json()
    body = {"duration_minutes": 60, "from": str(MONDAY), "to": str(FRIDAY)}
    for values, code in (
        ({"required": [other.admin.id]}, "user_not_found"),
        ({"optional": [MISSING_ID]}, "user_not_found"),
        ({"departments": [{"id": unit["id"]}]}, "department_not_found"),
        ({"rooms": {"ids": [other.admin.create_room()["id"]]}}, "room_not_found"),
    ):
        refused(anna.post("/events/find-time", {**body, **values}), 404, code)


def test_what_is_asked_has_bounds(anna: Person, boris: Person) -> None:
    body = {"duration_minutes": 60, "required": [anna.id, boris.id], "from": str(MONDAY), "to": str(FRIDAY)}
    past = {"from": str(today() - timedelta(days=2)), "to": str(today() - timedelta(days=1))}
    nobody = {key: value for key, value in body.items() if key != "required"}
    refused(anna.post("/events/find-time", nobody), 422, "nobody_asked_for")
    refused(anna.post("/events/find-time", {**body, **past}), 422, "no_start_in_window")
    refused(anna.post("/events/find-time", {**body, "to": str(MONDAY)}), 422, "window_needs_order")
    refused(anna.post("/events/find-time", {**body, "to": moment(MONDAY, 0, 30)}), 422, "no_start_in_window")
    refused(anna.post("/events/find-time", {**body, "step_minutes": 7}), 422, "invalid_request")
    with settings(FREEBUSY_MAX_SUBJECTS=1):
        refused(anna.post("/events/find-time", body), 422, "too_many_subjects")
    with settings(FIND_TIME_MAX_STARTS=100):
        refused(anna.post("/events/find-time", body), 422, "too_many_starts")
    with settings(FREEBUSY_MAX_DAYS=2):
        refused(anna.post("/events/find-time", body), 422, "window_too_wide")


def test_what_has_passed_is_left_out(anna: Person) -> None:
    window = {"from": str(today() - timedelta(days=1)), "to": str(today() + timedelta(days=2)), "hours": "ignore"}
    [first] = starts(find(anna, required=[anna.id], limit=1, **window))
    assert datetime.fromisoformat(first) > datetime.fromisoformat(moment(today() - timedelta(days=1), 23))
