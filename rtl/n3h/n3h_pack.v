// n3h_pack: words of LANES codes, one byte each, to containers of 1, 2, 4 or 8 bits on a bus.
//
// `seg_words` words make a segment: their codes' low 2^cont bits, element 0 in the low bits, follow
// each other in beats of AXI_W bits; the last beat of a segment is filled with zeros. One word per
// cycle is taken while its beats leave (a word of more bits than a beat takes as many cycles as it
// has beats). A beat is at `m_data` in the cycle after its last word. The fields are stable from
// three cycles before the first word of a pass to its last; between passes nothing is held back.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_pack #(
    parameter integer LANES = 1,
    parameter integer AXI_W = 64
) (
    input  wire               clk,
    input  wire               rst,          // synchronous, active high

    input  wire [1:0]         cont,         // log2 of the container width
    input  wire [15:0]        seg_words,

    input  wire [LANES*8-1:0] s_data,
    input  wire               s_valid,
    output wire               s_ready,

    output wire [AXI_W-1:0]   m_data,
    output wire               m_valid,
    input  wire               m_ready
);

    // a block is one beat, or one word of 8-bit containers where that is wider; its unit is what
    // a word of 1-bit containers fills
    localparam integer BW    = AXI_W > LANES * 8 ? AXI_W : LANES * 8;
    localparam integer UNITS = BW / LANES;
    localparam integer UW    = $clog2(UNITS);
    localparam integer BEATS = BW / AXI_W;

    // containers of each width, side by side
    wire [LANES-1:0]   c1;
    wire [LANES*2-1:0] c2;
    wire [LANES*4-1:0] c4;

    genvar g;
    generate
        for (g = 0; g < LANES; g = g + 1) begin : g_lane
            assign c1[g]        = s_data[8*g];
            assign c2[2*g +: 2] = s_data[8*g +: 2];
            assign c4[4*g +: 4] = s_data[8*g +: 4];
        end
    endgenerate

    reg [UW-1:0] pos_q;                     // words in the block
    reg [15:0]   count_q, before_q;         // words of the segment so far; at its last but one
    reg          one_q, seg_end_q;          // segments of one word; the next word is the last
    reg [BW-1:0] part_q;                    // the block so far, zeros above
    reg [BW-1:0] block_q;                   // a whole block on its way out
    reg          block_v_q;

    wire [UW-1:0] pos_end  = {UW{1'b1}} >> cont;
    wire          closes   = seg_end_q || pos_q == pos_end;
    wire          block_go;                 // the block's last beat leaves
    wire          take     = s_valid && s_ready;

    // the word at its place
    reg [BW-1:0] placed;
    integer u;
    always @* begin
        placed = {BW{1'b0}};
        for (u = 0; u < UNITS; u = u + 1)
            if (u[UW-1:0] >> cont == pos_q)
                case (cont)
                    2'd0:    placed[LANES*u +: LANES] = c1;
                    2'd1:    placed[LANES*u +: LANES] = c2[LANES*(u%2) +: LANES];
                    2'd2:    placed[LANES*u +: LANES] = c4[LANES*(u%4) +: LANES];
                    default: placed[LANES*u +: LANES] = s_data[LANES*(u%8) +: LANES];
                endcase
    end

    assign s_ready = !closes || !block_v_q || block_go;

    always @(posedge clk) begin
        before_q <= seg_words - 16'd2;
        one_q    <= seg_words == 16'd1;
        if (take) begin
            count_q   <= seg_end_q ? 16'd0 : count_q + 16'd1;
            seg_end_q <= seg_end_q ? one_q : count_q == before_q;
            pos_q     <= closes ? {UW{1'b0}} : pos_q + 1'b1;
            part_q    <= closes ? {BW{1'b0}} : part_q | placed;
        end else if (count_q == 16'd0)
            seg_end_q <= one_q;
        block_v_q <= (take && closes) || (block_v_q && !block_go);
        if (rst) begin
            count_q   <= 16'd0;
            pos_q     <= {UW{1'b0}};
            part_q    <= {BW{1'b0}};
            block_v_q <= 1'b0;
        end
    end

    generate
        if (BEATS == 1) begin : g_beat
            always @(posedge clk)
                if (take && closes) block_q <= part_q | placed;
            assign block_go = m_ready;
        end else begin : g_beats
            localparam integer LW = $clog2(BEATS);      // the number of a beat of a block
            reg  [LW-1:0] left_q;                       // beats after this one
            wire [UW-1:0] top = (pos_q << cont) | ~({UW{1'b1}} << cont);   // last unit in use
            wire unused = &{1'b0, top};
            always @(posedge clk)
                if (take && closes) begin
                    block_q <= part_q | placed;
                    left_q  <= top[UW-1 -: LW];
                end else if (m_ready) begin
                    block_q <= block_q >> AXI_W;
                    left_q  <= left_q - 1'b1;
                end
            assign block_go = m_ready && left_q == {LW{1'b0}};
        end
    endgenerate

    assign m_data  = block_q[AXI_W-1:0];
    assign m_valid = block_v_q;

endmodule

`resetall
