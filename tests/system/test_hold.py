# SPDX-License-Identifier: ISC
# tests/system/test_hold.py - mail without a place to go, mail that has to
# wait, and mail that comes back.
#
# What the log says, what `postern queue` shows, what is in the spool and
# what arrived elsewhere must agree.
"""Held mail, orders, failure reports."""

import email
import email.policy
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from faults import (FOREVER, FULL, HANG, Fault, Plan,  # noqa: E402
                    Preload)
from harness import (BUILD, PATIENCE, Postern, Sink, free_port,  # noqa: E402
                     wait_for)
from siege import bodies, check_spool  # noqa: E402

SENDER = "sender@client.example"
HERE = "relay.example"
TO_MX = "route any to mx"


class Hanging(Preload, Postern):
    """One whose disk stands still when the plan says so."""


def to_sink(port, domain="example.org"):
    return f'route domain {domain} to host "[127.0.0.1]" port {port}\n'


def send(postern, *rcpts, sender=SENDER, text="Subject: x\r\n\r\nbody\r\n"):
    """From a client; a dict of refused recipients."""
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        return smtp.sendmail(sender, list(rcpts), text)


def states(postern):
    return {r["address"]: r["state"] for row in postern.queue()
            for r in row["recipients"]}


def row_of(postern, rcpt):
    """The queue's row with that recipient, once there is one."""
    def find():
        return [row for row in postern.queue()
                if rcpt in [r["address"] for r in row["recipients"]]]
    return wait_for(find, what=f"{rcpt} in the queue")[0]


def wait_states(postern, want):
    def settled():
        return states(postern) == want
    try:
        wait_for(settled, what=f"{want}", poll=0.05)
    except AssertionError as e:
        raise AssertionError(f"{e}; it is {states(postern)}") from None


def wait_clean(postern):
    """No row, no body, no event that is still to come."""
    postern.wait_empty()
    wait_for(lambda: not bodies(postern), what="bodies to be removed")


def retry_until(postern, word):
    def tried():
        postern.tool("retry", "--all")
        return postern.events(word)
    wait_for(tried, what=f"log line {word}", poll=0.2)


class Kept(Sink):
    """A sink that keeps messages for the test to read."""

    def __init__(self, tmpdir, *options, **keys):
        self.folder = Path(tmpdir) / keys.get("name", "kept")
        self.folder.mkdir(exist_ok=True)
        super().__init__(tmpdir, "-S", self.folder, *options, **keys)

    def messages(self):
        return [email.message_from_bytes(path.read_bytes(),
                                         policy=email.policy.default)
                for path in sorted(self.folder.glob("*.eml"))]

    def rcpts(self):
        """Of messages; what a report was about is not among them."""
        lines = self.log.read_text().splitlines()
        return [line.split("\t")[1] for line in lines
                if line.split("\t")[2] != "dsn"]

    def wait(self, n, timeout=PATIENCE):
        wait_for(lambda: len(self.rcpts()) >= n, timeout,
                 f"{n} recipients at the sink")


def reported(message):
    """{recipient: (action, status)} of a failure report."""
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    part = [p for p in message.walk()
            if p.get_content_type() == "message/delivery-status"][0]
    return {fields["Final-Recipient"].partition(";")[2].strip():
            (fields["Action"], fields["Status"])
            for fields in part.get_payload() if fields["Final-Recipient"]}


# --- nowhere to go ----------------------------------------------------------

@pytest.mark.parametrize("rcpt", [
    f"root@{HERE}", f"postmaster@{HERE}", "PostMaster@localhost"])
def test_held(tmp_path, rcpt):
    with Postern(tmp_path, TO_MX) as p:
        assert send(p, rcpt) == {}
        line = p.wait_event("held")[0]
        row = row_of(p, rcpt)
        assert f"id={row['id']}" in line and rcpt in line
        assert states(p) == {rcpt: "held"}
        assert "no place to go" in row["recipients"][0]["error"]
        assert row["recipients"][0]["next_try"] is None
        p.stop()
        p.start()
        assert states(p) == {rcpt: "held"}
        assert len(bodies(p)) == 1


def test_bare_postmaster_is_held(tmp_path):
    """RFC 5321 4.5.1: without a domain, whatever the case."""
    with Postern(tmp_path, TO_MX) as p:
        with smtplib.SMTP(p.addr, p.port, timeout=30) as smtp:
            smtp.ehlo()
            smtp.mail(SENDER)
            code, _ = smtp.docmd("RCPT", "TO:<Postmaster>")
            assert code == 250
            code, _ = smtp.data("x\r\n")
            assert code == 250
        p.wait_event("held")
        assert list(states(p).values()) == ["held"]


def test_other_local_addresses(tmp_path):
    with Postern(tmp_path, TO_MX) as p:
        with smtplib.SMTP(p.addr, p.port, timeout=30) as smtp:
            smtp.ehlo()
            smtp.mail(SENDER)
            for rcpt in (f"joe@{HERE}", "joe@localhost", f"rooty@{HERE}"):
                code, text = smtp.rcpt(rcpt)
                assert code == 550 and text.startswith(b"5.1.1 "), text
        assert p.queue() == []


def test_postmaster_elsewhere(tmp_path):
    with Kept(tmp_path) as sink, Postern(
            tmp_path, 'postmaster "x@example.org"\n' + to_sink(sink.port) +
            TO_MX) as p:
        for rcpt in (f"root@{HERE}", f"postmaster@{HERE}", "root@localhost"):
            assert send(p, rcpt) == {}
        sink.wait(3)
        assert sink.rcpts() == ["x@example.org"] * 3
        wait_clean(p)
        assert p.events("held") == []


def test_once_for_two_names_of_one(tmp_path):
    with Kept(tmp_path) as sink, Postern(
            tmp_path, 'postmaster "x@example.org"\n' + to_sink(sink.port) +
            TO_MX) as p:
        send(p, f"root@{HERE}", f"postmaster@{HERE}", "x@example.org")
        wait_clean(p)
        assert sink.rcpts() == ["x@example.org"]


def test_released_to_postmaster(tmp_path):
    """First without one: it stays; then with one: it goes, and is gone."""
    with Kept(tmp_path) as sink, Postern(
            tmp_path, to_sink(sink.port) + TO_MX) as p:
        conf = p.conf.read_text()
        send(p, f"root@{HERE}", text="Subject: long held\r\n\r\nbody\r\n")
        number = row_of(p, f"root@{HERE}")["id"]
        p.wait_event("held")
        for n in (2, 3):
            p.tool("release", number)
            p.wait_event("held", n=n)
            wait_states(p, {f"root@{HERE}": "held"})
        assert row_of(p, f"root@{HERE}")["id"] == number
        p.reload(conf + 'postmaster "x@example.org"\n')
        assert states(p) == {f"root@{HERE}": "held"}
        p.tool("release", number)
        sink.wait(1)
        assert sink.rcpts() == ["x@example.org"]
        assert sink.messages()[0]["Subject"] == "long held"
        wait_clean(p)
        p.stop()
        check_spool(p)


def test_released_with_others_of_its_message(tmp_path):
    """The held group alone is routed anew; nobody gets mail twice."""
    with Kept(tmp_path) as sink, Postern(
            tmp_path, to_sink(sink.port) + TO_MX) as p:
        conf = p.conf.read_text()
        send(p, "a@example.org", f"root@{HERE}", "b@example.org",
             f"postmaster@{HERE}")
        sink.wait(2)
        wait_states(p, {f"root@{HERE}": "held", f"postmaster@{HERE}": "held"})
        number = p.queue()[0]["id"]
        p.reload(conf + 'postmaster "x@example.org"\n')
        p.tool("release", number)
        wait_clean(p)
        assert sorted(sink.rcpts()) == \
            ["a@example.org", "b@example.org", "x@example.org"]
        p.stop()
        check_spool(p)


def test_released_into_a_group_that_waits(tmp_path):
    """Its next hop is asleep: it waits there like any other."""
    port = free_port()
    with Postern(tmp_path, to_sink(port) + TO_MX) as p:
        conf = p.conf.read_text()
        send(p, "a@example.org", f"root@{HERE}")
        wait_states(p, {"a@example.org": "waiting", f"root@{HERE}": "held"})
        number = p.queue()[0]["id"]
        p.reload(conf + 'postmaster "x@example.org"\n')
        p.tool("release", number)
        wait_states(p, {"a@example.org": "waiting",
                        "x@example.org": "waiting"})
        with Kept(tmp_path, port=port) as sink:
            p.tool("retry", number)
            sink.wait(2)
            assert sorted(sink.rcpts()) == ["a@example.org", "x@example.org"]
            wait_clean(p)


def release_then_remove(p, plan, number):
    """Both orders while the disk stands still; how each ended, and what it
    said."""
    def order(verb):
        return subprocess.Popen(
            [str(BUILD / "postern"), "-s", str(p.control), verb, number],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    plan.arm(Fault("fsync", action=HANG, nth=1, last=FOREVER))
    release = order("release")
    wait_for(lambda: plan.get("hits") > 0, what="a hanging fsync")
    remove = order("remove")
    p.queue()  # by then it has come to postern-queue
    plan.disarm()
    said = [o.communicate()[1] for o in (release, remove)]
    return [(o.returncode, text) for o, text in
            zip((release, remove), said)]


def test_removed_while_it_is_released(tmp_path):
    """The disk stands still in the middle of the first order: the second
    waits until the message has its place again, and then it is gone."""
    plan = Plan(tmp_path / "plan")
    with Hanging(tmp_path, to_sink(free_port(), "asleep.example") +
                 TO_MX) as p:
        conf = p.conf.read_text()
        for _ in range(10):
            send(p, "a@asleep.example", f"root@{HERE}")
            wait_states(p, {"a@asleep.example": "waiting",
                            f"root@{HERE}": "held"})
            number = p.queue()[0]["id"]
            p.reload(conf + 'postmaster "x@asleep.example"\n')
            ends = release_then_remove(p, plan, number)
            # the fsync may have been somebody else's, and remove the first
            if ends[0] != (64, f"postern release: {number}: "
                               "no such message\n"):
                break
            p.reload(conf)
        assert ends == [(0, ""), (0, "")]
        # the new group may be on its way to a sleeping destination's row
        wait_for(lambda: not p.queue() or
                 p.tool("remove", number, check_status=False) is None,
                 what="its end", poll=0.05)
        wait_clean(p)
        p.stop()
        check_spool(p)


def test_release_that_the_disk_refuses(tmp_path):
    """At whatever step: said, held as before, and a later order does it."""
    plan = Plan(tmp_path / "plan")
    with Hanging(tmp_path, to_sink(free_port(), "asleep.example") +
                 TO_MX) as p:
        conf = p.conf.read_text()
        send(p, f"root@{HERE}")
        wait_states(p, {f"root@{HERE}": "held"})
        number = p.queue()[0]["id"]
        p.reload(conf + 'postmaster "x@asleep.example"\n')
        said, nth = [], 1
        while nth < 100:
            plan.arm(Fault("step", error=FULL, nth=nth, last=FOREVER))
            done = subprocess.run(
                [str(BUILD / "postern"), "-s", str(p.control), "release",
                 number], capture_output=True, text=True, timeout=PATIENCE,
                check=False)
            struck = plan.get("hits")
            plan.disarm()
            if done.returncode == 0:
                break
            assert done.returncode == 75, done
            nth += struck > 0  # else queue was not there: it starts anew
            said.append(done.stderr)
            assert states(p) == {f"root@{HERE}": "held"}
        assert any("it stays held: try again" in text for text in said), said
        wait_states(p, {"x@asleep.example": "waiting"})
        p.stop()
        check_spool(p, rows=1)


def test_remove_held(tmp_path):
    with Postern(tmp_path, TO_MX) as p:
        send(p, f"root@{HERE}")
        p.tool("remove", row_of(p, f"root@{HERE}")["id"])
        wait_clean(p)


# --- orders about deferred mail ---------------------------------------------

@pytest.mark.parametrize("words", [["retry", "ID"], ["retry", "--all"]])
def test_retry_wakes_at_once(tmp_path, words):
    port = free_port()
    with Postern(tmp_path, to_sink(port) + TO_MX) as p:
        send(p, "a@example.org")
        p.wait_event("asleep")
        wait_states(p, {"a@example.org": "waiting"})
        number = p.queue()[0]["id"]
        with Kept(tmp_path, port=port) as sink:
            p.tool(*(number if w == "ID" else w for w in words))
            sink.wait(1)
            wait_clean(p)


def test_orders_of_deferred_mail(tmp_path):
    """Held mail sleeps through retry; released mail goes; removed is gone."""
    port = free_port()
    rcpts = [f"{c}@example.org" for c in "abc"]
    with Postern(tmp_path, to_sink(port) + TO_MX) as p:
        for rcpt in rcpts:
            send(p, rcpt)
        wait_states(p, dict.fromkeys(rcpts, "waiting"))
        ids = {row["recipients"][0]["address"]: row["id"]
               for row in p.queue()}
        p.tool("hold", ids["a@example.org"])
        p.tool("remove", ids["b@example.org"])
        wait_states(p, {"a@example.org": "held", "c@example.org": "waiting"})
        with Kept(tmp_path, port=port) as sink:
            p.tool("retry", "--all")
            sink.wait(1)
            wait_states(p, {"a@example.org": "held"})
            p.tool("retry", ids["a@example.org"])
            assert states(p) == {"a@example.org": "held"}
            p.tool("release", ids["a@example.org"])
            sink.wait(2)
            assert sink.rcpts() == ["c@example.org", "a@example.org"]
            wait_clean(p)
        p.stop()
        check_spool(p)


# --- what comes back --------------------------------------------------------

def test_refused_comes_back(tmp_path):
    with Kept(tmp_path, "-x", "nobody@") as sink, \
            Postern(tmp_path, sink.route()) as p:
        send(p, "nobody@example.org", text="Subject: my mail\r\n\r\nsecret")
        sink.wait(1)
        wait_clean(p)
        assert sink.rcpts() == [SENDER]
        report = sink.messages()[0]
        (rcpt, (action, status)), = reported(report).items()
        assert (rcpt, action) == ("nobody@example.org", "failed")
        assert status.startswith("5.")
        assert report["Auto-Submitted"].startswith("auto-replied")
        assert "my mail" in report.as_string()
        assert "secret" in report.as_string()
        assert len(p.events("bounced")) == 1
        assert p.events("double-bounce") == []


def test_expired_comes_back(tmp_path):
    """A second is enough for one try; the next says that it was too late.

    A destination that sleeps is not looked at before its clock, so the
    operator looks for it.
    """
    port = free_port()
    with Kept(tmp_path) as sink, Postern(
            tmp_path, "expire 1s\n" + to_sink(port, "asleep.example") +
            sink.route()) as p:
        send(p, "a@asleep.example")
        p.wait_event("asleep")
        retry_until(p, "bounced")
        sink.wait(1)
        wait_clean(p)
        report = reported(sink.messages()[0])
        assert report == {"a@asleep.example": ("failed", "5.4.7")}
        assert "Connection refused" in p.wait_event("bounced")[0]


@pytest.mark.parametrize("rcpt, conf", [
    ("nobody@example.org", ""),
    ("a@asleep.example", "expire bounce 1s\n")], ids=["refused", "expired"])
def test_null_sender_is_not_answered(tmp_path, rcpt, conf):
    """Without a postmaster to tell: it is held."""
    with Kept(tmp_path, "-x", "nobody@") as sink, Postern(
            tmp_path, conf + to_sink(free_port(), "asleep.example") +
            sink.route()) as p:
        send(p, rcpt, sender="")
        retry_until(p, "double-bounce")
        line = p.wait_event("double-bounce")[0]
        assert rcpt in line
        wait_states(p, {rcpt: "held"})
        assert "nobody to tell" in p.wait_event("held")[0]
        assert not sink.messages()
        p.tool("remove", row_of(p, rcpt)["id"])
        wait_clean(p)
        p.stop()
        check_spool(p)


def test_postmaster_is_told(tmp_path):
    """Mail without a sender: the postmaster hears of it, and it is over."""
    with Kept(tmp_path, "-x", "nobody") as sink, Postern(
            tmp_path, 'postmaster "pm@client.example"\n' +
            sink.route()) as p:
        send(p, "nobody@example.org", sender="nobody2@client.example")
        p.wait_event("double-bounce")
        sink.wait(1)
        wait_clean(p)
        assert sink.rcpts() == ["pm@client.example"]
        report, = sink.messages()
        assert reported(report) == {
            "nobody2@client.example": ("failed", "5.1.1")}
        assert "postmaster" in report.get_payload()[0].get_payload()
        p.stop()
        check_spool(p)


def test_postmaster_cannot_be_told(tmp_path):
    """What cannot be delivered to him is held, once; nothing goes round."""
    with Kept(tmp_path, "-x", "nobody") as sink, Postern(
            tmp_path, 'postmaster "nobody-pm@client.example"\n' +
            sink.route()) as p:
        send(p, "nobody@example.org", sender="nobody2@client.example")
        p.wait_event("double-bounce", n=2)
        wait_states(p, {"nobody-pm@client.example": "held"})
        send(p, "nobody-pm@client.example", sender="")
        wait_for(lambda: len(p.events("held")) == 2, what="two held")
        assert len(p.events("notice")) == 2
        assert not sink.messages()


def test_report_that_fails(tmp_path):
    """Both the mail and the report about it are refused: no third one."""
    with Kept(tmp_path, "-x", "nobody") as sink, \
            Postern(tmp_path, sink.route()) as p:
        send(p, "nobody@example.org", sender="nobody2@client.example")
        line = p.wait_event("double-bounce")[0]
        assert "nobody2@client.example" in line
        assert len(p.wait_event("bounced", n=2)) == 2
        wait_states(p, {"nobody2@client.example": "held"})
        assert not sink.messages()
        p.tool("remove", row_of(p, "nobody2@client.example")["id"])
        wait_clean(p)
        p.stop()
        check_spool(p)


def test_report_to_root_is_held(tmp_path):
    """A failed mail of root's, without a postmaster."""
    with Kept(tmp_path, "-x", "nobody@") as sink, Postern(
            tmp_path, to_sink(sink.port) + TO_MX) as p:
        conf = p.conf.read_text()
        send(p, "nobody@example.org", sender=f"root@{HERE}")
        p.wait_event("held")
        wait_states(p, {f"root@{HERE}": "held"})
        number = p.queue()[0]["id"]
        p.reload(conf + 'postmaster "x@example.org"\n')
        p.tool("release", number)
        sink.wait(1)
        assert sink.rcpts() == ["x@example.org"]
        assert "nobody@example.org" in reported(sink.messages()[0])
        wait_clean(p)


def test_mixed_verdicts(tmp_path):
    """Of ten, four fail, three must wait: the report names the four."""
    bad = [f"bad{n}@example.org" for n in range(4)]
    slow = [f"slow{n}@example.org" for n in range(3)]
    good = [f"good{n}@example.org" for n in range(3)]
    mixed = [a for n in range(4) for a in (bad[n:n + 1] + slow[n:n + 1] +
                                           good[n:n + 1])]
    with Kept(tmp_path, "-x", "bad", "-y", "slow") as sink, \
            Postern(tmp_path, sink.route()) as p:
        send(p, *mixed)
        sink.wait(4)
        wait_states(p, dict.fromkeys(slow, "waiting"))
        assert sorted(sink.rcpts()) == sorted(good + [SENDER])
        reports = [m for m in sink.messages()
                   if m.get_content_type() == "multipart/report"]
        assert len(reports) == 1
        assert sorted(reported(reports[0])) == bad
        for event, want in (("bounced", bad), ("deferred", slow),
                            ("delivered", good + [SENDER])):
            assert sorted(line.split('rcpt="')[1].split('"')[0]
                          for line in p.events(event)) == sorted(want)
        for r in p.queue()[0]["recipients"]:
            assert r["error"].startswith("451 ")
        # the rest of them, later, and no further report
        p.tool("remove", p.queue()[0]["id"])
        wait_clean(p)
        p.stop()
        check_spool(p)
