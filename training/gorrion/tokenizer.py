"""Byte-level BPE in the Hugging Face layout, and the token shards the loader reads."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from . import texts
from .config import CONTEXT, FIN, FIN_ID, MIXTURE, SPECIALS, VOCABULARY, Work

TRAINING_CHARACTERS = 24_000_000


def sample(work: Work, mixture: dict[str, float], characters: int) -> Iterator[str]:
    """Documents in the proportions of the mixture, never one twice."""
    total = sum(mixture.values())
    for source, share in mixture.items():
        documents = texts.read(work, source, "train")
        random.Random(0).shuffle(documents)
        budget = int(characters * share / total)
        for document in documents:
            if budget <= 0:
                break
            text = document.text[:budget]
            for special in SPECIALS:
                text = text.replace(special, "\n")
            yield text
            budget -= len(text)


def train(work: Work, mixture: dict[str, float] = MIXTURE) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sample(work, mixture, TRAINING_CHARACTERS), trainer)
    # Every document begins with <|fin|>, so a prompt must too: it is added by the tokenizer itself.
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{FIN} $A", pair=f"{FIN} $A $B", special_tokens=[(FIN, FIN_ID)]
    )
    save(tokenizer, work.tokenizer)


def save(tokenizer: Tokenizer, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(tokenizer_config(), indent=2, ensure_ascii=False) + "\n"
    )


def tokenizer_config() -> dict:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": FIN,
        "eos_token": FIN,
        "pad_token": FIN,
        "additional_special_tokens": SPECIALS[1:],
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONTEXT,
    }


def load(work: Work) -> Tokenizer:
    return Tokenizer.from_file(str(work.tokenizer / "tokenizer.json"))


def pack(encoded: list[list[int]]) -> np.ndarray:
    """Documents one after another, each begun by <|fin|>, the last one closed by it too."""
    stream = [token for ids in encoded for token in (FIN_ID, *ids)]
    return np.array([*stream, FIN_ID], dtype=np.uint16)


def encode(tokenizer: Tokenizer, documents: list[str]) -> list[list[int]]:
    return [e.ids for e in tokenizer.encode_batch(documents, add_special_tokens=False)]


def write_shard(work: Work, source: str) -> None:
    documents = texts.read(work, source, "train")
    random.Random(1).shuffle(documents)
    stream = pack(encode(load(work), [d.text for d in documents]))
    work.tokens.mkdir(parents=True, exist_ok=True)
    stream.tofile(work.tokens / f"{source}.bin")
    characters = sum(len(d.text) for d in documents)
    print(
        f"{source:18} {len(stream) / 1e6:6.2f} M tokens, {characters / len(stream):.2f} characters each",
        flush=True,
    )
