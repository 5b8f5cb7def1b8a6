"""Masked words and the gist of the hidden ones: schedule by wall time, resumed from its checkpoint.

Two losses share one pass. Each masked word is predicted from its own place (Devlin et al., 2019), and
all masked words of a window are predicted together from the pooled [CLS] as a bag of words. The second
makes [CLS] and its pooler carry what a text is about, which the classifiers start from; its output
layer is thrown away, so that what is saved is plain BERT.
"""

from __future__ import annotations

import csv
import json
import time
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gorrion.loader import Loader
from gorrion.muon import Muon
from gorrion.pretrain import atomically, rate

from .config import (
    CLS_ID,
    CONTEXT,
    MASK_ID,
    MIXTURE,
    MODEL,
    SEP_ID,
    SPECIALS,
    VOCABULARY,
    Work,
)
from .cooccurrence import frequencies, word_vectors
from .model import build


@dataclass(frozen=True)
class Settings:
    minutes: float  # training time, all runs of one checkpoint together
    device: str = "cpu"
    length: int = 64
    rows: int = 64
    long_every: int = (
        6  # one batch in six has windows of the whole context, or its end is never trained
    )
    masked: float = 0.18
    gist: float = 0.5  # weight of the second loss
    muon_rate: float = 0.01
    adam_rate: float = 0.004
    weight_decay: float = 0.02
    warmup: float = 0.02
    decay: float = 0.5
    save_every: float = 60.0  # seconds
    seed: int = 0


def frame(windows: Tensor) -> Tensor:
    """[rows, n] -> [rows, n + 2], with [CLS] before and [SEP] after."""
    edge = torch.ones_like(windows[:, :1])
    return torch.cat([edge * CLS_ID, windows, edge * SEP_ID], dim=1)


def hide(ids: Tensor, share: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """(ids with words hidden, where). Of the hidden: 80 % [MASK], 10 % another word, 10 % as it was."""
    dice = torch.rand(ids.shape, generator=generator)
    chosen = (dice < share) & (ids >= len(SPECIALS))
    kind = torch.rand(ids.shape, generator=generator)
    others = torch.randint(len(SPECIALS), VOCABULARY, ids.shape, generator=generator)
    hidden = torch.where(chosen & (kind < 0.8), torch.full_like(ids, MASK_ID), ids)
    return torch.where(chosen & (kind >= 0.9), others, hidden), chosen


def rarity(frequency: Tensor) -> Tensor:
    """[vocabulary], near 1 for rare words and near 0 for «de»: weights of the second loss."""
    return (2e-4 / frequency).sqrt().clamp(max=1)


class Run:
    def __init__(self, work: Work, s: Settings):
        self.work, self.s = work, s
        torch.manual_seed(s.seed)
        torch.set_flush_denormal(True)
        work.mixture.write_text(json.dumps(MIXTURE, indent=2))
        frequency = frequencies(work)
        vectors = None if work.checkpoint.exists() else word_vectors(work)
        self.model = build(vectors, frequency).to(s.device)
        self.gist = nn.Linear(MODEL["hidden_size"], VOCABULARY).to(s.device)
        self.rarity = rarity(frequency).to(s.device)
        self.generator = torch.Generator().manual_seed(s.seed)
        matrices, others = [], []
        for name, p in [*self.model.named_parameters(), *self.gist.named_parameters()]:
            (matrices if p.ndim == 2 and "layer." in name else others).append(p)
        self.optimizers = [
            Muon(matrices, lr=s.muon_rate, weight_decay=s.weight_decay),
            torch.optim.AdamW(others, lr=s.adam_rate, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self.peaks = [s.muon_rate, s.adam_rate]
        self.step, self.seconds, self.tokens = 0, 0.0, 0
        states = {"short": None, "long": None}
        if work.checkpoint.exists():
            states = self.restore()
        self.loaders = {
            "short": Loader(work.tokens, work.mixture, s.length - 3, states["short"]),
            "long": Loader(work.tokens, work.mixture, CONTEXT - 3, states["long"]),
        }

    def restore(self) -> dict:
        saved = torch.load(self.work.checkpoint, map_location="cpu", weights_only=False)
        self.model.load_state_dict(saved["model"])
        self.gist.load_state_dict(saved["gist"])
        for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.generator.set_state(saved["rng"])
        self.step, self.seconds, self.tokens = saved["step"], saved["seconds"], saved["tokens"]
        return saved["loaders"]

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "gist": self.gist.state_dict(),
            "optimizers": [o.state_dict() for o in self.optimizers],
            "loaders": {name: loader.state() for name, loader in self.loaders.items()},
            "rng": self.generator.get_state(),
            "step": self.step,
            "seconds": self.seconds,
            "tokens": self.tokens,
            "settings": asdict(self.s),
        }
        atomically(self.work.checkpoint, lambda path: torch.save(state, path))

    def losses(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """(nats a masked word from its place, the same from the pooled [CLS], rare words weighing more)."""
        hidden, chosen = hide(ids, self.s.masked, self.generator)
        ids, hidden, chosen = (t.to(self.s.device) for t in (ids, hidden, chosen))
        words = ids[chosen]
        with torch.autocast(self.s.device.split(":")[0], dtype=torch.bfloat16):
            out = self.model.bert(input_ids=hidden)
            placed = self.model.cls.predictions(out.last_hidden_state[chosen])
            bag = self.gist(out.pooler_output)
        row = torch.nonzero(chosen)[:, 0]
        weight = self.rarity[words]
        gist_nats = -bag.float().log_softmax(-1)[row, words]
        return F.cross_entropy(placed.float(), words), (gist_nats * weight).sum() / weight.sum()

    def one_step(self) -> tuple[float, float]:
        long = self.step % self.s.long_every == self.s.long_every - 1
        rows = self.s.rows * self.s.length // CONTEXT if long else self.s.rows
        ids = frame(self.loaders["long" if long else "short"].batch(rows))
        masked, gist = self.losses(ids)
        (masked + self.s.gist * gist).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        factor = rate(self.seconds / (60 * self.s.minutes), self.s.warmup, self.s.decay)
        for optimizer, peak in zip(self.optimizers, self.peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += ids.numel()
        return masked.item(), gist.item()

    def log(self, masked: float, gist: float) -> None:
        new = not self.work.log.exists()
        with self.work.log.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["minutes", "step", "tokens", "masked_nats", "gist_nats"])
            writer.writerow(
                [f"{self.seconds / 60:.3f}", self.step, self.tokens, f"{masked:.4f}", f"{gist:.4f}"]
            )
        speed = self.tokens / self.seconds
        print(
            f"{self.seconds / 60:5.1f} min step {self.step:5} {self.tokens / 1e6:6.2f} M"
            f" masked {masked:.3f} gist {gist:.3f} {speed:.0f} tokens/s",
            flush=True,
        )

    def train(self) -> None:
        saved_at, mean = self.seconds, None
        while self.seconds < 60 * self.s.minutes:
            begin = time.monotonic()
            now = self.one_step()
            self.seconds += time.monotonic() - begin
            mean = (
                now
                if mean is None
                else tuple(0.97 * m + 0.03 * n for m, n in zip(mean, now, strict=True))
            )
            if self.step % 50 == 0:
                self.log(*mean)
            if self.seconds - saved_at > self.s.save_every:
                self.save()
                saved_at = self.seconds
        self.save()
        if mean is not None:
            self.log(*mean)
