"""hw_requant against exact Python integers: one set of operands per cycle, code 9 cycles later."""

import random
from collections import deque

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

LATENCY = 9
FIELDS = ("acc", "bias", "mul", "shift", "res", "res_z", "res_mul", "rs", "zout", "lo", "hi")


def half_even(p: int, shift: int) -> int:
    """p / 2^shift, ties to the even neighbour."""
    whole, rest = divmod(p, 1 << shift)
    tie = 1 << shift >> 1
    return whole + (rest > tie or (rest == tie and whole % 2 == 1))


def model(v: dict[str, int]) -> int:
    """The code of one set of operands, 0..255."""
    p = (v["acc"] + v["bias"]) * v["mul"] + ((v["res"] - v["res_z"]) * v["res_mul"] << v["rs"])
    return min(max(half_even(p, v["shift"]) + v["zout"], v["lo"]), v["hi"]) & 0xFF


def operands(rng: random.Random, acc_w: int) -> dict[str, int]:
    """One set: anything, extremes, ties, or values that land near the clipping range."""
    top = 1 << (acc_w - 1)

    def number(size: int) -> int:
        return rng.choice((0, 1, -1, size - 1, -size, rng.randrange(-size, size)))

    lo, hi = sorted(rng.choice((rng.randrange(-256, 256), 0, -128, 127, 255)) for _ in "ab")
    v = {
        "acc": number(top),
        "bias": number(top),
        "mul": rng.choice((0, 1, 1 << 15, 0xFFFF, rng.randrange(1 << 15, 1 << 16))),
        "shift": rng.choice((1, 2, 15, 16, 17, 31, 32, 33, 46, 47, rng.randrange(1, 48))),
        "res": rng.choice((-128, 127, 255, 0, rng.randrange(-128, 256))),
        "res_z": rng.choice((-256, 255, 0, rng.randrange(-256, 256))),
        "res_mul": rng.choice((0, 1, 0xFFFF, rng.randrange(1 << 16))),
        "rs": rng.choice((0, 31, rng.randrange(32))),
        "zout": rng.choice((-256, 255, 0, rng.randrange(-256, 256))),
        "lo": lo,
        "hi": hi,
    }
    kind = rng.randrange(5)
    if kind == 0:  # a quotient of a few hundred
        bits = rng.randrange(1, acc_w - 1)
        v.update(acc=number(1 << bits), bias=number(1 << bits), rs=0, lo=-256, hi=255)
        v.update(shift=max(1, min(47, bits + 16 - rng.randrange(5, 12))), res_mul=number(64) & 63)
    elif kind == 1:  # p = odd * 2^(shift-1) from the residual, sometimes one off
        v.update(res=rng.randrange(-128, 256), res_z=0, res_mul=1, lo=-256, hi=255, zout=0)
        v.update(rs=rng.randrange(32), bias=0, acc=rng.choice((0, 0, 1, -1)), mul=1)
        v["shift"] = v["rs"] + rng.randrange(1, 4)
    elif kind == 2:  # ties from the accumulator
        shift = rng.randrange(16, 14 + acc_w)
        acc = max(-top, min(top - 1, rng.randrange(-256, 256) << (shift - 16)))
        v.update(acc=acc, bias=0, mul=1 << 15, shift=shift, lo=-256, hi=255)
        v.update(res=rng.randrange(-1, 2), res_z=0, res_mul=1, rs=0)
    elif kind == 3:  # around every power of two: far beyond any code
        acc = rng.choice((1, -1)) * (1 << rng.randrange(acc_w - 1)) + rng.randrange(-2, 3)
        v.update(acc=max(-top, min(top - 1, acc)), bias=0, mul=rng.choice((1, 2, 4, 1 << 15)))
        v.update(res_mul=0, shift=rng.randrange(1, 24), lo=-256, hi=255)
    v["shift"] = max(1, min(47, v["shift"]))
    return v


async def check(dut, sets: list[dict[str, int]]) -> None:
    """Feed `sets` one per cycle and compare every code."""
    ports = {name: getattr(dut, name) for name in FIELDS}
    widths = {name: len(port) for name, port in ports.items()}
    due: deque[tuple[dict[str, int], int]] = deque()
    for cycle in range(len(sets) + LATENCY + 1):
        if cycle < len(sets):
            for name, port in ports.items():
                port.value = sets[cycle][name] & ((1 << widths[name]) - 1)
            due.append((sets[cycle], model(sets[cycle])))
        await RisingEdge(dut.clk)
        if cycle >= LATENCY and due:
            v, expected = due.popleft()
            got = dut.code.value
            assert got.is_resolvable, f"{v}: {got}"
            assert int(got) == expected, f"{v}: {int(got)}, expected {expected}"


async def begin(dut) -> int:
    Clock(dut.clk, 10, unit="ns").start()
    await RisingEdge(dut.clk)
    return len(dut.acc)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_operands(dut):
    """Extremes, ties and near misses in every position of the pipeline."""
    rng = random.Random(cocotb.RANDOM_SEED)
    acc_w = await begin(dut)
    await check(dut, [operands(rng, acc_w) for _ in range(4000)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def ties_at_every_shift(dut):
    """-1.5, -0.5, 0.5, 1.5, 2.5 and their neighbours at every shift that a tie can reach."""
    acc_w = await begin(dut)
    base = {"bias": 0, "res_z": 0, "res_mul": 1, "zout": 0, "lo": -256, "hi": 255}
    sets = []
    for shift in range(1, 48):
        for odd in (-5, -3, -1, 1, 3, 5):
            for off in (-1, 0, 1):
                v = {**base, "shift": shift, "acc": off, "mul": 1, "res": odd, "rs": shift - 1}
                if shift > 32:  # the residual shifts by 31 at most: the accumulator makes the tie
                    acc = odd << (shift - 17)
                    if not -(1 << (acc_w - 1)) <= acc < 1 << (acc_w - 1):
                        continue
                    v.update(acc=acc, mul=1 << 16 >> 1, res=off, rs=0, shift=shift - 1)
                sets.append(v)
    await check(dut, sets)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def hand_vectors(dut):
    """Values worked out by hand, so that the model itself is pinned."""
    await begin(dut)
    base = dict.fromkeys(FIELDS, 0) | {"shift": 1, "lo": -256, "hi": 255}
    vectors = (
        ({"acc": 1, "mul": 1}, 0),  # 0.5 -> 0
        ({"acc": 3, "mul": 1}, 2),  # 1.5 -> 2
        ({"acc": -1, "mul": 1}, 0),  # -0.5 -> 0
        ({"acc": -3, "mul": 1}, 0xFE),  # -1.5 -> -2
        ({"acc": 5, "mul": 1}, 2),  # 2.5 -> 2
        ({"acc": 131071, "bias": 131071, "mul": 65535, "shift": 47, "zout": 7}, 7),  # 1e-4 -> 0
        ({"acc": 100, "mul": 1 << 15, "shift": 15, "hi": 99}, 99),
        ({"acc": -100, "mul": 1 << 15, "shift": 15, "lo": -99}, 157),
        ({"res": 255, "res_z": -256, "res_mul": 1, "rs": 31, "shift": 32}, 0),  # 255.5 - 256
        ({"res": 2, "res_z": -1, "res_mul": 1, "rs": 31, "shift": 32, "zout": -3}, 0xFF),
    )
    sets = [base | v for v, _ in vectors]
    sets[8]["zout"] = -256
    assert [model(v) for v in sets] == [code for _, code in vectors]
    await check(dut, sets)
