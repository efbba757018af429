// n3h_counters: cycles of a run, and per queue cycles running, waiting and stalled and bus beats.
//
// `clear` empties all of them; they hold when nothing is counted, so the last run stays readable.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_counters #(
    parameter integer ENGINES = 9
) (
    input  wire                  clk,
    input  wire                  clear,         // synchronous

    input  wire                  running,
    input  wire [2*ENGINES-1:0]  q_state,       // 0 idle, 1 waiting, 2 running, 3 stalled
    input  wire [ENGINES-1:0]    q_beat,
    input  wire                  fetch_beat,

    output wire [31:0]           cycles,
    output wire [32*ENGINES-1:0] q_run,
    output wire [32*ENGINES-1:0] q_wait,
    output wire [32*ENGINES-1:0] q_stall,
    output wire [32*ENGINES-1:0] q_beats,
    output wire [31:0]           fetch_beats
);

    reg [31:0] cycles_q, fetch_q;

    always @(posedge clk) begin
        if (running)    cycles_q <= cycles_q + 1'b1;
        if (fetch_beat) fetch_q  <= fetch_q + 1'b1;
        if (clear) begin
            cycles_q <= 32'd0;
            fetch_q  <= 32'd0;
        end
    end

    assign cycles      = cycles_q;
    assign fetch_beats = fetch_q;

    genvar q;
    generate
        for (q = 0; q < ENGINES; q = q + 1) begin : g_queue
            wire [1:0] state = q_state[2*q +: 2];
            reg [31:0] run_q, wait_q, stall_q, beats_q;

            always @(posedge clk) begin
                if (state == 2'd1) wait_q  <= wait_q + 1'b1;
                if (state == 2'd2) run_q   <= run_q + 1'b1;
                if (state == 2'd3) stall_q <= stall_q + 1'b1;
                if (q_beat[q])     beats_q <= beats_q + 1'b1;
                if (clear) begin
                    wait_q  <= 32'd0;
                    run_q   <= 32'd0;
                    stall_q <= 32'd0;
                    beats_q <= 32'd0;
                end
            end

            assign q_run[32*q +: 32]   = run_q;
            assign q_wait[32*q +: 32]  = wait_q;
            assign q_stall[32*q +: 32] = stall_q;
            assign q_beats[32*q +: 32] = beats_q;
        end
    endgenerate

endmodule

`resetall
