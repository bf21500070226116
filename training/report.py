"""The evaluation report: one HTML page that needs no network and runs no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from seeds.taxonomy import read_taxonomy
from training.gates import Gate
from training.mistakes import Mistake
from training.sections import Writer
from training.wording import REPORT, Wording

__all__ = ["Found", "report_html"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a page shows beside the figures."""

    worst: Sequence[Mistake]
    suspects: Sequence[Mistake]
    gates: Sequence[Gate]


def report_html(figures: Mapping[str, Any], found: Found, *, say: Wording, label: str | None = None, day: date | None = None) -> str:
    """Return the page for the content of metrics.json; ``label`` is what the user's own label set is called, ``day`` is today."""
    writer = Writer(say, label or say("part.own"), _sub_themes() if say.lang == "fr" else {})
    sections = [
        *([writer.comparison(figures["against"])] if "against" in figures else []),
        *writer.parts(figures),
        writer.slices(figures),
        writer.errors(found.worst),
        writer.suspects(found.suspects),
        writer.shares(figures.get("label_shares", {})),
        writer.method(figures),
    ]
    # What a post says must never run in the page: everything that is not a chart of ours is escaped.
    environment = Environment(loader=FileSystemLoader(REPORT), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("page.html").render(
        say=say,
        model=figures["model"],
        n=say.number(figures["n"], 0),
        day=_written(day or datetime.now(UTC).date(), say),
        opening=_opening(figures, writer),
        left_out=_left_out(figures["learned_from"], say),
        gates=[_gate(gate, writer) for gate in found.gates],
        headline=writer.headline(figures),
        sections=sections,
    )


def _sub_themes() -> Mapping[str, str]:
    return {sub.id: sub.label_fr for theme in read_taxonomy().themes for sub in theme.sub_themes}


def _written(day: date, say: Wording) -> str:
    return f"{day.day} {say('months').split()[day.month - 1]} {day.year}"


def _left_out(count: int, say: Wording) -> str:
    return say(f"left_out.{say.plural(count)}", n=say.number(count, 0)) if count else ""


def _gate(gate: Gate, writer: Writer) -> tuple[str, bool]:
    say = writer.say
    measure = gate.path.rpartition(".")[2]
    found, wanted = writer.value(measure, gate.found), writer.value(measure, gate.wanted)
    return say("gate.met" if gate.is_met else "gate.not_met", path=gate.path, found=found, wanted=wanted), gate.is_met


def _opening(figures: Mapping[str, Any], writer: Writer) -> str:
    """Return how good the model is, in sentences for a manager."""
    say = writer.say
    judged = [part for part in ("primary_theme", "sentiment", "own") if "accuracy" in figures.get(part, {})]
    sentences = []
    if judged:
        told = [say("opening.part", part=_the(part, writer), share=_share(figures[part]["accuracy"], say), between=_between(figures[part], say))
                for part in judged]  # fmt: skip
        sentences.append(say("opening.right", n=say.number(figures["n"], 0), told=say("and").join(told)))
        majority = figures["baselines"]["majority"]
        shares = say("and").join(_share(majority[part]["accuracy"], say) for part in judged)
        sentences.append(say("opening.majority", shares=shares))
    else:
        sentences.append(say("opening.other", n=say.number(figures["n"], 0)))
    if figures.get("adverse_event", {}).get("count"):
        event = figures["adverse_event"]
        sentences.append(say("opening.adverse", recall=_share(event["recall"], say), precision=_share(event["precision"], say)))
    return " ".join(sentences)


def _the(part: str, writer: Writer) -> str:
    return writer.say("opening.own", label=writer.label) if part == "own" else writer.say(f"opening.{part}")


def _share(share: float, say: Wording) -> str:
    return say.number(100 * share, 0)


def _between(found: Mapping[str, Any], say: Wording) -> str:
    ends = found.get("accuracy_ci")
    return say("opening.between", low=_share(ends[0], say), high=_share(ends[1], say)) if ends else ""
