from models.classifier import Classifier
from models.occlusion import deciding_words


def test_the_words_without_which_the_label_is_less_likely_are_told(classifier: Classifier) -> None:
    text = "RT @untel: Vraiment, la #pénurie continue hélas chez nous"
    observed = classifier.observe(text)
    found = deciding_words(classifier, observed, "primary_theme")
    assert found[0].words == "#pénurie"
    assert [text[e.start : e.end] for e in found] == [e.words for e in found]
    (whole,) = classifier.answer([observed.cleaned.text])
    (without,) = classifier.answer(["Vraiment, la continue hélas chez nous"])
    at = classifier.model.heads["primary_theme"].labels.index(found[0].theme)
    assert found[0].weight == round(whole.probabilities["primary_theme"][at] - without.probabilities["primary_theme"][at], 4)
    assert [e.weight for e in found] == sorted((e.weight for e in found), reverse=True)


def test_a_labs_name_is_told_as_it_was_written(classifier: Classifier) -> None:
    for task in ("primary_theme", "sentiment", "adverse_event"):
        observed = classifier.observe("Biogaran !")
        assert {e.words for e in deciding_words(classifier, observed, task)} <= {"Biogaran"}


def test_adverse_events_are_told_by_the_words_that_report_them(classifier: Classifier) -> None:
    observed = classifier.observe("Depuis la piqûre j'ai des vertiges tous les matins")
    assert "vertiges" in {e.words for e in deciding_words(classifier, observed, "adverse_event")}


def test_a_task_that_the_model_was_not_made_for_and_an_empty_text_give_nothing(classifier: Classifier) -> None:
    assert deciding_words(classifier, classifier.observe("Rupture de stock"), "own") == ()
    assert deciding_words(classifier, classifier.observe("@untel https://t.co/x"), "sentiment") == ()
