import csv
import io

from models.labels import Labels
from seeds.samples import Sample
from tests.training.answers import answer
from training.mistakes import COLUMNS, Mistake, errors_csv, find_mistakes, label_shares, suspects
from training.parts import find_parts


def mistakes_of(samples: list[Sample], labels: list[Labels]) -> list[Mistake]:
    return find_mistakes(samples, labels, find_parts(samples, labels))


def test_every_wrong_answer_is_found_once_with_its_probability() -> None:
    samples = [
        Sample("a", "un", primary_theme="industry", sentiment="neutral", adverse_event=True),
        Sample("b", "deux", themes=("industry", "causes"), labs=("pfizer",), own=("devis",)),
    ]
    labels = [
        answer(theme="other", sentiment="neutral", event=False, p=0.9),
        answer(theme="causes", themes=("causes", "industry"), labs=("bayer",), own=("plainte",), own_labels=("devis", "plainte"), p=0.7),
    ]
    found = [(m.sample.id, m.field, m.gold, m.said, m.probability) for m in mistakes_of(samples, labels)]
    assert found == [
        ("a", "primary_theme", ("industry",), ("other",), 0.9),
        ("a", "adverse_event", ("true",), ("false",), 0.9),
        ("b", "labs", ("pfizer",), ("bayer",), None),
        ("b", "own", ("devis",), ("plainte",), 0.7),
    ]


def test_a_label_is_doubted_only_when_the_model_is_sure_of_another_and_denies_it() -> None:
    samples = [Sample(str(i), f"texte {i}", sentiment="neutral") for i in range(3)]
    labels = [answer(sentiment="positive", p=p) for p in (0.95, 0.85, 0.97)]
    assert [m.sample.id for m in suspects(mistakes_of(samples, labels))] == ["2", "0"]


def test_the_table_of_errors_opens_in_a_spreadsheet_without_running_formulas() -> None:
    samples = [Sample("-1", '=HYPERLINK("x"), "é"\nfin', sentiment="neutral", at="test.csv, line 2")]
    content = errors_csv(mistakes_of(samples, [answer(sentiment="positive", p=0.75, review=True)]))
    assert content.startswith(b"\xef\xbb\xbf")
    header, row = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert tuple(header) == COLUMNS
    assert row == ["'-1", "test.csv, line 2", "sentiment", "neutral", "positive", "0.7500", "true", "", "'=HYPERLINK(\"x\"), \"é\"\nfin"]


def test_the_users_own_label_set_goes_by_its_name() -> None:
    samples = [Sample("a", "un", own=("devis",))]
    content = errors_csv(mistakes_of(samples, [answer(own=("plainte",), own_labels=("devis", "plainte"))]), label="motif")
    assert b"\r\na,,motif,devis,plainte," in content


def test_shares_far_from_the_training_texts_are_said_to_be() -> None:
    samples = [Sample(str(i), f"texte {i}", sentiment="neutral" if i < 5 else "positive", adverse_event=i == 0) for i in range(10)]
    parts = find_parts(samples, [answer(sentiment="neutral", event=False) for _ in samples])
    found = label_shares(parts, {"sentiment": {"neutral": 90, "negative": 10}, "adverse_event": {"true": 10, "false": 90}})
    assert found["sentiment"]["labels"]["positive"] == {"test": 0.5, "training": 0.0}
    assert (found["sentiment"]["total_variation"], found["sentiment"]["far"]) == (0.5, True)
    assert (found["adverse_event"]["total_variation"], found["adverse_event"]["far"]) == (0.0, False)
    assert label_shares(parts, {}) == {}
