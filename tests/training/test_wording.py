import re
from string import Formatter

import pytest

from seeds.errors import PharmavoixError
from seeds.taxonomy import read_taxonomy
from training.wording import LANGUAGES, wording


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    french, english = (wording(lang).texts for lang in ("fr", "en"))
    assert list(french) == list(english)
    assert [key for key in french if fields(french[key]) != fields(english[key])] == []
    assert [key for key, text in (french | english).items() if not text.strip()] == []


def test_french_puts_no_break_spaces_before_its_marks() -> None:
    assert [text for text in wording("fr").texts.values() if re.search(r" [:;!?%»]|« |[a-z]'", text)] == []


def test_every_theme_has_a_name() -> None:
    for lang in LANGUAGES:
        assert {f"name.{theme}" for theme in read_taxonomy().theme_ids} <= set(wording(lang).texts)


def test_a_language_that_is_not_there_is_refused() -> None:
    with pytest.raises(PharmavoixError, match="'de': the report is not written in this language. Choose among en, fr"):
        wording("de")


def test_no_value_is_a_dash_and_minus_is_a_minus() -> None:
    assert (wording("fr").percent(None), wording("fr").number(-0.5, 1)) == ("–", "−0,5")
