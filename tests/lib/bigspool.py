# SPDX-License-Identifier: ISC
# tests/lib/bigspool.py - a postern whose spool is filled before it starts.
"""Spools made by build/tests/fill, on a file system that can bear them."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from harness import BUILD, Client, Dns, Sink, check, wait_for
from siege import PROOF, Siege, memory_kib

CONF = """\
{dns}
mx addresses allow 127.0.0.0/8
route any to mx port {port}
limit connections 100
"""


@contextlib.contextmanager
def big_folder(tmp_path):
    """Where many small files do not hurt: with the full counts an ext4 of
    its own, else memory if there is some."""
    if PROOF and os.geteuid() == 0:
        image, folder = tmp_path / "big.img", tmp_path / "big"
        folder.mkdir()
        with open(image, "wb") as f:
            f.truncate(16 << 30)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-N", "2500000",
                        str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(folder)],
                       check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True)
            image.unlink()
        return
    folder = Path(tempfile.mkdtemp(dir=os.environ.get("POSTERN_SCRATCH",
                                                      tmp_path)))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


class Big(Siege):
    """A postern whose spool is filled before it starts."""

    def __init__(self, folder, tmp_path, sink, dns, more=""):
        conf = CONF.format(dns=dns.setting(), port=sink.port)
        super().__init__(tmp_path, sink, more, conf, start=False)
        spool = Path(folder) / "spool"
        self.write_conf(self.conf.read_text().replace(
            f'"{self.spool}"', f'"{spool}"'))
        self.spool = spool
        self.filled = []
        self.start()
        self.stop()

    def fill(self, count, domains=1, domain="d%u.example", name="fill",
             port=None, **options):
        """options: a, A, r ... of build/tests/fill"""
        log = self.dir / f"{name}.log"
        words = [w for key, value in options.items()
                 for w in (f"-{key}", value)]
        argv = [BUILD / "tests/fill", "-n", count, "-D", domains, "-d",
                domain, "-i", name, "-o", log, "-p", port or self.sink.port, *words,
                self.spool / "queue"]
        begun = time.monotonic()
        done = subprocess.run([str(w) for w in argv], check=True,
                              capture_output=True, text=True)
        assert int(done.stdout) == count, done.stderr
        self.filled.append(log)
        return time.monotonic() - begun

    def judge_filled(self):
        """The verdict on what it was filled with, and on the clients."""
        return check(self.filled + [c.log for c in self.clients],
                     [self.sink.log])

    def memory(self):
        """{name: KiB} of all processes, workers of a kind together."""
        found = {"posternd": memory_kib(self.pid)}
        for name, pids in self.children().items():
            found[name] = sum(memory_kib(pid) for pid in pids)
        return found

    def fresh(self, domain="fresh.test"):
        """Seconds from the dial of one message until it is at the sink."""
        client = Client(self, messages=1, domain=domain,
                        sender="one@client.example")
        before = os.path.getsize(self.sink.log)
        begun = time.monotonic()
        assert client.run().acknowledged == 1
        wait_for(lambda: has(self.sink.log, client.prefix, before), 30,
                 f"a fresh message behind {before}", poll=0.001)
        self.clients.append(client)
        return time.monotonic() - begun


def has(log, word, start=0):
    """In the log from there on: to read all of a large one again and again
    would take the machine from what is measured."""
    with open(log, "rb") as f:
        f.seek(start)
        return word.encode() in f.read()


@contextlib.contextmanager
def stand(tmp_path, more="", *options):
    records = ["*.example A 127.0.0.1", "*.test A 127.0.0.1"]
    with big_folder(tmp_path) as folder, Sink(tmp_path, *options) as sink, \
            Dns(tmp_path, records) as dns:
        postern = Big(folder, tmp_path, sink, dns, more)
        try:
            yield postern
        finally:
            if postern.process.poll() is None:
                postern.stop()
