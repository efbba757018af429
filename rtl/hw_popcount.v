// hw_popcount: number of ones in `a & b`.
//
// Takes a pair of words per cycle; the count is on `y` one cycle later. TREE = 1 is the counter
// tree for LUT6 fabrics (hw_popcount_tree), with its register inside. TREE = 0 adds fields of
// 64-bit words, with the register behind: the same function, some thirty times faster to
// simulate and three times the area. Simulators take 0, synthesis tools (which define
// SYNTHESIS) 1, unless told otherwise.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_popcount #(
`ifdef SYNTHESIS
    parameter integer TREE  = 1,
`else
    parameter integer TREE  = 0,
`endif
    parameter integer WIDTH = 128   // 64, 128, 256 or 512
) (
    input  wire                       clk,
    input  wire [WIDTH-1:0]           a,
    input  wire [WIDTH-1:0]           b,
    output wire [$clog2(WIDTH+1)-1:0] y
);

    generate
        if (TREE != 0) begin : g_tree
            hw_popcount_tree #(.WIDTH(WIDTH)) u_tree (.clk(clk), .a(a), .b(b), .y(y));
        end else begin : g_fields
            localparam integer YW = $clog2(WIDTH + 1);

            integer i;
            reg [63:0] x, sum;      // sum: eight counts, then four, then one
            reg [YW-1:0] y_q;

            always @* begin
                sum = 64'd0;
                for (i = 0; i < WIDTH; i = i + 64) begin
                    x = a[i +: 64] & b[i +: 64];
                    x = x - ((x >> 1) & 64'h5555_5555_5555_5555);
                    x = (x & 64'h3333_3333_3333_3333) + ((x >> 2) & 64'h3333_3333_3333_3333);
                    sum = sum + ((x + (x >> 4)) & 64'h0f0f_0f0f_0f0f_0f0f);
                end
                sum = (sum & 64'h00ff_00ff_00ff_00ff) + ((sum >> 8) & 64'h00ff_00ff_00ff_00ff);
                sum = sum + (sum >> 16);
                sum = sum + (sum >> 32);
            end

            always @(posedge clk) y_q <= sum[YW-1:0];
            assign y = y_q;
        end
    endgenerate

endmodule

`resetall
