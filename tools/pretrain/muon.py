"""Muon: momentum whose direction is made orthogonal (K. Jordan, 2024), for the matrices inside the blocks."""

import torch


def orthogonal(g: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """[K, rows, columns], rows <= columns: five quintic Newton–Schulz steps toward the nearest orthogonal matrices."""
    x = (g / (g.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()
    for _ in range(steps):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return x.float()


class Muon(torch.optim.Optimizer):
    """Attention's joint query-key-value matrices are split in three. All matrices of a shape are treated at once."""

    def __init__(self, parameters, lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            by_shape: dict[tuple, list] = {}
            for p in group["params"]:
                if p.grad is None:
                    continue
                buffer = self.state[p].setdefault("momentum", torch.zeros_like(p))
                buffer.lerp_(p.grad, 1 - group["momentum"])
                update = p.grad.lerp(buffer, group["momentum"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                parts = p.shape[0] // p.shape[1] if p.shape[0] == 3 * p.shape[1] else 1
                for target, u in zip(p.chunk(parts), update.chunk(parts)):
                    by_shape.setdefault(tuple(u.shape), []).append((target, u))
            for (rows, columns), pairs in by_shape.items():
                stacked = torch.stack([u for _, u in pairs])
                o = orthogonal(stacked) if rows <= columns else orthogonal(stacked.mT).mT
                scale = group["lr"] * max(1.0, rows / columns) ** 0.5
                for (target, _), u in zip(pairs, o):
                    target.add_(u, alpha=-scale)
