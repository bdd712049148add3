#include "service/data/copy_path.h"

#include "liblog/file_io.h"
#include "service/data/extent_runs.h"

#include <unistd.h>

#include <cerrno>

namespace famfs::service {

namespace {

constexpr std::size_t page = 4096;

// Room for the header, and a page that each piece may begin in the middle of.
bool fits_pipe(std::size_t pieces, std::size_t length, std::size_t pipe_room) {
    return (pieces + 3) * page + length <= pipe_room;
}

class CopyPath final : public DataPath {
  public:
    CopyPath(const Devices& devices, Log& log) : devices_(devices), log_(log) {}

    std::string_view name() const override { return "copy"; }
    Outcome<Opened> open(const Node&) override { return Opened{}; }
    Outcome<std::span<const Piece>> read(const Node& node, std::uint64_t offset, std::size_t length,
                                         Buffer& buffer, std::size_t pipe_room) override;
    Outcome<void> write(const Node& node, std::uint64_t offset, std::span<const std::byte> bytes) override;
    Outcome<void> sync(const Node& node) override;

  private:
    Outcome<device::Memory*> memory_of(const Node& node, const omf::Extent& run) const;
    Outcome<Piece> find(const Node& node, const omf::Extent& run) const;
    Outcome<void> load(const Node& node, Buffer& buffer) const;
    Outcome<void> outcome(const Node& node, const Result<void>& result) const;

    const Devices& devices_;
    Log& log_;
};

Outcome<void> CopyPath::outcome(const Node& node, const Result<void>& result) const {
    if (result) return {};
    log_.about_file(path_of(node), result.error().message);
    return std::unexpected(result.error().code);
}

Outcome<device::Memory*> CopyPath::memory_of(const Node& node, const omf::Extent& run) const {
    const auto& memories = devices_.memories();
    if (run.device < memories.size() && memories[run.device]) return memories[run.device].get();
    log_.about_file(path_of(node), "on a device that is not open");
    return std::unexpected(ENXIO);
}

// A mapping is handed to the kernel as it lies, without a copy of ours in between; it reports a bad line as
// an error, where our own load would be killed.
Outcome<Piece> CopyPath::find(const Node& node, const omf::Extent& run) const {
    const auto memory = memory_of(node, run);
    if (!memory) return std::unexpected(memory.error());
    if (const std::byte* mapping = (*memory)->mapping()) {
        const auto fresh = outcome(node, (*memory)->invalidate(run.offset, run.length));
        if (!fresh) return std::unexpected(fresh.error());
        return Piece{.memory = mapping + run.offset, .length = run.length};
    }
    // A reply from a file that has become shorter would be shorter too, and the kernel would take that for
    // the file's new size.
    const auto present = outcome(node, (*memory)->check_present(run.offset, run.length));
    if (!present) return std::unexpected(present.error());
    return Piece{.descriptor = (*memory)->descriptor(), .offset = run.offset, .length = run.length};
}

// Brings the pieces that are in files into the buffer.
Outcome<void> CopyPath::load(const Node& node, Buffer& buffer) const {
    std::span<std::byte> room = buffer.bytes();
    for (Piece& piece : buffer.pieces()) {
        if (piece.memory != nullptr) continue;
        const auto got = read_at(piece.descriptor, room.first(piece.length), piece.offset);
        if (!got) return outcome(node, Result<void>(std::unexpected(got.error())));
        if (*got < piece.length)
            return std::unexpected(log_.fault(path_of(node), "the image has shrunk", EIO));
        piece.memory = room.data();
        room = room.subspan(piece.length);
    }
    return {};
}

Outcome<std::span<const Piece>> CopyPath::read(const Node& node, std::uint64_t offset, std::size_t length,
                                               Buffer& buffer, std::size_t pipe_room) {
    auto& pieces = buffer.pieces();
    pieces.clear();
    const auto visit = [&](const omf::Extent& run, std::uint64_t) -> Outcome<void> {
        const auto piece = find(node, run);
        if (!piece) return std::unexpected(piece.error());
        pieces.push_back(*piece);
        return {};
    };
    auto done = for_each_run(node.layout(), offset, length, visit);
    if (done && !fits_pipe(pieces.size(), length, pipe_room)) done = load(node, buffer);
    if (!done) return std::unexpected(done.error());
    return std::span<const Piece>(pieces);
}

Outcome<void> CopyPath::write(const Node& node, std::uint64_t offset, std::span<const std::byte> bytes) {
    const auto visit = [&](const omf::Extent& run, std::uint64_t done) -> Outcome<void> {
        const auto memory = memory_of(node, run);
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
        const auto memory = memory_of(node, extent);
        if (!memory) return std::unexpected(memory.error());
        const int image = (*memory)->descriptor();
        if (image >= 0 && ::fdatasync(image) != 0)
            return std::unexpected(log_.fault(path_of(node), "fsync", errno));
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

}  // namespace famfs::service
