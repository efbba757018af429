// tb_n3h: the accelerator and its reference memory, ready for any host.
//
// The host (C++, cocotb or Verilog) drives clk, rst and the AXI4-Lite port, and reads and writes
// `u_mem.mem` directly. `trace_bus` is the top's trace: a port may not be called `trace` in a
// simulator that is a C++ class with a method of that name. Simulation only.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module tb_n3h #(
    parameter integer AXI_W       = 64,       // of the design
    parameter integer BURST       = 16,       // of the design: longer bursts are an error
    parameter integer OUTSTANDING = 8,        // of the design: more open bursts are an error
    parameter integer BYTES       = 1048576,  // of the memory
    parameter integer LATENCY     = 32        // of the memory, cycles
) (
    input  wire               clk,
    input  wire               rst,

    input  wire [11:0]         s_axil_awaddr,
    input  wire                s_axil_awvalid,
    output wire                s_axil_awready,
    input  wire [31:0]         s_axil_wdata,
    input  wire [3:0]          s_axil_wstrb,
    input  wire                s_axil_wvalid,
    output wire                s_axil_wready,
    output wire [1:0]          s_axil_bresp,
    output wire                s_axil_bvalid,
    input  wire                s_axil_bready,
    input  wire [11:0]         s_axil_araddr,
    input  wire                s_axil_arvalid,
    output wire                s_axil_arready,
    output wire [31:0]         s_axil_rdata,
    output wire [1:0]          s_axil_rresp,
    output wire                s_axil_rvalid,
    input  wire                s_axil_rready,

    output wire                irq,
    output wire [161:0]        trace_bus,    // per queue {tag[15:0], state[1:0]}, queue 0 low

    input  wire [7:0]          stall_level,  // memory pauses in `stall_level` of 256 cycles
    input  wire [31:0]         stall_seed,   // taken during reset
    input  wire                err_enable,   // the beat at err_addr answers with an error
    input  wire [31:0]         err_addr,
    output wire [31:0]         axi_errors    // protocol errors of the master
);
    wire [0:0]           m_axi_awid;
    wire [31:0]          m_axi_awaddr;
    wire [7:0]           m_axi_awlen;
    wire [2:0]           m_axi_awsize;
    wire [1:0]           m_axi_awburst;
    wire                 m_axi_awvalid;
    wire                 m_axi_awready;
    wire [AXI_W-1:0]     m_axi_wdata;
    wire [AXI_W/8-1:0]   m_axi_wstrb;
    wire                 m_axi_wlast;
    wire                 m_axi_wvalid;
    wire                 m_axi_wready;
    wire [0:0]           m_axi_bid;
    wire [1:0]           m_axi_bresp;
    wire                 m_axi_bvalid;
    wire                 m_axi_bready;
    wire [0:0]           m_axi_arid;
    wire [31:0]          m_axi_araddr;
    wire [7:0]           m_axi_arlen;
    wire [2:0]           m_axi_arsize;
    wire [1:0]           m_axi_arburst;
    wire                 m_axi_arvalid;
    wire                 m_axi_arready;
    wire [0:0]           m_axi_rid;
    wire [AXI_W-1:0]     m_axi_rdata;
    wire [1:0]           m_axi_rresp;
    wire                 m_axi_rlast;
    wire                 m_axi_rvalid;
    wire                 m_axi_rready;

    n3h_top u_dut (
        .clk            (clk),
        .rst            (rst),
        .s_axil_awaddr  (s_axil_awaddr),
        .s_axil_awvalid (s_axil_awvalid),
        .s_axil_awready (s_axil_awready),
        .s_axil_wdata   (s_axil_wdata),
        .s_axil_wstrb   (s_axil_wstrb),
        .s_axil_wvalid  (s_axil_wvalid),
        .s_axil_wready  (s_axil_wready),
        .s_axil_bresp   (s_axil_bresp),
        .s_axil_bvalid  (s_axil_bvalid),
        .s_axil_bready  (s_axil_bready),
        .s_axil_araddr  (s_axil_araddr),
        .s_axil_arvalid (s_axil_arvalid),
        .s_axil_arready (s_axil_arready),
        .s_axil_rdata   (s_axil_rdata),
        .s_axil_rresp   (s_axil_rresp),
        .s_axil_rvalid  (s_axil_rvalid),
        .s_axil_rready  (s_axil_rready),
        .m_axi_awid     (m_axi_awid),
        .m_axi_awaddr   (m_axi_awaddr),
        .m_axi_awlen    (m_axi_awlen),
        .m_axi_awsize   (m_axi_awsize),
        .m_axi_awburst  (m_axi_awburst),
        .m_axi_awvalid  (m_axi_awvalid),
        .m_axi_awready  (m_axi_awready),
        .m_axi_wdata    (m_axi_wdata),
        .m_axi_wstrb    (m_axi_wstrb),
        .m_axi_wlast    (m_axi_wlast),
        .m_axi_wvalid   (m_axi_wvalid),
        .m_axi_wready   (m_axi_wready),
        .m_axi_bid      (m_axi_bid),
        .m_axi_bresp    (m_axi_bresp),
        .m_axi_bvalid   (m_axi_bvalid),
        .m_axi_bready   (m_axi_bready),
        .m_axi_arid     (m_axi_arid),
        .m_axi_araddr   (m_axi_araddr),
        .m_axi_arlen    (m_axi_arlen),
        .m_axi_arsize   (m_axi_arsize),
        .m_axi_arburst  (m_axi_arburst),
        .m_axi_arvalid  (m_axi_arvalid),
        .m_axi_arready  (m_axi_arready),
        .m_axi_rid      (m_axi_rid),
        .m_axi_rdata    (m_axi_rdata),
        .m_axi_rresp    (m_axi_rresp),
        .m_axi_rlast    (m_axi_rlast),
        .m_axi_rvalid   (m_axi_rvalid),
        .m_axi_rready   (m_axi_rready),
        .irq            (irq),
        .trace          (trace_bus)
    );
    hw_sim_axi_mem #(
        .AXI_W       (AXI_W),
        .BYTES       (BYTES),
        .LATENCY     (LATENCY),
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
        .s_axi_awid    (m_axi_awid),
        .s_axi_awaddr  (m_axi_awaddr),
        .s_axi_awlen   (m_axi_awlen),
        .s_axi_awsize  (m_axi_awsize),
        .s_axi_awburst (m_axi_awburst),
        .s_axi_awvalid (m_axi_awvalid),
        .s_axi_awready (m_axi_awready),
        .s_axi_wdata   (m_axi_wdata),
        .s_axi_wstrb   (m_axi_wstrb),
        .s_axi_wlast   (m_axi_wlast),
        .s_axi_wvalid  (m_axi_wvalid),
        .s_axi_wready  (m_axi_wready),
        .s_axi_bid     (m_axi_bid),
        .s_axi_bresp   (m_axi_bresp),
        .s_axi_bvalid  (m_axi_bvalid),
        .s_axi_bready  (m_axi_bready),
        .s_axi_arid    (m_axi_arid),
        .s_axi_araddr  (m_axi_araddr),
        .s_axi_arlen   (m_axi_arlen),
        .s_axi_arsize  (m_axi_arsize),
        .s_axi_arburst (m_axi_arburst),
        .s_axi_arvalid (m_axi_arvalid),
        .s_axi_arready (m_axi_arready),
        .s_axi_rid     (m_axi_rid),
        .s_axi_rdata   (m_axi_rdata),
        .s_axi_rresp   (m_axi_rresp),
        .s_axi_rlast   (m_axi_rlast),
        .s_axi_rvalid  (m_axi_rvalid),
        .s_axi_rready  (m_axi_rready)
    );

endmodule

`resetall
