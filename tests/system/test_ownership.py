# ctest: user
"""Groups that directories hand on, and ACLs, as on other file systems of Linux."""
import errno
import os
import stat
import struct

import decoder
import harness

GROUP = 4321


class Mounted(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('512M')
        self.mnt = self.mount(self.image)

    def at(self, name):
        return os.path.join(self.mnt, name)


class Groups(Mounted):
    def shared_directory(self):
        """A directory `s` with the set-group-ID bit; its group is GROUP where we may say so."""
        os.mkdir(self.path('s'))
        if os.geteuid() == 0:
            os.chown(self.path('s'), -1, GROUP)
        os.chmod(self.path('s'), 0o2775)
        if os.geteuid() == 0:
            self.famfs('cp', '-r', '--preserve', self.path('s'), self.mnt)
        else:
            self.famfs('mkdir', '-m', '2775', self.at('s'))
        return os.stat(self.at('s')).st_gid

    def assert_made(self, name, gid, mode):
        found = os.stat(self.at(name))
        self.assertEqual((found.st_gid, oct(stat.S_IMODE(found.st_mode))), (gid, oct(mode)), name)
        made = decoder.decode(self.image)
        entry = {**made.files, **made.directories}[os.fsencode(name)]
        self.assertEqual((entry.gid, entry.mode & 0o7777), (gid, mode), name)

    def run_masked(self, *words):
        self.famfs(*words, preexec_fn=lambda: os.umask(0o022))

    def test_everything_made_in_it_has_its_group(self):
        gid = self.shared_directory()
        self.write('tree/sub/file', b'x')
        os.chmod(self.path('tree/sub/file'), 0o644)
        self.run_masked('mkdir', self.at('s/d'))
        self.run_masked('mkdir', '-p', self.at('s/p/q'))
        self.run_masked('mkdir', '-m', '750', self.at('s/m'))
        self.run_masked('creat', '--size', '1', self.at('s/f'))
        self.run_masked('creat', '--size', '1', '-m', '600', self.at('s/d/g'))
        self.run_masked('cp', '-r', self.path('tree'), self.at('s'))
        self.run_masked('cp', self.path('tree/sub/file'), self.at('s/c'))
        for name in ('s/d', 's/p', 's/p/q', 's/tree', 's/tree/sub'):
            self.assert_made(name, gid, 0o2755)
        self.assert_made('s/m', gid, 0o2750)
        for name, mode in (('s/f', 0o644), ('s/d/g', 0o600), ('s/tree/sub/file', 0o644), ('s/c', 0o644)):
            self.assert_made(name, gid, mode)

    def test_elsewhere_the_caller_s(self):
        self.shared_directory()
        self.run_masked('mkdir', self.at('plain'))
        self.run_masked('creat', '--size', '1', self.at('plain/f'))
        self.assert_made('plain', os.getegid(), 0o755)
        self.assert_made('plain/f', os.getegid(), 0o644)

    def test_after_another_mount(self):
        """The log knows it, not the process that made it."""
        gid = self.shared_directory()
        self.umount(self.mnt)
        self.mount(self.image)
        self.run_masked('mkdir', self.at('s/d'))
        self.run_masked('mkdir', self.at('s/d/e'))
        self.assert_made('s/d/e', gid, 0o2755)

    @harness.needs_root
    def test_preserve_keeps_the_source_s(self):
        self.shared_directory()
        self.write('tree/file', b'x')
        os.chown(self.path('tree'), 12, 34)
        os.chmod(self.path('tree'), 0o755)
        os.chown(self.path('tree/file'), 12, 34)
        os.chmod(self.path('tree/file'), 0o2755)
        self.famfs('cp', '-r', '--preserve', self.path('tree'), self.at('s'))
        self.assert_made('s/tree', 34, 0o755)
        self.assert_made('s/tree/file', 34, 0o2755)

    def test_its_own_group_may_be_set(self):
        self.famfs('creat', '--size', '1', '-m', '2755', self.at('f'))
        self.assert_made('f', os.getegid(), 0o2755)


def acl(*entries):
    """A POSIX ACL as the kernel takes it: (tag, permissions, id)."""
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)


NOBODY = 0xffffffff
SOME = acl((1, 7, NOBODY), (2, 7, 12), (4, 5, NOBODY), (16, 7, NOBODY), (32, 0, NOBODY))


class Acls(Mounted):
    def source(self):
        self.write('tree/a', b'x')
        self.write('tree/b', b'y')
        self.write('tree/sub/c', b'z')
        try:
            for name in ('tree', 'tree/sub'):
                os.setxattr(self.path(name), 'system.posix_acl_default', SOME)
            for name in ('tree/a', 'tree/b'):
                os.setxattr(self.path(name), 'system.posix_acl_access', SOME)
        except OSError as error:
            self.skipTest(f'no ACLs here: {error}')

    def test_cp_says_once_what_it_cannot_keep(self):
        self.source()
        outcome = self.famfs('cp', '-r', '--preserve', self.path('tree'), self.mnt, status=1)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertRegex(outcome.err, r'tree: .*ACL')
        self.assertEqual(harness.tree(self.mnt, ('.meta',)), {b'tree': None, b'tree/sub': None, b'tree/a': b'x', b'tree/b': b'y',
                                                             b'tree/sub/c': b'z'})
        self.assertEqual(len(self.famfs('cp', '--preserve', self.path('tree/a'), self.at('a'), status=1).errors), 1)
        self.assertEqual(self.famfs('cp', '-r', self.path('tree'), self.at('again')).err, '')

    def test_the_mount_refuses_them(self):
        self.famfs('mkdir', self.at('d'))
        for name in ('system.posix_acl_default', 'system.posix_acl_access'):
            with self.assertRaises(OSError) as refused:
                os.setxattr(self.at('d'), name, SOME)
            self.assertEqual(refused.exception.errno, errno.EOPNOTSUPP)


if __name__ == '__main__':
    harness.main()
