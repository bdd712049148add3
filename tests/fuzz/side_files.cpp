// devices.yaml, state.yaml and ids of any bytes. What is accepted must survive being written and read again.
#include "fuzz.h"
#include "liblog/shadow/devices.h"
#include "liblog/shadow/ids.h"
#include "liblog/shadow/state.h"
#include "readers_agree.h"

using namespace famfs;

namespace {

void try_ids(std::span<const std::byte> bytes) {
    if (bytes.size() < shadow::id_header_bytes) return;
    auto table = shadow::IdTable::create(bytes.first<shadow::id_header_bytes>());
    if (!table) return;
    const auto records = bytes.subspan(shadow::id_header_bytes);
    const auto half = records.first(records.size() / 2 / shadow::id_record_bytes * shadow::id_record_bytes);
    table->add(half);
    table->add(records.subspan(half.size()));
    fuzz::require(table->size() <= records.size() / shadow::id_record_bytes, "no id comes from nowhere");
    const index::InodeId found = table->find("dir");
    fuzz::require(found == index::no_inode || index::is_entry_inode(found), "an id is an entry's");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try_ids(fuzz::bytes_of(data, size));
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::require_agreement(text);
    if (const auto state = shadow::read_state(text)) {
        const auto again = shadow::read_state(shadow::write_state(*state));
        fuzz::require(again && again->entries == state->entries && again->totals.files == state->totals.files,
                      "a state is the same after writing and reading");
    }
    if (const auto table = shadow::read_devices(text)) {
        const auto again = shadow::read_devices(shadow::write_devices(*table));
        fuzz::require(again && again->devices().size() == table->devices().size(),
                      "devices can be written and read");
        for (std::size_t i = 0; i < table->devices().size(); ++i)
            fuzz::require(again->devices()[i].path == table->devices()[i].path, "a path is the same");
    }
    return 0;
}
