import random
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

import pytest

from tests.training.invented import invented_texts
from training.suggest import Candidate, Choice, SuggestConfig, choose, text_key

SURE, UNSURE = (0.9, 0.02, 0.02, 0.02, 0.02, 0.02), (0.35, 0.33, 0.1, 0.1, 0.1, 0.02)


def candidate(id: str, text: str, **changes: object) -> Candidate:
    """A row that the model is sure about, unless told otherwise."""
    plain = Candidate(
        key=text_key(text), text=text, id=id, duplicate_of="", is_french=True, needs_review=False, p_theme=SURE,
        p_sentiment=(0.05, 0.9, 0.05), p_adverse_event=0.01, adverse_event=False,
        facets=("sanofi", "industry", "earned", "twitter", "2024-01"), cells={},
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def table(count: int, **changes: object) -> list[Candidate]:
    return [candidate(f"p{place}", text, **changes) for place, text in enumerate(invented_texts(count))]


def unsure(rows: Sequence[Candidate]) -> list[Candidate]:
    return [replace(row, needs_review=True, p_theme=UNSURE) for row in rows]


def chosen(rows: Sequence[Candidate], count: int, **settings: object) -> Choice:
    return choose(rows, labelled=frozenset(), config=SuggestConfig(count, **settings))  # type: ignore[arg-type]


def ids(choice: Choice, drawn: str | None = None) -> set[str]:
    return {each.candidate.id for each in choice.suggested if drawn in (None, each.drawn)}


def test_a_fifth_is_drawn_at_random_and_a_third_of_the_rest_for_variety() -> None:
    kinds = Counter(each.drawn for each in chosen(table(300), 50).suggested)
    assert kinds == {"random": 10, "doubt": 27, "variety": 13}


def test_whoever_stops_half_way_has_met_each_kind_in_its_share() -> None:
    half = Counter(each.drawn for each in chosen(table(300), 200).suggested[:100])
    assert half == {"random": pytest.approx(20, abs=8), "doubt": pytest.approx(53, abs=12), "variety": pytest.approx(27, abs=10)}


@pytest.mark.parametrize(("count", "share", "drawn"), [(3, 0.2, 1), (3, 0.0, 0), (30, 1.0, 30)])
def test_at_least_one_is_random_unless_none_is_wanted(count: int, share: float, drawn: int) -> None:
    assert len(ids(chosen(table(100), count, random_share=share), "random")) == drawn


def test_what_chance_draws_does_not_depend_on_doubt() -> None:
    rows = table(200)
    assert ids(chosen(rows, 40), "random") == ids(chosen(unsure(rows[:100]) + rows[100:], 40), "random")


def test_the_random_share_estimates_prevalence() -> None:
    rows = [replace(row, p_theme=UNSURE, needs_review=True) if place % 10 == 0 else row for place, row in enumerate(table(200))]
    rare = {row.id for row in rows[::10]}
    found = [len(ids(chosen(rows, 40, seed=seed), "random") & rare) / 8 for seed in range(80)]
    assert sum(found) / len(found) == pytest.approx(0.1, abs=0.03)


def test_a_text_posted_a_hundred_times_is_drawn_no_more_often_than_another() -> None:
    rows = table(60)
    copies = [replace(rows[0], id=f"copy{place}", duplicate_of="p0") for place in range(100)]
    drawn = [ids(chosen(rows + copies, 6, random_share=1.0, seed=seed)) for seed in range(60)]
    assert not any(each.startswith("copy") for ids_ in drawn for each in ids_)
    assert 0 < sum("p0" in each for each in drawn) <= 15  # 6 expected of 60; a hundred tickets would win each time


def test_rows_that_ask_for_review_come_first() -> None:
    rows = table(200)
    doubtful = unsure(rows[::5])
    others = [replace(row, p_theme=UNSURE) for place, row in enumerate(rows) if place % 5]
    assert ids(chosen(doubtful + others, 30), "doubt") <= {row.id for row in doubtful}


def test_among_equals_the_most_doubtful_comes_first() -> None:
    rows = table(120)
    torn = [replace(row, p_sentiment=(0.4, 0.4, 0.2)) for row in rows[:8]] + [replace(row, p_theme=(0.4, 0.4, 0.2, 0, 0, 0)) for row in rows[8:16]]
    assert len(ids(chosen(torn + rows[16:], 20), "doubt") & {row.id for row in torn}) >= 8  # those that chance did not take


def test_an_adverse_event_near_its_threshold_is_a_doubt_of_its_own() -> None:
    rows = unsure(table(150))
    sides = [(0.13, True), (0.9, True), (0.11, False), (0.02, False)]
    rows = [replace(row, p_adverse_event=sides[at % 4][0], adverse_event=sides[at % 4][1]) if at < 40 else row for at, row in enumerate(rows)]
    near = {row.id for row in rows if row.p_adverse_event in (0.11, 0.13)}
    assert len(ids(chosen(rows, 45), "doubt") & near) >= 8
    sure = [replace(row, p_adverse_event=0.01, adverse_event=False) for row in rows]
    assert len(ids(chosen(sure, 45), "doubt") & near) < 8


def test_choice_spreads_over_labs_themes_voices_platforms_and_periods() -> None:
    most = ("sanofi", "industry", "earned", "twitter", "2024-01")
    seldom = [("roche", "causes", "owned", "forum", "2024-02"), ("bayer", "scandals", "earned", "linkedin", "2024-03"),
              ("servier", "innovation", "owned", "web", "2024-04"), ("ipsen", "other", "earned", "facebook", "2024-05")]  # fmt: skip
    rows = [replace(row, facets=seldom[at % 4] if at % 25 == 0 else most) for at, row in enumerate(unsure(table(300)))]  # 12 of 300 are seldom
    picked = chosen(rows, 30).suggested
    for met, held in zip(zip(*(each.candidate.facets for each in picked), strict=True), zip(most, *seldom, strict=True), strict=True):
        assert set(met) == set(held)
    assert sum(each.candidate.facets == most for each in picked) <= 20


def many(count: int) -> list[Candidate]:
    """Rows of letters that resemble nothing, quick to make, unsure."""
    words = [" ".join(blake2b(f"{at}{word}".encode(), digest_size=4).hexdigest() for word in range(6)) for at in range(count)]
    return unsure([candidate(f"p{at}", text) for at, text in enumerate(words)])


def test_chance_is_fair_among_more_rows_than_are_held() -> None:
    rows = [row if at % 10 == 0 else replace(row, needs_review=False, p_theme=SURE) for at, row in enumerate(many(600))]
    doubtful = {row.id for row in rows[::10]}
    found = [len(ids(chosen(rows, 6, random_share=1.0, seed=seed)) & doubtful) for seed in range(40)]
    assert 12 <= sum(found) <= 36  # 24 expected of 240


def test_variety_goes_to_words_not_met_yet_where_all_else_is_equal() -> None:
    refrain = "Un même refrain revient à la fin de chaque message : prenez soin de vous et des vôtres, toujours."
    alike = [f"{text} {refrain}" for text in invented_texts(20)]
    rows = unsure([candidate(f"p{at}", text) for at, text in enumerate(alike)])
    unlike = [candidate(f"unlike{at}", row.text) for at, row in enumerate(many(2))]
    assert ids(chosen(rows + unlike, 6, random_share=0), "variety") == {"unlike0", "unlike1"}


def test_a_lab_met_once_in_thousands_of_rows_is_chosen() -> None:
    rows = many(3000)
    rows[1500] = candidate("alone", rows[1500].text, facets=("ipsen", "causes", "owned", "forum", "2024-02"))
    assert [each.drawn for each in chosen(rows, 6).suggested if each.candidate.id == "alone"] == ["variety"]


def test_near_duplicates_are_not_chosen_twice() -> None:
    towns = ("Metz", "Lyon", "Brest", "Pau", "Gap", "Sète")
    spam = [f"Urgent, plus une seule boîte de Zéphirol à {town}, la pharmacienne rit jaune." for town in towns]
    rows = [candidate(f"spam{at}", text, needs_review=True, p_theme=(0.5, 0.5, 0, 0, 0, 0)) for at, text in enumerate(spam)]
    assert len([each for each in ids(chosen(rows + table(60), 20, random_share=0)) if each.startswith("spam")]) == 1


def test_a_row_and_the_row_that_duplicates_it_are_not_both_chosen() -> None:
    rows = table(40)
    rows = [*rows[:20], *(replace(row, duplicate_of=f"p{at}") for at, row in enumerate(rows[20:]))]  # other words: near-duplicates of the tool
    assert len(chosen(rows, 40).suggested) == 20


def test_two_sources_may_use_one_id() -> None:
    assert len(chosen([replace(row, id="1") for row in table(20)], 20).suggested) == 20


def test_the_order_of_the_rows_changes_nothing() -> None:
    rows = unsure(table(80)) + table(160)[80:]
    rows += [replace(row, id=f"again{at}", duplicate_of=row.id) for at, row in enumerate(rows[::7])]
    shuffled = random.Random(5).sample(rows, len(rows))
    assert chosen(rows, 30) == chosen(shuffled, 30)


def test_another_seed_draws_others() -> None:
    rows = table(200)
    assert ids(chosen(rows, 50), "random") != ids(chosen(rows, 50, seed=7), "random")


def test_texts_in_other_languages_are_chosen_only_where_there_is_nothing_else() -> None:
    french, foreign = table(60)[:30], unsure(table(60))[30:]
    foreign = [replace(row, is_french=False) for row in foreign]
    assert ids(chosen(french + foreign, 20)) <= {row.id for row in french}
    picked = chosen(french + foreign, 40)
    assert ids(picked) > {row.id for row in french}
    assert (len(picked.suggested), picked.distinct, picked.foreign) == (40, 30, 30)


def test_more_asked_than_there_are_gives_all_of_them() -> None:
    rows = table(25)
    assert ids(chosen(rows + rows, 100)) == {row.id for row in rows}


def test_no_row_gives_no_choice() -> None:
    assert chosen([], 10) == Choice((), 0, 0)


def test_what_somebody_labelled_is_left_out_even_when_that_is_met_late() -> None:
    rows = table(30)
    labelled: set[bytes] = set()

    def read() -> Iterator[Candidate]:
        yield from rows
        labelled.update(row.key for row in rows[:10])

    picked = choose(read(), labelled=labelled, config=SuggestConfig(30))
    assert ids(picked) == {row.id for row in rows[10:]}
    assert picked.distinct == 20


def test_rows_of_a_model_that_answers_nothing_are_chosen_for_review_and_variety() -> None:
    rows = table(40, p_theme=(), p_sentiment=(), p_adverse_event=None, adverse_event=None)
    rows = [replace(row, needs_review=at < 12) for at, row in enumerate(rows)]
    assert ids(chosen(rows, 12, random_share=0), "doubt") <= {row.id for row in rows[:12]}


def test_memory_follows_what_is_asked_not_what_is_read() -> None:
    def peak(count: int) -> int:
        rows = (candidate(f"p{at}", f"texte {at} {at * 7919 % 1013}", cells={"text": f"{at:08d}" * 1000}) for at in range(count))
        tracemalloc.start()
        choose(rows, labelled=frozenset(), config=SuggestConfig(4))
        return tracemalloc.get_traced_memory()[1]

    few = peak(1000)
    tracemalloc.stop()
    assert peak(5000) < 1.5 * few
    tracemalloc.stop()
