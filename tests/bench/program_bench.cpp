// What the programs cost, end to end, by Google Benchmark: famfs is taken from PATH.
// docs/benchmarks.md has the command and the figures. Where something is compared, both sides run in turns
// and the ratio is a counter.
#include "scratch.h"

#include <benchmark/benchmark.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <vector>

namespace famfs::bench {
namespace {

using Clock = std::chrono::steady_clock;

void run(const std::string& command) {
    const int status = std::system((command + " >/dev/null").c_str());
    if (status != 0) throw std::runtime_error("failed: " + command);
}

// The shell becomes famfs, so that its own fork is not measured with it.
void famfs(const std::string& arguments) {
    run("exec famfs " + arguments);
}

double seconds(const std::function<void()>& work) {
    const auto start = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Times `work` as one round of the benchmark.
void timed(benchmark::State& state, const std::function<void()>& work) {
    state.SetIterationTime(seconds(work));
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

// A mounted pool; unmounted with the object.
class Mount {
  public:
    Mount(const Scratch& scratch, const std::string& image) : place_(scratch / "mount") {
        std::filesystem::create_directory(place_);
        famfs("mount " + image + " " + place_);
    }
    ~Mount() { (void)!std::system(("famfs umount " + place_).c_str()); }
    Mount(const Mount&) = delete;
    Mount& operator=(const Mount&) = delete;
    std::string operator/(const std::string& name) const { return place_ + "/" + name; }
    const std::string& place() const { return place_; }

  private:
    std::string place_;
};

std::string make_pool(const Scratch& scratch, const std::string& options) {
    const std::string image = scratch / "pool";
    famfs("mkfs --force " + options + " " + image);
    return image;
}

// "PREFIX/f1 PREFIX/f2 …"
std::string names(const std::string& prefix, std::int64_t first, std::int64_t count) {
    std::string list;
    for (std::int64_t i = first; i < first + count; ++i)
        list += " " + prefix + "/f" + std::to_string(i);
    return list;
}

// Arguments of one command are limited (to 128 KiB for the shell's one), so files come in a script of xargs
// size.
void create_files(const Mount& mount, const std::string& directory, std::int64_t count) {
    constexpr std::int64_t at_once = 1000;
    famfs("mkdir " + (mount / directory));
    for (std::int64_t first = 0; first < count; first += at_once)
        famfs("creat --size 4096" + names(mount / directory, first, std::min(at_once, count - first)));
}

void Mkfs8TiB(benchmark::State& state) {
    const Scratch scratch;
    for (auto _ : state)
        timed(state, [&] { make_pool(scratch, "--size 8T"); });
}
BENCHMARK(Mkfs8TiB)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(10);

void Mount8TiB(benchmark::State& state) {
    const Scratch scratch;
    const std::string image = make_pool(scratch, "--size 8T");
    for (auto _ : state) {
        std::unique_ptr<Mount> mount;
        timed(state, [&] { mount = std::make_unique<Mount>(scratch, image); });
    }
}
BENCHMARK(Mount8TiB)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(10);

// 10,000 names in one invocation, by a response file that xargs reads.
void Creat(benchmark::State& state) {
    std::vector<double> each;
    for (auto _ : state) {
        const Scratch scratch;
        const std::string image = make_pool(scratch, "--size 64G");
        const Mount mount(scratch, image);
        std::ofstream(scratch / "names") << names(mount.place(), 0, state.range(0));
        const std::string command =
            "xargs -a " + (scratch / "names") + " -s 2000000 -n 20000 famfs creat --size 4096";
        const double took = seconds([&] { run(command); });
        state.SetIterationTime(took);
        each.push_back(took / static_cast<double>(state.range(0)) * 1e6);
    }
    state.counters["us_per_file"] = median(each);
}
BENCHMARK(Creat)->Arg(10000)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(5);

// Full 8 MiB log: 15,419 files and their directory.
constexpr std::int64_t full_log_files = 15419;

void LogplayAndFsck(benchmark::State& state) {
    const Scratch scratch;
    const std::string image = make_pool(scratch, "--size 64G");
    {
        const Mount mount(scratch, image);
        create_files(mount, "d", full_log_files);
    }
    std::vector<double> all, nothing, fsck;
    int round = 0;
    for (auto _ : state) {
        const std::string shadow = scratch / ("shadow" + std::to_string(round++));
        all.push_back(seconds([&] { famfs("logplay --shadow " + shadow + " " + image); }));
        nothing.push_back(seconds([&] { famfs("logplay --shadow " + shadow + " " + image); }));
        fsck.push_back(seconds([&] { famfs("fsck " + image); }));
        state.SetIterationTime(all.back());
    }
    state.counters["files_per_s"] = static_cast<double>(full_log_files + 1) / median(all);
    state.counters["nothing_new_ms"] = median(nothing) * 1e3;
    state.counters["fsck_ms"] = median(fsck) * 1e3;
}
BENCHMARK(LogplayAndFsck)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(7);

// Resident memory in bytes of the daemon: of its two processes the one that serves is larger.
double daemon_memory(const Scratch& scratch) {
    const std::string list = scratch / "rss";
    run("ps -C famfs-fused -o rss=,args= | grep -F '" + (scratch / "") + "' | sort -n | tail -n 1 > " + list +
        "; cat " + list);
    double kilobytes = 0;
    std::ifstream(list) >> kilobytes;
    return kilobytes * 1024;
}

// ls -l of one directory right after mount: every document is read and parsed.
void ColdList(benchmark::State& state) {
    const Scratch scratch;
    const std::string image = make_pool(scratch, "--size 256G --log-size 64M");
    {
        const Mount mount(scratch, image);
        create_files(mount, "d", state.range(0));
    }
    std::vector<double> bytes;
    for (auto _ : state) {
        const Mount mount(scratch, image);
        const double before = daemon_memory(scratch);
        timed(state, [&] { run("ls -l " + (mount / "d")); });
        bytes.push_back((daemon_memory(scratch) - before) / static_cast<double>(state.range(0)));
    }
    state.counters["bytes_per_file"] = median(bytes);
}
BENCHMARK(ColdList)->Arg(15420)->Arg(61680)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(5);

void make_content(const std::string& file) {
    run("dd if=/dev/urandom of=" + file + " bs=1M count=1024 status=none");
}

// 1 GiB by famfs cp, and by cp to the same file system.
void Copy1GiB(benchmark::State& state) {
    const Scratch scratch;
    make_content(scratch / "source");
    std::vector<double> ratios;
    int round = 0;
    for (auto _ : state) {
        const std::string image = make_pool(scratch, "--size 2G");
        const Mount mount(scratch, image);
        const double ours = seconds([&] { famfs("cp " + (scratch / "source") + " " + (mount / "copy")); });
        const double plain = seconds([&] { run("cp " + (scratch / "source") + " " + (scratch / "plain")); });
        std::filesystem::remove(scratch / "plain");
        state.SetIterationTime(ours);
        ratios.push_back(ours / plain);
        ++round;
    }
    state.counters["to_cp"] = median(ratios);
}
BENCHMARK(Copy1GiB)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(5);

// Reads 1 GiB with dd, page cache of the mount dropped by a fresh mount each time.
double read_through(const std::string& mount_command, const std::string& file, const std::string& unmount) {
    run(mount_command);
    const double took = seconds([&] { run("dd if=" + file + " of=/dev/null bs=1M status=none"); });
    run(unmount);
    return took;
}

void SequentialRead(benchmark::State& state) {
    const Scratch scratch;
    const std::string place = scratch / "mount";
    for (const char* name : {"mount", "lower", "upper", "work"})
        std::filesystem::create_directory(scratch / name);
    make_content(scratch / "lower/file");
    const std::string image = make_pool(scratch, "--size 2G");
    const std::string mount_ours = "famfs mount " + image + " " + place;
    const std::string unmount_ours = "famfs umount " + place;
    run(mount_ours);
    famfs("cp " + (scratch / "lower/file") + " " + place + "/file");
    run(unmount_ours);
    const std::string mount_bind = "bindfs " + (scratch / "lower") + " " + place;
    const std::string mount_overlay = "fuse-overlayfs -o lowerdir=" + (scratch / "lower") +
                                      ",upperdir=" + (scratch / "upper") + ",workdir=" + (scratch / "work") +
                                      " " + place;
    std::vector<double> ours, bind, overlay;
    for (auto _ : state) {
        ours.push_back(read_through(mount_ours, place + "/file", unmount_ours));
        bind.push_back(read_through(mount_bind, place + "/file", "fusermount3 -u " + place));
        overlay.push_back(read_through(mount_overlay, place + "/file", "fusermount3 -u " + place));
        state.SetIterationTime(ours.back());
    }
    state.counters["GiB_per_s"] = 1 / median(ours);
    state.counters["to_bindfs"] = median(ours) / median(bind);
    state.counters["to_overlayfs"] = median(ours) / median(overlay);
}
BENCHMARK(SequentialRead)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(7);

}  // namespace
}  // namespace famfs::bench
