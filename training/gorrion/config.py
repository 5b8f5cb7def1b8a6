"""Every choice of the recipe that is a number or a name, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FIN, USER, ASSISTANT = "<|fin|>", "<|u|>", "<|a|>"
SPECIALS = [FIN, USER, ASSISTANT]  # ids 0, 1, 2; FIN begins, ends and pads every document
FIN_ID, USER_ID, ASSISTANT_ID = 0, 1, 2

VOCABULARY = 8192
CONTEXT = 512

MODEL = dict(
    vocab_size=VOCABULARY,
    hidden_size=384,
    num_hidden_layers=4,
    num_attention_heads=6,
    num_key_value_heads=2,
    head_dim=64,
    intermediate_size=1024,
    max_position_embeddings=CONTEXT,
    rope_theta=10000.0,
    rms_norm_eps=1e-5,
    # torch's default N(0, 1) for embeddings makes denormal gradients on CPU, 9-12 times slower.
    initializer_range=0.02,
    tie_word_embeddings=True,
    attention_bias=False,
    mlp_bias=False,
    bos_token_id=FIN_ID,
    eos_token_id=FIN_ID,
    pad_token_id=FIN_ID,
)

# Share of the training windows drawn from each source. Far less than one epoch of the novels is
# read on CPU, so simple and modern prose is weighed up: left to their size, novels would be 70 %.
MIXTURE = {
    "cuentos": 0.27,
    "novelas": 0.27,
    "frases": 0.11,
    "cuentos_sencillos": 0.05,
    "libros_texto": 0.06,
    "charla": 0.06,
    "teatro": 0.04,
    "cervantes": 0.04,
    "leyes": 0.03,
    "recetas": 0.025,
    "sonetos": 0.025,
    "documentacion": 0.02,
}
RELATOS = "relatos"  # our own generated stories; their share is given when they are added
FIRST_NOVEL_YEAR = 1890

HELD_OUT = 0.01
# One per cent of about a thousand stories would be ten texts, of the novels one: too few to measure.
HELD_OUT_BY_SOURCE = {"cuentos": 0.03, "cuentos_sencillos": 0.03, "novelas": 0.02, "charla": 0.02}
BASE_PERSONALITY = "amigable"  # the tunes use others, so that a tune never repeats the base


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
        return self.root / "log.csv"

    @property
    def results(self) -> Path:
        return self.root / "results"
