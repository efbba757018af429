// n3h_lanes: LANES requantising lanes side by side, with a valid bit and a tag beside them.
//
// The codes of the operands given with `s_valid` are at `m_code` with `m_valid` and the same `user`
// 9 cycles later, one set per cycle, no back-pressure. Lane 0 is in the low bits. What is one
// value for all lanes (res_z, res_mul, zout, lo, hi) may change with every set.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_lanes #(
    parameter integer LANES  = 1,
    parameter integer ACC_W  = 32,  // see hw_requant
    parameter integer USER_W = 1
) (
    input  wire                   clk,
    input  wire                   rst,      // synchronous, active high

    input  wire                   s_valid,
    input  wire [USER_W-1:0]      s_user,
    input  wire [LANES*ACC_W-1:0] s_acc,
    input  wire [LANES*ACC_W-1:0] s_bias,
    input  wire [LANES*16-1:0]    s_mul,
    input  wire [LANES*6-1:0]     s_shift,
    input  wire [LANES*5-1:0]     s_rs,
    input  wire [LANES*9-1:0]     s_res,
    input  wire [8:0]             s_res_z,
    input  wire [15:0]            s_res_mul,
    input  wire [8:0]             s_zout,
    input  wire [8:0]             s_lo,
    input  wire [8:0]             s_hi,

    output wire                   m_valid,
    output wire [USER_W-1:0]      m_user,
    output wire [LANES*8-1:0]     m_code
);

    localparam integer LATENCY = 9;     // of hw_requant

    reg [LATENCY-1:0]        valid_q;
    reg [LATENCY*USER_W-1:0] user_q;

    always @(posedge clk) begin
        user_q  <= {user_q[(LATENCY-1)*USER_W-1:0], s_user};
        valid_q <= {valid_q[LATENCY-2:0], s_valid};
        if (rst) valid_q <= {LATENCY{1'b0}};
    end

    genvar l;
    generate
        for (l = 0; l < LANES; l = l + 1) begin : g_lane
            hw_requant #(.ACC_W(ACC_W)) u_requant (
                .clk    (clk),
                .acc    (s_acc[ACC_W*l +: ACC_W]),
                .bias   (s_bias[ACC_W*l +: ACC_W]),
                .mul    (s_mul[16*l +: 16]),
                .shift  (s_shift[6*l +: 6]),
                .res    (s_res[9*l +: 9]),
                .res_z  (s_res_z),
                .res_mul(s_res_mul),
                .rs     (s_rs[5*l +: 5]),
                .zout   (s_zout),
                .lo     (s_lo),
                .hi     (s_hi),
                .code   (m_code[8*l +: 8])
            );
        end
    endgenerate

    assign m_valid = valid_q[LATENCY-1];
    assign m_user  = user_q[LATENCY*USER_W-1 -: USER_W];

endmodule

`resetall
