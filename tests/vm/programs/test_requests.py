"""Between open and close the daemon is asked nothing, and the memory is mapped in large pages."""

import ctypes
import mmap
import os

from vm_case import DATA_PATH, MIB, MappedFile, PAGE, VmCase, libc, of_extfile, statistics

SIZE = 64 * MIB
HUGE = 2 * MIB


class Requests(VmCase):
    def setUp(self):
        super().setUp()
        self.mkfs()
        self.mountpoint = self.mount()
        self.famfs("creat", "--size", str(SIZE), self.mountpoint + "/file")
        self.file = self.mountpoint + "/file"

    def tearDown(self):
        if os.path.ismount(self.mountpoint):
            self.umount(self.mountpoint)
        super().tearDown()

    def counted(self):
        """What was read from and written to the daemon so far."""
        requests = self.requests(self.mountpoint)
        return requests.get("read", 0), requests.get("write", 0)

    def untouched(self, function):
        """Runs `function`, which must not make the kernel ask the daemon for bytes."""
        before = self.requests(self.mountpoint)
        function()
        after = self.requests(self.mountpoint)
        for kind in ("read", "write", "open", "copy_file_range"):
            self.assertEqual(before.get(kind, 0), after.get(kind, 0), kind)

    def test_read_and_write(self):
        content = self.pattern(SIZE)
        with open(self.file, "r+b", buffering=0) as file:
            def both():
                file.write(content)
                file.seek(0)
                self.assertEqual(content, file.read())
            self.untouched(both)

    def test_mapped_reads_and_writes(self):
        content = self.pattern(SIZE)
        with MappedFile(self.file) as memory, open(self.file, "rb", buffering=0) as file:
            def both():
                memory[:] = content
                self.assertEqual(content, memory[:])
                self.assertEqual(content[:MIB], file.read(MIB))
            self.untouched(both)

    @of_extfile
    def test_sendfile(self):
        content = self.pattern(4 * MIB)
        with open(self.file, "r+b", buffering=0) as file, open(self.path("target"), "w+b") as target:
            file.write(content)

            def send():
                sent = 0
                while sent < len(content):
                    sent += os.sendfile(target.fileno(), file.fileno(), sent, len(content) - sent)
            self.untouched(send)
            target.seek(0)
            self.assertEqual(content, target.read())

    @of_extfile
    def test_copy_file_range(self):
        content = self.pattern(4 * MIB)
        self.famfs("creat", "--size", str(SIZE), self.mountpoint + "/other")
        with open(self.file, "r+b", buffering=0) as file, open(self.mountpoint + "/other", "r+b", buffering=0) as other:
            file.write(content)
            copied = 0
            while copied < len(content):
                copied += os.copy_file_range(file.fileno(), other.fileno(), len(content) - copied, copied, copied)
            self.assertEqual(content, other.read(len(content)))
        self.assertEqual((0, 0), self.counted())

    @of_extfile
    def test_direct(self):
        descriptor = os.open(self.file, os.O_RDWR | os.O_DIRECT)
        room = mmap.mmap(-1, MIB)
        try:
            room[:] = content = self.pattern(MIB)

            def both():
                self.assertEqual(MIB, os.pwritev(descriptor, [room], 3 * MIB))
                room[:] = bytes(MIB)
                self.assertEqual(MIB, os.preadv(descriptor, [room], 3 * MIB))
            self.untouched(both)
            self.assertEqual(content, room[:])
        finally:
            os.close(descriptor)
            room.close()

    @of_extfile
    def test_append_and_the_end(self):
        """A file does not grow, whoever writes it."""
        with open(self.file, "ab", buffering=0) as file:
            with self.assertRaises(OSError):
                file.write(b"more")
        descriptor = os.open(self.file, os.O_RDWR)
        self.assertEqual(4, os.pwrite(descriptor, b"overlong", SIZE - 4))
        self.assertEqual(b"over", os.pread(descriptor, 10, SIZE - 4))
        os.close(descriptor)
        self.assertEqual(SIZE, os.stat(self.file).st_size)
        with self.assertRaises(PermissionError):
            os.truncate(self.file, SIZE - 1)
        self.assertEqual((0, 0), self.counted())

    def test_requests_are_counted(self):
        """The zeros above mean something: with data path copy there are requests."""
        self.umount(self.mountpoint)
        self.mountpoint = self.mount("dax0.0", "--data-path", "copy")
        with open(self.file, "r+b", buffering=0) as file:
            file.write(bytes(MIB))
            file.seek(SIZE // 2)  # what was written lies in the page cache
            file.read(MIB)
        reads, writes = self.counted()
        self.assertGreater(reads, 0)
        self.assertGreater(writes, 0)

    @of_extfile
    def test_faults_are_of_two_mebibytes(self):
        with MappedFile(self.file) as memory:
            before = statistics()
            for offset in range(0, SIZE, PAGE):
                memory[offset] = 1
            after = statistics()
        self.assertEqual(SIZE // HUGE, after["faults_pmd"] - before["faults_pmd"])
        self.assertEqual(0, after["faults_pte"] - before["faults_pte"])

    @of_extfile
    def test_small_faults_only_in_the_tail(self):
        size = 5 * HUGE + 3 * PAGE - 100
        self.famfs("creat", "--size", str(size), self.mountpoint + "/tail")
        with MappedFile(self.mountpoint + "/tail") as memory:
            before = statistics()
            for offset in range(0, size, PAGE):
                memory[offset] = 1
            after = statistics()
        self.assertEqual(5, after["faults_pmd"] - before["faults_pmd"])
        self.assertEqual(3, after["faults_pte"] - before["faults_pte"])

    def test_fsync_writes_caches_back(self):
        descriptor = os.open(self.file, os.O_RDWR)
        os.pwrite(descriptor, b"x" * PAGE, 0)
        os.fsync(descriptor)
        os.close(descriptor)
        self.famfs("flush", self.file)
        # The second one is of flush, which does without where the kernel maps the file by itself.
        self.assertGreaterEqual(self.requests(self.mountpoint)["fsync"], 2 if DATA_PATH == "extfile" else 1)

    def test_msync(self):
        with MappedFile(self.file) as memory:
            memory[:PAGE] = b"y" * PAGE
            memory.flush()
        with open(self.file, "rb") as file:
            self.assertEqual(b"y" * PAGE, file.read(PAGE))

    def test_read_only_mount(self):
        self.umount(self.mountpoint)
        self.mountpoint = self.mount("dax0.0", "--read-only")
        self.assertEqual(DATA_PATH, self.data_path(self.mountpoint))
        with self.assertRaises(OSError):
            open(self.file, "r+b")
        with MappedFile(self.file, writable=False) as memory:
            self.assertEqual(bytes(100), memory[:100])
        self.refused(3, "read-only", "creat", "--size", "1", self.mountpoint + "/new")

    def test_an_ordinary_user(self):
        """What the mount's modes allow, extent files allow: nothing more, nothing less."""
        os.chmod(self.directory, 0o755)
        self.famfs("creat", "-m", "600", "--size", "4096", self.mountpoint + "/secret")
        child = os.fork()
        if child == 0:
            os.setgid(1000)
            os.setuid(1000)
            good = 0
            with open(self.file, "rb") as file:
                good += file.read(3) == bytes(3)
            try:
                open(self.mountpoint + "/secret", "rb")
            except PermissionError:
                good += 1
            os._exit(0 if good == 2 else 1)
        self.assertEqual(0, os.waitpid(child, 0)[1])

    def test_private_mapping(self):
        with MappedFile(self.file, PAGE, private=True) as memory:
            memory[:4] = b"mine"
            with open(self.file, "rb") as file:
                self.assertEqual(bytes(4), file.read(4))

    def test_touching_past_the_end(self):
        self.famfs("creat", "--size", "100", self.mountpoint + "/short")
        child = os.fork()
        if child == 0:
            descriptor = os.open(self.mountpoint + "/short", os.O_RDWR)
            libc.mmap.restype = ctypes.c_void_p
            libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                                  ctypes.c_long]
            address = libc.mmap(None, 2 * PAGE, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
            if ctypes.string_at(address, PAGE) != bytes(PAGE):
                os._exit(1)
            ctypes.string_at(address + PAGE, 1)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        self.assertTrue(os.WIFSIGNALED(status), status)
        self.assertEqual(7, os.WTERMSIG(status))  # SIGBUS
