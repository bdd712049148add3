// What the libraries cost, by Google Benchmark. docs/benchmarks.md has the command and the figures.
#include "liblog/pool/check.h"
#include "liblog/pool/format.h"
#include "liblog/shadow/logplay.h"
#include "liblog/shadow/pool_writer.h"
#include "scratch.h"

#include <benchmark/benchmark.h>

namespace famfs::bench {
namespace {

using device::Access;

constexpr std::uint64_t unit = omf::default_allocation_unit;
constexpr std::uint64_t full_log = omf::entries_that_fit(omf::minimum_log_length);

void require(bool done, const char* what) {
    if (!done) throw std::runtime_error(what);
}

// Formats an image with room for `files` files of one unit.
std::string make_pool(const Scratch& scratch, std::uint64_t files) {
    const std::string image = scratch.image("pool", omf::log_offset + omf::minimum_log_length + files * unit);
    auto memory = device::open_memory(image, Access::read_write);
    require(memory && pool::format(**memory, {}), "mkfs");
    return image;
}

void create_files(const std::string& image, const std::string& shadow, std::uint64_t count) {
    auto writer = shadow::PoolWriter::open({image, shadow, shadow::Form::uuid}, {});
    require(writer.has_value(), "open");
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto file = (*writer)->reserve("file" + std::to_string(i), unit, {});
        require(file && (*writer)->zero(*file, 0, unit) && (*writer)->commit(*file), "create");
    }
    require((*writer)->finish().has_value(), "finish");
}

// 10,000 files: room taken, zeroed, entry appended, document written.
void Create(benchmark::State& state) {
    const auto count = static_cast<std::uint64_t>(state.range(0));
    std::vector<std::unique_ptr<Scratch>> scratches;  // removed after the last round
    for (auto _ : state) {
        state.PauseTiming();
        scratches.push_back(std::make_unique<Scratch>());
        const std::string image = make_pool(*scratches.back(), count);
        state.ResumeTiming();
        create_files(image, *scratches.back() / "shadow", count);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Create)->Arg(10000)->Unit(benchmark::kMillisecond)->UseRealTime();

shadow::LogplayResult play(const std::string& image, const std::string& shadow) {
    const auto pool = pool::Pool::open(image, Access::read_only);
    require(pool.has_value(), "pool");
    const auto done = shadow::logplay(*pool, shadow, {});
    require(done && done->findings == 0, "logplay");
    return *done;
}

// A full 8 MiB log into an empty shadow tree.
void LogplayAll(benchmark::State& state) {
    const Scratch scratch;
    const std::string image = make_pool(scratch, full_log);
    create_files(image, scratch / "first", full_log);
    std::uint64_t written = 0;
    int round = 0;
    for (auto _ : state)
        written += play(image, scratch / ("shadow" + std::to_string(round++))).written;
    state.SetItemsProcessed(static_cast<std::int64_t>(written));
}
BENCHMARK(LogplayAll)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(8);

void LogplayNothingNew(benchmark::State& state) {
    const Scratch scratch;
    const std::string image = make_pool(scratch, full_log);
    create_files(image, scratch / "shadow", full_log);
    for (auto _ : state)
        require(play(image, scratch / "shadow").written == 0, "nothing new");
}
BENCHMARK(LogplayNothingNew)->Unit(benchmark::kMillisecond)->UseRealTime();

void CheckFullLog(benchmark::State& state) {
    const Scratch scratch;
    const std::string image = make_pool(scratch, full_log);
    create_files(image, scratch / "shadow", full_log);
    const auto pool = pool::Pool::open(image, Access::read_only);
    for (auto _ : state) {
        const auto checked = pool::check(*pool, nullptr);
        require(checked && checked->clean() && checked->totals.files == full_log, "check");
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(full_log));
}
BENCHMARK(CheckFullLog)->Unit(benchmark::kMillisecond)->UseRealTime();

void FormatSparse8TiB(benchmark::State& state) {
    const Scratch scratch;
    const std::string image = scratch.image("pool", std::uint64_t{8} << 40);
    pool::FormatOptions options;
    options.force = true;
    for (auto _ : state) {
        auto memory = device::open_memory(image, Access::read_write);
        require(memory && pool::format(**memory, options), "mkfs");
    }
}
BENCHMARK(FormatSparse8TiB)->Unit(benchmark::kMillisecond)->UseRealTime();

// One document in form 1, one extent.
struct Sample {
    Sample() {
        table.data_start = omf::log_offset + omf::minimum_log_length;
        table.add({*omf::parse_uuid("123e4567-e89b-12d3-a456-426614174000"), 1 << 30, ""});
        context = table.context();
        file.path = *omf::Path::parse("dir1/exact2m");
        file.size = unit;
        file.layout.extents.push_back({0, table.data_start, unit});
    }
    shadow::DeviceTable table;
    shadow::DocumentContext context;
    omf::File file;
};

void WriteDocument(benchmark::State& state) {
    const Sample sample;
    for (auto _ : state) {
        std::string text;
        require(shadow::write_document(sample.file, shadow::Form::uuid, sample.context, text).has_value(),
                "write");
        benchmark::DoNotOptimize(text);
    }
}
BENCHMARK(WriteDocument);

void ReadDocument(benchmark::State& state) {
    const Sample sample;
    std::string text;
    require(shadow::write_document(sample.file, shadow::Form::uuid, sample.context, text).has_value(),
            "write");
    for (auto _ : state) {
        auto file = shadow::read_document(text, "dir1/exact2m", sample.context);
        require(file.has_value(), "read");
        benchmark::DoNotOptimize(file);
    }
}
BENCHMARK(ReadDocument);

}  // namespace
}  // namespace famfs::bench
