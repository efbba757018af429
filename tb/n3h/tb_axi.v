// tb_axi: both bus ports, with open requester sides, on the reference memory. Simulation only.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module tb_axi #(
    parameter integer N           = 3,
    parameter integer AXI_W       = 64,
    parameter integer BURST       = 16,
    parameter integer OUTSTANDING = 8,
    parameter integer BYTES       = 32768
) (
    input  wire             clk,
    input  wire             rst,
    input  wire             flush,
    output wire             rd_idle,
    output wire             rd_error,
    output wire             wr_idle,
    output wire             wr_error,
    output wire             wr_beat,

    input  wire [N-1:0]     req_valid,
    output wire [N-1:0]     req_ready,
    input  wire [32*N-1:0]  req_addr,
    input  wire [16*N-1:0]  req_beats,
    output wire [N-1:0]     rsp_valid,
    output wire [AXI_W-1:0] rsp_data,

    input  wire             wreq_valid,
    output wire             wreq_ready,
    input  wire [31:0]      wreq_addr,
    input  wire [15:0]      wreq_beats,
    input  wire             w_valid,
    output wire             w_ready,
    input  wire [AXI_W-1:0] w_data,

    input  wire [7:0]       stall_level,
    input  wire [31:0]      stall_seed,
    input  wire             err_enable,
    input  wire [31:0]      err_addr,
    output wire [31:0]      axi_errors,

    // the bus, to watch
    output wire             arvalid,
    output wire             arready,
    output wire             rvalid,
    output wire             wvalid,
    output wire             wready,
    output wire             wlast,
    output wire             bvalid,
    output wire             strobe
);

    wire [0:0]         arid, rid, awid, bid;
    wire [31:0]        araddr, awaddr;
    wire [7:0]         arlen, awlen;
    wire [2:0]         arsize, awsize;
    wire [1:0]         arburst, awburst, rresp, bresp;
    wire               rlast, rready, awvalid, awready, bready;
    wire [AXI_W-1:0]   rdata, wdata;
    wire [AXI_W/8-1:0] wstrb;

    assign strobe = wstrb[0];

    hw_axi_read #(.N(N), .AXI_W(AXI_W), .BURST(BURST), .OUTSTANDING(OUTSTANDING)) u_read (
        .clk           (clk),
        .rst           (rst),
        .flush         (flush),
        .idle          (rd_idle),
        .error         (rd_error),
        .req_valid     (req_valid),
        .req_ready     (req_ready),
        .req_addr      (req_addr),
        .req_beats     (req_beats),
        .rsp_valid     (rsp_valid),
        .rsp_data      (rsp_data),
        .m_axi_arid    (arid),
        .m_axi_araddr  (araddr),
        .m_axi_arlen   (arlen),
        .m_axi_arsize  (arsize),
        .m_axi_arburst (arburst),
        .m_axi_arvalid (arvalid),
        .m_axi_arready (arready),
        .m_axi_rid     (rid),
        .m_axi_rdata   (rdata),
        .m_axi_rresp   (rresp),
        .m_axi_rlast   (rlast),
        .m_axi_rvalid  (rvalid),
        .m_axi_rready  (rready)
    );

    hw_axi_write #(.AXI_W(AXI_W), .BURST(BURST), .OUTSTANDING(OUTSTANDING)) u_write (
        .clk           (clk),
        .rst           (rst),
        .flush         (flush),
        .idle          (wr_idle),
        .error         (wr_error),
        .beat          (wr_beat),
        .req_valid     (wreq_valid),
        .req_ready     (wreq_ready),
        .req_addr      (wreq_addr),
        .req_beats     (wreq_beats),
        .w_valid       (w_valid),
        .w_ready       (w_ready),
        .w_data        (w_data),
        .m_axi_awid    (awid),
        .m_axi_awaddr  (awaddr),
        .m_axi_awlen   (awlen),
        .m_axi_awsize  (awsize),
        .m_axi_awburst (awburst),
        .m_axi_awvalid (awvalid),
        .m_axi_awready (awready),
        .m_axi_wdata   (wdata),
        .m_axi_wstrb   (wstrb),
        .m_axi_wlast   (wlast),
        .m_axi_wvalid  (wvalid),
        .m_axi_wready  (wready),
        .m_axi_bid     (bid),
        .m_axi_bresp   (bresp),
        .m_axi_bvalid  (bvalid),
        .m_axi_bready  (bready)
    );

    hw_sim_axi_mem #(
        .AXI_W       (AXI_W),
        .BYTES       (BYTES),
        .MAX_BURST   (BURST),
        .MASTER_OPEN (OUTSTANDING)
    ) u_mem (
        .clk           (clk),
        .rst           (rst),
        .stall_seed    (stall_seed),
        .stall_level   (stall_level),
        .err_enable    (err_enable),
        .err_addr      (err_addr),
        .errors        (axi_errors),
        .s_axi_arid    (arid),
        .s_axi_araddr  (araddr),
        .s_axi_arlen   (arlen),
        .s_axi_arsize  (arsize),
        .s_axi_arburst (arburst),
        .s_axi_arvalid (arvalid),
        .s_axi_arready (arready),
        .s_axi_rid     (rid),
        .s_axi_rdata   (rdata),
        .s_axi_rresp   (rresp),
        .s_axi_rlast   (rlast),
        .s_axi_rvalid  (rvalid),
        .s_axi_rready  (rready),
        .s_axi_awid    (awid),
        .s_axi_awaddr  (awaddr),
        .s_axi_awlen   (awlen),
        .s_axi_awsize  (awsize),
        .s_axi_awburst (awburst),
        .s_axi_awvalid (awvalid),
        .s_axi_awready (awready),
        .s_axi_wdata   (wdata),
        .s_axi_wstrb   (wstrb),
        .s_axi_wlast   (wlast),
        .s_axi_wvalid  (wvalid),
        .s_axi_wready  (wready),
        .s_axi_bid     (bid),
        .s_axi_bresp   (bresp),
        .s_axi_bvalid  (bvalid),
        .s_axi_bready  (bready)
    );

endmodule

`resetall
