import pytest

from training.metrics import binary_figures, expected_calibration_error, multi_label_figures, set_figures, single_label_figures


def test_a_label_with_fewer_than_ten_cases_is_counted_not_scored() -> None:
    figures = single_label_figures(["a"] * 10 + ["b"] * 9, ["a"] * 19)
    assert figures["labels_averaged"] == ["a"]
    assert figures["per_label"]["b"] == {"count": 9, "note": "too few"}
    assert figures["macro_f1"] == pytest.approx(20 / 29, abs=1e-4)


def test_macro_f1_is_the_mean_over_labels_and_accuracy_over_texts() -> None:
    figures = single_label_figures(["a"] * 30 + ["b"] * 10, ["a"] * 30 + ["a"] * 5 + ["b"] * 5)
    assert figures["accuracy"] == 0.875
    assert figures["macro_f1"] == pytest.approx((60 / 65 + 2 / 3) / 2, abs=1e-4)


def test_multi_label_figures_count_each_label_on_its_own() -> None:
    figures = multi_label_figures([("a", "b")] * 10, [("a",)] * 10)
    assert (figures["macro_f1"], figures["micro_f1"]) == (0.5, pytest.approx(2 / 3, abs=1e-4))


def test_binary_and_set_figures() -> None:
    assert binary_figures([True, True, False], [True, False, True]) == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "count": 2}
    assert set_figures([("x", "y")], [("x", "z")])["f1"] == 0.5


def test_calibration_error_is_nil_when_confidence_is_the_share_right_and_large_when_not() -> None:
    sure = [{"a": 0.75, "b": 0.25}] * 4
    assert expected_calibration_error(sure, ["a", "a", "a", "b"]) == 0.0
    assert expected_calibration_error(sure, ["b"] * 4) == 0.75
