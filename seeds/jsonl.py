"""JSON Lines read with the line number kept for messages."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seeds.errors import PharmavoixError

__all__ = ["read_jsonl"]


def read_jsonl(path: Path, *, error: type[PharmavoixError]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, record) for each line that is not blank; raise ``error`` on anything else than a JSON object."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as cause:
        raise error(f"{path}: cannot be read ({cause}). Give a UTF-8 JSON Lines file.") from cause
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as cause:
            raise error(f"{path}, line {number}: not JSON ({cause.msg}). Each line must be one JSON object.") from cause
        if not isinstance(record, dict):
            raise error(f"{path}, line {number}: a {type(record).__name__}, where a JSON object is expected.")
        yield number, record
