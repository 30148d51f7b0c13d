# SPDX-License-Identifier: ISC
# tests/system/test_testdns.py - the tests' name server tells the truth.
#
# And lies as asked: each trick is looked at in the bytes of its answer.
"""The name server of the tests."""

import socket
import struct
import sys
import types
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Dns  # noqa: E402

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16,
         "AAAA": 28}


def question_bytes(name, kind, ident=4711, edns=True):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    head = struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, int(edns))
    opt = b"\0" + struct.pack("!HHIH", 41, 4096, 0, 0) if edns else b""
    return head + labels + b"\0" + struct.pack("!HH", TYPES[kind], 1) + opt


def skip_name(data, at):
    while data[at] != 0:
        if data[at] & 0xc0:
            return at + 2
        at += data[at] + 1
    return at + 1


def parse(data):
    """Header fields and (section, type, ttl, rdata) of each record."""
    ident, flags, nq, *counts = struct.unpack("!HHHHHH", data[:12])
    at, records = 12, []
    for _ in range(nq):
        at = skip_name(data, at) + 4
    for section, count in zip(("answer", "authority", "additional"), counts):
        for _ in range(count):
            at = skip_name(data, at)
            kind, _, ttl, size = struct.unpack("!HHIH", data[at:at + 10])
            records.append((section, kind, ttl, data[at + 10:at + 10 + size]))
            at += 10 + size
    return types.SimpleNamespace(
        id=ident, rcode=flags & 15, tc=bool(flags & 0x200), size=len(data),
        aa=bool(flags & 0x400), records=records,
        answers=[r for r in records if r[0] == "answer"])


def ask_udp(dns, name, kind="A", timeout=5, edns=True):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        s.connect((dns.addr, dns.port))
        s.send(question_bytes(name, kind, edns=edns))
        return s.recv(65535)


def ask_tcp(dns, *names):
    """All questions in one piece, the answers in turn."""
    asked = [question_bytes(n, "A") for n in names]
    with socket.create_connection((dns.addr, dns.port), 5) as s:
        s.sendall(b"".join(struct.pack("!H", len(q)) + q for q in asked))
        with s.makefile("rb") as f:
            return [parse(f.read(struct.unpack("!H", f.read(2))[0]))
                    for _ in names]


@pytest.fixture(name="dns", scope="module")
def name_server(tmp_path_factory):
    records = ["example.org MX 10 mx1.example.org",
               "example.org MX 20 mx2.example.org",
               "mx1.example.org 7 A 127.0.0.1", "mx2.example.org AAAA ::1",
               "alias.example.org CNAME two.example.org",
               "two.example.org CNAME mx1.example.org",
               "loop.example.org CNAME loop.example.org",
               "dead.example.org CNAME nowhere.example.org",
               "*.wild.example A 127.0.0.2", "a.b.wild.example A 127.0.0.3"]
    records += [f"big.example.org A 10.0.0.{n}" for n in range(100)]
    tricks = ["servfail", "timeout", "truncate", "delay 300", "wrongid",
              "wrongsource", "wrongquestion", "lame", "garbage", "nxdomain",
              "refused"]
    names = [(f"{t.split()[0]}.test", t) for t in tricks]
    records += [f"{name} A 127.0.0.9" for name, _ in names]
    with Dns(tmp_path_factory.mktemp("dns"), records,
             [f"{name} {trick}" for name, trick in names],
             "-n", "33") as server:
        yield server


@pytest.mark.parametrize("name, kind, rcode, answers, soa", [
    ("example.org", "MX", 0, [15, 15], 0),
    ("EXAMPLE.org", "MX", 0, [15, 15], 0),
    ("example.org", "A", 0, [], 1),
    ("mx2.example.org", "AAAA", 0, [28], 0),
    ("alias.example.org", "A", 0, [5, 5, 1], 0),
    ("alias.example.org", "AAAA", 0, [5, 5], 1),
    ("alias.example.org", "CNAME", 0, [5], 0),
    ("dead.example.org", "A", 3, [5], 1),
    ("nowhere.example.org", "A", 3, [], 1),
    ("org", "A", 0, [], 1),
    ("x.wild.example", "A", 0, [1], 0),
    ("x.y.wild.example", "A", 0, [1], 0),
    ("x.wild.example", "MX", 0, [], 1),
    ("b.wild.example", "A", 0, [], 1),
])
def test_dns_answers(dns, name, kind, rcode, answers, soa):
    reply = parse(ask_udp(dns, name, kind))
    assert reply.rcode == rcode and reply.aa and not reply.tc
    assert [r[1] for r in reply.answers] == answers
    soas = [r for r in reply.records if r[1] == TYPES["SOA"]]
    assert len(soas) == soa
    for record in soas:
        assert record[2] == 33 and record[3].endswith(struct.pack("!I", 33))
    assert [r[1] for r in reply.records if r[0] == "additional"] == [41]


def test_dns_ttl_and_edns(dns):
    plain = parse(ask_udp(dns, "mx1.example.org", edns=False))
    assert plain.answers[0][2:] == (7, b"\x7f\0\0\1")
    assert len(plain.records) == 1


def test_dns_truncation(dns):
    assert parse(ask_udp(dns, "big.example.org")).tc
    small = parse(ask_udp(dns, "truncate.test"))
    assert small.tc and not small.answers
    big, other = ask_tcp(dns, "big.example.org", "truncate.test")
    assert len(big.answers) == 100 and not big.tc
    assert len(other.answers) == 1 and not other.tc


def test_dns_tricks(dns):
    assert parse(ask_udp(dns, "servfail.test")).rcode == 2
    assert parse(ask_udp(dns, "nxdomain.test")).rcode == 3
    assert parse(ask_udp(dns, "refused.test")).rcode == 5
    lame = parse(ask_udp(dns, "lame.test"))
    assert not lame.aa and not lame.answers and lame.records[0][1] == 2
    assert parse(ask_udp(dns, "wrongid.test")).id != 4711
    data = ask_udp(dns, "wrongquestion.test")
    assert data[12:].startswith(b"\7another\10question\4test")
    noise = ask_udp(dns, "garbage.test")
    assert noise[:2] == struct.pack("!H", 4711)
    with pytest.raises((struct.error, IndexError)):
        parse(noise)


def test_dns_silence_and_wrong_source(dns):
    for name in ("timeout.test", "wrongsource.test"):
        with pytest.raises(TimeoutError):
            ask_udp(dns, name, timeout=0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.sendto(question_bytes("wrongsource.test", "A"),
                 (dns.addr, dns.port))
        data, source = s.recvfrom(65535)
        assert source[1] != dns.port and len(parse(data).answers) == 1


def test_dns_delay(dns):
    with pytest.raises(TimeoutError):
        ask_udp(dns, "delay.test", timeout=0.1)
    assert len(parse(ask_udp(dns, "delay.test")).answers) == 1


def test_dns_logs_questions(dns):
    before = len(dns.questions())
    ask_udp(dns, "Example.ORG", "MX")
    ask_tcp(dns, "mx1.example.org")
    one, two = dns.questions()[before:]
    assert (one.name, one.type, one.proto, one.id) == (
        "Example.ORG", "MX", "udp", "4711")
    assert two.proto == "tcp" and int(one.port) > 0


def test_dns_zone_file(tmp_path):
    zone = tmp_path / "zone"
    zone.write_text("# a zone\n\nexample.org MX 0 .   # null MX\n"
                    "!bad.example servfail\n")
    with Dns(tmp_path, (), (), zone) as server:
        assert len(parse(ask_udp(server, "example.org", "MX")).answers) == 1
        assert parse(ask_udp(server, "bad.example")).rcode == 2
