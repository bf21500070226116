"""Charts as inline SVG: readable in grey print and by colour-blind readers, each with a title and a description.

Colours are Okabe and Ito's; whatever a colour tells, a dash, a marker or a word beside it tells as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

__all__ = ["Bar", "Bin", "Curve", "bars", "coverage_chart", "precision_recall_chart", "reliability_chart"]

_INK, _FAINT, _BLUE, _VERMILLION = "#1a1a1a", "#767676", "#0072B2", "#D55E00"
_WIDTH, _HEIGHT = 340, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 24, 14, 42
_ROW = 30  # height of a bar with its space
_NAMES = 132  # width kept for the bars' names
_LONGEST_NAME = 18  # characters

Written = Callable[[float], str]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """A named value with its interval."""

    name: str
    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence: how often they are right, with an interval, and their part of all answers."""

    confidence: float
    accuracy: float
    low: float
    high: float
    share: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A line, with the point that the model itself chose and what that is called."""

    points: Sequence[Point]
    own: Point | None
    name: str


class _Plot:
    """Axes from 0 to 1 across; from ``floor`` to 1 upwards."""

    def __init__(self, written: Written, across: str, upwards: str, *, floor: float = 0.0) -> None:
        self._floor = floor
        self.marks: list[str] = []
        ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
        for tick in ticks:
            x, y = self.x(tick), self.y(floor + tick * (1 - floor))
            self.marks.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dddddd"/>')
            self.text(x, _HEIGHT - _BOTTOM + 16, written(tick), anchor="middle")
            self.text(_LEFT - 6, y + 4, written(floor + tick * (1 - floor)), anchor="end")
        bottom = _HEIGHT - _BOTTOM
        self.marks.append(f'<path d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - _RIGHT}" fill="none" stroke="{_INK}"/>')
        self.text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, across, anchor="middle")
        middle = (_TOP + bottom) / 2
        turned = f'<text transform="translate(12 {middle}) rotate(-90)" text-anchor="middle" fill="{_INK}">{escape(upwards)}</text>'
        self.marks.append(turned)

    def x(self, value: float) -> float:
        return _LEFT + value * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - self._floor) / (1 - self._floor) * (_HEIGHT - _TOP - _BOTTOM)

    def text(self, x: float, y: float, words: str, *, anchor: str = "start", colour: str = _INK, bold: bool = False) -> None:
        weight = ' font-weight="bold"' if bold else ""
        # A white edge keeps words readable over lines.
        edge = 'stroke="#ffffff" stroke-width="3" paint-order="stroke"'
        self.marks.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {edge}{weight}>{escape(words)}</text>')

    def line(self, points: Sequence[Point], colour: str, dashes: str = "", width: float = 2) -> None:
        path = "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.marks.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>')

    def marker(self, point: Point, colour: str, *, shape: str = "circle", size: float = 4) -> None:
        x, y = self.x(point[0]), self.y(point[1])
        if shape == "circle":
            self.marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{colour}"/>')
        else:
            reach = size * 1.6
            diamond = f"M{x:.1f} {y - reach:.1f}l{reach} {reach}l{-reach} {reach}l{-reach} {-reach}Z"
            self.marks.append(f'<path d="{diamond}" fill="{colour}" stroke="{_INK}"/>')

    def svg(self, name: str, title: str, description: str) -> Markup:
        return _svg(name, title, description, _HEIGHT, self.marks)


def _svg(name: str, title: str, description: str, height: float, marks: Sequence[str]) -> Markup:
    name = escape(name)
    return Markup(
        f'<svg role="img" aria-labelledby="{name}-t {name}-d" viewBox="0 0 {_WIDTH} {height:g}" font-size="12" font-family="inherit">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>{"".join(marks)}</svg>'
    )


def bars(name: str, title: str, description: str, rows: Sequence[Bar], written: Written) -> Markup:
    """Return horizontal bars from 0 to 1, each with its value and a whisker for its interval."""
    left, right = _NAMES + 4, _WIDTH - 40
    marks = []
    for number, bar in enumerate(rows):
        top = number * _ROW + 6
        middle = top + 9
        shown = bar.name if len(bar.name) <= _LONGEST_NAME else bar.name[: _LONGEST_NAME - 1] + "…"
        marks.append(f'<text x="{_NAMES - 2}" y="{middle + 4}" text-anchor="end" fill="{_INK}">{escape(shown)}</text>')
        marks.append(f'<rect x="{left}" y="{top}" width="{bar.value * (right - left):.1f}" height="18" fill="#8fc1e3" stroke="{_BLUE}"/>')
        if bar.interval:
            low, high = (left + end * (right - left) for end in bar.interval)
            ends = f"M{low:.1f} {middle - 5}v10M{high:.1f} {middle - 5}v10M{low:.1f} {middle}H{high:.1f}"
            marks.append(f'<path d="{ends}" stroke="{_INK}" stroke-width="1.5" fill="none"/>')
        marks.append(f'<text x="{right + 6}" y="{middle + 4}" fill="{_INK}">{escape(written(bar.value))}</text>')
    height = len(rows) * _ROW + 4
    marks.append(f'<path d="M{left} 0V{height}" stroke="{_INK}" fill="none"/>')
    return _svg(name, title, description, height, marks)


def precision_recall_chart(
    name: str, title: str, description: str, curve: Curve, *, chance: float, words: tuple[str, str, str], written: Written
) -> Markup:
    """Return precision against recall; ``words`` name the axes (across, upwards) and the level of chance."""
    plot = _Plot(written, words[0], words[1])
    plot.line([(0, chance), (1, chance)], _FAINT, "2 4", 1.5)
    plot.text(plot.x(0.01), plot.y(chance) - 5, words[2], colour="#595959")
    first = curve.points[0]
    plot.line([(0.0, first[1]), *curve.points], _BLUE)
    if curve.own:
        plot.marker(curve.own, _VERMILLION, shape="diamond", size=5)
        # Beside the marker, on the side with room: under the curve where there is some, else above.
        below = curve.own[1] > chance + 0.2
        plot.text(plot.x(min(curve.own[0], 0.95)) - 8, plot.y(curve.own[1]) + (20 if below else -10), curve.name, anchor="end", bold=True)
    return plot.svg(name, title, description)


def reliability_chart(name: str, title: str, description: str, bins: Sequence[Bin], *, words: tuple[str, str, str], written: Written) -> Markup:
    """Return how often answers are right against how sure they are; grey columns tell how many, ``words[2]`` names the diagonal."""
    plot = _Plot(written, words[0], words[1])
    most = max(b.share for b in bins)
    floor = plot.y(0)
    for b in bins:
        height = 34 * b.share / most
        plot.marks.append(f'<rect x="{plot.x(b.confidence) - 7:.1f}" y="{floor - height:.1f}" width="14" height="{height:.1f}" fill="#cfcfcf"/>')
    plot.line([(0, 0), (1, 1)], _FAINT, "5 4", 1.5)
    plot.text(plot.x(0.13), plot.y(0.07), words[2], colour="#595959")
    plot.line([(b.confidence, b.accuracy) for b in bins], _BLUE)
    for b in bins:
        plot.line([(b.confidence, b.low), (b.confidence, b.high)], _INK, width=1.5)
        plot.marker((b.confidence, b.accuracy), _BLUE)
    return plot.svg(name, title, description)


def coverage_chart(name: str, title: str, description: str, curve: Curve, *, words: tuple[str, str], written: Written) -> Markup:
    """Return accuracy against the share of texts kept; ``words`` name the axes, ``curve.name`` the model's own choice."""
    lowest = min(y for _, y in [*curve.points, *([curve.own] if curve.own else [])])
    plot = _Plot(written, words[0], words[1], floor=max(0.0, min(0.8, int(lowest * 5) / 5)))
    plot.line(curve.points, _BLUE)
    for point in curve.points:
        plot.marker(point, _BLUE, size=2.5)
    if curve.own:
        plot.marker(curve.own, _VERMILLION, shape="diamond", size=5)
        # On the side of the marker that has room.
        x, y, is_right = plot.x(curve.own[0]), plot.y(curve.own[1]) + 4, curve.own[0] > 0.5
        plot.text(x + (-12 if is_right else 12), y, curve.name, anchor="end" if is_right else "start", bold=True)
    return plot.svg(name, title, description)
