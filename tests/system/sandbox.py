"""Where the system tests run: namespaces of their own, as root or as an ordinary user.

As root the test process moves into a private mount and pid namespace with an empty /run, so that no mount, daemon
or run directory outlives it, however it ends. FAMFS_TEST_AS=user drops to an ordinary user inside of that.
"""
import ctypes
import os
import pwd
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
STAGE = '/run/famfs-test'  # what an ordinary user must be able to reach; in the private /run
_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS = 0x20000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_CAP_SYS_ADMIN = 21
_SYS_OPEN_TREE, _SYS_MOVE_MOUNT = 428, 429
_OPEN_TREE_CLONE, _AT_EMPTY_PATH, _AT_RECURSIVE, _MOVE_MOUNT_BY_DESCRIPTORS = 1, 0x1000, 0x8000, 0x44


def enter():
    """Called first by every test program. Returns in the process that runs the tests."""
    if os.geteuid() != 0 or os.environ.get('FAMFS_TEST_INSIDE') == 'yes':
        _become_subreaper()
        return
    if os.environ.get('FAMFS_TEST_INSIDE') != 'supervisor' and not _unshare():
        print('no namespaces to be had: tests run in the open, and not as another user', file=sys.stderr)
        if os.environ.get('FAMFS_TEST_AS') == 'user':
            sys.exit(77)
        _become_subreaper()
        return
    _furnish()
    if os.environ.get('FAMFS_TEST_AS') == 'user':
        sys.exit(_run_as_user())
    os.environ['FAMFS_TEST_INSIDE'] = 'yes'
    _become_subreaper()


def _unshare():
    """Starts this program anew in namespaces of its own; returns False where that is not allowed. Without a pid
    namespace, as where a container hides parts of /proc, processes that a test leaves behind are found all the same,
    but nobody ends them if the test program itself is killed."""
    if not _make_mounts_private():
        return False
    os.environ['FAMFS_TEST_INSIDE'] = 'supervisor'
    wrap = ['unshare', '--mount', '--propagation', 'unchanged', '--pid', '--fork', '--kill-child', '--mount-proc']
    if subprocess.run([*wrap, 'true'], stderr=subprocess.DEVNULL).returncode == 0:
        os.execvp('unshare', [*wrap, sys.executable, *sys.argv])
    print('no pid namespace to be had: tests see all processes', file=sys.stderr)
    return True


def _make_mounts_private():
    """A mount namespace whose mounts nobody else sees. In a chroot the mount that / lies on has no path by which to
    make it private: the process steps out to the namespace's own root for that, and back, into a / that is a mount, as
    unshare(1) wants it too. (What the programs do where it is none, test_sandbox.py tries.)"""
    if _libc.unshare(_CLONE_NEWNS) != 0:
        return False
    here, root, bare = os.getcwd(), os.open('/', os.O_PATH | os.O_DIRECTORY), not _root_is_mount()
    try:
        with open('/proc/self/ns/mnt') as namespace:
            if _libc.setns(namespace.fileno(), _CLONE_NEWNS) != 0:  # root and working directory are its root now
                return False
        made = _libc.mount(None, b'/', None, _MS_REC | _MS_PRIVATE, None) == 0
        _enter_root(_mount_on_itself(root) if bare and made else root)
        os.chdir(here)
        return made
    finally:
        os.close(root)


def _root_is_mount():
    with open('/proc/self/mountinfo', 'rb') as lines:
        return any(line.split()[4] == b'/' for line in lines)


def _mount_on_itself(directory):
    """Mounts a directory, and what is mounted in it, on itself; returns a descriptor of the mount, or, where that
    fails, the one that it was given."""
    empty = b''
    tree = _libc.syscall(_SYS_OPEN_TREE, directory, empty,
                         _AT_EMPTY_PATH | _AT_RECURSIVE | _OPEN_TREE_CLONE | os.O_CLOEXEC)
    if tree < 0 or _libc.syscall(_SYS_MOVE_MOUNT, tree, empty, directory, empty, _MOVE_MOUNT_BY_DESCRIPTORS) != 0:
        return directory
    return tree


def _enter_root(directory):
    os.fchdir(directory)
    os.chroot('.')


def _furnish():
    """An empty /run, and a /dev/fuse that ordinary users may open, as udev would make it."""
    _mount('tmpfs', '/run', 'tmpfs')
    os.makedirs(STAGE)
    if os.path.exists('/dev/fuse'):
        device = os.stat('/dev/fuse').st_rdev
        os.mknod(f'{STAGE}/fuse', 0o020666, device)
        os.chmod(f'{STAGE}/fuse', 0o666)
        bind(f'{STAGE}/fuse', '/dev/fuse')


def _run_as_user():
    """Runs this test program as an ordinary user, on copies that such a user can read."""
    user = ordinary_user()
    tests = os.path.dirname(HERE)
    for part in ('system', 'tools', 'golden'):
        shutil.copytree(os.path.join(tests, part), f'{STAGE}/tests/{part}')
    for part in ('docs', 'scripts'):  # test_posix.py reads one, test_quickstart.py runs one
        shutil.copytree(os.path.join(tests, '..', part), f'{STAGE}/{part}')
    os.makedirs(f'{STAGE}/bin')
    env = dict(os.environ, FAMFS_TEST_INSIDE='yes')
    for name in ('FAMFS', 'FAMFS_FUSED'):
        env[name] = shutil.copy(os.environ[name], f'{STAGE}/bin/')
    logs = f'{STAGE}/logs'
    os.makedirs(logs)
    os.chown(logs, user.pw_uid, user.pw_gid)
    wanted = os.environ.get('FAMFS_TEST_LOGS', '')
    env['FAMFS_TEST_LOGS'] = logs
    drop = ['setpriv', f'--reuid={user.pw_uid}', f'--regid={user.pw_gid}', '--clear-groups', '--inh-caps=-all']
    program = f'{STAGE}/tests/system/{os.path.basename(sys.argv[0])}'
    status = subprocess.run([*drop, _python(drop), program, *sys.argv[1:]], env=env, cwd='/').returncode
    if wanted:
        shutil.copytree(logs, wanted, dirs_exist_ok=True, symlinks=True)
    return status


def _python(drop):
    """A python that the ordinary user can start."""
    for python in (sys.executable, '/usr/bin/python3'):
        if subprocess.run([*drop, python, '-c', ''], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    sys.exit('no python3 that an ordinary user can start')


def ordinary_user():
    """The first ordinary account of this machine, else nobody."""
    people = [entry for entry in pwd.getpwall() if 1000 <= entry.pw_uid < 60000]
    return min(people, key=lambda entry: entry.pw_uid, default=None) or pwd.getpwnam('nobody')


def is_root():
    return os.geteuid() == 0


def why_no_fuse():
    """What is missing here to mount a FUSE file system; '' if nothing is."""
    if not os.path.exists('/dev/fuse'):
        return 'needs /dev/fuse'
    try:
        os.close(os.open('/dev/fuse', os.O_RDWR))
    except OSError as error:
        return f'needs a /dev/fuse that can be opened: {error.strerror}'
    # An ordinary user's mounts are made by fusermount3, which has what the bounding set has.
    capabilities = _of_status('CapEff' if is_root() else 'CapBnd')
    if not int(capabilities, 16) >> _CAP_SYS_ADMIN & 1:
        return 'needs CAP_SYS_ADMIN, which this container or sandbox takes away'
    if not is_root() and _of_status('NoNewPrivs') == '1':
        return 'needs fusermount3 to have rights of root, which no_new_privs takes away'
    return ''


def _of_status(name):
    with open('/proc/self/status') as lines:
        return next((line.split()[1] for line in lines if line.startswith(f'{name}:')), '0')


# --- mounts

def _mount(source, target, kind, flags=0, data=''):
    if _libc.mount(source.encode(), os.fsencode(target), kind.encode(), flags, data.encode()) != 0:
        raise OSError(ctypes.get_errno(), 'mount', target)


def mount_tmpfs(target, size):
    _mount('tmpfs', target, 'tmpfs', data=f'size={size}')


def bind(source, target):
    _mount(os.fspath(source), target, 'none', flags=4096)


def mounts_below(directory):
    """Mount points in `directory`, innermost first, as (mount point, type, source)."""
    found = []
    with open('/proc/self/mountinfo', 'rb') as lines:
        for line in lines:
            left, right = line.split(b' - ', 1)
            point = _unescape(left.split()[4])
            if point.startswith(os.fsencode(directory) + b'/'):
                kind, source = right.split()[:2]
                found.append((os.fsdecode(point), kind.decode(), os.fsdecode(_unescape(source))))
    return found[::-1]


def _unescape(field):
    for byte in b' \t\n\\':
        field = field.replace(b'\\%03o' % byte, bytes([byte]))
    return field


def detach(mountpoint):
    """Takes a mount away at once, whoever uses it."""
    if is_root():
        _libc.umount2(os.fsencode(mountpoint), 2)
        return
    for command in (['fusermount3', '-uz'], ['umount', '-l']):  # the first wants /etc/mtab
        if subprocess.run([*command, mountpoint], stderr=subprocess.DEVNULL).returncode == 0:
            return


# --- processes

def _become_subreaper():
    """Daemons that tests start become our children when their parents end."""
    _libc.prctl(36, 1, 0, 0, 0)


def descendants(pid=None):
    """Live processes below `pid` (this process), children before grandchildren; zombies are not live."""
    found = []
    for child in _children(pid or os.getpid()):
        if state(child) not in ('Z', 'X', None):
            found.append(child)
        found += descendants(child)
    return found


def _children(pid):
    found = []
    try:
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/children') as children:
                found += [int(child) for child in children.read().split()]
    except OSError:
        pass
    return found


def parent(pid):
    """The parent's process id; None if there is no such process any more."""
    try:
        with open(f'/proc/{pid}/stat') as stat:
            return int(stat.read().rsplit(')', 1)[1].split()[1])
    except OSError:
        return None


def state(pid):
    """A letter, as in ps(1): T is stopped, Z a zombie; None if there is no such process."""
    try:
        with open(f'/proc/{pid}/stat') as stat:
            return stat.read().rsplit(')', 1)[1].split()[0]
    except OSError:
        return None


def alive(pid):
    return state(pid) not in ('Z', 'X', None)


def command_line(pid):
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as arguments:
            return [os.fsdecode(word) for word in arguments.read().split(b'\0')[:-1]]
    except OSError:
        return []


def reap():
    """Collects children that ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
