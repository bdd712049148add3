"""A daemon that is killed, and what many mounts and many opens leave behind: nothing."""

import os
import signal
import time

from vm_case import (DATA_PATH, MIB, MappedFile, VmCase, daemons, driver_of, of_extfile, read_text, statistic,
                     statistics, write_sysfs)

CYCLES = int(os.environ["FAMFS_VM_CYCLES"])
OPENS = int(os.environ["FAMFS_VM_OPENS"])


def extent_files():
    return statistic("files") if DATA_PATH == "extfile" else 0


def slab(*names):
    """Objects in use of these slabs, as exactly as the kernel knows once its CPUs gave back what they keep."""
    found = {}
    for name in names:
        directory = f"/sys/kernel/slab/{name}/"
        write_sysfs(directory + "shrink", "1")
        found[name] = int(read_text(directory + "objects").split()[0])
    return found


class Killed(VmCase):
    def kill_daemons(self):
        for process in daemons():
            os.kill(process, signal.SIGKILL)
        self.wait_until(lambda: not daemons(), "the daemon goes")

    @of_extfile
    def test_mappings_live_on(self):
        self.mkfs()
        mountpoint = self.mount()
        self.famfs("creat", "--size", "8M", mountpoint + "/file")
        with MappedFile(mountpoint + "/file") as memory:
            memory[:5] = b"first"
            self.kill_daemons()
            memory[6 * MIB:6 * MIB + 6] = b"second"  # faults without a daemon
            self.assertEqual(b"first", memory[:5])

            # The device cannot change its mode under the mapping: it stays, and the next mount takes it as it is.
            self.assertIn("mode is left as it is", self.umount(mountpoint).stderr)
            self.assertEqual("fsdev_dax", driver_of("dax0.0"))
            again = self.mount()
            with open(again + "/file", "r+b") as file:
                self.assertEqual(b"first", file.read(5))
                file.seek(6 * MIB)
                self.assertEqual(b"second", file.read(6))
                file.seek(0)
                file.write(b"third")
            self.assertEqual(b"third", memory[:5])
        self.umount(again)
        self.assertEqual("device_dax", driver_of("dax0.0"))
        self.assertIn("clean", self.famfs("fsck", "dax0.0").stdout)

    def test_without_umount(self):
        """The next mount, of whatever, clears up after one that was killed and unmounted by other means."""
        self.mkfs()
        mountpoint = self.mount()
        self.kill_daemons()
        self.run_program("umount", mountpoint)
        self.assertEqual("fsdev_dax", driver_of("dax0.0"))
        self.mkfs("dax1.0")
        other = self.mount("dax1.0", name="other")
        self.assertEqual("device_dax", driver_of("dax0.0"))
        self.umount(other)

    @of_extfile
    def test_mkfs_spares_what_is_mapped(self):
        self.mkfs()
        mountpoint = self.mount()
        self.famfs("creat", "--size", "2M", mountpoint + "/file")
        with MappedFile(mountpoint + "/file") as memory:
            memory[0] = 1
            self.kill_daemons()
            self.umount(mountpoint)
            self.refused(3, "open or mapped", "mkfs", "dax0.0", "--force")
        self.mkfs()
        # Nobody has given the mode back yet: a mount does.
        self.umount(self.mount())
        self.assertEqual("device_dax", driver_of("dax0.0"))

    def test_busy_while_mapped(self):
        self.mkfs()
        mountpoint = self.mount()
        self.famfs("creat", "--size", "2M", mountpoint + "/file")
        with MappedFile(mountpoint + "/file"):
            self.refused(3, "busy", "umount", mountpoint)
        self.umount(mountpoint)


class Leaks(VmCase):
    limit = 3000

    def test_many_mounts(self):
        self.mkfs("dax1.0")
        mountpoint = self.path("mnt")
        os.mkdir(mountpoint)
        self.mounts.append(mountpoint)

        def cycle():
            self.famfs("mount", "dax1.0", mountpoint)
            with open(mountpoint + "/.meta/.superblock", "rb") as file:
                file.read(1)
            self.umount(mountpoint)

        cycle()
        before = slab("fuse_inode", "filp", "task_struct")
        for _ in range(CYCLES):
            cycle()
        if DATA_PATH == "extfile":
            self.wait_until(lambda: statistic("files") == 0 and statistic("devices") == 0, str(statistics()))
        time.sleep(1)
        after = slab("fuse_inode", "filp", "task_struct")
        print(f"# {CYCLES} cycles, slab objects {before} -> {after}")
        for name in after:
            self.assertLess(after[name], before[name] + max(CYCLES / 2, 8), name)

    def test_many_opens(self):
        self.mkfs()
        mountpoint = self.mount()
        self.famfs("creat", "--size", "4096", *[f"{mountpoint}/f{number}" for number in range(10)])
        daemon = max(daemons())
        paths = [f"{mountpoint}/f{number}" for number in range(10)]

        def open_all(count):
            for number in range(count):
                os.close(os.open(paths[number % 10], os.O_RDWR))

        def memory():
            return int(next(line for line in read_text(f"/proc/{daemon}/status").splitlines()
                            if line.startswith("VmRSS")).split()[1])

        open_all(1000)
        descriptors, files, resident = len(os.listdir(f"/proc/{daemon}/fd")), extent_files(), memory()
        before = slab("filp")
        open_all(OPENS)
        self.assertEqual(descriptors, len(os.listdir(f"/proc/{daemon}/fd")))
        self.assertEqual(files, extent_files())
        print(f"# {OPENS} opens: daemon {resident} -> {memory()} KiB, filp {before} -> {slab('filp')}")
        self.assertLess(memory(), resident + 1024)

        # Forgotten inodes give their backing files back.
        if DATA_PATH == "extfile":
            self.assertGreaterEqual(files, 10)
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as caches:
            caches.write("2")
        if DATA_PATH == "extfile":
            self.wait_until(lambda: statistic("files") <= files - 10, str(statistics()))
        with open(paths[0], "rb") as file:
            self.assertEqual(bytes(4096), file.read())
        self.umount(mountpoint)
        self.assertEqual(0, extent_files())
