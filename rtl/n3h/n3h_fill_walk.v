// n3h_fill_walk: the loop nest of im2col, one run per cycle.
//
// Walks output pixels in row-major order and for each the kernel rows and their runs. A run is
// given as positions only, relative to the map: `run_y` its row, `run_col` its column (not
// merged), `run_x` the bit of that row where it starts (negative: left of the map), `run_over`
// how many of its bits lie right of the map (merged), `run_row` the ring word of its row, modulo
// the ring. An output row starts when the last row of the map that it needs has arrived;
// `waiting` is high until then. The first run comes five cycles after `start` at the earliest.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_fill_walk #(
    parameter integer AW = 10        // address bits of the raw ring
) (
    input  wire               clk,
    input  wire               rst,   // synchronous, active high
    input  wire               start, // fields below are stable from here on

    input  wire        [19:0] i_pixels,
    input  wire        [11:0] c_out_w,
    input  wire        [3:0]  c_k_h,
    input  wire        [3:0]  c_s_h,
    input  wire        [3:0]  c_d_h,
    input  wire        [3:0]  c_pad_t,
    input  wire        [3:0]  c_s_w,
    input  wire        [3:0]  c_d_w,
    input  wire        [3:0]  c_pad_l,
    input  wire        [3:0]  c_runs,
    input  wire        [19:0] c_step_bits,
    input  wire        [19:0] c_tap_bits,
    input  wire        [19:0] c_base_bits,
    input  wire        [19:0] c_left_bits,
    input  wire signed [20:0] c_right_bits,
    input  wire [AW-1:0]      sh_words,     // words from one window to the next, modulo the ring
    input  wire [AW-1:0]      dh_words,
    input  wire [AW-1:0]      pt_words,
    input  wire [AW-1:0]      map_base,     // word of row 0 of the map, at `start`

    input  wire        [11:0] rows_in,      // rows arrived
    input  wire               rows_all,
    output wire               waiting,

    output wire               run_valid,
    input  wire               run_ready,
    output wire signed [26:0] run_x,
    output wire signed [26:0] run_over,
    output wire signed [15:0] run_y,
    output wire signed [15:0] run_col,
    output wire [AW-1:0]      run_row,
    output wire               run_eop,      // last run of the pixel
    output wire               run_eor,      // last run of the output row
    output wire               run_eol       // last run of the pass
);

    reg               busy_q, ok_q;
    reg        [2:0]  prep_q;                  // set-up: k_h - 1, reach, need
    reg        [3:0]  kx_q, ky_q;              // runs, kernel rows, columns and pixels to go,
    reg        [11:0] ox_q;                    // the present one included,
    reg        [19:0] left_q;                  // and whether it is the last
    reg               last_kx_q, last_ky_q, last_ox_q, last_pix_q;
    reg signed [26:0] x_q, x_pix_q, over_q;    // run, first run of the pixel
    reg signed [15:0] col_q, col_pix_q;
    reg signed [15:0] y_q, y_top_q;            // kernel row, first kernel row
    reg [AW-1:0]      row_q, row_top_q;
    reg        [3:0]  k_h_q;                   // k_h - 1
    reg        [7:0]  reach_q;                 // rows from the first to the last kernel row
    reg signed [15:0] need_q;                  // last kernel row of this output row

    // --- where in the nest ------------------------------------------------------------------
    wire eop = last_kx_q && last_ky_q;
    wire eor = eop && (last_ox_q || last_pix_q);
    wire go  = busy_q && ok_q && run_ready;

    // --- next positions: one adder each -----------------------------------------------------
    wire signed [26:0] x_first   = $signed({7'd0, c_base_bits}) - $signed({7'd0, c_left_bits});
    wire signed [26:0] over_first = $signed({{6{c_right_bits[20]}}, c_right_bits});
    wire signed [15:0] col_first = -$signed({12'd0, c_pad_l});
    wire signed [15:0] y_first   = -$signed({12'd0, c_pad_t});

    wire signed [26:0] x_sum   = (last_kx_q ? x_pix_q : x_q)
                               + $signed({7'd0, last_kx_q ? c_step_bits : c_tap_bits});
    wire signed [15:0] col_sum = (last_kx_q ? col_pix_q : col_q)
                               + $signed({12'd0, last_kx_q ? c_s_w : c_d_w});
    wire signed [15:0] y_sum   = (last_ky_q ? y_top_q : y_q)
                               + $signed({12'd0, last_ky_q ? c_s_h : c_d_h});
    wire [AW-1:0]      row_sum = (last_ky_q ? row_top_q : row_q) + (last_ky_q ? sh_words : dh_words);

    always @(posedge clk) begin
        prep_q  <= {prep_q[1:0], start};
        ok_q    <= busy_q && prep_q == 3'd0 && !(go && eor)
                && (rows_all || need_q < $signed({4'd0, rows_in}));
        k_h_q   <= c_k_h - 4'd1;
        reach_q <= {4'd0, k_h_q} * {4'd0, c_d_h};
        if (prep_q[2])
            need_q <= $signed({8'd0, reach_q}) - $signed({12'd0, c_pad_t});
        if (go) begin
            kx_q      <= last_kx_q ? c_runs : kx_q - 4'd1;
            last_kx_q <= last_kx_q ? c_runs == 4'd1 : kx_q == 4'd2;
            x_q       <= !last_kx_q ? x_sum : !last_ky_q ? x_pix_q : eor ? x_first : x_sum;
            col_q     <= !last_kx_q ? col_sum : !last_ky_q ? col_pix_q : eor ? col_first : col_sum;
            if (last_kx_q) begin
                ky_q      <= last_ky_q ? c_k_h : ky_q - 4'd1;
                last_ky_q <= last_ky_q ? c_k_h == 4'd1 : ky_q == 4'd2;
                y_q       <= last_ky_q && !eor ? y_top_q : y_sum;
                row_q     <= last_ky_q && !eor ? row_top_q : row_sum;
            end
            if (eop) begin
                ox_q       <= last_ox_q ? c_out_w : ox_q - 12'd1;
                last_ox_q  <= last_ox_q ? c_out_w == 12'd1 : ox_q == 12'd2;
                left_q     <= left_q - 20'd1;
                last_pix_q <= left_q == 20'd2;
                x_pix_q    <= last_ox_q ? x_first : x_sum;
                col_pix_q  <= last_ox_q ? col_first : col_sum;
                over_q     <= last_ox_q ? over_first : over_q + $signed({7'd0, c_step_bits});
                if (last_pix_q)
                    busy_q <= 1'b0;
            end
            if (eor) begin
                y_top_q   <= y_sum;
                row_top_q <= row_sum;
                need_q    <= need_q + $signed({12'd0, c_s_h});
            end
        end
        if (start) begin
            busy_q     <= 1'b1;
            kx_q       <= c_runs;
            ky_q       <= c_k_h;
            ox_q       <= c_out_w;
            left_q     <= i_pixels;
            last_kx_q  <= c_runs == 4'd1;
            last_ky_q  <= c_k_h == 4'd1;
            last_ox_q  <= c_out_w == 12'd1;
            last_pix_q <= i_pixels == 20'd1;
            x_q        <= x_first;
            x_pix_q    <= x_first;
            over_q     <= over_first;
            col_q      <= col_first;
            col_pix_q  <= col_first;
            y_q        <= y_first;
            y_top_q    <= y_first;
            row_q      <= map_base - pt_words;
            row_top_q  <= map_base - pt_words;
        end
        if (rst) begin
            busy_q <= 1'b0;
            prep_q <= 3'd0;
            ok_q   <= 1'b0;
        end
    end

    assign waiting   = busy_q && !ok_q;
    assign run_valid = busy_q && ok_q;
    assign run_x     = x_q;
    assign run_over  = over_q;
    assign run_y     = y_q;
    assign run_col   = col_q;
    assign run_row   = row_q;
    assign run_eop   = eop;
    assign run_eor   = eor;
    assign run_eol   = eop && last_pix_q;

endmodule

`resetall
