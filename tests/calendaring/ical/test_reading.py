"""What is read from events: times, recurrence, words, and what is repaired on the way."""

from datetime import UTC, date, datetime

import pytest

from app.calendaring.ical.model import EventData, OtherComponent, ReadingLimits
from tests.support.ical import calendar, codes, master, objects, others, problems, properties, read, read_one, vevent


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_rule_03_days_of_a_duration_are_nominal() -> None:
    # Over the night of the March change, a day has 23 hours.
    found = master("DTSTART;TZID=Europe/Berlin:20260328T120000", "DURATION:P1DT2H")
    assert (found.nominal_days, found.end, found.end_utc) == (1, datetime(2026, 3, 29, 14), utc(2026, 3, 29, 12))
    exact = master("DTSTART;TZID=Europe/Berlin:20260328T220000", "DURATION:PT8H")
    assert (exact.nominal_days, exact.end) == (0, datetime(2026, 3, 29, 7))


@pytest.mark.parametrize(
    ("start", "until", "expected"),
    [
        ("DTSTART;VALUE=DATE:20260101", "20260110T000000Z", "20260110"),
        ("DTSTART;VALUE=DATE:20260101", "20260109T210000Z", "20260110"),  # midnight in Moscow, the default zone
        ("DTSTART;VALUE=DATE:20260101", "20260110", "20260110"),
        ("DTSTART;TZID=Europe/Berlin:20260701T090000", "20260710", "20260710T215959Z"),
        ("DTSTART;TZID=Europe/Berlin:20260701T090000", "20260710T090000", "20260710T070000Z"),
        ("DTSTART:20260701T090000Z", "20260710T090000Z", "20260710T090000Z"),
    ],
)
def test_rule_04_until_is_normalised(start: str, until: str, expected: str) -> None:
    assert master(start, f"RRULE:FREQ=DAILY;UNTIL={until}").rule == f"FREQ=DAILY;UNTIL={expected}"


def test_rule_05_a_start_that_its_rule_does_not_match_is_kept() -> None:
    found = master("DTSTART;TZID=Europe/Berlin:20260101T090000", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3")  # a Thursday
    assert (found.start, found.rule) == (datetime(2026, 1, 1, 9), "FREQ=WEEKLY;COUNT=3;BYDAY=MO")


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        ([], date(2026, 1, 2)),
        (["DTEND;VALUE=DATE:20260101"], date(2026, 1, 2)),
        (["DTEND;VALUE=DATE:20260104"], date(2026, 1, 4)),
        (["DURATION:P2D"], date(2026, 1, 3)),
        (["DURATION:PT24H"], date(2026, 1, 2)),
        (["DURATION:P1W"], date(2026, 1, 8)),
    ],
)
def test_rule_07_all_day_is_a_date(lines: list[str], end: date) -> None:
    found = master("DTSTART;VALUE=DATE:20260101", *lines)
    assert (found.start, found.end, found.zone, found.start_utc) == (date(2026, 1, 1), end, None, None)


def test_rule_08_exdates_take_the_type_of_the_start() -> None:
    timed = master(
        "DTSTART;TZID=Europe/Berlin:20260701T090000",
        "RRULE:FREQ=DAILY",
        "EXDATE;VALUE=DATE:20260702",
        "EXDATE:20260703T070000Z,20260704T070000Z",
        "EXDATE;TZID=America/New_York:20260705T030000",
        "EXDATE:20260706T090000",
    )
    assert timed.exdates == tuple(datetime(2026, 7, day, 9) for day in range(2, 7))
    all_day = master("DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=DAILY", "EXDATE:20260702T000000,20260703T000000Z")
    assert all_day.exdates == (date(2026, 7, 2), date(2026, 7, 3))


def test_rule_08_an_rdate_with_a_length_makes_an_override() -> None:
    data = calendar(
        vevent(
            "DTSTART:20260101T090000Z",
            "DTEND:20260101T100000Z",
            "RDATE;VALUE=PERIOD:20260102T090000Z/PT3H,20260103T090000Z/20260103T100000Z",
        )
    )
    found = read_one(data)
    assert found.master is not None
    assert found.master.rdates == (datetime(2026, 1, 2, 9), datetime(2026, 1, 3, 9))
    (longer,) = found.overrides
    assert (longer.recurrence_id, longer.end_utc) == (utc(2026, 1, 2, 9), utc(2026, 1, 2, 12))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=SECONDLY", "frequency_too_high"),
        ("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "frequency_too_high"),
        ("FREQ=DAILY;INTERVAL=0", "interval_zero"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "rule_never_matches"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260201", "until_and_count"),
        ("FREQ=DAILY;UNTIL=20123456T123456", "value_out_of_range"),
        ("nonsense", "rule_syntax"),
        ("FREQ=DAILY;BYSECOND=" + "1," * 600 + "1", "rule_too_long"),
    ],
)
def test_rule_25_a_refused_rule_leaves_its_first_instance(rule: str, code: str) -> None:
    found = read_one(calendar(vevent("DTSTART:20260101T090000Z", f"RRULE:{rule}")))
    assert found.master is not None
    assert found.master.rule is None
    assert found.master.ical is not None
    assert f"RRULE:{rule}" in found.master.ical
    assert [(problem.code, problem.line, problem.refused) for problem in found.problems] == [(code, 8, False)]


def test_rules_are_read_as_loosely_as_they_are_written() -> None:
    found = master("DTSTART:20260101T090000Z", "RRULE: freq=weekly; byday=TH; BYMONTH=;")
    assert found.rule == "FREQ=WEEKLY;BYDAY=TH"


def test_an_end_before_its_start_is_repaired() -> None:
    data = calendar(vevent("DTSTART:20260101T090000Z", "DTEND:20260101T080000Z"))
    found = read_one(data)
    assert found.master is not None
    assert found.master.end == found.master.start
    assert codes(read(data)) == {"end_before_start"}


def test_start_and_end_may_be_in_different_zones() -> None:
    found = master("DTSTART;TZID=Europe/Berlin:20260701T090000", "DTEND;TZID=America/New_York:20260701T120000")
    assert (found.zone, found.end, found.end_utc) == ("Europe/Berlin", datetime(2026, 7, 1, 18), utc(2026, 7, 1, 16))


def test_floating_times_are_in_the_calendars_zone_or_the_default() -> None:
    assert master("DTSTART:20260101T090000").zone == "Europe/Moscow"
    assert master("DTSTART:20260101T090000", header="X-WR-TIMEZONE:Europe/Paris").zone == "Europe/Paris"


def test_words() -> None:
    found = master(
        "DTSTART:20260101T090000Z",
        "SUMMARY: One\\, two\\; \\\\new\\nline ",
        "DESCRIPTION:a\\Nb",
        "CLASS:X-SECRET",
        "STATUS:tentative",
        "TRANSP:TRANSPARENT",
        "RELATED-TO;RELTYPE=SIBLING:other",
        "ORGANIZER;CN=\"A^nB ^'C^'\":MAILTO:Boss@Example.com",
    )
    assert found == EventData(
        uid="u",
        start=datetime(2026, 1, 1, 9),
        end=datetime(2026, 1, 1, 9),
        zone="UTC",
        start_utc=utc(2026, 1, 1, 9),
        end_utc=utc(2026, 1, 1, 9),
        title="One, two; \\new line",
        description="a\nb",
        visibility="private",  # what is unknown is to be treated as private
        status="tentative",
        transparency="transparent",
        related_to="other",
        organizer=("boss@example.com", 'A B "C"'),
        stamp=utc(2026, 1, 1),
        ical=found.ical,
    )


def test_texts_and_lists_have_bounds() -> None:
    limits = ReadingLimits(title_characters=5, exdates=2, rdates=1, attendees=1)
    data = calendar(
        vevent(
            "DTSTART:20260101T090000Z",
            "RRULE:FREQ=DAILY",
            "SUMMARY:" + "x" * 600,
            "EXDATE:20260102T090000Z,20260103T090000Z,20260104T090000Z",
            "RDATE:20260202T100000Z,20260203T100000Z",
            "ATTENDEE:mailto:a@example.com",
            "ATTENDEE:mailto:b@example.com",
        )
    )
    items = read(data, limits=limits)
    (found,) = objects(items)
    assert found.master is not None
    assert (found.master.title, len(found.master.exdates), len(found.master.rdates)) == ("xxxxx", 2, 1)
    assert len(found.master.attendees) == 1
    assert codes(items) == {"text_shortened", "too_many_exdates", "too_many_rdates", "too_many_attendees"}
    assert found.master.ical is not None
    assert "x" * 600 in found.master.ical


def test_an_event_without_uid_gets_the_same_one_each_time() -> None:
    text = "BEGIN:VEVENT\nDTSTART:20260101T090000Z\nDTSTAMP:{}\nSUMMARY:a\nEND:VEVENT"
    one, again = (read_one(calendar(text.format(stamp))) for stamp in ("20260101T000000Z", "20260102T000000Z"))
    other = read_one(calendar(text.replace(":a", ":b").format("20260101T000000Z")))
    assert one.uid == again.uid != other.uid
    assert "uid_missing" in {problem.code for problem in one.problems}


def test_of_two_masters_the_newer_is_kept() -> None:
    old = vevent("DTSTART:20260101T090000Z", "SEQUENCE:1", "SUMMARY:old")
    new = vevent("DTSTART:20260101T090000Z", "SEQUENCE:2", "SUMMARY:new")
    for data in (calendar(old, new), calendar(new, old)):
        found = read_one(data)
        assert found.master is not None
        assert found.master.title == "new"
        assert "uid_twice" in {problem.code for problem in found.problems}


def test_other_components_and_properties_are_kept() -> None:
    items = read(calendar("BEGIN:VTODO\nUID:t\nSUMMARY:x\nEND:VTODO", "BEGIN:X-Y\nX-Z:1\nEND:X-Y", header="X-A;B=c:d"))
    assert others(items) == [
        OtherComponent(name="VTODO", uid="t", text="BEGIN:VTODO\nUID:t\nSUMMARY:x\nEND:VTODO", line=5),
        OtherComponent(name="X-Y", uid=None, text="BEGIN:X-Y\nX-Z:1\nEND:X-Y", line=9),
    ]
    assert properties(items).text == "X-A;B=c:d"


def test_a_bad_event_harms_no_other_and_names_its_line() -> None:
    data = calendar(
        vevent("SUMMARY:no start", uid="1"),
        vevent("DTSTART:20260199T000000", uid="2"),
        vevent("DTSTART:20260101T090000Z", "not a line", uid="3"),
        vevent("DTSTART:20260101T090000Z", uid="4"),
    )
    items = read(data)
    assert [found.uid for found in objects(items)] == ["3", "4"]
    assert [(p.line, p.uid, p.code, p.refused) for p in problems(items)] == [
        (4, "1", "start_missing", True),
        (12, "2", "start_unreadable", True),
        (18, "3", "line_unreadable", False),
    ]
