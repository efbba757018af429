// n3h_dsp_result: queue of the DSP core's results, one pixel's POUT sums per item.
//
// `take` reserves a place, `room` says that there is one; every reservation ends in one `put`,
// hence a put never finds the queue full. Reads: LANES sums of group `res_g` of the oldest item, on
// `res_data` one cycle after `res_re`, also with `res_pop`, which removes the item.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dsp_result #(
    parameter integer POUT  = 4,
    parameter integer LANES = 1,    // divides POUT
    parameter integer ITEMS = 16    // a power of two
) (
    input  wire                clk,
    input  wire                rst,         // synchronous, active high

    input  wire                take,
    output wire                room,
    input  wire                put,
    input  wire [POUT*32-1:0]  put_data,

    output wire                res_valid,
    input  wire                res_re,
    input  wire [(POUT > LANES ? $clog2(POUT/LANES) : 1)-1:0]
                               res_g,
    input  wire                res_pop,
    output wire [LANES*32-1:0] res_data
);

    localparam integer GROUPS = POUT / LANES;
    localparam integer SLOTS  = 1 << (POUT > LANES ? $clog2(GROUPS) : 1);
    localparam integer PW     = $clog2(ITEMS);

    (* ram_style = "distributed" *)
    reg [POUT*32-1:0]  mem [0:ITEMS-1];
    reg [PW-1:0]       put_q, pop_q;
    reg [PW:0]         free_q, held_q;      // places to reserve, items to read
    reg [LANES*32-1:0] data_q;

    wire [SLOTS*LANES*32-1:0] item;

    assign item[POUT*32-1:0] = mem[pop_q];
    generate
        if (SLOTS > GROUPS) begin : g_pad
            assign item[SLOTS*LANES*32-1:POUT*32] = {(SLOTS-GROUPS)*LANES*32{1'b0}};
        end
    endgenerate

    always @(posedge clk) begin
        free_q <= free_q + {{PW{1'b0}}, res_pop} - {{PW{1'b0}}, take};
        held_q <= held_q + {{PW{1'b0}}, put} - {{PW{1'b0}}, res_pop};
        if (put) begin
            mem[put_q] <= put_data;
            put_q      <= put_q + 1'b1;
        end
        if (res_pop) pop_q  <= pop_q + 1'b1;
        if (res_re)  data_q <= item[res_g * LANES*32 +: LANES*32];
        if (rst) begin
            free_q <= ITEMS[PW:0];
            held_q <= {PW+1{1'b0}};
            put_q  <= {PW{1'b0}};
            pop_q  <= {PW{1'b0}};
        end
    end

    assign room      = free_q != {PW+1{1'b0}};
    assign res_valid = held_q != {PW+1{1'b0}};
    assign res_data  = data_q;

endmodule

`resetall
