"""Plays the kernel's side of FUSE over a socket pair: requests are packed and replies taken apart here, byte by byte,
from the protocol's own description and not with the daemon's code."""
import os
import socket
import struct
import subprocess

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE = 1, 2, 3, 4, 14, 15, 16, 17, 18
INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT, DESTROY, BATCH_FORGET, READDIRPLUS = 26, 27, 28, 29, 36, 38, 42, 44
UNLINK, GET_FMAP, GET_DAXDEV = 10, 54, 55
ROOT = 1
HEADER, REPLY = 40, 16  # bytes
INIT_EXT, MAX_PAGES, KILLPRIV_V2 = 1 << 30, 1 << 22, 1 << 28
BIT_43 = 1 << 43
USUAL_FLAGS = 0x3fffffb | INIT_EXT  # what a kernel offers, more or less


class Kernel:
    """One connection to a daemon that it starts. Everything said goes to `transcript`."""

    def __init__(self, argv, environment, log):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self.socket, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        self.socket.settimeout(30)
        self.unique, self.transcript, self.waiting = 0, [], {}
        self.daemon = subprocess.Popen([*argv, '--foreground', f'/dev/fd/{theirs.fileno()}'], stderr=log,
                                       pass_fds=[theirs.fileno()], env=environment)
        theirs.close()

    def close(self):
        self.socket.close()
        return self.daemon.wait(30)

    # --- messages

    def send(self, opcode, node, payload=b'', uid=0, length=None, unique=None):
        self.unique = unique or self.unique + 2
        size = HEADER + len(payload) if length is None else length
        message = struct.pack('<IIQQIIIHH', size, opcode, self.unique, node, uid, 0, 1, 0, 0) + payload
        self.transcript.append(('>', opcode, message))
        self.socket.send(message)
        return self.unique

    def receive(self, unique):
        """(error, payload) of the reply to a request."""
        while unique not in self.waiting:
            message = self.socket.recv(1 << 22)
            assert message, 'the daemon has hung up'
            length, error, which = struct.unpack_from('<IiQ', message)
            assert length == len(message), (length, len(message))
            self.waiting[which] = (-error, message[REPLY:])
        error, payload = self.waiting.pop(unique)
        self.transcript.append(('<', error, payload))
        return error, payload

    def ask(self, opcode, node, payload=b'', **options):
        return self.receive(self.send(opcode, node, payload, **options))

    # --- requests

    def init(self, minor, flags=USUAL_FLAGS, major=7):
        payload = struct.pack('<IIIIIII', major, minor, 131072, flags & 0xffffffff, flags >> 32, 0, 0).ljust(64, b'\0')
        error, reply = self.ask(INIT, 0, payload)
        if error:
            return error, 0, b''
        low, high = struct.unpack_from('<I', reply, 12)[0], struct.unpack_from('<I', reply, 32)[0]
        return 0, low | high << 32, reply

    def lookup(self, parent, name):
        """(nodeid, size) or the error."""
        error, reply = self.ask(LOOKUP, parent, name.encode() + b'\0')
        if error:
            return error
        node, = struct.unpack_from('<Q', reply)
        size, = struct.unpack_from('<Q', reply, 48)
        return node, size

    def walk(self, path):
        node = ROOT
        for name in path.split('/'):
            node, size = self.lookup(node, name)
        return node, size

    def open(self, node, flags=os.O_RDONLY, uid=0):
        return self.ask(OPEN, node, struct.pack('<II', flags, 0), uid=uid)

    def map(self, node, room=None):
        return self.ask(GET_FMAP, node, b'' if room is None else struct.pack('<II', room, 0))
