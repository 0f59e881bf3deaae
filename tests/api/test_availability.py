"""When people work, where, and what they are from moment to moment."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.support.desk import made
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings

MORNING = [{"weekdays": [1, 2, 3, 4, 5], "start": "08:00", "end": "12:00"}]
MONDAY = "2027-03-22"


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


def spans(person: Person, whose: Person, from_: str = MONDAY, to: str = "2027-03-23", **params: Any) -> list[Any]:
    """(from, to, state) on the wall clock of Berlin in spring: an hour ahead of UTC."""
    answer = accepted(person.get(f"/users/{whose.id}/availability", from_=from_, to=to, **params))
    return [(_clock(span["start"]), _clock(span["end"]), span["state"]) for span in answer["spans"]]


def _clock(instant: str) -> int:
    return (int(instant[11:13]) + 1) % 24


def hours(person: Person, **values: Any) -> dict[str, Any]:
    return made(person, "/availability/hours", **{"hours": MORNING, **values})


def test_without_hours_of_ones_own_the_companys_hold(company: Company, anna: Person) -> None:
    assert spans(company.admin, anna) == [(0, 9, "outside_hours"), (9, 18, "free"), (18, 0, "outside_hours")]


def test_departments_stand_over_the_company_and_people_over_departments(company: Company) -> None:
    division = made(company.admin, "/departments", name="Division")
    team = made(company.admin, "/departments", name="Team", parent_id=division["id"])
    anna = company.person(department_id=team["id"])
    hours(company.admin, department_id=division["id"])
    assert spans(anna, anna)[1] == (8, 12, "free")
    of_team = hours(
        company.admin, department_id=team["id"], hours=[{"weekdays": [1], "start": "10:00", "end": "11:00"}]
    )
    assert spans(anna, anna)[1] == (10, 11, "free")
    own = hours(anna, hours=[{"weekdays": [1], "start": "13:00", "end": "14:00"}])
    assert spans(anna, anna)[1] == (13, 14, "free")
    assert anna.delete(f"/availability/hours/{own['id']}").status_code == 204
    assert company.admin.delete(f"/availability/hours/{of_team['id']}").status_code == 204
    assert spans(anna, anna)[1] == (8, 12, "free")


def test_rule_21_the_stronger_priority_holds_and_later_days_replace_earlier(anna: Person) -> None:
    def at(start: int) -> list[dict[str, Any]]:
        return [{"weekdays": [1], "start": f"{start}:00", "end": f"{start + 1}:00"}]

    hours(anna, hours=at(10))
    hours(anna, hours=at(11), first_day="2027-01-01")
    assert spans(anna, anna)[1][0] == 11
    hours(anna, hours=at(12), first_day="2026-01-01", priority=9)
    assert spans(anna, anna)[1][0] == 12
    hours(anna, hours=at(13), priority=1, first_day=MONDAY, last_day=MONDAY)
    assert spans(anna, anna)[1][0] == 13
    assert spans(anna, anna, "2027-03-29", "2027-03-30")[1][0] == 11  # summer time by then: 12:00 of Berlin


def test_several_spans_and_a_zone_of_their_own(anna: Person) -> None:
    both = [*MORNING, {"weekdays": [1, 2, 3, 4, 5], "start": "13:00", "end": "17:00"}]
    hours(anna, hours=both, time_zone="Europe/London")
    assert [span[:2] for span in spans(anna, anna) if span[2] == "free"] == [(9, 13), (14, 18)]


def test_rule_21_busy_over_away_over_tentative_over_free(company: Company, anna: Person) -> None:
    boris = company.person()
    anna.create_event(start_time=f"{MONDAY}T10:00:00", end_time=f"{MONDAY}T11:00:00")
    boris.create_event(
        start_time=f"{MONDAY}T12:00:00", end_time=f"{MONDAY}T15:00:00", participants=[{"user_id": anna.id}]
    )
    assert [span for span in spans(boris, anna) if span[2] not in ("free", "outside_hours")] == [
        (10, 11, "busy"),
        (12, 15, "tentative"),
    ]
    made(anna, "/absences", first_day=MONDAY, last_day=MONDAY, starts_midday=True)
    assert spans(boris, anna)[2:] == [
        (10, 11, "busy"),
        (11, 12, "free"),
        (12, 13, "tentative"),
        (13, 0, "away"),
    ]


def test_holidays_and_worked_saturdays_are_everybodys_who_keeps_them(company: Company, anna: Person) -> None:
    company.admin.put("/holidays", {"day": MONDAY, "is_working": False, "name": "Founders' day"})
    company.admin.put("/holidays", {"day": "2027-03-27", "is_working": True, "name": "Moved"})
    day = accepted(anna.get(f"/users/{anna.id}/availability", from_=MONDAY, to="2027-03-23"))
    assert [span["state"] for span in day["spans"]] == ["outside_hours"]
    assert day["days"] == [{"day": MONDAY, "place": None, "holiday": "Founders' day"}]
    assert (9, 18, "free") in spans(anna, anna, "2027-03-27", "2027-03-28")
    hours(anna, keeps_holidays=False)
    assert spans(anna, anna)[1] == (8, 12, "free")


def test_holidays_of_another_country(company: Company, anna: Person) -> None:
    hours(anna, holiday_country="DE")
    assert [span[2] for span in spans(anna, anna, "2026-12-25", "2026-12-26")] == ["outside_hours"]
    assert "free" in [span[2] for span in spans(anna, company.admin, "2026-12-25", "2026-12-26")]


def test_where_people_work(company: Company, anna: Person) -> None:
    hours(anna, places=[{"weekdays": [1, 3], "place": "home"}, {"weekdays": [2], "place": "office"}])
    away = accepted(anna.put("/availability/places", {"day": "2027-03-24", "place": "away"}))
    assert (away["user"]["id"], away["place"]) == (anna.id, "away")

    def places() -> list[str | None]:
        answer = company.person().get(f"/users/{anna.id}/availability", from_=MONDAY, to="2027-03-26")
        return [day["place"] for day in accepted(answer)["days"]]

    assert places() == ["home", "office", "away", None]
    assert anna.delete("/availability/places", params={"day": "2027-03-24"}).status_code == 204
    assert places() == ["home", "office", "home", None]
    refused(anna.delete("/availability/places", params={"day": "2027-03-24"}), 404, "place_not_found")
    refused(
        anna.put("/availability/places", {"user_id": company.admin.id, "day": MONDAY, "place": "home"}),
        403,
        "hours_not_yours",
    )


def test_of_a_group_and_when_all_of_them_are_free(company: Company, anna: Person) -> None:
    team = made(company.admin, "/departments", name="Team")
    boris, clara = (company.person(full_name=name, department_id=team["id"]) for name in ("Boris", "Clara"))
    boris.create_event(start_time=f"{MONDAY}T10:00:00", end_time=f"{MONDAY}T11:00:00")
    hours(clara)
    params = {"users": [anna.id], "departments": [team["id"]], "from": MONDAY, "to": "2027-03-23"}
    group = accepted(anna.call("GET", "/availability", params=params))
    assert [person["user"]["full_name"] for person in group["people"]] == ["Anna", "Boris", "Clara"]
    assert [(_clock(one["start"]), _clock(one["end"])) for one in group["all_free"]] == [(9, 10), (11, 12)]
    refused(anna.get("/availability", from_=MONDAY, to="2027-03-23"), 422, "nobody_asked_for")
    with settings(FREEBUSY_MAX_SUBJECTS=2):
        refused(anna.call("GET", "/availability", params=params), 422, "too_many_subjects")
    refused(anna.get(f"/users/{anna.id}/availability", from_=MONDAY, to="2028-03-23"), 422, "window_too_wide")


def test_find_a_time_asks_the_same_engine(company: Company, anna: Person) -> None:
    hours(anna)
    boris = company.person()
    wish = {
        "duration_minutes": 60,
        "required": [anna.id, boris.id],
        "from": MONDAY,
        "to": "2027-03-23",
        "hours": "strict",
        "step_minutes": 60,
    }

    def starts() -> list[int]:
        answer = accepted(anna.post("/events/find-time", wish))
        return [_clock(one["start"]) for one in answer["proposals"]]

    assert starts() == [9, 10, 11]
    away = made(boris, "/absences", first_day=MONDAY, last_day=MONDAY, ends_midday=True)
    found = accepted(anna.post("/events/find-time", wish))
    assert found["proposals"] == []
    assert [
        (blocker["name"], blocker["reasons"].get("away")) for blocker in found["blockers"] if blocker["id"] == boris.id
    ] == [(boris.email, 13)]
    assert boris.delete(f"/absences/{away['id']}").status_code == 204
    company.admin.put("/holidays", {"day": MONDAY, "is_working": False, "name": "Founders' day"})
    assert starts() == []


def test_a_request_is_tentative_and_what_is_refused_is_nothing(company: Company) -> None:
    company.admin.patch(f"/organizations/{company.organization.id}", {"absences_to_approve": ["vacation"]})
    manager = company.person()
    anna = company.person(manager_id=manager.user.id)
    asked = made(anna, "/absences", first_day=MONDAY, last_day=MONDAY)
    assert [span[2] for span in spans(manager, anna)] == ["tentative"]
    manager.post(f"/absences/{asked['id']}/decision", {"is_approved": False})
    assert spans(manager, anna)[1] == (9, 18, "free")


def test_hours_are_changed_by_whose_they_are(company: Company, anna: Person) -> None:
    boris = company.person()
    own = hours(anna)
    path = f"/availability/hours/{own['id']}"
    refused(boris.patch(path, {"priority": 3}), 403, "hours_not_yours")
    refused(boris.delete(path), 403, "hours_not_yours")
    refused(boris.post("/availability/hours", {"user_id": anna.id, "hours": []}), 403, "hours_not_yours")
    team = made(company.admin, "/departments", name="Team", head_id=boris.id)
    refused(anna.post("/availability/hours", {"department_id": team["id"], "hours": []}), 403, "hours_not_yours")
    assert hours(boris, department_id=team["id"])["department_id"] == team["id"]
    changed = anna.patch(path, {"last_day": "2027-12-31", "hours": []}, headers={"If-Match": '"1"'})
    assert (changed.json()["last_day"], changed.json()["hours"], changed.json()["version"]) == ("2027-12-31", [], 2)
    refused(anna.patch(path, {"priority": 3}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    items = boris.get("/availability/hours", user_id=anna.id).json()["items"]
    assert [item["id"] for item in items] == [own["id"]]


def test_hours_that_make_no_sense_are_refused(company: Company, anna: Person, stranger_company: Company) -> None:
    strangers = stranger_company.admin
    for values, status, code in (
        ({"first_day": "2027-02-01", "last_day": "2027-01-01"}, 422, "invalid_request"),
        ({"user_id": strangers.id}, 422, "user_not_found"),
        ({"department_id": strangers.id}, 422, "department_not_found"),
        ({"user_id": anna.id, "department_id": anna.id}, 422, "invalid_request"),
        ({"priority": 10}, 422, "invalid_request"),
        ({"time_zone": "Mars/Olympus"}, 422, "invalid_request"),
        ({"hours": [{"weekdays": [1], "start": "09:00", "end": "09:00"}]}, 422, "invalid_request"),
    ):
        refused(anna.post("/availability/hours", {"hours": MORNING, **values}), status, code)
    own = hours(anna, first_day="2027-01-01")
    refused(anna.post("/availability/hours", {"hours": [], "first_day": "2027-01-01"}), 409, "hours_begin_already")
    refused(anna.patch(f"/availability/hours/{own['id']}", {"last_day": "2026-12-31"}), 422, "hours_order")
    with settings(HOURS_PER_OWNER_MAX=1, WORK_PLACE_DAYS_MAX=1):
        refused(anna.post("/availability/hours", {"hours": []}), 409, "too_many_hours")
        first = date(2027, 3, 22)
        assert anna.put("/availability/places", {"day": str(first), "place": "home"}).status_code == 200
        assert anna.put("/availability/places", {"day": str(first), "place": "away"}).status_code == 200
        one_more = {"day": str(first + timedelta(days=1)), "place": "home"}
        refused(anna.put("/availability/places", one_more), 409, "too_many_places")
