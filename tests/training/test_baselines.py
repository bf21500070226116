import pytest

from nlp.fold import fold_words
from seeds.samples import Sample
from seeds.taxonomy import read_taxonomy
from tests.training.answers import answer
from training.baselines import by_keywords, by_majority, keyword_labels
from training.keywords import ADVERSE_EVENT, NEGATIVE, POSITIVE, THEMES
from training.parts import find_parts


@pytest.mark.parametrize(("text", "theme", "sentiment"), [
    ("Plan social : 300 suppressions de postes à l'usine, quelle honte", "industry", "negative"),
    ("Octobre rose : bravo aux bénévoles, la collecte continue", "causes", "positive"),
    ("Bonne fête à toutes les mamans", "other", "neutral"),
    ("Le laboratoire jugé pour tromperie, un scandale", "scandals", "negative"),
])  # fmt: skip
def test_keywords_decide_theme_and_polarity(text: str, theme: str, sentiment: str) -> None:
    said = keyword_labels(text)
    assert (said["primary_theme"], said["sentiment"]) == ((theme,), (sentiment,))


def test_a_keyword_is_a_whole_word() -> None:
    assert keyword_labels("Prixtime")["primary_theme"] == ("other",)


def test_keyword_lists_are_folded_sorted_and_know_the_taxonomys_themes() -> None:
    for words in (*THEMES.values(), NEGATIVE, POSITIVE, ADVERSE_EVENT):
        assert list(words) == sorted(set(words)) == [fold_words(word) for word in words]
    assert {*THEMES, "other"} == set(read_taxonomy().theme_ids)


def test_the_commonest_label_is_that_of_the_training_texts_where_it_is_known() -> None:
    samples = [Sample(str(i), f"texte {i}", sentiment="neutral" if i < 15 else "negative", adverse_event=False) for i in range(20)]
    parts = find_parts(samples, [answer(sentiment="neutral", event=False) for _ in samples])
    known = by_majority(parts, {"sentiment": {"negative": 9, "neutral": 3}})
    assert (known["sentiment"]["label"], known["sentiment"]["commonest_of"], known["sentiment"]["accuracy"]) == ("negative", "training", 0.25)
    unknown = by_majority(parts, {})
    assert (unknown["sentiment"]["label"], unknown["sentiment"]["commonest_of"], unknown["sentiment"]["accuracy"]) == ("neutral", "test", 0.75)
    assert unknown["adverse_event"]["recall"] == 0.0


def test_keywords_say_nothing_of_labels_they_do_not_know() -> None:
    samples = [Sample(str(i), f"texte {i}", primary_theme="access", sentiment="neutral") for i in range(3)]
    parts = find_parts(samples, [answer(theme="industry", sentiment="neutral") for _ in samples])
    assert set(by_keywords(parts, [s.text for s in samples])) == {"sentiment"}
