# ctest: user
"""The harness itself: it must notice what it promises to notice."""
import os
import subprocess
import time
import unittest

import harness
import sandbox


def outcome_of(function, limit=30):
    """Runs `function` as the body of a system test of its own and returns the unittest result."""
    case = type('Inner', (harness.SystemTest,), {'test_body': function, 'time_limit': limit})('test_body')
    result = unittest.TestResult()
    case.run(result)
    return case, result


class Harness(unittest.TestCase):
    def setUp(self):
        self.logs = os.environ.pop('FAMFS_TEST_LOGS', None)

    def tearDown(self):
        if self.logs:
            os.environ['FAMFS_TEST_LOGS'] = self.logs

    def assert_complains(self, result, words):
        self.assertEqual(len(result.failures) + len(result.errors), 1, result)
        self.assertIn(words, (result.failures + result.errors)[0][1])

    def test_directory_is_private_and_goes(self):
        seen = []
        case, result = outcome_of(lambda test: seen.append(os.stat(test.dir).st_mode & 0o777))
        self.assertTrue(result.wasSuccessful(), result)
        self.assertEqual(seen, [0o700])
        self.assertFalse(os.path.exists(case.dir))

    def test_wrong_status_fails(self):
        _, result = outcome_of(lambda test: test.command(['sh', '-c', 'exit 3'], status=0))
        self.assert_complains(result, 'status 3, wanted 0')

    def test_hanging_command_ends_in_time(self):
        start = time.monotonic()
        _, result = outcome_of(lambda test: test.command(['sleep', '1000']), limit=1 / harness.SLOW)
        # The command's limit and the test's are the same: either may be seen first, and alone.
        self.assertIn(len(result.failures) + len(result.errors), (1, 2), result.failures)
        self.assertRegex((result.failures + result.errors)[-1][1], 'time limit|wanted in time')
        self.assertLess(time.monotonic() - start, 20)

    def test_process_left_behind_is_reported_and_ended(self):
        def body(test):
            test.command(['sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 &'])
        _, result = outcome_of(body)
        self.assert_complains(result, "'sleep', '1000'")
        self.assertEqual(sandbox.descendants(), [])

    def test_sanitizer_report_fails_the_test(self):
        def body(test):
            test.command(['sh', '-c', 'echo heap-use-after-free > "${ASAN_OPTIONS#log_path=}.1"'],
                         env={'ASAN_OPTIONS': f'log_path={test.dir}/reports/report'})
        _, result = outcome_of(body)
        self.assert_complains(result, 'heap-use-after-free')

    @unittest.skipUnless(os.geteuid() == 0, 'needs root')
    def test_mount_left_behind_is_reported_and_taken_away(self):
        def body(test):
            os.mkdir(test.path('here'))
            sandbox.mount_tmpfs(test.path('here'), '1m')
        case, result = outcome_of(body)
        self.assert_complains(result, f'mount {case.dir}/here')
        self.assertEqual(sandbox.mounts_below(case.dir), [])

    def test_failure_keeps_a_script_that_repeats_it(self):
        with harness.tempfile.TemporaryDirectory() as logs:
            os.environ['FAMFS_TEST_LOGS'] = logs

            def body(test):
                test.input_image(b'content', 4096, "it's.img")
                test.command(['stat', '-c', '%s of %n', "it's.img"])
                test.command(['grep', 'absent', "it's.img"])
            try:
                _, result = outcome_of(body)
            finally:
                del os.environ['FAMFS_TEST_LOGS']
            [kept] = [os.path.join(logs, name) for name in os.listdir(logs)]
            script = subprocess.run([f'{kept}/repro.sh'], capture_output=True, text=True)
            directory = result.failures[0][0].dir
            harness.shutil.rmtree(directory)
            self.assertIn("4096 of it's.img", script.stdout)
            self.assertEqual(script.returncode, 1)
            with open(f'{kept}/transcript.txt') as transcript:
                self.assertIn('grep absent', transcript.read())

    @unittest.skipUnless(os.environ.get('FAMFS_TEST_AS') == 'user', 'only as an ordinary user')
    def test_ordinary_user_has_no_right_of_root(self):
        self.assertNotIn(0, os.getresuid() + os.getresgid())
        self.assertEqual(os.getgroups(), [])
        with open('/proc/self/status') as status:
            self.assertIn('CapEff:\t0000000000000000', status.read())


if __name__ == '__main__':
    harness.main()
