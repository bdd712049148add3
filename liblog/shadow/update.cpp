#include "liblog/shadow/update.h"

#include "omf/log_header.h"

namespace famfs::shadow {
namespace {

// The stored crc of entry `index`: tells one log from another that has the same file system uuid.
Result<std::uint64_t> entry_crc(const pool::Pool& pool, std::uint64_t index) {
    omf::EntryBytes bytes;
    if (auto read = pool.memory().read(omf::entry_offset(index), bytes); !read)
        return std::unexpected(read.error());
    return omf::stored_crc(bytes);
}

// Whether the entries that `state` counts are in the log, possibly with more after them.
Result<bool> is_same_log(const pool::Pool& pool, const State& state, const omf::LogHeader& header) {
    if (state.file_system != pool.superblock().file_system || state.entries > header.next_index) return false;
    if (state.entries == 0) return true;
    const auto crc = entry_crc(pool, state.entries - 1);
    if (!crc) return std::unexpected(crc.error());
    return *crc == state.last_entry_crc;
}

// Whether what the tree had then is there now: in this form, and not lost with an earlier boot.
bool is_trusted(const State& state, Form form) {
    return state.boot == current_boot() && state.form == form;
}

// The first entry that the tree does not have yet. What it has of another log (an image that was put back, a
// replay that was interrupted) goes first: nothing of it may be taken for the pool's.
Result<std::uint64_t> first_new(const pool::Pool& pool, const omf::LogHeader& header, Tree& tree, Form form,
                                const std::optional<State>& state) {
    if (!state) return 0;
    const auto same = is_same_log(pool, *state, header);
    if (!same) return std::unexpected(same.error());
    if (!*same) {
        if (auto emptied = tree.start_over(); !emptied) return std::unexpected(emptied.error());
        return 0;
    }
    return is_trusted(*state, form) ? state->entries : 0;
}

// Takes accepted entries to the tree.
class TreeFeed {
  public:
    TreeFeed(const pool::Pool& pool, Tree& tree, const index::Index& index, const UpdateHooks& hooks,
             UpdateResult& result)
        : pool_(pool), tree_(tree), index_(index), hooks_(hooks), result_(result) {
        tree_.set_devices(first_device(pool_));
        add_devices();
    }

    Result<void> operator()(std::uint64_t number, const omf::Entry& entry) {
        const index::InodeId id = index::inode_of_entry(number);
        if (const auto* file = std::get_if<omf::File>(&entry)) return add(*file, id);
        if (const auto* directory = std::get_if<omf::Directory>(&entry)) return add(*directory, id);
        add_devices();
        return {};
    }

  private:
    // Those that the tree does not have yet.
    void add_devices() {
        const auto& all = index_.devices();
        for (; devices_ < all.size(); ++devices_)
            tree_.add_device({all[devices_].uuid, all[devices_].size, ""});
    }

    template <typename Made>
    Result<void> add(const Made& made, index::InodeId id) {
        const auto changed = tree_.add(made, id);
        if (changed) {
            result_.written += *changed ? 1 : 0;
            return {};
        }
        if (changed.error().code != EILSEQ) return std::unexpected(changed.error());
        ++result_.skipped;
        if (hooks_.skipped) hooks_.skipped(changed.error().message);
        return {};
    }

    const pool::Pool& pool_;
    Tree& tree_;
    const index::Index& index_;
    const UpdateHooks& hooks_;
    UpdateResult& result_;
    std::size_t devices_ = 1;  // those that the tree has
};

}  // namespace

DeviceTable first_device(const pool::Pool& pool) {
    const omf::Superblock& superblock = pool.superblock();
    DeviceTable table;
    table.file_system = superblock.file_system;
    table.allocation_unit = superblock.allocation_unit;
    table.data_start = superblock.data_start();
    table.add({superblock.device, pool.memory().size(), pool.memory().description().path});
    return table;
}

Result<bool> continues(const pool::Pool& pool, const State& state, Form form, const omf::LogHeader& header) {
    if (!is_trusted(state, form)) return false;
    return is_same_log(pool, state, header);
}

Result<UpdateResult> update(const pool::Pool& pool, const omf::LogHeader& header, Tree& tree, Form form,
                            const std::optional<State>& state, index::Index& index,
                            const UpdateHooks& hooks) {
    const auto first = first_new(pool, header, tree, form, state);
    if (!first) return std::unexpected(first.error());
    if (*first == 0) tree.start_ids_anew();
    UpdateResult result;
    TreeFeed feed(pool, tree, index, hooks, result);
    pool::ReplayHooks replay_hooks;
    replay_hooks.report = hooks.report;
    replay_hooks.salvage = hooks.salvage;
    replay_hooks.accept = [&](std::uint64_t number, const omf::Entry& entry) -> Result<void> {
        const bool device = std::holds_alternative<omf::DaxDevice>(entry);
        if (number < *first && !device) return {};
        return feed(number, entry);
    };
    auto replayed = pool::Replayer(pool, index).run(replay_hooks, header);
    if (!replayed) return std::unexpected(replayed.error());
    result.replay = *replayed;
    return result;
}

Result<void> finish(const pool::Pool& pool, Tree& tree, Form form, const index::Index& index,
                    std::uint64_t entries, std::uint64_t findings) {
    State state;
    state.file_system = pool.superblock().file_system;
    state.boot = current_boot();
    state.form = form;
    state.entries = entries;
    if (entries > 0) {
        const auto crc = entry_crc(pool, entries - 1);
        if (!crc) return std::unexpected(crc.error());
        state.last_entry_crc = *crc;
    }
    state.findings = findings;
    state.log_capacity = omf::entries_that_fit(pool.superblock().log_length);
    state.totals = index.totals();
    state.device_bytes = pool.memory().size();
    return tree.finish(state, pool.superblock().log_length, pool.role() == pool::Role::master);
}

}  // namespace famfs::shadow
