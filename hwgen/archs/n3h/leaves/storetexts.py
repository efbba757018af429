"""Prompts of the blocks in `store`, each in three phrasings."""

from __future__ import annotations

GEOMETRY_TEXTS = (
    "Computes seven unsigned products after start: row = in_w*gpp, step_y = s_h*row, skip_y ="
    " pad_t*row, total = in_h*row, step_x = s_w*gpp, skip_x = pad_l*gpp (32 bits each, modulo"
    " 2^32) and window = k_h*k_w (8 bits). start = 1 at a rising edge of clk makes ready 0 after"
    " that edge; ready becomes 1 after the ninth edge that follows, with all outputs valid, and"
    " ready and outputs stay until the next start. rst (synchronous, active high) makes ready 0"
    " and ends a computation. The environment holds all factors still from the edge with start"
    " to that ninth edge and gives no start while a computation is under way (from one start"
    " until ready is 1); if factors move the products of that start do not matter, after a start"
    " too early nothing matters until reset. Products do not matter while ready is 0.",
    "Multi-cycle multiplier block, latency exactly 9 cycles. Edge 0: start sampled as 1, ready"
    " goes to 0. Edges 1 to 8: ready is 0. Edge 9: ready goes to 1 and stays 1 until an edge"
    " with start = 1 or with rst = 1 (synchronous reset, active high; ready is 0 after it and an"
    " unfinished computation is dropped). While ready is 1 the outputs hold: row = in_w x gpp;"
    " step_y = s_h x in_w x gpp; skip_y = pad_t x in_w x gpp; total = in_h x in_w x gpp (its low"
    " 32 bits); step_x = s_w x gpp; skip_x = pad_l x gpp; window = k_h x k_w; everything is"
    " unsigned, inputs as at edge 0. Inputs do not change from edge 0 to edge 9 (else these"
    " products are free) but may change afterwards; start is not given again at edges 1 to 9"
    " (else all is free until reset). While ready is 0 the products are free. Clock: clk, rising"
    " edges.",
    "On start, take the geometry in_w, in_h, gpp (12 bits) and k_h, k_w, s_h, s_w, pad_t, pad_l"
    " (4 bits), all unsigned, and provide, 32 bits each, row (in_w times gpp), step_y (s_h times"
    " row), skip_y (pad_t times row), total (in_h times row, low 32 bits), step_x (s_w times"
    " gpp), skip_x (pad_l times gpp), and in 8 bits window (k_h times k_w). ready, a register"
    " cleared by start and by the synchronous active-high reset rst, rises exactly nine rising"
    " edges of clk after the one that sampled start; from then on the seven outputs are right"
    " and do not change before the next start, whatever the inputs do. Until ready rises the"
    " inputs are stable, start stays 0, and the outputs may show anything; a second start in"
    " that time makes everything undefined until reset, unstable inputs make that computation's"
    " products undefined. Reset abandons a running computation.",
)

ADDRESS_TEXTS = (
    "An address counter for a region of rows x segs segments. start = 1 at a rising edge of clk"
    " loads row address and segment address with dram, rows left with rows, segments left with"
    " segs, and makes busy 1; it does so at any time and wins over everything but reset. busy"
    " and req_valid are the same register. A request is taken at an edge with req_valid = 1,"
    " req_ready = 1 and start = 0. If then segments left is not 1, the segment address grows by"
    " p_stride*{bytes} and segments left falls by one. If it is 1, the row address grows by"
    " y_stride*{bytes}, the segment address becomes the new row address, segments left becomes"
    " segs, rows left falls by one, and if rows left was 1 busy becomes 0. Addresses are in"
    " bytes, modulo 2^32; the two 12-bit counts wrap (0 counts as 4096). Strides and segs are"
    " used as they are at the edge. req_addr is the segment address; req_beats is the input"
    " beats with two zero bits on top, combinational. Both do not matter while req_valid is 0."
    " rst, synchronous, active high: busy 0.",
    "Registers row_addr, seg_addr (32 bits), rows_left, segs_left (12 bits), valid, on rising"
    " edges of clk: if rst, valid <= 0; else if start, row_addr and seg_addr <= dram, rows_left"
    " <= rows, segs_left <= segs, valid <= 1; else if valid && req_ready: when segs_left == 1"
    " then row_addr <= row_addr + {bytes}*y_stride, seg_addr <= the same value, segs_left <="
    " segs, rows_left <= rows_left - 1, valid <= (rows_left != 1); otherwise seg_addr <="
    " seg_addr + {bytes}*p_stride and segs_left <= segs_left - 1. All sums wrap at their width."
    " Outputs: busy = req_valid = valid, req_addr = seg_addr, req_beats = zero-extended beats"
    " (no register). req_addr and req_beats are don't care while valid is 0.",
    "Generates write requests, one per segment, in the order of rows and within a row of"
    " segments: request s of row y goes to byte address dram + {bytes}*(y*y_stride + s*p_stride)"
    " modulo 2^32, where one beat has {bytes} bytes, and req_beats repeats the 14-bit input"
    " beats at once, zero-extended. After an edge of clk (rising) with start the first request"
    " stands at req_valid/req_addr; a request stays until an edge with req_ready, after which"
    " the next one stands there; after rows*segs requests req_valid falls. busy equals"
    " req_valid. A start while busy begins anew from dram with the counts and drops the rest,"
    " also at an edge with req_ready. The synchronous, active-high rst stops all: busy and"
    " req_valid 0. dram and rows are taken at start, segs at start and again whenever a row"
    " ends, each stride at the edge that adds it (y_stride at the end of a row to the address at"
    " which the row began). rows = 0 or segs = 0 stand for 4096. Without a valid request"
    " req_addr and req_beats are free.",
)
