"""What the card states: held-out bits per character, baselines on the same texts, samples."""

from __future__ import annotations

import json
import math
import random
import time
from pathlib import Path

import torch
from peft import PeftModel
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from . import baselines, texts, tokenizer
from .adapters import ADAPTERS, Personality
from .config import ASSISTANT_ID, FIN_ID, RELATOS, USER_ID, Work
from .model import document_nats

STORIES = ("cuentos", "cuentos_sencillos")
MAXIMUM_CHARACTERS = 60_000  # per source; the stories are measured whole
BASELINE_CHARACTERS = 12_000_000

# (seed, beginning). Chosen before the model was trained; every sample is shown, none is redone.
PROMPTS = [
    (1, "Había una vez un gorrión que"),
    (2, "Aquella mañana, Marta salió de casa y"),
    (3, "El abuelo abrió la puerta del taller y"),
    (4, "—¿Dónde has estado? —preguntó su madre."),
    (5, "En el pueblo todos conocían"),
    (6, "La noche era oscura y"),
    (7, "Mi hermana y yo"),
    (8, "El mercado de la plaza"),
    (9, "Cuando llegó el tren,"),
    (10, "El perro miró a la niña y"),
    (11, "La energía es"),
    (12, ""),
]
ADAPTER_PROMPTS = {
    "quijote": "En un lugar",
    "recetas": "Tortilla de patatas\n",
    "sonetos": "A la luna\n",
    "leyes": "Artículo 1\n",
}
QUESTIONS = ["¿Cómo te llamas?", "Cuéntame un chiste", "¿Eres un robot?", "Buenos días"]
SAMPLING = dict(temperature=0.8, top_p=0.95, repetition_penalty=1.0)
SAMPLE_TOKENS = 120


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


@torch.no_grad()
def sample(model, prompt: list[int], seed: int, maximum: int = SAMPLE_TOKENS) -> list[int]:
    torch.manual_seed(seed)
    out = model.generate(
        torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        do_sample=True,
        top_k=0,
        max_new_tokens=maximum,
        eos_token_id=FIN_ID,
        pad_token_id=FIN_ID,
        **SAMPLING,
    )
    return out[0, len(prompt) :].tolist()


def continued(model, tok: Tokenizer, seed: int, beginning: str) -> dict:
    ids = [FIN_ID, *tokenizer.encode(tok, [beginning])[0]]
    text = tok.decode(sample(model, ids, seed))
    return {"seed": seed, "principio": beginning, "continuacion": text}


def answered(model, tok: Tokenizer, seed: int, question: str) -> dict:
    ids = [FIN_ID, USER_ID, *tokenizer.encode(tok, [question])[0], ASSISTANT_ID]
    return {"seed": seed, "pregunta": question, "respuesta": tok.decode(sample(model, ids, seed, 60))}


def adapter_samples(base, tok: Tokenizer, out: Path) -> dict[str, list[dict]]:
    result = {}
    for name, kind in ADAPTERS.items():
        folder = out / "adapters" / name
        if not folder.exists():
            continue
        model = PeftModel.from_pretrained(base, folder).eval()
        if isinstance(kind, Personality):
            result[name] = [answered(model, tok, 1, q) for q in QUESTIONS]
        else:
            result[name] = [continued(model, tok, 1, ADAPTER_PROMPTS[name])]
        base = model.unload()
    return result


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
        "adapter_samples": adapter_samples(model, tok, out),
    }
    (work.results / "base.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False))
    print(f"stories: {summary['stories_bpc']:.4f} bits per character", flush=True)
