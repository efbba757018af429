"""The optimiser of our training loops: Muon for matrices and AdamW for the rest, or AdamW alone.

Muon (Jordan et al., 2024) makes an update of a matrix orthogonal. Its lr is scaled to the size of
AdamW's updates (Moonlight, Liu et al., 2025), so that one lr serves both.
"""

from __future__ import annotations

from typing import Any, Literal

import torch

BETAS = (0.9, 0.95)


class Optimiser:
    """Updates the trained weights of `model`; `steps` counts updates."""

    def __init__(
        self, model: torch.nn.Module, kind: Literal["muon", "adamw"], weight_decay: float
    ) -> None:
        trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        tables = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Embedding)}
        matrix = [p for _, p in trained if p.ndim == 2 and id(p) not in tables]
        other = [p for _, p in trained if p.ndim != 2 or id(p) in tables]
        self.steps = 0
        self.parts: list[torch.optim.Optimizer] = []
        if kind == "muon" and matrix:
            muon = torch.optim.Muon(
                matrix, lr=0.0, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"
            )
            self.parts.append(muon)
            matrix = []
        groups = [
            {"params": matrix, "weight_decay": weight_decay},
            {"params": other, "weight_decay": 0.0},
        ]
        groups = [group for group in groups if group["params"]]
        if groups:
            self.parts.append(torch.optim.AdamW(groups, lr=0.0, betas=BETAS, eps=1e-8))

    def step(self, lr: float) -> None:
        """One update at this learning rate; gradients are cleared."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = lr
            part.step()
            part.zero_grad(set_to_none=True)
        self.steps += 1

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self.steps, "parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]
        for part, saved in zip(self.parts, state["parts"], strict=True):
            part.load_state_dict(saved)
