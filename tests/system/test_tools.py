# SPDX-License-Identifier: ISC
# tests/system/test_tools.py - postern and sendmail, each against one peer.
#
# The whole suite is in test_local.py; here the other end is postern-report
# with a queue of straw, or a scripted server, so that every refusal and
# every loss can be had at will.
#
# Starts early: it takes long.
"""The tools' own behaviour."""

import json
import os
import pty
import pwd
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import BUILD, PATIENCE, wait_for  # noqa: E402
from toolstand import (FIRST_ID, Database, Server, Stand,  # noqa: E402
                       print_id, sendmail)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")
USER, OTHER = 51001, 51002


@pytest.fixture
def folder(tmp_path):
    """The tools' other accounts must be able to come here."""
    for part in [tmp_path, *tmp_path.parents][:3]:  # pytest made these
        if part.stat().st_uid == os.geteuid():
            part.chmod(0o755)
    return tmp_path


@pytest.fixture(params=["seqpacket", "stream"])
def stand(request, folder):
    database = Database(folder)
    with Stand(folder, stream=request.param == "stream") as s:
        s.database = database
        yield s
    database.close()


# ---- postern

def test_empty(stand):
    done = stand.tool("queue")
    assert (done.returncode, done.stdout) == (0, "The queue is empty.\n")
    assert stand.tool("queue", "--json").stdout == ""


def test_table(stand):
    stand.database.fill(3, rcpts=2)
    lines = stand.tool("queue").stdout.splitlines()
    assert lines[0].split() == ["ID", "AGE", "SIZE", "NEXT", "SENDER",
                                "RECIPIENTS"]
    assert lines[1].split() == [print_id(FIRST_ID), "1s", "2.0K", "9m",
                                "s@x.example", "r0@d.example", "+1", "more"]
    assert lines[2] == "    451 try later"
    assert lines[-1] == "3 messages, 6 KiB"


def test_json_of_many(stand):
    """More than a piece of rows, and one message with more than a frame."""
    stand.database.fill(2500).fill(1, start=2500, rcpts=20000)
    rows = [json.loads(line)
            for line in stand.tool("queue", "--json").stdout.splitlines()]
    assert [r["id"] for r in rows] == [print_id(FIRST_ID + i)
                                       for i in range(2501)]
    assert len(rows[-1]["recipients"]) == 20000
    assert rows[0]["recipients"][0]["destination"] == "mx d.example port 25"
    assert rows[0]["uid"] is None


def test_show(stand):
    stand.database.fill(2, uid=USER)
    text = stand.tool("show", print_id(FIRST_ID + 1)).stdout
    assert re.search(r"^message +100001$", text, re.M)
    assert re.search(rf"^uid +{USER}$", text, re.M)
    assert re.search(r"^recipient +r0@d.example$", text, re.M)
    assert re.search(r"^  last error +451 try later$", text, re.M)
    row = json.loads(stand.tool("show", "--json", print_id(FIRST_ID)).stdout)
    assert row["id"] == "100000"
    done = stand.tool("show", "zzz")
    assert done.returncode == 64
    assert done.stderr == "postern: no such message in the queue\n"


def test_no_control_bytes(stand):
    stand.database.fill(1, sender="\x1b[2Jevil\r\n@x",
                        error="\x9b31m\u202e\x07")
    for words in (["queue"], ["show", "100000"], ["queue", "--json"],
                  ["show", "--json", "100000"]):
        text = stand.tool(*words, env={**os.environ,
                                       "LC_ALL": "C.UTF-8"}).stdout
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


@pytest.mark.parametrize("verb, number, said", [
    ("retry", 1, "is tried now"), ("remove", 2, "removed"),
    ("hold", 3, "held"), ("release", 4, "released"),
    ("bounce", 5, "returned to the sender")])
def test_orders(stand, verb, number, said):
    done = stand.tool(verb, "100000", "100001")
    assert done.stdout == f"100000: {said}\n100001: {said}\n"
    assert done.returncode == 0
    assert re.findall(r"order verb=(\d) id=(\d+) uid=(\d+) operator=1",
                      stand.said()) == [
        (str(number), str(FIRST_ID + i), str(os.geteuid())) for i in (0, 1)]


def test_order_refused_by_queue(stand):
    done = stand.tool("remove", print_id(404), "100000", print_id(403))
    assert done.returncode == 64  # the first one's
    assert done.stdout == "100000: removed\n"
    assert done.stderr.count("queue says no") == 2


def test_retry_all(stand):
    done = stand.tool("retry", "--all")
    assert (done.returncode, done.stdout) == (
        0, "1 waiting delivery is due now\n")
    assert "order verb=1 id=0 " in stand.said()


def test_queue_goes_away(stand):
    """Its loss is "try again", and so is its absence."""
    done = stand.tool("hold", print_id(503))
    assert done.returncode == 75
    assert "may or may not be carried out" in done.stderr
    done = stand.tool("hold", "100000")
    assert done.returncode == 75
    assert "postern-queue is not running" in done.stderr


ORDERS = ("retry", "remove", "bounce", "hold", "release")
WRONG = [
    ([], "usage: postern"),
    (["-s"], "-s: expected a path"),
    (["-f"], "-f: expected a path"),
    (["qeue"], 'did you mean "postern queue"?'),
    (["destroy"], '"postern help" lists them'),
    (["help", "destroy"], '"postern help" lists them'),
    (["queue", "u"], "unknown argument: u"),
    (["queue", "--summary", "--count"], "--summary is of the whole queue"),
    *((["queue", *words], said) for words, said in (
        (["--age"], "--age takes a time"),
        (["--age", "5y"], "--age takes a time"),
        (["--state", "x"], "--state takes fresh"),
        (["--domain"], "--domain takes the name"),
        (["--domain", "a@b.example"], "--domain takes the name"),
        (["--error", ""], "--error takes a part"),
        (["--recipient", "x"], "--recipient takes an address"),
        (["--sender", "x"], "--sender takes an address"),
        (["--sort", "x"], "--sort takes age"))),
    (["show"], "one message id"),
    (["show", "--json"], "one message id"),
    (["show", "100000", "100001"], "one message id"),
    (["show", "u"], "not a message id: u"),
    (["trace"], "one message id, Message-ID or address"),
    (["trace", "u"], "not a message id, a Message-ID or an address: u"),
    (["trace", "100000", "100001"], "unknown argument: 100001"),
    (["trace", "--limit", "0", "100000"], "--limit takes a number"),
    (["trace", "--since", "x", "a@b"], "--since takes a time"),
    (["trace", "a@b", "--since"], "--since of what?"),
    (["check", "u"], "unknown argument: u"),
    (["sql"], "one statement"),
    (["sql", "a", "b"], "one statement"),
    (["suspend"], "which destination?"),
    (["suspend", ""], "not a domain or host"),
    (["suspend", "a.example", "b.example"],
     "not one destination: a.example b.example"),
    (["suspend", "a.example", "--for", "x"], "expected a time such as 2h"),
    (["suspend", "a.example", "--port", "0"], "expected a port"),
    (["resume"], "which destination?"),
    (["resume", "a.example", "--for", "2h"], "unknown argument: --for"),
    (["hold", "\x1b[2J"], "not a message id: \\x1b[2J"),
    (["hold", "-y", "100000"], "unknown argument: -y"),
    (["remove", "--all"], "unknown argument: --all"),
    (["retry", "--all", "100000"], "one kind at a time"),
    (["bounce", "100000", "--reason"], "--reason takes a text"),
    (["bounce", "100000", "--reason", "x" * 512], "--reason takes a text"),
    *(([verb, "--wrong"], "unknown argument: --wrong") for verb in (
        "queue", "trace", "show", "check", "sql", "suspend", "resume",
        *ORDERS)),
    *(([verb, *words], said) for verb in ORDERS for words, said in (
        ([], "which message?"), ([""], "not a message id: "),
        (["100000", "u"], "not a message id: u"),
        (["--domain"], "--domain takes the name"),
        (["100000", "--domain", "d.example"], "one kind at a time"))),
]


def test_wrong_words(folder):
    """Found before anything is asked for: nobody listens here."""
    for words, said in WRONG:
        done = subprocess.run(
            [BUILD / "postern", *words], capture_output=True, text=True,
            timeout=PATIENCE, check=False,
            env={**os.environ, "POSTERN_CONTROL": str(folder / "none")})
        assert done.returncode == 64, (words, done.stderr)
        assert said in done.stderr, (words, done.stderr)
        assert done.stdout == ""


def test_help(folder):
    for words in (["help"], ["--help"], ["help", "queue"],
                  ["queue", "--help"]):
        done = subprocess.run([BUILD / "postern", *words],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert "usage: postern" in done.stdout


def test_unreachable(folder):
    done = subprocess.run(
        [BUILD / "postern", "queue"], capture_output=True, text=True,
        check=False,
        env={**os.environ, "POSTERN_CONTROL": str(folder / "nothing")})
    assert done.returncode == 69
    assert re.fullmatch(
        r"postern: cannot reach postern-report at .*/nothing: No such file "
        r"or directory: is posternd running\?\n", done.stderr)


def test_without_database(folder):
    with Stand(folder) as stand:
        done = stand.tool("queue")
        assert done.returncode == 75
        assert "has postern-queue started?" in done.stderr
        database = Database(folder)
        database.fill(1)
        assert "1 message, 2 KiB" in stand.tool("queue").stdout
        database.close()


def test_newer_database(stand):
    stand.database.db.execute("PRAGMA user_version = 99")
    done = stand.tool("queue")
    assert done.returncode == 65
    assert "another version of postern" in done.stderr


def test_reader_without_writer(folder):
    """queue has stopped, and left its log beside the database."""
    subprocess.run([sys.executable, "-c", f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).resolve().parents[1] / "lib")!r})
from toolstand import Database
Database({str(folder)!r}).fill(3)
os._exit(0)"""], check=True)
    with Stand(folder) as stand:
        assert "3 messages, 6 KiB" in stand.tool("queue").stdout


def test_head(stand):
    stand.database.fill(30000)
    done = subprocess.run(
        f"{BUILD}/postern -s {stand.control} queue | head -n 2; "
        "echo ${PIPESTATUS[0]}", shell=True, executable="/bin/bash",
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 3
    assert done.stdout.splitlines()[-1] == "0"
    done = subprocess.run(
        f"{BUILD}/postern -s {stand.control} queue > /dev/full", shell=True,
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 74
    assert "No space left" in done.stderr


def test_terminal(stand):
    """Cut to the terminal's width."""
    stand.database.fill(2, rcpts=3, error="an error " * 20)
    script = shutil.which("script")
    if script is None:
        pytest.fail("no script(1): package bsdutils")
    done = subprocess.run(
        [script, "-qec", f"stty cols 50; {BUILD}/postern -s {stand.control} "
         "queue", "/dev/null"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    lines = done.stdout.replace("\r", "").splitlines()
    assert len(lines) == 6
    assert all(len(line) <= 50 for line in lines), lines


def on_terminal(stand, answer, *words):
    """postern with a terminal, and what somebody types there."""
    master, slave = pty.openpty()
    tool = subprocess.Popen(
        [BUILD / "postern", "-s", stand.control, *words], stdin=slave,
        stdout=slave, stderr=slave)
    os.close(slave)
    said = b""
    try:
        while select.select([master], [], [], PATIENCE)[0]:
            said += os.read(master, 65536)
            if answer and said.endswith(b"? [y/N] "):
                os.write(master, answer.encode() + b"\n")
                answer = None
    except OSError:
        pass  # EIO: the other end is closed
    finally:
        os.close(master)
    return tool.wait(PATIENCE), said.decode().replace("\r", "")


@pytest.mark.parametrize("words", [["remove"], ["bounce", "--reason", "x"]])
def test_asks_before_it_destroys(stand, words):
    """More than one, or what filters chose; it lists what would go."""
    stand.database.fill(30)
    ids = [print_id(FIRST_ID + i) for i in range(30)]
    code, said = on_terminal(stand, "n", *words, *ids[:2])
    assert code == 64 and "nothing done" in said
    assert f"{words[0].title()} 2 messages:\n    {ids[0]}  {ids[1]}\n" in said
    code, said = on_terminal(stand, "no", *words, "--domain", "d.example")
    assert code == 64 and f"{words[0].title()} 30 messages:" in said
    assert ids[19] in said and ids[20] not in said and "10 more" in said
    assert "order" not in stand.said()
    done = stand.tool(*words, "--domain", "d.example")
    assert done.returncode == 64 and "nothing done without --yes" in done.stderr
    assert "order" not in stand.said()
    assert on_terminal(stand, "y", *words, *ids[:2])[0] == 0
    assert stand.said().count("order ") == 2
    code, said = on_terminal(stand, None, *words, "-y", "--domain",
                             "d.example")
    assert code == 0 and "[y/N]" not in said
    assert stand.said().count("order ") == 32
    assert on_terminal(stand, None, *words, ids[0])[0] == 0
    assert on_terminal(stand, None, "hold", *ids[:3])[0] == 0


def test_reader_who_waits(stand):
    """A pager that is not read keeps nobody from anything."""
    stand.database.fill(60000)
    slow = subprocess.Popen([BUILD / "postern", "-s", stand.control, "queue"],
                            stdout=subprocess.PIPE)
    assert select.select([slow.stdout], [], [], PATIENCE)[0]
    assert stand.tool("show", "100000").returncode == 0
    stand.database.db.execute("UPDATE message SET size = size")
    busy, log, done = stand.database.db.execute(
        "PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, log, done) == (0, 0, 0)
    assert slow.stdout.read().splitlines()[-1].startswith(b"60000 messages")
    slow.wait()


@needs_root
def test_users_see_their_own(stand):
    stand.database.fill(2, uid=USER).fill(3, start=2, uid=OTHER)
    stand.database.fill(1, start=5)
    assert "2 messages" in stand.tool("queue", uid=USER).stdout
    assert "3 messages" in stand.tool("queue", uid=OTHER).stdout
    assert "6 messages" in stand.tool("queue").stdout
    assert stand.tool("show", "100000", uid=USER).returncode == 0
    for number in ("100002", "100005"):
        for verb in ("show", "hold", "remove", "bounce"):
            done = stand.tool(verb, number, uid=USER)
            assert done.returncode == 77
            assert "not your message" in done.stderr
            assert done.stdout == ""
    assert stand.tool("retry", "--all", uid=USER).returncode == 77
    assert stand.tool("hold", "100001", uid=USER).returncode == 0
    assert stand.said().count("\norder ") == 1
    assert stand.said().count(" order-refused ") == 7
    assert f"uid={USER} operator=0" in stand.said()


# ---- hostile clients of the control socket

def ask_show(conv=1, flags=2):
    """A question that is whole: all about one message."""
    return struct.pack("<BBHIQQ", 1, flags, 129, 8, conv, FIRST_ID)


ASK = ask_show()


def closed(s):
    s.settimeout(PATIENCE)
    try:
        while s.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.mark.parametrize("label, frame", [
    ("noise", b"GET / HTTP/1.0\r\n\r\n"),
    ("wrong version", b"\2" + ASK[1:]),
    ("too long", struct.pack("<BBHIQ", 1, 2, 128, 1 << 20, 1)),
    ("unknown type", struct.pack("<BBHIQ", 1, 2, 9999, 0, 1)),
    ("an order for queue", struct.pack("<BBHIQBQIBH", 1, 2, 135, 16, 1, 2,
                                       FIRST_ID, 0, 1, 0)),
    ("short", struct.pack("<BBHIQ", 1, 2, 128, 3, 1) + b"abc"),
    ("no conversation", ask_show(conv=0)),
    ("not the opener", ask_show(flags=0)),
    ("unknown verb", struct.pack("<BBHIQBQH", 1, 2, 130, 11, 1, 77, 5,
                                 0)),
    ("remove all", struct.pack("<BBHIQBQH", 1, 2, 130, 11, 1, 2, 0, 0)),
    ("bounce all", struct.pack("<BBHIQBQH", 1, 2, 130, 11, 1, 5, 0, 0)),
    ("show nothing", struct.pack("<BBHIQQ", 1, 2, 129, 8, 1, 0)),
    ("two questions", ASK + ask_show(conv=2)),
])
def test_broken_frames(folder, label, frame):
    database = Database(folder)
    database.fill(1)
    with Stand(folder) as stand:
        other = stand.connect()
        s = stand.connect()
        s.send(frame)
        assert closed(s), label
        other.send(ASK)
        assert other.recv(1 << 16), "somebody else's connection"
        assert "100000" in stand.tool("queue").stdout
        assert "\norder verb" not in stand.said()
    database.close()


def test_descriptors_are_refused(folder):
    with Stand(folder) as stand:
        s = stand.connect()
        with open("/dev/null", "rb") as f:
            socket.send_fds(s, [ASK[:4]], [f.fileno()])
        assert closed(s)


def test_connection_limit(folder):
    database = Database(folder)
    with Stand(folder) as stand:
        held = [stand.connect() for _ in range(8)]
        for s in held:
            s.send(ASK)
            assert s.recv(1 << 16)
        done = stand.tool("queue")
        assert done.returncode == 75
        assert "too many connections" in done.stderr
        held.pop().close()
        wait_for(lambda: stand.tool("queue").returncode == 0, PATIENCE,
                 "a free place")
    database.close()


# ---- sendmail

HEADER = "From: a@b.example\nDate: now\nMessage-ID: <1@x>\n"


def test_plain(folder):
    with Server(folder / "submit") as server:
        done = sendmail(server, "-i", "-f", "me@here.example", "you@there",
                        message="Subject: x\n\nline\n.\n..dots\nend")
        assert (done.returncode, done.stderr, done.stdout) == (0, b"", b"")
    assert server.sent_to() == ["you@there"]
    assert server.commands[1].startswith("MAIL FROM:<me@here.example> SIZE=")
    head, body = server.messages[0].split(b"\r\n\r\n", 1)
    assert body == b"line\r\n.\r\n..dots\r\nend\r\n"
    names = [line.split(b":")[0] for line in head.split(b"\r\n")]
    assert names == [b"From", b"Date", b"Message-ID", b"Subject"]
    assert head.split(b"\r\n")[0].endswith(b"me@here.example>") or \
        head.split(b"\r\n")[0] == b"From: me@here.example"
    assert re.search(rb"\r\nMessage-ID: <\d{14}\.[0-9a-f]{16}"
                     rb"@mail\.example\.org>\r\n", head)


def test_size_is_true(folder):
    with Server(folder / "submit") as server:
        sendmail(server, "you@there", message=HEADER + "\n" + "x" * 1000)
    size = int(re.search(r"SIZE=(\d+)", server.commands[1])[1])
    assert 0 <= len(server.messages[0]) - size < 100


def test_nothing_is_added_that_is_there(folder):
    message = HEADER + "X:y\n\nbody\n"
    with Server(folder / "submit") as server:
        assert sendmail(server, "you@there", message=message).returncode == 0
    assert server.messages[0] == message.replace("\n", "\r\n").encode()


def test_header_recipients(folder):
    message = ("To: A <a@x>, \"B, the second\" <b@x>,\n\tgroup: c@x, d@x;\n"
               "Cc: a@x (again), root\nBcc: hidden@x\nSubject: s\n\n.\n")
    with Server(folder / "submit") as server:
        assert sendmail(server, "-t", "-oi", "e@x",
                        message=message).returncode == 0
    assert server.sent_to() == ["e@x", "a@x", "b@x", "c@x", "d@x",
                                "root@mail.example.org", "hidden@x"]
    assert b"hidden" not in server.messages[0]
    assert server.messages[0].endswith(b"Subject: s\r\n\r\n.\r\n")


def test_lone_dot_ends(folder):
    with Server(folder / "submit") as server:
        sendmail(server, "you@there", message=HEADER + "\nbody\n.\nQUIT\n")
    assert server.messages[0].endswith(b"\r\nbody\r\n")


@pytest.mark.parametrize("body, want", [
    (b"a\r\nb\r\n", b"a\r\nb\r\n"),
    (b"a\rb\n", b"a\r\nb\r\n"),
    (b"a\r\r\nb", b"a\r\n\r\nb\r\n"),
    (b"\r", b"\r\n"),
    (b"", b""),
])
def test_line_ends(folder, body, want):
    with Server(folder / "submit") as server:
        assert sendmail(server, "-i", "you@there",
                        message=HEADER.encode() + b"\n" + body
                        ).returncode == 0
    assert server.messages[0].split(b"\r\n\r\n", 1)[1] == want


def test_sender_is_the_user(folder):
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = f"uid{os.geteuid()}"
    with Server(folder / "submit") as server:
        sendmail(server, "-F", "Jörg \"J\" X", "you@there", message="\nx\n")
        sendmail(server, "-f", "<>", "you@there", message="\nx\n")
        sendmail(server, "-f", "", "you@there", message="\nx\n")
    mails = [c for c in server.commands if c.startswith("MAIL")]
    assert mails[0].startswith(f"MAIL FROM:<{user}@mail.example.org>")
    assert mails[1].startswith("MAIL FROM:<> ")
    assert mails[2].startswith("MAIL FROM:<> ")
    assert server.messages[0].startswith(
        b"From: =?utf-8?q?J=C3=B6rg=20=22J=22=20X?= <")


def test_dsn_wishes(folder):
    words = ["-N", "success,delay", "-R", "hdrs", "-V", "a=b", "you@there"]
    with Server(folder / "submit") as server:
        sendmail(server, *words, message="\nx\n")
    assert server.commands[1].endswith(" RET=hdrs ENVID=a+3Db")
    assert "RCPT TO:<you@there> NOTIFY=success,delay" in server.commands
    with Server(folder / "plain", ehlo=()) as server:
        assert sendmail(server, *words, message="\nx\n").returncode == 0
    assert server.commands[1].endswith(">")
    assert "RCPT TO:<you@there>" in server.commands


def test_eightbit(folder):
    with Server(folder / "submit") as server:
        sendmail(server, "you@there", message=HEADER + "\nplain\n")
        sendmail(server, "you@there", message=HEADER + "\nä\n")
        sendmail(server, "-B8BITMIME", "you@there", message=HEADER + "\nx\n")
    mails = [c for c in server.commands if c.startswith("MAIL")]
    assert ["BODY=8BITMIME" in m for m in mails] == [False, True, True]


def test_large_message_streams(folder):
    """Beyond what is kept in memory; the dots are still dots."""
    line = "." + "x" * 70 + "\n"
    body = line * 100000
    with Server(folder / "submit") as server:
        done = sendmail(server, "-i", "you@there",
                        message=HEADER + "\n" + body, timeout=60)
        assert done.returncode == 0
    assert server.messages[0].split(b"\r\n\r\n", 1)[1] == \
        body.replace("\n", "\r\n").encode()
    assert "SIZE=" not in server.commands[1]


def test_many_recipients(folder):
    """452 means: the others in a message of their own (RFC 5321)."""
    replies = ["250 ok"] * 100 + ["452 4.5.3 too many"] * 150 + \
        ["250 ok"] * 100 + ["452 4.5.3 too many"] * 50 + ["250 ok"]
    with Server(folder / "submit", script={"RCPT": replies}) as server:
        done = sendmail(server, *[f"r{i}@x" for i in range(250)],
                        message="\nx\n")
        assert (done.returncode, done.stderr) == (0, b"")
    assert len(server.messages) == 3


@pytest.mark.parametrize("script, code, said", [
    ({"RCPT": "550 5.1.1 no such user"}, 67, "you@there: 550 5.1.1 no such"),
    ({"RCPT": "550 5.1.2 no such host"}, 68, "no such host"),
    ({"RCPT": "554 5.7.1 not you"}, 77, "not you"),
    ({"MAIL": "552 5.3.4 too big"}, 69, "refused: 552 5.3.4 too big"),
    ({"MAIL": "550 5.7.1 no"}, 77, "refused"),
    ({"DATA": "554 5.5.0 never"}, 76, "never"),
    ({".": "554 5.6.0 what is that"}, 65, "what is that"),
    ({".": "550 \x1b[2Jboo"}, 67, "boo"),
    ({"220": "554 no service"}, 69, "no service"),
    ({".": "close"}, 75, "not known whether it was sent"),
])
def test_refusals(folder, script, code, said):
    with Server(folder / "submit", script=script) as server:
        done = sendmail(server, "you@there", message="\nx\n")
        assert done.returncode == code, done.stderr
        assert said in done.stderr.decode()
        assert b"\x1b" not in done.stderr
        if "RCPT" in script:
            assert "DATA" not in server.commands


LATER = [
    ({"MAIL": "451 4.3.0 later"}, "postern says: 451 4.3.0 later"),
    ({"RCPT": "451 4.3.0 later"}, "later"),
    ({".": "451 4.3.0 later"}, "later"),
    ({"220": "421 4.3.2 busy"}, "busy"),
    ({"220": "close"}, "closed the connection"),
    ({"220": "hello?"}, "no SMTP"),
    ({"MAIL": "close"}, "closed the connection"),
]


def test_gives_up(folder):
    """At the same time, because each takes as long as it should."""
    def run(number):
        script, said = LATER[number]
        with Server(folder / f"submit{number}", script=script) as server:
            done = sendmail(server, "you@there", message="\nx\n")
            assert done.returncode == 75, done.stderr
            assert said in done.stderr.decode()
            assert server.sessions == 5

    with ThreadPoolExecutor() as pool:
        list(pool.map(run, range(len(LATER))))


def test_some_are_refused(folder):
    script = {"RCPT TO:<bad@x>": "550 5.1.1 unknown"}
    with Server(folder / "submit", script=script) as server:
        done = sendmail(server, "bad@x", "good@x", "no address", "a..b@c",
                        message="\nx\n")
    assert done.returncode == 65
    assert done.stderr.decode().splitlines() == [
        "sendmail: no address: no mail address",
        "sendmail: a..b@c: no mail address",
        "sendmail: bad@x: 550 5.1.1 unknown"]
    assert len(server.messages) == 1


def test_waits_a_little(folder):
    script = {"220": ["421 4.3.2 busy", "421 4.3.2 busy", "220 x.example"],
              "MAIL": ["451 4.3.0 later", "250 ok"]}
    with Server(folder / "submit", script=script) as server:
        assert sendmail(server, "you@there", message="\nx\n").returncode == 0
        assert server.sessions == 4
    assert len(server.messages) == 1


def test_daemon_comes_back(folder):
    path = folder / "submit"
    process = subprocess.Popen(
        [BUILD / "sendmail", "you@there"], stdin=subprocess.PIPE,
        env={**os.environ, "POSTERN_SUBMIT": str(path)})
    process.stdin.write(b"\nx\n")
    process.stdin.close()
    with Server(path) as server:
        assert process.wait(PATIENCE) == 0
    assert len(server.messages) == 1


def test_daemon_is_away(folder):
    done = sendmail(folder / "nothing", "you@there", message="\nx\n")
    assert done.returncode == 75
    assert b"No such file or directory" in done.stderr
    assert b"is posternd running?" in done.stderr


@pytest.mark.parametrize("words, message, code, said", [
    ([], "x", 64, "no recipients"),
    (["-t"], "Subject: x\n\nx", 64, "there are none"),
    (["-t"], "To: (x\n\nx", 65, "a comment without its )"),
    (["<x"], "x", 64, "a < without its >"),
    (["-C", "/etc/x", "a@b"], "x", 64, "takes no configuration"),
    (["-bd"], "", 64, "that is posternd"),
    (["-Z"], "", 64, "-Z: no such option"),
])
def test_wrong_usage(folder, words, message, code, said):
    with Server(folder / "submit") as server:
        done = sendmail(server, *words, message=message)
    assert done.returncode == code
    assert said in done.stderr.decode()
    assert not server.messages


def test_endless_header(folder):
    with Server(folder / "submit") as server:
        done = sendmail(server, "-t", message="To: a@b\n" + "X: y\n" * 300000)
        assert done.returncode == 65
        assert b"longer than 1 MiB" in done.stderr
        assert not server.commands


def test_bad_sender(folder):
    with Server(folder / "submit") as server:
        done = sendmail(server, "-f", "a@b, c@d", "you@there", message="x")
        assert done.returncode == 64
        assert b"no address to send from" in done.stderr
        assert not server.messages


def test_smtp_on_stdin(folder):
    with Server(folder / "submit") as server:
        done = sendmail(server, "-bs", message="EHLO me\r\nMAIL FROM:<>\r\n"
                        "RCPT TO:<a@b>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n")
    assert done.returncode == 0
    assert done.stdout.startswith(b"220 mail.example.org ESMTP\r\n")
    assert done.stdout.endswith(b"221 2.0.0 Bye\r\n")
    assert server.messages == [b"hi\r\n"]


def test_other_names(stand):
    stand.database.fill(1)
    for name, words in (("mailq", []), ("sendmail", ["-bp"]),
                        ("/usr/bin/mailq", ["-v"])):
        done = sendmail("nothing", *words, name=name,
                        POSTERN_CONTROL=str(stand.control))
        assert done.returncode == 0
        assert b"1 message, 2 KiB" in done.stdout
    assert sendmail("nothing", name="newaliases").returncode == 0
    assert sendmail("nothing", "-q").returncode == 0


def test_no_special_rights():
    for name in ("postern", "sendmail"):
        assert (BUILD / name).stat().st_mode & 0o7000 == 0
