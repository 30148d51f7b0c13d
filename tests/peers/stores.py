# SPDX-License-Identifier: ISC
"""tests/peers/stores.py - more real servers that take mail: Dovecot by LMTP,
OpenSMTPD and Exim by SMTP; all need root.

    with Dovecot(path, users={"ann": None, "bob": 10}) as store:
        ... store.socket, or 127.0.0.1 port store.port ...
        store.messages("ann")

Each knows example.org only.  certificate is a pair of files, or None.
"""

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
    """users: {name: bytes that its mailbox may have, or None}."""

    name = "dovecot"
    packages = ("dovecot-core", "dovecot-lmtpd")
    words = ("/usr/sbin/dovecot", "-F", "-c", "@DIR@/dovecot.conf")
    accounts = {"root": ["@DIR@/base"], "vmail": ["@DIR@/mail"]}

    def __init__(self, directory, users, port=None, certificate=None,
                 settings=""):
        super().__init__(directory, port, certificate)
        self.users, self.settings = users, settings
        self.socket = self.directory + "/base/lmtp"

    def files(self):
        tls = "ssl = no\n" if self.certificate is None else \
            f"ssl = yes\nssl_cert = <{self.certificate[0]}\n" \
            f"ssl_key = <{self.certificate[1]}\n"
        users = "".join(
            f"{name}@example.org:::::::" +
            ("" if size is None else f"userdb_quota_rule=*:bytes={size}") +
            "\n" for name, size in self.users.items())
        return {"@DIR@/users": users, "@DIR@/dovecot.conf": f'''
base_dir = @DIR@/base
state_dir = @DIR@/base
log_path = @DIR@/dovecot.log
protocols = lmtp
listen = 127.0.0.1
hostname = store.example.org
default_internal_user = vmail
default_internal_group = vmail
default_login_user = vmail
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:@DIR@/mail/%n
mail_plugins = quota
quota_full_tempfail = no
lda_mailbox_autocreate = yes
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = passwd-file
  args = @DIR@/users
  default_fields = uid=@UID@ gid=@GID@ home=@DIR@/mail/%n
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0600
  }}
  inet_listener lmtp {{
    port = {self.port}
  }}
}}
plugin {{
  quota = maildir:User quota
}}
{tls}{self.settings}'''}

    def messages(self, name):
        return maildir(f"{self.directory}/mail/{name}")


class OpenSmtpd(Installed):
    """users: names of who has a mailbox.  more: words of further listeners by
    their ports, "tls" or "smtps"."""

    name = "opensmtpd"
    packages = ("opensmtpd",)
    words = ("/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf")
    accounts = {"root": ["/var/lib/opensmtpd/empty"], "vmail": ["@DIR@/mail"]}

    def __init__(self, directory, users, port=None, certificate=None, *,
                 more=()):
        super().__init__(directory, port, certificate)
        self.users, self.more = users, dict(more)

    def files(self):
        listeners = {self.port: "", **self.more}
        pki = ""
        if self.certificate is not None:
            pki = f'pki mail cert "{self.certificate[0]}"\n' \
                f'pki mail key "{self.certificate[1]}"\n'
            listeners[self.port] = "tls"
        listen = "".join(
            f"listen on 127.0.0.1 port {port} hostname mail.example.org "
            + (f"{word} pki mail\n" if word else "\n")
            for port, word in listeners.items())
        names = ", ".join(f'"{name}" = vmail' for name in self.users)
        return {"/etc/smtpd.conf": f'''{pki}
table names {{ {names} }}
table homes {{ vmail = "@UID@:@GID@:@DIR@/mail" }}
{listen}action "keep" maildir "@DIR@/mail/%{{rcpt.user}}" virtual <names> userbase <homes>
match from any for domain "example.org" action "keep"
'''}

    def messages(self, name):
        return maildir(f"{self.directory}/mail/{name}")


class Exim(Installed):
    """users: names of who has a mailbox."""

    name = "exim"
    packages = ("exim4-daemon-light",)
    words = ("/usr/sbin/exim4", "-bdf", "-q1m")
    accounts = {"Debian-exim": ["@DIR@/spool", "@DIR@/log", "@DIR@/mail"]}

    def __init__(self, directory, users, port=None, certificate=None):
        super().__init__(directory, port, certificate)
        self.users = users

    def files(self):
        tls = "tls_advertise_hosts =\n"
        if self.certificate is not None:
            tls = f"tls_advertise_hosts = *\n" \
                f"tls_certificate = @DIR@/tls.pem\n"
        files = {"/etc/exim4/exim4.conf": f'''
primary_hostname = mail.example.org
daemon_smtp_ports = {self.port}
local_interfaces = 127.0.0.1
spool_directory = @DIR@/spool
log_file_path = @DIR@/log/%s
pid_file_path = @DIR@/exim.pid
keep_environment =
host_lookup =
rfc1413_hosts =
smtp_accept_max = 100
{tls}
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
rcpt:
  deny    !domains = example.org
  accept  local_parts = {" : ".join(self.users)}
  deny    message = nobody of that name
begin routers
all:
  driver = accept
  local_parts = {" : ".join(self.users)}
  transport = keep
begin transports
keep:
  driver = appendfile
  directory = @DIR@/mail/$local_part_data
  maildir_format
  create_directory
  user = Debian-exim
begin retry
*  *  F,1h,1m
'''}
        if self.certificate is not None:
            pair = ""
            for path in self.certificate:
                with open(path) as f:
                    pair += f.read()
            files["@DIR@/tls.pem"] = pair
        return files

    def messages(self, name):
        return maildir(f"{self.directory}/mail/{name}")
