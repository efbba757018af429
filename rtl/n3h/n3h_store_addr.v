// n3h_store_addr: one write request per output segment, row by row.
//
// Request y*segs + s asks for `beats` beats at dram + (y*y_stride + s*p_stride) beats. Requests run
// ahead of the data as far as the write port takes them. `busy` is high from the cycle after
// `start` until the last request is taken. Fields are stable meanwhile.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_store_addr #(
    parameter integer AXI_W = 64
) (
    input  wire        clk,
    input  wire        rst,         // synchronous, active high

    input  wire        start,
    output wire        busy,
    input  wire [31:0] dram,        // bytes
    input  wire [11:0] rows,
    input  wire [19:0] y_stride,    // beats
    input  wire [11:0] segs,
    input  wire [19:0] p_stride,    // beats
    input  wire [13:0] beats,

    output wire        req_valid,
    input  wire        req_ready,
    output wire [31:0] req_addr,
    output wire [15:0] req_beats
);

    localparam integer BW = $clog2(AXI_W / 8);

    reg [31:0] row_q, seg_q;
    reg [11:0] y_q, s_q;            // rows and segments left, the current included
    reg        valid_q;

    wire [31:0] row_n = row_q + {{12-BW{1'b0}}, y_stride, {BW{1'b0}}};
    wire [31:0] seg_n = seg_q + {{12-BW{1'b0}}, p_stride, {BW{1'b0}}};
    wire        s_end = s_q == 12'd1;

    always @(posedge clk) begin
        if (start) begin
            row_q   <= dram;
            seg_q   <= dram;
            y_q     <= rows;
            s_q     <= segs;
            valid_q <= 1'b1;
        end else if (valid_q && req_ready) begin
            s_q   <= s_end ? segs : s_q - 12'd1;
            seg_q <= s_end ? row_n : seg_n;
            if (s_end) begin
                row_q   <= row_n;
                y_q     <= y_q - 12'd1;
                valid_q <= y_q != 12'd1;
            end
        end
        if (rst) valid_q <= 1'b0;
    end

    assign busy      = valid_q;
    assign req_valid = valid_q;
    assign req_addr  = seg_q;
    assign req_beats = {2'b00, beats};

endmodule

`resetall
