# SPDX-License-Identifier: ISC
# tests/system/test_overload.py - the ladder of overload, step by step.
#
# Places, memory, a slow disk, a full one: with each step less is taken on, by
# a word in any case; those who log in, programs of this machine and machines
# that the rules name are served to the end.
"""421 and 452, never silence."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from faults import FOREVER, HANG, Fault, Plan, Preloaded  # noqa: E402
from harness import Postern, Sink, free_port, wait_for  # noqa: E402
from siege import needs_root  # noqa: E402
from test_disk import MIB, Disk  # noqa: E402
from test_door import FIRST, OURS, Stranger  # noqa: E402
from toolstand import sendmail  # noqa: E402

TRUSTED = "127.0.0.9"
BUSY = "421 4.3.2 overloaded"


class House:
    """A postern with a door for strangers, one for people, and one for
    programs."""

    def __init__(self, stack, tmp_path, *conf, make=Postern, spool=None):
        sink = stack.enter_context(Sink(tmp_path))
        self.people = free_port()
        passwords = tmp_path / "passwd"
        passwords.touch(0o600)
        text = "\n".join([
            *conf, "workers smtpd 1", f"accept from {TRUSTED}", OURS,
            f"listen on 127.0.0.1 port {self.people} auth cleartext",
            f'passwords "{passwords}"',
            "limit client connections 0",
            "limit client new connections 100000 per minute"])
        if make is Preloaded:
            p = make(tmp_path, sink, text, start=False)
        else:
            p = make(tmp_path, f"{text}\n{sink.route()}", start=False)
        conf = p.conf.read_text().replace("accept from local\n", "", 1)
        if spool is not None:
            conf = conf.replace(f'"{p.spool}"', f'"{spool}"')
            p.spool = spool
        p.write_conf(conf)
        self.p = stack.enter_context(p.start())
        self.stack = stack

    def come(self, source=FIRST, port=None):
        return self.stack.enter_context(Stranger(self.p, source, port))

    def greeting(self, source=FIRST, port=None):
        with Stranger(self.p, source, port) as c:
            return c.greeting

    def at_mail(self, source=TRUSTED):
        with Stranger(self.p, source) as c:
            c.say("EHLO there.example")
            return c.say("MAIL FROM:<x@there.example>")

    def wait_level(self, level, *words, timeout=20):
        """The last line tells of it."""
        def told():
            lines = self.p.events("overload")
            return lines and f" level={level} " in lines[-1] and \
                all(word in lines[-1] for word in words)
        wait_for(told, timeout, f"level {level} {words}")

    def wait_greeting(self, begins, source=FIRST):
        wait_for(lambda: self.greeting(source).startswith(begins),
                 what=f"{begins} instead of {self.greeting(source)}")

    def check_second_level(self):
        """Strangers are asked to come again; all others are served."""
        self.wait_greeting(BUSY)
        assert self.greeting(port=self.people).startswith("220 ")
        with Stranger(self.p, TRUSTED) as c:
            assert c.deliver().startswith("250 ")
        done = sendmail(self.p.runtime / "submit", "a@ours.example",
                        message="Subject: x\n\nbody\n")
        assert done.returncode == 0, done


@pytest.fixture
def stack():
    with contextlib.ExitStack() as s:
        yield s


def test_places(stack, tmp_path):
    house = House(stack, tmp_path, "limit sessions 60")
    # from as many addresses that none has more than four
    held = [house.come(f"127.0.1.{n // 4}") for n in range(49)]
    house.wait_level(1, "cause=sessions", "sessions=49 ")
    held += [house.come(f"127.0.2.{n // 4}") for n in range(9)]
    house.check_second_level()
    assert any("level=2 was=1 cause=sessions sessions=58 " in line
               for line in house.p.events("overload"))
    line = house.p.wait_event("turned-away")[0]
    assert "client=127.0.0.1 status=4.3.2" in line
    # who is inside stays, and two points make room again
    assert held[0].deliver().startswith("250 ")
    for c in held[1:5]:
        assert c.say("QUIT").startswith("221 ")
    house.wait_greeting("220 ")


def test_memory(stack, tmp_path):
    """Messages that are never finished fill it; each has some pieces there."""
    house = House(stack, tmp_path, "limit session memory 1M")
    held = []

    while len(held) < 200:
        c = house.come(TRUSTED)
        c.say("EHLO there.example")
        if c.say("MAIL FROM:<x@there.example>").startswith("452 4.3.1 "):
            break
        assert c.say("RCPT TO:<a@ours.example>").startswith("250 ")
        assert c.say("DATA").startswith("354 ")
        c.socket.sendall(b"Subject: x\r\n\r\n" + b"x" * 20000 + b"\r\n")
        held.append(c)
    house.wait_level(3, "cause=memory")
    # a piece is 32 KiB at most, and so much is little more than full
    assert 1024 // 40 < len(held) < 1024 // 20
    assert house.greeting(FIRST).startswith(BUSY)
    assert house.at_mail().startswith("452 4.3.1 too many messages")
    # a message that is under way is taken
    assert held[0].say(".").startswith("250 ")
    for c in held[1:]:
        c.close()
    house.wait_level(0)
    assert house.at_mail().startswith("250 ")


def test_slow_disk(stack, tmp_path):
    """One in twenty that takes two seconds is the second level."""
    plan = Plan(tmp_path / "plan")
    house = House(stack, tmp_path, make=Preloaded)
    writers = [house.come(TRUSTED) for _ in range(24)]
    for c in writers:
        assert c.rcpt().startswith("250 ")
        assert c.say("DATA").startswith("354 ")
    plan.arm(Fault("fsync", 1, action=HANG, last=FOREVER))
    for c in writers:
        c.socket.sendall(b"Subject: x\r\n\r\nbody\r\n.\r\n")
    wait_for(lambda: plan.get("hits") > 0, what="a hanging fsync")
    plan.jump(1500)
    house.wait_level(1, "cause=backlog")
    plan.jump(1500)
    house.wait_level(3, "cause=backlog")
    wait_for(lambda: house.at_mail().startswith("452 4.3.2 "), what="452")
    assert house.greeting(FIRST).startswith(BUSY)
    plan.disarm()
    for c in writers:
        assert c.reply().startswith("250 ")
    house.wait_level(2, "cause=latency")
    house.check_second_level()
    # once it is forgotten, and some time ago; a batch that is under way when
    # queue's clock is moved is a slow one
    for _ in range(10):
        plan.jump(31000)
        with contextlib.suppress(AssertionError):
            house.wait_level(0, timeout=2)
            break
    house.wait_greeting("220 ")


@needs_root
def test_little_space(stack, tmp_path):
    """15 percent, 8 percent, and what must stay free."""
    disk = stack.enter_context(Disk(tmp_path, 64 * MIB))
    house = House(stack, tmp_path, "limit space free 2M",
                  spool=disk.path / "spool")
    filler = disk.path / "filler"

    def leave(size):
        filler.unlink(missing_ok=True)
        v = os.statvfs(disk.path)
        free = v.f_bavail * v.f_frsize
        subprocess.run(["fallocate", "-l", str(free - size), str(filler)],
                       check=True)

    with Stranger(house.p, FIRST) as c:
        assert c.greeting.startswith("220 ")
        leave(7 * MIB)
        house.wait_level(1, "cause=space")
        # short patience: one error is the last
        assert c.say("NONSENSE").startswith("500 ")
        assert c.reply().startswith("421 4.7.0 ")
    leave(3 * MIB)
    house.wait_level(2, "cause=space")
    house.check_second_level()
    leave(1 * MIB)
    house.wait_level(3, "cause=space")
    assert house.greeting(FIRST).startswith(BUSY)
    assert house.at_mail().startswith("452 4.3.1 insufficient system storage")
    filler.unlink()
    house.wait_level(0)
    house.wait_greeting("220 ")
    assert house.at_mail().startswith("250 ")
