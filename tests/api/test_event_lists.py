"""Lists of occurrences: what is in them, their filters, their pages, and what comes next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.people import Company, Person
from tests.support.planning import accepted, all_pages, refused, starts, titles

WEEK = ("2027-03-22", "2027-03-29")


def calendar(person: Person, **values: Any) -> str:
    return str(accepted(person.post("/calendars", {"name": "More", **values}), 201)["id"])


def key(item: dict[str, Any]) -> tuple[str, str]:
    return item["id"], item["original_start"]


def from_now(minutes: int, length: int = 30) -> dict[str, str]:
    """The times of an event that begins so many minutes from now."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    return {"start_time": start.isoformat(), "end_time": (start + timedelta(minutes=length)).isoformat()}


def test_a_list_goes_across_every_calendar_that_one_may_see_and_no_other(company: Company) -> None:
    anna, boris, vera = company.person(), company.person(), company.person()
    anna.create_event(title="Own")
    anna.create_event(title="Own second calendar", calendar_id=calendar(anna))
    boris.create_event(title="Public", calendar_id=calendar(boris, is_public=True))
    boris.create_event(title="Private")
    vera.create_event(title="Invited", participants=[{"user_id": anna.id}])
    vera.create_event(title="Not invited", participants=[{"user_id": boris.id}])
    assert sorted(titles(anna.occurrences(*WEEK))) == ["Invited", "Own", "Own second calendar", "Public"]
    assert sorted(titles(vera.occurrences(*WEEK))) == ["Invited", "Not invited", "Public"]


def test_an_event_that_one_sees_for_two_reasons_is_listed_once(company: Company) -> None:
    anna, boris = company.person(), company.person()
    everybody = [{"user_id": person.id} for person in (anna, boris)]
    anna.create_event(calendar_id=calendar(anna, is_public=True), participants=everybody)
    assert len(anna.occurrences(*WEEK)) == 1
    assert len(boris.occurrences(*WEEK)) == 1


def test_a_list_is_in_the_order_of_time(company: Company) -> None:
    for hour in (15, 9, 12):
        company.admin.create_event(
            title=str(hour), start_time=f"2027-03-24T{hour:02}:00:00", end_time=f"2027-03-24T{hour:02}:30:00"
        )
    company.admin.create_event(title="series", recurrence_rule="FREQ=DAILY;COUNT=3")
    listed = company.admin.occurrences(*WEEK)
    assert [title for title in titles(listed) if title != "series"] == ["9", "12", "15"]
    assert titles(listed)[:2] == ["series", "series"]
    assert starts(listed) == sorted(starts(listed))


def test_the_calendar_filter_shows_one_calendar_and_nothing_of_those_one_may_not_see(company: Company) -> None:
    anna, boris = company.person(), company.person()
    second = calendar(anna)
    anna.create_event(title="First")
    anna.create_event(title="Second", calendar_id=second, participants=[{"user_id": boris.id}])
    anna.create_event(title="Alone", calendar_id=second)
    assert titles(anna.occurrences(*WEEK, calendar_id=anna.calendar_id)) == ["First"]
    assert sorted(titles(anna.occurrences(*WEEK, calendar_id=second))) == ["Alone", "Second"]
    assert titles(boris.occurrences(*WEEK, calendar_id=second)) == ["Second"]
    assert boris.occurrences(*WEEK, calendar_id=anna.calendar_id) == []


def test_the_status_filter_and_what_is_shown_without_it(company: Company) -> None:
    for status in ("confirmed", "tentative", "cancelled"):
        company.admin.create_event(title=status, status=status)
    admin = company.admin
    assert sorted(titles(admin.occurrences(*WEEK))) == ["confirmed", "tentative"]
    assert titles(admin.occurrences(*WEEK, status="cancelled")) == ["cancelled"]
    assert sorted(titles(admin.occurrences(*WEEK, status=["cancelled", "tentative"]))) == ["cancelled", "tentative"]


def test_a_year_of_a_weekly_series_keeps_its_wall_time_over_both_clock_changes(company: Company) -> None:
    company.admin.create_event(
        start_time="2027-01-04T09:00:00", end_time="2027-01-04T10:00:00", recurrence_rule="FREQ=WEEKLY;COUNT=52"
    )
    pages = all_pages(company.admin, "/events", from_="2027-01-01", to="2028-01-01", limit=20)
    assert [len(page) for page in pages] == [20, 20, 12]
    times = [start for page in pages for start in starts(page)]
    summer = [start for start in times if "2027-03-28" < start < "2027-10-31"]
    assert {start[11:] for start in summer} == {"07:00:00Z"}
    assert {start[11:] for start in times if start not in summer} == {"08:00:00Z"}
    assert len(summer) == 31


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_of_occurrences_repeat_none_and_lose_none(company: Company, limit: int) -> None:
    anna, boris = company.person(), company.person()
    guests = [{"user_id": anna.id}]
    for _ in range(3):
        anna.create_event()  # all at the same moment
    boris.create_event(recurrence_rule="FREQ=DAILY;COUNT=4", participants=guests)
    anna.create_event(recurrence_rule="FREQ=DAILY;COUNT=3;BYHOUR=9,15")
    anna.create_event(start_time="2027-03-20T00:00:00", end_time="2027-03-27T00:00:00")
    anna.create_event(start_time="2027-03-22", end_time="2027-03-24", is_all_day=True)
    pages = all_pages(anna, "/events", from_=WEEK[0], to=WEEK[1], limit=limit)
    listed = [item for page in pages for item in page]
    assert len(listed) == 3 + 4 + 3 + 1 + 1
    assert len({key(item) for item in listed}) == len(listed)
    assert all(len(page) == limit for page in pages[:-1])
    assert [key(item) for item in listed] == [key(item) for item in anna.occurrences(*WEEK)]


def test_a_page_goes_on_where_it_stopped_while_others_come_and_go(company: Company) -> None:
    anna = company.person()
    made = [
        anna.create_event(title=str(hour), start_time=f"2027-03-22T{hour}:00:00", end_time=f"2027-03-22T{hour}:30:00")
        for hour in range(10, 16)
    ]
    window = {"from_": WEEK[0], "to": WEEK[1], "limit": 3}
    first = accepted(anna.get("/events", **window))
    anna.create_event(title="earlier")
    anna.delete(f"/events/{made[2]['id']}")
    second = accepted(anna.get("/events", **window, cursor=first["next_cursor"]))
    assert titles(first["items"]) == ["10", "11", "12"]
    assert titles(second["items"]) == ["13", "14", "15"]
    assert second["next_cursor"] is None


def test_the_limit_of_a_page_is_capped_by_the_installation(company: Company) -> None:
    for _ in range(2):
        company.admin.create_event(recurrence_rule="FREQ=DAILY;COUNT=300")
    body = accepted(company.admin.get("/events", from_="2027-03-01", to="2028-03-31", limit=100_000))
    assert len(body["items"]) == 500
    assert body["next_cursor"]
    assert len(accepted(company.admin.get("/events", from_="2027-03-01", to="2028-03-31"))["items"]) == 100


def test_dates_of_a_window_are_days_in_ones_own_zone(company: Company) -> None:
    anna = company.person(time_zone="Asia/Tokyo")
    anna.create_event(start_time="2027-03-22T23:30:00", end_time="2027-03-22T23:45:00", time_zone="Asia/Tokyo")
    assert len(anna.occurrences("2027-03-22", "2027-03-23")) == 1
    assert anna.occurrences("2027-03-23", "2027-03-24") == []
    assert anna.occurrences("2027-03-22T15:00:00", "2027-03-23", time_zone="UTC") == []
    assert len(anna.occurrences("2027-03-22T14:00:00", "2027-03-22T15:00:00", time_zone="UTC")) == 1
    assert len(anna.occurrences("2027-03-22T23:00:00+09:00", "2027-03-22T23:40:00+09:00")) == 1


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "invalid_request"),
        ({"from_": "2027-03-22"}, "invalid_request"),
        ({"from_": "2027-03-23", "to": "2027-03-22"}, "window_needs_order"),
        ({"from_": "2027-03-22", "to": "2027-03-22"}, "window_needs_order"),
        ({"from_": "2027-01-01", "to": "2029-01-01"}, "window_too_wide"),
        ({"from_": "0001-01-01", "to": "9999-12-31"}, "invalid_request"),
        ({"from_": "2027-03-22", "to": "9999-12-31"}, "invalid_request"),
        ({"from_": "yesterday", "to": "today"}, "invalid_request"),
        ({"from_": "1800000000", "to": "1800003600"}, "invalid_request"),
        ({"from_": "2027-03-22\x00", "to": "2027-03-23"}, "invalid_request"),
        ({"from_": "2027-03-22", "to": "2027-03-23", "time_zone": "Moscow"}, "invalid_request"),
        ({"from_": "2027-03-22", "to": "2027-03-23", "status": "gone"}, "invalid_request"),
        ({"from_": "2027-03-22", "to": "2027-03-23", "status": ["confirmed"] * 4}, "invalid_request"),
        ({"from_": "2027-03-22", "to": "2027-03-23", "limit": 0}, "invalid_request"),
        ({"from_": "2027-03-22", "to": "2027-03-23", "limit": "all"}, "invalid_request"),
        ({"from_": "2027-03-22", "to": "2027-03-23", "calendar_id": "mine"}, "invalid_request"),
        ({"from_": "2027-03-22", "to": "2027-03-23", "cursor": "abc"}, "bad_cursor"),
        ({"from_": "2027-03-22", "to": "2027-03-23", "cursor": "WzEsMiwzXQ"}, "bad_cursor"),
        ({"from_": "2027-03-22", "to": "2027-03-23", "cursor": "x" * 501}, "invalid_request"),
    ],
)
def test_a_window_that_cannot_be_is_refused_with_the_reason(
    company: Company, params: dict[str, Any], code: str
) -> None:
    refused(company.admin.get("/events", **params), 422, code)


def test_the_plus_of_an_offset_may_arrive_as_a_space(company: Company) -> None:
    company.admin.create_event()
    address = "/events?from=2027-03-22T09:00:00+01:00&to=2027-03-22T10:00:00+01:00"
    assert len(accepted(company.admin.call("GET", address))["items"]) == 1


def test_upcoming_begins_with_what_is_under_way(company: Company) -> None:
    anna = company.person()
    for title, minutes in (("over", -60), ("under way", -10), ("next", 10), ("tomorrow", 24 * 60)):
        anna.create_event(title=title, **from_now(minutes), time_zone="UTC")
    anna.create_event(title="cancelled", **from_now(20), status="cancelled", time_zone="UTC")
    anna.create_event(title="far", **from_now(40 * 24 * 60), time_zone="UTC")
    assert titles(accepted(anna.get("/events/upcoming"))["items"]) == ["under way", "next", "tomorrow"]
    assert titles(accepted(anna.get("/events/upcoming", limit=1))["items"]) == ["under way"]
    assert titles(accepted(anna.get("/events/upcoming", days=60))["items"])[-1] == "far"
    for params in ({"limit": 0}, {"limit": 101}, {"days": 0}, {"days": 367}):
        refused(anna.get("/events/upcoming", **params), 422, "invalid_request")


def test_upcoming_is_ones_own(company: Company, stranger_company: Company) -> None:
    anna = company.person()
    anna.create_event(**from_now(10), time_zone="UTC", recurrence_rule="FREQ=DAILY;COUNT=20")
    assert len(accepted(anna.get("/events/upcoming"))["items"]) == 10
    assert accepted(company.admin.get("/events/upcoming"))["items"] == []
    assert accepted(stranger_company.admin.get("/events/upcoming"))["items"] == []


def test_a_misspelt_filter_is_refused_and_not_ignored(company: Company) -> None:
    answer = company.admin.get("/events", from_="2027-03-22", to="2027-03-29", calender_id=company.admin.calendar_id)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "calender_id"]
