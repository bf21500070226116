import pytest

from seeds.errors import PharmavoixError
from training.gates import check_gates, parse_gate

FIGURES = {
    "n": 50,
    "sentiment": {"n": 50, "accuracy": 0.7, "macro_f1": None, "per_label": {"a.b=c": {"f1": 0.4}}, "accuracy_ci": [0.6, 0.8]},
    "calibration": {"sentiment_ece": 0.1},
    "slices": {"voice": {"owned": {"n": 30, "sentiment": {"accuracy": 0.9}}}},
}


@pytest.mark.parametrize(("text", "message"), [
    ("sentiment.macro_f1", "expected PART.FIGURE=MINIMUM"),
    ("sentiment=0.7", "expected PART.FIGURE=MINIMUM"),
    ("sentimant.macro_f1=0.7", "a part among adverse_event, labs, own, primary_theme"),
    ("sentiment.macro_f1=70", "'70' is no minimum. Give a number between 0 and 1"),
    ("sentiment.macro_f1=0,7", "'0,7' is no minimum"),
    ("sentiment.macro_f1=nan", "'nan' is no minimum"),
    ("calibration.sentiment_ece=0.1", "better when smaller"),
])  # fmt: skip
def test_a_malformed_gate_is_refused_with_what_is_accepted(text: str, message: str) -> None:
    with pytest.raises(PharmavoixError, match="gate ") as caught:
        parse_gate(text)
    assert message in str(caught.value)


def test_a_gate_is_met_at_its_minimum_and_not_below() -> None:
    met, missed = check_gates(FIGURES, [("sentiment.accuracy", 0.7), ("slices.voice.owned.sentiment.accuracy", 0.91)])
    assert (met.is_met, missed.is_met) == (True, False)
    assert str(missed) == "slices.voice.owned.sentiment.accuracy is 0.9, below 0.91"


def test_a_label_may_hold_points_and_equal_signs() -> None:
    (gate,) = check_gates(FIGURES, [parse_gate("sentiment.per_label.a.b=c.f1=0.3")])
    assert gate.found == 0.4


@pytest.mark.parametrize("path", ["sentiment.macro_f1", "sentiment.f2", "labs.f1"])
def test_a_figure_that_does_not_exist_is_refused_with_those_that_do(path: str) -> None:
    with pytest.raises(PharmavoixError, match=r"no such figure in this evaluation .* Choose among sentiment\.accuracy, "):
        check_gates(FIGURES, [(path, 0.5)])
