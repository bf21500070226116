from typing import Any

from seeds.samples import Sample
from tests.training.answers import answer
from training.parts import find_parts
from training.slices import slices


def sliced(samples: list[Sample]) -> dict[str, Any]:
    return slices(samples, find_parts(samples, [answer(theme="industry") for _ in samples]))


def sample(number: int, **known: Any) -> Sample:
    return Sample(str(number), known.pop("text", f"texte {number}"), primary_theme="industry" if number % 4 else "other", **known)


def test_a_slice_has_its_own_figures_and_a_small_one_its_count_alone() -> None:
    found = sliced([sample(i, voice="owned" if i < 40 else "earned") for i in range(59)])
    assert found["voice"]["owned"]["n"] == 40
    assert found["voice"]["owned"]["primary_theme"]["accuracy"] == 0.75
    assert found["voice"]["earned"] == {"n": 19, "note": "too few"}


def test_a_text_counts_for_each_lab_it_names_and_rare_labs_are_not_listed() -> None:
    found = sliced([sample(i, labs=("sanofi", "pfizer") if i < 12 else ("bayer",)) for i in range(21)])
    assert {lab: s["n"] for lab, s in found["lab"].items()} == {"pfizer": 12, "sanofi": 12}


def test_irony_is_sliced_only_where_somebody_tagged_it() -> None:
    assert sliced([sample(i) for i in range(30)])["irony"] == {}
    found = sliced([sample(i, tags=("irony",) if i < 10 else ()) for i in range(30)])
    assert {value: s["n"] for value, s in found["irony"].items()} == {"no_irony": 20, "irony": 10}


def test_lengths_are_counted_in_words_with_their_bounds() -> None:
    found = sliced([sample(i, text="mot " * words) for i, words in enumerate((1, 6, 7, 25, 26, 80, 81))])
    assert {value: s["n"] for value, s in found["length"].items()} == {"1-6": 2, "7-25": 2, "26-80": 2, "81+": 1}


def test_periods_are_years_and_quarters_within_one_year() -> None:
    assert list(sliced([sample(1, date="2020-05"), sample(2, date="2019"), sample(3)])["period"]) == ["2019", "2020"]
    found = sliced([sample(1, date="2020-03-31"), sample(2, date="2020-04-01 10:00:00"), sample(3, date="2020-12")])
    assert list(found["period"]) == ["2020-Q1", "2020-Q2", "2020-Q4"]
