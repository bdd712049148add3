#include "omf/violation.h"

#include <fmt/format.h>

#include <array>

namespace famfs::omf {
namespace {

struct Text {
    Rule rule;
    std::string_view name;
    // {0} value, {1} limit, {2} item
    std::string_view format;
};

constexpr std::array texts{
    Text{Rule::superblock_magic, "superblock-magic", "superblock magic is {0:#x}, not {1:#x}"},
    Text{Rule::superblock_version, "superblock-version", "superblock version is {0}, this program reads {1}"},
    Text{Rule::superblock_crc, "superblock-crc", "superblock crc is {0:#x}, computed {1:#x}"},
    Text{Rule::superblock_major, "superblock-major",
         "format major version is {0}, this program reads up to {1}"},
    Text{Rule::superblock_log_offset, "superblock-log-offset", "log offset is {0:#x}, not {1:#x}"},
    Text{Rule::superblock_log_length, "superblock-log-length",
         "log length {0} is not a power of two of at least {1}"},
    Text{Rule::superblock_allocation_unit, "superblock-allocation-unit",
         "allocation unit is {0}, neither 4096 nor {1}"},
    Text{Rule::superblock_beyond_device, "superblock-beyond-device",
         "superblock, log and one allocation unit need {0} bytes, the device has {1}"},
    Text{Rule::header_magic, "header-magic", "log magic is {0:#x}, not {1:#x}"},
    Text{Rule::header_crc, "header-crc", "log header crc is {0:#x}, computed {1:#x}"},
    Text{Rule::header_log_length, "header-log-length",
         "log length is {0} in the log header, {1} in the superblock"},
    Text{Rule::header_last_index, "header-last-index",
         "last index of the log is {0}, its length makes it {1}"},
    Text{Rule::header_next_index, "header-next-index",
         "next index of the log is {0}, it holds at most {1} entries"},
    Text{Rule::entry_crc, "entry-crc", "crc is {0:#x}, computed {1:#x}"},
    Text{Rule::entry_seqnum, "entry-seqnum", "sequence number is {0}, not {1}"},
    Text{Rule::entry_type, "entry-type", "entry type {0} is not known (0, 1 or {1})"},
    Text{Rule::path_empty, "path-empty", "path is empty"},
    Text{Rule::path_too_long, "path-too-long", "path has {0} bytes, the limit is {1}"},
    Text{Rule::path_absolute, "path-absolute", "path is absolute"},
    Text{Rule::path_component, "path-component",
         "path has an empty, \".\" or \"..\" component, or a NUL, at byte {0}"},
    Text{Rule::path_reserved, "path-reserved", "path lies in .meta, which belongs to the daemon"},
    Text{Rule::parent_missing, "parent-missing", "parent directory was not made by an earlier entry"},
    Text{Rule::parent_not_directory, "parent-not-directory", "parent is a file, not a directory"},
    Text{Rule::path_taken, "path-taken", "path is taken by an earlier entry"},
    Text{Rule::mode_bits, "mode-bits", "mode {0:#o} has bits beyond {1:#o}"},
    Text{Rule::file_size, "file-size", "size {0} is above {1}"},
    Text{Rule::extent_type, "extent-type", "extent type {0} is neither 0 nor {1}"},
    Text{Rule::extent_count, "extent-count", "extent count {0} is not in 1...{1}"},
    Text{Rule::strip_count, "strip-count", "strip count {0} is not in 1...{1}"},
    Text{Rule::chunk_size, "chunk-size", "chunk size {0} is not a power of two and a multiple of {1}"},
    Text{Rule::strip_length, "strip-length", "strip {2}: length {0} does not fit, {1} is wanted"},
    Text{Rule::extent_empty, "extent-empty", "extent {2}: length {0} is below {1}"},
    Text{Rule::extent_alignment, "extent-alignment", "extent {2}: {0:#x} is not a multiple of {1:#x}"},
    Text{Rule::extent_device, "extent-device", "extent {2}: device {0} is not known, the pool has {1}"},
    Text{Rule::extent_beyond_device, "extent-beyond-device",
         "extent {2}: from {0:#x} it goes past {1:#x}, the device's end"},
    Text{Rule::extent_in_metadata, "extent-in-metadata",
         "extent {2}: offset {0:#x} lies before {1:#x}, the first data"},
    Text{Rule::extents_too_short, "extents-too-short", "extents hold {0} bytes, the file has {1}"},
    Text{Rule::extent_overlap, "extent-overlap",
         "extent {2}: {0} bytes at {1:#x} overlap what another extent holds"},
    Text{Rule::device_index, "device-index", "device index is {0}, the next one is {1}"},
    Text{Rule::device_taken, "device-taken", "device uuid is that of device {0}"},
};

constexpr bool texts_match_rules() {
    if (texts.size() != static_cast<std::size_t>(Rule::count_)) return false;
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (texts[i].rule != static_cast<Rule>(i)) return false;
    return true;
}
static_assert(texts_match_rules(), "one text per rule, in the order of Rule");

const Text& text_of(Rule rule) {
    return texts.at(static_cast<std::size_t>(rule));
}

}  // namespace

std::string_view name(Rule rule) {
    return text_of(rule).name;
}

std::string describe(const Violation& violation) {
    return fmt::format(fmt::runtime(text_of(violation.rule).format), violation.value, violation.limit,
                       violation.item);
}

}  // namespace famfs::omf
