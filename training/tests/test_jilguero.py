"""Fast checks of the parts of Jilguero's recipe whose errors would not show in a loss curve."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from jilguero import classify, config, cooccurrence, model, pretrain, texts


@pytest.mark.parametrize(
    ("document", "work"),
    [
        ("span-munoz-pergaminos-01", "span-munoz-pergaminos"),
        ("textbox-ce0034-010", "textbox-ce0034"),
        ("PG63424-007", "PG63424"),
        ("PG2000-041", "PG2000-041"),  # a chapter of the Quijote stands for itself
        ("PG45770-0581", "PG45770-0581"),  # and so does a recipe
        ("guardian.221679/es-ES", "guardian.221679"),
        ("python-docs-es/howto/regex.po", "python-docs-es/howto/regex.po"),
    ],
)
def test_work_of(document: str, work: str) -> None:
    assert texts.work_of(document) == work


def test_a_work_is_in_one_part_and_every_part_has_some() -> None:
    rows = [
        {"etiqueta": label, "origen": f"{label}/{i % 40}", "texto": "x"}
        for label in config.STYLES
        for i in range(400)
    ]
    parts_of = texts.parts_of_works(rows)
    for label in config.STYLES:
        counts = [
            sum(parts_of[f"{label}/{i}"] == part for i in range(40)) for part in ("test", "dev")
        ]
        assert counts == [5, 3]  # 12 % of 40 works of one size, rounded up, then up to 20 %


def test_shared_paragraphs_go_out() -> None:
    held_out = "una dos tres cuatro cinco seis siete ocho nueve"
    document = texts.Document(
        "d", "Otra cosa distinta.\nAntes, Dos, tres cuatro cinco seis siete ocho NUEVE."
    )
    assert texts.without_shared(document, texts.shingles(held_out)).text == "Otra cosa distinta."


def test_pieces_lose_nothing() -> None:
    text = "Uno, dos. ¿Tres? Sí…\nCuatro\nCinco 3.5 fin"
    assert "".join(texts.pieces(text)) == text
    assert len(texts.pieces(text)) == 5


def test_hide_tells_what_was_there() -> None:
    ids = pretrain.frame(torch.randint(len(config.SPECIALS), config.VOCABULARY, (8, 126)))
    hidden, chosen = pretrain.hide(ids, 0.2, torch.Generator().manual_seed(0))
    assert torch.equal(hidden[~chosen], ids[~chosen])
    assert not chosen[:, 0].any() and not chosen[:, -1].any()
    share_of_masks = (hidden[chosen] == config.MASK_ID).float().mean().item()
    assert 0.7 < share_of_masks < 0.9


def test_heads_begin_by_looking_at_neighbours() -> None:
    torch.manual_seed(0)
    built = model.build(None, torch.full((config.VOCABULARY,), 1 / config.VOCABULARY)).eval()
    built.bert.set_attn_implementation("eager")
    ids = torch.randint(len(config.SPECIALS), config.VOCABULARY, (1, 40))
    first = built.bert(input_ids=ids, output_attentions=True).attentions[0][0]
    for head, shift in enumerate(model.NEIGHBOURS):
        assert first[head, 20].argmax().item() == 20 + shift


def test_words_of_one_company_get_vectors_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cooccurrence, "VOCABULARY", 60)
    dice = np.random.default_rng(0)
    low, high = dice.integers(5, 30, (2000, 20)), dice.integers(30, 60, (2000, 20))
    stream = np.stack([low, high], axis=1).reshape(-1)
    monkeypatch.setattr(cooccurrence, "streams", lambda work: [(stream, 1.0)])
    counts = cooccurrence.counts_at(None, range(1, 6))
    assert np.allclose(counts, counts.T) and counts[: len(config.SPECIALS)].sum() == 0
    vectors = cooccurrence.directions(counts, 4)
    inside = vectors[5:30] @ vectors[5:30].T
    across = vectors[5:30] @ vectors[30:].T
    assert inside.mean() > across.mean() + 0.2


def test_batches_bring_every_example_once() -> None:
    examples = [classify.Encoded([2] * (i % 50 + 1), i, [1.0]) for i in range(333)]
    seen = [e.label for batch in classify.batches(examples, 32, random.Random(0)) for e in batch]
    assert sorted(seen) == list(range(333))


def test_padding_is_not_attended() -> None:
    ids, attention = classify.padded(
        [classify.Encoded([2, 9, 3], 0, [1.0]), classify.Encoded([2, 9, 9, 9, 3], 0, [1.0])]
    )
    assert ids.tolist() == [[2, 9, 3, 0, 0], [2, 9, 9, 9, 3]]
    assert attention.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
