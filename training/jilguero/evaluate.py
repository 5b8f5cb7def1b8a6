"""Measures of the exported weights on held-out texts, beside the baselines."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import torch
from transformers import BertForMaskedLM

from . import texts, tokenizer
from .baseline import BAYES, baselines
from .classify import encode, labels_of, padded, scores, training_examples
from .config import SPECIALS, TASKS, Work
from .cooccurrence import frequencies
from .export import load_classifier, load_masked_words
from .pretrain import hide
from .teacher import taught

MASKED = 0.15


@torch.no_grad()
def masked_words(work: Work, model: BertForMaskedLM) -> dict:
    """Nats a hidden token, top-1 and top-5, on the test texts of both tasks, beside word frequency."""
    tok = tokenizer.load(work)
    examples = []
    for task in TASKS:
        examples += encode(
            tok, texts.read_examples(work, task, "test"), task, labels_of(work, task)
        )
    generator = torch.Generator().manual_seed(1)
    by_frequency = frequencies(work)
    total = {
        "tokens": 0,
        "nats": 0.0,
        "top1": 0,
        "top5": 0,
        "frequency_nats": 0.0,
        "frequency_top1": 0,
    }
    for start in range(0, len(examples), 64):
        ids, attention = padded(sorted(examples, key=lambda e: len(e.ids))[start : start + 64])
        hidden, chosen = hide(ids, MASKED, generator)
        logits = model(input_ids=hidden, attention_mask=attention).logits[chosen].log_softmax(-1)
        words = ids[chosen]
        best = logits.topk(5).indices
        total["tokens"] += len(words)
        total["nats"] -= logits[range(len(words)), words].sum().item()
        total["top1"] += (best[:, 0] == words).sum().item()
        total["top5"] += (best == words[:, None]).any(-1).sum().item()
        total["frequency_nats"] -= by_frequency[words].log().sum().item()
        total["frequency_top1"] += (
            (words == by_frequency[len(SPECIALS) :].argmax() + len(SPECIALS)).sum().item()
        )
    count = total.pop("tokens")
    return {"tokens": count, **{name: value / count for name, value in total.items()}}


def task_results(work: Work, out: Path, task: str) -> dict:
    labels = labels_of(work, task)
    examples = {part: texts.read_examples(work, task, part) for part in ("train", "dev", "test")}
    tok = tokenizer.load(work)
    model = load_classifier(out, task)
    result = {
        "labels": [model.config.id2label[i] for i in range(len(labels))],
        "train_texts": len(training_examples(work, task)),
        "published_train_texts": len(examples["train"]),
        "dev": scores(model, encode(tok, examples["dev"], task, labels), labels),
        "test": scores(model, encode(tok, examples["test"], task, labels), labels),
        "baselines": baselines(examples["train"], examples["dev"], examples["test"]),
    }
    if len(training_examples(work, task)) > len(examples["train"]):
        more = training_examples(work, task)
        result["baselines_same_texts"] = baselines(
            more, examples["dev"], examples["test"], (BAYES,)
        )
    return result


def parameters(model) -> int:
    return sum(p.numel() for p in model.parameters())


def evaluate(work: Work, out: Path) -> None:
    with work.log.open() as file:
        last = list(csv.DictReader(file))[-1]
    mlm = load_masked_words(out)
    results = {
        "pretraining": {
            "minutes": float(last["minutes"]),
            "tokens": int(last["tokens"]),
            "steps": int(last["step"]),
        },
        "finetuning_minutes": {
            task: json.loads((work.results / f"{task}.minutes.json").read_text()) for task in TASKS
        },
        "taught_sentences": len(taught(work)),
        "mixture": json.loads(work.mixture.read_text()),
        "parameters": {
            "mlm": parameters(mlm),
            **{t: parameters(load_classifier(out, t)) for t in TASKS},
        },
        "masked_words": masked_words(work, mlm),
        **{task: task_results(work, out, task) for task in TASKS},
    }
    work.results.mkdir(parents=True, exist_ok=True)
    path = work.results / "jilguero.json"
    path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    for task in TASKS:
        print(task, "test", {k: v for k, v in results[task]["test"].items() if k != "confusion"})
        print(
            task, "baselines", results[task]["baselines"], results[task].get("baselines_same_texts")
        )
    print(results["masked_words"], flush=True)
