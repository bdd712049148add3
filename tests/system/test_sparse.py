# ctest: user timeout=180
"""Sources with holes: what is not there is neither read nor written, and reads as zeros all the same."""
import os

import harness

MIB = 1 << 20
GIB = 1 << 30


class Sparse(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('8G')
        self.mnt = self.mount(self.image)

    def sparse(self, name, size, pieces=()):
        path = self.write(name, b'')
        with open(path, 'r+b') as out:
            out.truncate(size)
            for offset, content in pieces:
                out.seek(offset)
                out.write(content)
        return path

    def used(self):
        return os.stat(self.image).st_blocks * 512

    def traffic(self, *words):
        """Bytes that the command reads and writes by system calls, copies within the kernel included."""
        log = self.path('strace')
        calls = 'read,pread64,write,pwrite64,copy_file_range,sendfile,splice,readv,preadv,writev,pwritev'
        self.command(['strace', '-f', '-o', log, '-e', f'trace={calls}', os.environ['FAMFS'], *words])
        total = 0
        with open(log, errors='replace') as lines:
            for line in lines:
                result = line.rsplit(' = ', 1)[-1].split()[0]
                total += int(result) if result.isdigit() else 0
        return total

    def test_three_gibibytes_of_hole(self):
        source = self.sparse('source', 3 * GIB, [(GIB, b'middle'), (3 * GIB - 3, b'end')])
        before = self.used()
        read_and_written = self.traffic('cp', source, self.mnt)
        self.assertLess(read_and_written, 8 * MIB)
        self.assertLess(self.used() - before, 8 * MIB)
        with open(f'{self.mnt}/source', 'rb') as copy:
            for offset, content in ((GIB - 2, b'\0\0middle\0'), (3 * GIB - 4, b'\0end'), (2 * GIB, bytes(MIB))):
                copy.seek(offset)
                self.assertEqual(copy.read(len(content)), content)
        self.assertEqual(os.stat(f'{self.mnt}/source').st_size, 3 * GIB)

    def test_over_old_bytes(self):
        """What a hole comes to lie on is whatever a killed program or an earlier pool left."""
        self.umount(self.mnt)
        self.famfs('mkfs', '--force', self.image)
        start = 2 * MIB + 8 * MIB
        with open(self.image, 'r+b') as pool:
            pool.seek(start)
            for _ in range(100):
                pool.write(b'\xa5' * MIB)
        self.mount(self.image)
        places = ((0, b'a'), (3 * MIB + 17, b'b' * 5000), (20 * MIB, b'c' * MIB), (40 * MIB - 1, b'd'))
        source = self.sparse('source', 40 * MIB, places)
        tail = self.sparse('tail', 30 * MIB + 1, [(5, b'x')])
        empty = self.sparse('all-hole', 9 * MIB)
        self.famfs('cp', source, tail, empty, self.mnt)
        for name in ('source', 'tail', 'all-hole'):
            self.command(['cmp', self.path(name), f'{self.mnt}/{name}'])
        self.famfs('cp', '--verify', source, f'{self.mnt}/verified')
        self.command(['cmp', source, f'{self.mnt}/verified'])

    def test_layouts(self):
        """Data and holes around steps, pieces, pages and the limit below which nobody looks."""
        step = 8 * MIB
        for number, (size, offsets) in enumerate([
                (70 * MIB, [0, step - 1, step, 64 * MIB - 1, 64 * MIB]), (70 * MIB, [1, step + 1, 64 * MIB + 1]), (65536, [65535]),
                (65535, [0]), (65537, [65536]), (4097, []), (2 * step, [step]), (2 * step, [step - 4096, step + 4096])]):
            self.sparse(f'tree/{number}', size, [(offset, b'!') for offset in offsets])
        self.famfs('cp', '-r', self.path('tree'), self.mnt)
        self.famfs('verify', f'{self.mnt}/tree', '--against', self.path('tree'))
        for name in os.listdir(self.path('tree')):
            self.command(['cmp', self.path(f'tree/{name}'), f'{self.mnt}/tree/{name}'])

    def test_a_source_that_knows_no_holes(self):
        """A file of a famfs mount: its file system does not say."""
        source = self.sparse('source', 20 * MIB, [(10 * MIB, b'middle')])
        self.famfs('cp', source, f'{self.mnt}/one')
        self.famfs('cp', f'{self.mnt}/one', f'{self.mnt}/two')
        self.command(['cmp', source, f'{self.mnt}/two'])

    def test_in_place_where_no_hole_can_be_punched(self):
        self.umount(self.mnt)
        with open(self.image, 'r+b') as pool:
            pool.seek(10 * MIB)
            pool.write(b'\xa5' * 20 * MIB)
        self.mount(self.image)
        source = self.sparse('source', GIB, [(MIB, b'x')])
        log = self.path('strace')
        before = self.used()
        self.command(['strace', '-f', '-o', log, '-e', 'trace=fallocate', '-e', 'inject=fallocate:error=EOPNOTSUPP',
                      os.environ['FAMFS'], 'cp', source, self.mnt])
        self.command(['cmp', source, f'{self.mnt}/source'])
        self.assertLess(self.used() - before, 30 * MIB)


if __name__ == '__main__':
    harness.main()
