// n3h_dma_walk: addresses of the segments of a strided region, row by row.
//
// `start` takes the geometry (held until the last segment is taken); `m_addr` is the first byte of
// a segment: dram + row*y_stride + segment*p_stride, strides in beats. `m_valid` from the cycle
// after `start` until rows*segs segments are taken. rows or segs = 0: none.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dma_walk #(
    parameter integer AXI_W = 64
) (
    input  wire        clk,
    input  wire        rst,         // synchronous, active high

    input  wire        start,
    input  wire [31:0] dram,        // bytes
    input  wire [11:0] rows,
    input  wire [19:0] y_stride,    // beats
    input  wire [11:0] segs,        // per row
    input  wire [19:0] p_stride,    // beats

    output wire        m_valid,
    input  wire        m_ready,
    output wire [31:0] m_addr
);

    localparam integer LB = $clog2(AXI_W / 8);

    reg         valid_q;
    reg  [31:0] row_q, addr_q;
    reg  [11:0] rows_q, segs_q;     // still to come, the current one included

    wire [31:0] y_step   = {12'd0, y_stride} << LB;
    wire [31:0] p_step   = {12'd0, p_stride} << LB;
    wire        row_end  = segs_q == 12'd1;
    wire [31:0] addr_d   = (row_end ? row_q : addr_q) + (row_end ? y_step : p_step);

    always @(posedge clk) begin
        if (valid_q && m_ready) begin
            addr_q <= addr_d;
            segs_q <= row_end ? segs : segs_q - 1'b1;
            if (row_end) begin
                row_q   <= addr_d;
                rows_q  <= rows_q - 1'b1;
                valid_q <= rows_q != 12'd1;
            end
        end
        if (start) begin
            addr_q  <= dram;
            row_q   <= dram;
            rows_q  <= rows;
            segs_q  <= segs;
            valid_q <= (rows != 12'd0) && (segs != 12'd0);
        end
        if (rst) valid_q <= 1'b0;
    end

    assign m_valid = valid_q;
    assign m_addr  = addr_q;

endmodule

`resetall
