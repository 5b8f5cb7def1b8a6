"""Muon for matrices, AdamW for the rest.

Muon: K. Jordan, Y. Jin, V. Boza, J. You, F. Cesista, L. Newhouse, J. Bernstein, «Muon: An optimizer
for hidden layers in neural networks», 2024. The momentum of each matrix is replaced by its nearest
semi-orthogonal matrix, found by five Newton-Schulz iterations.
"""

from __future__ import annotations

import torch
from torch import Tensor

QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """[n, rows, columns], rows <= columns -> the same shape, singular values near 1."""
    a, b, c = QUINTIC
    x = matrices.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


class Muon(torch.optim.Optimizer):
    """Matrices of one shape are orthogonalised together: fewer, larger products."""

    def __init__(self, parameters, lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(parameters, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            shapes: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
            for p in group["params"]:
                if p.grad is None:
                    continue
                buffer = self.state[p].setdefault("momentum", torch.zeros_like(p))
                buffer.lerp_(p.grad, 1 - group["momentum"])
                update = p.grad.lerp(buffer, group["momentum"])  # Nesterov
                wide = update if p.shape[0] <= p.shape[1] else update.mT
                shapes.setdefault(tuple(wide.shape), []).append((p, wide))
            for (rows, columns), members in shapes.items():
                updates = orthogonalise(torch.stack([wide for _, wide in members]))
                for (p, _), update in zip(members, updates, strict=True):
                    turned = update if p.shape[0] <= p.shape[1] else update.mT
                    # Scaled to the size of an AdamW update, so that one learning rate serves both.
                    scale = 0.2 * max(rows, columns) ** 0.5
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.add_(turned.to(p.dtype), alpha=-group["lr"] * scale)
