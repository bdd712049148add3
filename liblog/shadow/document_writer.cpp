#include "liblog/shadow/base64.h"
#include "liblog/shadow/document.h"
#include "liblog/shadow/yaml_emitter.h"

#include <fmt/format.h>

#include <iterator>

namespace famfs::shadow {
namespace {

using Out = std::back_insert_iterator<std::string>;

// "file:" and its first member. Upstream writes with libyaml and asks for plain style.
void write_head(std::string_view path, std::string& out) {
    out += "file:\n  path: ";
    yaml::append_scalar(path, 4, out);
    out += '\n';
}

Result<void> write_uuid_extent(const omf::Extent& extent, const DocumentContext& context, int indent,
                               Out out) {
    if (extent.device >= context.device_uuids.size())
        return fail(ErrorKind::io, ENODEV, fmt::format("device {} is not known", extent.device));
    fmt::format_to(out, "{0:{1}}- device_uuid: '{2}'\n{0:{1}}  offset: {3}\n{0:{1}}  length: {4}\n", "",
                   indent, to_string(context.device_uuids[extent.device]), extent.offset, extent.length);
    return {};
}

Result<void> write_uuid_extents(const omf::Layout& layout, const DocumentContext& context, Out out) {
    int indent = 4;
    if (layout.striped()) {
        fmt::format_to(out, "  stripe:\n    chunk_size: {}\n    strips:\n", layout.chunk_size);
        indent = 6;
    } else {
        fmt::format_to(out, "  extents:\n");
    }
    for (const omf::Extent& extent : layout.extents)
        if (auto written = write_uuid_extent(extent, context, indent, out); !written) return written;
    return {};
}

Result<void> write_uuid_form(const omf::File& file, const DocumentContext& context, std::string& out,
                             index::InodeId id) {
    const std::string path = "/" + std::string(file.path.view());
    if (!omf::is_utf8(path))
        out += "file:\n  path: !!binary " + encode_base64(path) + "\n";
    else
        write_head(path, out);
    if (id != index::no_inode) fmt::format_to(Out(out), "  id: {}\n", id);
    fmt::format_to(Out(out), "  size: {}\n  owner: {}\n  group: {}\n  permissions: '{:04o}'\n", file.size,
                   file.uid, file.gid, file.mode);
    if (file.flags != omf::flag_read_write) fmt::format_to(Out(out), "  flags: {}\n", file.flags);
    return write_uuid_extents(file.layout, context, Out(out));
}

void write_index_extents(const omf::ExtentList& extents, int indent, Out out) {
    fmt::format_to(out, "{:{}}simple_ext_list:\n", "", indent);
    for (const omf::Extent& extent : extents)
        fmt::format_to(out, "{0:{1}}- devindex: {2}\n{0:{1}}  offset: {3:#x}\n{0:{1}}  length: {4:#x}\n", "",
                       indent, extent.device, extent.offset, extent.length);
}

Result<void> write_famfs_form(const omf::File& file, std::string& out) {
    const std::string_view path = file.path.view();
    if (!omf::is_utf8(path))
        return fail(ErrorKind::unsupported, EILSEQ,
                    omf::printable(path) + ": not UTF-8: this form of document cannot say it");
    out += "---\n";
    write_head(path, out);
    // Upstream prints these with %d
    fmt::format_to(Out(out), "  size: {}\n  flags: {}\n  mode: 0{:o}\n  uid: {}\n  gid: {}\n",
                   static_cast<std::int64_t>(file.size), static_cast<std::int32_t>(file.flags), file.mode,
                   static_cast<std::int32_t>(file.uid), static_cast<std::int32_t>(file.gid));
    if (file.layout.striped()) {
        fmt::format_to(Out(out),
                       "  nextents: 1\n  striped_ext_list:\n  - nstrips: {}\n    chunk_size: {:#x}\n",
                       file.layout.extents.size(), file.layout.chunk_size);
        write_index_extents(file.layout.extents, 4, Out(out));
    } else {
        fmt::format_to(Out(out), "  nextents: {}\n", file.layout.extents.size());
        write_index_extents(file.layout.extents, 2, Out(out));
    }
    out += "...\n";
    return {};
}

}  // namespace

Result<void> write_document(const omf::File& file, Form form, const DocumentContext& context,
                            std::string& out, index::InodeId id) {
    return form == Form::uuid ? write_uuid_form(file, context, out, id) : write_famfs_form(file, out);
}

}  // namespace famfs::shadow
