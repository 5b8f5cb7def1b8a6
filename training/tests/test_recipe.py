"""Fast checks of the parts whose errors would not show in a loss curve."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from gorrion import adapters, baselines, config, loader, model, muon, pretrain, texts, tokenizer

TINY = dict(
    vocab_size=50,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    head_dim=8,
    intermediate_size=32,
    max_position_embeddings=64,
)


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    built = model.build(TINY)
    with torch.no_grad():
        for p in built.parameters():
            p.mul_(5)  # far from uniform, so that an error in the sums is seen
    return built.eval()


# --- texts ---


def test_the_split_never_moves():
    first = [texts.is_held_out("cuentos", str(i)) for i in range(2000)]
    assert first == [texts.is_held_out("cuentos", str(i)) for i in range(2000)]
    assert 0.02 < sum(first) / 2000 < 0.04
    assert texts.stable_fraction("gorrión") == pytest.approx(0.73224, abs=1e-5)


def test_repeated_documents_are_dropped():
    a = texts.Document("1", "El perro duerme en la puerta de casa.")
    b = texts.Document("2", "el  perro duerme, en la puerta de casa")
    train, held_out = texts.split("cervantes", [a, b])
    assert len(train) + len(held_out) == 1


def test_a_held_out_paragraph_leaves_the_training_text():
    secret = "Este párrafo tiene más de sesenta letras y está en un texto que se ha apartado."
    document = texts.Document("1", f"Antes.\n{secret}\nDespués.")
    assert texts.without_paragraphs(document, {texts.fingerprint(secret)}).text == "Antes.\nDespués."


def test_one_question_is_one_side_however_it_is_written():
    assert texts.question_id("¿Cómo te llamas?") == texts.question_id("cómo te llamas")


# --- packing and loading ---


def test_packing_closes_every_document():
    assert tokenizer.pack([[5, 6], [7]]).tolist() == [0, 5, 6, 0, 7, 0]


def shard_folder(tmp_path):
    np.arange(1, 102, dtype=np.uint16).tofile(tmp_path / "a.bin")
    np.arange(500, 531, dtype=np.uint16).tofile(tmp_path / "b.bin")
    (tmp_path / "mixture.json").write_text(json.dumps({"a": 0.5, "b": 0.5}))
    return tmp_path


def test_an_epoch_reads_every_token_once(tmp_path):
    shard = loader.Shard(shard_folder(tmp_path) / "a.bin", 10)
    read = np.concatenate([shard.next()[:-1] for _ in range(shard.windows)])
    assert sorted(read.tolist()) == list(range(1, 101))


def test_a_resumed_loader_goes_on_where_it_stopped(tmp_path):
    folder = shard_folder(tmp_path)
    whole = loader.Loader(folder, folder / "mixture.json", 10)
    whole.batch(7)
    resumed = loader.Loader(folder, folder / "mixture.json", 10, whole.state())
    assert torch.equal(whole.batch(9), resumed.batch(9))


def test_a_resumed_loader_takes_a_new_mixture(tmp_path):
    folder = shard_folder(tmp_path)
    state = loader.Loader(folder, folder / "mixture.json", 10).state()
    (folder / "mixture.json").write_text(json.dumps({"b": 1}))
    assert loader.Loader(folder, folder / "mixture.json", 10, state).batch(4).min() >= 500


def test_longer_windows_go_on_from_the_same_place(tmp_path):
    folder = shard_folder(tmp_path)
    (folder / "mixture.json").write_text(json.dumps({"a": 1}))
    short = loader.Loader(folder, folder / "mixture.json", 10)
    short.batch(6)
    assert loader.Loader(folder, folder / "mixture.json", 20, short.state()).state()[
        "positions"
    ] == {"a": 3}


# --- arithmetic ---


def test_chunked_loss_is_cross_entropy(monkeypatch):
    monkeypatch.setattr(model, "CHUNK", 3)
    torch.manual_seed(1)
    hidden = torch.randn(8, 6, requires_grad=True)
    weight = torch.randn(11, 6, requires_grad=True)
    targets = torch.randint(0, 11, (8,))
    ours = model.ChunkedLoss.apply(hidden, weight, targets, torch.float32)
    ours.backward()
    grads = hidden.grad.clone(), weight.grad.clone()
    hidden.grad = weight.grad = None
    theirs = torch.nn.functional.cross_entropy(hidden @ weight.t(), targets, reduction="sum")
    theirs.backward()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    assert torch.allclose(grads[0], hidden.grad, atol=1e-5)
    assert torch.allclose(grads[1], weight.grad, atol=1e-5)


def test_windows_score_every_token_once(tiny, monkeypatch):
    ids = [0, *np.random.default_rng(0).integers(3, 50, 40).tolist()]
    logits = tiny(input_ids=torch.tensor([ids])).logits[0]
    whole = torch.nn.functional.cross_entropy(
        logits[:-1], torch.tensor(ids[1:]), reduction="sum"
    ).item()
    assert model.document_nats(tiny, ids, window=64, stride=32) == pytest.approx(whole, rel=0.02)
    windows = model.document_nats(tiny, ids, window=16, stride=4)
    assert windows == pytest.approx(whole, rel=0.3)


def test_bits_count_characters_and_not_bytes_or_tokens(tiny):
    with torch.no_grad():
        tiny.model.embed_tokens.weight.zero_()  # every token has probability 1 / 50
    bits = pretrain.bits_per_character(tiny, [([0, 4, 5, 6], 6)])
    assert bits == pytest.approx(3 * math.log2(50) / 6, rel=1e-3)


def test_the_answer_alone_is_learnt():
    ids, targets = adapters.dialogue([10, 11], [20, 21])
    assert ids == [config.FIN_ID, config.USER_ID, 10, 11, config.ASSISTANT_ID, 20, 21]
    assert targets == [-100, -100, -100, -100, 20, 21, config.FIN_ID]


def test_muon_makes_singular_values_near_one():
    torch.manual_seed(2)
    values = torch.linalg.svdvals(muon.orthogonalise(torch.randn(3, 8, 20)).float())
    assert values.min() > 0.5 and values.max() < 1.4


def test_the_rate_ends_at_nothing():
    assert pretrain.rate(0.005, 0.01, 0.25) == 0.5
    assert pretrain.rate(0.5, 0.01, 0.25) == 1
    assert pretrain.rate(1.0, 0.01, 0.25) == 0


# --- baselines ---


def test_the_five_gram_is_a_distribution():
    grams = baselines.WittenBell(3)
    grams.learn("abracadabra abraza")
    for history in ("", "a", "ab", "zz"):
        total = sum(grams.probability(history, c) for c in grams.alphabet)
        unseen = grams.probability(history, "ñ")
        assert total + unseen == pytest.approx(1)


def test_priming_helps_xz():
    sentence = "La casa del pueblo tenía una puerta verde y un patio con macetas. "
    assert baselines.xz_primed_bits(sentence * 3, sentence) < baselines.xz_bits(sentence)
