"""Agreement between annotators."""

import pytest

from seeds.samples import Sample
from training.agreement import Agreement, agreement, agreement_lines, nominal_alpha


def said(text: str, annotator: str | None, **labels: object) -> Sample:
    return Sample(id="1", text=text, annotator=annotator, **labels)  # type: ignore[arg-type]


def units(*observers: str) -> list[list[str]]:
    """Turn one row of answers an observer, a dot where there is none, into units with two answers or more."""
    columns = [[answer for answer in column if answer != "."] for column in zip(*observers, strict=True)]
    return [column for column in columns if len(column) > 1]


@pytest.mark.parametrize(("observers", "alpha"), [
    (("0100000000", "1110010010"), 0.095),
    (("aabbdcccedda", "babbbccceddd"), 0.692),
    (("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
], ids=["binary", "two observers", "four observers with gaps"])  # fmt: skip
def test_alpha_is_that_of_krippendorffs_published_examples(observers: tuple[str, ...], alpha: float) -> None:
    found = nominal_alpha(units(*observers))
    assert found == pytest.approx(alpha, abs=0.0006)


def test_fields_are_measured_on_texts_that_two_annotators_labelled() -> None:
    found = agreement([
        said("Un", "anne", sentiment="negative", adverse_event=True), said("UN", "bruno", sentiment="negative"),
        said("Deux", "anne", sentiment="neutral"), said("Deux", "chloé", sentiment="positive"),
        said("Trois", "anne", sentiment="neutral"),
    ])  # fmt: skip
    assert [(each.field, each.texts, each.annotators, each.raw) for each in found] == [("sentiment", 2, 3, 0.5)]


def test_perfect_agreement_is_one_and_its_reverse_below_zero() -> None:
    def alpha(*answers: tuple[str, str]) -> float | None:
        anne = [said(f"texte {n}", "anne", primary_theme=theme) for n, (theme, _) in enumerate(answers)]
        bruno = [said(f"texte {n}", "bruno", primary_theme=theme) for n, (_, theme) in enumerate(answers)]
        return agreement(anne + bruno)[0].alpha

    assert alpha(("causes", "causes"), ("industry", "industry")) == 1
    reversed_answers = alpha(("causes", "industry"), ("industry", "causes"))
    assert reversed_answers is not None and reversed_answers < 0


def test_themes_are_measured_one_by_one_with_their_mean() -> None:
    found = {a.field: a for a in agreement([
        said("Un", "anne", themes=("causes", "industry")), said("Un", "bruno", themes=("causes",)),
        said("Deux", "anne", themes=("industry",)), said("Deux", "bruno", themes=("industry",)),
    ])}  # fmt: skip
    assert [*found] == ["themes", "themes:causes", "themes:industry"]
    assert (found["themes:causes"].raw, found["themes:causes"].alpha, found["themes:industry"].raw) == (1, 1, 0.5)
    assert found["themes"].alpha == pytest.approx((1 + found["themes:industry"].alpha) / 2)  # type: ignore[operator]


@pytest.mark.parametrize(("answers", "texts"), [([True], 1), ([True, True], 2)])
def test_alpha_is_not_known_from_one_text_or_without_variation(answers: list[bool], texts: int) -> None:
    read = [said(f"texte {n}", who, adverse_event=answer) for n, answer in enumerate(answers) for who in ("anne", "bruno")]
    assert agreement(read) == [Agreement("adverse_event", texts, 2, 1.0, None)]


def test_labels_of_ones_own_are_compared_as_sets() -> None:
    read = [said("Un", "anne", own=("a", "b")), said("Un", "bruno", own=("b", "a"))]
    read += [said("Deux", who, own=("a",)) for who in ("anne", "bruno")]
    assert agreement(read) == [Agreement("own", 2, 2, 1.0, 1.0)]


def test_one_annotator_twice_is_no_agreement() -> None:
    assert agreement([said("Un", "anne", sentiment="neutral"), said("Un", "anne", sentiment="positive")]) == []
    assert agreement([said("Un", None, sentiment="neutral"), said("Un", None, sentiment="positive")]) == []


def test_agreement_is_told_in_lines() -> None:
    assert agreement_lines([]) == ["agreement: no text was labelled by two annotators"]
    lines = agreement_lines([Agreement("own", 1, 2, 1.0, None), Agreement("sentiment", 9, 2, 1.0, None)])
    assert [line.split(",")[0] for line in lines] == ["own: alpha not known (too few texts)", "sentiment: alpha not known (one answer only)"]
