import numpy as np
import pytest

from training.fit import FitConfig, Task, review_limits


def task(name: str, labels: int, gold: np.ndarray) -> Task:
    return Task(name, tuple("abcdef"[:labels]), True, np.eye(labels)[gold])


def answers(chance: np.random.Generator, gold: np.ndarray, labels: int) -> np.ndarray:
    """Probabilities whose largest says how often they are right."""
    sure = chance.uniform(1 / labels + 0.05, 1.0, len(gold))
    said = np.where(chance.random(len(gold)) < sure, gold, (gold + 1) % labels)
    p = np.repeat(((1 - sure) / (labels - 1))[:, None], labels, axis=1)
    p[np.arange(len(gold)), said] = sure
    return p


@pytest.fixture
def both() -> tuple[list[Task], dict[str, np.ndarray]]:
    chance = np.random.default_rng(1)
    themes, polarities = chance.integers(0, 6, 3000), chance.integers(0, 3, 3000)
    tasks = [task("primary_theme", 6, themes), task("sentiment", 3, polarities)]
    return tasks, {"primary_theme": answers(chance, themes, 6), "sentiment": answers(chance, polarities, 3)}


def kept_by(limits: dict[str, float], said: dict[str, np.ndarray]) -> np.ndarray:
    return np.all([said[name].max(axis=1) >= limit for name, limit in limits.items()], axis=0)


def test_limits_on_both_choices_together_keep_two_thirds_and_are_right_more_often(both: tuple[list[Task], dict[str, np.ndarray]]) -> None:
    tasks, said = both
    review = review_limits(tasks, said, np.ones(3000), FitConfig())
    kept = kept_by({"primary_theme": review.primary_theme, "sentiment": review.sentiment}, said)
    assert 0.67 <= kept.mean() < 0.75
    right = {one.name: said[one.name].argmax(axis=1) == one.gold.argmax(axis=1) for one in tasks}
    gained = {name: hits[kept].mean() - hits.mean() for name, hits in right.items()}
    assert gained["primary_theme"] > gained["sentiment"] >= 0
    assert gained["primary_theme"] > 0.05


def test_no_text_is_sent_away_when_all_are_right_as_often_as_wanted(both: tuple[list[Task], dict[str, np.ndarray]]) -> None:
    tasks, said = both
    review = review_limits(tasks, said, np.ones(3000), FitConfig(wanted_accuracy=0.3))
    assert kept_by({"primary_theme": review.primary_theme, "sentiment": review.sentiment}, said).all()


def test_a_text_that_counts_for_nothing_moves_no_limit(both: tuple[list[Task], dict[str, np.ndarray]]) -> None:
    tasks, said = both
    weights = np.where(np.arange(3000) < 2000, 1.0, 0.0)
    cut = [Task(t.name, t.labels, t.softmax, t.gold[:2000]) for t in tasks]
    alone = review_limits(cut, {name: p[:2000] for name, p in said.items()}, np.ones(2000), FitConfig())
    assert review_limits(tasks, said, weights, FitConfig()) == alone


def test_without_a_choice_that_somebody_labelled_nothing_is_sent_to_review() -> None:
    gold = np.full((10, 3), np.nan)
    review = review_limits([Task("sentiment", ("a", "b", "c"), True, gold)], {"sentiment": np.full((10, 3), 1 / 3)}, np.ones(10), FitConfig())
    assert (review.primary_theme, review.sentiment) == (0.0, 0.0)
