#include "liblog/pool/replay.h"

#include "liblog/log/reader.h"

#include <fmt/format.h>

namespace famfs::pool {
namespace {

using Bytes = std::span<const std::byte, omf::entry_bytes>;

// One run under way.
class Run {
  public:
    Run(const Pool& pool, index::Index& index, const ReplayHooks& hooks, const omf::LogHeader& header,
        LogPosition& position)
        : reader_(pool.memory(), position.entries, header.next_index),
          index_(index),
          hooks_(hooks),
          position_(position) {
        result_.header = header;
    }

    Result<ReplayResult> go() {
        while (!reader_.at_end()) {
            const std::uint64_t number = reader_.index();
            const auto bytes = reader_.next();
            if (!bytes) return std::unexpected(bytes.error());
            const auto on = one(number, *bytes);
            if (!on) return std::unexpected(on.error());
            if (!*on) break;
        }
        result_.replayed = position_.entries;
        return result_;
    }

  private:
    // Settles one entry; false if replay has to stop before it.
    Result<bool> one(std::uint64_t number, Bytes bytes) {
        auto entry = omf::decode_entry(bytes, number);
        omf::EntryBytes again;
        if (!entry && omf::stops_replay(entry.error().rule)) {
            // Another host may have been writing it: look once more, past the cache.
            auto reread = reader_.reread();
            if (!reread) return std::unexpected(reread.error());
            again = *reread;
            entry = omf::decode_entry(again, number);
            return settle(number, again, entry);
        }
        return settle(number, bytes, entry);
    }

    Result<bool> settle(std::uint64_t number, Bytes bytes,
                        const std::expected<omf::Entry, omf::Violation>& entry) {
        if (!entry) {
            report(number, entry.error(), bytes);
            if (omf::stops_replay(entry.error().rule) && !hooks_.salvage) return false;
        } else if (auto taken = index_.apply(number, *entry); !taken) {
            report(number, taken.error(), bytes);
        } else {
            ++result_.accepted;
            if (hooks_.accept)
                if (auto accepted = hooks_.accept(number, *entry); !accepted)
                    return std::unexpected(accepted.error());
        }
        position_.entries = number + 1;
        position_.last_entry_crc = omf::stored_crc(bytes);
        return true;
    }

    void report(std::uint64_t number, const omf::Violation& violation, Bytes bytes) {
        ++result_.findings;
        if (hooks_.report) hooks_.report({number, violation, std::string(omf::claimed_path(bytes))});
    }

    log::Reader reader_;
    index::Index& index_;
    const ReplayHooks& hooks_;
    LogPosition& position_;
    ReplayResult result_;
};

}  // namespace

std::string describe(const Finding& finding) {
    const std::string path = finding.path.empty() ? "" : " (" + omf::printable(finding.path) + ")";
    return fmt::format("entry {}{}: {}", finding.index, path, omf::describe(finding.violation));
}

Result<void> Replayer::check_continues(const omf::LogHeader& header) const {
    if (position_.entries == 0) return {};
    const auto replaced = [&](std::string_view what) {
        return fail(ErrorKind::corrupt, ESTALE,
                    fmt::format("{}: the log was replaced while it was followed: {}",
                                pool_.memory().description().path, what));
    };
    if (header.next_index < position_.entries)
        return replaced(fmt::format("{} entries, {} were replayed", header.next_index, position_.entries));
    omf::EntryBytes last;
    if (auto read = pool_.memory().read(omf::entry_offset(position_.entries - 1), last); !read) return read;
    if (omf::stored_crc(last) == position_.last_entry_crc) return {};
    return replaced(fmt::format("entry {} is another one", position_.entries - 1));
}

Result<ReplayResult> Replayer::run(const ReplayHooks& hooks) {
    const auto header = pool_.read_header();
    if (!header) return std::unexpected(header.error());
    return run(hooks, *header);
}

Result<ReplayResult> Replayer::run(const ReplayHooks& hooks, const omf::LogHeader& header) {
    if (auto same = check_continues(header); !same) return std::unexpected(same.error());
    index_.reserve(header.next_index - position_.entries);
    return Run(pool_, index_, hooks, header, position_).go();
}

Result<ReplayResult> replay(const Pool& pool, index::Index& index, const ReplayHooks& hooks) {
    return Replayer(pool, index).run(hooks);
}

}  // namespace famfs::pool
