# SPDX-License-Identifier: ISC
"""tests/peers/submission.py - real servers that take mail from who logs in:
Dovecot's submission service and its SASL for others, Exim; all need root.

    with Dovecot(path, {"box": "password"}, certificate, ports=(587, 465),
                 relay=store.port, mechanisms="plain") as smarthost:
        ... smarthost.auth_port is what a Postfix asks ...
        smarthost.logins()

Of two ports the first has STARTTLS, the second TLS from the first byte.
"""

import base64
import hmac
import json
import re
import time

import installed
import peers
import stores


TOKENS = '''passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = @DIR@/oauth2
}
'''


def token(key, user, seconds, padding=1200):
    """A JSON web token (RFC 7519) that is good for so long."""
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time())
    claims = {"sub": user, "iat": now - 60, "nbf": now - 60,
              "exp": now + seconds, "roles": "x" * padding}
    text = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + \
        b"." + part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.digest(key, text, "sha256"))).decode()


class Dovecot(installed.Dovecot):
    """Hands what it takes to relay; with no ports it is a SASL server.  With a
    key it takes tokens, too."""

    packages = ("dovecot-core", "dovecot-submissiond")
    hostname = "smtp.provider.test"

    def __init__(self, directory, users, certificate, *, ports=(), relay=25,
                 mechanisms="plain login", key=None):
        self.auth_port = peers.free_port()
        self.key = key
        super().__init__(directory, (ports or (self.auth_port,))[0],
                         certificate)
        self.users, self.ports, self.relay = users, ports, relay
        self.mechanisms = mechanisms

    def ready(self):
        return peers.listens(self.auth_port) and super().ready() \
            if self.ports else peers.listens(self.auth_port)

    def users_text(self):
        return "".join(
            f"{name}:{{PLAIN.b64}}"
            f"{base64.b64encode(password.encode()).decode()}\n"
            for name, password in self.users.items())

    def configuration(self):
        submission = "protocols =\n" if not self.ports else f'''
protocols = submission
submission_relay_host = 127.0.0.1
submission_relay_port = {self.relay}
service submission-login {{
  inet_listener submission {{
    port = {self.ports[0]}
  }}
  inet_listener submissions {{
    port = {self.ports[1]}
    ssl = yes
  }}
}}
'''
        return f'''disable_plaintext_auth = yes
auth_mechanisms = {self.mechanisms}
auth_failure_delay = 0
ssl = required
{self.certificate_text()}{TOKENS if self.key else ""}passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = @DIR@/users
}}
userdb {{
  driver = static
  args = uid=@UID@ gid=@GID@ home=@DIR@/mail/%n
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  inet_listener {{
    port = {self.auth_port}
  }}
}}
{submission}'''

    def files(self):
        if self.key is None:
            return super().files()
        return {**super().files(), "@DIR@/oauth2": '''
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=@DIR@/keys/
username_attribute = sub
''', "@DIR@/keys/default/HS256/default":
                base64.b64encode(self.key).decode()}

    def logins(self):
        """(name, mechanism) of who has logged in to submit."""
        with open(self.directory + "/dovecot.log") as f:
            return re.findall(r"Login: user=<([^>]*)>, method=(\w+)",
                              f.read())


class Exim(stores.Exim):
    """Keeps mail for the users of example.org; the login is in Received."""

    def __init__(self, directory, users, certificate, *, logins, ports,
                 mechanisms="plain login"):
        super().__init__(directory, users, ports[0], certificate)
        self.ports, self.passwords = ports, logins
        self.mechanisms = mechanisms

    def authenticators(self):
        made = "begin authenticators\n"
        for mechanism in self.mechanisms.split():
            name, password, prompts = \
                ("$auth2", "$auth3", ":") if mechanism == "plain" else \
                ("$auth1", "$auth2", "Username:: : Password::")
            made += f'''{mechanism}:
  driver = plaintext
  public_name = {mechanism.upper()}
  server_prompts = {prompts}
  server_advertise_condition = ${{if def:tls_in_cipher}}
  server_condition = ${{if eq{{${{base64:{password}}}}}\
{{${{lookup{{{name}}}lsearch{{@DIR@/logins}}{{$value}}{{!}}}}}}}}
  server_set_id = {name}
'''
        return made

    def files(self):
        files = super().files()
        path = "/etc/exim4/exim4.conf"
        text = files[path].replace(
            f"daemon_smtp_ports = {self.port}",
            f"daemon_smtp_ports = {self.ports[0]} : {self.ports[1]}\n"
            f"tls_on_connect_ports = {self.ports[1]}")
        text = text.replace("rcpt:\n", "rcpt:\n  deny !authenticated = *\n"
                            "       message = log in first\n")
        files[path] = "received_header_text = Received: " \
            "(login $authenticated_id) by mail.example.org\n" + text + self.authenticators()
        files["@DIR@/logins"] = "".join(
            f"{name}: {base64.b64encode(password.encode()).decode()}\n"
            for name, password in self.passwords.items())
        return files
