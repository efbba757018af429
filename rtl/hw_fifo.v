// hw_fifo: first-word fall-through queue over a memory with registered read.
//
// A word pushed in cycle t is at `m_data` in cycle t+2 at the earliest; then one word per cycle.
// `s_ready` and `m_valid` come from registers and never depend on the other side. `level` counts
// every word inside, the one at `m_data` included; the queue holds DEPTH words. Reset empties it.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_fifo #(
    parameter integer WIDTH = 8,
    parameter integer DEPTH = 16    // a power of two >= 2; above 64 words the memory is a block RAM
) (
    input  wire                   clk,
    input  wire                   rst,      // synchronous, active high

    input  wire [WIDTH-1:0]       s_data,
    input  wire                   s_valid,
    output wire                   s_ready,

    output wire [WIDTH-1:0]       m_data,
    output wire                   m_valid,
    input  wire                   m_ready,

    output wire [$clog2(DEPTH):0] level
);

    localparam integer AW = $clog2(DEPTH);

    reg [AW-1:0] wptr_q, rptr_q;
    reg [AW:0]   stored_q, level_q;     // words in the memory; words in the queue
    reg          valid_q, ready_q;

    wire push  = s_valid && ready_q;
    wire pop   = valid_q && m_ready;
    wire fetch = (stored_q != {AW+1{1'b0}}) && (!valid_q || m_ready);

    wire [AW:0] stored_d = stored_q + {{AW{1'b0}}, push} - {{AW{1'b0}}, fetch};
    wire [AW:0] level_d  = level_q + {{AW{1'b0}}, push} - {{AW{1'b0}}, pop};

    always @(posedge clk) begin
        stored_q <= stored_d;
        level_q  <= level_d;
        ready_q  <= level_d != DEPTH[AW:0];
        valid_q  <= fetch || (valid_q && !m_ready);
        if (push)  wptr_q <= wptr_q + 1'b1;
        if (fetch) rptr_q <= rptr_q + 1'b1;
        if (rst) begin
            stored_q <= {AW+1{1'b0}};
            level_q  <= {AW+1{1'b0}};
            ready_q  <= 1'b0;
            valid_q  <= 1'b0;
            wptr_q   <= {AW{1'b0}};
            rptr_q   <= {AW{1'b0}};
        end
    end

    // the two branches differ in the kind of memory only
    generate
        if (DEPTH > 64) begin : g_block
            (* ram_style = "block" *)
            reg [WIDTH-1:0] mem [0:DEPTH-1];
            reg [WIDTH-1:0] data_q;
            always @(posedge clk) begin
                if (push)  mem[wptr_q] <= s_data;
                if (fetch) data_q <= mem[rptr_q];
            end
            assign m_data = data_q;
        end else begin : g_lut
            (* ram_style = "distributed" *)
            reg [WIDTH-1:0] mem [0:DEPTH-1];
            reg [WIDTH-1:0] data_q;
            always @(posedge clk) begin
                if (push)  mem[wptr_q] <= s_data;
                if (fetch) data_q <= mem[rptr_q];
            end
            assign m_data = data_q;
        end
    endgenerate

    assign s_ready = ready_q;
    assign m_valid = valid_q;
    assign level   = level_q;

endmodule

`resetall
