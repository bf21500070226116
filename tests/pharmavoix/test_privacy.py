"""Authors under pseudonyms."""

import hashlib
import hmac
import re
import stat
import sys
from pathlib import Path

import pytest

from pharmavoix import privacy
from pharmavoix.privacy import Pseudonyms, read_key
from seeds.errors import PharmavoixError

KEY = b"une clef pour les tests"
NAMES = Pseudonyms(KEY)


def test_a_pseudonym_is_u_and_16_digits_of_the_keyed_hash() -> None:
    assert NAMES.name("zoe_du_13") == "u" + hmac.new(KEY, b"zoe_du_13", hashlib.sha256).hexdigest()[:16]


@pytest.mark.parametrize("written", ["Zoe_du_13", "@zoe_du_13", " ZOE_DU_13 "])
def test_case_and_the_at_sign_change_no_pseudonym(written: str) -> None:
    assert NAMES.name(written) == NAMES.name("zoe_du_13")


def test_another_name_or_another_key_gives_another_pseudonym() -> None:
    assert len({NAMES.name("zoe"), NAMES.name("zoé"), Pseudonyms(KEY + b"!").name("zoe")}) == 3


@pytest.mark.parametrize(
    "url",
    [
        "https://twitter.com/{}/status/1",
        "https://x.com/{}",
        "https://www.tiktok.com/@{}/video/1",
        "https://www.reddit.com/user/{}/comments/1",
        "https://www.linkedin.com/in/{}?trk=1",
        "https://bsky.app/profile/{}/post/1",
        "https://mobile.twitter.com/{}/status/1",
    ],
)
def test_a_persons_handle_is_replaced_in_an_address(url: str) -> None:
    assert NAMES.url(url.format("Zoe_du_13"), kept=frozenset()) == url.format(NAMES.name("zoe_du_13"))


@pytest.mark.parametrize(
    "url",
    [
        "https://twitter.com/SanofiFR/status/1",
        "https://twitter.com/i/web/status/1",
        "https://www.facebook.com/groups/12/posts/3",
        "https://www.netflix.com/titre/12",
        "https://paradox.org/article/12",
        "https://exemple.fr/article/12",
    ],
)
def test_an_address_without_a_persons_handle_stays(url: str) -> None:
    assert NAMES.url(url, kept=frozenset({"sanofifr"})) == url


def test_the_authors_handle_is_replaced_on_any_site_as_a_whole_part() -> None:
    url = NAMES.url("https://exemple.fr/forum/Zoe/zoe-et-moi/12?de=zoe", kept=frozenset(), handle="zoe")
    assert url == f"https://exemple.fr/forum/{NAMES.name('zoe')}/zoe-et-moi/12?de=zoe"
    assert NAMES.url("https://exemple.fr/sanofifr", kept=frozenset({"sanofifr"}), handle="SanofiFR") == "https://exemple.fr/sanofifr"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(privacy, "user_config_path", lambda name: tmp_path / name)
    return tmp_path / "pharmavoix" / "key"


def test_the_users_key_is_made_once_and_kept(config: Path) -> None:
    first = read_key()
    assert re.fullmatch(rb"[0-9a-f]{64}", first)
    assert read_key() == first == config.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such modes")
def test_the_users_key_is_for_the_user_alone(config: Path) -> None:
    read_key()
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_an_empty_key_of_the_user_is_refused_and_never_means_no_pseudonyms(config: Path) -> None:
    config.parent.mkdir()
    config.write_bytes(b"")
    with pytest.raises(PharmavoixError, match=r"a key of 0 bytes is too short. Delete the file"):
        read_key()


def test_a_key_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "clef").write_bytes(KEY + b"\r\n")
    assert read_key(tmp_path / "clef") == KEY


def test_a_short_or_missing_key_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "clef").write_bytes(b"court")
    with pytest.raises(PharmavoixError, match="a key of 5 bytes is too short. Give a file with at least 16 bytes"):
        read_key(tmp_path / "clef")
    with pytest.raises(PharmavoixError, match="rien: the key cannot be read"):
        read_key(tmp_path / "rien")
