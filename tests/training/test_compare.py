import pytest

from models.labels import Labels
from seeds.samples import Sample
from tests.training.answers import answer
from training.compare import Comparison, Difference, compare

SAMPLES = [Sample(str(i), f"texte {i}", primary_theme="industry", sentiment="neutral", adverse_event=i < 20) for i in range(200)]


def right_on(themes: int, *, p: float = 0.8, polarities: int = 100) -> list[Labels]:
    polarity = ["neutral" if i < polarities else "positive" for i in range(200)]
    return [answer(theme="industry" if i < themes else "other", sentiment=polarity[i], p=p, event=i < 20) for i in range(200)]


def test_equal_answers_differ_in_nothing() -> None:
    found = compare(SAMPLES, right_on(150), right_on(150), seed=1)
    assert {d.difference for d in found.differences.values()} == {0.0}
    assert {d.verdict for d in found.differences.values()} == {"same"}
    assert found.losses == ()
    assert "aucune différence" in found.sentence("fr")


def test_a_gain_beyond_chance_is_called_real_with_its_interval() -> None:
    found = compare(SAMPLES, right_on(160), right_on(140), seed=1)
    accuracy = found.differences["primary_theme.accuracy"]
    assert (accuracy.new, accuracy.old, accuracy.difference, accuracy.n) == (0.8, 0.7, 0.1, 200)
    assert accuracy.low is not None and accuracy.high is not None and 0 < accuracy.low < 0.1 < accuracy.high
    assert accuracy.verdict == "gain"
    assert found.sentence("fr").startswith("Sur vos 200 textes, le nouveau modèle classe juste 10 textes de plus sur 100 que l’ancien")
    assert "le progrès est réel" in found.sentence("fr")
    assert found.sentence("en", yours=False).startswith("Of 200 texts, the new model gets 10 texts more in 100 right")


def test_a_loss_beyond_chance_is_among_the_losses() -> None:
    found = compare(SAMPLES, right_on(140), right_on(160), seed=1)
    assert "primary_theme.accuracy" in found.losses
    assert "10 textes de moins sur 100" in found.sentence("fr")
    assert "le recul est réel" in found.sentence("fr")


def test_a_small_difference_may_be_due_to_chance() -> None:
    found = compare(SAMPLES, right_on(151), right_on(150), seed=1)
    assert found.losses == ()
    assert "peut être due au hasard" in found.sentence("fr")


def test_a_smaller_calibration_error_is_a_gain_and_a_larger_one_a_loss() -> None:
    sure, honest = right_on(150, p=0.99), right_on(150, p=0.75)
    assert compare(SAMPLES, honest, sure, seed=1).differences["calibration.primary_theme_ece"].verdict == "gain"
    assert "calibration.primary_theme_ece" in compare(SAMPLES, sure, honest, seed=1).losses
    assert "thème principal, erreur de calibration" in compare(SAMPLES, sure, honest, seed=1).sentence("fr")


def test_pairing_sees_a_difference_that_two_intervals_apart_would_hide() -> None:
    # The new model is right wherever the old one is, and on ten more texts.
    found = compare(SAMPLES, right_on(110), right_on(100), seed=1)
    assert found.differences["primary_theme.accuracy"].verdict == "gain"


def test_only_parts_that_both_models_answer_are_compared() -> None:
    themes_only = [answer(theme="industry") for _ in SAMPLES]
    assert not any(name.startswith(("sentiment", "adverse")) for name in compare(SAMPLES, right_on(150), themes_only, seed=1).differences)
    assert compare(SAMPLES, [answer() for _ in SAMPLES], themes_only, seed=1).differences == {}
    assert "aucune question commune" in Comparison({}).sentence("fr")


def test_with_few_groups_nothing_is_claimed() -> None:
    samples = [Sample(str(i), f"texte {i}", primary_theme="industry", group=f"lot {i % 4}") for i in range(200)]
    found = compare(samples, right_on(100), right_on(200), seed=1)
    assert found.differences["primary_theme.accuracy"].verdict == "unknown"
    assert found.losses == ()
    assert "trop peu nombreux" in found.sentence("fr")


def test_labels_of_ones_own_are_compared() -> None:
    samples = [Sample(str(i), f"texte {i}", own=("devis",)) for i in range(100)]
    new, old = ([answer(own=("devis" if i < n else "plainte",), own_labels=("devis", "plainte")) for i in range(100)] for n in (90, 60))
    assert compare(samples, new, old, seed=1).differences["own.accuracy"].verdict == "gain"


@pytest.mark.parametrize(("low", "high", "told"), [
    (0.031, 0.092, "(entre 3 et 9)"),
    (-0.092, -0.031, "(entre 3 et 9)"),
    (-0.02, 0.05, "(entre 2 de moins et 5 de plus)"),
    (0.004, 0.092, "(entre 0,4 et 9,2)"),
])  # fmt: skip
def test_an_interval_is_told_in_texts(low: float, high: float, told: str) -> None:
    found = Comparison({"sentiment.accuracy": Difference(0.7, 0.6, (low + high) / 2, low, high, 480)})
    assert told in found.sentence("fr")


def test_without_accuracies_the_first_figure_is_told() -> None:
    found = Comparison({"adverse_event.f1": Difference(0.7, 0.6, 0.1, 0.02, 0.15, 480)})
    assert "« effet indésirable, F1 » de 0,60 à 0,70 (entre 0,02 et 0,15)" in found.sentence("fr").replace("\u00a0", " ")
