#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# tests/lib/invariant.py - nothing lost, nothing altered, nothing invented.
#
# Judges a run from what its ends wrote down: the clients' logs (what was
# acknowledged), the sinks' logs (what arrived) and, if mail may still be in
# the queue, a list of what is there.  It trusts nothing that postern says
# about itself except that list.
"""Usage: invariant.py --client LOG... --sink LOG... [--queue FILE] [--json]
                    [--max-duplicates N]

Counts are of recipients, not messages: a message to two counts twice.

acknowledged  the client read a 250 for it
lost          acknowledged, but neither arrived, nor reported, nor queued
altered       arrived with another body than was sent
duplicates    arrived more often than once (the surplus is counted)
invented      arrived, but never sent, refused for good (5yz), or to a
              recipient whom the server had not taken
reported      a failure report about it arrived instead of it
unknown       messages whose connection was lost after the dot: they may
              arrive once or not at all
repeated      refused with a 4yz, arrived all the same: RFC 5321 allows it,
              the sender sees to it that it stays rare

The queue file has lines "ID" (all recipients) or "ID RCPT".
Exit 1 when anything is lost, altered or invented, or more than N are
duplicate."""

import argparse
import collections
import json
import sys


def lines_of(paths):
    for path in paths:
        with open(path, encoding="utf-8", errors="surrogateescape") as f:
            for number, line in enumerate(f, 1):
                if not line.endswith("\n"):
                    raise ValueError(f"{path}:{number}: torn line: {line!r}")
                yield f"{path}:{number}", line[:-1]


class ClientLog:
    """What the clients know: acknowledged, unknown and refused ids."""

    def __init__(self, paths):
        self.acknowledged = {}
        self.unknown = set()
        self.refused = {}
        for where, line in lines_of(paths):
            self.add(where, line)

    def add(self, where, line):
        if line.startswith("?"):
            self.new(where, line[1:])
            self.unknown.add(line[1:])
        elif line.startswith("!"):
            ident, code = line[1:].split(" ")
            self.new(where, ident)
            self.refused[ident] = int(code)
        else:
            ident, rcpts, _start, _end = line.split("\t")
            self.new(where, ident)
            self.acknowledged[ident] = frozenset(rcpts.split(","))

    def new(self, where, ident):
        if (ident in self.acknowledged or ident in self.unknown or
                ident in self.refused):
            raise ValueError(f"{where}: id {ident} settled twice: do two "
                             "clients share a prefix?")


class SinkLog:
    """What the sinks took: how often each id came to each recipient."""

    def __init__(self, paths):
        self.arrived = collections.Counter()
        self.altered = []
        self.reported = set()
        self.foreign = 0
        for where, line in lines_of(paths):
            self.add(where, line.split("\t"))

    def add(self, where, fields):
        ident, rcpt, state = fields[:3]
        if ident == "-":
            self.foreign += 1
        elif state == "dsn":
            self.reported.add((ident, rcpt))
        elif state in ("ok", "BAD"):
            self.arrived[ident, rcpt] += 1
            if state == "BAD":
                self.altered.append((ident, rcpt))
        else:
            raise ValueError(f"{where}: unknown state {state}")


class Queued:
    def __init__(self, lines):
        self.whole = set()
        self.pairs = set()
        for line in lines:
            words = line.split()
            if len(words) == 1:
                self.whole.add(words[0])
            elif words:
                self.pairs.add((words[0], words[1]))

    def has(self, ident, rcpt):
        return ident in self.whole or (ident, rcpt) in self.pairs


class Verdict:
    """Lists of (id, recipient); ok says whether the run may pass."""

    def __init__(self, client, sink, queued):
        sent = [(i, r) for i, rs in client.acknowledged.items() for r in rs]
        self.messages = len(client.acknowledged)
        self.acknowledged = len(sent)
        self.unknown = len(client.unknown)
        self.refused = len(client.refused)
        self.foreign = sink.foreign
        self.altered = sorted(sink.altered)
        self.reported = sorted(sink.reported - set(sink.arrived))
        self.queued = [p for p in sent
                       if p not in sink.arrived and queued.has(*p)]
        self.lost = sorted(p for p in sent if p not in sink.arrived and
                           p not in sink.reported and not queued.has(*p))
        self.duplicates = sorted(p for p, n in sink.arrived.items()
                                 for _ in range(n - 1))
        self.invented = sorted(p for p in sink.arrived
                               if not may_arrive(client, *p))
        self.repeated = sorted(p for p in sink.arrived
                               if client.refused.get(p[0], 0) // 100 == 4)

    @property
    def ok(self):
        return not (self.lost or self.altered or self.invented)

    def counts(self):
        return {name: value if isinstance(value, int) else len(value)
                for name, value in vars(self).items()}

    def __str__(self):
        words = ", ".join(f"{n} {name}" for name, n in self.counts().items())
        for name in ("lost", "altered", "invented", "duplicates"):
            for ident, rcpt in getattr(self, name)[:10]:
                words += f"\n{name}: {ident} {rcpt}"
        return words


def may_arrive(client, ident, rcpt):
    if ident in client.acknowledged:
        return rcpt in client.acknowledged[ident]
    return ident in client.unknown or \
        client.refused.get(ident, 500) // 100 == 4


def check(client_logs, sink_logs, queue_lines=()):
    """Judge a run; the verdict's ok and lists tell."""
    return Verdict(ClientLog(client_logs), SinkLog(sink_logs),
                   Queued(queue_lines))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--client", nargs="+", required=True)
    parser.add_argument("--sink", nargs="+", required=True)
    parser.add_argument("--queue")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--max-duplicates", type=int)
    args = parser.parse_args()
    queue_lines = []
    if args.queue:
        with open(args.queue, encoding="utf-8") as f:
            queue_lines = f.read().splitlines()
    verdict = check(args.client, args.sink, queue_lines)
    if args.json:
        print(json.dumps(dict(verdict.counts(), ok=verdict.ok)))
    else:
        print(verdict)
    surplus = args.max_duplicates is not None and \
        len(verdict.duplicates) > args.max_duplicates
    return 0 if verdict.ok and not surplus else 1


if __name__ == "__main__":
    sys.exit(main())
