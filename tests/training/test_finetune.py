"""The encoder trained through the command line: with tiny encoders, so that the whole way takes seconds."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.classifier import load_classifier
from models.encoder import Encoder
from models.store import DEFAULT_MODEL, load_model
from seeds.errors import ModelError
from tests.training.labelled import records, write_jsonl
from training.base_encoder import frozen_weights, read_base_encoder, write_encoder

torch = pytest.importorskip("torch", reason="torch is not installed: fine-tuning is not tested")
transformers = pytest.importorskip("transformers", reason="transformers is not installed: fine-tuning is not tested")

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def tiny(folder: Path, kind: str = "bert") -> Path:
    """Write a small encoder with random weights, and a tokenizer of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = sorted({word for row in records(300) for word in row["text"].lower().split()})[:3000]
    vocabulary = {word: at for at, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    folder.mkdir()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>")
    fast.save_pretrained(folder)
    sizes = {
        "vocab_size": len(vocabulary), "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64,
        "max_position_embeddings": 300, "pad_token_id": 1, "type_vocab_size": 1,
    }  # fmt: skip
    torch.manual_seed(1)
    config = transformers.AutoConfig.for_model(kind, **sizes)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    return folder


def start(folder: Path, *words: str, log: Path) -> "subprocess.Popen[bytes]":
    surroundings = os.environ | {"PYTHONPATH": str(ROOT), "PHARMAVOIX_CACHE_DIR": str(folder / "cache"), "TOKENIZERS_PARALLELISM": "false"}
    with log.open("wb") as file:
        return subprocess.Popen([sys.executable, "-m", "pharmavoix", "train", *words], cwd=folder, env=surroundings, stderr=file)


def tensors_of(model: Path) -> dict[str, Any]:
    heads = load_model(model).heads
    return {task: head.vector_weights for task, head in heads.items()}


@pytest.mark.parametrize("kind", ["bert", "camembert", "xlm-roberta"])
def test_the_graph_of_another_encoder_computes_what_transformers_computes(tmp_path: Path, kind: str) -> None:
    base = read_base_encoder(str(tiny(tmp_path / "tiny", kind)))
    write_encoder(base, frozen_weights(base), tmp_path)
    network = base.network().eval()
    encoder = Encoder(tmp_path, prefix=base.prefix)
    texts = [row["text"] for row in records(8)]
    with torch.no_grad():
        for ids, ours in zip(base.tokens(texts, most=256), encoder.encode(texts), strict=True):
            states = network(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy().mean(axis=0)
            theirs = states / np.linalg.norm(states)
            assert float(theirs @ ours[:32]) > 0.995


def test_an_architecture_without_a_graph_is_refused_with_those_that_have_one(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "tiny")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "distilbert"}))
    with pytest.raises(ModelError, match="'distilbert' cannot be written as our graph. Choose among bert, camembert, roberta"):
        read_base_encoder(str(folder))
    with pytest.raises(ModelError, match="cannot be read"):
        read_base_encoder(str(tmp_path / "nowhere"))


def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(tmp_path: Path) -> None:
    tiny(tmp_path / "tiny")
    rows = records(300)
    for row in rows[:50]:  # some labels are missing in some samples
        del row["sentiment"]
    write_jsonl(tmp_path / "new.jsonl", [{k: row[k] for k in ("text", "author", "sentiment", "primary_theme", "themes") if k in row} for row in rows])
    write_jsonl(tmp_path / "test.jsonl", records(20, seed=9))
    words = ("new.jsonl", "--without-seeds", "--method", "fine-tune", "--encoder", "tiny", "--test", "test.jsonl")
    whole = start(tmp_path, *words, "-o", "whole", log=tmp_path / "whole.log")
    assert whole.wait(300) in (0, 1), (tmp_path / "whole.log").read_text()
    killed = start(tmp_path, *words, "-o", "killed", log=tmp_path / "killed.log")
    checkpoint = tmp_path / ".killed.fine-tune" / "last.json"
    until = time.monotonic() + 200
    while not checkpoint.is_file() and killed.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    assert killed.poll() is None, "it ended before it could be killed"
    killed.send_signal(signal.SIGKILL)
    killed.wait(30)
    assert not (tmp_path / "killed").exists()
    again = start(tmp_path, *words, "-o", "killed", log=tmp_path / "again.log")
    assert again.wait(300) in (0, 1), (tmp_path / "again.log").read_text()
    assert "taken up again at step" in (tmp_path / "again.log").read_text()
    assert not checkpoint.parent.exists()
    ours, theirs = tensors_of(tmp_path / "killed"), tensors_of(tmp_path / "whole")
    assert ours.keys() == theirs.keys() == {"primary_theme", "themes", "sentiment"}
    assert all(np.array_equal(ours[task], theirs[task]) for task in ours)
    card = load_model(tmp_path / "whole").card
    assert card["encoder"]["fine-tuned"] is True and str(tmp_path) not in json.dumps(card)
    assert card["against_parent"].keys() == {"samples", "seeds"}
    # What was trained with torch predicts without it.
    code = (
        "import sys; from pathlib import Path; from models.classifier import load_classifier; "
        "print(load_classifier(Path('whole'))('Il pleut').sentiment); sys.exit('torch' in sys.modules)"
    )
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=surroundings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_heads_can_be_learned_on_another_encoder_as_it_is(tmp_path: Path) -> None:
    tiny(tmp_path / "tiny")
    write_jsonl(tmp_path / "new.jsonl", records(80))
    done = start(tmp_path, "new.jsonl", "-o", "model", "--without-seeds", "--encoder", "tiny", log=tmp_path / "log")
    assert done.wait(300) in (0, 1), (tmp_path / "log").read_text()
    classifier = load_classifier(tmp_path / "model")
    assert classifier.model.card["encoder"]["name"] == "tiny"
    assert classifier("Don du sang").primary_theme in load_model(DEFAULT_MODEL).heads["primary_theme"].labels


def test_the_repositorys_encoder_needs_no_name(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "new.jsonl", [{"text": row["text"], "sentiment": row["sentiment"]} for row in records(48)])
    done = start(tmp_path, "new.jsonl", "-o", "model", "--without-seeds", "--method", "fine-tune", "--label", "sentiment", log=tmp_path / "log")
    assert done.wait(500) == 0, (tmp_path / "log").read_text()
    with (tmp_path / "model.suspects.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file))
    assert load_classifier(tmp_path / "model")("Merci").sentiment in ("negative", "neutral", "positive")
