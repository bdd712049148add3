"""Runs the tests of this directory, those whose names begin with an argument."""

import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class TimedResult(unittest.TextTestResult):
    """Says how long each test took."""

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        self.stream.writeln(f"# {time.monotonic() - self.started:.1f} s")


def plain(test):
    return test.id().replace("test_", "")


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def main(prefixes):
    tests = list(flatten(unittest.defaultTestLoader.discover(HERE)))
    if prefixes:
        tests = [test for test in tests if any(plain(test).startswith(prefix) for prefix in prefixes)]
    sys.stdout.reconfigure(line_buffering=True)
    runner = unittest.TextTestRunner(verbosity=2, stream=sys.stdout, resultclass=TimedResult)
    result = runner.run(unittest.TestSuite(tests))
    failed = len({test.id() for test, _ in result.failures + result.errors})  # body and tearDown count once
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed, {len(result.skipped)} skipped")
    return 0 if failed == 0 and result.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
