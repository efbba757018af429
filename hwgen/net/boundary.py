"""What a network's ONNX file takes and gives, and how that becomes codes and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hwgen.errors import Problem, UsageError
from hwgen.net.values import FakeQuant
from hwgen.numbers import Ints, dequantise, quantise


@dataclass(frozen=True)
class Boundary:
    """The file's own input and output.

    input, output: ONNX names; input_shape, output_shape: ONNX shapes, batch 1; seen_shape: the
    shape that the input's quantiser sees, [1, channels, rows, columns] or shorter; dtype:
    'float32', or 'int8' / 'uint8' where the file takes codes; quant: the input's quantiser;
    scale, zero: of the output tensor; output_codes: the file gives codes, not real numbers.
    """

    input: str
    input_shape: tuple[int, ...]
    seen_shape: tuple[int, ...]
    dtype: str
    quant: FakeQuant
    output: str
    output_shape: tuple[int, ...]
    scale: float
    zero: int
    output_codes: bool

    def encode(self, x: npt.ArrayLike) -> Ints:
        """Input codes [h, w, c] of an input array of `input_shape`.

        Real numbers go through the input's quantiser in float32, as ONNX does; where the file
        takes codes they are only checked. Raises UsageError for another shape, type or NaN.
        """
        array = np.asarray(x)
        problems = list(self._problems(array))
        if problems:
            raise UsageError(*problems)
        codes = array.astype(np.int64) if self.dtype != "float32" else self._quantise(array)
        shape = self.seen_shape
        size = {2: (1, 1), 3: (1, *shape[2:]), 4: shape[2:]}[len(shape)]
        return np.ascontiguousarray(codes.reshape(shape[1], *size).transpose(1, 2, 0))

    def decode(self, codes: npt.ArrayLike) -> npt.NDArray[Any]:
        """The file's own output from codes [h, w, c]: float32, or plain codes."""
        plain = np.asarray(codes).transpose(2, 0, 1).reshape(self.output_shape)
        return plain if self.output_codes else dequantise(plain, self.scale, self.zero)

    def _quantise(self, array: npt.NDArray[Any]) -> Ints:
        quant, values = self.quant, array.astype(np.float32)
        if quant.sign:
            return np.where(values >= 0, 1, -1).astype(np.int64)
        return quantise(values, quant.scale, quant.zero, quant.lo, quant.hi, quant.zero_first)

    def _problems(self, array: npt.NDArray[Any]) -> list[Problem]:
        place, problems = f"input {self.input!r}", []
        if array.shape != self.input_shape:
            problems.append(
                Problem(
                    f"{place} has shape {list(array.shape)}",
                    f"the network takes {list(self.input_shape)}",
                    "give one array of exactly this shape",
                )
            )
        codes = self.dtype != "float32"
        if array.dtype.kind not in ("iu" if codes else "iuf"):
            problems.append(
                Problem(f"{place} has type {array.dtype}", f"the network takes {self.dtype}")
            )
        elif codes and array.size and not self._fits(array):
            low, high = self.quant.lo, self.quant.hi
            problems.append(
                Problem(f"{place} leaves the range of its codes", f"they are {low}..{high}")
            )
        elif array.dtype.kind == "f" and np.isnan(array).any():
            problems.append(Problem(f"{place} holds NaN", "NaN cannot be quantised"))
        return problems

    def _fits(self, array: npt.NDArray[Any]) -> bool:
        return bool(self.quant.lo <= int(array.min()) and int(array.max()) <= self.quant.hi)
