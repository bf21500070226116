"""Our components for spaCy: cleaning, language, labs and medicines, to use in any French pipeline.

After ``import nlp.pipeline`` the factories ``pharmavoix_clean``, ``pharmavoix_language``, ``pharmavoix_labs`` and
``pharmavoix_medicines`` can be added to any ``Language``; `french_pipeline` gives a blank French one with all of them.
"""

from collections.abc import Iterable

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from nlp.clean import clean
from nlp.labs import default_lab_finder
from nlp.language import detect_language
from nlp.medicines import default_medicine_finder

__all__ = ["french_pipeline"]

for _name in ("cleaned", "language", "labs", "medicines"):
    if not Doc.has_extension(_name):
        Doc.set_extension(_name, default=None)
if not Span.has_extension("reason"):
    Span.set_extension("reason", default=None)


@Language.component("pharmavoix_clean", assigns=["doc._.cleaned"])
def add_cleaned(doc: Doc) -> Doc:
    """Put the cleaned text, with its offsets, in ``doc._.cleaned``."""
    doc._.cleaned = clean(doc.text)
    return doc


@Language.component("pharmavoix_language", assigns=["doc._.language"])
def add_language(doc: Doc) -> Doc:
    """Put the language's code, or None, in ``doc._.language``."""
    doc._.language = detect_language((doc._.cleaned or clean(doc.text)).text)
    return doc


@Language.component("pharmavoix_labs", assigns=["doc.spans", "doc._.labs"])
def add_labs(doc: Doc) -> Doc:
    """Put accepted labs in ``doc.spans["labs"]``, rejected ones in ``doc.spans["labs_rejected"]``, all in ``doc._.labs``."""
    doc._.labs = default_lab_finder().find(doc.text)
    for key, wanted in (("labs", True), ("labs_rejected", False)):
        mentions = [m for m in doc._.labs if m.accepted is wanted]
        doc.spans[key] = _spans(doc, ((m.start, m.end, m.lab) for m in mentions))
        for span, mention in zip(doc.spans[key], mentions, strict=True):
            span._.reason = mention.reason
    return doc


@Language.component("pharmavoix_medicines", assigns=["doc.spans", "doc._.medicines"])
def add_medicines(doc: Doc) -> Doc:
    """Put medicines in ``doc.spans["medicines"]`` and ``doc._.medicines``."""
    doc._.medicines = default_medicine_finder().find(doc.text)
    doc.spans["medicines"] = _spans(doc, ((m.start, m.end, m.medicine) for m in doc._.medicines))
    return doc


def _spans(doc: Doc, places: Iterable[tuple[int, int, str]]) -> list[Span]:
    # A handle or hashtag can end inside one of spaCy's tokens: the span then takes the whole token.
    found = (doc.char_span(start, end, label=label, alignment_mode="expand") for start, end, label in places)
    return [span for span in found if span is not None]


def french_pipeline() -> Language:
    """Return a blank French pipeline with sentences and all our components.

    Examples
    --------
    >>> doc = french_pipeline()("Sanofi rappelle un lot. La Roche-sur-Yon attend.")
    >>> [(span.text, span.label_) for span in doc.spans["labs"]], len(list(doc.sents))
    ([('Sanofi', 'sanofi')], 2)
    """
    language = spacy.blank("fr")
    for name in ("sentencizer", "pharmavoix_clean", "pharmavoix_language", "pharmavoix_labs", "pharmavoix_medicines"):
        language.add_pipe(name)
    return language
