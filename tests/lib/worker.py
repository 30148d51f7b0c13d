# SPDX-License-Identifier: ISC
# tests/lib/worker.py - one postern-deliver, driven from outside.
#
# Plays posternd, queue and resolve for it over their socketpairs, so that
# every verdict can be seen as queue sees it.
"""A deliver worker and the frames it understands.

    with Worker(tmp_path) as w:
        job = w.job(f"[127.0.0.1]", server.port, rcpts=["a@b.example"])
        assert job.wait().status(0) == (2, 250, "2.0.0")
"""

import array
import os
import re
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from harness import BUILD, PATIENCE, ROOT

VERSION, FLAG_FD, FLAG_OURS = 1, 1, 2
BOOT, SETTING, MX_ALLOW, PEER, BOOT_END, READY, BROKEN = 1, 2, 7, 9, 11, 12, 13
JOB, JOB_RCPT, RESULT, JOB_DONE, HELD_ASK, HELD, HELD_END = range(64, 71)
LATE, RETIRE, PAST_DOT = 71, 72, 73
MSG_ROUTE, HOP_WANT, HOP_SOCKET, HOP_NONE = 5, 27, 28, 29
QUESTION, ANSWER_MX, ANSWER_ADDR, ANSWER_END = range(96, 100)
KIND_QUEUE, KIND_DELIVER, KIND_RESOLVE = 2, 3, 4
KEY_HOSTNAME = 0
MX, HOST, LMTP = 1, 2, 4
FOUND, NONE, NO_NAME, TROUBLE, MALFORMED = range(1, 6)
ROUTE, CONNECT, MAIL, DATA, DOT = range(1, 6)
DONE, LATER, NEVER = 2, 4, 5
FIRST_RCPT = 7  # numbers are queue's own


def key_number(name):
    """Of a setting in common/conf/conf.h: its place among them."""
    head = (ROOT / "common/conf/conf.h").read_text()
    keys = re.search(r"enum conf_key \{(.*?)\}", head, re.S).group(1)
    return re.findall(r"^\t(KEY_\w+)", keys, re.M).index(name)




def text(s):
    data = s.encode() if isinstance(s, str) else s
    return struct.pack("<H", len(data)) + data


def take_text(data, at):
    n, = struct.unpack_from("<H", data, at)
    return data[at + 2:at + 2 + n].decode(), at + 2 + n


class Channel:
    """Our end of a channel: frames out and in."""

    def __init__(self):
        self.sock, self.theirs = socket.socketpair(socket.AF_UNIX,
                                                   socket.SOCK_SEQPACKET)
        self.theirs.setblocking(False)
        self.next_id = 0

    def open(self):
        self.next_id += 1
        return self.next_id

    def send(self, number, payload=b"", conv=0, ours=True, fd=None):
        flags = (FLAG_FD if fd is not None else 0) | \
            (FLAG_OURS if conv and ours else 0)
        frame = struct.pack("<BBHIQ", VERSION, flags, number, len(payload),
                            conv) + payload
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array("i", [fd]))] if fd is not None else []
        self.sock.sendmsg([frame], anc)

    def receive(self, timeout):
        """A list of (number, conv, opened by them, payload); [] at time-out;
        None at the end of the channel."""
        self.sock.settimeout(max(timeout, 0.001))
        try:
            data = self.sock.recv(1 << 17)
        except (TimeoutError, BlockingIOError):
            return []
        except ConnectionResetError:
            return None
        if not data:
            return None
        frames, at = [], 0
        while at < len(data):
            _, flags, number, size, conv = struct.unpack_from("<BBHIQ", data,
                                                              at)
            at += 16
            frames.append((number, conv, bool(flags & FLAG_OURS),
                           data[at:at + size]))
            at += size
        return frames

    def close(self):
        self.sock.close()
        self.theirs.close()


class Job:
    """What queue would know of one job."""

    def __init__(self, worker, nrcpts, key=None):
        self.worker, self.nrcpts, self.key = worker, nrcpts, key
        self.results = {}
        self.done = None
        self.dots = 0

    def wait(self, timeout=PATIENCE):
        self.worker.until(lambda: self.done, timeout, "the end of a job")
        return self

    def whole(self, rcpt=0):
        return self.results.get(rcpt, self.done)

    def status(self, rcpt=0):
        """(verdict, SMTP code, enhanced code)"""
        r = self.whole(rcpt)
        return r["verdict"], r["smtp"], r["code"]

    def text(self, rcpt=0):
        return self.whole(rcpt)["text"]

    @property
    def stage(self):
        return self.done["stage"]


def take_status(data, at, verdict):
    smtp, subject, detail = struct.unpack_from("<HHH", data, at)
    return {"verdict": verdict, "smtp": smtp,
            "code": f"{verdict}.{subject}.{detail}"}, at + 6


class Worker:
    """mx: {name: answer}; hosts: {name: answer}, where an answer is a list
    of (preference, host) or of addresses, or one of the kinds above.
    settings: {"KEY_NAME": number}.  sockets: paths to which routes lead, in their order, by LMTP."""

    def __init__(self, tmpdir, connections=20, hostname="relay.example",
                 allow=("127.0.0.0/8",), mx=None, hosts=None, resolver=True,
                 sockets=(), settings=None):
        self.dir = Path(tempfile.mkdtemp(dir=tmpdir))
        self.dir.chmod(0o755)
        self.mx, self.hosts = mx or {}, hosts or {}
        self.jobs, self.held, self.lates, self.bodies = {}, [], [], {}
        self.sockets, self.wanted = [str(path) for path in sockets], []
        self.held_end = False
        self.retired = False
        self.questions, self.broken = [], None
        self.number = 0
        self.control = Channel()
        fd = self.control.theirs.fileno()
        self.errors = open(self.dir / "errors", "wb")
        self.process = subprocess.Popen(
            [str(BUILD / "postern-deliver")], stderr=self.errors,
            preexec_fn=lambda: os.dup2(fd, 3), close_fds=True, pass_fds=(3,))
        self.control.theirs.close()
        self.boot({"KEY_DESTINATION_CONNECTIONS": connections,
                   **(settings or {})}, hostname, allow)
        self.queue = self.attach(KIND_QUEUE)
        self.resolve = self.attach(KIND_RESOLVE) if resolver else None
        self.control.send(BOOT_END)
        self.ready = False
        self.until(lambda: self.ready, what="the worker to be ready")

    def boot(self, settings, hostname, allow):
        send = self.control.send
        send(BOOT, struct.pack("<HHIIIIBBB", KIND_DELIVER, 0, 0, 65534, 65534,
                               65534, 1, 0, 0) + text(str(self.dir)))
        send(SETTING, struct.pack("<HQ", KEY_HOSTNAME, 0) + text(hostname))
        for key, value in settings.items():
            send(SETTING, struct.pack("<HQ", key_number(key), value) +
                 text(""))
        for path in self.sockets:
            send(MSG_ROUTE, struct.pack("<BBBBBHHHI", 1, 0, LMTP, 0, 0, 0, 0,
                                        0, 0) + text("") * 2 + text(path))
        for network in allow:
            ip, _, bits = network.partition("/")
            raw = socket.inet_aton(ip).ljust(16, b"\0")
            send(MX_ALLOW, struct.pack("<BB", 4, int(bits)) + raw)

    def attach(self, kind):
        ch = Channel()
        self.control.send(PEER, struct.pack("<HHII", kind, 0, 0, 1),
                          fd=ch.theirs.fileno())
        ch.theirs.close()
        return ch

    def lose_queue(self):
        """queue dies; conversations are gone."""
        self.queue.close()
        self.jobs = {}

    def new_queue(self, ask=True):
        self.held, self.held_end = [], False
        self.queue = self.attach(KIND_QUEUE)
        if ask:
            self.ask_held()

    def ask_held(self):
        self.queue.send(HELD_ASK, conv=self.queue.open())

    def job(self, host, port, rcpts=("to@there.example",), body=b"hello\r\n",
            sender="from@here.example", flags=0, transport=HOST, size=None):
        self.number += 1
        if body not in self.bodies:
            self.bodies[body] = self.dir / f"body-{self.number}"
            self.bodies[body].write_bytes(body)
        conv = self.queue.open()
        token = struct.pack("<Q", self.number) * 2
        key = struct.pack("<QIII", self.number, 1, 1, 0) + token
        size = len(body) if size is None else size
        with open(self.bodies[body], "rb") as f:
            self.queue.send(JOB, key + struct.pack(
                "<QIIBBH", size, flags, len(rcpts), 0, transport, port) +
                text(host) + text(sender) + text(""), conv=conv,
                fd=f.fileno())
        self.jobs[conv] = Job(self, len(rcpts), key)
        for n, rcpt in enumerate(rcpts):
            self.queue.send(JOB_RCPT, struct.pack("<IB", FIRST_RCPT + n, 0) +
                            text(rcpt) + text(""), conv=conv)
        return self.jobs[conv]

    def until(self, condition, timeout=PATIENCE, what="a condition"):
        end = time.monotonic() + timeout
        while not condition():
            left = end - time.monotonic()
            assert left > 0, f"waited {timeout} s in vain for {what}"
            self.step(min(left, 0.02))

    def step(self, timeout=0.0):
        """Takes what is there on every channel."""
        for number, _, _, data in self.control.receive(0.001) or []:
            if number == READY:
                self.ready = True
            elif number == BROKEN:
                self.broken = take_text(data, 8)[0]
            elif number == HOP_WANT:
                self.on_hop_want(*struct.unpack("<IH", data))
        if self.resolve is not None:
            for frame in self.resolve.receive(0.001) or []:
                self.on_resolve(*frame)
        if self.queue.sock.fileno() != -1:
            for frame in self.queue.receive(timeout) or []:
                self.on_queue(*frame)

    def on_hop_want(self, ticket, route):
        """As master/hop.c does it."""
        self.wanted.append(route)
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(self.sockets[route - 1])
            except OSError as e:
                self.control.send(HOP_NONE, struct.pack("<I", ticket) +
                                  text(os.strerror(e.errno)))
                return
            self.control.send(HOP_SOCKET, struct.pack("<I", ticket),
                              fd=s.fileno())

    def on_queue(self, number, conv, theirs, data):
        if number == HELD:
            self.held.append(data)
        elif number == HELD_END:
            self.held_end = True
        elif number == RETIRE:
            assert not self.retired, "retired twice"
            self.retired = True
        elif number == LATE:
            assert self.held_end, "late before the held ones were told"
            job = Job(self, struct.unpack_from("<I", data, 36)[0], data[:36])
            self.lates.append(job)
            self.jobs[("late", conv)] = job
        elif number == PAST_DOT:
            job = self.jobs[conv]
            assert not theirs and job.done is None
            job.dots += 1
        elif number in (RESULT, JOB_DONE):
            job = self.jobs[("late", conv) if theirs else conv]
            assert job.done is None, "something after the end of a job"
            if number == RESULT:
                self.on_result(job, data)
            else:
                self.on_done(job, data)
        else:
            raise AssertionError(f"queue got message {number}")

    def on_result(self, job, data):
        rcpt, verdict = struct.unpack_from("<IB", data)
        r, at = take_status(data, 5, verdict)
        r["text"], _ = take_text(data, at)
        rcpt -= FIRST_RCPT
        assert 0 <= rcpt < job.nrcpts and rcpt not in job.results
        job.results[rcpt] = r

    def on_done(self, job, data):
        verdict, stage = struct.unpack_from("<BB", data)
        r, at = take_status(data, 4, verdict)
        r["stage"], r["family"] = stage, data[at]
        r["address"] = data[at + 1:at + 17]
        r["host"], at = take_text(data, at + 17)
        r["tls"], at = take_text(data, at)
        r["text"], _ = take_text(data, at)
        job.done = r

    def on_resolve(self, number, conv, _theirs, data):
        assert number == QUESTION
        kind, name = data[0], take_text(data, 3)[0]  # behind a port
        self.questions.append((kind, name))
        table = self.mx if kind == 1 else self.hosts
        answer = table.get(name, NO_NAME)
        if answer is None:
            return
        self.answer(conv, kind, answer)

    def answer(self, conv, kind, answer):
        send = self.resolve.send
        for row in answer if isinstance(answer, list) else []:
            if kind == 1:
                send(ANSWER_MX, struct.pack("<H", row[0]) + text(row[1]),
                     conv, False)
            else:
                family = 6 if ":" in row else 4
                raw = socket.inet_pton(socket.AF_INET6 if family == 6 else
                                       socket.AF_INET, row).ljust(16, b"\0")
                send(ANSWER_ADDR, bytes([family]) + raw, conv, False)
        end = FOUND if isinstance(answer, list) else answer
        send(ANSWER_END, struct.pack("<BBBI", end, 0, 0, 60) + text("") +
             text("servfail"),
             conv, False)

    def alive(self):
        return self.process.poll() is None

    def cpu_ms(self):
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        words = stat.rpartition(")")[2].split()
        return 10 * (int(words[11]) + int(words[12]))

    def stop(self, timeout=PATIENCE):
        """posternd goes: the exit status."""
        self.control.sock.close()
        return self.process.wait(timeout)

    def errors_text(self):
        return (self.dir / "errors").read_text(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.alive() and kind is None:
            assert self.stop() == 0
        if self.alive():
            self.process.kill()
        self.process.wait()
        self.errors.close()
        if kind is not None:
            print(self.errors_text())
        for ch in (self.control, self.queue, self.resolve):
            if ch is not None:
                ch.close()
