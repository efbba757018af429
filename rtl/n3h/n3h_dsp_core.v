// n3h_dsp_core: multiplier-based matrix-multiply core, PIN inputs x POUT filters per cycle.
//
// One GEMM_D pass, in this order: row tile, column tile of POUT filters, pixel of the tile
// (inside the pass), k step of PIN elements. Each chunk of DK elements is read from one column
// of the operand ring as a_bits planes into one of two banks; meanwhile the other bank is used
// up in DK/PIN steps, so that a_bits <= DK/PIN keeps the multipliers busy. Ring data and weight
// words come one cycle after their read. A pixel's POUT exact 32-bit sums are one item of the
// result port, 5 + log2(PIN) cycles after its last step; a pixel starts only with a place
// reserved in the result queue.
//
// Result port: `res_valid`: an item can be read, `res_pop` with its last read. `done` comes with
// the last read of the weights; results may follow. `i_*` stable from `start` to `done`.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dsp_core #(
    parameter integer DM       = 4,     // pixels per row tile
    parameter integer DK       = 64,    // elements per chunk
    parameter integer PIN      = 8,     // elements per k step; divides DK
    parameter integer POUT     = 4,     // filters per column tile
    parameter integer LANES    = 1,     // sums per result read; divides POUT
    parameter integer PACK     = 1,     // products per multiplier: 1
    parameter integer WD_DEPTH = 1024   // words of the weight buffer; a power of two
) (
    input  wire                        clk,
    input  wire                        rst,     // synchronous, active high

    input  wire                        start,
    output wire                        done,
    output wire                        stall,
    input  wire [15:0]                 i_w_base,
    input  wire [19:0]                 i_pixels,
    input  wire [9:0]                  i_n_tiles,
    input  wire [15:0]                 i_k_steps,
    input  wire [13:0]                 i_k_chunks,
    input  wire [2:0]                  i_a_bits_m1,
    input  wire                        i_w8,
    input  wire                        i_a_signed,
    input  wire                        i_w_signed,

    input  wire                        d_avail,
    output wire                        d_re,
    output wire [$clog2(DM)-1:0]       d_col,
    output wire [13:0]                 d_addr,
    input  wire [DK-1:0]               d_data,
    output wire                        d_pop,
    output wire [13:0]                 d_slot,

    output wire                        w_re,
    output wire [$clog2(WD_DEPTH)-1:0] w_addr,
    input  wire [PIN*POUT*8-1:0]       w_data,

    output wire                        res_valid,
    input  wire                        res_re,
    input  wire [(POUT > LANES ? $clog2(POUT/LANES) : 1)-1:0]
                                       res_g,
    input  wire                        res_pop,
    output wire [LANES*32-1:0]         res_data
);

    localparam integer STEPS = DK / PIN;
    localparam integer LAG   = 2 + $clog2(PIN);     // a beat to its sum: operands, products, tree

    wire                     bank_claim, bank_free;
    wire                     cap, cap_bank, cap_top, tag_row, tag_tile, tag_pass;
    wire [2:0]               cap_plane;
    wire                     pixel_room, pixel_take;
    wire                     step, step_bank;
    wire [$clog2(STEPS)-1:0] step_at;
    wire                     beat, beat_first, beat_last, beat_high;
    wire                     beat_w8, beat_w_signed, beat_a_signed;
    wire [8*PIN-1:0]         codes;

    reg       run_q, stall_q;
    reg [1:0] used_q;       // banks claimed and not yet used up

    // a bank whose last step is now may be claimed: its first plane is captured one cycle later
    wire bank_room = !used_q[1] || bank_free;

    always @(posedge clk) begin
        run_q   <= start || (run_q && !done);
        stall_q <= run_q && !done && !d_re && !step;
        used_q  <= used_q + {1'b0, bank_claim} - {1'b0, bank_free};
        if (rst) begin
            run_q   <= 1'b0;
            stall_q <= 1'b0;
            used_q  <= 2'd0;
        end
    end

    assign stall = stall_q;

    n3h_dsp_load #(
        .DM (DM)
    ) u_load (
        .clk         (clk),
        .rst         (rst),
        .start       (start),
        .i_pixels    (i_pixels),
        .i_n_tiles   (i_n_tiles),
        .i_k_chunks  (i_k_chunks),
        .i_a_bits_m1 (i_a_bits_m1),
        .d_avail     (d_avail),
        .d_re        (d_re),
        .d_col       (d_col),
        .d_addr      (d_addr),
        .d_pop       (d_pop),
        .d_slot      (d_slot),
        .bank_room   (bank_room),
        .bank_claim  (bank_claim),
        .cap         (cap),
        .cap_bank    (cap_bank),
        .cap_plane   (cap_plane),
        .cap_top     (cap_top),
        .tag_row     (tag_row),
        .tag_tile    (tag_tile),
        .tag_pass    (tag_pass)
    );

    n3h_dsp_turn #(
        .DK  (DK),
        .PIN (PIN)
    ) u_turn (
        .clk        (clk),
        .cap        (cap),
        .cap_bank   (cap_bank),
        .cap_plane  (cap_plane),
        .cap_top    (cap_top),
        .cap_signed (i_a_signed),
        .cap_data   (d_data),
        .rd         (step),
        .rd_bank    (step_bank),
        .rd_step    (step_at),
        .codes      (codes)
    );

    n3h_dsp_step #(
        .STEPS    (STEPS),
        .WD_DEPTH (WD_DEPTH)
    ) u_step (
        .clk           (clk),
        .rst           (rst),
        .start         (start),
        .done          (done),
        .i_w_base      (i_w_base),
        .i_k_steps     (i_k_steps),
        .i_w8          (i_w8),
        .i_a_signed    (i_a_signed),
        .i_w_signed    (i_w_signed),
        .cap           (cap),
        .cap_bank      (cap_bank),
        .cap_top       (cap_top),
        .tag_row       (tag_row),
        .tag_tile      (tag_tile),
        .tag_pass      (tag_pass),
        .pixel_room    (pixel_room),
        .pixel_take    (pixel_take),
        .step          (step),
        .step_bank     (step_bank),
        .step_at       (step_at),
        .bank_free     (bank_free),
        .w_re          (w_re),
        .w_addr        (w_addr),
        .beat          (beat),
        .beat_first    (beat_first),
        .beat_last     (beat_last),
        .beat_high     (beat_high),
        .beat_w8       (beat_w8),
        .beat_w_signed (beat_w_signed),
        .beat_a_signed (beat_a_signed)
    );

    // the beat's flags follow it through operands, products and adder tree to the accumulators
    reg [LAG-1:0] valid_q, first_q, last_q;
    reg           put_q;

    wire acc_en = valid_q[LAG-1];

    always @(posedge clk) begin
        valid_q <= {valid_q[LAG-2:0], beat};
        first_q <= {first_q[LAG-2:0], beat_first};
        last_q  <= {last_q[LAG-2:0], beat_last};
        put_q   <= acc_en && last_q[LAG-1];
        if (rst) begin
            valid_q <= {LAG{1'b0}};
            put_q   <= 1'b0;
        end
    end

    // PACK = 1: one product per multiplier. Other packings share multipliers between filters
    // and replace this section; sums and timing stay.
    wire [POUT*32-1:0] sums;

    genvar o;
    generate
        if (PACK == 1) begin : g_pack1
            wire [9*PIN-1:0]      x;
            wire [9*PIN*POUT-1:0] w;

            n3h_dsp_operands #(
                .PIN   (PIN),
                .COUNT (PIN*POUT)
            ) u_operands (
                .clk      (clk),
                .codes    (codes),
                .w_data   (w_data),
                .a_signed (beat_a_signed),
                .w_signed (beat_w_signed),
                .w8       (beat_w8),
                .high     (beat_high),
                .x        (x),
                .w        (w)
            );

            for (o = 0; o < POUT; o = o + 1) begin : g_filter
                n3h_dsp_dot #(
                    .PIN (PIN)
                ) u_dot (
                    .clk       (clk),
                    .x         (x),
                    .w         (w[9*PIN*o +: 9*PIN]),
                    .acc_en    (acc_en),
                    .acc_first (first_q[LAG-1]),
                    .acc       (sums[32*o +: 32])
                );
            end
        end
    endgenerate

    n3h_dsp_result #(
        .POUT  (POUT),
        .LANES (LANES)
    ) u_result (
        .clk       (clk),
        .rst       (rst),
        .take      (pixel_take),
        .room      (pixel_room),
        .put       (put_q),
        .put_data  (sums),
        .res_valid (res_valid),
        .res_re    (res_re),
        .res_g     (res_g),
        .res_pop   (res_pop),
        .res_data  (res_data)
    );

endmodule

`resetall
