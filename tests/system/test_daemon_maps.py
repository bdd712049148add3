# ctest: user labels=sanitize,threads
"""File maps for kernels that ask for them: the daemon over a socket pair, with this test as the kernel. The replies
wanted here were worked out by hand from docs/kernel-maps.md."""
import errno
import os
import random
import struct
import uuid

import fuse_kernel
import harness
import omf
from fuse_kernel import BIT_43, KILLPRIV_V2, USUAL_FLAGS

MIB = 1 << 20
UNIT = 2 * MIB
TRANSCRIPT = f'{harness.GOLDEN}/kernel-maps/v10-mount.txt'


def header(kind, ext_type, count, total, size):
    return struct.pack('<BBHIIIQQ', kind, 0, 1, ext_type, count, total, size, 0)


def extents(*listed):
    return b''.join(struct.pack('<IIQQ', device, 0, offset, length) for device, offset, length in listed)


def simple_map(size, *listed, kind=0):
    return header(kind, 0, len(listed), 32 + 24 * len(listed), size) + extents(*listed)


def striped_map(size, chunk, *strips, span=None):
    return (header(0, 1, 1, 56 + 24 * len(strips), size) +
            struct.pack('<IIQQ', len(strips), chunk, size if span is None else span, 0) + extents(*strips))


class MapTest(harness.SystemTest):
    log = [omf.mkdir('d'), omf.file('d/one', 12345, omf.simple((0, omf.DATA, UNIT)))]
    size, unit = 1 << 30, omf.UNIT

    def setUp(self):
        self.image = self.encoded_pool(omf.Pool(self.log, unit=self.unit, dev=uuid.UUID(int=7).bytes), self.size)
        self.shadow = self.path('shadow')
        self.famfs('logplay', '--shadow', self.shadow, self.image)

    def start(self, *options):
        self.messages = open(self.path('log'), 'w+b')
        self.addCleanup(self.messages.close)
        kernel = fuse_kernel.Kernel([os.environ['FAMFS_FUSED'], '--shadow', self.shadow, *options],
                                    self.environment(), self.messages)
        self.addCleanup(kernel.close)
        return kernel

    def start_with_maps(self, abi='v10', *options):
        kernel = self.start('--data-path', 'iomap', '--kernel-abi', abi, *options)
        error, flags, _ = kernel.init(45, USUAL_FLAGS | BIT_43)
        self.assertEqual((error, flags & BIT_43), (0, BIT_43))
        return kernel

    def said(self):
        self.messages.seek(0)
        return self.messages.read().decode()

    def map_of(self, kernel, path, **options):
        node, size = kernel.walk(path)
        error, _ = kernel.open(node)
        self.assertEqual(error, 0, path)
        return kernel.map(node, **options)

    def assert_map(self, kernel, path, wanted, **options):
        error, got = self.map_of(kernel, path, **options)
        self.assertEqual((error, got.hex(' ', 8)), (0, wanted.hex(' ', 8)), path)


class Negotiation(MapTest):
    def test_flags_taken(self):
        """What is offered, what the operator says, and whether maps are taken."""
        rows = [(38, 0, 'v10', False), (45, 0, 'v10', False), (45, BIT_43, 'v10', True), (46, BIT_43, 'v10', False),
                (46, BIT_43, 'next', False), (44, BIT_43, 'v10', False), (99, BIT_43, 'v10', False),
                (99, BIT_43, 'next', True), (45, BIT_43, 'next', True), (99, 0, 'next', False)]
        for minor, flag, abi, taken in rows:
            with self.subTest(minor=minor, flag=flag, abi=abi):
                kernel = self.start('--data-path', 'iomap', '--kernel-abi', abi)
                error, flags, reply = kernel.init(minor, USUAL_FLAGS | flag)
                self.assertEqual((error, len(reply)), (0, 64))
                self.assertEqual(flags & BIT_43, BIT_43 if taken else 0)
                if taken:
                    node, _ = kernel.walk('d/one')
                    self.assertEqual(kernel.open(node)[0], 0)
                    self.assertEqual(kernel.close(), 0)
                else:
                    self.assertEqual(kernel.daemon.wait(30), 5)
                    self.assertRegex(self.said(), r'famfs-fused: data path iomap: this kernel takes no file maps: not ')
                self.assertRegex(self.said(), rf'kernel: FUSE 7\.{minor}, INIT flags 0x')

    def test_other_data_paths_take_no_maps(self):
        for minor in (38, 45, 46, 99):
            kernel = self.start('--data-path', 'copy')
            error, flags, _ = kernel.init(minor, USUAL_FLAGS | BIT_43)
            self.assertEqual((error, flags & BIT_43), (0, 0))
            node, _ = kernel.walk('d/one')
            self.assertEqual(kernel.map(node), (errno.ENOSYS, b''))
            self.assertEqual(kernel.ask(fuse_kernel.GET_DAXDEV, 0), (errno.ENOSYS, b''))
            self.assertEqual(kernel.close(), 0)

    def test_found_out_only_on_a_dax_device(self):
        self.fails(5, '--shadow', self.shadow, '--data-path', 'iomap', self.dir + '/none', program='famfs-fused')
        mnt = self.path('mnt')
        os.mkdir(mnt)
        self.fails(5, '--shadow', self.shadow, '--data-path', 'iomap', mnt, program='famfs-fused',
                   words=['fsdev mode'])
        self.fails(2, '--shadow', self.shadow, '--data-path', 'iomap', '--kernel-abi', 'none', mnt,
                   program='famfs-fused', words=['exclude'])
        self.fails(2, '--shadow', self.shadow, '--kernel-abi', 'v11', mnt, program='famfs-fused')

    def test_nothing_else_in_the_reply_changes(self):
        replies = []
        for options in (('--data-path', 'copy'), ('--data-path', 'iomap', '--kernel-abi', 'v10')):
            kernel = self.start(*options)
            replies.append(kernel.init(45, USUAL_FLAGS | BIT_43)[2])
            kernel.close()
        copy, iomap = replies
        self.assertEqual(copy[:32] + struct.pack('<I', 0x800) + copy[36:], iomap)

    def test_killpriv_is_taken_where_offered(self):
        kernel = self.start('--data-path', 'copy')
        self.assertEqual(kernel.init(45, USUAL_FLAGS & ~KILLPRIV_V2)[1] & KILLPRIV_V2, 0)
        kernel = self.start('--data-path', 'copy')
        self.assertNotEqual(kernel.init(45, USUAL_FLAGS | KILLPRIV_V2)[1] & KILLPRIV_V2, 0)

    def test_protocols_that_are_not_spoken(self):
        for major, minor in ((7, 30), (6, 45), (8, 0)):
            kernel = self.start('--data-path', 'copy')
            self.assertEqual(kernel.init(minor, major=major)[0], errno.EPROTO)
            self.assertEqual(kernel.init(31)[0], 0)


class Maps(MapTest):
    """Every shape of map that the format has."""
    size = 4 << 40
    sixteen = [(0, omf.DATA + 100 * UNIT + 2 * number * UNIT, UNIT) for number in range(16)]
    wide = [(0, 1 * (1 << 30) + number * (1 << 28), 8 * UNIT) for number in range(16)]
    log = [
        omf.file('zero', 0, omf.simple((0, omf.DATA, UNIT))),
        omf.file('one', 1, omf.simple((0, omf.DATA + UNIT, UNIT))),
        omf.file('odd', 3 * MIB + 17, omf.simple((0, omf.DATA + 2 * UNIT, UNIT), (0, omf.DATA + 8 * UNIT, UNIT))),
        omf.file('sixteen', 31 * MIB, omf.simple(*sixteen)),
        omf.file('tib', 1 << 40, omf.simple((0, 1 << 40, 1 << 40))),
        omf.file('two-strips', 5 * MIB, omf.striped(UNIT, (0, 300 << 20, 2 * UNIT), (0, 400 << 20, 2 * UNIT))),
        omf.file('sixteen-strips', 200 * MIB + 1, omf.striped(2 * UNIT, *wide)),
        omf.file('empty-stripe', 0, omf.striped(UNIT, (0, 500 << 20, UNIT), (0, 600 << 20, UNIT))),
    ]

    def test_v10(self):
        kernel = self.start_with_maps()
        self.assert_map(kernel, 'zero', simple_map(0, (0, 0xa00000, 0x200000)))
        self.assert_map(kernel, 'one', simple_map(1, (0, 0xc00000, 0x200000)))
        self.assert_map(kernel, 'odd', simple_map(0x300011, (0, 0xe00000, 0x200000), (0, 0x1a00000, 0x200000)))
        self.assert_map(kernel, 'sixteen', simple_map(31 * MIB, *self.sixteen))
        self.assert_map(kernel, 'tib', simple_map(1 << 40, (0, 1 << 40, 1 << 40)))
        self.assert_map(kernel, 'two-strips',
                        striped_map(5 * MIB, 0x200000, (0, 300 << 20, 0x400000), (0, 400 << 20, 0x400000)))
        self.assert_map(kernel, 'sixteen-strips', striped_map(200 * MIB + 1, 0x400000, *self.wide))
        self.assert_map(kernel, 'empty-stripe', striped_map(0, 0x200000, (0, 500 << 20, 0x200000),
                                                            (0, 600 << 20, 0x200000), span=0x400000))
        self.assert_map(kernel, '.meta/.superblock', simple_map(0x200000, (0, 0, 0x200000), kind=1))
        self.assert_map(kernel, '.meta/.log', simple_map(0x800000, (0, 0x200000, 0x800000), kind=2))

    def test_one_map_as_a_person_would_write_it(self):
        kernel = self.start_with_maps()
        error, got = self.map_of(kernel, 'odd')
        self.assertEqual((error, got), (0, bytes.fromhex(
            '00 00 01 00  00 00 00 00  02 00 00 00  50 00 00 00'  # regular, version 1, simple, 2 extents, 80 bytes
            '11 00 30 00 00 00 00 00  00 00 00 00 00 00 00 00'    # 3 MiB + 17
            '00 00 00 00  00 00 00 00  00 00 e0 00 00 00 00 00  00 00 20 00 00 00 00 00'
            '00 00 00 00  00 00 00 00  00 00 a0 01 00 00 00 00  00 00 20 00 00 00 00 00')))

    def test_next_abi_unrolls_stripes(self):
        kernel = self.start_with_maps('next')
        self.assert_map(kernel, 'odd', simple_map(0x300011, (0, 0xe00000, 0x200000), (0, 0x1a00000, 0x200000)),
                        room=4096)
        first, second = 300 << 20, 400 << 20
        self.assert_map(kernel, 'two-strips', simple_map(5 * MIB, (0, first, UNIT), (0, second, UNIT),
                                                         (0, first + UNIT, UNIT)), room=4096)
        self.assert_map(kernel, 'empty-stripe', simple_map(0, (0, 500 << 20, UNIT)), room=4096)
        chunks = [(0, (1 << 30) + strip * (1 << 28) + row * 2 * UNIT, 2 * UNIT) for row in range(4)
                  for strip in range(16)][:51]
        self.assert_map(kernel, 'sixteen-strips', simple_map(200 * MIB + 1, *chunks), room=4096)
        self.assert_map(kernel, '.meta/.log', simple_map(0x800000, (0, 0x200000, 0x800000), kind=2), room=56)

    def test_next_abi_says_how_much_room_it_takes(self):
        kernel = self.start_with_maps('next')
        whole = simple_map(31 * MIB, *self.sixteen)
        for room in (32, 33, 415):
            self.assert_map(kernel, 'sixteen', header(0, 0, 16, 416, 31 * MIB), room=room)
        for room in (416, 417, 4096, 16 * MIB, 0xffffffff):
            self.assert_map(kernel, 'sixteen', whole, room=room)
        node, _ = kernel.walk('sixteen')
        for room in (0, 31):
            self.assertEqual(kernel.map(node, room=room), (errno.EINVAL, b''))
        self.assertEqual(kernel.map(node), (errno.EINVAL, b''))

    def test_each_abi_has_its_own_question(self):
        kernel = self.start_with_maps('v10')
        node, _ = kernel.walk('one')
        self.assertEqual(kernel.map(node, room=4096), (errno.EINVAL, b''))
        kernel = self.start_with_maps('next')
        self.assertEqual(kernel.ask(fuse_kernel.GET_DAXDEV, 0), (errno.ENOSYS, b''))

    def test_devices(self):
        kernel = self.start_with_maps()
        wanted = struct.pack('<HHIQQ', 0, 0, 0, 0, 0) + self.image.encode().ljust(256, b'\0')
        self.assertEqual(len(wanted), 280)
        self.assertEqual(kernel.ask(fuse_kernel.GET_DAXDEV, 0), (0, wanted))
        for index in (1, 63, 64, 65536, 1 << 63):
            self.assertEqual(kernel.ask(fuse_kernel.GET_DAXDEV, index), (errno.ENODEV, b''))
        self.assertEqual(kernel.ask(fuse_kernel.GET_DAXDEV, 0, b'12345678'), (errno.EINVAL, b''))

    def test_what_has_no_map(self):
        kernel = self.start_with_maps()
        self.assertEqual(kernel.map(fuse_kernel.ROOT), (errno.EISDIR, b''))
        self.assertEqual(kernel.map(4711), (errno.ESTALE, b''))
        with open(f'{self.shadow}/root/bad', 'w') as out:
            out.write('nonsense')
        node, size = kernel.walk('bad')
        self.assertEqual((size, kernel.map(node), kernel.open(node)[0]), (0, (errno.EUCLEAN, b''), errno.EUCLEAN))


class CannotBeSent(MapTest):
    """Files of the pool that V10 cannot map: their open fails and the log says why; the others work."""
    size = 64 << 40
    second = uuid.UUID(int=9).bytes
    log = [
        omf.add_daxdev(1 << 30, second, 1),
        omf.file('fine', 1, omf.simple((0, omf.DATA, UNIT))),
        omf.file('elsewhere', 1, omf.simple((0, omf.DATA + UNIT, UNIT), (1, 0, UNIT))),
        omf.file('long', 1 << 43, omf.striped(UNIT, (0, 1 << 43, 1 << 42), (0, 1 << 44, 1 << 42))),
    ]

    def assert_refused(self, kernel, path, code, words, **options):
        node, _ = kernel.walk(path)
        self.assertEqual(kernel.open(node), (code, b''))
        self.assertEqual(kernel.map(node, **options), (code, b''))
        self.assertRegex(self.said(), rf'famfs-fused: {path}: no map: {words}')

    def test_second_device(self):
        kernel = self.start_with_maps()
        self.assert_refused(kernel, 'elsewhere', errno.ENXIO,
                            r'extent 1: device 1, this kernel \(maps v10\) takes device 0 at most')
        self.assert_map(kernel, 'fine', simple_map(1, (0, omf.DATA, UNIT)))
        self.assert_map(self.start_with_maps('next'), 'elsewhere',
                        simple_map(1, (0, omf.DATA + UNIT, UNIT), (1, 0, UNIT)), room=4096)

    def test_too_many_extents(self):
        self.assert_map(self.start_with_maps(), 'long',
                        striped_map(1 << 43, UNIT, (0, 1 << 43, 1 << 42), (0, 1 << 44, 1 << 42)))
        self.assert_refused(self.start_with_maps('next'), 'long', errno.E2BIG,
                            r'4194304 extents, this kernel \(maps next\) takes 1 to 699049', room=16 * MIB)


class SmallUnit(MapTest):
    unit = 4096
    log = [omf.file('small', 1, omf.simple((0, omf.DATA + 4096, 4096))),
           omf.file('short', 1, omf.simple((0, omf.DATA + UNIT, 4096))),
           omf.file('fine', 1, omf.simple((0, omf.DATA + 2 * UNIT, UNIT)))]

    def test_not_aligned(self):
        kernel = self.start_with_maps()
        for path, value in (('small', '0xa01000'), ('short', '0x1000')):
            node, _ = kernel.walk(path)
            self.assertEqual(kernel.open(node), (errno.EINVAL, b''))
            self.assertEqual(kernel.map(node), (errno.EINVAL, b''))
            self.assertRegex(self.said(), rf'{path}: no map: extent 0: {value} is not a multiple of 0x200000')
        self.assert_map(kernel, 'fine', simple_map(1, (0, omf.DATA + 2 * UNIT, UNIT)))


class Rules(MapTest):
    def test_size_never_changes(self):
        kernel = self.start_with_maps()
        node, size = kernel.walk('d/one')
        for flags in (os.O_WRONLY | os.O_TRUNC, os.O_RDWR | os.O_TRUNC):
            self.assertEqual(kernel.open(node, flags), (errno.EPERM, b''))

        def set_size(value):
            return kernel.ask(fuse_kernel.SETATTR, node, struct.pack('<IIQQ', 1 << 3, 0, 0, value).ljust(88, b'\0'))
        for value in (0, size - 1, size + 1, 1 << 62):
            self.assertEqual(set_size(value), (errno.EPERM, b''))
        error, reply = set_size(size)
        self.assertEqual((error, struct.unpack_from('<Q', reply, 24)[0]), (0, size))
        self.assert_map(kernel, 'd/one', simple_map(size, (0, omf.DATA, UNIT)))

    def test_changed_document_is_another_node_and_the_old_one_keeps_its_map(self):
        kernel = self.start_with_maps()
        before, _ = kernel.walk('d/one')
        document = f'{self.shadow}/root/d/one'
        with open(document) as text:
            changed = text.read().replace('size: 12345', 'size: 54321')
        with open(f'{self.shadow}/aside', 'w') as out:
            out.write(changed)
        os.rename(f'{self.shadow}/aside', document)
        after, size = kernel.walk('d/one')
        self.assertEqual(size, 54321)
        self.assertNotEqual(before, after)
        self.assertEqual(kernel.map(before), (0, simple_map(12345, (0, omf.DATA, UNIT))))
        self.assertEqual(kernel.map(after), (0, simple_map(54321, (0, omf.DATA, UNIT))))
        error, reply = kernel.ask(fuse_kernel.GETATTR, before, bytes(16))
        self.assertEqual((error, struct.unpack_from('<Q', reply, 24)[0]), (0, 12345))

    def test_nothing_is_parsed_twice(self):
        """Counted in bytes that the daemon reads: later on none but the requests themselves."""
        kernel = self.start_with_maps('v10', '--threads', '1', '--sandbox', 'none')
        node, size = kernel.walk('d/one')

        def bytes_read():
            with open(f'/proc/{kernel.daemon.pid}/io') as counters:
                return int(counters.readline().split()[1])
        before, messages = bytes_read(), len(kernel.transcript)
        for _ in range(50):
            self.assertEqual(kernel.walk('d/one'), (node, size))
            kernel.open(node)
            kernel.map(node)
            kernel.ask(fuse_kernel.GETATTR, node, bytes(16))
        asked = sum(len(message) for way, _, message in kernel.transcript[messages:] if way == '>')
        # The main thread may still have an event of 8 bytes to read; a document has over 200.
        self.assertIn(bytes_read() - before - asked, (0, 8))
        os.unlink(f'{self.shadow}/root/d/one')
        self.assertEqual(kernel.map(node), (0, simple_map(size, (0, omf.DATA, UNIT))))

    def test_forgotten_node_is_gone(self):
        kernel = self.start_with_maps('v10', '--threads', '1')
        node, _ = kernel.walk('d/one')
        kernel.walk('d/one')
        kernel.send(fuse_kernel.FORGET, node, struct.pack('<Q', 1))
        self.assertEqual(kernel.map(node)[0], 0)
        kernel.send(fuse_kernel.BATCH_FORGET, 0, struct.pack('<IIQQ', 1, 0, node, 1))
        self.assertEqual(kernel.map(node), (errno.ESTALE, b''))
        again, _ = kernel.walk('d/one')
        self.assertEqual(again, node)  # its id, which is the log entry's
        self.assertEqual(kernel.map(again)[0], 0)

    def test_a_name_that_is_gone_is_gone(self):
        """So the kernel forgets a file that was there only to be opened; names that are there stay."""
        kernel = self.start_with_maps()
        directory, _ = kernel.walk('d')
        node, size = kernel.walk('d/one')

        def unlink(name):
            return kernel.ask(fuse_kernel.UNLINK, directory, name.encode() + b'\0')
        self.assertEqual(unlink('one'), (errno.EPERM, b''))
        self.assertEqual(unlink('never'), (errno.ENOENT, b''))
        os.unlink(f'{self.shadow}/root/d/one')
        self.assertEqual(unlink('one'), (errno.ENOENT, b''))
        self.assertEqual(kernel.map(node), (0, simple_map(size, (0, omf.DATA, UNIT))))

    def test_many_opens_at_once(self):
        kernel = self.start_with_maps('v10', '--threads', '4')
        node, size = kernel.walk('d/one')
        wanted = simple_map(size, (0, omf.DATA, UNIT))
        for _ in range(20):
            opens = [kernel.send(fuse_kernel.OPEN, node, bytes(8)) for _ in range(20)]
            maps = [kernel.send(fuse_kernel.GET_FMAP, node) for _ in range(20)]
            self.assertEqual({kernel.receive(unique)[0] for unique in opens}, {0})
            self.assertEqual({kernel.receive(unique) for unique in maps}, {(0, wanted)})

    def test_set_id_files_are_for_root_to_write(self):
        with open(f'{self.shadow}/root/d/one') as text:
            document = text.read()
        with open(f'{self.shadow}/root/d/suid', 'w') as out:
            out.write(document.replace('/d/one', '/d/suid').replace("'0644'", "'4777'"))
        kernel = self.start_with_maps()
        node, _ = kernel.walk('d/suid')
        self.assertEqual(kernel.open(node, os.O_RDWR, uid=1000), (errno.EPERM, b''))
        self.assertEqual(kernel.open(node, os.O_RDONLY, uid=1000)[0], 0)
        self.assertEqual(kernel.open(node, os.O_RDWR, uid=0)[0], 0)


class Nonsense(MapTest):
    """Requests that no kernel sends: each is answered with an error or dropped, and the next one works."""

    def assert_alive(self, kernel):
        self.assertEqual(kernel.walk('d/one')[1], 12345)

    def test_before_init(self):
        kernel = self.start('--data-path', 'iomap', '--kernel-abi', 'v10')
        for opcode in (fuse_kernel.GET_FMAP, fuse_kernel.GET_DAXDEV, fuse_kernel.STATFS):
            self.assertIn(kernel.ask(opcode, 1)[0], (errno.EIO, errno.ENOSYS))
        self.assertEqual(kernel.init(45, USUAL_FLAGS | BIT_43)[0], 0)
        self.assert_alive(kernel)

    def test_second_init(self):
        kernel = self.start_with_maps()
        self.assertEqual(kernel.init(45, USUAL_FLAGS)[0], errno.EIO)
        self.assert_alive(kernel)

    def test_unknown_opcodes(self):
        kernel = self.start_with_maps()
        for opcode in (0, 7, 48, 49, 50, 51, 52, 53, 56, 57, 100, 4095, 4096, 1 << 20, 0xffffffff):
            self.assertEqual(kernel.ask(opcode, 1, bytes(64))[0], errno.ENOSYS, opcode)
        self.assert_alive(kernel)

    def test_truncated_and_oversized(self):
        kernel = self.start_with_maps()
        for opcode in (*range(1, 48), fuse_kernel.GET_FMAP, fuse_kernel.GET_DAXDEV):
            if opcode in (fuse_kernel.FORGET, fuse_kernel.INTERRUPT, 41, fuse_kernel.BATCH_FORGET):
                kernel.send(opcode, 1, b'\x01')
                kernel.send(opcode, 1, b'\xff' * 200)
                continue
            if opcode == fuse_kernel.DESTROY:
                continue
            for payload, length in ((b'', 39), (b'', 41), (b'x', None), (b'x' * 100, 90), (b'x' * 100, 0xffffffff)):
                error, _ = kernel.ask(opcode, 1, payload, length=length)
                if length is not None:
                    self.assertEqual(error, errno.EINVAL, (opcode, length))
        self.assert_alive(kernel)

    def test_interrupts_are_ignored(self):
        kernel = self.start_with_maps()
        node, _ = kernel.walk('d/one')
        for _ in range(100):
            kernel.send(fuse_kernel.INTERRUPT, 0, struct.pack('<Q', kernel.unique))
            unique = kernel.send(fuse_kernel.GET_FMAP, node)
            kernel.send(fuse_kernel.INTERRUPT, 0, struct.pack('<Q', unique))
            self.assertEqual(kernel.receive(unique)[0], 0)
        self.assert_alive(kernel)

    def test_noise(self):
        """A few thousand random requests; the fuzzer does more of it."""
        kernel = self.start_with_maps()
        source = random.Random(4)
        for _ in range(3000):
            opcode = source.choice([*range(1, 48), 54, 55, source.getrandbits(32)])
            if opcode == fuse_kernel.DESTROY:
                continue
            payload = source.randbytes(source.choice((0, 8, 16, 40, 64, 100)))
            if source.random() < 0.5:
                payload += b'\0'
            unique = kernel.send(opcode, source.choice((0, 1, 2, 3, 1 << 63)), payload)
            if opcode not in (fuse_kernel.FORGET, fuse_kernel.INTERRUPT, 41, fuse_kernel.BATCH_FORGET):
                kernel.receive(unique)
        kernel.send(fuse_kernel.FORGET, 2, struct.pack('<Q', 1 << 62))
        self.assert_alive(kernel)


class Bootstrap(MapTest):
    """A device in fsdev mode whose log nobody has read yet: a tree of nothing but .meta."""

    def test_meta_alone(self):
        for name in ('d/one', 'd'):
            path = f'{self.shadow}/root/{name}'
            (os.rmdir if os.path.isdir(path) else os.unlink)(path)
        os.unlink(f'{self.shadow}/state.yaml')
        os.unlink(self.image)
        kernel = self.start_with_maps()
        self.assert_map(kernel, '.meta/.superblock', simple_map(0x200000, (0, 0, 0x200000), kind=1))
        self.assert_map(kernel, '.meta/.log', simple_map(0x800000, (0, 0x200000, 0x800000), kind=2))


class Transcript(MapTest):
    """A whole mount, from INIT to the last FORGET, against what is kept of it."""

    def normal(self, direction, what, message):
        """One message as a line, with what differs from run to run made zero: uniques, times, and what
        the INIT reply says of libfuse's own version."""
        raw = bytearray(message)

        def blank(start, end):
            raw[start:end] = bytes(end - start)
        if direction == '>':
            blank(8, 16)
            self.opcode = what
        elif self.opcode == fuse_kernel.INIT:
            blank(4, 32)
        elif self.opcode in (fuse_kernel.LOOKUP, fuse_kernel.GETATTR) and raw:
            attributes = 40 if self.opcode == fuse_kernel.LOOKUP else 16
            if self.opcode == fuse_kernel.LOOKUP:
                blank(8, 16)
            blank(attributes + 24, attributes + 60)
            if raw[attributes + 61] & 0x40:  # a directory's size, blocks and owner are the shadow tree's
                blank(attributes + 8, attributes + 24)
                blank(attributes + 64, attributes + 80)
        elif self.opcode == fuse_kernel.GET_DAXDEV:
            raw = raw.replace(self.dir.encode(), b'')
        return f'{direction} {what} {bytes(raw).rstrip(bytes(1)).hex()}'

    def test_mount(self):
        kernel = self.start_with_maps('v10', '--threads', '1')
        kernel.ask(fuse_kernel.GETATTR, fuse_kernel.ROOT, bytes(16))
        self.assertEqual(kernel.lookup(fuse_kernel.ROOT, 'missing'), errno.ENOENT)
        meta, _ = kernel.lookup(fuse_kernel.ROOT, '.meta')
        superblock, _ = kernel.lookup(meta, '.superblock')
        kernel.open(superblock)
        kernel.map(superblock)
        kernel.ask(fuse_kernel.GET_DAXDEV, 0)
        kernel.ask(fuse_kernel.RELEASE, superblock, bytes(24))
        directory, _ = kernel.lookup(fuse_kernel.ROOT, 'd')
        node, _ = kernel.lookup(directory, 'one')
        kernel.open(node, os.O_RDWR)
        kernel.map(node)
        kernel.ask(fuse_kernel.GETATTR, node, bytes(16))
        kernel.open(node, os.O_RDWR | os.O_TRUNC)
        kernel.ask(fuse_kernel.RELEASE, node, bytes(24))
        for one in (node, directory, superblock, meta):
            kernel.send(fuse_kernel.FORGET, one, struct.pack('<Q', 1))
        self.assertEqual(kernel.map(node)[0], errno.ESTALE)
        kernel.ask(fuse_kernel.DESTROY, 0)
        self.assertEqual(kernel.close(), 0)
        lines = '\n'.join(self.normal(*message) for message in kernel.transcript) + '\n'
        if os.environ.get('FAMFS_TEST_RECORD') == 'yes':
            os.makedirs(os.path.dirname(TRANSCRIPT), exist_ok=True)
            with open(TRANSCRIPT, 'w') as out:
                out.write(lines)
        with open(TRANSCRIPT) as kept:
            self.assertEqual(lines, kept.read())


if __name__ == '__main__':
    harness.main()
