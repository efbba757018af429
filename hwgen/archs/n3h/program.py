"""A compiled network: instruction words, weights and memory map, and its folder on disk.

PROG/ holds program.json (what it is, for which design, sha256 of every other file), program.bin
(16 bytes per word, little-endian), weights.bin, memory.json, layers.json and, if it was compiled
from a file, network.onnx.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwgen import __version__
from hwgen.archs.n3h.layout import TensorLayout
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.emit.bundle import replace_folder
from hwgen.errors import Problem, UsageError
from hwgen.numbers import Ints

if TYPE_CHECKING:
    from hwgen.net.ir import QNet

SCHEMA = 1
HEAD = "program.json"
WORD_BYTES = 16


@dataclass(frozen=True)
class MemoryMap:
    """Byte addresses of everything in DRAM; `size` bytes from address 0."""

    size: int
    program_base: int
    weights_base: int
    tensors: Mapping[str, TensorLayout]
    input: str
    output: str


@dataclass(frozen=True)
class LayerRow:
    """One layer in layers.json. tag: its trace tag; passes: how many; estimate: cycles by part."""

    name: str
    tag: int
    nodes: tuple[str, ...]
    m: int
    k: int
    n: int
    n_lut: int
    a_bits: int
    w_bits: int
    passes: int
    macs: int
    estimate: Mapping[str, Any]


@dataclass(frozen=True)
class Program:
    """One network for one design. `network` is the ONNX file's bytes, empty if there was none."""

    spec: N3hSpec
    words: tuple[int, ...]
    weights: bytes
    memory: MemoryMap
    layers: tuple[LayerRow, ...]
    warnings: tuple[str, ...] = ()
    network: bytes = b""

    def image(self) -> bytearray:
        """All of DRAM before a run, the input still zero."""
        dram = bytearray(self.memory.size)
        for base, data in (
            (self.memory.program_base, self.word_bytes()),
            (self.memory.weights_base, self.weights),
        ):
            dram[base : base + len(data)] = data
        return dram

    def word_bytes(self) -> bytes:
        """The instruction words as they lie in DRAM."""
        return b"".join(word.to_bytes(WORD_BYTES, "little") for word in self.words)

    def write_input(self, image: bytearray, codes: Ints) -> None:
        """Put the input codes [h, w, c] into `image`. Raises ValueError if they do not fit."""
        self.write_tensor(image, self.memory.input, codes)

    def write_tensor(self, image: bytearray, name: str, codes: Ints) -> None:
        """Put the codes [h, w, c] of tensor `name` into `image`."""
        t = self.memory.tensors[name]
        image[t.base : t.base + t.nbytes] = t.pack(codes)

    def read_tensor(self, image: bytes | bytearray, name: str) -> Ints:
        """The codes [h, w, c] of tensor `name` in `image`."""
        t = self.memory.tensors[name]
        return t.unpack(bytes(image[t.base : t.base + t.nbytes]))

    def summary(self) -> dict[str, Any]:
        """What the command line reports: layers, totals, sizes, resources of the design."""
        from hwgen.archs.n3h.resources import estimate

        parts = ("lut", "dsp", "post", "store", "fill", "dma")
        counted = (*parts, "roofline", "cycles", "dma_bytes")
        totals = {key: sum(row.estimate[key] for row in self.layers) for key in counted}
        return {
            "arch": self.spec.arch,
            "spec_digest": self.spec.digest(),
            "words": len(self.words),
            "weights_bytes": len(self.weights),
            "memory_bytes": self.memory.size,
            "layers": [asdict(row) for row in self.layers],
            "totals": {"macs": sum(row.macs for row in self.layers), **totals},
            "resources": estimate(self.spec).as_dict(),
            "warnings": list(self.warnings),
        }

    def mismatches(self, qnet: QNet, seed: int = 0) -> list[str]:
        """Names of the layers whose codes differ between ISA simulator and integer model.

        Both get the same random input codes. Raises IsaError if the program does not run.
        """
        from hwgen.archs.n3h import golden, isasim

        quant, rng = qnet.input.quant, np.random.default_rng(seed)
        codes = rng.integers(quant.lo, quant.hi + 1, qnet.input.shape)
        found, wanted = isasim.run(self, codes), golden.run_network(qnet, codes)
        layers = qnet.layers
        return [c.name for c in layers if not np.array_equal(found[c.y], wanted[c.y])]

    def files(self) -> dict[str, bytes]:
        """The folder's files by name."""
        memory = {
            "size": self.memory.size,
            "program": {"base": self.memory.program_base, "words": len(self.words)},
            "weights": {"base": self.memory.weights_base, "bytes": len(self.weights)},
            "tensors": {name: t.as_dict() for name, t in self.memory.tensors.items()},
            "input": self.memory.input,
            "output": self.memory.output,
        }
        found = {
            "program.bin": self.word_bytes(),
            "weights.bin": self.weights,
            "memory.json": _json(memory),
            "layers.json": _json([asdict(row) for row in self.layers]),
        }
        if self.network:
            found["network.onnx"] = self.network
        head = {
            "schema_version": SCHEMA,
            "arch": self.spec.arch,
            "generator": {"name": "hwgen", "version": __version__},
            "spec": self.spec.model_dump(),
            "spec_digest": self.spec.digest(),
            "network_sha256": _sha256(self.network) if self.network else None,
            "warnings": list(self.warnings),
            "files": {name: _sha256(data) for name, data in found.items()},
        }
        return {HEAD: _json(head), **found}

    def write(self, folder: Path) -> None:
        """Replace `folder` by this program: built beside it and renamed.

        Raises UsageError if `folder` holds anything but a program folder, HwgenError if the disk
        is full; nothing is left half-written.
        """
        replace_folder(folder, self.files(), _check_target)


def load_program(folder: Path) -> Program:
    """Read a program folder. Raises UsageError if it is foreign, corrupt or of another version."""
    head, data = _read(folder)
    try:
        spec = N3hSpec.from_data(head["spec"])
        memory = json.loads(data["memory.json"])
        tensors = {n: TensorLayout(name=n, **t) for n, t in memory["tensors"].items()}
        binary = data["program.bin"]
        words = [binary[at : at + WORD_BYTES] for at in range(0, len(binary), WORD_BYTES)]
        program = Program(
            spec=spec,
            words=tuple(int.from_bytes(word, "little") for word in words),
            weights=data["weights.bin"],
            memory=MemoryMap(
                memory["size"],
                memory["program"]["base"],
                memory["weights"]["base"],
                tensors,
                memory["input"],
                memory["output"],
            ),
            layers=tuple(
                LayerRow(**{**row, "nodes": tuple(row["nodes"])})
                for row in json.loads(data["layers.json"])
            ),
            warnings=tuple(head["warnings"]),
            network=data.get("network.onnx", b""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(_damaged(folder, f"its contents do not make sense ({error})")) from error
    if spec.digest() != head["spec_digest"]:
        digests = f"stored {head['spec_digest']}, its specification has {spec.digest()}"
        raise UsageError(_damaged(folder, f"its specification was changed: {digests}"))
    return program


def check_design(program: Program, digest: str, where: str) -> None:
    """Raise UsageError unless the design at `where` with spec `digest` runs `program`."""
    own = program.spec.digest()
    if own != digest:
        raise UsageError(
            Problem(
                f"the program was compiled for another design than {where}",
                f"specification of the program {own}, of {where} {digest}",
                f"compile again: hwgen compile NET.onnx --build {where} -o PROG",
            )
        )


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """program.json and the checked bytes of every file that it lists."""
    if not (folder / HEAD).is_file():
        raise UsageError(
            Problem(
                f"{folder} is no program folder",
                f"it holds no {HEAD}",
                "make one: hwgen compile NET.onnx --arch n3h -o PROG",
            )
        )
    try:
        head = json.loads((folder / HEAD).read_bytes())
        version, arch, listed = head["schema_version"], head["arch"], dict(head["files"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(_damaged(folder, f"{HEAD} cannot be read")) from error
    if version != SCHEMA or arch != "n3h":
        raise UsageError(
            Problem(
                f"{folder} is a program of arch {arch!r}, version {version!r}",
                f"this hwgen runs arch 'n3h', version {SCHEMA}",
                "compile the network again",
            )
        )
    wanted = {"program.bin", "weights.bin", "memory.json", "layers.json"}
    data = {}
    for name in sorted(wanted | set(listed) & {"network.onnx"}):
        path = folder / name
        if name not in listed or not path.is_file():
            raise UsageError(_damaged(folder, f"{name} is missing"))
        data[name] = path.read_bytes()
        if _sha256(data[name]) != listed[name]:
            raise UsageError(_damaged(folder, f"{name} is not the file that was written"))
    return head, data


def _check_target(folder: Path) -> None:
    """Raise UsageError unless `folder` is absent, empty, or a program folder and nothing else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        known = {HEAD, *json.loads((folder / HEAD).read_bytes())["files"]}
    except (OSError, KeyError, TypeError, ValueError):
        known = set()
    what = "is a file"
    if folder.is_dir():
        foreign = sorted(path.name for path in folder.iterdir() if path.name not in known)
        if not foreign:
            return
        what = f"holds files that hwgen did not put there: {', '.join(foreign[:3])}"
    raise UsageError(
        Problem(
            f"{folder} {what}",
            "only a program folder is replaced",
            "choose another folder, or move these files away",
        )
    )


def _damaged(folder: Path, why: str) -> Problem:
    return Problem(
        f"the program folder {folder} is damaged: {why}",
        f"every file must be the one that {HEAD} lists",
        "compile the network again",
    )


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
