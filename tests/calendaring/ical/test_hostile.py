"""Calendar rule 25: no file raises, hangs, or harms what else is in it."""

import codecs
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendaring.ical.model import CalendarProperties, ReadingLimits
from app.calendaring.ical.reading import read_objects
from app.calendaring.ical.writing import write_calendar
from tests.support.ical import ICS, calendar, codes, objects, problems, properties, read, vevent, written

GOOD = vevent("DTSTART:20260101T090000Z", uid="good")
FILES = [path.read_bytes() for path in sorted(ICS.glob("*.ics"))]
LINES = [line for data in FILES for line in data.splitlines(keepends=True)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_calendar"),
        (b"\0" * 100_000, "not_a_calendar"),
        (b"A" * 1_000_000, "not_a_calendar"),
        (b"\r\n" * 500_000, "not_a_calendar"),
        (b"X:" + b"\r\n a" * 250_000, "not_a_calendar"),
        (b"BEGIN:VEVENT\r\n" * 10_000, "end_missing"),
        (calendar("\n".join(f"BEGIN:X{number}" for number in range(10_000))), "component_too_deep"),
        (calendar("BEGIN:VEVENT\nUID:1\nDTSTART:20260101")[:-20], "component_cut"),
        (calendar(vevent("X:" + "y" * 300_000, "DTSTART:20260101")), "line_too_long"),
        (calendar(vevent("X:" + "y" * 1_200_000, "DTSTART:20260101")), "component_too_large"),
        (calendar(vevent("DTSTART:00010101T000000", "DTEND:99991231T235959")), "time_out_of_range"),
        (calendar(vevent("DTSTART:20260101", "DURATION:P9999999D")), "time_out_of_range"),
        (calendar(vevent("DTSTART:20260101", "RECURRENCE-ID:x")), "recurrence_id_unreadable"),
        (calendar(vevent("DTSTART:20260101", "EXDATE:x", "RDATE:20260101T000000/x")), "date_unreadable"),
    ],
)
def test_rule_25_what_is_wrong_is_named(data: bytes, code: str) -> None:
    assert code in codes(read(data))


@pytest.mark.parametrize(
    "bad",
    [
        "BEGIN:VEVENT\nUID:bad\nDTSTART:20260101",
        vevent("BEGIN:VALARM\nTRIGGER:-PT1M", uid="bad"),
        "END:VEVENT\nEND:VALARM",
        "BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nRRULE:FREQ=SECONDLY\nEND:VTIMEZONE",
        "BEGIN:VTODO\nUID:bad\nBEGIN:VTODO\nEND:VTODO",
        vevent(*[f"BEGIN:X{number}" for number in range(50)], uid="bad"),
        vevent('ATTENDEE;CN="' + '"' * 1001 + ":mailto:a@example.com", uid="bad"),
        "no line at all",
    ],
)
def test_rule_25_a_bad_component_harms_no_other(bad: str) -> None:
    for data in (calendar(bad, GOOD), calendar(GOOD, bad)):
        assert "good" in {found.uid for found in objects(read(data))}


def test_a_file_has_a_limit_of_components() -> None:
    data = calendar(*(vevent("DTSTART:20260101", uid=str(number)) for number in range(20)))
    items = read(data, limits=ReadingLimits(components=10))
    assert len(objects(items)) == 10
    assert [problem.code for problem in problems(items)] == ["too_many_components"]


def test_a_zone_of_the_file_costs_no_more_than_its_rules() -> None:
    lines = ["BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0101", "TZOFFSETTO:+0102"]
    part = "\n".join([*lines, "RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "END:STANDARD"])
    zone = "\n".join(["BEGIN:VTIMEZONE", "TZID:Z", *[part] * 500, "END:VTIMEZONE"])
    events = [
        vevent(f"DTSTART;TZID=Z:{year}0101T000000", "RRULE:FREQ=DAILY", uid=str(year)) for year in range(2000, 2200)
    ]
    assert len(objects(read(calendar(zone, *events)))) == 200


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_encodings(encoding: str) -> None:
    text = calendar(vevent("DTSTART:20260101", "SUMMARY:Två öre")).decode()
    (found,) = objects(read(text.encode(encoding)))
    assert found.master is not None
    assert found.master.title == "Två öre"


def test_line_ends_of_all_kinds() -> None:
    data = calendar(vevent("DTSTART:20260101", "SUMMARY:a", "\u2028b"))
    for ends in (b"\n", b"\r", b"\r\r\n"):
        (found,) = objects(read(data.replace(b"\r\n", ends)))
        assert found.master is not None
        assert found.master.title == "a"


def test_characters_that_are_folded_apart_come_together() -> None:
    data = calendar(vevent("DTSTART:20260101", "SUMMARY:ж")).replace("ж".encode(), b"\xd0\r\n \xb6")
    (found,) = objects(read(data))
    assert found.master is not None
    assert found.master.title == "ж"


def test_control_characters_are_left_out() -> None:
    (found,) = objects(read(calendar(vevent("DTSTART:20260101", "SUMMARY:a\0b\x1bc\td"))))
    assert found.master is not None
    assert found.master.title == "abc d"
    assert found.master.ical is not None
    assert "\0" not in found.master.ical


def test_a_stream_that_cannot_be_sought_reads_like_a_file() -> None:
    for data in FILES:
        pieces = (data[start : start + 7] for start in range(0, len(data), 7))
        assert list(read_objects(pieces, default_zone="Europe/Moscow")) == read(data)


@pytest.mark.parametrize("size", [300, 301, 512, 1000])
def test_lines_that_blocks_cut_are_whole(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    expected = [read(data) for data in FILES]
    monkeypatch.setattr("app.calendaring.ical.scanning._BLOCK", size)
    assert [read(data) for data in FILES] == expected


def test_a_mark_from_outside_is_not_believed() -> None:
    data = calendar(vevent("X-PLANNER-AS-READ:DERIVED", "DTSTART:20260101T090000Z", "SUMMARY:a"))
    out = b"".join(write_calendar([written(found) for found in objects(read(data))], CalendarProperties()))
    assert b"SUMMARY:a" in out
    assert b"X-PLANNER" not in out


def mutated(data: bytes, choice: random.Random) -> bytes:
    for _ in range(choice.randint(1, 8)):
        lines = data.splitlines(keepends=True) or [b""]
        at = choice.randrange(len(lines))
        match choice.randrange(6):
            case 0:
                lines.insert(at, choice.choice(LINES))
            case 1:
                del lines[at]
            case 2:
                lines[at] = lines[at] * choice.randint(2, 9)
            case 3:
                cut = choice.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:cut] + choice.randbytes(choice.randint(1, 4)) + lines[at][cut + 1 :]
            case 4:
                old, new = choice.choice([(b"20", b"99"), (b":", b""), (b";", b'"'), (b"2026", b"0001"), (b"\r", b"")])
                lines[at] = lines[at].replace(old, new)
            case 5:
                choice.shuffle(lines)
        data = b"".join(lines)
    return data


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_mutated_files_never_raise(data: bytes, choice: random.Random) -> None:
    items = read(mutated(data, choice))
    kept = [written(found) for found in objects(items)]
    out = b"".join(write_calendar(kept, properties(items)))
    out += b"".join(write_calendar(kept, properties(items), busy_only=True))
    assert codecs.decode(out, "utf-8")


def endless() -> Iterator[bytes]:
    yield from [b"BEGIN:VCALENDAR\r\n"] * 200


def test_many_calendars_in_one_file() -> None:
    items = list(read_objects(endless(), limits=ReadingLimits(components=100), default_zone="UTC"))
    assert codes(items) == {"too_many_components"}
