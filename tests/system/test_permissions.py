# ctest: timeout=60 labels=robust
"""Who may do what through a mount: owner and mode of the log, checked by the kernel; mounts of root are open to all
users, an ordinary user's to nobody else."""
import errno
import os

import harness
import omf
import sandbox

ALICE, BOB = 2001, 2002  # numbers are enough: nothing here looks a name up


def as_user(uid, work):
    """Runs `work` in a child with that uid; returns 0, or the errno that it ended with."""
    child = os.fork()
    if child == 0:
        status = 255
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            work()
            status = 0
        except OSError as problem:
            status = problem.errno
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def reading(path):
    return lambda: os.close(os.open(path, os.O_RDONLY))


def writing(path):
    return lambda: os.close(os.open(path, os.O_WRONLY))


def asking(path, name='user.famfs.extents'):
    return lambda: os.getxattr(path, name)


@harness.needs_root
@harness.needs_fuse
class Permissions(harness.SystemTest):
    def setUp(self):
        os.chmod(self.dir, 0o755)
        for name, mode in (('private', 0o600), ('shown', 0o644), ('closed/inner', 0o644), ('secretive', 0o620)):
            path = self.write(f'source/{name}', b'content')
            os.chmod(path, mode)
            os.chown(path, ALICE, ALICE)
        os.chmod(self.path('source/closed'), 0o700)
        os.chown(self.path('source/closed'), ALICE, ALICE)
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image)
        self.famfs('cp', '-r', '--preserve', self.path('source/.'), self.mnt)

    def test_owner_and_mode_count(self):
        private, shown = f'{self.mnt}/private', f'{self.mnt}/shown'
        self.assertEqual(as_user(ALICE, reading(private)), 0)
        self.assertEqual(as_user(ALICE, writing(private)), 0)
        self.assertEqual(as_user(BOB, reading(private)), errno.EACCES)
        self.assertEqual(as_user(BOB, writing(shown)), errno.EACCES)
        self.assertEqual(as_user(BOB, reading(shown)), 0)
        self.assertEqual(as_user(BOB, reading(f'{self.mnt}/closed/inner')), errno.EACCES)
        self.assertEqual(as_user(BOB, lambda: os.listdir(f'{self.mnt}/closed')), errno.EACCES)

    def test_extents_are_for_those_who_may_read(self):
        self.assertEqual(as_user(ALICE, asking(f'{self.mnt}/private')), 0)
        self.assertEqual(as_user(BOB, asking(f'{self.mnt}/shown')), 0)
        for name in ('private', 'secretive', 'closed/inner'):
            self.assertEqual(as_user(BOB, asking(f'{self.mnt}/{name}')), errno.EACCES, name)

    def test_superblock_and_log_are_not_written_through_the_mount(self):
        """Not even by root on the master, whose log is 0644: one byte there spoils the pool for all hosts."""
        for name in ('.superblock', '.log'):
            path = f'{self.mnt}/.meta/{name}'
            for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND, os.O_RDWR | os.O_TRUNC):
                with self.assertRaises(PermissionError, msg=f'{name} {flags:#o}') as raised:
                    os.open(path, flags)
                self.assertEqual(raised.exception.errno, errno.EPERM)
            with self.assertRaises(PermissionError):
                os.truncate(path, 0)
            with open(path, 'rb') as file:
                self.assertEqual(len(file.read(4096)), 4096)
        self.famfs('creat', '--size', '1', f'{self.mnt}/still')
        self.famfs('fsck', self.image)

    def test_own_shadow_tree_is_closed_to_others(self):
        shadow = os.getxattr(self.mnt, 'user.famfs.shadow').decode()
        self.assertEqual(as_user(BOB, lambda: os.listdir(shadow)), errno.EACCES)

    def test_mount_of_a_user_is_that_users(self):
        user = sandbox.ordinary_user()
        mine = self.path('mine')
        os.makedirs(mine)
        os.chown(mine, user.pw_uid, user.pw_gid)
        command = ['setpriv', '--reuid', str(user.pw_uid), '--regid', str(user.pw_gid), '--clear-groups', 'env',
                   f'HOME={mine}', f'XDG_RUNTIME_DIR={mine}', f'FAMFS_SYSTEM_UUID_FILE={mine}/uuid']
        os.makedirs(f'{mine}/mnt')
        os.chown(f'{mine}/mnt', user.pw_uid, user.pw_gid)
        self.command([*command, os.environ['FAMFS'], 'mkfs', f'{mine}/pool', '--size', '64M'])
        self.command([*command, os.environ['FAMFS'], 'mount', f'{mine}/pool', f'{mine}/mnt'])
        self.addCleanup(self.command, [*command, os.environ['FAMFS'], 'umount', f'{mine}/mnt'])
        self.assertEqual(as_user(user.pw_uid, lambda: os.listdir(f'{mine}/mnt')), 0)
        self.assertEqual(as_user(BOB, lambda: os.listdir(f'{mine}/mnt')), errno.EACCES)
        with self.assertRaises(PermissionError):
            os.listdir(f'{mine}/mnt')  # root too, as with any FUSE mount without allow_root
        self.fails(5, 'mkdir', f'{mine}/mnt/d', words=['Permission denied'])


@harness.needs_fuse
class ReadOnlyForAll(harness.SystemTest):
    def test_file_that_all_hosts_may_only_read(self):
        """Flag 1 of a log entry, in either form of document."""
        data = omf.DATA
        pool = omf.Pool(log=[omf.file('read', 100, omf.simple((0, data, omf.UNIT)), mode=0o666, flags=1),
                             omf.file('written', 100, omf.simple((0, data + omf.UNIT, omf.UNIT)), mode=0o666)])
        image = self.encoded_pool(pool)
        for form in ('uuid', 'famfs'):
            shadow = self.path(f'shadow-{form}')
            self.famfs('logplay', '--shadow', shadow, '--format', form, image)
            mnt = self.path(f'mnt-{form}')
            os.makedirs(mnt)
            self.fused('--shadow', shadow, mnt)
            self.addCleanup(self._unmount_if_mounted, mnt)
            with open(f'{mnt}/read', 'rb') as file:
                self.assertEqual(file.read(), bytes(100))
            with self.assertRaises(PermissionError):
                open(f'{mnt}/read', 'r+b')
            with open(f'{mnt}/written', 'r+b') as file:
                file.write(b'x')


if __name__ == '__main__':
    harness.main()
