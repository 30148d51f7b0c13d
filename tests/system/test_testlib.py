# SPDX-License-Identifier: ISC
# tests/system/test_testlib.py - the tests' own tools tell the truth.
#
# A count of lost or doubled mail is worth what its instruments are worth:
# here the client talks straight to the sink, every behaviour is asked for,
# and the checker must go red for each kind of faked damage.
"""The recording client and sink, the invariant checker, the harness."""

import os
import selectors
import shutil
import socket
import subprocess
import sys
import types
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import harness  # noqa: E402
from harness import Client, Postern, Sink, check, wait_for  # noqa: E402

FNV_PRIME, FNV_START, MASK = 0x100000001b3, 0xcbf29ce484222325, (1 << 64) - 1


def fnv(data):
    total = FNV_START
    for byte in data:
        total = (total ^ byte) * FNV_PRIME & MASK
    return total


def judge(client, sink):
    return check([client.log], [sink.log])


class Talk:
    """An SMTP client that says exactly what it is told."""

    def __init__(self, target):
        self.socket = socket.create_connection((target.addr, target.port), 10)
        self.file = self.socket.makefile("rb")

    def say(self, text):
        self.socket.sendall(text.encode())

    def hear(self):
        """The last line of the next reply, "" at the end."""
        while True:
            line = self.file.readline().decode()
            if line[3:4] != "-":
                return line.strip()

    def ask(self, text):
        self.say(text + "\r\n")
        return self.hear()

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        assert self.hear().startswith("220 ")
        return self

    def __exit__(self, *_):
        self.close()


# --- client and sink ------------------------------------------------------

@pytest.mark.parametrize("options", [
    {},
    {"sessions": 10},
    {"sessions": 10, "pipelining": True},
    {"sessions": 7, "per_connection": 5},
    {"sessions": 7, "per_connection": 5, "pipelining": True, "rcpts": 3},
    {"rcpts": 40, "domain": "d%u.example", "domains": 7},
    {"body": 0}, {"body": 1}, {"body": 100}, {"body": 300000},
    {"sessions": 50, "retry": True},
], ids=lambda o: " ".join(o) or "plain")
def test_all_arrive(tmp_path, options):
    with Sink(tmp_path) as sink:
        client = Client(sink, messages=60, **options)
        result = client.run()
        summary = sink.stop()
    rcpts = options.get("rcpts", 1)
    assert (result.status, result.acknowledged) == (0, 60)
    assert (result.unknown, result.refused, result.failed) == (0, 0, 0)
    assert summary.messages == summary.distinct == 60
    assert summary.recipients == 60 * rcpts
    assert (summary.bad, summary.duplicates) == (0, 0)
    assert summary.max_concurrent <= options.get("sessions", 1) + 1
    verdict = judge(client, sink)
    assert verdict.ok and not verdict.duplicates
    assert (verdict.messages, verdict.acknowledged) == (60, 60 * rcpts)


def test_kept_connections_are_kept(tmp_path):
    with Sink(tmp_path) as sink:
        Client(sink, messages=60, per_connection=20, sessions=1).run()
        assert sink.stop().connections == 3


def test_recipients_go_round_the_domains(tmp_path):
    with Sink(tmp_path) as sink:
        Client(sink, messages=4, rcpts=2, domain="d%u.example",
               domains=3).run()
    seen = {line.split("\t")[1] for line in sink.log.read_text().splitlines()}
    assert seen == {f"r{r}@d{d}.example" for r in (0, 1) for d in range(3)
                    if any((2 * n + r) % 3 == d for n in range(1, 5))}


def test_saved_messages_are_what_was_said(tmp_path):
    folder = tmp_path / "mail"
    folder.mkdir()
    with Sink(tmp_path, "-S", folder) as sink:
        client = Client(sink, messages=70, body=5000)
        client.run()
    texts = [p.read_bytes() for p in sorted(folder.glob("*.eml"))]
    assert len(texts) == 70 and len(set(texts)) == 70
    assert any(b"\r\n." in t for t in texts)
    for text in texts:
        header, _, body = text.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in header.split(b"\r\n"))
        assert int(fields[b"X-Postern-Sum"], 16) == fnv(body)
        assert len(body) == 5000
        assert body.endswith(fields[b"X-Postern-Id"] + b"\r\n")
        assert max(map(len, body.split(b"\r\n"))) <= 998
        assert {b"From", b"To", b"Date", b"Message-ID", b"Subject"} < set(
            fields)
    envelope = (folder / "000001.env").read_text().splitlines()
    assert envelope == ["sender@client.example", "r0@example.org"]


def test_unix_socket(tmp_path):
    """The client speaks to a UNIX socket; a sink stands behind it."""
    path = tmp_path / "submit"
    with Sink(tmp_path) as sink, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        client = Client(sink, messages=1, path=path).start()
        near, _ = listener.accept()
        far = socket.create_connection((sink.addr, sink.port))
        with near, far:
            pump(near, far)
        assert client.finish().acknowledged == 1
        assert judge(client, sink).ok


def pump(a, b):
    """Carry bytes both ways until one side ends."""
    with selectors.DefaultSelector() as ready:
        ready.register(a, selectors.EVENT_READ, b)
        ready.register(b, selectors.EVENT_READ, a)
        while True:
            for key, _ in ready.select():
                data = key.fileobj.recv(65536)
                if not data:
                    return
                key.data.sendall(data)


@pytest.mark.parametrize("options", [
    ("-e",), ("-E",), ("-e", "-E")], ids=" ".join)
def test_plain_servers(tmp_path, options):
    with Sink(tmp_path, *options) as sink:
        client = Client(sink, messages=5, pipelining=True, rcpts=2)
        assert client.run().acknowledged == 5
        assert judge(client, sink).ok


@pytest.mark.parametrize("options, code", [
    (("-m", "550"), 550), (("-m", "451"), 451), (("-r", "452"), 452),
    (("-r", "553"), 553), (("-d", "554"), 554), (("-d", "451"), 451),
    (("-x", "r0@"), 550), (("-y", "example"), 451)], ids=str)
@pytest.mark.parametrize("pipelining", [False, True])
def test_refusals(tmp_path, options, code, pipelining):
    with Sink(tmp_path, *options) as sink:
        client = Client(sink, messages=3, pipelining=pipelining)
        result = client.run()
        assert sink.stop().messages == 0
    assert (result.status, result.refused, result.acknowledged) == (1, 3, 0)
    assert client.log.read_text().splitlines() == [
        f"!{client.prefix}-{n:06} {code}" for n in (1, 2, 3)]
    assert judge(client, sink).ok


def test_refused_greeting(tmp_path):
    with Sink(tmp_path, "-g", "554") as sink:
        result = Client(sink, messages=3).run()
    assert (result.status, result.failed, result.refused) == (1, 3, 0)


def test_some_recipients_refused(tmp_path):
    with Sink(tmp_path, "-x", "r1@", "-y", "r3@") as sink:
        client = Client(sink, messages=5, rcpts=5)
        assert client.run().acknowledged == 5
    verdict = judge(client, sink)
    assert verdict.ok and verdict.acknowledged == 15


def test_hang_up_after_dot_is_unknown(tmp_path):
    with Sink(tmp_path, "-1", "4") as sink:
        client = Client(sink, messages=10)
        result = client.run()
        summary = sink.stop()
    assert (result.unknown, result.acknowledged) == (4, 6)
    assert (summary.hung_up, summary.messages) == (4, 6)
    unknown = [line for line in client.log.read_text().splitlines()
               if line.startswith("?")]
    assert len(unknown) == 4
    assert judge(client, sink).ok


def test_lost_before_the_dot_is_not_unknown(tmp_path):
    """The server hangs up while most of the message is still here."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        target = types.SimpleNamespace(addr="127.0.0.1",
                                       port=listener.getsockname()[1])
        client = Client(target, tmp_path, messages=1, body=20000000).start()
        near, _ = listener.accept()
        with near:
            for code in (220, 250, 250, 250, 354):
                near.sendall(f"{code} x\r\n".encode())
                near.recv(4096)
        result = client.finish()
    assert (result.failed, result.unknown) == (1, 0)
    assert "?" not in client.log.read_text()


def test_retry_draws_new_ids(tmp_path):
    with Sink(tmp_path, "-1", "4") as sink:
        client = Client(sink, messages=10, sessions=3, retry=True)
        result = client.run()
    assert (result.status, result.unknown, result.acknowledged) == (0, 4, 10)
    verdict = judge(client, sink)
    assert verdict.ok and verdict.messages == 10 and not verdict.duplicates


def test_retry_waits_for_the_server(tmp_path):
    port = harness.free_port()
    target = types.SimpleNamespace(addr="127.0.0.1", port=port)
    client = Client(target, tmp_path, messages=20, sessions=5, retry=True)
    client.start()
    for name, stays in (("one", 8), ("two", 20)):
        with Sink(tmp_path, "-w", "5", port=port, name=name) as sink:
            wait_for(lambda n=stays: client.acknowledged() >= n,
                     what="acknowledgements")
            del sink
    assert client.finish().acknowledged == 20
    verdict = check([client.log], [tmp_path / "one.log",
                                   tmp_path / "two.log"])
    assert verdict.ok and verdict.acknowledged == 20


def test_time_limit(tmp_path):
    target = types.SimpleNamespace(addr="127.0.0.1", port=harness.free_port())
    result = Client(target, tmp_path, messages=5, retry=True, seconds=1).run()
    assert (result.status, result.acknowledged) == (1, 0)


def test_silent_server_is_given_up(tmp_path):
    with Sink(tmp_path, "-w", "600000") as sink:
        client = Client(sink, messages=1, reply_wait=1)
        result = client.run()
    assert (result.unknown, result.acknowledged) == (1, 0)
    assert sink.lines() == 0


def test_stopped_client_settles_what_is_open(tmp_path):
    with Sink(tmp_path, hold=True) as sink:
        client = Client(sink, messages=3, sessions=3).start()
        wait_for(lambda: sink.held() == 3, what="three dots")
        result = client.stop()
        assert (result.unknown, result.failed) == (3, 0)
        assert client.log.read_text().count("?") == 3
        # a server that is slow may take a message whose sender is gone
        sink.release()
        sink.wait(3)
    assert judge(client, sink).ok


def test_delay_and_hold(tmp_path):
    with Sink(tmp_path, "-w", "200") as sink:
        result = Client(sink, messages=50, sessions=50).run()
        assert 190000 <= result.dot_us.p50  # a loop turn less
        assert result.seconds < 9  # one after the other: ten
    with Sink(tmp_path, name="holding", hold=True) as sink:
        with Talk(sink) as talk:
            send_one(talk, "by hand", wait=False)
            # pipelined behind the dot: must wait for the 250 too
            talk.say("NOOP\r\n")
            talk.socket.settimeout(0.2)
            with pytest.raises(TimeoutError):
                talk.socket.recv(1)
            assert sink.lines() == 0
            sink.release()
            talk.socket.settimeout(10)
            said = b""
            while said.count(b"\r\n") < 2:
                said += talk.socket.recv(4096)
            assert [line[:3] for line in said.split(b"\r\n")[:2]] == [
                b"250", b"250"]
        assert sink.lines() == 1


def send_one(talk, header, body="hello\r\n", wait=True):
    assert talk.ask("EHLO me.example").startswith("250 ")
    assert talk.ask("MAIL FROM:<>").startswith("250 ")
    assert talk.ask("RCPT TO:<a@b.example>").startswith("250 ")
    assert talk.ask("DATA").startswith("354 ")
    talk.say(f"{header}\r\n\r\n{body}.\r\n")
    return talk.hear() if wait else None


def test_line_is_on_disk_before_the_250(tmp_path):
    with Sink(tmp_path) as sink, Talk(sink) as talk:
        for n in range(1, 50):
            assert send_one(talk, "Message-ID: <x@y>").startswith("250 ")
            assert sink.lines() == n
        assert sink.log.read_text().splitlines()[0].split("\t")[:3] == [
            "-", "a@b.example", "ok"]
        assert sink.log.read_text().splitlines()[0].endswith("\t<x@y>")


@pytest.mark.parametrize("body, state", [
    ("hello\r\n", "ok"), ("hellp\r\n", "BAD"), ("hello\r\n\r\n", "BAD"),
    ("", "BAD"), ("hello\n\r\n", "BAD"), (".hello\r\n", "ok")])
def test_sums_are_checked(tmp_path, body, state):
    header = ("Received: by hand\r\nX-Postern-Id: m-1\r\n"
              f"X-Postern-Sum: {fnv(b'hello' + bytes([13, 10])):016x}")
    with Sink(tmp_path) as sink, Talk(sink) as talk:
        send_one(talk, header, body)
        assert sink.log.read_text().split("\t")[:3] == [
            "m-1", "a@b.example", state]
        assert sink.stop().bad == (state == "BAD")


def test_sink_counts_duplicates(tmp_path):
    header = f"X-Postern-Id: m-1\r\nX-Postern-Sum: {fnv(b''):016x}"
    with Sink(tmp_path) as sink, Talk(sink) as talk:
        for _ in range(3):
            send_one(talk, header, "")
        send_one(talk, header.replace("m-1", "m-2"), "")
        summary = sink.stop()
    assert (summary.messages, summary.distinct, summary.duplicates,
            summary.bad) == (4, 2, 2, 0)


def test_id_without_sum_is_bad(tmp_path):
    with Sink(tmp_path) as sink, Talk(sink) as talk:
        send_one(talk, "X-Postern-Id: m-1")
        assert "\tBAD\t" in sink.log.read_text()


def test_reports_are_understood(tmp_path):
    report = ("--b\r\nX-Postern-Id: 10001g\r\n\r\n"
              "Final-Recipient: rfc822; gone@example.org\r\n"
              "Action: failed\r\n--b\r\nX-Postern-Id: m-7\r\n--b--\r\n")
    with Sink(tmp_path) as sink, Talk(sink) as talk:
        send_one(talk, "Message-ID: <r@relay>", report)
    lines = [line.split("\t") for line in sink.log.read_text().splitlines()]
    assert [line[:3] for line in lines] == [
        ["-", "a@b.example", "ok"], ["m-7", "gone@example.org", "dsn"]]


def test_long_line_and_odd_pieces(tmp_path):
    body = "." + "x" * 400000 + "\r\n" + "..\r\n" * 3
    plain = ("x" * 400000 + "\r\n" + ".\r\n" * 3).encode()
    header = f"X-Postern-Id: m-1\r\nX-Postern-Sum: {fnv(plain):016x}"
    with Sink(tmp_path) as sink, Talk(sink) as talk:
        send_one(talk, header, body)
        assert "\tok\t" in sink.log.read_text()
        assert talk.ask("MAIL FROM:<>").startswith("250 ")
        assert talk.ask("RCPT TO:<a@b.example>").startswith("250 ")
        assert talk.ask("DATA").startswith("354 ")
        text = header.replace("m-1", "m-2") + "\r\n\r\n" + "." + body[:3]
        talk.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in text + "\r\n.\r\n":
            talk.say(byte)
        assert talk.hear().startswith("250 ")
        assert sink.lines() == 2


def test_sequence_is_judged(tmp_path):
    with Sink(tmp_path) as sink, Talk(sink) as talk:
        for line, code in (("RCPT TO:<a@b>", "503"), ("DATA", "503"),
                           ("BAH", "500"), ("MAIL FROM:a", "501"),
                           ("MAIL FROM:<a@b>", "250"), ("DATA", "503"),
                           ("MAIL FROM:<a@b>", "503"), ("RSET", "250"),
                           ("RCPT TO:<a@b>", "503"), ("VRFY a", "252"),
                           ("NOOP", "250"), ("QUIT", "221")):
            assert talk.ask(line)[:3] == code, line
        assert talk.hear() == ""


# --- the checker ----------------------------------------------------------

@pytest.fixture(name="logs")
def two_logs(tmp_path):
    client = tmp_path / "client.log"
    sink = tmp_path / "sink.log"
    client.write_text("a-1\tx@e,y@e\t1\t2\na-2\tx@e\t1\t2\n?a-3\n!a-4 550\n"
                      "!a-5 451\n")
    sink.write_text("a-1\tx@e\tok\t3\na-1\ty@e\tok\t3\na-2\tx@e\tok\t3\n"
                    "-\tx@e\tok\t3\t<m@n>\n")
    return types.SimpleNamespace(client=client, sink=sink)


def verdict_with(logs, sink_more="", drop="", queue=()):
    text = logs.sink.read_text()
    logs.sink.write_text(text.replace(drop, "") + sink_more)
    return check([logs.client], [logs.sink], queue)


def test_checker_is_green(logs):
    verdict = verdict_with(logs)
    assert verdict.ok and verdict.acknowledged == 3 and verdict.foreign == 1
    assert verdict_with(logs, "a-3\tx@e\tok\t4\n").ok
    run = run_checker(logs)
    assert run.returncode == 0 and '"ok": true' in run.stdout


def run_checker(logs, *more):
    return subprocess.run(
        [sys.executable, harness.ROOT / "tests/lib/invariant.py", "--client",
         logs.client, "--sink", logs.sink, "--json", *more],
        capture_output=True, text=True, check=False)


def test_checker_sees_loss(logs):
    verdict = verdict_with(logs, drop="a-1\ty@e\tok\t3\n")
    assert not verdict.ok and verdict.lost == [("a-1", "y@e")]
    assert run_checker(logs).returncode == 1
    assert verdict_with(logs, queue=["a-1 y@e"]).ok
    assert verdict_with(logs, queue=["a-1"]).ok
    assert not verdict_with(logs, queue=["a-1 x@e", "a-2"]).ok
    assert verdict_with(logs, "a-1\ty@e\tdsn\t4\n").ok


def test_checker_sees_alteration(logs):
    verdict = verdict_with(logs, "a-3\tx@e\tBAD\t3\n")
    assert not verdict.ok and verdict.altered == [("a-3", "x@e")]


def test_checker_sees_duplicates(logs):
    verdict = verdict_with(logs, "a-2\tx@e\tok\t4\n" * 2)
    assert verdict.ok and verdict.duplicates == [("a-2", "x@e")] * 2
    assert run_checker(logs).returncode == 0
    assert run_checker(logs, "--max-duplicates", "1").returncode == 1


@pytest.mark.parametrize("line", [
    "a-9\tx@e\tok\t4\n", "a-4\tx@e\tok\t4\n", "a-2\tz@e\tok\t4\n"])
def test_checker_sees_invention(logs, line):
    verdict = verdict_with(logs, line)
    assert not verdict.ok and len(verdict.invented) == 1


def test_checker_counts_what_a_4yz_left_behind(logs):
    verdict = verdict_with(logs, "a-5\tx@e\tok\t4\n")
    assert verdict.ok and verdict.repeated == [("a-5", "x@e")]


def test_checker_refuses_bad_logs(logs):
    logs.sink.write_text("a-1\tx@e\tok\t3")
    with pytest.raises(ValueError):
        verdict_with(logs)
    logs.sink.write_text("a-1\tx@e\tfine\t3\n")
    with pytest.raises(ValueError):
        verdict_with(logs)
    logs.sink.write_text("")
    logs.client.write_text("a-1\tx@e\t1\t2\n?a-1\n")
    with pytest.raises(ValueError):
        verdict_with(logs)


def test_a_lying_sink_is_caught(tmp_path):
    """The whole chain: a message that is acknowledged and dropped."""
    with Sink(tmp_path) as sink:
        client = Client(sink, messages=10)
        client.run()
    lines = sink.log.read_text().splitlines(keepends=True)
    sink.log.write_text("".join(lines[:4] + lines[5:]))
    assert len(judge(client, sink).lost) == 1


# --- the harness ----------------------------------------------------------

FAKE = """#!/bin/sh
echo "2026-01-01 00:00:00.000 posternd[$$]: starting version=0" >&2
sleep 1000 & one=$!
sleep 1000 & two=$!
trap 'kill $one $two; exit 3' TERM
echo "2026-01-01 00:00:00.001 posternd[$$]: ready children=2" >&2
wait
"""


def fake_build(tmp_path, monkeypatch, text):
    build = tmp_path / "build"
    build.mkdir()
    (build / "posternd").write_text(text)
    (build / "posternd").chmod(0o755)
    monkeypatch.setattr(harness, "BUILD", build)


def two_of(postern, name):
    pids = postern.children().get(name, [])
    return pids if len(pids) == 2 else None


def test_harness_runs_and_stops(tmp_path, monkeypatch):
    fake_build(tmp_path, monkeypatch, FAKE)
    with Postern(tmp_path, "limit destination connections 60") as p:
        assert len(p.events("ready")) == 1 and len(p.events("starting")) == 1
        pids = wait_for(lambda: two_of(p, "sleep"))
        assert p.child("sleep", 1) == pids[1]
        assert p.tree() == [p.pid] + pids
        assert "limit destination" in p.conf.read_text()
        assert p.stop() == 3
        assert not any(harness.is_alive(pid) for pid in pids)
        p.start()
        pids = wait_for(lambda: two_of(p, "sleep"))
        assert len(p.events("ready")) == 1
        p.kill()
        assert not any(harness.is_alive(pid) for pid in pids)


def test_harness_says_why_it_gives_up(tmp_path, monkeypatch):
    fake_build(tmp_path, monkeypatch, "#!/bin/sh\necho bad word >&2; exit 1\n")
    with pytest.raises(AssertionError, match="bad word"):
        Postern(tmp_path)


def test_wait_for_names_what_it_waited_for():
    with pytest.raises(AssertionError, match="rain"):
        wait_for(lambda: False, 0.05, "rain")


def test_spooled_ids(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").write_bytes(
        b"Received: x\r\nX-Postern-Id: m-5\r\n\r\nX-Postern-Id: m-6\r\n")
    assert list(harness.spooled_ids(tmp_path)) == ["m-5"]


@pytest.mark.skipif(os.geteuid() != 0, reason="root: a namespace")
def test_a_closed_checkout_is_open_to_other_users(tmp_path):
    top = tmp_path / "closed" / "checkout"
    (top / "tests" / "lib").mkdir(parents=True)
    for name in ("in-namespace", "ns.py"):
        shutil.copy(harness.ROOT / "tests" / "lib" / name, top / "tests/lib")
    top.parent.chmod(0o700)
    env = {k: v for k, v in os.environ.items() if k != "POSTERN_NAMESPACE"}
    done = subprocess.run(
        ["tests/lib/in-namespace", "setpriv", "--reuid=65534", "--regid=65534",
         "--clear-groups", "sh", "-c", 'cat "$(pwd -P)/tests/lib/ns.py"'],
        cwd=top, env=env, capture_output=True, check=False)
    assert done.stdout == (top / "tests/lib/ns.py").read_bytes(), done.stderr
