// n3h_control: start, halt and soft reset; sticky errors; interrupt; watchdog; counters.
//
// Ports by neighbour:
//   register block   sw_start, sw_soft_reset, sw_irq_ack, sw_error_clear[5:0]: one-cycle strobes of
//                    CTRL, IRQ_ACK and ERROR (one strobe per bit written 1). cfg_irq_en and
//                    cfg_wd_limit: held values. hw_*: values to read; hw_errors is ERROR[5:0],
//                    hw_wd_info is WD_INFO[9:0], the hw_q_* vectors hold 32 bits per queue, queue 0
//                    low. PROG_BASE and PROG_WORDS go to the dispatcher, not through here.
//   everything else  core_rst: resets the dispatcher, issue units, tokens, engines and rings; high
//                    whenever no program runs. bus_flush, bus_idle: the two bus ports, which only
//                    `rst` resets. run_start: one cycle, the first in which core_rst is low.
//   dispatcher       disp_halt, disp_no_halt, disp_illegal (with disp_index): one cycle each.
//   faults           rd_error, wr_error, tok_error: one cycle each.
//   issue units      q_state (2 bits), q_missing (4 bits), q_irq, q_beat, in queue order.
//
// A start while busy is ignored. A run ends with HALT (done), an error or a soft reset; the last
// two hold the core in reset while the bus ports drain (`resetting`), then busy falls. An error
// interrupts at once, because a bus that hangs never drains. A start and a soft reset clear done
// and the interrupt; errors stay until software clears them. Counters hold the last run.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_control #(
    parameter integer ENGINES = 9
) (
    input  wire                  clk,
    input  wire                  rst,               // synchronous, active high

    input  wire                  sw_start,
    input  wire                  sw_soft_reset,
    input  wire                  sw_irq_ack,
    input  wire [5:0]            sw_error_clear,
    input  wire                  cfg_irq_en,
    input  wire [31:0]           cfg_wd_limit,      // cycles; 0 = off

    output wire                  hw_busy,
    output wire                  hw_done,
    output wire                  hw_error,          // any sticky error
    output wire                  hw_irq,            // pending, whether enabled or not
    output wire                  hw_resetting,
    output wire [5:0]            hw_errors,         // {no_halt, watchdog, token, write, read, illegal}
    output wire [31:0]           hw_error_info,     // program index of the first illegal word
    output wire [9:0]            hw_wd_info,        // {missing tokens, state, queue}
    output wire [31:0]           hw_cycles,         // start to halt
    output wire [32*ENGINES-1:0] hw_q_run,
    output wire [32*ENGINES-1:0] hw_q_wait,
    output wire [32*ENGINES-1:0] hw_q_stall,
    output wire [32*ENGINES-1:0] hw_q_beats,
    output wire [31:0]           hw_fetch_beats,
    output wire                  irq,               // the pin: pending and enabled

    output wire                  core_rst,
    output wire                  run_start,
    output wire                  bus_flush,
    input  wire                  bus_idle,

    input  wire                  disp_halt,
    input  wire                  disp_no_halt,
    input  wire                  disp_illegal,
    input  wire [31:0]           disp_index,

    input  wire                  rd_error,
    input  wire                  wr_error,
    input  wire                  tok_error,

    input  wire [2*ENGINES-1:0]  q_state,
    input  wire [4*ENGINES-1:0]  q_missing,
    input  wire [ENGINES-1:0]    q_irq,
    input  wire [ENGINES-1:0]    q_beat,            // a bus beat moved for this queue
    input  wire                  fetch_beat
);

    localparam [1:0] IDLE = 2'd0, RUN = 2'd1, DRAIN = 2'd2;

    reg  [1:0]  state_q, state_d;
    reg         core_rst_q, first_q, settled_q;
    reg         done_q, irq_q, pin_q;
    reg  [5:0]  errors_q;
    reg  [31:0] error_info_q;
    reg  [9:0]  wd_info_q;

    wire        wd_fire;
    wire [9:0]  wd_info;

    wire        running = state_q == RUN;
    wire        start   = (state_q == IDLE) && sw_start && !sw_soft_reset;
    wire [5:0]  fault   = {disp_no_halt, wd_fire, tok_error, wr_error, rd_error, disp_illegal};
    wire        failed  = running && (fault != 6'd0);
    wire        halted  = running && disp_halt && !failed && !sw_soft_reset;

    always @* begin
        state_d = state_q;
        case (state_q)
            IDLE:    if (start)                      state_d = RUN;
            RUN:     if (failed)                     state_d = DRAIN;
                     else if (disp_halt)             state_d = IDLE;
            default: if (settled_q && bus_idle)      state_d = IDLE;
        endcase
        if (sw_soft_reset) state_d = DRAIN;
    end

    always @(posedge clk) begin
        state_q    <= state_d;
        core_rst_q <= state_d != RUN;
        first_q    <= start;
        settled_q  <= (state_q == DRAIN);       // one cycle for the ports to see the flush

        // the interrupt of an instruction counts only while the program runs
        if (failed || halted || (running && (q_irq != {ENGINES{1'b0}}))) irq_q <= 1'b1;
        else if (start || sw_soft_reset || sw_irq_ack)                    irq_q <= 1'b0;
        if (halted)                                                      done_q <= 1'b1;
        else if (start || sw_soft_reset || sw_irq_ack)                   done_q <= 1'b0;
        pin_q <= irq_q && cfg_irq_en;

        errors_q <= (errors_q & ~sw_error_clear) | (running ? fault : 6'd0);
        if (running && disp_illegal && !errors_q[0]) error_info_q <= disp_index;
        if (running && wd_fire && !errors_q[4])      wd_info_q    <= wd_info;

        if (rst) begin
            state_q      <= IDLE;
            core_rst_q   <= 1'b1;
            first_q      <= 1'b0;
            settled_q    <= 1'b0;
            irq_q        <= 1'b0;
            done_q       <= 1'b0;
            pin_q        <= 1'b0;
            errors_q     <= 6'd0;
            error_info_q <= 32'd0;
            wd_info_q    <= 10'd0;
        end
    end

    // a program's first cycle in RUN carries run_start; watchdog and counters look one cycle later
    reg  [2*ENGINES-1:0] state_seen_q;
    reg  [4*ENGINES-1:0] missing_seen_q;
    reg  [ENGINES-1:0]   beat_seen_q;
    reg                  fetch_seen_q;

    always @(posedge clk) begin
        state_seen_q   <= q_state;
        missing_seen_q <= q_missing;
        beat_seen_q    <= running ? q_beat : {ENGINES{1'b0}};
        fetch_seen_q   <= running && fetch_beat;
        if (rst || core_rst_q) begin
            state_seen_q <= {2*ENGINES{1'b0}};
        end
    end

    n3h_watchdog #(.ENGINES(ENGINES)) u_watchdog (
        .clk       (clk),
        .rst       (core_rst_q),
        .limit     (cfg_wd_limit),
        .q_state   (state_seen_q),
        .q_missing (missing_seen_q),
        .fire      (wd_fire),
        .info      (wd_info)
    );

    n3h_counters #(.ENGINES(ENGINES)) u_counters (
        .clk         (clk),
        .clear       (rst || start),
        .running     (running),
        .q_state     (state_seen_q),
        .q_beat      (beat_seen_q),
        .fetch_beat  (fetch_seen_q),
        .cycles      (hw_cycles),
        .q_run       (hw_q_run),
        .q_wait      (hw_q_wait),
        .q_stall     (hw_q_stall),
        .q_beats     (hw_q_beats),
        .fetch_beats (hw_fetch_beats)
    );

    assign hw_busy       = state_q != IDLE;
    assign hw_done       = done_q;
    assign hw_error      = errors_q != 6'd0;
    assign hw_irq        = irq_q;
    assign hw_resetting  = state_q == DRAIN;
    assign hw_errors     = errors_q;
    assign hw_error_info = error_info_q;
    assign hw_wd_info    = wd_info_q;
    assign irq           = pin_q;
    assign core_rst      = core_rst_q;
    assign run_start     = first_q;
    assign bus_flush     = state_q == DRAIN;

endmodule

`resetall
