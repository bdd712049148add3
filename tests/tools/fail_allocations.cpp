// Loaded into a program with LD_PRELOAD: allocation number FAMFS_FAIL_ALLOCATION since the start of main()
// fails, once, whether C or C++ asks for it. At the end FAMFS_FAIL_NOTE, a file, is made if it came to that.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

std::atomic<long> left = 0;  // the last of them fails; 0 or less: none does
const char* note = nullptr;

bool fails() {
    if (left.load(std::memory_order_relaxed) <= 0 || left.fetch_sub(1) != 1) return false;
    if (note != nullptr) ::close(::open(note, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    errno = ENOMEM;
    return true;
}

using Main = int (*)(int, char**, char**);
Main real_main = nullptr;

int counting_main(int count, char** arguments, char** environment) {
    const char* const number = std::getenv("FAMFS_FAIL_ALLOCATION");
    note = std::getenv("FAMFS_FAIL_NOTE");
    if (number != nullptr) left = std::atol(number);
    return real_main(count, arguments, environment);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
    return fails() ? nullptr : __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
    return fails() ? nullptr : __libc_calloc(count, size);
}

void* realloc(void* memory, std::size_t size) {
    return fails() ? nullptr : __libc_realloc(memory, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return fails() ? nullptr : __libc_memalign(alignment, size);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
    void* const got = fails() ? nullptr : __libc_memalign(alignment, size);
    if (got == nullptr) return ENOMEM;
    *memory = got;
    return 0;
}

int __libc_start_main(Main main, int count, char** arguments, void (*init)(), void (*fini)(),
                      void (*rtld_fini)(), void* stack_end) {
    using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
    real_main = main;
    const auto start = reinterpret_cast<Start>(::dlsym(RTLD_NEXT, "__libc_start_main"));
    return start(counting_main, count, arguments, init, fini, rtld_fini, stack_end);
}

}  // extern "C"
