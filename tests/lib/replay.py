# SPDX-License-Identifier: ISC
# tests/lib/replay.py - a recorded disk, and the disk as it was at each flush.
#
# For file systems whose power cannot be cut: loop device, FUSE file, nbdkit,
# and a plugin of ours that notes each write and flush (recorder.py).
"""A run on a recorded disk, and what each cut of its power would have left.

    with RecordedDisk(folder, "btrfs") as disk:
        ... warm ...
        disk.record()
        ... work ...
        points = disk.points(disk.stop(siege.kill))
        for point, torn in disk.replay(points):
            ... disk.path is what the cut has left ...
"""

import os
import subprocess
import time
from pathlib import Path

from harness import wait_for
from powercut import KINDS, MIB, CutDisk, need
from recorder import FLUSH, RECORD

MAKE = {"btrfs": (256 * MIB, ["mkfs.btrfs", "-q"], "loop"), **KINDS}
NEVER = 1 << 62


def now_us():
    return time.monotonic_ns() // 1000


class Point:
    """The end of a flush: what was written before it is on the disk.

    Until the next flush ends, nothing else is sure to be.
    """

    def __init__(self, number, at, until, writes):
        self.number = number
        self.at, self.until = at, until  # microseconds
        self.writes = writes  # since the point before


class RecordedDisk(CutDisk):
    """A file system in a file; record() puts the recorder under it."""

    def __init__(self, folder, kind):
        for program in ("nbdfuse", "nbdkit"):
            need(program)
        self.folder = Path(folder)
        self.base = self.folder / "base.img"
        self.copy = self.folder / "copy.img"
        self.log = self.folder / "writes"
        self.below = self.folder / "below"
        self.below.mkdir()
        self.server = None
        super().__init__(folder, kind, MAKE[kind])

    def record(self):
        """From now on; the disk is mounted anew on the recorder."""
        self.umount()
        copy_sparse(self.image, self.base)
        self.log.unlink(missing_ok=True)
        self.server = subprocess.Popen(
            ["nbdfuse", str(self.below / "disk"), "--command", "nbdkit", "-s",
             "--exit-with-parent", "python",
             str(Path(__file__).parent / "recorder.py"),
             f"image={self.image}", f"log={self.log}"])
        file, size = self.below / "disk", self.image.stat().st_size
        wait_for(lambda: file.exists() and file.stat().st_size == size,
                 what="the recorded disk")
        self.mount(file)

    def stop(self, kill):
        """The end of the record, and of whoever uses it: when it was."""
        mark = now_us()
        kill()
        self.umount()
        # nbdfuse ends by itself when nobody has its file open any more
        wait_for(lambda: subprocess.run(
            ["umount", str(self.below)], check=False,
            stderr=subprocess.DEVNULL).returncode == 0,
            what="the loop device to be free")
        self.server.wait()
        self.server = None
        return mark

    def points(self, mark):
        """Every flush up to then.  The last lasts for ever."""
        points, writes = [Point(0, 0, NEVER, [])], []
        with open(self.log, "rb") as f:
            while head := f.read(RECORD.size):
                kind, length, offset, at = RECORD.unpack(head)
                if at > mark:
                    break
                if kind != FLUSH:
                    writes.append((offset, f.read(length)))
                    continue
                points[-1].until = at
                points.append(Point(len(points), at, NEVER, writes))
                writes = []
        return points

    def replay(self, points, few=None, dice=None):
        """Each point in turn, mounted: (point, False).

        That is all of them or, evenly spread up to the last, a few.  With
        dice also (point, True): the cut came later, and some of what was
        written until the next flush ended has reached the disk.
        """
        every = 1 if few is None else -(-len(points) // few)
        current = self.folder / "current.img"
        copy_sparse(self.base, current)
        with open(current, "r+b", buffering=0) as f:
            for point, after in zip(points, [*points[1:], points[0]]):
                put(f, point.writes)
                if (len(points) - 1 - point.number) % every:
                    continue
                self.show(current)
                yield point, False
                self.umount()
                if dice is not None and after.writes:
                    self.show(current, [w for w in after.writes
                                        if dice.random() < 0.5])
                    yield point, True
                    self.umount()
        current.unlink()

    def show(self, image, more=()):
        """A copy, so that the mount and its recovery change only that."""
        copy_sparse(image, self.copy)
        with open(self.copy, "r+b", buffering=0) as f:
            put(f, more)
        self.mount(self.copy)

    def __exit__(self, *_):
        if os.path.ismount(self.path):
            self.umount()
        if self.server is not None:
            subprocess.run(["umount", str(self.below)], check=True)
            self.server.wait()


def put(file, writes):
    for offset, data in writes:
        file.seek(offset)
        file.write(data)


def copy_sparse(old, new):
    """Holes stay holes: most of a disk is empty."""
    subprocess.run(["cp", "--sparse=auto", str(old), str(new)], check=True)
