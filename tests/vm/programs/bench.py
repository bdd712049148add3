"""Figures of the data paths on emulated devices: never pass or fail.

    scripts/vm run --dax 512M --dax 512M --dax 512M -- env FAMFS_PROGRAMS=$PWD/build/release/bin \
        python3 -B tests/vm/programs/bench.py

Three devices: one raw in devdax mode, one mounted with data path extfile, one with copy. They are read in turns, so that
what else the machine does meets all alike; each ratio is the median of the rounds. Then opens per second of
famfs and of tmpfs, in turns as well.
"""

import ctypes
import mmap
import os
import statistics
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20
SIZE = 256 * MIB
STEP = 4 * MIB
ROUNDS = 9
FAMFS = os.environ["FAMFS_PROGRAMS"] + "/famfs"
RAW, EXTFILE, COPY = "dax0.0", "dax1.0", "dax2.0"

room = bytearray(STEP)
room_address = ctypes.addressof(ctypes.c_char.from_buffer(room))


def famfs(*words):
    subprocess.run([FAMFS, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Mapping:
    """Copies a mapping's bytes into a buffer that stays in the processor's cache."""

    def __init__(self, path, offset=0):
        descriptor = os.open(path, os.O_RDWR)
        self.memory = mmap.mmap(descriptor, SIZE, offset=offset)
        os.close(descriptor)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))

    def __call__(self):
        for at in range(0, SIZE, STEP):
            ctypes.memmove(room_address, self.address + at, STEP)


class Reading:
    """read(2); what data path copy left in the page cache does not answer in its place."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_RDONLY)

    def __call__(self):
        os.posix_fadvise(self.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        for at in range(0, SIZE, STEP):
            if os.preadv(self.descriptor, [room], at) != STEP:
                raise OSError("short read")


def opens(directory, count=2000):
    path = directory + "/opened"
    for _ in range(count):
        os.close(os.open(path, os.O_RDONLY))
    return count


def in_turns(works):
    """Seconds of each round of each work; the first round, in which pages are faulted in, is not counted."""
    times = {name: [] for name in works}
    for _ in range(ROUNDS + 1):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: each[1:] for name, each in times.items()}


def ratio(times, name, base):
    """How many times as fast as `base`."""
    return statistics.median(b / t for t, b in zip(times[name], times[base]))


def show_bytes(times):
    for name, each in times.items():
        print(f"{name:<20}{SIZE / MIB / statistics.median(each):8.0f} MiB/s  "
              f"{ratio(times, name, 'devdax, mapping'):6.3f} of devdax  {ratio(times, name, 'copy, read'):6.2f} of copy")


def prepare(device, data_path, mountpoint):
    os.mkdir(mountpoint)
    famfs("mkfs", "--force", "--foreign", device)
    famfs("mount", "--data-path", data_path, device, mountpoint)
    famfs("creat", "--size", str(SIZE), mountpoint + "/file")
    famfs("creat", "--size", "4096", mountpoint + "/opened")


def main():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        os.environ["FAMFS_SYSTEM_UUID_FILE"] = directory + "/uuid"
        extfile, copy = directory + "/extfile", directory + "/copy"
        prepare(EXTFILE, "extfile", extfile)
        prepare(COPY, "copy", copy)
        with open(directory + "/opened", "wb") as file:
            file.write(bytes(4096))
        works = {
            "devdax, mapping": Mapping("/dev/" + RAW, 64 * MIB),
            "extfile, mapping": Mapping(extfile + "/file"),
            "extfile, read": Reading(extfile + "/file"),
            "copy, read": Reading(copy + "/file"),
        }
        show_bytes(in_turns(works))
        rates = in_turns({"extfile": lambda: opens(extfile), "copy": lambda: opens(copy),
                          "tmpfs": lambda: opens(directory)})
        for name, each in rates.items():
            print(f"open and close, {name:<10}{2000 / statistics.median(each):8.0f}/s  "
                  f"{ratio(rates, name, 'tmpfs'):6.3f} of tmpfs")
        sys.stdout.flush()
        os._exit(0)  # as it is: the mappings keep the mounts busy, and the guest ends


if __name__ == "__main__":
    main()
