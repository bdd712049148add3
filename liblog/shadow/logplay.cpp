#include "liblog/shadow/logplay.h"

namespace famfs::shadow {
namespace {

// What the state says, if nothing was appended since and nothing was wrong then. The daemon opens what
// devices.yaml names, so it is never taken as it lies there: one that the superblock alone cannot account for
// (a pool that names further devices has such) is made from the log again.
Result<std::optional<LogplayResult>> nothing_new(const pool::Pool& pool, const omf::LogHeader& header,
                                                 const Tree& tree, Form form,
                                                 const std::optional<State>& state) {
    if (!state || state->findings != 0 || !tree.has_devices(first_device(pool))) return std::nullopt;
    if (state->entries != header.next_index) return std::nullopt;
    const auto same = continues(pool, *state, form, header);
    if (!same) return std::unexpected(same.error());
    if (!*same) return std::nullopt;
    LogplayResult result;
    result.entries = result.replayed = header.next_index;
    result.totals = state->totals;
    result.devices = {{pool.memory().size(), pool.superblock().device, 0}};
    return result;
}

LogplayResult summary(const pool::ReplayResult& replay, const index::Index& index) {
    LogplayResult result;
    result.entries = replay.header.next_index;
    result.replayed = replay.replayed;
    result.findings = replay.findings;
    result.totals = index.totals();
    result.devices = index.devices();
    return result;
}

Result<LogplayResult> rehearse(const pool::Pool& pool, const UpdateHooks& hooks) {
    index::Index index(pool.superblock(), pool.memory().size());
    pool::ReplayHooks replay_hooks;
    replay_hooks.report = hooks.report;
    replay_hooks.salvage = hooks.salvage;
    const auto replayed = pool::replay(pool, index, replay_hooks);
    if (!replayed) return std::unexpected(replayed.error());
    LogplayResult result = summary(*replayed, index);
    result.written = result.totals.files + result.totals.directories;
    return result;
}

}  // namespace

Result<LogplayResult> logplay(const pool::Pool& pool, const std::string& directory,
                              const LogplayOptions& options) {
    // A pool without a log leaves no trace in the file system.
    if (auto has_log = pool.read_header(); !has_log) return std::unexpected(has_log.error());
    if (options.dry_run) return rehearse(pool, options.hooks);
    auto tree = Tree::open(directory, options.form, pool.superblock().file_system);
    if (!tree) return std::unexpected(tree.error());
    // Again, now that the tree's lock is ours: its last writer may have appended.
    const auto header = pool.read_header();
    if (!header) return std::unexpected(header.error());
    const auto state = tree->state();
    const auto known = nothing_new(pool, *header, *tree, options.form, state);
    if (!known) return std::unexpected(known.error());
    if (*known) return **known;

    index::Index index(pool.superblock(), pool.memory().size());
    const auto updated = update(pool, *header, *tree, options.form, state, index, options.hooks);
    if (!updated) return std::unexpected(updated.error());
    const pool::ReplayResult& replay = updated->replay;
    LogplayResult result = summary(replay, index);
    result.written = updated->written;
    result.skipped = updated->skipped;
    const std::uint64_t remarks = replay.findings + updated->skipped;
    if (auto done = finish(pool, *tree, options.form, index, replay.replayed, remarks); !done)
        return std::unexpected(done.error());
    return result;
}

}  // namespace famfs::shadow
