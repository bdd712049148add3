// Runs a fuzz target over files and directories of inputs, without a fuzzer: how kept inputs stay tests.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::size_t run_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return 1;
}

std::size_t run(const std::filesystem::path& path) {
    if (!std::filesystem::is_directory(path)) return run_file(path);
    std::size_t count = 0;
    for (const auto& item : std::filesystem::recursive_directory_iterator(path))
        if (item.is_regular_file()) count += run_file(item.path());
    return count;
}

}  // namespace

int main(int count, char** arguments) {
    std::size_t inputs = 0;
    for (int i = 1; i < count; ++i)
        inputs += run(arguments[i]);
    std::printf("%zu inputs\n", inputs);
    return inputs > 0 ? 0 : 1;
}
