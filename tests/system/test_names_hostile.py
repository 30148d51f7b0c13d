# SPDX-License-Identifier: ISC
# tests/system/test_names_hostile.py - resolve lies to smtpd, and smtpd to
# resolve, where they speak of the names of clients.
#
# build/tests/hostile has the place of one of them, and plays a script
# (tests/lib/script.h).
"""The liar ends alone; sessions go on without a name, later with one."""

import struct
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import worker as w  # noqa: E402
from harness import wait_for  # noqa: E402
from siege import full, kill  # noqa: E402
from test_door import Stranger  # noqa: E402
from test_frames import Programs  # noqa: E402
from test_names import NAMED, SILENT, relay  # noqa: E402

NAME_OF, NAME_IS = 101, 102
NEVER_GIVEN, EACH_ITS_OWN, TLSA_OF = 4711, 256, 3
PLACES = 256  # the credit of NAME_OF
NAME, BARE = "(mx.far.example [127.0.0.2])", "([127.0.0.2])"


def name_is(name="mx.lie.example", kind=w.FOUND):
    return NAME_IS, struct.pack("<B", kind) + w.text(name)


def name_of(address=SILENT, family=4):
    return NAME_OF, struct.pack("<B16s", family, bytes(
        int(part) for part in address.split(".")))


def end_of_answer():
    return w.ANSWER_END, struct.pack("<BBBI", w.NONE, 0, 0, 60) + \
        w.text("") * 2


def question(kind=w.MX):
    return w.QUESTION, struct.pack("<BH", kind, 0) + w.text("d.example")


def cut(frame, n=1):
    return frame[0], frame[1][:-n]


def grown(frame):
    return frame[0], frame[1] + b"x"


def says(on, *frames, count=1, shift=0, flags=0):
    return "".join(f"{on} {count} {shift} {flags} {number} "
                   f"{payload.hex() or '-'}\n" for number, payload in frames)


def answers(*frames, **more):
    return says("name", *frames, **more)


def asks(*frames, count=1, more=0):
    return says("attach", *frames, count=count, shift=1,
                flags=w.FLAG_OURS + more)


# What resolve says when smtpd asks for a name.
RESOLVE = {
    "twice": answers(name_is(), name_is()),
    "without end": answers(name_is(), count=5000),
    "another's": answers(name_is(), shift=NEVER_GIVEN),
    "nobody's": says("attach", name_is(), shift=NEVER_GIVEN),
    "to no question": says("attach", name_is()),
    "as if it had asked": answers(name_is(), flags=w.FLAG_OURS),
    "with a descriptor": answers(name_is(), flags=w.FLAG_FD),
    "cut": answers(cut(name_is())),
    "nothing": answers((NAME_IS, b"")),
    "too long": answers(grown(name_is())),
    "a text too long": answers(name_is("x" * 256)),
    "no frame could be so long": answers((NAME_IS, bytes(16000)), count=3),
    "as for deliver": answers(end_of_answer()),
    "a question": answers(name_of(), flags=w.FLAG_OURS, shift=1),
    "a line end": answers(name_is("mx.example\r\nX-Forged: yes")),
    "a NUL": answers(name_is("mx.example\0.example")),
    "a comment": answers(name_is("mx.example)(x")),
    "capital letters": answers(name_is("Mx.Lie.Example")),
    "no name": answers(name_is("")),
    "a dot behind": answers(name_is("mx.lie.example.")),
    "two dots": answers(name_is("mx..example")),
    "an address": answers(name_is("127.0.0.9")),
    "a name that is not found": answers(name_is(kind=w.NONE)),
    "a name in trouble": answers(name_is(kind=w.TROUBLE)),
    "malformed": answers(name_is("", w.MALFORMED)),
    "kind 0": answers(name_is("", 0)),
    "kind 255": answers(name_is(kind=255)),
}
# What smtpd says to resolve, before any client is there.
SMTPD = {
    "one too many": asks(name_of(), count=PLACES + 1, more=EACH_ITS_OWN),
    "without end": asks(name_of(), count=5000, more=EACH_ITS_OWN),
    "one conversation twice": asks(name_of(), name_of()),
    "in no conversation": says("attach", name_of()),
    "in resolve's conversation": says("attach", name_of(), shift=1),
    "with a descriptor": asks(name_of(), more=w.FLAG_FD),
    "a family": asks(name_of(family=5)),
    "no family": asks(name_of(family=0)),
    "cut": asks(cut(name_of())),
    "nothing": asks((NAME_OF, b"")),
    "too long": asks(grown(name_of())),
    "no frame could be so long": asks((NAME_OF, bytes(16000)), count=3),
    "as deliver asks": asks(question()),
    "as deliver asks for keys": asks(question(TLSA_OF)),
    "an answer": asks(name_is()),
    "an answer to itself": asks(name_of()) + says("attach", name_is(), shift=1,
                                                  flags=w.FLAG_OURS),
}
CASES = [("resolve", lie) for lie in RESOLVE
         if full(True, lie in ("twice", "cut", "a line end"))] + [
    ("smtpd", lie) for lie in SMTPD
    if full(True, lie in ("one too many", "as deliver asks"))]
SIDES = {"resolve": (RESOLVE, "kind=4", "postern-smtpd"),
         "smtpd": (SMTPD, "kind=1", "postern-resolve")}


def named(p):
    """Whether a new client's mail has its name."""
    with Stranger(p, NAMED) as c:
        p.trace(c)
        return NAME in p.trace(c)


def others(p, liar):
    return {name: pids for name, pids in p.children().items() if name != liar}


@pytest.mark.parametrize("liar, lie", CASES,
                         ids=[f"{liar}: {lie}" for liar, lie in CASES])
def test_lies(tmp_path, liar, lie):
    programs = Programs(tmp_path)
    script, kind, accuser = SIDES[liar]
    with relay(tmp_path, programs=programs.folder) as p:
        wait_for(lambda: named(p), what="a name")
        before = others(p, liar)
        programs.corrupt(liar, "script\n" + script[lie].rstrip())
        kill(p.child(liar))
        if liar == "resolve":
            meets_the_liar(p, lie, programs)
        line, = p.wait_event("peer-broken")
        assert f"{kind} index=0" in line and accuser in line, line
        killed, = p.wait_event("child-killed")
        assert f"name={liar} index=0" in killed
        programs.restore(liar)
        wait_for(lambda: named(p), 30, "a name again")
        assert others(p, liar) == before
        assert len(p.events("child-killed")) == 1


def meets_the_liar(p, lie, programs):
    """Who comes is asked about, and served whatever is said."""
    wait_started(p)
    with Stranger(p, NAMED) as c:
        p.wait_event("child-killed")
        programs.restore("resolve")
        # of two answers the first was one
        name = BARE.replace("(", "(mx.lie.example ") \
            if lie in ("twice", "without end") else BARE
        assert p.trace(c) == f"Received: from there.example {name}"


def wait_started(p):
    wait_for(lambda: len([line for line in p.events("child-start")
                          if "name=resolve " in line]) > 1, what="the liar")


def test_resolve_ends_when_asked(tmp_path):
    """That is no lie: nobody is blamed, who had asked goes on without."""
    programs = Programs(tmp_path)
    with relay(tmp_path, programs=programs.folder) as p:
        programs.corrupt("resolve", "script\nname 1 0 0 0 -")
        kill(p.child("resolve"))
        wait_started(p)
        with Stranger(p, NAMED) as c:
            p.wait_event("child-exit", n=2)
            programs.restore("resolve")
            assert p.trace(c) == f"Received: from there.example {BARE}"
        wait_for(lambda: named(p), 30, "a name again")
        assert not p.events("peer-broken") and not p.events("child-killed")
