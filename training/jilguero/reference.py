"""Ids, logits and masked words of PyTorch transformers that other implementations are held to."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from .config import CONTEXT, MASK, MASK_ID, NAMES, TASKS
from .export import load_classifier, load_masked_words

# (text, word of it that is hidden); written for this recipe, none is in the training texts
SENTENCES = (
    ("Hola.", "Hola"),
    ("Se pica la cebolla muy fina y se fríe en aceite a fuego lento.", "aceite"),
    (
        "Artículo 3. El Poder Ejecutivo reglamentará la presente ley dentro de los noventa días.",
        "ley",
    ),
    ("La función devuelve una lista vacía si el argumento no es una cadena.", "lista"),
    (
        "El equipo ganó el partido en el último minuto y la afición celebró en las calles.",
        "partido",
    ),
    ("La velocidad de un cuerpo es constante cuando la suma de las fuerzas es cero.", "fuerzas"),
    (
        "El volcán más alto de la isla está rodeado por un bosque; los viajeros llegan en autobús desde "
        "la capital y duermen en pequeños hoteles cerca de la playa, donde el agua es tibia todo el año.",
        "playa",
    ),
    (
        "«¿Y adónde iremos —preguntó la niña— si el puente está roto?». El abuelo no respondió enseguida: "
        "miró el río, que bajaba crecido por las lluvias, miró el cielo, todavía gris, y se sentó en una "
        "piedra. Después sacó del bolsillo un pañuelo, lo extendió sobre las rodillas y fue poniendo en "
        "él todo lo que llevaban: dos manzanas, un trozo de pan, una cuerda y la vieja llave de la casa. "
        "«Con esto —dijo al fin— se puede cruzar cualquier río, con tal de no tener prisa».",
        "casa",
    ),
)
TOP = 5


def rounded(values: Tensor) -> list[float]:
    """Six significant digits."""
    return [float(f"{v:.6g}") for v in values.tolist()]


def masked(tok: Tokenizer, model, text: str, word: str) -> dict:
    hidden = text[: text.rindex(word)] + MASK + text[text.rindex(word) + len(word) :]
    ids = tok.encode(hidden).ids
    position = ids.index(MASK_ID)
    best = model(input_ids=torch.tensor([ids])).logits[0, position].log_softmax(-1).topk(TOP)
    return {
        "text": hidden,
        "ids": ids,
        "position": position,
        "top_ids": best.indices.tolist(),
        "top_words": [tok.id_to_token(i) for i in best.indices.tolist()],
        "log_probs": rounded(best.values),
    }


@torch.no_grad()
def reference(out: Path, path: Path) -> None:
    tok = Tokenizer.from_file(str(out / NAMES["mlm"] / "tokenizer.json"))
    tok.enable_truncation(CONTEXT)
    mlm = load_masked_words(out)
    models = {task: load_classifier(out, task) for task in TASKS}
    entries = []
    for text, word in SENTENCES:
        ids = tok.encode(text).ids
        logits = {t: rounded(m(input_ids=torch.tensor([ids])).logits[0]) for t, m in models.items()}
        entries.append({"text": text, "ids": ids, **logits, "masked": masked(tok, mlm, text, word)})
    content = {
        "checkpoints": {key: f"training/checkpoints/{name}" for key, name in NAMES.items()},
        "dtype": "weights stored in float16, arithmetic in float32",
        "labels": {
            t: [m.config.id2label[i] for i in range(m.config.num_labels)] for t, m in models.items()
        },
        "sentences": entries,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n")
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")
