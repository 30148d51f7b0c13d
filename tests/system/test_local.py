# SPDX-License-Identifier: ISC
# tests/system/test_local.py - local submission and the operator's command
# against the whole suite.
"""What a machine's own programs and its administrator do with postern."""

import grp
import json
import os
import shutil
import signal
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import (BUILD, PATIENCE, Postern, Sink,  # noqa: E402
                     free_port, wait_for)
from toolstand import sendmail as run_sendmail  # noqa: E402

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")
USER, OTHER = 51001, 51002
NOWHERE = "stuck@nowhere.example"


@pytest.fixture
def folder(tmp_path):
    for part in [tmp_path, *tmp_path.parents][:3]:  # pytest made these
        if part.stat().st_uid == os.geteuid():
            part.chmod(0o755)
    return tmp_path


@pytest.fixture
def relay(folder):
    with Sink(folder) as sink:
        suite = Postern(folder, sink.route())
        suite.sink = sink
        yield suite
        suite.stop()


@pytest.fixture
def stuck(folder):
    """A suite whose next hop does not answer."""
    suite = Postern(folder, f"route any to host \"[127.0.0.1]\" port "
                    f"{free_port()}")
    yield suite
    suite.stop()


def sendmail(suite, *words, **more):
    return run_sendmail(suite.runtime / "submit", *words,
                        POSTERN_CONTROL=str(suite.control), **more)


def postern(suite, *words, uid=None, groups=None):
    argv = [BUILD / "postern", "-s", suite.control, *words]
    if uid is not None:
        argv = ["setpriv", f"--reuid={uid}", f"--regid={uid}",
                f"--groups={groups}" if groups else "--clear-groups", *argv]
    return subprocess.run([str(w) for w in argv], capture_output=True,
                          text=True, timeout=PATIENCE, check=False)


def put(suite, uid=None, rcpt=NOWHERE):
    """Send, wait until it waits; its id."""
    before = {row["id"] for row in suite.queue()}
    done = sendmail(suite, rcpt, message="Subject: x\n\nbody\n", uid=uid)
    assert done.returncode == 0, done.stderr

    def settled():
        return [row["id"] for row in suite.queue()
                if row["id"] not in before and
                row["recipients"][0]["state"] == "waiting"]

    return wait_for(settled, what="a deferred message")[0]


def test_through(relay):
    done = sendmail(relay, "-i", "-f", "me@here.example", "a@b.example",
                    message="Subject: x\n\nbody\n.\n..\n")
    assert done.returncode == 0, done.stderr
    relay.sink.wait(1)
    relay.wait_empty()
    line = relay.wait_event("queued")[0]
    assert 'from="me@here.example"' in line
    assert f"uid={os.geteuid()}" in line


def test_header_recipients(relay):
    done = sendmail(relay, "-t", "-oi", message="To: a@b.example, "
                    "Group: c@d.example;\nBcc: e@f.example\n\nx\n")
    assert done.returncode == 0, done.stderr
    relay.sink.wait(3)


def test_large(relay):
    """A megabyte and more streams through."""
    done = sendmail(relay, "-i", "a@b.example", timeout=60,
                    message="Subject: x\n\n" + (".x" * 35 + "\n") * 50000)
    assert done.returncode == 0, done.stderr
    relay.sink.wait(1)


def test_too_large(folder):
    with Sink(folder) as sink:
        suite = Postern(folder, sink.route() + "\nlimit message size 100k")
        done = sendmail(suite, "-i", "a@b.example",
                        message="\n" + "x\n" * 100000)
        assert done.returncode == 69
        assert "5.3.4" in done.stderr.decode()
        suite.stop()


def test_binary_noise(relay):
    """CR and LF as they come; what arrives has CRLF alone."""
    done = sendmail(relay, "-i", "a@b.example",
                    message=b"\na\rb\r\r\nc\n\r.\r\n\x80\xff\n")
    assert done.returncode == 0, done.stderr
    relay.sink.wait(1)


def test_mailq(stuck):
    number = put(stuck)
    done = sendmail(stuck, name="mailq")
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert lines[1].split()[0] == number
    assert NOWHERE in lines[1]
    assert "Connection refused" in lines[2]


def test_show(stuck):
    number = put(stuck)
    row = json.loads(postern(stuck, "show", "--json", number).stdout)
    assert row["uid"] == os.geteuid()
    assert row["recipients"][0]["address"] == NOWHERE
    assert row["message_id"].endswith("@relay.example>")
    assert "Connection refused" in row["recipients"][0]["error"]
    text = postern(stuck, "show", number).stdout
    assert NOWHERE in text and "next try in" in text


def test_hold_release_retry_remove(stuck):
    number = put(stuck)
    assert postern(stuck, "hold", number).returncode == 0
    assert stuck.queue()[0]["recipients"][0]["state"] == "held"
    assert "held" in postern(stuck, "queue").stdout
    failures = len(stuck.events("deferred"))
    assert postern(stuck, "release", number).returncode == 0
    assert postern(stuck, "retry", number).returncode == 0
    stuck.wait_event("deferred", n=failures + 1)
    wait_for(lambda: postern(stuck, "remove", number).returncode == 0,
             what="removal")
    assert stuck.queue() == []
    assert postern(stuck, "show", number).returncode == 64
    done = postern(stuck, "remove", number)
    assert done.returncode == 64
    assert done.stderr != ""


def test_retry_all(stuck):
    for _ in range(3):
        put(stuck)
    failures = len(stuck.events("deferred"))
    done = postern(stuck, "retry", "--all")
    assert done.returncode == 0
    stuck.wait_event("deferred", n=failures + 1)


@needs_root
def test_users_and_operators(stuck):
    mine, theirs = put(stuck, uid=USER), put(stuck, uid=OTHER)
    done = postern(stuck, "queue", uid=USER)
    assert mine in done.stdout and theirs not in done.stdout
    assert f"uid{USER}@relay.example" in done.stdout
    for verb in ("show", "hold", "retry", "release", "remove"):
        done = postern(stuck, verb, theirs, uid=USER)
        assert done.returncode == 77, verb
    assert postern(stuck, "retry", "--all", uid=USER).returncode == 77
    assert len(stuck.queue()) == 2
    assert postern(stuck, "remove", mine, uid=USER).returncode == 0
    operators = grp.getgrnam("postern").gr_gid
    done = postern(stuck, "queue", uid=USER, groups=operators)
    assert theirs in done.stdout
    done = postern(stuck, "hold", theirs, uid=USER, groups=operators)
    assert done.returncode == 0


def test_queue_dies(stuck):
    """Orders wait for nobody, and work again with the next queue."""
    number = put(stuck)
    os.kill(stuck.child("queue"), signal.SIGKILL)
    wait_for(lambda: postern(stuck, "hold", number).returncode == 0,
             what="an order to the new queue")
    assert stuck.queue()[0]["recipients"][0]["state"] == "held"


def test_report_dies(stuck):
    number = put(stuck)
    os.kill(stuck.child("report"), signal.SIGKILL)
    wait_for(lambda: number in postern(stuck, "queue").stdout,
             what="the next postern-report")


def test_down(folder):
    suite = Postern(folder, start=False)
    done = sendmail(suite, "a@b.example", message="x\n")
    assert done.returncode == 75
    assert postern(suite, "queue").returncode == 69


def test_smtp_on_stdin(relay):
    """A program that speaks SMTP to sendmail -bs."""
    done = sendmail(relay, "-bs", message="EHLO here\r\n"
                    "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
                    "DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith(b"221 ")
    relay.sink.wait(1)


def test_tcp_from_python(relay):
    message = EmailMessage()
    message["To"] = "a@b.example"
    message.set_content("ä body\n")
    with smtplib.SMTP(relay.addr, relay.port, timeout=PATIENCE) as smtp:
        smtp.send_message(message, "me@here.example")
    relay.sink.wait(1)


def environment(suite):
    return {**os.environ, "POSTERN_SUBMIT": str(suite.runtime / "submit")}


def test_s_nail(relay):
    program = shutil.which("s-nail") or pytest.fail("no s-nail")
    done = subprocess.run(
        [program, "-:/", "-S", "sendwait", "-S",
         f"mta={BUILD}/sendmail", "-s", "a subject", "-b",
         "secret@b.example", "a@b.example"],
        input="a body\n.\nmore\n", text=True, capture_output=True,
        env=environment(relay), timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    relay.sink.wait(2)


def test_swaks(relay):
    program = shutil.which("swaks") or pytest.fail("no swaks")
    ways = [["--socket", relay.runtime / "submit"],
            ["--pipe", f"{BUILD}/sendmail -bs"],
            ["--server", relay.addr, "--port", relay.port, "--pipeline"]]
    for n, way in enumerate(ways):
        done = subprocess.run(
            [program, *[str(w) for w in way], "--from", "me@here.example",
             "--to", "a@b.example,c@d.example", "--helo", "here.example"],
            capture_output=True, text=True, env=environment(relay),
            timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        relay.sink.wait(2 * (n + 1))
