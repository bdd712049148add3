#include "famfs-fused/data/copy_path.h"

#include "famfs-fused/data/extent_runs.h"

#include <unistd.h>

#include <cerrno>

namespace famfs::fused {

namespace {

class CopyPath final : public DataPath {
  public:
    CopyPath(const Devices& devices, Log& log) : devices_(devices), log_(log) {}

    std::string_view name() const override { return "copy"; }
    Outcome<void> open(const Node&) override { return {}; }
    Outcome<std::span<const iovec>> read(const Node& node, std::uint64_t offset, std::size_t length,
                                         Buffer& buffer) override;
    Outcome<void> write(const Node& node, std::uint64_t offset, std::span<const std::byte> bytes) override;
    Outcome<void> sync(const Node& node) override;

  private:
    Outcome<device::Memory*> memory_of(const omf::Extent& run) const;
    Outcome<void> outcome(const Node& node, const Result<void>& result) const;

    const Devices& devices_;
    Log& log_;
};

Outcome<device::Memory*> CopyPath::memory_of(const omf::Extent& run) const {
    const auto& memories = devices_.memories();
    if (run.device >= memories.size() || !memories[run.device]) return std::unexpected(ENXIO);
    return memories[run.device].get();
}

Outcome<void> CopyPath::outcome(const Node& node, const Result<void>& result) const {
    if (result) return {};
    log_.about_file(path_of(node), result.error().message);
    return std::unexpected(result.error().code);
}

// A mapping is handed to the kernel as it lies, without a copy of ours in between; it reports a bad line as
// an error, where our own load would be killed.
Outcome<std::span<const iovec>> CopyPath::read(const Node& node, std::uint64_t offset, std::size_t length,
                                               Buffer& buffer) {
    auto& pieces = buffer.pieces();
    pieces.clear();
    const auto visit = [&](const omf::Extent& run, std::uint64_t done) -> Outcome<void> {
        const auto memory = memory_of(run);
        if (!memory) return std::unexpected(memory.error());
        if (std::byte* mapping = (*memory)->mapping()) {
            pieces.push_back({mapping + run.offset, run.length});
            return outcome(node, (*memory)->invalidate(run.offset, run.length));
        }
        const auto room = buffer.bytes().subspan(done, run.length);
        pieces.push_back({room.data(), room.size()});
        return outcome(node, (*memory)->read(run.offset, room));
    };
    if (const auto walked = for_each_run(node.layout(), offset, length, visit); !walked)
        return std::unexpected(walked.error());
    return std::span<const iovec>(pieces);
}

Outcome<void> CopyPath::write(const Node& node, std::uint64_t offset, std::span<const std::byte> bytes) {
    const auto visit = [&](const omf::Extent& run, std::uint64_t done) -> Outcome<void> {
        const auto memory = memory_of(run);
        if (!memory) return std::unexpected(memory.error());
        Result<void> stored = (*memory)->write(run.offset, bytes.subspan(done, run.length));
        if (stored) stored = (*memory)->write_back(run.offset, run.length);
        if (stored) (*memory)->fence();
        return outcome(node, stored);
    };
    return for_each_run(node.layout(), offset, bytes.size(), visit);
}

Outcome<void> CopyPath::sync(const Node& node) {
    for (const omf::Extent& extent : node.layout().extents) {
        const auto memory = memory_of(extent);
        if (!memory) return std::unexpected(memory.error());
        const int image = (*memory)->descriptor();
        if (image >= 0 && ::fdatasync(image) != 0) return std::unexpected(errno);
        if (const auto done = outcome(node, (*memory)->invalidate(extent.offset, extent.length)); !done)
            return done;
        (*memory)->fence();
    }
    return {};
}

}  // namespace

std::unique_ptr<DataPath> make_copy_path(const Devices& devices, Log& log) {
    return std::make_unique<CopyPath>(devices, log);
}

}  // namespace famfs::fused
