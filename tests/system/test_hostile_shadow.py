# ctest: user timeout=120 labels=robust,sanitize
"""Documents that are replaced by other things under a running daemon: one file suffers, with a line in the log; its
neighbours go on."""
import errno
import os
import shutil
import subprocess
import time

import harness
import sandbox


@harness.needs_fuse
class HostileShadow(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')
        self.shadow = self.path('shadow')
        self.mnt = self.path('mnt')
        os.makedirs(self.mnt)
        self.famfs('mount', self.image, self.mnt, '--shadow', self.shadow)
        for name in ('good', 'victim'):
            self.famfs('cp', self.write(name, name.encode() * 1000), f'{self.mnt}/{name}')
        self.famfs('mkdir', f'{self.mnt}/dir')
        self.famfs('cp', self.path('good'), f'{self.mnt}/dir/deep')
        self.famfs('umount', self.mnt)
        self.start()

    def start(self):
        self.log = self.path('daemon.log')
        with open(self.log, 'wb') as log:
            self.daemon = subprocess.Popen(
                [os.environ['FAMFS_FUSED'], '--shadow', self.shadow, '--data-path', 'copy', '--foreground', '-o',
                 'entry_timeout=0,attr_timeout=0', self.mnt],
                env=self.environment(), cwd=self.dir, stdin=subprocess.DEVNULL, stderr=log)
        self.addCleanup(self.stop)
        self.wait_until(lambda: self.is_mounted(self.mnt) and os.path.exists(f'{self.mnt}/good'), 'a mount')

    def stop(self):
        if self.daemon.poll() is None:
            self.daemon.terminate()
        self.assertEqual(self.daemon.wait(20 * harness.SLOW), 0)

    def said(self):
        with open(self.log, errors='replace') as log:
            return log.read()

    @property
    def victim(self):
        return f'{self.shadow}/root/victim'

    def read(self, name):
        with open(f'{self.mnt}/{name}', 'rb') as file:
            return file.read()

    def assert_only_victim_suffers(self, code=errno.EUCLEAN):
        for name in ('good', 'dir/deep'):
            self.assertEqual(self.read(name), b'good' * 1000)
        with self.assertRaises(OSError) as caught:
            self.read('victim')
        self.assertEqual(caught.exception.errno, code)
        if code == errno.EUCLEAN:
            self.assertIn('victim', self.said())
        self.assertIn('good', os.listdir(self.mnt))
        self.assertIsNone(self.daemon.poll())

    def replace(self, text):
        with open(f'{self.victim}.new', 'wb') as out:
            out.write(text)
        os.rename(f'{self.victim}.new', self.victim)

    def test_garbage(self):
        for text in (b'', b'\0' * 100, os.urandom(3000), b'file: [', b'[' * 60000, b'a: &a [*a, *a]\n',
                     b'file:\n  path: /victim\n', b'- ' * 30000, b'{' * 30000, b'"' + b'\\' * 60001):
            self.replace(text)
            self.assert_only_victim_suffers()

    def test_document_of_another_file(self):
        with open(f'{self.shadow}/root/good', 'rb') as text:
            self.replace(text.read())
        self.assert_only_victim_suffers()

    def test_a_gibibyte_of_zeros(self):
        os.truncate(self.victim, 0)
        os.truncate(self.victim, 1 << 30)
        before = time.monotonic()
        self.assert_only_victim_suffers()
        self.assertLess(time.monotonic() - before, 20 * harness.SLOW)

    def test_fifo(self):
        os.unlink(self.victim)
        os.mkfifo(self.victim)
        self.assert_only_victim_suffers()

    def test_socket_and_device(self):
        os.unlink(self.victim)
        kind = 0o020000 if sandbox.is_root() else 0o140000
        try:
            os.mknod(self.victim, kind | 0o666, os.makedev(1, 5))  # /dev/zero
        except PermissionError:
            self.skipTest('mknod is not allowed here')
        self.assert_only_victim_suffers()

    def test_symlink_out_of_the_tree(self):
        secret = self.write('secret', b'secret')
        for target in (secret, 'good', '../../../etc/passwd', '/proc/self/mem', 'victim'):
            os.unlink(self.victim)
            os.symlink(target, self.victim)
            self.assert_only_victim_suffers()

    def test_directory_becomes_a_symlink(self):
        os.makedirs(self.path('outside'))
        shutil.move(f'{self.shadow}/root/dir', self.path('outside/dir'))
        os.symlink(self.path('outside/dir'), f'{self.shadow}/root/dir')
        with self.assertRaises(OSError):
            self.read('dir/deep')
        self.assertEqual(self.read('good'), b'good' * 1000)

    def test_document_goes(self):
        os.unlink(self.victim)
        self.assert_only_victim_suffers(errno.ENOENT)

    def test_size_changes_under_an_open_file(self):
        """The open file stays what it was; the name is another file from now on."""
        with open(f'{self.mnt}/victim', 'rb') as file:
            with open(self.victim) as text:
                shorter = text.read().replace('size: 6000', 'size: 3')
            self.replace(shorter.encode())
            self.assertEqual(os.stat(f'{self.mnt}/victim').st_size, 3)
            self.assertEqual(os.fstat(file.fileno()).st_size, 6000)
            self.assertEqual(file.read(), b'victim' * 1000)
        self.assertEqual(self.read('victim'), b'vic')

    def test_whole_tree_goes(self):
        shutil.rmtree(f'{self.shadow}/root')
        with self.assertRaises(OSError):
            self.read('good')
        self.assertIsNone(self.daemon.poll())
        os.statvfs(self.mnt)

    def test_image_shrinks(self):
        os.truncate(self.image, 4 << 20)
        with self.assertRaises(OSError) as caught:
            self.read('good')
        self.assertEqual(caught.exception.errno, errno.EIO)
        self.assertIsNone(self.daemon.poll())
        os.truncate(self.image, 1 << 30)
        self.assertEqual(os.stat(f'{self.mnt}/good').st_size, 4000)

    def test_no_descriptors_left(self):
        soft = max(int(name) for name in os.listdir(f'/proc/{self.daemon.pid}/fd')) + 1
        self.command(['prlimit', '--pid', str(self.daemon.pid), f'--nofile={soft}:'])
        for name in ('good', 'victim'):
            try:
                self.read(name)
            except OSError as problem:
                self.assertIn(problem.errno, (errno.EMFILE, errno.EIO, errno.ENFILE))
        self.command(['prlimit', '--pid', str(self.daemon.pid), '--nofile=1024:'])
        self.assertIsNone(self.daemon.poll())
        self.assertEqual(self.read('good'), b'good' * 1000)


@harness.needs_fuse
class FullShadow(harness.SystemTest):
    @harness.needs_root
    def test_no_room_for_documents(self):
        """A full file system under the shadow: what does not fit is refused before it is in the log."""
        image = self.new_pool('1G')
        small = self.path('small')
        os.makedirs(small)
        self.command(['mount', '-t', 'tmpfs', '-o', 'size=64k,nr_inodes=40', 'none', small])
        self.addCleanup(self.command, ['umount', small])
        mnt = self.mount(image, '--shadow', f'{small}/shadow')
        names = [f'{mnt}/f{number}' for number in range(60)]
        outcome = self.famfs('creat', '--size', '1', *names, status=5)
        self.assertRegex(outcome.err, 'No space left|space')
        made = sorted(name for name in os.listdir(mnt) if name != '.meta')
        self.assertTrue(0 < len(made) < 60)
        self.umount(mnt)
        said = self.famfs('fsck', '--json', image).json()
        self.assertIn(len(made), harness.values_of(said, 'files'))


if __name__ == '__main__':
    harness.main()
