# SPDX-License-Identifier: ISC
# tests/system/test_explain_hostile.py - a worker that lies when it is asked
# what would become of mail.
#
# build/tests/hostile is the only worker of postern-deliver, has a message to
# deliver, and answers by a script (tests/lib/script.h).
"""It ends, the mail does not, and nothing of it reaches a terminal."""

import json
import struct
import sys
import unicodedata
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import worker as w  # noqa: E402
from harness import wait_for  # noqa: E402
from siege import ROOT_USER, NamedSink, Siege, full, kill  # noqa: E402
from test_explain import Asked  # noqa: E402
from test_frames import Programs, others  # noqa: E402

NAME, ROUTE, STATE, RATE = range(227, 231)
WAY, HOST, SERVER, TLSA, SESSION, END = range(231, 237)
COMMIT = 35
EX_TEMPFAIL, NEVER_GIVEN = 75, 4711
ADDRESS = "a@x.example"


def way(helo="x"):
    return WAY, struct.pack("<BBIBBqBBBBBB32x", 1, 0, 0, *[0] * 9) + \
        w.text("") + w.text(helo)


def host(name="h"):
    return HOST, struct.pack("<HBBBB", 10, 1, 0, 0, 0) + w.text(name) * 2


def server(text="", family=4):
    return SERVER, struct.pack("<B16xHBBBB", family, 25, 0, 1, 0, 0) + \
        w.text("h") * 2 + w.text(text)


def tlsa(text=""):
    return TLSA, bytes(3) + w.text(text[:255]) + w.text(text[:63])


def session(text="", verdict=2, smtp=250):
    return SESSION, struct.pack("<B16xHBHHH", 4, 25, verdict, smtp, 0, 0) + \
        w.text("h") + w.text(text[:95]) + w.text(text) * 4


def end(verdict=2, smtp=250, code=0, detail=0, text=""):
    return END, struct.pack("<HIBHHH", code, 0, verdict, smtp, 0, detail) + \
        w.text(text)


def result(verdict=2, smtp=250, rcpt=1):
    return w.RESULT, struct.pack("<IBHHH", rcpt, verdict, smtp, 0, 0) + \
        w.text("taken")


def done():
    return w.JOB_DONE, struct.pack("<BBBBHHHB16x", 2, 5, 0, 0, 250, 0, 0,
                                   0) + w.text("") * 3


def late(message, worker=0):
    return w.LATE, struct.pack("<QIII16sI", message, 1, 1, worker,
                               bytes(16), 1)


def step(frame, on="probe", count=1, shift=0, flags=0):
    return (f"{on} {count} {shift} {flags} {frame[0]} "
            f"{frame[1].hex() or '-'}\n")


def steps(*frames, **more):
    return "".join(step(frame, **more) for frame in frames)


GOOD = [way(), host(), server(), end()]
# What it says when it is asked; without and with --connect.
LIES = {
    "an end behind the end": steps(*GOOD, end()),
    "a host behind the end": steps(*GOOD, host()),
    "two ways": steps(way(), way()),
    "the order turned": steps(*GOOD[::-1]),
    "servers of no way": steps(server(), end()),
    "goes nowhere": steps(way(), end()),
    "records of nobody": steps(way(), tlsa()),
    "too short": steps((WAY, way()[1][:-1])),
    "too long": steps((WAY, way()[1] + b"x")),
    "a text too long": steps(way("x" * 256)),
    "a NUL": steps(way("x\0y")),
    "no frame could be so long": steps((WAY, bytes(16000)), count=3),
    "hosts without end": step(way()) + step(host(), count=3000),
    "servers without end": step(way()) + step(server(), count=3000),
    "a family": steps(way(), server(family=5)),
    "a verdict": steps(way(), server(), end(2, 450)),
    "a code": steps(way(), server(), end(code=64)),
    "a status": steps(way(), server(), end(4, 450, detail=65535)),
    "sessions unasked": steps(way(), server(), session(), end()),
    "a session's code": steps(way(), server(), session("", 2, 550)),
    "a name": steps((NAME, w.text(ADDRESS))),
    "a state": steps((STATE, bytes(100))),
    "another's answer": steps(*GOOD, shift=NEVER_GIVEN),
    "an answer of its own": steps(way(), shift=NEVER_GIVEN, flags=2),
    "a commit": steps((COMMIT, bytes(50)), shift=NEVER_GIVEN, flags=2),
    "delivered": steps(done()),
    "a recipient delivered": steps(result()),
    "delivered late": steps(result(), done()),
    "it ends": "probe 1 0 0 0 -\n",
    "it ends halfway": steps(way(), host()) + "probe 1 0 0 0 -\n",
}
QUICK = ("an end behind the end", "the order turned", "goes nowhere",
         "hosts without end", "sessions unasked", "another's answer",
         "delivered", "it ends halfway")
CONNECTED = ("the order turned", "a session's code", "hosts without end")
CASES = [(name, False) for name in LIES if full(True, name in QUICK)] + [
    (name, True) for name in CONNECTED if full(True, name == CONNECTED[1])]


class Stand:
    """The suite, whose worker has a message that it keeps."""

    def __init__(self, folder, sink, script):
        self.programs = Programs(folder)
        self.set(script)
        self.suite = Siege(folder, sink, "workers smtpd 1\n"
                           "workers deliver 1\n",
                           programs=self.programs.folder)

    def set(self, script):
        self.programs.corrupt("deliver", f"script\n{script}".rstrip())

    def __enter__(self):
        self.suite.__enter__()
        self.suite.send(1)
        self.wait_job()
        return self

    def __exit__(self, *error):
        self.suite.__exit__(*error)

    def wait_job(self):
        """Without root nobody sees what it holds: it may still be on its way
        there, which changes nothing of what must be."""
        if not ROOT_USER:
            return
        folder = Path(f"/proc/{self.suite.child('deliver')}/fd")
        wait_for(lambda: [fd for fd in folder.iterdir()
                          if "/mess/" in str(fd.readlink())], what="a job")

    def mended(self, sink):
        """Its successor delivers what it kept, once."""
        self.suite.wait_empty()
        assert sink.lines() == 1
        assert not self.suite.judge().duplicates


def harmless(text):
    """Nothing that a terminal obeys, or that turns or hides text."""
    assert not [c for c in text if c != "\n" and
                unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@pytest.mark.parametrize("name, connect", CASES,
                         ids=[n + " connect" * c for n, c in CASES])
def test_lies(tmp_path, name, connect):
    with NamedSink(tmp_path) as sink, \
            Stand(tmp_path, sink, LIES[name]) as stand:
        suite = stand.suite
        before = suite.workers()
        stand.programs.restore("deliver")
        asked = Asked(suite, ADDRESS, *["--connect"] * connect)
        harmless(asked.all)
        if "behind the end" in name:  # it had its answer by then
            assert asked.code in (0, EX_TEMPFAIL), asked.all
        else:
            assert asked.code == EX_TEMPFAIL, asked.all
            assert "gone: try again" in asked.err
            assert "\nso  " not in asked.out
        suite.wait_event("child-exit")
        suite.wait_back(before)
        place = ("deliver", 0)
        assert suite.workers()[place] != before[place]
        assert others(suite.workers(), place) == others(before, place)
        if "it ends" not in name:
            assert [line for line in suite.events("peer-broken")
                    if "kind=3 index=0" in line]
        stand.mended(sink)
        # and who asks again hears the truth
        assert Asked(suite, ADDRESS).code == 0


EVIL = (b"\x1b[2J\x1b]0;owned\x07\rso   go\n\xc2\x9b31m\xe2\x80\xae\xd8\x9c"
        b"\xf3\xa0\x80\x81\xff\xfe\xc3 $(reboot) \\\"'\x7f")


def test_terminal(tmp_path):
    """What keeps the rules is shown, harmless, and changes no state."""
    script = steps(way(EVIL), host(EVIL), server(EVIL), tlsa(EVIL), tlsa(EVIL),
                   server(EVIL), session(EVIL), session(EVIL, 5, 550),
                   end(5, 550, text=EVIL))
    with NamedSink(tmp_path) as sink, \
            Stand(tmp_path, sink, script) as stand:
        before = stand.suite.workers()
        for locale in ("C", "C.UTF-8"):
            for words in ([], ["--json"]):
                asked = Asked(stand.suite, ADDRESS, "--connect", *words,
                              env={"LC_ALL": locale})
                assert asked.code == 1, asked.all
                harmless(asked.all)
                # no line that it made up, no line that is missing
                assert len(asked.out.splitlines()) == (1 if words else 24)
                assert "$(reboot)" in asked.out
                if words:
                    said = json.loads(asked.out)
                    assert said["verdict"] == "never"
                    assert len(said["sessions"]) == 2
        assert stand.suite.workers() == before
        assert not stand.suite.events("peer-broken")
        assert len(stand.suite.queue()) == 1 and sink.lines() == 0
        stand.programs.restore("deliver")
        kill(before["deliver", 0])
        stand.mended(sink)


def number(word):
    """Of a message, as common/base/id.h spells it."""
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    return sum(digits.index(c) << 5 * i for i, c in enumerate(word[::-1]))


# What it says of a message that another than this worker may deliver.
REPORTS = {
    "late": lambda m: steps(late(m), result(rcpt=1), done(), on="start",
                             flags=2, shift=NEVER_GIVEN),
    "late, another's": lambda m: steps(late(m, 1), on="start", flags=2,
                                        shift=NEVER_GIVEN),
    "held": lambda m: step((w.HELD, late(m)[1][:-4]), on="start"),
    "a recipient": lambda m: steps(result(rcpt=99), done(), on="job"),
    "twice": lambda m: step(result(rcpt=0, verdict=4, smtp=450), on="job",
                             count=2),
    "a verdict": lambda m: steps(result(rcpt=0, smtp=450), on="job"),
    "unasked": lambda m: steps(*GOOD, on="job"),
    "to nobody": lambda m: steps(*GOOD, on="start", shift=NEVER_GIVEN),
}


@pytest.mark.parametrize("name", [n for n in REPORTS if full(
    True, n in ("late", "unasked"))])
def test_reports(tmp_path, name):
    """Of what it was not given, or not so: nobody believes it."""
    with NamedSink(tmp_path) as sink, Stand(tmp_path, sink, "") as stand:
        suite = stand.suite
        (row,) = suite.queue()
        before = suite.workers()
        stand.set(REPORTS[name](number(row["id"])))
        kill(before["deliver", 0])
        suite.wait_event("peer-broken")
        stand.programs.restore("deliver")
        suite.wait_event("child-exit", n=2)
        suite.wait_back(before)
        suite.tool("retry", "--all")  # what ends two workers waits
        stand.mended(sink)
