"""Cells read as numbers, dates, ids and polarities."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmavoix.exports.values import DateReader, is_ruined_id, read_number, read_polarity


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0", 0.0),
        ("1 234", 1234.0),
        ("1\u00a0234", 1234.0),
        ("1\u202f234", 1234.0),
        ("1,234", 1234.0),
        ("1.234", 1234.0),
        ("1,264,351", 1264351.0),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("12,5", 12.5),
        ("1,2 k", 1200.0),
        ("1.2K", 1200.0),
        ("3 M", 3e6),
        ("-5", -5.0),
    ],
)
def test_a_count_is_read_with_french_and_english_marks(cell: str, number: float) -> None:
    assert read_number(cell) == pytest.approx(number)


@pytest.mark.parametrize("cell", ["", " ", "N/A", "--", "-", "nc", "null", "beaucoup", "12 pommes", "1e5", "9" * 400])
def test_a_cell_that_says_no_number_is_unknown_and_not_zero(cell: str) -> None:
    assert read_number(cell) is None


@given(st.integers(0, 10**12))
def test_thousands_marks_do_not_change_a_count(count: int) -> None:
    written = f"{count:,}"
    assert {read_number(written.replace(",", mark)) for mark in (",", ".", " ", "\u202f")} == {float(count)}


@given(st.text(max_size=20))
def test_no_cell_stops_the_reading(cell: str) -> None:
    reader = DateReader()
    reader.see([cell])
    date = reader.read(cell)
    assert date is None or datetime.fromisoformat(date)
    assert read_number(cell) is None or isinstance(read_number(cell), float)


@pytest.mark.parametrize("cell", ["1.29E+18", "1,22158E+17", "1.29e18", "9E+15"])
def test_an_id_rounded_by_a_spreadsheet_is_known(cell: str) -> None:
    assert is_ruined_id(cell)


@pytest.mark.parametrize("cell", ["1290000000000000001", "1.29", "E+18", "abc1E+18", "r3_prod_57-71"])
def test_a_whole_id_is_no_ruin(cell: str) -> None:
    assert not is_ruined_id(cell)


@pytest.mark.parametrize(
    ("cell", "polarity"),
    [
        ("Positif", "positive"),
        ("POSITIVE", "positive"),
        ("5", "positive"),
        ("négatif", "negative"),
        ("-5", "negative"),
        ("neutre", "neutral"),
        ("0", "neutral"),
        ("mixed", None),
        ("Uncategorized", None),
        ("", None),
    ],
)
def test_a_tools_sentiment_becomes_one_of_three_words_or_none(cell: str, polarity: str | None) -> None:
    assert read_polarity(cell) == polarity


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2021-04-09", "2021-04-09"),
        ("2025-11-03 08:14:22.0", "2025-11-03T08:14:22Z"),
        ("2025-11-03T08:14:22.000+0000", "2025-11-03T08:14:22Z"),
        ("2025-11-03T00:30:00+02:00", "2025-11-02T22:30:00Z"),
        ("2024-01-02 00:00:00 UTC", "2024-01-02T00:00:00Z"),
        ("02/07/2024 18:04", "2024-07-02T18:04:00Z"),
        ("02/07/2024 à 18h04", "2024-07-02T18:04:00Z"),
        ("03.09.2017", "2017-09-03"),
        ("Wed Oct 10 20:19:24 +0000 2018", "2018-10-10T20:19:24Z"),
        ("06-Feb-2026 03:03PM", "2026-02-06T15:03:00Z"),
        ("06-Feb-2026 12:03AM", "2026-02-06T00:03:00Z"),
        ("14 juillet 2023", "2023-07-14"),
        ("1 août 2022", "2022-08-01"),
        ("1700000000", "2023-11-14T22:13:20Z"),
        ("1700000000000", "2023-11-14T22:13:20Z"),
        ("45123,5", "2023-07-16T12:00:00Z"),
    ],
)
def test_a_date_is_read_as_iso_8601(cell: str, date: str) -> None:
    assert DateReader().read(cell) == date


@pytest.mark.parametrize("cell", ["bientôt", "31/02/2024", "2024-13-01", "Wed Xyz 10 20:19:24 +0000 2018", "12", "99999", "14 brumaire 2023"])
def test_a_date_that_cannot_be_read_is_none(cell: str) -> None:
    assert DateReader().read(cell) is None


@pytest.mark.parametrize(
    ("column", "first"),
    [
        (["03/04/2024", "25/04/2024"], "2024-04-03"),
        (["03/04/2024", "04/25/2024"], "2024-03-04"),
        (["03/04/24 8:08:11 PM", "04/25/24 8:08:11 PM"], "2024-03-04T20:08:11Z"),
        (["2024/03/04", "2024/03/25"], "2024-03-04"),
        (["03/04/2024", "05/06/2024"], "2024-04-03"),
    ],
)
def test_the_whole_column_decides_between_day_and_month(column: list[str], first: str) -> None:
    reader = DateReader()
    reader.see(column)
    assert reader.read(column[0]) == first


@given(st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2068, 12, 31)), min_size=1), st.sampled_from(["%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"]))
def test_a_column_with_a_day_past_the_twelfth_is_read_as_written(moments: list[datetime], form: str) -> None:
    moments = [m.replace(microsecond=0) for m in (*moments, datetime(2024, 5, 28))]
    reader = DateReader()
    reader.see(m.strftime(form) for m in moments)
    assert [reader.read(m.strftime(form)) for m in moments] == [m.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z") for m in moments]
