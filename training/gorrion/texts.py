"""From the published files to clean documents, split into training and held-out by document."""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .config import (
    ASSISTANT,
    BASE_PERSONALITY,
    FIRST_NOVEL_YEAR,
    HELD_OUT,
    HELD_OUT_BY_SOURCE,
    RELATOS,
    USER,
    Work,
)


@dataclass(frozen=True)
class Document:
    id: str
    text: str


def rows(path: Path) -> Iterator[dict]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def clean(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def stable_fraction(key: str) -> float:
    """A number in [0, 1) that depends on the key alone, the same on every machine and run."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big") / 2**64


def is_held_out(source: str, document_id: str) -> bool:
    return stable_fraction(f"{source}/{document_id}") < HELD_OUT_BY_SOURCE.get(source, HELD_OUT)


# --- one reader per source -------------------------------------------------------------------


def titled(row: dict) -> str:
    return f"{row['titulo']}\n{row['texto']}" if row.get("titulo") else row["texto"]


def prose(data: Path, name: str) -> Iterator[Document]:
    for row in rows(data / f"{name}.jsonl.xz"):
        yield Document(row["id"], titled(row))


def novels(data: Path) -> Iterator[Document]:
    for row in rows(data / "novelas.jsonl.xz"):
        if int(row["anio"][:4] or 0) >= FIRST_NOVEL_YEAR:
            yield Document(row["id"], row["texto"])


def stories(data: Path, simple: bool) -> Iterator[Document]:
    for row in rows(data / "cuentos.jsonl.xz"):
        if bool(row.get("sencillo")) == simple:
            yield Document(row["id"], titled(row))


def sentences(data: Path, per_document: int = 8) -> Iterator[Document]:
    """Everyday sentences, one a line, shuffled: the file has variants of a sentence together."""
    with lzma.open(data / "frases.tsv.xz", "rt", encoding="utf-8") as file:
        spanish = [line.split("\t")[0].strip() for line in file]
    spanish.sort(key=stable_fraction)
    for start in range(0, len(spanish), per_document):
        yield Document(str(start), "\n".join(spanish[start : start + per_document]))


def chat_pairs(data: Path, personality: str) -> list[tuple[str, str]]:
    """(question, answer) without the rows marked `delicado` (insults, sex, suicide)."""
    return [
        (clean(row["pregunta"]), clean(row["respuestas"][personality]))
        for row in rows(data / "charla.jsonl.xz")
        if not row["delicado"] and row["respuestas"].get(personality)
    ]


def question_id(question: str) -> str:
    """By the words alone, so that «¿Cómo te llamas?» and «como te llamas» are split together."""
    return fingerprint(question).hex()


def chat(data: Path) -> Iterator[Document]:
    for question, answer in chat_pairs(data, BASE_PERSONALITY):
        yield Document(question_id(question), f"{USER}{question}{ASSISTANT}{answer}")


READERS = {
    "novelas": novels,
    "cuentos": lambda data: stories(data, simple=False),
    "cuentos_sencillos": lambda data: stories(data, simple=True),
    "frases": sentences,
    "charla": chat,
    **{
        name: (lambda data, name=name: prose(data, name))
        for name in (
            "cervantes",
            "sonetos",
            "teatro",
            "recetas",
            "leyes",
            "libros_texto",
            "documentacion",
        )
    },
}


def generated(path: Path) -> Iterator[Document]:
    """Our own stories, one JSON object a line."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            yield Document(str(number), json.loads(line)["texto"])


# --- duplicates and the split ----------------------------------------------------------------


def fingerprint(text: str) -> bytes:
    letters = "".join(c for c in text.casefold() if c.isalnum())
    return hashlib.blake2b(letters.encode(), digest_size=12).digest()


def long_paragraphs(text: str) -> list[str]:
    return [p for p in text.split("\n") if len(p) >= 60]


def split(source: str, documents: Iterable[Document]) -> tuple[list[Document], list[Document]]:
    """(training, held out) without repeated documents."""
    train, held_out, seen = [], [], set()
    for document in documents:
        document = Document(document.id, clean(document.text))
        mark = fingerprint(document.text)
        if len(document.text) < 20 or mark in seen:
            continue
        seen.add(mark)
        (held_out if is_held_out(source, document.id) else train).append(document)
    return train, held_out


def without_paragraphs(document: Document, forbidden: set[bytes]) -> Document:
    if not any(fingerprint(p) in forbidden for p in long_paragraphs(document.text)):
        return document
    kept = [
        p for p in document.text.split("\n") if len(p) < 60 or fingerprint(p) not in forbidden
    ]
    return Document(document.id, "\n".join(kept))


def write(path: Path, documents: list[Document]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for d in documents:
            file.write(json.dumps({"id": d.id, "texto": d.text}, ensure_ascii=False) + "\n")


def read(work: Work, source: str, part: str) -> list[Document]:
    """part: 'train' or 'heldout'."""
    path = work.corpus / f"{source}.{part}.jsonl"
    with path.open(encoding="utf-8") as file:
        return [Document(row["id"], row["texto"]) for row in map(json.loads, file)]


def prepare(data: Path, work: Work) -> None:
    splits = {source: split(source, reader(data)) for source, reader in READERS.items()}
    forbidden = {
        fingerprint(p)
        for source, (_, held_out) in splits.items()
        if source not in ("charla", "leyes")  # formulaic on purpose: sharing lines is their nature
        for document in held_out
        for p in long_paragraphs(document.text)
    }
    for source, (train, held_out) in splits.items():
        train = [without_paragraphs(d, forbidden) for d in train]
        write(work.corpus / f"{source}.train.jsonl", train)
        write(work.corpus / f"{source}.heldout.jsonl", held_out)
        report(source, train, held_out)


def add_generated(path: Path, work: Work) -> None:
    train, held_out = split(RELATOS, generated(path))
    write(work.corpus / f"{RELATOS}.train.jsonl", train)
    write(work.corpus / f"{RELATOS}.heldout.jsonl", held_out)
    report(RELATOS, train, held_out)


def report(source: str, train: list[Document], held_out: list[Document]) -> None:
    size = sum(len(d.text) for d in train) / 1e6
    apart = sum(len(d.text) for d in held_out) / 1e6
    print(
        f"{source:18} {len(train):6} documents {size:7.2f} Mchar"
        f" | held out {len(held_out):5} {apart:6.3f}",
        flush=True,
    )
