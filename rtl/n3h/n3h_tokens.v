// n3h_tokens: the token counters between the engines.
//
// Each engine has four wait bits (tokens it takes) and four post bits (tokens it gives); bit k of
// queue q is bit 4*q + k of the vectors. WAIT_EDGE and POST_EDGE hold one hexadecimal digit per
// such bit, bit 0 of queue 0 in the lowest: the number of the edge (counter) behind it, or f for
// none. Every edge has exactly one bit in each. A missing edge never holds an engine; using it is
// an error, like a put without room and a take without token. `error` is one cycle.
//
// The defaults are the edges of the instruction set, numbered by taker in queue order: 0 LOAD_X
// from STORE; 1..4 LOAD_W from GEMM_L, GEMM_D, POST_L, POST_D; 5 LOAD_R from STORE; 6..9 GEMM_L,
// GEMM_D, POST_L, POST_D from LOAD_W.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_tokens #(
    parameter integer                     ENGINES   = 9,
    parameter integer                     EDGES     = 10,       // at most 15
    parameter integer                     MAX       = 63,       // tokens per edge
    parameter         [16*ENGINES-1:0]    WAIT_EDGE = 144'hfff9_ffff_fff8_fff7_fff6_ffff_fff5_4321_fff0,
    parameter         [16*ENGINES-1:0]    POST_EDGE = 144'hfff4_ff50_fff3_fff2_fff1_ffff_ffff_9876_ffff
) (
    input  wire                 clk,
    input  wire                 rst,        // synchronous, active high

    output wire [4*ENGINES-1:0] has,
    input  wire [4*ENGINES-1:0] take,
    output wire [4*ENGINES-1:0] room,
    input  wire [4*ENGINES-1:0] put,
    output wire                 error
);

    localparam [3:0] NONE = 4'hf;

    wire [EDGES-1:0]     edge_has, edge_take, edge_room, edge_put, edge_error;
    wire [4*ENGINES-1:0] stray;
    reg                  stray_q;

    genvar e;
    generate
        for (e = 0; e < EDGES; e = e + 1) begin : g_edge
            hw_token #(.MAX(MAX)) u_token (
                .clk   (clk),
                .rst   (rst),
                .put   (edge_put[e]),
                .take  (edge_take[e]),
                .has   (edge_has[e]),
                .room  (edge_room[e]),
                .error (edge_error[e])
            );
        end

        for (e = 0; e < 4*ENGINES; e = e + 1) begin : g_bit
            if (WAIT_EDGE[4*e +: 4] != NONE) begin : g_wait
                assign has[e] = edge_has[WAIT_EDGE[4*e +: 4]];
                assign edge_take[WAIT_EDGE[4*e +: 4]] = take[e];
            end else begin : g_no_wait
                assign has[e] = 1'b1;
            end
            if (POST_EDGE[4*e +: 4] != NONE) begin : g_post
                assign room[e] = edge_room[POST_EDGE[4*e +: 4]];
                assign edge_put[POST_EDGE[4*e +: 4]] = put[e];
            end else begin : g_no_post
                assign room[e] = 1'b1;
            end
            assign stray[e] = ((WAIT_EDGE[4*e +: 4] == NONE) && take[e]) ||
                              ((POST_EDGE[4*e +: 4] == NONE) && put[e]);
        end
    endgenerate

    always @(posedge clk) begin
        stray_q <= stray != {4*ENGINES{1'b0}};
        if (rst) stray_q <= 1'b0;
    end

    assign error = stray_q || (edge_error != {EDGES{1'b0}});

endmodule

`resetall
