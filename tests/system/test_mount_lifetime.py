# ctest: user labels=sanitize
"""Mounts come and go: signals, a killed daemon, several mounts of one pool, and files that logplay adds."""
import contextlib
import errno
import os
import signal

import decoder
import harness
import sandbox


@harness.needs_fuse
class Lifetime(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image)
        self.famfs('cp', self.write('source', b'content'), f'{self.mnt}/f')

    def assert_serves(self, point):
        with open(f'{point}/f', 'rb') as file:
            self.assertEqual(file.read(), b'content')

    @contextlib.contextmanager
    def held_open(self):
        """A descriptor of the file; that the mount is gone by the end is no error."""
        descriptor = os.open(f'{self.mnt}/f', os.O_RDWR)
        try:
            yield descriptor
        finally:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def end_daemon(self, number):
        [daemon] = self.daemons()
        os.kill(daemon, number)
        self.wait_until(lambda: not sandbox.alive(daemon), 'the daemon ends')

    def test_umount_takes_everything_away(self):
        self.assert_serves(self.mnt)
        self.assertEqual(len(self.run_directories()), 1)
        self.umount(self.mnt)
        self.assertEqual(self.daemons(), [])
        self.assertEqual(self.run_directories(), [])
        self.assertEqual(os.listdir(self.mnt), [])

    def test_killed_daemon_loses_nothing_and_umount_cleans_up(self):
        with self.held_open() as file:
            os.write(file, b'CONTENT')
            os.fsync(file)
            self.end_daemon(signal.SIGKILL)
        self.umount(self.mnt)
        self.assertEqual(self.run_directories(), [])
        self.famfs('fsck', self.image)
        self.assertEqual(decoder.decode(self.image).problems, [])
        self.mount(self.image)
        with open(f'{self.mnt}/f', 'rb') as file:
            self.assertEqual(file.read(), b'CONTENT')

    def test_mount_over_a_killed_ones_leftovers(self):
        """Nobody ran umount: the dead mount is still there, and the next mount says so or takes its place."""
        self.end_daemon(signal.SIGKILL)
        self.fails((3, 5), 'mount', self.image, self.mnt, words=[self.mnt])
        self.umount(self.mnt)
        self.mount(self.image)
        self.assert_serves(self.mnt)

    def test_termination_unmounts(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.end_daemon(number)
            self.assertFalse(self.is_mounted(self.mnt))
            self.assertEqual(os.listdir(self.mnt), [])
            self.famfs('umount', self.mnt, status=None)  # what it kept goes; there is nothing to unmount
            self.assertEqual(self.run_directories(), [])
            self.mount(self.image)
            self.assert_serves(self.mnt)

    def test_termination_with_a_file_open(self):
        with self.held_open() as file:
            os.read(file, 1)
            self.end_daemon(signal.SIGTERM)
        self.assertFalse(self.is_mounted(self.mnt))
        self.famfs('umount', self.mnt, status=None)

    def test_busy(self):
        with open(f'{self.mnt}/f', 'rb') as file:
            self.fails(3, 'umount', self.mnt, words=['busy|in use'])
            self.assertEqual(file.read(), b'content')
        self.assert_serves(self.mnt)
        self.umount(self.mnt)

    def test_mount_umount_many_times(self):
        for _ in range(10):
            self.umount(self.mnt)
            self.mount(self.image)
            self.assert_serves(self.mnt)

    def test_mkfs_is_refused_while_mounted(self):
        self.fails(3, 'mkfs', self.image, '--force')
        self.fails(3, 'mkfs', self.image, '--kill', '--force', words=['mounted|in use|held'])
        self.assert_serves(self.mnt)
        self.umount(self.mnt)
        self.famfs('mkfs', self.image, '--force')

    def test_shadow_that_was_given_stays(self):
        self.umount(self.mnt)
        shadow = self.path('shadow')
        self.mount(self.image, '--shadow', shadow)
        self.assertEqual(os.getxattr(self.mnt, 'user.famfs.shadow').decode(), f'{shadow}/root')
        self.umount(self.mnt)
        self.assertIn(b'f', harness.tree(f'{shadow}/root'))
        self.mount(self.image, '--shadow', shadow)
        self.assert_serves(self.mnt)

    def test_image_that_is_cut_short_under_the_mount(self):
        """The bytes are gone: an error for the reader, not the end of the daemon."""
        size = os.stat(self.image).st_size
        os.truncate(self.image, 10 << 20)
        with self.assertRaises(OSError) as raised, open(f'{self.mnt}/f', 'rb') as file:
            file.read()
        self.assertEqual(raised.exception.errno, errno.EIO)
        self.assertEqual(len(self.daemons()), 1)
        os.truncate(self.image, size)
        with open(f'{self.mnt}/f', 'rb') as file:
            self.assertEqual(file.read(), bytes(7))

    def test_mount_says_how_in_the_mount_table(self):
        [(_, kind, source)] = sandbox.mounts_below(self.dir)
        self.assertEqual((kind, source), ('fuse.famfs', self.image))

    def test_yaml_data_path_shows_the_documents(self):
        self.umount(self.mnt)
        shadow = self.path('shadow')
        self.famfs('logplay', '--shadow', shadow, self.image)
        self.addCleanup(self._unmount_if_mounted, self.mnt)
        self.fused('--shadow', shadow, '--data-path', 'yaml', self.mnt)
        with open(f'{self.mnt}/f') as seen, open(f'{shadow}/root/f') as document:
            self.assertEqual(seen.read(), document.read())
        self.umount(self.mnt)

    def test_bad_entries_do_not_keep_the_good_ones_out(self):
        import omf
        one = omf.simple((0, omf.DATA, omf.UNIT))
        entries = [omf.mkdir('d'), omf.mkdir('../x'), omf.file('d/f', 5, one), omf.file('g', 5, one)]
        image = self.encoded_pool(omf.Pool(entries), name='bad.img')
        point = self.mount(image, name='bad', status=1)
        self.assertIn('entry 1', self.record[-1].err)
        self.assertIn('entry 3', self.record[-1].err)
        self.assertEqual(harness.tree(point, ('.meta',)), {b'd': None, b'd/f': bytes(5)})


@harness.needs_fuse
class TwoHosts(harness.SystemTest):
    """The master's mount and another host's mount of the same pool, side by side."""

    def setUp(self):
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image)
        self.be_host('other', '99999999-aaaa-4bbb-8ccc-dddddddddddd')
        self.other = self.mount(self.image, name='other')
        self.be_host('main')

    def test_new_file_is_there_after_logplay(self):
        self.famfs('mkdir', f'{self.mnt}/d')
        self.famfs('cp', self.write('source', b'news'), f'{self.mnt}/d/f')
        self.assertFalse(os.path.exists(f'{self.other}/d'))
        self.be_host('other')
        self.famfs('logplay', self.other)
        self.assertEqual(harness.tree(self.other, ('.meta',)), {b'd': None, b'd/f': b'news'})
        self.be_host('main')
        self.famfs('cp', self.path('source'), f'{self.mnt}/d/g')
        self.be_host('other')
        self.famfs('logplay', '--shadow', os.path.dirname(os.getxattr(self.other, 'user.famfs.shadow').decode()),
                   '--mounted', self.other)
        self.assertEqual(sorted(os.listdir(f'{self.other}/d')), ['f', 'g'])

    def test_masters_own_files_need_no_logplay(self):
        self.famfs('cp', self.write('source', b'news'), f'{self.mnt}/f')
        with open(f'{self.mnt}/f', 'rb') as file:
            self.assertEqual(file.read(), b'news')

    def test_written_bytes_are_seen_after_reopening(self):
        self.famfs('cp', self.write('source', b'first'), f'{self.mnt}/f')
        self.famfs('logplay', self.other)
        with open(f'{self.other}/f', 'rb') as file:
            self.assertEqual(file.read(), b'first')
        with open(f'{self.mnt}/f', 'r+b') as file:
            file.write(b'other')
        self.famfs('flush', f'{self.mnt}/f')
        with open(f'{self.other}/f', 'rb') as file:
            self.assertEqual(file.read(), b'other')

    def test_client_is_refused_and_names_no_side_effect(self):
        self.be_host('other')
        before = self.snapshot()
        for verb in (['mkdir', f'{self.other}/x'], ['mkdir', '-p', f'{self.other}/x/y'],
                     ['creat', '--size', '1M', f'{self.other}/x'],
                     ['cp', '/etc/passwd', self.other], ['cp', '-r', '/etc/apt', self.other]):
            self.fails(3, *verb, words=['master'])
        self.assertEqual(self.snapshot(), before)
        self.assertEqual(decoder.decode(self.image).entries, [])


if __name__ == '__main__':
    harness.main()
