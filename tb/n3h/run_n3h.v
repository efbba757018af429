// run_n3h: one program, one start, one interrupt, without C++ or Python inside the simulation.
//
// Plusargs: +mem=FILE fills the memory (read by hw_sim_axi_mem), +out=FILE takes it back
// ($writememh), +trace=FILE takes one line "cycle trace" (hexadecimal) per change of the trace bus,
// +base=BYTE and +words=N place the program, +limit=N ends a run that hangs, +level and +seed set
// the memory's pauses, +waves=FILE records all signals. Prints "DONE irq cycles axi_errors" and
// "REG address value" for every register of the map. Simulation only.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module run_n3h #(
    parameter integer AXI_W       = 64,
    parameter integer BURST       = 16,
    parameter integer OUTSTANDING = 8,
    parameter integer BYTES       = 1048576,
    parameter integer LATENCY     = 32
);

    reg          clk, rst, awvalid, wvalid, arvalid;
    reg  [11:0]  awaddr, araddr;
    reg  [31:0]  wdata;
    wire         awready, wready, bvalid, arready, rvalid, irq;
    wire [31:0]  rdata, axi_errors;
    wire [161:0] trace_bus;
    reg  [7:0]   level;
    reg  [31:0]  seed, base, words, limit, cycle, address;
    reg  [161:0] before;
    reg  [8*512-1:0] name;
    integer      trace_file;

    tb_n3h #(
        .AXI_W       (AXI_W),
        .BURST       (BURST),
        .OUTSTANDING (OUTSTANDING),
        .BYTES       (BYTES),
        .LATENCY     (LATENCY)
    ) u_tb (
        .clk            (clk),
        .rst            (rst),
        .s_axil_awaddr  (awaddr),
        .s_axil_awvalid (awvalid),
        .s_axil_awready (awready),
        .s_axil_wdata   (wdata),
        .s_axil_wstrb   (4'hF),
        .s_axil_wvalid  (wvalid),
        .s_axil_wready  (wready),
        .s_axil_bresp   (),
        .s_axil_bvalid  (bvalid),
        .s_axil_bready  (1'b1),
        .s_axil_araddr  (araddr),
        .s_axil_arvalid (arvalid),
        .s_axil_arready (arready),
        .s_axil_rdata   (rdata),
        .s_axil_rresp   (),
        .s_axil_rvalid  (rvalid),
        .s_axil_rready  (1'b1),
        .irq            (irq),
        .trace_bus      (trace_bus),
        .stall_level    (level),
        .stall_seed     (seed),
        .err_enable     (1'b0),
        .err_addr       (32'd0),
        .axi_errors     (axi_errors)
    );

    always #5 clk = !clk;

    // signals change, and are looked at, at the falling edge: away from the design's own edge
    task write(input [11:0] addr, input [31:0] value);
        begin
            awaddr  = addr;
            wdata   = value;
            awvalid = 1'b1;
            wvalid  = 1'b1;
            while (awvalid || wvalid) begin
                #1;
                address = {30'd0, awready, wready};
                @(negedge clk);
                if (address[1]) awvalid = 1'b0;
                if (address[0]) wvalid = 1'b0;
            end
        end
    endtask

    task read(input [11:0] addr);
        begin
            araddr  = addr;
            arvalid = 1'b1;
            #1;
            while (!arready) begin
                @(negedge clk);
                #1;
            end
            @(negedge clk);
            arvalid = 1'b0;
            while (!rvalid) @(negedge clk);
            $display("REG %0d %0d", addr, rdata);
            @(negedge clk);
        end
    endtask

    initial begin
        clk = 1'b0;
        rst = 1'b1;
        {awvalid, wvalid, arvalid} = 3'd0;
        {cycle, before, address} = 226'd0;
        if (!$value$plusargs("level=%d", level)) level = 8'd0;
        if (!$value$plusargs("seed=%d", seed)) seed = 32'd0;
        if (!$value$plusargs("base=%d", base)) base = 32'd0;
        if (!$value$plusargs("words=%d", words)) words = 32'd0;
        if (!$value$plusargs("limit=%d", limit)) limit = 32'd1000000;
        if (!$value$plusargs("trace=%s", name)) name = "trace.txt";
        trace_file = $fopen(name, "w");
        if ($value$plusargs("waves=%s", name)) begin
            $dumpfile(name);
            $dumpvars(0, u_tb);
        end
        repeat (8) @(negedge clk);
        rst = 1'b0;
        @(negedge clk);
        write(12'h020, base);
        write(12'h024, words);
        write(12'h018, 32'd1);
        write(12'h010, 32'd1);
        while (!irq && (cycle < limit) && (axi_errors == 32'd0)) begin
            if (trace_bus !== before) $fwrite(trace_file, "%0d %h\n", cycle, trace_bus);
            before = trace_bus;
            cycle  = cycle + 1;
            @(negedge clk);
        end
        $display("DONE %0d %0d %0d", irq, cycle, axi_errors);
        for (cycle = 0; cycle < 32'h194; cycle = cycle + 4)
            if ((cycle < 32'h40) || (cycle >= 32'h100)) read(cycle[11:0]);
        $fclose(trace_file);
        if ($value$plusargs("out=%s", name)) $writememh(name, u_tb.u_mem.mem);
        $finish;
    end

endmodule

`resetall
