"""The sections of an evaluation report, each made from one part of metrics.json."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nlp.observe import joined
from training.blocks import Block, Cell, Chart, Charts, Fold, Paragraph, Quote, Quotes, Section, Table
from training.charts import Bar, Bin, Curve, bars, coverage_chart, precision_recall_chart, reliability_chart
from training.mistakes import Mistake
from training.parts import PARTS
from training.shown import masked, pieces
from training.wording import Wording

__all__ = ["Writer"]

_MOST_BARS = 12
_MOST_SUSPECTS = 50


@dataclass(frozen=True, slots=True)
class Writer:
    """Puts figures into words; ``label`` is what the user's own label set is called, ``names`` what sub-themes are."""

    say: Wording
    label: str
    names: Mapping[str, str]

    def part(self, name: str) -> str:
        """Return what a part is called."""
        return self.label if name == "own" else self.say(f"part.{name}")

    def figure(self, path: str) -> str:
        """Return what a figure is called, such as ``sentiment.macro_f1``."""
        if path.startswith("calibration."):
            return f"{self.part(path.removeprefix('calibration.').removesuffix('_ece'))}, {self.say('measure.ece')}"
        part, _, measure = path.partition(".")
        return f"{self.part(part)}, {self.say(f'measure.{measure}')}"

    def name(self, part: str, label: str) -> str:
        """Return what a label is called; the user's own stay as they are."""
        return label if part == "own" else self.names.get(label) or self.say.name(label)

    def value(self, measure: str, value: float | None) -> str:
        """Return a figure: shares in percent, scores and calibration errors as numbers."""
        is_share = measure.rpartition(".")[2] in ("accuracy", "precision", "recall")
        return self.say.percent(value) if is_share else self.say.number(value)

    def interval(self, measure: str, ends: Sequence[float] | None) -> str:
        """Return both ends of an interval, or a dash."""
        if ends is None:
            return "–"
        return self.say("interval", low=self.value(measure, ends[0]), high=self.value(measure, ends[1]))

    def headline(self, figures: Mapping[str, Any]) -> Table:
        """Return the main figures with their intervals, and the baselines beside."""
        rows: list[list[str | Cell]] = []
        for part in PARTS:
            for measure in ("accuracy", "macro_f1", "micro_f1", "precision", "recall", "f1"):
                if figures.get(part, {}).get(measure) is not None:
                    beside = [figures["baselines"][name].get(part, {}).get(measure) for name in ("majority", "keywords")]
                    ends = self.interval(measure, figures[part].get(f"{measure}_ci"))
                    value = Cell(self.value(measure, figures[part][measure]), is_strong=True)
                    rows.append([self.figure(f"{part}.{measure}"), value, ends, *(self.value(measure, v) for v in beside)])
        for key, error in figures.get("calibration", {}).items():
            if key.endswith("_ece"):
                rows.append([self.figure(f"calibration.{key}"), Cell(self.say.number(error), is_strong=True), "–", "–", "–"])
        say = self.say
        return Table(say("headline.caption"), [say("figure"), say("model"), say("interval.head"), say("majority"), say("keywords")], rows)

    def parts(self, figures: Mapping[str, Any]) -> Iterator[Section]:
        """Yield the section of each part that was measured."""
        for part in PARTS:
            if part in figures:
                yield Section(part, self._title(part), list(self._part(part, figures)))

    def _title(self, part: str) -> str:
        name = self.part(part)
        return name[:1].upper() + name[1:]

    def _part(self, part: str, figures: Mapping[str, Any]) -> Iterator[Block]:
        found, say = figures[part], self.say
        if f"about.{part}" in say.texts:
            yield Paragraph(say(f"about.{part}", n=say.number(found["n"], 0)))
        if "per_label" in found and len(found["per_label"]) > _MOST_BARS:
            yield Fold(say("per_label.fold", n=len(found["per_label"])), [self._per_label(part, found)])
        elif "per_label" in found:
            yield self._per_label(part, found)
            if found["labels_averaged"]:
                yield Charts([self._bars(part, found)])
        else:
            yield self._measures(part, found)
        if "confusion" in found and part != "sentiment_by_lab":
            yield self._confusion(part, found["confusion"])
        if "coverage" in found:
            yield Charts([self._reliability(part, figures["calibration"][f"{part}_bins"]), self._coverage(part, found)])
        if "curves" in found:
            yield Charts([self._precision_recall(part, label, found) for label in found["curves"]])
            tables = [self._thresholds(part, label, table) for label, table in found["thresholds"].items()]
            if len(tables) == 1:
                yield tables[0]
            else:
                yield Fold(say("thresholds.fold"), tables)

    def _per_label(self, part: str, found: Mapping[str, Any]) -> Table:
        say, rows = self.say, []
        for label in _in_order(found):
            scores = found["per_label"][label]
            if "note" in scores:
                measured = [say("too_few"), "–", "–", "–"]
            else:
                values = [self.value(measure, scores[measure]) for measure in ("precision", "recall", "f1")]
                measured = [*values, self.interval("f1", scores.get("f1_ci"))]
            rows.append([self.name(part, label), say.number(scores["count"], 0), *measured])
        head = [say("label"), say("cases"), say("measure.precision"), say("measure.recall"), say("measure.f1"), say("interval.f1")]
        return Table(say("per_label.caption", part=self.part(part)), head, rows)

    def _measures(self, part: str, found: Mapping[str, Any]) -> Table:
        rows = [
            [self.say(f"measure.{measure}"), self.value(measure, found[measure]), self.interval(measure, found.get(f"{measure}_ci"))]
            for measure in ("precision", "recall", "f1")
        ]
        caption = self.say("measures.caption", part=self.part(part), cases=self.say.number(found["count"], 0))
        return Table(caption, [self.say("figure"), self.say("model"), self.say("interval.head")], rows)

    def _bars(self, part: str, found: Mapping[str, Any]) -> Chart:
        say, rows = self.say, []
        for label in (label for label in _in_order(found) if label in found["labels_averaged"]):
            scores = found["per_label"][label]
            rows.append(Bar(self.name(part, label), scores["f1"], tuple(scores["f1_ci"]) if scores.get("f1_ci") else None))
        title = say("bars.title", part=self.part(part))
        numbers = [[bar.name, say.number(bar.value), self.interval("f1", bar.interval)] for bar in rows]
        best, least = max(rows, key=lambda b: b.value), min(rows, key=lambda b: b.value)
        description = say("bars.description", best=best.name, top=say.number(best.value), least=least.name, bottom=say.number(least.value))
        return Chart(
            bars(f"bars-{part}", title, description, rows, say.number),
            say("bars.caption"),
            Table(title, [say("label"), say("measure.f1"), say("interval.head")], numbers),
        )

    def _confusion(self, part: str, confusion: Mapping[str, Any]) -> Table:
        labels = [self.name(part, label) for label in confusion["labels"]]
        rows: list[list[str | Cell]] = []
        for place, counts in enumerate(confusion["rows"]):
            total = sum(counts)
            cells = [
                Cell(
                    f"{self.say.number(count, 0)} ({self.say.percent(count / total)})" if total and count else "0",
                    shade=round(9 * count / total) if total else 0,
                    is_strong=place == column,
                )
                for column, count in enumerate(counts)
            ]
            rows.append([labels[place], *cells, self.say.number(total, 0)])
        return Table(self.say("confusion.caption", part=self.part(part)), [self.say("confusion.corner"), *labels, self.say("total")], rows)

    def _reliability(self, part: str, bins: Sequence[Mapping[str, Any]]) -> Chart:
        say, total = self.say, sum(b["count"] for b in bins)
        drawn = [Bin(b["confidence"], b["accuracy"], b["low"], b["high"], b["count"] / total) for b in bins]
        title = say("reliability.title", part=self.part(part))
        words = (say("reliability.across"), say("reliability.upwards"), say("reliability.diagonal"))
        widest = max(bins, key=lambda b: b["count"])
        sure, right = say.percent(widest["confidence"]), say.percent(widest["accuracy"])
        description = say("reliability.description", sure=sure, right=right, n=say.number(widest["count"], 0))
        numbers = [
            [say("interval", low=say.percent(b["from"]), high=say.percent(b["to"])), say.number(b["count"], 0), say.percent(b["confidence"]),
             say.percent(b["accuracy"]), self.interval("accuracy", (b["low"], b["high"]))]
            for b in bins
        ]  # fmt: skip
        head = [say("bin"), say("texts"), words[0], words[1], say("interval.head")]
        svg = reliability_chart(f"reliability-{part}", title, description, drawn, words=words, written=say.percent)
        return Chart(svg, say("reliability.caption"), Table(title, head, numbers))

    def _coverage(self, part: str, found: Mapping[str, Any]) -> Chart:
        say, points, own = self.say, found["coverage"]["points"], found["coverage"]["own"]
        title = say("coverage.title", part=self.part(part))
        words = (say("coverage.across"), say("coverage.upwards"))
        chosen = None if own["accuracy"] is None else (own["kept"], own["accuracy"])
        kept, right, everywhere = say.percent(own["kept"]), say.percent(own["accuracy"]), say.percent(found["accuracy"])
        description = say("coverage.description", kept=kept, right=right, everywhere=everywhere)
        numbers = [[say.percent(p["limit"]), say.percent(p["kept"]), say.percent(p["accuracy"])] for p in points]
        numbers.append([say("coverage.own"), kept, right])
        drawn = Curve([(p["kept"], p["accuracy"]) for p in points] or [(1.0, found["accuracy"])], chosen, say("coverage.own"))
        svg = coverage_chart(f"coverage-{part}", title, description, drawn, words=words, written=say.percent)
        return Chart(svg, description, Table(title, [say("coverage.limit"), words[0], words[1]], numbers))

    def _precision_recall(self, part: str, label: str, found: Mapping[str, Any]) -> Chart:
        say, curve = self.say, found["curves"][label]
        own = next((row for row in found["thresholds"][label] if row["own"] and row["precision"] is not None), None)
        named = self._flag(part, label)
        title = say("curve.title", label=named)
        mark = say("curve.own", threshold=say.number(own["threshold"])) if own else ""
        count = found["count"] if "count" in found else found["per_label"][label]["count"]
        chance = count / found["n"]
        average = say.number(curve["average_precision"])
        description = say("curve.description", average=average, chance=say.number(chance))
        if own:
            description += " " + say("curve.at_own", precision=say.percent(own["precision"]), recall=say.percent(own["recall"]))
        drawn = Curve([(p["recall"], p["precision"]) for p in curve["points"]], (own["recall"], own["precision"]) if own else None, mark)
        words = (say("measure.recall"), say("measure.precision"), say("curve.chance"))
        svg = precision_recall_chart(f"curve-{part}-{label}", title, description, drawn, chance=chance, words=words, written=say.percent)
        numbers = [[say.number(p["threshold"]), say.percent(p["recall"]), say.percent(p["precision"])] for p in curve["points"]]
        return Chart(svg, f"{named}. {description}", Table(title, [say("threshold"), words[0], words[1]], numbers))

    def _flag(self, part: str, label: str) -> str:
        return self._title(part) if part == "adverse_event" else self.name(part, label)

    def _thresholds(self, part: str, label: str, table: Sequence[Mapping[str, Any]]) -> Table:
        say = self.say
        rows: list[list[str | Cell]] = []
        for row in table:
            limit = say.number(row["threshold"]) + (f" ({say('threshold.own')})" if row["own"] else "")
            values = [self.value(measure, row[measure]) for measure in ("precision", "recall", "f1")]
            rows.append([limit, *(Cell(value, is_strong=row["own"]) for value in [*values, say.percent(row["flagged"])])])
        head = [say("threshold"), say("measure.precision"), say("measure.recall"), say("measure.f1"), say("flagged")]
        return Table(say("thresholds.caption", label=self._flag(part, label)), head, rows)

    def slices(self, figures: Mapping[str, Any]) -> Section:
        """Return the figures on slices, a table each."""
        say, blocks = self.say, []
        judged = [part for part in ("primary_theme", "sentiment", "own") if part in figures and "accuracy" in figures[part]]
        for name, values in figures["slices"].items():
            if not values:
                continue
            rows = []
            for value, found in values.items():
                cells = []
                for part in judged:
                    scores = found.get(part, {})
                    cells += [self.value(m, scores[m]) if scores.get(m) is not None else say("too_few") for m in ("accuracy", "macro_f1")]
                rows.append([say.name(value), say.number(found["n"], 0), *cells])
            heads = [self.figure(f"{part}.{measure}") for part in judged for measure in ("accuracy", "macro_f1")]
            blocks.append(Table(say(f"slice.{name}"), [say(f"slice.{name}.head"), say("texts"), *heads], rows))
        return Section("slices", say("slices.title"), [Paragraph(say("slices.about")), *blocks])

    def comparison(self, against: Mapping[str, Any]) -> Section:
        """Return each difference between the two models, and what it means."""
        say, rows = self.say, []
        for path, d in against["differences"].items():
            gap = "–" if d["low"] is None else say("interval", low=self._signed(path, d["low"]), high=self._signed(path, d["high"]))
            new, old = self.value(path, d["new"]), self.value(path, d["old"])
            rows.append([self.figure(path), new, old, self._signed(path, d["difference"]), gap, say(f"verdict.{d['verdict']}")])
        head = [say("figure"), say("model.new"), say("model.old"), say("difference"), say("interval.head"), say("verdict")]
        sentence = Paragraph(against["sentence"], is_warning=bool(against["losses"]))
        return Section("against", say("against.title"), [sentence, Table(say("against.caption", model=against["model"]), head, rows)])

    def _signed(self, path: str, value: float) -> str:
        sign = "+" if value > 0 else ""
        if path.endswith(".accuracy"):
            return sign + self.say("points", k=self.say.number(100 * value, 1))
        return sign + self.say.number(value, 3)

    def errors(self, mistakes: Sequence[Mistake]) -> Section:
        """Return the surest errors with the words that decided."""
        blocks: list[Block] = [Paragraph(self.say("errors.about" if mistakes else "errors.none"))]
        if mistakes:
            blocks.append(Quotes([self._quote(m) for m in mistakes]))
        return Section("errors", self.say("errors.title"), blocks)

    def suspects(self, doubted: Sequence[Mistake]) -> Section:
        """Return the gold labels to look at again."""
        say = self.say
        blocks: list[Block] = [Paragraph(say("suspects.about", n=say.number(len(doubted), 0)) if doubted else say("suspects.none"))]
        if doubted:
            blocks.append(Quotes([self._quote(m) for m in doubted[:_MOST_SUSPECTS]]))
        if len(doubted) > _MOST_SUSPECTS:
            blocks.append(Paragraph(say("suspects.more", n=say.number(len(doubted) - _MOST_SUSPECTS, 0))))
        return Section("suspects", say("suspects.title"), blocks)

    def _quote(self, mistake: Mistake) -> Quote:
        say, sample = self.say, mistake.sample
        facts = [
            (self._title(mistake.field), ""),
            (say("gold"), ", ".join(self.name(mistake.field, label) for label in mistake.gold)),
            (say("predicted"), f"{', '.join(self.name(mistake.field, label) for label in mistake.said)} ({say.percent(mistake.probability)})"),
            (say("review"), say("yes" if mistake.needs_review else "no")),
            (say("place"), masked(" · ".join(dict.fromkeys(filter(None, (sample.id, sample.at)))))),
        ]
        return Quote(pieces(joined(sample.title, sample.text), [(e.start, e.end) for e in mistake.words]), facts)

    def shares(self, shares: Mapping[str, Any]) -> Section:
        """Return the labels' shares here beside those of the training texts."""
        say = self.say
        blocks: list[Block] = []
        for part, found in shares.items():
            rows = [[self.name(part, label), say.percent(s["test"]), say.percent(s["training"])] for label, s in found["labels"].items()]
            blocks.append(Table(say("shares.caption", part=self.part(part)), [say("label"), say("shares.test"), say("shares.training")], rows))
            far = say("shares.far" if found["far"] else "shares.near", part=self.part(part), variation=say.percent(found["total_variation"]))
            blocks.append(Paragraph(far, is_warning=found["far"]))
        return Section("shares", say("shares.title"), blocks or [Paragraph(say("shares.none"))])

    def method(self, figures: Mapping[str, Any]) -> Section:
        """Return how all this was measured, in plain words."""
        say, made = self.say, figures["intervals"]
        known = {
            "resamples": say.number(made["resamples"], 0),
            "groups": say.number(made["groups"], 0),
            "fewest": made["fewest_groups"],
            "left_out": say.number(figures["learned_from"], 0),
        }
        keys = sorted((key for key in say.texts if key.startswith("method.") and key != "method.title"), key=lambda key: int(key.rpartition(".")[2]))
        return Section("method", say("method.title"), [Paragraph(say(key, **known)) for key in keys])


def _in_order(found: Mapping[str, Any]) -> list[str]:
    """Return the labels of a part as the model orders them, where that is known, else by name."""
    order = list(found.get("confusion", {}).get("labels") or found.get("curves", {}))
    return sorted(found["per_label"], key=lambda label: (order.index(label) if label in order else len(order), label))
