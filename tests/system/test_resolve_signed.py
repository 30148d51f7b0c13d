# SPDX-License-Identifier: ISC
# tests/system/test_resolve_signed.py - what postern-resolve believes of a
# signed DNS, when it is shown, and when not; and what forgers gain.
#
# The lab is tests/peers/lab.py; the forger sends from the resolver's own
# address and port, as one on the way to us could not be told from it.
"""Secure answers, their proof, and forged ones."""

import contextlib
import random
import socket
import struct
import subprocess
import sys
import threading
import types
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1] / "lib"))
sys.path.insert(0, str(HERE.parents[1] / "peers"))
from harness import Dns, wait_for  # noqa: E402
from lab import Lab  # noqa: E402
from peers import Nsd, Unbound  # noqa: E402
from siege import full  # noqa: E402
from test_resolve import argv, ask, parse  # noqa: E402

DIGEST = "ab" * 32
GOOD = f"""
@ MX 10 mx
mx A 192.0.2.1
_25._tcp.mx TLSA 3 1 1 {DIGEST}
_25._tcp.mx TLSA 2 0 1 {DIGEST}
_25._tcp.bent TLSA 3 1 1 {"cd" * 32}
bent A 192.0.2.2
led CNAME mx
out CNAME host.plain.
"""
ZONES = ({"good": GOOD},
         {"plain": f"@ MX 10 mx.good.\nhost A 192.0.2.3\n"
                   f"_25._tcp.host TLSA 3 1 1 {DIGEST}"},
         {"old": "@ MX 10 mx.good.\nfar CNAME mx.good."},
         {"good": [("cd" * 32, "ce" * 32)]})


def target(port, proof=""):
    return types.SimpleNamespace(addr="127.0.0.1", port=port, proof=proof)


@pytest.fixture(name="lab", scope="module")
def one_lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with Dns(folder, (), ("lame servfail",)) as broken, Lab(
            folder, *ZONES, lame={"lame": broken.port}) as lab:
        lab.broken = broken
        yield lab


@pytest.fixture(name="simple", scope="module")
def resolver_that_does_not_validate(tmp_path_factory):
    zones = {"good": GOOD, "old": "@ MX 10 mx.good."}
    with Nsd(tmp_path_factory.mktemp("nsd"), zones) as nsd, Unbound(
            tmp_path_factory.mktemp("unbound"), zones, nsd.port) as unbound:
        yield unbound


ANSWERS = (
    ("mx good", "found", "secure", ["10 mx.good"]),
    ("host mx.good", "found", "secure", ["192.0.2.1"]),
    ("host led.good", "found", "secure", ["192.0.2.1"]),
    # the CNAME of its own is, and not what it leads to
    ("host out.good", "found", "first", ["192.0.2.3"]),
    ("tlsa led.good", "no-name", "secure", []),
    ("tlsa mx.good", "found", "secure",
     [f"2 0 1 {DIGEST}", f"3 1 1 {DIGEST}"]),
    ("tlsa bent.good", "trouble", "insecure", []),
    ("mx plain", "found", "insecure", ["10 mx.good"]),
    ("host host.plain", "found", "insecure", ["192.0.2.3"]),
    ("tlsa host.plain", "found", "insecure", [f"3 1 1 {DIGEST}"]),
    ("mx old", "trouble", "insecure", []),
    ("mx none.good", "no-name", "secure", []),
)


@pytest.mark.parametrize("proof", ["", "good,old"])
def test_answers(lab, proof):
    """By the root, or by the two names."""
    resolver = target(lab.resolver.port, proof.replace(",", " "))
    for question, kind, secure, records in ANSWERS:
        answer = ask([resolver], question)[question.split()[1]]
        assert (question, answer.kind, answer.secure, answer.records) == (
            question, kind, secure, records)
        assert "resolver-validates" in answer.log


@pytest.mark.parametrize("proof, why", [
    ("old good", "SERVFAIL"),  # the signed one is not
    ("plain old", "no AD bit for what is signed"),
    ("good good", "an answer for the bogus name"),
])
def test_proof_fails(lab, proof, why):
    answer = ask([target(lab.resolver.port, proof)], "mx plain")["plain"]
    assert answer.kind == "found" and answer.secure == "insecure"
    assert "resolver-unproven" in answer.log and why in answer.log


def test_secure_waits_for_the_proof(lab):
    """Nothing was said for or against: what claims to be secure is trouble,
    what does not claim it is as good as ever."""
    resolver = target(lab.resolver.port, "old good")
    answers = ask([resolver], "mx good", "mx plain")
    assert answers["good"].kind == "trouble"
    assert "has not shown yet" in answers["good"].text
    assert answers["plain"].kind == "found"


def test_resolver_that_does_not_validate(simple):
    answer = ask([target(simple.port)], "mx good")["good"]
    assert answer.kind == "found" and answer.secure == "insecure"
    assert "resolver-unproven" in answer.log


BOGUS = "SERVFAIL, bogus (DNSSEC)"
TROUBLES = (
    ("mx old", BOGUS, "expired"), ("host far.old", BOGUS, "expired"),
    ("tlsa bent.good", BOGUS, ""),
    ("mx lame", "SERVFAIL", ""),
)


@pytest.mark.parametrize("ede", [False, True])
def test_bogus_is_told_from_broken(lab, tmp_path, ede):
    """By one more question, or by the resolver's own word."""
    with contextlib.ExitStack() as stack:
        if ede:
            lab = stack.enter_context(Lab(tmp_path, *ZONES, ede=True,
                                          lame={"lame": lab.broken.port}))
        for question, said, why in TROUBLES:
            answer = ask([target(lab.resolver.port)],
                         question)[question.split()[1]]
            assert answer.kind == "trouble", question
            before, _, text = answer.text.partition(said)
            assert before == f"resolver 127.0.0.1 port {lab.resolver.port}: "
            if said != BOGUS:
                assert not text
            elif ede:
                assert text.startswith(": ") and why in text.lower()
            else:
                assert text == ""


class Says(threading.Thread):
    """A resolver that validates, or not, and gives NAME what is said of it:
    the rcode, that with CD set, and an extended error."""

    def __init__(self, validates, names):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.validates, self.names, self.asked = validates, names, []
        self.start()

    def run(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            answer = self.answer(data)
            if answer is not None:
                self.socket.sendto(answer, peer)

    def answer(self, data):
        name, at = "", 12
        while data[at]:
            name += data[at + 1:at + 1 + data[at]].decode().lower() + "."
            at += 1 + data[at]
        checks = not data[3] & 0x10
        rcode, unchecked, error = self.names.get(name, (0, 0, None))
        if name:
            self.asked.append((name, checks))
            rcode = rcode if checks else unchecked
        if rcode is None:
            return None
        option = b"" if error is None else struct.pack(
            ">HHH", 15, 2, error)
        flags = 0x8180 | (0x20 if self.validates else 0) | rcode
        return (data[:2] + struct.pack(">HHHHH", flags, 1, 0, 0, 1) +
                data[12:at + 5] + b"\0" +
                struct.pack(">HHIH", 41, 1232, 0, len(option)) + option)


@pytest.mark.parametrize("validates, name, rcodes, text, asked", [
    (True, "bogus", (2, 0, None), BOGUS, [True, False]),
    (True, "gone", (2, 3, None), BOGUS, [True, False]),
    (True, "other", (2, 0, 22), BOGUS, [True, False]),
    (True, "broken", (2, 2, None), "SERVFAIL", [True, False]),
    (True, "refused", (5, 0, None), "REFUSED", [True]),
    # by its own word
    (True, "told", (2, None, 9), BOGUS + ": DNSKEY missing", [True]),
    # silence says nothing, and is waited for once, 4 seconds
    *full([(True, "silent", (2, None, None), "SERVFAIL", [True, False])], []),
    # who does not validate has nothing to say of it
    (False, "bogus", (2, 0, 6), "SERVFAIL", [True]),
])
def test_one_more_question(validates, name, rcodes, text, asked):
    """Of a SERVFAIL, to a resolver that has shown that it validates; and it
    is remembered."""
    says = Says(validates, {f"{name}.": rcodes})
    answers = ask([target(says.port)], f"mx {name}", f"mx {name}")
    assert answers[name].kind == "trouble"
    assert answers[name].text == \
        f"resolver 127.0.0.1 port {says.port}: {text}"
    assert says.asked == [(f"{name}.", checks) for checks in asked]
    says.socket.close()


def test_no_detour(lab, simple):
    """What is bogus for the one is not asked of the other, in either order."""
    both = [target(lab.resolver.port), target(simple.port)]
    for resolvers in (both, both[::-1]):
        answers = ask(resolvers, "mx good", "mx old")
        assert answers["good"].secure == "secure"
        assert answers["old"].kind == "trouble"


class Forger(threading.Thread):
    """Answers to a name, unasked, from the resolver's address and port to
    every port that postern-resolve has, with ids at random."""

    def __init__(self, resolver_port, ports, count):
        super().__init__(daemon=True)
        self.source, self.ports, self.count = resolver_port, ports, count
        self.sent = 0

    def packet(self, ident):
        name = b"\x06target\x04test\0"
        return (struct.pack("!6H", ident, 0x81a0, 1, 1, 0, 0) + name +
                b"\0\x0f\0\1" + b"\xc0\x0c\0\x0f\0\1\0\0\x0e\x10\0\x10" +
                b"\0\1\x06forged\x04test\0")

    def datagram(self, port, ident):
        data = self.packet(ident)
        udp = struct.pack("!4H", self.source, port, 8 + len(data), 0) + data
        here = socket.inet_aton("127.0.0.1")
        return (struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17,
                            0) + here + here + udp)

    def run(self):
        chance = random.Random(7)
        with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                           socket.IPPROTO_RAW) as s:
            while self.sent < self.count:
                port = self.ports[self.sent % len(self.ports)]
                s.sendto(self.datagram(port, chance.randrange(65536)),
                         ("127.0.0.1", port))
                self.sent += 1


def ports_of(pid):
    """The local ports of its UDP sockets."""
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(fd.readlink()).partition("[")[2].rstrip("]"))
        except OSError:
            pass
    rows = [line.split() for line in
            Path("/proc/net/udp").read_text().splitlines()[1:]]
    return [int(r[1].split(":")[1], 16) for r in rows if r[9] in inodes]


def udp_counts():
    """The kernel's, of this network: InDatagrams were read by a program."""
    names, values = [line.split()[1:] for line in
                     Path("/proc/net/snmp").read_text().splitlines()
                     if line.startswith("Udp:")]
    return dict(zip(names, map(int, values)))


@pytest.mark.skipif(not hasattr(socket, "SOCK_RAW") or
                    __import__("os").geteuid() != 0, reason="skipped: root")
def test_forged_answers(tmp_path):
    """As many as that while the question is open, each from the right place to
    the right port: nothing is believed, and the right answer is, when it
    comes."""
    count = full(100000, 10000)
    with Dns(tmp_path, ("target.test MX 10 right.test",),
             ("target.test delay 3500",)) as dns, subprocess.Popen(
                 argv([dns], ["mx target.test"], wait=True),
                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                 stderr=subprocess.PIPE, text=True) as asker:
        pid = int(asker.stdout.readline().split()[1])
        wait_for(dns.questions, what="the question")
        before = udp_counts()
        forger = Forger(dns.port, ports_of(pid), count)
        forger.start()
        lines = [asker.stdout.readline() for _ in range(2)]
        forger.join()
        assert forger.sent == count
        after = udp_counts()
        asker.stdin.close()
        log = asker.stderr.read()
        assert asker.wait(20) == 0
    answer = parse("".join(lines))["target.test"]
    assert (answer.kind, answer.records) == ("found", ["10 right.test"]), log
    read, lost = (after[c] - before[c] for c in ("InDatagrams",
                                                 "RcvbufErrors"))
    # they came to its sockets; most were read, few fell out of a full one
    assert read + lost >= count and read >= count // 4, (before, after)
    print(f"\n    {count} forged answers, {read} heard, {lost} lost", end="")
