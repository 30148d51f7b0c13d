# SPDX-License-Identifier: ISC
"""tests/bench/measure.py - what a side costs: processor, memory, flushes.

Group    the processes of one side, in a control group (version 2) of their
         own where the system allows it, else as a tree of processes
Disk     a journaled ext4 in a loop image, or a plain folder without root
"""

import os
import shutil
import subprocess
import time

GROUP_PREFIX = "postern-bench-"
TICK = os.sysconf("SC_CLK_TCK")


def mounts():
    """(mount point, type, source) of all mounts, as the kernel lists them."""
    with open("/proc/self/mountinfo") as f:
        for line in f:
            left, right = line.split(" - ", 1)
            kind, source = right.split()[:2]
            yield left.split()[4], kind, source


def group_base():
    """The folder below which we may make control groups, or None."""
    for point, kind, _ in mounts():
        if kind != "cgroup2":
            continue
        with open("/proc/self/cgroup") as f:
            own = [line.rstrip("\n")[3:] for line in f
                   if line.startswith("0::")]
        base = point + (own[0] if own else "/")
        if os.access(base, os.W_OK):
            return base.rstrip("/")
    return None


def remove_stale_groups(base):
    """Those of a run that was killed: empty, so they can go."""
    for name in os.listdir(base):
        if name.startswith(GROUP_PREFIX):
            try:
                os.rmdir(os.path.join(base, name))
            except OSError:
                pass


def read_stat(pid):
    """(parent, ticks used with those of reaped children) of a process."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[1]), sum(int(n) for n in fields[11:15])


def process_tree(top):
    stats = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stats[int(name)] = read_stat(name)
            except OSError:
                pass  # ended meanwhile
    found = {top} & set(stats)
    while True:
        more = {p for p in stats if stats[p][0] in found} - found
        if not more:
            return {p: stats[p][1] for p in found}
        found |= more


def pss_kib(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass  # ended meanwhile
    return 0


class Group:
    def __init__(self, name):
        base = group_base()
        self.top = None
        self.path = None
        if base is None:
            return
        remove_stale_groups(base)
        path = f"{base}/{GROUP_PREFIX}{name}-{time.time_ns()}"
        try:
            os.mkdir(path)
            self.path = path
        except OSError:
            pass

    @staticmethod
    def source():
        return "control groups" if group_base() else "/proc, in ticks"

    def join(self):
        """For the side's first process, between fork and exec."""
        if self.path:
            with open(self.path + "/cgroup.procs", "w") as f:
                f.write("0")

    def pids(self):
        if self.path:
            with open(self.path + "/cgroup.procs") as f:
                return [int(line) for line in f]
        return list(process_tree(self.top))

    def cpu_ms(self):
        if self.path:
            with open(self.path + "/cpu.stat") as f:
                return int(f.readline().split()[1]) / 1000
        return sum(process_tree(self.top).values()) * 1000 / TICK

    def memory_kib(self):
        return sum(pss_kib(pid) for pid in self.pids())

    def remove(self, patience=10.0):
        """Once its processes have ended."""
        end = time.monotonic() + patience
        while self.path:
            try:
                os.rmdir(self.path)
                self.path = None
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Disk:
    """Where a side keeps its spool.  The image is written in full before,
    its inode tables too, so that nothing is allocated or prepared below the
    file system while we measure."""

    def __init__(self, name, folder, mebibytes):
        self.image = os.path.join(folder, name + ".img")
        self.mebibytes = mebibytes
        self.device = None
        root = os.geteuid() == 0
        scratch = os.environ["POSTERN_SCRATCH"] if root else folder
        self.path = os.path.join(scratch, name)
        os.makedirs(self.path, exist_ok=True)
        if root:
            self.mount_image()

    def mount_image(self):
        run("dd", "if=/dev/zero", "of=" + self.image, "bs=1M", "status=none",
            f"count={self.mebibytes}", "conv=fsync")
        run("mkfs.ext4", "-q", "-F", "-i", "8192", "-E",
            "nodiscard,lazy_itable_init=0,lazy_journal_init=0", self.image)
        run("mount", "-t", "ext4", "-o", "loop,noatime", self.image, self.path)
        self.device = next(s for p, _, s in mounts() if p == self.path)

    @property
    def kind(self):
        if self.device:
            return f"journaled ext4 in a loop image of {self.mebibytes} MiB"
        return "plain folder (not root: no image, flushes not counted)"

    def flushes(self):
        """Flush requests that the device has completed; None if unknown."""
        if not self.device:
            return None
        name = os.path.basename(self.device)
        with open(f"/sys/block/{name}/stat") as f:
            fields = f.read().split()
        return int(fields[15]) if len(fields) > 15 else None

    def remove(self):
        if self.device:
            run("umount", self.path)
            os.unlink(self.image)
            self.device = None
        else:
            shutil.rmtree(self.path, ignore_errors=True)
