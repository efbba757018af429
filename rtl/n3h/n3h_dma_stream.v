// n3h_dma_stream: reads a run of beats into a queue, asking only for what the queue can hold.
//
// A run is an address (a multiple of the bus width) and a number of beats; 0 beats are nothing. It
// is asked for in chunks of at most CHUNK beats as the reader takes beats away, so the response
// side never has to wait. Runs follow each other; their beats leave in order.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dma_stream #(
    parameter integer AXI_W   = 64,
    parameter integer COUNT_W = 16,     // width of a run's beat count
    parameter integer CHUNK   = 16,     // beats asked for at once, at most DEPTH
    parameter integer DEPTH   = 64      // beats it holds: a power of two, 16..512
) (
    input  wire               clk,
    input  wire               rst,      // synchronous, active high

    input  wire               s_valid,
    output wire               s_ready,
    input  wire [31:0]        s_addr,   // bytes
    input  wire [COUNT_W-1:0] s_beats,

    output wire               req_valid,
    input  wire               req_ready,
    output wire [31:0]        req_addr,
    output wire [15:0]        req_beats,
    input  wire               rsp_valid,
    input  wire [AXI_W-1:0]   rsp_data,

    output wire [AXI_W-1:0]   m_data,
    output wire               m_valid,
    input  wire               m_ready
);

    localparam integer LB = $clog2(AXI_W / 8);
    localparam integer FW = $clog2(DEPTH) + 1;

    reg               busy_q, ask_q, fits_q;
    reg [31:0]        addr_q;
    reg [COUNT_W-1:0] left_q;
    reg [FW-1:0]      chunk_q;
    reg [FW-1:0]      free_q;           // neither filled nor asked for

    wire              accept = s_valid && s_ready;
    wire              asked  = ask_q && req_ready;
    wire              pop    = m_valid && m_ready;
    wire [FW-1:0]     taken  = asked ? chunk_q : {FW{1'b0}};

    always @(posedge clk) begin
        free_q <= free_q - taken + {{FW-1{1'b0}}, pop};
        if (!ask_q) begin
            // `fits` looks at the chunk chosen the cycle before: two idle cycles between chunks
            chunk_q <= (left_q > {{COUNT_W-FW{1'b0}}, CHUNK[FW-1:0]}) ? CHUNK[FW-1:0] : left_q[FW-1:0];
            fits_q  <= busy_q;
            ask_q   <= busy_q && fits_q && (free_q >= chunk_q);
        end
        if (asked) begin
            ask_q  <= 1'b0;
            fits_q <= 1'b0;
            addr_q <= addr_q + ({{32-FW{1'b0}}, chunk_q} << LB);
            left_q <= left_q - {{COUNT_W-FW{1'b0}}, chunk_q};
            busy_q <= left_q != {{COUNT_W-FW{1'b0}}, chunk_q};
        end
        if (accept) begin
            busy_q <= s_beats != {COUNT_W{1'b0}};
            addr_q <= s_addr;
            left_q <= s_beats;
        end
        if (rst) begin
            busy_q <= 1'b0;
            ask_q  <= 1'b0;
            fits_q <= 1'b0;
            free_q <= DEPTH[FW-1:0];
        end
    end

    wire          unused_ready;         // always 1 for what has been asked for
    wire [FW-1:0] unused_level;

    hw_fifo #(.WIDTH(AXI_W), .DEPTH(DEPTH)) u_beats (
        .clk     (clk),
        .rst     (rst),
        .s_data  (rsp_data),
        .s_valid (rsp_valid),
        .s_ready (unused_ready),
        .m_data  (m_data),
        .m_valid (m_valid),
        .m_ready (m_ready),
        .level   (unused_level)
    );

    assign s_ready   = !busy_q;
    assign req_valid = ask_q;
    assign req_addr  = addr_q;
    assign req_beats = {{16-FW{1'b0}}, chunk_q};

endmodule

`resetall
