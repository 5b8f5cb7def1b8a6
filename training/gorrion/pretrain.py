"""Training of the base: its schedule is wall time, it goes on from its own checkpoint."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

from . import texts, tokenizer
from .config import CONTEXT, FIN_ID, MIXTURE, Work
from .loader import Loader
from .model import build, document_nats, training_loss
from .muon import Muon


@dataclass(frozen=True)
class Settings:
    minutes: float  # training time, all runs of one checkpoint together
    device: str = "cpu"
    length: int = 256  # tokens of a window until the decay, where windows grow to the context
    rows: int = 16
    muon_rate: float = 0.008
    adam_rate: float = 0.003
    weight_decay: float = 0.05
    warmup: float = 0.01  # shares of `minutes`
    decay: float = 0.25
    save_every: float = 180.0  # seconds
    evaluate_every: float = 300.0
    compile: bool = True
    fp32: bool = False
    muon: bool = True
    seed: int = 0
    start: str | None = None  # a finished checkpoint whose weights a new run takes up


def rate(progress: float, warmup: float, decay: float) -> float:
    """Trapezoid: linear warm-up, a plateau, then 1 - sqrt down to nothing. progress in [0, 1]."""
    if progress < warmup:
        return progress / warmup
    left = 1 - decay
    if progress <= left:
        return 1.0
    return max(0.0, 1 - math.sqrt((progress - left) / decay))


def optimizers(model, s: Settings) -> list[torch.optim.Optimizer]:
    matrices, others = [], []
    for name, p in model.named_parameters():
        inner = p.ndim == 2 and "embed" not in name
        (matrices if inner and s.muon else others).append(p)
    adam = torch.optim.AdamW(others, lr=s.adam_rate, betas=(0.9, 0.95), weight_decay=0.0)
    if not s.muon:
        return [adam]
    return [Muon(matrices, lr=s.muon_rate, weight_decay=s.weight_decay), adam]


def held_out_sample(work: Work, characters: int = 60_000) -> list[tuple[list[int], int]]:
    """(token ids, characters) of the beginnings of the held-out stories, evenly among them."""
    documents = texts.read(work, "cuentos", "heldout") + texts.read(
        work, "cuentos_sencillos", "heldout"
    )
    each = characters // len(documents)
    parts = [d.text[:each] for d in documents]
    ids = tokenizer.encode(tokenizer.load(work), parts)
    return [([FIN_ID, *i], len(p)) for i, p in zip(ids, parts, strict=True)]


def bits_per_character(
    model, sample: list[tuple[list[int], int]], window: int = CONTEXT
) -> float:
    """Not beyond the window trained on so far: a longer one says less of the model."""
    model.eval()
    nats = sum(document_nats(model, ids, window=window, stride=window // 2) for ids, _ in sample)
    model.train()
    return nats / math.log(2) / sum(characters for _, characters in sample)


def atomically(path: Path, write) -> None:
    partial = path.with_suffix(".partial")
    write(partial)
    os.replace(partial, path)


def taken_up(checkpoint: str):
    return LlamaForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)


class Run:
    def __init__(self, work: Work, s: Settings):
        self.work, self.s = work, s
        torch.manual_seed(s.seed)
        torch.set_flush_denormal(True)
        saved = None
        if work.checkpoint.exists():
            saved = torch.load(work.checkpoint, map_location="cpu", weights_only=False)
        if not work.mixture.exists():
            work.mixture.write_text(json.dumps(MIXTURE, indent=2))
        self.model = (taken_up(s.start) if s.start and not saved else build()).to(s.device)
        self.optimizers = optimizers(self.model, s)
        self.loader = None
        self.loader_state = saved and saved["loader"]
        self.step, self.seconds, self.tokens = 0, 0.0, 0
        if saved:
            self.model.load_state_dict(saved["model"])
            for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            torch.set_rng_state(saved["rng"])
            self.step, self.seconds, self.tokens = saved["step"], saved["seconds"], saved["tokens"]
        self.peaks = [s.muon_rate, s.adam_rate] if s.muon else [s.adam_rate]
        self.trunk = self.model.model
        if s.compile:
            self.trunk = torch.compile(self.model.model, dynamic=False)
        self.dtype = torch.float32 if s.fp32 else torch.bfloat16
        self.stopped = False
        signal.signal(signal.SIGTERM, self.stop)

    def stop(self, *_) -> None:
        """A polite kill loses nothing: the step is ended and saved."""
        self.stopped = True

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimizers": [o.state_dict() for o in self.optimizers],
            "loader": self.loader_state if self.loader is None else self.loader.state(),
            "rng": torch.get_rng_state(),
            "step": self.step,
            "seconds": self.seconds,
            "tokens": self.tokens,
            "settings": asdict(self.s),
        }
        atomically(self.work.checkpoint, lambda path: torch.save(state, path))

    def next_batch(self, progress: float) -> torch.Tensor:
        """Short windows are cheaper to learn from; the decay teaches the rest of the context."""
        length = self.s.length if progress < 1 - self.s.decay else max(self.s.length, CONTEXT)
        if self.loader is None or self.loader.length != length:
            state = self.loader_state if self.loader is None else self.loader.state()
            self.loader = Loader(self.work.tokens, self.work.mixture, length, state)
        rows = max(1, self.s.rows * self.s.length // length)
        return self.loader.batch(rows).to(self.s.device)

    def one_step(self) -> float:
        progress = self.seconds / (60 * self.s.minutes)
        factor = rate(progress, self.s.warmup, self.s.decay)
        batch = self.next_batch(progress)
        loss = training_loss(self.trunk, self.model.lm_head.weight, batch, self.dtype)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer, peak in zip(self.optimizers, self.peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += batch.shape[0] * (batch.shape[1] - 1)
        return loss.item()

    def log(self, loss: float, bits: float, speed: float) -> None:
        new = not self.work.log.exists()
        with self.work.log.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow("minutes step tokens train_nats heldout_bpc tokens_s".split())
            row = [self.seconds / 60, self.step, self.tokens, loss, bits, speed]
            writer.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in row])

    def train(self) -> None:
        sample = held_out_sample(self.work)
        saved_at = evaluated_at = self.seconds
        mean = None
        step_at, tokens_at, seconds_at = self.step, self.tokens, self.seconds
        while self.seconds < 60 * self.s.minutes and not self.stopped:
            begin = time.monotonic()
            loss = self.one_step()
            self.seconds += time.monotonic() - begin
            mean = loss if mean is None else 0.98 * mean + 0.02 * loss
            if self.step % 25 == 0 or self.step == step_at + 1:
                speed = (self.tokens - tokens_at) / (self.seconds - seconds_at)
                print(
                    f"{self.seconds / 60:6.1f} min step {self.step:5} {self.tokens / 1e6:6.2f} M"
                    f" nats {mean:.3f} {speed:.0f} tokens/s",
                    flush=True,
                )
            if self.seconds - evaluated_at > self.s.evaluate_every:
                speed = (self.tokens - tokens_at) / (self.seconds - seconds_at)
                bits = bits_per_character(self.model, sample, self.loader.length)
                self.log(mean, bits, speed)
                print(f"held-out stories: {bits:.4f} bits per character", flush=True)
                evaluated_at = self.seconds
                tokens_at, seconds_at = self.tokens, self.seconds
            if self.seconds - saved_at > self.s.save_every:
                self.save()
                saved_at = self.seconds
        self.save()
        if mean is not None and not self.stopped:
            self.log(mean, bits_per_character(self.model, sample), 0.0)
