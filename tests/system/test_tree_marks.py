# ctest: user timeout=180 labels=hostile,sanitize
"""Which directory becomes a shadow tree: an empty one, a new one, or one that bears our mark; and whose it is."""
import glob
import os
import shutil
import stat
import unittest

import harness
import omf

UNIT, DATA = omf.UNIT, omf.DATA


def files(*names):
    return [omf.file(name, 10 + index, omf.simple((0, DATA + index * UNIT, UNIT)), mode=0o600)
            for index, name in enumerate(names)]


class Marks(harness.SystemTest):
    def setUp(self):
        self.image = self.encoded_pool(omf.Pool(files('a', 'b')))

    def everything(self, top):
        found = {}
        for where, directories, names in os.walk(top):
            for name in directories + names:
                path = os.path.join(where, name)
                status = os.lstat(path)
                content = b''
                if stat.S_ISREG(status.st_mode):
                    with open(path, 'rb') as file:
                        content = file.read()
                found[path] = (status.st_mode, status.st_uid, status.st_gid, content)
        return found

    def assert_refused(self, directory, *words, status=3):
        before = self.everything(directory)
        self.fails(status, 'logplay', '--shadow', directory, self.image, words=words)
        os.makedirs(self.path('mnt'), exist_ok=True)
        self.fails(status, 'mount', '--shadow', directory, self.image, self.path('mnt'), words=words)
        self.assertEqual(self.everything(directory), before)

    def home(self):
        """What `--shadow /` meets: a directory with a `root` that holds a person's files."""
        self.write('host/root/.ssh/authorized_keys', b'ssh-ed25519 AAAA\n')
        self.write('host/root/a', b'precious')
        os.chmod(self.path('host/root/.ssh'), 0o700)
        return self.path('host')

    def test_a_root_that_is_not_ours(self):
        self.assert_refused(self.home(), 'host', 'empty or not there yet')

    def test_an_empty_root(self):
        os.makedirs(self.path('host/root'))
        self.assert_refused(self.path('host'), 'state.yaml')

    def test_other_directories(self):
        for name in ('file', '.profile', '.staged/x', 'root', 'state.yml', '.state.yaml.new.old'):
            self.write(f'd/{name}', b'x')
            self.assert_refused(self.path('d'), 'not empty')
            shutil.rmtree(self.path('d'))

    def test_side_files_that_are_not_ours(self):
        for name in ('state.yaml', 'devices.yaml'):
            for text in (b'', b'replicas: 3\n', b'file_system: here\ndevices: []\n', b'- a\n', b'\0' * 64, b'{'):
                self.home()
                self.write(f'host/{name}', text)
                self.assert_refused(self.path('host'), 'host')
                shutil.rmtree(self.path('host'))

    def test_a_side_file_that_is_a_link_to_one_of_ours(self):
        tree = self.path('tree')
        self.famfs('logplay', '--shadow', tree, self.image)
        for name in ('state.yaml', 'devices.yaml'):
            os.symlink(f'{tree}/{name}', f'{self.home()}/{name}')
            self.assert_refused(self.path('host'), 'host')
            shutil.rmtree(self.path('host'))

    def test_what_is_taken_up(self):
        os.makedirs(self.path('empty'))
        self.famfs('logplay', '--shadow', self.path('empty'), self.image)
        self.famfs('logplay', '--shadow', self.path('new/deep/er'), self.image)
        whole = self.without_place(self.path('empty'))
        self.assertEqual(self.without_place(self.path('new/deep/er')), whole)
        for lost in ('state.yaml', 'devices.yaml'):
            os.unlink(f'{self.path("empty")}/{lost}')
            self.famfs('logplay', '--shadow', self.path('empty'), self.image)
            self.assertEqual(self.without_place(self.path('empty')), whole)

    def without_place(self, top):
        return {os.path.relpath(path, top): value for path, value in self.everything(top).items()}

    def test_a_tree_of_upstream_is_read_but_not_written(self):
        tree = self.path('upstream')
        self.famfs('logplay', '--shadow', tree, '--format', 'famfs', self.image)
        for name in ('state.yaml', 'devices.yaml'):
            os.unlink(f'{tree}/{name}')
        os.rmdir(f'{tree}/.staged')
        self.assert_refused(tree, 'holds no shadow tree that famfs made')
        if os.path.exists('/dev/fuse'):
            self.fused('--shadow', tree, '--device', self.image, self.path('mnt'))
            self.addCleanup(self.famfs, 'umount', self.path('mnt'))
            self.assertEqual(os.stat(self.path('mnt/a')).st_size, 10)

    def test_the_finished_tree_of_another_pool(self):
        tree = self.path('tree')
        self.famfs('logplay', '--shadow', tree, self.image)
        self.image = self.encoded_pool(omf.Pool(files('c')), name='other.img')
        self.assert_refused(tree, 'another pool', 'name another directory or remove it')

    def test_a_log_that_went_back(self):
        """An image that was put back: what only the lost log had is not in the tree any more."""
        same = {'fs': bytes(range(16)), 'dev': bytes(range(16))}
        tree = self.path('tree')
        self.famfs('logplay', '--shadow', tree, self.encoded_pool(omf.Pool(files('a', 'b', 'c'), **same)))
        for names in (('a',), ('x', 'y', 'z'), ()):
            image = self.encoded_pool(omf.Pool(files(*names), **same))
            self.famfs('logplay', '--shadow', tree, image)
            self.assertEqual(sorted(set(os.listdir(f'{tree}/root')) - {'.meta'}), sorted(names))
            self.famfs('logplay', '--shadow', self.path('fresh'), image)
            self.assertEqual(self.without_place(tree), self.without_place(self.path('fresh')))
            shutil.rmtree(self.path('fresh'))


class Links(harness.SystemTest):
    def test_a_link_is_the_directory(self):
        image = self.new_pool('1G')
        os.makedirs(self.path('tree'))
        for name, target in (('link', self.path('tree')), ('relative', 'tree'), ('second', 'link')):
            os.symlink(target, self.path(name))
            for given in (name, f'{name}/', f'{name}/.', self.path(name)):
                self.famfs('logplay', '--shadow', given, image)
            if os.path.exists('/dev/fuse'):
                mnt = self.mount(image, '--shadow', name)
                self.famfs('creat', '--size', '1', f'{mnt}/{name}')
                self.famfs('logplay', mnt)
                self.umount(mnt)
        self.assertTrue(os.path.isfile(self.path('tree/state.yaml')))
        self.assertTrue(os.path.islink(self.path('link')))

    def test_a_link_to_nothing(self):
        image = self.new_pool('1G')
        os.symlink(self.path('nowhere'), self.path('link'))
        self.fails((3, 5), 'logplay', '--shadow', 'link', image, words=('link',))
        self.assertFalse(os.path.exists(self.path('nowhere')))

    def test_a_link_to_a_file(self):
        image = self.new_pool('1G')
        os.symlink(self.write('file', b'x'), self.path('link'))
        self.fails((3, 5), 'logplay', '--shadow', 'link', image, words=('file',))

    @harness.needs_fuse
    def test_long_paths(self):
        """Device, mount point and shadow tree of 3 KB each: what was written is read back, by umount too."""
        deep = self.dir
        while len(deep) < 3000:
            deep += '/' + '\x01"\\' * 40
        os.makedirs(deep)
        image, tree, mnt = f'{deep}/pool.img', f'{deep}/tree', f'{deep}/mnt'
        self.famfs('mkfs', image, '--size', '1G')
        os.mkdir(mnt)
        self.addCleanup(lambda: os.path.ismount(mnt) and self.famfs('umount', mnt))
        for options in ((), ('--shadow', tree)):
            self.famfs('mount', image, mnt, *options)
            self.famfs('creat', '--size', '5', f'{mnt}/f{len(options)}')
            self.famfs('logplay', mnt)
            self.famfs('umount', mnt)
            self.assertEqual(self.daemons(), [])
            self.assertEqual(self.run_directories(), [])
        self.famfs('fsck', image)


@unittest.skipUnless(os.geteuid() == 0, 'needs root')
class OthersDirectories(harness.SystemTest):
    """As root, a tree that somebody else could exchange is not taken up."""

    def setUp(self):
        os.chmod(self.dir, 0o755)
        self.image = self.new_pool('1G')

    def refused(self, directory):
        self.fails(3, 'logplay', '--shadow', directory, self.image, words=(r'only root', r"directory of root's"))
        os.makedirs(self.path('mnt'), exist_ok=True)
        self.fails(3, 'mount', self.image, self.path('mnt'), '--shadow', directory, words=(r'only root',))

    def test_another_user_may_write(self):
        os.makedirs(self.path('tree'))
        for owner, mode in ((1234, 0o755), (0, 0o777), (0, 0o1777)):
            os.chown(self.path('tree'), owner, 0)
            os.chmod(self.path('tree'), mode)
            self.refused(self.path('tree'))
            self.assertEqual(os.listdir(self.path('tree')), [])
        os.chown(self.path('tree'), 0, 1234)
        os.chmod(self.path('tree'), 0o775)
        self.refused(self.path('tree'))

    def test_above(self):
        os.makedirs(self.path('home/tree'))
        os.chown(self.path('home'), 1234, 1234)
        os.symlink(self.path('home/tree'), self.path('link'))
        for directory in ('home/tree', 'home/new', 'home/new/er', 'link'):
            self.refused(self.path(directory))
        self.assertEqual(glob.glob(self.path('home/*')), [self.path('home/tree')])

    def test_sticky_above_is_fine(self):
        os.makedirs(self.path('sticky'))
        os.chmod(self.path('sticky'), 0o1777)
        self.famfs('logplay', '--shadow', self.path('sticky/tree'), self.image)

    def test_a_umask_makes_no_difference(self):
        for umask in (0, 0o022, 0o077):
            tree = self.path(f'tree-{umask}')
            old = os.umask(umask)
            try:
                self.famfs('logplay', '--shadow', tree, self.image)
                self.famfs('logplay', '--shadow', tree, self.image)
            finally:
                os.umask(old)


if __name__ == '__main__':
    harness.main()
