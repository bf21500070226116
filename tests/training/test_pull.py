import numpy as np
import pytest
from scipy import sparse

from models.heads import sigmoid, softmax
from training.fit import Task
from training.pull import Inputs, PullConfig, fit_pulled

WIDTH, WORDS = 6, 4
NOTHING_UNKNOWN = np.zeros(3, dtype=bool)


def inputs(count: int, *, seed: int) -> Inputs:
    chance = np.random.default_rng(seed)
    return Inputs(chance.normal(size=(count, WIDTH)), sparse.csr_matrix(chance.random((count, WORDS)) * (chance.random((count, WORDS)) < 0.4)))


def parent(*, labels: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    return chance.normal(size=(labels, WIDTH + WORDS)), chance.normal(size=labels)


def one_hot(choice: np.ndarray, labels: int = 3) -> np.ndarray:
    return np.eye(labels)[choice]


def right(where: Inputs, gold: np.ndarray, weights: np.ndarray, intercept: np.ndarray) -> float:
    return float((where.logits(weights, intercept).argmax(axis=1) == gold).mean())


def test_samples_that_say_what_the_parent_says_change_no_answer() -> None:
    start, new, old = parent(), inputs(60, seed=1), inputs(400, seed=2)
    task = Task("sentiment", ("a", "b", "c"), True, softmax(new.logits(*start)))
    found = fit_pulled(task, new, anchors=None, anchor_gold=None, start=start, unknown=NOTHING_UNKNOWN, config=PullConfig())
    assert right(old, old.logits(*start).argmax(axis=1), *found) > 0.97


@pytest.mark.parametrize("with_anchors", [True, False])
def test_new_samples_teach_while_old_answers_stay(with_anchors: bool) -> None:
    start, old = parent(), inputs(800, seed=2)
    answers = old.logits(*start).argmax(axis=1)
    new = inputs(200, seed=3)
    new.vectors[:, 0] += 6.0  # a kind of text that the parent never met, and answers at random
    gold = np.full(200, 1)
    task = Task("sentiment", ("a", "b", "c"), True, one_hot(gold))
    anchors, said = (old.rows(np.arange(400)), one_hot(answers[:400])) if with_anchors else (None, None)
    found = fit_pulled(task, new, anchors=anchors, anchor_gold=said, start=start, unknown=NOTHING_UNKNOWN, config=PullConfig())
    assert right(new, gold, *found) > max(0.9, right(new, gold, *start) + 0.1)
    kept = right(old.rows(np.arange(400, 800)), answers[400:], *found)
    assert kept > (0.75 if with_anchors else 0.5)


def test_anchors_hold_what_the_pull_alone_lets_go() -> None:
    start, old = parent(), inputs(800, seed=2)
    answers = old.logits(*start).argmax(axis=1)
    new = inputs(300, seed=3)
    task = Task("sentiment", ("a", "b", "c"), True, one_hot(np.full(300, 1)))

    def kept(anchors: Inputs | None, gold: np.ndarray | None) -> float:
        found = fit_pulled(task, new, anchors=anchors, anchor_gold=gold, start=start, unknown=NOTHING_UNKNOWN, config=PullConfig(new_weight=1.0))
        return right(old.rows(np.arange(400, 800)), answers[400:], *found)

    assert kept(old.rows(np.arange(400)), one_hot(answers[:400])) > kept(None, None)


def test_a_label_that_nobody_gave_in_a_sample_teaches_nothing() -> None:
    start, new = parent(), inputs(50, seed=1)
    gold = np.full((50, 3), np.nan)
    task = Task("themes", ("a", "b", "c"), False, gold)
    weights, intercept = fit_pulled(task, new, anchors=None, anchor_gold=None, start=start, unknown=NOTHING_UNKNOWN, config=PullConfig())
    assert np.allclose(weights, start[0]) and np.allclose(intercept, start[1])


def test_a_label_unknown_to_the_parent_is_learned_beside_its_own() -> None:
    weights, intercept = parent(labels=2)
    start = np.vstack([weights, np.zeros((1, WIDTH + WORDS))]), np.append(intercept, -2.0)
    new, old = inputs(300, seed=4), inputs(300, seed=5)
    added = (new.vectors[:, 1] > 0.5).astype(float)
    gold = np.hstack([sigmoid(new.logits(weights, intercept)) > 0.5, added[:, None]]).astype(float)
    task = Task("sub_themes", ("a", "b", "new"), False, gold)
    said = np.hstack([sigmoid(old.logits(weights, intercept)) > 0.5, np.zeros((300, 1))]).astype(float)
    unknown = np.array([False, False, True])
    found = fit_pulled(task, new, anchors=old, anchor_gold=said, start=start, unknown=unknown, config=PullConfig())
    logits = old.logits(*found)
    assert ((logits[:, 2] > 0) == (old.vectors[:, 1] > 0.5)).mean() > 0.85
    assert ((logits[:, :2] > 0) == (old.logits(weights, intercept) > 0)).mean() > 0.9
