"""Fine-tuning of the pretrained encoder for one labelled task, and its measures on held-out texts."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertConfig, BertForSequenceClassification

from . import texts, tokenizer
from .config import CONTEXT, MASK_ID, MODEL, NAMES, PAD_ID, SPECIALS, STYLES, Work
from .export import export
from .teacher import taught, teach
from .texts import Example


@dataclass(frozen=True)
class Settings:
    epochs: int
    rate: float
    rows: int = 32
    masked: float = 0.1  # words hidden while training, so that no single word decides
    dropout: float = 0.1
    smoothing: float = 0.05
    weight_decay: float = 0.05
    device: str = "cpu"
    seed: int = 0


SETTINGS = {
    "estilos": Settings(epochs=2, rate=1e-3),
    "temas": Settings(epochs=3, rate=1e-3, masked=0.15),
}
REPEATED = 6  # times that a labelled sentence of the topics comes in an epoch


def shown(task: str, label: str) -> str:
    return STYLES[label][1] if task == "estilos" else label


def labels_of(work: Work, task: str) -> list[str]:
    return sorted({shown(task, e.label) for e in texts.read_examples(work, task, "train")})


def training_examples(work: Work, task: str) -> list[Example]:
    train = texts.read_examples(work, task, "train")
    return train + texts.read_examples(work, task, "more") if task == "estilos" else train


@dataclass(frozen=True)
class Encoded:
    ids: list[int]
    label: int  # the likeliest one where a teacher gave odds
    odds: list[float]  # of every label; they add up to 1


def encode(tok: Tokenizer, examples: list[Example], task: str, labels: list[str]) -> list[Encoded]:
    tok.enable_truncation(CONTEXT)
    found = []
    for c, e in zip(tok.encode_batch([e.text for e in examples]), examples, strict=True):
        label = labels.index(shown(task, e.label))
        found.append(Encoded(c.ids, label, [float(i == label) for i in range(len(labels))]))
    return found


def encode_taught(tok: Tokenizer, taught: list[tuple[str, list[float]]]) -> list[Encoded]:
    tok.enable_truncation(CONTEXT)
    encoded = tok.encode_batch([text for text, _ in taught])
    return [
        Encoded(c.ids, max(range(len(odds)), key=odds.__getitem__), odds)
        for c, (_, odds) in zip(encoded, taught, strict=True)
    ]


def lessons(work: Work, tok: Tokenizer, task: str, labels: list[str]) -> list[Encoded]:
    """What one epoch goes through: the labelled sentences of the topics are few, so they come again."""
    examples = encode(tok, training_examples(work, task), task, labels)
    if task == "estilos":
        return examples
    teach(work)
    return examples * REPEATED + encode_taught(tok, taught(work))


def batches(examples: list[Encoded], rows: int, dice: random.Random) -> Iterator[list[Encoded]]:
    """Every example once; those of a batch are of similar length, so that little padding is computed."""
    order = dice.sample(examples, len(examples))
    pool = rows * 16
    cut = []
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lambda e: len(e.ids))
        cut += [near[i : i + rows] for i in range(0, len(near), rows)]
    dice.shuffle(cut)
    yield from cut


def padded(batch: list[Encoded]) -> tuple[Tensor, Tensor]:
    """(ids, attention mask), each [rows, longest]."""
    ids = torch.full((len(batch), max(len(e.ids) for e in batch)), PAD_ID)
    for row, e in zip(ids, batch, strict=True):
        row[: len(e.ids)] = torch.tensor(e.ids)
    return ids, (ids != PAD_ID).long()


def started(work: Work, labels: list[str], dropout: float) -> BertForSequenceClassification:
    """The pretrained body and pooler under a new output layer."""
    config = BertConfig(
        **{**MODEL, "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout},
        classifier_dropout=dropout,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        problem_type="single_label_classification",
    )
    model = BertForSequenceClassification(config)
    saved = torch.load(work.checkpoint, map_location="cpu", weights_only=False)["model"]
    body = {k: v for k, v in saved.items() if k.startswith("bert.")}
    missing = model.load_state_dict(body, strict=False).missing_keys
    assert all(k.startswith("classifier.") for k in missing), missing
    return model


def fit(model, examples: list[Encoded], s: Settings) -> None:
    torch.manual_seed(s.seed)
    dice = random.Random(s.seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=s.rate, betas=(0.9, 0.98), weight_decay=s.weight_decay
    )
    total = s.epochs * -(-len(examples) // s.rows)
    step = 0
    model.to(s.device).train()
    for _ in range(s.epochs):
        for batch in batches(examples, s.rows, dice):
            ids, attention = padded(batch)
            hidden = (torch.rand(ids.shape) < s.masked) & (ids >= len(SPECIALS))
            ids = ids.masked_fill(hidden, MASK_ID).to(s.device)
            odds = torch.tensor([e.odds for e in batch], device=s.device)
            with torch.autocast(s.device.split(":")[0], dtype=torch.bfloat16):
                logits = model(input_ids=ids, attention_mask=attention.to(s.device)).logits
            F.cross_entropy(logits.float(), odds, label_smoothing=s.smoothing).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            factor = min(1.0, (step + 1) / (0.06 * total)) * max(0.0, 1 - step / total)
            for group in optimizer.param_groups:
                group["lr"] = s.rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            if step % 100 == 0:
                print(f"step {step} of {total}", flush=True)
    model.eval()


@torch.no_grad()
def predictions(model, examples: list[Encoded]) -> list[int]:
    found = []
    for start in range(0, len(examples), 64):
        ids, attention = padded(examples[start : start + 64])
        logits = model(
            input_ids=ids.to(model.device), attention_mask=attention.to(model.device)
        ).logits
        found += logits.argmax(-1).tolist()
    return found


def scores(model, examples: list[Encoded], labels: list[str]) -> dict:
    """Accuracy, macro-F1 and the confusion counts, gold label -> predicted label -> texts."""
    from .baseline import score

    guessed = predictions(model, examples)
    confusion = {a: dict.fromkeys(labels, 0) for a in labels}
    for e, g in zip(examples, guessed, strict=True):
        confusion[labels[e.label]][labels[g]] += 1
    measured = score([labels[e.label] for e in examples], [labels[g] for g in guessed])
    return {**measured, "texts": len(examples), "confusion": confusion}


def train(work: Work, out: Path, task: str, device: str) -> None:
    """From the pretrained checkpoint to an exported folder; a few minutes, so a killed run starts again."""
    settings = replace(SETTINGS[task], device=device)
    labels = labels_of(work, task)
    tok = tokenizer.load(work)
    examples = lessons(work, tok, task, labels)
    torch.manual_seed(settings.seed)
    model = started(work, labels, settings.dropout)
    begin = time.monotonic()
    fit(model, examples, settings)
    minutes = (time.monotonic() - begin) / 60
    dev = scores(model, encode(tok, texts.read_examples(work, task, "dev"), task, labels), labels)
    print(f"{task}: {minutes:.1f} min, dev accuracy {dev['accuracy']:.3f}", flush=True)
    work.results.mkdir(parents=True, exist_ok=True)
    (work.results / f"{task}.minutes.json").write_text(json.dumps(minutes))
    export(work, model, out / NAMES[task])
