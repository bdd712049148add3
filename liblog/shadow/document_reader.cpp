#include "liblog/shadow/document.h"
#include "liblog/shadow/yaml_fields.h"
#include "liblog/shadow/yaml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace famfs::shadow {
namespace {

using yaml::Fields;
using yaml::Node;

constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t max_size = std::numeric_limits<std::int64_t>::max();

// Reads one list of extents or strips; `one` reads an item and says what is wrong with it.
template <typename One>
void read_extents(Fields& fields, std::string_view key, omf::ExtentList& extents, One one) {
    const Node* list = fields.sequence(key);
    if (list == nullptr) return;
    if (list->items.empty() || list->items.size() > omf::max_extents)
        return fields.reject(*list, key,
                             fmt::format("{} items, not 1...{}", list->items.size(), omf::max_extents));
    for (const Node& item : list->items) {
        Fields extent(item, std::string(key));
        extents.push_back(one(extent));
        if (auto done = extent.finish(); !done) return fields.adopt(done.error());
    }
}

omf::Extent extent_by_uuid(Fields& fields, const DocumentContext& context) {
    omf::Extent extent;
    const auto uuid = omf::parse_uuid(fields.text("device_uuid"));
    const auto found = uuid ? std::ranges::find(context.device_uuids, *uuid) : context.device_uuids.end();
    if (!uuid)
        fields.reject("device_uuid", "not a uuid");
    else if (found == context.device_uuids.end())
        fields.reject("device_uuid", "device " + to_string(*uuid) + " is not known");
    else
        extent.device = static_cast<std::uint64_t>(found - context.device_uuids.begin());
    extent.offset = fields.number("offset", any_number);
    extent.length = fields.number("length", any_number);
    return extent;
}

omf::Extent extent_by_index(Fields& fields) {
    omf::Extent extent;
    extent.device = fields.number("devindex", any_number);
    extent.offset = fields.number("offset", any_number);
    extent.length = fields.number("length", any_number);
    return extent;
}

// Below .meta the place decides; elsewhere an id is an entry's.
index::InodeId read_id(Fields& fields, std::string_view place) {
    const index::InodeId id = fields.number("id", any_number);
    const index::InodeId fixed = index::fixed_inode(place);
    if (fixed != index::no_inode ? id != fixed : !index::is_entry_inode(id))
        fields.reject("id", fmt::format("{} is not an id that this file can have", id));
    return id;
}

void read_uuid_form(Fields& fields, std::string_view place, const DocumentContext& context, Document& file) {
    const auto one = [&](Fields& extent) { return extent_by_uuid(extent, context); };
    file.uid = fields.id("owner");
    file.gid = fields.id("group");
    file.mode = fields.permissions("permissions");
    if (fields.has("flags")) file.flags = fields.id("flags");
    if (fields.has("id")) file.id = read_id(fields, place);
    if (!fields.has("stripe")) return read_extents(fields, "extents", file.layout.extents, one);
    const Node* node = fields.mapping("stripe");
    if (node == nullptr) return;
    Fields stripe(*node, "stripe");
    file.layout.chunk_size = stripe.number("chunk_size", any_number);
    read_extents(stripe, "strips", file.layout.extents, one);
    if (file.layout.chunk_size == 0) stripe.reject("chunk_size", "0 is no chunk size");
    if (auto done = stripe.finish(); !done) fields.adopt(done.error());
}

void read_stripe_by_index(const Node& node, Fields& fields, omf::File& file) {
    Fields stripe(node, "striped_ext_list");
    const std::uint64_t strips = stripe.number("nstrips", any_number);
    file.layout.chunk_size = stripe.number("chunk_size", any_number);
    read_extents(stripe, "simple_ext_list", file.layout.extents, extent_by_index);
    if (strips != file.layout.extents.size()) stripe.reject("nstrips", "differs from the number of strips");
    if (file.layout.chunk_size == 0) stripe.reject("chunk_size", "0 is no chunk size");
    if (auto done = stripe.finish(); !done) fields.adopt(done.error());
}

void read_famfs_form(Fields& fields, omf::File& file) {
    file.flags = fields.id("flags");
    file.mode = fields.permissions("mode");
    file.uid = fields.id("uid");
    file.gid = fields.id("gid");
    const std::uint64_t count = fields.number("nextents", any_number);
    if (!fields.has("striped_ext_list")) {
        read_extents(fields, "simple_ext_list", file.layout.extents, extent_by_index);
        if (count != file.layout.extents.size())
            fields.reject("nextents", "differs from the number of extents");
        return;
    }
    const Node* list = fields.sequence("striped_ext_list");
    if (list == nullptr) return;
    if (list->items.size() != 1 || count != 1)
        return fields.reject(*list, "striped_ext_list", "exactly one stripe is allowed");
    read_stripe_by_index(list->items[0], fields, file);
}

void read_path(Fields& fields, std::string_view place, omf::File& file) {
    const std::string text = fields.text("path");
    const std::string_view relative = std::string_view(text).substr(text.starts_with('/') ? 1 : 0);
    const auto path = omf::Path::parse(relative);
    if (!path)
        fields.reject("path", omf::describe(path.error()));
    else if (relative != place)
        fields.reject("path", fmt::format("{} is not the file's place, {}", omf::printable(relative),
                                          omf::printable(place)));
    else
        file.path = *path;
}

bool overlap(const omf::Extent& a, const omf::Extent& b) {
    return a.device == b.device && a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

// Pre: check_layout() accepted the extents, so that their ends do not overflow.
bool any_overlap(const omf::ExtentList& extents) {
    for (std::size_t i = 0; i < extents.size(); ++i)
        for (std::size_t k = 0; k < i; ++k)
            if (overlap(extents[i], extents[k])) return true;
    return false;
}

Result<void> check_layout(const omf::File& file, const DocumentContext& context) {
    omf::Geometry geometry = context.geometry;
    if (file.path.is_reserved()) geometry.data_start = 0;
    const auto checked = omf::check_layout(file.layout.view(), file.size, geometry);
    if (!checked) return fail(ErrorKind::corrupt, EUCLEAN, omf::describe(checked.error()));
    if (any_overlap(file.layout.extents))
        return fail(ErrorKind::corrupt, EUCLEAN, "extents overlap each other");
    return {};
}

}  // namespace

Result<Document> read_document(std::string_view text, std::string_view place,
                               const DocumentContext& context) {
    if (text.size() > max_document)
        return fail(ErrorKind::corrupt, EUCLEAN, fmt::format("larger than {} bytes", max_document));
    const auto root = yaml::parse(text);
    if (!root) return std::unexpected(root.error());
    Fields document(*root, "the document");
    const Node* node = document.mapping("file");
    if (auto done = document.finish(); !done) return std::unexpected(done.error());

    Document file;
    Fields fields(*node, "file");
    read_path(fields, place, file);
    file.size = fields.number("size", max_size);
    if (fields.has("simple_ext_list") || fields.has("striped_ext_list"))
        read_famfs_form(fields, file);
    else
        read_uuid_form(fields, place, context, file);
    if (auto done = fields.finish(); !done) return std::unexpected(done.error());
    if (auto checked = check_layout(file, context); !checked) return std::unexpected(checked.error());
    return file;
}

}  // namespace famfs::shadow
