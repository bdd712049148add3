# ctest: user timeout=120 labels=robust
"""The same calls on a mount and on a native directory with the same content. What differs is in docs/posix.md, each
with its reason, and nowhere else."""
import ctypes
import errno
import fcntl
import mmap
import os
import re
import signal
import stat
import struct

import harness

PAGE = mmap.PAGESIZE
LONG = 'n' * 256
DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'posix.md')
libc = ctypes.CDLL(None, use_errno=True)
libc.opendir.restype = libc.readdir.restype = ctypes.c_void_p
libc.opendir.argtypes, libc.readdir.argtypes = [ctypes.c_char_p], [ctypes.c_void_p]
libc.telldir.restype = ctypes.c_long
libc.telldir.argtypes, libc.closedir.argtypes = [ctypes.c_void_p], [ctypes.c_void_p]
libc.seekdir.argtypes, libc.rewinddir.argtypes = [ctypes.c_void_p, ctypes.c_long], [ctypes.c_void_p]
CALLS = {}


def call(function):
    """Registers a function of the directory: what it returns, or the errno it ends with, is compared."""
    CALLS[function.__name__] = function
    return function


def calls(name, function):
    CALLS[name] = function


def with_open(path, flags, work):
    descriptor = os.open(path, flags)
    try:
        return work(descriptor)
    finally:
        os.close(descriptor)


# --- open

for flags in ('O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_PATH', 'O_RDONLY|O_NOFOLLOW', 'O_RDONLY|O_CREAT',
              'O_RDONLY|O_CREAT|O_EXCL', 'O_RDONLY|O_DIRECTORY', 'O_WRONLY|O_APPEND', 'O_RDONLY|O_NOATIME',
              'O_RDWR|O_SYNC', 'O_RDONLY|O_NONBLOCK', 'O_RDONLY|O_CLOEXEC'):
    value = eval('|'.join(f'os.{flag}' for flag in flags.split('|')))  # names above, nothing else
    calls(f'open_file {flags}', lambda top, value=value: with_open(f'{top}/file', value, lambda fd: 'open'))
    calls(f'open_empty {flags}', lambda top, value=value: with_open(f'{top}/empty', value, lambda fd: 'open'))
    calls(f'open_directory {flags}', lambda top, value=value: with_open(f'{top}/dir', value, lambda fd: 'open'))
    if 'O_CREAT' not in flags:
        calls(f'open_missing {flags}', lambda top, value=value: with_open(f'{top}/none', value, lambda fd: 'open'))
calls('open_truncate', lambda top: with_open(f'{top}/cut', os.O_RDWR | os.O_TRUNC, lambda fd: os.fstat(fd).st_size))
calls('open_truncate_empty', lambda top: with_open(f'{top}/empty', os.O_RDWR | os.O_TRUNC, lambda fd: 'open'))
calls('open_new', lambda top: with_open(f'{top}/new', os.O_RDWR | os.O_CREAT, lambda fd: 'open'))
calls('open_tmpfile', lambda top: with_open(top, os.O_RDWR | os.O_TMPFILE, lambda fd: 'open'))
calls('open_slash', lambda top: with_open(f'{top}/file/', os.O_RDONLY, lambda fd: 'open'))
calls('open_below_file', lambda top: with_open(f'{top}/file/x', os.O_RDONLY, lambda fd: 'open'))
calls('open_long', lambda top: with_open(f'{top}/{LONG}', os.O_RDONLY, lambda fd: 'open'))
calls('open_dotdot', lambda top: with_open(f'{top}/dir/../file', os.O_RDONLY, lambda fd: os.read(fd, 9)))

# --- attributes

for name in ('file', 'empty', 'dir', 'dir/deep', 'script', 'secret'):
    calls(f'mode {name}', lambda top, name=name: oct(os.stat(f'{top}/{name}').st_mode))
    calls(f'owner {name}', lambda top, name=name: (os.stat(f'{top}/{name}').st_uid, os.stat(f'{top}/{name}').st_gid))
    for right in (os.F_OK, os.R_OK, os.W_OK, os.X_OK, os.R_OK | os.W_OK):
        calls(f'access {name} {right}', lambda top, name=name, right=right: os.access(f'{top}/{name}', right))
for name in ('file', 'empty', 'dir/deep'):
    calls(f'size {name}', lambda top, name=name: os.stat(f'{top}/{name}').st_size)
    calls(f'links {name}', lambda top, name=name: os.stat(f'{top}/{name}').st_nlink)
calls('same_inode', lambda top: os.stat(f'{top}/file').st_ino == os.stat(f'{top}/dir/../file').st_ino)
calls('stat_missing', lambda top: os.stat(f'{top}/none'))
calls('stat_long', lambda top: os.stat(f'{top}/{LONG}'))
calls('readlink', lambda top: os.readlink(f'{top}/file'))


@call
def entry_inode_is_stat_inode(top):
    return all(entry.inode() == os.stat(entry.path).st_ino for entry in os.scandir(top))


# --- directories

def ours(name):
    return name != '.meta' and not name.startswith('new')


calls('listdir', lambda top: sorted(name for name in os.listdir(top) if ours(name)))
calls('listdir_file', lambda top: os.listdir(f'{top}/file'))
calls('entry_types', lambda top: sorted((e.name, e.is_dir(), e.is_file()) for e in os.scandir(top) if ours(e.name)))


@call
def seek_in_directory(top):
    """From every position that telldir gave, the same rest comes again."""
    stream = libc.opendir(os.fsencode(f'{top}/many'))
    try:
        def rest():
            names = []
            while entry := libc.readdir(stream):
                names.append(ctypes.string_at(entry + 19))
            return names
        libc.rewinddir(stream)
        everything, places = [], []
        while True:
            places.append(libc.telldir(stream))
            entry = libc.readdir(stream)
            if not entry:
                break
            everything.append(ctypes.string_at(entry + 19))
        for index in list(range(0, len(places), 37)) + [len(places) - 1, 0]:
            libc.seekdir(stream, places[index])
            if rest() != everything[index:]:
                return f'differs from {index}'
        return sorted(everything)
    finally:
        libc.closedir(stream)


# --- data

calls('read_all', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.read(fd, 1 << 20)))
calls('read_at_end', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.pread(fd, 10, 10000)))
calls('read_past_end', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.pread(fd, 10, 1 << 40)))
calls('read_across_end', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.pread(fd, 10, 9995)))
calls('read_write_only', lambda top: with_open(f'{top}/file', os.O_WRONLY, lambda fd: os.read(fd, 1)))
calls('read_directory', lambda top: with_open(f'{top}/dir', os.O_RDONLY, lambda fd: os.read(fd, 1)))
calls('read_direct', lambda top: with_open(f'{top}/file', os.O_RDONLY | os.O_DIRECT, aligned_read))
calls('write_read_only', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.write(fd, b'x')))
calls('write_inside', lambda top: with_open(f'{top}/file', os.O_RDWR,
                                            lambda fd: (os.pwrite(fd, b'abc', 100), os.pread(fd, 5, 99))))
calls('write_nothing_at_end', lambda top: with_open(f'{top}/file', os.O_RDWR, lambda fd: os.pwrite(fd, b'', 10000)))
calls('write_across_end', lambda top: with_open(f'{top}/grown', os.O_RDWR, lambda fd: os.pwrite(fd, b'abc', 99)))
calls('write_at_end', lambda top: with_open(f'{top}/grown2', os.O_RDWR, lambda fd: os.pwrite(fd, b'abc', 100)))
calls('append', lambda top: with_open(f'{top}/grown3', os.O_WRONLY | os.O_APPEND, lambda fd: os.write(fd, b'abc')))
calls('seek_end', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.lseek(fd, -1, os.SEEK_END)))
calls('seek_negative', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.lseek(fd, -1, os.SEEK_SET)))
calls('seek_data', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.lseek(fd, 5, os.SEEK_DATA)))
calls('seek_hole', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.lseek(fd, 5, os.SEEK_HOLE)))
calls('seek_data_past', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: os.lseek(fd, 10000, os.SEEK_DATA)))
calls('fsync', lambda top: with_open(f'{top}/file', os.O_RDWR, os.fsync))
calls('fdatasync', lambda top: with_open(f'{top}/file', os.O_RDWR, os.fdatasync))
calls('fsync_directory', lambda top: with_open(f'{top}/dir', os.O_RDONLY, os.fsync))
calls('advise', lambda top: with_open(f'{top}/file', os.O_RDONLY,
                                      lambda fd: os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED)))
calls('allocate_more', lambda top: with_open(f'{top}/grown4', os.O_RDWR, lambda fd: os.posix_fallocate(fd, 0, 5000)))
calls('ioctl_unknown', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: fcntl.ioctl(fd, 0x12345678)))
calls('flock', lambda top: with_open(f'{top}/file', os.O_RDWR, lambda fd: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)))
calls('record_lock', lambda top: with_open(f'{top}/file', os.O_RDWR, lambda fd: fcntl.lockf(fd, fcntl.LOCK_EX, 10)))


def aligned_read(descriptor):
    with mmap.mmap(-1, PAGE) as room:
        return os.preadv(descriptor, [room], 0), bytes(room[:10])


@call
def sendfile(top):
    read, write = os.pipe()
    try:
        return with_open(f'{top}/file', os.O_RDONLY, lambda fd: (os.sendfile(write, fd, 0, 4096), os.read(read, 8192)))
    finally:
        os.close(read)
        os.close(write)


# --- mappings

@call
def map_read(top):
    with open(f'{top}/file', 'rb') as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:
        return bytes(view)


@call
def map_write_shared(top):
    with open(f'{top}/mapped', 'r+b') as file:
        with mmap.mmap(file.fileno(), 0) as view:
            view[10:13] = b'abc'
            view.flush()
            seen = os.pread(file.fileno(), 20, 0)
        return seen, os.pread(file.fileno(), 20, 0)


@call
def map_write_private(top):
    with open(f'{top}/file', 'rb') as file:
        with mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE) as view:
            view[0:3] = b'xyz'
            return bytes(view[:5]), os.pread(file.fileno(), 5, 0)


calls('map_empty', lambda top: with_open(f'{top}/empty', os.O_RDONLY, lambda fd: mmap.mmap(fd, 0, prot=mmap.PROT_READ)))
calls('map_write_read_only', lambda top: with_open(f'{top}/file', os.O_RDONLY, lambda fd: mmap.mmap(fd, 10)))


@call
def map_touch_past_end(top):
    """The rest of the last page is zeros, and the page after it a SIGBUS."""
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    descriptor = os.open(f'{top}/file', os.O_RDONLY)
    base = libc.mmap(None, 8 * PAGE, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    if base == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), 'mmap')
    rest = ctypes.string_at(base + 10000, 3 * PAGE - 10000)
    child = os.fork()
    if child == 0:
        ctypes.string_at(base + 4 * PAGE, 1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    os.close(descriptor)
    libc.munmap(ctypes.c_void_p(base), 8 * PAGE)
    return rest.strip(b'\0'), os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGBUS


# --- changes

calls('truncate_same', lambda top: os.truncate(f'{top}/file', 10000))
calls('truncate_shorter', lambda top: os.truncate(f'{top}/short', 1))
calls('truncate_longer', lambda top: os.truncate(f'{top}/long', 1000))
calls('truncate_missing', lambda top: os.truncate(f'{top}/none', 0))
calls('truncate_directory', lambda top: os.truncate(f'{top}/dir', 0))
calls('unlink', lambda top: os.unlink(f'{top}/gone'))
calls('unlink_missing', lambda top: os.unlink(f'{top}/none'))
calls('unlink_directory', lambda top: os.unlink(f'{top}/dir'))
calls('rmdir', lambda top: os.rmdir(f'{top}/gone_dir'))
calls('rmdir_full', lambda top: os.rmdir(f'{top}/dir'))
calls('rmdir_file', lambda top: os.rmdir(f'{top}/file'))
calls('mkdir', lambda top: os.mkdir(f'{top}/new_dir'))
calls('mkdir_there', lambda top: os.mkdir(f'{top}/dir'))
calls('mkfifo', lambda top: os.mkfifo(f'{top}/new_fifo'))
calls('symlink', lambda top: os.symlink('x', f'{top}/new_symlink'))
calls('link', lambda top: os.link(f'{top}/file', f'{top}/new_link'))
calls('rename', lambda top: os.rename(f'{top}/moved', f'{top}/moved2'))
calls('rename_missing', lambda top: os.rename(f'{top}/none', f'{top}/moved3'))
calls('chmod', lambda top: os.chmod(f'{top}/changed', 0o600))
calls('chmod_missing', lambda top: os.chmod(f'{top}/none', 0o600))
calls('chown_same', lambda top: os.chown(f'{top}/changed', -1, -1))
calls('utime', lambda top: os.utime(f'{top}/changed', (1, 1)))
calls('getxattr_missing', lambda top: os.getxattr(f'{top}/file', 'user.none'))
calls('listxattr', lambda top: os.listxattr(f'{top}/file'))
calls('setxattr', lambda top: os.setxattr(f'{top}/changed', 'user.x', b'1'))
calls('removexattr_missing', lambda top: os.removexattr(f'{top}/file', 'user.none'))
calls('statvfs_name_limit', lambda top: os.statvfs(top).f_namemax)
calls('execute', lambda top: os.spawnv(os.P_WAIT, f'{top}/script', ['script']))
calls('execute_plain', lambda top: os.access(f'{top}/file', os.X_OK))


def outcome(function, top):
    try:
        return function(top)
    except OSError as problem:
        return errno.errorcode[problem.errno]
    except ValueError as problem:  # python's own check, of an empty mapping
        return str(problem)


def documented():
    """{call: (native, famfs)} of the table in docs/posix.md."""
    found = {}
    with open(DOCUMENT) as document:
        for line in document:
            if row := re.match(r'^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$', line):
                names, native, ours, reason = row.groups()
                assert reason.strip(), f'{names}: no reason'
                for name in names.split(', '):
                    found[name] = (native.strip(), ours.strip())
    return found


@harness.needs_fuse
class Posix(harness.SystemTest):
    options = ()

    def setUp(self):
        content = bytes(struct.pack('<I', number)[0] % 251 for number in range(10000))
        for name in ('file', 'mapped'):
            self.write(f'native/{name}', content)
        for name in ('grown', 'grown2', 'grown3', 'grown4', 'short', 'long', 'gone', 'moved', 'changed', 'secret', 'cut',
                     'dir/deep'):
            self.write(f'native/{name}', bytes(range(100)))
        self.write('native/empty', b'')
        self.write('native/script', b'#!/bin/sh\nexit 7\n')
        self.native = self.path('native')
        os.makedirs(f'{self.native}/gone_dir')
        for number in range(300):
            self.write(f'native/many/{number}', b'')
        os.chmod(f'{self.native}/script', 0o755)
        os.chmod(f'{self.native}/secret', 0o000)
        os.chmod(f'{self.native}/dir', stat.S_IRWXU | stat.S_IRGRP)
        os.chmod(f'{self.native}/secret', 0o400)
        self.image = self.new_pool('4G')
        self.mnt = self.mount(self.image, *self.options)
        self.famfs('cp', '-r', '--preserve', f'{self.native}/.', self.mnt)

    def test_same_calls_same_results(self):
        allowed, differing, wrong = documented(), set(), []
        for name, function in CALLS.items():
            native, ours = outcome(function, self.native), outcome(function, self.mnt)
            if native == ours:
                continue
            differing.add(name)
            said = allowed.get(name)
            if said is None or said != (shown(native), shown(ours)):
                wrong.append(f'{name}: native {shown(native)}, famfs {shown(ours)}, documented {said}')
        print(f'{len(CALLS)} calls, {len(differing)} differ')
        self.assertEqual(wrong, [])
        self.assertEqual(sorted(set(allowed) - differing), [], 'documented, but the same')

    def test_the_document_counts_right(self):
        with open(DOCUMENT) as document:
            self.assertIn(f'{len(CALLS)} calls', ' '.join(document.read().split()))


@harness.needs_direct_io_maps
class PosixDirectIo(Posix):
    options = ('-o', 'direct_io')


def shown(value):
    return 'done' if value is None or value == 'open' else str(value)


if __name__ == '__main__':
    harness.main()
