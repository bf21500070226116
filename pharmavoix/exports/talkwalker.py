"""Talkwalker's exports: dotted headers, every cell a text, absent values empty or 0.

The headers were read off a real export of 7,368 rows (ALB5/talkwalker_gephi) and developer.talkwalker.com.
"""

from collections.abc import Sequence

from pharmavoix.exports.columns import Columns

__all__ = ["AUTHOR_PREFIXES", "is_talkwalker", "talkwalker_columns", "talkwalker_platform"]

AUTHOR_PREFIXES = ("extra_author_attributes.",)
"""Columns that tell who the author is: never kept as they are."""

_SIGNS = frozenset({"source_type", "content", "published", "extra_author_attributes.short_name", "article_extended_attributes.twitter_retweets"})

_ARTICLE = "article_extended_attributes."
_FIELDS = {
    "id": ("url",),
    "date": ("published", "indexed", "search_indexed"),
    "text": ("content", "content_snippet"),
    "title": ("title", "title_snippet"),
    "author": ("extra_author_attributes.name",),
    "author_handle": ("extra_author_attributes.short_name",),
    "platform": ("source_type",),
    "url": ("url",),
    "language": ("lang",),
    "vendor_sentiment": ("sentiment",),
    "reach": ("reach",),
    "followers": tuple(f"source_extended_attributes.{n}_followers" for n in ("twitter", "facebook", "instagram", "pinterest")),
    "likes": tuple(f"{_ARTICLE}{n}_likes" for n in ("twitter", "facebook", "instagram", "youtube", "pinterest")),
    "shares": tuple(f"{_ARTICLE}{n}" for n in ("twitter_retweets", "twitter_shares", "facebook_shares", "linkedin_shares")),
    "comments": (f"{_ARTICLE}num_comments", f"{_ARTICLE}twitter_replies"),
    "views": (f"{_ARTICLE}url_views", f"{_ARTICLE}youtube_views", f"{_ARTICLE}twitter_impressions"),
    "interactions": ("engagement",),
    "tags": ("tags_customer", "tags_marking"),
}


def is_talkwalker(header: Sequence[str]) -> bool:
    """Tell whether at least three of the tool's own column names are there."""
    return len(_SIGNS & set(header)) >= 3


def talkwalker_columns(header: Sequence[str]) -> Columns:
    """Return the columns of a Talkwalker export."""
    there = set(header)
    return Columns("talkwalker", {field: tuple(c for c in names if c in there) for field, names in _FIELDS.items()})


def talkwalker_platform(cell: str) -> str:
    """Return the network of a ``source_type`` such as ``SOCIALMEDIA,SOCIALMEDIA_TWITTER``.

    Examples
    --------
    >>> talkwalker_platform("SOCIALMEDIA,SOCIALMEDIA_TWITTER"), talkwalker_platform("ONLINENEWS,ONLINENEWS_PRESSRELEASES")
    ('twitter', 'news')
    """
    last = cell.replace("[", "").replace("]", "").rsplit(",", 1)[-1].strip().strip('"').casefold()
    if last.startswith("onlinenews"):
        return "news"
    name = last.rsplit("_", 1)[-1]
    return {"messageboard": "forum", "blogs": "blog", "blog": "blog"}.get(name, name)
