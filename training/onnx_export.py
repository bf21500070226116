"""The encoder written as an ONNX graph, from its weights alone (no torch).

The graph takes token ids of ONE length, shape (texts, tokens): texts of equal length go together,
so that there is neither padding nor mask and a text's states cannot depend on its neighbours. It
gives the states after the last layer and after the one two thirds up (tone is seen better there), each of shape
(texts, tokens, width).

Weights are kept in one of these forms (`FORMS`):

- ``fp32``: plain, the yardstick.
- ``bits4`` / ``bits8``: MatMulNBits, blocks of 32, activations rounded to 8 bits per block of a row
  (accuracy level 4). For the base encoder ``bits4`` loses nothing: its weights are 4-bit codes.
- ``rows8``: integer products, activations rounded per token (never over the batch), weights per
  column to 7 bits so that processors without VNNI do not saturate.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.packed import BLOCK

__all__ = ["FORMS", "export"]

FORMS = ("fp32", "bits4", "bits8", "rows8")

Array = NDArray[Any]


class _Graph:
    """Nodes and initialisers as they are added."""

    def __init__(self, *, form: str, epsilon: float) -> None:
        self.form = form
        self._epsilon = epsilon
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self._count = 0

    def constant(self, array: Array | np.generic) -> str:
        self._count += 1
        name = f"w{self._count}"
        self.weights.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def add(self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        self._count += 1
        names = [f"t{self._count}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attributes))
        return names[0]

    def linear(self, x: str, weight: Array, bias: Array) -> str:
        """Return x @ weight.T + bias; ``weight`` is (out, in) as transformers keeps it."""
        weight = weight.astype(np.float32)
        bias_name = self.constant(bias.astype(np.float32))
        if self.form == "fp32":
            return self.add("Add", self.add("MatMul", x, self.constant(weight.T)), bias_name)
        if self.form == "rows8":
            return self.add("Add", self._rows8(x, weight), bias_name)
        bits = int(self.form.removeprefix("bits"))
        codes, scales = _block_codes(weight, bits=bits)
        return self.add(
            "MatMulNBits", x, self.constant(codes), self.constant(scales), "", "", bias_name,
            domain="com.microsoft", K=weight.shape[1], N=weight.shape[0], bits=bits, block_size=BLOCK, accuracy_level=4,
        )

    def _rows8(self, x: str, weight: Array) -> str:
        scale = np.abs(weight).max(axis=1) / 63.0
        codes = np.clip(np.rint(weight / scale[:, None]), -63, 63).astype(np.int8)
        top = self.add("ReduceMax", self.add("Abs", x), self.constant(np.array([-1], dtype=np.int64)), keepdims=1)
        row_scale = self.add("Mul", top, self.constant(np.float32(1 / 127)))
        one, middle = self.constant(np.float32(1)), self.constant(np.uint8(128))
        rounded = self.add("QuantizeLinear", self.add("Div", x, row_scale), one, middle)
        columns = self.constant(scale.astype(np.float32))
        product = self.add(
            "MatMulIntegerToFloat", rounded, self.constant(codes.T), one, columns, middle, domain="com.microsoft"
        )
        return self.add("Mul", product, row_scale)

    def norm(self, x: str, weight: Array, bias: Array) -> str:
        """Return x normalised over its width, in double precision: sums in single precision differ by processor."""
        gamma, beta = self.constant(weight.astype(np.float64)), self.constant(bias.astype(np.float64))
        wide = self.add("Cast", x, to=TensorProto.DOUBLE)
        return self.add("Cast", self.add("LayerNormalization", wide, gamma, beta, axis=-1, epsilon=self._epsilon), to=TensorProto.FLOAT)

    def attention(self, joined: str, *, width: int, heads: int) -> str:
        """Return the attended values of ``joined`` (query, key and value side by side); the softmax in double precision."""
        shape = self.constant(np.array([0, 0, 3, heads, width // heads], dtype=np.int64))
        parts = self.add("Transpose", self.add("Reshape", joined, shape), perm=[2, 0, 3, 1, 4])
        query, key, value = (self.add("Gather", parts, self.constant(np.int64(i)), axis=0) for i in range(3))
        scaled = self.add("Mul", query, self.constant(np.float32(1 / np.sqrt(width // heads))))
        scores = self.add("MatMul", scaled, self.add("Transpose", key, perm=[0, 1, 3, 2]))
        shares = self.add("Softmax", self.add("Cast", scores, to=TensorProto.DOUBLE), axis=-1)
        mixed = self.add("MatMul", self.add("Cast", shares, to=TensorProto.FLOAT), value)
        back = self.constant(np.array([0, 0, width], dtype=np.int64))
        return self.add("Reshape", self.add("Transpose", mixed, perm=[0, 2, 1, 3]), back)


def _block_codes(weight: Array, *, bits: int) -> tuple[Array, Array]:
    """Return the codes (out, blocks, bytes) and scales (out, blocks) of MatMulNBits, symmetric."""
    rows, columns = weight.shape
    blocks = weight.reshape(rows, columns // BLOCK, BLOCK)
    half = 2 ** (bits - 1)
    # The value of largest size takes the code 0 (-half), as the 4-bit copy of the base encoder does.
    at = np.abs(blocks).argmax(axis=2, keepdims=True)
    extreme = np.take_along_axis(blocks, at, axis=2)[:, :, 0]
    scales = (extreme / -half).astype(np.float32)
    safe = np.where(scales == 0, 1, scales)
    codes = np.clip(np.rint(blocks / safe[:, :, None]) + half, 0, 2**bits - 1).astype(np.uint8)
    if bits == 4:
        codes = codes[:, :, 0::2] | (codes[:, :, 1::2] << 4)
    return codes, scales


def _nibble_pairs(codes: Array) -> Array:
    """Return 4-bit codes packed two a byte, the first in the low half, flat."""
    flat = codes.reshape(-1)
    return np.asarray(flat[0::2] | (flat[1::2] << 4), dtype=np.uint8)


def _embed(graph: _Graph, ids: str, words: Array) -> str:
    """Return the word vectors of ``ids``: 4 bits a weight where that loses nothing, else 8 bits a row."""
    words = words.astype(np.float32)
    if graph.form == "fp32":
        return graph.add("Gather", graph.constant(words), ids)
    rows, columns = words.shape
    if columns % BLOCK == 0:
        packed, scales = _block_codes(words, bits=4)
        codes = np.stack([packed & 0x0F, packed >> 4], axis=-1).reshape(rows, columns)
        again = (codes.reshape(rows, -1, BLOCK).astype(np.float32) - 8.0) * scales[:, :, None]
        if np.allclose(again.reshape(rows, columns), words, rtol=2e-3, atol=1e-7):
            name = "word_codes"
            raw = _nibble_pairs((codes.astype(np.int16) - 8).astype(np.int8).view(np.uint8) & 0x0F)
            graph.weights.append(helper.make_tensor(name, TensorProto.INT4, [rows, columns], raw.tobytes(), raw=True))
            return graph.add(
                "GatherBlockQuantized", name, ids, graph.constant(scales),
                domain="com.microsoft", gather_axis=0, quantize_axis=1, block_size=BLOCK,
            )
    scale = np.maximum(np.abs(words).max(axis=1, keepdims=True), 1e-12) / 127.0
    eight = graph.add("Gather", graph.constant(np.rint(words / scale).astype(np.int8)), ids)
    return graph.add("Mul", graph.add("Cast", eight, to=TensorProto.FLOAT), graph.add("Gather", graph.constant(scale), ids))


def _layer(graph: _Graph, x: str, w: Mapping[str, Array], prefix: str, *, heads: int) -> str:
    def linear(value: str, name: str) -> str:
        return graph.linear(value, w[f"{prefix}.{name}.weight"], w[f"{prefix}.{name}.bias"])

    def norm(value: str, name: str) -> str:
        return graph.norm(value, w[f"{prefix}.{name}.weight"], w[f"{prefix}.{name}.bias"])

    # One product for query, key and value: the activations are rounded once instead of three times.
    parts = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
    joined = graph.linear(
        x, np.concatenate([w[f"{p}.weight"] for p in parts]), np.concatenate([w[f"{p}.bias"] for p in parts])
    )
    mixed = graph.attention(joined, width=w[f"{parts[0]}.bias"].shape[0], heads=heads)
    attended = norm(graph.add("Add", linear(mixed, "attention.output.dense"), x), "attention.output.LayerNorm")
    wide = graph.add("Gelu", linear(attended, "intermediate.dense"))
    return norm(graph.add("Add", linear(wide, "output.dense"), attended), "output.LayerNorm")


def export(weights: Mapping[str, Array], path: Path, *, heads: int, form: str, epsilon: float = 1e-12, first_position: int = 0) -> None:
    """Write the encoder with ``weights`` (transformers' BertModel names) to ``path`` in ``form``.

    ``epsilon`` is that of its norms; ``first_position`` the row of the position vectors that the first token takes.
    """
    if form not in FORMS:
        raise ValueError(f"unknown form {form!r}; choose one of {sorted(FORMS)}")
    w = {name: np.asarray(tensor, dtype=np.float32) for name, tensor in weights.items()}
    graph = _Graph(form=form, epsilon=epsilon)
    words = _embed(graph, "ids", w["embeddings.word_embeddings.weight"])
    count = graph.add("Shape", "ids", start=1, end=2)
    zero = graph.constant(np.array([0], dtype=np.int64))
    # Token type 0 throughout: one table for positions and types.
    places = graph.constant(w["embeddings.position_embeddings.weight"][first_position:] + w["embeddings.token_type_embeddings.weight"][0])
    x = graph.add("Add", words, graph.add("Slice", places, zero, count, zero))
    x = graph.norm(x, w["embeddings.LayerNorm.weight"], w["embeddings.LayerNorm.bias"])
    layers = 1 + max(int(name.split(".")[2]) for name in w if name.startswith("encoder.layer."))
    for layer in range(layers):
        x = _layer(graph, x, w, f"encoder.layer.{layer}", heads=heads)
        if layer + 1 == round(layers * 2 / 3):
            graph.nodes.append(helper.make_node("Identity", [x], ["middle"]))
    graph.nodes.append(helper.make_node("Identity", [x], ["last"]))
    width = w["embeddings.LayerNorm.bias"].shape[0]
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", "tokens", width]) for name in ("last", "middle")]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    body = helper.make_graph(graph.nodes, "encoder", [ids], outputs, graph.weights)
    model = helper.make_model(body, opset_imports=opsets, ir_version=10, producer_name="pharmavoix")
    path.write_bytes(model.SerializeToString(deterministic=True))
