"""The corpus: draws plots until enough accepted text is written, and refuses near-duplicates."""

import json
import random
import re
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

from .grammar import Plot, load_plots, load_rules
from .lexicon import Casting, load_words
from .narrator import Narrator

SHINGLE = 8
MAX_SHARED = 0.30
MIN_WORDS, MAX_WORDS = 75, 360

_WORD = re.compile(r"[^\W\d_]+")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def shingles(words: list[str], size: int = SHINGLE) -> set[int]:
    """Hashes of every run of `size` words."""
    return {zlib.crc32(" ".join(words[i : i + size]).encode()) for i in range(max(1, len(words) - size + 1))}


class Duplicates:
    """Remembers accepted stories; `overlap` is the largest share of shingles any one of them holds."""

    def __init__(self) -> None:
        self._holders: dict[int, list[int]] = defaultdict(list)
        self._count = 0

    def overlap(self, grams: set[int]) -> float:
        shared: Counter[int] = Counter()
        for gram in grams:
            if gram in self._holders:
                shared.update(self._holders[gram])
        return max(shared.values(), default=0) / len(grams)

    def add(self, grams: set[int]) -> None:
        for gram in grams:
            self._holders[gram].append(self._count)
        self._count += 1


@dataclass
class Tally:
    accepted: Counter = field(default_factory=Counter)
    near_duplicate: Counter = field(default_factory=Counter)
    wrong_length: Counter = field(default_factory=Counter)


def tell_one(plot: Plot, rng: random.Random, rules, words) -> str:
    """One story of the plot."""
    return Narrator(plot, rules, Casting(words, rng), rng).tell()


def stories(seed: int, tally: Tally) -> Iterator[tuple[str, str]]:
    """An endless stream of accepted (plot id, story), the same for the same seed."""
    rng = random.Random(seed)
    plots, rules, words = load_plots(), load_rules(), load_words()
    seen = Duplicates()
    ease = [1.0] * len(plots)
    while True:
        index = rng.choices(range(len(plots)), ease)[0]
        plot = plots[index]
        text = tell_one(plot, rng, rules, words)
        tokens = words_of(text)
        if not MIN_WORDS <= len(tokens) <= MAX_WORDS:
            tally.wrong_length[plot.id] += 1
            continue
        grams = shingles(tokens)
        if seen.overlap(grams) > MAX_SHARED:
            tally.near_duplicate[plot.id] += 1
            # A plot that begins to repeat itself is asked less often.
            ease[index] = max(0.02, ease[index] * 0.98)
            continue
        seen.add(grams)
        tally.accepted[plot.id] += 1
        yield plot.id, text


def write(path: Path, megabytes: float, seed: int) -> Tally:
    """Writes at least `megabytes` (10^6 bytes) of JSON lines {"texto", "trama"}."""
    tally = Tally()
    left = megabytes * 1e6
    with path.open("w", encoding="utf-8") as file:
        for plot_id, text in stories(seed, tally):
            row = json.dumps({"texto": text, "trama": plot_id}, ensure_ascii=False) + "\n"
            left -= len(row.encode())
            file.write(row)
            if left <= 0:
                return tally
    return tally
