# SPDX-License-Identifier: ISC
"""tests/peers/stores.py - more real servers that take mail: Dovecot by LMTP,
OpenSMTPD and Exim by SMTP; all need root.

    with Dovecot(path, users={"ann": None, "bob": 10}) as store:
        ... store.socket, or 127.0.0.1 port store.port ...
        store.messages("ann")

Each knows example.org only.  certificate is a pair of files, or None.
"""

import installed


class Dovecot(installed.Dovecot):
    """users: {name: bytes that its mailbox may have, or None}."""

    packages = ("dovecot-core", "dovecot-lmtpd")
    hostname = "store.example.org"

    def __init__(self, directory, users, port=None, certificate=None,
                 settings=""):
        super().__init__(directory, port, certificate)
        self.users, self.settings = users, settings
        self.socket = self.directory + "/base/lmtp"

    def users_text(self):
        return "".join(
            f"{name}@example.org:::::::" +
            ("" if size is None else f"userdb_quota_rule=*:bytes={size}") +
            "\n" for name, size in self.users.items())

    def configuration(self):
        tls = "ssl = no\n" if self.certificate is None else \
            "ssl = yes\n" + self.certificate_text()
        return f'''protocols = lmtp
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
{tls}{self.settings}'''

    def messages(self, name):
        return installed.maildir(f"{self.directory}/mail/{name}")


class OpenSmtpd(installed.Installed):
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
        return installed.maildir(f"{self.directory}/mail/{name}")


class Exim(installed.Installed):
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
        return installed.maildir(f"{self.directory}/mail/{name}")
