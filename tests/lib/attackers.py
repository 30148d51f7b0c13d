# SPDX-License-Identifier: ISC
# tests/lib/attackers.py - clients that mean harm, in a process of their own.
#
# attackers.py KIND HOST PORT SECONDS prints what it was answered, as JSON:
# {"tried": n, "220": n, "421 4.7.0": n, ...}.
"""Attackers of a mail server on loopback."""

import base64
import collections
import json
import random
import selectors
import socket
import ssl
import sys
import threading
import time

CONNECT_PATIENCE = 5
SLOW_AT_ONCE = 200
GREEDY_AT_ONCE = 60
GUESSERS = 20
SPRAYERS = 120


def address():
    """Another one for each, of the whole of loopback but its first /16."""
    return ".".join(["127", *(str(random.randint(1, 254)) for _ in "abc")])


def connect(host, port, source):
    s = socket.socket()
    s.settimeout(CONNECT_PATIENCE)
    s.bind((source, 0))
    s.connect((host, port))
    return s


def word(reply):
    """Code and enhanced code of a reply; of a greeting the code."""
    words = reply.decode("latin-1").split()
    if not words:
        return "nothing"
    return " ".join(words[:2]) if words[0] != "220" else "220"


def flood(target, end, seen, source=address):
    """Connects, hears the greeting, goes."""
    while time.monotonic() < end:
        seen["tried"] += 1
        try:
            with connect(*target, source()) as s:
                seen[word(s.recv(512))] += 1
        except OSError as e:
            seen[type(e).__name__] += 1


def known_address(net=99, n=32):
    """One of few, that will have used what they may."""
    return f"127.99.{net}.{random.randint(1, n)}"


def flood_tls(target, end, seen):
    """The same with TLS from the first byte, as often as it can."""
    context = ssl._create_unverified_context()
    while time.monotonic() < end:
        seen["tried"] += 1
        try:
            with connect(*target, known_address()) as s, \
                    context.wrap_socket(s) as tls:
                seen[word(tls.recv(512))] += 1
        except OSError as e:
            seen[type(e).__name__] += 1


def no_hello(target, end, seen):
    """Many that wait for a word and say nothing, not even a hello."""
    with selectors.DefaultSelector() as held:
        while time.monotonic() < end:
            while len(held.get_map()) < SLOW_AT_ONCE:
                seen["tried"] += 1
                held.register(connect(*target, known_address(98, 3)),
                              selectors.EVENT_READ)
            for key, _ in held.select(0.1):
                try:
                    seen[word(key.fileobj.recv(512))] += 1
                except OSError as e:
                    seen[type(e).__name__] += 1
                held.unregister(key.fileobj)
                key.fileobj.close()
        for key in list(held.get_map().values()):
            key.fileobj.close()


def greedy(target, end, seen):
    """The same from one address, which keeps all that it can get."""
    held = []
    while time.monotonic() < end:
        seen["tried"] += 1
        try:
            s = connect(*target, "127.99.99.99")
            held.append(s)
            seen[word(s.recv(512))] += 1
        except OSError as e:
            seen[type(e).__name__] += 1
        if len(held) > GREEDY_AT_ONCE:
            held.pop(0).close()


def slow(target, end, seen):
    """Many connections, a byte of a command now and then."""
    with selectors.DefaultSelector() as held:
        while time.monotonic() < end:
            while len(held.get_map()) < SLOW_AT_ONCE:
                seen["tried"] += 1
                held.register(connect(*target, address()),
                              selectors.EVENT_READ)
            for key, _ in held.select(0.2):
                try:
                    data = key.fileobj.recv(512)
                except OSError:
                    data = b""
                if data:
                    seen[word(data)] += 1
                else:
                    held.unregister(key.fileobj)
                    key.fileobj.close()
            for key in list(held.get_map().values()):
                try:
                    key.fileobj.send(b"E")
                except OSError:
                    pass
        for key in list(held.get_map().values()):
            key.fileobj.close()


def few_names():
    return random.choice(["ann", "bob", "root", "info"])


def any_name():
    return f"user{random.random()}"


def guesser(target, end, seen, source, named):
    while time.monotonic() < end:
        name = named()
        secret = base64.b64encode(f"\0{name}\0{random.random()}".encode())
        try:
            with connect(*target, source()) as s, s.makefile("rb") as f:
                f.readline()
                s.sendall(b"EHLO there.example\r\n")
                while f.readline()[3:4] == b"-":
                    pass
                for _ in range(2):
                    seen["tried"] += 1
                    s.sendall(b"AUTH PLAIN " + secret + b"\r\n")
                    seen[word(f.readline())] += 1
        except OSError as e:
            seen[type(e).__name__] += 1


def guess(target, end, seen, source=address, named=few_names, n=GUESSERS):
    """Passwords for a few names, many at once, each from another address."""
    own = [collections.Counter() for _ in range(n)]
    threads = [threading.Thread(target=guesser,
                                args=(target, end, counts, source, named))
               for counts in own]
    for thread in threads:
        thread.start()
    for thread, counts in zip(threads, own):
        thread.join()
        seen.update(counts)


def guess_alone(target, end, seen):
    """All from one address."""
    guess(target, end, seen, lambda: "127.99.99.99")


def spray(target, end, seen):
    """More than can wait at once, and no limit knows address or name."""
    guess(target, end, seen, named=any_name, n=SPRAYERS)


KINDS = {"flood": flood, "flood-tls": flood_tls, "no-hello": no_hello,
         "greedy": greedy, "slow": slow, "guess": guess,
         "guess-alone": guess_alone, "spray": spray}

if __name__ == "__main__":
    counts = collections.Counter()
    KINDS[sys.argv[1]]((sys.argv[2], int(sys.argv[3])),
                       time.monotonic() + float(sys.argv[4]), counts)
    print(json.dumps(counts))
