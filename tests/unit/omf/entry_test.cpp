#include "omf/entry.h"

#include "omf/crc32.h"
#include "tests/unit/test_pool.h"

namespace famfs::omf {
namespace {

using test::extents;
using test::file;
using test::first_data;
using test::path;
using test::unit;

// Overwrites a field and makes the crc right again, so that only the field is wrong.
template <typename T>
void patch(EntryBytes& bytes, std::size_t offset, T value) {
    store(bytes, value, offset);
    store(bytes, crc32(std::span(bytes).first(536)), 536);
}

EntryBytes sample() {
    return encode_entry(7, file("dir/name", 100, extents({{0, first_data, unit}})));
}

Rule rule_of(const EntryBytes& bytes) {
    const auto decoded = decode_entry(bytes, 7);
    if (decoded) {
        ADD_FAILURE() << "was accepted";
        return Rule::count_;
    }
    return decoded.error().rule;
}

TEST(EntryTest, FileKeepsEveryField) {
    File original = file("dir/name", 123456789, extents({{0, first_data, unit}, {3, 0, 4 * unit}}));
    original.uid = 0xfffffffe;
    original.gid = 5;
    original.mode = 07654;
    original.flags = flag_read_only;
    const auto decoded = decode_entry(encode_entry(9, original), 9);
    ASSERT_TRUE(decoded);
    const File& read = std::get<File>(*decoded);
    EXPECT_EQ(read.path, original.path);
    EXPECT_EQ(read.size, original.size);
    EXPECT_EQ(read.uid, original.uid);
    EXPECT_EQ(read.gid, original.gid);
    EXPECT_EQ(read.mode, original.mode);
    EXPECT_EQ(read.flags, original.flags);
    EXPECT_EQ(read.layout, original.layout);
}

TEST(EntryTest, FieldsLieWhereTheFormatSays) {
    File original = file("dir/name", 0x1122334455667788, extents({{2, 0xAABB0000, unit}}));
    original.uid = 11;
    original.gid = 12;
    original.mode = 0640;
    const EntryBytes bytes = encode_entry(5, original);
    EXPECT_EQ(load<std::uint64_t>(bytes, 0), 5U);
    EXPECT_EQ(load<std::uint32_t>(bytes, 8), 0U);
    EXPECT_EQ(load<std::uint64_t>(bytes, 16), 0x1122334455667788U);
    EXPECT_EQ(load<std::uint32_t>(bytes, 16 + 8), 2U);
    EXPECT_EQ(load<std::uint32_t>(bytes, 16 + 12), 11U);
    EXPECT_EQ(load<std::uint32_t>(bytes, 16 + 16), 12U);
    EXPECT_EQ(load<std::uint32_t>(bytes, 16 + 20), 0640U);
    EXPECT_STREQ(reinterpret_cast<const char*>(bytes.data()) + 16 + 24, "dir/name");
    EXPECT_EQ(load<std::uint32_t>(bytes, 16 + 104 + 8), 1U);
    EXPECT_EQ(load<std::uint64_t>(bytes, 16 + 104 + 16), 2U);
    EXPECT_EQ(load<std::uint64_t>(bytes, 16 + 104 + 24), 0xAABB0000U);
    EXPECT_EQ(load<std::uint64_t>(bytes, 536), crc32(std::span(bytes).first(536)));
}

TEST(EntryTest, StripeLiesWhereTheFormatSays) {
    const EntryBytes bytes =
        encode_entry(0, file("s", 1, extents({{0, first_data, unit}, {0, first_data + unit, unit}}, unit)));
    EXPECT_EQ(load<std::uint32_t>(bytes, 16 + 104), 1U);
    EXPECT_EQ(load<std::uint32_t>(bytes, 16 + 104 + 8), 1U);
    EXPECT_EQ(load<std::uint64_t>(bytes, 16 + 104 + 16), 2U);
    EXPECT_EQ(load<std::uint64_t>(bytes, 16 + 104 + 24), unit);
    EXPECT_EQ(load<std::uint64_t>(bytes, 16 + 104 + 32 + 24 + 8), first_data + unit);
    const auto decoded = decode_entry(bytes, 0);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<File>(*decoded).layout.chunk_size, unit);
}

TEST(EntryTest, DirectoryAndDeviceLieWhereTheFormatSays) {
    const EntryBytes made = encode_entry(0, Directory{path("d"), 11, 12, 0750});
    EXPECT_EQ(load<std::uint32_t>(made, 8), 1U);
    EXPECT_EQ(load<std::uint32_t>(made, 16), 11U);
    EXPECT_EQ(load<std::uint32_t>(made, 20), 12U);
    EXPECT_EQ(load<std::uint32_t>(made, 24), 0750U);
    EXPECT_STREQ(reinterpret_cast<const char*>(made.data()) + 28, "d");
    Uuid uuid;
    uuid.bytes.fill(0xab);
    const EntryBytes device = encode_entry(0, DaxDevice{1 << 30, uuid, 1});
    EXPECT_EQ(load<std::uint32_t>(device, 8), 3U);
    EXPECT_EQ(load<std::uint64_t>(device, 16), 1U << 30);
    EXPECT_EQ(load<Uuid>(device, 24), uuid);
    EXPECT_EQ(load<std::uint32_t>(device, 40), 1U);
}

TEST(EntryTest, AnyFlippedBitIsFound) {
    const EntryBytes good = sample();
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        EntryBytes bytes = good;
        bytes[bit / 8] ^= std::byte(1 << bit % 8);
        EXPECT_FALSE(decode_entry(bytes, 7)) << "bit " << bit;
    }
}

TEST(EntryTest, RefusesWhatBreaksARule) {
    const auto with = [](std::size_t offset, auto value) {
        EntryBytes bytes = sample();
        patch(bytes, offset, value);
        return rule_of(bytes);
    };
    EXPECT_EQ(with(0, std::uint64_t{8}), Rule::entry_seqnum);
    for (const std::uint32_t type : {2U, 4U, 5U, ~0U})
        EXPECT_EQ(with(8, type), Rule::entry_type);
    EXPECT_EQ(with(16, std::uint64_t{1} << 63), Rule::file_size);
    EXPECT_EQ(with(16 + 20, std::uint32_t{0120644}), Rule::mode_bits);
    EXPECT_EQ(with(16 + 20, std::uint32_t{0200644}), Rule::mode_bits);
    EXPECT_EQ(with(16 + 24, '/'), Rule::path_absolute);
    EXPECT_EQ(with(16 + 24, '\0'), Rule::path_empty);
    EXPECT_EQ(with(16 + 104, std::uint32_t{2}), Rule::extent_type);
    for (const std::uint32_t count : {0U, 17U, ~0U})
        EXPECT_EQ(with(16 + 104 + 8, count), Rule::extent_count);
    std::array<char, 80> endless{};
    endless.fill('x');
    EXPECT_EQ(with(16 + 24, endless), Rule::path_too_long);
}

TEST(EntryTest, RefusesBadStripes) {
    const auto with = [](std::size_t offset, auto value) {
        EntryBytes bytes = encode_entry(7, file("s", 1, extents({{0, first_data, unit}}, unit)));
        patch(bytes, offset, value);
        return rule_of(bytes);
    };
    EXPECT_EQ(with(16 + 104 + 8, std::uint32_t{2}), Rule::extent_count);
    for (const std::uint64_t strips : {std::uint64_t{0}, std::uint64_t{17}, ~std::uint64_t{0}})
        EXPECT_EQ(with(16 + 104 + 16, strips), Rule::strip_count);
    EXPECT_EQ(with(16 + 104 + 24, std::uint64_t{0}), Rule::chunk_size);
}

TEST(EntryTest, RegularFileTypeBitsAreFine) {
    EntryBytes bytes = sample();
    patch(bytes, 16 + 20, std::uint32_t{0100600});
    const auto decoded = decode_entry(bytes, 7);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<File>(*decoded).mode, 0600U);
}

TEST(EntryTest, ClaimedPathOfAnyBytesIsBounded) {
    EntryBytes bytes{};
    bytes.fill(std::byte{0x41});
    store(bytes, std::uint32_t{0}, 8);
    EXPECT_EQ(claimed_path(bytes).size(), path_field);
    store(bytes, std::uint32_t{77}, 8);
    EXPECT_EQ(claimed_path(bytes), "");
}

}  // namespace
}  // namespace famfs::omf
