# SPDX-License-Identifier: ISC
# tests/system/test_rights.py - no process can do more than its row says.
#
# What the kernel says of each process must be the table below, to the last
# descriptor; and what a process must not be able to do is tried in it, with
# the programs as they are shipped (tests/attack).
#
# Starts early: it takes long.
"""Accounts, roots, filters, descriptors, forbidden acts, the minimum."""

import collections
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import harness  # noqa: E402
import rights  # noqa: E402
import tlskit  # noqa: E402
from harness import Client, Postern, Sink, check, wait_for  # noqa: E402

NORMAL = harness.ROOT / "build"  # the attacks are on what is shipped
ROOT = os.geteuid() == 0
NOBODY = 65534
SMTPD, DELIVER, TLS = 2, 2, 2  # workers
CONF = (f"workers smtpd {SMTPD}\nworkers deliver {DELIVER}\n"
        f"workers tls {TLS}\n"
        "route domain elsewhere.example to mx tls opportunistic\n"  # so there is a resolver, a client of TLS
        "recipients domain table.example { somebody }\n")  # and a lookup
STOCK = 16  # body files that an idle smtpd has

needs_root = pytest.mark.skipif(not ROOT, reason="skipped: root")

KEPT = {"chown", "dac_override", "fowner", "kill", "net_bind_service",
        "setgid", "setpcap", "setuid", "sys_chroot"}

# program: account, folder that is its root, number of processes
ROWS = {
    "posternd": ("root", "/", 1),
    "postern-queue": ("_postern-queue", "SPOOL/queue", 1),
    "postern-report": ("_postern-report", "SPOOL", 1),
    "postern-reader": ("_postern-reader", "SPOOL", 2),
    "postern-history": ("_postern-history", "SPOOL/history", 1),
    "postern-resolve": ("_postern-resolve", "RUNTIME/empty", 1),
    "postern-lookup": ("_postern-lookup", "RUNTIME/empty", 1),
    "postern-deliver": ("_postern-deliver", "RUNTIME/empty", DELIVER),
    "postern-deliver login": ("_postern-deliver-login", "RUNTIME/empty", 1),
    "postern-tls": ("_postern-tls", "RUNTIME/empty", TLS),
    "postern-tls client": ("_postern-tls-client", "RUNTIME/empty", 1),
    "postern-smtpd stranger": ("_postern-smtpd", "RUNTIME/empty", SMTPD),
    "postern-auth": ("_postern-auth", "RUNTIME/empty", 1),
    "postern-smtpd login": ("_postern-smtpd-login", "RUNTIME/empty", SMTPD),
    "postern-smtpd local": ("_postern-smtpd-local", "RUNTIME/empty", 1),
}
# gets at the databases as that does
SHARED_GROUP = {"postern-reader": "_postern-report"}
CHILDREN = [name for name in ROWS if name != "posternd"]
NCHILDREN = sum(row[2] for row in ROWS.values()) - 1

# What each has open when nothing happens: the log as 1 and 2, the loop with
# its own pipe, a channel to posternd and to every peer.
OF_ALL = {"null": 1, "log": 2, "eventpoll": 1, "pipe": 2}
DESCRIPTORS = {
    "posternd": {"log": 4, "channel": NCHILDREN, "listen tcp": 2,
                 "listen submit": 1, "listen control": 1,
                 "RUNTIME/posternd.pid read write": 1,
                 "mx.pem read": 1, "mx.key read": 1, "passwd read": 1,
                 "relay.secret read": 1,
                 "/memfd:clients (deleted) read write": 1},
    "postern-queue": {"channel": 1 + 2 * SMTPD + 1 + DELIVER + 1 + 3,
                      "eventfd": 1,
                      "body read": STOCK * (2 * SMTPD + 1),
                      "queue/lock read write": 1, "queue/mess read": 1,
                      "folder mess/N": 1, "queue/queue.db read write": 1,
                      "queue/queue.db-wal read write": 1,
                      "queue/queue.db-shm read write": 1},
    "postern-report": {"channel": 4, "listen control": 1},
    "postern-reader": {"channel": 2},
    "postern-history": {"channel": 2, "history/history.db read write": 1,
                        "history/history.db-wal read write": 1,
                        "history/history.db-shm read write": 1},
    "postern-resolve": {"channel": 1 + 2 * SMTPD + DELIVER + 1},
    "postern-lookup": {"channel": 1 + 2 * SMTPD + 2},
    "postern-deliver": {"channel": 4},
    "postern-deliver login": {"channel": 4},
    "postern-tls client": {"channel": 1 + DELIVER + 1},
    "postern-tls": {"channel": 1 + 2 * SMTPD},
    "postern-auth": {"channel": 1 + SMTPD},
    "postern-smtpd stranger": {"channel": 4 + TLS, "listen tcp": 1,
                               "body write append": STOCK},
    "postern-smtpd login": {"channel": 5 + TLS, "listen tcp": 1,
                            "body write append": STOCK},
    "postern-smtpd local": {"channel": 3, "listen submit": 1,
                            "body write append": STOCK},
}


def with_tls(place, conf=CONF, user=None):
    """The configuration, with a certificate that this user may open."""
    pair = tlskit.Pair(place, "mx")
    logins = place / "passwd"
    logins.touch(0o600)
    relay = place / "relay.secret"
    relay.touch(0o600)
    relay.write_text("hush")
    if user is not None and ROOT:
        for path in (pair.certificate, pair.key, logins, relay):
            os.chown(path, user, user)
    return (conf + pair.statement() + f'passwords "{logins}"\n'
            f"listen on 127.0.0.1 port {harness.free_port()} auth\n"
            'route domain relay.example to host "relay.example" login "us" '
            f'password file "{relay}"\n')


def expected(name, more=None):
    return collections.Counter({**OF_ALL, **DESCRIPTORS[name],
                                **(more or {})})


@pytest.fixture
def place():
    """A folder that every account can reach."""
    with tempfile.TemporaryDirectory(
            dir=os.environ.get("POSTERN_SCRATCH")) as made:
        os.chmod(made, 0o755)
        yield Path(made)


def held(postern, pid):
    """The descriptors of a process, paths of the runtime folder by name."""
    kinds = collections.Counter()
    for kind, n in rights.descriptors(pid, postern).items():
        kinds[kind.replace(str(postern.runtime), "RUNTIME")
              .replace(f"{postern.dir}/", "")] += n
    return kinds


def all_held(postern):
    return {(name, pid): held(postern, pid)
            for name, pids in rights.pids_by_name(postern).items()
            for pid in pids}


def excess(postern, more=None):
    """{(program, pid): (too many, too few)} against the table."""
    wrong = {}
    for (name, pid), kinds in all_held(postern).items():
        right = expected(name, (more or {}).get(
            name, (more or {}).get((name, pid))))
        if kinds != right:
            wrong[name, pid] = (kinds - right, right - kinds)
    return wrong


def wait_calm(postern, more=None):
    """Until every process holds what the table says, and nothing else."""
    try:
        wait_for(lambda: not excess(postern, more), 10, "descriptors",
                 poll=0.1)
    except AssertionError:
        raise AssertionError(excess(postern, more)) from None


# --- what the kernel says ---------------------------------------------------

@needs_root
def test_accounts_roots_filters(place):
    with Postern(place, with_tls(place), sandbox=True) as postern:
        found = rights.pids_by_name(postern)
        assert {n: len(p) for n, p in found.items()} == {
            name: row[2] for name, row in ROWS.items()}
        for name, pids in found.items():
            for pid in pids:
                check_identity(name, pid, postern)
                for thread in rights.threads(pid):
                    check_thread(name, pid, thread)
        threads = len(rights.threads(found["postern-queue"][0]))
        assert threads > 2
        assert all(len(rights.threads(pid)) == 1
                   for name, pids in found.items() for pid in pids
                   if name != "postern-queue")


def seccomp_of(name):
    return "0" if name == "posternd" else "2"


def check_identity(name, pid, postern):
    account, root, _ = ROWS[name]
    assert rights.root_word(pid, postern) == root, name
    assert os.stat(f"/proc/{pid}/environ").st_uid == 0, f"{name} is dumpable"
    owner = rights.status(pid)
    assert rights.account(owner["Uid"].split()[0]) == account


def check_thread(name, pid, thread):
    s = rights.status(pid, thread)
    account = ROWS[name][0]
    group = SHARED_GROUP.get(name, account)
    ids = {"Uid": rights.pwd.getpwnam(account).pw_uid,
           "Gid": rights.pwd.getpwnam(group).pw_gid}
    caps = KEPT if name == "posternd" else set()
    for key, number in ids.items():
        assert s[key].split() == [str(number)] * 4, (name, key)
    assert s["Groups"] == "", name
    assert s["NoNewPrivs"] == "1", name
    assert s["Seccomp"] == seccomp_of(name), name
    for key in ("CapPrm", "CapEff", "CapBnd"):
        assert rights.capabilities(s[key]) == caps, (name, key)
    for key in ("CapInh", "CapAmb"):
        assert rights.capabilities(s[key]) == set(), (name, key)


def test_filters_without_root(place, attack_library):
    """posternd may have been given a capability: it keeps it to itself."""
    given = ["--inh-caps=+net_bind_service",
             "--ambient-caps=+net_bind_service"]
    with Victim(place, attack_library, user=NOBODY, given=given,
                sandbox=True) as victim:
        found = rights.pids_by_name(victim)
        if ROOT:
            assert rights.capabilities(
                rights.status(found["posternd"][0])["CapEff"]) == {
                    "net_bind_service"}
        for name in CHILDREN:
            for pid in found[name]:
                assert os.stat(f"/proc/{pid}/environ").st_uid == 0
                for thread in rights.threads(pid):
                    check_thread_without_root(name, pid, thread)


def check_thread_without_root(name, pid, thread):
    s = rights.status(pid, thread)
    assert s["NoNewPrivs"] == "1", name
    assert s["Seccomp"] == "2", name
    for key in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert not rights.capabilities(s[key]), (name, key)


@needs_root
def test_descriptors_idle_and_after_mail(place):
    with Sink(place) as sink, \
            Postern(place, with_tls(place) + sink.route(), sandbox=True) as postern:
        wait_calm(postern)
        client = Client(postern, messages=40, sessions=5)
        assert client.run().acknowledged == 40
        sink.wait(40)
        postern.wait_empty()
        # the reader of the database keeps its connection, and who had more
        # sessions keeps more body files ready
        found = all_held(postern)
        ready = {key: kinds["body write append"]
                 for key, kinds in found.items()}
        assert all(n <= 256 for n in ready.values())
        more = {"postern-queue": {"body read": sum(ready.values())},
                "postern-report": {"queue/queue.db read": 1,
                                   "queue/queue.db-wal read": 1,
                                   "queue/queue.db-shm read": 1}}
        wait_calm(postern, {**{key: {"body write append": n}
                               for key, n in ready.items() if n}, **more})


class Talk:
    """A client that stops in the middle of what it says."""

    def __init__(self, postern):
        self.socket = socket.create_connection((postern.addr, postern.port))
        self.file = self.socket.makefile("rb")
        self.file.readline()

    def say(self, *lines):
        for line in lines:
            self.socket.sendall(line.encode() + b"\r\n")
            answer = self.file.readline()
            while answer[3:4] == b"-":
                answer = self.file.readline()
        return answer.decode()

    def close(self):
        self.file.close()
        self.socket.close()


@needs_root
def test_descriptors_in_a_session(place):
    with Postern(place, with_tls(place), sandbox=True) as postern:
        wait_calm(postern)
        talk = Talk(postern)
        assert talk.say("EHLO c.example", "MAIL FROM:<a@c.example>",
                        "RCPT TO:<b@d.example>", "DATA").startswith("354")
        talk.socket.sendall(b"Subject: half\r\n" * 10000)
        kinds = wait_for(lambda: [k for (n, _), k in all_held(postern).items()
                                  if k["tcp"] > 0], 10, "a session")
        assert len(kinds) == 1  # of all processes, one has the socket
        bodies = kinds[0].pop("body write append")
        assert STOCK < bodies <= 256
        right = expected("postern-smtpd stranger", {"tcp": 1})
        del right["body write append"]
        assert kinds[0] == right
        talk.close()
        wait_for(lambda: not any(k["tcp"] for k in
                                 all_held(postern).values()), 10, "its end")


@needs_root
def test_descriptors_of_a_delivery(place):
    with Sink(place, hold=True) as sink, \
            Postern(place, with_tls(place) + sink.route(), sandbox=True) as postern:
        client = Client(postern, messages=1)
        assert client.run().acknowledged == 1
        wait_for(lambda: sink.held() == 1, what="the dot")
        kinds = {n: k for (n, _), k in all_held(postern).items() if k["tcp"]}
        assert kinds == {"postern-deliver": expected(
            "postern-deliver", {"tcp": 1, "body read": 1})}
        sink.release()
        postern.wait_empty()


# --- what they can do -------------------------------------------------------

@pytest.fixture(scope="session")
def attack_library():
    subprocess.run([os.environ.get("MAKE", "make"), "-s", "BUILD=build",
                    "attack-built", "build/tests/without"],
                   cwd=harness.ROOT, check=True)
    return NORMAL / "tests/attack.so"


class Victim(Postern):
    """A suite from copied programs, with the attack in each of them.

    user is whom it is started as, NOBODY for one without rights, given are
    more words for setpriv(1); trap is how violations end as shipped, else
    they are counted.
    """

    def __init__(self, place, library, conf="", *, user=None, trap=False,
                 prefix=(), given=(), tls=True, **options):
        self.bin = place / "bin"
        self.bin.mkdir()
        for path in [library, *NORMAL.glob("postern*")]:
            if path.is_file():
                shutil.copy(path, self.bin)
        self.prefix = [*map(str, prefix)]
        if user is not None and ROOT:
            self.prefix += ["setpriv", f"--reuid={user}", f"--regid={user}",
                            "--clear-groups", *given]
        for folder in ("spool", "run"):
            (place / folder).mkdir()
            if user is not None and ROOT:
                os.chown(place / folder, user, user)
        (place / "spool/foreign").write_text("mail\n")
        self.env = {"LD_PRELOAD": str(self.bin / library.name),
                    "POSTERN_ATTACK": "trap" if trap else "count",
                    "POSTERN_ATTACK_FILE": str(place / "spool/foreign"),
                    "POSTERN_ATTACK_NEW": str(place / "spool/new")}
        if user is not None:
            self.env["POSTERN_ATTACK_NEW"] = str(place / "run/new")
        super().__init__(
            place, (with_tls(place, CONF, user) if tls else CONF) + conf,
            **options)

    def argv(self, *more):
        return [*self.prefix, *map(str, (self.bin / "posternd", *more, "-f",
                                         self.conf, "-x", self.bin))]

    def start(self, timeout=harness.PATIENCE):
        before = dict(os.environ)
        os.environ.update(self.env)
        try:
            return super().start(timeout)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def attack(self):
        """Every child tries everything: {(program, act): {results}}."""
        found = rights.pids_by_name(self)
        results = collections.defaultdict(set)
        for name in CHILDREN:
            for pid in found[name]:
                for act, result in self.attack_in(pid).items():
                    results[name, act].add(result)
        return results

    def attack_in(self, pid):
        os.kill(pid, signal.SIGUSR1)
        mark = f" pid={pid}"
        wait_for(lambda: any(line.endswith(mark)
                             for line in self.events("attacked")),
                 what=f"the attack of {pid}")
        lines = [dict(word.split("=") for word in line.split()[1:])
                 for line in self.events("attack") if mark + " " in line]
        return {words["act"]: words["result"] for words in lines}


def store_one(victim):
    """A message that is acknowledged and stays: nobody listens there."""
    client = Client(victim, messages=1)
    assert client.run().acknowledged == 1
    victim.wait_event("deferred")
    return client


# What the rows of the table grant, and nothing else.
DATABASE = {"open-database"}
HISTORY = {"open-history"}
CONNECT = {"socket-inet", "socket-inet6", "connect"}
GRANTED = {
    "postern-queue": DATABASE | {"write-database", "open-bodies"},
    "postern-report": DATABASE | HISTORY,
    "postern-reader": DATABASE | HISTORY,
    "postern-history": HISTORY | {"write-history"},
    "postern-resolve": CONNECT,
    "postern-lookup": set(),
    "postern-deliver": CONNECT | {"bind"},
    "postern-deliver login": CONNECT | {"bind"},
    "postern-tls": {"socketpair"},
    "postern-tls client": {"socketpair"},
    "postern-auth": set(),
    "postern-smtpd stranger": set(),
    "postern-smtpd login": set(),
    "postern-smtpd local": set(),
}
# Without accounts of their own nothing but the folder tells them apart.
GRANTED_WITHOUT_ROOT = {**GRANTED, **{
    name: DATABASE | HISTORY | {"open-bodies"}
    for name in ("postern-report", "postern-reader")}}
# Harmless, as every reader takes as much as was stored and no more.
BODY_GRANTED = {"body-add"}
ACTS = 37  # in every program; more where there is a listener or a body
BODY_ACTS = {"body-setfl", "body-pwrite", "body-fallocate", "body-seek",
             "body-add", "body-truncate", "body-utime", "body-chmod"}
LISTENER_ACTS = {"unlisten", "fastopen", "fastopen-message"}


def judge(results, granted):
    """Exactly what is granted was done."""
    done = collections.defaultdict(set)
    for (name, act), words in results.items():
        if "done" in words:
            done[name].add(act)
    for name in CHILDREN:
        tried = {act for (who, act) in results if who == name}
        assert len(tried - LISTENER_ACTS - BODY_ACTS) == ACTS, name
        assert done[name] - BODY_GRANTED == granted[name], name
    stranger = {act for (who, act) in results
                if who == "postern-smtpd stranger"}
    assert stranger >= BODY_ACTS | LISTENER_ACTS
    assert "body-add" in done["postern-smtpd stranger"]


def attack_and_deliver(place, library, user):
    port = harness.free_port()
    conf = f'route any to host "[127.0.0.1]" port {port}\n'
    with Victim(place, library, conf, user=user, sandbox=True) as victim:
        client = store_one(victim)
        before = victim.tree()
        judge(victim.attack(), GRANTED if user is None
              else GRANTED_WITHOUT_ROOT)
        assert victim.tree() == before  # all of them have survived it
        with Sink(place, port=port) as sink:
            victim.tool("retry", "--all")
            sink.wait(1)
            assert check([client.log], [sink.log]).ok
        victim.wait_empty()
    assert not (place / "spool/new").exists()
    assert not (place / "run/new").exists()


@needs_root
def test_attack_as_root(place, attack_library):
    attack_and_deliver(place, attack_library, None)


def test_attack_without_root(place, attack_library):
    """Landlock in the place of accounts and chroot."""
    attack_and_deliver(place, attack_library, NOBODY)


# Where more than a user's rights is needed, the control shows that the
# kernel judged the call; that it got this far is what the sandbox prevents.
REACHED = {"bpf": {"EINVAL", "E2BIG", "EFAULT"},
           "unshare": {"EPERM"},  # by a kernel that sees a chroot
           "read-parent": {"EFAULT"},
           "io-uring": {"ENOSYS"},
           "fastopen": {"EINPROGRESS", "ECONNREFUSED", "EOPNOTSUPP",
                        "EAGAIN"},
           "fastopen-message": {"EINPROGRESS", "ECONNREFUSED", "EALREADY",
                                "EOPNOTSUPP", "EAGAIN", "EISCONN"},
           "unlisten": {"ENOTCONN"}}
# Who has a folder in which that can be tried.
PLACES = {"open-database": {"postern-queue", "postern-report",
                            "postern-reader"},
          "write-database": {"postern-queue", "postern-report",
                            "postern-reader"},
          "open-bodies": {"postern-queue", "postern-report",
                            "postern-reader"},
          "open-history": {"postern-history", "postern-report",
                            "postern-reader"},
          "write-history": {"postern-history", "postern-report",
                            "postern-reader"}}


def check_control(name, act, words):
    if name not in PLACES.get(act, {name}):
        return
    assert words <= {"done"} | REACHED.get(act, set()), (name, act)


def test_control_without_sandbox(place, attack_library):
    """The same acts succeed where nothing forbids them."""
    port = harness.free_port()
    conf = f'route any to host "[127.0.0.1]" port {port}\n'
    with Victim(place, attack_library, conf, user=NOBODY,
                sandbox=False) as victim:
        store_one(victim)
        bodies = [p for p in (place / "spool/queue/mess").rglob("*")
                  if p.is_file() and p.stat().st_size > 0]
        assert len(bodies) == 1
        assert victim.events("sandbox-off")
        for (name, act), words in victim.attack().items():
            check_control(name, act, words)
        assert bodies[0].stat().st_size == 3  # body-truncate
    assert (place / "run/new").exists()


# --- a violation ------------------------------------------------------------

@pytest.mark.parametrize("name", CHILDREN)
def test_violation_is_logged(place, attack_library, name):
    """One line with program and number; posternd starts another."""
    user = None if ROOT else NOBODY
    with Victim(place, attack_library, user=user, trap=True,
                sandbox=True) as victim:
        found = rights.pids_by_name(victim)
        pid = found[name][0]
        others = [p for p in victim.tree() if p != pid]
        os.kill(pid, signal.SIGUSR2)
        line = victim.wait_event("sandbox")[0]
        program = name.split()[0]
        assert f"program={program} " in line
        assert f"call={number_of('getppid')} " in line
        wait_for(lambda: any(f"pid={pid} status=159" in e
                             for e in victim.events("child-exit")),
                 what="its end in the log")
        wait_for(lambda: len(victim.tree()) == len(others) + 1,
                 what="a new one")
        assert set(others) < set(victim.tree())


def number_of(call):
    """The number of a system call on this machine."""
    done = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h",
                           "-x", "c", "/dev/null"], capture_output=True,
                          text=True, check=True)
    for line in done.stdout.splitlines():
        words = line.split()
        if words[1:2] == [f"__NR_{call}"]:
            return int(words[2])
    raise AssertionError(f"no number of {call}")


# --- below the minimum ------------------------------------------------------

def start_without(place, library, what, user, **options):
    return Victim(place, library, user=user, trap=True,
                  prefix=(NORMAL / "tests/without", what), **options)


MINIMUM = [("landlock", NOBODY, "Landlock"), ("seccomp", NOBODY, "seccomp")]
MINIMUM_ROOT = [("seccomp", None, "seccomp"), ("chroot", None, "chroot")]


def test_refuses_below_the_minimum(place, attack_library):
    """All at once: each is tried five times, with pauses, before the end."""
    suites = []
    for i, (what, user, word) in enumerate(MINIMUM + MINIMUM_ROOT * ROOT):
        folder = place / str(i)
        folder.mkdir()
        suite = start_without(folder, attack_library, what, user,
                              tls=False, sandbox=True, start=False)
        suites.append((word, suite, subprocess.Popen(
            suite.argv("-d"), stderr=subprocess.PIPE, text=True)))
    for word, suite, process in suites:
        said = process.communicate(timeout=60)[1]
        assert process.returncode != 0
        fatal = [line for line in said.splitlines() if " fatal " in line]
        others = [line for line in fatal if word not in line]
        assert fatal and not others, "\n".join(others)
        assert "does not start" in said
        assert "ready children" not in said


def test_sandbox_off_starts_and_says_so(place, attack_library):
    with start_without(place, attack_library, "landlock", NOBODY,
                       sandbox=False) as suite:
        # posternd, every child, and who tries the certificates
        assert len(suite.events("sandbox-off")) == 1 + NCHILDREN + 1


@needs_root
def test_root_starts_without_landlock(place, attack_library):
    with start_without(place, attack_library, "landlock", None,
                       sandbox=True) as suite:
        for name, pids in rights.pids_by_name(suite).items():
            assert rights.root_word(pids[0], suite) == ROWS[name][1]
