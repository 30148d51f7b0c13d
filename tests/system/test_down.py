# SPDX-License-Identifier: ISC
# tests/system/test_down.py - the queue can be looked at with posternd down.
"""postern queue, show, trace and sql when nobody answers."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import (BUILD, PATIENCE, Postern, free_port,  # noqa: E402
                     is_alive, wait_for)
from toolstand import sendmail  # noqa: E402

WORDS = [("queue",), ("queue", "--json"), ("queue", "--summary"),
         ("queue", "--count"), ("show", "ID"), ("trace", "ID"),
         ("sql", "SELECT id, sender FROM message ORDER BY id")]


def tool(suite, *words, conf=True, uid=None):
    named = ["-f", suite.conf] if conf else []
    other = uid is not None and os.geteuid() == 0
    argv = ["setpriv", f"--reuid={uid}", f"--regid={uid}",
            "--clear-groups"] if other else []
    argv += [BUILD / "postern", *named, "-s", suite.control, *words]
    return subprocess.run([str(w) for w in argv], capture_output=True,
                          text=True, timeout=PATIENCE, check=False)


@pytest.fixture
def suite(tmp_path):
    for part in [tmp_path, *tmp_path.parents][:3]:  # pytest made these
        if part.stat().st_uid == os.geteuid():
            part.chmod(0o755)
    suite = Postern(tmp_path, 'route any to host "[127.0.0.1]" port '
                    f"{free_port()}")
    for n in range(3):
        done = sendmail(suite.runtime / "submit", f"r{n}@stuck.example",
                        message="Subject: x\n\nbody\n")
        assert done.returncode == 0, done.stderr

    def waits():
        return len([r for r in suite.queue()
                    if r["recipients"][0]["state"] == "waiting" and
                    r["recipients"][0]["error"] != ""]) == 3

    wait_for(waits, what="three deferred messages")
    suite.id = suite.queue()[0]["id"]
    wait_for(lambda: "deferred" in tool(suite, "trace", suite.id).stdout,
             what="the history")
    yield suite
    suite.stop()


def owners(suite):
    """Whose everything in the spool is, and how large."""
    found = {}
    for folder, _, names in os.walk(suite.spool):
        for name in [".", *names]:
            st = os.stat(os.path.join(folder, name))
            found[os.path.join(folder, name)] = (
                st.st_uid, st.st_gid, st.st_mode,
                None if name.endswith("-shm") else st.st_size)
    return found


def left():
    return {p for p in Path("/tmp").glob("postern.??????")}


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_answers(suite, how):
    words = [[suite.id if w == "ID" else w for w in ws] for ws in WORDS]
    before = [tool(suite, *ws) for ws in words]
    assert all(done.returncode == 0 for done in before)
    assert all(done.stderr == "" for done in before)
    if how == "stopped":
        suite.stop()
    else:
        tree = suite.tree()
        suite.kill()
        wait_for(lambda: not any(is_alive(pid) for pid in tree),
                 what="the end of all processes")
    spool, folders = owners(suite), left()
    for ws, was in zip(words, before):
        done = tool(suite, *ws)
        assert done.returncode == 0, (ws, done.stderr)
        assert done.stderr == ("postern: posternd is not running; this is "
                               "what it left\n")
        if ws[-1] in ("--json", "--count") or ws[0] == "sql":
            assert done.stdout == was.stdout
        else:
            assert len(done.stdout.splitlines()) == len(
                was.stdout.splitlines())
    assert owners(suite) == spool
    assert left() == folders


def test_no_orders(suite):
    suite.stop()
    for ws in (("hold", suite.id), ("remove", "--yes", suite.id), ("check",)):
        done = tool(suite, *ws)
        assert done.returncode == 69, done.stderr
        assert "is posternd running?" in done.stderr
    assert len(tool(suite, "queue", "--json").stdout.splitlines()) == 3


def test_running_elsewhere(suite):
    """A wrong socket is no reason to start a second one."""
    done = subprocess.run(
        [str(BUILD / "postern"), "-f", str(suite.conf), "-s",
         str(suite.dir / "nowhere"), "queue"],
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 75 and done.stdout == ""
    assert "already running: process" in done.stderr


def test_no_queue(suite, tmp_path):
    suite.stop()
    (suite.spool / "queue/queue.db").rename(tmp_path / "kept")
    done = tool(suite, "queue")
    assert done.returncode == 66 and done.stdout == ""
    assert "queue.db: No such file" in done.stderr
    assert not (suite.spool / "queue/queue.db").exists()
    (tmp_path / "kept").rename(suite.spool / "queue/queue.db")


def test_broken_configuration(suite):
    """posternd says what is wrong, and its exit status is the tool's."""
    suite.stop()
    kept = suite.conf.read_text()
    suite.conf.write_text(kept + "\nlisten sideways\n")
    done = tool(suite, "queue")
    assert done.returncode == 78 and done.stdout == ""
    assert "sideways" in done.stderr
    assert "is posternd running?" not in done.stderr
    suite.conf.write_text(kept)


def test_socket_alone(suite):
    """Which spool another socket belongs to is not guessed, not for root."""
    suite.stop()
    done = tool(suite, "queue", conf=False)
    assert done.returncode == 69 and done.stdout == ""
    assert done.stderr.splitlines() == [
        f"postern: cannot reach postern-report at {suite.control}: No such "
        "file or directory: is posternd running?"]


def test_only_who_may(suite):
    """Others, who name no configuration, just hear that nobody is there."""
    suite.stop()
    done = tool(suite, "queue", conf=False, uid=51001)
    assert done.returncode == 69
    assert "posternd is not running;" not in done.stderr


def standing(conf):
    """Processes of a posternd -a for that configuration, and their folders."""
    found = {}
    for p in Path("/proc").glob("[0-9]*"):
        try:
            words = (p / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"-a" in words and str(conf).encode() in words:
            found[int(p.name)] = Path(words[words.index(b"-a") + 1].decode())
    return found


ENDLESS = ("WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a)"
           " SELECT max(x) FROM a")


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_ends_with_the_tool(suite, how, early):
    """Nothing is left over when the tool is interrupted or killed."""
    suite.stop()
    argv = [str(w) for w in (BUILD / "postern", "-f", suite.conf, "-s",
                             suite.control, "sql", ENDLESS)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, text=True,
                          stderr=subprocess.PIPE,
                          start_new_session=True) as running:
        wait_for(lambda: standing(suite.conf), what="a posternd that answers")
        folders = set(standing(suite.conf).values())
        if not early:
            assert "is not running;" in running.stderr.readline()
        if how == signal.SIGINT:
            os.killpg(running.pid, how)  # as a terminal does
        else:
            running.kill()
    wait_for(lambda: not standing(suite.conf), what="its end")
    wait_for(lambda: not any(f.exists() for f in folders),
             what="the end of its folder")


def test_folder_of_its_own(suite):
    """The usual folder is not for this: it would be removed."""
    suite.stop()
    done = subprocess.run(
        [str(BUILD / "posternd"), "-a", str(suite.runtime), "-f",
         str(suite.conf), "-x", str(BUILD)],
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 64
    assert "a folder of its own" in done.stderr
    assert suite.runtime.exists()


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
