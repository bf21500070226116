"""The encoder's ONNX graph, read from a model folder that may come from anywhere: only what `training.onnx_export` writes is let in."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import onnxruntime

from seeds.errors import ModelError, brief

__all__ = ["read_graph"]

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


def read_graph(path: Path, threads: int) -> Any:
    """Return the onnxruntime session of a graph; ``threads`` 0 takes every core."""
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
