import time

import numpy as np
import pytest

from seeds.samples import Sample
from tests.training.answers import answer
from training.bootstrap import FEWEST_GROUPS, groups_of, measure
from training.parts import Kind, Part, find_parts


def part(right: list[bool]) -> Part:
    said = tuple(("a",) if good else ("b",) for good in right)
    return Part("sentiment", Kind.ONE, tuple(range(len(right))), (("a",),) * len(right), said, ({"a": 0.75, "b": 0.25},) * len(right))


def test_an_interval_holds_the_figure_and_is_as_wide_as_theory_says() -> None:
    (measured,) = measure([part([True] * 160 + [False] * 40)], np.arange(200), seed=1)
    low, high = measured.interval("accuracy") or (0, 0)
    assert measured.whole["accuracy"] == 0.8
    assert (high - low) / 2 == pytest.approx(1.96 * (0.8 * 0.2 / 200) ** 0.5, rel=0.15)


def test_texts_of_one_group_count_as_one_draw_and_widen_the_interval() -> None:
    right = [i // 10 % 5 != 0 for i in range(200)]  # right or wrong by whole groups of ten
    alone, together = (measure([part(right)], groups, seed=1)[0].interval("accuracy") for groups in (np.arange(200), np.arange(200) // 10))
    assert alone and together
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    groups, right = np.arange(50), [i % 3 != 0 for i in range(50)]
    first, again, other = (measure([part(right)], groups, seed=seed)[0].interval("accuracy") for seed in (1, 1, 2))
    assert first == again != other


def test_with_too_few_groups_no_interval_is_given() -> None:
    right = [True, False] * 50
    few = np.arange(100) % (FEWEST_GROUPS - 1)
    assert measure([part(right)], few, seed=1)[0].interval("accuracy") is None
    assert measure([part(right)], np.arange(100) % FEWEST_GROUPS, seed=1)[0].interval("accuracy") is not None


def test_groups_are_the_split_keys_else_the_texts_alike_once_cleaned() -> None:
    samples = [
        Sample("1", "Un texte", group="lot"),
        Sample("2", "Un autre", group="lot"),
        Sample("3", "RT @x: Un texte https://t.co/a"),
        Sample("4", "un Texte"),
        Sample("5", "Encore un", author="lot"),
    ]
    assert groups_of(samples).tolist() == [0, 0, 1, 1, 0]


def test_figures_from_counts_are_those_of_the_definitions() -> None:
    samples = [Sample(str(i), f"texte {i}", sentiment="positive" if i < 12 else "negative", adverse_event=i < 5) for i in range(30)]
    labels = [answer(sentiment="positive" if i < 9 or i >= 27 else "negative", event=i < 4 or i == 20, p=0.9) for i in range(30)]
    parts = find_parts(samples, labels)
    polarity, event = (measure([parts[name]], groups_of(samples), seed=1)[0].whole for name in ("sentiment", "adverse_event"))
    positive, negative = 2 * 9 / (12 + 12), 2 * 15 / (18 + 18)
    assert polarity["macro_f1"] == pytest.approx((positive + negative) / 2)
    assert polarity["accuracy"] == pytest.approx(24 / 30)
    assert polarity["ece"] == pytest.approx(0.9 - 24 / 30)
    assert (event["precision"], event["recall"], event["f1"]) == pytest.approx((4 / 5, 4 / 5, 4 / 5))


def test_a_thousand_draws_of_two_thousand_texts_take_less_than_two_seconds() -> None:
    parts = [part([i % 4 != 0 for i in range(2000)])] * 8
    start = time.process_time()
    measure(parts, np.arange(2000), seed=1)
    assert time.process_time() - start < 2
