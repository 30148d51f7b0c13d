# SPDX-License-Identifier: ISC
# tests/system/test_bounce.py - messages that are given up by order.
#
# What the sender reads, what is left in the spool, what the tool answered and
# what history tells must agree.
"""postern bounce."""

import email
import email.policy
import json
import os
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import (BUILD, PATIENCE, Postern, Sink, free_port,  # noqa: E402
                     wait_for)
from scripted import Scripted, good  # noqa: E402
from siege import bodies, check_spool  # noqa: E402

SENDER = "sender@client.example"
NOBODY_THERE = ('route domain example.org to host "[127.0.0.1]" port '
                f"{free_port()}\n")


def conf(back, more=""):
    """example.org cannot be reached; what is returned comes back."""
    return (f"{NOBODY_THERE}route domain client.example to host"
            f' "[127.0.0.1]" port {back.port}\n{more}route any to mx\n')


def send(postern, *rcpts, sender=SENDER, options=()):
    """Its id, once it waits or is held."""
    known = {row["id"] for row in postern.queue()}
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        smtp.ehlo()
        smtp.mail(sender)
        for rcpt in rcpts:
            assert smtp.rcpt(rcpt, options)[0] == 250
        assert smtp.data("Subject: my mail\r\n\r\nits text\r\n")[0] == 250

    def settled():
        return [row["id"] for row in postern.queue()
                if row["id"] not in known and
                {r["state"] for r in row["recipients"]} <= {"waiting", "held"}]
    return wait_for(settled, what="a message that waits", poll=0.05)[0]


def order(postern, *words, **more):
    """Its exit status, and all that it said."""
    done = subprocess.run(
        [str(BUILD / "postern"), "-s", str(postern.control), *words],
        capture_output=True, text=True, timeout=60, check=False, **more)
    return done.returncode, done.stdout + done.stderr


def wait_clean(postern):
    postern.wait_empty()
    wait_for(lambda: not bodies(postern), what="bodies to be removed")


def read(body):
    """The words for people, the fields of each recipient, what came back."""
    m = email.message_from_bytes(body, policy=email.policy.SMTP)
    assert not m.defects
    words, status, returned = m.get_payload()
    _, *fields = status.get_payload()
    return (" ".join(words.get_content().split()),
            {f["Final-Recipient"].partition(";")[2]: f for f in fields},
            returned)


def story(postern, word, what):
    def told():
        lines = postern.tool("trace", "--json", word,
                             check_status=False).splitlines()
        events = json.loads(lines[0]).get("events", []) if lines else []
        return events if what in [e["what"] for e in events] else None
    return wait_for(told, what=f"{what} in history", poll=0.1)


def test_deferred(tmp_path):
    with Scripted(good) as back, Postern(tmp_path, conf(back)) as p:
        word = send(p, "a@example.org", "b@example.org")
        code, said = order(p, "bounce", "--reason", "closed\nfor good", word)
        assert (code, said) == (0, f"{word}: returned to the sender\n")
        wait_clean(p)
        words, rcpts, returned = read(back.bodies[0])
        assert len(back.bodies) == 1
        assert sorted(rcpts) == ["a@example.org", "b@example.org"]
        for fields in rcpts.values():
            assert (fields["Action"], fields["Status"]) == ("failed", "5.0.0")
            assert fields["Diagnostic-Code"] == (
                "X-Postern; returned by the administrator: closed?for good")
        assert "returned by the administrator: closed?for good" in words
        assert "The postmaster of this mail system can tell more." in words
        assert "its text" in returned.as_string()
        events = story(p, word, "returned")
        assert [e["what"] for e in events].count("bounced") == 2
        last = [e for e in events if e["what"] == "returned"]
        assert [(e["uid"], e["text"]) for e in last] == [
            (os.geteuid(), "closed\nfor good")]
        assert "by uid" in p.tool("trace", word)
        line, = p.events("order")
        assert "verb=bounce" in line and "code=0" in line
        assert order(p, "bounce", word)[0] == os.EX_USAGE
        p.stop()
        check_spool(p)


def test_held(tmp_path):
    """Held mail is given up like any other, by what chooses it."""
    with Scripted(good) as back, Postern(tmp_path, conf(back)) as p:
        send(p, "root@relay.example", "a@example.org")
        word = send(p, "b@example.org")
        send(p, "postmaster@relay.example")
        code, said = order(p, "bounce", "--state", "held")
        assert code == os.EX_USAGE
        assert "2 messages match: nothing done without --yes" in said
        assert len(p.queue()) == 3
        code, said = order(p, "bounce", "--state", "held", "-y")
        assert code == 0 and said.count("returned to the sender") == 2, said
        wait_for(lambda: len(back.bodies) == 2, what="two reports")
        assert {rcpt for body in back.bodies for rcpt in read(body)[1]} == {
            "root@relay.example", "a@example.org", "postmaster@relay.example"}
        wait_for(lambda: [row["id"] for row in p.queue()] == [word],
                 what="what was not held alone", poll=0.05)
        assert order(p, "bounce", "--sender", "x@y.example", "-y") == (
            0, "No message matches.\n")


def test_nobody_to_tell(tmp_path):
    """No sender: to the postmaster; else held, said so, and only once."""
    with Scripted(good) as back, Postern(tmp_path, conf(back)) as p:
        many = [f"a{n}@example.org" for n in range(150)]
        word = send(p, *many, sender="")
        code, said = order(p, "bounce", word)
        assert (code, said) == (
            0, f"{word}: held: it has no sender, and nobody else can be"
            " told\n")
        row, = p.queue()
        assert row["id"] == word and len(row["recipients"]) == 150
        assert {r["state"] for r in row["recipients"]} == {"held"}
        p.reload(p.conf.read_text() + 'postmaster "pm@client.example"\n')
        code, said = order(p, "bounce", word)
        assert code == 0 and "the postmaster is told" in said
        wait_clean(p)
        words, rcpts, _ = read(back.bodies[0])
        assert len(back.bodies) == 1 and sorted(rcpts) == sorted(many)
        assert "You get this as postmaster." in words
        p.stop()
        check_spool(p)


def test_sender_does_not_want_to_know(tmp_path):
    with Scripted(good) as back, Postern(tmp_path, conf(back)) as p:
        word = send(p, "a@example.org", options=["NOTIFY=NEVER"])
        code, said = order(p, "bounce", word)
        assert code == 0 and "did not want to be told" in said
        wait_clean(p)
        assert not back.bodies and p.events("not-told")


def test_a_list(tmp_path):
    """More than one report may name: several, and each recipient once."""
    with Scripted(good) as back, Postern(
            tmp_path, "limit recipients 2500\n" + conf(back)) as p:
        many = [f"a{n}@example.org" for n in range(2345)]
        word = send(p, *many)
        assert order(p, "bounce", word)[0] == 0
        wait_clean(p)
        told = [rcpt for body in back.bodies for rcpt in read(body)[1]]
        assert len(back.bodies) == 3
        assert sorted(told) == sorted(many)


def test_in_line_behind_one_that_is_tried(tmp_path):
    """What is in line is returned; what is being tried stays, and is told."""
    with Sink(tmp_path, hold=True) as sink, Scripted(good) as back, Postern(
            tmp_path, "limit destination connections 1\n"
            f'route domain example.org to host "[127.0.0.1]" port {sink.port}'
            f"\n{conf(back)}".replace(NOBODY_THERE, "")) as p:
        with smtplib.SMTP(p.addr, p.port, timeout=30) as smtp:
            for n in range(3):
                smtp.sendmail(SENDER, [f"a{n}@example.org"], "x\r\n")
        wait_for(lambda: sink.held() == 1, what="the final dot")
        tried, *line = [row["id"] for row in p.queue()]
        code, said = order(p, "bounce", tried, *line)
        assert code == os.EX_TEMPFAIL
        assert f"{tried}: being delivered at this moment" in said
        wait_for(lambda: len(back.bodies) == 2, what="two reports")
        assert {rcpt for body in back.bodies for rcpt in read(body)[1]} == {
            "a1@example.org", "a2@example.org"}
        sink.release()
        wait_clean(p)
        assert sink.lines() == 1


def test_body_is_gone(tmp_path):
    """Its sender is told all the same."""
    with Scripted(good) as back, Postern(tmp_path, conf(back)) as p:
        word = send(p, "a@example.org")
        body, = bodies(p)
        p.stop()
        body.unlink()
        p.start()
        code, said = order(p, "bounce", word)
        assert code == 0, said
        p.wait_empty()
        assert sorted(read(back.bodies[0])[1]) == ["a@example.org"]


@pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")
def test_users(tmp_path):
    """One's own mail, and no other's."""
    os.chmod(tmp_path, 0o755)
    for folder in tmp_path.parents:
        if str(folder).startswith("/tmp/"):
            os.chmod(folder, 0o755)
    with Scripted(good) as back, Postern(tmp_path, conf(back)) as p:
        foreign = send(p, "a@example.org")
        user = {"user": 65534, "group": 65534, "extra_groups": []}
        subprocess.run(
            [str(BUILD / "sendmail"), "-f", SENDER, "b@example.org"],
            input="Subject: x\n\nbody\n", text=True, check=True,
            timeout=PATIENCE, **user,
            env={**os.environ, "POSTERN_SUBMIT": str(p.runtime / "submit")})
        own, = wait_for(lambda: [
            row["id"] for row in p.queue() if row["id"] != foreign and
            row["recipients"][0]["state"] == "waiting"], what="his own mail")
        code, said = order(p, "bounce", foreign, own, **user)
        assert code == os.EX_NOPERM
        assert f"{foreign}: not your message" in said
        wait_for(lambda: back.bodies, what="a report")
        wait_for(lambda: [row["id"] for row in p.queue()] == [foreign],
                 what="the other's mail alone", poll=0.05)
        words, rcpts, _ = read(back.bodies[0])
        assert list(rcpts) == ["b@example.org"]
        assert "returned as its sender asked" in words
        assert len(p.events("bounced")) == 1
