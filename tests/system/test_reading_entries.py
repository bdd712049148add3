# ctest: user labels=format,hostile,sanitize
"""docs/format.md, reading: every rule about entries, with a pool that breaks just that one.

Around the bad entry there are always good ones, before and after it: they must be there, and nothing else. The bad
entry is reported with its index, its path, and the value and limit of the rule.
"""
import os
import re

import harness
import omf
from omf import DATA, UNIT

GIB = 1 << 30
ONE = omf.simple((0, DATA, UNIT))
U64 = 1 << 64


def at(slot, length=1):
    """An extent of `length` units, `slot` units into the data."""
    return 0, DATA + slot * UNIT, length * UNIT


class Entries(harness.SystemTest):
    def skips(self, bad, path, *numbers, earlier=(), **pool):
        """`bad` is skipped and reported; the good entries around it are not. Returns the image."""
        entries = [omf.mkdir('d'), omf.file('d/good', 5, omf.simple(at(0))), *earlier, bad,
                   omf.file('after', 6, omf.simple(at(100)))]
        return self.replay(entries, {2 + len(earlier): (path, *numbers)}, **pool)

    def replay(self, entries, bad, settled=None, salvage=False, **pool):
        """`bad`: {index: (path as it is printed, numbers…)}; all other entries of the first `settled` are good."""
        if hasattr(self, 'image'):
            os.unlink(self.image)
            harness.shutil.rmtree(self.path('outside'))
        self.image = self.encoded_pool(omf.Pool(entries, **pool))
        shadow = self.path('outside/inside/S')
        self.write('outside/x', b'not to be touched')
        self.write('outside/inside/x', b'not to be touched')
        before = self.snapshot(skip=['outside'])
        status = 1 if bad else 0

        found = self.famfs('fsck', '--json', self.image, status=status).json()
        [findings] = harness.values_of(found, 'findings')
        self.assertEqual([finding['entry'] for finding in findings], sorted(bad), findings)
        self.report(self.famfs('fsck', self.image, status=status), bad)

        replayed = {index: said for index, said in bad.items() if salvage or index < (settled or len(entries)) + 1}
        options = ['--salvage'] if salvage else []
        outcome = self.famfs('logplay', '--shadow', shadow, *options, self.image, status=status)
        self.report(outcome, replayed)
        wanted = {self.name(entry): entry[0] for index, entry in enumerate(self.plain)
                  if index not in bad and index < (settled or len(entries)) and entry[0] in (0, 1)}
        tree = harness.tree(f'{shadow}/root', ('.meta',))
        self.assertEqual({name: 1 if text is None else 0 for name, text in tree.items()}, wanted)
        self.assertEqual(self.snapshot(skip=['outside']), before)
        self.assertEqual(sorted(os.listdir(self.path('outside'))), ['inside', 'x'])
        self.assertEqual(sorted(os.listdir(self.path('outside/inside'))), ['S', 'x'])
        self.famfs('dump', self.image, status=(0, 1))
        self.famfs('info', self.image, status=(0, 1))
        return self.image

    @property
    def plain(self):
        """(type, payload) of the pool's entries, read back from the image."""
        raw = self.inputs[-1][2][omf.LOG_OFFSET + omf.HEADER:]
        entries = [raw[start:start + omf.ENTRY] for start in range(0, len(raw), omf.ENTRY)]
        return [(int.from_bytes(entry[8:12], 'little'), entry[16:536]) for entry in entries]

    @staticmethod
    def name(entry):
        kind, payload = entry
        return payload[24 if kind == 0 else 12:][:80].split(b'\0')[0]

    def report(self, outcome, bad):
        lines = [line for line in (outcome.out + outcome.err).splitlines() if re.search(r'\bentry \d+', line)]
        self.assertEqual(len(lines), len(bad), outcome)
        for line, (index, (path, *numbers)) in zip(lines, sorted(bad.items())):
            self.assertRegex(line, rf'\bentry {index}\b', outcome)
            self.assertIn(path, line, outcome)
            for number in numbers:
                self.assertRegex(line, rf'\b({number}|{number:#x}|{number:#o}|0{number:o})\b', outcome)
            self.assertTrue(harness.is_safe(line), outcome)


class Types(Entries):
    def test_unknown_and_reserved(self):
        for kind in (2, 4, 5, 1 << 31, (1 << 32) - 1):
            with self.subTest(kind=kind):
                self.skips(omf.raw(kind, b'\xff' * 520), '', kind)


class Paths(Entries):
    def both(self, path, shown, *numbers, earlier=()):
        """As a directory and as a file."""
        with self.subTest(path=path):
            self.skips(omf.mkdir(path), shown, *numbers, earlier=earlier)
            self.skips(omf.file(path, 1, omf.simple(at(50))), shown, *numbers, earlier=earlier)

    def test_empty(self):
        self.both('', '')

    def test_absolute(self):
        self.both('/abs', '/abs')
        self.both('/', '/')
        self.both('/etc/passwd', '/etc/passwd')

    def test_components(self):
        for path in ('..', '.', '../x', 'd/../../x', 'd/..', 'd/.', './d', 'd//x', 'd/', '../../../../tmp/x'):
            self.both(path, path)

    def test_no_nul_in_80_bytes(self):
        self.both('x' * 80, 'x' * 80, 80, 79)
        self.both('d/' + 'y' * 78, 'd/' + 'y' * 78, 80, 79)

    def test_79_bytes_fit(self):
        long = 'x' * 79
        self.replay([omf.mkdir(long), omf.file('y' * 79, 1, ONE)], {})

    def test_parent_missing(self):
        self.both('none/x', 'none/x')
        self.both('d/none/x', 'd/none/x')

    def test_parent_is_a_file(self):
        self.both('d/good/x', 'd/good/x')
        self.both('d/good/x/y', 'd/good/x/y')

    def test_parent_was_refused(self):
        bad = omf.mkdir('p', mode=0o120755)
        entries = [bad, omf.mkdir('p/q'), omf.file('p/f', 1, ONE), omf.mkdir('fine')]
        self.replay(entries, {0: ('p', 0o120755), 1: ('p/q',), 2: ('p/f',)})

    def test_taken(self):
        self.both('d', 'd')
        self.both('d/good', 'd/good')

    def test_first_one_wins(self):
        self.skips(omf.file('f', 99, omf.simple(at(7))), 'f', earlier=[omf.file('f', 11, omf.simple(at(6)))])
        self.assertIn(b'size: 11\n', harness.tree(self.path('outside/inside/S/root'), ('.meta',))[b'f'])

    def test_names_of_the_daemon(self):
        for path in ('.meta', '.meta/x', '.meta/.log', '.meta/.superblock', '.meta/x/y'):
            self.both(path, path)

    def test_names_like_the_daemons_are_fine(self):
        self.replay([omf.mkdir('.metal'), omf.mkdir('d'), omf.mkdir('d/.meta'), omf.mkdir('.met')], {})

    def test_names_like_those_of_temporary_files_are_fine(self):
        names = ['.tmp', '.famfs', 'x.tmp', '.x.tmp', 'devices.yaml', 'state.yaml', 'root', '#x', '-x', '~']
        self.replay([omf.mkdir(name) for name in names], {})

    def test_control_bytes_and_others_are_fine(self):
        names = [b'\x01', b'a\nb', b'\x1b[31m', b'\xff\xfe', b'a\\b', b'q"u\'o', b' ', b'a: b', b'- x', b'\xc3\xa4',
                 b'{', b'!!binary x', b'*x', b'&x', b'#', b'null', b'true', b'1', b'\x7f', b'\xed\xa0\x80', b'\xe2\x80\xa8']
        self.replay([omf.file(name, 1, omf.simple(at(slot))) for slot, name in enumerate(names)], {})

    def test_bad_names_are_escaped(self):
        self.skips(omf.mkdir(b'no\x1b[2J\n\xff/x'), r'no\x1b[2J\x0a\xff/x')

    def test_nothing_follows_a_link_out_of_the_tree(self):
        """Somebody put a symbolic link where the log has a directory."""
        image = self.encoded_pool(omf.Pool([omf.mkdir('d'), omf.file('d/f', 1, ONE)]))
        self.write('outside/x', b'')
        self.famfs('logplay', '--shadow', self.path('S'), self.encoded_pool(omf.Pool(), name='empty.img'))
        os.remove(self.path('S/state.yaml'))
        os.symlink(self.path('outside'), self.path('S/root/d'))
        self.famfs('logplay', '--shadow', self.path('S'), image, status=range(6))
        self.assertEqual(os.listdir(self.path('outside')), ['x'])


class Modes(Entries):
    def test_type_of_another_kind(self):
        for mode in (0o120644, 0o040644, 0o060644, 0o010644, 0o140644, 0o020644, 0o1000000, 0o170644):
            with self.subTest(mode=mode):
                self.skips(omf.file('f', 1, omf.simple(at(9)), mode=mode), 'f', mode)
        for mode in (0o120755, 0o100755, 0o1000000):
            with self.subTest(mode=mode):
                self.skips(omf.mkdir('x', mode=mode), 'x', mode)

    def test_own_type_and_permissions_are_fine(self):
        modes = (0, 0o7777, 0o644, 0o100644, 0o107777)
        self.replay([omf.file(f'f{mode:o}', 1, omf.simple(at(slot)), mode=mode) for slot, mode in enumerate(modes)]
                    + [omf.mkdir('d', mode=0o040700)], {})

    def test_large_owners_are_fine(self):
        entries = [omf.file(f'f{slot}', 1, omf.simple(at(slot)), uid=number, gid=number)
                   for slot, number in enumerate((1 << 31, (1 << 32) - 2))]
        self.replay(entries, {})
        document = harness.tree(self.path('outside/inside/S/root'), ('.meta',))[b'f1']
        self.assertIn(b'owner: 4294967294\n', document)
        self.famfs('logplay', '--shadow', self.path('F'), '--format', 'famfs', self.image)
        document = harness.tree(self.path('F/root'), ('.meta',))[b'f1']
        self.assertIn(b'uid: -2\n', document)


class Sizes(Entries):
    def test_more_than_the_extents_hold(self):
        self.skips(omf.file('f', UNIT + 1, omf.simple(at(9))), 'f', UNIT, UNIT + 1)
        self.skips(omf.file('f', 3 * UNIT, omf.simple(at(9), at(10))), 'f', 2 * UNIT, 3 * UNIT)

    def test_beyond_63_bits(self):
        for size in (1 << 63, U64 - 1):
            with self.subTest(size=size):
                self.skips(omf.file('f', size, omf.simple(at(9))), 'f', size)

    def test_63_bits_less_one(self):
        self.skips(omf.file('f', (1 << 63) - 1, omf.simple(at(9))), 'f', UNIT, (1 << 63) - 1)

    def test_size_zero_is_fine(self):
        self.replay([omf.file('f', 0, ONE)], {})


class Extents(Entries):
    def bad(self, extents, *numbers, **more):
        with self.subTest(numbers=numbers):
            self.skips(omf.file('f', 1, extents), 'f', *numbers, **more)

    def test_type(self):
        for kind in (2, 255, (1 << 32) - 1):
            self.bad(omf.simple(at(9), kind=kind), kind)

    def test_count(self):
        for count in (0, 17, 1 << 31, (1 << 32) - 1):
            self.bad(omf.simple(at(9), count=count), count, 16)

    def test_sixteen_fit(self):
        self.replay([omf.file('f', 16 * UNIT, omf.simple(*(at(2 * slot) for slot in range(16))))], {})

    def test_length_zero(self):
        self.bad(omf.simple((0, DATA, 0)), 0, UNIT)
        self.bad(omf.simple(at(9), (0, DATA + 20 * UNIT, 0)), 0, UNIT)

    def test_not_aligned(self):
        self.bad(omf.simple((0, DATA + 9 * UNIT + 4096, UNIT)), DATA + 9 * UNIT + 4096, UNIT)
        self.bad(omf.simple((0, DATA + 9 * UNIT, UNIT + 4096)), UNIT + 4096, UNIT)
        self.bad(omf.simple((0, DATA + 9 * UNIT + 1, UNIT)), DATA + 9 * UNIT + 1, UNIT)

    def test_device_unknown(self):
        for device in (1, 2, 1 << 32, 1 << 63, U64 - 1):
            self.bad(omf.simple((device, DATA, UNIT)), device)

    def test_past_the_end(self):
        self.bad(omf.simple((0, GIB, UNIT)), GIB)
        self.bad(omf.simple((0, GIB - UNIT, 2 * UNIT)), GIB)
        self.bad(omf.simple((0, DATA + 9 * UNIT, GIB)), GIB)

    def test_sums_that_wrap(self):
        last = U64 - UNIT
        self.bad(omf.simple((0, last, UNIT)), last)
        self.bad(omf.simple((0, last, 2 * UNIT)), last)
        self.bad(omf.simple((0, DATA + 9 * UNIT, last)), GIB)
        self.bad(omf.simple((0, 1 << 63, 1 << 63)), 1 << 63)
        self.bad(omf.simple((0, U64 - UNIT, UNIT), at(9)), last)

    def test_last_unit_is_fine(self):
        self.replay([omf.file('f', UNIT, omf.simple((0, GIB - UNIT, UNIT)))], {})

    def test_in_superblock_or_log(self):
        for offset in (0, omf.LOG_OFFSET, DATA - UNIT):
            self.bad(omf.simple((0, offset, UNIT)), offset, DATA)
        self.bad(omf.simple((0, DATA - UNIT, 2 * UNIT)), DATA - UNIT, DATA)

    def test_overlap_with_an_earlier_file(self):
        self.bad(omf.simple(at(0)), DATA)
        taken = omf.file('taken', 1, omf.simple(at(20, 4)))
        for slot, length in ((20, 1), (19, 2), (23, 5), (22, 1), (18, 9), (20, 4)):
            self.bad(omf.simple(at(slot, length)), DATA + slot * UNIT, earlier=[taken])

    def test_neighbours_do_not_overlap(self):
        self.replay([omf.file('a', 1, omf.simple(at(4, 2))), omf.file('b', 1, omf.simple(at(3))),
                     omf.file('c', 1, omf.simple(at(6)))], {})

    def test_overlap_within_the_file(self):
        self.bad(omf.simple(at(9), at(9)), DATA + 9 * UNIT)
        self.bad(omf.simple(at(9, 4), at(30), at(11, 1)), DATA + 11 * UNIT)

    def test_refused_file_takes_no_room(self):
        bad = omf.file('bad', 1, omf.simple(at(9), at(10), (0, 0, UNIT)))
        good = omf.file('good', 1, omf.simple(at(10)))
        self.replay([bad, good], {0: ('bad', 0)})
        overlapping = omf.file('bad', 1, omf.simple(at(9), at(10), at(9)))
        self.replay([overlapping, good], {0: ('bad',)})


class Stripes(Entries):
    def bad(self, stripe, *numbers):
        with self.subTest(numbers=numbers):
            self.skips(omf.file('f', 1, stripe), 'f', *numbers)

    def test_good_ones(self):
        self.replay([omf.file('one', 1, omf.striped(UNIT, at(0))),
                     omf.file('all', 64 * UNIT, omf.striped(2 * UNIT, *(at(4 + 4 * s, 4) for s in range(16))))], {})

    def test_count_of_stripes(self):
        for count in (0, 2, 17, (1 << 32) - 1):
            self.bad(omf.striped(UNIT, at(9), count=count), count, 1)

    def test_count_of_strips(self):
        for count in (0, 17, 1 << 32, (1 << 32) + 1, 1 << 63, U64 - 1):
            self.bad(omf.striped(UNIT, at(9), nstrips=count), count, 16)

    def test_chunk_size(self):
        for chunk in (0, 1, 4096, UNIT + 1, 3 * UNIT, U64 - 1):
            self.bad(omf.striped(chunk, at(9, 3), at(20, 3)), chunk)

    def test_chunk_larger_than_a_strip(self):
        self.bad(omf.striped(1 << 63, at(9), at(10)), UNIT)
        self.bad(omf.striped(2 * UNIT, at(9), at(10)), UNIT)

    def test_strips_of_differing_length(self):
        self.bad(omf.striped(UNIT, at(9, 2), at(20)), UNIT, 2 * UNIT)
        self.bad(omf.striped(UNIT, at(9), at(20, 2)), 2 * UNIT, UNIT)

    def test_length_is_no_multiple_of_the_chunk(self):
        self.bad(omf.striped(2 * UNIT, at(9, 3), at(20, 3)), 3 * UNIT)

    def test_strips_obey_the_rules_of_extents(self):
        self.bad(omf.striped(UNIT, at(9), (0, 0, UNIT)), 0, DATA)
        self.bad(omf.striped(UNIT, at(9), (0, GIB, UNIT)), GIB)
        self.bad(omf.striped(UNIT, at(9), (7, DATA, UNIT)), 7)
        self.bad(omf.striped(UNIT, at(9), at(9)), DATA + 9 * UNIT)
        self.bad(omf.striped(UNIT, at(9), at(0)), DATA)
        self.bad(omf.striped(UNIT, (0, U64 - UNIT, UNIT), at(9)), U64 - UNIT)

    def test_size_beyond_the_strips(self):
        self.skips(omf.file('f', 2 * UNIT + 1, omf.striped(UNIT, at(9), at(10))), 'f', 2 * UNIT, 2 * UNIT + 1)

    def test_capacity_that_wraps(self):
        half = 1 << 60
        self.bad(omf.striped(half, *((0, DATA, half) for _ in range(16))), GIB)


class Devices(Entries):
    OTHER = bytes(range(16))

    def test_second_device(self):
        self.replay([omf.add_daxdev(GIB, self.OTHER, 1),
                     omf.file('f', UNIT, omf.simple((1, 0, UNIT))),
                     omf.file('same-offset-on-the-first', 1, omf.simple((0, DATA, UNIT))),
                     omf.file('on-the-second', 1, omf.simple((1, DATA, UNIT)))], {})
        with open(self.path('outside/inside/S/root/f')) as document:
            self.assertIn('00010203-0405-0607-0809-0a0b0c0d0e0f', document.read())

    def test_past_the_end_of_the_second(self):
        self.skips(omf.file('f', 1, omf.simple((1, 2 * GIB, UNIT))), 'f', 2 * GIB,
                   earlier=[omf.add_daxdev(2 * GIB, self.OTHER, 1)])

    def test_overlap_on_the_second(self):
        self.skips(omf.file('f', 1, omf.simple((1, UNIT, UNIT))), 'f', UNIT,
                   earlier=[omf.add_daxdev(GIB, self.OTHER, 1), omf.file('e', 1, omf.simple((1, 0, 4 * UNIT)))])

    def test_before_it_is_known(self):
        entries = [omf.file('early', 1, omf.simple((1, 0, UNIT))), omf.add_daxdev(GIB, self.OTHER, 1),
                   omf.file('late', 1, omf.simple((1, 0, UNIT)))]
        self.replay(entries, {0: ('early', 1)})

    def test_index_out_of_order(self):
        for index in (0, 2, 1 << 31, (1 << 32) - 1):
            with self.subTest(index=index):
                self.skips(omf.add_daxdev(GIB, self.OTHER, index), '', index, 1)

    def test_same_device_twice(self):
        self.skips(omf.add_daxdev(GIB, self.OTHER, 2), '', 1, earlier=[omf.add_daxdev(GIB, self.OTHER, 1)])

    def test_primary_again(self):
        own = bytes(range(100, 116))
        self.skips(omf.add_daxdev(GIB, own, 1), '', 0, dev=own)


class Broken(Entries):
    """A wrong crc or sequence number: what follows is unknown; --salvage skips it and goes on."""

    def stops(self, entry, path, *numbers):
        entries = [omf.mkdir('d'), entry, omf.file('after', 1, ONE)]
        self.replay(entries, {1: (path, *numbers)}, settled=1)
        self.assertEqual(set(harness.tree(self.path('outside/inside/S/root'), ('.meta',))), {b'd'})
        self.replay(entries, {1: (path, *numbers)}, salvage=True)
        self.assertEqual(set(harness.tree(self.path('outside/inside/S/root'), ('.meta',))), {b'd', b'after'})

    def test_crc(self):
        self.stops(omf.entry(1, *omf.mkdir('x'), flip=1), 'x')
        self.stops(omf.entry(1, *omf.mkdir('x'), flip=1 << 32), 'x')

    def test_bit_in_the_payload(self):
        entry = bytearray(omf.entry(1, *omf.file('x', 1, omf.simple(at(9)))))
        entry[30] ^= 1
        self.stops(bytes(entry), 'x')

    def test_seqnum(self):
        for seqnum in (0, 2, U64 - 1):
            with self.subTest(seqnum=seqnum):
                self.stops(omf.entry(seqnum, *omf.mkdir('x')), 'x', seqnum, 1)

    def test_next_index_past_the_entries(self):
        entries = [omf.mkdir('d')]
        self.replay(entries, {1: ('',), 2: ('',)}, settled=1, next_index=3, next_seq=3)

    def test_salvaged_parent_is_missed(self):
        entries = [omf.entry(0, *omf.mkdir('d'), flip=1), omf.mkdir('d/x'), omf.mkdir('e')]
        self.replay(entries, {0: ('d',), 1: ('d/x',)}, salvage=True)


class Many(Entries):
    time_limit = 120

    def test_whole_log_of_bad_entries(self):
        """Time and memory stay in bounds, and every one of them is reported."""
        entries = [omf.mkdir('../x') for _ in range(15420)]
        image = self.encoded_pool(omf.Pool(entries))
        found = self.famfs('fsck', '--json', image, status=1).json()
        self.assertEqual(len(harness.values_of(found, 'findings')[0]), 15420)
        self.famfs('logplay', '--shadow', self.path('S'), image, status=1)
        self.assertEqual(harness.tree(self.path('S/root'), ('.meta',)), {})

    def test_whole_log_of_devices(self):
        entries = [omf.add_daxdev(GIB, i.to_bytes(16, 'big'), i + 1) for i in range(15420)]
        image = self.encoded_pool(omf.Pool(entries))
        self.famfs('fsck', image)
        self.famfs('logplay', '--shadow', self.path('S'), image)

    def test_deepest_directories(self):
        names = ['/'.join('d' * depth) for depth in range(1, 41)]
        self.assertEqual(len(names[-1]), 79)
        self.replay([omf.mkdir(name) for name in names], {})

    def test_random_bytes_never_crash_a_reader(self):
        import random
        dice = random.Random(20)
        for run in range(40):
            entries = [bytes(self.mutated(dice, index)) for index in range(8)]
            image = self.encoded_pool(omf.Pool(entries), name='random.img')
            with self.subTest(run=run):
                status = self.famfs('fsck', image, status=(0, 1)).status
                shadow = self.path(f'S{run}')
                self.famfs('logplay', '--shadow', shadow, '--salvage', image, status=(0, 1))
                self.famfs('dump', image, status=(0, 1))
                self.assertIn(status, (0, 1))

    @staticmethod
    def mutated(dice, index):
        good = omf.entry(index, *omf.file(f'f{index}', 1, omf.simple(at(index))))
        raw = bytearray(good)
        for _ in range(dice.randrange(6)):
            raw[dice.randrange(8, 536)] = dice.choice((0, 1, 0x7f, 0x80, 0xff, dice.randrange(256)))
        raw[536:] = omf.struct.pack('<Q', omf.crc(raw[:536]))
        return raw


if __name__ == '__main__':
    harness.main()
