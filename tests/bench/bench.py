#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""tests/bench/bench.py - postern and Debian's Postfix under the same load.

See tests/bench/README for what is measured and how.  Ends with status 1 if
a side loses one message.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "peers"))

sys.path.insert(0, os.path.join(TOP, "tests", "lib"))

import cases  # noqa: E402
import load  # noqa: E402
import measure  # noqa: E402
import peers  # noqa: E402
import sides  # noqa: E402
import table  # noqa: E402

WORK = os.path.join(TOP, "build", "bench")
IMAGE_MIB = 768


class Progress:
    """One line on a terminal; elsewhere a line per step."""

    def __init__(self, steps):
        self.steps = steps
        self.done = 0
        self.begin = time.monotonic()

    def step(self, text):
        self.done += 1
        seconds = time.monotonic() - self.begin
        line = f"bench: {self.done}/{self.steps} {seconds:4.0f} s  {text}"
        if sys.stderr.isatty():
            print(f"\r{line:<78}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def end(self):
        if sys.stderr.isatty():
            print(f"\r{'':<78}\r", end="", file=sys.stderr, flush=True)


class MemoryWatch(threading.Thread):
    """The highest memory seen, looked at rarely: looking costs time."""

    def __init__(self, group, every=1.5):
        super().__init__(daemon=True)
        self.group = group
        self.every = every
        self.peak = 0
        self.processes = 0
        self.over = threading.Event()

    def look(self):
        self.peak = max(self.peak, self.group.memory_kib())
        self.processes = max(self.processes, len(self.group.pids()))

    def run(self):
        while not self.over.wait(self.every):
            self.look()

    def stop(self):
        self.over.set()
        self.join()
        self.look()


def settle(group, patience=5.0):
    """Waits until the side does nothing more: what it does after the last
    delivery (removal from the queue, log) belongs to the messages."""
    end = time.monotonic() + patience
    before = group.cpu_ms()
    while time.monotonic() < end:
        time.sleep(0.1)
        now = group.cpu_ms()
        if now - before < 1:
            return now
        before = now
    return before


class Cell:
    """One side under one load in one round."""

    def __init__(self, side_name, case, disk, options):
        self.side_name = side_name
        self.case = case
        self.disk = disk
        self.options = options
        self.group = None
        self.side = None
        self.sink = None
        self.beside = []  # what else has to run

    def start_next(self):
        """The next server; its port, None if it is found by DNS."""
        if self.case.mx:
            self.sink = load.Sink(WORK + "/sink", load.MX_ADDRESS, 25).start()
            self.beside.append(load.Dns(WORK + "/dns").start())
            return None
        self.sink = load.Sink(WORK + "/sink").start()
        if not self.case.tls:
            return self.sink.port
        self.beside.append(
            load.TlsFront(WORK + "/front", self.sink.port).start())
        return self.beside[-1].port

    def settings(self):
        found = dict(self.case.settings.get(self.side_name, {}))
        if self.case.tls and self.side_name == "postfix":
            found["smtp_tls_security_level"] = "may"
        found.update(self.options.settings.get(self.side_name, {}))
        return found

    def __enter__(self):
        self.group = measure.Group(self.side_name)
        try:
            self.side = sides.SIDES[self.side_name](
                self.disk.path, self.start_next(), self.settings())
            self.side.group = self.group
            self.side.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for peer in [self.side, *self.beside, self.sink]:
            if peer:
                peer.stop()
        self.group.remove()

    def send(self, messages, prefix):
        """One load; gives the comparison of both logs."""
        log = WORK + "/client.log"
        rcpts = self.case.rcpts
        first_line = self.sink.count()
        client = load.start_client(self.side.port, self.case, messages, log,
                                   prefix)
        try:
            summary = load.finish_client(client, messages)
        finally:
            if client.poll() is None:
                client.kill()
                client.wait()
        self.sink.wait_for(first_line + messages * rcpts, 30)
        arrived, again = self.sink.arrivals(first_line, rcpts)
        result = load.compare(load.Accepted(log), arrived, again)
        dot = summary["dot_us"]
        result["dot_to_250_ms"] = {p: dot[p] / 1000 for p in ("p50", "p95")}
        return result

    def run(self):
        whole = self.options.messages
        self.send(self.case.warm(whole), "warm")
        return median_of([self.measured(self.case.messages(whole), f"load{n}")
                          for n in range(self.case.repeats)])

    def measured(self, messages, prefix):
        cpu = settle(self.group)
        flushes = self.disk.flushes()
        watch = MemoryWatch(self.group)
        watch.start()
        try:
            result = self.send(messages, prefix)
            if flushes is not None:
                result["flushes_per_message"] = (
                    self.disk.flushes() - flushes) / messages
            result["cpu_ms_per_message"] = (
                settle(self.group) - cpu) / messages
        finally:
            watch.stop()
        result["memory_mib"] = watch.peak / 1024
        result["processes"] = watch.processes
        return result

    def run_idle(self, count):
        load.idle_latency(self.side.port, self.sink, 5)
        return load.idle_latency(self.side.port, self.sink, count)


def median_of(results):
    """The median of every number in a list of equal dicts."""
    first = results[0]
    return {name: median_of([r[name] for r in results])
            if isinstance(value, dict)
            else statistics.median(r[name] for r in results)
            for name, value in first.items()}


def rotated(names, by):
    by %= len(names)
    return names[by:] + names[:by]


def all_rounds(options, disks, progress):
    """{side: {key of a case: median}}"""
    seen = {name: {} for name in options.sides}
    for turn in range(options.rounds):
        for number, case in enumerate(options.cases):
            for name in rotated(options.sides, turn + number):
                progress.step(f"round {turn + 1}: {name}, {case.title}")
                with Cell(name, case, disks[name], options) as cell:
                    result = (cell.run_idle(options.singles)
                              if case.idle else cell.run())
                seen[name].setdefault(case.key, []).append(result)
    return {name: {key: median_of(results) for key, results in cells.items()}
            for name, cells in seen.items()}, seen


def cpu_model():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def setting(word):
    side, name, value = word.split(":", 2)
    return side, name, value


def parse_options():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--messages", type=int, default=4000,
                   help="in each run (default %(default)s)")
    p.add_argument("--singles", type=int, default=100,
                   help="single messages for the idle latency")
    keys = [case.key for case in cases.CASES]
    p.add_argument("--cases", type=lambda s: s.split(","), default=keys,
                   help="of " + ",".join(keys))
    p.add_argument("--sides", type=lambda s: s.split(","),
                   default=["postfix", "postern"])
    p.add_argument("--quick", action="store_true",
                   help="one round, few messages: does it run at all?")
    p.add_argument("--set", type=setting, action="append", default=[],
                   metavar="SIDE:NAME:VALUE",
                   help="one more line of configuration, to try it out")
    p.add_argument("--json", default=os.path.join(TOP, "build", "bench.json"))
    options = p.parse_args()
    if options.quick:
        options.rounds, options.messages, options.singles = 1, 500, 20
    for name in options.sides:
        if name not in sides.SIDES:
            p.error(f"no side '{name}': {', '.join(sides.SIDES)}")
    for key in options.cases:
        if key not in keys:
            p.error(f"no case '{key}': {', '.join(keys)}")
    options.cases = [c for c in cases.CASES if c.key in options.cases]
    options.settings = {}
    for side, name, value in options.set:
        options.settings.setdefault(side, {})[name] = value
    return options


def usable_sides(options):
    """Leaves out, with a word, the sides that cannot run here."""
    usable = []
    for name in options.sides:
        why = sides.SIDES[name].missing()
        if why:
            print(f"bench: {name}: {why}", file=sys.stderr)
        else:
            usable.append(name)
    if not usable:
        raise SystemExit("bench: no side left")
    options.sides = usable
    if os.geteuid() != 0:
        left = [c for c in options.cases if not c.mx and not c.tls]
        for case in options.cases:
            if case not in left:
                print(f"bench: {case.title}: skipped: root", file=sys.stderr)
        options.cases = left


def measure_all(options):
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    progress = Progress(options.rounds * len(options.sides) *
                        len(options.cases))
    disks = {}
    try:
        for name in options.sides:
            disks[name] = measure.Disk(name, WORK, IMAGE_MIB)
        medians, rounds = all_rounds(options, disks, progress)
        kind = disks[options.sides[0]].kind
    finally:
        progress.end()
        for disk in disks.values():
            disk.remove()
    return {
        "machine": {"processors": os.cpu_count(), "model": cpu_model(),
                    "kernel": platform.release()},
        "load": {"messages": options.messages, "bytes": load.BYTES,
                 "rounds": options.rounds, "singles": options.singles},
        "settings": options.settings,
        "spool": kind,
        "processor time from": measure.Group.source(),
        "median": medians,
        "rounds": rounds,
    }


def main():
    # As an exception, so that disks and groups are cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse_options()
    if os.geteuid() == 0 and "POSTERN_NAMESPACE" not in os.environ:
        subprocess.run([os.path.join(TOP, "tests/peers/fetch.sh"), "postfix",
                        "stunnel4"], check=True)
        os.execv(peers.IN_NAMESPACE, [peers.IN_NAMESPACE, "-n",
                                      sys.executable, *sys.argv])
    if os.geteuid() == 0:  # in a private /etc
        with open("/etc/resolv.conf", "w") as f:
            f.write("nameserver 127.0.0.1\n")
    usable_sides(options)
    try:
        report = measure_all(options)
    except (load.BenchError, peers.PeerError) as e:
        print(f"bench: failed: {e}", file=sys.stderr)
        return 1
    with open(options.json, "w") as f:
        json.dump(report, f, indent=1)
    print(table.text(report))
    print(f"\nall figures: {os.path.relpath(options.json)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
