from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from models.encoder import Encoder
from models.packed import ENCODER_DIR, unpack
from seeds.errors import ModelError
from training.onnx_export import export

TEXTS = ["query: Rappel d'un lot de sirop pour la toux", "query: Merci à l'équipe du vaccinodrome de Roubaix, accueil au top"]


def states(path: Path) -> list[np.ndarray]:
    tokenizer = Tokenizer.from_file(str(ENCODER_DIR / "tokenizer.json"))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return [session.run(["last"], {"ids": np.array([tokenizer.encode(t).ids], dtype=np.int64)})[0][0] for t in TEXTS]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.mean(axis=0), b.mean(axis=0)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    path = tmp_path_factory.mktemp("fp32") / "encoder.onnx"
    export(unpack(), path, heads=12, form="fp32")
    return states(path)


@pytest.mark.slow
def test_the_plain_form_computes_what_transformers_computes(plain: list[np.ndarray]) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: the comparison with transformers is left out")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    config = transformers.AutoConfig.from_pretrained(ENCODER_DIR)
    model = transformers.AutoModel.from_config(config, add_pooling_layer=False).eval().float()
    model.load_state_dict({name: torch.tensor(np.asarray(t, dtype=np.float32)) for name, t in unpack().items()}, strict=True)
    tokenizer = Tokenizer.from_file(str(ENCODER_DIR / "tokenizer.json"))
    with torch.no_grad():
        for text, ours in zip(TEXTS, plain, strict=True):
            theirs = model(input_ids=torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0].numpy()
            assert np.abs(theirs - ours).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(("form", "least"), [("rows8", 0.998), ("bits4", 0.9998), ("bits8", 0.9998)])
def test_each_form_stays_close_to_the_plain_one(plain: list[np.ndarray], tmp_path: Path, form: str, least: float) -> None:
    export(unpack(), tmp_path / "encoder.onnx", heads=12, form=form)
    assert (tmp_path / "encoder.onnx").stat().st_size < 45e6
    assert min(cosine(a, b) for a, b in zip(plain, states(tmp_path / "encoder.onnx"), strict=True)) > least


def test_an_encoder_of_another_form_is_refused_with_what_to_do(tmp_path: Path) -> None:
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
    out = helper.make_tensor_value_info("states", TensorProto.INT64, ["texts", "tokens"])
    graph = helper.make_graph([helper.make_node("Identity", ["ids"], ["states"])], "other", [ids], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    (tmp_path / "encoder.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "tokenizer.json").write_bytes((ENCODER_DIR / "tokenizer.json").read_bytes())
    with pytest.raises(ModelError, match=r"gives \['states'\], where \['last', 'middle'\] is expected. Train the model again"):
        Encoder(tmp_path)


def test_an_unknown_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown form 'int3'"):
        export({}, tmp_path / "x.onnx", heads=12, form="int3")
