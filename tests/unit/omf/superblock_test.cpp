#include "omf/superblock.h"

#include "omf/crc32.h"
#include "omf/log_header.h"
#include "tests/unit/test_pool.h"

namespace famfs::omf {
namespace {

template <typename T>
SuperblockBytes with(std::size_t offset, T value) {
    SuperblockBytes bytes = encode_superblock({});
    store(bytes, value, offset);
    store(bytes, crc32(std::span(bytes).first(96)), 96);
    return bytes;
}

Rule rule_of(const SuperblockBytes& bytes) {
    const auto decoded = decode_superblock(bytes);
    return decoded ? Rule::count_ : decoded.error().rule;
}

TEST(SuperblockTest, KeepsEveryField) {
    Superblock original;
    original.log_length = 1 << 24;
    original.allocation_unit = small_allocation_unit;
    original.minor = 9;
    original.file_system.bytes.fill(1);
    original.device.bytes.fill(2);
    original.system.bytes.fill(3);
    original.flags = 1;
    original.device_size = 1234567;
    original.device_path = std::string(64, 'p');  // fills the field: no NUL
    const auto read = decode_superblock(encode_superblock(original));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->log_length, original.log_length);
    EXPECT_EQ(read->allocation_unit, original.allocation_unit);
    EXPECT_EQ(read->minor, original.minor);
    EXPECT_EQ(read->file_system, original.file_system);
    EXPECT_EQ(read->device, original.device);
    EXPECT_EQ(read->system, original.system);
    EXPECT_EQ(read->device_size, original.device_size);
    EXPECT_EQ(read->device_path, original.device_path);
}

TEST(SuperblockTest, RefusesWhatIsNotOurs) {
    EXPECT_EQ(rule_of(SuperblockBytes{}), Rule::superblock_magic);
    EXPECT_EQ(rule_of(with(8, std::uint64_t{47})), Rule::superblock_version);
    EXPECT_EQ(rule_of(with(40, std::uint32_t{3})), Rule::superblock_major);
    EXPECT_EQ(rule_of(with(44, std::uint32_t{77})), Rule::count_);
    EXPECT_EQ(rule_of(with(16, std::uint64_t{0x400000})), Rule::superblock_log_offset);
    for (const std::uint64_t length :
         {std::uint64_t{0}, std::uint64_t{1} << 22, std::uint64_t{9} << 20, ~std::uint64_t{0}})
        EXPECT_EQ(rule_of(with(24, length)), Rule::superblock_log_length) << length;
    for (const std::uint64_t unit : {std::uint64_t{0}, std::uint64_t{1} << 30, std::uint64_t{8192}})
        EXPECT_EQ(rule_of(with(32, unit)), Rule::superblock_allocation_unit) << unit;
}

TEST(SuperblockTest, CrcCoversTheFirst96BytesOnly) {
    const SuperblockBytes good = encode_superblock({});
    for (std::size_t i = 0; i < good.size(); ++i) {
        SuperblockBytes bytes = good;
        bytes[i] ^= std::byte{0x10};
        EXPECT_EQ(decode_superblock(bytes).has_value(), i >= 104) << "byte " << i;
    }
}

TEST(SuperblockTest, MustFitTheDevice) {
    Superblock superblock;
    EXPECT_TRUE(check_fits(superblock, test::first_data + test::unit));
    EXPECT_FALSE(check_fits(superblock, test::first_data + test::unit - 1));
    superblock.log_length = std::uint64_t{1} << 63;
    EXPECT_FALSE(check_fits(superblock, std::uint64_t{1} << 62));
}

TEST(LogHeaderTest, EntriesThatFit) {
    EXPECT_EQ(entries_that_fit(8 << 20), 15420U);
    EXPECT_EQ(entries_that_fit(16 << 20), 30840U);
    EXPECT_EQ(entries_that_fit(64 << 20), 123361U);
    EXPECT_EQ(entries_that_fit(256 << 20), 493447U);
}

template <typename T>
Rule header_rule(std::size_t offset, T value, bool mend_crc = true) {
    LogHeaderBytes bytes = encode_log_header({minimum_log_length, 4, 4});
    store(bytes, value, offset);
    if (mend_crc) store(bytes, crc32(std::span(bytes).first(24)), 24);
    const auto decoded = decode_log_header(bytes, minimum_log_length);
    return decoded ? Rule::count_ : decoded.error().rule;
}

TEST(LogHeaderTest, RefusesWhatIsWrong) {
    EXPECT_EQ(header_rule(0, std::uint64_t{1}), Rule::header_magic);
    EXPECT_EQ(header_rule(24, std::uint64_t{1}, false), Rule::header_crc);
    EXPECT_EQ(header_rule(8, std::uint64_t{1} << 24), Rule::header_log_length);
    EXPECT_EQ(header_rule(16, std::uint64_t{15420}), Rule::header_last_index);
    EXPECT_EQ(header_rule(40, std::uint64_t{15420}), Rule::count_);
    EXPECT_EQ(header_rule(40, std::uint64_t{15421}), Rule::header_next_index);
    EXPECT_EQ(header_rule(40, ~std::uint64_t{0}), Rule::header_next_index);
}

TEST(UuidTest, ReadsOnlyTheOneForm) {
    const char* text = "123e4567-e89b-12d3-a456-426614174000";
    EXPECT_EQ(to_string(parse_uuid(text).value()), text);
    EXPECT_TRUE(parse_uuid("123E4567-E89B-12D3-A456-426614174000"));
    for (const char* bad : {"", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g",
                            "123e4567-e89b-12d3-a456-4266141740000", "123e4567-e89b-12d3-a456+426614174000"})
        EXPECT_FALSE(parse_uuid(bad)) << bad;
}

TEST(ViolationTest, EveryRuleHasANameAndASentence) {
    std::set<std::string_view> names;
    for (int i = 0; i < static_cast<int>(Rule::count_); ++i) {
        names.insert(name(static_cast<Rule>(i)));
        EXPECT_FALSE(describe({static_cast<Rule>(i), 1, 2, 3}).empty());
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(Rule::count_));
}

}  // namespace
}  // namespace famfs::omf
