"""First values of the word vectors, from counts of which words stand near which.

O. Levy, Y. Goldberg, «Neural word embedding as implicit matrix factorization», 2014: the singular
vectors of the positive pointwise mutual information. Counting the whole corpus takes seconds; one
masked word in six windows would take most of the training to say as much.
"""

from __future__ import annotations

import numpy as np
import torch
from sklearn.utils.extmath import randomized_svd
from torch import Tensor

from .config import MIXTURE, MODEL, SPECIALS, VOCABULARY, Work

NEAR, FAR = range(1, 3), range(3, 21)  # distances in tokens: grammar, and what a text is about
DEVIATION = 0.04


def streams(work: Work) -> list[tuple[np.ndarray, float]]:
    """(token ids, weight of one token) of each source, so that sources count as in the mixture."""
    found = []
    for source, share in MIXTURE.items():
        tokens = np.fromfile(work.tokens / f"{source}.bin", dtype=np.uint16).astype(np.int64)
        found.append((tokens, share * 1e7 / len(tokens)))
    return found


def frequencies(work: Work) -> Tensor:
    """[vocabulary] shares that add up to 1; what was never seen has a little."""
    counts = np.full(VOCABULARY, 1.0)
    for tokens, weight in streams(work):
        counts += weight * np.bincount(tokens, minlength=VOCABULARY)
    return torch.tensor(counts / counts.sum(), dtype=torch.float32)


def counts_at(work: Work, distances: range) -> np.ndarray:
    """[vocabulary, vocabulary]; each distance counts 1 / distance."""
    total = np.zeros(VOCABULARY * VOCABULARY)
    for tokens, weight in streams(work):
        for d in distances:
            pairs = np.bincount(tokens[:-d] * VOCABULARY + tokens[d:], minlength=total.size)
            total += pairs * (weight / d)
    square = total.reshape(VOCABULARY, VOCABULARY)
    square = square + square.T
    square[: len(SPECIALS)] = square[:, : len(SPECIALS)] = 0
    return square


def mutual_information(counts: np.ndarray) -> np.ndarray:
    """Positive, with the contexts smoothed to the power 3/4: rare ones would else stand out too much."""
    words = counts.sum(1, keepdims=True) + 1e-9
    contexts = (counts.sum(0, keepdims=True) + 1e-9) ** 0.75
    ratio = counts * contexts.sum() / (words * contexts)
    return np.log(np.maximum(ratio, 1)).astype(np.float32)


def directions(counts: np.ndarray, width: int) -> np.ndarray:
    """[vocabulary, width], every row of about the same length.

    The first direction is left out: all words share it, so it tells none apart.
    """
    u, s, _ = randomized_svd(mutual_information(counts), width + 1, n_iter=3, random_state=0)
    vectors = (u * np.sqrt(s))[:, 1:]
    return vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6)


def word_vectors(work: Work) -> Tensor:
    """[vocabulary, hidden]: half of the width says what stands beside a word, half what it is about.

    A fixed rotation spreads both over all heads.
    """
    half = MODEL["hidden_size"] // 2
    both = np.concatenate([directions(counts_at(work, d), half) for d in (NEAR, FAR)], axis=1)
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((2 * half, 2 * half)))
    turned = both @ turn
    return torch.tensor(turned * (DEVIATION / turned.std()), dtype=torch.float32)
