"""The encoder itself learned from samples, with torch and transformers: all its tasks at once, stopped early, taken up again after a kill.

The way of training (mean pooling, word vectors frozen, label smoothing) follows what did best on public French tweets with this encoder.
"""

import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from models.encoder import MAX_TOKENS
from seeds.errors import ModelError, SampleError
from training.base_encoder import BaseEncoder
from training.fit import Task

__all__ = ["FineTuneConfig", "Tuned", "fine_tune"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FineTuneConfig:
    """How the encoder is trained."""

    epochs: int = 4
    patience: int = 1  # epochs worse on the validation texts before it stops
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.1  # of all steps
    batch: int = 16
    label_smoothing: float = 0.1
    dropout: float = 0.1
    freeze_words: bool = True  # the vectors of word pieces: two thirds of the weights, and too few samples to move them
    checkpoint_seconds: float = 60.0
    seed: int = 2018


@dataclass(frozen=True, slots=True)
class Tuned:
    """A trained encoder and the weights of its heads, by task: (labels, width) and (labels,)."""

    weights: Mapping[str, NDArray[np.float32]]
    heads: Mapping[str, tuple[Floats, Floats]]
    history: Sequence[Mapping[str, float | None]]  # an epoch each
    resumed_at: int  # the step it was taken up at; 0 for a run of one piece
    seconds: float


def fine_tune(
    texts: Sequence[str],
    tasks: Sequence[Task],
    base: BaseEncoder,
    *,
    train: Sequence[int],
    valid: Sequence[int],
    config: FineTuneConfig,
    work: Path,
    tell: Callable[[str], None],
) -> Tuned:
    """Train ``base`` on the rows ``train`` and keep the epoch that does best on the rows ``valid``.

    ``work`` is a folder for checkpoints: a run that was killed goes on from the last of them when called with the same
    texts, labels and settings, and ends as it would have; it is the caller's to remove.
    """
    try:
        import torch
    except ImportError as cause:
        raise ModelError("fine-tuning needs torch and transformers. Install them with `pip install 'pharmavoix[finetune]'`.") from cause
    if not train or not valid:
        raise SampleError("too few groups of samples to fine-tune: some must be kept to see when to stop. Add samples, or use --method heads.")
    torch.manual_seed(config.seed)
    ids = base.tokens(texts, most=MAX_TOKENS)
    order = _Batches([len(i) for i in ids], train, config)
    run = _Run(base, tasks, config, steps=order.steps)
    checkpoint = _Checkpoint(work, _fingerprint(texts, tasks, train, valid, config, base))
    state = checkpoint.load(run)
    resumed = state["step"]
    if resumed:
        tell(f"taken up again at step {resumed} of {order.steps}")
    start = last = said = time.monotonic()
    while state["epoch"] < config.epochs and state["waited"] <= config.patience:
        for batch in order.of_epoch(state["epoch"], after=state["step"] - state["epoch"] * order.per_epoch):
            state["loss"] += run.step([ids[i] for i in batch], batch)
            state["step"] += 1
            now = time.monotonic()
            if now - said >= 10:
                said = now
                left = (now - start) / (state["step"] - resumed) * (order.steps - state["step"])
                tell(f"step {state['step']} of {order.steps} (epoch {state['epoch'] + 1} of {config.epochs}), at most {left:.0f} s left")
            if now - last >= config.checkpoint_seconds:
                last = now
                checkpoint.save(run, state)
        loss, right = run.measure([ids[i] for i in valid], valid)
        learned = state["loss"] / order.per_epoch
        state["history"].append({"train_loss": round(learned, 4), "valid_loss": round(loss, 4), "valid_accuracy": right and round(right, 4)})
        shown = "" if right is None else f", {right:.1%} right"
        tell(f"epoch {state['epoch'] + 1}: loss {learned:.3f}, on validation texts {loss:.3f}{shown}")
        is_kept = _is_kept(state["history"], len(valid))
        state |= {"waited": 0 if is_kept else state["waited"] + 1, "epoch": state["epoch"] + 1, "loss": 0.0}
        if is_kept:
            checkpoint.keep(run)
        checkpoint.save(run, state)
    checkpoint.restore_kept(run)
    return Tuned(run.encoder_weights(), run.head_weights(), state["history"], resumed, time.monotonic() - start)


def _is_kept(history: Sequence[Mapping[str, float | None]], count: int) -> bool:
    """Tell whether the last epoch is the one to keep so far: as good as the best, but for one standard error.

    The learning rate falls to nothing by the end, so that of two epochs that validation texts cannot tell apart the later is
    the steadier. Where no task is a choice between labels there is no share that is right, and the loss alone decides.
    """
    right = [epoch["valid_accuracy"] for epoch in history if epoch["valid_accuracy"] is not None]
    if not right:
        losses = [epoch["valid_loss"] or 0.0 for epoch in history]
        return len(losses) == 1 or losses[-1] < min(losses[:-1])
    best = max(right)
    return right[-1] >= best - math.sqrt(best * (1 - best) / count)


class _Batches:
    """Batches of texts of like length, in an order that the seed and the epoch alone decide."""

    def __init__(self, lengths: Sequence[int], rows: Sequence[int], config: FineTuneConfig) -> None:
        self._lengths, self._rows, self._config = lengths, list(rows), config
        self.per_epoch = math.ceil(len(self._rows) / config.batch)
        self.steps = self.per_epoch * config.epochs

    def of_epoch(self, epoch: int, *, after: int) -> Iterator[list[int]]:
        chance = np.random.default_rng((self._config.seed, epoch))
        rows = [self._rows[i] for i in chance.permutation(len(self._rows))]
        size = self._config.batch
        window = size * 16  # sorted inside, so that little is padded and batches still vary
        batches = []
        for first in range(0, len(rows), window):
            near = sorted(rows[first : first + window], key=lambda row: self._lengths[row])
            batches += [near[i : i + size] for i in range(0, len(near), size)]
        for at in list(chance.permutation(len(batches)))[after:]:
            yield batches[at]


class _Run:
    """The network, its optimiser and its losses."""

    def __init__(self, base: BaseEncoder, tasks: Sequence[Task], config: FineTuneConfig, *, steps: int) -> None:
        import torch
        from transformers import get_linear_schedule_with_warmup

        self._torch, self._config, self._tasks = torch, config, tasks
        self.encoder = base.network()
        if config.freeze_words:
            self.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        width = self.encoder.config.hidden_size
        self._scale = math.sqrt(width)
        self._pad = base.pad
        self.heads = torch.nn.ModuleDict({task.name: torch.nn.Linear(width, len(task.labels)) for task in tasks})
        for head in self.heads.values():
            torch.nn.init.normal_(head.weight, std=0.02)
            torch.nn.init.zeros_(head.bias)
        self._dropout = torch.nn.Dropout(config.dropout)
        self._is_half = _has_bfloat16(torch)
        self._gold = {task.name: torch.tensor(np.nan_to_num(task.gold), dtype=torch.float32) for task in tasks}
        self._known = {task.name: torch.tensor(~np.isnan(task.gold).any(axis=1)) for task in tasks}
        by_decay: dict[float, list[Any]] = {config.weight_decay: [], 0.0: []}
        for name, weight in self.encoder.named_parameters():
            if weight.requires_grad:
                by_decay[0.0 if name.endswith("bias") or "LayerNorm" in name else config.weight_decay].append(weight)
        groups = [{"params": weights, "weight_decay": decay} for decay, weights in by_decay.items()]
        groups.append({"params": list(self.heads.parameters()), "lr": config.head_learning_rate, "weight_decay": config.weight_decay})
        self.optimiser = torch.optim.AdamW(groups, lr=config.learning_rate)
        # The learning rate goes up over the warm-up, then down to nothing.
        self.schedule = get_linear_schedule_with_warmup(self.optimiser, round(steps * config.warmup), steps)

    def _vectors(self, ids: Sequence[Sequence[int]]) -> Any:
        torch = self._torch
        longest = max(map(len, ids))
        tokens = torch.tensor([[*row, *[self._pad] * (longest - len(row))] for row in ids])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids])
        with self._torch.autocast("cpu", dtype=self._torch.bfloat16, enabled=self._is_half):
            states = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
        weights = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weights).sum(dim=1) / weights.sum(dim=1)
        return torch.nn.functional.normalize(mean, dim=1) * self._scale

    def step(self, ids: Sequence[Sequence[int]], rows: Sequence[int]) -> float:
        """Learn from one batch; return its loss."""
        self.encoder.train()
        loss = self._loss(self._dropout(self._vectors(ids)), rows, smoothing=self._config.label_smoothing)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._torch.nn.utils.clip_grad_norm_([p for group in self.optimiser.param_groups for p in group["params"]], 1.0)
        self.optimiser.step()
        self.schedule.step()
        return float(loss.detach())

    def _loss(self, vectors: Any, rows: Sequence[int], *, smoothing: float) -> Any:
        """Return the mean loss over the tasks that somebody labelled in these rows; a label that is missing teaches nothing."""
        functional = self._torch.nn.functional
        losses = []
        for task in self._tasks:
            known = self._known[task.name][list(rows)]
            if not known.any():
                continue
            logits, gold = self.heads[task.name](vectors)[known], self._gold[task.name][list(rows)][known]
            if task.softmax:
                losses.append(functional.cross_entropy(logits, gold, label_smoothing=smoothing))
            else:
                losses.append(functional.binary_cross_entropy_with_logits(logits, gold) * math.sqrt(gold.shape[1]))
        return sum(losses) / len(losses) if losses else vectors.sum() * 0.0

    def measure(self, ids: Sequence[Sequence[int]], rows: Sequence[int]) -> tuple[float, float | None]:
        """Return the loss on some rows, and the share of choices between labels that are right (None where nothing is such a choice)."""
        torch = self._torch
        self.encoder.eval()
        order = sorted(range(len(rows)), key=lambda i: len(ids[i]))
        total, right, asked = 0.0, 0, 0
        with torch.no_grad():
            for first in range(0, len(order), 64):
                part = order[first : first + 64]
                vectors, at = self._vectors([ids[i] for i in part]), [rows[i] for i in part]
                # Smoothed as in training: without it the loss punishes sure answers, and calibration mends those afterwards.
                total += float(self._loss(vectors, at, smoothing=self._config.label_smoothing)) * len(part)
                for task in (t for t in self._tasks if t.softmax):
                    known = self._known[task.name][at]
                    hits = self.heads[task.name](vectors).argmax(dim=1) == self._gold[task.name][at].argmax(dim=1)
                    right, asked = right + int(hits[known].sum()), asked + int(known.sum())
        return total / len(rows), right / asked if asked else None

    def trained(self) -> dict[str, Any]:
        """Return every tensor that training changes."""
        found = {f"encoder.{n}": p.detach() for n, p in self.encoder.named_parameters() if p.requires_grad}
        return found | {f"heads.{n}": p.detach() for n, p in self.heads.named_parameters()}

    def put(self, tensors: Mapping[str, Any]) -> None:
        with self._torch.no_grad():
            for name, tensor in self.trained().items():
                tensor.copy_(tensors[name])

    def encoder_weights(self) -> dict[str, NDArray[np.float32]]:
        return {name: tensor.detach().float().numpy() for name, tensor in self.encoder.state_dict().items()}

    def head_weights(self) -> dict[str, tuple[Floats, Floats]]:
        found = {}
        for name, head in self.heads.items():
            found[name] = (head.weight.detach().double().numpy() * self._scale, head.bias.detach().double().numpy())
        return found


def _has_bfloat16(torch: Any) -> bool:
    """Tell whether products in bfloat16 are this processor's own: they take half the time there, and many times more elsewhere."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())


class _Checkpoint:
    """The state of a run on disk: the last whole one is named in ``last.json``, so that a kill while writing loses nothing."""

    def __init__(self, work: Path, fingerprint: str) -> None:
        self._work, self._fingerprint = work, fingerprint
        work.mkdir(parents=True, exist_ok=True)

    def load(self, run: _Run) -> dict[str, Any]:
        import torch
        from safetensors.torch import load_file

        fresh = {"step": 0, "epoch": 0, "loss": 0.0, "waited": 0, "history": []}
        try:
            stated = json.loads((self._work / "last.json").read_text(encoding="utf-8"))
            if stated["fingerprint"] != self._fingerprint:
                return fresh
            folder = self._work / stated["folder"]
            kept = torch.load(folder / "state.pt", weights_only=True)
            weights = load_file(folder / "weights.safetensors")
        except (OSError, ValueError, LookupError, RuntimeError, EOFError, UnpicklingError, SafetensorError):
            return fresh  # none, or damaged: the run begins anew
        run.put(weights)
        run.optimiser.load_state_dict(kept["optimiser"])
        run.schedule.load_state_dict(kept["schedule"])
        torch.set_rng_state(kept["chance"])
        return dict(stated["state"])

    def save(self, run: _Run, state: Mapping[str, Any]) -> None:
        import torch
        from safetensors.torch import save_file

        folder = self._work / f"step-{state['step']}-{state['epoch']}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        save_file({n: t.contiguous() for n, t in run.trained().items()}, folder / "weights.safetensors")
        kept = {"optimiser": run.optimiser.state_dict(), "schedule": run.schedule.state_dict(), "chance": torch.get_rng_state()}
        torch.save(kept, folder / "state.pt")
        for file in folder.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        part = self._work / "last.json.part"
        part.write_text(json.dumps({"fingerprint": self._fingerprint, "folder": folder.name, "state": state}), encoding="utf-8")
        part.replace(self._work / "last.json")
        for old in self._work.glob("step-*"):
            if old.name != folder.name:
                shutil.rmtree(old, ignore_errors=True)

    def keep(self, run: _Run) -> None:
        """Keep the weights as the best so far."""
        from safetensors.torch import save_file

        part = self._work / "best.safetensors.part"
        save_file({n: t.contiguous() for n, t in run.trained().items()}, part)
        part.replace(self._work / "best.safetensors")

    def restore_kept(self, run: _Run) -> None:
        from safetensors.torch import load_file

        run.put(load_file(self._work / "best.safetensors"))


def _fingerprint(
    texts: Sequence[str], tasks: Sequence[Task], train: Sequence[int], valid: Sequence[int], config: FineTuneConfig, base: BaseEncoder
) -> str:
    settings = {k: v for k, v in asdict(config).items() if k != "checkpoint_seconds"}
    stated = [list(texts), list(train), list(valid), settings, base.name, base.fingerprint]
    digest = hashlib.sha256(json.dumps(stated, default=str).encode("utf-8", "surrogatepass"))
    for task in tasks:
        digest.update(f"{task.name} {task.labels} {task.softmax}".encode())
        digest.update(np.ascontiguousarray(task.gold).tobytes())
    return digest.hexdigest()
