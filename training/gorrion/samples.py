"""Unedited samples: fixed beginnings, fixed seeds, every one shown."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer

from . import tokenizer
from .config import ASSISTANT_ID, FIN_ID, USER_ID

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
