// n3h_post: both cores' results to output codes in the collector.
//
// Two contexts, `l` for the bit-serial core (items of DM x DN results) and `d` for the DSP core
// (items of POUT results), walk their passes independently (n3h_post_walk) and share LANES
// requantising lanes: one channel group per cycle, alternating when both have one. A group granted
// in cycle t is read from the core with `*_res_re` in cycle t, has its parameters and residual read
// in t+1 and is written to the collector in t+11; writes keep the order of the grants.
//
// y = clip(rhe(((acc + bias)*mul + (res - res_z)*res_mul*2^rs) / 2^shift) + zout, lo, hi)
//
// Payload and bank fields as in the instruction set; stable from `*_start` to `*_done`.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_post #(
    parameter integer DM        = 4,    // pixels per row tile
    parameter integer DN        = 4,    // filters per column tile of the bit-serial core
    parameter integer POUT      = 4,    // filters per column tile of the DSP core
    parameter integer LANES     = 1,    // divides DN and POUT
    parameter integer COL_DEPTH = 4096,
    parameter integer RES_DEPTH = 2048,
    parameter integer PRM_DEPTH = 512
) (
    input  wire                         clk,
    input  wire                         rst,        // synchronous, active high

    input  wire                         l_start,
    output wire                         l_done,
    output wire                         l_stall,
    input  wire [19:0]                  l_i_pixels,
    input  wire [9:0]                   l_i_n_tiles,
    input  wire [11:0]                  l_i_g0,
    input  wire [11:0]                  l_i_g_cnt,
    input  wire [11:0]                  l_i_gpp,
    input  wire [11:0]                  l_i_p_base,
    input  wire [4:0]                   l_i_lane_lo,
    input  wire [4:0]                   l_i_lane_hi,
    input  wire [23:0]                  l_i_words,
    input  wire [8:0]                   l_c_lo,
    input  wire [8:0]                   l_c_hi,
    input  wire [8:0]                   l_c_zout,
    input  wire                         l_c_res_en,
    input  wire                         l_c_res_signed,
    input  wire [8:0]                   l_c_res_z,
    input  wire [15:0]                  l_c_res_mul,

    input  wire                         d_start,
    output wire                         d_done,
    output wire                         d_stall,
    input  wire [19:0]                  d_i_pixels,
    input  wire [9:0]                   d_i_n_tiles,
    input  wire [11:0]                  d_i_g0,
    input  wire [11:0]                  d_i_g_cnt,
    input  wire [11:0]                  d_i_gpp,
    input  wire [11:0]                  d_i_p_base,
    input  wire [4:0]                   d_i_lane_lo,
    input  wire [4:0]                   d_i_lane_hi,
    input  wire [23:0]                  d_i_words,
    input  wire [8:0]                   d_c_lo,
    input  wire [8:0]                   d_c_hi,
    input  wire [8:0]                   d_c_zout,
    input  wire                         d_c_res_en,
    input  wire                         d_c_res_signed,
    input  wire [8:0]                   d_c_res_z,
    input  wire [15:0]                  d_c_res_mul,

    input  wire                         l_res_valid,    // an item is ready
    output wire                         l_res_re,
    output wire [$clog2(DM)-1:0]        l_res_m,        // pixel of the item
    output wire [(DN > LANES ? $clog2(DN/LANES) : 1)-1:0]
                                        l_res_g,        // channel group of the item
    output wire                         l_res_pop,      // with the item's last read
    input  wire [LANES*32-1:0]          l_res_data,     // one cycle after the read

    input  wire                         d_res_valid,
    output wire                         d_res_re,
    output wire [(POUT > LANES ? $clog2(POUT/LANES) : 1)-1:0]
                                        d_res_g,
    output wire                         d_res_pop,
    input  wire [LANES*32-1:0]          d_res_data,

    output wire                         prm_re,
    output wire [$clog2(PRM_DEPTH)-1:0] prm_addr,
    input  wire [LANES*64-1:0]          prm_data,

    output wire                         rsd_re,
    output wire [$clog2(RES_DEPTH)-1:0] rsd_addr,
    input  wire [LANES*8-1:0]           rsd_data,
    input  wire [31:0]                  rsd_done,
    output wire [31:0]                  rsd_freed_l,
    output wire [31:0]                  rsd_freed_d,

    output wire                         col_we,
    output wire [$clog2(COL_DEPTH)-1:0] col_addr,
    output wire [LANES-1:0]             col_be,
    output wire [LANES*8-1:0]           col_data,
    input  wire [31:0]                  col_freed,
    output wire [31:0]                  col_done_l,
    output wire [31:0]                  col_done_d
);

    localparam integer CA = $clog2(COL_DEPTH);
    localparam integer RA = $clog2(RES_DEPTH);
    localparam integer PA = $clog2(PRM_DEPTH);
    localparam integer USER_W = 3 + LANES + CA;     // context, tile, pass, be, address

    // ---- contexts
    wire             l_req, l_tile, l_pass, d_req, d_tile, d_pass;
    wire             l_pop, d_pop;
    wire [PA-1:0]    l_prm, d_prm;
    wire [RA-1:0]    l_rsd, d_rsd;
    wire [CA-1:0]    l_col, d_col;
    wire [LANES-1:0] l_be, d_be;
    wire             wr, wr_ctx, wr_tile, wr_pass;      // the write at the collector port

    reg  l_turn_q;
    wire l_want = l_req && l_res_valid;
    wire d_want = d_req && d_res_valid;
    wire l_gnt  = l_want && (!d_want || l_turn_q);
    wire d_gnt  = d_want && (!l_want || !l_turn_q);

    n3h_post_walk #(
        .DM(DM), .D(DN), .TILED(1), .LANES(LANES),
        .COL_DEPTH(COL_DEPTH), .RES_DEPTH(RES_DEPTH), .PRM_DEPTH(PRM_DEPTH)
    ) u_walk_l (
        .clk(clk), .rst(rst), .start(l_start), .done(l_done), .stall(l_stall),
        .i_pixels(l_i_pixels), .i_n_tiles(l_i_n_tiles), .i_g0(l_i_g0), .i_g_cnt(l_i_g_cnt),
        .i_gpp(l_i_gpp), .i_p_base(l_i_p_base), .i_lane_lo(l_i_lane_lo), .i_lane_hi(l_i_lane_hi),
        .i_words(l_i_words), .c_res_en(l_c_res_en),
        .col_freed(col_freed), .col_done(col_done_l), .rsd_done(rsd_done), .rsd_freed(rsd_freed_l),
        .req(l_req), .gnt(l_gnt), .req_m(l_res_m), .req_g(l_res_g), .req_pop(l_pop),
        .req_prm(l_prm), .req_rsd(l_rsd), .req_col(l_col), .req_be(l_be),
        .req_tile(l_tile), .req_pass(l_pass),
        .wr_tile(wr && !wr_ctx && wr_tile), .wr_pass(wr && !wr_ctx && wr_pass)
    );

    wire [$clog2(DM)-1:0] unused_m;     // an item of the DSP core is one pixel

    n3h_post_walk #(
        .DM(DM), .D(POUT), .TILED(0), .LANES(LANES),
        .COL_DEPTH(COL_DEPTH), .RES_DEPTH(RES_DEPTH), .PRM_DEPTH(PRM_DEPTH)
    ) u_walk_d (
        .clk(clk), .rst(rst), .start(d_start), .done(d_done), .stall(d_stall),
        .i_pixels(d_i_pixels), .i_n_tiles(d_i_n_tiles), .i_g0(d_i_g0), .i_g_cnt(d_i_g_cnt),
        .i_gpp(d_i_gpp), .i_p_base(d_i_p_base), .i_lane_lo(d_i_lane_lo), .i_lane_hi(d_i_lane_hi),
        .i_words(d_i_words), .c_res_en(d_c_res_en),
        .col_freed(col_freed), .col_done(col_done_d), .rsd_done(rsd_done), .rsd_freed(rsd_freed_d),
        .req(d_req), .gnt(d_gnt), .req_m(unused_m), .req_g(d_res_g), .req_pop(d_pop),
        .req_prm(d_prm), .req_rsd(d_rsd), .req_col(d_col), .req_be(d_be),
        .req_tile(d_tile), .req_pass(d_pass),
        .wr_tile(wr && wr_ctx && wr_tile), .wr_pass(wr && wr_ctx && wr_pass)
    );

    assign l_res_re  = l_gnt;
    assign l_res_pop = l_gnt && l_pop;
    assign d_res_re  = d_gnt;
    assign d_res_pop = d_gnt && d_pop;

    // ---- grant + 1: read parameters and residual. Grant + 2: all operands together
    reg                  v1_q, v2_q, rsd_re_q;
    reg [PA-1:0]         prm_addr_q;
    reg [RA-1:0]         rsd_addr_q;
    reg [USER_W-1:0]     user1_q, user2_q;
    reg [LANES*32-1:0]   acc_q;
    wire                 ctx1 = user1_q[USER_W-1];
    wire                 ctx2 = user2_q[USER_W-1];

    always @(posedge clk) begin
        v1_q       <= l_gnt || d_gnt;
        v2_q       <= v1_q;
        rsd_re_q   <= (l_gnt && l_c_res_en) || (d_gnt && d_c_res_en);
        prm_addr_q <= d_gnt ? d_prm : l_prm;
        rsd_addr_q <= d_gnt ? d_rsd : l_rsd;
        user1_q    <= d_gnt ? {1'b1, d_tile, d_pass, d_be, d_col}
                            : {1'b0, l_tile, l_pass, l_be, l_col};
        user2_q    <= user1_q;
        acc_q      <= ctx1 ? d_res_data : l_res_data;
        if (l_gnt) l_turn_q <= 1'b0;
        if (d_gnt) l_turn_q <= 1'b1;
        if (rst) begin
            v1_q     <= 1'b0;
            v2_q     <= 1'b0;
            rsd_re_q <= 1'b0;
            l_turn_q <= 1'b1;
        end
    end

    assign prm_re   = v1_q;
    assign prm_addr = prm_addr_q;
    assign rsd_re   = rsd_re_q;
    assign rsd_addr = rsd_addr_q;

    // without a residual its bytes may be undefined: they count as 0
    wire                res_en     = ctx2 ? d_c_res_en : l_c_res_en;
    wire                res_signed = ctx2 ? d_c_res_signed : l_c_res_signed;
    wire [LANES*32-1:0] bias;
    wire [LANES*16-1:0] mul;
    wire [LANES*6-1:0]  shift;
    wire [LANES*5-1:0]  rs, unused_prm;
    wire [LANES*9-1:0]  res;

    genvar k;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : g_lane
            wire [7:0] code = res_en ? rsd_data[8*k +: 8] : 8'd0;
            assign res[9*k +: 9] = {res_signed && code[7], code};
            assign {unused_prm[5*k +: 5], rs[5*k +: 5], shift[6*k +: 6], mul[16*k +: 16],
                    bias[32*k +: 32]} = prm_data[64*k +: 64];
        end
    endgenerate

    n3h_lanes #(.LANES(LANES), .ACC_W(32), .USER_W(USER_W)) u_lanes (
        .clk      (clk),
        .rst      (rst),
        .s_valid  (v2_q),
        .s_user   (user2_q),
        .s_acc    (acc_q),
        .s_bias   (bias),
        .s_mul    (mul),
        .s_shift  (shift),
        .s_rs     (rs),
        .s_res    (res),
        .s_res_z  (ctx2 ? d_c_res_z : l_c_res_z),
        .s_res_mul(!res_en ? 16'd0 : ctx2 ? d_c_res_mul : l_c_res_mul),
        .s_zout   (ctx2 ? d_c_zout : l_c_zout),
        .s_lo     (ctx2 ? d_c_lo : l_c_lo),
        .s_hi     (ctx2 ? d_c_hi : l_c_hi),
        .m_valid  (wr),
        .m_user   ({wr_ctx, wr_tile, wr_pass, col_be, col_addr}),
        .m_code   (col_data)
    );

    assign col_we = wr;

endmodule

`resetall
