"""Cells read as numbers, dates, ids and polarities; a cell that says nothing is None, never 0."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite

__all__ = ["DateReader", "is_ruined_id", "read_number", "read_polarity"]

_NOTHING = frozenset({"", "n/a", "na", "nan", "none", "null", "--", "-", "nd", "nc"})
_SCALE = {"k": 1e3, "m": 1e6, "mn": 1e6}
_NUMBER = re.compile(r"([+-]?\d[\d\s.,\u00a0\u202f]*)([a-z]*)", re.IGNORECASE)


def read_number(cell: str) -> float | None:
    """Return a count as a number: French and English marks, `1,2 k`; None where it says nothing.

    Examples
    --------
    >>> [read_number(c) for c in ("1 234", "1,264,351", "12,5", "1.2K", "N/A")]
    [1234.0, 1264351.0, 12.5, 1200.0, None]
    """
    if cell.strip().casefold() in _NOTHING:
        return None
    match = _NUMBER.fullmatch(cell.strip())
    if match is None:
        return None
    digits = re.sub(r"[\s\u00a0\u202f]", "", match.group(1))
    scale = _SCALE.get(match.group(2).casefold()) if match.group(2) else 1.0
    if scale is None:
        return None
    if "," in digits and "." in digits:
        thousands = "," if digits.rindex(".") > digits.rindex(",") else "."
        digits = digits.replace(thousands, "").replace(",", ".")
    elif scale == 1.0 and re.fullmatch(r"[+-]?\d{1,3}([.,]\d{3})+", digits):
        digits = re.sub(r"[.,]", "", digits)  # 1,234 and 1.234: counts have no thousandths
    else:
        digits = digits.replace(",", ".")
    try:
        number = float(digits) * scale
    except ValueError:
        return None
    return number if isfinite(number) else None


_RUINED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,3}")


def is_ruined_id(cell: str) -> bool:
    """Tell whether a spreadsheet turned a long id into a rounded number (1.29E+18), which no one can undo."""
    return _RUINED.fullmatch(cell.strip()) is not None


_POLARITIES = {
    "positive": "positive", "positif": "positive", "positive mention": "positive",
    "negative": "negative", "negatif": "negative", "négatif": "negative",
    "neutral": "neutral", "neutre": "neutral",
}  # fmt: skip


def read_polarity(cell: str) -> str | None:
    """Return a tool's sentiment in our three words; None for mixed, unassigned or none.

    Examples
    --------
    >>> read_polarity("-5"), read_polarity("Positif"), read_polarity("mixed")
    ('negative', 'positive', None)
    """
    word = cell.strip().casefold()
    if word in _POLARITIES:
        return _POLARITIES[word]
    number = read_number(word)
    if number is None:
        return None
    return "positive" if number > 0 else "negative" if number < 0 else "neutral"


_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?")
_PARTS = re.compile(
    r"(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})(?:[\sT,]+(?:à\s+)?(\d{1,2})[:h](\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)
_TWITTER = re.compile(r"\w{3} (\w{3}) (\d{1,2}) (\d{2}):(\d{2}):(\d{2}) ([+-]\d{4}) (\d{4})")
_MONTH_NAME = re.compile(r"(\d{1,2})[- ]([A-Za-zéûÉÛ.]{3,10})[- ](\d{2,4})(?:[\s,]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?)?")
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan janv janvier january", "feb fev fév févr fevr février fevrier february", "mar mars march", "apr avr avril april", "may mai",
         "jun juin june", "jul juil juillet july", "aug août aout august", "sep sept septembre september", "oct octobre october",
         "nov novembre november", "dec déc décembre decembre december"), 1)
    for name in names.split()
}  # fmt: skip
_ORDERS = ("dmy", "mdy", "ymd")
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


class DateReader:
    """Reads the dates of one column; the order of day, month and year is decided on the whole of it.

    Show it every cell with `see` first, then `read` them. Where the column leaves it open, the day comes first.
    """

    def __init__(self) -> None:
        self._possible = dict.fromkeys(_ORDERS, True)

    @property
    def order(self) -> str:
        """The order in use: dmy, mdy or ymd."""
        return next((order for order in _ORDERS if self._possible[order]), "dmy")

    def see(self, cells: Iterable[str]) -> None:
        """Rule out the orders that some cell contradicts."""
        for cell in cells:
            match = _PARTS.fullmatch(cell.strip())
            if match is None or _ISO.fullmatch(cell.strip()):
                continue
            parts = match.group(1, 2, 3)
            for order in _ORDERS:
                self._possible[order] &= _fits(parts, order)

    def read(self, cell: str) -> str | None:
        """Return the date in ISO 8601, in UTC where a time is given; None when it cannot be read.

        Examples
        --------
        >>> reader = DateReader()
        >>> reader.see(["22/09/17 11:00:24"])
        >>> reader.read("03/09/17 11:00:24"), reader.read("2021-04-09"), reader.read("bientôt")
        ('2017-09-03T11:00:24Z', '2021-04-09', None)
        """
        cell = cell.strip().strip('"')
        try:
            return self._read(cell)
        except (KeyError, ValueError, OverflowError):
            return None

    def _read(self, cell: str) -> str | None:
        if match := _ISO.fullmatch(cell):
            year, month, day, hour, minute, second, zone = match.groups()
            return _iso(int(year), int(month), int(day), hour, minute, second, None, zone)
        if match := _PARTS.fullmatch(cell):
            parts = dict(zip(self.order, match.group(1, 2, 3), strict=True))
            return _iso(_year(parts["y"]), int(parts["m"]), int(parts["d"]), *match.group(4, 5, 6, 7, 8))
        if match := _TWITTER.fullmatch(cell):
            name, day, hour, minute, second, zone, year = match.groups()
            return _iso(int(year), _MONTHS[name.casefold()], int(day), hour, minute, second, None, zone)
        if match := _MONTH_NAME.fullmatch(cell):
            day, name, year, hour, minute, second, half = match.groups()
            number = _MONTHS.get(name.casefold().rstrip("."))
            return None if number is None else _iso(_year(year), number, int(day), hour, minute, second, half, None)
        return _from_number(cell)


def _fits(parts: tuple[str, ...], order: str) -> bool:
    by_name = dict(zip(order, parts, strict=True))
    return len(by_name["d"]) <= 2 and len(by_name["y"]) in (2, 4) and 1 <= int(by_name["m"]) <= 12 and 1 <= int(by_name["d"]) <= 31


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _iso(
    year: int, month: int, day: int, hour: str | None, minute: str | None, second: str | None, half: str | None, zone: str | None
) -> str:
    if hour is None or minute is None:
        return datetime(year, month, day, tzinfo=UTC).date().isoformat()
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half.casefold() == "pm" else 0)
    offset: timezone = UTC
    if zone and zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        offset = timezone(timedelta(minutes=minutes if zone[0] == "+" else -minutes))
    moment = datetime(year, month, day, hours, int(minute), int(second or 0), tzinfo=offset).astimezone(UTC)
    return moment.isoformat().replace("+00:00", "Z")


def _from_number(cell: str) -> str | None:
    """Read epoch seconds and milliseconds, and a spreadsheet's day numbers (1990 to 2064)."""
    if not re.fullmatch(r"\d{5}(?:[.,]\d+)?|\d{10}(?:\.\d+)?|\d{13}", cell):
        return None
    number = float(cell.replace(",", "."))
    if number < 1e5:
        if not 32874 <= number <= 60000:
            return None
        moment = _EXCEL_EPOCH + timedelta(days=number)
    else:
        moment = datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
