# SPDX-License-Identifier: ISC
"""tests/bench/load.py - the recording client and sink, and what their logs
say: nothing lost, how fast, how late.

All times are microseconds of the monotonic clock, the same in every process.
"""

import json
import os
import socket
import subprocess
import time

import peers
import tlskit

TOOLS = peers.TOP + "/build/tests"
BYTES = 4096
DOMAIN = "d%u.example.org"  # of recipients; %u: below the case's domains
MX_ADDRESS = "127.0.0.2"    # 127.0.0.1 would be the sides' own


class BenchError(Exception):
    pass


class Sink(peers.Peer):
    """build/tests/sink; its log has a line for each recipient it took."""

    name = "sink"

    def __init__(self, directory, address="127.0.0.1", port=0):
        super().__init__(directory, port=1)
        self.address, self.wanted = address, port
        self.log = self.directory + "/sink.log"
        self.position = 0
        self.lines = 0

    def command(self):
        return [TOOLS + "/sink", "-q", "-h", self.address,
                "-p", str(self.wanted), "-o", self.log]

    def start(self):
        for path in (self.log, self.output):
            if os.path.exists(path):
                os.unlink(path)
        return super().start()

    def ready(self):
        with open(self.output) as f:
            words = f.read().split()
        if len(words) < 2:
            return False
        self.port = int(words[1])
        return True

    def count(self):
        """Lines in the log by now."""
        try:
            with open(self.log, "rb") as f:
                f.seek(self.position)
                new = f.read()
        except FileNotFoundError:
            return 0
        self.position += len(new)
        self.lines += new.count(b"\n")
        return self.lines

    def wait_for(self, lines, patience):
        """Until so many lines are there; patience starts anew with each."""
        seen, since = -1, time.monotonic()
        while (now := self.count()) < lines:
            if now != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() - since > patience:
                return
            time.sleep(0.005)

    def arrivals(self, first_line=0, rcpts=1):
        """({id: time of its last recipient}, duplicates), of those messages
        that have come to all of theirs; a damaged body is an error."""
        last, seen, again = {}, {}, 0
        with open(self.log) as f:
            for line in f.read().splitlines()[first_line:]:
                fields = line.split("\t")
                if fields[2] != "ok":
                    raise BenchError(f"the sink got: {line}")
                name = fields[4] if fields[0] == "-" else fields[0]
                known = seen.setdefault(name, set())
                if fields[1] in known:
                    again += 1
                    continue
                known.add(fields[1])
                last[name] = int(fields[3])
        return {name: at for name, at in last.items()
                if len(seen[name]) == rcpts}, again


class Accepted:
    """What the client has been told 250 for."""

    def __init__(self, log):
        self.start, self.end = {}, {}
        with open(log) as f:
            for line in f:
                if line[0] in "?!":
                    raise BenchError(f"the client was not served: {line}")
                fields = line.rstrip("\n").split("\t")
                self.start[fields[0]] = int(fields[2])
                self.end[fields[0]] = int(fields[3])


class Dns(peers.Peer):
    """build/tests/dns: every domain's mail goes to the sink."""

    name = "dns"

    def __init__(self, directory):
        super().__init__(directory, port=53)

    def command(self):
        return [TOOLS + "/dns", "-h", "127.0.0.1", "-p", "53",
                "-r", "*.example.org MX 10 mx.example.net",
                "-r", f"mx.example.net A {MX_ADDRESS}"]

    def ready(self):
        return peers.dns_answers("127.0.0.1", 53, "mx.example.net") or \
            os.path.getsize(self.output) > 0


class TlsFront(peers.Peer):
    """stunnel, which offers STARTTLS before a server that has none."""

    name = "stunnel4"

    def __init__(self, directory, next_port):
        super().__init__(directory)
        self.next_port = next_port
        self.root = peers.root_of(self.name)
        self.pair = tlskit.Pair(self.directory, "front")

    def command(self):
        conf = self.directory + "/stunnel.conf"
        with open(conf, "w") as f:
            f.write(f"foreground = yes\npid =\ndebug = 4\n"
                    f"socket = l:TCP_NODELAY=1\nsocket = r:TCP_NODELAY=1\n"
                    f"[smtp]\nprotocol = smtp\n"
                    f"accept = 127.0.0.1:{self.port}\n"
                    f"connect = 127.0.0.1:{self.next_port}\n"
                    f"cert = {self.pair.certificate}\n"
                    f"key = {self.pair.key}\n")
        return [self.root + "/usr/bin/stunnel4", conf]

    def environment(self):
        return dict(os.environ,
                    LD_LIBRARY_PATH=peers.library_path(self.root))

    def ready(self):
        """It hears nothing but EHLO and STARTTLS."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                s.settimeout(2)
                return s.recv(512).startswith(b"220")
        except OSError:
            return False


def start_client(port, case, messages, log, prefix):
    if os.path.exists(log):
        os.unlink(log)
    return subprocess.Popen(
        [TOOLS + "/client", "-h", "127.0.0.1", "-p", str(port),
         "-c", str(case.sessions), "-n", str(messages),
         "-s", str(case.bytes), "-r", str(case.rcpts),
         "-d", DOMAIN, "-D", str(case.domains), "-o", log, "-i", prefix, "-j"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        preexec_fn=peers.die_with_parent)


def finish_client(process, messages):
    """Waits for the client's end; gives its summary."""
    summary = json.loads(process.communicate()[0])
    if process.returncode != 0 or summary["acknowledged"] != messages:
        raise BenchError(f"the client was not served: {summary}")
    return summary


def percentile(values, percent):
    if not values:
        return None
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]


def spread(values):
    """Milliseconds of a list of microseconds."""
    return {f"p{p}": round(percentile(values, p) / 1000, 3) for p in (50, 95)}


def compare(accepted, arrived, again):
    """The rates and delays of one run; an error if anything is missing."""
    lost = set(accepted.end) - set(arrived)
    if lost:
        raise BenchError(f"lost {len(lost)} of {len(accepted.end)} "
                         f"acknowledged messages, so {min(lost)}")
    begin = min(accepted.start.values())
    n = len(accepted.end)
    return {
        "messages": n,
        "duplicates": again,
        "accepted_per_s": n * 1e6 / (max(accepted.end.values()) - begin),
        "relayed_per_s": n * 1e6 / (max(arrived.values()) - begin),
        "dial_to_250_ms": spread([accepted.end[i] - accepted.start[i]
                                  for i in accepted.end]),
        "dial_to_sink_ms": spread([arrived[i] - accepted.start[i]
                                   for i in accepted.end]),
    }


class Single:
    """One message at a time to a server that has nothing else to do."""

    def __init__(self, port):
        self.port = port

    def reply(self, s, code):
        text = s.recv(4096)
        while not text.endswith(b"\r\n") or text.split(b"\r\n")[-2][3:4] == b"-":
            more = s.recv(4096)
            if not more:
                break
            text += more
        if not text.startswith(code):
            raise BenchError(f"{code.decode()} expected: {text!r}")

    def send(self, name):
        """Gives when the body with its dot went out and when its 250 came."""
        line = b"x" * 70 + b"\r\n"
        body = (b"Message-ID: <" + name.encode() + b">\r\n"
                b"Subject: idle\r\n\r\n" + line * (BYTES // len(line)) +
                b".\r\n")
        with socket.create_connection(("127.0.0.1", self.port), 10) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.reply(s, b"220")
            for command, code in (
                    (b"EHLO client.example\r\n", b"250"),
                    (b"MAIL FROM:<from@client.example>\r\n", b"250"),
                    (b"RCPT TO:<to@example.org>\r\n", b"250"),
                    (b"DATA\r\n", b"354")):
                s.sendall(command)
                self.reply(s, code)
            dot = time.monotonic_ns() // 1000
            s.sendall(body)
            self.reply(s, b"250")
            answered = time.monotonic_ns() // 1000
            s.sendall(b"QUIT\r\n")
            self.reply(s, b"221")
        return dot, answered


def idle_latency(port, sink, count, pause=0.02):
    """Delays from the dot of single messages, with a pause after each."""
    first_line = sink.count()
    dots, answers = {}, {}
    single = Single(port)
    for i in range(count):
        name = f"idle-{i}-{first_line}@client.example"
        dots[name], answers[name] = single.send(name)
        sink.wait_for(first_line + i + 1, 30)
        time.sleep(pause)  # idle is what we measure
    arrived, _ = sink.arrivals(first_line)
    arrived = {name.strip("<>"): at for name, at in arrived.items()}
    lost = set(dots) - set(arrived)
    if lost:
        raise BenchError(f"lost {len(lost)} of {count} single messages")
    return {"dot_to_250_ms": spread([answers[n] - dots[n] for n in dots]),
            "dot_to_sink_ms": spread([arrived[n] - dots[n] for n in dots])}
