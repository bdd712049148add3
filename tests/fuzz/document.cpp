// A shadow document of any text. What is accepted must survive being written and read again, in both forms.
// What the scanner reads, yaml-cpp must read to the same values.
//
// Input: the place, a NUL, the text.
#include "liblog/shadow/document.h"

#include "fuzz.h"
#include "liblog/shadow/devices.h"
#include "readers_agree.h"

using namespace famfs;

namespace {

shadow::DeviceTable make_table() {
    shadow::DeviceTable table;
    table.data_start = omf::log_offset + omf::minimum_log_length;
    table.add({*omf::parse_uuid("123e4567-e89b-12d3-a456-426614174000"), std::uint64_t{1} << 40, ""});
    table.add({*omf::parse_uuid("e8593b05-0d75-46f8-ac44-29830671aaad"), std::uint64_t{1} << 40, ""});
    return table;
}

void write_and_read(const omf::File& file, shadow::Form form, const shadow::DocumentContext& context) {
    std::string text;
    const auto written = shadow::write_document(file, form, context, text);
    if (!written) return fuzz::require(written.error().code == EILSEQ, "only a name can be unspeakable");
    const auto again = shadow::read_document(text, file.path.view(), context);
    if (!again) std::fprintf(stderr, "%s\n%s\n", again.error().message.c_str(), text.c_str());
    fuzz::require(again.has_value(), "what was written can be read");
    fuzz::require(again->size == file.size && again->layout == file.layout && again->mode == file.mode &&
                      again->uid == file.uid && again->gid == file.gid && again->flags == file.flags &&
                      again->path == file.path,
                  "and is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static shadow::DeviceTable table = make_table();
    static const shadow::DocumentContext context = table.context();
    const std::string_view input = fuzz::text_of(data, size);
    const std::size_t end = input.find('\0');
    if (end == input.npos) return 0;
    fuzz::require_agreement(input.substr(end + 1));
    const auto file = shadow::read_document(input.substr(end + 1), input.substr(0, end), context);
    if (!file) {
        fuzz::require(!file.error().message.empty(), "a refusal has a reason");
        fuzz::require(omf::one_line(file.error().message) == file.error().message,
                      "a refusal is one printable line");
        return 0;
    }
    write_and_read(*file, shadow::Form::uuid, context);
    write_and_read(*file, shadow::Form::famfs, context);
    return 0;
}
