"""The manifest beside a table: what went in, what came out, with which settings, model and versions."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pharmavoix import __version__
from pharmavoix.batch import BatchConfig, Outcome

__all__ = ["NOT_YET", "file_hash", "manifest", "write_manifest"]

NOT_YET = {
    "sentiment_by_lab": "the text's sentiment, copied to each lab it names",
    "effects": "empty: effects are not extracted yet",
}
"""Columns of the contract whose content is simpler than their name promises."""

_LIBRARIES = ("numpy", "scikit-learn", "scipy", "onnxruntime", "tokenizers", "safetensors", "pyarrow", "joblib")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest(outcome: Outcome, config: BatchConfig, *, out: str) -> dict[str, Any]:
    """Return the manifest of a run."""
    counts = asdict(outcome.counts)
    settings = {name: _plain(value) for name, value in asdict(config).items() if name != "model"}
    return {
        "out": out,
        "inputs": list(outcome.inputs),
        "counts": counts,
        "settings": settings,
        "model": {"id": outcome.model["id"], "taxonomy": outcome.model["taxonomy"]},
        "limits": NOT_YET,
        "versions": {"pharmavoix": __version__, "python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        "made": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "seconds": round(outcome.seconds, 2),
        "rows_per_second": round(counts["rows_in"] / max(outcome.seconds, 1e-9), 1),
    }


def write_manifest(content: Mapping[str, Any], path: Path) -> None:
    """Write a manifest whole."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Path) else value
