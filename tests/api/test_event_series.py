"""Series: rules, exclusions, bombs, and what a whole-series edit does to the stored occurrences."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.support.people import Company, event
from tests.support.planning import (
    accepted,
    company_counts,
    refused,
    settings,
    starts,
    stored_event,
    stored_occurrences,
    stored_rows,
)

NOBODY_LEFT = (0, 0, 0, 0)


def days(items: list[dict[str, Any]]) -> list[str]:
    return [item["start_time"][:10] for item in items]


def test_rule_04_until_is_inclusive_and_kept_in_the_form_of_the_rfc(company: Company) -> None:
    for until in ("20270405T070000Z", "20270405", "20270405T090000"):
        anna = company.person()
        anna.create_event(recurrence_rule=f"FREQ=WEEKLY;UNTIL={until}")
        listed = anna.occurrences("2027-03-01", "2027-06-01")
        assert days(listed) == ["2027-03-22", "2027-03-29", "2027-04-05"], until
    anna.create_event(title="Short", recurrence_rule="FREQ=WEEKLY;UNTIL=20270405T065959Z")
    assert days([item for item in anna.occurrences("2027-03-01", "2027-06-01") if item["title"] == "Short"]) == [
        "2027-03-22",
        "2027-03-29",
    ]


def test_rule_05_a_start_that_its_rule_does_not_match_is_refused(
    company: Company, database: psycopg.Connection
) -> None:
    body = event(recurrence_rule="FREQ=WEEKLY;BYDAY=TU")
    assert refused(company.admin.post("/events", body), 422, "rule_start_not_in_rule")["field"] == "recurrence_rule"
    assert company_counts(database, company.organization.id) == NOBODY_LEFT


def test_rule_05_a_move_off_the_weekday_of_a_new_rule_is_refused_and_changes_nothing(
    company: Company, database: psycopg.Connection
) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;BYDAY=MO;COUNT=3")
    rows = stored_rows(database, made["id"])
    move = {"start_time": "2027-03-23T09:00:00", "end_time": "2027-03-23T10:00:00"}
    wrong = {**move, "recurrence_rule": "FREQ=WEEKLY;BYDAY=WE;COUNT=3"}
    refused(company.admin.patch(f"/events/{made['id']}", wrong), 422, "rule_start_not_in_rule")
    assert stored_rows(database, made["id"]) == rows
    accepted(company.admin.patch(f"/events/{made['id']}", {**move, "recurrence_rule": "FREQ=WEEKLY;COUNT=2"}))
    assert days(company.admin.occurrences("2027-03-01", "2027-06-01")) == ["2027-03-23", "2027-03-30"]


def test_rule_06_monthly_on_the_31st_skips_short_months(company: Company) -> None:
    company.admin.create_event(
        start_time="2027-01-31T09:00:00", end_time="2027-01-31T10:00:00", recurrence_rule="FREQ=MONTHLY;COUNT=5"
    )
    listed = company.admin.occurrences("2027-01-01", "2027-12-31")
    assert days(listed) == ["2027-01-31", "2027-03-31", "2027-05-31", "2027-07-31", "2027-08-31"]


@pytest.mark.parametrize(
    ("week_start", "expected"), [("MO", ["05", "10", "19", "24"]), ("SU", ["05", "17", "19", "31"])]
)
def test_rule_06_the_first_day_of_the_week_decides(company: Company, week_start: str, expected: list[str]) -> None:
    company.admin.create_event(
        start_time="1997-08-05T09:00:00",
        end_time="1997-08-05T10:00:00",
        time_zone="America/New_York",
        recurrence_rule=f"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={week_start}",
    )
    assert days(company.admin.occurrences("1997-08-01", "1997-09-30")) == [f"1997-08-{day}" for day in expected]


@pytest.mark.parametrize(
    "exdate",
    ["2027-03-29T09:00:00", "2027-03-29T07:00:00Z", "2027-03-29T16:00:00+09:00", "2027-03-29", "2027-03-29T09:00:00.4"],
)
def test_rule_08_an_exclusion_is_understood_in_every_form(company: Company, exdate: str) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3", exdates=[exdate])
    assert made["exdates"] == ["2027-03-29T07:00:00Z"]
    assert days(company.admin.occurrences("2027-03-01", "2027-06-01")) == ["2027-03-22", "2027-04-05"]


@pytest.mark.parametrize("exdate", ["2027-03-24", "2027-03-24T00:00:00", "2027-03-24T15:00:00"])
def test_rule_08_an_exclusion_of_an_all_day_series_is_a_date(company: Company, exdate: str) -> None:
    made = company.admin.create_event(
        start_time="2027-03-22",
        end_time="2027-03-23",
        is_all_day=True,
        recurrence_rule="FREQ=DAILY;COUNT=4",
        exdates=[exdate],
    )
    assert made["exdates"] == ["2027-03-24"]
    assert starts(company.admin.occurrences("2027-03-01", "2027-06-01")) == ["2027-03-22", "2027-03-23", "2027-03-25"]


def test_rule_08_excluding_the_first_instance_keeps_the_start_of_the_series(company: Company) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3", exdates=["2027-03-22"])
    assert made["start_time"] == "2027-03-22T08:00:00Z"
    assert days(company.admin.occurrences("2027-03-01", "2027-06-01")) == ["2027-03-29", "2027-04-05"]


def test_exclusions_are_sorted_without_repeats_and_one_that_matches_nothing_does_no_harm(company: Company) -> None:
    made = company.admin.create_event(
        recurrence_rule="FREQ=WEEKLY;COUNT=3", exdates=["2027-04-05", "2027-03-30", "2027-04-05T07:00:00Z"]
    )
    assert made["exdates"] == ["2027-03-30T07:00:00Z", "2027-04-05T07:00:00Z"]
    assert days(company.admin.occurrences("2027-03-01", "2027-06-01")) == ["2027-03-22", "2027-03-29"]


def test_a_series_of_which_nothing_is_left_is_refused(company: Company, database: psycopg.Connection) -> None:
    body = event(recurrence_rule="FREQ=WEEKLY;COUNT=2", exdates=["2027-03-22", "2027-03-29"])
    refused(company.admin.post("/events", body), 422, "no_occurrence_left")
    assert company_counts(database, company.organization.id) == NOBODY_LEFT


def test_excluding_one_more_removes_its_row_and_keeps_the_others_as_they_are_to_the_reader(
    company: Company, database: psycopg.Connection
) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=4")
    before = stored_occurrences(database, made["id"])
    accepted(company.admin.patch(f"/events/{made['id']}", {"exdates": ["2027-04-05"]}))
    assert stored_occurrences(database, made["id"]) == before[:2] + before[3:]
    accepted(company.admin.patch(f"/events/{made['id']}", {"exdates": []}))
    assert stored_occurrences(database, made["id"]) == before


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=SECONDLY", "rule_frequency_too_high"),
        ("FREQ=MINUTELY", "rule_frequency_too_high"),
        ("FREQ=HOURLY", "rule_frequency_too_high"),
        ("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "rule_frequency_too_high"),
        ("FREQ=DAILY;INTERVAL=0", "rule_interval_zero"),
        ("FREQ=DAILY;COUNT=0", "rule_count_zero"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "rule_never_matches"),
        ("FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=31", "rule_never_matches"),
        ("FREQ=DAILY;COUNT=100000", "rule_too_many_occurrences"),
        ("FREQ=DAILY;BYHOUR=9,10,11,12;BYMINUTE=0,15,30,45;BYSECOND=0,20,40", "rule_too_many_occurrences"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270501", "rule_until_and_count"),
        ("FREQ=DAILY;UNTIL=20270101", "rule_until_before_start"),
        ("FREQ=WEEKLY;BYMONTHDAY=22", "rule_part_not_allowed"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "rule_interval_too_large"),
        ("FREQ=DAILY;BYMONTH=13", "rule_value_out_of_range"),
        ("FREQ=DAILY;FREQ=WEEKLY", "rule_duplicate_part"),
        ("INTERVAL=2", "rule_frequency_missing"),
        ("FREQ=SOMETIMES", "rule_syntax"),
        ("every monday", "rule_syntax"),
        ("FREQ=DAILY\x00", "rule_syntax"),
        ("FREQ=DAILY;X-PARTY=YES", "rule_unknown_part"),
        ("FREQ=DAILY\nDTSTART:20270101T000000", "rule_syntax"),
        ("FREQ=DAILY;COUNT=\u0663", "rule_syntax"),
        ("FREQ=MONTHLY;SKIP=FORWARD", "rule_skip_without_rscale"),
        ("FREQ=MONTHLY;SKIP=FORWARD;RSCALE=HEBREW", "rule_rscale_unsupported"),
    ],
)
def test_rule_25_a_bomb_or_no_rule_is_refused_with_the_reason_and_nothing_is_stored(
    company: Company, database: psycopg.Connection, rule: str, code: str
) -> None:
    room = company.admin.create_room()
    body = event(recurrence_rule=rule, room_id=room["id"], participants=[{"user_id": company.admin.id}])
    problem = refused(company.admin.post("/events", body), 422, code)
    assert problem["field"] == "recurrence_rule"
    assert company_counts(database, company.organization.id) == NOBODY_LEFT


def test_rule_25_a_bomb_laid_over_a_good_series_leaves_it_as_it_was(
    company: Company, database: psycopg.Connection
) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3")
    rows = stored_rows(database, made["id"])
    for rule in ("FREQ=SECONDLY", "FREQ=DAILY;COUNT=100000", "FREQ=DAILY;INTERVAL=0"):
        assert company.admin.patch(f"/events/{made['id']}", {"recurrence_rule": rule}).status_code == 422
    assert accepted(company.admin.get(f"/events/{made['id']}")) == made
    assert stored_rows(database, made["id"]) == rows


@pytest.mark.parametrize(
    "values",
    [
        {"description": "x" * 10_001},
        {"title": "x" * 501},
        {"title": "a\x00b"},
        {"description": "a\x00b"},
        {"location": "\x07"},
        {"recurrence_rule": "FREQ=DAILY;BYDAY=" + "MO," * 500 + "MO"},
        {"recurrence_rule": ""},
        {"recurrence_rule": "FREQ=DAILY", "exdates": ["2027-03-23"] * 5001},
        {"recurrence_rule": "FREQ=DAILY", "exdates": ["never"]},
        {"recurrence_rule": "FREQ=DAILY", "exdates": "2027-03-23"},
        {"recurrence_rule": "FREQ=DAILY", "exdates": None},
        {"recurrence_rule": ["FREQ=DAILY"]},
        {"recurrence_rule": {"freq": "daily"}},
        {"status": "maybe"},
        {"title": None},
        {"room_id": "blue"},
        {"participants": [{"user_id": "me"}]},
        {"organizer_id": "00000000-0000-7000-8000-000000000000"},
        {"uid": "mine"},
    ],
)
def test_too_much_or_the_wrong_kind_of_text_is_refused_and_nothing_is_stored(
    company: Company, database: psycopg.Connection, values: dict[str, Any]
) -> None:
    problem = refused(company.admin.post("/events", event(**values)), 422, "invalid_request")
    assert len(str(problem)) < 20_000
    assert company_counts(database, company.organization.id) == NOBODY_LEFT


def test_rule_25_more_exclusions_than_the_limit_are_refused(company: Company) -> None:
    body = event(recurrence_rule="FREQ=DAILY;COUNT=50", exdates=[f"2027-04-{day:02}" for day in range(1, 12)])
    with settings(SERIES_MAX_EXDATES=10):
        refused(company.admin.post("/events", body), 422, "too_many_exdates")
        body["exdates"].pop()
        accepted(company.admin.post("/events", body), 201)


def test_a_ten_megabyte_description_is_refused_before_it_is_read(
    company: Company, database: psycopg.Connection
) -> None:
    answer = company.admin.post("/events", event(description="x" * 10_000_000))
    refused(answer, 413, "body_too_large")
    assert company_counts(database, company.organization.id) == NOBODY_LEFT


@pytest.mark.parametrize("field", ["title", "description", "location", "time_zone", "recurrence_rule"])
def test_half_a_surrogate_pair_is_refused(company: Company, field: str) -> None:
    headers = {"Content-Type": "application/json"}
    text = '{"title": "x", "start_time": "2027-03-22T09:00:00Z", "end_time": "2027-03-22T10:00:00Z", "%s": "\\ud83d"}'
    answer = company.admin.call("POST", "/events", content=text % field, headers=headers)
    assert answer.status_code == 422, answer.text


def test_rule_15_the_sequence_rises_with_the_schedule_and_not_with_the_text(
    company: Company, database: psycopg.Connection
) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3")
    path = f"/events/{made['id']}"

    def sequence_after(**values: Any) -> int:
        accepted(company.admin.patch(path, values))
        (sequence,) = stored_event(database, made["id"], "sequence")
        return int(sequence)

    assert sequence_after(title="Other", description="Text", location="Here") == 0
    assert sequence_after(start_time="2027-03-22T08:30:00") == 1
    assert sequence_after(end_time="2027-03-22T10:30:00") == 2
    assert sequence_after(recurrence_rule="FREQ=WEEKLY;COUNT=4") == 3
    assert sequence_after(exdates=["2027-03-29"]) == 4
    assert sequence_after(status="cancelled") == 5
    assert sequence_after(status="confirmed") == 6
    assert sequence_after(status="confirmed", title="Again") == 6
    assert sequence_after(participants=[{"user_id": company.person().id}]) == 6


def test_a_change_of_text_leaves_the_occurrence_rows_untouched(company: Company, database: psycopg.Connection) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=10")
    rows = stored_rows(database, made["id"])
    changed = accepted(company.admin.patch(f"/events/{made['id']}", {"title": "New", "status": "tentative"}))
    assert changed["version"] == 2
    assert stored_rows(database, made["id"]) == rows
    listed = company.admin.occurrences("2027-03-01", "2027-12-01")
    assert {item["title"] for item in listed} == {"New"}


def test_a_put_of_what_is_stored_already_changes_nothing(company: Company, database: psycopg.Connection) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3", exdates=["2027-03-29"])
    rows = stored_rows(database, made["id"])
    kept = {name: made[name] for name in event(recurrence_rule=0, exdates=0, status=0, calendar_id=0)}
    assert accepted(company.admin.put(f"/events/{made['id']}", kept)) == made
    assert stored_rows(database, made["id"]) == rows


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({"recurrence_rule": "FREQ=WEEKLY;COUNT=7"}, 7),
        ({"recurrence_rule": "FREQ=DAILY;COUNT=2"}, 2),
        ({"recurrence_rule": None}, 1),
        ({"start_time": "2027-03-22T08:00:00"}, 3),
    ],
)
def test_a_whole_series_edit_writes_exactly_the_new_rows(
    company: Company, database: psycopg.Connection, change: dict[str, Any], count: int
) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3")
    changed = accepted(company.admin.patch(f"/events/{made['id']}", change))
    assert changed["is_recurring"] is (changed["recurrence_rule"] is not None)
    rows = stored_occurrences(database, made["id"])
    assert len(rows) == count
    assert len(company.admin.occurrences("2027-03-01", "2027-12-01")) == count
    assert rows[0][1].isoformat() == changed["start_time"].replace("Z", "+00:00")


def test_a_series_made_a_single_event_forgets_its_exclusions(company: Company) -> None:
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3", exdates=["2027-03-29"])
    single = accepted(company.admin.patch(f"/events/{made['id']}", {"recurrence_rule": None}))
    assert (single["exdates"], single["is_recurring"]) == ([], False)
    assert days(company.admin.occurrences("2027-03-01", "2027-12-01")) == ["2027-03-22"]


def test_a_rule_is_kept_in_one_spelling(company: Company) -> None:
    made = company.admin.create_event(recurrence_rule=" rrule:interval=1;byday=mo;freq=weekly;count=2 ")
    assert made["recurrence_rule"] == "FREQ=WEEKLY;COUNT=2;BYDAY=MO"


def test_rule_24_uids_are_random_and_name_nobody(company: Company) -> None:
    uids = {company.admin.create_event()["uid"] for _ in range(3)}
    assert len(uids) == 3
    assert {UUID(uid).version for uid in uids} == {4}


def test_a_series_that_is_too_long_for_the_settings_is_refused(company: Company) -> None:
    with settings(SERIES_MAX_OCCURRENCES=5):
        accepted(company.admin.post("/events", event(recurrence_rule="FREQ=WEEKLY;COUNT=5")), 201)
        refused(
            company.admin.post("/events", event(recurrence_rule="FREQ=WEEKLY;COUNT=6")),
            422,
            "rule_too_many_occurrences",
        )
        refused(company.admin.post("/events", event(recurrence_rule="FREQ=DAILY")), 422, "rule_too_many_occurrences")


def test_what_was_taken_out_of_a_series_stays_out_when_it_moves_to_another_time(company: Company) -> None:
    anna = company.person()
    series = anna.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=3", exdates=["2027-03-29"])
    moved = anna.patch(
        f"/events/{series['id']}", {"start_time": "2027-03-22T14:00:00", "end_time": "2027-03-22T15:00:00"}
    )
    assert moved.json()["exdates"] == ["2027-03-29T12:00:00Z"]
    starts = [item["start_time"] for item in anna.occurrences("2027-03-01", "2027-05-01")]
    assert starts == ["2027-03-22T13:00:00Z", "2027-04-05T12:00:00Z"]
