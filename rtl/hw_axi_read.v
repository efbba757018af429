// hw_axi_read: read side of an AXI master, shared by N requesters.
//
// Request `i` reads `req_beats` beats from `req_addr` (a multiple of the bus width). It is cut at
// BURST beats and at 4 KB; bursts of different requesters are interleaved round robin, at most
// OUTSTANDING are under way, and the beats of one requester return in its order, `rsp_valid[i]`
// telling whose beat `rsp_data` is. There is no back-pressure: RREADY is always 1 and a requester
// asks for what it has room for. The bus thus never waits for a requester, nor one for another.
//
// `error` pulses for a beat with a response other than OKAY, a foreign ID, or nobody's request.
// `flush` (a level, to be held until `idle`) forgets all requests, asks nothing more and drops
// what still returns. `idle`: no request inside and no beat due.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_axi_read #(
    parameter integer N           = 4,      // requesters, >= 2
    parameter integer AXI_W       = 64,
    parameter integer BURST       = 16,     // most beats per burst, 1..256
    parameter integer OUTSTANDING = 8       // bursts under way, 1..16
) (
    input  wire             clk,
    input  wire             rst,            // synchronous, active high
    input  wire             flush,
    output wire             idle,
    output wire             error,

    input  wire [N-1:0]     req_valid,
    output wire [N-1:0]     req_ready,
    input  wire [32*N-1:0]  req_addr,       // bytes
    input  wire [16*N-1:0]  req_beats,
    output wire [N-1:0]     rsp_valid,
    output wire [AXI_W-1:0] rsp_data,

    output wire [0:0]       m_axi_arid,
    output wire [31:0]      m_axi_araddr,
    output wire [7:0]       m_axi_arlen,
    output wire [2:0]       m_axi_arsize,
    output wire [1:0]       m_axi_arburst,
    output wire             m_axi_arvalid,
    input  wire             m_axi_arready,
    input  wire [0:0]       m_axi_rid,
    input  wire [AXI_W-1:0] m_axi_rdata,
    input  wire [1:0]       m_axi_rresp,
    input  wire             m_axi_rlast,
    input  wire             m_axi_rvalid,
    output wire             m_axi_rready
);

    localparam integer IW = $clog2(N);
    localparam [2:0] SIZE = (AXI_W == 256) ? 3'd5 : (AXI_W == 128) ? 3'd4 : 3'd3;

    wire [N-1:0]    ready, busy, grant;
    wire [32*N-1:0] addr;
    wire [8*N-1:0]  len;
    wire            issue;
    wire            owner_ready, owner_valid;   // whose burst returns now
    wire [IW-1:0]   owner;
    wire [4:0]      under_way;

    genvar i;
    generate
        for (i = 0; i < N; i = i + 1) begin : g_split
            hw_axi_split #(.AXI_W(AXI_W), .BURST(BURST)) u_split (
                .clk     (clk),
                .rst     (rst),
                .flush   (flush),
                .s_valid (req_valid[i]),
                .s_ready (req_ready[i]),
                .s_addr  (req_addr[32*i +: 32]),
                .s_beats (req_beats[16*i +: 16]),
                .m_valid (ready[i]),
                .m_ready (issue && grant[i]),
                .m_addr  (addr[32*i +: 32]),
                .m_len   (len[8*i +: 8]),
                .busy    (busy[i])
            );
        end
    endgenerate

    // round robin: the first ready requester from `turn_q` (one hot) upwards, around the end
    reg  [N-1:0]   turn_q;
    wire [2*N-1:0] twice = {ready, ready};
    wire [2*N-1:0] first = twice & ~(twice - {{N{1'b0}}, turn_q});

    assign grant = first[2*N-1:N] | first[N-1:0];

    integer k;
    reg [31:0]   pick_addr;
    reg [7:0]    pick_len;
    reg [IW-1:0] pick;
    reg [N-1:0]  whose;

    always @* begin
        pick_addr = 32'd0;
        pick_len  = 8'd0;
        pick      = {IW{1'b0}};
        for (k = 0; k < N; k = k + 1) begin
            whose[k] = owner == k[IW-1:0];
            if (grant[k]) begin
                pick_addr = pick_addr | addr[32*k +: 32];
                pick_len  = pick_len | len[8*k +: 8];
                pick      = pick | k[IW-1:0];
            end
        end
    end

    reg         ar_valid_q;
    reg  [31:0] ar_addr_q;
    reg  [7:0]  ar_len_q;

    assign issue = (ready != {N{1'b0}}) && !flush && owner_ready && (under_way < OUTSTANDING[4:0]) &&
                   (!ar_valid_q || m_axi_arready);

    hw_fifo #(.WIDTH(IW), .DEPTH(16)) u_owner (
        .clk     (clk),
        .rst     (rst),
        .s_data  (pick),
        .s_valid (issue),
        .s_ready (owner_ready),
        .m_data  (owner),
        .m_valid (owner_valid),
        .m_ready (m_axi_rvalid && m_axi_rlast),
        .level   (under_way)
    );

    reg [N-1:0]     rsp_valid_q;
    reg [AXI_W-1:0] rsp_data_q;
    reg             error_q;

    always @(posedge clk) begin
        if (m_axi_arready) ar_valid_q <= 1'b0;
        if (issue) begin
            ar_valid_q <= 1'b1;
            ar_addr_q  <= pick_addr;
            ar_len_q   <= pick_len;
            turn_q     <= {grant[N-2:0], grant[N-1]};
        end
        rsp_data_q <= m_axi_rdata;
        rsp_valid_q <= (m_axi_rvalid && owner_valid && !flush) ? whose : {N{1'b0}};
        error_q <= m_axi_rvalid && ((m_axi_rresp != 2'd0) || (m_axi_rid != 1'b0) || !owner_valid);
        if (rst) begin
            ar_valid_q  <= 1'b0;
            turn_q      <= {{N-1{1'b0}}, 1'b1};
            rsp_valid_q <= {N{1'b0}};
            error_q     <= 1'b0;
        end
    end

    assign rsp_valid     = rsp_valid_q;
    assign rsp_data      = rsp_data_q;
    assign error         = error_q;
    assign idle          = (busy == {N{1'b0}}) && (under_way == 5'd0) && (rsp_valid_q == {N{1'b0}});
    assign m_axi_arid    = 1'b0;
    assign m_axi_araddr  = ar_addr_q;
    assign m_axi_arlen   = ar_len_q;
    assign m_axi_arsize  = SIZE;
    assign m_axi_arburst = 2'b01;
    assign m_axi_arvalid = ar_valid_q;
    assign m_axi_rready  = 1'b1;

endmodule

`resetall
