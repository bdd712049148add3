# ctest: timeout=240 labels=robust
"""Allocations that fail in the verbs, one a run, in C++ and in the libraries below it: one line and status 5, never a
signal; nothing half in pool or tree; and the same verb run again ends where an undisturbed one does."""
import os
import shutil
import unittest

import decoder
import harness
import test_faults
import test_interrupted

LIBRARY = os.path.join(os.environ.get('FAMFS_BUILD', ''), 'bin', 'libfail_allocations.so')


@unittest.skipUnless(os.path.exists(LIBRARY), 'needs libfail_allocations.so')
class OutOfMemory(harness.SystemTest):
    time_limit = 200

    def with_failure(self, number, *arguments):
        """Runs famfs; allocation `number` fails. Returns the outcome, and whether it came to that."""
        note = self.path('note')
        if os.path.exists(note):
            os.unlink(note)
        outcome = self.command([os.environ['FAMFS'], *arguments], status=None, env={
            'LD_PRELOAD': LIBRARY, 'FAMFS_FAIL_ALLOCATION': str(number), 'FAMFS_FAIL_NOTE': note})
        return outcome, os.path.exists(note)

    def each(self, arguments, check, allowed=(0, 5)):
        """Fails the first ones each, later ones in growing steps; returns how many. `arguments` is given the number."""
        number, failures = 1, 0
        while True:
            outcome, failed = self.with_failure(number, *arguments(number))
            if not failed:
                self.assertEqual(outcome.status, 0, outcome)
                return failures
            failures += 1
            self.assertIn(outcome.status, allowed, f'allocation {number}\n{outcome}')
            if outcome.status == 5:
                self.assertEqual(len(outcome.errors), 1, outcome)
                self.assertRegex(outcome.err, '^famfs: ', outcome)
            check(outcome, number)
            number += 1 + number // 20

    def test_logplay(self):
        image = self.encoded_pool(test_interrupted.pool())
        shadow = self.path('shadow')
        self.famfs('logplay', '--shadow', self.path('whole'), image)
        whole = test_faults.listing(self.path('whole'))

        def check(_, number):
            self.famfs('logplay', '--shadow', shadow, image)
            self.assertEqual(test_faults.listing(shadow), whole, f'allocation {number}')
            shutil.rmtree(shadow)

        failures = self.each(lambda _: ['logplay', '--shadow', shadow, image], check)
        print(f'{failures} failures')
        self.assertGreater(failures, 50)

    def test_reading_verbs(self):
        image = self.encoded_pool(test_interrupted.pool())
        before = self.snapshot(skip=('note',))
        failures = 0
        for verb in (['fsck'], ['info'], ['dump'], ['fsck', '--json'], ['dump', '--json']):
            failures += self.each(lambda _: [*verb, image], lambda *_: None)
        print(f'{failures} failures')
        after = {path: seen for path, seen in self.snapshot().items() if path != self.path('note')}
        self.assertEqual({path for path in after}, {path for path in before})
        self.assertGreater(failures, 100)

    @harness.needs_fuse
    def test_writers(self):
        """cp with threads of its own, creat and mkdir."""
        image = self.new_pool('2G')
        point = self.mount(image, '--shadow', self.path('S'))
        content = {name: os.urandom(5000 + number) for number, name in enumerate('abc')}
        for name, text in content.items():
            self.write(f'source/{name}', text)
        failures = 0
        for verb, options in (('cp', ['-r', self.path('source')]), ('creat', ['--size', '5000']), ('mkdir', [])):
            made = []

            def check(outcome, number):
                decoded = decoder.decode(image)
                self.assertEqual(set(decoded.problems) - {decoder.UNUSED_LOG}, set(), outcome)
                self.famfs('fsck', image)
                self.famfs('logplay', point)
                name = f'{verb}-{number}'
                there = {path for path in harness.tree(point, ('.meta',)) if path.split(b'/')[0] == name.encode()}
                self.assertEqual(there, {path for path in {*decoded.files, *decoded.directories}
                                         if path.split(b'/')[0] == name.encode()})
                made.append(bool(there))
                for path in there & set(decoded.files):
                    wanted = content[os.path.basename(path).decode()] if verb == 'cp' else bytes(5000)
                    self.assertEqual(decoder.content(image, decoded.files[path]), wanted, outcome)

            failures += self.each(lambda number: [verb, *options, f'{point}/{verb}-{number}'], check, allowed=(0, 1, 5))
        print(f'{failures} failures')
        self.assertGreater(failures, 100)


if __name__ == '__main__':
    harness.main()
