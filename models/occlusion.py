"""The words that decided, by occlusion: each word is taken away in turn, and the text is read again."""

import re

from models.classifier import Answer, Classifier
from models.labels import Evidence
from nlp.observe import Observations

__all__ = ["deciding_words"]

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*'?")
_MOST = 3  # words returned
_LEAST = 0.01  # of probability lost, to count


def deciding_words(classifier: Classifier, observed: Observations, task: str) -> tuple[Evidence, ...]:
    """Return the words without which the likeliest label of ``task`` loses most probability, the most telling first.

    The spans lie in the original text; ``weight`` is the probability lost. Costs as many readings as the text has words:
    it is meant for one text, or for a few short ones. A task that the model was not made for gives nothing.
    """
    text = observed.cleaned.text
    words = [match.span() for match in _WORD.finditer(text)]
    whole, *without = classifier.answer([text, *(" ".join((text[:start] + text[end:]).split()) for start, end in words)])
    if task not in whole.probabilities:
        return ()
    at = max(range(len(whole.probabilities[task])), key=whole.probabilities[task].__getitem__)
    label = classifier.model.heads[task].labels[at]

    def lost(answer: Answer) -> float:
        return round(whole.probabilities[task][at] - answer.probabilities[task][at], 4)

    telling = sorted(zip(map(lost, without), words, strict=True), key=lambda pair: (-pair[0], pair[1]))
    found = []
    for weight, (start, end) in telling[:_MOST]:
        if weight >= _LEAST:
            first, last = observed.cleaned.original(start, end)
            found.append(Evidence(label, first, last, observed.text[first:last], weight))
    return tuple(found)
