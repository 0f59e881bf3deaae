"""The pure parts of the benchmark: percentiles, the table, the place where it is written."""

from pathlib import Path

import pytest

from bench.table import BEGIN, END, Figure, duration, markdown, median, percentile, write_between_markers


def test_median_and_percentiles() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert median(values) == 3.0
    assert median([1.0, 2.0, 3.0, 10.0]) == 2.5
    assert percentile(values, 0.0) == 1.0
    assert percentile(values, 0.5) == 3.0
    assert percentile(values, 1.0) == 5.0
    assert percentile([float(number) for number in range(100)], 0.99) == 99.0


@pytest.mark.parametrize("calculate", [median, lambda values: percentile(values, 0.5)])
def test_no_values_have_no_middle(calculate) -> None:
    with pytest.raises(ValueError, match="no values"):
        calculate([])


def test_durations_are_readable() -> None:
    assert duration(0.00123) == "1.23 ms"
    assert duration(4.25) == "4.2 s"


def test_times_are_told_in_pings_and_goals_with_their_verdict() -> None:
    figures = [
        Figure("a time", "6.00 ms", 0.006),
        Figure("a ratio", "4.0", goal="at least 3.5", reached=True),
        Figure("another", "1.3", goal="at most 1.2", reached=False),
    ]
    table = markdown(figures, ping=0.002, machine="2 cores")
    assert "One ping is 2.00 ms." in table
    assert "| a time | 6.00 ms | 3.0 |  |  |" in table
    assert "| a ratio | 4.0 |  | at least 3.5 | reached |" in table
    assert "| another | 1.3 |  | at most 1.2 | not reached |" in table


def test_pings_that_were_measured_with_a_figure_count_before_those_of_the_run() -> None:
    figure = Figure("a search", "6.00 ms", 0.006, goal="at most 5 pings", pings=4.5)
    assert "| a search | 6.00 ms | 4.5 | at most 5 pings | reached |" in markdown(
        [figure], ping=0.001, machine="2 cores"
    )


def test_the_table_replaces_only_what_is_between_the_markers(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_between_markers(document, r"| new \1 |")
    assert document.read_text(encoding="utf-8") == f"before\n{BEGIN}\n| new \\1 |\n{END}\nafter\n"


def test_a_document_without_markers_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("prose", encoding="utf-8")
    with pytest.raises(ValueError, match="no place for the table"):
        write_between_markers(document, "table")
    assert document.read_text(encoding="utf-8") == "prose"


def test_the_real_document_has_a_place_for_the_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "performance.md").read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    assert text.index(BEGIN) < text.index(END)
