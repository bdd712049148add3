// A model of memory that loses power, and a checker that looks at every state it may be left in.
//
// Stores go to cache lines. A dirty line may reach the memory at any moment, or never, until it was written
// back and fenced; then its content is certain. So after each event of a recording the memory is in one of
// 2^d states, where d lines are in doubt. A line in doubt is taken to hold its old or its newest content.
#pragma once

#include "liblog/device/memory.h"
#include "liblog/file_descriptor.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <vector>

namespace famfs::test {

inline constexpr std::uint64_t line_bytes = 64;
using Line = std::array<std::byte, line_bytes>;
using Lines = std::map<std::uint64_t, Line>;  // by number; what is not there is zeros

struct Event {
    enum class Kind { store, write_back, fence } kind = Kind::store;
    std::uint64_t line = 0;
    Line content{};
};

// Stores, flushes and fences as they came.
using Recording = std::vector<Event>;

// Memory over lines that records what is done to it. Lines that a store leaves as they are do not become
// dirty.
class RecordingMemory final : public device::Memory {
  public:
    RecordingMemory(std::uint64_t size, Lines content, Recording* recording = nullptr)
        : Memory({"model", device::Kind::devdax, size, std::nullopt}),
          lines_(std::move(content)),
          recording_(recording),
          lock_file_(::memfd_create("famfs-model", MFD_CLOEXEC)) {}

    Result<void> read(std::uint64_t offset, std::span<std::byte> out) override {
        if (auto checked = check_range(offset, out.size()); !checked) return checked;
        each_piece(offset, out.size(),
                   [&](std::uint64_t number, std::size_t at, std::size_t done, std::size_t count) {
                       std::memcpy(out.data() + done, line(number).data() + at, count);
                   });
        return {};
    }
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override {
        if (auto checked = check_range(offset, bytes.size()); !checked) return checked;
        each_piece(offset, bytes.size(),
                   [&](std::uint64_t number, std::size_t at, std::size_t done, std::size_t count) {
                       Line changed = line(number);
                       std::memcpy(changed.data() + at, bytes.data() + done, count);
                       set(number, changed);
                   });
        return {};
    }
    Result<void> zero(std::uint64_t offset, std::uint64_t length) override {
        if (auto checked = check_range(offset, length); !checked) return checked;
        // Only lines that are there can be anything but zeros.
        const auto first = lines_.lower_bound(offset / line_bytes);
        const auto last = lines_.upper_bound((offset + length - 1) / line_bytes);
        std::vector<std::uint64_t> present;
        for (auto at = first; at != last; ++at)
            present.push_back(at->first);
        for (const std::uint64_t number : present) {
            Line changed = line(number);
            for (std::uint64_t i = 0; i < line_bytes; ++i)
                if (number * line_bytes + i >= offset && number * line_bytes + i < offset + length)
                    changed[i] = {};
            set(number, changed);
        }
        return {};
    }
    Result<std::uint64_t> copy_from(int, std::uint64_t, std::uint64_t, std::uint64_t) override {
        return fail_errno(EOPNOTSUPP, "model");
    }
    Result<void> write_back(std::uint64_t offset, std::uint64_t length) override {
        if (auto checked = check_range(offset, length); !checked) return checked;
        if (recording_ == nullptr || length == 0) return {};
        const std::uint64_t last = (offset + length - 1) / line_bytes;
        const auto end = dirty_.upper_bound(last);
        for (auto at = dirty_.lower_bound(offset / line_bytes); at != end; ++at)
            recording_->push_back({Event::Kind::write_back, at->first, at->second});
        return {};
    }
    Result<void> invalidate(std::uint64_t, std::uint64_t) override { return {}; }
    void fence() override {
        if (recording_ != nullptr) recording_->push_back({Event::Kind::fence, 0, {}});
    }
    int descriptor() const override { return -1; }
    std::byte* mapping() const override { return nullptr; }
    int lock_descriptor() const override { return lock_file_.get(); }

    const Lines& lines() const { return lines_; }

  private:
    template <typename Each>
    static void each_piece(std::uint64_t offset, std::size_t size, Each each) {
        for (std::size_t done = 0; done < size;) {
            const std::size_t at = (offset + done) % line_bytes;
            const std::size_t count = std::min(size - done, static_cast<std::size_t>(line_bytes) - at);
            each((offset + done) / line_bytes, at, done, count);
            done += count;
        }
    }
    Line line(std::uint64_t number) const {
        const auto found = lines_.find(number);
        return found == lines_.end() ? Line{} : found->second;
    }
    void set(std::uint64_t number, const Line& content) {
        if (line(number) == content) return;
        lines_[number] = content;
        dirty_[number] = content;
        if (recording_ != nullptr) recording_->push_back({Event::Kind::store, number, content});
    }

    Lines lines_;
    Lines dirty_;  // stored to since the beginning
    Recording* recording_;
    FileDescriptor lock_file_;
};

// Goes through the states that a recording may leave behind.
class CrashStates {
  public:
    // Up to this many lines in doubt, every subset is looked at; beyond, none, all, each line alone, all but
    // each line, and a number of random subsets.
    static constexpr std::size_t exhaustive_lines = 11;
    static constexpr int random_subsets = 128;

    explicit CrashStates(Lines before) : certain_(std::move(before)) {}

    // Calls `look` with the memory's content for each state at each event that changes the set of states.
    void explore(const Recording& recording, const std::function<void(const Lines&)>& look) {
        visit(look);
        for (std::size_t i = 0; i < recording.size(); ++i) {
            apply(recording[i]);
            // A run of stores or flushes has no states of its own that the end of the run does not have too:
            // each subset of its lines is one of the run's, as long as no line is stored to twice.
            const bool last = i + 1 == recording.size() || recording[i + 1].kind != recording[i].kind ||
                              doubtful_twice(recording[i + 1]);
            if (last && recording[i].kind != Event::Kind::write_back) visit(look);
        }
    }

    std::uint64_t states() const { return states_; }

  private:
    struct Doubt {
        Line newest{};
        std::optional<Line> flushed;  // what a write-back took along, certain at the next fence
    };

    bool doubtful_twice(const Event& next) const {
        return next.kind == Event::Kind::store && doubtful_.contains(next.line);
    }

    void apply(const Event& event) {
        switch (event.kind) {
            case Event::Kind::store:
                doubtful_[event.line].newest = event.content;
                break;
            case Event::Kind::write_back:
                if (const auto found = doubtful_.find(event.line); found != doubtful_.end())
                    found->second.flushed = found->second.newest;
                break;
            case Event::Kind::fence:
                settle();
                break;
        }
    }

    void settle() {
        for (auto at = doubtful_.begin(); at != doubtful_.end();) {
            if (!at->second.flushed) {
                ++at;
                continue;
            }
            certain_[at->first] = *at->second.flushed;
            const bool newer = at->second.newest != *at->second.flushed;
            at->second.flushed.reset();
            at = newer ? std::next(at) : doubtful_.erase(at);
        }
    }

    void visit(const std::function<void(const Lines&)>& look) {
        const std::size_t count = doubtful_.size();
        if (count <= exhaustive_lines) {
            for (std::uint64_t subset = 0; subset < std::uint64_t{1} << count; ++subset)
                state(look, [&](std::size_t i) { return (subset >> i & 1) != 0; });
            return;
        }
        state(look, [](std::size_t) { return false; });
        state(look, [](std::size_t) { return true; });
        for (std::size_t one = 0; one < count; ++one) {
            state(look, [&](std::size_t i) { return i == one; });
            state(look, [&](std::size_t i) { return i != one; });
        }
        for (int round = 0; round < random_subsets; ++round)
            state(look, [&](std::size_t) { return (random_() & 1) != 0; });
    }

    template <typename Arrived>
    void state(const std::function<void(const Lines&)>& look, Arrived arrived) {
        Lines content = certain_;
        std::size_t i = 0;
        for (const auto& [number, doubt] : doubtful_)
            if (arrived(i++)) content[number] = doubt.newest;
        ++states_;
        look(content);
    }

    Lines certain_;
    std::map<std::uint64_t, Doubt> doubtful_;
    std::mt19937 random_{1};
    std::uint64_t states_ = 0;
};

}  // namespace famfs::test
