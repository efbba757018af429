"""n3h_dsp_core against the exact product: precisions, shapes, gaps on both sides, cycles."""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterator

import cocotb
import numpy as np

from n3h.gemm_bench import KINDS, Core, Gemm, slow

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
DM, DK, PIN, POUT = PARAMS["DM"], PARAMS["DK"], PARAMS["PIN"], PARAMS["POUT"]
STEPS = DK // PIN
READS = POUT // PARAMS["LANES"]  # result reads per item
SLOW = slow(PIN * POUT * 64)


def tiles_of(g: Gemm) -> tuple[int, int, int, int]:
    """Row tiles, column tiles, k steps and chunks."""
    return -(-g.m // DM), -(-g.n // POUT), -(-g.k // PIN), -(-g.k // DK)


def random_gemm(a_bits: int, w_bits: int, large: bool = False) -> Gemm:
    """A shape that fits the bench's memories, with at least one ragged side as a rule."""
    steps = random.randint(1, random.choice((2, STEPS, 4 * STEPS if large else 2 * STEPS)))
    columns = random.randint(1, 4 if large else 2)
    rows = random.randint(1, 5 if large else 2)
    return Gemm(
        random.randint((rows - 1) * DM + 1, rows * DM),
        random.randint((steps - 1) * PIN + 1, steps * PIN),
        random.randint((columns - 1) * POUT + 1, columns * POUT),
        a_bits,
        w_bits,
        bool(random.getrandbits(1)),
        bool(random.getrandbits(1)),
    )


class DspCore(Core):
    """Weights of up to 4 bits are stored as nibbles unless `bytes_only`."""

    inputs = f"{Core.inputs} i_pixels i_k_steps i_w8"
    bytes_only = False

    def w8(self, g: Gemm) -> bool:
        return g.w_bits > 4 or self.bytes_only

    def weight_words(self, g: Gemm) -> list[int]:
        _, nt, ks, _ = tiles_of(g)
        bits, per_word = (8, 1) if self.w8(g) else (4, 2)
        rows = -(-ks // per_word)
        w = g.weights(rows * per_word * PIN, nt * POUT) & ((1 << bits) - 1)
        w = w.reshape(rows, per_word, PIN, nt, POUT).transpose(3, 0, 1, 4, 2)  # nt, row, half, o, i
        w = w.reshape(nt * rows, -1).astype(np.uint8)
        if per_word == 2:
            w = w[:, 0::2] | w[:, 1::2] << 4
        return [int.from_bytes(row.tobytes(), "little") for row in w]

    def fields(self, g: Gemm) -> dict[str, int]:
        _, nt, ks, kc = tiles_of(g)
        return {
            "pixels": g.m,
            "n_tiles": nt,
            "k_steps": ks,
            "k_chunks": kc,
            "a_bits_m1": g.a_bits - 1,
            "w8": int(self.w8(g)),
        }

    def items(self, g: Gemm) -> Iterator[tuple[slice, slice]]:
        mt, nt, _, _ = tiles_of(g)
        for t, n in itertools.product(range(mt), range(nt)):
            for m in range(t * DM, min((t + 1) * DM, g.m)):
                yield slice(m, m + 1), slice(n * POUT, (n + 1) * POUT)


async def ready(dut) -> DspCore:
    core = DspCore(dut, DM, DK, PARAMS["WD_DEPTH"])
    await core.reset()
    return core


@cocotb.test(timeout_time=3, timeout_unit="ms")
async def precisions(dut) -> None:
    """Every pair of precisions in every sign mode, narrow weights in nibbles and in bytes."""
    core = await ready(dut)
    modes = list(itertools.product(range(1, 9), range(1, 9), (False, True), (False, True)))
    random.shuffle(modes)
    for i in range(0, len(modes) // (4 if SLOW else 1), 2):
        passes = []
        for a_bits, w_bits, a_signed, w_signed in modes[i : i + 2]:
            g = random_gemm(a_bits, w_bits)
            passes.append(Gemm(g.m, g.k, g.n, a_bits, w_bits, a_signed, w_signed))
        core.bytes_only = random.random() < 0.3
        await core.run(passes)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def extremes(dut) -> None:
    """All codes at an end of their range: the largest sums of each precision and sign."""
    core = await ready(dut)
    for bits, a_kind, w_kind in itertools.product((1, 4, 8), KINDS, KINDS):
        for a_signed, w_signed in ((True, True), (False, True), (False, False)):
            if random.random() < (0.2 if SLOW else 1):
                await core.run(
                    [Gemm(2, 2 * DK, POUT, bits, bits, a_signed, w_signed, a_kind, w_kind)]
                )
    await core.run([Gemm(1, 40 * PIN, POUT, 8, 8, True, True, "lo", "lo")])


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def gaps(dut) -> None:
    """Slots and reads that come by chance, several passes back to back, weights that wrap."""
    core = await ready(dut)
    for _ in range(10 if SLOW else 60):
        passes = [
            random_gemm(random.randint(1, 8), random.randint(1, 8), large=True)
            for _ in range(random.randint(1, 4))
        ]
        while sum(len(core.weight_words(g)) for g in passes) > PARAMS["WD_DEPTH"]:
            passes.pop()
        p_slot, p_read = (random.choice((256, 256, 128, 30, 6)) for _ in "sr")
        words = sum(len(core.weight_words(g)) for g in passes)
        await core.run(passes, p_slot, p_read, base=-random.randint(1, words))


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def cycles(dut) -> None:
    """Every cycle multiplies while loading a chunk takes no longer than using it up."""
    core = await ready(dut)
    for g in (
        Gemm(4 * DM, 4 * DK, 2 * POUT, 4, 4),
        Gemm(3 * DM + 1, 2 * DK, 2 * POUT, 8, 8),
        Gemm(3 * DM, 9 * DK, POUT, 2, 8),
        Gemm(6 * DM, 2 * DK + PIN, POUT, 2, 4),
        Gemm(6 * DM, 2 * PIN, 2 * POUT, 4, 4),
    ):
        _, nt, ks, kc = tiles_of(g)
        took, ideal = await core.run([g]), g.m * nt * ks
        dut._log.info(
            f"cycles: {g}: {took}, ideal {ideal} ({took / ideal:.3f}); "
            f"a chunk: {g.a_bits} reads, {STEPS} steps; an item: {ks} steps, {READS} reads"
        )
        start = g.a_bits + 3  # the first chunk's reads, corner turn and the first step
        if g.a_bits <= STEPS and g.k % DK == 0 and ks >= READS:
            assert took == ideal + start - 1
        else:
            pixel = max((kc - 1) * max(g.a_bits, STEPS) + max(g.a_bits, ks % STEPS), READS)
            assert took <= g.m * nt * pixel + start + READS


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def held(dut) -> None:
    """Stalls are told; reset in the middle of a pass leaves nothing behind."""
    await (await ready(dut)).held(Gemm(20, DK + 1, 2 * POUT, 3, 5))
