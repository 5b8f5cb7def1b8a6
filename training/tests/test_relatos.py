"""The story generator: agreement, determinism, clean text, no near-duplicates."""

import itertools
import random
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from relatos.corpus import MAX_SHARED, Duplicates, Tally, shingles, stories, tell_one, words_of  # noqa: E402
from relatos.grammar import load_plots, load_rules, parse  # noqa: E402
from relatos.lexicon import load_words  # noqa: E402
from relatos.morphology import agree, definite, drop_subject, indefinite, joint_gender, tidy  # noqa: E402


@pytest.fixture(scope="module")
def sample() -> list[tuple[str, str]]:
    return list(itertools.islice(stories(7, Tally()), 400))


def test_articles():
    assert definite("perro", "m") == "el perro"
    assert definite("uvas", "f", "p") == "las uvas"
    assert definite("águila", "f") == "el águila"
    assert indefinite("hada", "f") == "un hada"
    assert indefinite("casa", "f") == "una casa"


def test_agreement():
    assert [agree("o", gender, number) for gender in "mf" for number in "sp"] == ["o", "os", "a", "as"]
    assert agree("él", "f") == "ella"
    assert agree("color", "f") is None
    assert joint_gender("f", "f") == "f"
    assert joint_gender("f", "m") == "m"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("fue a el mercado de el barrio", "Fue al mercado del barrio"),
        ("la casa de El Salvador", "La casa de El Salvador"),
        ("Ana y Irene. leche y hielo", "Ana e Irene. Leche y hielo"),
        ("uno o otro", "Uno u otro"),
        ("—¿vienes? —dijo.  sí .", "—¿Vienes? —dijo. Sí."),
        ("—Mañana. —contestó", "—Mañana —contestó"),
    ],
)
def test_tidy(raw: str, clean: str):
    assert tidy(raw) == clean


def test_subject_is_dropped_only_when_it_repeats():
    assert drop_subject("Ana corrió. Ana saltó. Luis miró. Ana volvió.", "Ana") == "Ana corrió. Saltó. Luis miró. Ana volvió."


def test_unbalanced_templates_are_refused():
    with pytest.raises(ValueError):
        parse("una [sola|opción")


def test_every_plot_can_be_told_in_many_ways():
    rules, words = load_rules(), load_words()
    for plot in load_plots():
        rng = random.Random(1)
        assert len({tell_one(plot, rng, rules, words) for _ in range(25)}) == 25, plot.id


def test_determinism(sample):
    assert list(itertools.islice(stories(7, Tally()), 60)) == sample[:60]
    assert list(itertools.islice(stories(8, Tally()), 60)) != sample[:60]


def test_no_near_duplicates(sample):
    seen = Duplicates()
    for _, text in sample:
        grams = shingles(words_of(text))
        assert seen.overlap(grams) <= MAX_SHARED
        seen.add(grams)


def test_clean_text(sample):
    for plot_id, text in sample:
        assert not re.search(r"[{}\[\]|@_/]|  ", text), (plot_id, text)
        assert not re.search(r"\b[aA] el\b|\b[dD]e el\b| [,.;]|,\.|(?<!\.)\.\.(?!\.)", text), (plot_id, text)
        assert text.count("¿") == text.count("?") and text.count("¡") == text.count("!"), (plot_id, text)
        assert text.count("«") == text.count("»"), (plot_id, text)
        assert not re.search(r"(?:^|\n|[.] )[—¿¡«]*[a-záéíóúñ]", text), (plot_id, text)
