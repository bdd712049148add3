# ctest: user
"""scripts/quickstart, the show alone: it leaves nothing, however it ends."""
import os
import signal
import subprocess

import harness
import sandbox

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(harness.GOLDEN)), 'scripts')


@harness.needs_fuse
class Quickstart(harness.SystemTest):
    def setUp(self):
        self.words = [f'{SCRIPTS}/quickstart', os.path.dirname(os.environ['FAMFS'])]
        self.environment()
        self.addCleanup(self._take_away_mounts)

    def start(self):
        """It runs, up to the first use of its mount; returns the process and the mount point."""
        fifo = self.path('show')
        os.mkfifo(fifo)
        hold = self.write('held/diff', b'#!/bin/sh\necho "$2" > "$SHOW"\nexec sleep 1000\n')
        os.chmod(hold, 0o755)
        env = {**self.environment(), 'SHOW': fifo}
        # The programs come first in PATH, and diff is none of them.
        env['PATH'] = f'{self.path("held")}:{env["PATH"]}'
        with open(self.path('errors'), 'wb') as errors:
            process = subprocess.Popen(self.words, env=env, cwd=self.dir, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        self.addCleanup(self.end, process)
        with open(fifo) as show:
            where = show.read()
        self.assertIn('/usr/include/linux', where)
        [work] = os.listdir(self.path('tmp'))
        return process, f'{self.path("tmp")}/{work}/mnt'

    def end(self, process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    def nothing_is_left(self):
        self.assertEqual(os.listdir(self.path('tmp')), [])
        self.assertEqual(self.daemons(), [])
        self.assertEqual(sandbox.mounts_below(self.dir), [])

    def test_shows_all_and_from_another_directory(self):
        for cwd in (self.path('home'), self.path('home')):
            outcome = self.command(['env', f'--chdir={cwd}', 'CDPATH=/:/usr', *self.words])
            self.assertIn('(no difference)', outcome.out)
            self.assertIn('0 findings', outcome.out)
            self.assertEqual(len(outcome.errors), 1, outcome)  # the second host may not write
            self.nothing_is_left()

    def test_signals_leave_nothing(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)):
            with self.subTest(number):
                process, _ = self.start()
                os.killpg(process.pid, number)  # as a terminal does
                self.assertEqual(process.wait(60 * harness.SLOW), status)
                self.nothing_is_left()
                os.unlink(self.path('show'))

    def test_mount_in_use_is_taken_away_and_said(self):
        process, point = self.start()
        user = subprocess.Popen(['sleep', '1000'], cwd=point)
        self.addCleanup(user.wait)
        self.addCleanup(user.kill)
        os.killpg(process.pid, signal.SIGTERM)
        self.assertEqual(process.wait(60 * harness.SLOW), 143)
        with open(self.path('errors')) as errors:
            self.assertRegex(errors.read(), 'quickstart: .*/mnt is in use')
        self.nothing_is_left()

    def test_where_nothing_may_be_written(self):
        if os.access(os.path.dirname(SCRIPTS), os.W_OK):
            self.skipTest('the sources may be written to')
        outcome = self.command(self.words[:1], status=1)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertRegex(outcome.err, '^quickstart: needs the right to write to /.*/build/release$')


if __name__ == '__main__':
    harness.main()
