// hw_sim_axi_check: watches one AXI4 master and counts what it does wrong.
//
// Beyond the protocol (stable while stalled, 4 KB, length, WLAST) it holds a master to what ours
// promises: incrementing full-width bursts on bus-width addresses of at most MAX_BURST beats, at
// most OUTSTANDING unanswered ones per direction, data only after its address and without a gap
// inside a burst, read data and answers taken at once. It also reports an order that no memory
// guarantees: a read of bytes whose write is unanswered, a write over bytes still being read.
// Every finding prints one line that starts with AXI-ERROR. Simulation only.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_sim_axi_check #(
    parameter integer AXI_W       = 64,
    parameter integer MAX_BURST   = 16,
    parameter integer OUTSTANDING = 16      // 1..16
) (
    input  wire               clk,
    input  wire               rst,
    output wire [31:0]        errors,       // findings so far

    input  wire [31:0]        araddr,
    input  wire [7:0]         arlen,
    input  wire [2:0]         arsize,
    input  wire [1:0]         arburst,
    input  wire               arvalid,
    input  wire               arready,
    input  wire               rvalid,
    input  wire               rready,
    input  wire               rlast,
    input  wire [31:0]        awaddr,
    input  wire [7:0]         awlen,
    input  wire [2:0]         awsize,
    input  wire [1:0]         awburst,
    input  wire               awvalid,
    input  wire               awready,
    input  wire [AXI_W-1:0]   wdata,
    input  wire [AXI_W/8-1:0] wstrb,
    input  wire               wlast,
    input  wire               wvalid,
    input  wire               wready,
    input  wire               bvalid,
    input  wire               bready
);

    localparam integer BYTES = AXI_W / 8;
    localparam integer LB    = $clog2(BYTES);

    // open bursts, oldest first, in a circle of 16: [first byte, end)
    reg  [31:0] r_from [0:15], r_end [0:15], w_from [0:15], w_end [0:15];
    reg  [7:0]  w_len [0:15];
    reg  [4:0]  r_in_q, r_out_q;            // reads: shown, ended
    reg  [4:0]  w_in_q, w_at_q, w_out_q;    // writes: shown, data ended, answered
    reg  [7:0]  beat_q;                     // of the write burst whose data flows
    reg  [31:0] errors_q;

    wire [4:0]  reads  = r_in_q - r_out_q;
    wire [4:0]  writes = w_in_q - w_out_q;
    wire [31:0] ar_end = araddr + (({24'd0, arlen} + 32'd1) << LB);
    wire [31:0] aw_end = awaddr + (({24'd0, awlen} + 32'd1) << LB);

    reg         ar_held_q, aw_held_q, w_held_q, last_held_q;
    reg  [44:0] ar_seen_q, aw_seen_q;
    reg  [AXI_W+BYTES-1:0] w_seen_q;

    wire [44:0] ar_now = {arburst, arsize, arlen, araddr};
    wire [44:0] aw_now = {awburst, awsize, awlen, awaddr};

    wire bad_ar = arvalid && ((arsize != LB[2:0]) || (arburst != 2'b01) || (araddr[LB-1:0] != {LB{1'b0}}) ||
                  ({24'd0, arlen} >= MAX_BURST) || ((ar_end - 32'd1) >> 12 != araddr >> 12) ||
                  (^ar_now === 1'bx));
    wire bad_aw = awvalid && ((awsize != LB[2:0]) || (awburst != 2'b01) || (awaddr[LB-1:0] != {LB{1'b0}}) ||
                  ({24'd0, awlen} >= MAX_BURST) || ((aw_end - 32'd1) >> 12 != awaddr >> 12) ||
                  (^aw_now === 1'bx));
    wire bad_w  = wvalid && ((^{wstrb, wlast} === 1'bx) || ((^wdata === 1'bx) && (wstrb != {BYTES{1'b0}})));
    wire moved  = (ar_held_q && (!arvalid || (ar_now != ar_seen_q))) ||
                  (aw_held_q && (!awvalid || (aw_now != aw_seen_q))) ||
                  (w_held_q && (!wvalid || ({wstrb, wdata} != w_seen_q) || (wlast != last_held_q)));
    wire early  = wvalid && (w_at_q == w_in_q);
    wire misend = wvalid && !early && (wlast != (beat_q == w_len[w_at_q[3:0]]));
    wire gap    = (beat_q != 8'd0) && !wvalid;
    wire many   = (arvalid && arready && (reads >= OUTSTANDING[4:0])) ||
                  (awvalid && awready && (writes >= OUTSTANDING[4:0]));
    wire slow   = (rvalid && !rready) || (bvalid && !bready);

    wire [15:0] overlap;
    wire        raced = overlap != 16'd0;

    genvar i;
    generate
        for (i = 0; i < 16; i = i + 1) begin : g_open
            wire [3:0] r_age = i[3:0] - r_out_q[3:0];
            wire [3:0] w_age = i[3:0] - w_out_q[3:0];
            assign overlap[i] = (arvalid && arready && ({1'b0, w_age} < writes) &&
                                 (araddr < w_end[i]) && (ar_end > w_from[i])) ||
                                (awvalid && awready && ({1'b0, r_age} < reads) &&
                                 (awaddr < r_end[i]) && (aw_end > r_from[i]));
        end
    endgenerate

    always @(posedge clk) begin
        if (!rst) begin
            if (bad_ar) $display("AXI-ERROR %0t: illegal read address %h length %0d", $time, araddr, arlen);
            if (bad_aw) $display("AXI-ERROR %0t: illegal write address %h length %0d", $time, awaddr, awlen);
            if (bad_w)  $display("AXI-ERROR %0t: unknown bits in write data", $time);
            if (moved)  $display("AXI-ERROR %0t: a stalled channel changed", $time);
            if (early)  $display("AXI-ERROR %0t: write data before its address", $time);
            if (misend) $display("AXI-ERROR %0t: WLAST in the wrong beat", $time);
            if (gap)    $display("AXI-ERROR %0t: a write burst holds the bus", $time);
            if (many)   $display("AXI-ERROR %0t: more than %0d bursts open", $time, OUTSTANDING);
            if (slow)   $display("AXI-ERROR %0t: a response had to wait", $time);
            if (raced)  $display("AXI-ERROR %0t: a read and a write overlap", $time);
        end
        errors_q <= errors_q + {31'd0, bad_ar || bad_aw || bad_w || moved || early || misend || gap ||
                                many || slow || raced};

        ar_held_q   <= arvalid && !arready;
        aw_held_q   <= awvalid && !awready;
        w_held_q    <= wvalid && !wready;
        ar_seen_q   <= ar_now;
        aw_seen_q   <= aw_now;
        w_seen_q    <= {wstrb, wdata};
        last_held_q <= wlast;

        if (arvalid && arready) begin
            r_from[r_in_q[3:0]] <= araddr;
            r_end[r_in_q[3:0]]  <= ar_end;
            r_in_q              <= r_in_q + 1'b1;
        end
        if (awvalid && awready) begin
            w_from[w_in_q[3:0]] <= awaddr;
            w_end[w_in_q[3:0]]  <= aw_end;
            w_len[w_in_q[3:0]]  <= awlen;
            w_in_q              <= w_in_q + 1'b1;
        end
        if (wvalid && wready) begin
            beat_q <= wlast ? 8'd0 : beat_q + 1'b1;
            if (wlast) w_at_q <= w_at_q + 1'b1;
        end
        if (rvalid && rready && rlast) r_out_q <= r_out_q + 1'b1;
        if (bvalid && bready)          w_out_q <= w_out_q + 1'b1;

        if (rst) begin
            errors_q  <= 32'd0;
            ar_held_q <= 1'b0;
            aw_held_q <= 1'b0;
            w_held_q  <= 1'b0;
            r_in_q    <= 5'd0;
            r_out_q   <= 5'd0;
            w_in_q    <= 5'd0;
            w_at_q    <= 5'd0;
            w_out_q   <= 5'd0;
            beat_q    <= 8'd0;
        end
    end

    assign errors = errors_q;

endmodule

`resetall
