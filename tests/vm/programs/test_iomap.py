"""What is special to a kernel that takes file maps (docs/kernel-maps.md)."""

import errno
import filecmp
import mmap
import os
import signal

from vm_case import MIB, PROGRAMS, MappedFile, VmCase, bind, daemons, driver_of, of_iomap, read_text

HUGE = 2 * MIB


@of_iomap
class Maps(VmCase):
    def setUp(self):
        super().setUp()
        self.mkfs()

    def data(self, path, content=None):
        """Writes and reads a whole file."""
        with open(path, "r+b" if content else "rb", buffering=0) as file:
            if content:
                self.assertEqual(len(content), file.write(content))
                file.seek(0)
            return file.read()

    def test_auto_takes_it_and_says_so(self):
        mountpoint = self.path("mnt")
        os.mkdir(mountpoint)
        self.mounts.append(mountpoint)
        self.assertIn("data path iomap", self.famfs("mount", "-v", "dax0.0", mountpoint).stdout)
        self.assertIn("data path iomap", self.famfs("info", mountpoint).stdout)
        self.assertFalse(os.path.exists("/dev/famfs_dax"))
        self.umount(mountpoint)

    def test_each_file_is_asked_for_once(self):
        mountpoint = self.mount()
        self.famfs("creat", "--size", "4M", mountpoint + "/file")
        for _ in range(20):
            self.data(mountpoint + "/file")
        requests = self.requests(mountpoint)
        self.assertGreaterEqual(requests["open"], 20)
        # The superblock at the start; superblock, log and a file of the new one's extents for creat; the file.
        self.assertLessEqual(requests["opcode_54"], 6)
        self.assertEqual(1, requests["opcode_55"])
        self.umount(mountpoint)

    def test_a_file_that_grows_into_place(self):
        """cp and creat write through a file of the mount that has no name left; its pages must not outlive it."""
        mountpoint = self.mount()
        for round_ in range(5):
            name = f"f{round_}"
            self.famfs("cp", "--verify", self.source(name, 5 * MIB + 123), mountpoint)
            self.assertEqual([".log", ".superblock"], sorted(os.listdir(mountpoint + "/.meta")))
            with MappedFile(f"{mountpoint}/{name}") as memory, open(self.path(name), "rb") as file:
                self.assertEqual(file.read(), memory[:])
                memory[:4] = b"mine"
            self.assertEqual(b"mine", self.data(f"{mountpoint}/{name}")[:4])
        self.umount(mountpoint)

    def test_two_mounts(self):
        first = self.mount(name="one")
        os.mkdir(self.path("two"))
        for path in ("auto", "iomap", "extfile", "copy"):
            self.refused(3, f"mounted on {first} with data path iomap", "mount", "--data-path", path, "dax0.0",
                         self.path("two"))
        # Past famfs mount, the daemon finds out by itself.
        daemon = self.run_program(PROGRAMS + "/famfs-fused", "--shadow", os.getxattr(first, "user.famfs.shadow")
                                  .decode().removesuffix("/root"), "--data-path", "iomap", self.path("two"), status=3)
        self.assertIn("something else holds it", daemon.stderr)
        self.assertFalse(os.path.ismount(self.path("two")))
        self.umount(first)

    def test_a_device_in_fsdev_mode(self):
        """Nothing can read it before it is mounted, so .meta is served first."""
        mountpoint = self.mount()
        self.famfs("cp", self.source("file", 123456), mountpoint)
        self.umount(mountpoint)
        bind("dax0.0", "fsdev_dax")
        for _ in range(2):
            mountpoint = self.mount()
            self.assertEqual("iomap", self.data_path(mountpoint))
            self.assertTrue(filecmp.cmp(self.path("file"), mountpoint + "/file", shallow=False))
            self.umount(mountpoint)
            self.assertEqual("fsdev_dax", driver_of("dax0.0"))
        bind("dax0.0", "device_dax")

    def test_a_large_log_in_fsdev_mode(self):
        self.mkfs("dax0.0", "--log-size", "32M")
        self.umount(self.mount())
        bind("dax0.0", "fsdev_dax")
        mountpoint = self.mount()
        self.assertEqual(32 * MIB, os.stat(mountpoint + "/.meta/.log").st_size)
        self.famfs("mkdir", mountpoint + "/d")
        self.umount(mountpoint)
        bind("dax0.0", "device_dax")
        self.assertIn("clean", self.famfs("fsck", "dax0.0").stdout)

    def test_fsdev_mode_without_a_pool(self):
        self.famfs("mkfs", "--kill", "dax0.0")
        bind("dax0.0", "fsdev_dax")
        os.mkdir(self.path("mnt"))
        self.refused(4, "superblock", "mount", "dax0.0", self.path("mnt"))
        bind("dax0.0", "device_dax")

    def test_meta_files(self):
        mountpoint = self.mount()
        with open(mountpoint + "/.meta/.superblock", "rb") as file:
            through_mount = file.read(4096)
        with MappedFile(mountpoint + "/.meta/.log", writable=False) as memory:
            log = memory[:4096]
        self.umount(mountpoint)
        with MappedFile("/dev/dax0.0", 16 * MIB, writable=False) as memory:
            self.assertEqual((memory[:4096], memory[HUGE:HUGE + 4096]), (through_mount, log))

    def test_verbs_while_mounted(self):
        mountpoint = self.mount()
        self.famfs("cp", self.source("file", 5000), mountpoint)
        self.famfs("mkdir", mountpoint + "/d")
        self.famfs("creat", "--size", "0", mountpoint + "/d/none")
        for verb in ("fsck", "info", "dump"):
            self.famfs(verb, "dax0.0")
        self.assertIn("0 new", self.famfs("logplay", mountpoint).stdout)
        self.famfs("logplay", "--mounted", mountpoint, "--shadow", self.path("tree"))
        self.assertTrue(os.path.exists(self.path("tree/root/d/none")))
        self.assertIn("clean", self.famfs("fsck", mountpoint).stdout)
        self.assertEqual(b"", self.data(mountpoint + "/d/none"))
        self.famfs("flush", mountpoint + "/file")
        self.refused(3, "is mounted", "mkfs", "dax0.0", "--force")
        self.umount(mountpoint)
        self.assertIn("clean", self.famfs("fsck", "dax0.0").stdout)

    def test_what_the_kernel_refuses(self):
        mountpoint = self.mount()
        self.famfs("creat", "--size", "4M", mountpoint + "/file")
        path = mountpoint + "/file"
        for size in (0, 1, 4 * MIB - 1, 4 * MIB + 1):
            with self.assertRaises(PermissionError):
                os.truncate(path, size)
        with self.assertRaises(PermissionError):
            os.open(path, os.O_RDWR | os.O_TRUNC)
        with self.assertRaises(OSError) as direct:
            os.open(path, os.O_RDWR | os.O_DIRECT)
        self.assertEqual(errno.EINVAL, direct.exception.errno)
        descriptor = os.open(path, os.O_RDWR)
        self.assertEqual(4, os.pwrite(descriptor, b"overlong", 4 * MIB - 4))
        self.assertEqual(0, os.pwrite(descriptor, b"more", 4 * MIB))
        self.assertEqual(b"over", os.pread(descriptor, 10, 4 * MIB - 4))
        os.close(descriptor)
        # None of that poisoned it.
        self.assertEqual(4 * MIB, len(self.data(path)))
        self.umount(mountpoint)

    def shadow_of(self, mountpoint):
        return os.getxattr(mountpoint, "user.famfs.shadow").decode()

    def put(self, mountpoint, name, text):
        """A document into the tree, as a writer of it does it."""
        shadow = self.shadow_of(mountpoint)
        with open(shadow + "/../aside", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(shadow + "/../aside", f"{shadow}/{name}")

    def test_interleaved(self):
        """No verb of ours makes stripes, others do: a document of one, over the strips of three files."""
        mountpoint = self.mount()
        chunk, size = HUGE, 11 * HUGE + 5000
        self.famfs("creat", "--size", str(4 * HUGE), *[f"{mountpoint}/strip{number}" for number in range(3)])
        starts = [self.extents(f"{mountpoint}/strip{number}")[0]["offset"] for number in range(3)]
        listed = "".join(f"    - devindex: 0\n      offset: {start:#x}\n      length: {4 * HUGE:#x}\n" for start in starts)
        self.put(mountpoint, "striped",
                 "---\nfile:\n  path: striped\n"
                 f"  size: {size}\n  flags: 2\n  mode: 0644\n  uid: 0\n  gid: 0\n  nextents: 1\n"
                 f"  striped_ext_list:\n  - nstrips: 3\n    chunk_size: {chunk:#x}\n    simple_ext_list:\n{listed}...\n")
        content = self.pattern(size)
        self.assertEqual(content, self.data(mountpoint + "/striped", content))
        # Not mapped in both at a time, which would be two files of one page.
        for number in range(3):
            expected = b"".join(content[at:at + chunk] for at in range(number * chunk, size, 3 * chunk))
            self.assertEqual(expected, self.data(f"{mountpoint}/strip{number}")[:len(expected)])
        with MappedFile(mountpoint + "/striped") as memory:
            self.assertEqual(content, memory[:])
            memory[10 * HUGE:10 * HUGE + 3] = b"end"
        self.assertEqual(b"end", self.data(f"{mountpoint}/strip1")[3 * HUGE:3 * HUGE + 3])
        self.umount(mountpoint)

    def test_a_changed_document_is_another_file(self):
        mountpoint = self.mount()
        self.famfs("creat", "--size", "1000", mountpoint + "/file")
        path, shadow = mountpoint + "/file", self.shadow_of(mountpoint)
        text = read_text(shadow + "/file")
        with open(path, "r+b", buffering=0) as old:
            old.write(b"old")
            inode = os.fstat(old.fileno()).st_ino
            self.put(mountpoint, "file", text.replace("size: 1000", "size: 2000"))
            self.wait_until(lambda: os.stat(path).st_size == 2000, "the new one is seen")
            self.assertEqual((1000, inode), (os.fstat(old.fileno()).st_size, os.fstat(old.fileno()).st_ino))
            self.assertEqual(1000, len(os.pread(old.fileno(), 5000, 0)))
            self.assertEqual(2000, len(self.data(path)))
        self.assertEqual(b"old", self.data(path)[:3])
        self.umount(mountpoint)

    def test_small_units(self):
        """Such a pool cannot be mapped, and auto says so before it would fail at each open."""
        self.mkfs("dax0.0", "--alloc-unit", "4K")
        os.mkdir(self.path("mnt"))
        self.refused(5, "allocation unit is 4096", "mount", "--data-path", "iomap", "dax0.0", self.path("mnt"))
        done = self.famfs("mount", "dax0.0", self.path("mnt"))
        self.mounts.append(self.path("mnt"))
        self.assertIn("allocation unit is 4096", done.stderr)
        self.assertEqual("copy", self.data_path(self.path("mnt")))
        self.umount(self.path("mnt"))

    def test_mappings_outlive_the_daemon(self):
        mountpoint = self.mount()
        self.famfs("creat", "--size", "8M", mountpoint + "/file")
        os.mkdir(self.path("again"))
        with MappedFile(mountpoint + "/file") as memory:
            memory[:5] = b"first"
            for process in daemons():
                os.kill(process, signal.SIGKILL)
            self.wait_until(lambda: not daemons(), "the daemon goes")
            memory[6 * MIB:6 * MIB + 6] = b"second"  # faults without a daemon
            self.assertIn("mode is left as it is", self.umount(mountpoint).stderr)
            self.refused(3, "something else holds it", "mount", "dax0.0", self.path("again"))
        again = self.mount(name="again")
        self.assertEqual(b"first", self.data(again + "/file")[:5])
        self.assertEqual(b"second", self.data(again + "/file")[6 * MIB:6 * MIB + 6])
        self.umount(again)
        self.assertEqual("device_dax", driver_of("dax0.0"))

    def test_private_pages(self):
        mountpoint = self.mount()
        self.famfs("creat", "--size", "4M", mountpoint + "/file")
        with MappedFile(mountpoint + "/file", private=True) as memory:
            memory[:4] = b"mine"
            self.assertEqual(bytes(4), self.data(mountpoint + "/file")[:4])
        self.umount(mountpoint)

    def test_executed(self):
        """Programs run from it: the loader maps them in its own way."""
        mountpoint = self.mount()
        self.famfs("cp", "-m", "755", "/bin/true", mountpoint)
        self.run_program(mountpoint + "/true")
        with open(mountpoint + "/true", "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
            self.assertEqual(b"\x7fELF", memory[:4])
        self.umount(mountpoint)
