#!/usr/bin/env python3
"""An independent encoder of the famfs on-media format, for making test pools.

    from omf import *
    pool = Pool(log=[mkdir('d'), file('d/a', 100, simple((0, DATA, UNIT)))])
    pool.write('pool.img', size=1 << 30)

Every field can be set wrongly on purpose: that is what it is for. See docs/format.md.
"""
import struct
import uuid
import zlib

UNIT = 0x200000
LOG_OFFSET = 0x200000
LOG_LEN = 0x800000
DATA = LOG_OFFSET + LOG_LEN
ENTRY = 544
HEADER = 48
SYSTEM = uuid.UUID('11112222-3333-4444-5555-666677778888').bytes


def crc(data):
    return zlib.crc32(data) & 0xffffffff


def simple(*extents, count=None, kind=0):
    """extents: (devindex, offset, length)"""
    raw = struct.pack('<IIII', kind, 0, len(extents) if count is None else count, 0)
    raw += b''.join(struct.pack('<QQQ', *e) for e in extents)
    return raw.ljust(416, b'\0')


def striped(chunk, *strips, nstrips=None, count=1):
    raw = struct.pack('<IIII', 1, 0, count, 0)
    raw += struct.pack('<QQ', len(strips) if nstrips is None else nstrips, chunk)
    raw += b''.join(struct.pack('<QQQ', *s) for s in strips)
    return raw.ljust(416, b'\0')


def _path(path):
    raw = path if isinstance(path, bytes) else path.encode()
    return raw.ljust(80, b'\0')[:80]


def file(path, size, extents, mode=0o644, uid=0, gid=0, flags=2):
    return 0, struct.pack('<QIIII', size, flags, uid, gid, mode) + _path(path) + extents


def mkdir(path, mode=0o755, uid=0, gid=0):
    return 1, struct.pack('<III', uid, gid, mode) + _path(path)


def add_daxdev(size, dev_uuid, index):
    return 3, struct.pack('<Q', size) + dev_uuid + struct.pack('<II', index, 0)


def raw(kind, payload=b''):
    return kind, payload


def entry(seq, kind, payload, flip=0):
    body = struct.pack('<QII', seq, kind, 0) + payload.ljust(520, b'\0')
    return body + struct.pack('<Q', crc(body) ^ flip)


class Pool:
    """log: list of (kind, payload) or of ready 544-byte entries."""

    def __init__(self, log=(), log_len=LOG_LEN, system=SYSTEM, unit=UNIT, version=48,
                 magic=0x87b282ff, major=2, minor=2, log_offset=LOG_OFFSET, device_size=1 << 30,
                 fs=None, dev=None, path=b'/dev/dax0.0', sb_flip=0, log_magic=0xbadcafef00d,
                 last_index=None, log_flip=0, next_index=None, next_seq=None):
        self.log = list(log)
        self.fs, self.dev = fs or uuid.uuid4().bytes, dev or uuid.uuid4().bytes
        head = struct.pack('<QQQQQII', magic, version, log_offset, log_len, unit, major, minor)
        head += self.fs + self.dev + system
        self.superblock = head + struct.pack('<QIIQ', crc(head) ^ sb_flip, 0, 0, device_size)
        self.superblock += b'\0' * 16 + path.ljust(64, b'\0')
        entries = [e if isinstance(e, bytes) else entry(i, *e) for i, e in enumerate(self.log)]
        n = len(entries)
        last = (log_len - HEADER) // ENTRY - 1 if last_index is None else last_index
        lead = struct.pack('<QQQ', log_magic, log_len, last)
        lead += struct.pack('<QQQ', crc(lead) ^ log_flip, n if next_seq is None else next_seq,
                            n if next_index is None else next_index)
        self.log_bytes = lead + b''.join(entries)

    def write(self, path, size=1 << 30):
        with open(path, 'wb') as out:
            out.truncate(size)
            out.write(self.superblock)
            out.seek(LOG_OFFSET)
            out.write(self.log_bytes)


if __name__ == '__main__':
    import sys
    Pool(log=[mkdir('d'), file('d/a', 100, simple((0, DATA, UNIT)))]).write(sys.argv[1])
