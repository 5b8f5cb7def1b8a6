"""Every choice of the recipe that is a number or a name, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIALS = [PAD, UNK, CLS, SEP, MASK]  # ids 0 .. 4; PAD is 0 as the loader of Gorrión pads with 0
PAD_ID, UNK_ID, CLS_ID, SEP_ID, MASK_ID = range(5)

VOCABULARY = 4000
CONTEXT = 256

# Three packages of this shape (masked words, styles, topics) have to fit in 4 MB at 8 bits a weight.
MODEL = dict(
    vocab_size=VOCABULARY,
    hidden_size=128,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=448,
    max_position_embeddings=CONTEXT,
    type_vocab_size=2,
    hidden_act="gelu",
    hidden_dropout_prob=0.0,  # less than two epochs are read: nothing to hold back in pretraining
    attention_probs_dropout_prob=0.0,
    initializer_range=0.02,
    layer_norm_eps=1e-12,
    pad_token_id=PAD_ID,
)

# Share of the pretraining windows drawn from each source: what the two tasks read is weighed up.
MIXTURE = {
    "contextos": 0.22,
    "cuentos": 0.11,
    "novelas": 0.11,
    "libros_texto": 0.09,
    "frases": 0.08,
    "noticias": 0.07,
    "documentacion": 0.06,
    "tutoriales": 0.05,
    "teatro": 0.05,
    "leyes": 0.04,
    "cervantes": 0.03,
    "sonetos": 0.03,
    "recetas": 0.03,
    "oraciones": 0.03,
}
FIRST_NOVEL_YEAR = 1890
NOVEL_CHARACTERS = 60_000  # read from each novel: variety is worth more than length

# Shares of the works (not of the fragments) that are kept for choosing and for the final measure.
TEST, DEV = 0.12, 0.08
SHINGLE = 8  # words in a row shared with a held-out text that put a training paragraph out

# Where the fragments of each style come from, and the name shown for it.
STYLES = {
    "ciencia": ("libros_texto", "libro de ciencias"),
    "cuento": ("cuentos", "cuento"),
    "ley": ("leyes", "ley"),
    "noticia": ("noticias", "noticia"),
    "novela": ("novelas", "novela"),
    "programacion": ("documentacion", "manual de programación"),
    "quijote": ("cervantes", "Quijote"),
    "receta": ("recetas", "receta de cocina"),
    "soneto": ("sonetos", "soneto"),
    "teatro": ("teatro", "teatro"),
}
QUIJOTE = "PG2000"
FRAGMENTS_PER_STYLE = 2500  # cut by the recipe from training works, beside the published fragments

TASKS = ("estilos", "temas")
NAMES = {"mlm": "jilguero", "estilos": "jilguero-estilos", "temas": "jilguero-temas"}


@dataclass(frozen=True)
class Work:
    """Where a run keeps what it can make again: outside the repository."""

    root: Path

    @property
    def corpus(self) -> Path:
        return self.root / "corpus"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens"

    @property
    def tokenizer(self) -> Path:
        return self.root / "tokenizer"

    @property
    def mixture(self) -> Path:
        return self.root / "mixture.json"

    @property
    def checkpoint(self) -> Path:
        return self.root / "checkpoint.pt"

    @property
    def log(self) -> Path:
        return self.root / "jilguero.csv"

    @property
    def results(self) -> Path:
        return self.root / "results"
