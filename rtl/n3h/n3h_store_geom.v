// n3h_store_geom: the products STORE's walk needs, from one multiplier, once per pass.
//
// `ready` rises 9 cycles after `start` and stays until the next start; the outputs are stable
// while it is high. Inputs are stable from `start` on.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_store_geom (
    input  wire        clk,
    input  wire        rst,         // synchronous, active high

    input  wire        start,
    input  wire [11:0] in_w,
    input  wire [11:0] in_h,
    input  wire [11:0] gpp,
    input  wire [3:0]  k_h,
    input  wire [3:0]  k_w,
    input  wire [3:0]  s_h,
    input  wire [3:0]  s_w,
    input  wire [3:0]  pad_t,
    input  wire [3:0]  pad_l,

    output wire        ready,
    output wire [31:0] row,         // words of a row: in_w * gpp
    output wire [31:0] step_y,      // s_h * row
    output wire [31:0] skip_y,      // pad_t * row
    output wire [31:0] total,       // in_h * row
    output wire [31:0] step_x,      // s_w * gpp
    output wire [31:0] skip_x,      // pad_l * gpp
    output wire [7:0]  window       // k_h * k_w
);

    reg [23:0] a_d, a_q;
    reg [11:0] b_d, b_q;
    reg [35:0] p_q;
    reg [3:0]  step_q;              // 0..6: operands enter; their product is there 2 steps on
    reg        run_q, ready_q;
    reg [31:0] row_q, step_y_q, skip_y_q, total_q, step_x_q, skip_x_q;
    reg [7:0]  window_q;

    always @* begin
        a_d = {12'd0, gpp};
        case (step_q)
            4'd0:    b_d = in_w;
            4'd1:    b_d = {8'd0, s_w};
            4'd2:    b_d = {8'd0, pad_l};
            4'd3:    {a_d, b_d} = {20'd0, k_h, 8'd0, k_w};
            4'd4:    {a_d, b_d} = {row_q[23:0], 8'd0, s_h};
            4'd5:    {a_d, b_d} = {row_q[23:0], 8'd0, pad_t};
            default: {a_d, b_d} = {row_q[23:0], in_h};
        endcase
    end

    wire unused = &{1'b0, p_q[35:32]};

    always @(posedge clk) begin
        a_q <= a_d;
        b_q <= b_d;
        p_q <= {12'd0, a_q} * {24'd0, b_q};
        case (step_q)
            4'd2:    row_q    <= p_q[31:0];
            4'd3:    step_x_q <= p_q[31:0];
            4'd4:    skip_x_q <= p_q[31:0];
            4'd5:    window_q <= p_q[7:0];
            4'd6:    step_y_q <= p_q[31:0];
            4'd7:    skip_y_q <= p_q[31:0];
            4'd8:    total_q  <= p_q[31:0];
            default: ;
        endcase
        step_q  <= run_q ? step_q + 4'd1 : 4'd0;
        run_q   <= start || (run_q && step_q != 4'd8);
        ready_q <= !start && (ready_q || (run_q && step_q == 4'd8));
        if (rst) begin
            run_q   <= 1'b0;
            ready_q <= 1'b0;
        end
    end

    assign ready  = ready_q;
    assign row    = row_q;
    assign step_y = step_y_q;
    assign skip_y = skip_y_q;
    assign total  = total_q;
    assign step_x = step_x_q;
    assign skip_x = skip_x_q;
    assign window = window_q;

endmodule

`resetall
