"""Export rows to posts: aliases, Talkwalker, and rows that cannot be used."""

import csv
import io
import json
import string
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from pharmavoix.exports.read import Export, open_export
from pharmavoix.post import Post, Rejected
from seeds.errors import ExportError

Row = Mapping[str, str]


def export(path: Path, content: str | bytes, *, format: str | None = None, chosen: Row | None = None) -> Export:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_export(path, name=path.name, format=format, chosen=chosen)


def only_post(path: Path, content: str | bytes) -> Post:
    (post,) = export(path, content).posts()
    assert isinstance(post, Post)
    return post


def table(row: Row, *, delimiter: str = ",") -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(row), delimiter=delimiter)
    writer.writeheader()
    writer.writerow(row)
    return buffer.getvalue()


FRENCH = {
    "Identifiant": "2024-7", "Date de publication": "02/07/2024 18:04", "Plateforme": "X", "Auteur": "Zoé", "Compte": "@zoe_du_13",
    "Lien": "https://exemple.fr/7", "Titre": "Rupture", "Texte": "Encore une rupture à la pharmacie", "Langue": "FR", "Abonnés": "27,8 k",
    "J’aime": "34", "Partages": "8", "Commentaires": "1 002", "Vues": "", "Portée": "N/A", "Tonalité": "Négatif", "Étiquettes": "rupture, prix",
}  # fmt: skip
ENGLISH = {
    "Document ID": '"2024-7"', "published at": "2024-07-02T18:04:00Z", "Source Type": "Twitter", "Author Name": "Zoé", "Author Handle": "zoe_du_13",
    "URL": "https://exemple.fr/7", "Headline": "Rupture", "Hit Sentence": "Encore une rupture à la pharmacie", "Language": "fr",
    "Followers": "27800", "Likes": "34", "Retweets": "8", "Replies": "1,002", "Sentiment": "negative", "Document Tags": "rupture|prix",
}  # fmt: skip


@pytest.mark.parametrize("row", [FRENCH, ENGLISH], ids=["french", "english"])
def test_columns_are_known_by_their_french_and_english_names(tmp_path: Path, row: Row) -> None:
    post = only_post(tmp_path / "e.csv", table(row))
    assert (post.id, post.date, post.platform, post.url) == ("2024-7", "2024-07-02T18:04:00Z", "twitter", "https://exemple.fr/7")
    assert (post.author, post.author_handle, post.language) == ("Zoé", "zoe_du_13", "fr")
    assert (post.title, post.text) == ("Rupture", "Encore une rupture à la pharmacie")
    assert (post.followers, post.likes, post.shares, post.comments, post.interactions) == (27800, 34, 8, 1002, 1044)
    assert (post.reach, post.views, post.vendor_sentiment, post.tags) == (None, None, "negative", ("rupture", "prix"))


def test_the_tools_own_total_stands_only_where_no_part_is_given(tmp_path: Path) -> None:
    posts = export(tmp_path / "e.csv", "texte,likes,interactions\na,3,50\nb,,50\nc,,\n").posts()
    assert [p.interactions for p in posts if isinstance(p, Post)] == [3, 50, None]


def test_the_id_is_else_the_address_else_the_place(tmp_path: Path) -> None:
    posts = export(tmp_path / "e.csv", "id,url,texte\n007,http://exemple.fr/1,a\n,http://exemple.fr/2,b\n,,c\n").posts()
    assert [p.id for p in posts if isinstance(p, Post)] == ["007", "http://exemple.fr/2", "e.csv#3"]


def test_a_long_id_stays_the_same_digits(tmp_path: Path) -> None:
    assert only_post(tmp_path / "e.csv", "id,texte\n1290000000000000001,a\n").id == "1290000000000000001"
    assert only_post(tmp_path / "e.json", '[{"id": 1290000000000000001, "texte": "a"}]').id == "1290000000000000001"


def test_an_id_ruined_by_a_spreadsheet_rejects_its_row(tmp_path: Path) -> None:
    first, second = export(tmp_path / "e.csv", "id;texte\n1,29E+18;perdu\n1290000000000000001;bien\n").posts()
    assert isinstance(first, Rejected) and isinstance(second, Post)
    assert (first.source_row, first.line, first.column, first.text) == (1, 2, "id", "perdu")
    assert "'1,29E+18' was rounded by a spreadsheet" in first.reason


def test_a_row_without_a_text_is_rejected_with_its_place(tmp_path: Path) -> None:
    rejected = [p for p in export(tmp_path / "e.csv", "id,texte\n1,a\n2,\n3,&nbsp;\n4\n").posts() if isinstance(p, Rejected)]
    assert [(r.source_row, r.line, r.column) for r in rejected] == [(2, 3, "texte"), (3, 4, "texte"), (4, 5, "texte")]
    assert "column 'texte' is empty" in rejected[0].reason


def test_the_text_is_chosen_row_by_row_and_the_title_stands_in(tmp_path: Path) -> None:
    posts = export(tmp_path / "e.csv", "title,snippet,full text\nT1,S1,F1\nT2,S2,\nT3,,\n").posts()
    assert [p.text for p in posts if isinstance(p, Post)] == ["F1", "S2", "T3"]


def test_entities_are_decoded_once_and_highlights_taken_away(tmp_path: Path) -> None:
    post = only_post(tmp_path / "e.csv", 'texte\nL&#39;usine &amp;lt; <b>ferme</b> <hl class="focus-6">demain</hl> 3 < 4\n')
    assert post.text == "L'usine &lt; ferme demain 3 < 4"


def test_half_an_emoji_is_replaced_and_counted_in_every_field(tmp_path: Path) -> None:
    content = r'{"texte": "triste \ud83d", "titre": "\ude00 non", "auteur": "Zoé \ud83d", "url": "http://exemple.fr/\ud83d"}'
    read = export(tmp_path / "e.jsonl", content + '\n{"texte": "gai \\ud83d\\ude00"}\n')
    sad, gay = (p for p in read.posts() if isinstance(p, Post))
    assert (sad.text, sad.title, sad.author) == ("triste \ufffd", "\ufffd non", "Zoé \ufffd")
    assert json.dumps(sad.source, ensure_ascii=False).encode()
    assert (gay.text, read.repaired) == ("gai 😀", 1)


def test_a_date_that_cannot_be_read_is_left_empty_and_counted(tmp_path: Path) -> None:
    read = export(tmp_path / "e.csv", "date,texte\nbientôt,a\n,b\n25/12/2024,c\n")
    assert [p.date for p in read.posts() if isinstance(p, Post)] == [None, None, "2024-12-25"]
    assert read.unread_dates == 1


def test_a_column_named_by_hand_replaces_the_one_found(tmp_path: Path) -> None:
    (post,) = export(tmp_path / "e.csv", "texte,message,jour\nfaux,vrai,2024-01-02\n", chosen={"text": "Message", "date": "JOUR"}).posts()
    assert isinstance(post, Post) and (post.text, post.date) == ("vrai", "2024-01-02")


def test_a_column_named_by_hand_that_is_missing_is_said_with_those_there(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"e\.csv: no column 'Corps' for --map text=Corps. The columns are 'id', 'texte'"):
        export(tmp_path / "e.csv", "id,texte\n1,a\n", chosen={"text": "Corps"})


def test_columns_that_tell_the_author_are_never_kept(tmp_path: Path) -> None:
    header = "texte,Influencer,Signature,user.email,ip,score"
    (post,) = export(tmp_path / "e.csv", header + "\nbien,@zoe,Zoé,z@exemple.fr,10.0.0.1,4\n", chosen={"author": "Signature"}).posts()
    assert isinstance(post, Post) and dict(post.source) == {"texte": "bien", "score": "4"}


TALKWALKER = {
    "url": "http://exemple.fr/t/1", "published": "22/09/17 11:00:24", "title": "", "content": "Encore une rupture", "content_snippet": "Encore…",
    "lang": "fr", "sentiment": "-5", "source_type": "SOCIALMEDIA,SOCIALMEDIA_TWITTER", "engagement": "9", "reach": "0",
    "extra_author_attributes.name": "Zoé", "extra_author_attributes.short_name": "zoe_du_13", "tags_customer": "rupture",
    "source_extended_attributes.twitter_followers": "1795", "article_extended_attributes.twitter_retweets": "4",
    "article_extended_attributes.facebook_shares": "2", "article_extended_attributes.twitter_likes": "5",
    "article_extended_attributes.url_views": "0",
    "article_extended_attributes.facebook_likes": "1", "extra_author_attributes.id": "tw:1", "cluster_id": "4059000000",
}  # fmt: skip


def test_talkwalker_is_recognised_and_its_counts_are_summed(tmp_path: Path) -> None:
    post = only_post(tmp_path / "e.csv", table(TALKWALKER))
    assert (post.id, post.url, post.date) == ("http://exemple.fr/t/1", "http://exemple.fr/t/1", "2017-09-22T11:00:24Z")
    assert (post.text, post.title, post.platform, post.language) == ("Encore une rupture", None, "twitter", "fr")
    assert (post.author, post.author_handle, post.vendor_sentiment) == ("Zoé", "zoe_du_13", "negative")
    assert (post.likes, post.shares, post.interactions, post.followers) == (6, 6, 12, 1795)
    assert post.tags == ("rupture",)


def test_a_talkwalker_zero_of_reach_or_views_is_unknown(tmp_path: Path) -> None:
    post = only_post(tmp_path / "e.csv", table(TALKWALKER))
    assert (post.reach, post.views) == (None, None)
    assert only_post(tmp_path / "g.csv", "texte,reach\na,0\n").reach == 0


def test_a_talkwalker_snippet_stands_in_and_author_columns_go(tmp_path: Path) -> None:
    post = only_post(tmp_path / "e.csv", table(TALKWALKER | {"content": ""}))
    assert post.text == "Encore…"
    assert not [column for column in post.source if "author" in column]
    assert post.source["cluster_id"] == "4059000000"


def test_a_format_given_by_hand_wins_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    assert export(tmp_path / "e.csv", table(TALKWALKER)).columns.format == "talkwalker"
    assert export(tmp_path / "e.csv", table(TALKWALKER), format="generic").columns.format == "generic"
    with pytest.raises(ExportError, match="--format 'digimond': unknown. Choose among generic, talkwalker"):
        export(tmp_path / "e.csv", "texte\na\n", format="digimond")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("preamble.csv", '"Report:","Veille"\n"Brand:","Labo X"\n\nResource Id,Date,Full Text\n19,2024-07-02,L’été à Évry\n'.encode()),
        ("utf16.csv", "Veille de juillet\nDocument ID\tDate\tHit Sentence\n19\t2024-07-02\tL’été à Évry\n".encode("utf-16")),
        ("excel.csv", "Identifiant;Date;Texte\r\n19;02/07/2024;L’été à Évry\r\n".encode("cp1252")),
        ("bom.csv", "id,date,texte\n19,2024-07-02,L’été à Évry\n".encode("utf-8-sig")),
        ("list.json", json.dumps([{"id": "19", "date": "2024-07-02", "text": "L’été à Évry"}]).encode()),
        ("v1.json", json.dumps({"statuses": [{"id": 1.9e19, "id_str": "19", "created_at": "2024-07-02", "full_text": "L’été à Évry"}]}).encode()),
    ],
)
def test_the_same_post_is_read_from_every_dialect(tmp_path: Path, name: str, content: bytes) -> None:
    post = only_post(tmp_path / name, content)
    assert (post.source_row, post.id, post.date, post.text) == (1, "19", "2024-07-02", "L’été à Évry")


def test_nested_json_is_read_by_dotted_paths(tmp_path: Path) -> None:
    user = {"name": "Zoé", "screen_name": "zoe", "followers_count": 12}
    tweet = {"text": "bien", "user": user, "public_metrics": {"like_count": 3, "reply_count": 0}}
    post = only_post(tmp_path / "e.jsonl", json.dumps(tweet))
    assert (post.author, post.author_handle, post.followers, post.likes, post.comments) == ("Zoé", "zoe", 12, 3, 0)


@pytest.mark.parametrize("content", ["Date;Note\n2024-01-02;3\n", '[{"date": "2024-01-02"}]'])
def test_a_file_without_texts_is_refused_with_its_columns(tmp_path: Path, content: str) -> None:
    with pytest.raises(ExportError, match=r"(?i)e\.csv: no text column among 'date'.* Name it with --map text=COLUMN"):
        export(tmp_path / "e.csv", content)


COLUMNS = ("id", "date", "texte", "auteur", "likes")
DIALECTS = ("comma", "semicolon", "tab", "utf16", "jsonl", "json", "xlsx", "parquet")
cell = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30) | st.sampled_from(
    ["", " ", "=1+1", "'-", '"', "a;b,c|d", "un\ndeux", "\tx", "1,29E+18", "1.3E+17", "RT @labo: bien &amp; <b>mal</b>", "N/A", "#REF!", "{", "[["]
)
filled_row = st.fixed_dictionaries(dict.fromkeys(COLUMNS, cell)).filter(lambda row: any(c.strip() for c in row.values()))
rows = st.lists(filled_row, min_size=1, max_size=6)


def write(path: Path, table: Sequence[Row], dialect: str) -> None:
    if dialect == "xlsx":
        with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            sheet = book.add_worksheet()
            for at, cells in enumerate([COLUMNS, *(tuple(row.values()) for row in table)]):
                for place, content in enumerate(cells):
                    sheet.write_string(at, place, content)
    elif dialect == "parquet":
        parquet.write_table(pa.Table.from_pylist([dict(row) for row in table]), path)
    elif dialect.startswith("json"):
        lines = [json.dumps(row) for row in table]
        path.write_text("\n".join(lines) if dialect == "jsonl" else f"[{', '.join(lines)}]", encoding="utf-8")
    else:
        sign = {"semicolon": ";", "comma": ","}.get(dialect, "\t")
        with path.open("w", encoding="utf-16" if dialect == "utf16" else "utf-8", newline="") as file:
            csv.writer(file, delimiter=sign).writerows([COLUMNS, *(tuple(row.values()) for row in table)])


@settings(max_examples=150, deadline=None)
@given(rows, st.sampled_from(DIALECTS))
def test_rows_in_are_posts_and_rejections_in_every_dialect(table: list[dict[str, str]], dialect: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e.dat"
        write(path, table, dialect)
        read = open_export(path, name="e.dat")
        found = list(read.posts())
    assert [p.source_row for p in found] == list(range(1, len(table) + 1))
    assert read.rows == len(table)
    assert all(p.text.strip() for p in found if isinstance(p, Post))
    assert all(p.reason for p in found if isinstance(p, Rejected))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(string.ascii_letters + "éàçœŒ 0123456789;,|'\"\n\t!?", min_size=1).filter(str.strip), min_size=1, max_size=6))
def test_a_text_is_the_same_read_from_every_dialect(texts: list[str]) -> None:
    table = [dict(zip(COLUMNS, (str(n), "2024-01-02", text, "Zoé", "3"), strict=True)) for n, text in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        for dialect in DIALECTS:
            path = Path(folder) / dialect
            write(path, table, dialect)
            assert [p.text for p in open_export(path, name=dialect).posts()] == [text.strip() for text in texts]
