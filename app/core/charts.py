"""Charts as SVG text that a browser opens directly: bars, columns, heat maps. No script, no outside reference.

Everything that is told by colour is told by text or length too, and text is dark on white or on a light shade, so that
charts read the same for colour-blind people and on paper. Words come from the caller, in the reader's language.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from app.core.messages import Language

WIDTH = 900
MARGIN = 24
LINE = 18
TEXT_SIZE = 12
# About how many pixels letters take at this size: SVG cannot measure its text, and nobody's fonts are known.
NARROW, USUAL, CAPITAL, BROAD = 4.5, 7.4, 8.8, 12.0
_NARROW = frozenset(" .,:;!|'`ijlftrI1()[]-\u00a0")
_BROAD = frozenset("mwMW@%жмфшщыюЖМФШЩЫЮ\u2026\u2014")
LABEL = 240.0
CONTENT = WIDTH - 2 * MARGIN
# Blue and its shades differ in lightness, which no colour blindness takes away.
BAR = "#2f78b7"
SHADES = ("#ffffff", "#e3eef8", "#c6ddf0", "#a4c9e7", "#7fb2dc", "#5c9bd1")
STYLE = (
    f"text{{font:{TEXT_SIZE}px 'DejaVu Sans',Verdana,Arial,sans-serif;fill:#1a1a1a}}"
    ".title{font-size:18px;font-weight:bold}.note{fill:#444}.line{stroke:#ccc;stroke-width:1}"
    f".axis{{stroke:#1a1a1a;stroke-width:1}}.bar{{fill:{BAR}}}.end{{text-anchor:end}}.middle{{text-anchor:middle}}"
)
# What XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Frame:
    """The words around a chart. `lines` stand under the title, `note` under the chart."""

    title: str
    x_axis: str
    y_axis: str
    language: Language
    lines: tuple[str, ...] = ()
    note: str = ""
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar or column: its name, its length, and the length as people read it."""

    label: str
    value: float
    text: str


@dataclass
class _Drawing:
    frame: Frame
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, style: str = "", longest: float = CONTENT) -> None:
        """Words of at most `longest` pixels; what is cut off stands in the title, the tips or the description."""
        look = f' class="{style}"' if style else ""
        self.parts.append(f'<text x="{_px(x)}" y="{_px(y)}"{look}>{_xml(_short(words, longest))}</text>')

    def line(self, x: float, y: float, to_x: float, to_y: float, style: str = "line") -> None:
        ends = f'x1="{_px(x)}" y1="{_px(y)}" x2="{_px(to_x)}" y2="{_px(to_y)}"'
        self.parts.append(f'<line {ends} class="{style}"/>')

    def box(self, x: float, y: float, width: float, height: float, tip: str, look: str = 'class="bar"') -> None:
        size = f'x="{_px(x)}" y="{_px(y)}" width="{_px(width)}" height="{_px(height)}"'
        self.parts.append(f"<rect {size} {look}><title>{_xml(tip)}</title></rect>")

    def head(self) -> float:
        """Title and lines; the y where the chart may begin."""
        y = MARGIN + 14
        self.text(MARGIN, y, self.frame.title, "title", CONTENT / 1.6)
        for words in self.frame.lines:
            y += LINE
            self.text(MARGIN, y, words, "note")
        return y + LINE

    def finish(self, y: float, tip: str) -> str:
        """The whole document; `y` is where the chart ends and the note begins."""
        if self.frame.note:
            self.text(MARGIN, y + LINE, self.frame.note, "note")
            y += LINE
        height = _px(y + MARGIN)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
            f' viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title description"'
            f' xml:lang="{self.frame.language}">'
            f'<title id="title">{_xml(self.frame.title)}</title><desc id="description">{_xml(tip)}</desc>'
            f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#ffffff"/>'
            + "\n".join(self.parts)
            + "</svg>\n"
        )


def bar_chart(frame: Frame, bars: Sequence[Bar], *, maximum: float | None = None) -> str:
    """Horizontal bars under each other, for people, departments and rooms; `maximum` fixes the end of the axis."""
    drawing = _Drawing(frame)
    top = drawing.head() + LINE
    if not bars:
        return _empty(drawing, top)
    left = MARGIN + _widest(bar.label for bar in bars) + 10
    space = WIDTH - left - MARGIN - _widest(bar.text for bar in bars) - 10
    ticks = _ticks(maximum if maximum is not None else max(bar.value for bar in bars))
    bottom = top + len(bars) * 22
    for tick in ticks:
        x = left + space * tick / ticks[-1]
        drawing.line(x, top - 4, x, bottom)
        drawing.text(x, bottom + LINE, number(tick, frame.language), "middle")
    for row, bar in enumerate(bars):
        y = top + row * 22
        length = space * min(bar.value / ticks[-1], 1)
        drawing.text(left - 8, y + 15, bar.label, "end", LABEL)
        drawing.box(left, y + 3, length, 16, f"{bar.label}: {bar.text}")
        drawing.text(left + length + 6, y + 15, bar.text, longest=LABEL)
    drawing.line(left, top - 4, left, bottom, "axis")
    drawing.text(MARGIN, top - 10, frame.y_axis, "note")
    drawing.text(left + space / 2, bottom + 2 * LINE, frame.x_axis, "middle")
    return drawing.finish(bottom + 2.5 * LINE, _told(frame, bars))


def column_chart(frame: Frame, columns: Sequence[Bar]) -> str:
    """Upright columns side by side, for what goes on in time; labels are left out where they would touch."""
    drawing = _Drawing(frame)
    top = drawing.head() + LINE
    if not columns:
        return _empty(drawing, top)
    ticks = _ticks(max(column.value for column in columns))
    left = MARGIN + max(_wide(number(tick, frame.language)) for tick in ticks) + 12
    bottom, space = top + 300, WIDTH - MARGIN - left
    for tick in ticks:
        y = bottom - 300 * tick / ticks[-1]
        drawing.line(left, y, WIDTH - MARGIN, y)
        drawing.text(left - 6, y + 4, number(tick, frame.language), "end")
    step = space / len(columns)
    every = math.ceil((_widest(column.label for column in columns) + 8) / step)
    has_values = max(_wide(column.text) for column in columns) + 4 <= step
    for place, column in enumerate(columns):
        x, height = left + place * step, 300 * column.value / ticks[-1]
        width = max(step * 0.8, 1)
        drawing.box(x + (step - width) / 2, bottom - height, width, height, f"{column.label}: {column.text}")
        if has_values and column.value:
            drawing.text(x + step / 2, bottom - height - 4, column.text, "middle")
        if place % every == 0:
            drawing.text(x + step / 2, bottom + LINE, column.label, "middle", LABEL)
    drawing.line(left, bottom, WIDTH - MARGIN, bottom, "axis")
    drawing.text(MARGIN, top - 12, frame.y_axis, "note")
    drawing.text(left + space / 2, bottom + 2 * LINE, frame.x_axis, "middle")
    return drawing.finish(bottom + 2.5 * LINE, _told(frame, columns))


def heat_map(
    frame: Frame, rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]], unit: str
) -> str:
    """A table of shaded cells with their numbers in them: the darker, the more. `unit` names the numbers."""
    drawing = _Drawing(frame)
    top = drawing.head() + 2 * LINE
    left = MARGIN + _widest(rows) + 10
    step, height = (WIDTH - MARGIN - left) / len(columns), 34
    most = max((value for row in values for value in row), default=0)
    told = _in_cells((value for row in values for value in row), step, frame.language)
    bottom = top + height * len(rows)
    for place, column in enumerate(columns):
        drawing.text(left + (place + 0.5) * step, top - 6, column, "middle", step)
    for line, (row, cells) in enumerate(zip(rows, values, strict=True)):
        y = top + line * height
        drawing.text(left - 8, y + height / 2 + 4, row, "end", LABEL)
        for place, value in enumerate(cells):
            x, tip = left + place * step, f"{row}, {columns[place]}: {number(value, frame.language)} {unit}"
            drawing.box(x, y, step, height, tip, f'fill="{_shade(value, most)}" stroke="#ddd"')
            if value:
                drawing.text(x + step / 2, y + height / 2 + 4, told[value], "middle")
    drawing.line(left, bottom, WIDTH - MARGIN, bottom, "axis")
    drawing.line(left, top, left, bottom, "axis")
    drawing.text(MARGIN, top - 2 * LINE + 4, frame.y_axis, "note")
    drawing.text(left + step * len(columns) / 2, top - LINE - 6, frame.x_axis, "middle")
    _legend(drawing, left, bottom + 10, most, unit)
    busiest = [Bar(f"{row}, {columns[place]}", value, f"{number(value, frame.language)} {unit}")
               for row, cells in zip(rows, values, strict=True) for place, value in enumerate(cells)]  # fmt: skip
    return drawing.finish(bottom + 10 + 1.5 * LINE, _told(frame, sorted(busiest, key=lambda bar: -bar.value)[:5]))


def number(value: float, language: Language) -> str:
    """A number as people write it, rounded to two places: 1 234.5 in English, 1 234,5 in Russian."""
    text = f"{round(value, 2):,.2f}".rstrip("0").rstrip(".").replace(",", "\u00a0")
    return text.replace(".", ",") if language == "ru" else text


def _ticks(maximum: float) -> list[float]:
    """From 0 to `maximum` or a little beyond, in steps of 1, 2 or 5 times a power of ten."""
    if maximum <= 0:
        return [0, 1]
    # Numbers have two decimals, and the steps must differ.
    maximum = max(maximum, 0.05)
    power = 10.0 ** math.floor(math.log10(maximum / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * 5 >= maximum * 0.999_999)
    return [round(step * place, 9) for place in range(math.ceil(maximum / step - 1e-9) + 1)]


def _shade(value: float, most: float) -> str:
    """White for nothing, else the lightest to the darkest blue."""
    if not value:
        return SHADES[0]
    return SHADES[1 + min(int((len(SHADES) - 1) * value / most), len(SHADES) - 2)]


def _legend(drawing: _Drawing, x: float, y: float, most: float, unit: str) -> None:
    if not most:
        drawing.text(x, y + 14, drawing.frame.nothing)
        return
    steps = len(SHADES) - 1
    step = (WIDTH - MARGIN - x) / steps
    for place in range(steps):
        edges = " \u2026 ".join(
            number(round(most * edge / steps, 1), drawing.frame.language) for edge in (place, place + 1)
        )
        words, left = f"{edges} {unit}", x + place * step
        drawing.box(left, y + 3, 14, 14, words, f'fill="{SHADES[place + 1]}" stroke="#888"')
        drawing.text(left + 20, y + 14, words, longest=step - 24)


def _in_cells(values: Iterable[float], width: float, language: Language) -> dict[float, str]:
    """The numbers as all of them fit into cells: with a decimal, whole, or in thousands."""
    numbers = {value for value in values if value}
    forms: tuple[Callable[[float], str], ...] = (
        lambda value: number(round(value, 1), language),
        lambda value: number(round(value), language),
        lambda value: f"{number(round(value / 1000, 1), language)}k",
    )
    told = [{value: form(value) for value in numbers} for form in forms]
    fitting = (texts for texts in told if all(_wide(text) <= width - 2 for text in texts.values()))
    return next(fitting, told[-1])


def _empty(drawing: _Drawing, y: float) -> str:
    drawing.text(MARGIN, y + LINE, drawing.frame.nothing)
    return drawing.finish(y + 2 * LINE, drawing.frame.nothing)


def _told(frame: Frame, bars: Sequence[Bar]) -> str:
    """The chart in words, for those who have it read to them."""
    return "; ".join([*frame.lines, *(f"{bar.label}: {bar.text}" for bar in bars[:31])])


def _short(words: str, pixels: float) -> str:
    """The words on one line, cut where they would be wider than `pixels`."""
    words = re.sub(r"[ \t\r\n]+", " ", words).strip(" ")
    if _wide(words) <= pixels:
        return words
    words = words[: int(pixels / NARROW)]
    while words and _wide(words) > pixels - BROAD:
        words = words[:-1]
    return words.rstrip() + "\u2026"


def _widest(texts: Iterable[str]) -> float:
    """The width of the widest, as far as it is shown."""
    return max(_wide(_short(words, LABEL)) for words in texts)


def _wide(words: str) -> float:
    """About how many pixels the words take."""
    return sum(map(_width, words))


def _width(letter: str) -> float:
    if letter in _NARROW:
        return NARROW
    if letter in _BROAD or unicodedata.east_asian_width(letter) in "WF":
        return BROAD
    return CAPITAL if letter.isupper() else USUAL


def _px(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _xml(words: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", words))
