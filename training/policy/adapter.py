"""A start-up test: does what is trained change what the model says?

An adapter that is loaded but not applied, or weights that are trained in one copy and sampled
from in another, let a run go on for hours without learning. The test moves the trained weights,
looks at the logits of the model and of its decoder, and puts the weights back.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hwgen.errors import HwgenError, Problem
from hwgen.training.policy.decoder import decoder_of
from hwgen.training.policy.model import Policy

PROBE = "module probe (input wire a, output wire y);"
STEP = 0.05  # how far trained weights are moved, in units of a normal distribution
LEAST = 1e-4  # change of a logit that counts


def check_adapter(policy: Policy) -> float:
    """Largest change of a logit when the trained weights are moved a little. The weights and the
    global random state are as before. Raises HwgenError when nothing is trained, or when the model
    or its decoder does not notice.
    """
    trained = [p for p in policy.model.parameters() if p.requires_grad]
    if not trained:
        raise HwgenError(Problem("the policy has no weights that are trained"))
    before = _logits(policy)
    kept = [p.detach().clone() for p in trained]
    noise = torch.Generator().manual_seed(0)
    try:
        with torch.no_grad():
            for p in trained:
                p.add_(STEP * torch.randn(p.shape, generator=noise).to(p.device, p.dtype))
        after = _logits(policy)
    finally:
        with torch.no_grad():
            for p, was in zip(trained, kept, strict=True):
                p.copy_(was)
    changes = [float((a - b).abs().max()) for a, b in zip(after, before, strict=True)]
    for change, reader in zip(changes, ("the model", "sampling"), strict=True):
        if change < LEAST:
            raise HwgenError(
                Problem(
                    f"the trained weights do not reach {reader}",
                    f"moving them changed its logits by {change:.1e}",
                    "the adapter is not active, or sampling uses another copy of the model",
                )
            )
    return min(changes)


@torch.inference_mode()
def _logits(policy: Policy) -> tuple[Tensor, Tensor]:
    ids = policy.prompt_ids(PROBE)
    trained = policy.model.training
    policy.model.eval()
    try:
        seen = torch.tensor([ids], device=policy.device)
        model = policy.model(input_ids=seen).logits[0, -1]
        decoder = decoder_of(policy.model)
        decoder.begin([ids[:-1]], 1, 4)
        sampled = decoder.step(torch.tensor(ids[-1:], device=policy.device))[0]
    finally:
        policy.model.train(trained)
    return model.float().cpu(), sampled.float().cpu()
