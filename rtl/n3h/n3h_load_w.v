// n3h_load_w: weights and parameters from DRAM into their buffers.
//
// i_x_beats beats from i_dram fill whole words of buffer i_dst (0 LUT weights, 1 DSP weights,
// 2 POST parameters) from word i_sram on, wrapping at the buffer's depth. A word is a whole number
// of beats, low bits first; a parameter word narrower than a beat is a fraction of one, and then
// the beats pass a queue and are written one word per cycle. `done` comes one cycle after the last
// write (no beats: after the start).
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_load_w #(
    parameter integer DK       = 64,
    parameter integer DN       = 4,
    parameter integer PIN      = 8,
    parameter integer POUT     = 4,
    parameter integer LANES    = 1,
    parameter integer AXI_W    = 64,
    parameter integer BURST    = 16,
    parameter integer WL_DEPTH = 512,
    parameter integer WD_DEPTH = 1024,
    parameter integer PRM_DEPTH = 512,
    // derived, not to be set: beats per word, bits written at a time
    parameter integer L_SLICES = DN * DK / AXI_W,
    parameter integer D_SLICES = PIN * POUT * 8 / AXI_W,
    parameter integer P_SLICES = (LANES * 64 > AXI_W) ? LANES * 64 / AXI_W : 1,
    parameter integer P_W      = (LANES * 64 > AXI_W) ? AXI_W : LANES * 64
) (
    input  wire                         clk,
    input  wire                         rst,            // synchronous, active high

    input  wire                         start,
    output wire                         done,
    output wire                         stall,
    input  wire [31:0]                  i_dram,
    input  wire [15:0]                  i_x_beats,
    input  wire [1:0]                   i_dst,
    input  wire [15:0]                  i_sram,

    output wire                         req_valid,
    input  wire                         req_ready,
    output wire [31:0]                  req_addr,
    output wire [15:0]                  req_beats,
    input  wire                         rsp_valid,
    input  wire [AXI_W-1:0]             rsp_data,

    output wire                         wl_we,
    output wire [$clog2(WL_DEPTH)-1:0]  wl_addr,
    output wire [L_SLICES-1:0]          wl_slice_en,
    output wire                         wd_we,
    output wire [$clog2(WD_DEPTH)-1:0]  wd_addr,
    output wire [D_SLICES-1:0]          wd_slice_en,
    output wire [AXI_W-1:0]             w_data,         // of both, the same for every slice
    output wire                         prm_we,
    output wire [$clog2(PRM_DEPTH)-1:0] prm_addr,
    output wire [P_SLICES-1:0]          prm_slice_en,
    output wire [P_W-1:0]               prm_data        // the same for every slice
);

    localparam integer PARTS = AXI_W / P_W;             // parameter words per beat
    localparam [1:0]   LUT = 2'd0, DSP = 2'd1, PRM = 2'd2;

    reg          active_q, ask_q, done_q;
    reg  [15:0]  left_q;                // beats to come
    reg  [15:0]  word_q;
    reg  [7:0]   slice_q;

    wire             beat_valid, beat_ready, part_last;
    wire [AXI_W-1:0] beat;
    wire             take     = beat_valid && beat_ready;
    wire [7:0]       slices   = (i_dst == LUT) ? L_SLICES[7:0] :
                                (i_dst == DSP) ? D_SLICES[7:0] : P_SLICES[7:0];
    wire             word_end = (slice_q == slices - 8'd1);
    wire             ask_ready;

    assign beat_ready = (i_dst != PRM) || part_last;

    always @(posedge clk) begin
        if (ask_q && ask_ready) ask_q <= 1'b0;
        if (beat_valid) begin
            slice_q <= word_end ? 8'd0 : slice_q + 1'b1;
            if (word_end) word_q <= word_q + 1'b1;
        end
        if (take) left_q <= left_q - 1'b1;
        done_q <= active_q && (left_q == 16'd0);
        if (active_q && (left_q == 16'd0)) active_q <= 1'b0;
        if (start) begin
            active_q <= 1'b1;
            ask_q    <= i_x_beats != 16'd0;
            left_q   <= i_x_beats;
            word_q   <= i_sram;
            slice_q  <= 8'd0;
        end
        if (rst) begin
            active_q <= 1'b0;
            ask_q    <= 1'b0;
            done_q   <= 1'b0;
        end
    end

    generate
        if (PARTS > 1) begin : g_parts
            localparam integer PB = $clog2(PARTS);
            reg [PB-1:0] part_q;

            n3h_dma_stream #(.AXI_W(AXI_W), .CHUNK(BURST > 32 ? 32 : BURST), .DEPTH(64)) u_stream (
                .clk       (clk),
                .rst       (rst),
                .s_valid   (ask_q),
                .s_ready   (ask_ready),
                .s_addr    (i_dram),
                .s_beats   (i_x_beats),
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

            always @(posedge clk) begin
                if (beat_valid && (i_dst == PRM)) part_q <= part_q + 1'b1;
                if (rst) part_q <= {PB{1'b0}};
            end

            assign part_last = part_q == {PB{1'b1}};
            assign prm_data  = beat[part_q*P_W +: P_W];
        end else begin : g_whole
            assign req_valid  = ask_q;
            assign ask_ready  = req_ready;
            assign req_addr   = i_dram;
            assign req_beats  = i_x_beats;
            assign beat       = rsp_data;
            assign beat_valid = rsp_valid;
            assign part_last  = 1'b1;
            assign prm_data   = rsp_data;
        end
    endgenerate

    genvar s;
    generate
        for (s = 0; s < L_SLICES; s = s + 1) begin : g_wl
            assign wl_slice_en[s] = slice_q == s[7:0];
        end
        for (s = 0; s < D_SLICES; s = s + 1) begin : g_wd
            assign wd_slice_en[s] = slice_q == s[7:0];
        end
        for (s = 0; s < P_SLICES; s = s + 1) begin : g_prm
            assign prm_slice_en[s] = slice_q == s[7:0];
        end
    endgenerate

    // the buffers' addresses wrap: the upper bits of the word number do not count
    wire unused_word = &{1'b0, word_q};

    assign done     = done_q;
    assign stall    = active_q && !beat_valid;
    assign w_data   = beat;
    assign wl_we    = beat_valid && (i_dst == LUT);
    assign wl_addr  = word_q[$clog2(WL_DEPTH)-1:0];
    assign wd_we    = beat_valid && (i_dst == DSP);
    assign wd_addr  = word_q[$clog2(WD_DEPTH)-1:0];
    assign prm_we   = beat_valid && (i_dst == PRM);
    assign prm_addr = word_q[$clog2(PRM_DEPTH)-1:0];

endmodule

`resetall
