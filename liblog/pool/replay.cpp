#include "liblog/pool/replay.h"

#include "liblog/log/reader.h"

#include <fmt/format.h>

namespace famfs::pool {
namespace {

using Bytes = std::span<const std::byte, omf::entry_bytes>;

// One replay under way.
class Run {
  public:
    Run(const Pool& pool, Catalogue& catalogue, const ReplayHooks& hooks, const omf::LogHeader& header)
        : reader_(pool.memory(), 0, header.next_index), catalogue_(catalogue), hooks_(hooks) {
        result_.header = header;
    }

    Result<ReplayResult> go() {
        while (!reader_.at_end()) {
            const std::uint64_t index = reader_.index();
            const auto bytes = reader_.next();
            if (!bytes) return std::unexpected(bytes.error());
            const auto on = one(index, *bytes);
            if (!on) return std::unexpected(on.error());
            if (!*on) break;
        }
        return result_;
    }

  private:
    // Settles one entry; false if replay has to stop before it.
    Result<bool> one(std::uint64_t index, Bytes bytes) {
        auto entry = omf::decode_entry(bytes, index);
        omf::EntryBytes again;
        if (!entry && omf::stops_replay(entry.error().rule)) {
            // Another host may have been writing it: look once more, past the cache.
            auto reread = reader_.reread();
            if (!reread) return std::unexpected(reread.error());
            again = *reread;
            entry = omf::decode_entry(again, index);
            return settle(index, again, entry);
        }
        return settle(index, bytes, entry);
    }

    Result<bool> settle(std::uint64_t index, Bytes bytes,
                        const std::expected<omf::Entry, omf::Violation>& entry) {
        if (!entry) {
            report(index, entry.error(), bytes);
            if (omf::stops_replay(entry.error().rule) && !hooks_.salvage) return false;
        } else if (auto taken = catalogue_.apply(*entry); !taken) {
            report(index, taken.error(), bytes);
        } else {
            ++result_.accepted;
            if (hooks_.accept)
                if (auto accepted = hooks_.accept(index, *entry); !accepted)
                    return std::unexpected(accepted.error());
        }
        result_.replayed = index + 1;
        return true;
    }

    void report(std::uint64_t index, const omf::Violation& violation, Bytes bytes) {
        ++result_.findings;
        if (hooks_.report) hooks_.report({index, violation, std::string(omf::claimed_path(bytes))});
    }

    log::Reader reader_;
    Catalogue& catalogue_;
    const ReplayHooks& hooks_;
    ReplayResult result_;
};

}  // namespace

std::string describe(const Finding& finding) {
    const std::string path = finding.path.empty() ? "" : " (" + omf::printable(finding.path) + ")";
    return fmt::format("entry {}{}: {}", finding.index, path, omf::describe(finding.violation));
}

Result<ReplayResult> replay(const Pool& pool, Catalogue& catalogue, const ReplayHooks& hooks) {
    const auto header = pool.read_header();
    if (!header) return std::unexpected(header.error());
    return Run(pool, catalogue, hooks, *header).go();
}

}  // namespace famfs::pool
