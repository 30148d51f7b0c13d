# SPDX-License-Identifier: ISC
"""tests/peers/installed.py - what servers have in common that run from the
private root of their packages; all need root."""

import json
import os
import sys

import peers

PRIVATE_ROOT = os.path.join(peers.HERE, "private_root.py")


def maildir(path):
    """The messages of a maildir as bytes, in no order."""
    found = []
    for folder in ("new", "cur"):
        there = os.path.join(path, folder)
        for name in os.listdir(there) if os.path.isdir(there) else ():
            with open(os.path.join(there, name), "rb") as f:
                found.append(f.read())
    return found


class Installed(peers.Peer):
    """A server in a private root of its packages."""

    packages = ()
    words = ()     # of the command
    accounts = {}  # see private_root.py

    def __init__(self, directory, port=None, certificate=None):
        super().__init__(directory, port)
        self.certificate = certificate and [str(f) for f in certificate]
        self.roots = [peers.root_of(name) for name in self.packages]

    def files(self):
        raise NotImplementedError

    def command(self):
        plan = {"roots": self.roots, "directory": self.directory,
                "accounts": self.accounts, "files": self.files(),
                "command": list(self.words)}
        return [peers.IN_NAMESPACE, sys.executable, PRIVATE_ROOT,
                json.dumps(plan)]


class Dovecot(Installed):
    """Of any service: what all its configurations begin with."""

    name = "dovecot"
    words = ("/usr/sbin/dovecot", "-F", "-c", "@DIR@/dovecot.conf")
    accounts = {"root": ["@DIR@/base"], "vmail": ["@DIR@/mail"]}
    hostname = ""  # each has its own

    def configuration(self):
        """The lines of dovecot.conf for its services, users and TLS."""
        raise NotImplementedError

    def users_text(self):
        raise NotImplementedError

    def certificate_text(self):
        return f"ssl_cert = <{self.certificate[0]}\n" \
            f"ssl_key = <{self.certificate[1]}\n"

    def files(self):
        return {"@DIR@/users": self.users_text(), "@DIR@/dovecot.conf": f'''
base_dir = @DIR@/base
state_dir = @DIR@/base
log_path = @DIR@/dovecot.log
listen = 127.0.0.1
hostname = {self.hostname}
default_internal_user = vmail
default_internal_group = vmail
default_login_user = vmail
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:@DIR@/mail/%n
{self.configuration()}'''}
