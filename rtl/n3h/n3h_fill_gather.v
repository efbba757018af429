// n3h_fill_gather: reads spans from the raw ring and packs them into lanes of DK bits.
//
// One piece per cycle: the part of a span that lies in one DK-bit word is read, rotated to where
// the lane stands and appended under a mask; what passes the end of the lane opens the next one.
// Spans follow each other without a gap. The last lane of a pixel is filled with zeros, and costs
// one cycle more where the last piece passes the end of a lane. Pad spans take the pad code
// instead of a raw word. A lane leaves three cycles after its last piece was issued; a lane not
// taken (`lane_ready` low) holds everything here.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_fill_gather #(
    parameter integer LK = 6,        // log2 of DK
    parameter integer SW = 0,        // log2 of the DK words in a raw-ring word
    parameter integer AW = 10        // address bits of the raw ring
) (
    input  wire                   clk,
    input  wire                   rst,       // synchronous, active high
    input  wire                   start,     // the next span opens a pixel

    input  wire [1:0]             c_cont,
    input  wire [7:0]             c_zin,

    input  wire                   span_valid,
    output wire                   span_ready,
    input  wire                   span_pad,
    input  wire [AW+SW-1:0]       span_addr,
    input  wire [LK-1:0]          span_off,
    input  wire [LK:0]            span_len,
    input  wire [20:0]            span_end,
    input  wire                   span_eop,
    input  wire                   span_eor,
    input  wire                   span_eol,

    output wire                   raw_re,
    output wire [AW-1:0]          raw_addr,
    input  wire [(1<<(LK+SW))-1:0] raw_data,

    output wire                   row_read,  // every word of an output row has been read
    output wire                   pass_read, // and it was the last row of the pass

    output wire                   lane_valid,
    input  wire                   lane_ready,
    output wire [(1<<LK)-1:0]     lane_data,
    output wire                   lane_eop   // last lane of the pixel
);

    localparam integer DK = 1 << LK;
    localparam integer UW = AW + SW;
    localparam integer PW = 21 - LK;         // words of a span
    localparam [LK:0]   WORD = {1'b1, {LK{1'b0}}};
    localparam [PW-1:0] ONE  = {{(PW-1){1'b0}}, 1'b1};
    localparam [PW-1:0] TWO  = {{(PW-2){1'b0}}, 2'b10};

    reg  t_valid_q;
    wire adv = !t_valid_q || lane_ready;

    // --- p: pieces of one span --------------------------------------------------------------
    reg           p_valid_q, p_pad_q, p_last_q, p_eop_q, p_eor_q, p_eol_q;
    reg [UW-1:0]  p_addr_q;
    reg [LK-1:0]  p_off_q, p_low_q;          // offset of this piece, end in the last word
    reg [LK:0]    p_len_q;
    reg [PW-1:0]  p_up_q;                    // whole words up to the end of the span
    reg [LK-1:0]  fill_q;                    // bits in the lane so far
    reg           flush_q;                   // the pixel's last piece left bits in a new lane

    wire          aligned = p_low_q == {LK{1'b0}};
    wire          s_one   = span_end[20:LK] == {PW{1'b0}}
                         || (span_end[20:LK] == ONE && span_end[LK-1:0] == {LK{1'b0}});
    wire          n_last  = p_up_q == ONE || (p_up_q == TWO && aligned);
    wire [LK:0]   level   = {1'b0, fill_q} + p_len_q;
    wire          fire    = p_valid_q && adv && !flush_q;
    wire          fin     = p_last_q && p_eop_q;
    wire          spill   = fin && level > WORD;

    always @(posedge clk) begin
        if (span_ready) begin
            p_valid_q <= span_valid;
            p_pad_q   <= span_pad;
            p_addr_q  <= span_addr;
            p_off_q   <= span_off;
            p_low_q   <= span_end[LK-1:0];
            p_up_q    <= span_end[20:LK];
            p_len_q   <= s_one ? span_len : WORD - {1'b0, span_off};
            p_last_q  <= s_one;
            p_eop_q   <= span_eop;
            p_eor_q   <= span_eor;
            p_eol_q   <= span_eol;
        end else if (fire) begin
            p_addr_q  <= p_addr_q + {{(UW-1){1'b0}}, 1'b1};
            p_off_q   <= {LK{1'b0}};
            p_up_q    <= p_up_q - ONE;
            p_len_q   <= n_last && !aligned ? {1'b0, p_low_q} : WORD;
            p_last_q  <= n_last;
        end
        if (fire)
            fill_q <= fin && !spill ? {LK{1'b0}} : level[LK-1:0];
        else if (flush_q && adv)
            fill_q <= {LK{1'b0}};
        if (adv)
            flush_q <= fire && spill;
        if (start)
            fill_q <= {LK{1'b0}};
        if (rst) begin
            p_valid_q <= 1'b0;
            flush_q   <= 1'b0;
        end
    end

    assign span_ready = !p_valid_q || (fire && p_last_q);
    assign row_read   = fire && p_last_q && p_eor_q;
    assign pass_read  = p_eol_q;
    assign raw_re     = fire && !p_pad_q;
    assign raw_addr   = p_addr_q[UW-1:SW];

    // --- b: the raw word arrives; c: rotated to the lane ------------------------------------
    reg           b_valid_q, b_pad_q, b_push_q, b_eop_q;
    reg [LK-1:0]  b_turn_q, b_fill_q;
    reg [LK:0]    b_level_q;
    reg           c_valid_q, c_pad_q, c_push_q, c_eop_q;
    reg [DK-1:0]  c_word_q;
    reg [DK-1:0]  c_from_q, c_past_q;        // where the lane is free, what lies past the piece
    reg           c_full_q;                  // the piece ends with the lane or in the next one
    wire [DK-1:0] b_word;

    // Bits n and up, as eight-bit groups: two LUT levels, a shift has more.
    function automatic [DK-1:0] ones_from(input [LK-1:0] n);
        integer k;
        for (k = 0; k < DK / 8; k = k + 1)
            ones_from[8*k +: 8] = {{(35-LK){1'b0}}, n[LK-1:3]} < k  ? 8'hff
                                : {{(35-LK){1'b0}}, n[LK-1:3]} == k ? 8'hff << n[2:0] : 8'h00;
    endfunction

    generate
        if (SW == 0) begin : g_whole
            assign b_word = raw_data;
        end else begin : g_part
            reg [SW-1:0] b_sub_q;
            always @(posedge clk)
                if (adv)
                    b_sub_q <= p_addr_q[SW-1:0];
            assign b_word = raw_data[DK*b_sub_q +: DK];
        end
    endgenerate

    wire [DK-1:0] b_turned;
    n3h_fill_turn #(.LK (LK)) u_turn (.by (b_turn_q), .x (b_word), .y (b_turned));

    // --- t: append under masks --------------------------------------------------------------
    reg           t_eop_q;
    reg [DK-1:0]  open_q;                    // the lane being filled; zero beyond its bits
    reg [DK-1:0]  t_data_q;
    reg [7:0]     pad;

    always @* begin
        case (c_cont)
            2'd0:    pad = {8{c_zin[0]}};
            2'd1:    pad = {4{c_zin[1:0]}};
            2'd2:    pad = {2{c_zin[3:0]}};
            default: pad = c_zin;
        endcase
    end

    wire [DK-1:0] word = c_pad_q ? {(DK/8){pad}} : c_word_q;
    wire [DK-1:0] lane = open_q | (word & c_from_q & ({DK{c_full_q}} | ~c_past_q));
    wire [DK-1:0] next = word & ~c_past_q & {DK{c_full_q}};

    always @(posedge clk) begin
        if (adv) begin
            b_valid_q <= fire || flush_q;
            b_pad_q   <= p_pad_q;
            b_push_q  <= flush_q || level[LK] || fin;
            b_eop_q   <= flush_q || (fin && !spill);
            b_turn_q  <= fill_q - p_off_q;
            b_fill_q  <= flush_q ? {LK{1'b0}} : fill_q;
            b_level_q <= flush_q ? {(LK+1){1'b0}} : level;

            c_valid_q <= b_valid_q;
            c_pad_q   <= b_pad_q;
            c_push_q  <= b_push_q;
            c_eop_q   <= b_eop_q;
            c_word_q  <= b_turned;
            c_from_q  <= ones_from(b_fill_q);
            c_past_q  <= ones_from(b_level_q[LK-1:0]);
            c_full_q  <= b_level_q[LK];

            t_valid_q <= c_valid_q && c_push_q;
            t_data_q  <= lane;
            t_eop_q   <= c_eop_q;
            if (c_valid_q)
                open_q <= c_push_q ? next : lane;
        end
        if (start)
            open_q <= {DK{1'b0}};
        if (rst) begin
            b_valid_q <= 1'b0;
            c_valid_q <= 1'b0;
            t_valid_q <= 1'b0;
        end
    end

    assign lane_valid = t_valid_q;
    assign lane_data  = t_data_q;
    assign lane_eop   = t_eop_q;

endmodule

`resetall
