"""The system tests' base class: a directory, a time limit and a host identity for each test; commands that are
checked and recorded; mounts that are always taken away; and for a test that failed its files, a transcript and a
repro.sh under FAMFS_TEST_LOGS.

    import harness

    class Example(harness.SystemTest):
        def test_new_pool_is_clean(self):
            pool = self.new_pool('1G')
            self.famfs('fsck', pool)

    if __name__ == '__main__':
        harness.main()

The programs under test come from FAMFS and FAMFS_FUSED. FAMFS_TEST_SLOW multiplies every time limit (sanitizers).
"""
import dataclasses
import glob
import gzip
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import unittest

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tools'))

import sandbox  # noqa: E402

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'golden')
SLOW = float(os.environ.get('FAMFS_TEST_SLOW', '1'))
MASTER_OF_TEST_POOLS = '11112222-3333-4444-5555-666677778888'  # omf.SYSTEM, and the golden pools' master

KERNEL = tuple(int(number) for number in re.findall(r'\d+', os.uname().release)[:2])

needs_root = unittest.skipUnless(os.geteuid() == 0, 'needs root')
needs_fuse = unittest.skipIf(sandbox.why_no_fuse(), sandbox.why_no_fuse())

# FUSE_DIRECT_IO_ALLOW_MMAP
needs_direct_io_maps = unittest.skipUnless(KERNEL >= (6, 6), 'shared mappings with direct_io came with Linux 6.6')


@dataclasses.dataclass
class Outcome:
    """What a command did. Text is UTF-8 with surrogate escapes for other bytes."""
    argv: list
    status: int
    out: str
    err: str

    @property
    def errors(self):
        return self.err.splitlines()

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        shown = ' '.join(shlex.quote(word) for word in self.argv)
        return f'$ {shown}\nstatus {self.status}\n--- stdout\n{self.out[:4000]}\n--- stderr\n{self.err[:4000]}'


class SystemTest(unittest.TestCase):
    time_limit = 60  # seconds for each test
    maxDiff = 4000

    # --- the life of a test

    def run(self, result=None):
        result = result or self.defaultTestResult()
        self.dir = tempfile.mkdtemp(prefix='famfs-test-', dir=_scratch())
        self.record, self.inputs, self.expired = [], [], False
        self.be_host('main')
        trouble = len(result.failures) + len(result.errors)
        watchdog = threading.Timer(self.time_limit * SLOW, self._expire)
        watchdog.start()
        self.addCleanup(self._check_leftovers)
        try:
            super().run(result)
        finally:
            watchdog.cancel()
            if len(result.failures) + len(result.errors) > trouble:
                self._keep_logs(result)
            shutil.rmtree(self.dir, ignore_errors=True)
        return result

    def _expire(self):
        """Ends whatever the test waits for; it then fails by itself, or by the check of leftovers."""
        self.expired = True
        for pid in sandbox.descendants():
            _signal(pid, signal.SIGKILL)
        self._take_away_mounts()

    def _take_away_mounts(self):
        for point, _, _ in sandbox.mounts_below(self.dir):
            sandbox.detach(point)

    def _check_leftovers(self):
        """No test may leave a mount, a daemon, a run directory or a sanitizer's report; what is there goes."""
        left = [f'mount {point}' for point, _, _ in sandbox.mounts_below(self.dir)]
        self._take_away_mounts()
        left += [f'process {pid}: {sandbox.command_line(pid)}' for pid in _settled()]
        for pid in sandbox.descendants():
            _signal(pid, signal.SIGKILL)
        left += [f'run directory {path}' for path in self.run_directories()]
        for path in self.run_directories():
            shutil.rmtree(path, ignore_errors=True)
        for report in glob.glob(f'{self.dir}/reports/*'):
            with open(report, errors='replace') as text:
                left.append(f'sanitizer report:\n{text.read()[:8000]}')
        _settled()
        sandbox.reap()
        if self.expired:
            self.fail(f'time limit of {self.time_limit * SLOW:.0f} s')
        self.assertEqual(left, [], 'left behind')

    def _keep_logs(self, result):
        logs = os.environ.get('FAMFS_TEST_LOGS')
        if not logs:
            return
        kept = os.path.join(logs, self.id().replace('__main__', _program_name()))
        shutil.rmtree(kept, ignore_errors=True)
        os.makedirs(kept)
        reason = [text for test, text in result.failures + result.errors if test.id().startswith(self.id())]
        _write(f'{kept}/transcript.txt', '\n\n'.join([str(item) for item in self.record] + reason))
        for index, (path, _, content) in enumerate(self.inputs):
            with gzip.open(f'{kept}/input-{index}.gz', 'wb') as out:
                out.write(content)
        _write(f'{kept}/repro.sh', self._repro())
        os.chmod(f'{kept}/repro.sh', 0o755)
        print(f'{self.id()}: kept {kept}', file=sys.stderr)

    def _repro(self):
        """The test's commands as a script. Steps that the test made without a command are not in it."""
        env = self.environment()
        lines = ['#!/bin/bash', f'# {self.id()}: its commands, in order. Run as uid {os.getuid()}, beside input-*.gz.',
                 'here=$(cd "$(dirname "$0")" && pwd)', 'set -x', f'mkdir -p {self.dir} && cd {self.dir} || exit',
                 f'mkdir -p {shlex.quote(env["HOME"])} {shlex.quote(env["XDG_RUNTIME_DIR"])} hosts reports']
        lines += [f'export {name}={shlex.quote(value)}' for name, value in env.items()]
        for name in os.listdir(f'{self.dir}/hosts') if os.path.isdir(f'{self.dir}/hosts') else []:
            with open(f'{self.dir}/hosts/{name}', errors='replace') as uuid:
                lines.append(f'echo {shlex.quote(uuid.read().strip())} > hosts/{name}')
        for index, (path, size, _) in enumerate(self.inputs):
            lines += [f'zcat "$here/input-{index}.gz" > {shlex.quote(path)}',
                      f'truncate -s {size} {shlex.quote(path)}']
        lines += [' '.join(shlex.quote(word) for word in item.argv) for item in self.record
                  if isinstance(item, Outcome)]
        return '\n'.join(lines) + '\n'

    # --- commands

    def be_host(self, name, system_uuid=None):
        """From here on commands run as host `name`; its system uuid is made by mkfs unless given."""
        os.makedirs(f'{self.dir}/hosts', exist_ok=True)
        self.host_file = f'{self.dir}/hosts/{name}'
        if system_uuid:
            _write(self.host_file, f'{system_uuid}\n')

    def environment(self):
        home, run = f'{self.dir}/home', f'{self.dir}/run'
        for directory in (home, run, f'{self.dir}/tmp', f'{self.dir}/reports'):
            os.makedirs(directory, mode=0o700, exist_ok=True)
        report = f'log_path={self.dir}/reports/report'
        # No look for leaks: it holds up the end of a daemon that has let go of its lock already, and finds the one
        # string of libfuse's that the serving process leaves to its guardian. The unit tests look.
        programs = [os.path.dirname(os.environ[name]) for name in ('FAMFS', 'FAMFS_FUSED')]
        return {'PATH': ':'.join([*programs, '/usr/sbin:/usr/bin:/sbin:/bin']), 'LC_ALL': 'C.UTF-8', 'HOME': home,
                'XDG_CONFIG_HOME': f'{home}/config', 'XDG_RUNTIME_DIR': run, 'TMPDIR': f'{self.dir}/tmp',
                'FAMFS_SYSTEM_UUID_FILE': self.host_file,
                'ASAN_OPTIONS': f'{report}:detect_stack_use_after_return=1:detect_leaks=0',
                'UBSAN_OPTIONS': f'{report}:print_stacktrace=1', 'TSAN_OPTIONS': f'{report}:halt_on_error=0'}

    def command(self, argv, status=0, limit=None, env=None, stdin=subprocess.DEVNULL, **options):
        """Runs a command and records it. `status` is what it must end with: a number, several, or None for any."""
        # Files, not pipes: a daemon that keeps a descriptor open must not keep the test waiting.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([os.fspath(word) for word in argv], stdin=stdin,
                                       stdout=options.pop('stdout', out), stderr=options.pop('stderr', err),
                                       env={**self.environment(), **(env or {})}, cwd=self.dir, **options)
            try:
                process.wait((limit or self.time_limit) * SLOW)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = 'in time'
            outcome = Outcome(list(map(os.fspath, argv)), process.returncode, _text(out), _text(err))
        self.record.append(outcome)
        wanted = (status,) if isinstance(status, (int, str)) else status
        if wanted is not None and outcome.status not in wanted:
            self.fail(f'status {outcome.status}, wanted {status}\n{outcome}')
        return outcome

    def famfs(self, *arguments, status=0, **options):
        outcome = self.command([os.environ['FAMFS'], *arguments], status, **options)
        self.assertIn(outcome.status, range(6), f'not an exit status of ours\n{outcome}')
        return outcome

    def fused(self, *arguments, status=0, **options):
        return self.command([os.environ['FAMFS_FUSED'], *arguments], status, **options)

    def fails(self, status, *arguments, words=(), program='famfs', **options):
        """Runs famfs, which must fail as cli.md says: this status, one line on stderr, nothing on stdout. Each of
        `words` (regular expressions) must be in the line."""
        name = {'famfs': 'FAMFS', 'famfs-fused': 'FAMFS_FUSED'}[program]
        outcome = self.command([os.environ[name], *arguments], status, **options)
        self.assertEqual(outcome.out, '', outcome)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertRegex(outcome.err, rf'^{program}(-fused)?: ', outcome)  # mount passes on what its daemon says
        for word in words:
            self.assertRegex(outcome.err, word, outcome)
        return outcome

    # --- pools and mounts

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        """A file of the test, parents included; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as out:
            out.write(content)
        return path

    def input_image(self, content, size, name='pool.img'):
        """An image that starts with `content`, sparse up to `size`, kept for repro.sh."""
        path = self.path(name)
        with open(path, 'wb') as out:
            out.truncate(size)
            out.write(content)
        self.inputs.append((path, size, content))
        return path

    def encoded_pool(self, pool, size=1 << 30, name='pool.img'):
        """The image of an omf.Pool; this host becomes its master."""
        lead = pool.superblock.ljust(0x200000, b'\0')
        self.be_host('main', MASTER_OF_TEST_POOLS)
        return self.input_image(lead + pool.log_bytes, size, name)

    def golden_pool(self, name, size):
        [packed] = glob.glob(f'{GOLDEN}/{name}/*.bin.gz')
        with gzip.open(packed) as content:
            return self.input_image(content.read(), size, f'{name}.img')

    def new_pool(self, size='1G', *options, name='pool.img'):
        image = self.path(name)
        self.famfs('mkfs', image, '--size', size, *options)
        return image

    def mount(self, image, *options, name='mnt', status=0):
        """Mounts with `famfs mount`; unmounted again when the test ends, if the test did not."""
        point = self.path(name)
        os.makedirs(point, exist_ok=True)
        self.addCleanup(self._unmount_if_mounted, point)
        self.famfs('mount', image, point, *options, status=status)
        self.assertTrue(self.is_mounted(point), 'famfs mount returned, but there is no mount')
        return point

    def umount(self, point):
        self.famfs('umount', point)
        self.assertFalse(self.is_mounted(point), 'famfs umount returned, but the mount is there')

    def _unmount_if_mounted(self, point):
        if self.is_mounted(point):
            self.umount(point)

    def is_mounted(self, point):
        return any(where == point for where, _, _ in sandbox.mounts_below(self.dir))

    def daemons(self):
        """Process ids of the running famfs-fused, one for each mount. Confined, it has a child that serves."""
        programs = self._daemon_processes()
        return [pid for pid in programs if sandbox.parent(pid) not in programs]

    def servers(self):
        """Process ids of those that serve, one for each mount."""
        programs = self._daemon_processes()
        parents = [sandbox.parent(pid) for pid in programs]
        return [pid for pid in programs if pid not in parents]

    def _daemon_processes(self):
        return [pid for pid in sandbox.descendants()
                if os.path.basename((sandbox.command_line(pid) or [''])[0]) == 'famfs-fused']

    def run_directories(self):
        """What `famfs mount` keeps for a mount while it lasts."""
        return glob.glob('/run/famfs/mount-*' if sandbox.is_root() else f'{self.dir}/run/famfs/mount-*')

    def snapshot(self, skip=()):
        """Names, sizes and times of all that the test sees in its directory, but what commands may use for
        themselves and `skip`: to show that nothing changed."""
        found = {}
        for where, directories, files in os.walk(self.dir):
            if where == self.dir:
                directories[:] = [name for name in directories
                                  if name not in ('home', 'run', 'tmp', 'reports', *skip)]
            for name in directories + files:
                status = os.lstat(os.path.join(where, name))
                found[os.path.join(where, name)] = (status.st_mode, status.st_size, status.st_mtime_ns)
        return found

    def wait_until(self, condition, what, seconds=10):
        end = time.monotonic() + seconds * SLOW
        while not condition():
            if time.monotonic() > end:
                self.fail(f'waited {seconds * SLOW:.0f} s in vain: {what}')
            time.sleep(0.02)


# --- trees

def tree(directory, skip=()):
    """{relative path: None for a directory, content for a file} of all below `directory`, as bytes; without its own
    entries in `skip`."""
    found = {}
    top = os.fsencode(directory)
    for where, directories, files in os.walk(top, onerror=_raise):
        if where == top:
            directories[:] = [name for name in directories if os.fsdecode(name) not in skip]
        for name in directories:
            found[os.path.relpath(os.path.join(where, name), top)] = None
        for name in files:
            with open(os.path.join(where, name), 'rb') as content:
                found[os.path.relpath(os.path.join(where, name), top)] = content.read()
    return found


def difference(ours, theirs):
    """What two trees disagree about, briefly; '' if nothing."""
    lines = [f'only in the first: {name!r}' for name in sorted(ours.keys() - theirs.keys())]
    lines += [f'only in the second: {name!r}' for name in sorted(theirs.keys() - ours.keys())]
    lines += [f'differs: {name!r}' for name in sorted(ours.keys() & theirs.keys()) if ours[name] != theirs[name]]
    return '\n'.join(lines[:20] + ([f'… {len(lines)} in all'] if len(lines) > 20 else []))


def _raise(error):
    raise error


def values_of(document, key):
    """Every value that `key` has anywhere in a JSON document: the tests hold on to names, not to nesting."""
    found = []
    if isinstance(document, dict):
        found = [value for name, value in document.items() if name == key]
    for value in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        found += values_of(value, key)
    return found


def is_safe(text):
    """Whether text can be shown on a terminal: lines of characters that do not control it."""
    return not any(unicodedata.category(character) in ('Cc', 'Cs') for character in text.replace('\n', ''))


# --- small things

def _scratch():
    """Memory where there is enough of it, for speed; FAMFS_TEST_TMP decides otherwise."""
    wanted = os.environ.get('FAMFS_TEST_TMP')
    if wanted:
        return wanted
    try:
        room = os.statvfs('/dev/shm')
        enough = room.f_bavail * room.f_frsize >= 4 << 30
    except OSError:
        enough = False
    return '/dev/shm' if enough and os.access('/dev/shm', os.W_OK) else '/var/tmp'


def _write(path, text):
    with open(path, 'w', encoding='utf-8', errors='backslashreplace') as out:
        out.write(text)


def _text(file):
    file.seek(0)
    return file.read().decode('utf-8', 'surrogateescape')


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _settled(seconds=2):
    """Processes that are still there after a moment."""
    end = time.monotonic() + seconds * SLOW
    while sandbox.descendants() and time.monotonic() < end:
        time.sleep(0.02)
    return sandbox.descendants()


def _program_name():
    name = re.sub(r'\.py$', '', os.path.basename(sys.argv[0]))
    return name + ('-as-user' if not sandbox.is_root() else '')


def main():
    if not {'FAMFS', 'FAMFS_FUSED'} <= os.environ.keys():
        sys.exit('set FAMFS and FAMFS_FUSED to the programs, or use ctest')
    sandbox.enter()
    program = unittest.main(verbosity=2, exit=False)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun and len(result.skipped) == result.testsRun else 0)  # 77: all skipped
