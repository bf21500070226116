"""The choice of the posts whose labels would teach most: some at random, the most doubtful, the most varied.

Any number of rows may pass: of each kind only the best few are held, so that memory follows what was asked for. What is
chosen depends on the texts and the seed, not on the order in which they come.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

__all__ = ["Candidate", "Choice", "Suggested", "SuggestConfig", "choose", "text_key"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SuggestConfig:
    """How many posts are wanted, and which share of them is drawn at random."""

    count: int
    random_share: float = 0.2
    seed: int = 2018


@dataclass(frozen=True, slots=True)
class Candidate:
    """One labelled row that may be chosen; ``cells`` are handed back as they came."""

    key: bytes  # of its text: two rows with one key are one text
    text: str  # cleaned
    id: str
    duplicate_of: str
    is_french: bool
    needs_review: bool
    p_theme: tuple[float, ...]  # empty where the model was not asked
    p_sentiment: tuple[float, ...]
    p_adverse_event: float | None
    adverse_event: bool | None
    facets: tuple[str, ...]  # values over which to spread, as many for each row; lab and theme come first
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A chosen row and why: ``random``, ``doubt`` or ``variety``."""

    candidate: Candidate
    drawn: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The rows chosen, kinds mixed, so that whoever stops half-way has labelled a fair part of each.

    ``distinct`` counts the texts in French that nobody has labelled: the random share speaks for these.
    """

    suggested: tuple[Suggested, ...]
    distinct: int
    foreign: int  # distinct texts in other languages


def text_key(folded: str) -> bytes:
    """Return the key of a text that was cleaned and folded."""
    return blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def choose(candidates: Iterable[Candidate], *, labelled: AbstractSet[bytes], config: SuggestConfig) -> Choice:
    """Choose ``config.count`` rows, or fewer where no more differ.

    Parameters
    ----------
    candidates
        Rows in any order; of two with one text the one that is no duplicate is kept.
    labelled
        Keys of texts that somebody has labelled already. It may grow while ``candidates`` are read.
    """
    pools = _Pools(config)
    for candidate in candidates:
        if candidate.key not in labelled:
            pools.offer(candidate)
    pools.leave_out(labelled)
    wanted = min(config.count, len(pools.french) + len(pools.foreign))
    selection = _Selection(pools.held())
    # Drawn first, and from all: what comes after must not change whom chance meets.
    selection.draw(_drawn(wanted, config.random_share), among=pools.drawn)
    left = wanted - len(selection)
    selection.doubt(left - left // 3)
    selection.vary(wanted - len(selection))
    selection.doubt(wanted - len(selection), french=False)
    return Choice(selection.suggested(), len(pools.french), len(pools.foreign))


def _drawn(wanted: int, share: float) -> int:
    return max(1, round(share * wanted)) if share else 0


# ---- Streaming


class _Best:
    """The texts of the highest rank, each once, whatever the order they come in."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[tuple[float, ...], bytes]] = []
        self.held: dict[bytes, Candidate] = {}

    def offer(self, rank: tuple[float, ...], candidate: Candidate) -> None:
        """Hold ``candidate`` if it ranks among the best; of two rows with one text hold the one that is no duplicate."""
        held = self.held.get(candidate.key)
        if held is not None:
            self.held[candidate.key] = min(held, candidate, key=_standing)
        elif len(self._heap) < self._size:
            heapq.heappush(self._heap, (rank, candidate.key))
            self.held[candidate.key] = candidate
        elif self._heap and (rank, candidate.key) > self._heap[0]:
            _, least = heapq.heapreplace(self._heap, (rank, candidate.key))
            self.held.pop(least, None)
            self.held[candidate.key] = candidate


def _standing(candidate: Candidate) -> tuple[bool, str]:
    return bool(candidate.duplicate_of), candidate.id


_REACH = 20  # candidates held for one row asked
_LARGEST = 20_000  # held, unless more are asked: choosing takes rows times candidates
_OF_EACH = 3  # held of each lab and theme: one that is seldom met would be among neither the drawn nor the doubtful


class _Pools:
    """What is held of the rows that passed: chance, doubt of each kind, each lab and theme, texts in other languages."""

    def __init__(self, config: SuggestConfig) -> None:
        count = config.count
        reach = min(_REACH * count, max(_LARGEST, 2 * count))
        self._salt = config.seed.to_bytes(8, "big", signed=True)
        self._random = _Best(count + reach // 3)
        self._theme, self._sentiment = _Best(reach // 3), _Best(reach // 3)
        # The threshold is not in the table: the rows nearest to it are the likeliest "no" and the unlikeliest "yes".
        self._likely_no, self._unlikely_yes = _Best(reach // 6), _Best(reach // 6)
        self._other_language = _Best(count)
        self._seldom: dict[tuple[str, ...], _Best] = {}
        self.french: set[int] = set()
        self.foreign: set[int] = set()

    def draw(self, key: bytes) -> int:
        """Return a text's number in the lottery: the lowest are drawn."""
        return int.from_bytes(blake2b(key, digest_size=8, salt=self._salt).digest(), "big")

    def offer(self, candidate: Candidate) -> None:
        """Take note of one row."""
        number = self.draw(candidate.key)
        theme, sentiment = _closeness(candidate.p_theme), _closeness(candidate.p_sentiment)
        review = float(candidate.needs_review)
        if not candidate.is_french:
            self.foreign.add(number)
            self._other_language.offer((theme + sentiment, -number), candidate)
            return
        self.french.add(number)
        self._random.offer((-number,), candidate)
        self._seldom.setdefault(candidate.facets[:2], _Best(_OF_EACH)).offer((-number,), candidate)
        self._theme.offer((review, theme, -number), candidate)
        self._sentiment.offer((review, sentiment, -number), candidate)
        if candidate.p_adverse_event is not None and candidate.adverse_event is not None:
            side, sign = (self._unlikely_yes, -1) if candidate.adverse_event else (self._likely_no, 1)
            side.offer((sign * candidate.p_adverse_event, -number), candidate)

    def leave_out(self, labelled: Iterable[bytes]) -> None:
        """Forget texts that turned out to be labelled by somebody."""
        for key in labelled:
            self.french.discard(self.draw(key))
            self.foreign.discard(self.draw(key))
            for pool in self._all():
                pool.held.pop(key, None)
        self.foreign -= self.french  # a text that one row says is French

    @property
    def drawn(self) -> AbstractSet[bytes]:
        """The French texts of the lowest numbers."""
        return self._random.held.keys()

    def held(self) -> list[Candidate]:
        """Return every text held, by its number."""
        texts = {key: candidate for pool in reversed(self._all()) for key, candidate in pool.held.items()}
        return sorted(texts.values(), key=lambda candidate: self.draw(candidate.key))

    def _all(self) -> tuple[_Best, ...]:
        doubtful = (self._theme, self._sentiment, self._likely_no, self._unlikely_yes)
        return (self._random, *doubtful, *self._seldom.values(), self._other_language)


def _closeness(probabilities: Sequence[float]) -> float:
    """Return how close the two likeliest labels are: 1 for equal, 0 for certain or not asked."""
    if len(probabilities) < 2:
        return 0.0
    first, second = heapq.nlargest(2, probabilities)
    return 1 - (first - second)


# ---- Choosing among those held

# Cosine of their four-letter pieces from which two texts say the same: of 7,793 labelled posts one in a hundred has a neighbour above 0.56.
_NEAR = 0.7
_DOUBTFUL = 0.5  # an adverse event that is less close to its threshold is no doubt
_SPREAD = 0.25  # what a new value, or a text unlike the others, weighs beside doubt


class _Selection:
    """What is chosen among candidates in the order of their numbers, and how far each other one is from it."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates
        self._texts = _shingles([c.text for c in candidates])
        self._families = _codes([c.duplicate_of or c.id for c in candidates])
        self._is_copy = np.array([bool(c.duplicate_of) for c in candidates], dtype=bool)
        self._is_french = np.array([c.is_french for c in candidates], dtype=bool)
        self._facets = [_codes(values) for values in zip(*(c.facets for c in candidates), strict=True)]
        self._counts = [np.zeros(codes.max() + 1) for codes in self._facets]
        self._doubts = _doubts(candidates)
        self._nearest = np.zeros(len(candidates))  # cosine with the nearest text chosen
        self._open = np.ones(len(candidates), dtype=bool)
        self._chosen: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._chosen)

    def suggested(self) -> tuple[Suggested, ...]:
        """Return what was chosen by its key: by its number, what chance drew would all come first."""
        chosen = (Suggested(self._candidates[at], drawn) for at, drawn in self._chosen.items())
        return tuple(sorted(chosen, key=lambda each: each.candidate.key))

    def draw(self, count: int, *, among: AbstractSet[bytes]) -> None:
        """Take the lowest numbers: each text is as likely as any other, also one that resembles another."""
        for at, candidate in enumerate(self._candidates):
            if len(self) == count:
                return
            if self._open[at] and candidate.key in among:
                self._take(at, "random")

    def doubt(self, count: int, *, french: bool = True) -> None:
        """Take the most doubtful, on each question in its turn: theme, polarity, adverse event."""
        turns = deque(self._doubts)
        allowed = self._is_french if french else ~self._is_french
        while count > 0 and turns:
            doubts = turns.popleft()
            at = self._best(doubts + _SPREAD * (self._rarity() + 1 - self._nearest), allowed)
            if at is not None:
                self._take(at, "doubt")
                turns.append(doubts)
                count -= 1

    def vary(self, count: int) -> None:
        """Take what is least like those chosen: values seldom met, then words."""
        for _ in range(count):
            at = self._best(self._rarity() + (1 - self._nearest) / 2, self._is_french)
            if at is None:
                return
            self._take(at, "variety")

    def _best(self, worth: Floats, allowed: NDArray[np.bool_]) -> int | None:
        worth = np.where(self._open & allowed & (self._nearest < _NEAR), worth, -np.inf)
        at = int(worth.argmax()) if len(worth) else 0
        return at if len(worth) and np.isfinite(worth[at]) else None

    def _rarity(self) -> Floats:
        """Return for each candidate how seldom its values were chosen: 1 for never."""
        met = [1 / np.sqrt(1 + counts[codes]) for counts, codes in zip(self._counts, self._facets, strict=True)]
        return np.asarray(np.mean(met, axis=0)) if met else np.zeros(len(self._candidates))

    def _take(self, at: int, drawn: str) -> None:
        self._chosen[at] = drawn
        self._open[at] = False
        # Two rows that are no copies may have one id in two sources.
        self._open &= ~((self._families == self._families[at]) & (self._is_copy | self._is_copy[at]))
        self._nearest = np.maximum(self._nearest, (self._texts @ self._texts[at].T).toarray().ravel())
        for counts, codes in zip(self._counts, self._facets, strict=True):
            counts[codes[at]] += 1


def _shingles(texts: Sequence[str]) -> sparse.csr_matrix:
    """Return the four-letter pieces of each text, its row of length 1."""
    pieces = HashingVectorizer(analyzer="char_wb", ngram_range=(4, 4), n_features=2**18, alternate_sign=False, binary=True, dtype=np.float32)
    return sparse.csr_matrix(pieces.transform(texts) if texts else (0, 2**18))


def _codes(values: Sequence[str]) -> NDArray[np.int64]:
    return np.unique(np.array(values, dtype=object), return_inverse=True)[1].astype(np.int64)


def _doubts(candidates: Sequence[Candidate]) -> tuple[Floats, Floats, Floats]:
    """Return the doubt of each candidate on theme, polarity and adverse event; rows that ask for review come first."""
    review = np.array([2.0 * c.needs_review for c in candidates])
    theme, sentiment = (review + np.array([_closeness(p) for p in each]) for each in (
        [c.p_theme for c in candidates], [c.p_sentiment for c in candidates],
    ))  # fmt: skip
    return theme, sentiment, _adverse_doubts(candidates)


def _adverse_doubts(candidates: Sequence[Candidate]) -> Floats:
    """Return how close each is to the threshold, 1 on it; minus infinity where that is no doubt.

    The threshold is taken to lie between the likeliest "no" and the unlikeliest "yes".
    """
    no = [c.p_adverse_event for c in candidates if c.adverse_event is False and c.p_adverse_event is not None]
    yes = [c.p_adverse_event for c in candidates if c.adverse_event and c.p_adverse_event is not None]
    if not no or not yes:
        return np.full(len(candidates), -np.inf)
    limit = (max(no) + min(yes)) / 2
    p = np.array([np.nan if c.p_adverse_event is None else c.p_adverse_event for c in candidates])
    close = np.where(p < limit, p / max(limit, 1e-9), (1 - p) / max(1 - limit, 1e-9))
    return np.where(close >= _DOUBTFUL, close, -np.inf)
