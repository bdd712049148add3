# ctest: user
"""What the verbs report, as text and as JSON: keys that stay, values that an independent reader finds too."""
import os

import decoder
import harness
import omf

MIB = 1 << 20


class OfAPool(harness.SystemTest):
    def bad_pool(self):
        """Two good entries, and five that break a rule each."""
        pool = omf.Pool([
            omf.mkdir('d'),
            omf.file('d/good', 3 * MIB, omf.simple((0, 10 * MIB, 4 * MIB))),
            omf.mkdir('../up'),
            omf.file('d/overlap', 1, omf.simple((0, 12 * MIB, 2 * MIB))),
            omf.file('d/good', 1, omf.simple((0, 20 * MIB, 2 * MIB))),
            omf.file(b'd/\xff\n', 1, omf.simple((0, 1 << 40, 2 * MIB))),
            omf.mkdir('none/child'),
        ])
        return self.encoded_pool(pool)

    def test_mkfs(self):
        image = self.path('pool.img')
        report = self.famfs('mkfs', image, '--size', '2G', '--log-size', '16M', '--alloc-unit', '4K', '--device-uuid',
                            '123e4567-e89b-12d3-a456-426614174000', '--json').json()
        self.assertEqual((report['device'], report['kind'], report['size']), (image, 'image', 2 << 30))
        self.assertEqual((report['log_length'], report['log_capacity'], report['alloc_unit']), (16 * MIB, 30840, 4096))
        self.assertEqual(report['device_uuid'], '123e4567-e89b-12d3-a456-426614174000')
        self.assertEqual(self.famfs('mkfs', image, '--force', '-q').out, '')
        self.assertIn(image, self.famfs('mkfs', image, '--force').out)

    def test_info(self):
        image = self.new_pool('1G')
        report = self.famfs('info', image, '--json').json()
        self.assertEqual(list(report), ['device', 'kind', 'size', 'file_system_uuid', 'device_uuid', 'system_uuid',
                                        'version', 'omf_major', 'omf_minor', 'alloc_unit', 'log_offset', 'log_length',
                                        'data_offset', 'role', 'log_capacity', 'log_entries', 'files', 'directories',
                                        'file_bytes', 'allocated_bytes', 'free_bytes', 'findings', 'mounts'])
        self.assertEqual((report['role'], report['log_capacity'], report['log_entries']), ('master', 15420, 0))
        self.assertEqual(report['allocated_bytes'] + report['free_bytes'], 1 << 30)
        self.assertEqual(report['mounts'], [])
        self.be_host('another')
        self.assertEqual(self.famfs('info', image, '--json').json()['role'], 'client')
        self.assertRegex(self.famfs('info', image).out, r'role +client\n')

    def test_fsck_names_every_finding(self):
        image = self.bad_pool()
        report = self.famfs('fsck', image, '--json', status=1).json()
        self.assertFalse(report['clean'])
        self.assertEqual((report['log_entries'], report['entries_accepted']), (7, 2))
        found = {each['entry']: each for each in report['findings']}
        self.assertEqual({entry: each['rule'] for entry, each in found.items()},
                         {2: 'path-component', 3: 'extent-overlap', 4: 'path-taken', 5: 'extent-beyond-device',
                          6: 'parent-missing'})
        self.assertEqual((found[5]['path'], found[5]['limit']), ('d/\\xff\\x0a', 1 << 30))
        self.assertEqual(found[2]['path'], '../up')
        text = self.famfs('fsck', image, status=1)
        self.assertEqual(text.err, '')
        lines = text.out.splitlines()
        self.assertEqual(len(lines), 6)
        for line, entry in zip(lines, (2, 3, 4, 5, 6)):
            self.assertRegex(line, rf'\b{entry}\b')
        self.assertIn('5 findings', lines[-1])
        self.assertEqual(len(self.famfs('fsck', '-q', image, status=1).out.splitlines()), 5)

    def test_dump_shows_every_entry(self):
        image = self.bad_pool()
        report = self.famfs('dump', image, '--json', status=1).json()
        self.assertEqual((report['device'], report['log_entries'], report['findings']), (image, 7, 5))
        self.assertEqual([entry['index'] for entry in report['entries']], list(range(7)))
        self.assertEqual([entry['violation'] is None for entry in report['entries']], [True] * 2 + [False] * 5)
        good = report['entries'][1]
        self.assertEqual((good['type'], good['path'], good['size']), ('file', 'd/good', 3 * MIB))
        self.assertEqual(good['extents'], [{'device': 0, 'offset': 10 * MIB, 'length': 4 * MIB}])
        lines = self.famfs('dump', image, status=1).out.splitlines()
        self.assertEqual(len(lines), 7)
        self.assertEqual([' ! ' in line for line in lines], [False] * 2 + [True] * 5)

    def test_dump_of_an_empty_log(self):
        image = self.new_pool('1G')
        self.assertEqual(self.famfs('dump', image).out, '')
        self.assertEqual(self.famfs('dump', image, '--json').json()['entries'], [])

    def test_logplay(self):
        image = self.bad_pool()
        report = self.famfs('logplay', '--shadow', self.path('S'), image, '--json', status=1).json()
        self.assertEqual((report['log_entries'], report['replayed'], report['written']), (7, 7, 2))
        self.assertEqual(sorted(each['entry'] for each in report['findings']), [2, 3, 4, 5, 6])
        outcome = self.famfs('logplay', '--shadow', self.path('S'), image, status=1)
        self.assertEqual(len(outcome.errors), 5, outcome)
        self.famfs('logplay', '--shadow', self.path('dry'), '--dry-run', image, status=1)
        self.assertFalse(os.path.exists(self.path('dry')))

    def test_logplay_keeps_the_form_of_a_tree(self):
        image = self.golden_pool('mixed', 16 << 30)
        shadow = self.path('S')
        self.famfs('logplay', '--shadow', shadow, '--format', 'famfs', image)
        before = harness.tree(shadow)
        self.famfs('logplay', '--shadow', shadow, image)
        self.assertEqual(harness.tree(shadow), before)

    def test_logplay_arguments(self):
        image = self.new_pool('1G')
        shadow = self.path('S')
        for wrong in (['--mounted', self.dir], ['--mounted', self.dir, '--shadow', shadow, image], [],
                      ['--shadow', '', image]):
            self.fails(2, 'logplay', *wrong)
        self.fails(3, 'logplay', self.dir, words=['not a famfs mount point'])
        self.assertFalse(os.path.exists(shadow))


@harness.needs_fuse
class OfAMount(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image)
        self.famfs('creat', '--size', '3M', f'{self.mnt}/f')

    def test_a_mount_point_stands_for_its_device(self):
        for verb in ('fsck', 'info'):
            self.assertEqual(self.famfs(verb, self.mnt, '--json').out, self.famfs(verb, self.image, '--json').out)
        [mount] = self.famfs('info', self.mnt, '--json').json()['mounts']
        self.assertEqual((mount['mountpoint'], mount['data_path'], mount['read_only']), (self.mnt, 'copy', False))
        self.assertTrue(os.path.isdir(f'{mount["shadow"]}/root'))
        self.assertIn(self.mnt, self.famfs('info', self.image).out)

    def test_map(self):
        [file] = self.famfs('map', f'{self.mnt}/f', '--json').json()['files']
        [extent] = decoder.decode(self.image).files[b'f'].extents
        uuid = self.famfs('info', self.image, '--json').json()['device_uuid']
        self.assertEqual((file['path'], file['size'], file['chunk_size']), (f'{self.mnt}/f', 3 * MIB, 0))
        self.assertEqual(file['extents'], [{'device': uuid, 'offset': extent[1], 'length': extent[2]}])
        self.assertIn(uuid, self.famfs('map', f'{self.mnt}/f').out)
        outcome = self.famfs('map', f'{self.mnt}/none', f'{self.mnt}/f', self.mnt, status=1)
        self.assertEqual(len(outcome.errors), 2, outcome)
        self.assertIn(uuid, outcome.out)

    def test_map_of_a_striped_file(self):
        pool = omf.Pool([omf.file('s', 5 * MIB, omf.striped(2 * MIB, (0, 10 * MIB, 4 * MIB), (0, 20 * MIB, 4 * MIB)))])
        point = self.mount(self.encoded_pool(pool, name='striped.img'), name='striped')
        [file] = self.famfs('map', f'{point}/s', '--json').json()['files']
        self.assertEqual((file['chunk_size'], len(file['extents'])), (2 * MIB, 2))
        self.assertRegex(self.famfs('map', f'{point}/s').out, r'2 strips, chunks of 2\.0 MiB')

    def test_flush(self):
        self.famfs('flush', f'{self.mnt}/f')
        outcome = self.famfs('flush', f'{self.mnt}/none', f'{self.mnt}/f', status=1)
        self.assertEqual(len(outcome.errors), 1, outcome)

    def test_verify(self):
        self.write('other/f', bytes(3 * MIB))
        equal = self.famfs('verify', self.mnt, '--against', self.path('other'), '--json').json()
        self.assertEqual(equal, {'equal': True, 'files': 1, 'bytes': 3 * MIB, 'differences': []})
        self.write('other/f', bytes(2 * MIB) + b'x' + bytes(MIB - 1))
        self.write('other/more', b'')
        self.famfs('mkdir', f'{self.mnt}/here')
        report = self.famfs('verify', self.mnt, '--against', self.path('other'), '--json', status=1).json()
        self.assertEqual(report['differences'], [{'kind': 'content', 'path': 'f', 'offset': 2 * MIB},
                                                 {'kind': 'missing-in-directory', 'path': 'here'},
                                                 {'kind': 'missing-in-mount', 'path': 'more'}])
        self.write('other/f', b'short')
        outcome = self.famfs('verify', f'{self.mnt}/f', '--against', self.path('other'), status=1)
        self.assertIn('f: 3145728 bytes in the mount, 5 in the directory\n', outcome.out)
        self.fails(2, 'verify', self.mnt, '--against', self.path('nowhere'), words=['nowhere'])
        self.fails(3, 'verify', self.path('other'), '--against', self.path('other'), words=['not in a famfs mount'])


if __name__ == '__main__':
    harness.main()
