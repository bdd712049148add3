# ctest: user timeout=240 labels=robust
"""logplay killed at every step that it takes in the file system: run again, it ends where an undisturbed one does."""
import os
import shutil
import unittest

import harness
import omf

# What changes the shadow tree. strace counts each of them by itself, from 1.
STEPS = 'openat,openat2,mkdirat,write,pwrite64,fchmod,fchown,renameat,renameat2,unlinkat,flock'.split(',')


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

    def remove(self, shadow):
        for where, _, _ in os.walk(shadow):
            os.chmod(where, 0o700)
        shutil.rmtree(shadow, ignore_errors=True)


if __name__ == '__main__':
    harness.main()
