import pytest
import spacy
from spacy.language import Language

import nlp.pipeline
from nlp.clean import clean
from nlp.labs import default_lab_finder

FACTORIES = ("pharmavoix_clean", "pharmavoix_language", "pharmavoix_labs", "pharmavoix_medicines")


@pytest.fixture(scope="module")
def theirs() -> Language:
    """Someone else's pipeline: other components before and after ours."""
    language = spacy.blank("fr")
    language.add_pipe("entity_ruler").add_patterns([{"label": "VILLE", "pattern": "Lyon"}])  # type: ignore[attr-defined]
    for name in FACTORIES:
        language.add_pipe(name)
    language.add_pipe("sentencizer")
    return language


def test_our_factories_stand_beside_someone_elses(theirs: Language) -> None:
    doc = theirs("À Lyon, Sanofi recrute. Le Doliprane manque.")
    assert [(span.text, span.label_) for span in doc.ents] == [("Lyon", "VILLE")]
    assert [(span.text, span.label_) for span in doc.spans["labs"]] == [("Sanofi", "sanofi")]
    assert [(span.text, span.label_) for span in doc.spans["medicines"]] == [("Doliprane", "doliprane")]
    assert len(list(doc.sents)) == 2


@pytest.mark.parametrize("name", FACTORIES)
def test_each_component_works_alone(name: str) -> None:
    language = spacy.blank("fr")
    language.add_pipe(name)
    assert language("Merci @SanofiFR pour le Doliprane.").text.startswith("Merci")


def test_a_rejected_lab_keeps_its_reason(theirs: Language) -> None:
    doc = theirs("J'habite rue Roche depuis toujours.")
    assert list(doc.spans["labs"]) == []
    (span,) = doc.spans["labs_rejected"]
    assert (span.text, "street" in span._.reason) == ("Roche", True)


def test_components_say_what_the_functions_say(theirs: Language) -> None:
    text = "RT @SanofiFR: #StopSanofi &amp; rupture de Doliprane à la pharmacie"
    doc = theirs(text)
    assert doc.text == text
    assert doc._.labs == default_lab_finder().find(text)
    assert doc._.cleaned == clean(text)
    assert doc._.language == "fr"


def test_many_texts_pass_through_pipe(theirs: Language) -> None:
    docs = list(theirs.pipe(["Pfizer recrute", "", "Il pleut"], batch_size=2))
    assert [len(doc.spans["labs"]) for doc in docs] == [1, 0, 0]


def test_a_span_inside_a_token_takes_the_whole_token(theirs: Language) -> None:
    doc = theirs("Vive Pfizer_2021 !")
    assert [span.text for span in doc.spans["labs"]] == ["Pfizer_2021"]
    assert [mention.surface for mention in doc._.labs] == ["Pfizer"]


def test_a_pipeline_with_ours_can_be_rebuilt_from_its_config() -> None:
    copy = spacy.blank("fr")
    for name in FACTORIES:
        copy.add_pipe(name)
    loaded = spacy.blank("fr").from_config(copy.config)
    assert loaded.pipe_names == list(FACTORIES)
    doc = loaded("Ipsen recrute")
    assert [span.label_ for span in doc.spans["labs"]] == ["ipsen"]


def test_our_own_pipeline_has_all_components() -> None:
    assert nlp.pipeline.french_pipeline().pipe_names == ["sentencizer", *FACTORIES]
