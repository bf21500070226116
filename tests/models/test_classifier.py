import pytest

from models.classifier import Classifier

TEXTS = [
    "Sanofi supprime 300 postes sur ses sites français, les syndicats appellent à la grève",
    "Trois jours au lit après la deuxième dose, bras gonflé et fièvre, merci bien",
    "Don du sang samedi de 8h à 13h à la salle des fêtes, venez nombreux",
    "Servier condamné en appel dans l'affaire du Mediator",
    "ok",
]


def test_labels_and_probabilities_do_not_depend_on_the_batch(classifier: Classifier) -> None:
    alone = [classifier(text) for text in TEXTS]
    together = list(classifier.pipe([*TEXTS, "long " * 3000, *TEXTS[::-1]]))
    assert together[: len(TEXTS)] == alone
    assert together[len(TEXTS) + 1 :] == alone[::-1]


def test_probabilities_of_one_choice_sum_to_one(classifier: Classifier) -> None:
    for labels in classifier.pipe(TEXTS):
        assert sum(labels.p_theme.values()) == pytest.approx(1.0, abs=5e-4)
        assert sum(labels.p_sentiment.values()) == pytest.approx(1.0, abs=5e-4)


def test_the_likeliest_theme_is_primary_and_among_the_themes(classifier: Classifier) -> None:
    for labels in classifier.pipe(TEXTS):
        assert labels.primary_theme == max(labels.p_theme, key=labels.p_theme.__getitem__)
        assert labels.primary_theme in labels.themes
        assert "other" not in labels.themes or labels.themes == ("other",)


def test_evidence_is_a_piece_of_the_original_text(classifier: Classifier) -> None:
    text = "RT @user: #Scandale ! Servier condamnée… &amp; les victimes du Mediator attendent 😡"
    labels = classifier(text)
    assert labels.evidence
    assert all(text[e.start : e.end] == e.words for e in labels.evidence)


@pytest.mark.parametrize(
    ("text", "theme"),
    [
        ("Sanofi va supprimer 1 200 emplois en France d'ici deux ans", "industry"),
        ("Rupture de stock d'amoxicilline dans toutes les pharmacies de la ville", "industry"),
        ("Grande collecte de sang jeudi à la mairie, on a besoin de vous", "causes"),
        ("Procès du Mediator : Servier reconnu coupable de tromperie aggravée", "scandals"),
        ("Résultats de phase 3 très encourageants pour ce nouveau vaccin expérimental", "innovation"),
        ("Je vis avec un diabète de type 1 depuis mes 12 ans, piqûres matin midi et soir", "pathologies"),
        ("Le match de samedi est reporté à cause de la neige", "other"),
    ],
)
def test_plain_cases_are_right(classifier: Classifier, text: str, theme: str) -> None:
    assert classifier(text).primary_theme == theme


def test_a_text_in_another_language_is_labelled_and_sent_to_review(classifier: Classifier) -> None:
    labels = classifier("The company announced that the clinical trial met its primary endpoint this morning")
    assert labels.language == "en"
    assert labels.needs_review
    assert labels.primary_theme is not None


@pytest.mark.parametrize("text", ["😀😀😀", "https://t.co/abc", "\u202e\u202d", " ", "?!"])
def test_a_text_without_words_is_answered_and_sent_to_review_or_doubted(classifier: Classifier, text: str) -> None:
    assert classifier(text).primary_theme in classifier.model.heads["primary_theme"].labels


def test_each_lab_named_gets_a_polarity(classifier: Classifier) -> None:
    labels = classifier("Pfizer et Moderna livrent plus de doses que prévu")
    assert labels.labs == ("pfizer", "moderna")
    assert labels.sentiment_by_lab.keys() == {"pfizer", "moderna"}
