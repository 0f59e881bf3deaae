"""Work is counted, not timed: a rule costs at most the days of its window and the limit of instances."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.calendaring import expansion, series
from app.calendaring.moving import matching
from app.calendaring.rule import InvalidRule, Rule
from app.calendaring.series import Series
from app.calendaring.splitting import split
from app.calendaring.zones import get_zone, recurring_wall_to_utc

BERLIN = get_zone("Europe/Berlin")
START = datetime(2026, 3, 23, 9)
HOURS, MINUTES = (",".join(map(str, range(size))) for size in (24, 60))
NEVER_AGAIN = [
    "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;BYSETPOS=2",
    "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=2",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTH=4",
    "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=8",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU;UNTIL=99991231T235959Z",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU;COUNT=2",
]


class Work:
    """Days that were looked at and wall times that were converted."""

    days = 0
    conversions = 0


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    counter = Work()
    allows = expansion._Pattern._allows

    def counted_allows(pattern: expansion._Pattern, day: date) -> bool:
        counter.days += 1
        return allows(pattern, day)

    def counted_conversion(wall: datetime, zone: ZoneInfo) -> datetime | None:
        counter.conversions += 1
        return recurring_wall_to_utc(wall, zone)

    monkeypatch.setattr(expansion._Pattern, "_allows", counted_allows)
    monkeypatch.setattr(series, "recurring_wall_to_utc", counted_conversion)
    return counter


def make(rule: str, start: datetime = START) -> Series:
    return Series(start, start + timedelta(hours=1), BERLIN, Rule.parse(rule))


@pytest.mark.parametrize("rule", NEVER_AGAIN)
def test_a_rule_that_never_matches_again_ends_with_its_window(rule: str, work: Work) -> None:
    bound = datetime(2028, 3, 23, tzinfo=UTC)
    assert [occurrence.start.day for occurrence in make(rule).occurrences(bound)] == [23]
    assert work.days <= 3 * 366
    assert not make(rule).is_exhausted_by(bound)


@pytest.mark.parametrize("rule", NEVER_AGAIN)
def test_a_start_outside_its_rule_is_found_within_one_interval(rule: str, work: Work) -> None:
    if "INTERVAL=7" in rule:
        rule = rule.replace("INTERVAL=7", "INTERVAL=1")
    with pytest.raises(InvalidRule, match="not an instance"):
        make(rule).check(limit_occurrences=1_000, horizon_days=730)
    assert work.days <= 366
    assert work.conversions == 0


@pytest.mark.parametrize(
    "rule",
    [
        f"FREQ=DAILY;BYHOUR={HOURS};BYMINUTE={MINUTES};BYSECOND={MINUTES}",
        f"FREQ=DAILY;BYHOUR={HOURS};BYMINUTE={MINUTES}",
        f"FREQ=DAILY;BYHOUR={HOURS}",
        f"FREQ=YEARLY;BYHOUR={HOURS};BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYDAY=MO,TU,WE,TH,FR,SA,SU",
        "FREQ=DAILY;COUNT=999999999",
    ],
)
def test_a_flood_stops_at_the_limit(rule: str, work: Work) -> None:
    with pytest.raises(InvalidRule) as caught:
        make(rule).check(limit_occurrences=1_000, horizon_days=730)
    assert caught.value.code == "too_many_occurrences"
    assert work.conversions <= 1_002  # the one too many, and DTSTART when the rule comes to it
    assert work.days <= 3 * 366


def test_positions_are_picked_without_making_the_rest(work: Work) -> None:
    # 366 days x 1,440 minutes a year, of which one is wanted.
    rule = f"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={HOURS};BYMINUTE={MINUTES};BYSETPOS=-1"
    last_minute = make(rule, datetime(2025, 12, 31, 23, 59))
    last_minute.check(limit_occurrences=1_500, horizon_days=730)
    assert work.conversions <= 4


@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"])
def test_the_age_of_a_series_without_count_costs_nothing(rule: str, work: Work) -> None:
    old = make(rule, datetime(1926, 3, 23, 9))
    window = (datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 3, 27, tzinfo=UTC))
    assert list(old.occurrences_between(*window))
    assert work.days <= 31
    assert work.conversions <= 12


def test_two_years_of_a_daily_rule_convert_each_instance_once(work: Work) -> None:
    assert len(list(make("FREQ=DAILY").occurrences(datetime(2028, 3, 23, tzinfo=UTC)))) == 731
    assert work.conversions <= 733


@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"])
def test_one_instance_is_found_without_its_neighbours(rule: str, work: Work) -> None:
    # A Monday, as is the 23rd of March 2026; each instance is half a year long.
    old = replace(make(rule, datetime(1925, 3, 23, 9)), end=datetime(1925, 9, 23, 9))
    assert old.starts_at(datetime(2026, 3, 23, 8, tzinfo=UTC)) is not None
    assert work.days <= 31
    assert work.conversions <= 7


@pytest.mark.parametrize("rule", NEVER_AGAIN)
def test_a_split_looks_back_only(rule: str, work: Work) -> None:
    extra = datetime(2026, 3, 25, 10)
    whole = replace(make(rule), rdates=frozenset({extra}))
    _, following = split(whole, datetime(2026, 3, 25, 9, tzinfo=UTC))
    assert next(following.occurrences(datetime(2026, 4, 23, tzinfo=UTC))).start == datetime(2026, 3, 25, 9, tzinfo=UTC)
    assert work.days <= 3 * 366


@pytest.mark.parametrize("rule", NEVER_AGAIN)
def test_matching_ends_with_the_originals(rule: str, work: Work) -> None:
    old = make("FREQ=DAILY")
    originals = [instance.start for instance in old.occurrences(datetime(2027, 3, 23, tzinfo=UTC))]
    assert len(matching(old, make(rule), originals)) == 1
    assert work.days <= 4 * 366
    assert work.conversions <= 4 * 366
