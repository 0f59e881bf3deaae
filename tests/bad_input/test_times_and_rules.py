"""Times that are none, zones that are none, and rules that are none or would never end."""

from typing import Any

import pytest

from tests.bad_input.world import World, case
from tests.support.people import event

ZONES = {
    "unknown": "Mars/Olympus",
    "a folder": "Europe",
    "up the tree": "../../../../etc/passwd",
    "absolute": "/etc/passwd",
    "a link": "localtime",
    "a list": "zone.tab",
    "dots": "..",
    "backslashes": "Europe\\Berlin",
    "offset": "+03:00",
    "posix": "EST5EDT,M3.2.0,M11.1.0",
    "quotes": "Europe/Berlin' OR '1'='1",
    "nul": "Europe/Berlin\0",
    "inner nul": "Europe\0/Berlin",
    "new line": "Europe/\nBerlin",
    "right to left": "\u202eeporuE",
    "emoji": "🌍",
    "empty": "",
    "long": "Europe/" + "x" * 5000,
    "number": 3,
    "list": ["Europe/Berlin"],
}
WITH_ZONES = [
    ("POST", "/events", event()),
    ("PATCH", "/events/<event>", {}),
    ("PATCH", "/users/<employee>", {}),
    ("POST", "/buildings", {"name": "Tower"}),
    ("POST", "/auth/register", {"email": "a-new@example.com", "password": "correct horse"}),
]


@pytest.mark.parametrize(("method", "path", "body"), WITH_ZONES, ids=lambda value: None)
def test_only_zones_of_the_iana_are_known(world: World, method: str, path: str, body: dict[str, Any]) -> None:
    with world.untouched():
        for name, zone in ZONES.items():
            with case(name):
                problem = world.refuses(422, "invalid_request", method, path, json={**body, "time_zone": zone})
                assert [error["loc"] for error in problem["errors"]] == [["body", "time_zone"]]


@pytest.mark.parametrize("path", ["/events", "/rooms/available", "/statistics"])
def test_only_zones_of_the_iana_are_known_in_a_query(world: World, path: str) -> None:
    with world.untouched():
        for zone in ZONES.values():
            params = {"from": "2027-03-22", "to": "2027-03-29", "time_zone": zone}
            with case(zone):
                if isinstance(zone, str):
                    world.refuses(422, "invalid_request", "GET", path, params=params)


NO_MOMENTS = {
    "word": "tomorrow",
    "empty": "",
    "number": 1_800_000_000,
    "fraction": 1.5,
    "number in quotes": "1800000000",
    "power of ten": "1e9",
    "truth": True,
    "list": ["2027-03-22T09:00:00"],
    "object": {"date": "2027-03-22"},
    "no such day": "2027-02-30T09:00:00",
    "no such day, a date": "2027-02-30",
    "no such month": "2027-13-01T09:00:00",
    "hour 25": "2027-03-22T25:00:00",
    "offset of days": "2027-03-22T09:00:00+99:00",
    "year 0": "0000-01-01T00:00:00Z",
    "year 1": "0001-01-01T00:00:00Z",
    "before year 1": "0001-01-01T00:00:00+14:00",
    "year 9999": "9999-12-31T23:59:59Z",
    "after year 9999": "9999-12-31T23:59:59-14:00",
    "five digits": "12027-03-22T09:00:00Z",
    "sign": "-2027-03-22T09:00:00Z",
    "week": "2027-W12-1",
    "nul": "2027-03-22\0T09:00:00Z",
    "other digits": "٢٠٢٧-03-22T09:00:00",
    "long": "2027-03-22T09:00:00" + "0" * 5000,
    "year 1, a date": "0001-01-01",
    "year 9999, a date": "9999-12-31",
}


@pytest.mark.parametrize("field", ["start_time", "end_time"])
def test_times_are_iso_8601_and_of_our_age(world: World, field: str) -> None:
    with world.untouched():
        for name, value in NO_MOMENTS.items():
            for method, path, body in (
                ("POST", "/events", event(**{field: value})),
                ("PATCH", "/events/<event>", {field: value}),
                ("POST", "/events", event(recurrence_rule="FREQ=DAILY;COUNT=2", exdates=[value])),
            ):
                with case(name):
                    world.refuses(422, "invalid_request", method, path, json=body)


@pytest.mark.parametrize("path", ["/events", "/rooms/available", "/statistics"])
def test_windows_are_iso_8601_and_of_our_age(world: World, path: str) -> None:
    with world.untouched():
        for value in NO_MOMENTS.values():
            with case(value):
                if isinstance(value, str):
                    world.refuses(422, "invalid_request", "GET", path, params={"from": value, "to": "2027-03-29"})
                    world.refuses(422, "invalid_request", "GET", path, params={"from": "2027-03-22", "to": value})


@pytest.mark.parametrize(
    "value", ["tomorrow", "", 19900517, "19900517", "1990-02-30", "0001-01-01", "9999-12-31", [], "1990-05-17T10:00:00"]
)
def test_a_birthday_is_a_date_of_our_age(world: World, value: Any) -> None:
    world.refuses(422, "invalid_request", "PATCH", "/users/<employee>", json={"birthday": value})


WRONG_SPANS = [
    ({"end_time": "2027-03-22T08:59:59"}, "end_before_start"),
    ({"end_time": "2027-03-22T08:30:00+01:00"}, "end_before_start"),
    ({"end_time": None}, "end_required"),
    ({"end_time": "2029-03-22T09:00:00"}, "event_too_long"),
    ({"end_time": "2027-03-22"}, "timed_needs_times"),
    ({"start_time": "2027-03-21"}, "timed_needs_times"),
    ({"is_all_day": True}, "all_day_needs_dates"),
    ({"is_all_day": True, "start_time": "2027-03-22", "end_time": "2027-03-22"}, "end_before_start"),
    ({"is_all_day": True, "start_time": "2027-03-22", "end_time": "2027-03-20"}, "end_before_start"),
    ({"exdates": ["2027-03-22T09:00:00"]}, "exdates_need_rule"),
]


@pytest.mark.parametrize(("values", "code"), WRONG_SPANS, ids=str)
def test_an_event_ends_after_it_starts(world: World, values: dict[str, Any], code: str) -> None:
    world.refuses(422, code, "POST", "/events", json=event(**values))
    if values.get("end_time", "") is not None:
        body = event(recurrence_rule=None, **values)
        world.refuses(422, code, "PUT", "/events/<event>", json=body)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2027-03-22T09:00:00Z", "2027-03-22T09:00:00Z", "window_needs_order"),
        ("2027-03-29", "2027-03-22", "window_needs_order"),
        ("2027-03-22", "2029-03-22", "window_too_wide"),
        ("1901-01-01", "2199-12-31", "window_too_wide"),
    ],
)
@pytest.mark.parametrize("path", ["/events", "/rooms/available", "/statistics"])
def test_a_window_has_an_order_and_a_width(world: World, path: str, start: str, end: str, code: str) -> None:
    world.refuses(422, code, "GET", path, params={"from": start, "to": end})


def numbers(first: int, last: int) -> str:
    return ",".join(str(number) for number in range(first, last + 1))


RULES = [
    ("often", "rule_syntax"),
    ("FREQ", "rule_syntax"),
    ("FREQ=", "rule_syntax"),
    ("=DAILY", "rule_syntax"),
    (";;;", "rule_syntax"),
    ("INTERVAL=1", "rule_frequency_missing"),
    ("FREQ=FORTNIGHTLY", "rule_syntax"),
    ("FREQ=DAILY;FREQ=DAILY", "rule_duplicate_part"),
    ("FREQ=DAILY;X-MINE=1", "rule_unknown_part"),
    ("RRULE:FREQ=DAILY\nRRULE:FREQ=DAILY", "rule_syntax"),
    ("FREQ=DAILY\r\nDTSTART:20270322T090000Z", "rule_syntax"),
    ("FREQ=DAILY\0", "rule_syntax"),
    ("FREQ=DAILY;COUNT=٣", "rule_syntax"),
    ("FREQ=DAILY;COUNT=3.5", "rule_syntax"),
    ("FREQ=DAILY;COUNT=-1", "rule_syntax"),
    ("FREQ=DAILY;COUNT=0", "rule_count_zero"),
    ("FREQ=DAILY;COUNT=999999999", "rule_too_many_occurrences"),
    ("FREQ=DAILY;COUNT=" + "9" * 900, "rule_syntax"),
    ("FREQ=DAILY;INTERVAL=0", "rule_interval_zero"),
    ("FREQ=DAILY;INTERVAL=999999999", "rule_interval_too_large"),
    ("FREQ=DAILY;UNTIL=20270322T080000Z;COUNT=2", "rule_until_and_count"),
    ("FREQ=DAILY;UNTIL=00010101T000000Z", "rule_until_before_start"),
    ("FREQ=DAILY;UNTIL=20270230T000000Z", "rule_value_out_of_range"),
    ("FREQ=DAILY;UNTIL=20260101T000000Z", "rule_until_before_start"),
    ("FREQ=SECONDLY", "rule_frequency_too_high"),
    ("FREQ=MINUTELY", "rule_frequency_too_high"),
    ("FREQ=HOURLY", "rule_frequency_too_high"),
    ("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "rule_frequency_too_high"),
    ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "rule_never_matches"),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "rule_never_matches"),
    ("FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11", "rule_never_matches"),
    ("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "rule_start_not_in_rule"),
    ("FREQ=MONTHLY;BYDAY=6MO", "rule_never_matches"),
    ("FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2", "rule_start_not_in_rule"),
    ("FREQ=YEARLY;BYYEARDAY=367", "rule_value_out_of_range"),
    ("FREQ=YEARLY;BYWEEKNO=54", "rule_value_out_of_range"),
    ("FREQ=DAILY;BYMONTH=13", "rule_value_out_of_range"),
    ("FREQ=DAILY;BYDAY=XX", "rule_syntax"),
    ("FREQ=WEEKLY;BYDAY=1MO", "rule_ordinal_not_allowed"),
    (f"FREQ=DAILY;BYHOUR={numbers(0, 23)};BYMINUTE={numbers(0, 59)}", "rule_too_many_occurrences"),
    (
        f"FREQ=DAILY;BYHOUR={numbers(0, 23)};BYMINUTE={numbers(0, 59)};BYSECOND={numbers(0, 59)}",
        "rule_too_many_occurrences",
    ),
    (f"FREQ=YEARLY;BYYEARDAY={numbers(1, 200)};BYHOUR={numbers(0, 23)}", "rule_too_many_occurrences"),
    ("FREQ=DAILY;BYMONTH=" + "1," * 4990 + "1", "invalid_request"),
    ("X" * 10_000, "invalid_request"),
    ("", "invalid_request"),
]


@pytest.mark.parametrize(("rule", "code"), RULES, ids=lambda value: str(value)[:60])
def test_a_rule_is_one_of_rfc_5545_and_can_be_afforded(world: World, rule: str, code: str) -> None:
    world.refuses(422, code, "POST", "/events", json=event(recurrence_rule=rule))
    world.refuses(422, code, "PATCH", "/events/<event>", json={"recurrence_rule": rule})


def test_a_series_may_not_be_older_than_what_it_can_make(world: World) -> None:
    body = event(start_time="1901-01-01T09:00:00", end_time="1901-01-01T10:00:00", recurrence_rule="FREQ=DAILY")
    world.refuses(422, "rule_too_many_occurrences", "POST", "/events", json=body)


def test_a_series_has_a_bound_on_what_is_taken_out(world: World) -> None:
    body = event(recurrence_rule="FREQ=DAILY", exdates=["2027-03-23T09:00:00"] * 5001)
    world.refuses(422, "invalid_request", "POST", "/events", json=body)
