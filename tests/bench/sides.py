# SPDX-License-Identifier: ISC
"""tests/bench/sides.py - the relays that are measured, each as a Peer that
runs in a control group and keeps all it writes on its own disk."""

import os
import shutil

import peers

TOP = peers.TOP
POSTERN_CONF = """\
hostname "relay.example"
spool "{directory}/spool"
runtime "{directory}/run"
log file "{directory}/log"
listen on 127.0.0.1 port {port}
accept from local
{way}
"""
TO_HOST = 'route any to host "[127.0.0.1]" port {}'
TO_MX = """\
resolver 127.0.0.1
mx addresses allow 127.0.0.0/8
route any to mx"""
# of main.cf, whose relay knows one next server
POSTFIX_TO_MX = {"relayhost": "", "smtp_dns_support_level": "enabled",
                 "smtp_host_lookup": "dns"}


class GroupMixin:
    """Puts the first process, and so all others, into self.group."""

    group = None

    def before_exec(self):
        super().before_exec()
        self.group.join()

    def start(self):
        super().start()
        self.group.top = self.pid
        return self


class PostfixSide(GroupMixin, peers.Postfix):
    title = "Postfix"

    def __init__(self, directory, next_port, settings):
        """next_port None: by MX."""
        mx = POSTFIX_TO_MX if next_port is None else {}
        super().__init__("relay", directory, next_port=next_port or 25,
                         settings={**mx, **settings})

    @staticmethod
    def missing():
        return None if peers.have_root() else "skipped: root"


class PosternSide(GroupMixin, peers.Peer):
    name = "postern"
    title = "postern"

    def __init__(self, directory, next_port, settings):
        super().__init__(directory)
        self.next_port = next_port
        self.log = self.directory + "/log"
        self.extra = settings

    @staticmethod
    def missing():
        if not os.access(TOP + "/build/posternd", os.X_OK):
            return "not built: build/posternd"
        return None

    def command(self):
        return [TOP + "/build/posternd", "-F", "-f",
                self.directory + "/postern.conf", "-x", TOP + "/build"]

    def start(self):
        shutil.rmtree(self.directory + "/run", ignore_errors=True)
        os.chmod(self.directory, 0o755)
        with open(self.directory + "/postern.conf", "w") as f:
            f.write(POSTERN_CONF.format(directory=self.directory,
                                        port=self.port, way=self.way()))
            for name, value in self.extra.items():
                f.write(f"{name} {value}\n")
        if os.path.exists(self.log):
            os.unlink(self.log)
        return super().start()

    def way(self):
        return TO_MX if self.next_port is None else TO_HOST.format(
            self.next_port)

    def ready(self):
        try:
            with open(self.log, errors="replace") as f:
                return any("ready" in line.split()[:4] for line in f)
        except FileNotFoundError:
            return False


SIDES = {"postfix": PostfixSide, "postern": PosternSide}
