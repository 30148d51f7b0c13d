# SPDX-License-Identifier: ISC
# tests/system/test_frames.py - a child that breaks the rules ends alone.
#
# build/tests/hostile takes the place of one program: it boots and confines
# itself like it, and then sends its peers what no rule allows.
#
# Starts early: it takes long.
"""Malformed frames, back-off, and a thousand open questions."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import tlskit  # noqa: E402
from harness import BUILD, Dns, Sink, free_port, wait_for  # noqa: E402
from verdicts import send  # noqa: E402
from siege import (NamedSink, Siege, Talk, descriptors,  # noqa: E402
                   full, kill, needs_root, say, sockets,
                   wait_gone)

CONF = "workers smtpd 2\nworkers deliver 2\nworkers tls 2\n"
TRICKS = ["noise", "version", "long", "unknown", "foreign", "stray", "short",
          "descriptor", "master"]
RENEWED = 74  # MSG_RENEWED of common/ipc/types.h
# Who detects it, as in peer-broken; and what posternd calls the child.
KINDS = {"queue": 2, "report": 5, "resolve": 4, "deliver": 3, "smtpd": 1,
         "history": 6, "tls": 7, "reader": 8, "auth": 9, "lookup": 10}
CASES = [(kind, trick) for kind in KINDS for trick in TRICKS
         if full(True, kind == "deliver" or trick in ("noise", "master"))]


class Programs:
    """A folder of programs in which one may be replaced."""

    def __init__(self, tmpdir):
        self.folder = Path(tmpdir) / "programs"
        self.folder.mkdir()
        for name in KINDS:
            self.set(name, BUILD / f"postern-{name}")

    def set(self, name, target):
        new = self.folder / "new"
        new.symlink_to(target)
        new.rename(self.folder / f"postern-{name}")

    def corrupt(self, name, trick):
        (self.folder / "trick").write_text(trick + "\n")
        self.set(name, BUILD / "tests/hostile")

    def restore(self, name):
        self.set(name, BUILD / f"postern-{name}")


def hostile_siege(tmp_path, sink):
    programs = Programs(tmp_path)
    logins = Path(tmp_path) / "passwd"
    logins.touch(0o600)
    aliases = Path(tmp_path) / "aliases"
    aliases.write_text("root: ann\n")
    conf = (CONF + tlskit.Pair(tmp_path, "mx").statement() +
            f'passwords "{logins}"\n'
            f"listen on 127.0.0.1 port {free_port()} auth\n" +
            f'alias file "{aliases}"\n')
    return programs, Siege(tmp_path, sink, conf, programs=programs.folder)


def others(workers, place):
    return {p: pid for p, pid in workers.items() if p != place}


@pytest.mark.parametrize("kind, trick", CASES,
                         ids=[f"{k}-{t}" for k, t in CASES])
def test_malformed_frame(tmp_path, kind, trick):
    """That channel and that child end; the others do not notice."""
    place = (kind, 0)
    with NamedSink(tmp_path) as sink:
        programs, postern = hostile_siege(tmp_path, sink)
        with postern:
            postern.send(20, 5)
            postern.drain()
            before = postern.workers()
            talks = [Talk(postern) for _ in range(4)]
            for talk in talks:
                talk.envelope()
            programs.corrupt(kind, trick)
            kill(before[place])
            why = postern.wait_event("child-killed")[0]
            programs.restore(kind)
            assert f"name={kind} index=0" in why
            wait_gone([int(why.split("pid=")[1].split()[0])])
            if trick != "master":
                wait_for(lambda: [line for line in postern.events(
                    "peer-broken") if f"kind={KINDS[kind]} index=0" in line],
                    what="peer-broken")
            postern.wait_back(before)
            assert others(postern.workers(), place) == others(before, place)
            finish_talks(talks, lenient=kind == "smtpd")
            postern.send(20, 5)
            postern.drain()
            assert others(postern.workers(), place) == others(before, place)
            assert len(postern.events("child-killed")) == 1
            verdict = postern.judge()
            assert not verdict.duplicates


def finish_talks(talks, lenient):
    """Open sessions go on, but those of the worker that was killed."""
    lived = 0
    for talk in talks:
        with talk:
            if lenient:
                try:
                    lived += talk.body().startswith("250 ")
                except OSError:
                    pass
            else:
                assert talk.body().startswith("250 ")


def test_claims_a_login(tmp_path):
    """Who serves strangers and says that somebody has logged in ends."""
    with NamedSink(tmp_path) as sink:
        programs, postern = hostile_siege(tmp_path, sink)
        with postern:
            before = postern.workers()

            def become(trick, place):
                programs.corrupt("smtpd", trick)
                kill(before["smtpd", place])

            # the same without a login is taken: only this is not believed
            become("honest", 0)
            line = postern.wait_event("queued")[0]
            assert "a@c.example" in line and "login=" not in line
            postern.wait_empty()
            become("claim", 1)
            postern.wait_event("child-killed")
            programs.restore("smtpd")
            why = [line for line in postern.events("peer-broken")
                   if "kind=1 index=1" in line]
            assert len(why) == 1 and "postern-queue" in why[0], why
            postern.wait_back(before)
            postern.send(5)
            postern.drain()
            assert len(postern.events("queued")) == 6
            assert sink.lines() == 6 and not postern.events("peer-broken")[1:]


def test_renews_no_login(tmp_path):
    """Who logs in nowhere and says that his login is another ends."""
    with NamedSink(tmp_path) as sink:
        programs, postern = hostile_siege(tmp_path, sink)
        with postern:
            before = postern.workers()
            programs.corrupt("deliver", f"script\nattach 1 0 0 {RENEWED} -")
            kill(before["deliver", 0])
            postern.wait_event("child-killed")
            programs.restore("deliver")
            why = [line for line in postern.events("peer-broken")
                   if "kind=3 index=0" in line]
            assert len(why) == 1 and "against the rules" in why[0], why
            postern.wait_back(before)
            postern.send(5)
            postern.drain()
            assert sink.lines() == 5


def test_renews_without_end(tmp_path):
    """The worker of a login that says so all the time: one early try."""
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("tick")
    with NamedSink(tmp_path) as sink:
        programs = Programs(tmp_path)
        conf = 'route domain login.example to host "[127.0.0.1]" port ' \
            f'{free_port()} tls none login ann password file "{secret}" ' \
            "cleartext\n"
        with Siege(tmp_path, sink, "workers smtpd 1\nworkers deliver 1\n" +
                   conf, programs=programs.folder) as postern:
            send(postern, "login.example")
            postern.wait_event("asleep")
            before = postern.workers()
            programs.corrupt("deliver",
                             f"script\nattach 999 0 0 {RENEWED} -")
            kill(before["deliver-login", 0])
            postern.wait_event("awake")
            postern.send(5)  # all the same
            wait_for(lambda: sink.lines() == 5)
            assert len(postern.events("awake")) == 1
            assert not postern.events("peer-broken")
            programs.restore("deliver")


def test_back_off(tmp_path, capsys):
    """It is started again with growing pauses, and all is well after it."""
    with NamedSink(tmp_path) as sink:
        programs, postern = hostile_siege(tmp_path, sink)
        with postern:
            before = postern.workers()
            programs.corrupt("resolve", "noise")
            kill(before["resolve", 0])
            # a fourth complaint would cost the accusers their own lives
            postern.wait_event("child-killed", n=3)
            postern.send(20, 5)  # mail is taken all the same
            ends = [when(line) for line in postern.events("child-exit")]
            starts = [when(line) for line in postern.events("child-start")
                      if "name=resolve" in line]
            pauses = [b - a for a, b in zip(ends, starts[1:])]
            say(capsys, "pauses before a new start: " + ", ".join(
                f"{p:.1f}" for p in pauses) + " s")
            for pause, least in zip(pauses, (0, 1, 2, 4)):
                assert least <= pause + 0.01 and pause < least + 1
            programs.restore("resolve")
            postern.wait_back(before)
            assert others(postern.workers(), ("resolve", 0)) == others(
                before, ("resolve", 0))
            postern.drain()
            assert not postern.judge().duplicates


def when(line):
    """Seconds of the day of a log line."""
    hours, minutes, seconds = line.split()[0].split("T")[1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


# --- the resolver -----------------------------------------------------------

@needs_root
def test_many_open_questions(tmp_path, capsys):
    """1,000 questions wait: one process, few sockets."""
    total = 1000
    with Sink(tmp_path) as sink, \
            Dns(tmp_path, [], ["*.test timeout"]) as dns:
        route = f"{dns.setting()}\nroute any to mx port {sink.port}"
        with Siege(tmp_path, sink, f"{CONF}\nlimit connections 2000",
                   route) as postern:
            resolve = postern.child("resolve")
            idle = descriptors(resolve)
            postern.send(total, 20, domain="d%u.test", domains=total)
            wait_for(lambda: asked(dns) >= total, 30, "1,000 questions")
            busy = descriptors(resolve)
            say(capsys, f"{asked(dns)} questions open: resolve holds {busy} "
                f"descriptors, idle {idle}")
            assert busy <= idle + 64
            owners = {place for place, pid in postern.workers().items()
                      if udp_sockets(pid)}
            assert owners == {("resolve", 0)}


def asked(dns):
    return len({q.name for q in dns.questions()})


def udp_sockets(pid):
    found = set()
    for table in ("udp", "udp6"):
        with open(f"/proc/net/{table}", encoding="ascii") as f:
            found |= {int(line.split()[9]) for line in list(f)[1:]}
    return found & sockets(pid)


@pytest.mark.skipif(shutil.which("nm") is None, reason="nm")
def test_no_stub_resolver():
    """ldns only takes packets apart; its resolver is not even linked."""
    symbols = subprocess.run(["nm", str(BUILD / "postern-resolve")],
                             capture_output=True, text=True, check=True)
    assert " ldns_" in symbols.stdout
    assert "ldns_resolver" not in symbols.stdout
