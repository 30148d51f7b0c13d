# SPDX-License-Identifier: ISC
"""tests/peers/peers.py - real mail and name servers as peers of a test.

Each peer runs from the tests' own configuration, below a directory of its
own, on loopback, and is stopped by its pid; it dies with the test.  Programs
come from build/peers (fetch.sh), never from the machine.

    with Postfix("next-hop", path) as server:    # needs root
        ... 127.0.0.1 port server.port ...
        server.messages()

Postfix needs accounts, so it runs inside tests/lib/in-namespace (at once if
the test is inside already).  have_root() says whether it can.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
IN_NAMESPACE = os.path.join(TOP, "tests", "lib", "in-namespace")
PATIENCE = 20.0  # seconds until a peer must have started or stopped
PR_SET_PDEATHSIG = 1


class PeerError(Exception):
    pass


def have_root():
    return os.geteuid() == 0


def root_of(package):
    """The private root of a package; fetched at the first use."""
    subprocess.run([os.path.join(HERE, "fetch.sh"), package], check=True)
    return os.path.join(TOP, "build", "peers", package, "root")


def library_path(root):
    return ":".join(
        path for path in (root + "/usr/lib/postfix",
                          root + "/usr/lib/" + os.uname().machine +
                          "-linux-gnu") if os.path.isdir(path))


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(claim, what, patience=PATIENCE):
    """Waits until claim() is true; a PeerError names what did not happen."""
    end = time.monotonic() + patience
    while not claim():
        if time.monotonic() > end:
            raise PeerError(f"not within {patience:.0f} s: {what}")
        time.sleep(0.01)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def greets(port):
    """Whether an SMTP server on the port says 220."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            s.settimeout(2)
            greeting = s.recv(512)
            s.sendall(b"QUIT\r\n")
            s.recv(512)
            return greeting.startswith(b"220")
    except OSError:
        return False


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Peer:
    """One server process below its own directory."""

    name = "peer"

    def __init__(self, directory, port=None):
        self.directory = os.path.abspath(directory)
        self.port = port or free_port()
        self.process = None
        self.output = os.path.join(self.directory, self.name + ".out")
        os.makedirs(self.directory, exist_ok=True)

    def command(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def ready(self):
        return greets(self.port)

    def before_exec(self):
        """Runs in the new process."""
        die_with_parent()

    def spawn(self, command):
        with open(self.output, "ab") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd=self.directory, env=self.environment(),
                start_new_session=True, preexec_fn=self.before_exec)

    def start(self):
        self.spawn(self.command())
        try:
            wait_until(self.running_and_ready, f"{self.name} ready")
        except PeerError:
            self.stop()
            raise
        return self

    def running_and_ready(self):
        if self.process.poll() is not None:
            with open(self.output, errors="replace") as f:
                raise PeerError(f"{self.name} ended: {f.read()[-2000:]}")
        return self.ready()

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Postfix(Peer):
    """Debian's Postfix.  role "relay": takes mail from 127.0.0.0/8 and sends
    all of it to 127.0.0.1 port next_port (configuration: tests/bench).  role
    "next-hop": takes mail for example.org and keeps it for messages().
    settings: more main.cf lines as a dict; services: more ports at which it
    takes mail, on all addresses, with settings for each."""

    name = "postfix"
    templates = {
        "relay": (TOP + "/tests/bench/main.cf", TOP + "/tests/bench/master.cf"),
        "next-hop": (HERE + "/nexthop.main.cf", HERE + "/nexthop.master.cf"),
    }

    def __init__(self, role, directory, port=None, next_port=25,
                 settings=None, services=None):
        super().__init__(directory, port)
        self.role = role
        self.next_port = next_port
        self.settings = settings or {}
        self.services = services or {}
        self.root = root_of("postfix")
        self.spool = self.directory + "/spool"
        self.log = self.directory + "/maillog"

    def command(self):
        plan = {"main": self.templates[self.role][0],
                "master": self.templates[self.role][1],
                "directory": self.directory, "root": self.root,
                "port": self.port, "next_port": self.next_port,
                "settings": self.settings, "services": self.services}
        return [IN_NAMESPACE, "/usr/bin/python3",
                os.path.join(HERE, "postfix_master.py"),
                json.dumps(plan, default=str)]

    def environment(self):
        return dict(os.environ, LD_LIBRARY_PATH=library_path(self.root))

    def messages(self):
        """What has arrived at a next hop, as bytes, in no order."""
        found = []
        for folder in ("new", "cur"):
            path = f"{self.spool}/mail/all/{folder}"
            for name in os.listdir(path) if os.path.isdir(path) else ():
                with open(os.path.join(path, name), "rb") as f:
                    found.append(f.read())
        return found

    def queued(self):
        """The number of messages in the queue."""
        return sum(len(files) for folder in
                   ("incoming", "active", "deferred", "maildrop", "hold")
                   for _, _, files in os.walk(f"{self.spool}/{folder}"))

    def log_lines(self):
        try:
            with open(self.log, errors="replace") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []


class SmtpSink(Peer):
    """Postfix's smtp-sink: takes everything, keeps nothing."""

    name = "smtp-sink"

    def __init__(self, directory, port=None, options=()):
        super().__init__(directory, port)
        self.options = list(options)
        self.root = root_of("postfix")

    def command(self):
        user = ["-u", "nobody"] if have_root() else []
        return [self.root + "/usr/sbin/smtp-sink", *user, *self.options,
                f"127.0.0.1:{self.port}", "1024"]

    def environment(self):
        return dict(os.environ, LD_LIBRARY_PATH=library_path(self.root),
                    MAIL_CONFIG=self.directory)

    def start(self):
        with open(self.directory + "/main.cf", "w") as f:
            f.write("compatibility_level = 3.6\ninet_protocols = ipv4\n"
                    "myhostname = sink.example\n")
        return super().start()


def smtp_source(port, sessions, messages, size, options=()):
    """Runs smtp-source, a connection per message, to its end; gives the
    seconds it took."""
    root = root_of("postfix")
    begin = time.monotonic()
    subprocess.run(
        [root + "/usr/sbin/smtp-source", "-s", str(sessions),
         "-m", str(messages), "-l", str(size), "-f", "from@client.example",
         "-t", "to@example.org", *options, f"127.0.0.1:{port}"],
        env=dict(os.environ, LD_LIBRARY_PATH=library_path(root)),
        check=True, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
    return time.monotonic() - begin


def dns_answers(address, port, zone):
    """Whether a name server there answers for the zone's SOA."""
    name = b"".join(bytes([len(label)]) + label.encode()
                    for label in zone.rstrip(".").split(".") if label)
    question = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\6\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        try:
            s.connect((address, port))
            s.send(question)
            answer = s.recv(4096)
        except OSError:
            return False
    return answer[:2] == b"\x12\x34" and answer[3] & 15 == 0


class NameServer(Peer):
    """What nsd and unbound have in common."""

    def __init__(self, directory, port, address):
        super().__init__(directory, port)
        self.address = address
        self.root = root_of(self.name)
        self.log = f"{self.directory}/{self.name}.log"
        self.conf = f"{self.directory}/{self.name}.conf"

    def command(self):
        return [f"{self.root}/usr/sbin/{self.name}", "-d", "-c", self.conf]

    def environment(self):
        return dict(os.environ, LD_LIBRARY_PATH=library_path(self.root))


class Nsd(NameServer):
    """nsd, authoritative for zones: {"example.org": "zone file text"}; SOA,
    NS and the address of "ns" are put before the text."""

    name = "nsd"

    def __init__(self, directory, zones, port=None, address="127.0.0.1"):
        super().__init__(directory, port, address)
        self.zones = zones

    def start(self):
        with open(self.conf, "w") as f:
            f.write(f'''server:
	ip-address: {self.address}@{self.port}
	server-count: 1
	username: ""
	chroot: ""
	zonesdir: "{self.directory}"
	pidfile: "{self.directory}/nsd.pid"
	database: ""
	zonelistfile: "{self.directory}/zone.list"
	xfrdfile: "{self.directory}/xfrd.state"
	xfrdir: "{self.directory}"
	logfile: "{self.log}"
	rrl-ratelimit: 0
remote-control:
	control-enable: no
''')
            for zone in self.zones:
                f.write(f'zone:\n\tname: "{zone}"\n'
                        f'\tzonefile: "{self.zone_file(zone)}"\n')
        for zone, text in self.zones.items():
            self.write_zone(zone, text)
        return super().start()

    def zone_file(self, zone):
        return f"{zone}.zone"

    def write_zone(self, zone, text):
        with open(f"{self.directory}/{zone}.zone", "w") as f:
            f.write(f"$ORIGIN {zone}.\n$TTL 60\n"
                    f"@ SOA ns.{zone}. hostmaster.{zone}. 1 60 60 60 60\n"
                    f"@ NS ns.{zone}.\nns A 127.0.0.1\n{text}\n")

    def ready(self):
        return dns_answers(self.address, self.port,
                           next(iter(self.zones), "."))


class Unbound(NameServer):
    """unbound, a resolver that knows the zones of one authoritative server
    (an Nsd, say) and nothing else."""

    name = "unbound"

    def __init__(self, directory, zones, zone_port, port=None,
                 address="127.0.0.1"):
        super().__init__(directory, port, address)
        self.zones = list(zones)
        self.zone_port = zone_port

    def start(self):
        with open(self.conf, "w") as f:
            f.write(f'''server:
	interface: {self.address}@{self.port}
	port: {self.port}
	access-control: 127.0.0.0/8 allow
	do-not-query-localhost: no
	do-ip6: no
	username: ""
	chroot: ""
	directory: "{self.directory}"
	pidfile: "{self.directory}/unbound.pid"
	logfile: "{self.log}"
	use-syslog: no
''' + self.settings())
        return super().start()

    def settings(self):
        """Nothing is validated, and nobody else is asked."""
        zones = "".join(f'''server:
	local-zone: "{zone}." transparent
	domain-insecure: "{zone}."
stub-zone:
	name: "{zone}."
	stub-addr: 127.0.0.1@{self.zone_port}
''' for zone in self.zones)
        return f'''	module-config: "iterator"
	local-zone: "." static
remote-control:
	control-enable: no
{zones}'''

    def ready(self):
        return dns_answers(self.address, self.port, self.zones[0])
