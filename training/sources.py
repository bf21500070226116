"""What the shipped model learns from: the invented samples of seeds/ and, where it is at hand, the real text of ../shared/train."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp.labs import LabFinder
from nlp.medicines import MedicineFinder
from nlp.observe import Observer
from seeds.labs import INVENTED_LABS, LABS, read_labs
from seeds.medicines import INVENTED_MEDICINES, MEDICINES, read_medicines
from seeds.samples import SAMPLES, Sample, read_samples
from seeds.taxonomy import Taxonomy

__all__ = ["REAL_TRAIN", "TEST_LOTS", "Sources", "read_sources", "training_observer"]

REAL_TRAIN = Path(__file__).parents[2] / "shared" / "train" / "real.jsonl"
TEST_LOTS = SAMPLES.parent / "test_lots.txt"
"""The lots kept for testing, one name a line: no model that ships learns from them."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Samples to learn from, and the frozen seed test part."""

    invented: Sequence[Sample]
    real: Sequence[Sample]
    test: Sequence[Sample]


def read_sources(*, taxonomy: Taxonomy, real: Path | None = REAL_TRAIN) -> Sources:
    """Read every sample; ``real`` None, or a file that is not there, leaves the real text out."""
    test_lots = set(TEST_LOTS.read_text(encoding="utf-8").split())
    samples = list(read_samples(sorted(SAMPLES.glob("*.jsonl")), taxonomy=taxonomy))
    found = list(read_samples([real], taxonomy=taxonomy)) if real is not None and real.is_file() else []
    return Sources(
        invented=[s for s in samples if s.group not in test_lots],
        real=found,
        test=[s for s in samples if s.group in test_lots],
    )


def training_observer() -> Observer:
    """Return an observer that knows the invented labs and medicines too."""
    return Observer(
        labs=LabFinder(read_labs([LABS, INVENTED_LABS])),
        medicines=MedicineFinder(read_medicines([MEDICINES, INVENTED_MEDICINES])),
    )
