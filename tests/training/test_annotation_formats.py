"""Files of annotation tools, written and read back."""

import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeds.errors import SampleError
from seeds.samples import Sample
from seeds.taxonomy import read_taxonomy
from training.annotation_formats import doccano_lines, label_studio_config, label_studio_tasks, prodigy_lines
from training.samples import SampleSet, read_sample_files

TAXONOMY = read_taxonomy()
CLOSING = "Zuzule ferme son usine de Vierzon."
LABELS = ("primary_theme", "themes", "sub_themes", "sentiment", "adverse_event", "own")


def read(path: Path, content: Any, *, label: str | None = None) -> SampleSet:
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return read_sample_files([path], taxonomy=TAXONOMY, label=label)


def lines(*records: Any) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def choice(name: str, *choices: str, kind: str = "choices", **value: Any) -> dict[str, Any]:
    return {"id": "x1", "from_name": name, "to_name": "text", "type": kind, "value": value or {"choices": [*choices]}}


def annotated(*results: Any, by: Any = 1, **more: Any) -> dict[str, Any]:
    return {"id": 1, "completed_by": by, "was_cancelled": False, "result": [*results], **more}


def task(*annotations: Any, **more: Any) -> dict[str, Any]:
    return {"id": 401, "data": {"text": CLOSING, "id": "p7", "source": "twitter"}, "annotations": [*annotations], **more}


# ---- Label Studio


def test_a_label_studio_task_gives_its_labels_and_the_data_of_its_text(tmp_path: Path) -> None:
    results = [choice("themes", "industry", "scandals"), choice("primary_theme", "industry"), choice("sentiment", "Négatif"),
               choice("adverse_event", "Non"), choice("sous_thèmes", "shortage")]  # fmt: skip
    (sample,) = read(tmp_path / "l.json", [task(annotated(*results))]).samples
    assert (sample.id, sample.text, sample.source, sample.annotator) == ("p7", CLOSING, "twitter", "1")
    assert (sample.themes, sample.primary_theme, sample.sub_themes) == (("industry", "scandals"), "industry", ("shortage",))
    assert (sample.sentiment, sample.adverse_event) == ("negative", False)


@pytest.mark.parametrize("key", ["Texte", "TEXT", "verbatim client"])
def test_the_text_of_a_task_is_found_under_the_projects_key(tmp_path: Path, key: str) -> None:
    named = {"id": 5, "data": {key: CLOSING, "date": "2024-01-02"}, "annotations": [annotated(choice("thème", "causes"))]}
    found = read(tmp_path / "l.json", [named])
    assert [(sample.id, sample.text, sample.date) for sample in found.samples] == [("5", CLOSING, "2024-01-02")]


def test_several_annotations_of_a_task_are_several_annotators(tmp_path: Path) -> None:
    anne = annotated(choice("sentiment", "negative"), choice("themes", "industry"), by={"id": 3, "email": "anne@exemple.fr"})
    nobody = annotated(choice("sentiment", "neutral"), choice("themes", "industry"), by=None)
    found = read(tmp_path / "l.json", [task(anne, nobody)])
    assert [(sample.annotator, sample.sentiment) for sample in found.read] == [("anne@exemple.fr", "negative"), ("annotator 2", "neutral")]
    assert [(sample.sentiment, sample.themes) for sample in found.samples] == [(None, ("industry",))]
    assert [(problem.kind, problem.line) for problem in found.problems] == [("contradiction", 1)]


def test_predictions_cancelled_and_empty_annotations_are_no_labels(tmp_path: Path) -> None:
    good = annotated(choice("sentiment", "negative"))
    cancelled = annotated(choice("sentiment", "positive"), was_cancelled=True)
    predicted = {"id": 2, "data": {"text": "Autre"}, "annotations": [], "predictions": [{"result": [choice("sentiment", "positive")]}]}
    found = read(tmp_path / "l.json", [task(good, cancelled, annotated()), predicted])
    assert [sample.sentiment for sample in found.samples] == ["negative"]
    assert found.skipped == {"cancelled annotation": 1, "annotation without a label": 1, "task without annotation": 1}
    assert found.problems == ()


def test_tasks_with_predictions_alone_are_refused(tmp_path: Path) -> None:
    tasks = label_studio_tasks([{"id": "1", "text": CLOSING, "sentiment": "negative", "model": "m"}])
    with pytest.raises(SampleError, match=r"l\.json: no label \(1 × task without annotation\)"):
        read(tmp_path / "l.json", tasks)


def test_old_completions_are_read(tmp_path: Path) -> None:
    skipped = {"skipped": True, "result": [choice("sentiment", "neutral")]}
    old = {"id": 1, "data": {"text": CLOSING}, "completions": [skipped, annotated(choice("sentiment", "negative"))]}
    assert [sample.sentiment for sample in read(tmp_path / "l.json", [old]).samples] == ["negative"]


def test_a_taxonomy_answer_gives_theme_and_sub_theme(tmp_path: Path) -> None:
    result = choice("themes", kind="taxonomy", taxonomy=[["industry", "shortage"], ["causes"]])
    (sample,) = read(tmp_path / "l.json", [task(annotated(result))]).samples
    assert (sample.themes, sample.sub_themes) == (("industry", "causes"), ("shortage",))


def test_a_question_of_the_users_own_is_read_with_its_name(tmp_path: Path) -> None:
    results = [choice("sujet", "prix", "accès"), choice("themes", "industry"), choice("note", kind="rating", rating=4)]
    tasks = [task(annotated(*results))]
    assert [(s.own, s.themes) for s in read(tmp_path / "l.json", tasks, label="Sujet").samples] == [(("prix", "accès"), None)]
    assert [s.own for s in read(tmp_path / "l.json", tasks, label="note").samples] == [("4",)]
    with pytest.raises(SampleError, match="no value under 'humeur'.*Found: 'sujet', 'themes', 'note'"):
        read(tmp_path / "l.json", tasks, label="humeur")


def test_an_unknown_choice_is_listed_with_its_task(tmp_path: Path) -> None:
    found = read(tmp_path / "l.json", [task(annotated(choice("themes", "industry"))), task(annotated(choice("themes", "pluie")))])
    assert [(p.file, p.unit, p.line, p.kind, p.field) for p in found.problems] == [("l.json", "item", 2, "unknown label", "themes")]


def test_json_min_has_one_row_an_annotation(tmp_path: Path) -> None:
    row = {"id": 401, "text": CLOSING, "lead_time": 3.1, "created_at": "2025-12-02T10:15:00Z", "sentiment": "negative"}
    found = read(tmp_path / "l.json", [{**row, "themes": {"choices": ["causes", "industry"]}, "annotator": 1, "annotation_id": 1},
                                       {**row, "themes": "causes", "annotator": 2, "annotation_id": 2}])  # fmt: skip
    assert [(sample.annotator, sample.themes) for sample in found.read] == [("1", ("causes", "industry")), ("2", ("causes",))]
    assert [(sample.sentiment, sample.themes) for sample in found.samples] == [("negative", None)]


def test_a_label_studio_csv_holds_several_choices_as_json(tmp_path: Path) -> None:
    content = (
        "annotation_id,annotator,drawn,id,lead_time,primary_theme,text,themes,sentiment\n"
        f'7,1,doubt,401,2.5,causes,{CLOSING},"{{""choices"": [""causes"", ""industry""]}}",\n'
        "8,1,doubt,402,2.5,,[Vidéo] Il pleut,,\n"
    )
    found = read(tmp_path / "l.csv", content)
    assert [(s.id, s.annotator, s.primary_theme, s.themes) for s in found.samples] == [("401", "1", "causes", ("causes", "industry"))]
    assert found.skipped == {"no label": 1}


def test_the_labelling_page_asks_in_french_and_exports_ids() -> None:
    view = ElementTree.fromstring(label_studio_config(TAXONOMY))
    asked = {c.get("name"): [(o.get("value"), o.get("html")) for o in c] for c in view.iter("Choices")}
    assert [*asked] == ["primary_theme", "themes", "sentiment", "adverse_event"]
    assert asked["themes"] == [(theme.id, theme.label_fr) for theme in TAXONOMY.themes]
    assert asked["adverse_event"] == [("true", "Oui"), ("false", "Non")]
    assert {c.get("name"): c.get("choice") for c in view.iter("Choices")}["themes"] == "multiple"
    assert {c.get("toName") for c in view.iter("Choices")} == {text.get("name") for text in view.iter("Text")}


def test_tasks_carry_the_models_labels_as_predictions_only() -> None:
    row = {"id": "7", "text": CLOSING, "drawn": "doubt", "themes": "industry|causes", "primary_theme": "industry", "sentiment": None,
           "adverse_event": False, "model": "m1", "likes": 3}  # fmt: skip
    (written,) = label_studio_tasks([row])
    assert written["data"] == {"id": "7", "text": CLOSING, "drawn": "doubt", "title": ""}
    (prediction,) = written["predictions"]
    assert prediction["model_version"] == "m1"
    assert {item["from_name"]: item["value"]["choices"] for item in prediction["result"]} == {
        "primary_theme": ["industry"], "themes": ["industry", "causes"], "adverse_event": ["false"],
    }  # fmt: skip
    assert "annotations" not in written


# ---- doccano


def test_doccano_labels_are_sorted_out_by_what_they_are(tmp_path: Path) -> None:
    given = ["adverse_event", "industry", "negative", "shortage", "Scandales"]
    record = {"id": 1, "text": CLOSING, "label": given, "Comments": [], "sentiment": "outil"}
    (sample,) = read(tmp_path / "d.jsonl", lines(record)).samples
    assert (sample.themes, sample.sub_themes, sample.sentiment, sample.adverse_event) == (("industry", "scandals"), ("shortage",), "negative", True)
    assert (sample.primary_theme, sample.id) == (None, "1")


@pytest.mark.parametrize("content", [
    json.dumps([{"id": 1, "text": CLOSING, "label": ["causes", "industry"]}]),
    lines({"id": 1, "text": CLOSING, "labels": ["causes", "industry"]}),
    f"id,text,label,Comments\n1,{CLOSING},causes#industry,ok\n",
    f"id,text,label\n1,{CLOSING},causes#industry\n",
    f"texte;label\n{CLOSING};causes|industry\n",
])  # fmt: skip
def test_doccano_files_of_each_form_are_read(tmp_path: Path, content: str) -> None:
    assert [sample.themes for sample in read(tmp_path / "d", content).samples] == [("causes", "industry")]


def test_doccano_texts_without_labels_or_with_spans_are_skipped_and_counted(tmp_path: Path) -> None:
    records = [{"text": "Un", "label": []}, {"text": "Deux", "label": [[0, 3, "LABO"]]}, {"text": CLOSING, "label": ["other"]}]
    found = read(tmp_path / "d.jsonl", lines(*records))
    assert [sample.text for sample in found.samples] == [CLOSING]
    assert found.skipped == {"no label": 1, "labels of spans, not of the text": 1}


def test_an_unknown_doccano_label_leaves_the_text_out(tmp_path: Path) -> None:
    found = read(tmp_path / "d.jsonl", lines({"text": "Un", "label": ["pluie", "industry"]}, {"text": CLOSING, "label": ["other"]}))
    assert [sample.text for sample in found.samples] == [CLOSING]
    assert [(problem.kind, problem.line) for problem in found.problems] == [("unknown label", 1)]
    assert "unknown label 'pluie'" in found.problems[0].message and "--label COLUMN" in found.problems[0].message


def test_two_polarities_of_one_text_are_listed(tmp_path: Path) -> None:
    found = read(tmp_path / "d.jsonl", lines({"text": "Un", "label": ["positive", "negative"]}, {"text": CLOSING, "label": ["other"]}))
    assert [(problem.kind, problem.field) for problem in found.problems] == [("several values", "sentiment")]


def test_with_a_label_set_of_ones_own_all_doccano_labels_are_its(tmp_path: Path) -> None:
    found = read(tmp_path / "d.jsonl", lines({"text": CLOSING, "label": ["pluie", "industry"], "Comments": []}), label="sujet")
    assert [(sample.own, sample.themes) for sample in found.samples] == [(("pluie", "industry"), None)]


def test_old_doccano_annotations_are_kept_by_user_and_their_numbers_listed(tmp_path: Path) -> None:
    found = read(tmp_path / "d.jsonl", lines({"text": CLOSING, "annotations": [{"label": "causes", "user": 1}, {"label": 3, "user": 2}]}))
    assert [(sample.annotator, sample.themes) for sample in found.samples] == [("1", ("causes",))]
    assert "unknown label '3'" in found.problems[0].message


def test_each_file_of_a_doccano_zip_is_an_annotator(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for name, label in (("anne", "negative"), ("bruno", "neutral")):
            archive.writestr(f"{name}.jsonl", lines({"id": 1, "text": CLOSING, "label": [label, "industry"]}))
        archive.writestr("all.jsonl", lines({"id": 2, "text": "Il pleut.", "label": ["other"]}))
    found = read_sample_files([tmp_path / "d.zip"], taxonomy=TAXONOMY)
    assert [(sample.annotator, sample.sentiment) for sample in found.read] == [("anne", "negative"), ("bruno", "neutral"), (None, None)]
    assert [(problem.file, problem.kind, problem.field) for problem in found.problems] == [("d.zip/bruno.jsonl", "contradiction", "sentiment")]
    assert found.samples[0].annotator == "anne|bruno"


def test_an_annotator_of_a_zip_who_labelled_nothing_is_passed_over(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("anne.jsonl", lines({"id": 1, "text": CLOSING, "label": []}))
        archive.writestr("bruno.jsonl", lines({"id": 1, "text": CLOSING, "label": ["other"]}))
        archive.writestr("chloé.jsonl", "")
    found = read_sample_files([tmp_path / "d.zip"], taxonomy=TAXONOMY)
    assert ([sample.annotator for sample in found.samples], found.skipped) == (["bruno"], {"no label": 1})


def test_an_empty_zip_is_refused(tmp_path: Path) -> None:
    zipfile.ZipFile(tmp_path / "d.zip", "w").close()
    with pytest.raises(SampleError, match=r"d\.zip: an empty zip"):
        read_sample_files([tmp_path / "d.zip"], taxonomy=TAXONOMY)


# ---- Prodigy


def yes_no(label: str, answer: str, *, text: str = CLOSING, number: int = 1) -> dict[str, Any]:
    return {"text": text, "label": label, "score": 0.1, "meta": {"id": "p7"}, "_input_hash": number, "_task_hash": 2, "answer": answer}


def test_yes_and_no_of_one_text_are_put_together(tmp_path: Path) -> None:
    answers = [yes_no("industry", "accept"), yes_no("causes", "reject"), yes_no("scandals", "accept"), yes_no("adverse_event", "reject"),
               yes_no("positive", "ignore"), yes_no("neutral", "reject")]  # fmt: skip
    found = read(tmp_path / "p.jsonl", lines(*answers))
    (sample,) = found.samples
    assert (sample.id, sample.themes, sample.adverse_event, sample.sentiment) == ("p7", ("industry", "scandals"), False, None)
    assert (found.skipped, found.problems, found.merged) == ({"ignored answer": 1}, (), 0)


def test_a_text_with_rejected_answers_alone_has_no_label_but_for_adverse_events(tmp_path: Path) -> None:
    answers = [yes_no("industry", "reject"), yes_no("adverse_event", "reject", text="J'ai eu mal.", number=2)]
    found = read(tmp_path / "p.jsonl", lines(*answers))
    assert [(sample.text, sample.themes, sample.adverse_event) for sample in found.samples] == [("J'ai eu mal.", None, False)]
    assert found.skipped == {"only rejected answers": 1}


def test_a_label_accepted_and_rejected_is_a_contradiction(tmp_path: Path) -> None:
    found = read(tmp_path / "p.jsonl", lines(yes_no("industry", "accept"), yes_no("industry", "reject"), yes_no("negative", "accept")))
    assert [(sample.themes, sample.sentiment) for sample in found.samples] == [(None, "negative")]
    assert [(problem.kind, problem.field) for problem in found.problems] == [("contradiction", "themes")]


def test_choices_count_when_accepted_and_not_empty(tmp_path: Path) -> None:
    def chosen(text: str, answer: str, *labels: str) -> dict[str, Any]:
        options = [{"id": "causes", "text": "Causes"}]
        return {"text": text, "options": options, "accept": [*labels], "answer": answer, "_annotator_id": "anne", "_input_hash": 1}

    unusable = [chosen("Un", "accept"), chosen("Deux", "reject", "causes"), chosen("Trois", "ignore", "causes")]
    found = read(tmp_path / "p.jsonl", lines(chosen(CLOSING, "accept", "causes", "industry"), *unusable))
    assert [(sample.text, sample.themes, sample.annotator) for sample in found.samples] == [(CLOSING, ("causes", "industry"), "anne")]
    assert found.skipped == {"no label": 1, "rejected choice": 1, "ignored answer": 1}


def test_with_a_label_set_of_ones_own_accepted_answers_are_its(tmp_path: Path) -> None:
    found = read(tmp_path / "p.jsonl", lines(yes_no("pluie", "accept"), yes_no("neige", "reject")), label="temps")
    assert [(sample.own, sample.themes) for sample in found.samples] == [(("pluie",), None)]


# ---- There and back


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    """Draw a sample whose labels contradict nothing, with one label at least."""
    text = draw(st.text(st.characters(codec="utf-8"), max_size=30)) + " Zuzule"
    if draw(st.booleans()):
        words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).map(str.strip).filter(bool)
        own = draw(st.lists(words, min_size=1, max_size=3, unique=True))
        return Sample(id="1", text=text, own=tuple(own))
    themes = draw(st.none() | st.lists(st.sampled_from(TAXONOMY.theme_ids[:-1]), min_size=1, unique=True) | st.just(["other"]))
    primary = draw(st.sampled_from(themes or TAXONOMY.theme_ids)) if themes and len(themes) == 1 or draw(st.booleans()) else None
    subs = [sub for sub, theme in TAXONOMY.parent_of.items() if theme in (themes or ())]
    return Sample(
        id="1",
        text=text,
        themes=tuple(themes) if themes else None,
        primary_theme=primary,
        sub_themes=tuple(draw(st.lists(st.sampled_from(subs), min_size=1, max_size=3, unique=True))) if subs and draw(st.booleans()) else None,
        sentiment=draw(st.sampled_from(["negative", "neutral", "positive"])),
        adverse_event=draw(st.none() | st.booleans()),
    )


def labels(sample: Sample) -> dict[str, Any]:
    return {name: getattr(sample, name) for name in LABELS}


@pytest.mark.parametrize("write", [doccano_lines, prodigy_lines])
@given(sample=samples())
def test_what_is_written_for_a_tool_is_read_back_the_same(write: Any, tmp_path_factory: pytest.TempPathFactory, sample: Sample) -> None:
    path = tmp_path_factory.getbasetemp() / "back.jsonl"
    found = read(path, "".join(f"{line}\n" for line in write([sample])), label="own" if sample.own else None)
    assert [labels(back) for back in found.samples] == [labels(sample)]
    assert (found.samples[0].id, found.samples[0].text, found.problems) == (sample.id, sample.text, ())


@given(sample=samples().filter(lambda sample: not sample.own))
def test_a_label_studio_prediction_that_is_accepted_is_read_back_the_same(tmp_path_factory: pytest.TempPathFactory, sample: Sample) -> None:
    row = {**labels(sample), "themes": list(sample.themes or ()), "id": sample.id, "text": sample.text, "model": "m"}
    (written,) = label_studio_tasks([row])
    accepted = {"id": 1, "data": written["data"], "annotations": [annotated(*written["predictions"][0]["result"])]}
    found = read(tmp_path_factory.getbasetemp() / "back.json", [accepted])
    assert [labels(back) for back in found.samples] == [{**labels(sample), "sub_themes": None}]  # the page does not ask for sub-themes
