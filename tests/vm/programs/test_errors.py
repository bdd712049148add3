"""What cannot work says so in one line, or works another way and says why."""

import contextlib
import json
import os
import subprocess

from vm_case import (DATA_PATH, MIB, MappedFile, VmCase, bind, driver_of, libc, of_extfile, unbind,
                     write_sysfs)


def remove_module(name):
    return libc.syscall(176, name.encode(), os.O_NONBLOCK)  # delete_module


class Devices(VmCase):
    def listed(self):
        return {device["name"]: device for device in json.loads(self.famfs("devices", "--json").stdout)["devices"]}

    def test_list(self):
        devices = self.listed()
        self.assertEqual("devdax", devices["dax0.0"]["mode"])
        self.assertEqual(int(open("/sys/bus/dax/devices/dax0.0/size", encoding="ascii").read()),
                         devices["dax0.0"]["size"])
        self.assertEqual(2 * MIB, devices["dax0.0"]["alignment"])
        self.assertFalse(devices["dax0.0"]["mounted"])
        self.mkfs()
        mountpoint = self.mount()
        device = self.listed()["dax0.0"]
        self.assertEqual(("fsdev", True, [mountpoint]),
                         (device["mode"], device["mounted"], device["mountpoints"]))
        if DATA_PATH == "extfile":
            self.assertGreater(device["extent_files"]["bytes"], 0)
        self.umount(mountpoint)
        unbind("dax1.0")
        self.assertEqual("unbound", self.listed()["dax1.0"]["mode"])
        bind("dax1.0", "device_dax")

    def test_who_has_it_open(self):
        with open("/dev/dax0.0", "rb"):
            self.assertIn(os.getpid(), self.listed()["dax0.0"]["processes"])
        with MappedFile("/dev/dax0.0", 2 * MIB):
            self.assertIn(os.getpid(), self.listed()["dax0.0"]["processes"])
        self.assertEqual([], self.listed()["dax0.0"]["processes"])


class Refused(VmCase):
    def setUp(self):
        super().setUp()
        self.mkfs()
        os.mkdir(self.path("mnt"))

    def extfile(self, status, text):
        self.refused(status, text, "mount", "--data-path", "extfile", "dax0.0", self.path("mnt"))

    def test_a_device_in_use(self):
        for flags in ("open", "mapped"):
            with self.subTest(flags):
                held = MappedFile("/dev/dax0.0", 2 * MIB).bytes if flags == "mapped" else open("/dev/dax0.0", "rb")
                done = self.famfs("mount", "--data-path", DATA_PATH, "dax0.0", self.path("mnt"), status=3)
                self.assertIn(f"process {os.getpid()} has it open", done.stderr.splitlines()[-1])
                held.close()
        self.assertEqual("device_dax", driver_of("dax0.0"))

    def test_a_device_that_is_mounted_elsewhere(self):
        """Another mount reads it in devdax mode: the kernel's own path is refused, auto takes copy, and each says why."""
        first = self.mount("dax0.0", "--data-path", "copy", name="first")
        done = self.famfs("mount", "--data-path", DATA_PATH, "dax0.0", self.path("mnt"), status=3)
        self.assertIn("it is mounted", done.stderr.splitlines()[-1])
        done = self.famfs("mount", "dax0.0", self.path("mnt"))
        self.mounts.append(self.path("mnt"))
        self.assertIn("it is mounted", done.stderr)
        self.assertEqual("copy", self.data_path(self.path("mnt")))
        self.umount(self.path("mnt"))
        self.umount(first)

    def test_system_ram(self):
        if subprocess.run(["modprobe", "kmem"], check=False, capture_output=True).returncode != 0:
            self.skipTest("this kernel has no kmem driver")
        # Memory that is offline can be taken back.
        write_sysfs("/sys/devices/system/memory/auto_online_blocks", "offline")
        try:
            bind("dax1.0", "kmem")
            if driver_of("dax1.0") != "kmem":
                self.skipTest("kmem does not take the device")
            for words in (["mount", "dax1.0", self.path("mnt")], ["mkfs", "dax1.0"], ["info", "dax1.0"]):
                self.refused(3, "system-ram", *words)
            self.assertEqual("kmem", driver_of("dax1.0"))
        finally:
            bind("dax1.0", "device_dax")

    def test_no_driver(self):
        unbind("dax0.0")
        self.refused(3, "has no driver", "mount", "dax0.0", self.path("mnt"))
        bind("dax0.0", "device_dax")

    def test_an_image_file(self):
        image = self.path("pool.img")
        self.famfs("mkfs", image, "--size", "64M")
        self.refused(3, "no dax device", "mount", "--data-path", "extfile", image, self.path("mnt"))
        mountpoint = self.mount(image, name="image")
        self.assertEqual("copy", self.data_path(mountpoint))
        self.umount(mountpoint)

    def test_held_by_something_else_in_the_kernel(self):
        holder = os.environ.get("HOLDER_MODULE")
        if not holder:
            self.skipTest("HOLDER_MODULE is not set")
        bind("dax0.0", "fsdev_dax")
        number = open("/sys/bus/dax/devices/dax0.0/dev", encoding="ascii").read().strip()
        self.run_program("insmod", holder, f"device={number}")
        try:
            self.refused(3, "held by another user", "mount", "dax0.0", self.path("mnt"))
        finally:
            self.run_program("rmmod", "holder")
            bind("dax0.0", "device_dax")

    @contextlib.contextmanager
    def no_modules(self, removed):
        """Meanwhile no module can be loaded; `removed` is again afterwards."""
        modules = f"/lib/modules/{os.uname().release}"
        self.run_program("mount", "-t", "tmpfs", "tmpfs", modules)
        try:
            yield
        finally:
            self.run_program("umount", modules)
            self.run_program("modprobe", removed)

    @of_extfile
    def test_a_missing_module(self):
        """Without the module extfile is refused; auto says so and copies."""
        self.assertEqual(0, remove_module("famfs_dax"))
        with self.no_modules("famfs_dax"):
            self.extfile(3, "famfs_dax cannot be loaded")
            done = self.famfs("mount", "dax0.0", self.path("mnt"))
            self.mounts.append(self.path("mnt"))
            self.assertIn("famfs_dax cannot be loaded", done.stderr)
            self.assertEqual(1, len(done.stderr.splitlines()))
            self.assertEqual("copy", self.data_path(self.path("mnt")))
            self.umount(self.path("mnt"))
            bind("dax0.0", "fsdev_dax")
            self.refused(3, "famfs_dax is not loaded", "info", "dax0.0")
            bind("dax0.0", "device_dax")

    @of_extfile
    def test_a_kernel_without_fsdev_mode(self):
        if remove_module("fsdev_dax") != 0:
            self.skipTest("fsdev_dax is built in")
        with self.no_modules("fsdev_dax"):
            self.extfile(3, "fsdev_dax cannot be loaded")
            done = self.famfs("mount", "dax0.0", self.path("mnt"))
            self.mounts.append(self.path("mnt"))
            self.assertIn("fsdev_dax cannot be loaded", done.stderr)
            self.assertEqual("copy", self.data_path(self.path("mnt")))
            self.umount(self.path("mnt"))

    @of_extfile
    def test_the_module_is_loaded_by_mount(self):
        self.assertEqual(0, remove_module("famfs_dax"))
        mountpoint = self.mount("dax0.0", "--data-path", "extfile", name="loaded")
        self.assertEqual("extfile", self.data_path(mountpoint))
        self.umount(mountpoint)

    @of_extfile
    def test_the_daemon_by_itself(self):
        """famfs-fused changes no mode: it says which one is wanted."""
        tree = self.path("tree")
        self.famfs("logplay", "--shadow", tree, "dax0.0")
        daemon = os.environ["FAMFS_PROGRAMS"] + "/famfs-fused"
        done = self.run_program(daemon, "--shadow", tree, "--data-path", "extfile", self.path("mnt"), status=3)
        self.assertIn("no dax device in fsdev mode", done.stderr)
        bind("dax0.0", "fsdev_dax")
        done = self.run_program(daemon, "--shadow", tree, "--data-path", "copy", self.path("mnt"), status=3)
        self.assertIn("fsdev mode", done.stderr)
        bind("dax0.0", "device_dax")

    def test_copy_on_a_device_in_fsdev_mode(self):
        bind("dax0.0", "fsdev_dax")
        mountpoint = self.mount("dax0.0", "--data-path", "copy", name="copy")
        self.assertEqual("device_dax", driver_of("dax0.0"))
        self.umount(mountpoint)
        self.assertEqual("fsdev_dax", driver_of("dax0.0"))
        bind("dax0.0", "device_dax")

    def test_a_mount_that_fails_gives_the_mode_back(self):
        done = self.famfs("mount", "-o", "no_such_option", "dax0.0", self.path("mnt"), check=False)
        self.assertEqual(2, done.returncode, done.stderr)
        self.assertEqual("device_dax", driver_of("dax0.0"))
