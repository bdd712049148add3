"""Figures of the data paths on an emulated device: never pass or fail.

    scripts/vm run -- env FAMFS_PROGRAMS=$PWD/build/release/bin python3 tests/vm/programs/bench.py

In one run: bytes per second of a raw devdax mapping, and of a mapping and of read(2) through famfs with extfile and with
copy; opens per second of famfs and of tmpfs.
"""

import mmap
import os
import subprocess
import tempfile
import time

MIB = 1 << 20
SIZE = 256 * MIB
STEP = 4 * MIB
ROUNDS = 5
FAMFS = os.environ["FAMFS_PROGRAMS"] + "/famfs"
DEVICE = "dax0.0"


def famfs(*words):
    subprocess.run([FAMFS, *words], check=True, stderr=subprocess.DEVNULL)


def best(work):
    """Bytes per second of the fastest round; the first one, which faults, is not counted."""
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return SIZE / min(times[1:])


def through_mapping(path, offset=0):
    room = bytearray(STEP)
    descriptor = os.open(path, os.O_RDWR)
    with mmap.mmap(descriptor, SIZE, offset=offset) as memory, memoryview(memory) as view:
        def work():
            for at in range(0, SIZE, STEP):
                room[:] = view[at:at + STEP]
        speed = best(work)
    os.close(descriptor)
    return speed


def through_read(path):
    room = bytearray(STEP)
    descriptor = os.open(path, os.O_RDONLY)

    def work():
        for at in range(0, SIZE, STEP):
            os.preadv(descriptor, [room], at)
            if not room:
                raise OSError("short")
        # The page cache of data path copy would answer in its place.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    speed = best(work)
    os.close(descriptor)
    return speed


def opens(directory, count=20000):
    path = directory + "/opened"
    start = time.perf_counter()
    for _ in range(count):
        os.close(os.open(path, os.O_RDONLY))
    return count / (time.perf_counter() - start)


def show(what, speed, base=None):
    ratio = f"{speed / base:8.3f} of raw" if base else ""
    print(f"{what:<34}{speed / MIB:10.0f} MiB/s {ratio}", flush=True)


def main():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        os.environ["FAMFS_SYSTEM_UUID_FILE"] = directory + "/uuid"
        mountpoint = directory + "/mnt"
        os.mkdir(mountpoint)
        famfs("mkfs", "--force", DEVICE)
        raw = through_mapping("/dev/" + DEVICE, 64 * MIB)
        show("devdax, mapping", raw)
        famfs("mount", "--data-path", "extfile", DEVICE, mountpoint)
        famfs("creat", "--size", str(SIZE), mountpoint + "/file")
        famfs("creat", "--size", "4096", mountpoint + "/opened")
        show("extfile, mapping", through_mapping(mountpoint + "/file"), raw)
        show("extfile, read", through_read(mountpoint + "/file"), raw)
        rate = opens(mountpoint)
        famfs("umount", mountpoint)
        raw_again = through_mapping("/dev/" + DEVICE, 64 * MIB)
        show("devdax, mapping, again", raw_again, raw)
        famfs("mount", "--data-path", "copy", DEVICE, mountpoint)
        show("copy, read", through_read(mountpoint + "/file"), raw)
        famfs("umount", mountpoint)
        with open(directory + "/opened", "wb") as file:
            file.write(bytes(4096))
        print(f"open and close: extfile {rate:.0f}/s, tmpfs {opens(directory):.0f}/s")


if __name__ == "__main__":
    main()
