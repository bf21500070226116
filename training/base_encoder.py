"""The encoder that training starts from: the repository's base, a local folder, or a name on the hub; read through transformers."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.encoder import BASE_PREFIX
from models.packed import ENCODER_DIR, unpack
from seeds.errors import ModelError
from training.onnx_export import export

__all__ = ["ARCHITECTURES", "ENCODER_FORM", "BaseEncoder", "encoder_card", "frozen_weights", "read_base_encoder", "write_encoder"]

ARCHITECTURES = {"bert": 0, "camembert": 1, "roberta": 1, "xlm-roberta": 1}
"""Those whose graph we can write; 1 where positions are counted from after the padding's id."""

BASE_NAME = "intfloat/multilingual-e5-small"
ENCODER_FORM = "rows8"
"""The form of graph that ships (`training.onnx_export`)."""


@dataclass(frozen=True, slots=True)
class BaseEncoder:
    """An encoder to start from, its tokenizer, and what writing its graph needs."""

    name: str
    tokenizer: str  # tokenizer.json
    config: Mapping[str, Any]
    network: Callable[[], Any]  # a fresh transformers model
    prefix: str
    fingerprint: str

    @property
    def pad(self) -> int:
        """The id of the padding."""
        return int(self.config["pad_token_id"] or 0)

    @property
    def first_position(self) -> int:
        """Which row of the position vectors the first token takes."""
        return self.pad + 1 if ARCHITECTURES[self.config["model_type"]] else 0

    def tokens(self, texts: Sequence[str], *, most: int) -> list[list[int]]:
        """Return the ids of the pieces of each text, prefix included, cut at ``most``."""
        tokenizer = Tokenizer.from_str(self.tokenizer)
        tokenizer.enable_truncation(min(most, int(self.config["max_position_embeddings"]) - self.first_position))
        tokenizer.no_padding()
        return [encoding.ids for encoding in tokenizer.encode_batch([self.prefix + text for text in texts])]


def read_base_encoder(source: str | None = None) -> BaseEncoder:
    """Return the encoder of ``source``, a folder or a name on the hub; None is the repository's own.

    Raises
    ------
    ModelError
        It cannot be read, or its architecture is none that we can write as a graph.
    """
    if source is None:
        config = json.loads((ENCODER_DIR / "config.json").read_text(encoding="utf-8"))
        tokenizer = (ENCODER_DIR / "tokenizer.json").read_text(encoding="utf-8")
        return BaseEncoder(BASE_NAME, tokenizer, config, _repository_network, BASE_PREFIX, "repository")
    try:
        from transformers import AutoConfig, AutoModel, AutoTokenizer
    except ImportError as cause:
        raise ModelError("--encoder needs torch and transformers. Install them with `pip install 'pharmavoix[finetune]'`.") from cause
    try:
        config = AutoConfig.from_pretrained(source).to_dict()
        fast = AutoTokenizer.from_pretrained(source)
        tokenizer = fast.backend_tokenizer.to_str()
    except (OSError, ValueError, AttributeError, ImportError, KeyError) as cause:
        brief = " ".join(str(cause).split())[:160]
        raise ModelError(f"--encoder {source!r}: cannot be read ({brief}). Give a folder with config.json, weights and tokenizer.json.") from cause
    _check(source, config)
    if config.get("pad_token_id") is None:
        config["pad_token_id"] = fast.pad_token_id
    network = partial(_hub_network, AutoModel, source)
    digest = hashlib.sha256(tokenizer.encode("utf-8", "surrogatepass") + json.dumps(config, default=str, sort_keys=True).encode())
    is_e5 = "e5" in Path(source).name.casefold().split("-")
    return BaseEncoder(source, tokenizer, config, network, BASE_PREFIX if is_e5 else "", digest.hexdigest())


def _check(source: str, config: Mapping[str, Any]) -> None:
    kind = config.get("model_type")
    if kind not in ARCHITECTURES:
        raise ModelError(f"--encoder {source!r}: the architecture {kind!r} cannot be written as our graph. Choose among {', '.join(ARCHITECTURES)}.")
    if config.get("hidden_act") != "gelu" or config.get("position_embedding_type", "absolute") != "absolute":
        raise ModelError(f"--encoder {source!r}: only gelu and absolute positions can be written as our graph. Choose another encoder.")


def _repository_network() -> Any:
    try:
        import torch
        from transformers import AutoConfig, AutoModel
    except ImportError as cause:
        raise ModelError("fine-tuning needs torch and transformers. Install them with `pip install 'pharmavoix[finetune]'`.") from cause
    network = AutoModel.from_config(AutoConfig.from_pretrained(ENCODER_DIR), add_pooling_layer=False).float()
    network.load_state_dict({name: torch.tensor(np.asarray(t, dtype=np.float32)) for name, t in unpack().items()}, strict=True)
    return network


def _hub_network(auto: Any, source: str) -> Any:
    import torch

    try:
        return auto.from_pretrained(source, add_pooling_layer=False, dtype=torch.float32)
    except (OSError, ValueError, RuntimeError) as cause:
        brief = " ".join(str(cause).split())[:160]
        raise ModelError(f"--encoder {source!r}: its weights cannot be read ({brief}). Give a folder with model.safetensors.") from cause


def frozen_weights(base: BaseEncoder) -> Mapping[str, NDArray[Any]]:
    """Return the weights of ``base`` as it is; the repository's own without torch."""
    if base.fingerprint == "repository":
        return unpack()
    return {name: tensor.detach().float().numpy() for name, tensor in base.network().state_dict().items()}


def encoder_card(base: BaseEncoder) -> dict[str, Any]:
    """Return what model.json says of an encoder; of a folder, its name alone."""
    return {"name": Path(base.name).name if Path(base.name).exists() else base.name, "form": ENCODER_FORM, "prefix": base.prefix}


def write_encoder(base: BaseEncoder, weights: Mapping[str, Any], place: Path) -> None:
    """Write an encoder's graph and tokenizer into a folder."""
    export(
        weights, place / "encoder.onnx", heads=int(base.config["num_attention_heads"]), form=ENCODER_FORM,
        epsilon=float(base.config["layer_norm_eps"]), first_position=base.first_position,
    )  # fmt: skip
    (place / "tokenizer.json").write_text(base.tokenizer, encoding="utf-8")
