// SPDX-License-Identifier: GPL-2.0
// A device that is not in one piece physically. Device 3 is cut up for it.
#include "extent_file.h"
#include "harness.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

namespace {

const std::string bus = "/sys/bus/dax/devices/";

void set_size(const std::string& name, uint64_t size) {
    CHECK(write_text(bus + name + "/size", std::to_string(size)));
}

// Bytes 0-32M and 64-96M of the region, with another device between.
Device cut_up() {
    const Device whole = device(3);
    if (whole.size != 128 * MiB) harness::skip("device 3 has not 128 MiB, or was cut up before");
    unbind(whole.name);
    write_text("/sys/bus/dax/drivers/fsdev_dax/remove_id", whole.name);
    set_size(whole.name, 32 * MiB);
    CHECK(write_text(bus + whole.name + "/../dax_region/create", "1"));
    set_size("dax3.1", 32 * MiB);
    set_size(whole.name, 64 * MiB);
    return device(3);
}

}  // namespace

TEST(ranges, a_file_over_two_pieces) {
    const Device split = cut_up();
    CHECK_EQ(split.size, 64 * MiB);
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), split), 0);
    CHECK_EQ(device_info(control.get()).size, 64 * MiB);

    const std::vector<unsigned char> bytes = pattern(63 * MiB, 1);
    {
        // The seam is in the middle of a huge page of the file.
        const Fd file = simple_file(control.get(), MiB, 63 * MiB);
        CHECK_EQ(pwrite(file.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
        std::vector<unsigned char> seen(bytes.size());
        CHECK_EQ(pread(file.get(), seen.data(), seen.size(), 0), static_cast<ssize_t>(seen.size()));
        CHECK(seen == bytes);
        Mapping mapping(file.get(), bytes.size(), PROT_READ | PROT_WRITE, MAP_SHARED);
        CHECK(memcmp(mapping.data(), bytes.data(), bytes.size()) == 0);
    }
    {
        const uint64_t pmd = counter("faults_pmd"), pte = counter("faults_pte");
        const Fd file = simple_file(control.get(), 0, 64 * MiB);
        Mapping mapping(file.get(), 64 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
        CHECK(memcmp(mapping.data() + MiB, bytes.data(), bytes.size()) == 0);
        CHECK_EQ(counter("faults_pmd"), pmd + 32);
        CHECK_EQ(counter("faults_pte"), pte);
    }
    // Below the seam is the first piece: the byte in front of it is not the other device's.
    const Fd second = simple_file(control.get(), 32 * MiB, 32 * MiB);
    unsigned char byte = 0;
    CHECK_EQ(pread(second.get(), &byte, 1, 0), 1);
    CHECK_EQ(byte, bytes[31 * MiB]);
}

// The second piece goes away with the device as the first does.
TEST(ranges, removal) {
    if (device(3).size == 128 * MiB) harness::skip("device 3 is in one piece");
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), device(3)), 0);
    const Fd file = simple_file(control.get(), 0, 64 * MiB);
    Mapping mapping(file.get(), 64 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[0] = mapping[40 * MiB] = 1;
    unbind("dax3.0");
    CHECK_EQ(harness::in_child([&] { mapping[40 * MiB] = 1; }).signal, SIGBUS);
    to_fsdev("dax3.0");
}
