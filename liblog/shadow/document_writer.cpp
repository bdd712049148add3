#include "liblog/shadow/base64.h"
#include "liblog/shadow/document.h"

#include <fmt/format.h>
#include <yaml.h>

#include <iterator>

namespace famfs::shadow {
namespace {

using Out = std::back_insert_iterator<std::string>;

// Paths of these characters need no quotes wherever they stand; they are nearly all there are.
bool is_plain(std::string_view path) {
    const auto word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    if (!word(path.front()) && path.front() != '/') return false;
    for (const char c : path)
        if (!word(c) && c != '/' && c != '.' && c != '-' && c != '+') return false;
    return true;
}

int append_to_string(void* out, unsigned char* bytes, std::size_t size) {
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
    return 1;
}

// Upstream writes with libyaml and asks for plain style; its emitter decides on quotes, escapes and line
// breaks. So for a path that is not plain the same emitter writes the head of the document.
class Emitter {
  public:
    explicit Emitter(std::string& out) : good_(yaml_emitter_initialize(&emitter_) != 0) {
        if (good_) yaml_emitter_set_output(&emitter_, append_to_string, &out);
    }
    Emitter(const Emitter&) = delete;
    Emitter& operator=(const Emitter&) = delete;
    ~Emitter() {
        if (good_) yaml_emitter_delete(&emitter_);
    }

    bool head(std::string_view path) {
        yaml_event_t event;
        return good_ && yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) && emit(event) &&
               yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1) && emit(event) &&
               open_mapping() && scalar("file") && open_mapping() && scalar("path") && scalar(path) &&
               close_mapping() && close_mapping() && yaml_document_end_event_initialize(&event, 1) &&
               emit(event) && yaml_stream_end_event_initialize(&event) && emit(event) &&
               yaml_emitter_flush(&emitter_);
    }

  private:
    bool emit(yaml_event_t& event) { return yaml_emitter_emit(&emitter_, &event) != 0; }

    bool scalar(std::string_view text) {
        std::string copy(text);
        yaml_event_t event;
        return yaml_scalar_event_initialize(
                   &event, nullptr, nullptr, reinterpret_cast<yaml_char_t*>(copy.data()),
                   static_cast<int>(copy.size()), 1, 1, YAML_PLAIN_SCALAR_STYLE) != 0 &&
               emit(event);
    }

    bool open_mapping() {
        yaml_event_t event;
        return yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE) !=
                   0 &&
               emit(event);
    }

    bool close_mapping() {
        yaml_event_t event;
        return yaml_mapping_end_event_initialize(&event) != 0 && emit(event);
    }

    yaml_emitter_t emitter_{};
    bool good_;
};

// "file:" and its first member.
Result<void> write_head(std::string_view path, std::string& out) {
    if (is_plain(path)) {
        out += "file:\n  path: ";
        out += path;
        out += '\n';
        return {};
    }
    std::string head;
    if (!Emitter(head).head(path)) return fail(ErrorKind::io, ENOMEM, "libyaml cannot write a path");
    // The emitter ends a document that ends in an open scalar with "...".
    if (head.ends_with("...\n")) head.resize(head.size() - 4);
    out += head;
    return {};
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

Result<void> write_uuid_form(const omf::File& file, const DocumentContext& context, std::string& out) {
    const std::string path = "/" + std::string(file.path.view());
    if (!omf::is_utf8(path))
        out += "file:\n  path: !!binary " + encode_base64(path) + "\n";
    else if (auto written = write_head(path, out); !written)
        return written;
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
    if (auto written = write_head(path, out); !written) return written;
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
                            std::string& out) {
    return form == Form::uuid ? write_uuid_form(file, context, out) : write_famfs_form(file, out);
}

}  // namespace famfs::shadow
