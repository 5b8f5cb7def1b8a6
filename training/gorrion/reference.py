"""Logits of PyTorch transformers that other implementations are held to."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import LlamaForCausalLM

from . import tokenizer
from .config import FIN_ID

TEXT = (
    "Había una vez una niña que vivía cerca del mar. Cada tarde bajaba a la playa con su perro "
    "y buscaba conchas entre las rocas. Un día encontró una botella con un papel dentro. "
    "—¿Qué será? —preguntó en voz baja. El perro movió la cola y ladró dos veces, como si "
    "supiera la respuesta, y los dos se sentaron en la arena a leer la carta."
)
LENGTHS = (1, 12, 60)
FULL_POSITIONS = ((12, 11), (60, 59))  # (sequence length, position) whose logits are given whole
TOP = 20


def positions_of(length: int) -> list[int]:
    return sorted({0, length // 2, length - 1})


@torch.no_grad()
def describe(model, ids: list[int]) -> dict:
    logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].float()
    at = []
    for position in positions_of(len(ids)):
        top = logits[position].topk(TOP)
        entry = {
            "position": position,
            "top_ids": top.indices.tolist(),
            "top_logits": [round(v, 5) for v in top.values.tolist()],
            "log_normaliser": round(logits[position].logsumexp(-1).item(), 5),
        }
        if (len(ids), position) in FULL_POSITIONS:
            entry["logits"] = [round(v, 3) for v in logits[position].tolist()]
        at.append(entry)
    return {"ids": ids, "at": at}


def reference(out: Path, adapter: str, path: Path) -> None:
    folder = out / "gorrion"
    tok = tokenizer.Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = [FIN_ID, *tokenizer.encode(tok, [TEXT])[0]]
    sequences = [ids[:n] for n in LENGTHS]
    base = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    plain = [describe(base, s) for s in sequences]
    tuned_model = PeftModel.from_pretrained(base, out / "adapters" / adapter).eval()
    tuned = [describe(tuned_model, s) for s in sequences]
    content = {
        "checkpoint": "training/checkpoints/gorrion",
        "dtype": "weights stored in bfloat16, arithmetic in float32",
        "text": TEXT,
        "text_ids": ids,
        "base": plain,
        "adapter": {"id": adapter, "sequences": tuned},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n")
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")
