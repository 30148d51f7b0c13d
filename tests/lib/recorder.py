# SPDX-License-Identifier: ISC
# tests/lib/recorder.py - a disk for nbdkit that notes each write and when.
#
# nbdkit's python plugin loads it.  Requests come one at a time, so the log has
# the order in which they were done: replay() gives the disk as it was at each
# flush, which is all that a disk must have kept at a cut of the power.
"""nbdkit python recorder.py image=FILE log=FILE

The image is changed as any disk is.  The log has records of RECORD, behind
each write its bytes; the time of a flush is that of its end, in microseconds
of the monotonic clock: a moment later its caller knows.
"""

import os
import struct
import time

API_VERSION = 2
WRITE, FLUSH = 1, 2
RECORD = struct.Struct("=IIQQ")  # kind, length, offset, microseconds
files = {}


def config(key, value):
    files[key] = value


def open(_readonly):  # pylint: disable=redefined-builtin
    return {"image": os.open(files["image"], os.O_RDWR),
            "log": os.open(files["log"], os.O_WRONLY | os.O_CREAT |
                           os.O_APPEND, 0o600)}


def close(h):
    os.close(h["image"])
    os.close(h["log"])


def get_size(h):
    return os.fstat(h["image"]).st_size


def can_flush(_h):
    return True


def note(h, kind, offset=0, data=b""):
    os.write(h["log"], RECORD.pack(
        kind, len(data), offset, time.monotonic_ns() // 1000) + data)


def pread(h, buf, offset, _flags):
    data = os.pread(h["image"], len(buf), offset)
    buf[:] = data


def pwrite(h, buf, offset, _flags):
    data = bytes(buf)
    os.pwrite(h["image"], data, offset)
    note(h, WRITE, offset, data)


def flush(h, _flags):
    note(h, FLUSH)
