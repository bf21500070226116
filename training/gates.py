"""Gates: figures of a report that must reach a minimum, such as ``sentiment.macro_f1=0.7``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seeds.errors import PharmavoixError
from training.parts import PARTS

__all__ = ["Gate", "check_gates", "parse_gate"]

_SECTIONS = (*PARTS, "slices")
_LISTED = ("accuracy", "macro_f1", "micro_f1", "precision", "recall", "f1")


@dataclass(frozen=True, slots=True)
class Gate:
    """A figure held against its minimum."""

    path: str
    wanted: float
    found: float

    @property
    def is_met(self) -> bool:
        """Whether the figure reaches the minimum."""
        return self.found >= self.wanted

    def __str__(self) -> str:
        return f"{self.path} is {self.found}, {'not below' if self.is_met else 'below'} {self.wanted}"


def parse_gate(text: str) -> tuple[str, float]:
    """Return the figure's path and the minimum; raise PharmavoixError when ``text`` is no gate.

    Examples
    --------
    >>> parse_gate("sentiment.macro_f1=0.7")
    ('sentiment.macro_f1', 0.7)
    """
    path, _, wanted = text.rpartition("=")
    path = path.strip()
    section = path.partition(".")[0]
    if section == "calibration":
        raise PharmavoixError(f"gate {text!r}: a calibration error is better when smaller, so no minimum can be asked of it. Choose another figure.")
    if "." not in path or section not in _SECTIONS:
        raise PharmavoixError(
            f"gate {text!r}: expected PART.FIGURE=MINIMUM with a part among {', '.join(sorted(_SECTIONS))}, such as sentiment.macro_f1=0.7."
        )
    try:
        minimum = float(wanted)
    except ValueError:
        minimum = -1.0
    if not 0 <= minimum <= 1:
        raise PharmavoixError(f"gate {text!r}: {wanted.strip()!r} is no minimum. Give a number between 0 and 1, with a point: {path}=0.7.")
    return path, minimum


def check_gates(figures: Mapping[str, Any], gates: Sequence[tuple[str, float]]) -> tuple[Gate, ...]:
    """Return each gate with what was found; raise PharmavoixError when a figure does not exist."""
    known = {path: value for section in _SECTIONS if section in figures for path, value in _leaves(section, figures[section])}
    checked = []
    for path, wanted in gates:
        if path not in known:
            headline = sorted(p for p in known if p.count(".") == 1 and p.partition(".")[2] in _LISTED)
            raise PharmavoixError(
                f"gate {path!r}: no such figure in this evaluation (no gold labels for it, or too few cases). "
                f"Choose among {', '.join(headline)}, PART.per_label.LABEL.f1 or slices.NAME.VALUE.PART.FIGURE."
            )
        checked.append(Gate(path, wanted, known[path]))
    return tuple(checked)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _leaves(f"{path}.{key}", below)
    elif isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool)):
        yield path, float(value)
