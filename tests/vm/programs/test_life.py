"""A pool on a dax device from mkfs to fsck, and where its bytes lie."""

import filecmp
import os
import subprocess

from vm_case import DATA_PATH, MIB, PAGE, VmCase, bind, driver_of, of_extfile, statistic

TREE = os.environ.get("FAMFS_VM_TREE", "/usr/include/asm-generic")
NAME = os.path.basename(TREE)
UNIT = "4K" if DATA_PATH == "extfile" else "2M"  # file maps come in units of 2 MiB


class Life(VmCase):
    limit = 300

    def test_a_directory_goes_in_and_comes_back(self):
        self.mkfs("dax0.0", "--alloc-unit", UNIT)
        mountpoint = self.mount()
        self.assertEqual(DATA_PATH, self.data_path(mountpoint))
        self.assertEqual("fsdev_dax", driver_of("dax0.0"))
        self.famfs("cp", "-r", TREE, mountpoint)
        self.assertEqual("", subprocess.run(["diff", "-r", TREE, f"{mountpoint}/{NAME}"], capture_output=True,
                                            text=True, check=False).stdout)
        self.famfs("verify", f"{mountpoint}/{NAME}", "--against", TREE)
        self.assertIn("clean", self.famfs("fsck", mountpoint).stdout)
        self.assertIn("clean", self.famfs("fsck", "dax0.0").stdout)
        self.assertNotIn("read", self.requests(mountpoint))
        self.umount(mountpoint)
        self.assertEqual("device_dax", driver_of("dax0.0"))
        self.assertIn("clean", self.famfs("fsck", "dax0.0").stdout)

        again = self.mount()
        self.assertEqual(DATA_PATH, self.data_path(again))
        self.famfs("verify", f"{again}/{NAME}", "--against", TREE)
        self.umount(again)

    def test_the_bytes_lie_at_the_extents(self):
        self.mkfs()
        mountpoint = self.mount()
        small, large = self.source("small", 5000), self.source("large", 9 * MIB + 77)
        self.famfs("cp", "--verify", small, large, mountpoint)
        self.famfs("creat", "--size", "3M", mountpoint + "/made")
        written = self.pattern(2 * MIB)
        with open(mountpoint + "/made", "r+b") as file:
            file.seek(MIB // 2)
            file.write(written)
        expected = {"made": bytes(MIB // 2) + written + bytes(MIB // 2)}
        for name in ("small", "large"):
            with open(self.path(name), "rb") as file:
                expected[name] = file.read()
        extents = {name: self.extents(f"{mountpoint}/{name}") for name in expected}
        self.umount(mountpoint)
        for name, content in expected.items():
            with self.subTest(name):
                self.assertEqual(content, self.device_bytes("dax0.0", extents[name], len(content)))

    def test_the_rest_of_the_last_page_is_zeroed(self):
        self.mkfs()
        mountpoint = self.mount()
        self.famfs("cp", self.source("odd", 5000), mountpoint)
        self.famfs("creat", "--size", "1", mountpoint + "/one")
        extents = [self.extents(mountpoint + "/odd"), self.extents(mountpoint + "/one")]
        self.umount(mountpoint)
        self.assertEqual(bytes(2 * PAGE - 5000), self.device_bytes("dax0.0", extents[0], 2 * PAGE)[5000:])
        self.assertEqual(bytes(PAGE), self.device_bytes("dax0.0", extents[1], PAGE))

    def test_empty_files(self):
        self.mkfs()
        mountpoint = self.mount()
        self.famfs("cp", self.source("none", 0), mountpoint)
        with open(mountpoint + "/none", "rb") as file:
            self.assertEqual(b"", file.read())
        self.assertNotIn("read", self.requests(mountpoint))
        self.umount(mountpoint)

    def test_every_verb_in_fsdev_mode(self):
        """mkfs and all that reads a pool work in fsdev mode, too, and see what devdax mode showed."""
        self.mkfs()
        mountpoint = self.mount()
        self.famfs("cp", self.source("file", 123456), mountpoint)
        self.famfs("mkdir", mountpoint + "/d")
        before = {verb: self.famfs(verb, "dax0.0").stdout for verb in ("dump", "fsck")}
        self.assertIn("(fsdev)", self.famfs("info", "dax0.0").stdout)
        tree = self.path("tree")
        self.famfs("logplay", "--shadow", tree, "dax0.0")
        self.assertTrue(os.path.exists(tree + "/root/file"))
        self.refused(3, "is mounted", "mkfs", "dax0.0", "--force")
        self.umount(mountpoint)
        self.assertIn("(devdax)", self.famfs("info", "dax0.0").stdout)
        self.assertEqual(before, {verb: self.famfs(verb, "dax0.0").stdout for verb in before})

    @of_extfile
    def test_mkfs_in_fsdev_mode(self):
        bind("dax0.0", "fsdev_dax")
        self.mkfs()
        self.assertIn("clean", self.famfs("fsck", "dax0.0").stdout)
        mountpoint = self.mount()
        self.famfs("cp", self.source("file", 123456), mountpoint)
        self.assertTrue(filecmp.cmp(self.path("file"), mountpoint + "/file", shallow=False))
        self.umount(mountpoint)
        # It was in fsdev mode before the mount, so it is after it.
        self.assertEqual("fsdev_dax", driver_of("dax0.0"))
        self.famfs("mkfs", "--kill", "dax0.0")
        self.refused(4, "superblock", "fsck", "dax0.0")
        self.assertEqual(0, statistic("files"))
        bind("dax0.0", "device_dax")

    @of_extfile
    def test_a_small_log_and_files_that_share_a_huge_page(self):
        self.mkfs("dax0.0", "--alloc-unit", "4K")
        mountpoint = self.mount()
        sources = [self.source(f"f{number}", 1 + 3000 * number) for number in range(40)]
        self.famfs("cp", *sources, mountpoint)
        for source in sources:
            self.assertTrue(filecmp.cmp(source, f"{mountpoint}/{os.path.basename(source)}", shallow=False))
        self.umount(mountpoint)

    def test_two_pools_on_two_devices(self):
        for device in ("dax0.0", "dax1.0"):
            self.mkfs(device)
        first, second = self.mount("dax0.0", name="one"), self.mount("dax1.0", name="two")
        self.famfs("cp", self.source("a", 3 * MIB), first)
        self.famfs("cp", self.source("b", 3 * MIB), second)
        self.assertEqual([DATA_PATH] * 2, [self.data_path(first), self.data_path(second)])
        for mountpoint, name in ((first, "a"), (second, "b")):
            self.assertTrue(filecmp.cmp(self.path(name), f"{mountpoint}/{name}", shallow=False))
        self.umount(first)
        self.assertEqual("device_dax", driver_of("dax0.0"))
        with open(second + "/b", "rb") as file:
            self.assertEqual(3 * MIB, len(file.read()))
        self.umount(second)

    @of_extfile
    def test_one_device_at_two_mount_points(self):
        self.mkfs()
        first = self.mount(name="one")
        self.famfs("cp", self.source("a", 3 * MIB), first)
        second = self.mount(name="two")
        with open(first + "/a", "r+b") as file:
            file.write(b"changed")
        with open(second + "/a", "rb") as file:
            self.assertEqual(b"changed", file.read(7))
        done = self.umount(first)
        self.assertIn("mode is left as it is", done.stderr)
        self.umount(second)
        self.assertEqual("device_dax", driver_of("dax0.0"))
