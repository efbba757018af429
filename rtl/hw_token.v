// hw_token: one counter of synchronisation tokens between a giver and a taker.
//
// `put` adds a token and `take` removes one, both in the same cycle leave the count as it is.
// `has` (a token may be taken) and `room` (one may be put) are the count of the cycle: a `put`
// does not serve a `take` of the same cycle. A `put` without room or a `take` without token
// changes nothing on its side and raises `error` for the next cycle, so that no sequence of inputs
// takes the count out of 0..MAX (proven, not tested).
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_token #(
    parameter integer MAX = 63      // tokens it holds, >= 1
) (
    input  wire clk,
    input  wire rst,    // synchronous, active high

    input  wire put,
    input  wire take,
    output wire has,
    output wire room,
    output wire error
);

    localparam integer W = $clog2(MAX + 1);

    reg [W-1:0] count_q;
    reg         has_q, room_q, error_q;

    wire         up      = put && room_q;
    wire         down    = take && has_q;
    wire [W-1:0] count_d = (up && !down) ? count_q + 1'b1 :
                           (down && !up) ? count_q - 1'b1 : count_q;

    always @(posedge clk) begin
        count_q <= count_d;
        has_q   <= count_d != {W{1'b0}};
        room_q  <= count_d != MAX[W-1:0];
        error_q <= (put && !room_q) || (take && !has_q);
        if (rst) begin
            count_q <= {W{1'b0}};
            has_q   <= 1'b0;
            room_q  <= 1'b1;
            error_q <= 1'b0;
        end
    end

    assign has   = has_q;
    assign room  = room_q;
    assign error = error_q;

endmodule

`resetall
