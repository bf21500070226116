"""The demo: the shipped exports classified, then one screen of counts a lab."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from models.store import DEFAULT_MODEL
from pharmavoix.batch import BatchConfig, classify_exports
from pharmavoix.manifest import manifest, write_manifest
from pharmavoix.privacy import read_key
from pharmavoix.writers import companions
from seeds.containers import HeaderScore, Record, open_table
from seeds.labs import read_labs
from seeds.taxonomy import read_taxonomy

__all__ = ["DEMO_EXPORTS", "run_demo"]

DEMO_EXPORTS = Path(__file__).parents[1] / "seeds" / "demo"
_LABS_SHOWN = 14
_WIDTH = 124


@dataclass
class _LabCounts:
    owned: int = 0
    earned: int = 0
    themes: Counter[str] = field(default_factory=Counter)
    polarities: Counter[str] = field(default_factory=Counter)
    adverse: int = 0


def run_demo(out: Path) -> None:
    """Classify the demo exports into ``out`` and print the counts."""
    out.mkdir(parents=True, exist_ok=True)
    exports = sorted(str(path) for path in DEMO_EXPORTS.glob("*.csv"))
    config = BatchConfig(model=DEFAULT_MODEL)
    table = str(out / "labels.csv")
    outcome = classify_exports(exports, table, config, key=read_key())
    places = companions(table)
    assert places is not None
    write_manifest(manifest(outcome, config, out=table), places[1])
    counts = outcome.counts
    console = Console(soft_wrap=True)
    console.print(
        f"{counts.rows_in} rows of {len(exports)} exports: {counts.rows_out} labelled, {counts.rejected} rejected, "
        f"{counts.distinct_texts} distinct texts, in {outcome.seconds:.0f} s."
    )
    rows = (record.cells for record in open_table(Path(table), name=table, score=_first_row).records() if isinstance(record, Record))
    Console(width=_WIDTH).print(_screen(_count(rows)))
    console.print(
        "Counts as classified, not corrected for the classifier's errors. "
        f"{counts.needs_review} rows ask for review; adverse-event flags are a screening aid, never a decision."
    )
    console.print(f"The table: {table}   rejected rows: {places[0]}   manifest: {places[1]}")


_first_row = HeaderScore(frozenset({"source_row"}), str)


def _count(rows: Iterable[Mapping[str, str]]) -> dict[str, _LabCounts]:
    """Count rows a lab: an owned post for its owner, an earned one for each lab it names."""
    by_lab: dict[str, _LabCounts] = defaultdict(_LabCounts)
    for row in rows:
        owned = row["voice"] == "owned"
        polarity = dict(part.split("=") for part in row["sentiment_by_lab"].split("|") if part)
        for lab in [row["owner"]] if owned else [lab for lab in row["labs"].split("|") if lab]:
            counts = by_lab[lab]
            counts.owned += owned
            counts.earned += not owned
            counts.themes[row["primary_theme"]] += 1
            counts.polarities[polarity.get(lab, row["sentiment"])] += 1
            counts.adverse += row["adverse_event"] == "true"
    return by_lab


def _screen(by_lab: Mapping[str, _LabCounts]) -> Table:
    names = {lab.id: lab.name for lab in read_labs()}
    themes = read_taxonomy().theme_ids
    screen = Table(title="Posts and mentions a lab, by primary theme and polarity (uncorrected counts)")
    screen.add_column("lab", no_wrap=True)
    for title in ("owned", "earned", *themes, "− / = / +", "AE?"):
        screen.add_column(title, justify="right", no_wrap=True)
    shown = sorted(by_lab.items(), key=lambda item: (-(item[1].owned + item[1].earned), item[0]))
    for lab, counts in shown[:_LABS_SHOWN]:
        polarity = " / ".join(str(counts.polarities[p]) for p in ("negative", "neutral", "positive"))
        cells: list[Any] = [counts.owned, counts.earned, *(counts.themes[t] for t in themes), polarity, counts.adverse]
        screen.add_row(names.get(lab, lab), *(str(cell) for cell in cells))
    if len(shown) > _LABS_SHOWN:
        screen.caption = f"and {len(shown) - _LABS_SHOWN} labs with fewer"
    return screen
