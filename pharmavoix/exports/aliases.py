"""Column names in French and English, for exports of no known tool.

Written folded (see `normalise`); for each field the better name comes first.
"""

import unicodedata

__all__ = ["ALIASES", "FIELDS", "KNOWN_HEADERS", "normalise"]


def normalise(header: str) -> str:
    """Return a header for comparison: no accents, case, or doubled spaces; typographic apostrophes made plain.

    Examples
    --------
    >>> normalise("  Date  de Publication"), normalise("J’aime"), normalise("user.screen_name")
    ('date de publication', "j'aime", 'user.screen_name')
    """
    plain = header.replace("\ufeff", "").replace("\u2019", "'").replace("\u00a0", " ")
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


ALIASES: dict[str, tuple[str, ...]] = {
    "id": (
        "id_str", "id", "identifiant", "tweet id", "tweet_id", "post id", "identifiant de la publication", "mention id", "resource id",
        "document id", "external_id", "uid", "uuid", "comment id", "cid", "twitter_id", "universal message id", "radarly id",
    ),
    "date": (
        "date", "date de publication", "date de parution", "publie le", "published", "published at", "published_at", "created_at",
        "created at", "created time", "created_time", "createdat", "post created", "publish time", "heure de publication", "timestamp",
        "datetime", "date et heure", "jour", "time", "fecha", "datum", "created_utc", "date_publication",
    ),
    "text": (
        "texte", "text", "full_text", "full text", "extended_tweet.full_text", "contenu", "content", "message", "verbatim", "tweet",
        "tweet text", "commentaire", "comment text", "publication", "post", "caption", "legende", "rawcontent", "body", "selftext",
        "hit sentence", "extrait", "resume", "snippet", "opening text", "detail", "description", "conversation stream",
    ),
    "title": ("titre", "title", "headline", "sujet", "objet", "titre de l'article"),
    "author": (
        "auteur", "author", "author name", "author.name", "nom de l'auteur", "nom d'utilisateur", "user.name", "full name", "utilisateur",
        "user", "page name", "nom de la page", "journaliste", "nom", "name", "from user", "user name",
    ),
    "author_handle": (
        "compte", "handle", "author handle", "author_handle", "screen name", "screen_name", "screenname", "user.screen_name",
        "user.screenname", "author.username", "user.username", "username", "account username", "pseudo", "influencer", "@",
    ),
    "platform": (
        "plateforme", "platform", "reseau", "reseau social", "social network", "type de media", "type de source", "source type", "page type",
        "media", "support", "canal", "channel", "source", "site",
    ),
    "url": ("url", "lien", "link", "permalink", "permalien", "adresse", "original url", "post url", "tweet permalink", "lien du post"),
    "language": ("langue", "language", "lang"),
    "vendor_sentiment": ("vendor_sentiment", "sentiment", "tonalite", "tonality", "tone", "polarite", "ton", "opinion"),
    "followers": (
        "abonnes", "nombre d'abonnes", "followers", "followers_count", "user.followers_count", "user.followers", "fans",
        "author.public_metrics.followers_count", "user.followerscount", "twitter followers", "x followers", "nbre_abonnes",
    ),
    "reach": ("portee", "reach", "couverture", "audience", "potential reach", "diffusion"),
    "likes": (
        "likes", "j'aime", "mentions j'aime", "nombre de j'aime", "favorite_count", "public_metrics.like_count", "like_count", "likecount",
        "likes_count", "favoris", "reactions", "nbre_like", "nb_likes", "votes",
    ),
    "shares": (
        "shares", "partages", "retweets", "retweet_count", "public_metrics.retweet_count", "retweetcount", "retweets_count", "rt", "reposts",
        "republications", "nbre_retweet", "nb_retweets", "nombre de partages",
    ),
    "comments": (
        "commentaires", "comments", "replies", "reponses", "reply_count", "public_metrics.reply_count", "replycount", "replies_count",
        "comments_count", "num_comments", "nbre_commentaire", "nombre de commentaires",
    ),
    "views": ("vues", "views", "impressions", "impression_count", "public_metrics.impression_count", "view_count", "viewcount"),
    "interactions": ("interactions", "engagement", "engagements", "total interactions", "engagement score", "nombre d'interactions"),
    "tags": ("tags", "etiquettes", "categories", "labels", "themes", "theme", "document tags", "mots-cles"),
    "voice": ("voice", "voix"),
}  # fmt: skip

FIELDS = tuple(ALIASES)

KNOWN_HEADERS = frozenset(name for names in ALIASES.values() for name in names)
