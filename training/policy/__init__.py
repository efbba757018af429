"""Policies: any causal language model, or our own tiny one; loading, saving, sampling."""

from hwgen.training.policy.adapter import check_adapter
from hwgen.training.policy.load import Lora, load_policy
from hwgen.training.policy.model import SIZES, Policy, Size, new_policy, save_policy
from hwgen.training.policy.sample import Drawing, Sample, decode, generate

__all__ = [
    "SIZES",
    "Drawing",
    "Lora",
    "Policy",
    "Sample",
    "Size",
    "check_adapter",
    "decode",
    "generate",
    "load_policy",
    "new_policy",
    "save_policy",
]
