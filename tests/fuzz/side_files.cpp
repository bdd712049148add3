// devices.yaml and state.yaml of any text. What is accepted must survive being written and read again.
#include "fuzz.h"
#include "liblog/shadow/devices.h"
#include "liblog/shadow/state.h"
#include "readers_agree.h"

using namespace famfs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
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
