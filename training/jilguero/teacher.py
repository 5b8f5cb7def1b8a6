"""A teacher for the topics, which have only 701 labelled sentences: its guesses on unlabelled ones.

Two views of a sentence are multiplied. Naive Bayes knows the words of the labelled sentences; logistic
regression on averaged word vectors knows their neighbours in the unlabelled paragraphs. The encoder then
learns from the teacher's probabilities (Hinton, Vinyals, Dean, 2015) together with the labels.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from . import texts
from .baseline import naive_bayes
from .config import Work
from .texts import Example

# Most paragraphs of a source that the word vectors are made from, and most sentences that are taught.
PARAGRAPHS = {"contextos": 8000, "noticias": 8000, "oraciones": 8000, "libros_texto": 8000,
              "tutoriales": 6000, "frases": 6000, "cuentos": 8000, "documentacion": 4000,
              "leyes": 3000}  # fmt: skip
SENTENCES = {"contextos": 9000, "noticias": 5000, "oraciones": 3000, "libros_texto": 3000,
             "tutoriales": 2000, "frases": 2000, "cuentos": 1000}  # fmt: skip
WIDTH = 250
TRUST_IN_BAYES = 0.15  # power of its probabilities, which are far too sure of themselves
# Of the few values tried by cross-validation on training and dev sentences: widths 100 and 250, C 1, 5
# and 20 (1 and 5 were alike), trust 0.15 alone.


def paragraphs(work: Work, source: str, most: int) -> list[str]:
    found = [
        p for d in texts.read_documents(work, source) for p in d.text.split("\n") if len(p) > 80
    ]
    if source == "frases":
        found = [d.text for d in texts.read_documents(work, source)]
    return random.Random(source).sample(found, min(most, len(found)))


def sentences(work: Work, source: str, most: int) -> list[str]:
    found = [
        s.strip()
        for d in texts.read_documents(work, source)
        for s in texts.pieces(d.text)
        if 60 <= len(s) <= 300
    ]
    return random.Random(source).sample(found, min(most, len(found)))


class Teacher:
    def __init__(self, corpus: list[str], train: list[Example]):
        gold = [e.label for e in train]
        self.bayes = naive_bayes(0.03).fit([e.text for e in train], gold)
        self.words = TfidfVectorizer(
            sublinear_tf=True, min_df=4, max_df=0.1, token_pattern=r"(?u)\b\w+\b", dtype=np.float32
        )
        table = self.words.fit_transform([*corpus, *(e.text for e in train)])
        svd = TruncatedSVD(WIDTH, n_iter=2, random_state=0).fit(table)
        self.vectors = normalize(svd.components_.T * np.sqrt(svd.singular_values_))
        self.regression = LogisticRegression(C=3.0, max_iter=500).fit(
            self.features([e.text for e in train]), gold
        )

    def features(self, sentences: list[str]) -> np.ndarray:
        return normalize(self.words.transform(sentences) @ self.vectors)

    def probabilities(self, sentences: list[str]) -> np.ndarray:
        """[sentences, labels], labels in alphabetical order."""
        logs = self.regression.predict_log_proba(self.features(sentences))
        logs = logs + TRUST_IN_BAYES * np.log(self.bayes.predict_proba(sentences) + 1e-6)
        odds = np.exp(logs - logs.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)


def accuracy(teacher: Teacher, examples: list[Example]) -> float:
    guesses = teacher.probabilities([e.text for e in examples]).argmax(axis=1)
    labels = teacher.regression.classes_
    return float(np.mean([labels[g] == e.label for g, e in zip(guesses, examples, strict=True)]))


def taught_path(work: Work) -> Path:
    return work.corpus / "temas.taught.jsonl"


def teach(work: Work) -> None:
    """Writes sentences with the teacher's probabilities, one JSON object a line."""
    if taught_path(work).exists():
        return
    corpus = [p for source, most in PARAGRAPHS.items() for p in paragraphs(work, source, most)]
    teacher = Teacher(corpus, texts.read_examples(work, "temas", "train"))
    print(
        f"teacher: dev accuracy {accuracy(teacher, texts.read_examples(work, 'temas', 'dev')):.3f}",
        flush=True,
    )
    found = [s for source, most in SENTENCES.items() for s in sentences(work, source, most)]
    with taught_path(work).open("w", encoding="utf-8") as file:
        for text, odds in zip(found, teacher.probabilities(found), strict=True):
            row = {"text": text, "odds": [round(float(p), 4) for p in odds]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def taught(work: Work) -> list[tuple[str, list[float]]]:
    with taught_path(work).open(encoding="utf-8") as file:
        return [(row["text"], row["odds"]) for row in map(json.loads, file)]
