// Native host of a simulated accelerator: reads a script from stdin, one command per line,
// answers with one JSON object per line on stdout.
//
//   load ADDR FILE            copy FILE into the memory at byte ADDR
//   fill ADDR BYTES VALUE     set bytes
//   dump ADDR BYTES FILE      copy memory to FILE
//   stalls LEVEL SEED         random memory stalls: LEVEL of 256 cycles
//   reset                     hold rst for 8 cycles
//   write ADDR VALUE          one AXI4-Lite write
//   read ADDR NAME            one AXI4-Lite read, answered as {"event": "read", ...}
//   run NAME ADDR VALUE LIMIT FILE   AXI4-Lite write of VALUE to ADDR (the start), then clock until
//                             the interrupt or LIMIT cycles; FILE (or -) takes the timeline
//
// The top has clk, rst, s_axil_*, irq, trace_bus, stall_level, stall_seed and axi_errors. `trace_bus` holds
// TRACE_QUEUES fields of 18 bits, {tag[15:0], state[1:0]}, states idle, wait, run, stall. Every
// cycle of a run is counted by queue, tag and state. The timeline is run-length encoded, idle left
// out: records of uint64 start, uint32 cycles, uint16 tag, uint8 queue, uint8 state, little-endian.
// HW_MEM is the memory array below Vtb___024root, 8 bits times its elements = its bytes in order.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "Vtb.h"
#include "Vtb___024root.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

namespace {

constexpr int kQueues = TRACE_QUEUES;
constexpr int kWords = (kQueues * 18 + 31) / 32;
constexpr size_t kTimelineMax = 8u << 20;  // records; beyond, the timeline ends early

volatile std::sig_atomic_t g_stop = 0;  // SIGTERM: end in order, so that waves are complete

struct Span {
    uint64_t cycles[4] = {};
    uint64_t first = 0, last = 0;  // of every state but idle
    bool seen = false;
};

struct Record {
    uint64_t start;
    uint32_t cycles;
    uint16_t tag;
    uint8_t queue, state;
};

[[noreturn]] void fail(const std::string& message) { throw std::runtime_error(message); }

class Host {
  public:
    Host(int argc, char** argv) {
        context_.commandArgs(argc, argv);  // $value$plusargs wants it
        top_.reset(new Vtb(&context_));
        const char* waves = argc > 1 ? argv[1] : nullptr;
#if VM_TRACE
        if (waves) {
            context_.traceEverOn(true);
            top_->trace(&fst_, 99);
            fst_.open(waves);
        }
#else
        if (waves) fail("this model was built without waves");
#endif
        top_->s_axil_bready = 1;
        top_->s_axil_rready = 1;
        reset();
    }

    ~Host() {
#if VM_TRACE
        if (fst_.isOpen()) fst_.close();
#endif
        top_->final();
    }

    void tick() {
        if (top_->s_axil_bvalid) answered_ = true;
        top_->clk = 1;
        top_->eval();
        dump_waves();
        top_->clk = 0;
        top_->eval();
        dump_waves();
        if (context_.gotFinish()) fail("the design ended the simulation");
    }

    void reset() {
        top_->rst = 1;
        for (int i = 0; i < 8; i++) tick();
        top_->rst = 0;
        tick();
    }

    void stalls(uint32_t level, uint32_t seed) {
        top_->stall_level = static_cast<uint8_t>(level);
        top_->stall_seed = seed;
        reset();
    }

    void write(uint32_t addr, uint32_t value) {
        top_->s_axil_awaddr = addr;
        top_->s_axil_wdata = value;
        top_->s_axil_wstrb = 15;
        top_->s_axil_awvalid = top_->s_axil_wvalid = 1;
        answered_ = false;
        top_->eval();
        for (int i = 0; top_->s_axil_awvalid || top_->s_axil_wvalid; i++) {
            if (i > 1000) fail("no answer to an AXI4-Lite write");
            bool aw = top_->s_axil_awready, w = top_->s_axil_wready;
            tick();
            if (aw) top_->s_axil_awvalid = 0;
            if (w) top_->s_axil_wvalid = 0;
            top_->eval();
        }
    }

    void finish_write() {
        for (int i = 0; !answered_; i++, tick())
            if (i > 1000) fail("no response to an AXI4-Lite write");
    }

    uint32_t read(uint32_t addr) {
        top_->s_axil_araddr = addr;
        top_->s_axil_arvalid = 1;
        top_->eval();
        for (int i = 0; top_->s_axil_arvalid || !top_->s_axil_rvalid; i++) {
            if (i > 1000) fail("no answer to an AXI4-Lite read");
            bool ar = top_->s_axil_arready && top_->s_axil_arvalid;
            tick();
            if (ar) top_->s_axil_arvalid = 0;
            top_->eval();
        }
        uint32_t value = top_->s_axil_rdata;
        tick();
        return value;
    }

    uint8_t* memory(uint64_t addr, uint64_t bytes) {
        auto& mem = top_->rootp->HW_MEM;
        if (addr + bytes > sizeof mem) fail("an address lies outside the memory");
        return reinterpret_cast<uint8_t*>(&mem) + addr;
    }

    void run(const std::string& name, uint32_t addr, uint32_t value, uint64_t limit, FILE* timeline) {
        for (auto& q : spans_) q.clear();
        start_timeline(timeline);
        write(addr, value);
        auto begin = std::chrono::steady_clock::now(), told = begin;
        uint64_t cycle = 0;
        while (!top_->irq && cycle < limit && !top_->axi_errors && !g_stop) {
            sample(cycle);
            tick();
            if ((++cycle & 0x3fff) == 0) {
                auto now = std::chrono::steady_clock::now();
                if (now - told > std::chrono::milliseconds(200)) {
                    told = now;
                    progress(name, cycle);
                }
            }
        }
        for (int q = 0; q < kQueues; q++) close(q, cycle);
        double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        if (timeline) {
            flush_timeline();
            if (std::fclose(timeline)) fail("the timeline cannot be written");
        }
        report(name, cycle, seconds);
        finish_write();
    }

  private:
    void dump_waves() {
#if VM_TRACE
        if (fst_.isOpen()) fst_.dump(context_.time());
#endif
        context_.timeInc(5);
    }

    uint32_t field(int q) const {
        int bit = q * 18, word = bit >> 5, at = bit & 31;
        uint64_t two = trace_[word] | static_cast<uint64_t>(trace_[word + 1]) << 32;
        return static_cast<uint32_t>(two >> at) & 0x3ffff;
    }

    void start_timeline(FILE* timeline) {
        timeline_ = timeline;
        records_.clear();
        written_ = 0;
        truncated_ = false;
        std::memset(trace_, 0, sizeof trace_);
        for (int q = 0; q < kQueues; q++) {
            now_[q] = 0;
            since_[q] = 0;
            span_[q] = &spans_[q][0];
        }
    }

    void sample(uint64_t cycle) {
        const uint32_t* port = top_->trace_bus.data();
        if (!std::memcmp(trace_, port, 4 * kWords)) return;
        std::memcpy(trace_, port, 4 * kWords);
        for (int q = 0; q < kQueues; q++) {
            uint32_t value = field(q);
            if (value == now_[q]) continue;
            close(q, cycle);
            if (value >> 2 != now_[q] >> 2) span_[q] = &spans_[q][value >> 2];
            now_[q] = value;
            since_[q] = cycle;
        }
    }

    void close(int q, uint64_t cycle) {
        uint64_t cycles = cycle - since_[q];
        if (!cycles) return;
        Span& span = *span_[q];
        uint32_t state = now_[q] & 3;
        span.cycles[state] += cycles;
        since_[q] = cycle;
        if (!state) return;
        if (!span.seen) span.first = cycle - cycles;
        span.seen = true;
        span.last = cycle;
        if (!timeline_) return;
        if (written_ + records_.size() >= kTimelineMax) {
            truncated_ = true;
            return;
        }
        records_.push_back({cycle - cycles, static_cast<uint32_t>(cycles),
                            static_cast<uint16_t>(now_[q] >> 2), static_cast<uint8_t>(q),
                            static_cast<uint8_t>(state)});
        if (records_.size() >= 65536) flush_timeline();
    }

    void flush_timeline() {
        size_t n = records_.size();
        if (std::fwrite(records_.data(), sizeof(Record), n, timeline_) != n)
            fail("the timeline cannot be written");
        written_ += n;
        records_.clear();
    }

    void progress(const std::string& name, uint64_t cycle) {
        uint32_t tag = 0;
        for (int q = 0; q < kQueues; q++)
            if ((now_[q] & 3) > 1 && now_[q] >> 2 > tag) tag = now_[q] >> 2;
        std::cout << "{\"event\": \"progress\", \"job\": \"" << name << "\", \"cycle\": " << cycle
                  << ", \"tag\": " << tag << "}" << std::endl;
    }

    void report(const std::string& name, uint64_t cycles, double seconds) {
        std::cout << "{\"event\": \"done\", \"job\": \"" << name << "\", \"cycles\": " << cycles
                  << ", \"irq\": " << (top_->irq ? "true" : "false")
                  << ", \"axi_error\": " << (top_->axi_errors ? "true" : "false")
                  << ", \"truncated\": " << (truncated_ ? "true" : "false")
                  << ", \"seconds\": " << seconds << ", \"spans\": [";
        const char* comma = "";
        for (int q = 0; q < kQueues; q++) {
            for (const auto& [tag, s] : spans_[q]) {
                if (!s.seen) continue;
                std::cout << comma << "[" << q << ", " << tag << ", " << s.cycles[1] << ", "
                          << s.cycles[2] << ", " << s.cycles[3] << ", " << s.first << ", " << s.last
                          << "]";
                comma = ", ";
            }
        }
        std::cout << "]}" << std::endl;
    }

    VerilatedContext context_;
    std::unique_ptr<Vtb> top_;
#if VM_TRACE
    VerilatedFstC fst_;
#endif
    std::map<uint32_t, Span> spans_[kQueues];  // by tag
    Span* span_[kQueues] = {};
    uint32_t trace_[kWords + 1] = {};
    uint32_t now_[kQueues] = {};
    uint64_t since_[kQueues] = {};
    std::vector<Record> records_;
    FILE* timeline_ = nullptr;
    size_t written_ = 0;
    bool truncated_ = false;
    bool answered_ = false;  // the write response has come
};

FILE* open_or_fail(const std::string& path, const char* mode) {
    FILE* file = std::fopen(path.c_str(), mode);
    if (!file) fail("cannot open " + path);
    return file;
}

void execute(Host& host, const std::string& line) {
    std::istringstream in(line);
    std::string verb, file, name;
    uint64_t addr = 0, value = 0, limit = 0;
    in >> verb >> std::setbase(0);
    if (verb == "load" && in >> addr >> file) {
        FILE* f = open_or_fail(file, "rb");
        std::fseek(f, 0, SEEK_END);
        size_t bytes = static_cast<size_t>(std::ftell(f));
        std::rewind(f);
        if (std::fread(host.memory(addr, bytes), 1, bytes, f) != bytes) fail("cannot read " + file);
        std::fclose(f);
    } else if (verb == "fill" && in >> addr >> limit >> value) {
        std::memset(host.memory(addr, limit), static_cast<int>(value), limit);
    } else if (verb == "dump" && in >> addr >> limit >> file) {
        FILE* f = open_or_fail(file, "wb");
        bool good = std::fwrite(host.memory(addr, limit), 1, limit, f) == limit;
        if (std::fclose(f) || !good) fail("cannot write " + file);
    } else if (verb == "stalls" && in >> limit >> value) {
        host.stalls(static_cast<uint32_t>(limit), static_cast<uint32_t>(value));
    } else if (verb == "reset") {
        host.reset();
    } else if (verb == "write" && in >> addr >> value) {
        host.write(static_cast<uint32_t>(addr), static_cast<uint32_t>(value));
        host.finish_write();
    } else if (verb == "read" && in >> addr >> name) {
        std::cout << "{\"event\": \"read\", \"name\": \"" << name
                  << "\", \"value\": " << host.read(static_cast<uint32_t>(addr)) << "}" << std::endl;
    } else if (verb == "run" && in >> name >> addr >> value >> limit >> file) {
        FILE* timeline = file == "-" ? nullptr : open_or_fail(file, "wb");
        host.run(name, static_cast<uint32_t>(addr), static_cast<uint32_t>(value), limit, timeline);
    } else {
        fail("unknown command: " + line);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGTERM, [](int) { g_stop = 1; });
    try {
        Host host(argc, argv);
        for (std::string line; !g_stop && std::getline(std::cin, line);)
            if (!line.empty()) execute(host, line);
    } catch (const std::runtime_error& error) {
        std::cout << "{\"event\": \"error\", \"message\": \"" << error.what() << "\"}" << std::endl;
        return 2;
    }
    return 0;
}
