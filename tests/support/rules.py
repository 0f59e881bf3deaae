"""Random recurrence rules, as text, for the tests that compare: their parts, starts and zones."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

NAMES = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
ZONES = [
    "Europe/Berlin",
    "Europe/Moscow",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
    "UTC",
]


class Parts(dict[str, str]):
    """The parts of a rule, as text."""

    def numbers(self, name: str) -> set[int]:
        return {int(item) for item in self.get(name, "").split(",") if item}

    @property
    def text(self) -> str:
        return ";".join(f"{name}={value}" for name, value in self.items())


def some(values: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=most).map(lambda items: ",".join(map(str, items)))


def signed(high: int) -> st.SearchStrategy[int]:
    return st.integers(-high, high).filter(bool)


PLAIN_WEEKDAYS = some(st.sampled_from(NAMES), most=4)
MONTH_WEEKDAYS = some(st.builds("{}{}".format, st.just("") | signed(5), st.sampled_from(NAMES)))
YEAR_WEEKDAYS = some(st.builds("{}{}".format, st.just("") | signed(53), st.sampled_from(NAMES)))
UNTIL_FORMS = ["%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"]
TIMES = [time(0), time(0, 30), time(1, 30), time(2), time(2, 15), time(2, 30), time(9), time(23, 45)]
DAYS = st.dates(date(2009, 1, 1), date(2028, 1, 1))
LATE_DAYS = st.sampled_from([date(2011, 12, 31), date(2014, 1, 30), date(2020, 2, 29), date(2025, 10, 31)])
STARTS = st.builds(datetime.combine, DAYS | LATE_DAYS, st.sampled_from(TIMES))


@st.composite
def rule_parts(draw: st.DrawFn, frequency: str, start: datetime) -> Parts:
    def maybe(name: str, values: st.SearchStrategy[str], one_in: int = 2) -> None:
        if draw(st.integers(1, one_in)) == 1:
            parts[name] = draw(values)

    parts = Parts(FREQ=frequency, INTERVAL=str(draw(st.integers(1, 4))), WKST=draw(st.sampled_from(NAMES)))
    maybe("SKIP", st.sampled_from(["OMIT", "BACKWARD", "FORWARD"]), one_in=3)
    if "SKIP" in parts:
        parts["RSCALE"] = "GREGORIAN"
    maybe("BYMONTH", some(st.integers(1, 12)), one_in=3)
    # 30 February is refused where nothing moves it.
    moves = parts.get("SKIP", "OMIT") != "OMIT" and frequency in ("MONTHLY", "YEARLY")
    if frequency != "WEEKLY":
        days = some(st.sampled_from([29, 30, 31, -31]) | signed(31)) if moves else some(signed(28))
        maybe("BYMONTHDAY", days if moves or "BYMONTH" in parts else some(signed(31)), one_in=3)
    if frequency == "YEARLY" and not (moves and "BYMONTHDAY" in parts):
        maybe("BYYEARDAY", some(st.sampled_from([366, -366]) | signed(366)), one_in=4)
        maybe("BYWEEKNO", some(signed(53)), one_in=4)
    if frequency == "MONTHLY":
        maybe("BYDAY", MONTH_WEEKDAYS)
    elif frequency == "YEARLY" and "BYWEEKNO" not in parts:
        maybe("BYDAY", MONTH_WEEKDAYS if "BYMONTH" in parts else YEAR_WEEKDAYS)
    else:
        maybe("BYDAY", PLAIN_WEEKDAYS)
    maybe("BYHOUR", some(st.integers(0, 4)), one_in=5)
    maybe("BYMINUTE", some(st.sampled_from([0, 15, 30])), one_in=8)
    if any(name.startswith("BY") for name in parts):
        maybe("BYSETPOS", some(signed(12)), one_in=3)
    match draw(st.sampled_from(["", "COUNT", "UNTIL"])):
        case "COUNT":
            parts["COUNT"] = str(draw(st.integers(1, 40)))
        case "UNTIL":
            until = start + timedelta(days=draw(st.integers(0, 700)), hours=draw(st.integers(-3, 3)))
            parts["UNTIL"] = until.strftime(draw(st.sampled_from(UNTIL_FORMS)))
    return parts


@st.composite
def further_dates(draw: st.DrawFn, start: datetime, most: int = 5) -> frozenset[date]:
    """Wall times, instants and dates around a start, such as EXDATE and RDATE hold."""
    times = st.sampled_from([start.time(), *TIMES])
    walls = st.builds(
        lambda days, at: datetime.combine(start.date() + timedelta(days=days), at), st.integers(-40, 500), times
    )
    instants = walls.map(lambda wall: wall.replace(tzinfo=UTC))
    return frozenset(draw(st.lists(walls | instants | walls.map(datetime.date), max_size=most)))
