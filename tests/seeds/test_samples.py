import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from nlp.fold import fold_words
from seeds.errors import SampleError
from seeds.labs import INVENTED_LABS, LABS, read_labs
from seeds.samples import SAMPLES, Sample, read_samples
from seeds.taxonomy import read_taxonomy

FILES = sorted(SAMPLES.glob("*.jsonl"))
GOOD = {"id": "essai-001", "text": "Zuzule ferme son site.", "themes": ["industry"], "primary_theme": "industry", "sentiment": "negative"}


@pytest.fixture(scope="module")
def by_file() -> dict[str, list[Sample]]:
    taxonomy = read_taxonomy()
    return {path.stem: list(read_samples([path], taxonomy=taxonomy)) for path in FILES}


@pytest.fixture(scope="module")
def samples(by_file: dict[str, list[Sample]]) -> list[Sample]:
    return [sample for group in by_file.values() for sample in group]


def read_lines(folder: Path, *records: object) -> list[Sample]:
    path = folder / "essai.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in records), encoding="utf-8")
    return list(read_samples([path], taxonomy=read_taxonomy()))


def test_every_file_holds_samples_valid_for_the_taxonomy(by_file: dict[str, list[Sample]]) -> None:
    assert len(by_file) >= 50
    assert [stem for stem, group in by_file.items() if not group] == []


def test_every_sample_says_it_is_invented(samples: list[Sample]) -> None:
    assert [sample.id for sample in samples if sample.source != "invented"] == []


def test_ids_are_unique(samples: list[Sample]) -> None:
    assert [name for name, count in Counter(sample.id for sample in samples).items() if count > 1] == []


def test_texts_are_unique(samples: list[Sample]) -> None:
    twice = {text for text, count in Counter(sample.text for sample in samples).items() if count > 1}
    assert [sample.id for sample in samples if sample.text in twice] == []


def test_texts_that_read_the_same_have_the_same_labels(samples: list[Sample]) -> None:
    read = defaultdict(set)
    for sample in samples:
        words = re.sub(r"@\w+|https?://\S+", " ", f"{sample.title or ''} {sample.text}").casefold().split()
        read[" ".join(words)].add((sample.primary_theme, sample.sentiment, sample.adverse_event))
    assert {text: labels for text, labels in read.items() if text and len(labels) > 1} == {}


def test_the_group_is_the_file(by_file: dict[str, list[Sample]]) -> None:
    assert [sample.id for stem, group in by_file.items() for sample in group if sample.group != stem] == []


def test_labs_are_known_or_invented(samples: list[Sample]) -> None:
    known = read_labs([LABS, INVENTED_LABS]).by_id
    assert [(sample.id, lab) for sample in samples for lab in sample.labs or () if lab not in known] == []


def test_a_polarity_by_lab_is_for_a_lab_of_the_sample(samples: list[Sample]) -> None:
    assert [sample.id for sample in samples if set(sample.sentiment_by_lab or {}) - set(sample.labs or ())] == []


def test_every_sample_has_a_theme_and_a_primary_one(samples: list[Sample]) -> None:
    assert [sample.id for sample in samples if not sample.themes or sample.primary_theme not in sample.themes] == []


def test_a_sub_theme_is_of_a_theme_of_the_sample(samples: list[Sample]) -> None:
    parent_of = read_taxonomy().parent_of
    assert [(sample.id, sub) for sample in samples for sub in sample.sub_themes or () if parent_of[sub] not in (sample.themes or ())] == []


def test_effects_are_words_of_the_text(samples: list[Sample]) -> None:
    reported = [(s.id, effect, set(fold_words(f"{s.title} {s.text}").split())) for s in samples for effect in s.effects or ()]
    assert len(reported) > 1000
    assert [(name, effect) for name, effect, words in reported if set(fold_words(effect).split()) - words] == []


def test_effects_stand_beside_an_adverse_event_alone(samples: list[Sample]) -> None:
    assert [sample.id for sample in samples if sample.effects and sample.adverse_event is False] == []


def test_every_theme_and_polarity_has_samples(samples: list[Sample]) -> None:
    assert {sample.primary_theme for sample in samples} == set(read_taxonomy().theme_ids)
    assert {sample.sentiment for sample in samples} == {"negative", "neutral", "positive"}
    assert {sample.adverse_event for sample in samples} == {True, False}


@pytest.mark.parametrize(("change", "message"), [
    ({"themes": ["animaux"]}, "unknown theme 'animaux'. Choose among causes, industry, innovation, other, pathologies, scandals."),
    ({"primary_theme": "causes"}, "primary_theme 'causes' is not among themes"),
    ({"themes": None, "primary_theme": "animaux"}, "unknown primary_theme 'animaux'"),
    ({"themes": ["industry", "other"]}, "'other' stands beside another theme"),
    ({"sub_themes": ["chats"]}, "unknown sub-theme 'chats'"),
    ({"sentiment": "mixed"}, "unknown sentiment 'mixed'. Choose among negative, neutral, positive."),
    ({"labs": ["zuzule"], "sentiment_by_lab": {"zuzule": "bad"}}, "unknown sentiment 'bad'"),
    ({"sentiment_by_lab": ["negative"]}, "'sentiment_by_lab' holds .'negative'., where an object is expected"),
    ({"adverse_event": "oui"}, "'adverse_event' holds 'oui', where true or false is expected"),
    ({"themes": "industry"}, "'themes' holds 'industry', where a list of words is expected"),
    ({"labs": [3]}, "'labs' holds .3., where a list of words is expected"),
    ({"text": ""}, "no text"),
    ({"text": None}, "no text"),
    ({"text": 3}, "no text"),
])  # fmt: skip
def test_a_bad_sample_is_refused_with_its_line(change: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(SampleError, match=rf"essai\.jsonl, line 2: {message}"):
        read_lines(tmp_path, GOOD, {**GOOD, **change})


@pytest.mark.parametrize(("line", "message"), [("{", "not JSON"), ("3", "a int, where a JSON object is expected"), ("[]", "a list, where")])
def test_a_line_that_is_no_object_is_refused(line: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SampleError, match=rf"essai\.jsonl, line 3: {message}"):
        read_lines(tmp_path, GOOD, "", line)


def test_a_label_that_is_not_given_stays_unknown(tmp_path: Path) -> None:
    (sample,) = read_lines(tmp_path, {"text": "Il pleut."})
    assert (sample.themes, sample.labs, sample.sentiment, sample.adverse_event, sample.tags) == (None, None, None, None, ())


def test_a_sample_without_id_takes_its_place_as_id(tmp_path: Path) -> None:
    assert [sample.id for sample in read_lines(tmp_path, GOOD, {"text": "Il pleut."})] == ["essai-001", "essai.jsonl, line 2"]
