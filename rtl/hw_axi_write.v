// hw_axi_write: write side of an AXI master, one requester.
//
// A request writes `req_beats` beats to `req_addr` (a multiple of the bus width); its data follows
// on `w_*` in order and may run ahead of or behind the request. The request is cut at BURST beats
// and at 4 KB. A burst's address leaves only when all of its beats are inside, and its data after
// the address, one beat per cycle, so the bus is never held. Up to OUTSTANDING bursts are
// unanswered. `idle`: no request inside and every write answered; it falls in the cycle after a
// request is taken. `beat` pulses for each beat written.
//
// `error` pulses for an answer other than OKAY, of a foreign ID, or to nothing. `flush` (a level,
// to be held until `idle`) forgets requests and data; bursts whose address has been shown are
// completed with empty strobes.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_axi_write #(
    parameter integer AXI_W       = 64,
    parameter integer BURST       = 16,     // most beats per burst: a power of two, 4..256
    parameter integer OUTSTANDING = 8       // unanswered bursts, 1..16
) (
    input  wire               clk,
    input  wire               rst,          // synchronous, active high
    input  wire               flush,
    output wire               idle,
    output wire               error,
    output wire               beat,

    input  wire               req_valid,
    output wire               req_ready,
    input  wire [31:0]        req_addr,     // bytes
    input  wire [15:0]        req_beats,
    input  wire               w_valid,
    output wire               w_ready,
    input  wire [AXI_W-1:0]   w_data,

    output wire [0:0]         m_axi_awid,
    output wire [31:0]        m_axi_awaddr,
    output wire [7:0]         m_axi_awlen,
    output wire [2:0]         m_axi_awsize,
    output wire [1:0]         m_axi_awburst,
    output wire               m_axi_awvalid,
    input  wire               m_axi_awready,
    output wire [AXI_W-1:0]   m_axi_wdata,
    output wire [AXI_W/8-1:0] m_axi_wstrb,
    output wire               m_axi_wlast,
    output wire               m_axi_wvalid,
    input  wire               m_axi_wready,
    input  wire [0:0]         m_axi_bid,
    input  wire [1:0]         m_axi_bresp,
    input  wire               m_axi_bvalid,
    output wire               m_axi_bready
);

    // one burst leaves while the next gathers
    localparam integer DEPTH = 2 * BURST;
    localparam [2:0]   SIZE  = (AXI_W == 256) ? 3'd5 : (AXI_W == 128) ? 3'd4 : 3'd3;

    wire             burst_valid, burst_busy;
    wire [31:0]      burst_addr;
    wire [7:0]       burst_len;
    wire             issue;

    hw_axi_split #(.AXI_W(AXI_W), .BURST(BURST)) u_split (
        .clk     (clk),
        .rst     (rst),
        .flush   (flush),
        .s_valid (req_valid),
        .s_ready (req_ready),
        .s_addr  (req_addr),
        .s_beats (req_beats),
        .m_valid (burst_valid),
        .m_ready (issue),
        .m_addr  (burst_addr),
        .m_len   (burst_len),
        .busy    (burst_busy)
    );

    wire             data_valid, data_ready;
    wire [AXI_W-1:0] data;
    wire [$clog2(DEPTH):0] unused_level;

    hw_fifo #(.WIDTH(AXI_W), .DEPTH(DEPTH)) u_data (
        .clk     (clk),
        .rst     (rst || flush),
        .s_data  (w_data),
        .s_valid (w_valid),
        .s_ready (w_ready),
        .m_data  (data),
        .m_valid (data_valid),
        .m_ready (data_ready),
        .level   (unused_level)
    );

    // `spare` counts beats in the queue that no shown burst owns. One burst sends its data while
    // the next one shows its address (`next`).
    reg  [9:0]       spare_q;
    reg              ripe_q;            // the next burst's beats are all in the queue
    reg  [4:0]       open_q;            // bursts shown and not answered
    reg              aw_valid_q, next_q;
    reg  [31:0]      aw_addr_q;
    reg  [7:0]       aw_len_q;
    reg              sending_q;
    reg  [7:0]       left_q;            // beats after this one
    reg              w_valid_q, w_last_q, w_full_q;
    reg  [AXI_W-1:0] w_data_q;
    reg              error_q;

    wire             b_done = m_axi_bvalid && (open_q != 5'd0);
    wire             send   = sending_q && (!w_valid_q || m_axi_wready) && (data_valid || flush);
    wire             turn   = next_q && (!aw_valid_q || m_axi_awready) &&
                              (!sending_q || (send && (left_q == 8'd0)));

    assign issue = ripe_q && !flush && !next_q &&
                   (open_q < OUTSTANDING[4:0]);
    assign data_ready = send;

    always @(posedge clk) begin
        if (m_axi_awready) aw_valid_q <= 1'b0;
        if (turn)          next_q     <= 1'b0;
        if (issue) begin
            aw_valid_q <= 1'b1;
            next_q     <= 1'b1;
            aw_addr_q  <= burst_addr;
            aw_len_q   <= burst_len;
        end
        spare_q <= spare_q + {9'd0, w_valid && w_ready && !issue} -
                   (issue ? {2'd0, burst_len} + {9'd0, !(w_valid && w_ready)} : 10'd0);
        ripe_q  <= burst_valid && !issue && (spare_q > {2'd0, burst_len});
        open_q <= open_q + {4'd0, issue} - {4'd0, b_done};

        if (send) begin
            left_q    <= left_q - 1'b1;
            sending_q <= left_q != 8'd0;
        end
        if (turn) begin
            sending_q <= 1'b1;
            left_q    <= aw_len_q;
        end

        if (m_axi_wready) w_valid_q <= 1'b0;
        if (send) begin
            w_valid_q <= 1'b1;
            w_last_q  <= left_q == 8'd0;
            w_full_q  <= !flush;
            w_data_q  <= data;
        end
        error_q <= m_axi_bvalid && ((m_axi_bresp != 2'd0) || (m_axi_bid != 1'b0) || !b_done);
        if (rst || flush) begin
            spare_q <= 10'd0;
            ripe_q  <= 1'b0;
        end
        if (rst) begin
            aw_valid_q <= 1'b0;
            next_q     <= 1'b0;
            open_q     <= 5'd0;
            sending_q  <= 1'b0;
            w_valid_q  <= 1'b0;
            error_q    <= 1'b0;
        end
    end

    assign idle          = !burst_busy && (open_q == 5'd0);
    assign error         = error_q;
    assign beat          = w_valid_q && m_axi_wready && w_full_q;
    assign m_axi_awid    = 1'b0;
    assign m_axi_awaddr  = aw_addr_q;
    assign m_axi_awlen   = aw_len_q;
    assign m_axi_awsize  = SIZE;
    assign m_axi_awburst = 2'b01;
    assign m_axi_awvalid = aw_valid_q;
    assign m_axi_wdata   = w_data_q;
    assign m_axi_wstrb   = {AXI_W/8{w_full_q}};
    assign m_axi_wlast   = w_last_q;
    assign m_axi_wvalid  = w_valid_q;
    assign m_axi_bready  = 1'b1;

endmodule

`resetall
