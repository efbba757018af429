// n3h_fill_rows: how many rows of the current map have arrived, and which are freed.
//
// The map starts at the ring word `x_freed` had at `start`. `rows_in` counts the rows whose
// words all lie below `x_done`, one row per cycle at most. `row_read` says that every raw word
// of one output row has been read: without `keep` the rows above the next window are then freed,
// one per cycle, and with `pass_read` (the last output row of the pass) the whole map. A row is
// freed only after it has arrived, so `x_freed` never passes `x_done`. With `keep` nothing is
// freed and the next pass starts at the same row 0. `settled` means nothing is left to free.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_fill_rows (
    input  wire        clk,
    input  wire        rst,          // synchronous, active high
    input  wire        start,        // fields below are stable from here on
    input  wire        busy,         // from the cycle after `start` to the end of the pass

    input  wire        i_keep,
    input  wire [11:0] c_in_h,
    input  wire [3:0]  c_s_h,
    input  wire [3:0]  c_pad_t,
    input  wire [13:0] c_row_words,

    input  wire [31:0] x_done,
    output wire [31:0] x_freed,

    input  wire        row_read,
    input  wire        pass_read,    // with the last `row_read` of the pass
    output wire [11:0] rows_in,
    output wire        rows_all,     // the whole map has arrived
    output wire        settled
);

    reg        [11:0] in_q;          // rows arrived
    reg        [31:0] end_q;         // end of the row to arrive next
    reg        [11:0] out_q;         // rows freed
    reg        [31:0] freed_q;
    reg signed [15:0] top_q;         // rows above this one are not read again
    reg               ended_q;       // the pass has read its last word

    wire [31:0] row_words = {18'd0, c_row_words};
    wire        arrive    = busy && !rows_all && $signed(x_done - end_q) >= 32'sd0;
    wire        above     = ended_q || $signed({4'd0, out_q}) < top_q;
    wire        free      = busy && !i_keep && above && out_q < in_q;

    always @(posedge clk) begin
        if (arrive) begin
            in_q  <= in_q + 12'd1;
            end_q <= end_q + row_words;
        end
        if (free) begin
            out_q   <= out_q + 12'd1;
            freed_q <= freed_q + row_words;
        end
        if (row_read) begin
            top_q   <= top_q + $signed({12'd0, c_s_h});
            ended_q <= pass_read;
        end
        if (start) begin
            in_q    <= 12'd0;
            end_q   <= freed_q + row_words;
            out_q   <= 12'd0;
            top_q   <= -$signed({12'd0, c_pad_t});
            ended_q <= 1'b0;
        end
        if (rst)
            freed_q <= 32'd0;
    end

    assign x_freed  = freed_q;
    assign rows_in  = in_q;
    assign rows_all = in_q == c_in_h;
    assign settled  = i_keep || out_q == c_in_h;

endmodule

`resetall
