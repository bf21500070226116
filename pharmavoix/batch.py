"""Exports to one table of labelled posts: every row in is a row out, rejected or filtered, and counted."""

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from models.classifier import Answer, Classifier, load_classifier
from models.labels import Labels
from nlp.clean import clean
from nlp.observe import Observations, joined
from pharmavoix.accounts import LabAccounts
from pharmavoix.exports.read import Export, open_export
from pharmavoix.post import Post, Rejected
from pharmavoix.privacy import Pseudonyms
from pharmavoix.progress import Progress, progress
from pharmavoix.table import RowWriter
from pharmavoix.writers import RejectedWriter, companions, open_writer
from seeds.errors import ExportError
from seeds.labs import read_labs

__all__ = ["BatchConfig", "Counts", "Outcome", "classify_exports"]

_CHUNK = 2048  # rows read, labelled and written together
_PART = 64  # texts sent to a worker at a time
_REMEMBERED = 200_000  # distinct texts whose answers are kept for their repeats


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """How exports are read and labelled; the defaults are those of the command line."""

    model: Path
    format: str | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    voice: str = "auto"
    since: date | None = None
    until: date | None = None
    only_language: str | None = None
    workers: int = 1
    keep_source: bool = False
    keep_authors: bool = False
    excel_fr: bool = False
    max_rejected: str = "1%"


@dataclass
class Counts:
    """Where each row went."""

    rows_in: int = 0
    rows_out: int = 0
    rejected: int = 0
    filtered: int = 0
    duplicates: int = 0
    distinct_texts: int = 0
    needs_review: int = 0
    adverse_event_candidates: int = 0
    repaired_texts: int = 0
    unread_dates: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did; ``too_many_rejected`` calls for exit status 1."""

    counts: Counts
    inputs: Sequence[Mapping[str, Any]]
    first_rejected: Rejected | None
    too_many_rejected: bool
    seconds: float
    model: Mapping[str, Any]


class _Labeller:
    """Labels posts with one process or many; what reads the same is computed once."""

    def __init__(self, config: BatchConfig) -> None:
        self._config = config
        self.classifier = load_classifier(config.model, threads=0 if config.workers == 1 else 1)
        self._answers: dict[str, Answer] = {}
        self._pool = Parallel(n_jobs=config.workers) if config.workers > 1 else None

    def label(self, posts: Sequence[Post]) -> list[Labels]:
        observed = [self._observe(post) for post in posts]
        missing = [t for t in dict.fromkeys(o.cleaned.text for o in observed) if t not in self._answers]
        answers = dict(zip(missing, self._answer(missing), strict=True))
        labels = [self.classifier.read(o, answers.get(o.cleaned.text) or self._answers[o.cleaned.text]) for o in observed]
        self._remember(answers)
        return labels

    def _observe(self, post: Post) -> Observations:
        day = date.fromisoformat(post.date[:10]) if post.date else None
        return self.classifier.observe(joined(post.title, post.text), day=day, language=post.language)

    def _answer(self, texts: Sequence[str]) -> list[Answer]:
        if self._pool is None:
            return self.classifier.answer(texts)
        # By length, so that each worker's batches are full; the answers do not depend on it.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        parts = [order[i : i + _PART] for i in range(0, len(order), _PART)]
        done = self._pool(delayed(_answer_in_worker)(self._config.model, [texts[i] for i in part]) for part in parts)
        found = {i: answer for part, answers in zip(parts, done, strict=True) for i, answer in zip(part, answers, strict=True)}
        return [found[i] for i in range(len(texts))]

    def _remember(self, answers: Mapping[str, Answer]) -> None:
        self._answers.update(answers)
        for text in list(islice(self._answers, max(0, len(self._answers) - _REMEMBERED))):
            del self._answers[text]


@lru_cache(maxsize=1)
def _worker_classifier(model: Path) -> Classifier:
    return load_classifier(model, threads=1)


def _answer_in_worker(model: Path, texts: Sequence[str]) -> list[Answer]:
    return _worker_classifier(model).answer(texts)


def classify_exports(inputs: Sequence[str], out: str, config: BatchConfig, *, key: bytes | None, stdin: Any = None) -> Outcome:
    """Label every row of ``inputs`` and write the table ``out`` with its companions.

    ``key`` is the user's key for pseudonyms; None keeps the authors as they are. ``-`` reads ``stdin`` (CSV) or
    writes standard output.
    """
    start = time.perf_counter()
    _allowed(config.max_rejected, 0)  # refused before the work, not after
    with tempfile.TemporaryDirectory(prefix="pharmavoix-") as folder:
        exports = [_open(name, config, Path(folder), stdin) for name in inputs]
        labeller = _Labeller(config)
        accounts = LabAccounts(read_labs())
        model = labeller.classifier.model
        pseudonyms = Pseudonyms(key) if key is not None else None
        row_writer = RowWriter(model.id, accounts, pseudonyms, keep_source=config.keep_source, own_label=model.own_label)
        counts, rejected = Counts(), _RejectedList()
        extra = (*row_writer.own_columns, *(_source_columns(exports) if config.keep_source else ()))
        places = companions(out)
        total = sum(e.rows for e in exports)
        with open_writer(out, excel_fr=config.excel_fr, extra=extra) as writer, progress(total, "classify") as tell:
            with _rejected_writer(places[0] if places else None) as rejects:
                rejected.writer = rejects
                first_seen: dict[bytes, str] = {}
                for rows in _labelled(exports, config, accounts, labeller, row_writer, counts, rejected, first_seen, tell):
                    writer.write(rows)
    counts.repaired_texts = sum(e.export.repaired for e in exports)
    counts.unread_dates = sum(e.export.unread_dates for e in exports)
    counts.distinct_texts = counts.rows_out - counts.duplicates
    return Outcome(
        counts=counts,
        inputs=[e.stated for e in exports],
        first_rejected=rejected.first,
        too_many_rejected=counts.rejected > _allowed(config.max_rejected, counts.rows_in),
        seconds=time.perf_counter() - start,
        model=labeller.classifier.model.card,
    )


@dataclass
class _Opened:
    export: Export
    rows: int
    stated: Mapping[str, Any]


def _open(name: str, config: BatchConfig, folder: Path, stdin: Any) -> _Opened:
    from pharmavoix.manifest import file_hash

    path, shown = Path(name), name
    if name == "-":
        # Read twice below: once for its encoding and dates, once for its rows.
        path, shown = folder / "stdin.csv", "stdin"
        path.write_bytes(stdin.read())
    export = open_export(path, name=shown, format=config.format, chosen=config.chosen, delimiter=config.delimiter)
    if (config.since or config.until) and not export.columns["date"]:
        raise ExportError(f"{shown}: no date column was found, so --since and --until cannot be kept. Name it with --map date=COLUMN.")
    stated = {
        "file": shown,
        "sha256": file_hash(path),
        "bytes": path.stat().st_size,
        "format": export.columns.format,
        "dialect": export.table.dialect,
        "columns": {field: list(names) for field, names in export.columns.by_field.items() if names},
        "date_order": export.dates.order,
    }
    return _Opened(export, export.rows, stated)


class _RejectedList:
    """Writes rejected rows as they come, and remembers the first for the message."""

    def __init__(self) -> None:
        self.first: Rejected | None = None
        self.writer: RejectedWriter | None = None

    def add(self, rejected: Rejected) -> None:
        self.first = self.first or rejected
        if self.writer is not None:
            self.writer.write([{name: getattr(rejected, name) for name in RejectedWriter.HEADER}])


class _Nothing:
    """Stands where no rejected file is written (standard output)."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *ignored: object) -> None:
        return None


def _rejected_writer(path: Path | None) -> Any:
    return RejectedWriter(path) if path else _Nothing()


def _labelled(
    exports: Sequence[_Opened],
    config: BatchConfig,
    accounts: LabAccounts,
    labeller: _Labeller,
    row_writer: RowWriter,
    counts: Counts,
    rejected: _RejectedList,
    first_seen: dict[bytes, str],
    tell: Progress,
) -> Iterator[list[dict[str, Any]]]:
    for posts in _chunks(_usable(exports, config, accounts, counts, rejected)):
        rows = []
        for post, labels in zip(posts, labeller.label(posts), strict=True):
            if config.only_language and (post.language or labels.language or config.only_language) != config.only_language:
                counts.filtered += 1
                continue
            key = _duplicate_key(post)
            duplicate_of = first_seen.get(key)
            if duplicate_of is None:
                first_seen[key] = row_writer.id(post)
            counts.rows_out += 1
            counts.duplicates += duplicate_of is not None
            counts.needs_review += labels.needs_review
            counts.adverse_event_candidates += bool(labels.adverse_event)
            rows.append(row_writer.row(post, labels, duplicate_of=duplicate_of))
        yield rows
        tell(counts.rows_in)


def _usable(
    exports: Sequence[_Opened], config: BatchConfig, accounts: LabAccounts, counts: Counts, rejected: _RejectedList
) -> Iterator[Post]:
    for opened in exports:
        for post in opened.export.posts():
            counts.rows_in += 1
            if isinstance(post, Rejected):
                counts.rejected += 1
                rejected.add(post)
            elif _is_outside(post, config):
                counts.filtered += 1
            else:
                yield _with_voice(post, config.voice, accounts)


def _chunks(posts: Iterable[Post]) -> Iterator[list[Post]]:
    remaining = iter(posts)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk


def _is_outside(post: Post, config: BatchConfig) -> bool:
    """Tell whether the post lies outside --since and --until; a post without a date is kept only when neither is given."""
    if config.since is None and config.until is None:
        return False
    if post.date is None:
        return True
    day = date.fromisoformat(post.date[:10])
    return (config.since is not None and day < config.since) or (config.until is not None and day > config.until)


def _with_voice(post: Post, voice: str, accounts: LabAccounts) -> Post:
    owner = accounts.owner(platform=post.platform, handle=post.author_handle, author=post.author)
    decided = voice if voice != "auto" else post.voice or ("owned" if owner else "earned")
    return replace(post, voice=decided, owner=owner if decided == "owned" else None)


def _duplicate_key(post: Post) -> bytes:
    """Return what two copies of one text share: no retweet mark, no link, no case."""
    from hashlib import blake2b

    return blake2b(clean(joined(post.title, post.text)).text.casefold().encode(), digest_size=16).digest()


def _allowed(limit: str, rows: int) -> float:
    """Return how many rows may be rejected: ``limit`` is a count, or a share such as ``1%``."""
    try:
        if limit.strip().endswith("%"):
            return _allowed(str(float(limit.strip().rstrip("%").replace(",", "."))), 1) / 100 * rows
        number = float(limit.replace(",", "."))
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ExportError(f"--max-rejected {limit!r}: expected a count such as 20 or a share such as 1%.")
    return number * rows if 0 < number < 1 else number


def _source_columns(exports: Sequence[_Opened]) -> tuple[str, ...]:
    from pharmavoix.exports.read import kept_source_columns

    return tuple(dict.fromkeys(f"src_{c}" for e in exports for c in kept_source_columns(e.export.table.columns, e.export.columns)))
