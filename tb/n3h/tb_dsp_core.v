// tb_dsp_core: n3h_dsp_core with the memories and neighbours its bench needs.
//
// A ring holds row tiles one after the other from entry 0 on; slots arrive by chance `p_slot`
// (256 = as many as there are, at once) until `slots` are there. Ring data are good for one
// cycle, then noise. A reader takes groups by chance `p_read`, upwards or (`down`) downwards,
// and keeps item n at `item_at` = n. `clear` forgets slots and items. `broken` stays up after a
// read without a slot, a slot freed without a read, or a result that went away. Times are
// counted from `clear`.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module tb_dsp_core #(
    parameter integer DM       = 4,
    parameter integer DK       = 64,
    parameter integer PIN      = 8,
    parameter integer POUT     = 4,
    parameter integer LANES    = 1,
    parameter integer PACK     = 1,
    parameter integer WD_DEPTH = 512,
    parameter integer ENTRIES  = 4096,
    parameter integer ITEMS    = 1024
) (
    input  wire                  clk,
    input  wire                  rst,

    input  wire                  clear,
    input  wire [31:0]           seed,          // taken with clear; not 0
    input  wire [8:0]            p_slot,
    input  wire [8:0]            p_read,
    input  wire                  down,
    input  wire [15:0]           slots,
    input  wire                  ring_we,
    input  wire                  w_we,
    input  wire [15:0]           load_addr,
    input  wire [DM*DK-1:0]      ring_data,
    input  wire [PIN*POUT*8-1:0] w_data,
    input  wire [15:0]           item_at,
    output wire [POUT*32-1:0]    item,
    output reg  [15:0]           items,         // items read
    output reg  [15:0]           freed,         // ring entries freed
    output reg                   broken,
    output reg  [31:0]           t_start,       // last start
    output reg  [31:0]           t_done,        // last done

    output wire                  res_valid,

    input  wire                  start,
    output wire                  done,
    output wire                  stall,
    input  wire [15:0]           i_w_base,
    input  wire [19:0]           i_pixels,
    input  wire [9:0]            i_n_tiles,
    input  wire [15:0]           i_k_steps,
    input  wire [13:0]           i_k_chunks,
    input  wire [2:0]            i_a_bits_m1,
    input  wire                  i_w8,
    input  wire                  i_a_signed,
    input  wire                  i_w_signed
);

    localparam integer GROUPS = POUT / LANES;
    localparam integer GW     = POUT > LANES ? $clog2(GROUPS) : 1;
    localparam integer MW     = $clog2(DM);
    localparam integer WA     = $clog2(WD_DEPTH);
    localparam integer RA     = $clog2(ENTRIES);
    localparam integer IA     = $clog2(ITEMS);

    reg [DM*DK-1:0]      ring [0:ENTRIES-1];
    reg [PIN*POUT*8-1:0] wmem [0:WD_DEPTH-1];
    reg [POUT*32-1:0]    kept [0:ITEMS-1];

    wire                 d_re, d_pop, w_re;
    wire [MW-1:0]        d_col;
    wire [13:0]          d_addr, d_slot;
    wire [WA-1:0]        w_addr;
    wire [LANES*32-1:0]  res_data;
    reg [DK-1:0]         d_data;
    reg [PIN*POUT*8-1:0] wr_data;
    reg [15:0]           made, popped;
    reg [31:0]           now, lfsr;
    reg [31:0]           at, got_at;        // groups of this item: asked for, received
    reg                  got, got_last, was_valid;

    wire                 d_avail  = popped != made;
    wire [15:0]          d_entry  = freed + {2'd0, d_addr};
    wire                 res_re   = res_valid && {1'b0, lfsr[7:0]} < p_read;
    wire                 res_last = at == GROUPS - 1;
    wire                 res_pop  = res_re && res_last;
    wire [31:0]          place    = down ? GROUPS - 1 - at : at;

    always @(posedge clk) begin
        now  <= now + 1;
        lfsr <= {lfsr[30:0], lfsr[31] ^ lfsr[21] ^ lfsr[1] ^ lfsr[0]};
        if (ring_we) ring[load_addr[RA-1:0]] <= ring_data;
        if (w_we) wmem[load_addr[WA-1:0]] <= w_data;
        d_data <= d_re ? ring[d_entry[RA-1:0]][DK*d_col +: DK] : {DK/32{lfsr}};
        if (w_re) wr_data <= wmem[w_addr];
        if (made != slots && (p_slot[8] || {1'b0, lfsr[15:8]} < p_slot))
            made <= p_slot[8] ? slots : made + 1;
        if (d_pop) begin
            popped <= popped + 1;
            freed  <= freed + {2'd0, d_slot};
        end
        if (res_re) at <= res_last ? 0 : at + 1;
        got      <= res_re;
        got_at   <= place;
        got_last <= res_pop;
        if (got) kept[items[IA-1:0]][got_at*LANES*32 +: LANES*32] <= res_data;
        if (got && got_last) items <= items + 1;
        was_valid <= res_valid && !res_pop;
        if (start) t_start <= now;
        if (done) t_done <= now;
        if ((d_re && !d_avail) || (d_pop && !d_re) || (was_valid && !res_valid)
            || ^{d_re, d_pop, w_re, res_valid, done, stall} === 1'bx)
            broken <= !rst;
        if (clear || rst) begin
            lfsr      <= seed;
            made      <= 0;
            popped    <= 0;
            freed     <= 0;
            items     <= 0;
            at        <= 0;
            now       <= 0;
            broken    <= 0;
            got       <= 0;
            was_valid <= 0;
        end
    end

    assign item = kept[item_at[IA-1:0]];

    n3h_dsp_core #(
        .DM       (DM),
        .DK       (DK),
        .PIN      (PIN),
        .POUT     (POUT),
        .LANES    (LANES),
        .PACK     (PACK),
        .WD_DEPTH (WD_DEPTH)
    ) dut (
        .clk         (clk),
        .rst         (rst),
        .start       (start),
        .done        (done),
        .stall       (stall),
        .i_w_base    (i_w_base),
        .i_pixels    (i_pixels),
        .i_n_tiles   (i_n_tiles),
        .i_k_steps   (i_k_steps),
        .i_k_chunks  (i_k_chunks),
        .i_a_bits_m1 (i_a_bits_m1),
        .i_w8        (i_w8),
        .i_a_signed  (i_a_signed),
        .i_w_signed  (i_w_signed),
        .d_avail     (d_avail),
        .d_re        (d_re),
        .d_col       (d_col),
        .d_addr      (d_addr),
        .d_data      (d_data),
        .d_pop       (d_pop),
        .d_slot      (d_slot),
        .w_re        (w_re),
        .w_addr      (w_addr),
        .w_data      (wr_data),
        .res_valid   (res_valid),
        .res_re      (res_re),
        .res_g       (place[GW-1:0]),
        .res_pop     (res_pop),
        .res_data    (res_data)
    );

endmodule

`resetall
