"""Figures, and the table that tells them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BEGIN = "<!-- bench:begin -->"
END = "<!-- bench:end -->"


@dataclass(frozen=True)
class Figure:
    """One row of the table.

    Args:
        name: what was measured.
        text: the result as people read it.
        seconds: the result where it is a time, so that it can be told in pings too.
        pings: the result in pings, where pings were measured in turns with it; otherwise they follow from the seconds.
        goal: the goal in words; empty when there is none.
        reached: whether the result reaches the goal.
        must: a goal that is a matter of being right, not fast: missing it fails the run.
    """

    name: str
    text: str
    seconds: float | None = None
    goal: str = ""
    reached: bool = True
    must: bool = False
    pings: float | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of the values; `share` is between 0 and 1.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """The middle value; of an even number of values the mean of the two in the middle."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def duration(seconds: float) -> str:
    """Milliseconds below a second, seconds from there on."""
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.1f} s"


def plain_markdown(figures: Sequence[Figure], machine: str) -> str:
    """The table of figures that are no times to compare with pings."""
    lines = [f"Measured on: {machine}.", "", "| Figure | Result | Goal | |", "|---|---|---|---|"]
    lines += [f"| {figure.name} | {figure.text} | {figure.goal} | {_verdict(figure)} |" for figure in figures]
    return "\n".join(lines)


def markdown(figures: Sequence[Figure], ping: float, machine: str) -> str:
    """The table, with every time in pings as well."""
    lines = [
        f"Measured on: {machine}.",
        "",
        f"One ping is {duration(ping)}.",
        "",
        "| Figure | Result | In pings | Goal | |",
        "|---|---|---|---|---|",
    ]
    for figure in figures:
        pings = figure.pings
        if pings is None and figure.seconds is not None:
            pings = figure.seconds / ping
        told = "" if pings is None else f"{pings:.1f}"
        lines.append(f"| {figure.name} | {figure.text} | {told} | {figure.goal} | {_verdict(figure)} |")
    return "\n".join(lines)


def _verdict(figure: Figure) -> str:
    return "" if not figure.goal else "reached" if figure.reached else "not reached"


def write_between_markers(document: Path, table: str, part: str = "") -> None:
    """Replace what stands between the two marker comments of the document, or those of one part of it.

    Raises:
        ValueError: the document does not have both, in this order.
    """
    text = document.read_text(encoding="utf-8")
    begin, end = (mark.replace("bench:", f"bench:{part}") for mark in (BEGIN, END))
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{document} has no place for the table: {begin} … {end}")
    document.write_text(pattern.sub(lambda _: f"{begin}\n{table}\n{end}", text, count=1), encoding="utf-8")
