// tb_control: control, dispatch, issue units and tokens over the bus, with sim_engine as engines.
//
// Everything a program's words can make happen without an engine's data. Queue 0's engine reads
// nothing: the bus carries the program only. Simulation only.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module tb_control #(
    parameter integer AXI_W = 64,
    parameter integer BURST = 16,
    parameter integer BYTES = 16384
) (
    input  wire         clk,
    input  wire         rst,

    input  wire         sw_start,
    input  wire         sw_soft_reset,
    input  wire         sw_irq_ack,
    input  wire [5:0]   sw_error_clear,
    input  wire         cfg_irq_en,
    input  wire [31:0]  cfg_wd_limit,
    input  wire [31:0]  prog_base,
    input  wire [31:0]  prog_words,
    output wire         hw_busy,
    output wire         hw_done,
    output wire         hw_error,
    output wire         hw_irq,
    output wire         hw_resetting,
    output wire [5:0]   hw_errors,
    output wire [31:0]  hw_error_info,
    output wire [9:0]   hw_wd_info,
    output wire [31:0]  hw_cycles,
    output wire [287:0] hw_q_run,
    output wire [287:0] hw_q_wait,
    output wire [287:0] hw_q_stall,
    output wire [287:0] hw_q_beats,
    output wire [31:0]  hw_fetch_beats,
    output wire         irq,

    input  wire [3:0]   span,           // engines run 1..2^span cycles
    input  wire [8:0]   hang,           // engine q never ends
    input  wire [35:0]  stray_put,      // given on top of the issue units' posts
    output wire [17:0]  state,
    output wire [143:0] tags,
    output wire [8:0]   bad,
    output wire [143:0] entries,
    output wire         tok_error,

    input  wire [7:0]   stall_level,
    input  wire [31:0]  stall_seed,
    input  wire         err_enable,
    input  wire [31:0]  err_addr,
    output wire [31:0]  axi_errors
);

    wire         core_rst, run_start, bus_flush, bus_idle, rd_error;
    wire         disp_halt, disp_illegal, disp_no_halt;
    wire [31:0]  disp_index;
    wire [35:0]  q_missing, has, take, room, put;
    wire [8:0]   q_irq, q_idle, q_valid, q_ready;
    wire [122:0] q_data;
    wire [127:0] chk_word;
    wire         chk_legal;

    reg  [31:0]  now_q;
    always @(posedge clk) now_q <= rst ? 32'd0 : now_q + 1'b1;

    wire [1:0]       req_valid, req_ready, rsp_valid;
    wire [63:0]      req_addr;
    wire [31:0]      req_beats;
    wire [AXI_W-1:0] rsp_data;
    assign req_valid[1]      = 1'b0;
    assign req_addr[63:32]   = 32'd0;
    assign req_beats[31:16]  = 16'd0;

    n3h_control u_control (
        .clk            (clk),
        .rst            (rst),
        .sw_start       (sw_start),
        .sw_soft_reset  (sw_soft_reset),
        .sw_irq_ack     (sw_irq_ack),
        .sw_error_clear (sw_error_clear),
        .cfg_irq_en     (cfg_irq_en),
        .cfg_wd_limit   (cfg_wd_limit),
        .hw_busy        (hw_busy),
        .hw_done        (hw_done),
        .hw_error       (hw_error),
        .hw_irq         (hw_irq),
        .hw_resetting   (hw_resetting),
        .hw_errors      (hw_errors),
        .hw_error_info  (hw_error_info),
        .hw_wd_info     (hw_wd_info),
        .hw_cycles      (hw_cycles),
        .hw_q_run       (hw_q_run),
        .hw_q_wait      (hw_q_wait),
        .hw_q_stall     (hw_q_stall),
        .hw_q_beats     (hw_q_beats),
        .hw_fetch_beats (hw_fetch_beats),
        .irq            (irq),
        .core_rst       (core_rst),
        .run_start      (run_start),
        .bus_flush      (bus_flush),
        .bus_idle       (bus_idle),
        .disp_halt      (disp_halt),
        .disp_no_halt   (disp_no_halt),
        .disp_illegal   (disp_illegal),
        .disp_index     (disp_index),
        .rd_error       (rd_error),
        .wr_error       (1'b0),
        .tok_error      (tok_error),
        .q_state        (state),
        .q_missing      (q_missing),
        .q_irq          (q_irq),
        .q_beat         (9'd0),
        .fetch_beat     (rsp_valid[0])
    );

    n3h_dispatch #(.AXI_W(AXI_W)) u_dispatch (
        .clk        (clk),
        .rst        (core_rst),
        .start      (run_start),
        .prog_base  (prog_base),
        .prog_words (prog_words),
        .halt       (disp_halt),
        .illegal    (disp_illegal),
        .no_halt    (disp_no_halt),
        .index      (disp_index),
        .req_valid  (req_valid[0]),
        .req_ready  (req_ready[0]),
        .req_addr   (req_addr[31:0]),
        .req_beats  (req_beats[15:0]),
        .rsp_valid  (rsp_valid[0]),
        .rsp_data   (rsp_data),
        .chk_word   (chk_word),
        .chk_legal  (chk_legal),
        .q_data     (q_data),
        .q_valid    (q_valid),
        .q_ready    (q_ready),
        .quiet      (q_idle == 9'h1ff),
        .bus_idle   (bus_idle)
    );

    sim_legal u_legal (.word(chk_word), .legal(chk_legal));

    n3h_tokens u_tokens (
        .clk   (clk),
        .rst   (core_rst),
        .has   (has),
        .take  (take),
        .room  (room),
        .put   (put | stray_put),
        .error (tok_error)
    );

    genvar q;
    generate
        for (q = 0; q < 9; q = q + 1) begin : g_queue
            wire         cfg_we, start, done, stall;
            wire [7:0]   cfg_reg;
            wire [95:0]  cfg_data;
            wire [111:0] payload;

            n3h_issue u_issue (
                .clk      (clk),
                .rst      (core_rst),
                .s_data   (q_data),
                .s_valid  (q_valid[q]),
                .s_ready  (q_ready[q]),
                .tok_has  (has[4*q +: 4]),
                .tok_take (take[4*q +: 4]),
                .tok_room (room[4*q +: 4]),
                .tok_put  (put[4*q +: 4]),
                .cfg_we   (cfg_we),
                .cfg_reg  (cfg_reg),
                .cfg_data (cfg_data),
                .start    (start),
                .payload  (payload),
                .done     (done),
                .stall    (stall),
                .idle     (q_idle[q]),
                .irq      (q_irq[q]),
                .state    (state[2*q +: 2]),
                .missing  (q_missing[4*q +: 4]),
                .tag      (tags[16*q +: 16])
            );

            sim_engine #(.SEED(q + 1)) u_engine (
                .clk      (clk),
                .rst      (core_rst),
                .open_log (run_start),
                .now      (now_q),
                .span     (span),
                .hang     (hang[q]),
                .take     (take[4*q +: 4]),
                .put      (put[4*q +: 4]),
                .cfg_we   (cfg_we),
                .cfg_reg  (cfg_reg),
                .cfg_data (cfg_data),
                .start    (start),
                .payload  (payload),
                .done     (done),
                .stall    (stall),
                .bad      (bad[q]),
                .entries  (entries[16*q +: 16])
            );
        end
    endgenerate

    wire [0:0]       arid, rid;
    wire [31:0]      araddr;
    wire [7:0]       arlen;
    wire [2:0]       arsize;
    wire [1:0]       arburst, rresp;
    wire             arvalid, arready, rlast, rvalid, rready;
    wire [AXI_W-1:0] rdata;

    hw_axi_read #(.N(2), .AXI_W(AXI_W), .BURST(BURST), .OUTSTANDING(8)) u_read (
        .clk           (clk),
        .rst           (rst),
        .flush         (bus_flush),
        .idle          (bus_idle),
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

    hw_sim_axi_mem #(.AXI_W(AXI_W), .BYTES(BYTES), .MAX_BURST(BURST), .MASTER_OPEN(8)) u_mem (
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
        .s_axi_awid    (1'b0),
        .s_axi_awaddr  (32'd0),
        .s_axi_awlen   (8'd0),
        .s_axi_awsize  (3'd0),
        .s_axi_awburst (2'd1),
        .s_axi_awvalid (1'b0),
        .s_axi_awready (),
        .s_axi_wdata   ({AXI_W{1'b0}}),
        .s_axi_wstrb   ({AXI_W/8{1'b0}}),
        .s_axi_wlast   (1'b0),
        .s_axi_wvalid  (1'b0),
        .s_axi_wready  (),
        .s_axi_bid     (),
        .s_axi_bresp   (),
        .s_axi_bvalid  (),
        .s_axi_bready  (1'b1)
    );

endmodule

`resetall
