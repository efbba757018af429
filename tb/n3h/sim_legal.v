// sim_legal: which words are legal, written by hand from the instruction set's page.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module sim_legal (
    input  wire [127:0] word,
    output reg          legal
);

    wire [2:0] op      = word[127:125];
    wire [2:0] eng     = word[124:122];
    wire [3:0] waits   = word[121:118];
    wire [3:0] posts   = word[117:114];
    wire       unit    = word[112];
    wire [7:0] cfg_reg = word[103:96];

    reg [3:0] wait_ok, post_ok;
    reg [2:0] own_op;
    reg [7:0] regs;

    always @* begin
        case (eng)
            3'd0:    {wait_ok, post_ok, own_op, regs} = {4'h1, 4'h0, 3'd1, 8'd1};   // LOAD_X
            3'd1:    {wait_ok, post_ok, own_op, regs} = {4'hf, 4'hf, 3'd1, 8'd0};   // LOAD_W
            3'd2:    {wait_ok, post_ok, own_op, regs} = {4'h1, 4'h0, 3'd1, 8'd1};   // LOAD_R
            3'd3:    {wait_ok, post_ok, own_op, regs} = {4'h0, 4'h0, 3'd1, 8'd3};   // FILL
            3'd4:    {wait_ok, post_ok, own_op, regs} = {4'h1, 4'h1, 3'd4, 8'd0};   // GEMM_L
            3'd5:    {wait_ok, post_ok, own_op, regs} = {4'h1, 4'h1, 3'd3, 8'd0};   // GEMM_D
            3'd6:    {wait_ok, post_ok, own_op, regs} = {4'h1, 4'h1, 3'd5, 8'd1};   // POST
            default: {wait_ok, post_ok, own_op, regs} = {4'h0, 4'h3, 3'd2, 8'd3};   // STORE
        endcase
        legal = ((waits & ~wait_ok) == 4'd0) && ((posts & ~post_ok) == 4'd0) && (!unit || (eng == 3'd6));
        if (op == 3'd6)
            legal = legal && ((cfg_reg < regs) || (cfg_reg == 8'd255));
        else if ((op != 3'd0) && (op != 3'd7))
            legal = legal && (op == own_op);
    end

endmodule

`resetall
