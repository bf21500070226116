"""A tokenizer read from a model folder that may come from anywhere: what could hang the library, or end the process, is refused."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from seeds.errors import ModelError, brief

__all__ = ["caught", "read_tokenizer"]

_MOST_STEPS = 12  # of a part of the tokenizer
_LONGEST_PATTERN = 100


def read_tokenizer(path: Path, *, most: int) -> Tokenizer:
    """Return the tokenizer of a file: it cuts a text at ``most`` pieces, and does not pad."""
    try:
        content = path.read_bytes()
        _check_tokenizer(json.loads(content, object_pairs_hook=_once))
        tokenizer = Tokenizer.from_buffer(content)
        tokenizer.enable_truncation(most)
        tokenizer.no_padding()
    except BaseException as cause:
        raise ModelError(f"{path}: not a readable tokenizer ({brief(caught(cause))}). Copy the model again, or train it again.") from cause
    return tokenizer


def caught(cause: BaseException) -> BaseException:
    """Return ``cause``, a panic in the tokenizers library included (which is no Exception), unless it is none of a file's making."""
    if isinstance(cause, KeyboardInterrupt | SystemExit | MemoryError):
        raise cause
    return cause


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose keys stand once: the library would read both, and we check the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _check_tokenizer(stated: Mapping[str, Any]) -> None:
    """Refuse steps that could swell a text without end, or look at it for hours: the library would end the process, or never answer."""
    for part in ("normalizer", "pre_tokenizer", "post_processor"):
        steps = list(_steps(stated.get(part) or {}))
        if len(steps) > _MOST_STEPS:
            raise ValueError(f"{part!r} has {len(steps)} steps, where {_MOST_STEPS} are accepted")
        for step in steps:
            _check_step(step)


def _steps(step: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inner = [one for name in ("normalizers", "pretokenizers", "processors") for one in step.get(name, ())]
    if not inner:
        yield step
    for one in inner:
        yield from _steps(one)


def _check_step(step: Mapping[str, Any]) -> None:
    pattern = step.get("pattern") or {}
    regex = pattern.get("Regex", "")
    if "(" in regex or sum(regex.count(sign) for sign in "*+{") > 2 or len(regex) > _LONGEST_PATTERN:
        raise ValueError(f"the pattern {regex[:40]!r} may be slow: groups, or more than two repetitions, are not accepted")
    put = step.get("content") or step.get("prepend") or ""
    if len(put) > max(1, len(pattern.get("String", ""))):
        raise ValueError(f"it puts {put[:20]!r} into a text, more than it takes out")
    table = base64.b64decode(step.get("precompiled_charsmap") or "")
    if int.from_bytes(table[:4], "little") > len(table):
        raise ValueError("its table of characters is cut off")
    added = [step.get("single", ()), *(token["ids"] for token in (step.get("special_tokens") or {}).values())]
    if any(len(pieces) > _MOST_STEPS for pieces in added):
        raise ValueError(f"it adds more than {_MOST_STEPS} pieces to a text")
