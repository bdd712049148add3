#include "liblog/records/json.h"

#include "omf/path.h"

#include <charconv>

namespace famfs::records {
namespace {

// The inverse of omf::printable().
std::string unescape(std::string_view text) {
    std::string raw;
    while (!text.empty()) {
        unsigned value = 0;
        const bool escaped =
            text.size() >= 4 && text.starts_with("\\x") &&
            std::from_chars(text.data() + 2, text.data() + 4, value, 16).ptr == text.data() + 4;
        raw += escaped ? static_cast<char>(value) : text.front();
        text.remove_prefix(escaped ? 4 : 1);
    }
    return raw;
}

const Json* member(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

}  // namespace

Json bytes(std::string_view text) {
    return omf::printable(text);
}

std::string document(const Json& value) {
    return value.dump(2) + "\n";
}

std::optional<std::string> bytes_at(const Json& object, const char* key) {
    const Json* const value = member(object, key);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return unescape(value->get<std::string>());
}

std::optional<std::uint64_t> number_at(const Json& object, const char* key) {
    const Json* const value = member(object, key);
    if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
    return value->get<std::uint64_t>();
}

std::optional<bool> flag_at(const Json& object, const char* key) {
    const Json* const value = member(object, key);
    if (value == nullptr || !value->is_boolean()) return std::nullopt;
    return value->get<bool>();
}

}  // namespace famfs::records
