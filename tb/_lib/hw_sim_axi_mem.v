// hw_sim_axi_mem: the reference memory behind an AXI4 master.
//
// One beat slot per cycle, shared by reads and writes (turn about when both want it). The first
// beat of a read burst is at RDATA LATENCY cycles after its address was taken, further ones follow
// in order; OUTSTANDING bursts per direction are taken ahead. A write is answered LATENCY cycles
// after its last beat. Bytes from BYTES on do not exist (DECERR).
//
// `stall_level`/256 is the chance of a pause per channel and cycle, drawn from `stall_seed` (taken
// during reset). With `err_enable`, the beat at `err_addr` answers SLVERR; a write there is lost.
// `errors` counts what hw_sim_axi_check found. The plusarg +mem=FILE fills the memory
// ($readmemh, one AXI_W-bit word per line). Simulation only.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_sim_axi_mem #(
    parameter integer AXI_W       = 64,
    parameter integer BYTES       = 65536,  // a multiple of AXI_W / 8
    parameter integer LATENCY     = 32,     // cycles, >= 2
    parameter integer OUTSTANDING = 8,      // bursts taken ahead, 1..15
    parameter integer MAX_BURST   = 16,     // more beats in a burst are an error
    parameter integer MASTER_OPEN = 16      // more open bursts than this are an error, 1..16
) (
    input  wire               clk,
    input  wire               rst,          // synchronous, active high; keeps the contents

    input  wire [31:0]        stall_seed,
    input  wire [7:0]         stall_level,
    input  wire               err_enable,
    input  wire [31:0]        err_addr,
    output wire [31:0]        errors,

    input  wire [0:0]         s_axi_arid,
    input  wire [31:0]        s_axi_araddr,
    input  wire [7:0]         s_axi_arlen,
    input  wire [2:0]         s_axi_arsize,
    input  wire [1:0]         s_axi_arburst,
    input  wire               s_axi_arvalid,
    output wire               s_axi_arready,
    output wire [0:0]         s_axi_rid,
    output wire [AXI_W-1:0]   s_axi_rdata,
    output wire [1:0]         s_axi_rresp,
    output wire               s_axi_rlast,
    output wire               s_axi_rvalid,
    input  wire               s_axi_rready,
    input  wire [0:0]         s_axi_awid,
    input  wire [31:0]        s_axi_awaddr,
    input  wire [7:0]         s_axi_awlen,
    input  wire [2:0]         s_axi_awsize,
    input  wire [1:0]         s_axi_awburst,
    input  wire               s_axi_awvalid,
    output wire               s_axi_awready,
    input  wire [AXI_W-1:0]   s_axi_wdata,
    input  wire [AXI_W/8-1:0] s_axi_wstrb,
    input  wire               s_axi_wlast,
    input  wire               s_axi_wvalid,
    output wire               s_axi_wready,
    output wire [0:0]         s_axi_bid,
    output wire [1:0]         s_axi_bresp,
    output wire               s_axi_bvalid,
    input  wire               s_axi_bready
);

    localparam integer LANES = AXI_W / 8;
    localparam integer LB    = $clog2(LANES);
    localparam integer WORDS = BYTES / LANES;
    localparam integer MW    = (WORDS > 1) ? $clog2(WORDS) : 1;

    reg [AXI_W-1:0] mem [0:WORDS-1] /*verilator public_flat_rw*/;
    reg [8*512-1:0] image;

    initial if ($value$plusargs("mem=%s", image)) $readmemh(image, mem);

    // pauses: one byte of a 64-bit xorshift per channel
    reg  [63:0] dice_q;
    wire [63:0] dice_a = dice_q ^ (dice_q << 13);
    wire [63:0] dice_b = dice_a ^ (dice_a >> 7);
    wire [63:0] dice_d = dice_b ^ (dice_b << 17);
    wire        stall_ar = dice_q[7:0]   < stall_level;
    wire        stall_aw = dice_q[15:8]  < stall_level;
    wire        stall_w  = dice_q[23:16] < stall_level;
    wire        stall_r  = dice_q[31:24] < stall_level;
    wire        stall_b  = dice_q[39:32] < stall_level;

    // bursts in circles of 16; *_time is the cycle from which an answer may be shown
    reg  [31:0] now_q;
    reg  [31:0] r_addr [0:15], w_addr [0:15], r_time [0:15], b_time [0:15];
    reg  [7:0]  r_len [0:15];
    reg         r_id [0:15], w_id [0:15], b_id [0:15], b_bad [0:15];
    reg  [4:0]  r_in_q, r_at_q, r_out_q;    // reads: taken, all beats shown, all beats read
    reg  [4:0]  w_in_q, w_at_q;             // writes: taken, data complete
    reg  [4:0]  b_at_q, b_out_q;            // writes: answer shown, answer taken
    reg  [7:0]  r_beat_q, w_beat_q;
    reg         w_bad_q;                    // a beat of the current write failed
    reg         read_last_q;                // who used the slot last, when both wanted it

    wire        r_can = (r_at_q != r_in_q) && (now_q >= r_time[r_at_q[3:0]]) && !stall_r &&
                        (!rvalid_q || s_axi_rready);
    wire        w_can = !rst && (w_at_q != w_in_q) && s_axi_wvalid && !stall_w;
    wire        r_go  = r_can && !(w_can && read_last_q);
    wire        w_go  = w_can && !r_go;
    wire        b_go  = (b_at_q != w_at_q) && (now_q >= b_time[b_at_q[3:0]]) && !stall_b &&
                        (!bvalid_q || s_axi_bready);

    wire [31:0] r_now = r_addr[r_at_q[3:0]] + ({24'd0, r_beat_q} << LB);
    wire [31:0] w_now = w_addr[w_at_q[3:0]] + ({24'd0, w_beat_q} << LB);
    wire        r_out = r_now >= BYTES;
    wire        w_out = w_now >= BYTES;
    wire        r_hit = err_enable && (r_now >> LB == err_addr >> LB);
    wire        w_hit = err_enable && (w_now >> LB == err_addr >> LB);

    reg             rvalid_q, rlast_q, rid_q, bvalid_q, bid_q;
    reg [1:0]       rresp_q, bresp_q;
    reg [AXI_W-1:0] rdata_q;

    wire [4:0] reads  = r_in_q - r_out_q;
    wire [4:0] writes = w_in_q - b_out_q;
    assign s_axi_arready = !rst && (reads < OUTSTANDING[4:0]) && !stall_ar;
    assign s_axi_awready = !rst && (writes < OUTSTANDING[4:0]) && !stall_aw;
    assign s_axi_wready  = w_go;

    integer l;
    always @(posedge clk)
        for (l = 0; l < LANES; l = l + 1)
            if (w_go && s_axi_wstrb[l] && !w_out && !w_hit)
                mem[w_now[LB +: MW]][8*l +: 8] <= s_axi_wdata[8*l +: 8];

    always @(posedge clk) begin
        now_q  <= now_q + 1'b1;
        dice_q <= dice_d;
        if (r_can && w_can) read_last_q <= r_go;

        if (s_axi_arvalid && s_axi_arready) begin
            r_addr[r_in_q[3:0]] <= s_axi_araddr;
            r_len[r_in_q[3:0]]  <= s_axi_arlen;
            r_id[r_in_q[3:0]]   <= s_axi_arid[0];
            r_time[r_in_q[3:0]] <= now_q + LATENCY - 32'd1;
            r_in_q              <= r_in_q + 1'b1;
        end
        if (s_axi_rready) rvalid_q <= 1'b0;
        if (rvalid_q && rlast_q && s_axi_rready) r_out_q <= r_out_q + 1'b1;
        if (r_go) begin
            rvalid_q <= 1'b1;
            rdata_q  <= r_out ? {AXI_W{1'b1}} : mem[r_now[LB +: MW]];
            rresp_q  <= {r_out || r_hit, r_out};
            rid_q    <= r_id[r_at_q[3:0]];
            rlast_q  <= r_beat_q == r_len[r_at_q[3:0]];
            r_beat_q <= r_beat_q + 1'b1;
            if (r_beat_q == r_len[r_at_q[3:0]]) begin
                r_beat_q <= 8'd0;
                r_at_q   <= r_at_q + 1'b1;
            end
        end

        if (s_axi_awvalid && s_axi_awready) begin
            w_addr[w_in_q[3:0]] <= s_axi_awaddr;
            w_id[w_in_q[3:0]]   <= s_axi_awid[0];
            w_in_q              <= w_in_q + 1'b1;
        end
        if (w_go) begin
            w_beat_q <= w_beat_q + 1'b1;
            w_bad_q  <= w_bad_q || w_hit || w_out;
            if (s_axi_wlast) begin
                w_beat_q            <= 8'd0;
                w_bad_q             <= 1'b0;
                b_time[w_at_q[3:0]] <= now_q + LATENCY - 32'd1;
                b_id[w_at_q[3:0]]   <= w_id[w_at_q[3:0]];
                b_bad[w_at_q[3:0]]  <= w_bad_q || w_hit || w_out;
                w_at_q              <= w_at_q + 1'b1;
            end
        end
        if (s_axi_bready) bvalid_q <= 1'b0;
        if (bvalid_q && s_axi_bready) b_out_q <= b_out_q + 1'b1;
        if (b_go) begin
            bvalid_q <= 1'b1;
            bid_q    <= b_id[b_at_q[3:0]];
            bresp_q  <= {b_bad[b_at_q[3:0]], 1'b0};
            b_at_q   <= b_at_q + 1'b1;
        end

        if (rst) begin
            now_q       <= 32'd0;
            dice_q      <= {32'h9E3779B9, stall_seed};
            read_last_q <= 1'b0;
            r_in_q      <= 5'd0;
            r_at_q      <= 5'd0;
            r_out_q     <= 5'd0;
            w_in_q      <= 5'd0;
            w_at_q      <= 5'd0;
            b_at_q      <= 5'd0;
            b_out_q     <= 5'd0;
            r_beat_q    <= 8'd0;
            w_beat_q    <= 8'd0;
            w_bad_q     <= 1'b0;
            rvalid_q    <= 1'b0;
            bvalid_q    <= 1'b0;
        end
    end

    assign s_axi_rid    = rid_q;
    assign s_axi_rdata  = rdata_q;
    assign s_axi_rresp  = rresp_q;
    assign s_axi_rlast  = rlast_q;
    assign s_axi_rvalid = rvalid_q;
    assign s_axi_bid    = bid_q;
    assign s_axi_bresp  = bresp_q;
    assign s_axi_bvalid = bvalid_q;

    hw_sim_axi_check #(
        .AXI_W       (AXI_W),
        .MAX_BURST   (MAX_BURST),
        .OUTSTANDING (MASTER_OPEN)
    ) u_check (
        .clk     (clk),
        .rst     (rst),
        .errors  (errors),
        .araddr  (s_axi_araddr),
        .arlen   (s_axi_arlen),
        .arsize  (s_axi_arsize),
        .arburst (s_axi_arburst),
        .arvalid (s_axi_arvalid),
        .arready (s_axi_arready),
        .rvalid  (s_axi_rvalid),
        .rready  (s_axi_rready),
        .rlast   (s_axi_rlast),
        .awaddr  (s_axi_awaddr),
        .awlen   (s_axi_awlen),
        .awsize  (s_axi_awsize),
        .awburst (s_axi_awburst),
        .awvalid (s_axi_awvalid),
        .awready (s_axi_awready),
        .wdata   (s_axi_wdata),
        .wstrb   (s_axi_wstrb),
        .wlast   (s_axi_wlast),
        .wvalid  (s_axi_wvalid),
        .wready  (s_axi_wready),
        .bvalid  (s_axi_bvalid),
        .bready  (s_axi_bready)
    );

endmodule

`resetall
