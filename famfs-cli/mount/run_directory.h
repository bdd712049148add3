// What `famfs mount` keeps for each mount while it lasts, so that `famfs umount` can wait and clean up:
// RUN/mount-XXXXXX/ with mount.yaml, identity (of the mount, once it is there), pid (locked by the daemon
// until it ends), and shadow/ if nobody gave one.
#pragma once

#include "famfs-cli/mount/mount_record.h"
#include "liblog/file_descriptor.h"
#include "liblog/mount_identity.h"
#include "omf/error.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace famfs::cli {

// A mount's run directory, which stays when the object goes.
class RunDirectory {
  public:
    // /run/famfs for root, else $XDG_RUNTIME_DIR/famfs, else /tmp/famfs-UID.
    static std::string base();

    // Makes the base where it is missing (refused if it is somebody else's) and a fresh directory in it,
    // which is locked for as long as the returned object lives.
    static Result<RunDirectory> create();

    // The directory of `mount`, or of one that it is a bind mount of and that is not mounted any more; with
    // nullptr, of the mount that was on `mountpoint`.
    static std::optional<RunDirectory> find(const std::string& mountpoint, const Mount* mount);

    // Those of all mounts that a `famfs mount` of this user made.
    static std::vector<RunDirectory> all();

    const std::string& path() const { return path_; }
    std::string shadow_path() const { return path_ + "/shadow"; }
    std::string pid_path() const { return path_ + "/pid"; }
    const MountRecord& record() const { return record_; }

    Result<void> write_record(const MountRecord& record);
    // Once the mount is there: what it is known by, wherever it goes.
    Result<void> write_identity(const MountIdentity& identity) const;
    std::optional<MountIdentity> identity() const;

    // Waits until the daemon has ended: true, or false after `limit`.
    bool wait_for_daemon(std::chrono::milliseconds limit) const;
    // Locks the directory for this object, once no `famfs mount` or `famfs umount` holds it; false after
    // `limit`. Who cleans up holds the lock, and looks whether somebody else has done it before.
    bool lock(std::chrono::milliseconds limit);
    bool is_gone() const;
    // Whether its mount is in this namespace's table; true also if that cannot be read.
    bool is_mounted() const;
    // Locks it if its mount has ended and nobody cleans up; whether that is so.
    bool claim_abandoned();
    // The process id that the daemon wrote; 0 if it did not.
    pid_t daemon_pid() const;

    // Removes the directory, and the shadow tree if it is in it.
    Result<void> remove() const;

  private:
    explicit RunDirectory(std::string path) : path_(std::move(path)) {}
    bool has_daemon() const;
    // How surely it belongs to a mount; the last one is the surest.
    enum class Match { none, place, dead_mount, file_system, mount };
    Match match(const std::string& mountpoint, const Mount* mount) const;

    std::string path_;
    MountRecord record_;
    FileDescriptor lock_;
};

}  // namespace famfs::cli
