"""Times of events: wall clock and zone, clock changes, all-day dates, and times that cannot be."""

import json
from typing import Any

import psycopg
import pytest

from tests.support.people import Company, Person, event
from tests.support.planning import accepted, company_counts, refused, starts, stored_event, stored_occurrences


def all_day(**values: Any) -> dict[str, Any]:
    """An event for all of Monday 2027-03-22, unless told otherwise."""
    body = event(start_time="2027-03-22", end_time=None, time_zone=None, is_all_day=True, title="Holiday", **values)
    return {name: value for name, value in body.items() if value is not None}


def instants(created: dict[str, Any]) -> tuple[str, str]:
    return created["start_time"], created["end_time"]


def sees(person: Person, from_: str, to: str, **params: Any) -> bool:
    return bool(person.occurrences(from_, to, **params))


def test_rule_01_wall_clock_wins_through_the_api(company: Company, database: psycopg.Connection) -> None:
    created = company.admin.create_event(
        start_time="2026-03-23T09:00:00", end_time="2026-03-23T10:00:00", recurrence_rule="FREQ=WEEKLY;COUNT=2"
    )
    listed = company.admin.occurrences("2026-03-23", "2026-04-06")
    assert starts(listed) == ["2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z"]
    assert {item["time_zone"] for item in listed} == {"Europe/Berlin"}
    wall, zone, tzdata = stored_event(database, created["id"], "start_wall, time_zone, tzdata_version")
    assert (wall.isoformat(), zone) == ("2026-03-23T09:00:00", "Europe/Berlin")
    assert tzdata >= "2026"


def test_a_moment_with_an_offset_and_its_wall_time_are_the_same_event(company: Company) -> None:
    by_wall = company.admin.create_event()
    by_offset = company.admin.create_event(
        start_time="2027-03-22T03:00:00-05:00", end_time="2027-03-22T09:00:00Z", recurrence_rule="FREQ=WEEKLY;COUNT=2"
    )
    assert instants(by_wall) == instants(by_offset) == ("2027-03-22T08:00:00Z", "2027-03-22T09:00:00Z")
    # The zone that was named rules the series, not the offset that was written.
    assert starts(company.admin.occurrences("2027-03-29", "2027-03-30")) == ["2027-03-29T07:00:00Z"]


def test_without_a_zone_wall_time_is_read_in_ones_own_zone_or_the_companys(company: Company) -> None:
    body = event()
    del body["time_zone"]
    for person, start, zone in (
        (company.person(time_zone="Asia/Tokyo"), "2027-03-22T00:00:00Z", "Asia/Tokyo"),
        (company.person(), "2027-03-22T08:00:00Z", "Europe/Berlin"),
    ):
        created = accepted(person.post("/events", body), 201)
        assert (created["start_time"], created["time_zone"]) == (start, zone)


def test_rule_02_a_recurring_instance_in_the_gap_is_skipped_and_not_counted(company: Company) -> None:
    created = company.admin.create_event(
        start_time="2027-03-27T02:30:00", end_time="2027-03-27T02:45:00", recurrence_rule="FREQ=DAILY;COUNT=3"
    )
    listed = company.admin.occurrences("2027-03-20", "2027-04-10")
    assert starts(listed) == ["2027-03-27T01:30:00Z", "2027-03-29T00:30:00Z", "2027-03-30T00:30:00Z"]
    assert created["recurrence_rule"] == "FREQ=DAILY;COUNT=3"


def test_rule_02_an_explicit_time_in_the_gap_is_read_with_the_offset_before_it(company: Company) -> None:
    created = company.admin.create_event(start_time="2026-03-29T02:30:00", end_time="2026-03-29T04:00:00")
    assert instants(created) == ("2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z")


def test_rule_02_an_ambiguous_time_is_the_first_of_the_two_and_an_offset_chooses_the_second(company: Company) -> None:
    first = company.admin.create_event(start_time="2026-10-25T02:30:00", end_time="2026-10-25T02:45:00")
    assert instants(first) == ("2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z")
    second = company.admin.create_event(start_time="2026-10-25T02:30:00+01:00", end_time="2026-10-25T02:45:00+01:00")
    assert instants(second) == ("2026-10-25T01:30:00Z", "2026-10-25T01:45:00Z")
    renamed = accepted(company.admin.patch(f"/events/{second['id']}", {"title": "Still the second"}))
    assert instants(renamed) == instants(second)
    assert starts(company.admin.occurrences("2026-10-25", "2026-10-26")) == [
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
    ]


def test_rule_03_a_night_shift_over_the_march_change_keeps_its_exact_length(company: Company) -> None:
    company.admin.create_event(
        start_time="2027-03-26T22:00:00", end_time="2027-03-27T06:00:00", recurrence_rule="FREQ=DAILY;COUNT=3"
    )
    listed = company.admin.occurrences("2027-03-26", "2027-03-31")
    assert [instants(item) for item in listed] == [
        ("2027-03-26T21:00:00Z", "2027-03-27T05:00:00Z"),
        ("2027-03-27T21:00:00Z", "2027-03-28T05:00:00Z"),  # 07:00 on the wall
        ("2027-03-28T20:00:00Z", "2027-03-29T04:00:00Z"),
    ]


def test_rule_07_an_all_day_event_is_the_same_date_in_every_zone(company: Company) -> None:
    created = accepted(company.admin.post("/events", all_day()), 201)
    assert (*instants(created), created["time_zone"]) == ("2027-03-22", "2027-03-23", None)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        viewer = company.person(time_zone=zone)
        path = f"/events/{created['id']}"
        refused(viewer.get(path), 404, "event_not_found")
        accepted(company.admin.post(f"/events/{created['id']}/participants", {"user_id": viewer.id}), 201)
        (item,) = viewer.occurrences("2027-03-22", "2027-03-23")
        assert (*instants(item), item["original_start"]) == ("2027-03-22", "2027-03-23", "2027-03-22")
        assert not sees(viewer, "2027-03-21", "2027-03-22")
        assert not sees(viewer, "2027-03-23", "2027-03-24")


def test_rule_07_a_range_filters_all_day_events_by_the_viewers_date(company: Company) -> None:
    anna = company.person(time_zone="UTC")
    accepted(anna.post("/events", all_day()), 201)
    # 23:30 to 23:45 UTC on the 21st is the 22nd in Tokyo; 22:30 on the 22nd is the 23rd there.
    late_on_21 = {"from_": "2027-03-21T23:30:00Z", "to": "2027-03-21T23:45:00Z"}
    late_on_22 = {"from_": "2027-03-22T22:30:00Z", "to": "2027-03-22T22:45:00Z"}
    assert sees(anna, **late_on_21, time_zone="Asia/Tokyo")
    assert not sees(anna, **late_on_21, time_zone="UTC")
    assert not sees(anna, **late_on_21)
    assert sees(anna, **late_on_22)
    assert not sees(anna, **late_on_22, time_zone="Asia/Tokyo")
    assert sees(anna, **late_on_22, time_zone="America/New_York")


def test_rule_07_an_all_day_series_keeps_its_dates_over_a_clock_change(company: Company) -> None:
    accepted(company.admin.post("/events", all_day(recurrence_rule="FREQ=DAILY;INTERVAL=3;COUNT=4")), 201)
    listed = company.admin.occurrences("2027-03-20", "2027-04-10")
    assert [instants(item) for item in listed] == [
        ("2027-03-22", "2027-03-23"),
        ("2027-03-25", "2027-03-26"),
        ("2027-03-28", "2027-03-29"),
        ("2027-03-31", "2027-04-01"),
    ]


def test_rule_07_the_end_of_an_all_day_event_is_exclusive(company: Company) -> None:
    created = accepted(company.admin.post("/events", all_day() | {"end_time": "2027-03-25"}), 201)
    assert instants(created) == ("2027-03-22", "2027-03-25")
    assert sees(company.admin, "2027-03-24", "2027-03-25")
    assert not sees(company.admin, "2027-03-25", "2027-03-26")
    for end in ("2027-03-22", "2027-03-21"):
        refused(company.admin.post("/events", all_day() | {"end_time": end}), 422, "end_before_start")


def test_midnights_are_dates_for_an_all_day_event_and_other_times_are_refused(company: Company) -> None:
    created = accepted(company.admin.post("/events", all_day() | {"start_time": "2027-03-22T00:00:00"}), 201)
    assert created["start_time"] == "2027-03-22"
    for field in ("start_time", "end_time"):
        body = all_day() | {"end_time": "2027-03-24"} | {field: "2027-03-23T09:00:00"}
        assert refused(company.admin.post("/events", body), 422, "all_day_needs_dates")["field"] == field


def test_rule_11_a_window_is_half_open(company: Company) -> None:
    company.admin.create_event()  # 08:00 to 09:00 UTC
    for start, end, seen in (
        ("07:00", "08:00", False),
        ("07:00", "08:00:01", True),
        ("08:59:59", "10:00", True),
        ("09:00", "10:00", False),
        ("08:20", "08:40", True),
    ):
        assert sees(company.admin, f"2027-03-22T{start}Z", f"2027-03-22T{end}Z") is seen, (start, end)


def test_rule_11_an_event_of_no_length_is_where_it_starts(company: Company) -> None:
    company.admin.create_event(end_time="2027-03-22T09:00:00")
    assert sees(company.admin, "2027-03-22T08:00:00Z", "2027-03-22T08:30:00Z")
    assert not sees(company.admin, "2027-03-22T07:30:00Z", "2027-03-22T08:00:00Z")
    assert not sees(company.admin, "2027-03-22T08:00:01Z", "2027-03-22T09:00:00Z")


@pytest.mark.parametrize("is_participant", [False, True])
def test_long_events_are_found_by_any_day_they_cover(company: Company, is_participant: bool) -> None:
    anna, viewer = company.person(), company.person()
    anna.create_event(end_time="2027-05-22T10:00:00", participants=[{"user_id": viewer.id}] if is_participant else [])
    person = viewer if is_participant else anna
    for moment in ("2027-03-22T08:00", "2027-04-15T08:00", "2027-05-22T07:59"):
        assert sees(person, f"{moment}:00Z", f"{moment}:30Z"), moment
    assert not sees(person, "2027-05-22T08:00:00Z", "2027-05-23")
    assert not sees(person, "2027-03-21", "2027-03-22")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"end_time": "2027-03-22T08:59:59"}, "end_before_start"),
        ({"start_time": "2027-03-22T09:00:00Z", "end_time": "2027-03-22T09:30:00+01:00"}, "end_before_start"),
        ({"end_time": None}, "end_required"),
        ({"start_time": "2027-03-22"}, "timed_needs_times"),
        ({"end_time": "2027-03-23"}, "timed_needs_times"),
        ({"end_time": "2028-03-24T09:00:00"}, "event_too_long"),
        ({"exdates": ["2027-03-22"]}, "exdates_need_rule"),
        ({"time_zone": "Europe/Atlantis"}, "invalid_request"),
        ({"time_zone": "../../etc/passwd"}, "invalid_request"),
        ({"time_zone": "europe/berlin"}, "invalid_request"),
        ({"time_zone": "+02:00"}, "invalid_request"),
        ({"time_zone": ""}, "invalid_request"),
        ({"time_zone": "Factory"}, "invalid_request"),
        ({"time_zone": "Europe/Berlin\x00"}, "invalid_request"),
        ({"start_time": "0001-01-01T00:00:00"}, "invalid_request"),
        ({"start_time": "0001-01-01T00:00:00+14:00"}, "invalid_request"),
        ({"end_time": "9999-12-31T23:59:59"}, "invalid_request"),
        ({"end_time": "9999-12-31T23:59:59-12:00"}, "invalid_request"),
        ({"start_time": "10000-01-01T00:00:00"}, "invalid_request"),
        ({"start_time": "1900-12-31T09:00:00"}, "invalid_request"),
        ({"start_time": "tomorrow"}, "invalid_request"),
        ({"start_time": "2027-02-29T09:00:00"}, "invalid_request"),
        ({"start_time": "2027-02-29"}, "invalid_request"),
        ({"start_time": "2027-03-22T25:00:00"}, "invalid_request"),
        ({"start_time": 1_800_000_000}, "invalid_request"),
        ({"start_time": "1800000000"}, "invalid_request"),
        ({"start_time": 1e400}, "invalid_request"),
        ({"start_time": None}, "invalid_request"),
        ({"start_time": ["2027-03-22T09:00:00"]}, "invalid_request"),
        ({"is_all_day": "perhaps"}, "invalid_request"),
    ],
)
def test_times_that_cannot_be_are_refused_with_the_reason(
    company: Company, database: psycopg.Connection, values: dict[str, Any], code: str
) -> None:
    text = json.dumps(event(**values))
    headers = {"Content-Type": "application/json"}
    refused(company.admin.call("POST", "/events", content=text, headers=headers), 422, code)
    assert company_counts(database, company.organization.id) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("start", "end", "zone"),
    [
        ("1901-01-01T00:00:00", "1901-01-01T00:00:00", "UTC"),
        ("1901-01-01T00:00:00", "1901-01-02T01:00:00", "Pacific/Pago_Pago"),
        ("2199-12-31T22:00:00", "2199-12-31T23:59:59", "Pacific/Kiritimati"),
        ("2199-12-31T23:59:59", "2199-12-31T23:59:59", "UTC"),
    ],
)
def test_an_event_at_the_ends_of_what_is_accepted_can_be_changed_and_deleted(
    company: Company, start: str, end: str, zone: str
) -> None:
    created = company.admin.create_event(start_time=start, end_time=end, time_zone=zone)
    path = f"/events/{created['id']}"
    renamed = accepted(company.admin.patch(path, {"title": "At the end of time"}))
    assert instants(renamed) == instants(created)
    for other in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        answer = company.admin.patch(path, {"time_zone": other})
        assert answer.status_code == 200 or refused(answer, 422, "time_out_of_range")
        accepted(company.admin.patch(path, {"title": f"Read in {other}"}))
    assert company.admin.delete(path).status_code == 204


@pytest.mark.parametrize(
    "values",
    [
        {"start_time": "1901-01-01T00:00:00", "end_time": "1901-01-01T01:00:00", "time_zone": "Europe/Moscow"},
        {"start_time": "1901-01-01T00:00:00+14:00", "end_time": "1901-01-02T00:00:00Z", "time_zone": "UTC"},
        {"start_time": "2199-12-31T23:00:00", "end_time": "2199-12-31T23:30:00", "time_zone": "Pacific/Pago_Pago"},
        {"start_time": "2199-12-31T23:00:00Z", "end_time": "2199-12-31T23:30:00Z", "time_zone": "Asia/Tokyo"},
        {"start_time": "2199-12-31", "end_time": None, "is_all_day": True},
    ],
)
def test_a_time_that_another_zone_would_put_out_of_range_is_refused_at_once(
    company: Company, values: dict[str, Any]
) -> None:
    refused(company.admin.post("/events", event(**values)), 422, "time_out_of_range")


def test_a_patch_of_the_zone_keeps_the_clock_and_a_patch_of_the_title_keeps_the_instant(
    company: Company, database: psycopg.Connection
) -> None:
    created = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=2")
    path = f"/events/{created['id']}"
    moved = accepted(company.admin.patch(path, {"time_zone": "America/New_York"}))
    assert instants(moved) == ("2027-03-22T13:00:00Z", "2027-03-22T14:00:00Z")
    # New York changed its clocks already, so the second week is not an hour earlier.
    assert [row[1].hour for row in stored_occurrences(database, created["id"])] == [13, 13]


def test_an_event_becomes_all_day_and_timed_again(company: Company, database: psycopg.Connection) -> None:
    created = company.admin.create_event()
    path = f"/events/{created['id']}"
    refused(company.admin.patch(path, {"is_all_day": True}), 422, "all_day_needs_dates")
    dates = {"is_all_day": True, "start_time": "2027-03-22", "end_time": "2027-03-23"}
    assert instants(accepted(company.admin.patch(path, dates))) == ("2027-03-22", "2027-03-23")
    refused(company.admin.patch(path, {"is_all_day": False}), 422, "timed_needs_times")
    times = event(is_all_day=False)
    assert instants(accepted(company.admin.patch(path, times))) == instants(created)
    assert len(stored_occurrences(database, created["id"])) == 1


def test_fractions_of_seconds_are_dropped_everywhere(company: Company) -> None:
    created = company.admin.create_event(
        start_time="2027-03-22T09:00:00.999999", end_time="2027-03-22T10:00:00.5+01:00"
    )
    assert instants(created) == ("2027-03-22T08:00:00Z", "2027-03-22T09:00:00Z")
    (item,) = company.admin.occurrences("2027-03-22", "2027-03-23")
    assert instants(item) == instants(created)
