// n3h_issue: one engine's queue and issue unit.
//
// Entries are executed strictly in order, one at a time: take the tokens of the wait mask (all in
// one cycle, when all are there), act, give the tokens of the post mask (all in one cycle, when
// every counter has room) and raise the interrupt if asked. To act is to start the engine and wait
// for its `done`, to write one register of its bank, to set the trace tag (register 255), or
// nothing (SYNC). `payload` holds from the start to `done`; a bank written through `cfg_*` is
// stable two cycles before the next start.
//
// Entry, from the top: work, cfg, irq, wait[3:0], post[3:0], payload[111:0].
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_issue #(
    parameter integer QUEUE = 16        // entries: a power of two
) (
    input  wire         clk,
    input  wire         rst,            // synchronous, active high

    input  wire [122:0] s_data,
    input  wire         s_valid,
    output wire         s_ready,

    input  wire [3:0]   tok_has,        // per incoming edge: a token is there
    output wire [3:0]   tok_take,
    input  wire [3:0]   tok_room,       // per outgoing edge: a token may be given
    output wire [3:0]   tok_put,

    output wire         cfg_we,
    output wire [7:0]   cfg_reg,
    output wire [95:0]  cfg_data,

    output wire         start,
    output wire [111:0] payload,
    input  wire         done,
    input  wire         stall,

    output wire         idle,           // nothing queued, nothing under way
    output wire         irq,            // one cycle
    output wire [1:0]   state,          // 0 idle, 1 waiting, 2 running, 3 stalled
    output wire [3:0]   missing,        // tokens waited for (0 while posts wait for room)
    output wire [15:0]  tag
);

    localparam integer LW  = $clog2(QUEUE) + 1;
    localparam [7:0]   TAG = 8'd255;
    localparam [2:0]   IDLE = 3'd0, TAKE = 3'd1, ACT = 3'd2, RUN = 3'd3, POST = 3'd4;

    wire [122:0] entry;
    wire         entry_valid, entry_ready;
    wire [LW-1:0] level;

    hw_fifo #(.WIDTH(123), .DEPTH(QUEUE)) u_queue (
        .clk     (clk),
        .rst     (rst),
        .s_data  (s_data),
        .s_valid (s_valid),
        .s_ready (s_ready),
        .m_data  (entry),
        .m_valid (entry_valid),
        .m_ready (entry_ready),
        .level   (level)
    );

    reg  [2:0]   state_q;
    reg          work_q, cfg_q, irq_q;
    reg  [3:0]   wait_q, post_q;
    reg  [111:0] payload_q;
    reg  [15:0]  tag_q;

    wire         armed = (wait_q & ~tok_has) == 4'd0;
    wire         room  = (post_q & ~tok_room) == 4'd0;
    wire         taken = (state_q == TAKE) && armed;
    wire         ended = (state_q == POST) && room;

    assign entry_ready = (state_q == IDLE) || ended;

    always @(posedge clk) begin
        case (state_q)
            TAKE:    if (armed) state_q <= ACT;
            ACT:     state_q <= work_q ? RUN : POST;
            RUN:     if (done) state_q <= POST;
            default: if (entry_ready) state_q <= entry_valid ? TAKE : IDLE;
        endcase
        if (entry_ready && entry_valid)
            {work_q, cfg_q, irq_q, wait_q, post_q, payload_q} <= entry;
        if ((state_q == ACT) && cfg_q && (payload_q[103:96] == TAG))
            tag_q <= payload_q[15:0];
        if (rst) begin
            state_q <= IDLE;
            tag_q   <= 16'd0;
        end
    end

    assign tok_take = taken ? wait_q : 4'd0;
    assign tok_put  = ended ? post_q : 4'd0;
    assign cfg_we   = (state_q == ACT) && cfg_q && (payload_q[103:96] != TAG);
    assign cfg_reg  = payload_q[103:96];
    assign cfg_data = payload_q[95:0];
    assign start    = (state_q == ACT) && work_q;
    assign payload  = payload_q;
    assign idle     = (state_q == IDLE) && (level == {LW{1'b0}});
    assign irq      = ended && irq_q;
    assign state    = (state_q == IDLE) ? 2'd0 :
                      ((state_q == TAKE) || (state_q == POST)) ? 2'd1 :
                      ((state_q == RUN) && stall) ? 2'd3 : 2'd2;
    assign missing  = (state_q == TAKE) ? wait_q & ~tok_has : 4'd0;
    assign tag      = tag_q;

endmodule

`resetall
