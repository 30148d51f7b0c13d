# SPDX-License-Identifier: ISC
# tests/lib/strictfs.py - a file system that keeps what POSIX promises.
#
# It lives in memory and speaks the kernel's FUSE protocol.  Only fsync makes
# anything last: of a file its bytes and its length, of a folder the names in
# it.  After a cut the rest is gone, or, with a seed, each unsynced page and
# name has survived or not by the throw of a coin.  Real file systems keep
# more than that, each in its own way: what holds here leans on none of them.
"""Usage: strictfs.py FOLDER   (root; commands on standard input, one a line)

mount      serve an empty disk, or what the last cut left, at FOLDER
keep       everything written so far is on the disk
dice SEED  the next cut throws coins

Each is answered by "ok".  The cut is the shutdown call of ext4 and XFS on
any folder in it; all calls fail from then on, until it is unmounted.
"""

import ctypes
import errno
import os
import random
import select
import stat
import struct
import sys
import time

MAX_WRITE = 128 << 10
PAGE = 4096
FOREVER = 86400
CUT_CALL = 0x8004587d
BIG_WRITES, HAS_IOCTL_DIR = 1 << 5, 1 << 11  # of INIT
KEEP_CACHE = 2  # of OPEN
BLOCKS, INODES = 1 << 18, 1 << 20  # that it claims to have
IN_HEADER = struct.Struct("=IIQQIIIHH")
OUT_HEADER = struct.Struct("=IiQ")
libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    def __init__(self, number):
        super().__init__(number)
        self.errno = number


class Node:
    """A file or a folder: as the system sees it, and as the disk has it."""

    def __init__(self, mode, uid, gid):
        self.mode, self.uid, self.gid = mode, uid, gid
        self.times = [time.time_ns()] * 3
        self.links = 1
        self.is_folder = stat.S_ISDIR(mode)
        self.names, self.kept_names = {}, {}
        self.data, self.kept = bytearray(), bytearray()
        self.unsynced = []  # (offset, bytes), or (length, None): truncated

    def change(self, offset, data):
        apply(self.data, offset, data)
        self.unsynced.append((offset, data))
        self.times[1:] = [time.time_ns()] * 2

    def sync(self):
        for offset, data in self.unsynced:
            apply(self.kept, offset, data)
        self.unsynced = []
        self.kept_names = dict(self.names)

    def cut(self, dice):
        if dice is not None:
            for offset, data in pages(self.unsynced):
                if dice.random() < 0.5:
                    apply(self.kept, offset, data)
            for name in sorted({*self.names, *self.kept_names}):
                here = self.names.get(name)
                if here is self.kept_names.get(name) or dice.random() < 0.5:
                    continue
                self.kept_names.pop(name, None)
                if here is not None:
                    self.kept_names[name] = here
        self.unsynced = []
        self.data = bytearray(self.kept)
        self.names = dict(self.kept_names)
        self.links = 1


def apply(to, offset, data):
    if data is None:
        del to[offset:]
        to.extend(bytes(offset - len(to)))
        return
    to.extend(bytes(max(0, offset - len(to))))
    to[offset:offset + len(data)] = data


def pages(changes):
    """A write may be torn where a page ends."""
    for offset, data in changes:
        if data is None:
            yield offset, None
        while data:
            n = PAGE - offset % PAGE
            yield offset, data[:n]
            offset, data = offset + n, data[n:]


class Disk:
    """The state, and an answer to each request of the kernel."""

    def __init__(self):
        self.root = Node(stat.S_IFDIR | 0o755, 0, 0)
        self.numbers = {1: self.root}
        self.number_of = {self.root: 1}
        self.last = 1
        self.dead = False
        self.dice = None

    def reachable(self):
        found, line = [], [self.root]
        while line:
            node = line.pop()
            found.append(node)
            line += [n for n in {*node.names.values(),
                                 *node.kept_names.values()}
                     if n not in found and n not in line]
        return found

    def keep(self):
        for node in self.reachable():
            node.sync()

    def cut(self):
        for node in self.reachable():
            node.cut(self.dice)
        self.dice = None
        self.dead = True

    def reset(self):
        """The kernel has forgotten all numbers."""
        self.dead = False
        self.numbers = {1: self.root}
        self.number_of = {self.root: 1}

    def number(self, node):
        if node not in self.number_of:
            self.last += 1
            self.number_of[node] = self.last
            self.numbers[self.last] = node
        return self.number_of[node]

    # --- what is packed into answers ---

    def attr(self, node):
        size = len(node.data)
        seconds = [t // 10**9 for t in node.times]
        rest = [t % 10**9 for t in node.times]
        return struct.pack(
            "=6Q10I", self.number(node), size, (size + 511) // 512, *seconds,
            *rest, node.mode, node.links, node.uid, node.gid, 0, PAGE, 0)

    def entry(self, node):
        return struct.pack("=4Q2I", self.number(node), 0, FOREVER, FOREVER,
                           0, 0) + self.attr(node)

    def attr_out(self, node):
        return struct.pack("=Q2I", FOREVER, 0, 0) + self.attr(node)

    # --- requests: (header, node, arguments) ---

    def init(self, _head, _node, args):
        _major, _minor, ahead, flags = struct.unpack_from("=4I", args)
        return struct.pack(
            "=4I2H2I2HI7I", 7, 31, ahead,
            flags & (BIG_WRITES | HAS_IOCTL_DIR), 16, 12, MAX_WRITE, 1, 0, 0,
            0, *[0] * 7)

    def lookup(self, _head, node, args):
        return self.entry(self.named(node, args[:-1]))

    def named(self, folder, name):
        if name not in folder.names:
            raise Failure(errno.ENOENT)
        return folder.names[name]

    def add(self, head, folder, name, mode):
        if name in folder.names:
            raise Failure(errno.EEXIST)
        node = Node(mode, head[4], head[5])
        if folder.mode & stat.S_ISGID:
            node.gid = folder.gid
        folder.names[name] = node
        return node

    def getattr(self, _head, node, _args):
        return self.attr_out(node)

    def setattr(self, _head, node, args):
        valid, _, _, size, _ = struct.unpack_from("=2I3Q", args)
        mode, _, uid, gid = struct.unpack_from("=4I", args, 68)
        if valid & 1:
            node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        if valid & 2:
            node.uid = uid
        if valid & 4:
            node.gid = gid
        if valid & 8 and size != len(node.data):
            node.change(size, None)
        return self.attr_out(node)

    def mkdir(self, head, node, args):
        mode, umask = struct.unpack_from("=2I", args)
        return self.entry(self.add(head, node, args[8:-1],
                                   stat.S_IFDIR | mode & ~umask & 0o7777))

    def mknod(self, head, node, args):
        mode, _, umask, _ = struct.unpack_from("=4I", args)
        return self.entry(self.add(head, node, args[16:-1], mode & ~umask))

    def create(self, head, node, args):
        _, mode, umask, _ = struct.unpack_from("=4I", args)
        made = self.add(head, node, args[16:-1],
                        stat.S_IFREG | mode & ~umask & 0o7777)
        return self.entry(made) + self.open(head, made, b"")

    def unlink(self, _head, node, args):
        gone = self.named(node, args[:-1])
        if gone.is_folder and gone.names:
            raise Failure(errno.ENOTEMPTY)
        del node.names[args[:-1]]
        gone.links = 0
        return b""

    def rename(self, _head, node, args, skip=8):
        to = self.numbers[struct.unpack_from("=Q", args)[0]]
        old, new = args[skip:-1].split(b"\0")
        to.names[new] = self.named(node, old)
        del node.names[old]
        return b""

    def rename2(self, head, node, args):
        return self.rename(head, node, args, 16)

    def open(self, _head, _node, _args):
        return struct.pack("=Q2I", 0, KEEP_CACHE, 0)

    def read(self, _head, node, args):
        _, offset, size = struct.unpack_from("=2QI", args)
        return bytes(node.data[offset:offset + size])

    def write(self, _head, node, args):
        _, offset, size = struct.unpack_from("=2QI", args)
        node.change(offset, args[40:40 + size])
        return struct.pack("=2I", size, 0)

    def statfs(self, _head, _node, _args):
        return struct.pack("=5Q10I", BLOCKS, BLOCKS, BLOCKS, INODES, INODES,
                           PAGE, 255, PAGE, *[0] * 7)

    def nothing(self, _head, _node, _args):
        return b""

    def fsync(self, _head, node, _args):
        node.sync()
        return b""

    def readdir(self, _head, node, args):
        _, offset, size = struct.unpack_from("=2QI", args)
        out = b""
        for n, (name, child) in enumerate(sorted(node.names.items()), 1):
            record = struct.pack("=2Q2I", self.number(child), n, len(name),
                                 child.mode >> 12) + name
            record += bytes(-len(record) % 8)
            if n > offset:
                if len(out) + len(record) > size:
                    break
                out += record
        return out

    def ioctl(self, _head, _node, args):
        _, _, command, _, _, out = struct.unpack_from("=Q2IQ2I", args)
        if command != CUT_CALL:
            raise Failure(errno.ENOTTY)
        self.cut()
        return struct.pack("=i3I", 0, 0, 0, 0) + bytes(out)

    CALLS = {1: lookup, 3: getattr, 4: setattr, 8: mknod, 9: mkdir,
             10: unlink, 11: unlink, 12: rename, 14: open, 15: read,
             16: write, 17: statfs, 18: nothing, 20: fsync, 25: nothing,
             26: init, 27: open, 28: readdir, 29: nothing, 30: fsync,
             35: create, 39: ioctl, 45: rename2}
    SILENT = {2, 36, 42}  # FORGET, INTERRUPT, BATCH_FORGET
    AFTERWARDS = {18, 25, 26, 29}  # work on a dead disk, too

    def answer(self, packet):
        """The whole answer, or None where the kernel wants none."""
        head = IN_HEADER.unpack_from(packet)
        _, opcode, unique, number = head[:4]
        if opcode in self.SILENT:
            return None
        error, out = 0, b""
        try:
            if opcode not in self.CALLS:
                raise Failure(errno.ENOSYS)
            if self.dead and opcode not in self.AFTERWARDS:
                raise Failure(errno.EIO)
            out = self.CALLS[opcode](self, head, self.numbers.get(number),
                                     packet[IN_HEADER.size:])
        except Failure as failure:
            error = -failure.errno
        return OUT_HEADER.pack(OUT_HEADER.size + len(out), error,
                               unique) + out


def mount(path):
    fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = (f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other,"
               "default_permissions")
    if libc.mount(b"strictfs", os.fsencode(path), b"fuse.strictfs", 0,
                  options.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
    return fd


def serve(disk, fd):
    """One request; False when it was unmounted."""
    try:
        packet = os.read(fd, MAX_WRITE + PAGE)
    except OSError as error:
        if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
            return True
        if error.errno in (errno.ENODEV, errno.ECONNABORTED):
            return False
        raise
    out = disk.answer(packet)
    if out is not None:
        try:
            os.write(fd, out)
        except OSError as error:
            if error.errno != errno.ENOENT:  # whoever asked was killed
                raise
    return True


def main():
    disk, fd = Disk(), None
    while True:
        ready, _, _ = select.select([0] if fd is None else [0, fd], [], [])
        if fd in ready and not serve(disk, fd):
            os.close(fd)
            fd = None
        if 0 in ready:
            words = sys.stdin.buffer.raw.readline().decode().split()
            if not words:
                return
            if words[0] == "mount":
                while fd is not None:  # the last one is being unmounted
                    if not serve(disk, fd):
                        os.close(fd)
                        fd = None
                disk.reset()
                fd = mount(sys.argv[1])
            elif words[0] == "keep":
                disk.keep()
            elif words[0] == "dice":
                disk.dice = random.Random(int(words[1]))
            print("ok", flush=True)


if __name__ == "__main__":
    main()
