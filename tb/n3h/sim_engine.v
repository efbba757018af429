// sim_engine: stands in for an engine behind n3h_issue and writes down what it saw.
//
// It runs 1..2^span cycles (drawn anew each time), stalls in some of them, and never ends while
// `hang` is high. Each cycle with a take, put, start, done or bank write adds one log entry:
// {now[31:0], take, put, start, done, cfg_we, id[15:0]}, id from the payload, or from the data of a
// bank write. `bad` rises if the payload or the bank changes while it runs. `open_log` empties it.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module sim_engine #(
    parameter integer SEED = 1,
    parameter integer LOG  = 1024
) (
    input  wire         clk,
    input  wire         rst,
    input  wire         open_log,
    input  wire [31:0]  now,
    input  wire [3:0]   span,
    input  wire         hang,

    input  wire [3:0]   take,
    input  wire [3:0]   put,
    input  wire         cfg_we,
    input  wire [7:0]   cfg_reg,
    input  wire [95:0]  cfg_data,
    input  wire         start,
    input  wire [111:0] payload,
    output wire         done,
    output wire         stall,
    output wire         bad,
    output wire [15:0]  entries
);

    reg  [58:0]  log_mem [0:LOG-1] /*verilator public_flat_rw*/;
    reg  [15:0]  entries_q;
    reg  [31:0]  dice_q;
    reg  [15:0]  left_q;
    reg          busy_q, done_q, bad_q;
    reg  [111:0] seen_q;
    reg  [7:0]   reg_q;

    wire [31:0] dice_a = dice_q ^ (dice_q << 13);
    wire [31:0] dice_b = dice_a ^ (dice_a >> 17);
    wire        active = (take != 4'd0) || (put != 4'd0) || start || done_q || cfg_we;
    wire [15:0] id     = cfg_we ? cfg_data[15:0] : payload[15:0];

    initial dice_q = 32'h2545F491 * (2*SEED + 1);

    always @(posedge clk) begin
        dice_q <= dice_b ^ (dice_b << 5);
        done_q <= busy_q && (left_q == 16'd0) && !hang;
        left_q <= (left_q == 16'd0) ? 16'd0 : left_q - 1'b1;
        if (busy_q && (left_q == 16'd0) && !hang) busy_q <= 1'b0;
        if (start) begin
            busy_q <= 1'b1;
            left_q <= dice_q[15:0] & ((16'd1 << span) - 16'd1);
            seen_q <= payload;
            reg_q  <= cfg_reg;
        end
        if ((busy_q || done_q) && ((payload != seen_q) || (cfg_reg != reg_q) || cfg_we || start))
            bad_q <= 1'b1;
        if (active && (entries_q < LOG[15:0])) begin
            log_mem[entries_q] <= {now, take, put, start, done_q, cfg_we, id};
            entries_q <= entries_q + 1'b1;
        end
        if (rst) begin
            busy_q <= 1'b0;
            done_q <= 1'b0;
        end
        if (open_log) begin
            entries_q <= 16'd0;
            bad_q     <= 1'b0;
        end
    end

    assign done    = done_q;
    assign stall   = hang || dice_q[20];
    assign bad     = bad_q;
    assign entries = entries_q;

endmodule

`resetall
