# SPDX-License-Identifier: ISC
# tests/lib/harness.py - starts postern and the tests' own ends of it.
#
# Everything that a test starts is stopped by its own pid, in bounded time.
# Nothing sleeps for a fixed time: wait_for() polls a condition, and says
# what it waited for when it gives up.
"""The parts of a system test.

    def test_relay(tmp_path):
        with Sink(tmp_path) as sink, Postern(tmp_path, sink.route()) as p:
            client = Client(p, messages=100, sessions=10)
            assert client.run().acknowledged == 100
            wait_for(lambda: sink.lines() >= 100, 10, "delivery")
            assert check([client.log], [sink.log]).ok
"""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from invariant import check  # noqa: E402,F401  (tests take it from here)

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", ROOT / "build")).resolve()
PATIENCE = float(os.environ.get("POSTERN_TEST_PATIENCE", "20"))


def wait_for(condition, timeout=PATIENCE, what=None, poll=0.01):
    """The first true value of condition(); AssertionError after timeout."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            name = what() if callable(what) else \
                what or getattr(condition, "__name__", "condition")
            raise AssertionError(f"waited {timeout} s in vain for {name}")
        time.sleep(poll)


def free_port(addr="127.0.0.1"):
    """A TCP port that was free a moment ago.

    From below those that the kernel gives to outgoing connections, so that
    none of the test's own takes it meanwhile.
    """
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    while True:
        port = random.randint(10000, 32000)
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((addr, port))
            except OSError:
                continue
            return port


def is_alive(pid):
    """True unless the process is gone or a zombie."""
    stat = read_proc(pid, "stat")
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def read_proc(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except OSError:
        return ""


LARGEST_REGION = 1 << 30


def memory_holds(pid, marks):
    """The marks that stand in the memory of a process."""
    found = set()
    regions = [re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
               for line in read_proc(pid, "maps").splitlines()
               if "[v" not in line]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for region in filter(None, regions):
            start, end = (int(word, 16) for word in region.groups())
            if end - start > LARGEST_REGION:
                continue  # a sanitizer's shadow
            try:
                mem.seek(start)
                data = mem.read(end - start)
            except OSError:
                continue
            found |= {what for what, mark in marks.items() if mark in data}
    return found


def children_of(pid):
    """Pids of the live children, from /proc alone."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = read_proc(entry, "stat").rpartition(")")[2].split()
            if len(fields) > 1 and fields[1] == str(pid) and fields[0] != "Z":
                found.append(int(entry))
    return sorted(found)


def stop_process(process, sig=signal.SIGTERM, timeout=PATIENCE):
    """End a Popen by signal, by SIGKILL when it does not listen."""
    if process.poll() is None:
        process.send_signal(sig)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(
            f"pid {process.pid} did not end in {timeout} s") from None


def count_lines(path):
    try:
        with open(path, "rb") as f:
            return sum(piece.count(b"\n")
                       for piece in iter(lambda: f.read(1 << 20), b""))
    except FileNotFoundError:
        return 0


class Running:
    """A tool of build/tests that prints "port N" and runs till SIGTERM."""

    def __init__(self, argv, log, addr):
        self.addr = addr
        self.log = Path(log)
        self.summary = None
        self.process = subprocess.Popen(
            [str(word) for word in argv], stdout=subprocess.PIPE, text=True)
        word, _, number = self.process.stdout.readline().partition(" ")
        assert word == "port", f"{argv[0]} did not start"
        self.port = int(number)

    def stop(self):
        """End it; the summary as a namespace, if it gives one."""
        if self.process.stdout.closed:
            return self.summary
        try:
            status = stop_process(self.process)
            text = self.process.stdout.read()
        finally:
            self.process.stdout.close()
        assert status == 0, f"{self.process.args[0]}: status {status}"
        if text.startswith("{"):
            self.summary = json.loads(text,
                                      object_hook=lambda d:
                                      types.SimpleNamespace(**d))
        return self.summary

    def lines(self):
        return count_lines(self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Sink(Running):
    """build/tests/sink; options are its command line options.

    With hold=True no message gets its 250 until release().
    """

    def __init__(self, tmpdir, *options, addr="127.0.0.1", port=0,
                 name="sink", hold=False):
        log = Path(tmpdir) / f"{name}.log"
        self.hold_file = Path(tmpdir) / f"{name}.hold"
        if hold:
            self.hold()
        super().__init__([BUILD / "tests/sink", "-j", "-h", addr, "-p", port,
                          "-o", log, "-W", self.hold_file, *options], log,
                         addr)

    def hold(self):
        """From now on, no 250 for a dot."""
        self.hold_file.touch()

    def release(self):
        """Every message that waits gets its 250 within 20 ms."""
        self.hold_file.unlink()

    def held(self):
        """How many messages have come to their dot and wait."""
        return count_lines(self.hold_file)

    def route(self):
        """The configuration line that sends everything here."""
        return f'route any to host "[{self.addr}]" port {self.port}'

    def wait(self, n, timeout=PATIENCE):
        """Until n lines (recipients) are logged."""
        wait_for(lambda: self.lines() >= n, timeout,
                 f"{n} recipients at the sink")


class Dns(Running):
    """build/tests/dns with records ("name TYPE data") and behaviours."""

    def __init__(self, tmpdir, records=(), behaviours=(), *options,
                 addr="127.0.0.1", port=0, name="dns"):
        log = Path(tmpdir) / f"{name}.log"
        words = [word for r in records for word in ("-r", r)]
        words += [word for b in behaviours for word in ("-b", b)]
        super().__init__([BUILD / "tests/dns", "-h", addr, "-p", port,
                          "-o", log, *options, *words], log, addr)

    def setting(self):
        return f"resolver {self.addr} port {self.port}"

    def questions(self):
        """Namespaces of name, type, proto, port, id, in order; without the
        one by which postern-resolve looks whether we validate."""
        keys = ("name", "type", "proto", "port", "id")
        if not self.log.exists():
            return []
        return [types.SimpleNamespace(**dict(zip(keys, line.split())))
                for line in self.log.read_text().splitlines()
                if not line.startswith(". SOA ")]


class Client:
    """build/tests/client against anything that has addr and port.

    Names of options: messages, sessions, body, rcpts, domain, domains,
    sender, per_connection, seconds, prefix, pipelining, retry, reply_wait;
    path for a UNIX socket; cut_at, cut: the 250 that cuts which folder's
    power.
    """

    numbered = 0
    FLAGS = {"messages": "-n", "sessions": "-c", "body": "-s", "rcpts": "-r",
             "domain": "-d", "domains": "-D", "sender": "-f",
             "per_connection": "-k", "seconds": "-t", "reply_wait": "-w",
             "path": "-u", "pipelining": "-P", "retry": "-R",
             "cut_at": "-x", "cut": "-X"}

    def __init__(self, target, tmpdir=None, prefix=None, **options):
        Client.numbered += 1
        self.prefix = prefix or f"c{os.getpid()}x{Client.numbered}"
        folder = Path(tmpdir or target.log.parent)
        self.log = folder / f"client-{self.prefix}.log"
        self.argv = [BUILD / "tests/client", "-j", "-i", self.prefix, "-o",
                     self.log, "-h", target.addr, "-p", target.port]
        for name, value in options.items():
            if value is True:
                self.argv.append(self.FLAGS[name])
            elif value is not False:
                self.argv += [self.FLAGS[name], value]
        self.process = None

    def start(self):
        self.process = subprocess.Popen([str(w) for w in self.argv],
                                        stdout=subprocess.PIPE, text=True)
        return self

    def finish(self, timeout=600):
        """Wait; the summary as a namespace, with the exit status."""
        try:
            text, _ = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise AssertionError(
                f"the client did not end in {timeout} s") from None
        result = json.loads(text, object_hook=lambda d:
                            types.SimpleNamespace(**d))
        result.status = self.process.returncode
        return result

    def run(self, timeout=600):
        return self.start().finish(timeout)

    def stop(self):
        """End it early; what is in flight is settled as unknown."""
        self.process.terminate()
        return self.finish(PATIENCE)

    def acknowledged(self):
        """How many 250s are on record so far."""
        if not self.log.exists():
            return 0
        with open(self.log, encoding="utf-8") as f:
            return sum(line[0] not in "?!" for line in f)


class Postern:
    """A posternd in the foreground, with a configuration of its own.

    conf is text added to the usual lines; it is a context manager.  addr
    and port are where it listens, programs the folder of the children.
    Without root (or with sandbox=False) "sandbox off" is written.
    """

    def __init__(self, tmpdir, conf="", *, sandbox=None, start=True,
                 hostname="relay.example", addr="127.0.0.1", port=None,
                 programs=BUILD):
        self.dir = Path(tmpdir)
        self.spool = self.dir / "spool"
        self.runtime = self.dir / "run"
        self.control = self.runtime / "control"
        self.conf = self.dir / "postern.conf"
        self.log = self.dir / "postern.log"
        self.addr = addr
        self.port = port or free_port(addr)
        self.programs = programs
        self.process = None
        self.log_from = 0
        if sandbox is None:
            sandbox = os.geteuid() == 0
        lines = [f'hostname "{hostname}"', f'spool "{self.spool}"',
                 f'runtime "{self.runtime}"',
                 f"listen on {addr} port {self.port}", "accept from local"]
        if not sandbox:
            lines.append("sandbox off")
        self.write_conf("\n".join(lines) + "\n" + conf + "\n")
        if start:
            self.start()

    def write_conf(self, text):
        self.conf.write_text(text)

    def argv(self, *more):
        return [str(w) for w in (BUILD / "posternd", *more, "-f", self.conf,
                                 "-x", self.programs)]

    def start(self, timeout=PATIENCE):
        """Run posternd -d and wait for its "ready"."""
        self.spool.mkdir(exist_ok=True)
        self.runtime.mkdir(exist_ok=True)
        with open(self.log, "ab") as log:
            self.log_from = log.tell()
            self.process = subprocess.Popen(
                self.argv("-d"), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd=self.dir)
        try:
            wait_for(lambda: self.process.poll() is not None or
                     self.events("ready"), timeout, "postern to be ready")
            assert self.process.poll() is None, "posternd ended at once"
        except AssertionError as failure:
            self.kill()
            raise AssertionError(f"{failure}\n{self.tail()}") from None
        return self

    def reload(self, text, timeout=PATIENCE):
        """Another configuration by SIGHUP; ready again."""
        n = len(self.events("ready"))
        self.write_conf(text)
        self.process.send_signal(signal.SIGHUP)
        self.wait_event("ready", timeout, n + 1)

    def check_conf(self):
        """posternd -n: the finished process, with its output as text."""
        return subprocess.run(self.argv("-n"), capture_output=True,
                              text=True, timeout=PATIENCE, check=False)

    @property
    def pid(self):
        return self.process.pid

    def children(self):
        """{name: [pid, ...]}; workers of a kind in the order of pids."""
        found = {}
        for pid in children_of(self.pid):
            words = read_proc(pid, "cmdline").replace("\0", " ").split(" ")
            name = os.path.basename(words[0].rstrip(":"))
            name = name or read_proc(pid, "comm").strip()
            if "client" in words[1:]:  # postern-tls of the deliver workers
                name += "-client"
            found.setdefault(name.removeprefix("postern-"), []).append(pid)
        return found

    def child(self, name, worker=0):
        """The pid of postern-NAME, or of its worker of that number."""
        return self.children()[name.removeprefix("postern-")][worker]

    def tree(self):
        """Every pid: posternd first."""
        return [self.pid] + children_of(self.pid)

    def log_lines(self):
        """Lines since the last start; one that is being written is none."""
        try:
            with open(self.log, "rb") as f:
                f.seek(self.log_from)
                text = f.read().decode(errors="replace")
        except FileNotFoundError:
            return []
        return text[:text.rfind("\n") + 1].splitlines()

    def events(self, word):
        """Lines of the log whose event is this word."""
        return [line for line in self.log_lines() if event_of(line) == word]

    def wait_event(self, word, timeout=PATIENCE, n=1):
        wait_for(lambda: len(self.events(word)) >= n, timeout,
                 f"{n} log line(s) {word}")
        return self.events(word)

    def tail(self, n=30):
        return "\n".join(self.log_lines()[-n:])

    def tool(self, *words, check_status=True):
        """Run build/postern on this instance; its standard output."""
        done = subprocess.run(
            [str(BUILD / "postern"), "-s", str(self.control), *words],
            capture_output=True, text=True, timeout=PATIENCE, check=False)
        if check_status and done.returncode != 0:
            raise AssertionError(f"postern {words}: {done.stderr}")
        return done.stdout

    def queue(self):
        """The queue: a dict for each line of postern queue --json."""
        return [json.loads(line)
                for line in self.tool("queue", "--json").splitlines()
                if line.strip()]

    def wait_empty(self, timeout=PATIENCE):
        wait_for(lambda: not self.queue(), timeout, "an empty queue",
                 poll=0.05)

    def queued_ids(self):
        """Ids of the tests' messages whose bodies are in the spool."""
        return sorted(set(spooled_ids(self.spool)))

    def stop(self, timeout=PATIENCE):
        """SIGTERM; its exit status.  No child may outlive it."""
        pids = children_of(self.pid) if self.process.poll() is None else []
        status = stop_process(self.process, timeout=timeout)
        wait_for(lambda: not any(is_alive(p) for p in pids), timeout,
                 "the children to end")
        return status

    def kill(self):
        """SIGKILL to posternd and all its children."""
        pids = children_of(self.pid) if self.process.poll() is None else []
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for(lambda: not any(is_alive(p) for p in pids),
                 what="killed children to be gone")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process is None:
            return
        if kind is not None:
            print(self.tail(), file=sys.stderr)
        if self.process.poll() is None:
            self.stop()


def event_of(line):
    """The event word of a log line, behind time stamp and "name[pid]:"."""
    before, colon, after = line.partition("]: ")
    rest = after if colon and "[" in before else line
    return rest.split(" ", 1)[0]


def spooled_ids(spool):
    for folder, _, names in os.walk(spool):
        for name in names:
            try:
                with open(os.path.join(folder, name), "rb") as f:
                    head = f.read(65536)
            except OSError:
                continue
            for line in head.split(b"\n"):
                if line.lower().startswith(b"x-postern-id:"):
                    yield line.split(b":", 1)[1].strip().decode()
                    break
