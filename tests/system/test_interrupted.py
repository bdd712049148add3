# ctest: user timeout=420 labels=robust
"""logplay killed at every step that it takes in the file system: run again, it ends where an undisturbed one does."""
import os
import shutil
import unittest

import harness
import omf

# What changes the shadow tree. strace counts each of them by itself, from 1.
STEPS = 'openat,openat2,mkdirat,write,pwrite64,fchmod,fchown,renameat,renameat2,unlinkat,flock'.split(',')


EXTENT, NEXT_EXTENT = (omf.simple((0, omf.DATA + number * omf.UNIT, omf.UNIT)) for number in range(2))


def pool():
    data = omf.DATA
    log = [omf.mkdir('d', mode=0o751), omf.file('d/a', 100, omf.simple((0, data, omf.UNIT)), mode=0o600),
           omf.mkdir('d/e', mode=0o555), omf.file('d/e/b c\n', 5, omf.simple((0, data + omf.UNIT, omf.UNIT))),
           omf.file('\xff', 7, omf.simple((0, data + 2 * omf.UNIT, omf.UNIT)))]
    return omf.Pool(log=log)


def listing(top):
    """{path: (mode, content)} of a shadow tree, but for what names the moment (state.yaml is compared as text)."""
    found = {}
    for where, directories, files in os.walk(top):
        for name in directories + files:
            path = os.path.join(where, name)
            content = None
            if name in files:
                with open(path, 'rb') as text:
                    content = text.read()
            found[os.path.relpath(path, top)] = (os.lstat(path).st_mode, content)
    return found


@unittest.skipUnless(shutil.which('strace'), 'needs strace')
class Interrupted(harness.SystemTest):
    time_limit = 200

    def logplay(self, shadow, *before, status=0):
        return self.command([*before, os.environ['FAMFS'], 'logplay', '--shadow', shadow, self.image], status)

    def killed_at(self, shadow, step, number):
        """Whether the run got as far as to be killed."""
        inject = f'inject={step}:signal=SIGKILL:when={number}'
        outcome = self.logplay(shadow, 'strace', '-f', '-qq', '-o', '/dev/null', '-e', f'trace={step}', '-e', inject,
                               status=None)
        return outcome.status != 0

    def test_every_step(self):
        self.image = self.encoded_pool(pool())
        self.logplay(self.path('whole'))
        whole = listing(self.path('whole'))
        kills = 0
        for step in STEPS:
            for number in range(1, 200):
                shadow = self.path('shadow')
                if not self.killed_at(shadow, step, number):
                    break
                kills += 1
                self.logplay(shadow)
                self.assertEqual(listing(shadow), whole, f'killed at {step} number {number}')
                self.remove(shadow)
            else:
                self.fail(f'{step}: does not end')
            self.remove(shadow)
        print(f'{kills} kills')
        self.assertGreater(kills, 40)

    def test_every_step_before_another_pool(self):
        """The same device uuid, another file system: of the interrupted replay nothing is left."""
        device = bytes(range(16))
        first = self.encoded_pool(omf.Pool([omf.mkdir('d', mode=0o555), omf.file('d/old', 5, EXTENT, mode=0o644),
                                            omf.file('secret', 9, NEXT_EXTENT, mode=0o644)], dev=device), name='first.img')
        second = self.encoded_pool(omf.Pool([omf.file('secret', 9, EXTENT, mode=0o600), omf.mkdir('d')], dev=device))
        self.image = second
        self.logplay(self.path('fresh'))
        fresh, shadow, kills = listing(self.path('fresh')), self.path('shadow'), 0
        for step in STEPS:
            for number in range(1, 200):
                self.image = first
                if not self.killed_at(shadow, step, number):
                    break
                kills += 1
                finished = os.path.exists(f'{shadow}/devices.yaml') and self.is_finished(shadow)
                self.image = second
                if finished:
                    self.logplay(shadow, status=3)
                else:
                    self.logplay(shadow)
                    self.assertEqual(listing(shadow), fresh, f'killed at {step} number {number}')
                self.remove(shadow)
            else:
                self.fail(f'{step}: does not end')
            self.remove(shadow)
        print(f'{kills} kills before another pool')
        self.assertGreater(kills, 25)

    def is_finished(self, shadow):
        """Whether the state tells how far the log is replayed."""
        with open(f'{shadow}/state.yaml') as state:
            return f'entries: {(1 << 64) - 1}\n' not in state.read()

    def test_killed_while_it_is_emptied(self):
        """The second pool's replay is killed too, at each of its steps, before a third one's."""
        device = bytes(range(16))
        images = [self.encoded_pool(omf.Pool([omf.mkdir(f'd{n}'), omf.file(f'd{n}/f', 5, EXTENT)], dev=device),
                                    name=f'{n}.img') for n in range(3)]
        self.image = images[2]
        self.logplay(self.path('fresh'))
        fresh, shadow, kills = listing(self.path('fresh')), self.path('shadow'), 0
        for step in ('unlinkat', 'renameat', 'mkdirat', 'openat'):
            for number in range(1, 200):
                self.image = images[0]
                self.assertTrue(self.killed_at(shadow, 'renameat2', 2))
                self.image = images[1]
                if not self.killed_at(shadow, step, number):
                    break
                kills += 1
                self.image = images[2]
                if self.is_finished(shadow):
                    self.logplay(shadow, status=3)
                else:
                    self.logplay(shadow)
                    self.assertEqual(listing(shadow), fresh, f'killed at {step} number {number}')
                self.remove(shadow)
            self.remove(shadow)
        print(f'{kills} kills while it is emptied')
        self.assertGreater(kills, 10)

    def remove(self, shadow):
        for where, _, _ in os.walk(shadow):
            os.chmod(where, 0o700)
        shutil.rmtree(shadow, ignore_errors=True)


if __name__ == '__main__':
    harness.main()
