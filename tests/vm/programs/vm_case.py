"""What the tests of the programs in the virtual machine share.

They run as root in a guest that ends with them, on its dax devices: FAMFS_PROGRAMS names the directory of famfs and
famfs-fused. A test leaves every device in devdax mode and nothing mounted, or it fails.
"""

import ctypes
import json
import mmap
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

MIB = 1 << 20
PAGE = 4096
LOG_BYTES = 8 * MIB
PROGRAMS = os.environ["FAMFS_PROGRAMS"]
STATISTICS = "/sys/fs/famfs_dax/stats/"
DATA_PATH = os.environ.get("FAMFS_DATA_PATH", "extfile")  # what auto has to choose here

# For tests of what the module does and says.
of_extfile = unittest.skipUnless(DATA_PATH == "extfile", "about extent files and their module")
of_iomap = unittest.skipUnless(DATA_PATH == "iomap", "about kernels that take file maps")


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def driver_of(name):
    link = f"/sys/bus/dax/devices/{name}/driver"
    return os.path.basename(os.readlink(link)) if os.path.lexists(link) else None


def write_sysfs(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def unbind(name):
    if driver_of(name):
        write_sysfs(f"/sys/bus/dax/devices/{name}/driver/unbind", name)


def bind(name, driver):
    """Hands the device to a driver, from whichever it has."""
    if driver_of(name) == driver:
        return
    unbind(name)
    for other in ("fsdev_dax", "kmem"):
        if other != driver and os.path.exists(f"/sys/bus/dax/drivers/{other}"):
            write_sysfs(f"/sys/bus/dax/drivers/{other}/remove_id", name)
    write_sysfs(f"/sys/bus/dax/drivers/{driver}/new_id", name)


def statistic(name):
    return int(read_text(STATISTICS + name))


def statistics():
    return {name: statistic(name) for name in os.listdir(STATISTICS)}


def daemons():
    """The processes that run famfs-fused."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if read_text(f"/proc/{entry}/comm").strip() == "famfs-fused":
                    found.append(int(entry))
            except OSError:
                pass
    return found


class MappedFile:
    """A shared mapping of a whole file, congruent with it modulo 2 MiB, that outlives the descriptor."""

    def __init__(self, path, length=None, writable=True, private=False):
        descriptor = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        try:
            flags = mmap.MAP_PRIVATE if private else mmap.MAP_SHARED
            protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable or private else 0)
            self.bytes = mmap.mmap(descriptor, length or os.fstat(descriptor).st_size, flags, protection)
        finally:
            os.close(descriptor)

    def __enter__(self):
        return self.bytes

    def __exit__(self, *_):
        self.bytes.close()


class VmCase(unittest.TestCase):
    limit = 300  # seconds, times FAMFS_TEST_SLOW

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="programs.", dir="/tmp")
        os.environ["FAMFS_SYSTEM_UUID_FILE"] = self.directory + "/system_uuid"
        self.mounts = []
        self.random = random.Random(self.id())
        signal.signal(signal.SIGALRM, self.time_is_up)
        self.limit *= int(os.environ.get("FAMFS_TEST_SLOW", "1"))
        signal.alarm(self.limit)

    def time_is_up(self, *_):
        raise AssertionError(f"not done after {self.limit} s")

    def tearDown(self):
        signal.alarm(0)
        left = [path for path in self.mounts if os.path.ismount(path)]
        for path in self.mounts:
            if path in left or self.is_dead(path):
                self.famfs("umount", path, check=False)
                subprocess.run(["umount", "-l", path], check=False, stderr=subprocess.DEVNULL)
        running = self.lasting_daemons()
        modes = {name: driver_of(name) for name in ("dax0.0", "dax1.0")}
        runs = os.listdir("/run/famfs") if os.path.isdir("/run/famfs") else []
        for process in running:
            os.kill(process, signal.SIGKILL)
        for name in modes:
            bind(name, "device_dax")
        shutil.rmtree("/run/famfs", ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.assertEqual([], left, "left mounted")
        self.assertEqual([], running, "daemons left")
        self.assertEqual([], runs, "left in /run/famfs")
        self.assertEqual({"dax0.0": "device_dax", "dax1.0": "device_dax"}, modes, "modes left")

    @staticmethod
    def lasting_daemons():
        """Those that are not just about to end: umount waits for the one that serves, not for its parent."""
        end = time.monotonic() + 10
        while daemons() and time.monotonic() < end:
            time.sleep(0.02)
        return daemons()

    @staticmethod
    def is_dead(path):
        try:
            os.stat(path)
        except OSError:
            return True
        return False

    def path(self, name):
        return os.path.join(self.directory, name)

    def run_program(self, *words, check=True, status=None):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        wanted = 0 if status is None else status
        if check:
            self.assertEqual(wanted, done.returncode, f"{' '.join(words)}\n{done.stdout}{done.stderr}")
        return done

    def famfs(self, *words, check=True, status=None):
        return self.run_program(PROGRAMS + "/famfs", *words, check=check, status=status)

    def refused(self, status, text, *words):
        """Runs famfs, which must say one line with `text` in it and end with `status`."""
        done = self.famfs(*words, status=status)
        lines = done.stderr.splitlines()
        self.assertEqual(1, len(lines), done.stderr)
        self.assertIn(text, lines[0])

    def mkfs(self, device="dax0.0", *options):
        self.famfs("mkfs", device, "--force", "--foreign", *options)

    def mount(self, device="dax0.0", *options, name="mnt"):
        """Mounts and returns the mount point."""
        mountpoint = self.path(name)
        os.makedirs(mountpoint, exist_ok=True)
        self.mounts.append(mountpoint)
        self.famfs("mount", *options, device, mountpoint)
        return mountpoint

    def umount(self, mountpoint):
        return self.famfs("umount", mountpoint)

    def pattern(self, length):
        return self.random.randbytes(length)

    def source(self, name, length):
        """A file outside of famfs with bytes of its own."""
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(self.pattern(length))
        return path

    @staticmethod
    def requests(mountpoint):
        return json.loads(os.getxattr(mountpoint, "user.famfs.requests"))

    @staticmethod
    def data_path(mountpoint):
        return os.getxattr(mountpoint, "user.famfs.data_path").decode()

    @staticmethod
    def extents(path):
        return json.loads(os.getxattr(path, "user.famfs.extents"))["extents"]

    def device_bytes(self, device, extents, size):
        """A file's bytes, read through a mapping of the whole device in devdax mode."""
        self.assertEqual("device_dax", driver_of(device))
        length = int(read_text(f"/sys/bus/dax/devices/{device}/size"))
        with MappedFile("/dev/" + device, length, writable=False) as memory:
            whole = b"".join(memory[e["offset"]:e["offset"] + e["length"]] for e in extents)
        return whole[:size]

    def wait_until(self, condition, what, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)


libc = ctypes.CDLL(None, use_errno=True)
