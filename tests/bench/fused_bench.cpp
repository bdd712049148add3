// What the daemon costs at its own end of the connection, by Google Benchmark: requests for maps, and looking
// names up, with 100,000 files known. docs/benchmarks.md has the command and the figures.
#include "famfs-fused/fuse/ops/ops.h"
#include "famfs-fused/fuse/ops/read.h"
#include "famfs-fused/fuse/server/server.h"
#include "famfs-fused/fuse/session/session.h"
#include "famfs-fused/process/daemon_log.h"
#include "liblog/shadow/document.h"
#include "scratch.h"

#include <benchmark/benchmark.h>
#include <linux/fuse.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>
#include <vector>

namespace famfs::bench {
namespace {

using namespace famfs::fused;

constexpr std::uint64_t files = 100'000;
constexpr std::uint64_t unit = 0x200000;
constexpr std::uint64_t data_start = 0xa00000;
constexpr std::uint64_t strips = 16;
constexpr std::uint64_t device_size = data_start + (files + 1) * strips * unit;
constexpr std::uint64_t bit_43 = std::uint64_t{1} << 43;

template <typename T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

std::string name_of(std::uint64_t number) {
    return "file-" + std::to_string(number);
}

// A shadow tree of 100,000 files of 16 strips each, the most that a map can hold.
class Tree {
  public:
    Tree() {
        shadow::DeviceRecord device{.uuid = {}, .size = device_size, .path = "/dev/dax0.0"};
        device.uuid.bytes.fill(2);
        table_.add(device);
        table_.data_start = data_start;
        std::filesystem::create_directories(scratch_ / "root");
        write("devices.yaml", shadow::write_devices(table_));
        const auto context = table_.context();
        for (std::uint64_t number = 0; number < files; ++number)
            write_file(number, context);
    }
    std::string directory() const { return scratch_ / ""; }

  private:
    void write_file(std::uint64_t number, const shadow::DocumentContext& context) {
        omf::File file;
        file.path = *omf::Path::parse(name_of(number));
        file.size = strips * unit;
        file.layout.chunk_size = unit;
        for (std::uint64_t strip = 0; strip < strips; ++strip)
            file.layout.extents.push_back({0, data_start + (number * strips + strip) * unit, unit});
        std::string text;
        if (!shadow::write_document(file, shadow::Form::uuid, context, text))
            throw std::runtime_error("document");
        write("root/" + name_of(number), text);
    }
    void write(const std::string& name, const std::string& text) { std::ofstream(scratch_ / name) << text; }

    Scratch scratch_;
    shadow::DeviceTable table_;
};

// A daemon and a kernel in one thread.
class Mount {
  public:
    explicit Mount(const Tree& tree) : log_(LogTarget::system_log) {
        auto shadow = must(ShadowRoot::open(tree.directory()));
        auto devices = must(Devices::locate(shadow, {}));
        server_ = must(Server::create({.kernel_abi = AbiChoice::v10}, std::move(shadow), std::move(devices),
                                      DataPathKind::iomap, log_));
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
            throw std::runtime_error("socketpair");
        kernel_ = FileDescriptor(ends[0]);
        session_ =
            must(Session::create("fsname=bench", *server_, {.table = &ops::table(), .read = ops::read}));
        if (!session_->attach(FileDescriptor(ends[1]))) throw std::runtime_error("attach");
        fuse_init_in init{};
        init.major = FUSE_KERNEL_VERSION;
        init.minor = 45;
        init.flags = FUSE_INIT_EXT;
        init.flags2 = static_cast<std::uint32_t>(bit_43 >> 32);
        ask(FUSE_INIT, 0, std::as_bytes(std::span(&init, 1)));
    }

    // The reply's payload.
    std::span<const std::byte> ask(std::uint32_t opcode, std::uint64_t node,
                                   std::span<const std::byte> argument) {
        fuse_in_header header{};
        header.len = static_cast<std::uint32_t>(sizeof header + argument.size());
        header.opcode = opcode;
        header.nodeid = node;
        header.unique = unique_ += 2;
        std::memcpy(request_.data(), &header, sizeof header);
        std::ranges::copy(argument, request_.begin() + sizeof header);
        session_->serve(std::span(request_).first(header.len));
        const ssize_t got = ::recv(kernel_.get(), reply_.data(), reply_.size(), MSG_DONTWAIT);
        fuse_out_header answer{};
        if (got < static_cast<ssize_t>(sizeof answer)) throw std::runtime_error("no reply");
        std::memcpy(&answer, reply_.data(), sizeof answer);
        if (answer.error != 0) throw std::runtime_error("error " + std::to_string(answer.error));
        return std::span(reply_).subspan(sizeof answer, static_cast<std::size_t>(got) - sizeof answer);
    }

    std::uint64_t look_up(std::uint64_t number) {
        const std::string name = name_of(number);
        fuse_entry_out entry{};
        std::memcpy(
            &entry,
            ask(FUSE_LOOKUP, FUSE_ROOT_ID, std::as_bytes(std::span(name.c_str(), name.size() + 1))).data(),
            sizeof entry);
        return entry.nodeid;
    }

  private:
    DaemonLog log_;
    std::unique_ptr<Server> server_;
    FileDescriptor kernel_;
    std::unique_ptr<Session> session_;
    std::uint64_t unique_ = 0;
    std::array<std::byte, 4096> request_{};
    std::array<std::byte, 8192> reply_{};
};

const Tree& tree() {
    static const Tree made;
    return made;
}

// GET_FMAP of files in no order, each looked up once before.
void map_reply(benchmark::State& state) {
    constexpr std::uint32_t get_map = 54;
    Mount mount(tree());
    std::vector<std::uint64_t> nodes;
    for (std::uint64_t number = 0; number < files; ++number)
        nodes.push_back(mount.look_up(number));
    std::ranges::shuffle(nodes, std::mt19937_64(1));
    std::size_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(mount.ask(get_map, nodes[at], {}));
        at = (at + 1) % nodes.size();
    }
}
BENCHMARK(map_reply);

// LOOKUP of a name for the first time: its document is parsed.
void first_lookup(benchmark::State& state) {
    auto mount = std::make_unique<Mount>(tree());
    std::uint64_t number = 0;
    for (auto _ : state) {
        if (number == files) {
            state.PauseTiming();
            mount = std::make_unique<Mount>(tree());
            number = 0;
            state.ResumeTiming();
        }
        benchmark::DoNotOptimize(mount->look_up(number++));
    }
}
BENCHMARK(first_lookup);

// LOOKUP of a name that is known: its document is looked at, not parsed.
void later_lookup(benchmark::State& state) {
    Mount mount(tree());
    for (std::uint64_t number = 0; number < files; ++number)
        mount.look_up(number);
    std::uint64_t number = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(mount.look_up(number));
        number = (number + 7919) % files;
    }
}
BENCHMARK(later_lookup);

}  // namespace
}  // namespace famfs::bench
