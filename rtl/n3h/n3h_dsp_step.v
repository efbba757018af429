// n3h_dsp_step: sequencer of the DSP core's products: one k step of one pixel per cycle.
//
// Takes the banks of the corner turn in turn, each once it is full (`cap_top` with `cap`), and
// reads the weight word of each step: w8 one word per step, else one word per two steps, the
// low half first. A pixel's first step waits for `pixel_room`. In the cycle after a step `beat` is
// high and `beat_*` say: first or last of a pixel, high half, 8-bit or signed weights, signed
// codes. `bank_free` comes with a bank's last step: a plane read in that cycle may be captured
// in the next. `done` follows the pass's last step. Weight addresses wrap at WD_DEPTH.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dsp_step #(
    parameter integer STEPS    = 8,     // steps per chunk: DK/PIN, a power of two
    parameter integer WD_DEPTH = 512    // a power of two
) (
    input  wire                        clk,
    input  wire                        rst,         // synchronous, active high

    input  wire                        start,
    output wire                        done,
    input  wire [15:0]                 i_w_base,
    input  wire [15:0]                 i_k_steps,
    input  wire                        i_w8,
    input  wire                        i_a_signed,
    input  wire                        i_w_signed,

    input  wire                        cap,
    input  wire                        cap_bank,
    input  wire                        cap_top,
    input  wire                        tag_row,
    input  wire                        tag_tile,
    input  wire                        tag_pass,

    input  wire                        pixel_room,
    output wire                        pixel_take,  // with a pixel's first step

    output wire                        step,
    output wire                        step_bank,
    output wire [$clog2(STEPS)-1:0]    step_at,     // within the chunk
    output wire                        bank_free,

    output wire                        w_re,
    output wire [$clog2(WD_DEPTH)-1:0] w_addr,

    output wire                        beat,
    output wire                        beat_first,
    output wire                        beat_last,
    output wire                        beat_high,
    output wire                        beat_w8,
    output wire                        beat_w_signed,
    output wire                        beat_a_signed
);

    localparam integer AW = $clog2(WD_DEPTH);
    localparam integer SW = $clog2(STEPS);

    reg [1:0]    full_q, row_q, tile_q, pass_q;     // per bank: full, and its pixel's tags
    reg          bank_q, first_q, high_q, last_q, done_q;
    reg [SW-1:0] at_q;
    reg [15:0]   left_q;                            // steps left of this pixel
    reg [AW-1:0] w_addr_q, w_row_q;                 // this word, first word of the column tile
    reg          beat_q, beat_first_q, beat_last_q, beat_high_q;
    reg          beat_w8_q, beat_w_signed_q, beat_a_signed_q;

    wire go       = full_q[bank_q] && (!first_q || pixel_room);
    wire end_m    = go && last_q;
    wire end_bank = go && (last_q || at_q == {SW{1'b1}});
    wire end_row  = row_q[bank_q];
    wire end_tile = tile_q[bank_q];
    wire one_step = i_k_steps == 16'd1;

    wire [AW-1:0] w_base = i_w_base[AW-1:0];
    wire [AW-1:0] w_next = w_addr_q + 1'b1;
    wire [AW-1:0] w_row  = end_tile ? w_base : end_row ? w_next : w_row_q;

    always @(posedge clk) begin
        done_q <= end_m && pass_q[bank_q];
        if (go) begin
            first_q <= 1'b0;
            high_q  <= !high_q;
            at_q    <= at_q + 1'b1;
            left_q  <= left_q - 16'd1;
            last_q  <= left_q == 16'd2;
            if (i_w8 || high_q) w_addr_q <= w_next;
        end
        if (end_bank) begin
            at_q           <= {SW{1'b0}};
            bank_q         <= !bank_q;
            full_q[bank_q] <= 1'b0;
        end
        if (end_m || start) begin
            first_q  <= 1'b1;
            high_q   <= 1'b0;
            left_q   <= i_k_steps;
            last_q   <= one_step;
            w_addr_q <= start ? w_base : w_row;
            w_row_q  <= start ? w_base : w_row;
        end
        if (cap && cap_top) begin
            full_q[cap_bank] <= 1'b1;
            row_q[cap_bank]  <= tag_row;
            tile_q[cap_bank] <= tag_tile;
            pass_q[cap_bank] <= tag_pass;
        end
        beat_q          <= go;
        beat_first_q    <= first_q;
        beat_last_q     <= last_q;
        beat_high_q     <= high_q;
        beat_w8_q       <= i_w8;
        beat_w_signed_q <= i_w_signed;
        beat_a_signed_q <= i_a_signed;
        if (rst) begin
            full_q <= 2'b00;
            bank_q <= 1'b0;
            at_q   <= {SW{1'b0}};
            done_q <= 1'b0;
            beat_q <= 1'b0;
        end
    end

    assign done          = done_q;
    assign pixel_take    = go && first_q;
    assign step          = go;
    assign step_bank     = bank_q;
    assign step_at       = at_q;
    assign bank_free     = end_bank;
    assign w_re          = go;
    assign w_addr        = w_addr_q;
    assign beat          = beat_q;
    assign beat_first    = beat_first_q;
    assign beat_last     = beat_last_q;
    assign beat_high     = beat_high_q;
    assign beat_w8       = beat_w8_q;
    assign beat_w_signed = beat_w_signed_q;
    assign beat_a_signed = beat_a_signed_q;

    // the base's upper bits wrap away
    wire unused = &{1'b0, i_w_base >> AW};

endmodule

`resetall
