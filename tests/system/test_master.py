# SPDX-License-Identifier: ISC
# tests/system/test_master.py - posternd: start, wiring, restart, reload, stop.
#
# What happens to one program must not be noticed by the others: their pids
# and their clients' sessions are what is looked at.
#
# Starts early: it takes long.
"""posternd and its children as processes."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import harness  # noqa: E402
from harness import BUILD, Postern, free_port, read_proc, wait_for  # noqa: E402

ROUTE = 'route any to host "[127.0.0.1]" port 9\n'
COUNTS = {"queue": 1, "report": 1, "reader": 2, "history": 1, "resolve": 1,
          "deliver": 2, "tls-client": 1, "smtpd": 3}
KINDS = list(COUNTS)
PROGRAMS = [kind.removesuffix("-client") for kind in KINDS]
MSG_READY, MSG_BROKEN = 12, 13  # common/ipc/types.h
SMTPD, QUEUE = 1, 2  # common/ipc/msg_control.h
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")
# posternd retries an address in use for 30 s
PATIENCE = max(harness.PATIENCE, 45)

if os.geteuid() == 0 and "_postern-queue:" not in Path(
        "/etc/passwd").read_text():
    pytest.skip("root: without the accounts (tests/lib/in-namespace)",
                allow_module_level=True)


@pytest.fixture(name="postern")
def started(tmp_path):
    with Postern(tmp_path, "route any to mx\nworkers smtpd 2\n"
                 "workers deliver 2\n") as p:
        yield p


def run(p, *more, timeout=PATIENCE):
    return subprocess.run(p.argv(*more), capture_output=True, text=True,
                          timeout=timeout, check=False)


def greeting(p, port=None):
    with socket.create_connection((p.addr, port or p.port), 10) as s:
        return s.recv(1000).decode()


def says(s, line):
    s.sendall(line.encode() + b"\r\n")
    return s.recv(1000).decode()


def daemon_pid(p):
    return int((p.runtime / "posternd.pid").read_text())


# -- start and stop


def test_starts_what_is_needed(postern):
    assert {k: len(v) for k, v in postern.children().items()} == COUNTS
    assert greeting(postern).startswith("220 relay.example")
    for name in ("submit", "control"):
        path = postern.runtime / name
        assert path.stat().st_mode & 0o777 == 0o666


def test_no_resolver_for_a_literal_host(tmp_path):
    with Postern(tmp_path, ROUTE) as p:
        assert "resolve" not in p.children()


def test_no_tls_where_every_route_says_none(tmp_path):
    rest = 'route domain a.example to host "[127.0.0.1]" tls none\n'
    with Postern(tmp_path, ROUTE.replace("\n", " tls none\n")) as p:
        assert "tls-client" not in p.children()
    (tmp_path / "rest").mkdir()
    with Postern(tmp_path / "rest", rest) as p:  # others go by MX
        assert "tls-client" in p.children()


def test_empty_file_is_local_only(tmp_path):
    with Postern(tmp_path, start=False) as p:
        p.write_conf(f'spool "{p.spool}"\nruntime "{p.runtime}"\n'
                     'hostname a.example\nsandbox off\n')
        p.start()
        assert len(p.children()["smtpd"]) == 1
        assert not p.events("listening")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(p.runtime / "submit"))
            assert s.recv(1000).startswith(b"220 a.example")


def test_stop_is_clean_and_bounded(tmp_path):
    with Postern(tmp_path, ROUTE) as p:
        begin = time.monotonic()
        assert p.stop() == 0
        assert time.monotonic() - begin < 15
        gone = [line.split("name=")[1].split()[0]
                for line in p.events("child-exit")]
        assert len(p.events("stopped")) == 1
        # who takes new work goes first, who holds the mail last
        assert gone.index("queue") > gone.index("deliver")
        assert gone.index("deliver") > gone.index("smtpd")
        assert not p.events("child-killed")
        assert not (p.runtime / "submit").exists()
        assert not (p.runtime / "control").exists()


def test_stop_does_not_wait_for_the_stuck(tmp_path):
    """One instance for each kind, all at a time: each waits 5 s."""
    with contextlib.ExitStack() as stack:
        instances = {}
        for kind in KINDS:
            folder = tmp_path / kind
            folder.mkdir()
            instances[kind] = stack.enter_context(
                Postern(folder, "route any to mx\n"))
        begin = time.monotonic()
        for kind, p in instances.items():
            os.kill(p.child(kind), signal.SIGSTOP)
            p.process.send_signal(signal.SIGTERM)
        for kind, p in instances.items():
            assert p.process.wait(20) == 0
            assert time.monotonic() - begin < 15
            assert f"name={kind.removesuffix('-client')}" in p.events("child-killed")[0]


def test_background(tmp_path):
    with Postern(tmp_path, ROUTE, start=False) as p:
        log = tmp_path / "file.log"
        p.spool.mkdir()
        p.runtime.mkdir()
        p.conf.write_text(p.conf.read_text() + f'log file "{log}"\n')
        done = run(p)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        pid = daemon_pid(p)
        try:
            assert greeting(p).startswith("220")
            # its last line is written at the end of that turn
            wait_for(lambda: " ready children=" in log.read_text(),
                     what="the line that says so")
            assert os.readlink(f"/proc/{pid}/fd/2") == "/dev/null"
            assert os.readlink(f"/proc/{pid}/cwd") == "/"
            rotate(log, p)
        finally:
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not harness.is_alive(pid), what="the end")


def rotate(log, p):
    """A log that is moved away is followed by a new one, everywhere."""
    moved = Path(f"{log}.1")
    log.rename(moved)
    wait_for(log.exists, what="a new log file")
    # other users may not look into a confined process
    children = harness.children_of(daemon_pid(p))
    for child in children if os.geteuid() == 0 else ():
        wait_for(lambda c=child: str(log) in descriptors(c).values(),
                 what=f"the new log in {child}")


# -- refusals at start


@pytest.mark.parametrize("text,error", [
    ("lisen on any port 25", '8: unknown word "lisen": did you mean "listen"?'),
    ("hostname b.example", '8: "hostname" is already set in line 1'),
    ("route any to host a port 0",
     '8: expected a port from 1 to 65535, found "0"'),
    ("\n\naccept from 10.0.0.1/8",
     '10: expected "local", "any", "auth" or a network such as 10.0.0.0/8, '
     'found "10.0.0.1/8"'),
    ("accept from any for domain {\n a.example\n b..example }",
     '10: expected a domain such as example.org, found "b..example"'),
])
def test_errors_name_file_line_and_word(tmp_path, text, error):
    with Postern(tmp_path, start=False) as p:
        head = (f'hostname "a.example"\nspool "{p.spool}"\n'
                f'runtime "{p.runtime}"\n\n\n\n\n')
        p.write_conf(head + text + "\n")
        for options in (("-n",), ("-d",), ()):
            done = run(p, *options)
            assert done.returncode == 78
            assert done.stderr == f"posternd: {p.conf}:{error}\n"
        assert not p.spool.exists()


def test_missing_file(tmp_path):
    done = subprocess.run([BUILD / "posternd", "-n", "-f", tmp_path / "none"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 66
    assert done.stderr == \
        f"posternd: {tmp_path}/none: No such file or directory\n"


def test_usage():
    done = subprocess.run([BUILD / "posternd", "-q"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 64
    assert "usage: posternd" in done.stderr


@pytest.mark.parametrize("kind", PROGRAMS)
def test_not_by_hand(kind):
    """A program that posternd did not start says so and ends."""
    p = subprocess.run([BUILD / f"postern-{kind}"], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=PATIENCE,
                       check=False)
    assert p.returncode == 64
    assert "to be started by posternd" in p.stderr


def test_print_reads_back(tmp_path):
    with Postern(tmp_path, ROUTE, start=False) as p:
        printed = run(p, "-n", "-v")
        assert printed.returncode == 0
        assert "limit message size 50M\n" in printed.stdout
        assert ROUTE in printed.stdout
        p.write_conf(printed.stdout)
        assert run(p, "-n", "-v").stdout == printed.stdout


def test_second_instance(postern):
    before = postern.tree()
    done = run(postern, "-d")
    assert done.returncode == 75
    assert f"already running: process {postern.pid} holds" in done.stderr
    assert postern.tree() == before
    assert greeting(postern).startswith("220")


def test_waits_for_an_address_in_use(tmp_path):
    with Postern(tmp_path, ROUTE, start=False) as p:
        with socket.create_server((p.addr, p.port)):
            process = start_without_waiting(p)
            wait_for(lambda: (p.runtime / "control").exists(),
                     what="posternd to open its sockets")
            assert process.poll() is None
            assert not p.events("ready")
        wait_for(lambda: p.events("ready"), PATIENCE, "posternd to be ready")


def start_without_waiting(p):
    for folder in (p.spool, p.runtime):
        folder.mkdir(exist_ok=True)
    with open(p.log, "ab") as log:
        p.process = subprocess.Popen(p.argv("-d"), stdout=log, stderr=log,
                                     stdin=subprocess.DEVNULL)
    return p.process


def test_missing_parent_folder(tmp_path):
    with Postern(tmp_path, start=False) as p:
        p.write_conf(f'spool "{tmp_path}/no/such"\nruntime "{p.runtime}"\n')
        done = run(p, "-d")
        assert done.returncode == 73
        assert done.stderr == (
            f"posternd: {tmp_path}/no/such cannot be made: the folder above "
            "it does not exist\n")


def test_spool_is_a_file(tmp_path):
    with Postern(tmp_path, start=False) as p:
        p.spool.write_text("")
        done = run(p, "-d")
        assert done.returncode == 73
        assert done.stderr == f"posternd: {p.spool} is not a folder\n"


@needs_root
def test_wrong_owner_and_mode(tmp_path):
    with Postern(tmp_path, start=False) as p:
        p.spool.mkdir()
        os.chown(p.spool, 1, 1)
        done = run(p, "-d")
        assert done.returncode == 77
        assert done.stderr == (f"posternd: {p.spool} belongs to uid 1, gid 1; "
                               "it must be uid 0, gid 0\n")
        os.chown(p.spool, 0, 0)
        p.spool.chmod(0o777)
        done = run(p, "-d")
        assert done.returncode == 77
        assert done.stderr == \
            f"posternd: {p.spool} has mode 0777; it must be 0755\n"


@needs_root
def test_read_only_spool(tmp_path):
    with Postern(tmp_path, start=False) as p:
        p.spool.mkdir()
        words = " ".join(p.argv("-d"))
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c",
             f"mount -t tmpfs -o ro,mode=755 none {p.spool} && exec {words}"],
            capture_output=True, text=True, check=False)
        assert done.returncode == 73
        assert done.stderr == \
            f"posternd: {p.spool} is on a read-only file system\n"


@needs_root
@pytest.mark.parametrize("name,what", [("_postern-deliver", "account"),
                                       ("postern", "group")])
def test_missing_account(tmp_path, name, what):
    with Postern(tmp_path, ROUTE, start=False) as p:
        for file in ("passwd", "group"):
            lines = Path("/etc", file).read_text().splitlines(True)
            (tmp_path / file).write_text("".join(
                line for line in lines if not line.startswith(f"{name}:")))
        words = " ".join(p.argv("-d"))
        mounts = " && ".join(f"mount --bind {tmp_path}/{f} /etc/{f}"
                             for f in ("passwd", "group"))
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", f"{mounts} && exec {words}"],
            capture_output=True, text=True, check=False)
        assert done.returncode == 67
        assert f"the {what} {name} does not exist" in done.stderr


# -- a child that misbehaves


def folder_with(tmp_path, name, script):
    """The programs, one of them replaced."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for kind in PROGRAMS:
        (folder / f"postern-{kind}").symlink_to(BUILD / f"postern-{kind}")
    fake = folder / name
    fake.unlink()
    fake.write_text(script)
    fake.chmod(0o755)
    return folder


def argv_with(p, folder, *more):
    return [str(BUILD / "posternd"), *more, "-f", str(p.conf), "-x",
            str(folder)]


def test_start_fails_with_its_reason(tmp_path):
    """After five deaths, which takes 7 s: all at a time."""
    running = []
    for n, (script, code, reason) in enumerate((
            ("exit 3", 3, "does not start: exit 3"),
            ("exit 0", 69, "does not start: exit 0"),
            ("kill -9 $$", 69, "is ended by signal 9"))):
        folder = tmp_path / str(n)
        folder.mkdir()
        p = Postern(folder, ROUTE + "log stderr\n", start=False)
        programs = folder_with(folder, "postern-deliver",
                               f"#!/bin/sh\n{script}\n")
        process = subprocess.Popen(argv_with(p, programs), text=True,
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        running.append((p, process, code, reason))
    for p, process, code, reason in running:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == code
        assert f"postern-deliver {reason}" in errors
        wait_for(lambda p=p: not (p.runtime / "control").exists(),
                 what="the sockets to be gone")


def test_missing_program(tmp_path):
    with Postern(tmp_path, ROUTE, start=False) as p:
        folder = folder_with(tmp_path, "postern-deliver", "")
        (folder / "postern-deliver").unlink()
        done = subprocess.run(argv_with(p, folder, "-d"), capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 72
        assert done.stderr == (f"posternd: {folder}/postern-deliver: No such "
                               "file or directory\n")


def frame(number, payload=b""):
    """As common/ipc/channel.c makes them, in a shell's printf."""
    data = struct.pack("<BBHIQ", 1, 0, number, len(payload), 0) + payload
    return "".join(f"\\{byte:03o}" for byte in data)


def accusation(kind, class_=0, index=0, life=1):
    return frame(MSG_BROKEN,
                 struct.pack("<HHIIH", kind, class_, index, life, 0))


def start_with_liar(tmp_path, p, words):
    """A postern-deliver that says these words to posternd and sleeps."""
    folder = folder_with(tmp_path, "postern-deliver",
                         f"#!/bin/sh\nprintf '{words}' >&3\nexec sleep 9\n")
    p.conf.write_text(p.conf.read_text() + "workers deliver 1\n")
    p.spool.mkdir()
    p.runtime.mkdir()
    with open(p.log, "ab") as log:
        p.process = subprocess.Popen(argv_with(p, folder, "-d"),
                                     stdout=log, stderr=log)


@pytest.mark.parametrize("words,why", [
    (r"\377\377\377\377", "malformed frame"),
    (frame(11), "unknown message"),
    (frame(MSG_READY) * 2, "message against the rules"),
    (frame(MSG_READY, b"x"), "malformed message"),
    (accusation(SMTPD, 1), "message against the rules"),  # not its peer
    (accusation(QUEUE, 0, 7), "message against the rules"),  # nobody
])
def test_garbage_from_a_child(tmp_path, words, why):
    """It is killed and started again; the others stay."""
    with Postern(tmp_path, ROUTE, start=False) as p:
        start_with_liar(tmp_path, p, words)
        killed = p.wait_event("child-killed", n=2)
        assert all(f'why="{why}"' in line for line in killed)
        assert all("name=deliver " in line for line in killed)
        others = [line.split("]: ")[1].split(" pid=")[0]
                  for line in p.events("child-start")
                  if "name=deliver " not in line]
        assert len(others) == len(set(others))
        p.kill()


def test_nobody_accuses_for_ever(tmp_path):
    with Postern(tmp_path, ROUTE, start=False) as p:
        start_with_liar(tmp_path, p, accusation(QUEUE) * 4)
        first, second = p.wait_event("child-killed", n=2)[:2]
        assert "name=queue " in first
        assert "name=deliver " in second
        p.kill()


# -- death and restart


def replaced(p, kind, victim):
    """The children, once another process has the place of the victim."""
    def there():
        found = p.children()
        pids = found.get(kind, ())
        return victim not in pids and len(pids) == COUNTS[kind] and found

    return wait_for(there, what=f"a new {kind}")


@pytest.mark.parametrize("kind", KINDS)
def test_death_of_one(postern, kind):
    """It comes back, wired; nobody else is touched, sessions live on."""
    before = postern.children()
    with socket.create_connection((postern.addr, postern.port), 10) as s:
        assert s.recv(1000).startswith(b"220")
        # the local worker, where the session cannot be
        victim = before[kind][-1]
        os.kill(victim, signal.SIGKILL)
        after = replaced(postern, kind, victim)
        for other, pids in before.items():
            assert set(pids) - {victim} <= set(after[other])
        assert says(s, "EHLO c.example").startswith("250")
        assert says(s, "QUIT").startswith("221")
    assert len(postern.events("child-exit")) == 1
    assert "signal=9" in postern.events("child-exit")[0]
    assert postern.stop() == 0


def test_deaths_slow_down(postern):
    """At once, then after a second: a loop of deaths costs little."""
    pauses = []
    for _ in range(2):
        victim = postern.child("report")
        begin = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        replaced(postern, "report", victim)
        pauses.append(time.monotonic() - begin)
    assert pauses[0] < 0.9 < pauses[1]


def test_death_of_posternd(postern):
    """The children end by themselves; a new start takes over at once."""
    pids = postern.tree()
    os.kill(postern.pid, signal.SIGKILL)
    postern.process.wait()
    postern.start(timeout=PATIENCE)
    assert greeting(postern).startswith("220")
    wait_for(lambda: not any(harness.is_alive(pid) for pid in pids),
             what="the old children to end")


def test_nobody_takes_over_a_socket_that_answers(tmp_path):
    with Postern(tmp_path, ROUTE, start=False) as p:
        p.runtime.mkdir()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(p.runtime / "submit"))
            other.listen()
            other.settimeout(PATIENCE)
            start_without_waiting(p)
            for _ in range(3):  # it asks again and again
                other.accept()[0].close()
            assert not p.events("ready")
        wait_for(lambda: p.events("ready"), PATIENCE, "posternd to be ready")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(p.runtime / "submit"))
            assert s.recv(1000).startswith(b"220")


# -- reload


def test_reload(postern):
    before = postern.children()
    postern.conf.write_text(
        postern.conf.read_text().replace("relay.example", "new.example"))
    postern.process.send_signal(signal.SIGHUP)
    postern.wait_event("ready", n=2)
    assert greeting(postern).startswith("220 new.example")
    after = postern.children()
    assert {k: len(v) for k, v in before.items()} == \
        {k: len(v) for k, v in after.items()}
    assert not set(sum(before.values(), [])) & set(sum(after.values(), []))


def test_reload_refuses_no_connection(postern):
    """The listening socket stays: who calls meanwhile waits, and is heard."""
    old = postern.child("smtpd")
    os.kill(postern.child("queue"), signal.SIGSTOP)
    postern.process.send_signal(signal.SIGHUP)
    wait_for(lambda: not harness.is_alive(old), what="smtpd to end")
    assert greeting(postern).startswith("220")
    postern.wait_event("ready", n=2)


def test_reload_of_a_bad_file(postern):
    before = postern.tree()
    good = postern.conf.read_text()
    postern.conf.write_text(good + "rout any to mx\n")
    line = good.count("\n") + 1
    postern.process.send_signal(signal.SIGHUP)
    postern.wait_event("refused-config")
    assert f':{line}: unknown word \\"rout\\"' in \
        postern.events("refused-config")[0]
    # without whoever judged the file
    wait_for(lambda: postern.tree() == before, what="the same processes")
    # and a good one afterwards is taken
    postern.conf.write_text(good)
    postern.process.send_signal(signal.SIGHUP)
    postern.wait_event("ready", n=2)


def test_reload_does_not_move_the_spool(postern):
    before = postern.tree()
    postern.conf.write_text(postern.conf.read_text().replace(
        f'spool "{postern.spool}"', f'spool "{postern.spool}2"'))
    postern.process.send_signal(signal.SIGHUP)
    postern.wait_event("refused-config")
    assert postern.tree() == before


def test_reload_moves_ports(postern):
    more, none = free_port(), postern.port
    text = postern.conf.read_text()
    here = f"listen on 127.0.0.1 port {none}"
    for n, lines, open_ports in (
            (2, f"{here}\nlisten on 127.0.0.1 port {more}", [none, more]),
            (3, f"listen on any port {more}", [more]),
            (4, f"listen on 127.0.0.1 port {more}", [more])):
        postern.conf.write_text(text.replace(here, lines))
        postern.process.send_signal(signal.SIGHUP)
        postern.wait_event("ready", n=n)
        for port in (none, more):
            if port in open_ports:
                assert greeting(postern, port).startswith("220")
            else:
                with pytest.raises(ConnectionRefusedError):
                    greeting(postern, port)


def test_reload_to_a_port_of_another(postern):
    before = postern.tree()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        postern.conf.write_text(postern.conf.read_text() +
                                f"listen on 127.0.0.1 port {port}\n")
        postern.process.send_signal(signal.SIGHUP)
        postern.wait_event("refused-config")
        assert f"cannot listen on 127.0.0.1 port {port}" in \
            postern.events("refused-config")[0]
    assert postern.tree() == before
    assert greeting(postern).startswith("220")


def test_reload_from_any_to_one_address_that_is_taken(postern):
    """The old sockets come back, with the old configuration."""
    text = postern.conf.read_text()
    port = free_port()
    here = f"listen on 127.0.0.1 port {postern.port}"
    with socket.create_server(("127.0.0.2", port)):
        postern.conf.write_text(text.replace(
            here, f"{here}\nlisten on 127.0.0.1 port {port}"))
        postern.process.send_signal(signal.SIGHUP)
        postern.wait_event("ready", n=2)
        postern.conf.write_text(text.replace(
            here, f"listen on any port {port}"))
        postern.process.send_signal(signal.SIGHUP)
        postern.wait_event("refused-config")
        postern.wait_event("ready", n=3)
        assert greeting(postern).startswith("220")
        assert greeting(postern, port).startswith("220")


# -- rights


def status_of(pid):
    return dict(line.split(":\t", 1) for line in
                read_proc(pid, "status").splitlines() if ":\t" in line)


def descriptors(pid):
    folder = f"/proc/{pid}/fd"
    return {int(n): os.readlink(f"{folder}/{n}") for n in os.listdir(folder)}


def test_posternd_keeps_little(postern):
    status = status_of(postern.pid)
    assert status["NoNewPrivs"] == "1"
    # CHOWN DAC_OVERRIDE FOWNER KILL SETGID SETUID SETPCAP NET_BIND_SERVICE
    # SYS_CHROOT
    most = 0x4_05eb
    for name in ("CapPrm", "CapEff", "CapInh"):
        assert int(status[name], 16) & ~most == 0
    if os.geteuid() == 0:
        assert int(status["CapBnd"], 16) & ~most == 0
        assert status["Groups"].strip() == ""


@needs_root
def test_children_inherit_nothing(tmp_path):
    """Not even what posternd's own caller left open."""
    with open(tmp_path / "secret", "w", encoding="ascii") as secret:
        os.set_inheritable(secret.fileno(), True)
        with Postern(tmp_path, ROUTE, start=False) as p:
            p.spool.mkdir()
            p.runtime.mkdir()
            with open(p.log, "ab") as log:
                p.process = subprocess.Popen(
                    p.argv("-d"), stdout=log, stderr=log, close_fds=False,
                    stdin=subprocess.DEVNULL)
            p.wait_event("ready")
            for pid in p.tree():
                fds = descriptors(pid)
                assert fds[0] == "/dev/null"
                assert str(tmp_path / "secret") not in fds.values()
            for pid in p.tree()[1:]:
                fds = descriptors(pid)
                assert fds[1] == fds[2] == str(p.log)
                assert fds[3].startswith("socket:")


@needs_root
def test_children_are_somebody_else(postern):
    uids = {}
    for kind, pids in postern.children().items():
        for pid in pids:
            status = status_of(pid)
            words = read_proc(pid, "cmdline").split("\0")
            assert len(set(status["Uid"].split())) == 1
            assert status["Uid"].split()[0] != "0"
            assert int(status["CapPrm"], 16) == 0
            assert status["Groups"].strip() == ""
            uids.setdefault((kind, words[1] if kind == "smtpd" else ""),
                            set()).add(status["Uid"].split()[0])
    assert all(len(u) == 1 for u in uids.values())
    assert len(set.union(*uids.values())) == len(uids) == len(COUNTS) + 1
