"""What the card states: held-out bits per character, baselines on the same texts, samples."""

from __future__ import annotations

import json
import math
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from . import baselines, texts, tokenizer
from .config import FIN_ID, RELATOS, Work
from .model import document_nats
from .samples import PROMPTS, SAMPLE_TOKENS, SAMPLING, continued

STORIES = ("cuentos", "cuentos_sencillos")
MAXIMUM_CHARACTERS = 60_000  # per source; the stories are measured whole
BASELINE_CHARACTERS = 12_000_000


def held_out(work: Work, source: str, limit: int | None) -> list[str]:
    documents = [d.text for d in texts.read(work, source, "heldout")]
    if limit is None or not documents:
        return documents
    random.Random(2).shuffle(documents)
    each = max(500, limit // len(documents))
    return [d[:each] for d in documents[: max(1, limit // min(each, limit))]]


def measure(model, tok: Tokenizer, documents: list[str]) -> dict:
    encoded = tokenizer.encode(tok, documents)
    nats = sum(document_nats(model, [FIN_ID, *ids]) for ids in encoded)
    characters = sum(map(len, documents))
    tokens = sum(map(len, encoded))
    return {
        "documents": len(documents),
        "characters": characters,
        "tokens": tokens,
        "bpc": nats / math.log(2) / characters,
        "nats_per_token": nats / tokens,
    }


def sources(work: Work) -> list[str]:
    found = {p.name.split(".")[0] for p in work.corpus.glob("*.heldout.jsonl")}
    return sorted(found)


def per_source(model, tok: Tokenizer, work: Work) -> dict[str, dict]:
    result = {}
    for source in sources(work):
        limit = None if source in STORIES else MAXIMUM_CHARACTERS
        documents = held_out(work, source, limit)
        if documents:
            result[source] = measure(model, tok, documents)
            print(source, f"{result[source]['bpc']:.4f}", flush=True)
    return result


def story_texts(work: Work) -> list[str]:
    return [d for source in STORIES for d in held_out(work, source, None)]


def baseline_bits(work: Work) -> dict:
    """Baselines learn from the stories and as much of the other prose as fits the budget."""
    target = "\n".join(story_texts(work))
    training = "\n".join(
        d.text
        for source in (*STORIES, "frases", "novelas")
        for d in texts.read(work, source, "train")
    )[:BASELINE_CHARACTERS]
    begin = time.monotonic()
    grams = baselines.WittenBell(order=5)
    grams.learn(training)
    five = grams.bits(target)
    return {
        "characters": len(target),
        "training_characters": len(training),
        "xz": baselines.xz_bits(target),
        "xz_primed": baselines.xz_primed_bits(training, target),
        "five_gram": five,
        "seconds": time.monotonic() - begin,
    }


def stories_bits(measured: dict[str, dict]) -> float:
    parts = [measured[s] for s in STORIES]
    return sum(p["bpc"] * p["characters"] for p in parts) / sum(p["characters"] for p in parts)


def evaluate(work: Work, out: Path) -> None:
    work.results.mkdir(parents=True, exist_ok=True)
    tok = tokenizer.load(work)
    model = LlamaForCausalLM.from_pretrained(out / "gorrion", dtype=torch.float32).eval()
    by_source = per_source(model, tok, work)
    path = work.results / "baselines.json"
    if not path.exists():  # they do not depend on the model
        path.write_text(json.dumps(baseline_bits(work), indent=2))
    summary = {
        "stories_bpc": stories_bits(by_source),
        "relatos_bpc": by_source.get(RELATOS, {}).get("bpc"),
        "sources": by_source,
        "baselines": json.loads(path.read_text()),
        "sampling": {**SAMPLING, "max_new_tokens": SAMPLE_TOKENS},
        "samples": [continued(model, tok, seed, text) for seed, text in PROMPTS],
    }
    (work.results / "base.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False))
    print(f"stories: {summary['stories_bpc']:.4f} bits per character", flush=True)
