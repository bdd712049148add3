# ctest: user
"""A file has the same inode number on every host, in every form of tree, after every mount: that of its log entry."""
import json
import os

import daemon_case
import harness

FIRST = 16
# In the order of the log: the directory, and then the files.
IDS = {'dir': FIRST, 'small': FIRST + 1, 'dir/empty': FIRST + 2, 'dir/big': FIRST + 3}
FIXED = {'': 1, '.meta': 2, '.meta/.superblock': 3, '.meta/.log': 4}
THIS_HOSTS = 1 << 62


@harness.needs_fuse
class StableIds(daemon_case.DaemonTest):
    def numbers(self):
        return {name: os.stat(f'{self.mnt}/{name}').st_ino for name in (*IDS, *FIXED)}

    def test_are_those_of_the_log(self):
        self.serve()
        self.assertEqual(self.numbers(), {**IDS, **FIXED})

    def test_stay_after_another_mount_and_in_another_tree(self):
        for number in range(2):
            self.serve()
            self.assertEqual(self.numbers(), {**IDS, **FIXED})
            self.stop()
            self.shadow = self.path(f'shadow-{number}')
            os.makedirs(f'{self.shadow}-in-the-way')  # other inodes than before
            self.famfs('logplay', '--shadow', self.shadow, '--format', self.form, self.image)

    def test_listings_say_the_same(self):
        self.serve()
        for directory in ('', 'dir', '.meta'):
            with os.scandir(f'{self.mnt}/{directory}') as entries:
                for entry in entries:
                    self.assertEqual(entry.inode(), os.stat(entry.path).st_ino, entry.path)

    def test_map_names_them(self):
        self.serve()
        report = json.loads(self.famfs('map', '--json', f'{self.mnt}/small', f'{self.mnt}/dir/big').out)
        self.assertEqual([file['id'] for file in report['files']], [IDS['small'], IDS['dir/big']])

    def test_a_tree_without_ids_has_numbers_of_its_own(self):
        for name in IDS:
            if os.path.isfile(self.document(name)) and self.form == 'uuid':
                self.edit(name, r'\n  id: [0-9]+\n', '\n')
        os.unlink(f'{self.shadow}/ids')
        self.serve()
        seen = self.numbers()
        self.assertEqual({name: seen[name] for name in FIXED}, FIXED)
        self.assertTrue(all(seen[name] >= THIS_HOSTS for name in IDS), seen)
        self.assertEqual(len(set(seen.values())), len(seen))
        self.assertEqual(self.numbers(), seen)


class StableIdsForm2(StableIds):
    form = 'famfs'


@harness.needs_fuse
class HostileIds(daemon_case.DaemonTest):
    def test_an_id_that_no_file_can_have_costs_the_file(self):
        for wrong in (0, 1, 15, 1 << 62, (1 << 64) - 1):
            self.edit('small', r'\n  id: [0-9]+\n', f'\n  id: {wrong}\n')
            self.serve_and_watch()
            with self.assertRaises(OSError):
                open(f'{self.mnt}/small', 'rb').close()
            self.assertEqual(os.stat(f'{self.mnt}/dir/big').st_ino, IDS['dir/big'])
            self.assertIn(b'small', self.logged())
            self.stop()

    def test_of_two_with_one_id_the_second_gets_another_number(self):
        self.edit('small', r'\n  id: [0-9]+\n', f'\n  id: {IDS["dir/big"]}\n')
        self.serve_and_watch()
        self.assertEqual(os.stat(f'{self.mnt}/dir/big').st_ino, IDS['dir/big'])
        self.assertGreaterEqual(os.stat(f'{self.mnt}/small').st_ino, THIS_HOSTS)
        self.assertEqual(os.stat(f'{self.mnt}/small').st_size, self.files['small'])
        self.assertIn(b'another file has its id', self.logged())

    def test_nonsense_in_the_place_of_ids(self):
        with open(f'{self.shadow}/ids', 'wb') as out:
            out.write(b'x' * 100)
        self.serve_and_watch()
        self.assertEqual(os.stat(f'{self.mnt}/small').st_ino, IDS['small'], 'the document names it')
        self.assertGreaterEqual(os.stat(f'{self.mnt}/dir').st_ino, THIS_HOSTS)
        self.assertIn(b'ids', self.logged())


if __name__ == '__main__':
    harness.main()
