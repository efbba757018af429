"""Tasks of n3h's own leaf blocks: one file for one block or for close ones."""

from __future__ import annotations

from hwgen.archs.n3h.leaves import (
    banks,
    counters,
    dot,
    dpu,
    operands,
    permute,
    pool,
    results,
    store,
    turn,
    watchdog,
)
from hwgen.tasks.leaves import BlockSet

_SEQUENCE = (
    "a sequencer: its schedule of reads, waits and releases is a contract with its neighbours that"
    " its own ports do not tell; it is judged with them, in the benches of its engine"
)
_BUS = "a shell of the bus: requests out, beats in, the contract of the DMA port"
_STREAM = (
    "its geometry must hold still while beats are under way, a duty between fields and streams that"
    " no kind of task expresses"
)

BLOCKS = BlockSet(
    families=(
        counters.FAMILY,
        dot.FAMILY,
        dpu.FAMILY,
        operands.FAMILY,
        pool.FAMILY,
        turn.FAMILY,
        watchdog.FAMILY,
        *banks.FAMILIES,
        *permute.FAMILIES,
        *results.FAMILIES,
        *store.FAMILIES,
    ),
    reasons={
        "n3h_dec_*": "wires only: it names the fields of a word and has no cell",
        "n3h_legal": "a table of the instruction set, printed by the generator",
        "n3h_regs": _BUS,
        "n3h_load_w": _BUS,
        "n3h_dma_*": _BUS,
        "n3h_pack": _STREAM,
        "n3h_unpack": _STREAM,
        "n3h_fill_span": _STREAM,
        "n3h_fill_rows": _SEQUENCE,
        "n3h_fill_walk": _SEQUENCE,
        "n3h_store_walk": _SEQUENCE,
        "n3h_post_walk": _SEQUENCE,
        "n3h_dsp_load": _SEQUENCE,
        "n3h_dsp_step": _SEQUENCE,
        "n3h_lut_ctrl": _SEQUENCE,
    },
)
