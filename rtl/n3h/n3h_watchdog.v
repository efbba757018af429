// n3h_watchdog: names who holds a program up.
//
// Fires once, in the cycle after `limit` consecutive cycles in which no engine ran (idle 0,
// waiting 1, running 2, stalled 3). `info` then holds the first waiting queue, else the first
// stalled one, with its state and missing tokens; queue 15 means that all are idle, so the bus
// holds the dispatcher. limit = 0 turns it off; a new limit counts from the next cycle that runs.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_watchdog #(
    parameter integer ENGINES = 9
) (
    input  wire                 clk,
    input  wire                 rst,        // synchronous, active high; held while no program runs

    input  wire [31:0]          limit,
    input  wire [2*ENGINES-1:0] q_state,
    input  wire [4*ENGINES-1:0] q_missing,
    output wire                 fire,
    output wire [9:0]           info        // {missing[3:0], state[1:0], queue[3:0]}
);

    integer q;
    reg        moving;
    reg        have_wait, have_stall;
    reg [9:0]  wait_info, stall_info, info_q;
    reg [31:0] left_q;
    reg        fire_q, fired_q;

    always @* begin
        moving     = 1'b0;
        have_wait  = 1'b0;
        have_stall = 1'b0;
        wait_info  = 10'd0;
        stall_info = 10'd0;
        for (q = ENGINES - 1; q >= 0; q = q - 1) begin
            if (q_state[2*q +: 2] == 2'd2) moving = 1'b1;
            if (q_state[2*q +: 2] == 2'd1) begin
                have_wait = 1'b1;
                wait_info = {q_missing[4*q +: 4], 2'd1, q[3:0]};
            end
            if (q_state[2*q +: 2] == 2'd3) begin
                have_stall = 1'b1;
                stall_info = {4'd0, 2'd3, q[3:0]};
            end
        end
    end

    always @(posedge clk) begin
        info_q  <= have_wait ? wait_info : have_stall ? stall_info : 10'd15;
        left_q  <= moving ? limit : (left_q != 32'd0) ? left_q - 1'b1 : 32'd0;
        fire_q  <= !fired_q && !moving && (left_q == 32'd1);
        fired_q <= fired_q || fire_q;
        if (rst) begin
            left_q  <= limit;
            fire_q  <= 1'b0;
            fired_q <= 1'b0;
        end
    end

    assign fire = fire_q;
    assign info = info_q;

endmodule

`resetall
