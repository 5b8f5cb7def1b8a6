"""WordPiece without case and with accents, in the layout of BERT, and the token shards."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from . import texts
from .config import (
    CLS,
    CLS_ID,
    CONTEXT,
    MASK,
    MIXTURE,
    PAD,
    SEP,
    SEP_ID,
    SPECIALS,
    UNK,
    VOCABULARY,
    Work,
)

TRAINING_CHARACTERS = 16_000_000
ALPHABET = 180  # rarer characters become [UNK]


def sample(work: Work, characters: int) -> Iterator[str]:
    total = sum(MIXTURE.values())
    for source, share in MIXTURE.items():
        documents = texts.read_documents(work, source)
        random.Random(0).shuffle(documents)
        budget = int(characters * share / total)
        for document in documents:
            if budget <= 0:
                break
            yield document.text[:budget]
            budget -= len(document.text)


def train(work: Work) -> None:
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNK, max_input_chars_per_word=60))
    # Without case a small vocabulary goes further; accents tell words apart («público», «publicó»).
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=True
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIALS,
        limit_alphabet=ALPHABET,
        show_progress=False,
    )
    tokenizer.train_from_iterator(sample(work, TRAINING_CHARACTERS), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}",
        pair=f"{CLS} $A {SEP} $B:1 {SEP}:1",
        special_tokens=[(CLS, CLS_ID), (SEP, SEP_ID)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNK,
        cls_token=CLS,
        sep_token=SEP,
        mask_token=MASK,
        model_max_length=CONTEXT,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    ).save_pretrained(work.tokenizer)
    plain_class(work.tokenizer / "tokenizer_config.json")


def plain_class(path: Path) -> None:
    """transformers 5 writes a class name that other readers do not know. `BertTokenizer` would be
    wrong: it builds its own normaliser, without accents, and leaves tokenizer.json unread."""
    config = json.loads(path.read_text())
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(config, indent=2) + "\n")


def load(work: Work) -> Tokenizer:
    return Tokenizer.from_file(str(work.tokenizer / "tokenizer.json"))


def encode(tokenizer: Tokenizer, documents: list[str]) -> list[list[int]]:
    return [e.ids for e in tokenizer.encode_batch(documents, add_special_tokens=False)]


def write_shard(work: Work, source: str) -> None:
    """Documents one after another with [SEP] between them."""
    documents = texts.read_documents(work, source)
    random.Random(1).shuffle(documents)
    encoded = encode(load(work), [d.text for d in documents])
    stream = np.array([t for ids in encoded for t in (*ids, SEP_ID)], dtype=np.uint16)
    work.tokens.mkdir(parents=True, exist_ok=True)
    stream.tofile(work.tokens / f"{source}.bin")
    words = sum(len(d.text.split()) for d in documents)
    print(
        f"{source:16} {len(stream) / 1e6:6.2f} M tokens, {len(stream) / words:.2f} a word",
        flush=True,
    )


def make(work: Work) -> None:
    if not (work.tokenizer / "tokenizer.json").exists():
        train(work)
    for source in MIXTURE:
        if not (work.tokens / f"{source}.bin").exists():
            write_shard(work, source)
