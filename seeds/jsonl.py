"""JSON Lines read with the line number kept for messages."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seeds.errors import PharmavoixError

__all__ = ["read_jsonl", "word", "words"]


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


def words(value: Any) -> tuple[str, ...]:
    """Return a list of words as a tuple; raise TypeError on anything else (a lone word would become its letters)."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise TypeError(f"{value!r}, where a list of words is expected,")
    return tuple(value)


def word(value: Any) -> str:
    """Return a word that is not empty; raise TypeError on anything else."""
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{value!r}, where a word is expected,")
    return value
