# ctest: user labels=sanitize
"""The shadow tree as logplay keeps it: whole documents only, only what is new, and nobody else's tree."""
import os
import random
import signal
import subprocess
import time

import harness
import omf
import yaml_reader
from omf import DATA, UNIT


def files(count, first=0):
    return [omf.file(f'f{number}', 1, omf.simple((0, DATA + number * UNIT, UNIT)))
            for number in range(first, first + count)]


class ShadowTree(harness.SystemTest):
    def setUp(self):
        self.shadow = self.path('S')

    def logplay(self, image, *options, status=0):
        return self.famfs('logplay', '--shadow', self.shadow, *options, image, status=status)

    def documents(self):
        return {name: text for name, text in harness.tree(f'{self.shadow}/root', ('.meta',)).items()}

    def start(self, *arguments):
        """Without a pipe, which could fill up and make the program wait."""
        return subprocess.Popen([os.environ['FAMFS'], *arguments], env=self.environment(), cwd=self.dir,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_only_what_is_new(self):
        device = bytes(range(16))
        first = self.encoded_pool(omf.Pool(files(5), fs=device, dev=device))
        self.logplay(first)
        before = {name: os.stat(f'{self.shadow}/root/{name}').st_mtime_ns for name in os.listdir(f'{self.shadow}/root')}
        entries = files(5) + [omf.mkdir('d')] + files(2, first=5)
        more = self.encoded_pool(omf.Pool(entries, fs=device, dev=device))
        report = self.famfs('logplay', '--shadow', self.shadow, '--json', more).json()
        self.assertEqual(harness.values_of(report, 'written'), [3])
        self.assertEqual(set(self.documents()), {b'd', *(b'f%d' % number for number in range(7))})
        after = {name: os.stat(f'{self.shadow}/root/{name}').st_mtime_ns for name in before if name != '.meta'}
        self.assertEqual(after, {name: value for name, value in before.items() if name != '.meta'})

    def test_log_with_another_past_is_replayed_anew(self):
        """The same pool, but an entry that was replayed says something else now."""
        uuid = bytes(range(16))
        self.logplay(self.encoded_pool(omf.Pool(files(3), fs=uuid, dev=uuid)))
        changed = files(2) + [omf.file('other', 1, omf.simple((0, DATA + 9 * UNIT, UNIT)))]
        self.logplay(self.encoded_pool(omf.Pool(changed, fs=uuid, dev=uuid)))
        self.assertIn(b'other', self.documents())

    def test_anothers_tree_is_left_alone(self):
        self.logplay(self.encoded_pool(omf.Pool(files(3))))
        before = self.snapshot()
        other = self.encoded_pool(omf.Pool(files(5)), name='other.img')
        self.fails(3, 'logplay', '--shadow', self.shadow, other, words=[self.shadow])
        os.unlink(other)
        self.assertEqual({name: value for name, value in self.snapshot().items() if name in before}, before)

    def test_a_directory_that_is_no_shadow_tree_is_left_alone(self):
        self.write('S/precious', b'x')
        self.fails(3, 'logplay', '--shadow', self.shadow, self.encoded_pool(omf.Pool(files(3))), words=[self.shadow])
        self.assertEqual(os.listdir(self.shadow), ['precious'])

    def test_tree_that_cannot_be_made(self):
        image = self.encoded_pool(omf.Pool(files(3)))
        self.write('file', b'')
        for shadow in ('file', 'file/S', '/proc/S'):
            self.fails((2, 3, 5), 'logplay', '--shadow', self.path(shadow), image)

    def test_both_forms_in_turn(self):
        image = self.encoded_pool(omf.Pool(files(3)))
        seen = []
        for form in ('uuid', 'famfs', 'uuid'):
            self.logplay(image, '--format', form)
            seen.append(self.documents())
        self.assertIn(b'device_uuid', seen[0][b'f0'])
        self.assertIn(b'devindex', seen[1][b'f0'])
        self.assertEqual(seen[2], seen[0])

    def test_name_that_form_2_cannot_say(self):
        entries = [omf.file(b'\xff', 1, omf.simple((0, DATA, UNIT))),
                   omf.file('fine', 1, omf.simple((0, DATA + UNIT, UNIT)))]
        image = self.encoded_pool(omf.Pool(entries))
        outcome = self.logplay(image, '--format', 'famfs', status=1)
        self.assertIn(r'\xff', outcome.err)
        self.assertEqual(set(self.documents()), {b'fine'})
        self.shadow = self.path('S1')
        self.logplay(image)
        document = yaml_reader.load(self.documents()[b'\xff'])
        self.assertEqual(document['file']['path'], b'/\xff')

    def test_reader_sees_whole_documents_only(self):
        image = self.encoded_pool(omf.Pool(files(20)))
        self.logplay(image)
        end = time.monotonic() + 2 * harness.SLOW
        turns = 0
        while time.monotonic() < end or turns < 4:
            process = self.start('logplay', '--shadow', self.shadow, '--format', ('famfs', 'uuid')[turns % 2], image)
            while process.poll() is None:
                for name, text in self.documents().items():
                    self.assertRegex(name, rb'^f[0-9]+$', 'a temporary name is visible')
                    self.assertEqual(yaml_reader.load(text)['file']['size'], b'1')
            self.assertEqual(process.returncode, 0)
            turns += 1

    def test_killed_logplay_is_made_good_by_the_next(self):
        entries = [omf.mkdir('d')] + [omf.file(f'd/{name}', 1, omf.simple((0, DATA + name * 4096, 4096)))
                                      for name in range(3000)]
        image = self.encoded_pool(omf.Pool(entries, unit=4096))
        dice = random.Random(1)
        kills = 0
        for _ in range(10):
            process = self.start('logplay', '--shadow', self.shadow, image)
            time.sleep(dice.uniform(0.0, 0.03) * harness.SLOW)
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += process.returncode == -signal.SIGKILL
        self.logplay(image)
        tree = self.documents()
        self.assertEqual(set(tree), {b'd', *(b'd/%d' % name for name in range(3000))})
        for text in tree.values():
            self.assertTrue(text is None or yaml_reader.load(text))
        self.assertGreater(kills, 0, 'nothing was killed: this test shows nothing')

    def test_two_at_once(self):
        image = self.encoded_pool(omf.Pool(files(100)))
        processes = [self.start('logplay', '--shadow', self.shadow, image) for _ in range(4)]
        for process in processes:
            self.assertEqual(process.wait(), 0)
        self.assertEqual(len(self.documents()), 100)


if __name__ == '__main__':
    harness.main()
