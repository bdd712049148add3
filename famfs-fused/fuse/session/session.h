// The wire: one connection to the kernel, the threads that serve it, and the mount it belongs to.
#pragma once

#define FUSE_USE_VERSION 314

#include "famfs-fused/fuse/server/connection.h"
#include "famfs-fused/mount/own_mount.h"
#include "liblog/file_descriptor.h"
#include "omf/error.h"

#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace famfs::fused {

// What a session hands requests to: libfuse's table, and READ.
struct Operations {
    const fuse_lowlevel_ops* table = nullptr;
    void (*read)(Connection& connection, const fuse_in_header& request, const fuse_read_in& wanted) = nullptr;
};

class Session final : public Connection {
  public:
    // `options` is what libfuse gets with -o; kind usage for one that it does not know. The server must
    // outlive it. The operations get the Connection* of this object as their request's user data.
    static Result<std::unique_ptr<Session>> create(const std::string& options, Server& server,
                                                   const Operations& operations);

    // Stops, unmounts (lazily, if files are open; see OwnMount) and closes the connection.
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Call one of these two, before start() and before there are other threads. Kind busy if another famfs
    // was mounted there at the same time.
    Result<void> mount(const std::string& mountpoint);
    // Speaks FUSE over a descriptor that somebody else plays the kernel on. One message a read.
    Result<void> attach(FileDescriptor connection);

    // Starts the threads that serve the connection.
    Result<void> start(unsigned threads);
    // For two processes that share the mount after a fork: in the one that serves, another one unmounts; in
    // the other, the connection is not held open.
    void leave_unmounting() { unmounts_ = false; }
    void leave_connection();

    // Ends them, those that wait for the kernel too. SIGUSR1 is used to wake them.
    void stop();

    // Answers one request, as it came from the kernel, on the connection; what the threads do all day. Pre:
    // it is as long as a header at least. ENOMEM is the answer to what there is no memory for.
    void serve(std::span<std::byte> request) noexcept;

    // The descriptor that the kernel is spoken to on.
    int descriptor() const override { return fuse_session_fd(session_.get()); }

    // Becomes readable when initialised() or ended() may have changed.
    int changed() const { return changed_.get(); }
    bool initialised() const { return initialised_; }  // the kernel has the answer to its INIT
    bool ended() const { return ended_; }              // unmounted, or the connection was cut

  private:
    Session(Server& server, const Operations& operations)
        : Connection(server), server_(server), operations_(operations) {}

    Result<void> take_over(int connection);
    void work() noexcept;
    void wait_for_turn() const noexcept;
    void process_init(const fuse_buf& request);
    void handle(const fuse_in_header& header, std::span<std::byte> request);
    bool should_retry(int code, unsigned& failures) noexcept;
    void end();
    void begin_init(const fuse_in_header& header, std::span<const std::byte> request);
    bool answer_map_question(const fuse_in_header& header, std::span<const std::byte> request);
    void answer_read(const fuse_in_header& header, std::span<const std::byte> argument);
    Outcome<std::vector<std::byte>> answer_map(const MapServer& maps, std::uint64_t id,
                                               std::span<const std::byte> argument);
    void reply(const fuse_in_header& header, const Outcome<std::vector<std::byte>>& answer);
    ssize_t receive(int connection, std::span<std::byte> room);
    ssize_t send(int connection, std::span<const iovec> reply);
    ssize_t send_init(int connection, std::span<const iovec> reply);
    void tell_change();

    static Session* of(void* connection);
    static ssize_t receive_hook(int connection, void* room, std::size_t size, void* session);
    static ssize_t send_hook(int connection, iovec* reply, int count, void* session);
    static ssize_t splice_hook(int from, off_t* from_offset, int to, off_t* to_offset, std::size_t size,
                               unsigned flags, void* session);

    struct Destroy {
        void operator()(fuse_session* session) const { fuse_session_destroy(session); }
    };

    Server& server_;
    const Operations operations_;
    FileDescriptor changed_;
    std::unique_ptr<fuse_session, Destroy> session_;
    std::optional<OwnMount> own_mount_;
    bool unmounts_ = true;
    bool hooked_ = false;  // libfuse sends and receives through ours; from 3.18 on it may be built without
    mutable std::atomic<bool> first_taken_ = false;
    std::vector<std::thread> workers_;
    std::atomic<unsigned> running_ = 0;
    std::atomic<std::uint64_t> init_request_ = 0;  // the unique number of the INIT under way
    std::atomic<std::uint64_t> init_flags_ = 0;    // what its answer takes besides what libfuse takes
    std::atomic<bool> initialised_ = false;
    std::atomic<bool> ended_ = false;
};

}  // namespace famfs::fused
