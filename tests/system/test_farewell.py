# SPDX-License-Identifier: ISC
# tests/system/test_farewell.py - turned away where TLS begins at once.
#
# On port 465 a refusal costs a handshake before a word can be said: it is
# said, and those who never finish theirs keep nobody else from anything.
"""Each reason, word for word; the bounds; the end."""

import contextlib
import os
import re
import signal
import socket
import ssl
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import Postern, Sink, free_port, wait_for  # noqa: E402
from siege import full  # noqa: E402
from test_door import (FIRST, OURS, PATIENCE, SECOND, THIRD,  # noqa: E402
                       Stranger)
from tlskit import Pair, context  # noqa: E402

TRUSTED, EXEMPT = "127.0.0.8", "127.0.0.9"
EACH, ALL = 8, 32  # of one address, of a process
IN_TLS, CALLS = 128, 100
CROWD = "127.0.3."
LIMIT, LONG = 3, 15  # seconds for a handshake

CONNECTIONS = ("421 4.7.0 too many connections from your address at a time, "
               "try again later")
CONNECTS = "421 4.7.0 your address connects too often, try again later"
ERRORS = "421 4.7.0 too many errors from your address, try again later"
STRESS = ("421 4.3.2 busy, and your address has several connections, try "
          "again later")
BUSY = "421 4.3.2 too many connections, try again later"
OVERLOAD = "421 4.3.2 overloaded, try again in some minutes"
STOPPING = "421 4.3.2 service is stopping, try again"


class House:
    """A postern with a clear door and one that speaks TLS at once."""

    def __init__(self, stack, tmp_path, *conf, workers=1):
        self.stack, self.tls_port = stack, free_port()
        sink = stack.enter_context(Sink(tmp_path))
        self.p = Postern(tmp_path, "\n".join([
            *conf, f"workers smtpd {workers}\nworkers tls 1", OURS,
            f"accept from {TRUSTED}\nlimit client exempt {EXEMPT}",
            Pair(tmp_path, "mx").statement(),
            f"listen on 127.0.0.1 port {self.tls_port} tls",
            sink.route()]), start=False)
        self.p.write_conf(self.p.conf.read_text().replace(
            "accept from local\n", "", 1))
        stack.enter_context(self.p.start())

    def come(self, source=FIRST):
        """Welcomed at the clear door, and stays."""
        c = self.stack.enter_context(Stranger(self.p, source))
        assert c.greeting.startswith("220 "), c.greeting
        return c

    def raw(self, source=FIRST):
        return self.stack.enter_context(socket.create_connection(
            (self.p.addr, self.tls_port), PATIENCE,
            source_address=(source, 0)))

    def secure(self, source=FIRST):
        """May be turned away, even before TLS: OSError."""
        s = context().wrap_socket(self.raw(source),
                                  suppress_ragged_eofs=False)
        return self.stack.enter_context(s)

    def heard(self, source=FIRST, say=b""):
        """All that it is told; a cut is an error of TLS."""
        s = self.secure(source)
        if say:
            s.sendall(say)
        got = b""
        while data := s.recv(4096):
            got += data
        return got.decode()

    def greeting(self, source=FIRST):
        with self.secure(source) as s, s.makefile("rb") as f:
            return f.readline().decode()

    def check(self, reply, source=FIRST):
        """The same as at the clear door; and that is all."""
        with Stranger(self.p, source) as c:
            assert c.greeting == reply
            assert c.file.read() == b""
        assert self.heard(source) == reply + "\r\n"

    def untold(self):
        """In how many seconds somebody was."""
        return sum(" untold=" in line
                   for line in self.p.events("turned-away"))

    def check_untold(self, source, again=1):
        """Nothing is said to it; also not in later seconds."""
        end = self.untold() + again

        def told_in_the_log():
            with pytest.raises(OSError):
                self.heard(source)
            return self.untold() >= end

        wait_for(told_in_the_log, PATIENCE, "the log of it")

    def crowd(self, n, part=1):
        """Those who are turned away, and say no hello."""
        return [self.raw(f"{CROWD}{i // part + 1}") for i in range(n)]

    def is_heard(self, source):
        with contextlib.suppress(OSError):
            return self.heard(source) == CONNECTS + "\r\n"
        return False


@pytest.fixture(name="stack")
def one_stack():
    with contextlib.ExitStack() as s:
        yield s


def once_an_hour(stack, tmp_path, *conf, **more):
    """The crowd, and three more, have used what they may."""
    house = House(stack, tmp_path, "limit client new connections 1 per hour",
                  *conf, **more)
    for source in [FIRST, SECOND, THIRD,
                   *(f"{CROWD}{i + 1}" for i in range(ALL))]:
        with Stranger(house.p, source) as c:
            assert c.greeting.startswith("220 ")
    return house


# --- each reason --------------------------------------------------------------

def test_connections(stack, tmp_path):
    """And who is turned away is not one of them."""
    house = House(stack, tmp_path, "limit client connections 2",
                  "limit client new connections 1000 per minute")
    held = [house.come(), house.come()]
    house.check(CONNECTIONS)
    line = house.p.events("turned-away")[0]
    assert "client=127.0.0.1 status=4.7.0 " in line
    assert house.greeting(SECOND).startswith("220 ")
    hanging = [house.raw() for _ in range(EACH // 2)]
    held.pop().say("QUIT")
    wait_for(lambda: house.greeting().startswith("220 "), what="its place")
    assert hanging[0].fileno() != -1  # they hang still
    assert not house.p.events("tls-failed")


def test_connects(stack, tmp_path):
    house = House(stack, tmp_path, "limit client new connections 2 per hour")
    assert house.greeting().startswith("220 ")
    assert house.greeting().startswith("220 ")
    house.check(CONNECTS)
    assert house.greeting(SECOND).startswith("220 ")


def test_errors(stack, tmp_path):
    house = House(stack, tmp_path, "limit client errors 3 per hour",
                  "limit session errors 3")
    with Stranger(house.p) as c:
        for _ in range(3):
            assert c.say("NONSENSE").startswith("500 ")
        assert c.reply().startswith("421 4.7.0 ")
    house.check(ERRORS)


def test_places(stack, tmp_path):
    """The ladder of overload: busy, overloaded, no place even for ours."""
    house = House(stack, tmp_path, "limit sessions 40")
    for _ in range(5):
        house.come()
    for _ in range(28):
        house.come(TRUSTED)
    wait_for(lambda: house.p.events("overload"), what="the first level")
    house.check(STRESS)
    for _ in range(6):
        house.come(TRUSTED)
    house.check(OVERLOAD)
    house.come(TRUSTED)
    house.check(BUSY, TRUSTED)
    # of those who were let in, and no others
    lines = house.p.events("overload")
    assert " level=2 was=1 cause=sessions sessions=39 " in lines[1], lines


# --- the bounds ---------------------------------------------------------------

def test_nothing_is_read(stack, tmp_path):
    """A whole message behind the hello: one reply, no line of the log."""
    house = once_an_hour(stack, tmp_path)
    said = (b"EHLO there.example\r\nMAIL FROM:<x@there.example>\r\n"
            b"RCPT TO:<a@ours.example>\r\nDATA\r\n\r\nbody\r\n.\r\nNONSENSE\r\n")
    assert house.heard(say=said) == CONNECTS + "\r\n"
    assert house.heard(SECOND, said * 2000) == CONNECTS + "\r\n"
    house.p.wait_event("turned-away")
    assert house.greeting(EXEMPT).startswith("220 ")
    for word in ("queued", "refused", "tls-failed"):
        assert not house.p.events(word)
    # and TLS with it is no event of a session
    assert all(f"client={EXEMPT} " in line for line in house.p.events("tls"))


def test_one_address_has_a_part(stack, tmp_path):
    house = once_an_hour(stack, tmp_path)
    hanging = [house.raw() for _ in range(EACH)]
    house.check_untold(FIRST)
    assert house.heard(SECOND) == CONNECTS + "\r\n"
    hanging.pop().close()
    wait_for(lambda: house.is_heard(FIRST), what="its place")


def test_few_addresses_leave_room(stack, tmp_path):
    """As many silent ones as there are places, from four addresses."""
    house = once_an_hour(stack, tmp_path, "limit tls handshake 10m")
    house.crowd(ALL, part=EACH)
    wait_for(house.untold, what="some for whom there is no room")
    assert house.heard(SECOND) == CONNECTS + "\r\n"
    assert house.heard(THIRD) == CONNECTS + "\r\n"
    assert not house.p.events("tls-failed")


def test_many_have_less_time(stack, tmp_path):
    """Silent ones from as many addresses as there are places: a fifth of the
    time, while a welcome one has all of it."""
    house = once_an_hour(stack, tmp_path, f"limit tls handshake {LONG}s")
    welcome = Handshake(house, EXEMPT)
    house.crowd(ALL)
    wait_for(lambda: house.is_heard(SECOND), LONG - 5, "room for others")
    lines = house.p.wait_event("tls-failed", n=ALL // 2)
    assert all(f"client={CROWD}" in line and "how=late" in line
               for line in lines)
    assert welcome.finish(b"220 ").startswith("220 ")


def test_so_many_at_a_time(stack, tmp_path):
    """They fill what there is for them, and nothing else."""
    house = once_an_hour(stack, tmp_path, "limit sessions 40",
                         "limit tls sessions 3", "limit tls handshake 10m")
    hanging = house.crowd(ALL)
    house.check_untold(SECOND, again=2)
    welcome = [house.secure(EXEMPT) for _ in range(3)]
    for s in welcome:
        assert s.recv(1000).startswith(b"220 ")
    hanging[0].close()
    wait_for(lambda: house.is_heard(SECOND), what="a place")
    # there is none for a welcome one
    with pytest.raises(OSError):
        house.secure(EXEMPT)
    assert not house.p.events("overload")


def test_so_many_in_tls(stack, tmp_path):
    """Those who have heard it and stay are told of by nobody but tls."""
    house, told = once_an_hour(stack, tmp_path, workers=4), []

    def stay():
        with contextlib.suppress(OSError):
            told.append(house.heard())
        return any("how=full" in line
                   for line in house.p.events("tls-failed"))

    with contextlib.ExitStack() as house.stack:
        wait_for(stay, what="no room")
        assert len(told) >= IN_TLS and set(told) == {CONNECTS + "\r\n"}
        assert house.greeting(EXEMPT).startswith("220 ")
    house.stack = stack
    wait_for(lambda: house.is_heard(SECOND), what="room again")


def test_no_hello(stack, tmp_path):
    """As long as any handshake may take; others hear why meanwhile."""
    house = once_an_hour(stack, tmp_path,
                         f"limit tls handshake {LIMIT}s")
    silent, half = house.raw(), house.raw()
    half.sendall(b"\x16\x03\x01")
    assert house.heard() == CONNECTS + "\r\n"
    assert silent.recv(100) == half.recv(100) == b""
    for line in house.p.wait_event("tls-failed", n=2):
        assert f"client={FIRST} how=late" in line
    wrong = house.raw()
    wrong.sendall(b"EHLO there.example\r\n")
    while data := wrong.recv(1000):
        assert b"421" not in data
    assert "how=error" in house.p.wait_event("tls-failed", n=3)[2]


def answer_to_starttls(p):
    with Stranger(p, EXEMPT) as c:
        assert c.say("EHLO there.example").startswith("250 ")
        return c.say("STARTTLS")


@contextlib.contextmanager
def without_tls(house):
    """No process for TLS lives, and smtpd knows."""
    os.kill(house.p.pid, signal.SIGSTOP)  # it starts no new one
    try:
        os.kill(house.p.child("tls"), signal.SIGKILL)
        wait_for(lambda: answer_to_starttls(house.p).startswith("454 "),
                 what="the loss of it to be known")
        yield
    finally:
        os.kill(house.p.pid, signal.SIGCONT)


def test_no_tls_process(stack, tmp_path):
    """No word is possible, and that is logged."""
    house = once_an_hour(stack, tmp_path)
    with without_tls(house):
        with pytest.raises(OSError):
            house.heard()
        wait_for(house.untold, what="the log of it")
    wait_for(lambda: house.is_heard(FIRST), what="a new process")


def test_welcome_and_no_tls_process(stack, tmp_path):
    """Nobody is answered in clear, and the log says why, a few times."""
    house = once_an_hour(stack, tmp_path)
    with without_tls(house):
        before = len(house.p.events("tls-failed"))  # one it had, as it ended
        for said in (b"", b"EHLO there.example\r\n") * CALLS:
            s = house.raw(EXEMPT)
            with contextlib.suppress(OSError):  # unread bytes reset it
                s.sendall(said)
                assert s.recv(100) == b""

        def told():
            """One by one, and how many more there were in a second."""
            lines = house.p.events("tls-failed")[before:]
            more = [re.search(r" more=(\d+)$", line) for line in lines]
            assert all(m or f"client={EXEMPT} how=error text=\"no process for "
                       "TLS lives\"" in line for m, line in zip(more, lines))
            return len(lines), sum(int(m[1]) if m else 1 for m in more)

        wait_for(lambda: told()[1] == 2 * CALLS, what="the log of all")
        assert told()[0] < CALLS
    wait_for(lambda: has_come_back(house), what="a new process")


def has_come_back(house):
    with contextlib.suppress(OSError):
        return house.greeting(EXEMPT).startswith("220 ")
    return False


# --- the end ------------------------------------------------------------------

class Handshake:
    """One that is under way: all of it but the client's last word."""

    def __init__(self, house, source):
        self.inside, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context().wrap_bio(self.inside, self.out)
        self.socket = house.raw(source)
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        self.socket.sendall(self.out.read())
        self.take()

    def take(self):
        data = self.socket.recv(16384)
        assert data, "cut"
        self.inside.write(data)

    def until_done(self, step, *words):
        while True:
            try:
                return step(*words)
            except ssl.SSLWantReadError:
                self.take()
            except ssl.SSLZeroReturnError:
                return b""

    def finish(self, until=None):
        """What is heard then, to the end or until that."""
        self.until_done(self.tls.do_handshake)
        self.socket.sendall(self.out.read())
        got = b""
        while not (until and until in got) and (
                data := self.until_done(self.tls.read, 4096)):
            got += data
        self.socket.close()
        return got.decode()


def test_stop(stack, tmp_path):
    """Whoever is in a handshake is told, welcome or not."""
    house = once_an_hour(stack, tmp_path)
    refused = Handshake(house, FIRST)
    welcome = Handshake(house, EXEMPT)
    if full(True, False):
        house.raw(SECOND)  # makes it take the five seconds that it may
    greeted = house.come(EXEMPT)
    os.kill(house.p.pid, signal.SIGTERM)
    assert greeted.reply() == STOPPING
    greeted.close()
    assert refused.finish() == CONNECTS + "\r\n"
    assert welcome.finish() == STOPPING + "\r\n"
    assert house.p.stop() == 0
