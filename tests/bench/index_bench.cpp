// What the index costs, by Google Benchmark: the largest log that there is, taken in whole.
#include "liblog/index/index.h"
#include "omf/entry.h"

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace famfs::bench {
namespace {

constexpr std::uint64_t unit = omf::small_allocation_unit;
constexpr std::uint64_t max_log = std::uint64_t{256} << 20;
constexpr std::uint64_t count = omf::entries_that_fit(max_log);
constexpr std::uint64_t files_per_directory = 100;

omf::Superblock superblock() {
    omf::Superblock made;
    made.log_length = max_log;
    made.allocation_unit = unit;
    return made;
}

// One directory, the files in it, the next directory, ...
omf::Entry entry(std::uint64_t number) {
    const auto path = [](const std::string& text) { return *omf::Path::parse(text); };
    const std::string directory = "directory-" + std::to_string(number / files_per_directory);
    if (number % files_per_directory == 0) return omf::Directory{path(directory), 0, 0, 0755};
    omf::File file;
    file.path = path(directory + "/file-" + std::to_string(number));
    file.size = unit;
    file.layout.extents.push_back({0, superblock().data_start() + number * unit, unit});
    return file;
}

std::vector<omf::EntryBytes> full_log() {
    std::vector<omf::EntryBytes> log;
    log.reserve(count);
    for (std::uint64_t number = 0; number < count; ++number)
        log.push_back(omf::encode_entry(number, entry(number)));
    return log;
}

std::unique_ptr<index::Index> take_in(const std::vector<omf::EntryBytes>& log) {
    auto index = std::make_unique<index::Index>(superblock(), superblock().data_start() + count * unit);
    for (std::uint64_t number = 0; number < log.size(); ++number) {
        const auto decoded = omf::decode_entry(log[number], number);
        if (!decoded || !index->apply(number, *decoded)) throw std::runtime_error("entry refused");
    }
    return index;
}

// Bytes a file or directory, less its name and extents.
double overhead(const index::Index& index, std::size_t bytes) {
    std::size_t own = 0;
    for (std::uint64_t number = 0; number < count; ++number) {
        const auto* const inode = index.names().find(index::inode_of_entry(number));
        own += inode->name.size() + inode->extents.size_bytes();
    }
    return static_cast<double>(bytes - own) / static_cast<double>(count);
}

void IndexFullLog(benchmark::State& state) {
    const auto log = full_log();
    double bytes = 0;
    for (auto _ : state) {
        const auto before = ::mallinfo2();
        auto index = take_in(log);
        const auto after = ::mallinfo2();
        state.PauseTiming();
        bytes = overhead(*index, after.uordblks + after.hblkhd - before.uordblks - before.hblkhd);
        index.reset();
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
    state.counters["bytes_per_entry"] = bytes;
}
BENCHMARK(IndexFullLog)->Unit(benchmark::kMillisecond)->UseRealTime();

void DecodeFullLog(benchmark::State& state) {
    const auto log = full_log();
    for (auto _ : state)
        for (std::uint64_t number = 0; number < count; ++number)
            benchmark::DoNotOptimize(omf::decode_entry(log[number], number));
}
BENCHMARK(DecodeFullLog)->Unit(benchmark::kMillisecond)->UseRealTime();

void LookUpByPath(benchmark::State& state) {
    const auto index = take_in(full_log());
    std::uint64_t number = 1;
    for (auto _ : state) {
        const auto* const inode = index->names().find(index::inode_of_entry(number));
        benchmark::DoNotOptimize(index->names().resolve(index->names().path_of(*inode)));
        number = (number + 7919) % count;
    }
}
BENCHMARK(LookUpByPath);

// Half of the room in gaps of one unit: where to put one that fits in none of them.
void AllocateInGaps(benchmark::State& state) {
    constexpr std::uint64_t units = 200000;
    index::FreeSpace space(0, units * unit, unit);
    for (std::uint64_t gap = 0; gap + 8 < units; gap += 2)
        space.claim(gap * unit, unit);
    for (auto _ : state) {
        const auto range = space.first_fit(2 * unit);
        if (!range || !space.claim(range->offset, 2 * unit)) throw std::runtime_error("no room");
        space.release(range->offset, 2 * unit);
    }
}
BENCHMARK(AllocateInGaps);

}  // namespace
}  // namespace famfs::bench
