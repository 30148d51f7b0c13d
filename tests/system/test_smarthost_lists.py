# SPDX-License-Identifier: ISC
# tests/system/test_smarthost_lists.py - which smarthost, and as whom: lists of
# hosts that want a login, and routes of several logins.
"""Fail-over and choice of hosts with AUTH."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import harness  # noqa: E402
from harness import Postern, children_of, wait_for  # noqa: E402
from test_auth import Office, PASSWORD, plain  # noqa: E402
from test_smarthost import (Relay, SECRET, WORKERS, b64, needs_root,  # noqa: E402
                            put)
from test_tls_out import send  # noqa: E402

LATER = "smtp=451 status="
# how the first host of a list answers, or None: nobody does; what becomes of
# the mail, and whether the second one is asked
CASES = {
    "right": ({}, "delivered", False),
    "dead": (None, "delivered", True),
    "mute": ({"offer": ""}, "delivered", True),
    "other": ({"offer": "CRAM-MD5 GSSAPI"}, "delivered", True),
    # a second try might lock us out: it is the same account
    "refuses": ({"refusal": "535 5.7.8 no"}, LATER + "4.7.8", False),
    "weak": ({"refusal": "534 5.7.9 too weak"}, LATER + "4.7.8", False),
    "unknown": ({"refusal": "504 5.5.4 what?"}, LATER + "4.7.8", False),
    # of these the host is to blame, not the login
    "busy": ({"refusal": "454 4.7.0 not now"}, "delivered", True),
    "closing": ({"refusal": "421 4.3.2 bye"}, "delivered", True),
    "lost": ({"refusal": None}, "delivered", True),
    "nonsense": ({"refusal": "hello"}, "delivered", True),
    "more": ({"refusal": "334 "}, "delivered", True),
}
# the second is no better than the first
WORSE = {
    "dead-dead": (None, None, LATER + "4.4.1"),
    "mute-dead": ({"offer": ""}, None, LATER + "4.4.1"),
    "mute-mute": ({"offer": ""}, {"offer": ""}, LATER + "4.7.4"),
    "dead-refuses": (None, {"refusal": "535 5.7.8 no"}, LATER + "4.7.8"),
    "busy-busy": ({"refusal": "454 4.7.0 x"}, {"refusal": "454 4.7.0 x"},
                  LATER + "4.7.8"),
}


class Pair:
    """The two hosts of a list, on one port."""

    def __init__(self, n, first, second):
        self.port = harness.free_port()
        self.addrs = [f"127.0.1.{n}", f"127.0.2.{n}"]
        self.hosts = [how if how is None else
                      Relay(addr=addr, port=self.port, **how)
                      for addr, how in zip(self.addrs, (first, second))]
        if first and "refusal" in first:
            self.hosts[0].valid = set()
        if second and "refusal" in second:
            self.hosts[1].valid = set()

    def end(self):
        for host in self.hosts:
            if host is not None:
                host.__exit__(None, None, None)

    def route(self, name, file):
        return f'route domain {name}.example to host {{ {self.addrs[0]} ' \
            f'{self.addrs[1]} }} port {self.port} tls none login "bob" ' \
            f'password file "{file}" cleartext\n'


def verdicts(tmp_path, cases):
    """{name: (line of its event, the pair of hosts)}, of one message each."""
    file = put(tmp_path / "secret", SECRET)
    pairs = {name: Pair(n + 1, *how)
             for n, (name, how) in enumerate(cases.items())}
    conf = WORKERS + "".join(pair.route(name, file)
                             for name, pair in pairs.items())
    try:
        with Postern(tmp_path, conf) as postern:
            for name in cases:
                send(postern, f"{name}.example")

            def lines():
                return [line for word in ("delivered", "deferred", "bounced")
                        for line in postern.events(word)]

            wait_for(lambda: len(lines()) == len(cases), what="all verdicts")
            return {name: ([line for line in lines()
                            if f"@{name}.example" in line][0], pairs[name])
                    for name in cases}
    finally:
        for pair in pairs.values():
            pair.end()


def test_first_host(tmp_path):
    found = verdicts(tmp_path, {name: (how, {})
                                for name, (how, _, _) in CASES.items()})
    for name, (_, verdict, asked) in CASES.items():
        line, pair = found[name]
        first, second = pair.hosts
        assert verdict in line, line
        assert bool(second.connections) == asked, name
        taker = second if asked else first
        assert len(taker.taken) == (verdict == "delivered"), name
        assert second.logins == ([("bob", SECRET)] if asked else []), name
        # nobody is asked twice, and nothing is said that was not offered
        if first is not None:
            assert first.connections == 1, name
            assert len(first.logins) == (first.how.get("offer") is None and
                                         name not in ("mute", "other")), name


def test_both_hosts(tmp_path):
    found = verdicts(tmp_path, {name: how[:2] for name, how in WORSE.items()})
    for name, (_, _, verdict) in WORSE.items():
        line, pair = found[name]
        assert "deferred" in line and verdict in line, line
        assert not any(host.taken for host in pair.hosts if host), name


class Counter(Relay):
    """Knows several users, and who of postern's processes came as whom."""

    def __init__(self, users):
        super().__init__()
        self.users, self.came, self.postern = users, [], None

    def judge(self, user, password):
        return self.users.get(user) == password

    def takes(self, peer):
        self.came.append((peer.user, self.owner(peer.sock.getpeername()[1])))

    def owner(self, port):
        """Which children have that end of the connection."""
        inodes = {f"socket:[{words[9]}]" for words in (
            line.split() for line in
            Path("/proc/net/tcp").read_text().splitlines()[1:])
            if int(words[1].split(":")[1], 16) == port and words[9] != "0"}
        found = []
        for pid in children_of(self.postern.pid):
            for fd in Path(f"/proc/{pid}/fd").iterdir():
                try:
                    if os.readlink(fd) in inodes:
                        found.append(pid)
                except FileNotFoundError:
                    pass
        return sorted(set(found))


def login_workers(postern):
    return [pid for pid in children_of(postern.pid)
            if "deliver\0login" in harness.read_proc(pid, "cmdline")]


@needs_root
def test_each_login_by_its_own_worker(tmp_path):
    """By login, by sender, by recipient: three accounts at one server, each
    known to one process, which has no other connection and no other mail."""
    users = {f"box{n}": f"Marked{n}Account{n}/Word" for n in range(3)}
    files = {user: put(tmp_path / user, word) for user, word in users.items()}
    server = Counter(users)

    def route(what, user):
        return f'route {what} to host 127.0.0.1 port {server.port} tls none ' \
            f'login "{user}" password file "{files[user]}" cleartext\n'

    more = route("any from login bob", "box0") + \
        route("any from boss@firm.example", "box1") + \
        route("domain special.example", "box2")
    with server, Office(tmp_path, more) as office:
        server.postern = postern = office.postern
        for login, sender, rcpt in [
                ("bob", "x@y.example", "a@other.example"),
                ("ann", "boss@firm.example", "a@special.example"),
                ("ann", "ann@firm.example", "a@special.example"),
                ("ann", "ann@firm.example", "a@other.example")]:
            with office.client() as client:
                assert client.say(f"AUTH PLAIN {plain(login, PASSWORD)}") \
                    .startswith("235")
                for line in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{rcpt}>",
                             "DATA", "Subject: x\r\n\r\nhi\r\n."):
                    assert client.say(line)[0] in "23", line
        postern.wait_empty()
        assert sorted(user for user, _ in server.came) == sorted(users)
        assert office.sink.lines() == 1
        workers = login_workers(postern)
        owners = {user: pids for user, pids in server.came}
        assert all(len(pids) == 1 for pids in owners.values()), owners
        assert sorted(pid for pids in owners.values() for pid in pids) == \
            workers
        marks = {form + user: text.encode() for user, word in users.items()
                 for form, text in (("", word), ("base64 ", b64(word)),
                                    ("plain ", b64(f"\0{user}\0{word}")))}
        for pid in postern.tree():
            found = {mark.split(" ")[-1]
                     for mark in harness.memory_holds(pid, marks)}
            mine = {user for user, pids in owners.items() if pid in pids}
            assert found == mine, harness.read_proc(pid, "cmdline")
