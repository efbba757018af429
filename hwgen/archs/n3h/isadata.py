"""The N3H instruction set, described once as data.

Decoder RTL, configuration registers, assembler, disassembler, C header and documentation all
come from the tables in this file; nothing else knows a bit position.

Source: the 128-bit load/compute/store instruction with dependency bits is that of VTA (Moreau
et al., 2019); fetch/execute/result engines that meet at tokens are those of BISMO (Umuroglu et
al., 2018); one instruction set over two GEMM cores is N3H-Core's (Gong et al., 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

WORD_BITS = 128
PAYLOAD_BITS = 112


class Op(IntEnum):
    """What a word asks for (header bits 127..125)."""

    SYNC = 0  # nothing but tokens: any engine
    LOAD = 1  # LOAD_X, LOAD_W, LOAD_R: DRAM to chip; FILL: raw rows to operand ring
    STORE = 2  # collector to DRAM, through pooling
    GEMM_D = 3  # one pass of the DSP core
    GEMM_L = 4  # one pass of the LUT core
    POST = 5  # one pass of results of one core through the POST lanes
    CFG = 6  # write one register of an engine's configuration bank
    HALT = 7  # wait until every engine is idle, then raise the interrupt


class Engine(IntEnum):
    """Who executes it (header bits 124..122, and the unit bit for POST)."""

    LOAD_X = 0  # feature-map rows into the raw ring
    LOAD_W = 1  # weights and parameters into their buffers
    LOAD_R = 2  # residual rows into the residual ring
    FILL = 3  # im2col and bit-plane transpose: raw ring to operand ring
    GEMM_L = 4
    GEMM_D = 5
    POST_L = 6
    POST_D = 14  # the engine code of POST_L with the unit bit (8) set
    STORE = 7


ENGINES: tuple[Engine, ...] = (
    Engine.LOAD_X,
    Engine.LOAD_W,
    Engine.LOAD_R,
    Engine.FILL,
    Engine.GEMM_L,
    Engine.GEMM_D,
    Engine.POST_L,
    Engine.STORE,
    Engine.POST_D,
)
"""Engines in queue order: the position here is the queue number in RTL, counters and trace."""

LEGAL_OPS: dict[Engine, Op] = {
    Engine.LOAD_X: Op.LOAD,
    Engine.LOAD_W: Op.LOAD,
    Engine.LOAD_R: Op.LOAD,
    Engine.FILL: Op.LOAD,
    Engine.GEMM_L: Op.GEMM_L,
    Engine.GEMM_D: Op.GEMM_D,
    Engine.POST_L: Op.POST,
    Engine.POST_D: Op.POST,
    Engine.STORE: Op.STORE,
}
"""The one working operation of each engine; SYNC and CFG are legal everywhere else."""

WAITS: dict[Engine, tuple[Engine, ...]] = {
    Engine.LOAD_X: (Engine.STORE,),
    Engine.LOAD_W: (Engine.GEMM_L, Engine.GEMM_D, Engine.POST_L, Engine.POST_D),
    Engine.LOAD_R: (Engine.STORE,),
    Engine.FILL: (),
    Engine.GEMM_L: (Engine.LOAD_W,),
    Engine.GEMM_D: (Engine.LOAD_W,),
    Engine.POST_L: (Engine.LOAD_W,),
    Engine.POST_D: (Engine.LOAD_W,),
    Engine.STORE: (),
}
"""Bit k of an instruction's wait mask takes one token that the k-th engine here has posted."""

POSTS: dict[Engine, tuple[Engine, ...]] = {
    source: tuple(sink for sink in ENGINES if source in WAITS[sink]) for source in ENGINES
}
"""Bit k of an instruction's post mask gives one token to the k-th engine here."""

TOKEN_MAX = 63
"""A token counter holds 0..TOKEN_MAX; a post to a full counter waits."""

TAG_REGISTER = 255
"""CFG of this register sets the engine's trace tag (data bits 15..0); it reaches no bank."""


@dataclass(frozen=True)
class Field:
    """One field of a payload. `bits` is its width; fields are laid out from bit 0 upwards."""

    name: str
    bits: int
    doc: str
    signed: bool = False

    @property
    def lo(self) -> int:
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def hi(self) -> int:
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1


def _f(name: str, bits: int, doc: str) -> Field:
    return Field(name, bits, doc)


def _s(name: str, bits: int, doc: str) -> Field:
    return Field(name, bits, doc, signed=True)


HEADER: tuple[Field, ...] = (
    _f("unit", 1, "1 selects POST_D where eng is 6; 0 elsewhere"),
    _f("irq", 1, "raise the interrupt when this instruction completes"),
    _f("post", 4, "tokens given on completion, one bit per outgoing edge"),
    _f("wait", 4, "tokens taken before the start, one bit per incoming edge"),
    _f("eng", 3, "engine"),
    _f("op", 3, "operation"),
)
"""Header fields from bit 112 upwards."""

_DMA: tuple[Field, ...] = (
    _f("dram", 32, "byte address of the first beat; a multiple of the bus width"),
    _f("x_beats", 16, "beats per row (LOAD_R: per segment)"),
    _f("y_cnt", 12, "rows"),
    _f("y_stride", 20, "beats from one row to the next"),
)

PAYLOADS: dict[Engine, tuple[Field, ...]] = {
    Engine.LOAD_X: _DMA,
    Engine.LOAD_W: (
        _f("dram", 32, "byte address; a multiple of the bus width"),
        _f("x_beats", 16, "beats"),
        _f("dst", 2, "0 LUT-core weights, 1 DSP-core weights, 2 POST parameters"),
        _f("sram", 16, "first word of the destination buffer; wraps at its depth"),
    ),
    Engine.LOAD_R: _DMA,
    Engine.FILL: (
        _f("pixels", 20, "output pixels M of the pass"),
        _f("k_chunks", 14, "ceil(K/DK)"),
        _f("a_bits_m1", 3, "activation bits - 1"),
        _f("slot", 14, "ring entries of one row tile: k_chunks * a_bits"),
        _f("use_l", 1, "the LUT core consumes this pass"),
        _f("use_d", 1, "the DSP core consumes this pass"),
        _f("keep", 1, "keep the raw rows for the next pass"),
    ),
    Engine.GEMM_L: (
        _f("w_base", 16, "first word in the LUT weight buffer; wraps at its depth"),
        _f("m_tiles", 16, "row tiles: ceil(M/DM)"),
        _f("n_tiles", 10, "column tiles of DN filters"),
        _f("k_chunks", 14, "ceil(K/DK)"),
        _f("a_bits_m1", 3, "activation bits - 1"),
        _f("w_bits_m1", 3, "weight bits - 1"),
        _f("a_signed", 1, "activations are two's complement"),
        _f("w_signed", 1, "weights are two's complement"),
    ),
    Engine.GEMM_D: (
        _f("w_base", 16, "first word in the DSP weight buffer; wraps at its depth"),
        _f("pixels", 20, "output pixels M of the pass"),
        _f("n_tiles", 10, "column tiles of POUT filters"),
        _f("k_steps", 16, "ceil(K/PIN)"),
        _f("k_chunks", 14, "ceil(K/DK)"),
        _f("a_bits_m1", 3, "activation bits - 1"),
        _f("w8", 1, "weights are stored in 8 bits (else in 4)"),
        _f("a_signed", 1, "activations are two's complement"),
        _f("w_signed", 1, "weights are two's complement"),
    ),
    Engine.POST_L: (),
    Engine.POST_D: (),
    Engine.STORE: (
        _f("dram", 32, "byte address of the first output row; a multiple of the bus width"),
        _f("rows", 12, "output rows (after pooling)"),
        _f("y_stride", 20, "beats from one output row to the next"),
        _f("segs", 12, "segments per row: 1, or one per pixel for a slice of the channels"),
        _f("p_stride", 20, "beats from one segment to the next"),
        _f("cont", 2, "log2 of the container width in bits: 1, 2, 4, 8"),
    ),
}
_POST: tuple[Field, ...] = (
    _f("pixels", 20, "output pixels M of the pass"),
    _f("n_tiles", 10, "column tiles of the core; 0 passes over the words without writing"),
    _f("g0", 12, "first channel group of this core within the slice"),
    _f("g_cnt", 12, "channel groups of this core"),
    _f("gpp", 12, "channel groups per pixel of the slice"),
    _f("p_base", 12, "parameter word of channel group 0; wraps at the buffer's depth"),
    _f("lane_lo", 5, "first lane written in the first group"),
    _f("lane_hi", 5, "lanes written in the last group end here (exclusive)"),
    _f("words", 24, "pixels * gpp"),
)
PAYLOADS[Engine.POST_L] = _POST
PAYLOADS[Engine.POST_D] = _POST

_POST_BANK: dict[int, tuple[Field, ...]] = {
    0: (
        _s("lo", 9, "smallest output code"),
        _s("hi", 9, "largest output code"),
        _s("zout", 9, "output zero point"),
        _f("res_en", 1, "add the residual"),
        _f("res_signed", 1, "residual codes are two's complement"),
        _s("res_z", 9, "residual zero point"),
        _f("res_mul", 16, "residual multiplier"),
    )
}

BANKS: dict[Engine, dict[int, tuple[Field, ...]]] = {
    Engine.LOAD_X: {0: (_f("row_words", 14, "raw-ring words per row"),)},
    Engine.LOAD_W: {},
    Engine.LOAD_R: {
        0: (
            _f("segs", 12, "segments per row"),
            _f("p_stride", 20, "beats from one segment to the next"),
            _f("seg_words", 16, "residual-ring words per segment"),
            _f("cont", 2, "log2 of the container width in bits"),
            _f("sext", 1, "sign-extend codes to 8 bits"),
        )
    },
    Engine.FILL: {
        0: (
            _f("in_w", 12, "input columns"),
            _f("in_h", 12, "input rows"),
            _f("out_w", 12, "output columns"),
            _f("k_h", 4, "kernel rows"),
            _f("s_h", 4, "row stride"),
            _f("d_h", 4, "row dilation"),
            _f("pad_t", 4, "padded rows above"),
            _f("s_w", 4, "column stride"),
            _f("d_w", 4, "column dilation"),
            _f("pad_l", 4, "padded columns to the left"),
            _f("runs", 4, "runs per kernel row: 1 if merged, else kernel columns"),
            _f("merged", 1, "a kernel row is one contiguous run of all its columns"),
            _f("cont", 2, "log2 of the container width in bits"),
            _f("zin", 8, "pad code"),
        ),
        1: (
            _f("row_words", 14, "raw-ring words per row"),
            _f("run_bits", 20, "bits per run"),
            _f("step_bits", 20, "bits from one output column to the next: s_w * pixel bits"),
            _f("tap_bits", 20, "bits from one run to the next: d_w * pixel bits"),
            _f("base_bits", 20, "bit offset of the channel slice within a pixel"),
        ),
        2: (
            _f("left_bits", 20, "pad_l * pixel bits"),
            _s("right_bits", 21, "merged: (k_w - pad_l - in_w) * pixel bits"),
            _f("sh_words", 18, "s_h * row_words"),
            _f("dh_words", 18, "d_h * row_words"),
            _f("pt_words", 18, "pad_t * row_words"),
        ),
    },
    Engine.GEMM_L: {},
    Engine.GEMM_D: {},
    Engine.POST_L: _POST_BANK,
    Engine.POST_D: _POST_BANK,
    Engine.STORE: {
        0: (
            _f("in_w", 12, "columns of the rows in the collector"),
            _f("in_h", 12, "rows of the pass in the collector"),
            _f("out_w", 12, "output columns (equals in_w without pooling)"),
            _f("gpp", 12, "collector words per pixel"),
            _f("seg_words", 16, "collector words per output segment"),
            _f("seg_beats", 14, "bus beats per output segment"),
        ),
        1: (
            _f("mode", 2, "0 none, 1 maximum, 2 average"),
            _f("k_h", 4, "window rows"),
            _f("k_w", 4, "window columns"),
            _f("s_h", 4, "row stride"),
            _f("s_w", 4, "column stride"),
            _f("pad_t", 4, "padded rows above"),
            _f("pad_l", 4, "padded columns to the left"),
            _f("code_signed", 1, "codes are two's complement"),
            _f("count_pad", 1, "average divides by the whole window, padding included"),
            _s("z_in", 9, "zero point of the codes"),
            _s("z_out", 9, "zero point of the average"),
            _s("lo", 9, "smallest output code"),
            _s("hi", 9, "largest output code"),
        ),
        2: (
            _f("count", 8, "elements in the window"),
            _f("mul", 16, "multiplier of the average over so many elements"),
            _f("shift", 6, "its right shift"),
        ),
    },
}
"""Configuration registers per engine. STORE's register 2 writes row `count` of a table."""

CFG: tuple[Field, ...] = (
    _f("data", 96, "register value, or the trace tag"),
    _f("reg", 8, "register of the engine's bank"),
)

TAG: tuple[Field, ...] = (_f("tag", 16, "trace tag: the layer's number"),)
