"""What the model is measured against, on the very same held-out texts: xz and a 5-gram."""

from __future__ import annotations

import lzma
import math
from collections import defaultdict

PRESET = 9 | lzma.PRESET_EXTREME


def xz_bits(held_out: str) -> float:
    """Bits per character of xz -9e on the held-out text alone."""
    return 8 * len(lzma.compress(held_out.encode(), preset=PRESET)) / len(held_out)


def xz_primed_bits(training: str, held_out: str) -> float:
    """Bits per character that the held-out text adds to an archive of training text."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": PRESET, "dict_size": 64 << 20}]

    def size(text: str) -> int:
        return len(lzma.compress(text.encode(), format=lzma.FORMAT_XZ, filters=filters))

    return 8 * (size(training + "\n" + held_out) - size(training)) / len(held_out)


class WittenBell:
    """Character n-gram interpolated down to the uniform distribution (Witten and Bell, 1991).

    P(c | h) = (count(h c) + distinct(h) P(c | h')) / (count(h) + distinct(h)), h' one shorter.
    """

    def __init__(self, order: int):
        self.order = order
        self.counts: dict[str, int] = defaultdict(int)  # of every string of 1 .. order characters
        self.totals: dict[str, int] = defaultdict(int)  # of every history
        self.distinct: dict[str, int] = defaultdict(int)
        self.alphabet: set[str] = set()

    def learn(self, text: str) -> None:
        self.alphabet.update(text)
        for length in range(1, self.order + 1):
            for start in range(len(text) - length + 1):
                gram = text[start : start + length]
                history = gram[:-1]
                if gram not in self.counts:
                    self.distinct[history] += 1
                self.counts[gram] += 1
                self.totals[history] += 1

    def probability(self, history: str, character: str) -> float:
        p = 1 / (len(self.alphabet) + 1)  # one share for a character never seen
        for length in range(min(self.order - 1, len(history)) + 1):
            h = history[len(history) - length :]
            total = self.totals.get(h, 0)
            if total == 0:
                break
            distinct = self.distinct[h]
            p = (self.counts.get(h + character, 0) + distinct * p) / (total + distinct)
        return p

    def bits(self, text: str) -> float:
        total = 0.0
        for i, c in enumerate(text):
            total -= math.log2(self.probability(text[max(0, i - self.order + 1) : i], c))
        return total / len(text)
