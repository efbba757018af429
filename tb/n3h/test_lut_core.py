"""n3h_lut_core against the exact product: precisions, shapes, gaps on both sides, cycles."""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterator

import cocotb

from n3h.gemm_bench import KINDS, Core, Gemm, plane, slow, word

PARAMS = json.loads(os.environ["BENCH_PARAMS"])
DM, DK, DN = PARAMS["DM"], PARAMS["DK"], PARAMS["DN"]
READS = DM * DN // PARAMS["LANES"]  # result reads per tile
LAG = 5  # cycles from a tile's last read to its sums on the result port
SLOW = slow(DM * DK * DN)


def tiles_of(g: Gemm) -> tuple[int, int, int]:
    """Row tiles, column tiles and chunks."""
    return -(-g.m // DM), -(-g.n // DN), -(-g.k // DK)


def random_gemm(a_bits: int, w_bits: int, large: bool = False) -> Gemm:
    """A shape that fits the bench's memories, with at least one ragged side as a rule."""
    chunks = random.randint(1, max(1, min(6 if large else 2, 100 // w_bits)))
    columns = random.randint(1, max(1, min(4 if large else 2, 100 // (w_bits * chunks))))
    rows = random.randint(1, 5 if large else 2)
    return Gemm(
        random.randint((rows - 1) * DM + 1, rows * DM),
        random.randint((chunks - 1) * DK + 1, chunks * DK),
        random.randint((columns - 1) * DN + 1, columns * DN),
        a_bits,
        w_bits,
        bool(random.getrandbits(1)),
        bool(random.getrandbits(1)),
    )


class LutCore(Core):
    inputs = f"{Core.inputs} i_m_tiles i_w_bits_m1"

    def weight_words(self, g: Gemm) -> list[int]:
        _, nt, kc = tiles_of(g)
        w = g.weights(kc * DK, nt * DN).T.reshape(nt, DN, kc, DK)
        return [
            word(plane(w[n, :, c], p))
            for n in range(nt)
            for c in range(kc)
            for p in range(g.w_bits)
        ]

    def fields(self, g: Gemm) -> dict[str, int]:
        mt, nt, kc = tiles_of(g)
        bits = {"a_bits_m1": g.a_bits - 1, "w_bits_m1": g.w_bits - 1}
        return {"m_tiles": mt, "n_tiles": nt, "k_chunks": kc, **bits}

    def items(self, g: Gemm) -> Iterator[tuple[slice, slice]]:
        mt, nt, _ = tiles_of(g)
        for t, n in itertools.product(range(mt), range(nt)):
            yield slice(t * DM, (t + 1) * DM), slice(n * DN, (n + 1) * DN)


async def ready(dut) -> LutCore:
    core = LutCore(dut, DM, DK, PARAMS["WL_DEPTH"])
    await core.reset()
    return core


@cocotb.test(timeout_time=3, timeout_unit="ms")
async def precisions(dut) -> None:
    """Every pair of precisions in every sign mode; the slots come at once, the reader is eager."""
    core = await ready(dut)
    modes = list(itertools.product(range(1, 9), range(1, 9), (False, True), (False, True)))
    random.shuffle(modes)
    for i in range(0, len(modes) // (8 if SLOW else 1), 2):
        passes = []
        for a_bits, w_bits, a_signed, w_signed in modes[i : i + 2]:
            g = random_gemm(a_bits, w_bits)
            passes.append(Gemm(g.m, g.k, g.n, a_bits, w_bits, a_signed, w_signed))
        await core.run(passes)


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def extremes(dut) -> None:
    """All codes at an end of their range: the largest sums of each precision and sign."""
    core = await ready(dut)
    for bits, a_kind, w_kind in itertools.product((1, 2, 8), KINDS, KINDS):
        for a_signed, w_signed in ((True, True), (False, True), (False, False)):
            if random.random() < (0.1 if SLOW else 0.4 if bits == 8 else 1):
                await core.run(
                    [Gemm(DM, 2 * DK, DN, bits, bits, a_signed, w_signed, a_kind, w_kind)]
                )
    await core.run([Gemm(DM, 6 * DK, DN, 8, 8, True, True, "lo", "lo")])


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def gaps(dut) -> None:
    """Slots and reads that come by chance, several passes back to back, weights that wrap."""
    core = await ready(dut)
    for _ in range(6 if SLOW else 40):
        top = random.choice((2, 5))
        passes = [
            random_gemm(random.randint(1, top), random.randint(1, top), large=True)
            for _ in range(random.randint(1, 4))
        ]
        p_slot, p_read = (random.choice((256, 256, 128, 30, 6)) for _ in "sr")
        words = sum(len(core.weight_words(g)) for g in passes)
        await core.run(passes, p_slot, p_read, base=-random.randint(1, words))


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def cycles(dut) -> None:
    """No cycle is lost between tiles that last as long as their results take to be read."""
    core = await ready(dut)
    for g in (
        Gemm(6 * DM, 4 * DK, 2 * DN, 4, 4),
        Gemm(4 * DM, 9 * DK, DN, 2, 4),
        Gemm(3 * DM, 2 * DK, 2 * DN, 8, 8),
        Gemm(20 * DM, DK, DN, 1, 1),
        Gemm(12 * DM, DK, DN, 4, 4),
    ):
        mt, nt, kc = tiles_of(g)
        tile = kc * g.a_bits * g.w_bits
        took, ideal = await core.run([g]), mt * nt * tile
        dut._log.info(
            f"cycles: {g}: {took}, ideal {ideal} ({took / ideal:.3f}); "
            f"a tile lasts {tile}, its reads {READS}"
        )
        if tile >= READS + LAG:
            assert took == ideal + 1
        else:
            assert took <= mt * nt * max(tile, READS + LAG) + LAG


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def held(dut) -> None:
    """Stalls are told; reset in the middle of a pass leaves nothing behind."""
    await (await ready(dut)).held(Gemm(4 * DM, 2 * DK, 2 * DN, 2, 2))
