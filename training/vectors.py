"""Vectors remembered by text and encoder, so that a second training run encodes nothing."""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.encoder import Encoder
from models.store import StoredModel
from training.base_encoder import BaseEncoder, frozen_weights, write_encoder

__all__ = ["RememberedEncoder", "frozen_encoder"]

_PART = 256  # texts encoded, and kept, at a time
_MOST_BYTES = 4 << 30
_ASKED = 900  # parameters that one SQLite query may hold

Floats = NDArray[np.float32]


class RememberedEncoder:
    """An encoder that keeps each vector in a file, under a hash of the text and of the encoder; it holds no text.

    A file that is damaged, locked or full costs only time: the vectors are computed again.
    """

    def __init__(
        self, folder: Path, *, width: int, identity: str, prefix: str, kept_in: Path | None, tell: Callable[[int, int], None] | None = None
    ) -> None:
        """Read vectors of ``width`` with the encoder of ``folder``, kept in the folder ``kept_in`` (None keeps nothing).

        ``identity`` tells encoders apart; ``tell`` is told how many texts of how many are encoded.
        """
        self._folder, self._width, self._identity, self._prefix, self._tell = folder, width, identity, prefix, tell
        self._path = kept_in / "vectors.sqlite" if kept_in else None
        self._encoder: Encoder | None = None

    @classmethod
    def of(cls, model: StoredModel, kept_in: Path | None, tell: Callable[[int, int], None] | None = None) -> "RememberedEncoder":
        """Return the encoder of a model that was loaded."""
        files = model.card["files"]
        identity = f"{files['encoder.onnx']} {files['tokenizer.json']} {model.prefix}"
        width = next(iter(model.heads.values())).vector_weights.shape[1]
        return cls(model.folder, width=width, identity=identity, prefix=model.prefix, kept_in=kept_in, tell=tell)

    @property
    def width(self) -> int:
        """How long a vector is."""
        return self._width

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return the vectors of ``texts``, shape (texts, width)."""
        keys = [hashlib.sha256(f"{self._identity}\n{text}".encode("utf-8", "surrogatepass")).digest() for text in texts]
        found = self._kept(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        todo = list(missing)
        for first in range(0, len(todo), _PART):
            part = todo[first : first + _PART]
            new = dict(zip(part, self._opened().encode([missing[key] for key in part]), strict=True))
            self._keep(new)
            found.update(new)
            if self._tell:
                self._tell(first + len(part), len(todo))
        return np.stack([found[key] for key in keys]) if keys else np.zeros((0, self._width), dtype=np.float32)

    def _opened(self) -> Encoder:
        if self._encoder is None:
            self._encoder = Encoder(self._folder, prefix=self._prefix)
        return self._encoder

    def _kept(self, keys: Sequence[bytes]) -> dict[bytes, Floats]:
        found: dict[bytes, Floats] = {}
        if self._path is None or not self._path.is_file():
            return found
        try:
            with closing(sqlite3.connect(self._path, timeout=10)) as file:
                for first in range(0, len(keys), _ASKED):
                    part = keys[first : first + _ASKED]
                    query = f"SELECT key, vector FROM vectors WHERE key IN ({','.join('?' * len(part))})"
                    for key, vector in file.execute(query, part):
                        if len(vector) == 4 * self._width:
                            found[key] = np.frombuffer(vector, dtype=np.float32)
        except sqlite3.DatabaseError:
            return {}
        return found

    def _keep(self, vectors: dict[bytes, Floats]) -> None:
        if self._path is None:
            return
        try:
            self._write(vectors)
        except sqlite3.OperationalError:
            pass  # locked, or no space left: the run goes on
        except sqlite3.DatabaseError:  # damaged: begun anew
            self._path.unlink(missing_ok=True)
            self._write(vectors)

    def _write(self, vectors: dict[bytes, Floats]) -> None:
        assert self._path is not None
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._path.is_file() and self._path.stat().st_size > _MOST_BYTES:
            self._path.unlink()
        with closing(sqlite3.connect(self._path, timeout=10)) as file, file:
            self._path.chmod(0o600)
            file.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
            rows = [(key, np.ascontiguousarray(vector, dtype=np.float32).tobytes()) for key, vector in vectors.items()]
            file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


def frozen_encoder(base: BaseEncoder, place: Path, *, kept_in: Path | None, tell: Callable[[int, int], None] | None = None) -> RememberedEncoder:
    """Write a base encoder as it is into the folder ``place`` and return it ready to read."""
    write_encoder(base, frozen_weights(base), place)
    with (place / "encoder.onnx").open("rb") as file:
        graph = hashlib.file_digest(file, "sha256").hexdigest()
    return RememberedEncoder(
        place, width=2 * int(base.config["hidden_size"]), identity=graph + base.prefix, prefix=base.prefix, kept_in=kept_in, tell=tell
    )
