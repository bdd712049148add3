# ctest: user labels=sanitize,threads
"""Files in a mount, as programs see them: reading, writing, mapping, their attributes, and what is refused."""
import ctypes
import errno
import json
import mmap
import os
import struct

import decoder
import harness
from daemon_case import in_another_process, wait_for

MIB = 1 << 20
SIZE = 5 * MIB + 123
PUNCH_HOLE = 3  # with the size kept, see fallocate(2)


def pattern(size, seed=0):
    block = b''.join(struct.pack('<Q', (seed << 32) + number) for number in range(4096))
    return (block * (size // len(block) + 1))[:size]


@harness.needs_fuse
class Mounted(harness.SystemTest):
    options = ()

    def setUp(self):
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image, *self.options)
        self.content = pattern(SIZE)
        self.famfs('mkdir', f'{self.mnt}/d')
        self.famfs('cp', self.write('source', self.content), f'{self.mnt}/d/f')
        self.file = f'{self.mnt}/d/f'

    def stored(self, path=b'd/f'):
        """The file's bytes as they lie in the image."""
        return decoder.content(self.image, decoder.decode(self.image).files[path])

    def refused(self, code, function, *arguments, **options):
        with self.assertRaises(OSError) as raised:
            function(*arguments, **options)
        self.assertEqual(errno.errorcode[raised.exception.errno], errno.errorcode[code], function)


class Bytes(Mounted):
    def test_read_anywhere(self):
        with open(self.file, 'rb', buffering=0) as file:
            for offset, length in ((0, 1), (1, 4096), (4095, 2), (2 * MIB - 1, 2), (SIZE - 1, 1), (SIZE - 1, 100),
                                   (SIZE, 1), (SIZE + MIB, 1), (123456, 3 * MIB)):
                self.assertEqual(os.pread(file.fileno(), length, offset), self.content[offset:offset + length])

    def test_write_reaches_the_pool(self):
        wanted = bytearray(self.content)
        descriptor = os.open(self.file, os.O_RDWR)
        try:
            for offset, text in ((0, b'start'), (2 * MIB - 3, b'across'), (SIZE - 3, b'end'), (4096, b'p' * 8192)):
                self.assertEqual(os.pwrite(descriptor, text, offset), len(text))
                wanted[offset:offset + len(text)] = text
                self.assertEqual(os.pread(descriptor, len(text), offset), text)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.assertEqual(self.stored(), bytes(wanted))
        self.assertEqual(os.stat(self.file).st_size, SIZE)
        self.umount(self.mnt)
        self.mount(self.image)
        with open(self.file, 'rb') as file:
            self.assertEqual(file.read(), bytes(wanted))

    def test_write_at_the_end(self):
        descriptor = os.open(self.file, os.O_RDWR)
        try:
            self.assertEqual(os.pwrite(descriptor, b'12345', SIZE - 2), 2)
            self.refused(errno.EFBIG, os.pwrite, descriptor, b'x', SIZE)
            self.refused(errno.EFBIG, os.pwrite, descriptor, b'x', SIZE + MIB)
            self.assertEqual(os.fstat(descriptor).st_size, SIZE)
        finally:
            os.close(descriptor)
        self.assertEqual(os.stat(self.file).st_size, SIZE)
        self.assertEqual(self.stored(), self.content[:-2] + b'12')

    def test_append(self):
        descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND)
        try:
            self.refused(errno.EFBIG, os.write, descriptor, b'x')
        finally:
            os.close(descriptor)

    def test_mapped_read(self):
        with open(self.file, 'rb') as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            self.assertEqual(mapped[:], self.content)

    def test_mapped_write(self):
        with open(self.file, 'r+b') as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[2 * MIB - 2:2 * MIB + 2] = b'MMAP'
            mapped[SIZE - 1:SIZE] = b'!'
            mapped.flush()
        wanted = bytearray(self.content)
        wanted[2 * MIB - 2:2 * MIB + 2] = b'MMAP'
        wanted[SIZE - 1:] = b'!'
        self.assertEqual(self.stored(), bytes(wanted))
        self.assertEqual(os.stat(self.file).st_size, SIZE)

    def test_private_map_changes_nothing(self):
        with open(self.file, 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
            mapped[:4] = b'copy'
        self.assertEqual(self.stored(), self.content)

    def test_new_file_reads_as_zeros(self):
        self.famfs('creat', '--size', '3M', f'{self.mnt}/zeros')
        with open(f'{self.mnt}/zeros', 'rb') as file:
            self.assertEqual(file.read(), bytes(3 * MIB))

    def test_room_used_before_reads_as_zeros(self):
        """mkfs again over a pool full of data: a new file must not show what lay there."""
        self.umount(self.mnt)
        self.famfs('mkfs', self.image, '--force')
        self.mount(self.image)
        self.famfs('creat', '--size', str(SIZE + 4096), f'{self.mnt}/zeros')
        with open(f'{self.mnt}/zeros', 'rb') as file:
            self.assertEqual(file.read(), bytes(SIZE + 4096))
        short = self.write('short', b'short')
        self.famfs('cp', short, f'{self.mnt}/short')
        [(_, offset, _)] = decoder.decode(self.image).files[b'short'].extents
        with open(self.image, 'rb') as image:
            self.assertEqual(os.pread(image.fileno(), 4096, offset), b'short'.ljust(4096, b'\0'))

    def test_seek_to_data_and_hole(self):
        with open(self.file, 'rb') as file:
            self.assertEqual(os.lseek(file.fileno(), 5, os.SEEK_DATA), 5)
            self.assertEqual(os.lseek(file.fileno(), 5, os.SEEK_HOLE), SIZE)
            self.refused(errno.ENXIO, os.lseek, file.fileno(), SIZE, os.SEEK_DATA)

    def test_copied_out_by_cp_and_cat(self):
        self.command(['cp', self.file, self.path('out')])
        self.command(['cmp', self.path('out'), self.path('source')])
        self.command(['sh', '-c', 'cat "$1" | cmp - "$2"', 'sh', self.file, self.path('source')])

    def test_meta_is_what_the_pool_starts_with(self):
        with open(self.image, 'rb') as image:
            region, log = image.read(2 * MIB), image.read(8 * MIB)
        for name, content in (('.superblock', region), ('.log', log)):
            self.assertEqual(os.stat(f'{self.mnt}/.meta/{name}').st_size, len(content))
            if os.geteuid() == 0 or name == '.superblock':
                with open(f'{self.mnt}/.meta/{name}', 'rb') as file:
                    self.assertEqual(file.read(), content, name)


class DirectIo(Bytes):
    """The same with the kernel's cache out of the way."""
    options = ('-o', 'direct_io')
    test_mapped_read = harness.needs_direct_io_maps(Bytes.test_mapped_read)
    test_mapped_write = harness.needs_direct_io_maps(Bytes.test_mapped_write)

    def write_as_another_host(self, offset, text):
        """Past the mount, into the file's first extent."""
        [(_, start, _), *_] = decoder.decode(self.image).files[b'd/f'].extents
        with open(self.image, 'r+b', buffering=0) as image:
            os.pwrite(image.fileno(), text, start + offset)

    def test_a_read_shows_what_another_host_wrote(self):
        with open(self.file, 'rb', buffering=0) as file:
            self.assertEqual(os.pread(file.fileno(), 5, 100), self.content[100:105])
            self.write_as_another_host(100, b'other')
            self.assertEqual(os.pread(file.fileno(), 5, 100), b'other')

    @harness.needs_direct_io_maps
    def test_mappings_and_calls_agree(self):
        """On this host a store is seen by the next read and a write by the next load, through whichever descriptor."""
        with open(self.file, 'r+b', buffering=0) as file, open(self.file, 'r+b', buffering=0) as second, \
                mmap.mmap(file.fileno(), 0) as mapped, mmap.mmap(second.fileno(), 0) as mapped_too:
            mapped[100:105] = b'store'
            self.assertEqual(os.pread(second.fileno(), 5, 100), b'store')
            self.assertEqual(mapped_too[100:105], b'store')
            os.pwrite(second.fileno(), b'write', 2 * MIB - 2)
            self.assertEqual(mapped[2 * MIB - 2:2 * MIB + 3], b'write')
            mapped.flush()
        self.assertEqual(self.stored()[100:105], b'store')

    @harness.needs_direct_io_maps
    def test_a_mapping_has_what_was_there_when_it_was_made(self):
        """Its pages are this host's: what another host writes is in the next mapping, not in one that is loaded."""
        with open(self.file, 'rb') as file:
            with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                self.assertEqual(mapped[100:105], self.content[100:105])
            self.write_as_another_host(100, b'other')
            with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                self.assertEqual(mapped[100:105], b'other')


class Attributes(Mounted):
    def test_stat(self):
        status = os.stat(self.file)
        self.assertEqual((status.st_size, status.st_uid, status.st_gid), (SIZE, os.getuid(), os.getgid()))
        self.assertEqual(status.st_nlink, 1)
        self.assertEqual(os.stat(self.file).st_ino, status.st_ino)

    def test_room_of_the_pool(self):
        before = os.statvfs(self.mnt)
        self.assertEqual(before.f_blocks * before.f_frsize, 1 << 30)
        self.assertEqual((before.f_blocks - before.f_bfree) * before.f_frsize, (2 + 8 + 6) * MIB)
        self.assertEqual((before.f_files, before.f_ffree), (15420, 15418))
        self.famfs('creat', '--size', '3M', f'{self.mnt}/more')
        after = os.statvfs(self.mnt)
        self.assertEqual((before.f_bfree - after.f_bfree) * after.f_frsize, 4 * MIB)
        self.assertEqual(after.f_ffree, 15417)

    def test_extended_attributes(self):
        [document] = [os.getxattr(self.file, 'user.famfs.shadow').decode()]
        with open(document) as text:
            self.assertIn('d/f', text.read())
        self.assertEqual(os.getxattr(self.mnt, 'user.famfs.shadow').decode() + '/d/f', document)
        self.assertEqual(os.getxattr(self.file, 'user.famfs.data_path'), b'copy')
        said = json.loads(os.getxattr(self.file, 'user.famfs.extents'))
        file = decoder.decode(self.image).files[b'd/f']
        self.assertEqual(said['chunk_size'], 0)
        self.assertEqual([(part['offset'], part['length']) for part in said['extents']],
                         [(offset, length) for _, offset, length in file.extents])
        self.assertEqual(os.listxattr(self.file), [], 'a copy with attributes would carry them away')

    def test_copies_carry_no_attribute_away(self):
        self.command(['cp', '-a', self.file, self.path('out')])
        self.assertEqual([name for name in os.listxattr(self.path('out')) if 'famfs' in name], [])

    def test_attributes_that_are_not_there(self):
        self.refused(errno.ENODATA, os.getxattr, self.file, 'user.other')
        self.refused(errno.ENOTSUP, os.getxattr, self.file, 'security.selinux')
        self.refused(errno.ENOTSUP, os.getxattr, self.file, 'system.posix_acl_access')

    def test_map_tells_the_same(self):
        file = decoder.decode(self.image).files[b'd/f']
        report = self.famfs('map', '--json', self.file).json()
        self.assertEqual(harness.values_of(report, 'offset'), [offset for _, offset, _ in file.extents])
        self.assertEqual(harness.values_of(report, 'length'), [length for _, _, length in file.extents])

    def test_many_names(self):
        names = [f'{number:03}' for number in range(400)]
        self.famfs('mkdir', f'{self.mnt}/many')
        self.famfs('creat', '--size', '1', *(f'{self.mnt}/many/{name}' for name in names))
        for name in names:
            self.assertEqual(os.stat(f'{self.mnt}/many/{name}').st_size, 1)
        self.assertEqual(sorted(os.listdir(f'{self.mnt}/many')), names)


class Refused(Mounted):
    def test_making(self):
        self.refused(errno.EPERM, os.open, f'{self.mnt}/new', os.O_CREAT | os.O_WRONLY)
        self.refused(errno.EPERM, os.mkdir, f'{self.mnt}/new')
        self.refused(errno.EPERM, os.mknod, f'{self.mnt}/new', 0o010644)
        self.refused(errno.EPERM, os.symlink, 'x', f'{self.mnt}/new')
        self.refused(errno.EPERM, os.link, self.file, f'{self.mnt}/new')
        self.assertEqual(sorted(set(os.listdir(self.mnt)) - {'.meta'}), ['d'])

    def test_taking_away(self):
        self.refused(errno.EPERM, os.unlink, self.file)
        self.refused(errno.EPERM, os.rmdir, f'{self.mnt}/d')
        self.refused(errno.EPERM, os.rename, self.file, f'{self.mnt}/d/g')
        self.refused(errno.EPERM, os.rename, f'{self.mnt}/d', f'{self.mnt}/e')
        self.assertEqual(os.listdir(f'{self.mnt}/d'), ['f'])

    def test_changing(self):
        self.refused(errno.EPERM, os.chmod, self.file, 0o600)
        self.refused(errno.EPERM, os.utime, self.file, (1, 1))
        self.refused(errno.EPERM, os.chown, self.file, 1, -1)
        self.refused(errno.ENOTSUP, os.setxattr, self.file, 'user.x', b'1')
        self.refused(errno.ENOTSUP, os.removexattr, self.file, 'user.famfs.shadow')

    def test_size(self):
        for size in (0, 1, SIZE - 1, SIZE + 1, 1 << 40):
            self.refused(errno.EPERM, os.truncate, self.file, size)
        self.refused(errno.EPERM, os.open, self.file, os.O_WRONLY | os.O_TRUNC)
        os.truncate(self.file, SIZE)
        self.assertEqual(self.stored(), self.content)

    def test_space(self):
        with open(self.file, 'r+b') as file:
            libc = ctypes.CDLL(None, use_errno=True)
            for mode, length in ((0, 2 * SIZE), (PUNCH_HOLE, 4096)):
                status = libc.fallocate(file.fileno(), mode, ctypes.c_long(0), ctypes.c_long(length))
                self.assertEqual((status, ctypes.get_errno()), (-1, errno.EOPNOTSUPP))

    def test_a_write_changes_no_time(self):
        before = os.stat(self.file)
        with open(self.file, 'r+b', buffering=0) as file:
            os.pwrite(file.fileno(), b'x', 0)
            os.fsync(file.fileno())
            after = os.fstat(file.fileno())
        self.assertEqual((after.st_mtime_ns, after.st_ctime_ns), (before.st_mtime_ns, before.st_ctime_ns))

    @harness.needs_root  # an ordinary user's cp keeps no set-id bits
    def test_set_id_bits_are_kept_by_keeping_others_out(self):
        """A write would have to drop them, and they are the log's."""
        source = self.write('set-id', b'#!')
        os.chmod(source, 0o6777)
        self.famfs('cp', '--preserve', source, f'{self.mnt}/set-id')

        def opens_for_writing(uid):
            os.setresuid(uid, uid, uid)
            try:
                os.close(os.open(f'{self.mnt}/set-id', os.O_RDWR))
                return True
            except PermissionError:
                return False

        os.chmod(self.dir, 0o755)
        self.assertTrue(wait_for(in_another_process(opens_for_writing, 0)))
        self.assertFalse(wait_for(in_another_process(opens_for_writing, 65534)))
        self.assertEqual(os.stat(f'{self.mnt}/set-id').st_mode & 0o7777, 0o6777)

    def test_nothing_says_function_not_implemented(self):
        for command in ('touch $F', 'rm $F', 'mv $F $F.2', 'cp $S $F', 'ln $F $F.2', 'ln -s x $F.2', 'chmod 600 $F',
                        'mkdir $D/new', 'rmdir $D', 'truncate -s 0 $F', 'echo x > $F', 'echo x >> $F', 'sync $F',
                        'sync -f $F', 'setfattr -n user.a -v b $F', 'flock $F true', 'ls -laR $D', 'df $F',
                        'stat -f $F'):
            outcome = self.command(['sh', '-c', command], None, env={
                'F': self.file, 'D': f'{self.mnt}/d', 'S': self.path('source')})
            self.assertNotIn('not implemented', outcome.err.lower(), outcome)
        for command in ('sync $F', 'flock $F true', 'ls -laR $D', 'df $F', 'stat -f $F', 'cat $F >/dev/null'):
            self.command(['sh', '-c', command], 0, env={'F': self.file, 'D': f'{self.mnt}/d'})

    def test_directory_as_file_and_file_as_directory(self):
        self.refused(errno.EISDIR, open, f'{self.mnt}/d', 'wb')
        self.refused(errno.ENOTDIR, os.listdir, self.file)
        self.refused(errno.ENOENT, os.stat, f'{self.mnt}/none')
        self.refused(errno.ENOTDIR, os.stat, f'{self.file}/none')
        self.refused(errno.ENAMETOOLONG, os.stat, f'{self.mnt}/' + 'x' * 256)


@harness.needs_fuse
class ReadOnly(harness.SystemTest):
    def test_nothing_is_written(self):
        image = self.new_pool('1G')
        point = self.mount(image)
        self.famfs('creat', '--size', '1M', f'{point}/f')
        self.umount(point)
        self.mount(image, '--read-only')
        with open(f'{point}/f', 'rb') as file:
            self.assertEqual(len(file.read()), MIB)
        for attempt in (lambda: os.open(f'{point}/f', os.O_RDWR), lambda: os.mkdir(f'{point}/d'),
                        lambda: os.unlink(f'{point}/f'), lambda: os.truncate(f'{point}/f', 0)):
            with self.assertRaises(OSError) as raised:
                attempt()
            self.assertEqual(raised.exception.errno, errno.EROFS)


if __name__ == '__main__':
    harness.main()
