# SPDX-License-Identifier: ISC
# tests/system/test_aliases.py - who is meant by the names of local domains.
#
# Expansion happens after acceptance, once: a next server counts what arrives.
"""Alias files, from the file to the next server."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import BUILD, Postern, wait_for  # noqa: E402
from scripted import PIPELINING, Scripted, good  # noqa: E402
from siege import bodies, check_spool  # noqa: E402

DSN = PIPELINING.replace("250-SIZE 0", "250-SIZE 0\r\n250-DSN")
TEXT = b"Subject: hello\r\n\r\ntext\r\n"


def write(path, text):
    """Another file under the name, as an editor does it."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o644)
    new.rename(path)


@pytest.fixture
def place(tmp_path):
    os.chmod(tmp_path, 0o755)
    return tmp_path


def conf(place, hop, more=""):
    return (f'alias file "{place}/aliases"\nlocal domain local.example\n'
            f'route domain x.example to host "[127.0.0.1]" port {hop.port}\n'
            f'route domain s.example to host "[127.0.0.1]" port {hop.port}\n'
            + more)


def send(postern, *rcpts, sender="from@s.example", mail=()):
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        smtp.ehlo()
        assert smtp.mail(sender, list(mail))[0] == 250
        for rcpt in rcpts:
            address, *options = rcpt if isinstance(rcpt, tuple) else (rcpt,)
            code, said = smtp.rcpt(address, options)
            assert code == 250, said
        code, said = smtp.data(TEXT)
        assert code == 250, said


def heard(hop, verb="RCPT"):
    return sorted(line for line in hop.heard if line.startswith(verb))


def rcpts(*addresses):
    return [f"RCPT TO:<{a}>" for a in sorted(addresses)]


def table_read(postern, n=1):
    postern.wait_event("table-read", n=n)


def test_expanded(place):
    """root, postmaster, a list with one of them, and one that is twice."""
    write(place / "aliases", "root: admin@x.example\n"
          "postmaster: root\nlist: root, b@x.example,\n\tc@x.example, root\n")
    with Scripted(good, ehlo=DSN) as hop, \
            Postern(place, conf(place, hop)) as p:
        table_read(p)
        send(p, "root@relay.example", "Postmaster", "d@x.example",
             "ROOT@local.example")
        p.wait_empty()
        got = heard(hop)
        assert {line.split()[1] for line in got} == {
            "TO:<admin@x.example>", "TO:<d@x.example>"}
        # each name that was given is told as the original recipient
        assert len(p.events("expanded")) == 3
        assert len(p.events("delivered")) == 2
        queued = p.events("queued")[0].split(" id=")[1].split()[0]
        wait_for(lambda: "expanded" in p.tool(
            "trace", queued, check_status=False), what="the trace")
        check_spool(p)


def test_dsn(place):
    """One behind a name keeps what was asked for; several lose success."""
    write(place / "aliases", "root: a@x.example\n"
          "postmaster: b@x.example, c@x.example\n")
    with Scripted(good, ehlo=DSN) as hop, \
            Postern(place, conf(place, hop)) as p:
        send(p, ("root@relay.example", "NOTIFY=SUCCESS,DELAY",
                 "ORCPT=rfc822;r@old.example"),
             ("postmaster@relay.example", "NOTIFY=SUCCESS"))
        p.wait_empty()
        wait_for(lambda: len(hop.bodies) == 2, what="the message and a notice")
        assert heard(hop) == [
            "RCPT TO:<a@x.example> NOTIFY=SUCCESS,DELAY"
            " ORCPT=rfc822;r@old.example",
            "RCPT TO:<b@x.example> NOTIFY=NEVER"
            " ORCPT=rfc822;postmaster@relay.example",
            "RCPT TO:<c@x.example> NOTIFY=NEVER"
            " ORCPT=rfc822;postmaster@relay.example",
            "RCPT TO:<from@s.example> NOTIFY=NEVER"]
        notice = [b for b in hop.bodies if b"multipart/report" in b]
        assert len(notice) == 1
        assert b"Action: expanded" in notice[0]
        assert b"postmaster@relay.example" in notice[0]


def test_trouble(place):
    """A loop, what is not supported, a depth: later, and listed; mended,
    it goes."""
    deep = "".join(f"n{i}: n{i + 1}\n" for i in range(40))
    write(place / "aliases", "root: |/bin/false\npostmaster: loop\n"
          "loop: postmaster\n" + deep)
    with Scripted(good) as hop, Postern(place, conf(place, hop)) as p:
        assert p.wait_event("alias-not-supported")
        send(p, "root@relay.example")
        send(p, "postmaster@relay.example")
        wait_for(lambda: len(p.events("deferred")) == 2, what="deferred")
        text = " ".join(e for e in p.events("deferred"))
        assert "line 1" in text and "not supported" in text
        assert "is a loop" in text
        assert all(r["state"] == "unexpanded" for m in p.queue()
                   for r in m["recipients"]), p.queue()
        assert heard(hop) == []
        write(place / "aliases", "root: a@x.example\npostmaster: root\n")
        table_read(p, 2)
        p.tool("retry", "--all")
        p.wait_empty()
        assert set(heard(hop)) == set(rcpts("a@x.example"))
        assert len(hop.bodies) == 2
        check_spool(p)


def test_too_deep(place):
    """33 names, one behind another, are too many; 32 are not."""
    chain = "".join(f"n{i}: n{i + 1}\n" for i in range(33))
    write(place / "aliases", chain + "n33: a@x.example\n")
    with Scripted(good) as hop, Postern(place, conf(place, hop)) as p:
        table_read(p)
        send(p, "n0@local.example")
        assert "n0 goes through more than 32 others" in \
            p.wait_event("deferred")[0]
        send(p, "n2@local.example")
        p.wait_event("delivered")
        assert heard(hop) == rcpts("a@x.example")


def test_never_expanded(place):
    """What nobody can say the meaning of is given up by its age, and its
    sender is told of the name that he gave."""
    write(place / "aliases", "list: |/bin/false\n")
    with Scripted(good) as hop, Postern(
            place, conf(place, hop, "expire 2s\n")) as p:
        table_read(p)
        send(p, "list@local.example")
        p.wait_event("deferred")
        wait_for(lambda: hop.bodies, 60, "a notice")
        assert heard(hop) == rcpts("from@s.example")
        notice = hop.bodies[0]
        assert b"Action: failed" in notice
        assert b"list@local.example" in notice
        assert b"|/bin/false: not supported" in notice.replace(b"\r\n ", b" ")
        p.wait_empty()
        check_spool(p)


def test_file_goes_while_mail_waits(place):
    """Removed, then broken, while messages wait: the last good one counts;
    of a posternd that starts with a broken one they wait on."""
    write(place / "aliases", "root: a@x.example\n")
    with Scripted(good) as hop, Postern(place, conf(place, hop)) as p:
        table_read(p)
        lookup = p.child("postern-lookup")
        os.kill(lookup, signal.SIGSTOP)
        send(p, "root@relay.example")
        (place / "aliases").unlink()
        p.wait_event("file-refused")
        os.kill(lookup, signal.SIGCONT)
        p.wait_event("delivered")
        # one that is broken is not there for a lookup that begins with it
        write(place / "aliases", "root a@x.example\n")
        p.wait_event("table-refused")
        os.kill(lookup, signal.SIGKILL)
        p.wait_event("table-refused", n=2)
        send(p, "root@relay.example")
        assert "has not been read" in p.wait_event("deferred")[0]
        assert [r["state"] for m in p.queue() for r in m["recipients"]] == \
            ["unexpanded"]
        write(place / "aliases", "root: b@x.example\n")
        table_read(p, 2)
        p.tool("retry", "--all")
        p.wait_empty()
        assert heard(hop) == rcpts("a@x.example", "b@x.example")
        check_spool(p)


def test_broken_file(place):
    """A version that is wrong is told; the last one stays."""
    write(place / "aliases", "root: a@x.example\n")
    with Scripted(good) as hop, Postern(place, conf(place, hop)) as p:
        table_read(p)
        write(place / "aliases", "root: b@x.example\nroot: c@x.example\n")
        p.wait_event("table-refused")
        event = p.events("table-refused")[0]
        assert "line=2 " in event and '/aliases" ' in event
        send(p, "root@relay.example")
        p.wait_empty()
        assert heard(hop) == rcpts("a@x.example")
        write(place / "aliases", "root: b@x.example\n")
        table_read(p, 2)
        send(p, "root@relay.example")
        p.wait_empty()
        assert heard(hop) == rcpts("a@x.example", "b@x.example")


def test_deaths(place):
    """lookup stands still, queue dies, lookup dies: once, by the file of
    then."""
    write(place / "aliases", "root: a@x.example, b@x.example\n")
    with Scripted(good) as hop, Postern(place, conf(place, hop)) as p:
        table_read(p)
        lookup = p.child("postern-lookup")
        os.kill(lookup, signal.SIGSTOP)
        send(p, "root@relay.example")
        assert bodies(p)
        os.kill(p.child("postern-queue"), signal.SIGKILL)
        wait_for(lambda: "queue" in p.children(), what="another queue")
        os.kill(lookup, signal.SIGKILL)
        p.wait_empty()
        assert heard(hop) == rcpts("a@x.example", "b@x.example")
        assert len(hop.bodies) == 1
        check_spool(p)


def answers(postern, text):
    """What is said to these lines, sent in one piece, behind EHLO."""
    with socket.create_connection((postern.addr, postern.port), 30) as s:
        s.sendall(b"EHLO c.example\r\n" + text.encode() + b"QUIT\r\n")
        said = b""
        while piece := s.recv(65536):
            said += piece
    lines = said.decode().split("\r\n")
    return [line for line in lines if line[:3].isdigit() and line[3] == " "
            ][2:-1]


def group(*addresses, sender="from@s.example"):
    return f"MAIL FROM:<{sender}>\r\n" + "".join(
        f"RCPT TO:<{a}>\r\n" for a in addresses)


def test_recipients(place):
    """Tables decide at RCPT, replies stay in order, a change is seen."""
    write(place / "aliases", "known: a@x.example\n")
    write(place / "people", "# these\nanna\nBert@x.example\n")
    more = (f'recipients domain x.example file "{place}/people"\n'
            'recipients domain s.example { carl "\\"d e\\"@s.example" }\n')
    with Scripted(good) as hop, Postern(place, conf(place, hop, more)) as p:
        table_read(p, 2)
        said = answers(p, group(
            "anna@x.example", "nobody@x.example", "other@y.example",
            "BERT@X.example", "postmaster@x.example", "known@relay.example",
            "unknown@local.example", "carl@s.example", "dora@s.example",
            '"D E"@s.example', "bad", "KNOWN@local.example") + "RSET\r\n")
        assert [line[:9] for line in said] == [
            "250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5", "250 2.1.5",
            "250 2.1.5", "250 2.1.5", "550 5.1.1", "250 2.1.5", "550 5.1.1",
            "250 2.1.5", "501 5.1.3", "250 2.1.5", "250 2.0.0"], said
        write(place / "people", "nobody\n")
        table_read(p, 3)
        said = answers(p, group("anna@x.example", "nobody@x.example"))
        assert [line[:3] for line in said] == ["250", "550", "250"]
        # the message of a group in which some were refused
        said = answers(p, group("known@relay.example", "no@relay.example") +
                       "DATA\r\n" + "Subject: x\r\n\r\n.\r\n")
        assert [line[:3] for line in said] == ["250", "250", "550", "354",
                                               "250"]
        p.wait_empty()
        assert heard(hop) == rcpts("a@x.example")


def test_lookup_away(place):
    """Dead while it is asked: asked again.  Silent: 451, others go on."""
    write(place / "aliases", "known: a@x.example\n")
    with Scripted(good) as hop, Postern(place, conf(place, hop)) as p:
        table_read(p)
        lookup = p.child("postern-lookup")
        os.kill(lookup, signal.SIGSTOP)
        with socket.create_connection((p.addr, p.port), 30) as s:
            s.sendall(b"EHLO c\r\n" + group("known@relay.example").encode())
            # whom no table concerns is not kept waiting
            assert [line[:3] for line in answers(
                p, group("free@x.example"))] == ["250", "250"]
            os.kill(lookup, signal.SIGKILL)
            s.sendall(b"QUIT\r\n")
            said = b""
            while piece := s.recv(65536):
                said += piece
        assert b"\r\n250 2.1.5 " in said
        os.kill(p.child("postern-lookup"), signal.SIGSTOP)
        said = answers(p, group("known@relay.example", "no@relay.example"))
        assert [line[:9] for line in said] == ["250 2.1.0", "451 4.3.0",
                                               "451 4.3.0"]
        os.kill(p.child("postern-lookup"), signal.SIGCONT)


def test_newaliases(place):
    """It says what is wrong, and where."""
    conf_file = place / "conf"
    conf_file.write_text(f'alias file "{place}/aliases"\n')

    def run(text):
        write(place / "aliases", text)
        done = subprocess.run(
            [str(BUILD / "sendmail"), "-bi"], capture_output=True, text=True,
            env={**os.environ, "POSTERN_CONF": str(conf_file)}, timeout=30)
        return done.returncode, done.stdout + done.stderr

    assert run("root: a@x.example\nb: c\n") == (
        0, f"{place}/aliases: 2 aliases\n")
    assert run("root: a@x.example\nb c\n") == (
        65, f'newaliases: {place}/aliases:2: "b c" has no colon\n')
    code, said = run("b: |/bin/x\n")
    assert code == 0 and "aliases:1: |/bin/x: not supported" in said
