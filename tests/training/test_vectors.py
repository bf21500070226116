from pathlib import Path

import numpy as np
import pytest

from models.store import DEFAULT_MODEL, load_model
from training import vectors
from training.vectors import RememberedEncoder

TEXTS = ["Rupture de stock en pharmacie", "Merci à toute l'équipe", "Rupture de stock en pharmacie"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    RememberedEncoder.of(load_model(DEFAULT_MODEL), folder).encode(TEXTS)
    return folder


def remembered(kept: Path) -> RememberedEncoder:
    return RememberedEncoder.of(load_model(DEFAULT_MODEL), kept)


def test_what_is_remembered_is_what_the_encoder_gives(kept: Path) -> None:
    fresh = RememberedEncoder.of(load_model(DEFAULT_MODEL), None).encode(TEXTS)
    assert np.array_equal(remembered(kept).encode(TEXTS), fresh)


def test_known_texts_open_no_encoder(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "Encoder", None)
    assert remembered(kept).encode(TEXTS[::-1]).shape == (3, 768)
    with pytest.raises(TypeError):
        remembered(kept).encode(["Jamais vu"])


def test_another_encoder_shares_nothing(kept: Path) -> None:
    other = RememberedEncoder(DEFAULT_MODEL, width=768, identity="other", prefix="", kept_in=kept)
    assert not np.allclose(other.encode(TEXTS[:1]), remembered(kept).encode(TEXTS[:1]))


def test_a_damaged_file_costs_only_time(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "vectors.sqlite").write_bytes(b"not a database, by any reading" * 100)
    damaged = RememberedEncoder.of(load_model(DEFAULT_MODEL), tmp_path)
    assert np.array_equal(damaged.encode(TEXTS), remembered(kept).encode(TEXTS))
    assert np.array_equal(remembered(tmp_path).encode(TEXTS), remembered(kept).encode(TEXTS))


def test_no_text_is_kept(kept: Path) -> None:
    content = (kept / "vectors.sqlite").read_bytes()
    assert b"pharmacie" not in content and (kept / "vectors.sqlite").stat().st_mode & 0o077 == 0
