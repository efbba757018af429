"""How much memory a model will take, from its configuration alone, and how much there is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig

GIB = 2**30
FLOAT32_UP_TO = 100_000_000  # parameters: below, exactness costs less memory than anybody misses
STEP_SHARE = 0.15  # activations of one short sequence, as a share of the weights; a floor


@dataclass(frozen=True)
class Need:
    """Bytes that a model takes: its weights, and with an adapter or without what training adds
    (gradients and two moments in float32). `parameters` and `trained` count numbers.
    """

    parameters: int
    trained: int
    weights: int

    @property
    def to_load(self) -> int:
        """Bytes for weights and one short forward pass."""
        return int(self.weights * (1 + STEP_SHARE))

    @property
    def to_train(self) -> int:
        """Bytes for training it at the least."""
        return self.to_load + 12 * self.trained

    def sentence(self, name: str) -> str:
        return (
            f"{name}: {self.parameters / 1e6:,.2f} million parameters, {size(self.to_load)} to load"
            f", {size(self.to_train)} at the least to train {self.trained / 1e6:,.2f} million"
        )


def size(count: int) -> str:
    """Bytes for people, in MiB or GiB."""
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count / 2**20:.1f} MiB"


def dtype_of(config: PreTrainedConfig, parameters: int) -> torch.dtype:
    """What the weights are computed in: float32 for small models, else what they are stored in."""
    stored = getattr(config, "dtype", None)
    if parameters <= FLOAT32_UP_TO or not isinstance(stored, torch.dtype):
        return torch.float32
    return stored


def need_of(config: PreTrainedConfig, rank: int = 0) -> Need:
    """What the model of `config` takes; with `rank` above 0, with a LoRA adapter of that rank on
    all its linear layers but the head. Nothing is loaded.
    """
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    parameters = sum(p.numel() for p in model.parameters())
    head = model.get_output_embeddings()
    linear = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not head]
    adapter = rank * sum(m.in_features + m.out_features for m in linear)
    bytes_each = dtype_of(config, parameters).itemsize
    return Need(parameters, adapter or parameters, parameters * bytes_each + 4 * adapter)


def free_bytes(device: torch.device) -> int:
    """Bytes that this process may still take on `device`."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    found = []
    with suppress(OSError, ValueError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        said = dict(line.split(":", 1) for line in lines)
        found.append(int(said["MemAvailable"].split()[0]) * 1024)
    with suppress(OSError, ValueError):  # "max" where the group has no limit
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        found.append(limit - int((group / "memory.current").read_text()))
    return min(found, default=2**62)
