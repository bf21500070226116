"""How often each label stands in samples, by task: what a model states of its training texts, and a report sets beside a test's."""

from collections import Counter
from collections.abc import Mapping, Sequence

from models.store import OWN
from seeds.samples import Sample

__all__ = ["label_counts"]


def label_counts(samples: Sequence[Sample], before: Mapping[str, Mapping[str, int]] | None = None) -> dict[str, dict[str, int]]:
    """Return the counts by task and label, those of ``before`` included.

    Examples
    --------
    >>> label_counts([Sample(id="1", text="Merci", sentiment="positive")], {"sentiment": {"positive": 2}})
    {'sentiment': {'positive': 3}}
    """
    counts = {task: Counter(labels) for task, labels in (before or {}).items()}
    for task in ("primary_theme", "themes", "sub_themes", "sentiment", "adverse_event", OWN):
        for sample in samples:
            given = getattr(sample, task)
            if given is not None:
                counts.setdefault(task, Counter()).update(given if isinstance(given, tuple) else [str(given).lower()])
    return {task: dict(sorted(found.items())) for task, found in counts.items()}
