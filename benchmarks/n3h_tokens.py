"""Random legal token programs under random memory stalls: no deadlock, no token error.

    python -m benchmarks.n3h_tokens --count 100000 --seed 1

A program is a random network's, of 20 to 200 words over all engines, with extra tokens given and
taken at random legal places, on a small design whose operand ring holds few tiles. Results must be
bit-exact. The ring counts as full when FILL is held although no row is on its way.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks._results import Row, table, tools, write
from benchmarks.n3h_batch import Item, Model, Outcome
from hwgen.archs.n3h import isa
from hwgen.archs.n3h.cases import Gemm, gemm_network, random_codes, random_network
from hwgen.archs.n3h.isa import Engine, Instruction, Op
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import UsageError
from hwgen.spec import overlay

LEAST, MOST = 20, 200  # words
BATCH = 200
QUEUE = 16  # words that an engine's queue holds
SMALL = {
    "lut_core": {"dm": 2, "dn": 2},
    "dsp_core": {"pin": 8, "pout": 4},
    "buffers": {"ring": 512, "lut_weights": 512, "dsp_weights": 512, "raw": 512,
                "collector": 512, "residual": 512, "parameters": 512},
}  # fmt: skip


def design() -> N3hSpec:
    """The smallest buffers that are legal."""
    return N3hSpec.from_data(overlay(N3hSpec.preset_data("tiny"), SMALL))


def item(rng: random.Random) -> Item:
    """A random network, or (half of them) a deep product whose tiles crowd the ring."""
    if rng.random() < 0.5:
        gemm = Gemm(
            m=rng.randint(17, 24),
            k=rng.randint(513, 640),
            n=rng.randint(3, 8),
            a_bits=rng.randint(7, 8),
            w_bits=rng.randint(1, 3),
            a_signed=rng.random() < 0.5,
            w_signed=rng.random() < 0.5,
        )
        net = gemm_network(gemm, rng)
        split: dict[str, int] = {"gemm": rng.randint(0, gemm.n)}
    else:
        net = random_network(rng, rng.randint(1, 3), 8)
        split = {layer.name: rng.randint(0, layer.n) for layer in net.layers}
    codes = random_codes(rng, net.input)
    return Item(net, codes, split, rng.choice((0, 32, 128, 224)), rng.randrange(1, 1 << 31))


def with_tokens(program: Program, rng: random.Random) -> Program:
    """The program with extra tokens, each given at one place and taken at a later one.

    Tokens of an edge are taken in the order in which they are given. A new one is taken after just
    as many as were given before it, so that every other wait still gets the token it was meant for.
    What `legal` refuses is not inserted.
    """
    code = [isa.decode(word) for word in program.words]
    for _ in range(rng.randint(0, 30)):
        source = rng.choice([e for e in isa.ENGINES if isa.POSTS[e]])
        sink = rng.choice(isa.POSTS[source])
        give = rng.randrange(len(code))
        before = sum(i.engine is source and sink in i.post for i in code[:give])
        takes = [n for n, i in enumerate(code) if i.engine is sink and source in i.wait]
        first = max([give, *(n + 1 for n in takes[:before])])
        end = takes[before] if before < len(takes) else len(code) - 1
        longer = list(code)
        longer.insert(rng.randint(first, end), Instruction(Op.SYNC, sink, {}, wait=(source,)))
        longer.insert(give, Instruction(Op.SYNC, source, {}, post=(sink,)))
        if len(longer) <= MOST and legal(longer):
            code = longer
    return replace(program, words=tuple(i.encode() for i in code))


def legal(code: list[Instruction]) -> bool:
    """Whether a program keeps to its duties (docs/n3h.md) in the words and waits of each pass.

    No engine gets more words in a pass than its queue holds. No work of a pass waits, through
    whatever tokens, for the end of other work of the same pass: engines of a pass meet in rings, so
    none of them ends before all have begun. `after` is the latest pass whose end an engine, or
    a token on its way, has waited for.
    """
    after = dict.fromkeys(isa.ENGINES, -1)
    tokens: dict[tuple[Engine, Engine], deque[int]] = defaultdict(deque)
    count, current = Counter[Engine](), 0
    for i in code:
        count[i.engine] += 1
        waited = [tokens[source, i.engine].popleft() for source in i.wait]
        after[i.engine] = max(after[i.engine], *waited, -1)
        works = i.engine is not Engine.LOAD_W and i.op is isa.LEGAL_OPS[i.engine]
        if count[i.engine] > QUEUE or (works and after[i.engine] >= current):
            return False
        if works:
            after[i.engine] = current
        for sink in i.post:
            tokens[i.engine, sink].append(after[i.engine])
        if i.op is Op.STORE:
            current += 1
            count.clear()
    return True


def batch(seed: int) -> tuple[Counter[str], list[str]]:
    """Tallies of one batch, and what failed in words."""
    rng, spec, tally, bad = random.Random(seed), design(), Counter[str](), []
    items: list[Item] = []
    programs: list[Program] = []
    while len(items) < BATCH:
        candidate = item(rng)
        try:
            program = with_tokens(lower(candidate.net, spec, candidate.split), rng)
        except UsageError:
            continue  # too large for buffers this small
        if LEAST <= len(program.words) <= MOST:
            items.append(candidate)
            programs.append(program)
    outcome: Outcome
    for outcome in Model(spec).run(items, programs):
        tally["programs"] += 1
        tally["words"] += len(outcome.program.words)
        tally["cycles"] += outcome.cycles
        tally["stalled memory"] += outcome.item.stall_level > 0
        tally["full ring"] += outcome.ring_full
        used = {isa.decode(word).engine for word in outcome.program.words}
        tally["engines"] += len(used) == len(isa.ENGINES)
        tally["failed"] += not outcome.ok
        if not outcome.ok:
            bad.append(f"seed {seed}: error {outcome.error:#x}, {outcome.wrong} codes wrong")
    return tally, bad


def tallies(seeds: list[int], jobs: int, log: Path | None) -> Iterator[Counter[str]]:
    """Tallies of all batches; those that `log` holds already are not run again."""
    done: dict[int, Counter[str]] = {}
    if log and log.exists():
        for line in log.read_text().splitlines():
            record = json.loads(line)
            done[record["seed"]] = Counter(record["tally"])
    yield from (done[seed] for seed in seeds if seed in done)
    todo = [seed for seed in seeds if seed not in done]
    with ProcessPoolExecutor(jobs) as pool:
        for seed, (tally, bad) in zip(todo, pool.map(batch, todo), strict=True):
            print(*bad, sep="\n", end="\n" if bad else "")
            if log:
                with log.open("a") as out:
                    out.write(json.dumps({"seed": seed, "tally": tally}) + "\n")
            yield tally


def main() -> None:
    """Run the campaign and write results/n3h_tokens.json."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--log", type=Path, help="keep finished batches here, and resume from it")
    args = parser.parse_args()
    total, batches = Counter[str](), -(-args.count // BATCH)
    seeds = [args.seed * 1_000_000 + n for n in range(batches)]
    for n, tally in enumerate(tallies(seeds, args.jobs, args.log)):
        total += tally
        if n % 20 == 0:
            print(f"{total['programs']} programs, {total['failed']} failed", flush=True)
    programs, command = total["programs"], f"python -m benchmarks.n3h_tokens --count {args.count}"
    full = total["full ring"] / programs
    rows = [
        Row("random legal token programs", programs, "programs", ">= 100000", programs >= 100_000,
            "", "", command),
        Row("deadlocks, token errors or wrong codes", total["failed"], "programs", "0",
            total["failed"] == 0, "", "0", command),
        Row("programs with a full operand ring", round(full, 3), "share", ">= 0.3", full >= 0.3,
            "", "", command),
        Row("programs under random memory stalls",
            round(total["stalled memory"] / programs, 3), "share", None, None, "", "", command),
        Row("programs that use all nine engines", round(total["engines"] / programs, 3), "share",
            None, None, "", "", command),
        Row("words per program, mean", round(total["words"] / programs, 1), "words", None, None,
            "", "", command),
    ]  # fmt: skip
    write("n3h_tokens", rows, tools("numpy", "verilator"))
    print(table(rows))


if __name__ == "__main__":
    main()
