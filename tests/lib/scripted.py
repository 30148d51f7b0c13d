# SPDX-License-Identifier: ISC
# tests/lib/scripted.py - an SMTP server that does what a test tells it.
#
# Each connection is a thread that runs a function over a Peer.  good() is a
# proper server; keyword arguments make it misbehave at one step.
"""A server that misbehaves.

    with Scripted(good, rcpt="550 5.1.1 nobody") as server: ...
    with Scripted(store, path="/tmp/x/lmtp", dot=["250 a", None]) as server: ...
"""

import os
import socket
import threading

STEPS = ("greeting", "ehlo", "helo", "mail", "rcpt", "data", "dot", "quit")


class Hangup(Exception):
    """The script wants the connection closed."""


class Peer:
    """One connection, as the script sees it."""

    def __init__(self, sock, server):
        self.sock, self.server = sock, server
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = sock.makefile("rb")

    def say(self, data):
        if isinstance(data, str):
            data = data.encode() + b"\r\n"
        self.sock.sendall(data)

    def hear(self):
        """The next line without its end; Hangup at the end of file."""
        line = self.file.readline()
        if not line:
            raise Hangup
        self.server.heard.append(line.rstrip(b"\r\n").decode("latin-1"))
        return self.server.heard[-1]

    def body(self):
        """The lines up to the dot, as they came."""
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise Hangup
            if line == b".\r\n":
                break
            lines.append(line)
        return b"".join(lines)

    def answer(self, what):
        """what: text, bytes, a function of the peer, or None to hang up."""
        if what is None:
            raise Hangup
        if callable(what):
            what = what(self)
        if what is not None:
            self.say(what)
        return what


class Scripted:
    """Listens on a port of its own, or on a UNIX socket in that path, until
    the block ends."""

    def __init__(self, script, addr="127.0.0.1", port=0, path=None, **how):
        self.script, self.how = script, how
        self.heard, self.bodies, self.connections = [], [], 0
        self.failure = None
        self.addr, self.path = addr, path
        if path is not None:
            self.listen_at(socket.AF_UNIX, str(path))
            os.chmod(path, 0o666)
            self.port = 0
        else:
            self.listen_at(socket.AF_INET6 if ":" in addr else
                           socket.AF_INET, (addr, port))
            self.port = self.listener.getsockname()[1]
        self.open = set()
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def listen_at(self, family, where):
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(where)
        self.listener.listen(256)

    def route(self):
        return f'route any to host "[{self.addr}]" port {self.port}'

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.add(sock)
                n = self.connections
            threading.Thread(target=self.serve, args=(sock, n),
                             daemon=True).start()

    def serve(self, sock, number):
        peer = Peer(sock, self)
        peer.number = number
        try:
            self.script(peer, **self.how)
        except (Hangup, OSError):
            pass
        except Exception as e:  # for the test to see
            self.failure = e
        finally:
            peer.file.close()
            with self.lock:
                self.open.discard(sock)
            try:
                sock.close()
            except OSError:
                pass

    def verbs(self):
        """The commands heard, by their first word."""
        return [line.split(" ")[0].split(":")[0].upper()
                for line in self.heard]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            for sock in self.open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        if kind is None:
            assert self.failure is None, self.failure


PIPELINING = "250-sink.example\r\n250-PIPELINING\r\n250-SIZE 0\r\n" \
    "250 8BITMIME"
PLAIN = "250 sink.example"
FINE = {"greeting": "220 sink.example ESMTP", "ehlo": PIPELINING,
        "helo": "250 sink.example", "mail": "250 2.1.0 fine",
        "rcpt": "250 2.1.5 fine", "data": "354 go on",
        "dot": "250 2.0.0 taken", "quit": "221 2.0.0 bye"}


def rcpt_answer(how, line):
    """rcpt may be a dict: part of the address -> answer."""
    if not isinstance(how, dict):
        return how
    for part, what in how.items():
        if part in line:
            return what
    return FINE["rcpt"]


def good(peer, **how):
    """A whole session; how[step] replaces the answer at that step."""
    how = {**FINE, **how}
    peer.answer(how["greeting"])
    while True:
        line = peer.hear()
        verb = line.split(" ")[0].split(":")[0].lower()
        if verb == "rcpt":
            peer.answer(rcpt_answer(how["rcpt"], line))
            continue
        if verb not in STEPS:
            peer.say("500 5.5.1 what?")
            continue
        said = peer.answer(how[verb])
        if verb == "quit":
            return
        if verb == "data" and str(said).startswith("354"):
            peer.server.bodies.append(peer.body())
            peer.answer(how["dot"])


def dot_answer(how, n):
    """dot may be a list: an answer for each recipient that was accepted, or
    more or fewer than that."""
    if not isinstance(how, list):
        return how
    return how[n] if n < len(how) else None


def store(peer, **how):
    """A whole LMTP session (RFC 2033); how[step] replaces the answer there,
    "lhlo" being one.  An answer that is no list is given to each recipient."""
    how = {**FINE, "lhlo": PIPELINING, **how}
    accepted = 0
    peer.answer(how["greeting"])
    while True:
        line = peer.hear()
        verb = line.split(" ")[0].split(":")[0].lower()
        if verb == "rcpt":
            said = peer.answer(rcpt_answer(how["rcpt"], line))
            accepted += str(said).startswith("2")
            continue
        if verb not in STEPS + ("lhlo",) or verb in ("ehlo", "helo"):
            peer.say("500 5.5.1 what?")
            continue
        said = peer.answer(how[verb])
        if verb == "quit":
            return
        if verb == "mail":
            accepted = 0
        if verb == "data" and str(said).startswith("354"):
            peer.server.bodies.append(peer.body())
            dot = how["dot"](peer) if callable(how["dot"]) else how["dot"]
            many = len(dot) if isinstance(dot, list) else accepted
            for n in range(many):
                peer.answer(dot_answer(dot, n))
