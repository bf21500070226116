from models.classifier import Classifier
from nlp.labs import default_lab_finder
from nlp.observe import joined
from seeds.labs import read_labs
from seeds.taxonomy import read_taxonomy
from training.sources import read_sources
from training.swap import swap_labs


def test_a_swapped_text_names_other_labs_in_the_same_form() -> None:
    text = "Merci @SanofiFR ! #Sanofi et pfizer aussi"
    swapped = swap_labs(text, default_lab_finder().find(text), read_labs(), seed=1)
    labs = [m.lab for m in default_lab_finder().find(swapped)]
    assert len(labs) == 3
    assert labs[0] == labs[1] != labs[2]
    assert not {"sanofi", "pfizer"} & set(labs)


def test_swapping_labs_changes_the_primary_theme_of_two_percent_at_most(classifier: Classifier) -> None:
    """On held-out texts that name a lab: the name decides nothing."""
    registry, finder = read_labs(), default_lab_finder()
    texts = [joined(s.title, s.text) for s in read_sources(taxonomy=read_taxonomy(), real=None).test]
    pairs = [(text, swap_labs(text, finder.find(text), registry, seed=at)) for at, text in enumerate(texts)]
    pairs = [(text, swapped) for text, swapped in pairs if swapped != text][:300]
    assert len(pairs) >= 200
    before = [labels.primary_theme for labels in classifier.pipe(text for text, _ in pairs)]
    after = [labels.primary_theme for labels in classifier.pipe(text for _, text in pairs)]
    changed = sum(a != b for a, b in zip(before, after, strict=True))
    assert changed / len(pairs) <= 0.02
