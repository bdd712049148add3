"""Pages of files that nobody uses any more are held, by a pipe: nobody waits for them, and umount says so."""

import ctypes
import errno
import os
import signal
import subprocess

from vm_case import (MIB, MappedFile, PAGE, VmCase, bind, daemons, driver_of, libc, of_extfile, read_text,
                     statistic)

FILES = 40  # more than the daemon has threads


def address_of(memory):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


class Piece(ctypes.Structure):
    _fields_ = [("address", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def splice_page(path):
    """A pipe's ends; in it is the first page of the file, which is neither open nor mapped any more."""
    out, into = os.pipe()
    with MappedFile(path, PAGE) as memory:
        piece = Piece(address_of(memory), PAGE)
        if libc.vmsplice(into, ctypes.byref(piece), 1, 0) != PAGE:
            raise OSError(ctypes.get_errno(), "vmsplice")
    return out, into


def forget_inodes():
    subprocess.run(["sh", "-c", "echo 3 >/proc/sys/vm/drop_caches"], timeout=120, check=True)


@of_extfile
class Pipes(VmCase):
    limit = 600

    def setUp(self):
        super().setUp()
        self.pipes = []

    def tearDown(self):
        self.drain()
        super().tearDown()

    def drain(self):
        for ends in self.pipes:
            for end in ends:
                os.close(end)
        self.pipes = []

    def pool_with_pinned_files(self):
        self.mkfs()
        mountpoint = self.mount()
        names = [f"{mountpoint}/f{number}" for number in range(FILES)]
        self.famfs("creat", "--size", "2M", *names, mountpoint + "/other", mountpoint + "/another")
        for name in names:
            with open(name, "r+b") as file:
                file.write(os.path.basename(name).encode())
            self.pipes.append(splice_page(name))
        forget_inodes()
        return mountpoint

    def in_time(self, *words):
        """Runs a program that must not stand still; what it prints."""
        started = subprocess.Popen(words, stdout=subprocess.PIPE)
        try:
            output, _ = started.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            self.drain()  # or nothing here could end
            self.fail(f"{' '.join(words)} stands still")
        self.assertEqual(0, started.returncode, words)
        return output

    def test_others_are_served(self):
        mountpoint = self.pool_with_pinned_files()
        self.wait_until(lambda: statistic("files_pinned") == FILES, "the inodes are forgotten", 120)
        self.assertEqual(bytes(10), self.in_time("head", "-c", "10", mountpoint + "/other"))
        self.in_time("sh", "-c", f"echo text 1<>{mountpoint}/another; ls -l {mountpoint} >/dev/null; "
                     f"sync -f {mountpoint}")
        self.assertEqual(b"f7", self.in_time("head", "-c", "2", mountpoint + "/f7"))  # a pinned one
        self.in_time(os.environ["FAMFS_PROGRAMS"] + "/famfs", "fsck", mountpoint)
        self.drain()
        self.assertEqual("", self.umount(mountpoint).stderr)  # pages that have just come back do not keep the mode
        self.assertEqual(0, statistic("files"))

    def test_umount_says_what_keeps_the_mode(self):
        mountpoint = self.pool_with_pinned_files()
        said = self.umount(mountpoint).stderr
        self.assertEqual(1, len(said.splitlines()), said)
        self.assertIn("dax0.0 mode is left as it is", said)
        self.assertIn("in a pipe or in I/O under way", said)
        self.assertEqual("fsdev_dax", driver_of("dax0.0"))
        self.refused(3, "in a pipe or in I/O under way", "mkfs", "dax0.0", "--force")
        again = self.mount()
        self.assertEqual(b"f3", self.in_time("head", "-c", "2", again + "/f3"))
        self.drain()
        self.wait_until(lambda: statistic("files_pinned") == 0, "the pages are back")
        self.umount(again)
        self.assertEqual("device_dax", driver_of("dax0.0"))

    def test_another_device_meanwhile(self):
        """The kernel lets no device change its mode while the unbinding of one waits: nobody tries."""
        mountpoint = self.pool_with_pinned_files()
        self.mkfs("dax1.0")
        self.umount(mountpoint)
        with subprocess.Popen(["sh", "-c", "echo dax0.0 >/sys/bus/dax/drivers/fsdev_dax/unbind"]) as unbinding:
            try:
                self.wait_until(lambda: read_text("/sys/fs/famfs_dax/devices/dax0.0/state") == "leaving\n", "it waits")
                other = self.path("other")
                os.mkdir(other)
                self.mounts.append(other)
                famfs = [os.environ["FAMFS_PROGRAMS"] + "/famfs", "mount"]
                done = subprocess.run([*famfs, "--data-path", "extfile", "dax1.0", other], timeout=120, check=False,
                                      capture_output=True, text=True)
                self.assertEqual(3, done.returncode, done.stderr)
                self.assertIn("dax0.0 is being unbound", done.stderr)
                subprocess.run([*famfs, "dax1.0", other], timeout=120, check=True, capture_output=True)
                self.assertEqual("copy", self.data_path(other))
                self.umount(other)
                self.assertIsNone(unbinding.poll())
            finally:
                self.drain()
        self.assertEqual(0, unbinding.returncode)
        bind("dax0.0", "device_dax")
        self.umount(self.mount())  # the mode that was owed
        self.assertEqual("device_dax", driver_of("dax0.0"))

    def test_a_killed_daemon_ends(self):
        mountpoint = self.pool_with_pinned_files()
        for process in daemons():
            os.kill(process, signal.SIGKILL)
        self.wait_until(lambda: not daemons(), "the daemon ends")
        self.assertIn("mode is left as it is", self.umount(mountpoint).stderr)
        self.drain()
        self.wait_until(lambda: statistic("files_pinned") == 0, "the pages are back")
        self.umount(self.mount())
        self.assertEqual("device_dax", driver_of("dax0.0"))


@of_extfile
class Detached(VmCase):
    """A mount that was detached (umount -l) under a mapping, and its device's mode."""

    def detach(self, mountpoint):
        self.run_program("umount", "-l", mountpoint)
        self.assertFalse(os.path.ismount(mountpoint))

    def start(self):
        self.mkfs()
        mountpoint = self.mount()
        self.famfs("creat", "--size", "2M", mountpoint + "/file")
        memory = MappedFile(mountpoint + "/file").bytes
        memory[:5] = b"bytes"
        self.detach(mountpoint)
        return memory

    def test_the_mapping_ends_during_the_next_mount(self):
        memory = self.start()
        before = set(daemons())
        mountpoint = self.mount()
        self.assertEqual(b"bytes", memory[:5])
        memory.close()
        self.wait_until(lambda: not before & set(daemons()), "the detached mount's daemon ends")
        self.assertEqual("", self.umount(mountpoint).stderr)
        self.assertEqual("device_dax", driver_of("dax0.0"))

    def test_the_mapping_outlives_the_next_mount(self):
        memory = self.start()
        mountpoint = self.mount()
        said = self.umount(mountpoint).stderr
        self.assertEqual(1, len(said.splitlines()), said)
        self.assertIn("not put in devdax mode yet: it was detached", said)
        self.assertEqual("fsdev_dax", driver_of("dax0.0"))
        self.assertEqual(b"bytes", memory[:5])
        memory.close()
        self.wait_until(lambda: not daemons(), "the detached mount's daemon ends")
        self.umount(self.mount())
        self.assertEqual("device_dax", driver_of("dax0.0"))

    def test_the_next_mount_is_of_another_device(self):
        memory = self.start()
        memory.close()
        self.wait_until(lambda: not daemons(), "the detached mount's daemon ends")
        self.mkfs("dax1.0")
        self.umount(self.mount("dax1.0", name="other"))
        self.assertEqual("device_dax", driver_of("dax0.0"))


@of_extfile
class WrittenBack(VmCase):
    """What goes from the processor's caches to the memory, and when, as the module counts it."""

    def setUp(self):
        super().setUp()
        self.mkfs()
        self.mountpoint = self.mount()
        self.famfs("creat", "--size", "8M", self.mountpoint + "/file")
        self.file = self.mountpoint + "/file"

    def tearDown(self):
        self.umount(self.mountpoint)
        super().tearDown()

    def counts(self, counter, expected, function):
        before = statistic(counter)
        function()
        self.assertEqual(expected, statistic(counter) - before)

    def test_writes(self):
        content = self.pattern(3 * PAGE + 100)
        for flags in (0, os.O_SYNC, os.O_DSYNC):
            with self.subTest(flags):
                descriptor = os.open(self.file, os.O_RDWR | flags)
                self.counts("written_back_bytes", len(content), lambda: os.pwrite(descriptor, content, 12345))
                self.counts("written_back_bytes", len(content),
                            lambda: os.pwritev(descriptor, [content], 12345, os.RWF_DSYNC))
                os.close(descriptor)

    def test_mappings(self):
        with MappedFile(self.file) as memory:
            self.counts("written_back_bytes", 0, lambda: memory.__setitem__(slice(0, 3 * MIB), bytes(3 * MIB)))
            self.counts("written_back_bytes", 2 * PAGE, lambda: memory.flush(MIB, 2 * PAGE))
            self.counts("written_back_bytes", 8 * MIB, memory.flush)
            descriptor = os.open(self.file, os.O_RDWR)
            self.counts("invalidated_bytes", 8 * MIB, lambda: os.fsync(descriptor))  # through the daemon
            # These look at the page cache, and of passthrough there is none; the kernel tells no one.
            self.counts("written_back_bytes", 0, lambda: libc.sync_file_range(descriptor, 0, 0, 7))
            self.counts("written_back_bytes", 0, lambda: libc.syncfs(descriptor))
            os.close(descriptor)

    def test_the_end(self):
        descriptor = os.open(self.file, os.O_RDWR)
        for offset in (8 * MIB, 8 * MIB + 1, 1 << 40):
            with self.assertRaises(OSError) as caught:
                os.pwrite(descriptor, b"x", offset)
            self.assertEqual(errno.EFBIG, caught.exception.errno)
        os.close(descriptor)
        with open(self.file, "ab", buffering=0) as file, self.assertRaises(OSError) as caught:
            file.write(b"more")
        self.assertEqual(errno.EFBIG, caught.exception.errno)
