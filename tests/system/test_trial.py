# SPDX-License-Identifier: ISC
# tests/system/test_trial.py - posternd -n looks into the files that are named.
#
# Each is read by a confined process of the program that would hold it, and
# what is wrong is told with file, line and word.  A posternd that runs keeps
# the last good one instead.
"""Broken password files, alias files and tables, before the start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, free_port, wait_for  # noqa: E402

CONFIG, NOINPUT = 78, 66
HASH = "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8" \
    "wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
GOOD = {
    "passwd": f"ann:{HASH}\n",
    "aliases": "root: ann@example.org\nann: root2@example.org\n",
    "senders": "ann@ours.example ann\n",
    "people": "ann@ours.example\nbob@ours.example\n",
    "secret": "word\n",
}


@pytest.fixture(name="house")
def make_house(tmp_path):
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600 if name in ("passwd", "secret") else
                                0o644)
    file = {name: f'"{tmp_path / name}"' for name in GOOD}
    conf = "\n".join([
        f"listen on 127.0.0.1 port {free_port()} auth cleartext",
        f"passwords {file['passwd']}", "local domain { ours.example }",
        f"alias file {file['aliases']}", f"senders file {file['senders']}",
        f"recipients domain ours.example file {file['people']}",
        'route any to host "smart.example" port 587 tls verify login "me" '
        f"password file {file['secret']}"])
    p = Postern(tmp_path, conf, start=False)
    yield p
    if p.process is not None:
        p.kill()


def trial(p):
    """Status, and what is wrong."""
    done = subprocess.run(p.argv("-n"), capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.stdout == ""
    assert not p.spool.exists()
    return done.returncode, done.stderr


def spoil(tmp_path, name, text):
    (tmp_path / name).write_text(GOOD[name] + text)


def test_fine(house):
    assert trial(house) == (0, "")


@pytest.mark.parametrize("name, text, line, words", [
    ("passwd", "bob:hunter2\n", 2, ""),
    ("aliases", "bob ann@example.org\n", 3, ""),
    ("aliases", "bob: a@b@c\n", 3, '"a@b@c"'),
    ("senders", "ann@@ours.example ann\n", 2, '"ann@@ours.example"'),
    ("people", "ann@away.example\n", 3, '"away.example"'),
    ("secret", "another\n", 0, "more than one line"),
])
def test_broken(house, tmp_path, name, text, line, words):
    spoil(tmp_path, name, text)
    code, said = trial(house)
    place = f"{tmp_path / name}:{line}: " if line else f"{tmp_path / name}: "
    assert said.startswith(f"posternd: {place}"), said
    assert words in said and said.count("\n") == 1
    assert code == CONFIG
    # no secret is told
    said = said.replace(str(tmp_path), "")
    assert "hunter2" not in said and HASH not in said


def test_all_are_told(house, tmp_path):
    spoil(tmp_path, "passwd", "bob:hunter2\n")
    spoil(tmp_path, "aliases", "bob ann@example.org\n")
    spoil(tmp_path, "people", "ann@away.example\n")
    code, said = trial(house)
    lines = said.splitlines()
    assert code == CONFIG and len(lines) == 3
    assert [Path(line.split(":")[1].strip()).name for line in lines] == \
        ["passwd", "aliases", "people"]


def test_missing(house, tmp_path):
    (tmp_path / "aliases").unlink()
    code, said = trial(house)
    assert (code, said) == (
        NOINPUT, f"posternd: {tmp_path}/aliases: No such file or directory\n")


def test_program_that_cannot(house, tmp_path):
    """One that dies instead of an answer is no good sign."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for path in Path(house.programs).glob("postern*"):
        if os.access(path, os.X_OK) and path.is_file():
            (folder / path.name).symlink_to(path.resolve())
    (folder / "postern-lookup").unlink()
    (folder / "postern-lookup").symlink_to("/bin/false")
    house.programs = folder
    code, said = trial(house)
    assert (code, said) == (69, "posternd: postern-lookup cannot read its "
                            "files\n")


def test_who_runs_keeps_the_last_good_one(house, tmp_path):
    house.start()
    spoil(tmp_path, "aliases", "bob ann@example.org\n")
    wait_for(lambda: house.events("table-refused"), what="a refusal")
    assert house.process.poll() is None
    assert not house.events("fatal")
