"""One text from an export, as published, and a row that could not be used."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Post", "Rejected"]


@dataclass(frozen=True, slots=True)
class Post:
    """One text from an export; what the source does not give is None."""

    source_file: str
    source_row: int  # records from 1 after the header
    id: str
    text: str
    title: str | None = None
    date: str | None = None  # ISO 8601
    platform: str | None = None
    url: str | None = None
    author: str | None = None
    author_handle: str | None = None
    voice: str | None = None  # owned or earned
    owner: str | None = None  # lab id of an owned post
    language: str | None = None
    followers: float | None = None
    reach: float | None = None
    likes: float | None = None
    shares: float | None = None
    comments: float | None = None
    views: float | None = None
    interactions: float | None = None
    tags: tuple[str, ...] = ()
    vendor_sentiment: str | None = None
    source: Mapping[str, str] = field(default_factory=dict)  # the source's own columns, author columns left out


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be used, and why."""

    source_file: str
    source_row: int
    line: int | None
    column: str | None
    reason: str
    text: str
