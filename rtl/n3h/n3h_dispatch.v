// n3h_dispatch: fetches the program and hands each word to its engine's queue, in order.
//
// `start` (when idle since reset) fetches prog_words 128-bit words from prog_base (a multiple of
// the bus width). A word leaves when its queue has room, at most one per cycle. The program ends
// with one of three one-cycle events, after which nothing more is handed out until reset:
//   halt     HALT was reached, all queues and engines became idle (`quiet`), and the bus too
//   illegal  the word at `index` is illegal (chk_legal, combinational in chk_word)
//   no_halt  all words are handed out and none was HALT
// The header's bit positions are those of the instruction set; queue entries are those of
// n3h_issue.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dispatch #(
    parameter integer AXI_W   = 64,     // 64, 128 or 256
    parameter integer ENGINES = 9,
    parameter integer CHUNK   = 16,     // beats asked for at once
    parameter integer DEPTH   = 64      // beats fetched ahead
) (
    input  wire               clk,
    input  wire               rst,          // synchronous, active high

    input  wire               start,
    input  wire [31:0]        prog_base,
    input  wire [31:0]        prog_words,
    output wire               halt,
    output wire               illegal,
    output wire               no_halt,
    output wire [31:0]        index,

    output wire               req_valid,
    input  wire               req_ready,
    output wire [31:0]        req_addr,
    output wire [15:0]        req_beats,
    input  wire               rsp_valid,
    input  wire [AXI_W-1:0]   rsp_data,

    output wire [127:0]       chk_word,
    input  wire               chk_legal,

    output wire [122:0]       q_data,       // for the queue whose q_valid is high
    output wire [ENGINES-1:0] q_valid,
    input  wire [ENGINES-1:0] q_ready,
    input  wire               quiet,        // every queue empty and every engine idle
    input  wire               bus_idle      // nothing outstanding on the bus
);

    localparam [2:0] OP_SYNC = 3'd0, OP_CFG = 3'd6, OP_HALT = 3'd7;
    localparam [2:0] ENG_POST = 3'd6;
    localparam [3:0] QUEUE_POST_D = 4'd8;       // the others: queue number = engine number

    // fetch
    reg              run_q, stop_q;             // handing out; ended
    wire             beat_valid, beat_ready, unused_idle;
    wire [AXI_W-1:0] beat;
    wire [32:0]      beats;

    n3h_dma_stream #(.AXI_W(AXI_W), .COUNT_W(33), .CHUNK(CHUNK), .DEPTH(DEPTH)) u_fetch (
        .clk       (clk),
        .rst       (rst || stop_q),
        .s_valid   (start),
        .s_ready   (unused_idle),
        .s_addr    (prog_base),
        .s_beats   (beats),
        .req_valid (req_valid),
        .req_ready (req_ready),
        .req_addr  (req_addr),
        .req_beats (req_beats),
        .rsp_valid (rsp_valid),
        .rsp_data  (rsp_data),
        .m_data    (beat),
        .m_valid   (beat_valid),
        .m_ready   (beat_ready)
    );

    // beats to words: `word` is complete with the current beat
    wire             word_valid, word_ready;
    wire [127:0]     word;

    generate
        if (AXI_W == 64) begin : g_two_beats
            reg        half_q;
            reg [63:0] low_q;
            always @(posedge clk) begin
                if (beat_valid && beat_ready) begin
                    half_q <= !half_q;
                    low_q  <= beat;
                end
                if (rst) half_q <= 1'b0;
            end
            assign beats      = {prog_words, 1'b0};
            assign word       = {beat, low_q};
            assign word_valid = beat_valid && half_q;
            assign beat_ready = !half_q || word_ready;
        end else if (AXI_W == 128) begin : g_one_beat
            assign beats      = {1'b0, prog_words};
            assign word       = beat;
            assign word_valid = beat_valid;
            assign beat_ready = word_ready;
        end else begin : g_half_beat
            reg half_q;
            always @(posedge clk) begin
                if (word_valid && word_ready) half_q <= !half_q;
                if (rst) half_q <= 1'b0;
            end
            assign beats      = ({1'b0, prog_words} + 33'd1) >> 1;
            assign word       = half_q ? beat[255:128] : beat[127:0];
            assign word_valid = beat_valid;
            assign beat_ready = word_ready && half_q;
        end
    endgenerate

    // check, then send
    reg          word_valid_q;
    reg  [127:0] word_q;
    reg          send_valid_q, send_halt_q, send_bad_q;
    reg  [122:0] send_q;
    reg  [ENGINES-1:0] send_to_q;
    reg  [31:0]  index_q, left_q;
    reg          halting_q, settled_q;          // HALT was reached; and the fetch has stopped
    reg          halt_q, illegal_q, no_halt_q;

    wire [2:0]   op      = word_q[127:125];
    wire [2:0]   eng     = word_q[124:122];
    wire         unit    = word_q[112];
    wire [3:0]   queue   = ((eng == ENG_POST) && unit) ? QUEUE_POST_D : {1'b0, eng};
    wire         work    = (op != OP_SYNC) && (op != OP_CFG);

    wire         live    = run_q && (left_q != 32'd0) && send_valid_q;
    wire         plain   = live && !send_halt_q && !send_bad_q;
    wire         sent    = plain && ((send_to_q & q_ready) != {ENGINES{1'b0}});
    wire         move    = !send_valid_q || sent;       // the checked word moves to the send stage

    assign word_ready = !word_valid_q || move;

    always @(posedge clk) begin
        if (word_ready) begin
            word_valid_q <= word_valid;
            word_q       <= word;
        end
        if (move) begin
            send_valid_q <= word_valid_q;
            send_halt_q  <= op == OP_HALT;
            send_bad_q   <= !chk_legal;
            send_q       <= {work, op == OP_CFG, word_q[113], word_q[121:118], word_q[117:114],
                             word_q[111:0]};
            send_to_q    <= {{ENGINES-1{1'b0}}, 1'b1} << queue;
        end
        if (sent) begin
            index_q <= index_q + 1'b1;
            left_q  <= left_q - 1'b1;
        end

        // the fetch stops first; then the bus can only become, and stay, idle
        settled_q <= halting_q;
        illegal_q <= live && send_bad_q;
        no_halt_q <= run_q && (left_q == 32'd0);
        halt_q    <= settled_q && halting_q && quiet && bus_idle;
        if (settled_q && quiet && bus_idle) halting_q <= 1'b0;
        if (live && send_halt_q && !send_bad_q) halting_q <= 1'b1;
        if (run_q && ((left_q == 32'd0) || (live && (send_bad_q || send_halt_q)))) begin
            run_q  <= 1'b0;
            stop_q <= 1'b1;
        end
        if (start) begin
            run_q   <= 1'b1;
            left_q  <= prog_words;
            index_q <= 32'd0;
        end
        if (rst) begin
            run_q        <= 1'b0;
            stop_q       <= 1'b0;
            halting_q    <= 1'b0;
            settled_q    <= 1'b0;
            word_valid_q <= 1'b0;
            send_valid_q <= 1'b0;
            halt_q       <= 1'b0;
            illegal_q    <= 1'b0;
            no_halt_q    <= 1'b0;
        end
    end

    assign halt     = halt_q;
    assign illegal  = illegal_q;
    assign no_halt  = no_halt_q;
    assign index    = index_q;
    assign chk_word = word_q;
    assign q_data   = send_q;
    assign q_valid  = plain ? send_to_q : {ENGINES{1'b0}};

endmodule

`resetall
