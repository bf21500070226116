import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlp.clean import Cleaned, clean, split_hashtag

# Pieces that exports are made of, and that act on each other when they meet.
PIECES = (
    "RT @labo: ", "@", "#", "&", ";", "amp;", "&amp;", "&lt;", "&nbsp;", "&#39;", "&#128512;", "&eacute;", "<b>", "</", "<br/>", ">", "https://t.co/x",
    "www.", "pic.twitter.com/", "’", "'", " ", "\u00a0", "\n", "J", "l", "qu", "aaaa", "!!!!!", "OctobreRose", "COVID19", "_", "😀",
    "👨\u200d👩\u200d👧",
    "🇫🇷", "❤\ufe0f", "1\ufe0f\u20e3", "\u200f", "\u202e", "\ufeff", "\u00ad", "é", "e\u0301", "É", "ﷺ", "médecin", "۳", "\ud800",
)  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=14).map("".join)


@given(texts)
@example("&amp;amp;amp;amp;amp;amp;amp;amp;amp;amp;lt;br>")
@example("<b <b <b <b <b <b <b <b <b <b <b >>>>>>>>>>>")
@example("#&#35;&#35;a#b")
@settings(max_examples=400, deadline=None)
def test_cleaning_twice_equals_cleaning_once(text: str) -> None:
    once = clean(text).text
    assert clean(once).text == once


@given(texts)
@settings(max_examples=300, deadline=None)
def test_offsets_stay_in_the_text_and_never_go_back(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned.text) == len(cleaned.starts) == len(cleaned.ends)
    assert list(cleaned.starts) == sorted(cleaned.starts)
    assert list(cleaned.ends) == sorted(cleaned.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(cleaned.starts, cleaned.ends, strict=True))


@given(texts)
@settings(max_examples=300, deadline=None)
def test_a_kept_character_gives_back_its_original(text: str) -> None:
    cleaned = clean(text)
    for place, character in enumerate(cleaned.text):
        start, end = cleaned.original(place, place + 1)
        piece = text[start:end]
        if len(piece) == 1 and piece.isalnum():  # more or other: a mark that was read, such as an entity, an emoji, a hashtag
            assert piece == character


@given(st.text(alphabet="abcdéèç ,.", max_size=60).map(lambda text: " ".join(text.split())))
def test_plain_words_give_back_themselves(text: str) -> None:
    cleaned = clean(text)
    assert all(text[cleaned.starts[place]] == character for place, character in enumerate(cleaned.text))


@pytest.mark.parametrize(("raw", "read"), [
    ("Prix &amp; d&eacute;lais", "Prix & délais"),
    ("moins de 5&nbsp;euros", "moins de 5 euros"),
    ("l&#39;ordonnance", "l'ordonnance"),
    ("un &lt;b&gt;gros&lt;/b&gt; titre", "un gros titre"),
    ("&inconnue; reste", "&inconnue; reste"),
    ("J’ai, j‘ai, j´ai, j`ai", "J'ai, j'ai, j'ai, j'ai"),
    ("l' ordonnance et qu ' il", "l'ordonnance et qu'il"),
    ("Le chat' dort", "Le chat' dort"),
    ("#DonDuSang demain", "Don Du Sang demain"),
    ("#VACCINS #vaccins #COVID19", "VACCINS vaccins COVID19"),
    ("#mois_sans_tabac", "mois sans tabac"),
    ("RT @labo: on recrute", "on recrute"),
    ("RT @a: RT @b: on recrute", "on recrute"),
    ("mon RT préféré", "mon RT préféré"),
    ("lire https://exemple.fr/x?y=1 ou www.exemple.fr vite", "lire ou vite"),
    ("photo pic.twitter.com/abc123", "photo"),
    ("Bonjour @jeanne_d merci", "Bonjour merci"),
    ("ecrire a moi@exemple.fr", "ecrire a moi@exemple.fr"),
    ("noooooon !!!!!!", "nooon !!!"),
    ("10000000 doses", "10000000 doses"),
    ("deux\n\n\tlignes  ", "deux lignes"),
    ("a\u200fb\u202ec\ufeffd", "abcd"),
    ("médi\u00adcament", "médicament"),
])  # fmt: skip
def test_what_is_read(raw: str, read: str) -> None:
    assert clean(raw).text == read


def test_an_emoji_becomes_its_french_name() -> None:
    assert "seringue" in clean("fait 💉 !").text


@pytest.mark.parametrize("text", ["", " \n ", "https://a.fr/b https://c.fr", "@a @b", "RT @a: ", "\u200f\u202e\u200b", "<br/><br/>"])
def test_a_text_of_nothing_but_marks_becomes_empty(text: str) -> None:
    assert clean(text) == Cleaned("", (), ())


def test_a_text_of_emoji_alone_keeps_one_span_each() -> None:
    cleaned = clean("💉💊")
    first, last = cleaned.original(0, 1), cleaned.original(len(cleaned.text) - 1, len(cleaned.text))
    assert (first, last) == ((0, 1), (1, 2))


def test_a_span_goes_back_to_the_original_text() -> None:
    text = "RT @a: J’ai mal &amp; j' attends #DonDuSang"
    cleaned = clean(text)
    start = cleaned.text.index("Don Du Sang")
    assert text[slice(*cleaned.original(start, start + 11))] == "#DonDuSang"
    assert text[slice(*cleaned.original(cleaned.text.index("&"), cleaned.text.index("&") + 1))] == "&amp;"


def test_a_replacement_points_to_what_it_replaced() -> None:
    cleaned = clean("Merci @labo !", replacements=[(6, 11, "Zuzule Santé")])
    assert cleaned.text == "Merci Zuzule Santé !"
    assert cleaned.original(6, 18) == (6, 11)


def test_a_replacement_in_the_retweet_mark_is_left_out() -> None:
    assert clean("RT @labo: bravo", replacements=[(3, 8, "Zuzule")]).text == "bravo"


@pytest.mark.parametrize("piece", [
    "a", "😀", "https://a.b ", "@a ", "&amp;", "amp;", "#OctobreRose ", "RT @a: ", "<b ", "<b", ">", "\u200f", "j' ", " ", "#", "l’été ",
    "!", "aB", "&#38;",
])  # fmt: skip
def test_a_hundred_thousand_characters_take_bounded_time(piece: str) -> None:
    text = ("&" + piece * 100_000)[:100_000]
    began = time.perf_counter()
    clean(text)
    assert time.perf_counter() - began < 10


def test_tags_nested_without_end_come_to_an_end() -> None:
    text = "<b " * 5_000 + ">" * 5_000
    began = time.perf_counter()
    once = clean(text).text
    assert clean(once).text == once
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(("tag", "words"), [
    ("OctobreRose", "Octobre Rose"), ("JaimeLeLFB", "Jaime Le LFB"), ("sida", "sida"), ("Journee2024Sante", "Journee 2024 Sante"), ("_a_", "a"),
])  # fmt: skip
def test_hashtags_are_split_at_capitals_digits_and_underscores(tag: str, words: str) -> None:
    assert split_hashtag(tag) == words
