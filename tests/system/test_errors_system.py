# ctest: user labels=sanitize
"""The system says no: missing devices, no room, no rights, no /dev/fuse. One line, the right status, nothing half."""
import os
import shutil
import subprocess

import decoder
import harness
import omf
import sandbox

GIB = 1 << 30


class Devices(harness.SystemTest):
    def test_missing(self):
        missing = self.path('missing.img')
        os.mkdir(self.path('m'))
        before = self.snapshot()
        for verb in (['fsck'], ['info'], ['dump'], ['logplay', '--shadow', self.path('S')], ['mkfs']):
            self.fails(5, *verb, missing, words=['missing.img', 'No such file'])
        self.fails(5, 'mount', missing, self.path('m'), words=['missing.img', 'No such file'])
        self.fails(5, 'fsck', '/dev/dax99.99', words=['dax99.99'])
        self.fails(5, 'fsck', 'dax99.99', words=['dax99.99'])
        self.assertEqual(self.snapshot(), before)

    def test_not_a_device(self):
        for path in (self.dir, '/dev/null', '/dev/zero', '/proc/self/mem'):
            for verb in (['fsck'], ['info'], ['dump'], ['mkfs', '--force']):
                self.fails((2, 3, 4, 5), *verb, path, words=[os.path.basename(path)])

    def test_fifo_does_not_hang(self):
        fifo = self.path('fifo')
        os.mkfifo(fifo)
        for verb in (['fsck'], ['info'], ['mkfs', '--force']):
            self.fails((2, 3, 4, 5), *verb, fifo, words=[fifo], limit=10)

    def test_no_superblock(self):
        image = self.input_image(b'hello', GIB)
        for verb in (['fsck'], ['info'], ['dump'], ['logplay', '--shadow', self.path('S')]):
            self.fails(4, *verb, image, words=['superblock'])

    def test_mkfs_over_something(self):
        image = self.new_pool('1G')
        before = decoder.decode(image).file_system
        self.fails(3, 'mkfs', image, words=['famfs', '--force'])
        self.assertEqual(decoder.decode(image).file_system, before)
        self.famfs('mkfs', image, '--force')
        self.assertNotEqual(decoder.decode(image).file_system, before)

    def test_mkfs_over_another_file_system(self):
        if not shutil.which('mkfs.ext4', path='/usr/sbin:/sbin:/usr/bin'):
            self.skipTest('needs mkfs.ext4')
        image = self.input_image(b'', 64 << 20)
        self.command(['mkfs.ext4', '-q', '-F', image])
        self.fails(3, 'mkfs', image, words=['ext4', '--force'])
        self.famfs('mkfs', image, '--force')
        self.famfs('fsck', image)

    def test_kill(self):
        image = self.new_pool('1G')
        self.famfs('mkfs', image, '--kill')
        self.fails(4, 'fsck', image)
        self.famfs('mkfs', image)

    def test_failed_mkfs_leaves_no_image(self):
        self.fails(5, 'mkfs', self.path('none/pool.img'), '--size', '1G', words=['No such file'])
        self.fails((2, 3, 5), 'mkfs', self.path('pool.img'), '--size', '4M')
        self.assertEqual([name for name in os.listdir(self.dir) if name.endswith('.img')], [])

    def test_no_permission(self):
        image = self.new_pool('1G')
        if sandbox.is_root():
            self.skipTest('root may read all')
        os.chmod(image, 0)
        self.fails(5, 'fsck', image, words=['Permission denied'])
        os.chmod(image, 0o444)
        self.famfs('fsck', image)
        self.fails((3, 5), 'mkfs', image, '--force', words=['Permission denied|read-only'])


class Outputs(harness.SystemTest):
    def test_full_stdout(self):
        image = self.new_pool('1G')
        for arguments in (['info', image], ['info', '--json', image], ['fsck', image], ['fsck', '--json', image],
                          ['dump', '--json', image], ['--help'], ['mkfs', '--help'], ['--version']):
            with open('/dev/full', 'wb') as full:
                outcome = self.famfs(*arguments, status=5, stdout=full)
            self.assertEqual(len(outcome.errors), 1, outcome)
            self.assertRegex(outcome.err, '^famfs: .*No space left', outcome)

    def test_closed_descriptors_do_not_hit_the_image(self):
        """With stdout closed an image could be opened as descriptor 1, and the report be written into it."""
        image = self.path('pool.img')
        for closed in ('<&-', '>&-', '2>&-', '<&- >&-', '<&- >&- 2>&-'):
            for line in ('mkfs "$I" --size 1G --force', 'info "$I"', 'fsck "$I"', 'dump "$I"', 'mkfs "$I" --nonsense'):
                self.command(['sh', '-c', f'"$FAMFS" {line} {closed}'], status=range(6),
                             env={'I': image, 'FAMFS': os.environ['FAMFS']})
                self.famfs('fsck', image)
                self.assertEqual(decoder.decode(image).problems, [], (closed, line))

    def test_reader_that_goes_away(self):
        entries = [omf.mkdir(f'd{number}') for number in range(5000)]
        image = self.encoded_pool(omf.Pool(entries))
        outcome = self.command(['bash', '-c', '"$F" dump "$I" | head -n 1; exit "${PIPESTATUS[0]}"'], None,
                               env={'I': image, 'F': os.environ['FAMFS']})
        self.assertIn(outcome.status, (0, 5, 141), outcome)  # 141: ended by SIGPIPE, as other tools do
        self.assertLessEqual(len(outcome.errors), 1, outcome)


@harness.needs_fuse
class MountPoints(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')

    def fails_clean(self, status, *arguments, **more):
        outcome = self.fails(status, *arguments, **more)
        self.assertEqual(self.run_directories(), [])
        self.assertEqual(self.daemons(), [])
        return outcome

    def test_missing_or_a_file(self):
        self.fails_clean((2, 5), 'mount', self.image, self.path('none'), words=['none', 'No such file'])
        file = self.write('file', b'')
        self.fails_clean((2, 5), 'mount', self.image, file, words=['file', '[Nn]ot a directory'])

    def test_busy(self):
        point = self.mount(self.image)
        other = self.new_pool('1G', name='other.img')
        outcome = self.fails(3, 'mount', other, point, words=[point])
        self.assertRegex(outcome.err, 'busy|in use|mounted')
        self.assertEqual(len(self.run_directories()), 1)
        self.assertEqual(len(self.daemons()), 1)

    def test_umount_of_what_is_not_mounted(self):
        os.mkdir(self.path('plain'))
        self.fails(3, 'umount', self.path('plain'), words=['plain', 'not a famfs'])
        self.fails((3, 5), 'umount', self.path('none'), words=['none'])

    def test_paths_outside_a_mount(self):
        self.write('file', b'x')
        for verb in (['mkdir', self.path('d')], ['creat', '--size', '1M', self.path('c')], ['map', self.path('file')],
                     ['cp', self.path('file'), self.path('copy')], ['flush', self.path('file')]):
            self.fails((2, 3), *verb, words=['famfs'])
        self.assertEqual(sorted(name for name in os.listdir(self.dir) if name in ('d', 'c', 'copy')), [])

    def test_no_right_to_the_mount_point(self):
        if sandbox.is_root():
            self.skipTest('root may mount anywhere')
        self.fails_clean((3, 5), 'mount', self.image, '/usr', words=['/usr'])

    @harness.needs_root
    def test_no_dev_fuse(self):
        """In a mount namespace whose /dev has the usual nodes but not fuse."""
        os.mkdir(self.path('mnt'))
        os.mkdir(self.path('dev'))
        script = ('for n in null zero full random urandom; do touch "$D/$n"; mount --bind "/dev/$n" "$D/$n"; done;'
                  'mkdir "$D/shm"; mount --bind /dev/shm "$D/shm"; mount --rbind "$D" /dev; exec "$F" mount "$I" "$M"')
        outcome = self.command(['unshare', '--mount', 'sh', '-c', script], status=5, env={
            'D': self.path('dev'), 'F': os.environ['FAMFS'], 'I': self.image, 'M': self.path('mnt')})
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertRegex(outcome.err, '^famfs(-fused)?: .*(/dev/fuse|fuse module|modprobe fuse)', outcome)
        self.assertEqual(self.run_directories(), [])
        self.assertEqual(self.daemons(), [])

    def test_no_daemon_beside_and_none_in_the_path(self):
        """The program was copied somewhere alone."""
        os.makedirs(self.path('alone'))
        os.mkdir(self.path('mnt'))
        alone = shutil.copy(os.environ['FAMFS'], self.path('alone/famfs'))
        outcome = self.command([alone, 'mount', self.image, self.path('mnt')], status=5,
                               env={'PATH': '/nonexistent'})
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertIn('famfs-fused', outcome.err)
        self.assertEqual(self.run_directories(), [])


@harness.needs_fuse
class NoRoom(harness.SystemTest):
    def names(self, image):
        return set(decoder.decode(image).files)

    def shadow_names(self, shadow):
        return {name for name, text in harness.tree(f'{shadow}/root', ('.meta',)).items() if text is not None}

    def assert_in_step(self, image, shadow):
        """Log and tree say the same, and neither breaks a rule."""
        self.famfs('fsck', image)
        self.assertEqual(decoder.decode(image).problems, [])
        self.assertEqual(self.shadow_names(shadow), self.names(image))

    def test_full_log(self):
        image = self.encoded_pool(omf.Pool([omf.mkdir(f'{number}') for number in range(15419)]))
        point = self.mount(image, '--shadow', self.path('S'))
        self.famfs('creat', '--size', '1', f'{point}/fits')
        source = self.write('source/x', b'x')
        for verb in (['mkdir', f'{point}/d'], ['creat', '--size', '1', f'{point}/c'], ['cp', source, f'{point}/x'],
                     ['cp', '-r', self.path('source'), point]):
            self.fails(5, *verb, words=['log'])
        self.assertEqual(os.stat(f'{point}/fits').st_size, 1)
        self.assertEqual(decoder.decode(image).next_index, 15420)
        self.assert_in_step(image, self.path('S'))

    def test_log_that_fills_in_the_middle(self):
        image = self.encoded_pool(omf.Pool([omf.mkdir(f'{number}') for number in range(15417)]))
        point = self.mount(image, '--shadow', self.path('S'))
        outcome = self.famfs('creat', '--size', '1', *(f'{point}/f{number}' for number in range(5)), status=5)
        self.assertIn('log', outcome.err)
        self.assertEqual(self.names(image), {b'f0', b'f1', b'f2'})
        self.assert_in_step(image, self.path('S'))

    def test_full_pool(self):
        image = self.new_pool(str(omf.DATA + 3 * omf.UNIT))
        point = self.mount(image, '--shadow', self.path('S'))
        self.fails(5, 'creat', '--size', '7M', f'{point}/large', words=['large|room|space'])
        self.famfs('creat', '--size', '6M', f'{point}/all')
        source = self.write('source/x', b'x')
        for verb in (['creat', '--size', '1', f'{point}/c'], ['cp', source, f'{point}/x'],
                     ['cp', '-r', self.path('source'), f'{point}/s']):
            self.famfs(*verb, status=5)
        self.famfs('mkdir', f'{point}/directories-need-no-room')
        self.assertEqual(self.names(image), {b'all'})
        self.assert_in_step(image, self.path('S'))

    def test_pool_that_fills_in_the_middle_of_cp(self):
        image = self.new_pool(str(omf.DATA + 10 * omf.UNIT))
        point = self.mount(image, '--shadow', self.path('S'))
        for number in range(30):
            self.write(f'source/{number:02}', b'%d' % number * 100000)
        outcome = self.famfs('cp', '-r', self.path('source'), point, status=5)
        self.assertRegex(outcome.err, 'room|space|full')
        self.assert_in_step(image, self.path('S'))
        self.assertLessEqual(len(self.names(image)), 10)
        for name, file in decoder.decode(image).files.items():
            with open(os.path.join(os.fsencode(self.dir), name), 'rb') as source:
                self.assertEqual(decoder.content(image, file), source.read())

    def test_size_beyond_all(self):
        image = self.new_pool('1G')
        point = self.mount(image, '--shadow', self.path('S'))
        for size in ('1T', '8388607T', str((1 << 63) - 1), str(1 << 63), str((1 << 64) - 1)):
            self.fails((2, 5), 'creat', '--size', size, f'{point}/x')
        self.assert_in_step(image, self.path('S'))

    @harness.needs_root
    def test_disk_full_under_the_shadow(self):
        image = self.new_pool('4G')
        small = self.path('small')
        os.mkdir(small)
        sandbox.mount_tmpfs(small, '200k')
        self.addCleanup(sandbox.detach, small)
        point = self.mount(image, '--shadow', f'{small}/S')
        outcome = self.famfs('creat', '--size', '1', *(f'{point}/f{number}' for number in range(200)), status=5)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertIn('No space left', outcome.err)
        self.assert_in_step(image, f'{small}/S')
        self.fails(5, 'creat', '--size', '1', f'{point}/again', words=['No space left'])
        self.assertNotIn(b'again', self.names(image))
        self.umount(point)

    @harness.needs_root
    def test_disk_full_under_the_image(self):
        small = self.path('small')
        os.mkdir(small)
        sandbox.mount_tmpfs(small, '12m')
        self.addCleanup(sandbox.detach, small)
        image = self.new_pool('1G', name='small/pool.img')
        point = self.mount(image, '--shadow', self.path('S'))
        self.famfs('cp', self.write('little', b'little'), point)
        self.fails(5, 'cp', self.write('large', b'x' * (20 << 20)), point, words=['large', 'No space left'])
        self.assertEqual(self.names(image), {b'little'})
        self.assert_in_step(image, self.path('S'))
        self.umount(point)

    @harness.needs_root
    def test_disk_full_at_mkfs(self):
        small = self.path('small')
        os.mkdir(small)
        sandbox.mount_tmpfs(small, '4k')
        self.addCleanup(sandbox.detach, small)
        self.fails(5, 'mkfs', f'{small}/pool.img', '--size', '1G', words=['No space left'])
        self.assertEqual(os.listdir(small), [])

    @harness.needs_root
    def test_disk_full_at_mount(self):
        small = self.path('small')
        os.mkdir(small)
        sandbox.mount_tmpfs(small, '1m')
        self.addCleanup(sandbox.detach, small)
        image = self.encoded_pool(omf.Pool(
            [omf.file(f'{number}', 1, omf.simple((0, omf.DATA + number * 4096, 4096))) for number in range(400)],
            unit=4096))
        os.mkdir(self.path('mnt'))
        self.fails(5, 'mount', image, self.path('mnt'), '--shadow', f'{small}/S', words=['No space left'])
        self.assertFalse(self.is_mounted(self.path('mnt')))


@harness.needs_fuse
class Sources(harness.SystemTest):
    """What cp cannot bring in is named and skipped, with status 1; the rest arrives."""

    def setUp(self):
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image)

    def skipped(self, wanted, *sources, words):
        outcome = self.famfs('cp', '-r', *sources, self.mnt, status=1)
        for word in words:
            self.assertIn(word, outcome.err)
        self.assertEqual(set(harness.tree(self.mnt, ('.meta',))), wanted)
        self.famfs('fsck', self.image)
        self.assertEqual(decoder.decode(self.image).problems, [])

    def test_vanished(self):
        self.skipped({b'there'}, self.path('vanished'), self.write('there', b'x'), words=['vanished', 'No such file'])

    def test_only_source_vanished(self):
        self.fails(1, 'cp', self.path('vanished'), self.mnt, words=['vanished', 'No such file'])

    def test_vanishing_while_copied(self):
        for number in range(400):
            self.write(f'source/{number:03}', b'x' * 10000)
        process = subprocess.Popen([os.environ['FAMFS'], 'cp', '-r', self.path('source'), self.mnt],
                                   env=self.environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for number in reversed(range(400)):
            os.unlink(self.path(f'source/{number:03}'))
        process.communicate()
        self.assertIn(process.returncode, (0, 1))
        for path, content in harness.tree(self.mnt, ('.meta',)).items():
            self.assertIn(content, (None, b'x' * 10000), path)
        self.famfs('fsck', self.image)

    def test_source_that_is_shorter_or_longer_than_it_says(self):
        shorter, longer = '/sys/kernel/uevent_seqnum', '/proc/version'  # 4096 and 0 bytes, they say
        self.assertEqual((os.stat(shorter).st_size, os.stat(longer).st_size), (4096, 0))
        self.skipped({b'there'}, shorter, longer, self.write('there', b'x'), words=['uevent_seqnum', 'version'])

    def test_name_over_79_bytes(self):
        self.write('source/' + 'x' * 73, b'80 with its directory')
        self.write('source/' + 'y' * 72, b'79')
        self.skipped({b'source', b'source/' + b'y' * 72}, self.path('source'), words=['x' * 73, '79'])
        self.fails((1, 2), 'mkdir', f'{self.mnt}/' + 'z' * 80, words=['79'])
        self.fails((1, 2), 'creat', '--size', '1', f'{self.mnt}/' + 'z' * 80, words=['79'])

    def test_links_and_special_files(self):
        self.write('source/file', b'x')
        os.symlink('file', self.path('source/link'))
        os.symlink('nowhere', self.path('source/dangling'))
        os.mkfifo(self.path('source/fifo'))
        self.skipped({b'source', b'source/file'}, self.path('source'), words=['source/link', 'dangling', 'fifo'])

    def test_links_followed(self):
        self.write('source/file', b'x')
        os.symlink('file', self.path('source/link'))
        os.symlink('.', self.path('source/loop'))
        os.symlink('nowhere', self.path('source/dangling'))
        outcome = self.famfs('cp', '-r', '-L', self.path('source'), self.mnt, status=1)
        self.assertIn('dangling', outcome.err)
        self.assertIn('loop', outcome.err)
        tree = harness.tree(self.mnt, ('.meta',))
        self.assertEqual((tree[b'source/file'], tree[b'source/link']), (b'x', b'x'))

    def test_there_already(self):
        self.famfs('cp', self.write('f', b'first'), self.mnt)
        self.write('f', b'second')
        self.fails(1, 'cp', self.path('f'), self.mnt, words=['exist'])
        self.fails(1, 'creat', '--size', '1', f'{self.mnt}/f', words=['exist'])
        self.fails(1, 'mkdir', f'{self.mnt}/f', words=['exist'])
        with open(f'{self.mnt}/f', 'rb') as file:
            self.assertEqual(file.read(), b'first')

    def test_directory_without_r(self):
        self.write('source/f', b'x')
        self.fails((1, 2), 'cp', self.path('source'), self.mnt, words=['source'])
        self.assertEqual(harness.tree(self.mnt, ('.meta',)), {})

    def test_no_parent(self):
        source = self.write('f', b'x')
        self.fails((1, 5), 'cp', source, f'{self.mnt}/none/f', words=['none'])
        self.fails((1, 5), 'mkdir', f'{self.mnt}/none/d', words=['none'])
        self.fails((1, 5), 'creat', '--size', '1', f'{self.mnt}/none/f', words=['none'])

    def test_unreadable(self):
        if sandbox.is_root():
            self.skipTest('root may read all')
        os.chmod(self.write('secret', b'x'), 0)
        self.skipped({b'there'}, self.path('secret'), self.write('there', b'x'), words=['secret', 'Permission denied'])

    def test_the_daemons_names(self):
        self.fails((1, 2), 'mkdir', f'{self.mnt}/.meta/x', words=['.meta'])
        self.fails((1, 2), 'creat', '--size', '1', f'{self.mnt}/.meta/x', words=['.meta'])
        self.write('.meta/x', b'x')
        self.famfs('cp', '-r', self.path('.meta'), self.mnt, status=(1, 2))
        self.assertEqual(decoder.decode(self.image).entries, [])


if __name__ == '__main__':
    harness.main()
