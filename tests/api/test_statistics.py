"""Statistics: the figures against a count of every minute, and who may see them."""

from datetime import UTC, datetime, time
from typing import Any

import psycopg
import pytest
import time_machine
from fastapi.testclient import TestClient

from tests.api import statistics_reference as reference
from tests.api.statistics_company import REPORTS, Made, department, make, read
from tests.api.statistics_reference import ZONE
from tests.support.people import Company, sign_in
from tests.support.planning import MISSING_ID, accepted, refused, settings

WORK = ({1, 2, 3, 4, 5}, time(9), time(18))
every_report = pytest.mark.parametrize("report", REPORTS)


@pytest.fixture
def made(company: Company, database: psycopg.Connection) -> Made:
    return make(company, database)


WINDOWS = {
    "weeks": ("2027-03-22", "2027-04-12"),
    "a day of change": ("2027-03-28", "2027-03-29"),
    "from within": ("2027-03-25T10:07:00+01:00", "2027-03-30T12:30:00+02:00"),
    "one hour": ("2027-03-22T10:00:00", "2027-03-22T11:00:00"),
}
every_window = pytest.mark.parametrize(("start", "end"), WINDOWS.values(), ids=WINDOWS.keys())


def instants(start: str, end: str) -> tuple[datetime, datetime]:
    moments = [datetime.fromisoformat(text) for text in (start, end)]
    first, last = (moment if moment.tzinfo else moment.replace(tzinfo=ZONE) for moment in moments)
    return first.astimezone(UTC), last.astimezone(UTC)


def only(item: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in like}


# Who asks, what for, and the people whose meetings count.
SCOPES = {
    "admin of the company": ("admin", {}, {"admin", "head", "anna", "boris", "vera"}, "company"),
    "admin of a branch": ("admin", {"department_id": "sales"}, {"anna", "boris"}, "departments"),
    "admin of a person": ("admin", {"user_id": "vera"}, {"vera"}, "person"),
    "head": ("head", {}, {"anna", "boris"}, "departments"),
    "head of a part": ("head", {"department_id": "north"}, {"boris"}, "departments"),
    "head of a person": ("head", {"user_id": "boris"}, {"boris"}, "person"),
    "head of oneself": ("head", {"user_id": "head"}, {"head"}, "person"),
    "oneself": ("anna", {}, {"anna"}, "person"),
    "oneself by id": ("vera", {"user_id": "vera"}, {"vera"}, "person"),
}


@every_window
def test_figures_are_those_of_a_count_by_the_minute(made: Made, start: str, end: str) -> None:
    window = instants(start, end)
    for who, wanted, people, scope in SCOPES.values():
        asker = made.people[who]
        params = {
            name: made.people[value].id if name == "user_id" else str(made.departments[value])
            for name, value in wanted.items()
        }
        totals = reference.figures(made.meetings, window, people)
        hours = reference.by_hour(made.meetings, window, people)
        booked = reference.by_room(made.meetings, window, people, WORK)

        overview = read(asker, "", start, end, **params)
        assert only(overview, totals) == totals
        assert overview["scope"] == scope
        present = {name for name in people if reference.figures(made.meetings, window, {name})["meetings"]}
        assert overview["people"] == len(present)
        if hours:
            assert overview["busiest"]["minutes"] == max(hours.values())
        else:
            assert overview["busiest"] is None
        assert overview["rooms"]["bookings"] == sum(room["bookings"] for room in booked.values())
        assert overview["rooms"]["booked_hours"] == pytest.approx(sum(room["booked_hours"] for room in booked.values()))

        report = read(asker, "/meetings", start, end, **params)
        by_person = {made.ids(people)[item["id"]]: item for item in report["items"]}
        assert by_person.keys() == present
        for name, item in by_person.items():
            expected = reference.figures(made.meetings, window, {name})
            assert only(item, expected) == expected

        for unit in ("day", "week", "month"):
            report = read(asker, "/meetings", start, end, by=unit, **params)
            expected = reference.by_first_date(made.meetings, window, people, unit)
            found = {item["first_date"]: only(item, totals) for item in report["items"]}
            assert found == expected, unit

        found = {(item["weekday"], item["hour"]): item["minutes"] for item in read(
            asker, "/busiest", start, end, **params)["items"]}  # fmt: skip
        assert len(found) == 7 * 24
        assert {key: minutes for key, minutes in found.items() if minutes} == hours

        rooms = {item["name"]: item for item in read(asker, "/rooms", start, end, **params)["items"]}
        for name, expected in booked.items():
            assert only(rooms[name], expected) == expected
        assert rooms.keys() == ({"Blue", "Red"} if scope == "company" else booked.keys())


def test_departments_count_the_people_directly_in_them(made: Made) -> None:
    window = instants("2027-03-22", "2027-04-12")
    members = {"Office": {"vera"}, "Sales": {"anna"}, "North": {"boris"}, None: {"admin", "head"}}
    report = read(made.people["admin"], "/meetings", "2027-03-22", "2027-04-12", by="department")
    assert report["total"] == 4
    for item in report["items"]:
        expected = reference.figures(made.meetings, window, members[item["name"]])
        assert only(item, expected) == expected
    # Two people of one department in a meeting are one meeting of the department.
    both = reference.figures(made.meetings, window, members[None])
    assert both["person_hours"] > both["hours"]
    names = {item["name"] for item in read(
        made.people["head"], "/meetings", "2027-03-22", "2027-04-12", by="department")["items"]}  # fmt: skip
    assert names == {"Sales", "North"}


def test_rows_are_sorted_by_hours_and_limited_with_their_number_told(made: Made) -> None:
    admin = made.people["admin"]
    report = read(admin, "/meetings", "2027-03-22", "2027-04-12")
    hours = [item["hours"] for item in report["items"]]
    assert hours == sorted(hours, reverse=True)
    first = read(admin, "/meetings", "2027-03-22", "2027-04-12", limit=2)
    assert (first["items"], first["total"]) == (report["items"][:2], 5)
    with settings(STATISTICS_MAX_ROWS=3):
        assert len(read(admin, "/meetings", "2027-03-22", "2027-04-12", limit=500)["items"]) == 3
        answer = admin.get("/statistics/meetings", from_="2027-03-22", to="2027-04-12", format="csv")
        assert len(answer.text.splitlines()) == 1 + 3


def test_working_hours_are_the_companys(made: Made, database: psycopg.Connection) -> None:
    # Sunday 28 March has 23 hours: between 1:00 and 4:00 lie two.
    database.execute(
        "UPDATE organizations SET working_days = '{7}', workday_start = '01:00', workday_end = '04:00' WHERE id = %s",
        [made.company.organization.id],
    )
    report = read(made.people["admin"], "/rooms", "2027-03-22", "2027-04-12")
    expected = reference.by_room(
        made.meetings, instants("2027-03-22", "2027-04-12"), set(made.people), ({7}, time(1), time(4))
    )
    assert report["working_hours"] == 2 + 3 + 3
    assert {item["name"]: only(item, expected["Red"]) for item in report["items"]} == expected
    monday = read(made.people["admin"], "/rooms", "2027-03-22", "2027-03-23")
    assert [(item["working_hours"], item["share"]) for item in monday["items"]] == [(0, None), (0, None)]


def test_days_are_those_of_the_company_and_not_of_who_asks(made: Made) -> None:
    admin = made.people["admin"]
    here = read(admin, "/meetings", "2027-03-22", "2027-04-12", by="day")
    accepted(admin.patch(f"/users/{admin.id}", {"time_zone": "Pacific/Kiritimati"}))
    assert read(admin, "/meetings", "2027-03-22", "2027-04-12", by="day") == here
    assert here["time_zone"] == "Europe/Berlin"
    assert here["from"] == "2027-03-21T23:00:00Z"


def test_a_room_out_of_use_is_listed_while_it_was_booked(made: Made, database: psycopg.Connection) -> None:
    database.execute("UPDATE rooms SET is_active = false WHERE id = ANY(%s)", [list(made.rooms.values())])
    items = read(made.people["admin"], "/rooms", "2027-03-24", "2027-03-25")["items"]
    assert [item["name"] for item in items] == ["Red"]


def test_without_dates_it_is_this_month(company: Company) -> None:
    with time_machine.travel(datetime(2027, 3, 31, 22, 30, tzinfo=UTC), tick=False):
        admin = sign_in(company.client, company.organization, role="admin")
        body = accepted(admin.get("/statistics"))
    # It is half past midnight on 1 April in Berlin.
    assert (body["from"], body["to"], body["by"]) == ("2027-03-31T22:00:00Z", "2027-04-30T22:00:00Z", "day")
    assert len(body["periods"]) == 30
    assert body["busiest"] is None
    assert body["rooms"]["share"] is None


@pytest.mark.parametrize(("end", "by", "count"), [("2027-05-01", "day", 61), ("2027-06-01", "week", 14)])
def test_the_overview_of_a_long_stretch_shows_weeks(company: Company, end: str, by: str, count: int) -> None:
    body = read(company.admin, "", "2027-03-01", end)
    assert (body["by"], len(body["periods"])) == (by, count)
    with settings(EVENTS_WINDOW_MAX_DAYS=500):
        body = read(company.admin, "", "2027-01-01", "2028-03-01")
    assert (body["by"], len(body["periods"])) == ("month", 14)


# Who may see what


@every_report
def test_more_than_ones_own_is_refused(made: Made, report: str) -> None:
    path, people, departments = f"/statistics{report}", made.people, made.departments
    for who, params in (
        ("anna", {"user_id": people["boris"].id}),
        ("anna", {"department_id": str(departments["sales"])}),
        ("head", {"user_id": people["vera"].id}),
        ("head", {"user_id": people["admin"].id}),
        ("head", {"department_id": str(departments["office"])}),
    ):
        refused(people[who].get(path, **params), 403, "statistics_not_yours")


@every_report
def test_other_companies_are_not_there(made: Made, stranger_company: Company, report: str) -> None:
    path = f"/statistics{report}"
    theirs = department(stranger_company, "Theirs")
    for asker in made.people.values():
        refused(asker.get(path, user_id=stranger_company.admin.id), 404, "user_not_found")
        refused(asker.get(path, user_id=MISSING_ID), 404, "user_not_found")
        refused(asker.get(path, department_id=str(theirs)), 404, "department_not_found")
        refused(asker.get(path, department_id=MISSING_ID), 404, "department_not_found")
    body = read(stranger_company.admin, "", "2027-03-22", "2027-04-12")
    assert (body["meetings"], body["people"], body["rooms"]["rooms"]) == (0, 0, 0)


@every_report
def test_the_installations_administrator_has_no_meetings(client: TestClient, report: str) -> None:
    admin = sign_in(client, None, role="admin")
    refused(admin.get(f"/statistics{report}"), 403, "company_required")


@every_report
def test_nobody_without_signing_in(client: TestClient, report: str) -> None:
    refused(client.get(f"/statistics{report}"), 401, "not_authenticated")


@every_report
def test_no_title_and_no_place_appears(made: Made, report: str) -> None:
    for wanted in ("json", "csv", "svg"):
        answer = made.people["admin"].get(f"/statistics{report}", from_="2027-03-22", to="2027-04-12", format=wanted)
        assert answer.status_code == 200
        assert "Secret" not in answer.text


# What is not acceptable


@every_report
@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"from_": "2027-03-22", "to": "2027-03-22"}, "window_needs_order"),
        ({"from_": "2027-03-23", "to": "2027-03-22"}, "window_needs_order"),
        ({"from_": "2027-01-01", "to": "2028-06-01"}, "window_too_wide"),
        ({"from_": "2150-01-01", "to": "2150-02-01"}, "statistics_beyond_horizon"),
        ({"from_": "tomorrow"}, "invalid_request"),
        ({"from_": "20270322"}, "invalid_request"),
        ({"format": "pdf"}, "invalid_request"),
        ({"user_id": "me"}, "invalid_request"),
        ({"department_id": MISSING_ID, "user_id": MISSING_ID}, "statistics_one_of"),
        ({"surprise": "1"}, "invalid_request"),
    ],
    ids=str,
)
def test_a_question_that_makes_no_sense_is_refused(
    company: Company, report: str, params: dict[str, str], code: str
) -> None:
    refused(company.admin.get(f"/statistics{report}", **params), 422, code)


@pytest.mark.parametrize("value", ["year", "", "person,day"])
def test_meetings_are_by_something_known(company: Company, value: str) -> None:
    refused(company.admin.get("/statistics/meetings", by=value), 422, "invalid_request")


def test_rooms_count_as_they_were_really_used(company: Company, database: psycopg.Connection) -> None:
    anna, room, unused = company.person(), company.admin.create_room(), company.admin.create_room()
    morning = {"start_time": "2027-03-22T10:00:00", "end_time": "2027-03-22T12:00:00"}
    ended_early = anna.create_event(**morning, room_id=room["id"])["id"]
    released = anna.create_event(**morning, room_id=unused["id"])["id"]
    extended = anna.create_event(start_time="2027-03-22T14:00:00", end_time="2027-03-22T15:00:00", room_id=room["id"])
    database.execute(
        "UPDATE room_bookings SET used_until = ends_at - interval '90 minutes',"
        " during = tstzrange(lower(during), ends_at - interval '90 minutes') WHERE series_id = %s",
        [ended_early],
    )
    database.execute("UPDATE room_bookings SET state = 'released', reason = 'no_show' WHERE series_id = %s", [released])
    database.execute(
        "UPDATE room_bookings SET used_until = ends_at + interval '15 minutes',"
        " during = tstzrange(lower(during), ends_at + interval '15 minutes') WHERE series_id = %s",
        [extended["id"]],
    )
    report = read(company.admin, "/rooms", "2027-03-22", "2027-03-23")
    assert {item["id"]: (item["bookings"], item["booked_hours"]) for item in report["items"]} == {
        room["id"]: (2, 1.75),
        unused["id"]: (0, 0.0),
    }
    overview = read(company.admin, "", "2027-03-22", "2027-03-23")
    assert (overview["rooms"]["bookings"], overview["rooms"]["booked_hours"]) == (2, 1.75)
    # The meetings themselves were held as long as the calendar says.
    assert overview["hours"] == 5.0
