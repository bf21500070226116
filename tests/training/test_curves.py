import pytest

from training.curves import coverage, precision_recall, reliability, threshold_table, wilson


def test_average_precision_is_the_mean_precision_at_each_case_found() -> None:
    found = precision_recall([0.9, 0.8, 0.7, 0.6], [True, False, True, False])
    assert found["average_precision"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-4)
    assert found["points"][0] == {"recall": 0.5, "precision": 1.0, "threshold": 0.9}
    assert found["points"][-1]["recall"] == 1.0


def test_texts_with_one_score_are_flagged_together() -> None:
    assert precision_recall([0.5, 0.5, 0.5, 0.5], [True, False, False, False])["points"] == [{"recall": 1.0, "precision": 0.25, "threshold": 0.5}]


def test_the_models_own_threshold_is_in_the_table_and_marked() -> None:
    table = threshold_table([0.1, 0.13, 0.6, 0.9], [False, True, False, True], own=0.12)
    (own,) = [row for row in table if row["own"]]
    assert own == {"threshold": 0.12, "precision": 0.6667, "recall": 1.0, "f1": 0.8, "flagged": 0.75, "own": True}
    assert [row["threshold"] for row in table] == sorted(row["threshold"] for row in table)
    assert table[-1] == {"threshold": 0.95, "precision": None, "recall": 0.0, "f1": 0.0, "flagged": 0.0, "own": False}


def test_reliability_counts_each_answer_once_in_its_bin() -> None:
    bins = reliability([0.55, 0.59, 1.0], [True, False, True])
    assert [(b["from"], b["count"], b["confidence"], b["accuracy"]) for b in bins] == [(0.5, 2, 0.57, 0.5), (0.9, 1, 1.0, 1.0)]
    assert (bins[0]["low"], bins[0]["high"]) == wilson(1, 2)


def test_coverage_falls_and_the_models_own_choice_is_told_apart() -> None:
    confidence = [0.4] * 20 + [0.9] * 20
    found = coverage(confidence, [False] * 20 + [True] * 20, [True] * 10 + [False] * 30)
    assert found["points"] == [{"limit": 0.0, "kept": 1.0, "accuracy": 0.5}, {"limit": 0.45, "kept": 0.5, "accuracy": 1.0}]
    assert found["own"] == {"kept": 0.75, "accuracy": 0.6667}


def test_an_accuracy_of_no_text_is_unknown() -> None:
    assert coverage([0.4], [True], [True])["own"] == {"kept": 0.0, "accuracy": None}
