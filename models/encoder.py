"""The encoder: texts to vectors with onnxruntime, one length of text at a time.

Source: intfloat/multilingual-e5-small (arXiv 2402.05672), vocabulary cut to French and English.
"""

import base64
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from seeds.errors import ModelError

__all__ = ["BASE_PREFIX", "MAX_TOKENS", "Encoder", "Encodes", "brief"]

MAX_TOKENS = 256
"""What is read of a text, in word pieces: about 190 French words; the rest is left aside."""

BASE_PREFIX = "query: "
"""What the base encoder was trained to find before a text."""

_BATCH = 32
_MOST_STEPS = 12  # of a part of the tokenizer
_LONGEST_PATTERN = 100


class Encodes(Protocol):
    """Gives each text a vector: the encoder itself, or one that remembers."""

    @property
    def width(self) -> int:
        """How long a vector is."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of ``texts``, shape (texts, width)."""


class Encoder:
    """Gives each text a vector, the same alone and in any batch.

    A vector is two of length 1 side by side: the mean over the tokens after the last layer, then after the middle one.
    """

    def __init__(self, folder: Path, *, threads: int = 0, prefix: str = BASE_PREFIX) -> None:
        """Load ``encoder.onnx`` and ``tokenizer.json`` of ``folder``; ``threads`` 0 takes every core."""
        self._folder, self._prefix = folder, prefix
        self._tokenizer = _read_tokenizer(folder / "tokenizer.json")
        self._session = _read_graph(folder / "encoder.onnx", threads)
        outputs = self._session.get_outputs()
        if [output.name for output in outputs] != ["last", "middle"]:
            found = brief([output.name for output in outputs])
            raise ModelError(f"{folder / 'encoder.onnx'}: gives {found}, where ['last', 'middle'] is expected. Train the model again.")
        if not all(len(output.shape or ()) == 3 and isinstance(output.shape[2], int) for output in outputs):
            raise ModelError(f"{folder / 'encoder.onnx'}: the width of its outputs is not fixed. Train the model again.")
        self._widths = [int(output.shape[2]) for output in outputs]

    @property
    def width(self) -> int:
        """How long a vector is."""
        return sum(self._widths)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of ``texts``, shape (texts, width); 0 throughout for a text in which the tokenizer finds nothing."""
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        ids = self._pieces(texts)
        by_length: dict[int, list[int]] = {}
        for place, pieces in enumerate(ids):
            by_length.setdefault(len(pieces), []).append(place)
        by_length.pop(0, None)
        for places in by_length.values():
            for first in range(0, len(places), _BATCH):
                batch = places[first : first + _BATCH]
                last, middle = self._states([ids[p] for p in batch])
                with np.errstate(all="ignore"):  # told below
                    for at, place in enumerate(batch):
                        vectors[place] = np.concatenate([_pooled(last[at]), _pooled(middle[at])])
        if not np.isfinite(vectors).all():
            raise self._unfit("its vectors are no finite numbers")
        return vectors

    def _pieces(self, texts: Sequence[str]) -> list[list[int]]:
        try:
            return [encoding.ids for encoding in self._tokenizer.encode_batch_fast([self._prefix + text for text in texts])]
        except BaseException as cause:
            raise self._unfit(brief(_caught(cause))) from cause

    def _states(self, batch: Sequence[Sequence[int]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        try:
            last, middle = self._session.run(None, {"ids": np.array(batch, dtype=np.int64)})
        except Exception as cause:  # onnxruntime's own errors have no common ancestor
            raise self._unfit(brief(cause)) from cause
        shapes = [(len(batch), len(batch[0]), width) for width in self._widths]
        if [np.shape(last), np.shape(middle)] != shapes:
            raise self._unfit(f"its states have the shapes {np.shape(last)} and {np.shape(middle)}, where {shapes} is expected")
        return last, middle

    def _unfit(self, why: str) -> ModelError:
        return ModelError(f"{self._folder}: its encoder cannot read a text ({why}). Copy the model again, or train it again.")


def brief(cause: object) -> str:
    """Return what an error says on one line of at most 160 characters, all printable, since a file may have chosen its words."""
    text = " ".join(str(cause).split())[:160]
    return "".join(c if c.isprintable() else "?" for c in text) or type(cause).__name__


def _caught(cause: BaseException) -> BaseException:
    """Return ``cause``, a panic in the tokenizers library included (which is no Exception), unless it is none of a file's making."""
    if isinstance(cause, KeyboardInterrupt | SystemExit | MemoryError):
        raise cause
    return cause


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        content = path.read_bytes()
        _check_tokenizer(json.loads(content, object_pairs_hook=_once))
        tokenizer = Tokenizer.from_buffer(content)
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
    except BaseException as cause:
        raise ModelError(f"{path}: not a readable tokenizer ({brief(_caught(cause))}). Copy the model again, or train it again.") from cause
    return tokenizer


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


def _read_graph(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    try:
        content = path.read_bytes()
        _check_graph(content)
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except MemoryError:
        raise
    except Exception as cause:
        raise ModelError(f"{path}: not a readable encoder ({brief(cause)}). Copy the model again, or train it again.") from cause


# What `training.onnx_export` writes, by the numbers of onnx.proto as (field, wire type): nothing that onnxruntime would read from other
# files (external data), no functions, no graphs within graphs.
_MODEL = {(1, 0), (2, 2), (3, 2), (4, 2), (5, 0), (6, 2), (7, 2), (8, 2)}
_GRAPH = {(1, 2), (2, 2), (5, 2), (11, 2), (12, 2)}
_NODE = {(1, 2), (2, 2), (3, 2), (4, 2), (5, 2), (7, 2)}
_ATTRIBUTE = {(1, 2), (2, 5), (3, 0), (8, 0), (8, 2), (20, 0)}
_WEIGHT = {(1, 0), (1, 2), (2, 0), (8, 2), (9, 2)}
_BITS = {1: 32, 2: 8, 3: 8, 7: 64, 11: 64, 22: 4}
_OPERATORS = frozenset(
    "Abs Add Cast Div Gather Gelu Identity LayerNormalization MatMul Mul QuantizeLinear ReduceMax Reshape Shape Slice Softmax Transpose"
    " com.microsoft.GatherBlockQuantized com.microsoft.MatMulIntegerToFloat com.microsoft.MatMulNBits".split()
)


def _check_graph(content: bytes) -> None:
    """Refuse a graph that holds anything else than ours do: onnxruntime takes far more, loops and names of files among it."""
    for graph in _fields(memoryview(content), _MODEL).get(7, ()):
        parts = _fields(graph, _GRAPH)
        for weight in parts.get(5, ()):
            _check_weight(_fields(weight, _WEIGHT))
        computed = {"ids"}
        for node in parts.get(1, ()):
            fields = _fields(node, _NODE)
            reads, gives, name, domain = ([str(value, "utf-8") for value in fields.get(number, ())] for number in (1, 2, 4, 7))
            operator = ".".join(part for part in (*domain[-1:], *name[-1:]) if part)
            if operator not in _OPERATORS:
                raise ValueError(f"the operator {operator!r} is not one of ours")
            if computed.isdisjoint(reads):  # it would be computed while loading, however large it comes out
                raise ValueError(f"an operator {operator!r} that does not read the text")
            computed.update(gives)
            for attribute in fields.get(5, ()):
                _fields(attribute, _ATTRIBUTE)


def _check_weight(fields: Mapping[int, list[Any]]) -> None:
    shape = [size for value in fields.get(1, ()) for size in ([value] if isinstance(value, int) else _varints(value))]
    kind, held = fields.get(2, [0])[-1], len(fields.get(9, [b""])[-1])
    if kind not in _BITS or held == 0 or (math.prod(shape) * _BITS[kind] + 7) // 8 != held:
        raise ValueError(f"a weight of type {kind} and shape {shape} in {held} bytes")


def _fields(message: memoryview, known: set[tuple[int, int]]) -> dict[int, list[Any]]:
    """Return the fields of a protobuf message by number: whole numbers, or bytes."""
    fields: dict[int, list[Any]] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        if (tag >> 3, tag & 7) not in known:
            raise ValueError(f"the field {tag >> 3} of onnx.proto is not one of ours")
        number, at = (4, at) if tag & 7 == 5 else _varint(message, at)
        size = number if tag & 7 else 0
        if at + size > len(message):
            raise ValueError("cut off")
        fields.setdefault(tag >> 3, []).append(message[at : at + size] if tag & 7 else number)
        at += size
    return fields


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place in range(10):
        if at + place >= len(message):
            raise ValueError("cut off")
        byte = message[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("a number without end")


def _varints(packed: memoryview) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _pooled(states: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean over the tokens, of length 1; one text at a time, so that its neighbours change no bit."""
    mean: NDArray[np.float64] = states.mean(axis=0, dtype=np.float64)
    return mean / np.linalg.norm(mean)
