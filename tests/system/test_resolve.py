# SPDX-License-Identifier: ISC
# tests/system/test_resolve.py - postern-resolve against a name server.
#
# The name server is the tests' own, which lies on demand; the questions come
# from build/tests/ask, which starts postern-resolve as posternd would.
"""postern-resolve: questions, answers, tricks, bounds."""

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import BUILD, PATIENCE, Dns, free_port, read_proc  # noqa: E402

RESOLVE = BUILD / "postern-resolve"
ROOT = os.geteuid() == 0

RECORDS = (
    "a.test MX 20 mx2.a.test", "a.test MX 10 mx1.a.test",
    "mx1.a.test A 192.0.2.1", "mx1.a.test AAAA 2001:db8::1",
    "mx2.a.test A 192.0.2.2", "six.test AAAA 2001:db8::6",
    "www.test CNAME a.test", "far.test CNAME www.test",
    "gone.test CNAME nowhere.test", "null.test MX 0 .",
    "literal.test MX 10 192.0.2.1.", "text.test TXT hello",
    "loop1.test CNAME loop2.test", "loop2.test CNAME loop1.test",
    "*.wild.test A 192.0.2.9",
)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")


def argv(resolvers, questions, n=1, confined=ROOT, wait=False):
    words = [BUILD / "tests/ask", "-x", RESOLVE, "-n", n]
    words += ["-c"] if confined else []
    words += ["-w"] if wait else []
    for r in resolvers:
        words += ["-r", f"{r.addr},{r.port} " + getattr(r, "proof", "")]
    return [str(w) for w in words + list(questions)]


def parse(text):
    """{name: namespace of records, kind, secure, ttl, ms, text}, the last
    answer to each name."""
    answers, records = {}, {}
    for line in text.splitlines():
        word, name, rest = (line.split(" ", 2) + [""])[:3]
        if word == "end":
            kind, secure, ttl, ms, why = rest.split(" ", 4)
            answers[name] = types.SimpleNamespace(
                kind=kind, secure=secure, ttl=int(ttl),
                ms=int(ms), text=why, records=records.pop(name, []))
        elif word in ("mx", "host", "tlsa", "ptr"):
            records.setdefault(name, []).append(rest)
    return answers


def ask(resolvers, *questions, **options):
    done = subprocess.run(argv(resolvers, questions, **options),
                          capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    answers = parse(done.stdout)
    for a in answers.values():
        a.log = done.stderr
    return answers


def ask_one(resolvers, question, **options):
    return ask(resolvers, question, **options)[question.split()[1]]


class Nobody:
    """A resolver's place where nobody is."""

    def __init__(self):
        self.addr = "127.0.0.1"
        self.port = free_port()


@pytest.fixture(name="dns")
def fixture_dns(tmp_path):
    with Dns(tmp_path, RECORDS) as dns:
        yield dns


@pytest.mark.parametrize("question, kind, records", [
    ("mx a.test", "found", ["20 mx2.a.test", "10 mx1.a.test"]),
    ("mx A.Test.", "found", ["20 mx2.a.test", "10 mx1.a.test"]),
    ("mx www.test", "found", ["20 mx2.a.test", "10 mx1.a.test"]),
    ("mx far.test", "found", ["20 mx2.a.test", "10 mx1.a.test"]),
    ("mx null.test", "found", ["0 ."]),
    ("mx literal.test", "found", []),
    ("mx text.test", "none", []),
    ("mx nowhere.test", "no-name", []),
    ("mx gone.test", "no-name", []),
    ("mx loop1.test", "trouble", []),
    ("mx 192.0.2.1", "malformed", []),
    ("mx [192.0.2.1]", "malformed", []),
    ("host 2001:db8::1", "malformed", []),
    ("host a..test", "malformed", []),
    ("host b\u00fccher.test", "malformed", []),
    ("host mx1.a.test", "found", ["2001:db8::1", "192.0.2.1"]),
    ("host mx2.a.test", "found", ["192.0.2.2"]),
    ("host six.test", "found", ["2001:db8::6"]),
    ("host text.test", "none", []),
    ("host nowhere.test", "no-name", []),
])
def test_answers(dns, question, kind, records):
    answer = ask_one([dns], question)
    assert answer.kind == kind
    assert answer.records == records


def test_localhost_is_a_name_as_any_other(dns):
    assert ask_one([dns], "host localhost").kind == "no-name"


def test_ttl(tmp_path):
    with Dns(tmp_path, ("a.test 120 A 192.0.2.1", "b.test 1 A 192.0.2.1",
                        "c.test 999999 A 192.0.2.1"), (), "-n", "80") as dns:
        answers = ask([dns], "host a.test", "host b.test", "mx c.test",
                      "mx no.test")
    assert answers["a.test"].ttl == 80  # of "no AAAA"
    assert answers["b.test"].ttl == 5
    assert answers["c.test"].ttl == 80
    assert answers["no.test"].ttl == 80


def test_cached(dns):
    ask([dns], "mx a.test", "mx a.test", "mx A.TEST", "mx nowhere.test",
        "mx nowhere.test", n=3)
    assert sorted(q.name.lower() for q in dns.questions()) == [
        "a.test", "nowhere.test"]


def test_trouble_is_cached(tmp_path):
    with Dns(tmp_path, (), ("s.test servfail",)) as dns:
        answer = ask([dns], "mx s.test", "mx s.test")["s.test"]
        assert len(dns.questions()) == 1
    assert answer.kind == "trouble"
    assert answer.ttl <= 5
    assert answer.text == f"resolver 127.0.0.1 port {dns.port}: SERVFAIL"


def test_asked_by_many_goes_out_once(tmp_path):
    with Dns(tmp_path, RECORDS, ("a.test delay 200",)) as dns:
        assert ask_one([dns], "mx a.test", n=100).kind == "found"
        assert len(dns.questions()) == 1


@pytest.mark.parametrize("trick", ["servfail", "refused", "lame"])
def test_useless_resolver_is_passed_over_at_once(tmp_path, dns, trick):
    with Dns(tmp_path, (), (f"a.test {trick}",), name="bad") as bad:
        answer = ask_one([bad, dns], "mx a.test")
        assert len(bad.questions()) == 1
    assert answer.kind == "found"
    assert answer.ms < 900


@pytest.mark.parametrize("trick", ["timeout", "wrongid", "wrongsource",
                                   "wrongquestion", "garbage"])
def test_what_does_not_match_is_ignored(tmp_path, dns, trick):
    with Dns(tmp_path, ("a.test MX 1 forged.test",), (f"a.test {trick}",),
             name="bad") as bad:
        answer = ask_one([bad, dns], "mx a.test")
        assert len(bad.questions()) == 1
    assert answer.records == ["20 mx2.a.test", "10 mx1.a.test"]
    assert answer.ms >= 950


def test_nobody_there_is_passed_over_at_once(dns):
    answer = ask_one([Nobody(), dns], "mx a.test")
    assert answer.kind == "found"
    assert answer.ms < 900


def test_all_in_trouble(tmp_path):
    with Dns(tmp_path, (), ("a.test servfail",), name="one") as one, \
            Dns(tmp_path, (), ("a.test refused",), name="two") as two:
        answer = ask_one([one, two], "mx a.test")
    assert answer.kind == "trouble"
    assert answer.text == f"resolver 127.0.0.1 port {two.port}: REFUSED"


def test_three_tries(tmp_path):
    name = "a.name.of.more.than.twenty.letters.test"
    with Dns(tmp_path, (), (f"{name} timeout",)) as dns:
        answer = ask_one([dns], f"mx {name}")
        tries = dns.questions()
    assert answer.kind == "trouble"
    assert answer.text.endswith("no answer")
    assert 6900 <= answer.ms < 9000
    assert len(tries) == 3
    assert len({(t.port, t.id) for t in tries}) == 3
    # mixed twice, for the last time in lower case
    assert [t.name == name for t in tries] == [False, False, True]


def test_truncated_comes_by_tcp(tmp_path):
    many = [f"big.test A 192.0.2.{n}" for n in range(1, 200)]
    with Dns(tmp_path, ("t.test MX 1 mx.test", *many),
             ("t.test truncate",)) as dns:
        answers = ask([dns], "mx t.test", "host big.test")
        protos = [(q.name.lower(), q.type, q.proto) for q in dns.questions()]
    assert answers["t.test"].records == ["1 mx.test"]
    assert len(answers["big.test"].records) == 32
    assert ("t.test", "MX", "udp") in protos
    assert ("t.test", "MX", "tcp") in protos
    assert ("big.test", "A", "tcp") in protos
    assert ("big.test", "AAAA", "tcp") not in protos


def test_hundreds_by_tcp(tmp_path):
    with Dns(tmp_path, ("*.t.test A 192.0.2.1",),
             ("*.t.test truncate",)) as dns:
        answers = ask([dns], "host h#.t.test", n=300)
    assert len(answers) == 300
    assert {a.kind for a in answers.values()} == {"found"}


def test_strays_are_counted(tmp_path, dns):
    with Dns(tmp_path, (), ("a.test wrongid", "b.test wrongid"),
             name="bad") as bad:
        answer = ask_one([bad, dns], "mx a.test")
        assert "dns-strays" not in answer.log
        log = ask([bad, dns], "mx a.test", "mx b.test")["a.test"].log
    assert "dns-strays count=1" in log


def test_silent_resolver_is_avoided_after_a_while(tmp_path, dns):
    with Dns(tmp_path, (), ("*.wild.test timeout",), name="bad") as bad:
        answers = ask([bad, dns], "host a#.wild.test", "host b#.wild.test",
                      "host c#.wild.test", "host d#.wild.test", n=20)
    assert {a.kind for a in answers.values()} == {"found"}
    assert answers["a0.wild.test"].ms >= 950
    # c is asked as the two seconds of silence end: it may meet either
    assert answers["d0.wild.test"].ms < 900
    assert answers["d0.wild.test"].log.count("resolver-silent") == 1


@needs_root  # to see the descriptors of what is not dumpable
def test_a_thousand_open_questions(tmp_path):
    with Dns(tmp_path, (), ("*.slow.test timeout",)) as dns:
        with subprocess.Popen(
                argv([dns], ["host h#.slow.test"], n=1000, wait=True),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True) as asker:
            pid = int(asker.stdout.readline().split()[1])
            most = 0
            while dns.lines() < 2000:
                most = max(most, len(sockets(pid)))
            assert asker.poll() is None
            answers = [asker.stdout.readline() for _ in range(1000)]
            assert "Threads:\t1\n" in read_proc(pid, "status")
            most = max(most, len(sockets(pid)))
            asker.stdin.close()
            assert asker.wait(PATIENCE) == 0
        ports = {q.port for q in dns.questions()[:2000]}
    assert all(" trouble " in line for line in answers)
    assert 8 < most <= 16 + 3  # and its three channels
    assert 8 < len(ports) <= 16


def sockets(pid):
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            continue
        if target.startswith("socket:"):
            found.append(target)
    return found


def test_thousands_quickly_from_fresh_ports(dns):
    answers = ask([dns], "host a#.wild.test", "host b#.wild.test",
                  "host c#.wild.test", n=2000)
    assert len(answers) == 6000
    assert {a.kind for a in answers.values()} == {"found"}
    asked = dns.questions()
    assert len(asked) == 12000
    per_port = {}
    for q in asked:
        per_port[q.port] = per_port.get(q.port, 0) + 1
    assert len(per_port) > 40
    # 256, and what was sent while all sockets were worn but busy
    assert max(per_port.values()) <= 2 * 256
    # ids are random: hardly ever in order
    ids = [int(q.id) for q in asked]
    assert sum(b == a + 1 for a, b in zip(ids, ids[1:])) < 10


@pytest.mark.skipif(not ROOT, reason="skipped: root")
def test_confined(tmp_path):
    with Dns(tmp_path, RECORDS) as dns, subprocess.Popen(
            argv([dns], ["mx a.test"], wait=True), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True) as asker:
        pid = int(asker.stdout.readline().split()[1])
        lines = [asker.stdout.readline() for _ in range(3)]
        status = read_proc(pid, "status")
        asker.stdin.close()
        assert asker.wait(PATIENCE) == 0
    assert lines[2].startswith("end a.test found")
    assert "NoNewPrivs:\t1\n" in status
    assert "Seccomp:\t2\n" in status
    assert "CapEff:\t0000000000000000\n" in status
    assert "Uid:\t65534\t65534\t65534\t65534\n" in status


def test_no_foreign_resolver_is_linked():
    names = subprocess.run(["nm", str(RESOLVE)], capture_output=True,
                           text=True, check=True).stdout
    assert "ldns_wire2rr" in names
    for foreign in ("ldns_resolver", "getaddrinfo", "gethostby", "res_query"):
        assert foreign not in names
