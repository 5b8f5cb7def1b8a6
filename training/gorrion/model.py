"""The decoder (Hugging Face Llama) and its loss in chunks that fit the cache."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM

from .config import MODEL

CHUNK = 256  # tokens whose [CHUNK, vocabulary] logits live at one time: 8 MB, within the cache


def build(overrides: dict | None = None) -> LlamaForCausalLM:
    return LlamaForCausalLM(LlamaConfig(**{**MODEL, **(overrides or {})}))


class ChunkedLoss(torch.autograd.Function):
    """Sum of cross-entropies (nats) of tied logits, made and differentiated chunk by chunk.

    The [tokens, vocabulary] logits are never whole in memory: on CPU their traffic, not the
    arithmetic, is what costs. Gradients are computed in the forward pass.
    """

    @staticmethod
    def forward(ctx, hidden: Tensor, weight: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
        w = weight.to(dtype)
        h = hidden.to(dtype)
        grad_h = torch.empty_like(h)
        grad_w = torch.zeros_like(weight, dtype=torch.float32)
        total = hidden.new_zeros((), dtype=torch.float32)
        for start in range(0, h.shape[0], CHUNK):
            piece = slice(start, start + CHUNK)
            y = targets[piece, None]
            logits = (h[piece] @ w.t()).float()
            log_z = logits.logsumexp(-1, keepdim=True)
            total += (log_z - logits.gather(1, y)).sum()
            slope = logits.sub_(log_z).exp_()
            slope.scatter_add_(1, y, slope.new_full(y.shape, -1.0))
            slope = slope.to(dtype)
            torch.mm(slope, w, out=grad_h[piece])
            grad_w += slope.t() @ h[piece]
        ctx.save_for_backward(grad_h, grad_w)
        return total

    @staticmethod
    def backward(ctx, grad: Tensor):
        grad_h, grad_w = ctx.saved_tensors
        return grad_h.float() * grad, grad_w * grad, None, None


def training_loss(
    trunk: nn.Module, embedding: Tensor, batch: Tensor, dtype: torch.dtype
) -> Tensor:
    """Mean nats per token of batch [rows, length + 1]."""
    inputs, targets = batch[:, :-1].contiguous(), batch[:, 1:].reshape(-1)
    with torch.autocast(batch.device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        hidden = trunk(input_ids=inputs, use_cache=False).last_hidden_state
    hidden = hidden.reshape(-1, hidden.shape[-1])
    return ChunkedLoss.apply(hidden, embedding, targets, dtype) / targets.numel()


@torch.no_grad()
def document_nats(
    model: LlamaForCausalLM,
    ids: list[int],
    first: int = 1,
    window: int = 512,
    stride: int = 256,
    rows: int = 8,
) -> float:
    """Nats of ids[first:], every token with at least window - stride tokens of context if they exist."""
    spans, scored = [], first
    while scored < len(ids):
        end = min(len(ids), max(scored + stride, window))
        spans.append((max(0, end - window), scored, end))
        scored = end
    device = next(model.parameters()).device
    total = 0.0
    for start in range(0, len(spans), rows):
        group = spans[start : start + rows]
        width = max(end - begin for begin, _, end in group)
        batch = torch.zeros(len(group), width, dtype=torch.long)
        for row, (begin, _, end) in enumerate(group):
            batch[row, : end - begin] = torch.tensor(ids[begin:end])
        with torch.autocast(device.type, dtype=torch.bfloat16):
            hidden = model.model(input_ids=batch.to(device), use_cache=False).last_hidden_state
        for row, (begin, scored, end) in enumerate(group):
            rows_of = hidden[row, scored - begin - 1 : end - begin - 1].float()
            logits = rows_of @ model.lm_head.weight.float().t()
            targets = torch.tensor(ids[scored:end], device=device)
            total += F.cross_entropy(logits, targets, reduction="sum").item()
    return total
