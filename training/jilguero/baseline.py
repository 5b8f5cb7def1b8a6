"""What the classifiers are measured against: bags of words and word pairs, on the same split."""

from __future__ import annotations

from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline

from .texts import Example

BAYES, LOGISTIC = "naive Bayes", "logistic regression on tf-idf"


# Words keep their accents; one-letter words count («y», «a» tell styles apart).
WORDS = dict(lowercase=True, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b")


def naive_bayes(alpha: float) -> Pipeline:
    return make_pipeline(CountVectorizer(**WORDS), MultinomialNB(alpha=alpha))


def logistic(c: float) -> Pipeline:
    return make_pipeline(
        TfidfVectorizer(sublinear_tf=True, **WORDS), LogisticRegression(C=c, max_iter=300)
    )


def candidates() -> list[tuple[str, Pipeline]]:
    return [
        *((f"{BAYES}, alpha {alpha}", naive_bayes(alpha)) for alpha in (0.03, 0.1, 0.3)),
        *((f"{LOGISTIC}, C {c}", logistic(c)) for c in (3.0, 30.0)),
    ]


def score(gold: list[str], predicted: list[str]) -> dict[str, float]:
    return {
        "accuracy": accuracy_score(gold, predicted),
        "macro_f1": f1_score(gold, predicted, average="macro"),
    }


def kind(name: str) -> str:
    return name.split(",")[0]


def baselines(
    train: list[Example],
    dev: list[Example],
    test: list[Example],
    kinds: tuple[str, ...] = (BAYES, LOGISTIC),
) -> dict[str, dict]:
    """Kind -> its test scores with the setting that was best on dev."""
    best: dict[str, tuple[float, str, Pipeline]] = {}
    for name, pipeline in candidates():
        if kind(name) not in kinds:
            continue
        pipeline.fit([e.text for e in train], [e.label for e in train])
        on_dev = pipeline.score([e.text for e in dev], [e.label for e in dev])
        if kind(name) not in best or on_dev > best[kind(name)][0]:
            best[kind(name)] = (on_dev, name, pipeline)
    return {
        key: {
            "setting": name,
            "dev_accuracy": on_dev,
            **score([e.label for e in test], list(pipeline.predict([e.text for e in test]))),
        }
        for key, (on_dev, name, pipeline) in best.items()
    }
