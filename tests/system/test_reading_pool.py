# ctest: user labels=format,hostile,sanitize
"""docs/format.md, reading: superblocks and log headers that make a pool unusable, and those that do not."""
import os
import struct
import uuid

import harness
import omf

GIB = 1 << 30


class Refused(harness.SystemTest):
    """Every verb that opens the pool says which field, both values, ends with 4, and touches nothing."""

    def refuse(self, image, *words):
        before = self.snapshot()
        point, shadow = self.path('mnt'), self.path('S')
        os.mkdir(point)
        for verb in (['fsck', image], ['info', image], ['dump', image], ['logplay', '--shadow', shadow, image],
                     ['logplay', '--shadow', shadow, '--salvage', image], ['mount', image, point],
                     ['mount', image, point, '--shadow', shadow]):
            self.fails(4, *verb, words=words)
        self.assertEqual(os.listdir(point), [])
        os.rmdir(point)
        self.assertEqual(self.run_directories(), [])
        self.assertEqual(self.snapshot(), before)

    def pool(self, **fields):
        return self.encoded_pool(omf.Pool(log=[omf.mkdir('d')], **fields))

    # --- superblock

    def test_magic(self):
        self.refuse(self.pool(magic=0x87b282fe), 'magic', '0x87b282fe', '0x87b282ff')

    def test_version(self):
        self.refuse(self.pool(version=47), 'version', '47', '48')

    def test_crc(self):
        self.refuse(self.pool(sb_flip=1), 'superblock', 'crc')

    def test_greater_major(self):
        self.refuse(self.pool(major=3), 'major', '3', '2')

    def test_log_offset(self):
        self.refuse(self.pool(log_offset=0x400000), 'log offset', '0x400000', '0x200000')

    def test_log_length_no_power_of_two(self):
        self.refuse(self.pool(log_len=12 << 20), 'log length', str(12 << 20))

    def test_log_length_too_small(self):
        self.refuse(self.pool(log_len=4 << 20), 'log length', str(4 << 20), str(8 << 20))

    def test_log_length_zero(self):
        image = self.patched_superblock(24, 0)
        self.refuse(image, 'log length')

    def test_log_length_so_large_that_sums_wrap(self):
        image = self.patched_superblock(24, 1 << 63)
        self.refuse(image, 'log', str((1 << 63) + 4 * (1 << 20)))

    def patched_superblock(self, offset, value):
        """A pool one of whose superblock fields is wrong, with a crc that is right."""
        pool = omf.Pool()
        head = bytearray(pool.superblock)
        struct.pack_into('<Q', head, offset, value)
        struct.pack_into('<Q', head, 96, omf.crc(head[:96]))
        pool.superblock = bytes(head)
        return self.encoded_pool(pool)

    def test_allocation_unit(self):
        for number, unit in enumerate((0, 1, 8192, GIB, (1 << 64) - 1)):
            with self.subTest(unit=unit):
                self.refuse(self.encoded_pool(omf.Pool(unit=unit), name=f'{number}.img'), 'unit', str(unit))

    def test_log_goes_past_the_device(self):
        self.refuse(self.encoded_pool(omf.Pool(log_len=2 * GIB)), 'device', str(GIB))

    def test_no_room_for_data(self):
        self.refuse(self.encoded_pool(omf.Pool(), size=omf.DATA), 'device', str(omf.DATA))

    def test_image_cut_short(self):
        for size in (0, 1, 199, 200, 4096, omf.LOG_OFFSET, omf.LOG_OFFSET + 47):
            with self.subTest(size=size):
                image = self.encoded_pool(omf.Pool(), name=f'{size}.img')
                os.truncate(image, size)
                self.refuse(image)

    def test_nothing_but_zeros(self):
        self.refuse(self.input_image(b'', GIB), 'magic')

    # --- log header

    def test_log_magic(self):
        self.refuse(self.pool(log_magic=0xbadcafef00e), 'magic', '0xbadcafef00e', '0xbadcafef00d')

    def test_log_crc(self):
        self.refuse(self.pool(log_flip=1), 'log', 'crc')

    def test_last_index(self):
        for number, last in enumerate((0, 15418, 15420, (1 << 64) - 1)):
            with self.subTest(last=last):
                image = self.encoded_pool(omf.Pool(last_index=last), name=f'{number}.img')
                self.refuse(image, 'last index', rf'\b{last}\b', r'\b15419\b')

    def test_header_length_is_not_the_superblocks(self):
        pool = omf.Pool(log_len=16 << 20)
        pool.superblock = omf.Pool(log_len=8 << 20).superblock
        self.refuse(self.encoded_pool(pool), str(16 << 20), str(8 << 20))

    def test_next_index_past_the_log(self):
        for number, index in enumerate((15421, 1 << 32, 1 << 63, (1 << 64) - 1)):
            with self.subTest(index=index):
                image = self.encoded_pool(omf.Pool(next_index=index), name=f'{number}.img')
                self.refuse(image, 'next index', rf'\b{index}\b', r'\b154(19|20)\b')

    # --- writers

    def test_mkfs_does_not_overwrite_what_it_cannot_read(self):
        for number, fields in enumerate(({'version': 47}, {'sb_flip': 1}, {'major': 3}, {'log_flip': 1})):
            with self.subTest(fields=fields):
                image = self.encoded_pool(omf.Pool([omf.mkdir('d')], **fields), name=f'{number}.img')
                before = self.lead_of(image)
                self.fails(3, 'mkfs', image, words=['--force'])
                self.assertEqual(self.lead_of(image), before)
                self.famfs('mkfs', image, '--force')
                self.famfs('fsck', image)

    @staticmethod
    def lead_of(image):
        with open(image, 'rb') as source:
            return source.read(omf.DATA)


class Fine(harness.SystemTest):
    """What a reader must not trust, and therefore not mind."""

    def accept(self, pool, status=0, size=GIB):
        image = self.encoded_pool(pool, size)
        self.famfs('fsck', image, status=status)
        self.famfs('logplay', '--shadow', self.path('S'), image)
        return harness.tree(self.path('S/root'), ('.meta',))

    def test_any_minor(self):
        self.assertEqual(self.accept(omf.Pool([omf.mkdir('d')], minor=99)), {b'd': None})

    def test_garbage_where_upstream_leaves_it(self):
        pool = omf.Pool([omf.mkdir('d')])
        garbage = bytes(range(1, 255))
        lead = pool.superblock[:104] + garbage[:8] + pool.superblock[112:120] + garbage[:16] + garbage[:64]
        pool.superblock = lead + garbage * 100
        self.assertEqual(self.accept(pool), {b'd': None})

    def test_garbage_in_the_padding_of_entries(self):
        padded = bytearray(omf.entry(0, *omf.mkdir('d')))
        padded[12:16] = b'\xff\xff\xff\xff'
        padded[16 + 92:536] = b'\xa5' * (520 - 92)
        file = bytearray(omf.entry(1, *omf.file('d/f', 7, omf.simple((0, omf.DATA, omf.UNIT)))))
        file[16 + 104 + 4:16 + 104 + 8] = file[16 + 104 + 12:16 + 104 + 16] = b'\xff\xff\xff\xff'
        file[16 + 104 + 16 + 24:536] = b'\xa5' * (536 - 16 - 104 - 16 - 24)
        pool = omf.Pool([self.sealed(padded), self.sealed(file)])
        self.assertEqual(set(self.accept(pool)), {b'd', b'd/f'})

    @staticmethod
    def sealed(entry):
        return bytes(entry[:536]) + struct.pack('<Q', omf.crc(entry[:536]))

    def test_stored_device_size_is_a_hint(self):
        for size in (0, 1, (1 << 64) - 1):
            with self.subTest(size=size):
                image = self.encoded_pool(omf.Pool([omf.mkdir('d')], device_size=size))
                self.famfs('fsck', image, status=(0, 1))
                self.famfs('logplay', '--shadow', self.path(f'S{size}'), image)
                self.assertEqual(set(harness.tree(self.path(f'S{size}/root'), ('.meta',))), {b'd'})

    def test_device_path_without_nul_is_printed_safely(self):
        image = self.encoded_pool(omf.Pool(path=b'\x1b[2J' * 16))
        outcome = self.famfs('info', image)
        self.assertNotIn('\x1b', outcome.out + outcome.err)
        self.famfs('info', '--json', image).json()

    def test_next_index_obeyed_not_next_seqnum(self):
        entries = [omf.mkdir('a'), omf.mkdir('b'), omf.mkdir('c')]
        image = self.encoded_pool(omf.Pool(entries, next_index=2, next_seq=3))
        self.famfs('logplay', '--shadow', self.path('S'), image)
        self.assertEqual(set(harness.tree(self.path('S/root'), ('.meta',))), {b'a', b'b'})

    def test_entries_after_next_index_do_not_exist(self):
        entries = [omf.mkdir('a'), omf.mkdir('b')]
        self.assertEqual(self.accept(omf.Pool(entries, next_index=1, next_seq=1)), {b'a': None})

    def test_small_unit(self):
        extents = omf.simple((0, omf.DATA + 4096, 4096))
        self.assertEqual(set(self.accept(omf.Pool([omf.file('f', 4096, extents)], unit=4096))), {b'f'})

    def test_device_that_just_fits(self):
        size = omf.DATA + omf.UNIT
        self.assertEqual(self.accept(omf.Pool([omf.mkdir('d')], device_size=size), size=size), {b'd': None})

    def test_another_hosts_pool_is_a_clients(self):
        pool = omf.Pool([omf.mkdir('d')], system=uuid.uuid4().bytes)
        self.assertEqual(self.accept(pool), {b'd': None})
        self.assertEqual(harness.values_of(self.famfs('info', '--json', self.path('pool.img')).json(), 'role'),
                         ['client'])


if __name__ == '__main__':
    harness.main()
