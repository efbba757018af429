// hw_popcount_tree: number of ones in `a & b`, as a tree of counters for LUT6 fabrics.
//
// Takes a pair of words per cycle; the count is on `y` one cycle later (one register inside
// the tree). The first level takes three AND gates to two bits; every later level takes the
// bits of each weight six to three, the last three to five of them together; one carry chain
// adds the two rows that remain. A counter costs about one LUT per bit that it removes.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_popcount_tree #(
    parameter integer WIDTH = 128,  // 64, 128, 256 or 512
    parameter integer CUT   = WIDTH > 256 ? 3 : 2   // counter levels in front of the register
) (
    input  wire                       clk,
    input  wire [WIDTH-1:0]           a,
    input  wire [WIDTH-1:0]           b,
    output wire [$clog2(WIDTH+1)-1:0] y
);

    localparam integer NW     = $clog2(WIDTH + 1);  // weights 1, 2, .. 2^(NW-1)
    localparam integer ROW    = NW + 2;             // fields per level, the last two are empty
    localparam integer LEVELS = (WIDTH <= 128) ? 5 : (WIDTH == 256) ? 6 : 7;
    localparam integer TABLE  = 10 * ROW * (LEVELS + 1);

    // The tree as two tables of 10-bit fields, field l*ROW + w for weight 2^w in front of
    // level l: how many bits there are, and how many of smaller weights lie below them.
    // Tables, because tools evaluate functions slowly.
    localparam [TABLE-1:0] HEIGHTS = plan(1'b0);
    localparam [TABLE-1:0] PLACES  = plan(1'b1);

    function automatic [TABLE-1:0] plan(input places);
        integer i, k, n, sum;
        reg [10*ROW-1:0] h, next;
        begin
            h = {10*ROW{1'b0}};
            n = (WIDTH + 2) / 3;
            h[0 +: 10] = n[9:0];
            n = (WIDTH + 1) / 3;
            h[10 +: 10] = n[9:0];
            for (i = 0; i <= LEVELS; i = i + 1) begin
                sum = 0;
                next = {10*ROW{1'b0}};
                for (k = 0; k < ROW; k = k + 1) begin
                    plan[10*(i*ROW+k) +: 10] = places ? sum[9:0] : h[10*k +: 10];
                    n = {22'd0, h[10*k +: 10]};
                    sum = sum + n;
                    n = passed(n) + counters(n);
                    if (k > 0) n = n + counters({22'd0, h[10*k-10 +: 10]});
                    if (k > 1) n = n + wide({22'd0, h[10*k-20 +: 10]});
                    next[10*k +: 10] = n[9:0];
                end
                h = next;
            end
        end
    endfunction

    // Of n bits of one weight: counters; those with a weight-4 output; bits passed on.
    function automatic integer counters(input integer n);
        counters = (n + 3) / 6;
    endfunction

    function automatic integer wide(input integer n);
        wide = (n + 1) / 6;
    endfunction

    function automatic integer passed(input integer n);
        passed = (n % 6 == 5) ? 0 : n % 3;
    endfunction

    wire [NW-1:0] row_a, row_b;

    genvar l, w, i;
    generate
        for (l = 0; l <= LEVELS; l = l + 1) begin : g_level
            localparam [9:0] BITS = PLACES[10*(l*ROW+NW) +: 10];
            wire [BITS-1:0] d, v;   // in front of and behind the register
            if (l == CUT) begin : g_register
                reg [BITS-1:0] v_q;
                always @(posedge clk) v_q <= d;
                assign v = v_q;
            end else begin : g_wire
                assign v = d;
            end
        end

        for (i = 0; i < WIDTH / 3; i = i + 1) begin : g_and
            hw_count32 u_count (
                .a (a[3*i +: 3]),
                .b (b[3*i +: 3]),
                .y ({g_level[0].d[(WIDTH+2)/3+i], g_level[0].d[i]})
            );
        end
        if (WIDTH % 3 == 1) begin : g_and1
            assign g_level[0].d[WIDTH/3] = a[WIDTH-1] & b[WIDTH-1];
        end else begin : g_and2
            hw_count32 u_count (
                .a ({1'b0, a[WIDTH-1 -: 2]}),
                .b ({1'b0, b[WIDTH-1 -: 2]}),
                .y ({g_level[0].d[2*(WIDTH/3)+1], g_level[0].d[WIDTH/3]})
            );
        end

        // In front of the next level, each weight's bits are: those passed on, sums, carries
        // from the weight below, carries from two weights below.
        for (l = 0; l < LEVELS; l = l + 1) begin : g_step
            for (w = 0; w < NW; w = w + 1) begin : g_weight
                localparam integer HERE = 10 * (l*ROW + w);
                localparam integer THEN = HERE + 10 * ROW;
                localparam integer N    = {22'd0, HEIGHTS[HERE +: 10]};
                localparam integer N2   = {22'd0, HEIGHTS[HERE+10 +: 10]};
                localparam integer N4   = {22'd0, HEIGHTS[HERE+20 +: 10]};
                localparam integer AT   = {22'd0, PLACES[HERE +: 10]} + passed(N);
                localparam integer S1   = {22'd0, PLACES[THEN +: 10]} + passed(N);
                localparam integer S2   = {22'd0, PLACES[THEN+10 +: 10]}
                                        + passed(N2) + counters(N2);
                localparam integer S4   = {22'd0, PLACES[THEN+20 +: 10]}
                                        + passed(N4) + counters(N4) + counters(N2);
                for (i = 0; i < passed(N); i = i + 1) begin : g_pass
                    assign g_level[l+1].d[S1-1-i] = g_level[l].v[AT-1-i];
                end
                for (i = 0; i < wide(N); i = i + 1) begin : g_wide
                    localparam integer LAST = (N % 6 == 5 && i == N / 6) ? 1 : 0;
                    hw_count63 u_count (
                        .x ({LAST == 0 && g_level[l].v[AT+6*i+5-LAST], g_level[l].v[AT+6*i +: 5]}),
                        .y ({g_level[l+1].d[S4+i], g_level[l+1].d[S2+i], g_level[l+1].d[S1+i]})
                    );
                end
                for (i = wide(N); i < counters(N); i = i + 1) begin : g_narrow
                    wire [2:0] t = g_level[l].v[AT+6*i +: 3];
                    assign g_level[l+1].d[S1+i] = t[0] ^ t[1] ^ t[2];
                    assign g_level[l+1].d[S2+i] = (t[0] & t[1]) | (t[2] & (t[0] ^ t[1]));
                end
            end
        end

        for (w = 0; w < NW; w = w + 1) begin : g_row
            localparam integer HERE = 10 * (LEVELS*ROW + w);
            localparam integer N    = {22'd0, HEIGHTS[HERE +: 10]};
            localparam integer AT   = {22'd0, PLACES[HERE +: 10]};
            if (N > 0) begin : g_a
                assign row_a[w] = g_level[LEVELS].v[AT];
            end else begin : g_no_a
                assign row_a[w] = 1'b0;
            end
            if (N > 1) begin : g_b
                assign row_b[w] = g_level[LEVELS].v[AT+1];
            end else begin : g_no_b
                assign row_b[w] = 1'b0;
            end
        end
    endgenerate

    assign y = row_a + row_b;

endmodule

`resetall
