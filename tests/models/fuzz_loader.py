"""A fuzzer of the model loader: damaged and hostile folders, each either read right or refused in a sentence.

``python -m tests.models.fuzz_loader --seconds 600 --seed 1`` counts the cases by what came of them, and exits with 1 on the first
that broke a rule, with the command that runs that case again. Cases run in a child process, so that a crash is seen too.
"""

import argparse
import base64
import dataclasses
import faulthandler
import hashlib
import json
import math
import multiprocessing
import os
import pickle
import random
import resource
import shutil
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper

from models.classifier import Classifier, load_classifier
from models.store import FILES, OWN, TAXONOMY_FILE
from nlp.observe import Observer
from seeds.errors import ModelError
from seeds.samples import POLARITIES
from seeds.taxonomy import DEFAULT_TAXONOMY
from tests.models.tiny_model import TEXT, make_tiny_model, taxonomy_with

__all__ = ["Files", "Report", "Violation", "fuzz", "main", "seal", "trial", "write"]

SLOWEST = 10.0  # seconds of the processor that a case may take: by the clock a busy machine would break the rule
_SILENT = 12 * SLOWEST  # seconds without a word from the child
_BATCH = 1500  # cases a child runs, so that what they leave behind does not pile up
_MEMORY = 3 * 2**30  # bytes a child may ask for beside what it starts with
_NAMES = {"model.json", TAXONOMY_FILE, *FILES}

Files = dict[str, bytes | Path]
"""What a folder is to hold: bytes, or the target of a link."""


class Violation(Exception):
    """A case broke a rule."""


@dataclass(frozen=True)
class Done:
    """What was done to a folder; ``must_refuse`` where labels would be wrong."""

    what: str
    must_refuse: bool = False


@dataclass
class Report:
    """What came of a run: cases by mutation and outcome, and the violation that ended it."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    slowest: float = 0.0
    violation: str | None = None

    def count(self, outcome: str) -> int:
        """Return the cases that ended so."""
        return sum(n for (_, found), n in self.outcomes.items() if found == outcome)


# --- what must hold ----------------------------------------------------------------------------------------------------


def trial(folder: Path, observer: Observer) -> str:
    """Load a folder and read a text with it; return ``labels`` or what refused it, and raise `Violation` on anything else."""
    try:
        classifier = load_classifier(folder, observer=observer, threads=1)
        labels = classifier(TEXT)
    except ModelError as error:
        _check_message(str(error), folder)
        return "refused by its hash" if "SHA-256" in str(error) else "refused by its content"
    except BaseException as error:  # a panic in a library is no Exception
        raise Violation(f"{type(error).__name__}: {str(error)[:300]}") from error
    _check_labels(classifier, dataclasses.asdict(labels))
    return "labels"


def _check_message(message: str, folder: Path) -> None:
    if str(folder) not in message:
        raise Violation(f"the message names no file nor folder: {message[:600]}")
    if not any(verb in message for verb in ("Copy ", "Train ", "Update ", "Give ")):
        raise Violation(f"the message does not say what to do: {message[:600]}")
    if not message.isprintable() or len(message) > 600 + len(str(folder)):
        raise Violation(f"no readable message ({len(message)} characters): {message[:600]!r}")


def _check_labels(classifier: Classifier, said: Mapping[str, Any]) -> None:
    model = classifier.model
    for name in ("p_theme", "p_sentiment", "theme_scores", "p_own"):
        if not all(math.isfinite(p) and 0.0 <= p <= 1.0 for p in said[name].values()):
            raise Violation(f"{name} holds no probabilities: {said[name]}")
    for name in ("p_theme", "p_sentiment", *(["p_own"] if OWN in model.heads and model.heads[OWN].softmax else [])):
        if said[name] and abs(math.fsum(said[name].values()) - 1.0) > 0.005:
            raise Violation(f"{name} does not sum to 1: {said[name]}")
    if said["p_adverse_event"] is not None and not 0.0 <= said["p_adverse_event"] <= 1.0:
        raise Violation(f"p_adverse_event is no probability: {said['p_adverse_event']}")
    known = {None, *model.taxonomy.theme_ids}
    if not {said["primary_theme"], *said["themes"], *said["p_theme"], *said["theme_scores"]} <= known:
        raise Violation(f"a theme of no taxonomy: {said['p_theme']}, {said['theme_scores']}")
    if not set(said["sub_themes"]) <= model.taxonomy.parent_of.keys() or not set(said["p_sentiment"]) <= set(POLARITIES):
        raise Violation(f"a label of no list: {said['sub_themes']}, {said['p_sentiment']}")
    try:
        json.dumps([model.id, model.own_label, *said["own"]], ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Violation("a label cannot be written as UTF-8") from error


class _Watch:
    """Notes what a case opens or starts that it should not; an audit hook, hence for a child process only."""

    _STARTS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.", "pickle.", "os.remove", "os.rename", "os.mkdir",
               "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil.")  # fmt: skip

    def __init__(self) -> None:
        self.folder: str | None = None
        self.seen: list[str] = []
        ours = [str(Path(__file__).parents[2]), sys.prefix, sys.base_prefix, *map(sysconfig.get_path, ("stdlib", "purelib", "platlib"))]
        self._readable = tuple(f"{os.path.realpath(place)}{os.sep}" for place in ours)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None:
            return
        if event == "open" and not isinstance(arguments[0], int):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            writes = isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
            is_ours = os.path.dirname(path) == self.folder and os.path.basename(path) in _NAMES
            if writes or not (is_ours or path.startswith(self._readable)):
                self.seen.append(f"opened {path} ({arguments[1]})")
        elif event.startswith(self._STARTS):
            self.seen.append(f"{event} {arguments!r}")

    @contextmanager
    def over(self, folder: Path) -> Iterator[None]:
        """Watch while a case runs."""
        self.folder, self.seen = os.path.realpath(folder), []
        try:
            yield
        finally:
            self.folder = None
        if self.seen:
            raise Violation(f"it {self.seen[0][:300]}")


# --- mutations: any file -----------------------------------------------------------------------------------------------


def _bytes(rng: random.Random, files: Files, place: Path) -> Done:
    name = rng.choice([*files, "model.json", "encoder.onnx"])
    content, done = bytearray(_held(files, name)), []
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        at, size = rng.randrange(len(content) + 1), rng.choice([1, 2, 8, 64, 1000])
        how = rng.choice(["flip", "set", "insert", "delete", "truncate", "repeat", "zero"])
        if how == "flip" and at < len(content):
            content[at] ^= 1 << rng.randrange(8)
        elif how == "set" and at < len(content):
            content[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, ord('"'), ord("{"), rng.randrange(256)])
        elif how == "insert":
            content[at:at] = rng.randbytes(size)
        elif how == "delete":
            del content[at : at + size]
        elif how == "truncate":
            del content[at:]
        elif how == "repeat":
            content[at:at] = content[at : at + size]
        elif how == "zero":
            content[at : at + size] = bytes(len(content[at : at + size]))
        done.append(f"{how} {size} at {at}")
    files[name] = bytes(content)
    return Done(f"{name}: {', '.join(done)}")


class _Payload:
    """Makes a folder when it is unpickled, which would show that code was run."""

    def __init__(self, trace: Path) -> None:
        self._trace = str(trace)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self._trace,)


def _foreign(rng: random.Random, files: Files, place: Path) -> Done:
    code = pickle.dumps(_Payload(place / "executed"))
    extra = rng.choice(["heads.pkl", "heads.skops", "model.joblib", "encoder.onnx.data", "sitecustomize.py", "tokenizer.py", "taxonomy.json"])
    if rng.random() < 0.3:
        name = rng.choice([*FILES, "model.json"])
        files[name] = code
        return Done(f"{name}: a pickle", must_refuse=True)
    if extra in files:
        extra = "heads.pkl"
    files[extra] = code
    if rng.random() < 0.5:
        return Done(f"{extra}: a pickle beside the model")
    card = json.loads(_held(files, "model.json"))
    named = rng.choice([extra, "../outside.bin", str(place / "outside.bin"), "model.json", "", ".", "heads.safetensors/../../outside.bin"])
    if rng.random() < 0.5:
        card["files"].pop(rng.choice(FILES), None)
    card["files"][named] = hashlib.sha256(code).hexdigest()
    files["model.json"] = json.dumps(card).encode()
    return Done(f"{named!r} among the files of model.json", must_refuse=True)


def _link(rng: random.Random, files: Files, place: Path) -> Done:
    name = rng.choice(sorted(_NAMES & files.keys()))
    target = place / f"outside-{name}"
    target.write_bytes(_held(files, name))
    files[name] = rng.choice([target, target, Path("/dev/zero"), Path("/etc/passwd"), Path("nowhere"), Path(name)])
    return Done(f"{name}: a link to {files[name]!s}", must_refuse=True)


def _seen(rng: random.Random, files: Files, place: Path) -> Done:
    content = rng.choice([b"\n" * 10**6, b"ab\n" * 10**5, b"\xff" * 65, b"g" * 64 + b"\n", b"0" * 65 + b"\n", b"0" * 64, "é".encode() * 32 + b"\n"])
    files["seen.txt"] = content
    return Done(f"seen.txt: {content[:40]!r}", must_refuse=True)


# --- mutations: JSON ---------------------------------------------------------------------------------------------------

_LITERALS = {f"@literal{i}@": text for i, text in enumerate(
    ["[" * 100_000 + "]" * 100_000, '{"a":' * 50_000 + "1" + "}" * 50_000, "[" * 900 + "]" * 900, '{"a":' * 700 + "1" + "}" * 700, "9" * 5000,
     "1e999", "-1e999", "NaN", "1E400", "0" * 9, "[" * 60 + "1" + "]" * 60]
)}  # fmt: skip
_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.5, -0.0, math.nan, math.inf, -math.inf, 1e308, -1e308, 1e-320, 2**31, 2**32, 2**63, -(2**63), 2**64, 10**400,
    "", "x", "../x", "/etc/passwd", "\ud800", "\x1b[31m", "\n", "\0", "é", "a" * 100_000, [], {}, [[]], {"a": 1}, ["a", "a"], *_LITERALS,
)  # fmt: skip


def _json(rng: random.Random, files: Files, place: Path) -> Done:
    name = rng.choice(["model.json", "model.json", "vocabulary.json", "tokenizer.json", TAXONOMY_FILE, "model.json"])
    if name not in files:
        name = "model.json"
    document, done = json.loads(_held(files, name)), []
    for _ in range(rng.choice([1, 1, 2, 3])):
        path, holder, key = _descend(rng, document)
        how = rng.choice(["strange", "strange", "strange", "drop", "repeat", "rename", "swap"])
        if holder is None:
            document = rng.choice(_STRANGE)
            done.append(f"is {document!r:.40}")
            break
        if how == "drop":
            del holder[key]
        elif how == "repeat" and isinstance(holder, list):
            holder.extend([holder[key]] * rng.choice([1, 1, 300]))
        elif how == "rename" and isinstance(holder, dict):
            holder[rng.choice(["x", "", "../x", "\ud800", key + "s", key.upper()])] = holder.pop(key)
        elif how == "swap":
            other = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            holder[key], holder[other] = holder[other], holder[key]
        else:
            holder[key] = rng.choice(_STRANGE)
            how = f"{holder[key]!r:.40}"
        done.append(f"{path} {how}")
    files[name] = _dumped(document)
    return Done(f"{name}: {'; '.join(done)}")


def _descend(rng: random.Random, document: Any) -> tuple[str, Any, Any]:
    """Return a place in a document: its path, what holds it, and its key there."""
    path, holder, key, at = "", None, None, document
    while isinstance(at, dict | list) and at and not (path and rng.random() < 0.25):
        if rng.random() < 0.01:
            break
        holder, key = at, rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
        path, at = f"{path}/{key!s:.30}", at[key]
    return path, holder, key


def _dumped(document: Any) -> bytes:
    text = json.dumps(document)
    for marker, literal in _LITERALS.items():
        text = text.replace(f'"{marker}"', literal)
    return text.encode()


def _card(rng: random.Random, files: Files, place: Path) -> Done:
    card = json.loads(_held(files, "model.json"))
    name, change, must_refuse = rng.choice(_CARD_CHANGES)
    task = rng.choice(list(card["heads"]))
    before = json.dumps(card)
    change(rng, card, task)
    files["model.json"] = _dumped(card)
    return Done(f"model.json: {name} ({task})", must_refuse=must_refuse and json.dumps(card) != before)


def _labels(change: Callable[[random.Random, list[str]], list[Any]]) -> Callable[[random.Random, dict[str, Any], str], None]:
    def changed(rng: random.Random, card: dict[str, Any], task: str) -> None:
        card["heads"][task]["labels"] = change(rng, list(card["heads"][task]["labels"]))

    return changed


def _put(*path: str, values: Sequence[Any]) -> Callable[[random.Random, dict[str, Any], str], None]:
    def changed(rng: random.Random, card: dict[str, Any], task: str) -> None:
        at: Any = card
        for key in path[:-1]:
            at = at[task if key == "TASK" else key]
        at[task if path[-1] == "TASK" else path[-1]] = rng.choice(values)

    return changed


_CARD_CHANGES: tuple[tuple[str, Callable[[random.Random, dict[str, Any], str], Any], bool], ...] = (
    ("a newer format", _put("format", values=[2, 99, "1", None, [1], 1.5, "@literal2@"]), True),
    ("another taxonomy", _put("taxonomy", values=["0" * 12, None, 3, "x" * 10**5, ["\x1b"], "@literal2@", "@literal10@"]), True),
    ("no id", _put("id", values=["", None, 3, "\ud800", "x" * 10**5]), True),
    ("another temperature", _put("heads", "TASK", "temperature", values=[0, -1.2, math.nan, math.inf, "1", None, True, "@literal5@"]), True),
    ("a tiny or huge temperature", _put("heads", "TASK", "temperature", values=[1e-320, 1e-30, 1e30, 1e308]), False),
    ("softmax turned", lambda rng, card, task: card["heads"][task].update(softmax=not card["heads"][task]["softmax"]), False),
    ("no softmax", _put("heads", "TASK", "softmax", values=[None, "no", 0, 1, []]), True),
    ("labels twice", _labels(lambda rng, labels: [labels[0]] * max(2, len(labels))), True),
    ("a label too many", _labels(lambda rng, labels: [*labels, "de trop"]), True),
    ("a label too few", _labels(lambda rng, labels: labels[1:]), True),
    ("a strange label", _labels(lambda rng, labels: [*labels[1:], rng.choice(["\ud800", None, 3, [], {}])]), True),
    ("another label", _labels(lambda rng, labels: [*labels[1:], rng.choice(["inconnu", "", "x" * 10**5])]), False),
    ("an unknown task", lambda rng, card, task: card["heads"].update(poison=card["heads"].pop(task)), True),
    ("no head", _put("heads", values=[{}, [], None, 3]), True),
    ("a head less", lambda rng, card, task: card["heads"].pop(task), False),
    ("no thresholds", _put("thresholds", values=[[], None, 3, "x"]), True),
    ("strange thresholds", _put("thresholds", "TASK", values=[{}, [], None, {"true": "x"}, {"true": math.nan}]), False),
    ("strange review", _put("review", values=[[], None, 3, {"sentiment": "x"}, {"own": math.nan}]), True),
    ("strange feature weights", _put("feature_weights", values=[[], None, {"words": 1}, {"words": "x", "characters": 1}]), True),
    ("huge feature weights", _put("feature_weights", values=[{"words": 1e308, "characters": 1e308}, {"words": -1, "characters": 1e300}]), False),
    ("strange encoder", _put("encoder", values=[[], None, 3, "x"]), True),
    ("strange prefix", _put("encoder", "prefix", values=[3, None, ["x"], {"a": 1}, "\ud800", "x" * 10**6]), True),
    ("strange own label", _put("own_label", values=[3, ["x"], "\ud800", "x" * 10**5, "a\tb", {}]), False),
    ("strange hashes", _put("files", values=[[], None, {}, dict.fromkeys(FILES), dict.fromkeys(FILES, 3), dict.fromkeys(FILES, "")]), False),
)


# --- mutations: weights and vocabularies -------------------------------------------------------------------------------


def _tensors(rng: random.Random, files: Files, place: Path) -> Done:
    content = _held(files, "heads.safetensors")
    size = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + size]), bytearray(content[8 + size :])
    name = rng.choice([key for key in header if key != "__metadata__"])
    entry, refuse = header[name], False
    first, last = entry["data_offsets"]
    how = rng.choice(["shape", "dtype", "recast", "offsets", "drop", "rename", "values", "huge header", "deep header", "metadata", "extra"])
    if how == "shape":
        total = math.prod(entry["shape"])
        entry["shape"] = rng.choice([[total], [1, total], [total, 1], [0], [], [2**63, 2], [-1], entry["shape"][::-1], [*entry["shape"], 1]])
    elif how == "dtype":
        entry["dtype"] = rng.choice(["BF16", "F8_E4M3", "F8_E5M2", "I8", "U8", "I64", "BOOL", "F64", "F16", "F4", "C64", "PICKLE", "", 3, None])
    elif how == "recast":  # of the right size, so that only its type is foreign
        kinds = {"BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "I16": 2, "I64": 8, "BOOL": 1, "C64": 8}
        foreign, width = rng.choice(list(kinds.items()))
        values = bytes(width * math.prod(entry["shape"]))
        header[name] = {"dtype": foreign, "shape": entry["shape"], "data_offsets": [len(data), len(data) + len(values)]}
        hole = f"hole.{name}"
        header[hole] = {"dtype": "U8", "shape": [last - first], "data_offsets": [first, last]}
        data += values
        refuse = True
    elif how == "offsets":
        entry["data_offsets"] = rng.choice([[last, first], [0, 2**63], [first, last + 4], [first, first], [-1, last], [0, last - first], "x"])
    elif how == "drop":
        del header[name]
    elif how == "rename":
        header[rng.choice(["x", name + "s", "../x", "", "__metadata__"])] = header.pop(name)
        refuse = True
    elif how == "values":
        kind = np.dtype({"F16": "<f2", "F32": "<f4", "F64": "<f8"}[entry["dtype"]])
        numbers = np.frombuffer(bytes(data[first:last]), dtype=kind).copy()
        value = rng.choice([math.nan, math.inf, -math.inf, float(np.finfo(kind).max), float(np.finfo(kind).tiny), 0.0, -1e4])
        if len(numbers):
            numbers[slice(None) if rng.random() < 0.5 else rng.randrange(len(numbers))] = value
            refuse = not math.isfinite(value)
        data[first:last] = numbers.tobytes()
        how = f"values {value}"
    elif how == "metadata":
        header["__metadata__"] = rng.choice([{"format": "pt"}, {"a": 1}, [], "x", {"a": "b" * 10**5}])
    elif how == "extra":
        header["poison.vector_weights"] = {"dtype": "F32", "shape": [1], "data_offsets": [len(data), len(data) + 4]}
        data += bytes(4)
    text = json.dumps(header).encode()
    if how == "deep header":
        text = text[:-1] + b', "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    length = rng.choice([2**63, 2**64 - 1, 10**8 + 1, len(text) - 1, len(text) + 1, 0]) if how == "huge header" else len(text)
    files["heads.safetensors"] = length.to_bytes(8, "little") + text + bytes(data)
    return Done(f"heads.safetensors: {name}: {how} -> {header.get(name)!s:.100}", must_refuse=refuse or how in ("huge header", "deep header", "drop"))


def _tokenizer(rng: random.Random, files: Files, place: Path) -> Done:
    document = json.loads(_held(files, "tokenizer.json"))
    part = rng.choice(list(_PARTS))
    if part == "model":
        document["model"] |= rng.choice(_PARTS["model"])
    elif part == "added_tokens":
        document["added_tokens"] += rng.choice(_PARTS["added_tokens"])
    else:
        document[part] = rng.choice(_PARTS[part])
    files["tokenizer.json"] = _dumped(document)
    return Done(f"tokenizer.json: {part} {document[part]!s:.200}")


def _replace(content: str, **pattern: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _split(regex: str, behaviour: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": behaviour, "invert": False}


def _steps(name: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", name: list(steps)}


def _nested(name: str, depth: int, inner: dict[str, Any]) -> dict[str, Any]:
    for _ in range(depth):
        inner = _steps(name, inner)
    return inner


def _template(times: int, ids: Sequence[int], *, sequence: str = "A") -> dict[str, Any]:
    """Return a post-processor that puts ``ids`` before a text, ``times`` times."""
    single = [{"SpecialToken": {"id": "<z>", "type_id": 0}}] * times + [{"Sequence": {"id": sequence, "type_id": 0}}]
    special = {"<z>": {"id": "<z>", "ids": list(ids), "tokens": ["<z>"] * len(ids)}}
    return {"type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": special}


def _added(id: int, content: str, *, strips: bool) -> dict[str, Any]:
    flags = dict.fromkeys(("single_word", "normalized", "special"), False)
    return {"id": id, "content": content, "lstrip": strips, "rstrip": strips, **flags}


def _word_pieces(longest: int) -> dict[str, Any]:
    words = {"x": 0, "S": 1, "##": 2, "": 3}
    return {"type": "WordPiece", "unk_token": "x", "continuing_subword_prefix": "##", "max_input_chars_per_word": longest, "vocab": words}


def _byte_pairs(merges: list[Any], dropout: float | None) -> dict[str, Any]:
    affixes = dict.fromkeys(("continuing_subword_prefix", "end_of_word_suffix"))
    flags = {"fuse_unk": False, "byte_fallback": True, "dropout": dropout, "unk_token": None}
    return {"type": "BPE", "vocab": {"S": 0, "a": 1, "Sa": 2, "n": 3}, "merges": merges, **affixes, **flags}


_GROWS, _BYTES = _replace("e" * 1000, String="e"), {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
_METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
_SLOW = ("(.+)+$", "(a|a|.)*!", "(?:(.*)*)*x", "(?=(.+)+x)", "((((.*)*)*)*)*!", "(?<a>.\\g<a>*)*", ".*.*.*.*.*!", "")
_LARGE = ("a{1,100000}", "(a{1,1000}){1,1000}", "(" * 5000 + ")" * 5000, "[", "\\", "x" * 10**5, "(?:" * 300 + "a" + "){1,9}" * 300)
_TABLES = (b"", b"\0" * 4, b"\xff" * 64, b"\4\0\0\0" + b"\xff" * 8, b"\0\1\0\0" + bytes(range(256)) * 2, b"\xff\1\0\0" + b"\7" * 600)
_CUT = {"direction": "Right", "strategy": "LongestFirst"}
_PAD = {"direction": "Right", "pad_id": 10**6, "pad_type_id": 0, "pad_token": "x"}
_PARTS: dict[str, list[Any]] = {
    "normalizer": [
        None,
        *(_steps("normalizers", *[_GROWS] * times) for times in (1, 4, 9)),
        *(_steps("normalizers", *[_replace(put, Regex=regex)] * n) for regex in ("", "|.", ".") for put in ("ab", "é", "") for n in (2, 12, 40)),
        *(_replace(" ", Regex=regex) for regex in (*_SLOW, *_LARGE)),
        *({"type": "Prepend", "prepend": put} for put in ("", "▁", "x" * 10**6)),
        _steps("normalizers", *[{"type": "Prepend", "prepend": "é" * 10**4}] * 50),
        *(_steps("normalizers", {"type": "Prepend", "prepend": "é"}, *[{"type": "ByteLevel"}] * times) for times in (11, 40)),
        *(_nested("normalizers", depth, {"type": "Lowercase"}) for depth in (5, 30, 60, 120)),
        *({"type": "Precompiled", "precompiled_charsmap": base64.b64encode(table).decode()} for table in _TABLES),
    ],
    "pre_tokenizer": [
        None,
        _BYTES,
        *({**_METASPACE, "replacement": put} for put in ("", "xx", "é")),
        *({"type": "FixedLength", "length": length} for length in (0, 1, 2**63)),
        *(_split(regex, how) for regex in (*_SLOW, *_LARGE, ".") for how in ("Isolated", "Removed", "MergedWithNext")),
        *(_nested("pretokenizers", depth, _METASPACE) for depth in (5, 30, 60, 120)),
        *(_steps("pretokenizers", *[_BYTES] * times) for times in (12, 40)),
    ],
    "post_processor": [
        None,
        *(_template(times, [0] * ids) for times in (1, 12, 255, 257, 10**5) for ids in (0, 1, 12, 300)),
        *(_template(1, [id], sequence=sequence) for id in (10**6, 2**32 - 1, -1) for sequence in "AB"),
        *(_steps("processors", *[_template(12, [0] * 12)] * times) for times in (1, 2, 12)),
        {"type": "BertProcessing", "sep": ["x", 2**32 - 1], "cls": ["y", 0]},
        {"type": "RobertaProcessing", "sep": ["x", 1], "cls": ["y", 10**6], "trim_offsets": True, "add_prefix_space": False},
        *(_nested("processors", depth, _BYTES) for depth in (5, 30, 60)),
    ],
    "truncation": [{**_CUT, "max_length": most, "stride": stride} for most in (0, 1, 2**63) for stride in (0, 1, 2**63)],
    "padding": [{**_PAD, "strategy": how, "pad_to_multiple_of": of} for how in ("BatchLongest", {"Fixed": 10**12}) for of in (None, 0, 2**63)],
    "added_tokens": [
        [_added(id, content, strips=strips)]
        for id in (0, 10**6, 2**32 - 1, 2**32, -1)
        for content in ("annonce", "", " ", "a", "x" * 10**5)
        for strips in (True, False)
    ],
    "model": [
        *({"vocab": words} for words in ([], {}, None, [["a", math.nan]], [["", 0.0]], {"": 0}, [["a", 0.0]] * 3)),
        *({"unk_id": id} for id in (None, 10**6, -1, 2**64)),
        *({"unk_token": word} for word in (None, "nowhere", "")),
        *({"unk_id": 0, "vocab": [[piece, score] for piece in "aeiou▁"]} for score in (math.nan, -1e308, 1e308, 0.0, "@literal5@")),
        *({"type": "WordLevel", "unk_token": "x", "vocab": {"x": id}} for id in (10**6, 2**31, 2**32 - 1)),
        *(_word_pieces(longest) for longest in (0, 10**9)),
        *(_byte_pairs(merges, None) for merges in (["S a"], [["S", "a"]], ["S z"], ["Sa"], [" "], ["S a"] * 1000, [])),
        *(_byte_pairs(["S a"], dropout) for dropout in (0.5, math.nan, -1.0)),
    ],
}  # fmt: skip


# --- mutations: the graph ----------------------------------------------------------------------------------------------

_HUGE = (0, 1, -1, 2, 7, 255, 256, 65536, 2**31 - 1, 2**31, -(2**31), 2**40, 2**62, -(2**63))
_OPS = (
    "Loop", "If", "Scan", "ConstantOfShape", "Expand", "Tile", "Range", "RandomNormal", "NonZero", "Resize", "StringNormalizer", "EPContext",
    "PyOp", "Optional", "Where", "Pad", "Einsum", "Concat", "Split", "Conv", "SequenceEmpty", "Attention", "LayerNormalization", "Reshape", "Gather",
    "Slice", "Transpose", "MatMul", "Cast", "Shape", "Softmax", "Gelu", "MatMulNBits", "GatherBlockQuantized", "MatMulIntegerToFloat", "Identity",
    "ReduceMax", "QuantizeLinear", "Add", "Nothing", "",
)  # fmt: skip


def _graph(rng: random.Random, files: Files, place: Path) -> Done:
    model = ModelProto.FromString(_held(files, "encoder.onnx"))
    done = []
    must_refuse = False
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        name, change, refuse = rng.choice(_GRAPH_CHANGES)
        try:
            done.append(f"{name} {change(rng, model, place) or ''}")
        except IndexError:  # a change before took away what this one is for
            continue
        must_refuse |= refuse
    files["encoder.onnx"] = model.SerializeToString()
    return Done(f"encoder.onnx: {'; '.join(done)}", must_refuse=must_refuse)


def _outer(rng: random.Random, model: Any, place: Path) -> None:
    """Add a product of two weights that is far larger than they are, which onnxruntime would compute when it loads."""
    size = 40_000
    for name, shape in (("tall", (size, 1)), ("flat", (1, size))):
        model.graph.initializer.append(numpy_helper.from_array(np.ones(shape, dtype=np.float32), name))
    model.graph.node.insert(0, helper.make_node("MatMul", ["tall", "flat"], ["large"]))
    model.graph.node.append(helper.make_node("Identity", ["large"], ["larger"]))
    model.graph.output.append(helper.make_tensor_value_info("larger", TensorProto.FLOAT, [size, size]))


def _external(rng: random.Random, model: Any, place: Path) -> str:
    tensor = rng.choice([t for t in model.graph.initializer if t.raw_data])
    outside = place / "outside.bin"
    outside.write_bytes(tensor.raw_data)
    location = rng.choice(["outside.bin", "../outside.bin", str(outside), "/etc/passwd", "encoder.onnx", "*/_ORT_MEM_ADDR_/*", ""])
    size = len(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    fields = {"location": location, "offset": str(rng.choice([0, 0, 0, -1, 2**63])), "length": str(rng.choice([size, size, 0, -1, 2**62]))}
    for key, value in fields.items():
        tensor.external_data.add(key=key, value=value)
    return location


def _endless(rng: random.Random, model: Any, place: Path) -> None:
    for name, value in (("most", np.int64(2**62)), ("true", np.array(True)), ("start", np.zeros(1, dtype=np.float32))):
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    kinds = {"i": (TensorProto.INT64, []), "go": (TensorProto.BOOL, []), "v": (TensorProto.FLOAT, [1])}
    inputs = [helper.make_tensor_value_info(name, *kind) for name, kind in kinds.items()]
    outputs = [helper.make_tensor_value_info(f"{name}2", *kinds[name]) for name in ("go", "v")]
    body = helper.make_graph([helper.make_node("Identity", ["go"], ["go2"]), helper.make_node("Add", ["v", "v"], ["v2"])], "body", inputs, outputs)
    model.graph.node.append(helper.make_node("Loop", ["most", "true", "start"], ["end"], body=body))
    model.graph.output.append(helper.make_tensor_value_info("end", TensorProto.FLOAT, [1]))


def _attribute(rng: random.Random, model: Any, place: Path) -> str:
    node = rng.choice([n for n in model.graph.node if n.attribute])
    attribute = rng.choice(list(node.attribute))
    how = rng.choice(["value", "value", "value", "value", "drop", "twice", "type", "rename"])
    if how == "drop":
        node.attribute.remove(attribute)
    elif how == "twice":
        node.attribute.append(attribute)
    elif how == "rename":
        attribute.name = rng.choice(["", "x", "axis", "to"])
    elif how == "type":
        attribute.type = rng.choice([0, 1, 2, 3, 4, 5, 7])
    elif attribute.type == AttributeProto.INTS:
        values = list(attribute.ints)
        values[rng.randrange(len(values))] = rng.choice(_HUGE)
        del attribute.ints[:]
        attribute.ints.extend(rng.choice([values, values[1:], values * 2, [0] * 1000]))
    elif attribute.type == AttributeProto.FLOAT:
        attribute.f = rng.choice([math.nan, math.inf, -1.0, 0.0, 1e38])
    else:
        attribute.i = rng.choice([*_HUGE, *range(27)])
    return f"{node.op_type}.{attribute.name} {how} {attribute.i or list(attribute.ints)[:6]}"


def _initializer(rng: random.Random, model: Any, place: Path) -> str:
    tensor = rng.choice(list(model.graph.initializer))
    how = rng.choice(["dims", "dims", "reshaped", "type", "longer", "shorter", "values", "values", "values", "drop", "twice", "rename", "typed"])
    size = math.prod(tensor.dims)
    told = f"{tensor.name}{list(tensor.dims)}:{tensor.data_type} {how}"
    if how == "dims":
        dims = list(tensor.dims) or [1]
        dims[rng.randrange(len(dims))] = rng.choice(_HUGE)
        del tensor.dims[:]
        tensor.dims.extend(dims)
    elif how == "reshaped":  # the same bytes in another shape, so that only its use can fail
        dims = rng.choice([[size], [size, 1], [1, size], [1, 1, size], [*tensor.dims[::-1]], [*tensor.dims, 1], [1] * 9 + [size]])
        del tensor.dims[:]
        tensor.dims.extend(dims)
    elif how == "type":
        tensor.data_type = rng.choice([0, *range(1, 24), 99])
    elif how == "longer":
        tensor.raw_data += rng.randbytes(rng.choice([1, 4, 64]))
    elif how == "shorter":
        tensor.raw_data = tensor.raw_data[: rng.randrange(len(tensor.raw_data) + 1)]
    elif how == "values":
        kind = {TensorProto.FLOAT: "<f4", TensorProto.DOUBLE: "<f8", TensorProto.INT64: "<i8"}.get(tensor.data_type)
        if kind is None:
            tensor.raw_data = rng.randbytes(len(tensor.raw_data))
        else:
            values = np.frombuffer(tensor.raw_data, dtype=kind).copy()
            strange = _HUGE if kind == "<i8" else (math.nan, math.inf, 0.0, float(np.finfo(kind).max), -1e30, 1e-40)
            if len(values):
                values[slice(None) if rng.random() < 0.5 else rng.randrange(len(values))] = rng.choice(strange)
            told += f" {values[:6]}"
            tensor.raw_data = values.tobytes()
    elif how == "drop":
        model.graph.initializer.remove(tensor)
    elif how == "twice":
        model.graph.initializer.append(tensor)
    elif how == "rename":
        tensor.name = rng.choice(["", "ids", "last", "x"])
    elif tensor.data_type == TensorProto.FLOAT:
        values = np.frombuffer(tensor.raw_data, dtype="<f4")
        tensor.ClearField("raw_data")
        tensor.float_data.extend(values[: rng.choice([len(values), 1, 0])].tolist())
    return told


def _node(rng: random.Random, model: Any, place: Path) -> str:
    nodes = model.graph.node
    node = nodes[rng.randrange(len(nodes))]
    how = rng.choice(["drop", "twice", "op", "op", "domain", "rewire", "rewire", "rewire", "less", "more", "output", "move", "cycle"])
    told = f"{node.op_type} {how}"
    names = [name for n in nodes for name in n.output] + [t.name for t in model.graph.initializer] + ["ids", "", "last"]
    if how == "drop":
        nodes.remove(node)
    elif how == "twice":
        nodes.append(node)
    elif how == "op":
        node.op_type = rng.choice(_OPS)
        node.domain = rng.choice([node.domain, "", "com.microsoft"])
        told += f" {node.op_type}"
    elif how == "domain":
        node.domain = rng.choice(["", "com.microsoft", "ai.onnx.ml", "com.microsoft.nchwc", "evil", "ai.onnx.training"])
    elif how == "rewire" and node.input:
        node.input[rng.randrange(len(node.input))] = (name := rng.choice(names))
        told += f" {name}"
    elif how == "less" and node.input:
        del node.input[rng.randrange(len(node.input)) :]
    elif how == "more":
        node.input.append(rng.choice(names))
    elif how == "output":
        node.output[0] = rng.choice(["", "last", "x", "ids"])
    elif how == "move":
        copy = type(node).FromString(node.SerializeToString())
        nodes.remove(node)
        nodes.insert(rng.randrange(len(nodes) + 1), copy)
    elif how == "cycle" and node.input:
        node.input[0] = node.output[0]
    return told


def _border(rng: random.Random, model: Any, place: Path) -> str:
    value = rng.choice([*model.graph.output, *model.graph.input])
    how = rng.choice(["rename", "type", "dims", "dims", "no shape", "sequence", "drop", "more", "swap"])
    told = f"{value.name} {how}"
    tensor = value.type.tensor_type
    if how == "rename":
        value.name = rng.choice(["", "x", "ids", "middle", "last", "\x1b[31m", "t" * 1000])
    elif how == "type":
        tensor.elem_type = rng.choice([0, *range(1, 24), 99])
    elif how == "dims" and tensor.shape.dim:
        tensor.shape.dim[rng.randrange(len(tensor.shape.dim))].dim_value = rng.choice(_HUGE)
    elif how == "no shape":
        tensor.ClearField("shape") if rng.random() < 0.5 else tensor.shape.ClearField("dim")
    elif how == "sequence":
        value.type.sequence_type.elem_type.tensor_type.elem_type = TensorProto.FLOAT
    elif how == "drop":
        (model.graph.output if value in model.graph.output else model.graph.input).remove(value)
    elif how == "more":
        added = helper.make_tensor_value_info(rng.choice(["x", "last", "ids"]), TensorProto.FLOAT, [1])
        rng.choice([model.graph.output, model.graph.input]).append(added)
    else:
        first, second = model.graph.output[0].name, model.graph.output[1].name
        model.graph.output[0].name, model.graph.output[1].name = second, first
    return told


def _frame(rng: random.Random, model: Any, place: Path) -> str:
    how = rng.choice(["ir", "opset", "no opset", "function", "metadata", "value", "sparse", "quantization", "name", "subgraph", "reference"])
    if how == "ir":
        model.ir_version = rng.choice(_HUGE)
    elif how == "opset":
        rng.choice(list(model.opset_import)).version = rng.choice([*_HUGE, 1, 13, 22, 99])
    elif how == "no opset":
        del model.opset_import[:]
    elif how == "function":
        node = helper.make_node("Identity", ["a"], ["b"])
        domain = rng.choice(["", "com.microsoft", "x"])
        model.functions.append(helper.make_function(domain, rng.choice(["Gelu", "f"]), ["a"], ["b"], [node], [helper.make_opsetid("", 21)]))
    elif how == "metadata":
        helper.set_model_props(model, {"a": "b" * 10**4})
    elif how == "value":
        name = rng.choice(model.graph.node).output[0]
        model.graph.value_info.append(helper.make_tensor_value_info(name, rng.choice([1, 7, 8, 11]), [rng.choice(_HUGE)]))
    elif how == "sparse":
        values = numpy_helper.from_array(np.ones(1, np.float32), "s")
        indices = numpy_helper.from_array(np.array([rng.choice(_HUGE)], dtype=np.int64), "i")
        model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [rng.choice([4, 2**40])]))
    elif how == "quantization":
        model.graph.quantization_annotation.add(tensor_name="w1")
    elif how == "name":
        model.graph.name = rng.choice(["", "\x1b", "x" * 10**5])
    elif how == "subgraph":
        node = rng.choice(list(model.graph.node))
        node.attribute.append(helper.make_attribute("body", helper.make_graph([], "g", [], [])))
    else:
        node = rng.choice([n for n in model.graph.node if n.attribute])
        node.attribute[0].ref_attr_name = "x"
    return how


_GRAPH_CHANGES: tuple[tuple[str, Callable[[random.Random, Any, Path], str | None], bool], ...] = (
    *([("attribute", _attribute, False)] * 3),
    *([("weight", _initializer, False)] * 3),
    *([("node", _node, False)] * 3),
    *([("border", _border, False)] * 2),
    ("frame", _frame, False),
    ("external data", _external, True),
    ("an endless loop", _endless, True),
    ("a product of weights", _outer, True),
)

_MUTATIONS: dict[str, Callable[[random.Random, Files, Path], Done]] = {
    "bytes": _bytes, "foreign": _foreign, "link": _link, "seen": _seen, "json": _json, "card": _card, "tensors": _tensors, "tokenizer": _tokenizer,
    "graph": _graph,
}  # fmt: skip
_WEIGHTS = {"bytes": 6, "foreign": 1, "link": 1, "seen": 1, "json": 6, "card": 4, "tensors": 4, "tokenizer": 4, "graph": 10}


# --- the run -----------------------------------------------------------------------------------------------------------


def seal(files: Files) -> None:
    """State the hashes of the files anew in model.json, where there is still a place for them."""
    try:
        card = json.loads(_held(files, "model.json"))
        for name in set(card["files"]) & files.keys() - {"model.json"}:
            card["files"][name] = hashlib.sha256(_held(files, name)).hexdigest()
        files["model.json"] = json.dumps(card).encode()
    except (ValueError, TypeError, KeyError, RecursionError, OSError):
        return


def write(files: Files, folder: Path) -> None:
    """Make a folder anew that holds ``files``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        if isinstance(content, Path):
            (folder / name).symlink_to(content)
        else:
            (folder / name).write_bytes(content)


def _held(files: Files, name: str) -> bytes:
    content = files[name]
    return content if isinstance(content, bytes) else b""


def _bases(place: Path) -> None:
    make_tiny_model(place / "rows8")
    make_tiny_model(place / "bits4", form="bits4", words=False, tasks=False, own=True)
    make_tiny_model(place / "fp32", form="fp32", taxonomy=taxonomy_with("lyme"), wordlevel=True)
    make_tiny_model(place / "bits8", form="bits8", own=False, taxonomy=DEFAULT_TAXONOMY.read_text(encoding="utf-8"))


def _case(rng: random.Random, bases: Sequence[Files], place: Path) -> tuple[str, Done]:
    """Write the folder of one case; return the kind of its mutation and what was done."""
    base = rng.choice(bases)
    files = dict(base)
    kind = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    done = _MUTATIONS[kind](rng, files, place)
    if rng.random() < 0.8:
        seal(files)
        done = Done(f"{done.what} (hashes stated anew)", done.must_refuse)
    else:
        is_changed = any(files[name] != content for name, content in base.items() if name != "model.json")
        done = Done(done.what, done.must_refuse or is_changed)
    write(files, place / "case" / "model")
    return kind, done


def _judge(done: Done, place: Path, *, observer: Observer, watch: _Watch) -> str:
    """Load the folder of a case and return what came of it, or raise `Violation`."""
    start = time.process_time()
    with watch.over(place / "case" / "model"):
        outcome = trial(place / "case" / "model", observer)
    if done.must_refuse and outcome == "labels":
        raise Violation("it was read, where it must be refused")
    if (place / "executed").exists():
        raise Violation("code was run")
    if time.process_time() - start > SLOWEST:
        raise Violation(f"it took {time.process_time() - start:.0f} s")
    return outcome


def _work(told: Connection, place: Path, seed: int, first: int, last: int) -> None:
    """Run cases in this process, and tell of each when it begins and when it ends."""
    os.environ["RUST_BACKTRACE"] = "0"
    # What a panic prints is kept aside, to be shown only if the process dies of it.
    errors = (place / "stderr.txt").open("a")
    os.dup2(errors.fileno(), 2)
    faulthandler.enable(errors)
    os.chdir(place)
    bases: list[Files] = [{path.name: path.read_bytes() for path in sorted(folder.iterdir())} for folder in sorted((place / "bases").iterdir())]
    observer = Observer()
    for base in bases:
        write(dict(base), place / "case" / "model")
        if trial(place / "case" / "model", observer) != "labels":
            told.send(("violation", "a model that nothing was done to is refused"))
            return
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if sys.platform == "linux" else 2**33
    resource.setrlimit(resource.RLIMIT_AS, (size + _MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    watch = _Watch()
    sys.addaudithook(watch)
    for number in range(first, last):
        kind, done = _case(random.Random(f"{seed}/{number}"), bases, place)
        told.send(("begins", number, kind, done.what))
        errors.truncate(0)
        start = time.monotonic()
        try:
            told.send(("ends", _judge(done, place, observer=observer, watch=watch), time.monotonic() - start))
        except Violation as violation:
            told.send(("violation", str(violation)))
            return
    told.send(("batch ends",))


def fuzz(*, seconds: float, seed: int, only: int | None = None, tell: Callable[[str], None] | None = None) -> Report:
    """Run cases until ``seconds`` have passed or one breaks a rule; ``only`` runs the case of that number alone."""
    report, deadline, number = Report(), time.monotonic() + seconds, only or 0
    with tempfile.TemporaryDirectory(prefix="pharmavoix-fuzz-") as made:
        place = Path(os.path.realpath(made))
        _bases(place / "bases")
        while report.violation is None and time.monotonic() < deadline:
            last = number + 1 if only is not None else number + _BATCH
            number = _batch(report, place, seed, number, last, deadline=deadline, tell=tell)
            if only is not None:
                break
    return report


def _batch(
    report: Report, place: Path, seed: int, first: int, last: int, *, deadline: float, tell: Callable[[str], None] | None
) -> int:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(theirs, place, seed, first, last))
    child.start()
    theirs.close()
    number, kind, what, fault = first, "", "", None
    patience = 180.0  # until it has loaded what it needs
    try:
        while fault is None and time.monotonic() < deadline:
            if not ours.poll(patience):
                fault = f"no end after {patience:.0f} s"
                break
            match ours.recv():
                case ("begins", int(number), str(kind), str(what)):
                    patience = _SILENT
                case ("ends", outcome, float(took)):
                    report.outcomes[kind, outcome] += 1
                    report.slowest = max(report.slowest, took)
                    if tell:
                        tell(f"case {number}: {outcome}, {took:.2f} s: {kind}: {what}")
                case ("violation", str(text)):
                    fault = text
                case _:
                    return last
    except EOFError:
        child.join(10)
        printed = (place / "stderr.txt").read_text(errors="replace").splitlines()[-14:]
        fault = "\n".join([f"the process died (exit code {child.exitcode})", *printed])
    finally:
        child.kill()
        child.join()
    if fault is not None:
        again = f"python -m tests.models.fuzz_loader --seed {seed} --only {number}"
        report.violation = f"case {number} of seed {seed}: {fault}\n{kind}: {what}\nagain: {again}"
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, and print the cases by outcome."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="run this one case, and say what it is")
    parser.add_argument("--verbose", action="store_true", help="a line for each case")
    chosen = parser.parse_args(arguments)

    def say(line: str) -> None:
        sys.stdout.write(f"{line.encode('ascii', 'backslashreplace').decode()}\n")

    report = fuzz(seconds=chosen.seconds, seed=chosen.seed, only=chosen.only, tell=say if chosen.verbose or chosen.only is not None else None)
    say(f"{sum(report.outcomes.values())} cases of seed {chosen.seed}, the slowest {report.slowest:.2f} s")
    for (kind, outcome), n in sorted(report.outcomes.items()):
        say(f"{n:7} {kind}: {outcome}")
    say(report.violation or "no rule was broken")
    return 1 if report.violation else 0


if __name__ == "__main__":
    sys.exit(main())
