"""Charts: good XML that holds what it is given, and nothing that a browser would run or fetch."""

import re
from xml.etree import ElementTree

import pytest

from app.core.charts import SHADES, Bar, Frame, bar_chart, column_chart, heat_map, number

SVG = "{http://www.w3.org/2000/svg}"
FRAME = Frame(
    title="Hours by person",
    lines=("March 2027", "Europe/Berlin"),
    x_axis="Hours",
    y_axis="Person",
    language="en",
    note="The first 3 of 4",
    nothing="Nothing there",
)
HOSTILE = "<script>alert('\"&]]>')</script>\x00\x1b\ud83d\ufffe\U0001f600"


def parsed(chart: str) -> ElementTree.Element:
    chart.encode()
    return ElementTree.fromstring(chart.encode())


def texts(chart: str) -> list[str]:
    return [element.text or "" for element in parsed(chart).iter(f"{SVG}text")]


def tips(chart: str) -> list[str]:
    return [rect.findtext(f"{SVG}title", "") for rect in parsed(chart).iter(f"{SVG}rect")][1:]


def boxes(chart: str) -> list[dict[str, float]]:
    """Sizes of the bars or cells, without the background."""
    return [
        {name: float(rect.attrib[name]) for name in ("x", "y", "width", "height")}
        for rect in list(parsed(chart).iter(f"{SVG}rect"))[1:]
    ]


def charts(words: str) -> list[str]:
    """Each kind of chart with these words wherever words can stand."""
    frame = Frame(words, words, words, "ru", (words,), words, words)
    bars = [Bar(words, 3.5, words), Bar("b", 1, "1")]
    return [
        bar_chart(frame, bars),
        column_chart(frame, bars),
        heat_map(frame, [words, "b"], [words, "d"], [[1, 2], [3, 4]], words),
        bar_chart(frame, []),
        column_chart(frame, []),
        heat_map(frame, ["a"], ["b"], [[0]], words),
    ]


@pytest.mark.parametrize("words", [HOSTILE, "", " ", "Ж" * 5000, "王" * 300, "a\nb\tc", "]]>", "&amp;", "--", "\u202e"])
def test_any_words_make_good_xml(words: str) -> None:
    for chart in charts(words):
        names = {element.tag.removeprefix(SVG) for element in parsed(chart).iter()}
        assert names <= {"svg", "title", "desc", "style", "rect", "text", "line"}


def test_nothing_is_run_or_fetched() -> None:
    for chart in charts(HOSTILE):
        assert "<script" not in chart
        for element in parsed(chart).iter():
            assert not [name for name in element.attrib if name.lower().startswith("on") or "href" in name]
        assert not re.search(r"url\(|@import|<!DOCTYPE|<!ENTITY", chart)


def test_words_stay_in_the_picture() -> None:
    for chart in charts("Ж" * 5000):
        assert max(len(text) for text in texts(chart)) < 130
        for box in boxes(chart):
            assert min(box.values()) >= 0
            assert box["x"] + box["width"] <= 900


def test_bars_are_as_long_as_their_values() -> None:
    chart = bar_chart(FRAME, [Bar("Anna", 40, "40 h"), Bar("Boris", 10, "10 h"), Bar("Vera", 0, "0 h")])
    lengths = [box["width"] for box in boxes(chart)]
    assert lengths[0] == pytest.approx(4 * lengths[1], abs=0.5)
    assert lengths[2] == 0
    assert {"Hours by person", "March 2027", "Europe/Berlin", "Hours", "Person", "The first 3 of 4"} <= set(
        texts(chart)
    )
    assert {"Anna", "40 h", "Boris", "10 h", "0", "10", "40"} <= set(texts(chart))
    assert tips(chart) == ["Anna: 40 h", "Boris: 10 h", "Vera: 0 h"]


def test_a_maximum_fixes_the_axis() -> None:
    half, over = boxes(bar_chart(FRAME, [Bar("a", 50, "50 %"), Bar("b", 250, "250 %")], maximum=100))
    assert half["width"] == pytest.approx(over["width"] / 2, abs=0.5)


def test_columns_are_as_high_as_their_values_and_stand_in_order() -> None:
    columns = [Bar(f"{day} Mar", day, str(day)) for day in (2, 8, 4)]
    found = boxes(column_chart(FRAME, columns))
    assert [round(box["height"] / found[0]["height"]) for box in found] == [1, 4, 2]
    assert len({box["y"] + box["height"] for box in found}) == 1
    assert [box["x"] for box in found] == sorted(box["x"] for box in found)


def test_many_columns_leave_labels_out_rather_than_lay_them_over_each_other() -> None:
    columns = [Bar(f"day {day}", day, f"{day} hours") for day in range(400)]
    chart = column_chart(FRAME, columns)
    shown = [text for text in texts(chart) if text.startswith("day ")]
    assert shown[0] == "day 0"
    assert 5 < len(shown) < 20
    assert len(tips(chart)) == 400


def test_cells_are_darker_the_more_is_in_them_and_hold_their_numbers() -> None:
    chart = heat_map(FRAME, ["Mon", "Tue"], ["9", "10", "11"], [[0, 1, 2.5], [5, 7.25, 10]], "h")
    fills = [rect.attrib["fill"] for rect in parsed(chart).iter(f"{SVG}rect")][1:7]
    assert fills == [SHADES[0], SHADES[1], SHADES[2], SHADES[3], SHADES[4], SHADES[5]]
    assert {"Mon", "Tue", "9", "10", "11", "1", "2.5", "5", "7.2"} <= set(texts(chart))
    assert tips(chart)[:3] == ["Mon, 9: 0 h", "Mon, 10: 1 h", "Mon, 11: 2.5 h"]


def test_numbers_in_cells_are_rounded_until_all_of_them_fit() -> None:
    hours = [str(hour) for hour in range(24)]
    row = [[0.0] * 22 + [1234.56, 98765.4]]
    assert {"1.2k", "98.8k"} <= set(texts(heat_map(FRAME, ["Mon"], hours, row, "h")))
    assert {"1\u00a0235", "1"} <= set(texts(heat_map(FRAME, ["Mon"], hours, [[0.0] * 22 + [1234.56, 1.25]], "h")))


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 has it."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_can_be_read_on_every_shade_and_the_shades_differ_in_lightness() -> None:
    lights = [luminance(shade) for shade in SHADES]
    assert lights == sorted(lights, reverse=True)
    assert min((light + 0.05) / (luminance("#1a1a1a") + 0.05) for light in lights) > 4.5


def test_a_chart_without_data_says_so() -> None:
    for chart in (bar_chart(FRAME, []), column_chart(FRAME, []), heat_map(FRAME, ["Mon"], ["9"], [[0]], "h")):
        assert "Nothing there" in texts(chart)


def test_values_of_nothing_or_next_to_nothing_still_make_a_chart() -> None:
    for value in (0, 0.0003, 0.01, 1e9):
        for chart in (bar_chart(FRAME, [Bar("a", value, "x")]), column_chart(FRAME, [Bar("a", value, "x")])):
            ticks = [text for text in texts(chart) if re.fullmatch(r"[\d.\u00a0]+", text)]
            assert len(ticks) == len(set(ticks)) >= 2


def test_a_chart_tells_in_words_what_it_shows() -> None:
    root = parsed(bar_chart(FRAME, [Bar("Anna", 40, "40 h")]))
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == "Hours by person"
    assert root.findtext(f"{SVG}desc") == "March 2027; Europe/Berlin; Anna: 40 h"
    assert root.attrib["aria-labelledby"] == "title description"


def test_numbers_are_written_as_in_the_language() -> None:
    values = (0, 1, 100, 2.5, 1234567.891)
    assert [number(value, "en") for value in values] == ["0", "1", "100", "2.5", "1\u00a0234\u00a0567.89"]
    assert [number(value, "ru") for value in values] == ["0", "1", "100", "2,5", "1\u00a0234\u00a0567,89"]
