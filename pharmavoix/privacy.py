"""Authors under pseudonyms: a keyed hash that the same user's key gives again, and nobody else can undo by guessing."""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from platformdirs import user_config_path

from seeds.errors import PharmavoixError

__all__ = ["Pseudonyms", "read_key"]

_KEY_BYTES = 32
_URL_HANDLE = re.compile(
    r"(?P<host>(?<![\w-])(?:twitter|x|instagram|tiktok|facebook|youtube|reddit|threads|bsky|linkedin)\.[a-z.]+/)(?P<path>(?:@|u/|user/|in/|profile/)?)(?P<handle>[\w.%-]{2,60})",
    re.IGNORECASE,
)
# First parts of a path that are not somebody's name.
_NOT_HANDLES = frozenset(
    "i status statuses hashtag search watch p reel reels r groups pages events permalink.php story.php posts company school feed shorts "
    "playlist channel c photo photo.php video videos share explore home comments web intent".split()
)


class Pseudonyms:
    """Gives each name ``u`` and 16 hex digits of its HMAC-SHA256."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def name(self, name: str) -> str:
        """Return the pseudonym of a name or handle, case and a leading @ aside."""
        folded = name.strip().lstrip("@").casefold()
        return "u" + hmac.new(self._key, folded.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]

    def url(self, url: str, *, kept: frozenset[str], handle: str | None = None) -> str:
        """Return ``url`` with the handle of a person replaced; handles in ``kept`` (lower case) stay.

        On the networks a handle is found by its place; ``handle``, the author's, is on any site.
        """

        def replaced(match: re.Match[str]) -> str:
            handle = match["handle"]
            if handle.casefold() in kept or (not match["path"] and handle.casefold() in _NOT_HANDLES):
                return match.group()
            return match["host"] + match["path"] + self.name(handle)

        url = _URL_HANDLE.sub(replaced, url, count=1)
        if not handle or handle.casefold() in kept:
            return url
        return re.sub(rf"(?<=/)@?{re.escape(handle)}(?=[/?#]|$)", self.name(handle), url, flags=re.IGNORECASE)


def read_key(path: Path | None = None) -> bytes:
    """Return the user's key from ``path``, else from the config folder, where it is made on first use (mode 0600)."""
    if path is not None:
        try:
            key = path.read_bytes().strip()
        except OSError as cause:
            raise PharmavoixError(f"{path}: the key cannot be read ({cause.strerror}). Give a file with at least 16 bytes.") from cause
        if len(key) < 16:
            raise PharmavoixError(f"{path}: a key of {len(key)} bytes is too short. Give a file with at least 16 bytes.")
        return key
    own = user_config_path("pharmavoix") / "key"
    try:
        if not own.exists():
            own.parent.mkdir(parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(secrets.token_hex(_KEY_BYTES).encode())
            except FileExistsError:
                pass  # another run has just made it
        key = own.read_bytes().strip()
    except OSError as cause:
        raise PharmavoixError(f"{own}: the key of the pseudonyms cannot be kept there ({cause.strerror}). Give one with --key FILE.") from cause
    if len(key) < 16:
        raise PharmavoixError(f"{own}: a key of {len(key)} bytes is too short. Delete the file, and the next run makes another.")
    return key
