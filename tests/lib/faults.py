# SPDX-License-Identifier: ISC
# tests/lib/faults.py - one call of queue fails, or is its last; then judgement.
#
# build/tests/fault.so is preloaded into the programs as they are shipped
# (tests/fault); a page that it shares with the test says which call is
# struck.  A round is: prepare, arm, walk one path, disarm, drain, judge.
"""Faults and deaths of queue at a chosen call, on a chosen path.

    with Stage(tmp_path) as stage:
        stage.round(PATHS["deliver"], Fault("fsync", 3, error=errno.EIO))
"""

import collections
import contextlib
import mmap
import os
import random
import sqlite3
import struct
import time

from harness import BUILD, PATIENCE, Client, Sink, wait_for
from invariant import ClientLog, Queued, SinkLog, Verdict
from siege import Siege, Talk, bodies, check_spool, kill, say, size_of

KINDS = ("none", "write", "fsync", "open", "rename", "step", "malloc",
         "read", "change")
REST, FAIL, DIE, HANG = range(4)
IOERR, FULL, NOMEM = 10, 13, 7  # of SQLite
FOREVER = 0xffffffff
MINUTE = 60 * 1000
STILL = 0.5  # seconds of waiting before queue's clocks are moved
JUMPS = 20   # so often; more would mean that something is stuck
POINTS_ALL = 300  # a path with more is sampled ...
POINTS_FIRST, POINTS_DICE = 100, 200  # ... so


class Plan:
    """The page shared with the library: struct fault_plan of fault.h."""

    HEAD = struct.Struct("=8I2q")
    FIELDS = ("kind", "action", "nth", "last", "count", "hits", "error",
              "starts")

    def __init__(self, path):
        path.write_bytes(bytes(mmap.PAGESIZE))
        os.chmod(path, 0o600)
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), mmap.PAGESIZE)

    def get(self, name):
        at = 4 * self.FIELDS.index(name)
        return struct.unpack_from("=I", self.page, at)[0]

    def set(self, name, value):
        struct.pack_into("=I", self.page, 4 * self.FIELDS.index(name), value)

    def arm(self, fault):
        """From now on calls are counted, and those of the fault struck."""
        for name, value in (("kind", 0), ("count", 0), ("hits", 0),
                            ("nth", fault.nth), ("last", fault.last),
                            ("error", fault.error), ("action", fault.action),
                            ("kind", KINDS.index(fault.kind))):
            self.set(name, value)

    def disarm(self):
        """The fault is over; how many calls were counted and struck."""
        self.set("kind", 0)
        self.set("action", REST)
        return self.get("count"), self.get("hits")

    def jump(self, ms):
        """Queue's clocks, all of them, go forward."""
        at = self.HEAD.size - 16
        now = struct.unpack_from("=q", self.page, at)[0]
        struct.pack_into("=q", self.page, at, now + ms)


class Fault:
    """The nth call of that kind fails with error, or is the last one."""

    def __init__(self, kind, nth=FOREVER, *, error=0, action=None, last=None):
        self.kind, self.nth, self.error = kind, nth, error
        self.action = action if action is not None else FAIL
        self.last = last or nth

    def __str__(self):
        what = os.strerror(self.error) if self.kind != "step" \
            else f"SQLite {self.error}"
        return f"{self.kind} {self.nth} " + (
            "is the last" if self.action == DIE else f"fails: {what}")


class Preload:
    """Before a class of postern: the library is in every program."""

    def start(self, timeout=60):
        before = dict(os.environ)
        os.environ["LD_PRELOAD"] = str(BUILD / "tests/fault.so")
        os.environ["POSTERN_FAULT"] = str(self.dir / "plan")
        if "asan" in str(BUILD):
            os.environ["ASAN_OPTIONS"] = ":".join(
                [before.get("ASAN_OPTIONS", "detect_leaks=0"),
                 "verify_asan_link_order=0"])
        try:
            return super().start(timeout)
        finally:
            os.environ.clear()
            os.environ.update(before)


class Preloaded(Preload, Siege):
    """A siege whose calls the plan strikes, a disk's that is slow too."""

    def __init__(self, *words, **options):
        super().__init__(*words, refuses=True, **options)


Outcome = collections.namedtuple("Outcome", "count hits deaths verdict")


class Stage(contextlib.ExitStack):
    """One postern for many rounds: a sink, the plan, and the judge.

    Recipients below later.example get 451 while the file `later` exists,
    those below never.later.example get 550 afterwards.
    """

    def __init__(self, tmpdir, conf="", fault=None):
        super().__init__()
        tmpdir.mkdir(exist_ok=True)
        self.later = tmpdir / "later"
        self.later.touch()
        self.plan = Plan(tmpdir / "plan")
        self.sink = self.enter_context(Sink(
            tmpdir, "-x", "never", "-y", "later", "-Y", self.later))
        if fault is not None:
            self.plan.arm(fault)
        self.postern = Preloaded(
            tmpdir, self.sink, f"workers smtpd 1\nworkers deliver 1\n{conf}")
        self.enter_context(self.postern)
        self.seen = 0  # bytes of the sink's log that were judged
        self.totals = collections.Counter()

    # --- what a path is made of ---

    def send(self, domain="ok.example", retry=False, settle=True):
        """One message to two recipients of one group."""
        client = Client(self.postern, messages=1, rcpts=2, domain=domain,
                        body=3000, retry=retry, reply_wait=180)
        self.postern.clients.append(client)
        self.fresh.append(client)
        client.start()
        return client.finish(200) if settle else client

    def rows(self):
        return self.postern.queue()

    def read(self, sql):
        """From queue.db, by a reader that changes nothing."""
        path = self.postern.spool / "queue/queue.db"
        with contextlib.closing(sqlite3.connect(
                f"file:{path}?mode=ro", uri=True, timeout=20)) as db:
            return db.execute(sql).fetchall()

    def attempts(self):
        """Of each group that waits for its time."""
        return [n for (n,) in self.read(
            "SELECT attempts FROM grp WHERE state = 3")]

    def until(self, condition, what):
        """Queue comes to it by itself, given time: its clocks are moved."""
        for _ in range(JUMPS):
            with contextlib.suppress(AssertionError):
                return wait_for(condition, STILL, what, poll=0.02)
            self.plan.jump(70 * MINUTE)
            self.totals["jumps"] += 1
        return wait_for(condition, PATIENCE, f"{what}, which is stuck")

    def is_welcome(self):
        with Talk(self.postern) as talk:
            return talk.ask("MAIL FROM:<a@client.example>").startswith("250 ")

    def gone(self):
        return not self.read("SELECT 1 FROM message LIMIT 1") and \
            not bodies(self.postern)

    def deferred(self):
        """A message that was tried once and waits."""
        self.later.touch()
        self.domain_sent = self.send(self.domain, retry=True)
        self.until(lambda: self.attempts() == [1], "a deferred message")

    # --- a round ---

    def round(self, path, fault):
        """One walk along the path with that fault; all must be well."""
        self.fresh = []
        self.domain = path.domain
        path.prepare(self)
        starts = self.plan.get("starts")
        self.plan.arm(fault)
        path.walk(self)
        count, hits = self.plan.disarm()
        self.check_rows()
        path.release(self)
        self.until(self.gone, "an empty queue")
        if fault.action == DIE:  # the last call may have been the one
            wait_for(lambda: self.plan.get("starts") >=
                     starts + path.deaths + hits, what="the next queue")
        deaths = self.plan.get("starts") - starts - path.deaths
        verdict = self.judge()
        self.totals.update(rounds=1, hits=hits, deaths=deaths,
                           acknowledged=verdict.acknowledged,
                           lost=len(verdict.lost),
                           duplicates=len(verdict.duplicates),
                           repeated=len(verdict.repeated))
        return Outcome(count, hits, deaths, verdict)

    def check_rows(self):
        """No row without its body, whatever has just happened."""
        mess = self.postern.spool / "queue/mess"
        for ident, shard, size in self.read(
                "SELECT id, shard, size FROM message"):
            found = size_of(mess / str(shard) / print_id(ident))
            assert found == size or not self.read(
                f"SELECT 1 FROM message WHERE id = {ident}"), \
                f"row {ident}: body {found}, not {size}"

    def judge(self):
        """What this round's clients know against what came meanwhile."""
        with open(self.sink.log, "rb") as f:
            f.seek(self.seen)
            new = f.read()
        self.seen += len(new)
        piece = self.postern.dir / "sink-piece.log"
        piece.write_bytes(new)
        verdict = Verdict(ClientLog([c.log for c in self.fresh]),
                          SinkLog([piece]), Queued([]))
        assert verdict.ok, str(verdict)
        return verdict

    def close_and_check(self):
        """The end of a sweep: nothing left, the database whole."""
        self.postern.judge()
        assert self.postern.stop() == 0
        check_spool(self.postern)

    def __str__(self):
        n = self.totals
        return (f"{n['rounds']} rounds, {n['hits']} struck, {n['deaths']} "
                f"deaths, {n['acknowledged']} acknowledged, {n['lost']} lost, "
                f"{n['duplicates']} duplicates, {n['repeated']} repeated")

    # --- a sweep ---

    def sweep(self, path, kind, dice, *, sample=None, **more):
        """N = 1.. until a clean pass, or a sample; how many points it has.

        With a sample of None all of them, and of a path with very many the
        first and a sample.  A list of errors is used in turn.
        """
        errors = more.pop("errors", (0,))
        # files for smtpd are made beside the path, but not in every round
        count = min(self.strike(path, Fault(kind, **more)).count
                    for _ in range(2))
        for i, nth in enumerate(pick_points(count, sample, dice)):
            error = errors[i % len(errors)]
            walk = self.strike(path, Fault(kind, nth, error=error, **more))
            if sample is not None and not walk.hits and walk.count:
                # it was a shorter one than those before: a call that it had
                nth = dice.randint(1, walk.count)
                self.strike(path, Fault(kind, nth, error=error, **more))
        nth = count + 1
        while sample is None and count <= POINTS_ALL and self.strike(
                path, Fault(kind, nth, error=errors[0], **more)).hits:
            nth += 1
        return count

    def strike(self, path, fault):
        try:
            return self.round(path, fault)
        except AssertionError as failure:
            raise AssertionError(
                f"{path.name}, {fault}: {failure}\n"
                f"{self.postern.tail(6)}") from None


def pick_points(count, sample, dice):
    """All of them; of many the first and a sample; or just a sample."""
    everything = range(1, count + 1)
    if sample is not None:
        return sorted(dice.sample(everything, min(sample, count)))
    if count <= POINTS_ALL:
        return everything
    return [*range(1, POINTS_FIRST + 1), *sorted(dice.sample(
        range(POINTS_FIRST + 1, count + 1),
        min(POINTS_DICE, count - POINTS_FIRST)))]


def print_id(number):
    """As common/base/id.h prints it."""
    text = ""
    while number:
        text = "0123456789abcdefghjkmnpqrstvwxyz"[number % 32] + text
        number //= 32
    return text


class Path:
    """What a message does while calls are counted."""

    name = None
    domain = "later.example"
    deaths = 0  # of queue, that belong to the path

    def conf(self, _folder):
        """What it needs."""
        return ""

    def prepare(self, stage):
        stage.deferred()

    def release(self, stage):
        pass


class Accept(Path):
    """From the client's first word to the dot at the next server."""

    name = "accept"
    domain = "ok.example"

    def prepare(self, stage):
        # after a failure queue refuses all for a moment
        stage.until(stage.is_welcome, "a welcome")
        stage.sink.hold()

    def walk(self, stage):
        result = stage.send(self.domain)
        assert result.acknowledged + result.refused + result.unknown == 1
        if result.acknowledged:
            stage.until(lambda: stage.sink.held() > 0, "a dot at the sink")

    def release(self, stage):
        stage.sink.release()


class Expand(Path):
    """To a name of the alias file: accepted, expanded, delivered to those who
    are meant."""

    name = "expand"
    domain = "local.example"
    aliases = "r0: r0@local.example\nr1: r1@local.example\n"

    def conf(self, folder):
        (folder / "aliases").write_text(self.aliases)
        return f'local domain local.example\nalias file "{folder}/aliases"'

    def prepare(self, stage):
        stage.until(stage.is_welcome, "a welcome")

    def walk(self, stage):
        result = stage.send(self.domain)
        assert result.acknowledged + result.refused + result.unknown == 1
        stage.until(stage.gone, "an empty queue")


class Deliver(Path):
    """A waiting message becomes due, is read, sent, and its row removed."""

    name = "deliver"

    def walk(self, stage):
        stage.later.unlink()
        stage.plan.jump(20 * MINUTE)
        stage.until(stage.gone, "a delivery")


class Defer(Path):
    """A waiting message becomes due and is told to wait once more."""

    name = "defer"

    def walk(self, stage):
        stage.plan.jump(20 * MINUTE)
        stage.until(lambda: any(n > 1 for n in stage.attempts()),
                    "a second deferral")

    def release(self, stage):
        stage.later.unlink()
        stage.plan.jump(70 * MINUTE)


class Bounce(Path):
    """It is refused for good; its sender is told."""

    name = "bounce"
    domain = "never.later.example"

    def walk(self, stage):
        stage.later.unlink()
        stage.plan.jump(20 * MINUTE)
        stage.until(stage.gone, "a notification")


class Order(Path):
    """An operator gives up what waits: its row goes, its sender is told."""

    name = "order"

    def walk(self, stage):
        stage.until(lambda: self.given_up(stage), "a notification")

    @staticmethod
    def given_up(stage):
        """True when it is; else the order is given (again: queue may have
        died before it answered)."""
        waiting = [row["id"] for row in stage.rows() if row["sender"]]
        if waiting:
            stage.postern.tool("bounce", "-y", *waiting,
                               check_status=False)
        return stage.gone()

    def release(self, stage):
        stage.later.unlink()


class Recover(Path):
    """Queue dies with mail in all states; the next one takes over."""

    name = "recover"
    deaths = 1

    def prepare(self, stage):
        super().prepare(stage)
        stage.sink.hold()
        stage.send("ok.example", retry=True)
        wait_for(lambda: stage.sink.held() > 0, what="a dot at the sink")

    def walk(self, stage):
        starts = stage.plan.get("starts")
        kill(stage.postern.child("queue"))
        wait_for(lambda: stage.plan.get("starts") > starts, what="a new queue")
        result = stage.send("ok.example", retry=True)
        assert result.acknowledged == 1
        stage.sink.release()
        stage.until(lambda: len(stage.read("SELECT id FROM message")) == 1,
                    "what a worker held")
        stage.later.unlink()
        stage.plan.jump(20 * MINUTE)
        stage.until(stage.gone, "an empty queue")


PATHS = {p.name: p for p in (Accept(), Expand(), Deliver(), Defer(), Bounce(),
                             Order(), Recover())}


def dice_for(capsys):
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
    say(capsys, f"POSTERN_SEED={seed}")
    return random.Random(seed)
