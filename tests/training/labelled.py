"""Labelled samples for tests of training: texts of the frozen seed test part with a few words more, so that they count as new."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from seeds.taxonomy import read_taxonomy
from training.sources import read_sources

__all__ = ["records", "write_jsonl"]


@lru_cache(maxsize=1)
def _test_part() -> tuple[Any, ...]:
    return tuple(read_sources(taxonomy=read_taxonomy(), real=None).test)


def records(count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Return ``count`` labelled samples as a person would hand them in, each its own author."""
    samples = [s for s in _test_part() if not s.title][seed:]
    samples = samples[:: max(1, len(samples) // (count + 1))][:count]
    return [
        {
            "id": f"n{number}", "text": f"{s.text} (vu ce matin, message {number})", "author": f"a{number}", "primary_theme": s.primary_theme,
            "themes": list(s.themes), "sub_themes": list(s.sub_themes or ()), "sentiment": s.sentiment, "adverse_event": s.adverse_event,
        }
        for number, s in enumerate(samples)
    ]  # fmt: skip


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write one JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
