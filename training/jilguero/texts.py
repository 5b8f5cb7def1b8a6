"""Pretraining documents and labelled fragments, with the held-out works out of both."""

from __future__ import annotations

import json
import lzma
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from gorrion.texts import Document, clean, fingerprint, rows, stable_fraction, titled

from .config import (
    DEV,
    FIRST_NOVEL_YEAR,
    FRAGMENTS_PER_STYLE,
    NOVEL_CHARACTERS,
    QUIJOTE,
    SHINGLE,
    STYLES,
    TEST,
    Work,
)


@dataclass(frozen=True)
class Example:
    text: str
    label: str


# --- the split -------------------------------------------------------------------------------


def work_of(document_id: str) -> str:
    """What is held out as a whole: a play, a collection of stories, a news item in all its versions.

    Other ids (a novel, a chapter, a law, a recipe, a page) stand for themselves.
    """
    if document_id.startswith(("span-", "textbox-ce")):
        return re.sub(r"-\d+$", "", document_id)
    if re.fullmatch(r"PG\d+-\d{3}", document_id) and not document_id.startswith(QUIJOTE + "-"):
        return document_id.rsplit("-", 1)[0]
    return re.sub(r"/es-[A-Z]{2}$", "", document_id)


def parts_of_works(published_fragments: list[dict]) -> dict[str, str]:
    """Work -> 'train', 'dev' or 'test'. Within each style, works in the order of a hash of their id go
    to the test until it has its share of the style's fragments, then to dev, then to training."""
    parts = {}
    for label in STYLES:
        sizes = Counter(work_of(r["origen"]) for r in published_fragments if r["etiqueta"] == label)
        gone = 0
        for name in sorted(sizes, key=lambda name: stable_fraction(f"jilguero/{name}")):
            share = gone / sizes.total()
            parts[name] = "test" if share < TEST else "dev" if share < TEST + DEV else "train"
            gone += sizes[name]
    return parts


def style_examples(
    published_fragments: list[dict], parts_of: dict[str, str]
) -> dict[str, list[Example]]:
    """The published split shares works between its parts, so the fragments are split again."""
    parts: dict[str, list[Example]] = {"train": [], "dev": [], "test": []}
    for row in published_fragments:
        part = parts_of[work_of(row["origen"])]
        parts[part].append(Example(clean(row["texto"]), row["etiqueta"]))
    return parts


def topic_examples(data: Path) -> dict[str, list[Example]]:
    parts: dict[str, list[Example]] = {"train": [], "dev": [], "test": []}
    for row in rows(data / "clasificacion" / "temas_sib200.jsonl.xz"):
        parts[row["particion"]].append(Example(clean(row["texto"]), row["etiqueta"]))
    return parts


# --- one reader per source -------------------------------------------------------------------


def published(data: Path, name: str) -> Iterator[Document]:
    for row in rows(data / f"{name}.jsonl.xz"):
        yield Document(row["id"], titled(row))


def novels(data: Path) -> Iterator[Document]:
    """A stretch of each novel, from a place that depends on its id alone."""
    for row in rows(data / "novelas.jsonl.xz"):
        if int(row["anio"][:4] or 0) >= FIRST_NOVEL_YEAR:
            room = max(0, len(row["texto"]) - NOVEL_CHARACTERS)
            start = int(room * stable_fraction(row["id"]))
            yield Document(row["id"], row["texto"][start : start + NOVEL_CHARACTERS])


def sentences(data: Path, per_document: int = 8) -> Iterator[Document]:
    with lzma.open(data / "frases.tsv.xz", "rt", encoding="utf-8") as file:
        spanish = [line.split("\t")[0].strip() for line in file]
    spanish.sort(key=stable_fraction)
    for start in range(0, len(spanish), per_document):
        yield Document(f"frases-{start}", "\n".join(spanish[start : start + per_document]))


def contexts(data: Path) -> Iterator[Document]:
    """Encyclopaedia paragraphs of the question sets, each once."""
    texts = dict.fromkeys(
        r["contexto"] for r in rows(data / "clasificacion/preguntas_contexto.jsonl.xz")
    )
    for number, text in enumerate(texts):
        yield Document(f"contexto-{number}", text)


def treebank(data: Path) -> Iterator[Document]:
    for number, row in enumerate(rows(data / "clasificacion" / "pos_ud.jsonl.xz")):
        yield Document(f"ud-{number}", row["texto"])


READERS = {
    "novelas": novels,
    "frases": sentences,
    "contextos": contexts,
    "oraciones": treebank,
    **{
        name: (lambda data, name=name: published(data, name))
        for name in (
            "cuentos",
            "cervantes",
            "sonetos",
            "teatro",
            "recetas",
            "noticias",
            "leyes",
            "libros_texto",
            "tutoriales",
            "documentacion",
        )
    },
}

# --- nothing of the held-out texts in training -----------------------------------------------


def shingles(text: str) -> set[int]:
    """Hashes (of this process) of every run of SHINGLE words."""
    words = re.findall(r"\w+", text.casefold())
    return {hash(tuple(words[i : i + SHINGLE])) for i in range(len(words) - SHINGLE + 1)}


def without_shared(document: Document, forbidden: set[int]) -> Document:
    kept = [p for p in clean(document.text).split("\n") if forbidden.isdisjoint(shingles(p))]
    return Document(document.id, "\n".join(kept))


def training_documents(
    data: Path, source: str, parts_of: dict[str, str], forbidden: set[int]
) -> list[Document]:
    found, seen = [], set()
    for document in READERS[source](data):
        if parts_of.get(work_of(document.id), "train") != "train":
            continue
        document = without_shared(document, forbidden)
        mark = fingerprint(document.text)
        if len(document.text) >= 20 and mark not in seen:
            seen.add(mark)
            found.append(document)
    return found


# --- more fragments of the training works ----------------------------------------------------


def pieces(text: str) -> list[str]:
    """Sentences, with the line end where there was one."""
    return re.findall(r"[^\n]+?(?:[.!?…](?=\s)|\n|$)\s*", text)


def fragment(document: Document, length: int, dice: random.Random) -> str:
    parts = pieces(document.text)
    start = dice.randrange(len(parts))
    taken = ""
    while start < len(parts) and len(taken) < length:
        taken += parts[start]
        start += 1
    return taken.strip()[:700]


def more_fragments(label: str, documents: list[Document]) -> Iterator[Example]:
    """Lengths from one sentence to a long paragraph: shorter ones than the published fragments too."""
    dice = random.Random(label)
    own = [d for d in documents if label != "quijote" or d.id.startswith(QUIJOTE + "-")]
    wanted = FRAGMENTS_PER_STYLE
    while wanted:
        text = fragment(dice.choice(own), round(10 ** dice.uniform(1.7, 2.75)), dice)
        if len(text) >= 40:
            wanted -= 1
            yield Example(text, label)


# --- the step --------------------------------------------------------------------------------


def write_lines(path: Path, records: list) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(asdict(record), ensure_ascii=False) + "\n")


def read_documents(work: Work, source: str) -> list[Document]:
    with (work.corpus / f"{source}.jsonl").open(encoding="utf-8") as file:
        return [Document(**json.loads(line)) for line in file]


def read_examples(work: Work, task: str, part: str) -> list[Example]:
    """part: 'train', 'dev', 'test'; for styles also 'more', the fragments cut by the recipe."""
    with (work.corpus / f"{task}.{part}.jsonl").open(encoding="utf-8") as file:
        return [Example(**json.loads(line)) for line in file]


def prepare(data: Path, work: Work) -> None:
    fragments = list(rows(data / "clasificacion" / "estilos.jsonl.xz"))
    parts_of = parts_of_works(fragments)
    tasks = {"estilos": style_examples(fragments, parts_of), "temas": topic_examples(data)}
    forbidden: set[int] = set()
    for task, parts in tasks.items():
        for part in ("dev", "test"):
            for example in parts[part]:
                forbidden |= shingles(example.text)
        # A published training fragment that repeats a held-out sentence (quotations, formulas of the
        # law) is out as well.
        if task == "estilos":
            parts["train"] = [e for e in parts["train"] if forbidden.isdisjoint(shingles(e.text))]
        for part, examples in parts.items():
            write_lines(work.corpus / f"{task}.{part}.jsonl", examples)
            print(task, part, len(examples), dict(Counter(e.label for e in examples)), flush=True)
    documents = {s: training_documents(data, s, parts_of, forbidden) for s in READERS}
    documents["noticias"] += [
        Document(f"tema-{n}", e.text) for n, e in enumerate(tasks["temas"]["train"])
    ]
    for source, found in documents.items():
        write_lines(work.corpus / f"{source}.jsonl", found)
        print(
            f"{source:16} {len(found):6} {sum(len(d.text) for d in found) / 1e6:7.2f} Mchar",
            flush=True,
        )
    more = [
        e for label, (source, _) in STYLES.items() for e in more_fragments(label, documents[source])
    ]
    write_lines(work.corpus / "estilos.more.jsonl", more)
