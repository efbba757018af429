// n3h_unpack: beats of packed codes in, words of one byte per code out, segment by segment.
//
// A segment is `x_beats` beats, codes of 2^cont bits from the low bits up; its first
// `seg_words` words of LANES codes leave on `m_*`, zero- or sign-extended (`sext`) to 8 bits, what
// is left of its beats is dropped. The geometry holds from `start` until the last segment has gone;
// seg_words*LANES codes fit in x_beats beats, both >= 1. One word per cycle, two idle
// cycles between segments. `m_last` marks a segment's last word.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_unpack #(
    parameter integer AXI_W = 64,
    parameter integer LANES = 1             // power of two, 1..16
) (
    input  wire               clk,
    input  wire               rst,          // synchronous, active high

    input  wire               start,        // forgets everything
    input  wire [15:0]        x_beats,
    input  wire [15:0]        seg_words,
    input  wire [1:0]         cont,
    input  wire               sext,

    input  wire [AXI_W-1:0]   s_data,
    input  wire               s_valid,
    output wire               s_ready,

    output wire [LANES*8-1:0] m_data,
    output wire               m_valid,
    output wire               m_last,
    input  wire               m_ready,
    output wire               empty         // every beat of the last segment is taken or dropped
);

    localparam integer WORD_W = LANES * 8;
    localparam integer HOLD_W = (WORD_W > AXI_W) ? WORD_W : AXI_W;
    localparam integer LL     = $clog2(LANES);
    localparam integer LA     = $clog2(AXI_W);

    reg  [HOLD_W-1:0] hold_q;               // next word in the low bits
    reg  [8:0]        held_q;               // words in it
    reg               half_q;               // half of a word of two beats is in it
    reg  [15:0]       words_q, beats_q;     // of the segment: to leave, to be taken
    reg               open_q;               // start seen

    // words of one beat: AXI_W / (LANES << cont); a word of two beats counts with its second
    wire [8:0]        fresh   = (9'd1 << LA) >> (LL[3:0] + {2'd0, cont});
    wire              twice   = fresh == 9'd0;

    wire              fire    = m_valid && m_ready;
    wire              seg_end = (words_q == 16'd0) && (beats_q == 16'd0);
    wire              spent   = (held_q == 9'd0) || (fire && (held_q == 9'd1) && !m_last);
    wire              take    = s_valid && s_ready;
    wire              keep    = take && (words_q != 16'd0);
    wire [HOLD_W-1:0] beat    = {{HOLD_W-AXI_W{1'b0}}, s_data};
    wire [HOLD_W-1:0] upper;
    wire [HOLD_W-1:0] shifted = (cont == 2'd0) ? hold_q >> LANES :
                                (cont == 2'd1) ? hold_q >> 2*LANES :
                                (cont == 2'd2) ? hold_q >> 4*LANES : hold_q >> 8*LANES;

    generate
        if (HOLD_W > AXI_W) begin : g_two
            assign upper = {s_data, hold_q[AXI_W-1:0]};
        end else begin : g_one
            assign upper = beat;
        end
    endgenerate

    assign s_ready = open_q && (beats_q != 16'd0) && ((words_q == 16'd0) || spent);
    assign m_valid = held_q != 9'd0;
    assign m_last  = words_q == 16'd1;
    assign empty   = beats_q == 16'd0;

    always @(posedge clk) begin
        if (fire) begin
            words_q <= words_q - 1'b1;
            held_q  <= m_last ? 9'd0 : held_q - 1'b1;
            hold_q  <= shifted;
        end
        if (take) beats_q <= beats_q - 1'b1;
        if (keep) begin
            hold_q <= half_q ? upper : beat;
            half_q <= twice && !half_q;
            held_q <= !twice ? fresh : {8'd0, half_q};
        end
        if (start || (open_q && seg_end)) begin
            words_q <= seg_words;
            beats_q <= x_beats;
            half_q  <= 1'b0;
        end
        if (start) begin
            open_q <= 1'b1;
            held_q <= 9'd0;
        end
        if (rst) begin
            open_q <= 1'b0;
            held_q <= 9'd0;
        end
    end

    // lane l of the low word, by container width
    genvar l;
    generate
        for (l = 0; l < LANES; l = l + 1) begin : g_lane
            wire       b1 = hold_q[l];
            wire [1:0] b2 = hold_q[2*l +: 2];
            wire [3:0] b4 = hold_q[4*l +: 4];
            wire [7:0] b8 = hold_q[8*l +: 8];
            assign m_data[8*l +: 8] = (cont == 2'd0) ? {{7{sext && b1}}, b1} :
                                      (cont == 2'd1) ? {{6{sext && b2[1]}}, b2} :
                                      (cont == 2'd2) ? {{4{sext && b4[3]}}, b4} : b8;
        end
    endgenerate

endmodule

`resetall
