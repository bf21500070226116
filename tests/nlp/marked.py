"""Sentences with the answer written in them: ``<lab id=sanofi>Sanofi</lab> recrute``."""

import re
from pathlib import Path

CASES = Path(__file__).parents[1] / "cases"
_MARK = re.compile(r"<(\w+) (?:id|value)=([\w-]+)>(.*?)</\1>")

Marks = tuple[tuple[int, int, str], ...]


def parse_marked(marked: str) -> tuple[str, Marks]:
    """Return the text without its marks, and each mark as (start, end, answer).

    Examples
    --------
    >>> parse_marked("Merci <lab id=sanofi>@SanofiFR</lab> !")
    ('Merci @SanofiFR !', ((6, 15, 'sanofi'),))
    """
    text, marks, done = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[done : match.start()]
        marks.append((len(text), len(text) + len(match.group(3)), match.group(2)))
        text += match.group(3)
        done = match.end()
    text += marked[done:]
    if re.search(r"</\w|<\w+[ =]", text):
        raise ValueError(f"a mark is not closed, or is written otherwise than <kind id=answer>: {marked!r}")
    return text, tuple(marks)


def read_cases(name: str) -> list[str]:
    """Return the sentences of one case file, without blank lines and remarks (%)."""
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("%")]
