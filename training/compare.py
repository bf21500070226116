"""Two models on the same texts: the difference of each figure with a paired bootstrap by group, and in a plain sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.labels import Labels
from seeds.samples import Sample
from training.bootstrap import groups_of, measure
from training.parts import find_parts
from training.wording import Wording, wording

__all__ = ["Comparison", "Difference", "compare"]

_COMPARED = ("primary_theme", "themes", "sentiment", "adverse_event", "labs", "own")
_FIGURES = ("accuracy", "macro_f1", "micro_f1", "f1", "ece")


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of the new model less the old one's; ``low`` and ``high`` are None where the groups are too few to tell."""

    new: float
    old: float
    difference: float
    low: float | None
    high: float | None
    n: int
    smaller_is_better: bool = False

    @property
    def verdict(self) -> str:
        """``gain`` or ``loss`` beyond chance, ``chance``, ``same``, or ``unknown`` where the groups are too few to tell."""
        if self.low is None or self.high is None:
            return "unknown"
        if self.low == self.high == self.difference == 0:
            return "same"
        if self.low <= 0 <= self.high:
            return "chance"
        return "gain" if (self.low > 0) is not self.smaller_is_better else "loss"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences by figure, such as ``primary_theme.macro_f1``."""

    differences: Mapping[str, Difference]

    @property
    def losses(self) -> tuple[str, ...]:
        """The figures that are worse beyond chance: their whole interval lies on the wrong side of 0."""
        return tuple(name for name, difference in self.differences.items() if difference.verdict == "loss")

    def sentence(self, lang: str, *, yours: bool = True) -> str:
        """Return what a manager needs to know; ``yours`` tells whether the texts are the reader's own."""
        say = wording(lang)
        told = [name for name in self.differences if name.endswith(".accuracy")] or list(self.differences)[:1]
        sentences = [_sentence(name, self.differences[name], say, yours) for name in told]
        also = [_figure(name, say) for name in self.losses if name not in told]
        if also:
            sentences.append(say("compare.also_worse", figures=", ".join(also)))
        return " ".join(sentences) or say("compare.nothing")


def compare(samples: Sequence[Sample], new: Sequence[Labels], old: Sequence[Labels], *, seed: int) -> Comparison:
    """Return the differences between two models' answers on ``samples``, in the parts that both answer."""
    groups = groups_of(samples)
    ours, theirs = find_parts(samples, new), find_parts(samples, old)
    names = [name for name in _COMPARED if name in ours and name in theirs and ours[name].at == theirs[name].at]
    measured = measure([part[name] for name in names for part in (ours, theirs)], groups, seed=seed) if names else []
    differences = {}
    for name, mine, other in zip(names, measured[::2], measured[1::2], strict=True):
        for figure in _FIGURES:
            if figure in mine.whole and figure in other.whole:
                low, high = mine.gap(other, figure) or (None, None)
                differences[f"calibration.{name}_ece" if figure == "ece" else f"{name}.{figure}"] = Difference(
                    new=round(mine.whole[figure], 4),
                    old=round(other.whole[figure], 4),
                    difference=round(mine.whole[figure] - other.whole[figure], 4),
                    low=low,
                    high=high,
                    n=len(ours[name].at),
                    smaller_is_better=figure == "ece",
                )
    return Comparison(differences)


def _sentence(name: str, found: Difference, say: Wording, yours: bool) -> str:
    part = say(f"compare.part.{name.partition('.')[0]}")
    opening = say("compare.on_yours" if yours else "compare.on", n=say.number(found.n, 0))
    if found.verdict == "same":
        return say("compare.same", opening=opening, part=part)
    verdict = say(f"compare.verdict.{found.verdict}")
    if not name.endswith(".accuracy"):
        between = _between(found, say, scale=1, decimals=2)
        old, new = say.number(found.old), say.number(found.new)
        return say("compare.figure", opening=opening, figure=_figure(name, say), old=old, new=new, between=between, verdict=verdict)
    # Whole texts, unless that would round something to nothing.
    decimals = int(any(end is not None and 0 < abs(100 * end) < 1 for end in (found.difference, found.low, found.high)))
    count = say(f"compare.text.{say.plural(100 * found.difference)}", k=say.number(abs(100 * found.difference), decimals))
    direction = say("compare.up" if found.difference >= 0 else "compare.down")
    between = _between(found, say, scale=100, decimals=decimals)
    return say("compare.texts", opening=opening, count=count, direction=direction, part=part, between=between, verdict=verdict)


def _figure(name: str, say: Wording) -> str:
    part, _, measure = name.partition(".")
    if part == "calibration":
        part, measure = measure.removesuffix("_ece"), "ece"
    return f"{say(f'part.{part}')}, {say(f'measure.{measure}')}"


def _between(found: Difference, say: Wording, *, scale: int, decimals: int) -> str:
    if found.low is None or found.high is None:
        return ""
    ends = sorted((found.low, found.high), key=abs) if found.low * found.high > 0 else (found.low, found.high)
    low, high = (say.number(abs(scale * end), decimals) for end in ends)
    if found.low * found.high <= 0:
        low, high = say("compare.fewer", k=low), say("compare.more", k=high)
    return say("compare.between", low=low, high=high)
