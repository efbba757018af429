// hw_axi_split: cuts one request into AXI bursts.
//
// A request is an address (a multiple of the bus width) and a number of beats; 0 beats ask for
// nothing. Each burst has at most BURST beats and stays inside a 4 KB page. One burst every three
// cycles; `m_*` holds still until taken. `flush` (a level) forgets the request.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_axi_split #(
    parameter integer AXI_W = 64,   // bus width in bits: 64, 128, 256, ...
    parameter integer BURST = 16    // most beats per burst, 1..256
) (
    input  wire        clk,
    input  wire        rst,         // synchronous, active high
    input  wire        flush,

    input  wire        s_valid,
    output wire        s_ready,
    input  wire [31:0] s_addr,      // bytes
    input  wire [15:0] s_beats,

    output wire        m_valid,
    input  wire        m_ready,
    output wire [31:0] m_addr,
    output wire [7:0]  m_len,       // beats - 1, as AXI counts
    output wire        busy         // a request is inside
);

    localparam integer LB   = $clog2(AXI_W / 8);
    localparam integer PAGE = 4096 >> LB;           // beats per page

    reg        busy_q, page_q, known_q;     // a request inside; `room_q` holds; `beats_q` holds
    reg [31:0] addr_q;
    reg [15:0] left_q;
    reg [8:0]  room_q;                      // beats to the end of the page, at most BURST
    reg [8:0]  beats_q;

    wire [12-LB:0] page_left  = PAGE[12-LB:0] - {1'b0, addr_q[11:LB]};
    wire [12:0]    page_beats = {{LB{1'b0}}, page_left};
    wire           issue      = known_q && m_ready;
    wire           accept     = s_valid && s_ready;

    always @(posedge clk) begin
        room_q <= (page_beats < BURST[12:0]) ? page_beats[8:0] : BURST[8:0];
        if (!known_q) beats_q <= (left_q < {7'd0, room_q}) ? left_q[8:0] : room_q;
        page_q  <= busy_q && !issue;
        known_q <= page_q && busy_q && !issue;
        if (issue) begin
            addr_q <= addr_q + ({23'd0, beats_q} << LB);
            left_q <= left_q - {7'd0, beats_q};
            busy_q <= left_q != {7'd0, beats_q};
        end
        if (accept) begin
            busy_q <= s_beats != 16'd0;
            addr_q <= s_addr;
            left_q <= s_beats;
        end
        if (rst || flush) begin
            busy_q  <= 1'b0;
            page_q  <= 1'b0;
            known_q <= 1'b0;
        end
    end

    assign s_ready = !busy_q && !flush;
    assign m_valid = known_q;
    assign m_addr  = addr_q;
    assign m_len   = beats_q[7:0] - 8'd1;
    assign busy    = busy_q;

endmodule

`resetall
