"""A device that goes while it is mounted, and memory that goes bad: programs get errors, famfs goes on."""

import ctypes
import errno
import os
import signal
import subprocess

from vm_case import MIB, MappedFile, PAGE, VmCase, bind, driver_of, of_extfile, unbind

SIGBUS = signal.SIGBUS


def address_of(memory):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def frame_of(address):
    """The number of the page frame that is mapped there; the page must have been touched."""
    with open("/proc/self/pagemap", "rb") as pagemap:
        pagemap.seek(address // PAGE * 8)
        entry = int.from_bytes(pagemap.read(8), "little")
    return entry & ((1 << 55) - 1) if entry >> 63 else None


def in_child(function):
    """Exit status of a child that runs `function`, as os.waitpid() gives it."""
    child = os.fork()
    if child == 0:
        try:
            function()
        except BaseException:  # pylint: disable=broad-except
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


@of_extfile
class Failures(VmCase):
    def assert_sigbus(self, function):
        status = in_child(function)
        self.assertTrue(os.WIFSIGNALED(status), status)
        self.assertEqual(SIGBUS, os.WTERMSIG(status))

    def test_a_device_that_is_unbound_while_mounted(self):
        self.mkfs("dax1.0")
        mountpoint = self.mount("dax1.0")
        content = self.pattern(4 * MIB)
        self.famfs("creat", "--size", "4M", mountpoint + "/file")
        with open(mountpoint + "/file", "r+b") as file:
            file.write(content)
        mapped = MappedFile(mountpoint + "/file").bytes
        self.assertEqual(content[:10], mapped[:10])

        unbind("dax1.0")
        self.assert_sigbus(lambda: mapped[5])
        with self.assertRaises(OSError) as caught:
            with open(mountpoint + "/file", "rb", buffering=0) as file:
                file.read(10)
        self.assertEqual(errno.EIO, caught.exception.errno)
        self.assertEqual(["file"], [name for name in os.listdir(mountpoint) if name != ".meta"])
        for words in (["fsck", mountpoint], ["creat", "--size", "1", mountpoint + "/new"]):
            done = self.famfs(*words, check=False)
            self.assertGreater(done.returncode, 0)
            self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)

        mapped.close()
        self.umount(mountpoint)
        bind("dax1.0", "device_dax")
        self.assertIn("clean", self.famfs("fsck", "dax1.0").stdout)
        again = self.mount("dax1.0")
        with open(again + "/file", "rb") as file:
            self.assertEqual(content, file.read())
        self.umount(again)

    def test_a_bad_page(self):
        """Who touches it gets SIGBUS or EIO; the rest of the file, the other files and the daemon do not notice."""
        if subprocess.run(["modprobe", "hwpoison-inject"], check=False, capture_output=True).returncode != 0:
            self.skipTest("this kernel has no hwpoison-inject")
        device = "dax2.0"  # pages of this one may be broken
        bind(device, "device_dax")
        self.mkfs(device)
        mountpoint = self.mount(device)
        for name in ("bad", "good"):
            self.famfs("creat", "--size", "8M", f"{mountpoint}/{name}")
        with MappedFile(mountpoint + "/bad") as bad, MappedFile(mountpoint + "/good") as good:
            bad[:] = content = self.pattern(8 * MIB)
            good[:] = content
            victim = 5 * PAGE
            frame = frame_of(address_of(bad) + victim)
            # By a process that does not map the page: one that does would be a user of it.
            self.run_program("sh", "-c", f"echo {frame} >/sys/kernel/debug/hwpoison/corrupt-pfn")
            try:
                self.assert_sigbus(lambda: bad[victim])
                with open(mountpoint + "/bad", "rb", buffering=0) as file:
                    file.seek(victim)
                    with self.assertRaises(OSError) as caught:
                        file.read(PAGE)
                self.assertEqual(errno.EIO, caught.exception.errno)
                for at in (victim - 1, victim + PAGE, 7 * MIB):
                    self.assertEqual(content[at], bad[at])
                self.assertEqual(content, good[:])
                with open(mountpoint + "/good", "rb") as file:
                    self.assertEqual(content, file.read())
                self.famfs("creat", "--size", "1M", mountpoint + "/new")
                self.assertIn("clean", self.famfs("fsck", mountpoint).stdout)
            finally:
                self.run_program("sh", "-c", f"echo {frame} >/sys/kernel/debug/hwpoison/unpoison-pfn", check=False)
        self.umount(mountpoint)
        self.assertEqual("device_dax", driver_of(device))
