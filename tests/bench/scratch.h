// A scratch directory for benchmarks: on tmpfs where there is one.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace famfs::bench {

class Scratch {
  public:
    Scratch() {
        const char* chosen = ::getenv("FAMFS_BENCH_DIR");
        std::string name = std::string(chosen != nullptr ? chosen : "/dev/shm") + "/famfs-bench-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
        path_ = name;
        ::setenv("FAMFS_SYSTEM_UUID_FILE", (path_ / "system_uuid").c_str(), 1);
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

    // A sparse file of `size` bytes.
    std::string image(const std::string& name, std::uint64_t size) const {
        const std::string at = *this / name;
        std::ofstream(at).close();
        std::filesystem::resize_file(at, size);
        return at;
    }

  private:
    std::filesystem::path path_;
};

}  // namespace famfs::bench
