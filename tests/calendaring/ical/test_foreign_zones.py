"""Calendar rule 24: the time zones of other programs."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from app.calendaring.ical.content_lines import parse_line
from app.calendaring.ical.vtimezone import WrittenZone, parse_zone
from app.calendaring.ical.zone_writing import generated_zone
from app.calendaring.zones import UnknownZone, get_zone, wall_to_utc
from tests.support.ical import calendar, codes, master, read, read_one, vevent


def _is_known(name: str) -> bool:
    try:
        get_zone(name)
    except UnknownZone:
        return False
    return True


NAMES = sorted(filter(_is_known, available_timezones()))


def vtimezone(tzid: str, *observances: tuple[str, str, str, str], extra: str = "") -> str:
    """A VTIMEZONE of observances: their kind, onset or rule line, offset before and offset."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{tzid}", *filter(None, [extra])]
    for kind, rule, before, after in observances:
        onset = "DTSTART:19700101T020000"
        lines += [f"BEGIN:{kind}", onset, f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", *filter(None, [rule])]
        lines.append(f"END:{kind}")
    return "\n".join([*lines, "END:VTIMEZONE"])


EUROPE = (
    ("DAYLIGHT", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "+0100", "+0200"),
    ("STANDARD", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "+0200", "+0100"),
)


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ('"Eastern Standard Time"', "America/New_York"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/mozilla.org/20070129_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("America/New York", "America/New_York"),
        ("America-Chicago", "America/Chicago"),
    ],
)
def test_rule_24_names_of_other_programs(tzid: str, zone: str) -> None:
    assert master(f"DTSTART;TZID={tzid}:20260701T090000").zone == zone


def test_rule_24_a_made_up_name_resolves_through_its_vtimezone() -> None:
    line = "DTSTART;TZID=Office:20260701T090000"
    found = master(line, zones=vtimezone("Office", *EUROPE), header="X-WR-TIMEZONE:Europe/Vienna")
    assert found.start_utc == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert found.zone == "Europe/Vienna"  # of those that agree, the calendar's own
    hinted = vtimezone("Office", *EUROPE, extra="X-LIC-LOCATION:Europe/Rome")
    assert master(line, zones=hinted, header="X-WR-TIMEZONE:Europe/Vienna").zone == "Europe/Rome"


def test_rule_24_a_zone_like_no_other_keeps_its_instants() -> None:
    odd = vtimezone("Odd", ("STANDARD", "", "+0123", "+0123"))
    single = master("DTSTART;TZID=Odd:20260701T090000", "DTEND;TZID=Odd:20260701T100000", zones=odd)
    assert (single.zone, single.start, single.end) == ("UTC", datetime(2026, 7, 1, 7, 37), datetime(2026, 7, 1, 8, 37))
    data = calendar(odd, vevent("DTSTART;TZID=Odd:20260701T090000", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20260702"))
    series = read_one(data)
    assert series.master is not None
    assert series.master.rule is None
    assert series.master.rdates == tuple(datetime(2026, 7, day, 7, 37) for day in (2, 3, 4))
    assert series.master.exdates == (datetime(2026, 7, 2, 7, 37),)
    assert series.zones == odd
    assert codes(read(data)) == {"zone_not_iana", "rule_expanded"}


def test_rule_24_a_zone_that_changed_since_keeps_its_wall_time() -> None:
    """Outlook wrote +04:00 for Moscow until 2014; the name says which zone is meant (rules 1 and 9)."""
    old = vtimezone("Russian Standard Time", ("STANDARD", "", "+0400", "+0400"))
    found = master("DTSTART;TZID=Russian Standard Time:20260701T090000", zones=old)
    assert (found.zone, found.start_utc) == ("Europe/Moscow", datetime(2026, 7, 1, 6, tzinfo=UTC))


def test_rule_24_an_unknown_name_without_a_vtimezone_is_reported() -> None:
    data = calendar(vevent("DTSTART;TZID=Nowhere:20260701T090000"))
    found = read_one(data)
    assert found.master is not None
    assert found.master.zone == "Europe/Moscow"
    (problem,) = found.problems
    assert (problem.code, problem.params) == ("zone_unknown", {"zone": "Nowhere", "used": "Europe/Moscow"})


def written_zone(name: str) -> WrittenZone:
    lines = [parse_line(line) for line in generated_zone(name).split("\n")]
    found = parse_zone([line for line in lines if line is not None])
    assert found is not None
    return found


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 1)))
def test_generated_zones_say_what_the_database_says(name: str, moment: datetime) -> None:
    zone = get_zone(name)
    moment = moment.replace(microsecond=0)
    found = written_zone(name)
    assert found.offset_at(moment) == zone.fromutc(moment.replace(tzinfo=zone)).utcoffset()
    assert found.to_utc(moment) == wall_to_utc(moment, zone)


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Sao_Paulo", "Africa/Casablanca", "Australia/Lord_Howe"])
def test_icalendar_reads_generated_zones_alike(name: str) -> None:
    # Another name for each: icalendar keeps the first zone of a name that it meets.
    text = f"BEGIN:VCALENDAR\n{generated_zone(name).replace(name, f'Made up {name}')}\nEND:VCALENDAR\n"
    theirs = Calendar.from_ical(text).walk("VTIMEZONE")[0].to_tz()  # type: ignore[attr-defined]
    for days in range(0, 365 * 20, 13):
        wall = datetime(2010, 1, 1, 12) + timedelta(days=days)
        assert wall.replace(tzinfo=theirs).astimezone(UTC) == wall_to_utc(wall, get_zone(name))
