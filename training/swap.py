"""Labs of a text swapped for others: how a test sees that a lab's name decides nothing."""

import random
from collections.abc import Sequence

from nlp.labs import LabMention
from seeds.labs import Lab, LabRegistry

__all__ = ["swap_labs"]


def swap_labs(text: str, mentions: Sequence[LabMention], registry: LabRegistry, *, seed: int) -> str:
    """Return ``text`` with each lab it names replaced by another, the same one wherever it stands.

    Labs whose name means other things too are not put in: beside a first name they would not be labs any more.
    """
    chance = random.Random(seed)
    accepted = [m for m in mentions if m.accepted]
    candidates = [lab for lab in registry if not lab.homonyms and lab.id not in {m.lab for m in accepted}]
    named = list(dict.fromkeys(m.lab for m in accepted))
    others = dict(zip(named, chance.sample(candidates, len(named)), strict=True))
    pieces, done = [], 0
    for mention in accepted:
        pieces += [text[done : mention.start], _written_like(mention.surface, others[mention.lab])]
        done = mention.end
    return "".join([*pieces, text[done:]])


def _written_like(surface: str, lab: Lab) -> str:
    glued = "".join(c for c in lab.name if c.isalnum())
    if surface.startswith(("#", "@")):
        return surface[0] + glued
    return lab.name.lower() if surface.islower() else lab.name
