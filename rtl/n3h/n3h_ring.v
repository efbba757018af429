// n3h_ring: operand ring, DM columns of DK bits, one writer and two readers.
//
// A slot holds the bit planes of one row tile: `slot` entries, column i those of pixel i. The
// fill engine asks for the next slot by raising `fill_open` with stable `fill_slot`,
// `fill_use_l` and `fill_use_d`; it may write any entry of any column while `fill_room` is
// high, which it stays until the commit. A write is taken when `fill_we` and `fill_ready` are
// high; `fill_commit` (with the last write taken, or later) hands the slot to its consumers:
// they may read it from the next cycle on.
//
// A consumer sees its oldest slot while `*_avail` is high; `*_addr` counts from the start of
// that slot. Data follow a read by one cycle. `l_data` stays until the next `l_re`; `d_data` is
// valid in that one cycle only, for a later fill write to the same column replaces it. `*_pop`
// (with the last read of the slot, or later) frees `*_slot` entries and moves on to the next
// slot in the next cycle.
//
// D reads go before a fill write to the same column (`fill_ready` low); L reads use a port of
// their own. A consumer that a pass does not use must have emptied the ring before the first
// slot of that pass is granted; its pointer then follows the writer. `fill_open` stays high
// until the last commit of a pass and falls for at least one cycle before the next pass.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_ring #(
    parameter integer DM    = 4,     // columns: pixels of a row tile
    parameter integer DK    = 64,    // bits of an entry of one column
    parameter integer DEPTH = 1024   // entries; a power of two, 512..8192
) (
    input  wire                  clk,
    input  wire                  rst,          // synchronous, active high

    input  wire                  fill_open,    // a pass is being filled
    input  wire                  fill_use_l,   // the L consumer takes this pass
    input  wire                  fill_use_d,   // the D consumer takes this pass
    input  wire [13:0]           fill_slot,    // entries per slot
    output wire                  fill_room,    // a slot may be written
    input  wire                  fill_we,
    input  wire [$clog2(DM)-1:0] fill_col,
    input  wire [13:0]           fill_addr,    // entry within the slot
    input  wire [DK-1:0]         fill_data,
    output wire                  fill_ready,   // the write is taken
    input  wire                  fill_commit,

    output wire                  l_avail,
    input  wire                  l_re,
    input  wire [13:0]           l_addr,       // entry within the oldest slot
    output wire [DM*DK-1:0]      l_data,       // column 0 in the low bits
    input  wire                  l_pop,
    input  wire [13:0]           l_slot,       // entries of the popped slot

    output wire                  d_avail,
    input  wire                  d_re,
    input  wire [$clog2(DM)-1:0] d_col,
    input  wire [13:0]           d_addr,
    output wire [DK-1:0]         d_data,
    input  wire                  d_pop,
    input  wire [13:0]           d_slot
);

    localparam integer AW = $clog2(DEPTH);
    localparam integer CW = $clog2(DM);
    // Pointers are wider than the memory address: a slot larger than the ring never fits, and
    // no difference of two pointers is ambiguous.
    localparam integer PW = 16;

    reg [PW-1:0] wr_q;       // first entry of the slot being written
    reg [PW-1:0] next_q;     // first entry after it
    reg [PW-1:0] after_q;    // and after the slot that follows
    reg [PW-1:0] l_rd_q, d_rd_q;
    reg [1:0]    open_q;     // `after_q` belongs to the slot size of this pass
    reg          room_q;
    reg [CW-1:0] d_col_q;

    // --- pointers -------------------------------------------------------------------------
    // The answer for the slot after this one is ready too, so that a commit costs no cycle.
    wire [PW-1:0] l_span  = next_q - l_rd_q;
    wire [PW-1:0] d_span  = next_q - d_rd_q;
    wire [PW-1:0] l_span2 = after_q - l_rd_q;
    wire [PW-1:0] d_span2 = after_q - d_rd_q;
    wire          fits    = (fill_use_l ? in_ring(l_span) : !l_avail)
                         && (fill_use_d ? in_ring(d_span) : !d_avail);
    wire          fits2   = (!fill_use_l || in_ring(l_span2)) && (!fill_use_d || in_ring(d_span2));

    function automatic in_ring(input [PW-1:0] span);     // span <= DEPTH, without a carry chain
        in_ring = span[PW-1:AW] == {(PW-AW){1'b0}}
               || (span[PW-1:AW] == {{(PW-AW-1){1'b0}}, 1'b1} && span[AW-1:0] == {AW{1'b0}});
    endfunction

    assign l_avail   = l_rd_q != wr_q;
    assign d_avail   = d_rd_q != wr_q;
    assign fill_room = room_q;

    always @(posedge clk) begin
        open_q <= {open_q[0], 1'b1};
        room_q <= fill_open && open_q[1] && (fill_commit ? fits2 : fits);
        if (!open_q[1]) begin
            next_q  <= wr_q + {2'b00, fill_slot};
            after_q <= next_q + {2'b00, fill_slot};
        end else if (fill_commit) begin
            wr_q    <= next_q;
            next_q  <= after_q;
            after_q <= after_q + {2'b00, fill_slot};
        end
        if (fill_commit && !fill_use_l)
            l_rd_q <= next_q;
        else if (l_pop)
            l_rd_q <= l_rd_q + {2'b00, l_slot};
        if (fill_commit && !fill_use_d)
            d_rd_q <= next_q;
        else if (d_pop)
            d_rd_q <= d_rd_q + {2'b00, d_slot};
        if (d_re)
            d_col_q <= d_col;
        if (!fill_open)
            open_q <= 2'b00;
        if (rst) begin
            open_q <= 2'b00;
            room_q <= 1'b0;
            wr_q   <= {PW{1'b0}};
            l_rd_q <= {PW{1'b0}};
            d_rd_q <= {PW{1'b0}};
        end
    end

    // --- memory ---------------------------------------------------------------------------
    wire [AW-1:0]    w_at = wr_q[AW-1:0] + fill_addr[AW-1:0];
    wire [AW-1:0]    l_at = l_rd_q[AW-1:0] + l_addr[AW-1:0];
    wire [AW-1:0]    d_at = d_rd_q[AW-1:0] + d_addr[AW-1:0];
    wire [DM*DK-1:0] d_all;

    assign fill_ready = !(d_re && d_col == fill_col);
    assign d_data     = d_all[DK*d_col_q +: DK];

    genvar g;
    generate
        for (g = 0; g < DM; g = g + 1) begin : g_col
            localparam [CW-1:0] COL = g;
            wire d_here = d_re && d_col == COL;
            wire w_here = fill_we && fill_col == COL && !d_here;

            hw_ram_tdp #(
                .WIDTH (DK),
                .DEPTH (DEPTH)
            ) u_ram (
                .clk     (clk),
                .a_en    (d_here || w_here),
                .a_we    (w_here),
                .a_addr  (d_here ? d_at : w_at),
                .a_wdata (fill_data),
                .a_rdata (d_all[DK*g +: DK]),
                .b_en    (l_re),
                .b_addr  (l_at),
                .b_rdata (l_data[DK*g +: DK])
            );
        end
    endgenerate

    // An offset within a slot is smaller than the ring, so its upper bits carry nothing.
    wire unused_bits = &{1'b0, fill_addr[13:AW], l_addr[13:AW], d_addr[13:AW]};

endmodule

`resetall
