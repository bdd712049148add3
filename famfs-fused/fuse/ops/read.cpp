#include "famfs-fused/fuse/ops/read.h"

#include "famfs-fused/fuse/wire/reply.h"

#include <algorithm>
#include <cerrno>
#include <exception>

namespace famfs::fused::ops {

namespace {

bool in_memory(std::span<const Piece> pieces) {
    return std::ranges::all_of(pieces, [](const Piece& piece) { return piece.memory != nullptr; });
}

// A pipe for the reply, where it may be spliced, which goes back empty.
class PipeLease {
  public:
    explicit PipeLease(Connection& connection)
        : pipes_(connection.server().pipes), pipe_(connection.may_splice() ? pipes_.take() : ReplyPipe{}) {}
    ~PipeLease() { pipes_.put(std::move(pipe_)); }
    PipeLease(const PipeLease&) = delete;
    PipeLease& operator=(const PipeLease&) = delete;

    const ReplyPipe& operator*() const { return pipe_; }
    void drop() { pipe_ = {}; }

  private:
    PipePool& pipes_;
    ReplyPipe pipe_;
};

Outcome<void> send(int connection, const fuse_in_header& request, std::span<const Piece> pieces,
                   PipeLease& pipe) {
    if (in_memory(pieces)) return send_memory(connection, request, pieces);
    auto sent = send_files(connection, request, pieces, *pipe);
    if (!sent) pipe.drop();
    return sent;
}

// The request is answered by now, so nothing may be thrown.
void report_lost_read(Log& log, const Node& node, int code) noexcept try {
    log.fault(path_of(node), "read", code);
} catch (const std::exception&) {
    return;
}

}  // namespace

void read(Connection& connection, const fuse_in_header& request, const fuse_read_in& wanted) {
    Server& server = connection.server();
    const auto file = server.service().vouched(request.nodeid);
    if (!file) return send_error(connection.descriptor(), request, file.error());
    const auto buffer = server.buffers.take();
    PipeLease pipe(connection);
    const auto pieces = server.service().read(*file, wanted.offset, wanted.size, *buffer, (*pipe).room);
    if (!pieces) return send_error(connection.descriptor(), request, pieces.error());
    auto sent = send(connection.descriptor(), request, *pieces, pipe);
    if (!sent && sent.error() == EINVAL && !in_memory(*pieces)) {
        const auto loaded = server.service().read(*file, wanted.offset, wanted.size, *buffer, 0);
        if (!loaded) return send_error(connection.descriptor(), request, loaded.error());
        sent = send_memory(connection.descriptor(), request, *loaded);
    }
    if (!sent) report_lost_read(server.log(), *file->node, sent.error());
}

}  // namespace famfs::fused::ops
