"""Batches drawn from token shards in the proportions of a mixture file; state fits in a dict."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from .config import FIN_ID


class Shard:
    """Windows of length + 1 tokens of one source, each once per epoch, in a seeded order."""

    def __init__(self, path: Path, length: int, position: int = 0):
        self.tokens = np.memmap(path, dtype=np.uint16, mode="r")
        self.length = length
        self.windows = max(1, (len(self.tokens) - 1) // length)
        self.seed = sum(path.stem.encode())
        self.position = position  # windows read since the start of training
        self.epoch = -1
        self.order = np.empty(0, dtype=np.int64)

    def next(self) -> np.ndarray:
        epoch, index = divmod(self.position, self.windows)
        if epoch != self.epoch:
            self.epoch = epoch
            self.order = np.random.default_rng([self.seed, epoch]).permutation(self.windows)
        start = int(self.order[index]) * self.length
        self.position += 1
        window = np.full(self.length + 1, FIN_ID, dtype=np.int64)
        piece = self.tokens[start : start + self.length + 1]
        window[: len(piece)] = piece
        return window


class Loader:
    def __init__(self, folder: Path, mixture: Path, length: int, state: dict | None = None):
        shares = json.loads(mixture.read_text())
        state = state or {"positions": {}, "rng": None, "length": length}
        self.names = sorted(shares)
        self.shares = np.array([shares[n] for n in self.names], dtype=np.float64)
        self.shares /= self.shares.sum()
        self.length = length
        # Windows of another length are recounted, so that a longer context goes on from the same share.
        positions = {n: p * state["length"] // length for n, p in state["positions"].items()}
        self.shards = {
            n: Shard(folder / f"{n}.bin", length, positions.get(n, 0)) for n in self.names
        }
        self.positions = dict(positions)
        self.rng = np.random.default_rng(7)
        if state["rng"]:
            self.rng.bit_generator.state = state["rng"]

    def batch(self, rows: int) -> torch.Tensor:
        """[rows, length + 1] token ids."""
        picks = self.rng.choice(len(self.names), size=rows, p=self.shares)
        windows = [self.shards[self.names[i]].next() for i in picks]
        return torch.from_numpy(np.stack(windows))

    def state(self) -> dict:
        read = {name: shard.position for name, shard in self.shards.items()}
        return {
            "positions": {**self.positions, **read},
            "rng": self.rng.bit_generator.state,
            "length": self.length,
        }
