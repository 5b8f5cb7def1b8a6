"""The encoder as it begins: plain BERT whose first layer already looks at the neighbours.

From a random start a masked-word model stays for thousands of steps at the frequency of words, until
some head finds out what the next place is. That is most of this recipe's budget, so it is given:
places begin as sinusoids (Vaswani et al., 2017), where a shift is a rotation, and the heads of the
first layer begin with the rotations of NEIGHBOURS. Only first values: the arithmetic is BERT's and
training is free to change them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from transformers import BertConfig, BertForPreTraining

from .config import CONTEXT, MODEL

NEIGHBOURS = (-1, 1, -2, 2)  # place, seen from its own, that each head of the first layer looks at
SHARPNESS = 1.5  # scale of queries and keys: the neighbour gets most of the attention
AMPLITUDE = 0.08  # of the sinusoids, beside words of standard deviation 0.02


def frequencies(pairs: int) -> Tensor:
    """[pairs] radians a place, from 2.5 down to 1/20."""
    return torch.logspace(math.log10(2.5), -1.3, pairs)


def sinusoids(width: int) -> Tensor:
    """[CONTEXT, width]: cosine and sine of each frequency side by side."""
    angles = torch.arange(CONTEXT)[:, None] * frequencies(width // 2)
    return torch.stack([angles.cos(), angles.sin()], dim=-1).flatten(1)


def look_at(shift: int, head: int, heads: int, width: int) -> tuple[Tensor, Tensor]:
    """([head size, width] query, key) whose product is greatest for the place `shift` away.

    Each head takes every `heads`-th frequency, so that all of them have slow and fast ones.
    """
    size = width // heads
    query, key = torch.zeros(size, width), torch.zeros(size, width)
    mine = range(head, width // 2, heads)
    for row, pair in enumerate(mine):
        angle = frequencies(width // 2)[pair] * shift
        c, s = math.cos(angle), math.sin(angle)
        at, to = slice(2 * row, 2 * row + 2), slice(2 * pair, 2 * pair + 2)
        query[at, to] = SHARPNESS * torch.tensor([[c, -s], [s, c]])
        key[at, to] = SHARPNESS * torch.eye(2)
    return query, key


def build(vectors: Tensor | None, frequency: Tensor) -> BertForPreTraining:
    model = BertForPreTraining(BertConfig(**MODEL))
    width, heads = MODEL["hidden_size"], MODEL["num_attention_heads"]
    size = width // heads
    attention = model.bert.encoder.layer[0].attention.self
    with torch.no_grad():
        if vectors is not None:
            model.bert.embeddings.word_embeddings.weight.copy_(vectors)  # the output layer is tied
        model.cls.predictions.bias.copy_(frequency.log() - frequency.log().mean())
        model.bert.embeddings.position_embeddings.weight.copy_(AMPLITUDE * sinusoids(width))
        for head, shift in enumerate(NEIGHBOURS):
            query, key = look_at(shift, head, heads, width)
            own = slice(head * size, (head + 1) * size)
            attention.query.weight[own] += query
            attention.key.weight[own] += key
    return model
