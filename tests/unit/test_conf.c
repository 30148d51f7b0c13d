/* SPDX-License-Identifier: ISC */
/* tests/unit/test_conf.c - the configuration language: what it means, and how
 * it says what is wrong.
 */
#include "common/conf/keys.h"

#include "tests/unit/check_conf.h"

enum { PRINT_MAX = 65536 };

/* What a file adds to an empty configuration, as it is printed. */
static const struct {
	const char *text, *printed;
} lists[] = {
	{ "", "" },
	{ "# nothing but a comment", "" },
	{ "\n\n  \t\n", "" },
	{ "listen on any port 25\n", "listen on any port 25\n" },
	{ "listen on any port 25\r\nlisten on ::1 port 26\r\n",
	    "listen on any port 25\nlisten on ::1 port 26\n" },
	{ "listen on 127.0.0.1 port 65535 # all of it",
	    "listen on 127.0.0.1 port 65535\n" },
	{ "tls certificate /c key \"/k\"\nlisten on ::1 port 465 tls",
	    "listen on ::1 port 465 tls\n"
	    "tls certificate \"/c\" key \"/k\"\n" },
	{ "listen on ::1 port 587 auth certificate /c key /k\n"
	  "listen on ::1 port 588 auth cleartext\n"
	  "listen on ::1 port 465 tls auth certificate /c key /k",
	    "listen on ::1 port 587 auth certificate \"/c\" key \"/k\"\n"
	    "listen on ::1 port 588 auth cleartext\n"
	    "listen on ::1 port 465 tls auth certificate \"/c\" key "
	    "\"/k\"\n" },
	{ "listen on any port 465 tls certificate \"/a b\" key /k "
	  "certificate /c key /l\n"
	  "listen on any port 25 certificate /d key /m\n",
	    "listen on any port 465 tls certificate \"/a b\" key \"/k\" "
	    "certificate \"/c\" key \"/l\"\n"
	    "listen on any port 25 certificate \"/d\" key \"/m\"\n" },
	{ "tls certificate /c key /k\ntls certificate /d key /l\n",
	    "tls certificate \"/c\" key \"/k\"\n"
	    "tls certificate \"/d\" key \"/l\"\n" },
	{ "accept from local", "accept from local for any\n" },
	{ "accept from any for any", "accept from any for any\n" },
	{ "accept from 10.0.0.0/8", "accept from 10.0.0.0/8 for any\n" },
	{ "accept from 192.0.2.1 for any",
	    "accept from 192.0.2.1/32 for any\n" },
	{ "accept from ::ffff:192.0.2.1",
	    "accept from 192.0.2.1/32 for any\n" },
	{ "reject from any", "reject from any for any\n" },
	{ "reject from 2001:db8::/32 for domain Example.ORG.",
	    "reject from 2001:db8::/32 for domain example.org\n" },
	{ "accept from any for domain { a.example \"b.example\" }",
	    "accept from any for domain a.example\n"
	    "accept from any for domain b.example\n" },
	{ "accept from any for domain {\n\ta.example # one\n\n\tb.example\n}\n",
	    "accept from any for domain a.example\n"
	    "accept from any for domain b.example\n" },
	{ "accept from auth", "accept from auth for any\n" },
	{ "accept from auth on port 465 with tls sender domain a.example\n"
	  "reject from any on port 465\nlisten on any port 465",
	    "listen on any port 465\n"
	    "accept from auth on port 465 with tls sender domain a.example "
	    "for any\n"
	    "reject from any on port 465 for any\n" },
	{ "accept from auth \"the \\\"printer\\\"\" for domain a.example",
	    "accept from auth \"the \\\"printer\\\"\" for domain a.example\n" },
	{ "reject from any without tls sender domain { a.example B.example } "
	  "for domain { c.example d.example }",
	    "reject from any without tls sender domain a.example for domain "
	    "c.example\n"
	    "reject from any without tls sender domain a.example for domain "
	    "d.example\n"
	    "reject from any without tls sender domain b.example for domain "
	    "c.example\n"
	    "reject from any without tls sender domain b.example for domain "
	    "d.example\n" },
	{ "route any to mx", "route any to mx\n" },
	{ "route any to mx port 2525", "route any to mx port 2525\n" },
	{ "route local to host \"mail\"", "route local to host \"mail\"\n" },
	{ "route domain { a.example b.example } to host 192.0.2.1 port 24",
	    "route domain a.example to host \"[192.0.2.1]\" port 24\n"
	    "route domain b.example to host \"[192.0.2.1]\" port 24\n" },
	{ "route any to host a.example login bob password file /etc/p",
	    "route any to host \"a.example\" tls verify login \"bob\" "
	    "password file \"/etc/p\"\n" },
	{ "route any to host a.example port 465 login bob password file /etc/p",
	    "route any to host \"a.example\" port 465 tls verify immediate "
	    "login \"bob\" password file \"/etc/p\"\n" },
	{ "route domain { a.example b.example } to host a.example port 587 tls "
	  "required login \"b \\\"o\\\"\" password file /etc/p",
	    "route domain a.example to host \"a.example\" port 587 tls "
	    "required login \"b \\\"o\\\"\" password file \"/etc/p\"\n"
	    "route domain b.example to host \"a.example\" port 587 tls "
	    "required login \"b \\\"o\\\"\" password file \"/etc/p\"\n" },
	{ "route any to host a.example login bob password file /p cleartext",
	    "route any to host \"a.example\" login \"bob\" password file "
	    "\"/p\" cleartext\n" },
	{ "route any to host a.example port 465 login bob token file /etc/t",
	    "route any to host \"a.example\" port 465 tls verify immediate "
	    "login \"bob\" token file \"/etc/t\"\n" },
	{ "route any from Boss@Example.ORG to host {\n\ta.example 192.0.2.1\n}",
	    "route any from \"Boss@example.org\" to host { \"a.example\" "
	    "\"[192.0.2.1]\" }\n" },
	{ "route local from domain b\xc3\xbc"
	  "cher.example to mx",
	    "route local from domain \"xn--bcher-kva.example\" to mx\n" },
	{ "route domain x.example from login \"bo b\" to mx",
	    "route domain x.example from login \"bo b\" to mx\n" },
	{ "source a-1 address 192.0.2.1 address 2001:DB8::1 helo Out.example\n"
	  "source b helo x.example\n"
	  "route any to mx source a-1\n"
	  "route local to host a login bob password file /p source b",
	    "source a-1 address 192.0.2.1 address 2001:db8::1 helo "
	    "out.example\n"
	    "source b helo x.example\n"
	    "route any to mx source a-1\n"
	    "route local to host \"a\" tls verify login \"bob\" password "
	    "file \"/p\" source b\n" },
	{ "route any to host { a } port 26",
	    "route any to host \"a\" port 26\n" },
	{ "route any to host \"[ipv6:2001:DB8::1]\"",
	    "route any to host \"[IPv6:2001:db8::1]\"\n" },
	{ "limit destination a.example messages 20 per minute",
	    "limit destination \"a.example\" messages 20 per minute\n" },
	{ "limit destination \"[192.0.2.1]\" messages 1 per second\n"
	  "limit destination \"B.example\" messages 500 per hour",
	    "limit destination \"[192.0.2.1]\" messages 1 per second\n"
	    "limit destination \"b.example\" messages 500 per hour\n" },
	{ "resolver 127.0.0.1", "resolver 127.0.0.1 port 53\n" },
	{ "resolver ::1 port 5353", "resolver ::1 port 5353\n" },
	{ "accept bare line ends from 10.0.0.0/8 192.0.2.7",
	    "accept bare line ends from 10.0.0.0/8\n"
	    "accept bare line ends from 192.0.2.7/32\n" },
	{ "limit client exempt 192.0.2.0/24 2001:db8::/32",
	    "limit client exempt 192.0.2.0/24\n"
	    "limit client exempt 2001:db8::/32\n" },
	{ "mx addresses allow 127.0.0.0/8 ::1",
	    "mx addresses allow 127.0.0.0/8\nmx addresses allow ::1/128\n" },
};

static const struct {
	const char *text;
	enum conf_key key;
	uint64_t number;
	const char *value;
} settings[] = {
	{ "hostname \"MX.example.org.\"", KEY_HOSTNAME, 0, "mx.example.org" },
	{ "hostname mx.example.org", KEY_HOSTNAME, 0, "mx.example.org" },
	{ "spool \"/a b/\\\"c\\\\\"", KEY_SPOOL, 0, "/a b/\"c\\" },
	{ "runtime /run/x", KEY_RUNTIME, 0, "/run/x" },
	{ "sandbox off", KEY_SANDBOX, 0, "" },
	{ "sandbox on", KEY_SANDBOX, 1, "" },
	{ "log stderr", KEY_LOG, 0, "stderr" },
	{ "log syslog", KEY_LOG, 0, "syslog" },
	{ "log file \"/var/log/postern\"", KEY_LOG, 0, "/var/log/postern" },
	{ "postmaster \"ops@example.org\"", KEY_POSTMASTER, 0,
	    "ops@example.org" },
	{ "limit message size 10M", KEY_MESSAGE_SIZE, 10 << 20, "" },
	{ "limit message size 2048", KEY_MESSAGE_SIZE, 2048, "" },
	{ "limit recipients 100", KEY_RECIPIENTS, 100, "" },
	{ "limit sessions 5", KEY_SESSIONS, 5, "" },
	{ "greeting delay 2s", KEY_GREETING_DELAY, 2, "" },
	{ "greeting delay never", KEY_GREETING_DELAY, 0, "" },
	{ "limit session soft errors 0", KEY_SOFT_ERRORS, 0, "" },
	{ "limit client connections 5", KEY_CLIENT_CONNECTIONS, 5, "" },
	{ "limit client new connections 5 per second", KEY_CLIENT_CONNECTS,
	    (uint64_t)5 << 32 | 1, "" },
	{ "limit idle 90s", KEY_IDLE_TIMEOUT, 90, "" },
	{ "limit hops 30", KEY_HOPS, 30, "" },
	{ "limit destination connections 60", KEY_DESTINATION_CONNECTIONS, 60,
	    "" },
	{ "limit connections 200", KEY_TOTAL_CONNECTIONS, 200, "" },
	{ "limit connection messages 1", KEY_CONNECTION_MESSAGES, 1, "" },
	{ "limit connection age 1m", KEY_CONNECTION_AGE, 60, "" },
	{ "limit delivery rate 0", KEY_DELIVERY_RATE, 0, "" },
	{ "limit delivery time 2h", KEY_DELIVERY_TIME, 7200, "" },
	{ "limit local messages 500 per hour", KEY_LOCAL_MESSAGES,
	    UINT64_C(500) << 32 | 3600, "" },
	{ "limit local recipients 0 per day", KEY_LOCAL_RECIPIENTS, 86400, "" },
	{ "", KEY_LOCAL_MESSAGES, UINT64_C(10000) << 32 | 3600, "" },
	{ "expire 2h", KEY_EXPIRE, 7200, "" },
	{ "warn after 90s", KEY_WARN, 90, "" },
	{ "warn after never", KEY_WARN, 0, "" },
	{ "limit bounce size 0", KEY_BOUNCE_SIZE, 0, "" },
	{ "expire bounce 3d", KEY_EXPIRE_BOUNCE, 259200, "" },
	{ "passwords \"/p w\"", KEY_PASSWORDS, 0, "/p w" },
	{ "workers smtpd 4", KEY_WORKERS_SMTPD, 4, "" },
	{ "workers deliver 0", KEY_WORKERS_DELIVER, 0, "" },
	{ "limit space free 0", KEY_SPACE_FREE, 0, "" },
	/* what no file says */
	{ "", KEY_HOSTNAME, 0, "" },
	{ "", KEY_SANDBOX, 1, "" },
	{ "", KEY_LOG, 0, "syslog" },
	{ "", KEY_MESSAGE_SIZE, 50 << 20, "" },
	{ "", KEY_RECIPIENTS, 1000, "" },
	{ "", KEY_IDLE_TIMEOUT, 300, "" },
	{ "", KEY_HOPS, 100, "" },
	{ "", KEY_DESTINATION_CONNECTIONS, 20, "" },
	{ "", KEY_TOTAL_CONNECTIONS, 100, "" },
	{ "", KEY_EXPIRE, 5 * 86400, "" },
	{ "", KEY_EXPIRE_BOUNCE, 86400, "" },
	{ "", KEY_SPACE_FREE, 512 << 20, "" },
};

static const struct conf_refused errors[] = {
	{ "lisen on any port 25", 1,
	    "unknown word \"lisen\": did you mean \"listen\"?" },
	{ "\n\nhostnmae x", 3,
	    "unknown word \"hostnmae\": did you mean \"hostname\"?" },
	{ "frobnicate", 1, "unknown word \"frobnicate\"" },
	{ "\"hostname\" x", 1, "expected a statement, found \"hostname\"" },
	{ "limit", 1, "expected a word, found the end of the file" },
	{ "limit\n", 1, "expected a word, found the end of the line" },
	{ "limit hop 3", 1, "unknown word \"hop\": did you mean \"hops\"?" },
	{ "limit message 3", 1, "unknown word \"3\"" },
	{ "limit message sise 3M", 1,
	    "unknown word \"sise\": did you mean \"size\"?" },
	{ "hostname", 1, "expected a host name, found the end of the file" },
	{ "hostname \"\"", 1, "expected a host name, found \"\"" },
	{ "hostname a..b", 1, "expected a host name, found \"a..b\"" },
	{ "hostname 127.0.0.1", 1,
	    "expected a host name, found \"127.0.0.1\"" },
	{ "hostname a b", 1, "\"b\" is too much: the statement was complete" },
	{ "hostname a\nhostname b", 2,
	    "\"hostname\" is already set in line 1" },
	{ "expire 1d\nexpire bounce 1d\nexpire 2d", 3,
	    "\"expire\" is already set in line 1" },
	{ "spool \"var/spool\"", 1,
	    "expected an absolute path of at most 511 bytes, found "
	    "\"var/spool\"" },
	{ "runtime "
	  "/"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    1,
	    "expected an absolute path of at most 96 bytes, found "
	    "\"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaa\"" },
	{ "sandbox no", 1, "expected on or off, found \"no\"" },
	{ "sandbox \"off\"", 1, "expected on or off, found \"off\"" },
	{ "log /var/log/x", 1,
	    "expected stderr, syslog or file \"/path\", found \"/var/log/x\"" },
	{ "log file \"x\"", 1,
	    "expected stderr, syslog or file \"/path\", found \"x\"" },
	{ "log file \"syslog\"", 1,
	    "expected stderr, syslog or file \"/path\", found \"syslog\"" },
	{ "postmaster bob", 1,
	    "expected an address such as \"postmaster@example.org\", found "
	    "\"bob\"" },
	{ "limit recipients 0", 1,
	    "expected a number from 1 to 1000000, found \"0\"" },
	{ "limit recipients 99999999999999999999", 1,
	    "expected a number from 1 to 1000000, found "
	    "\"99999999999999999999\"" },
	{ "limit recipients -1", 1,
	    "expected a number from 1 to 1000000, found \"-1\"" },
	{ "limit local messages 5", 1,
	    "expected a rate such as \"limit local messages 500 per hour\", "
	    "of at most 1000000000, found the end of the file" },
	{ "limit local messages 5 per week", 1,
	    "expected a rate such as \"limit local messages 500 per hour\", "
	    "of at most 1000000000, found \"week\"" },
	{ "limit local messages many per hour", 1,
	    "expected a rate such as \"limit local messages 500 per hour\", "
	    "of at most 1000000000, found \"many\"" },
	{ "limit message size 50m", 1,
	    "expected a size from 1k to 64G, such as 50M, found \"50m\"" },
	{ "limit message size 65G", 1,
	    "expected a size from 1k to 64G, such as 50M, found \"65G\"" },
	{ "\nroute any to host a.example port 465", 2,
	    "port 465 begins with TLS: say \"tls\", or \"tls none\" where it "
	    "does not" },
	{ "route any to host a port 465 login bob password file /p cleartext",
	    1,
	    "port 465 begins with TLS: say \"tls\", or \"tls none\" where it "
	    "does not" },
	{ "limit client exempt", 1,
	    "expected a network such as 192.0.2.0/24, found the end of the "
	    "file" },
	{ "limit idle 300", 1,
	    "expected a time from 1s to 1d, such as 30s, 5m, 4h or 5d, found "
	    "\"300\"" },
	{ "limit idle 2d", 1,
	    "expected a time from 1s to 1d, such as 30s, 5m, 4h or 5d, found "
	    "\"2d\"" },
	{ "listen any", 1, "expected \"on\", found \"any\"" },
	{ "listen on", 1,
	    "expected \"any\" or an address, found the end of the file" },
	{ "listen on localhost port 25", 1,
	    "expected \"any\" or an address, found \"localhost\"" },
	{ "listen on any", 1, "expected \"port\", found the end of the file" },
	{ "listen on any port 0", 1,
	    "expected a port from 1 to 65535, found \"0\"" },
	{ "listen on any port 65536", 1,
	    "expected a port from 1 to 65535, found \"65536\"" },
	{ "listen on any port smtp", 1,
	    "expected a port from 1 to 65535, found \"smtp\"" },
	{ "listen on any port 25\nlisten on any port 25", 2,
	    "port 25 is listened on there already" },
	{ "listen on ::1 port 26 auth", 1,
	    "\"auth\" needs TLS and so a certificate; \"auth cleartext\" "
	    "takes passwords without" },
	{ "listen on any port 25\nlisten on any port 465 tls", 2,
	    "\"tls\" needs a certificate: tls certificate \"FILE\" key "
	    "\"FILE\"" },
	{ "listen on any port 25 certificate /c key /k\n"
	  "listen on any port 465 tls",
	    2,
	    "\"tls\" needs a certificate: tls certificate \"FILE\" key "
	    "\"FILE\"" },
	{ "tls", 1, "expected a word, found the end of the file" },
	{ "tls certificate /c", 1,
	    "expected \"key\", found the end of the file" },
	{ "tls certificate /c key", 1,
	    "expected the file of a key, found the end of the file" },
	{ "tls certificate c key /k", 1, "\"c\" must be an absolute path" },
	{ "tls certificate /c key k", 1, "\"k\" must be an absolute path" },
	{ "tls certificate /c key /k /l", 1,
	    "\"/l\" is too much: the statement was complete" },
	{ "tls protocols 1.1", 1, "expected one of: 1.2 1.3, found \"1.1\"" },
	{ "tls protocols 1.3\ntls protocols 1.2", 2,
	    "\"tls protocols\" is already set in line 1" },
	{ "accept local", 1, "expected \"from\", found \"local\"" },
	{ "accept from", 1,
	    "expected \"local\", \"any\", \"auth\" or a network such as "
	    "10.0.0.0/8, found the end of the file" },
	{ "accept from 10.0.0.1/8", 1,
	    "expected \"local\", \"any\", \"auth\" or a network such as "
	    "10.0.0.0/8, found \"10.0.0.1/8\"" },
	{ "accept from any", 1,
	    "expected \"for domain NAME\" (or \"for any\", an open relay), "
	    "found the end of the file" },
	{ "accept from any for example.org", 1,
	    "expected \"any\" or \"domain\", found \"example.org\"" },
	{ "accept from any for domain", 1,
	    "expected a domain, found the end of the file" },
	{ "accept from any for domain { }", 1,
	    "expected a domain, found \"}\"" },
	{ "accept from any for domain {\n a.example\n", 3,
	    "expected \"}\", found the end of the file" },
	{ "accept from any for domain { a.example { }", 1,
	    "expected \"}\", found \"{\"" },
	{ "accept from any for domain {\n a.example\n -b.example }", 3,
	    "expected a domain such as example.org, found \"-b.example\"" },
	{ "accept from any for domain a.example b.example", 1,
	    "\"b.example\" is too much: the statement was complete" },
	{ "accept from 0.0.0.0/0", 1,
	    "expected \"for domain NAME\" (or \"for any\", an open relay), "
	    "found the end of the file" },
	{ "accept from any with tls sender domain a.example", 1,
	    "expected \"for domain NAME\" (or \"for any\", an open relay), "
	    "found the end of the file" },
	{ "accept from auth \"\"", 1, "\"\" is no login" },
	{ "accept from auth printer", 1,
	    "\"printer\" is too much: the statement was complete" },
	{ "listen on ::1 port 25\n\nreject from any on port 587\n", 3,
	    "no statement listens on port 587" },
	{ "reject from any on 25", 1, "expected \"port\", found \"25\"" },
	{ "reject from any with ssl", 1, "expected \"tls\", found \"ssl\"" },
	{ "reject from any sender a@b.example", 1,
	    "expected \"domain\", found \"a@b.example\"" },
	{ "reject from any sender domain { }", 1,
	    "expected a domain, found \"}\"" },
	{ "route all to mx", 1,
	    "expected \"any\", \"local\" or \"domain\", found \"all\"" },
	{ "route any mx", 1, "expected \"to\", found \"mx\"" },
	{ "route any to smtp", 1,
	    "expected \"mx\", \"host\" or \"lmtp\", found \"smtp\"" },
	{ "route any to host", 1,
	    "expected a host such as \"mail.example.org\" or \"[192.0.2.1]\", "
	    "found the end of the file" },
	{ "route any to host \"[192.0.2]\"", 1,
	    "expected a host such as \"mail.example.org\" or \"[192.0.2.1]\", "
	    "found \"[192.0.2]\"" },
	{ "route any to mx login bob password file /p", 1,
	    "\"login\" goes with \"host\" alone" },
	{ "route any to host a login bob", 1,
	    "expected \"password\" or \"token\", found the end of the file" },
	{ "route any to host a login bob token hush", 1,
	    "expected \"file\", found \"hush\"" },
	{ "route any to host a login bob token file /t cleartext", 1,
	    "\"cleartext\" does not go with a token: who hears it can use "
	    "it" },
	{ "route any to host a tls none login bob token file /t cleartext", 1,
	    "\"cleartext\" does not go with a token: who hears it can use "
	    "it" },
	{ "route any to host a tls required login bob token file /t", 1,
	    "a token needs \"tls verify\": who hears it can use it" },
	{ "route local to host a login bob token file /p\n"
	  "route any to host a login bob password file /p",
	    2, "the login \"bob\" there is given otherwise in line 1" },
	{ "route any to host a login bob password hush", 1,
	    "expected \"file\", found \"hush\"" },
	{ "route any to host a login bob password file p", 1,
	    "\"p\" must be an absolute path" },
	{ "route any to host a login \"\" password file /p", 1,
	    "\"\" is no login, or too long for its host" },
	{ "route any to host a tls opportunistic login bob password file /p", 1,
	    "a login needs \"tls verify\" or \"tls required\", or says "
	    "\"cleartext\"" },
	{ "route local to host a login bob password file /p\n"
	  "route any to host a login bob password file /q",
	    2, "the login \"bob\" there is given otherwise in line 1" },
	{ "route any from boss to mx", 1,
	    "expected an address, \"domain\" or \"login\", found \"boss\"" },
	{ "route any from domain { a b } to mx", 1,
	    "one domain of senders in a route" },
	{ "route any from login \"\" to mx", 1, "\"\" is no login" },
	{ "source a address x", 1,
	    "expected an address of this machine, found \"x\"" },
	{ "source a address 192.0.2.1 address 192.0.2.2", 1,
	    "two addresses of one family" },
	{ "source a%b", 1,
	    "\"a%b\": a source has a name of a-z, 0-9 and \"-\", and there "
	    "are 100 at most" },
	{ "source a\nsource a", 2, "there is a source \"a\" already" },
	{ "source a helo \"a b\"", 1, "\"a b\" is no domain" },
	{ "route any to mx source a\nsource a", 1,
	    "no source \"a\" stands above" },
	{ "route any to host { }", 1, "expected a host, found \"}\"" },
	{ "route any to host { a b c d e f }", 1, "more than 5 hosts" },
	{ "route any to host { a", 1,
	    "expected \"}\", found the end of the file" },
	{ "route any to host a port", 1,
	    "expected a port from 1 to 65535, found the end of the file" },
	{ "resolver dns.example", 1,
	    "expected the address of a resolver, found \"dns.example\"" },
	{ "mx allow 127.0.0.1", 1, "expected \"addresses\", found \"allow\"" },
	{ "mx addresses allow", 1,
	    "expected a network such as 127.0.0.0/8, found the end of the "
	    "file" },
	{ "mx addresses allow ::1 x", 1,
	    "expected a network such as 127.0.0.0/8, found \"x\"" },
	{ "}", 1, "expected a statement, found \"}\"" },
	{ "hostname \"a", 1, "\"\"a\": the quotes are not closed" },
	{ "hostname \"a\nb\"", 1, "\"\"a\": the quotes are not closed" },
	{ "hostname a\001b", 1, "\"?\": a control character" },
	{ "hostname \xff", 1, "\"\xff\": not UTF-8" },
};

static bool
parse(struct conf *c, const char *text, struct conf_error *error)
{
	conf_init(c);
	return conf_parse(c, view_of(text), error);
}

/* Only the lists: what stands before them is the same in each. */
static void
print_lists(const struct conf *c, struct buf *out)
{
	struct conf empty;
	struct buf head;

	buf_init(&head, PRINT_MAX);
	conf_init(&empty);
	conf_print(&empty, &head);
	conf_print(c, out);
	buf_drop(out, head.len);
	buf_free(&head);
}

static void
test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(lists); i++) {
		struct conf_error error = { 0 };
		struct buf out;
		struct conf c;

		buf_init(&out, PRINT_MAX);
		check_int(lists[i].text, parse(&c, lists[i].text, &error), 1);
		print_lists(&c, &out);
		check_str(lists[i].text, buf_string(&out), lists[i].printed);
		buf_free(&out);
		conf_clear(&c);
	}
}

static void
test_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(settings); i++) {
		struct conf_error error = { 0 };
		struct conf c;
		bool fine = parse(&c, settings[i].text, &error);

		check_str(settings[i].text, error.text, "");
		check_int(settings[i].text, fine, true);
		check_int(settings[i].text, conf_number(&c, settings[i].key),
		    settings[i].number);
		check_str(settings[i].text, conf_text(&c, settings[i].key),
		    settings[i].value);
		conf_clear(&c);
	}
}

static void
test_errors(void **state)
{
	(void)state;
	check_refused(errors, nitems(errors));
}

static void
test_print_reads_back(void **state)
{
	static const char text[] =
	    "hostname a.example\nspool \"/a \\\"b\\\\\"\nlog file \"/l\"\n"
	    "postmaster \"\\\"a b\\\"@example.org\"\nsandbox off\n"
	    "limit message size 1025\nlimit idle 61s\nexpire 36h\n"
	    "listen on ::1 port 25\naccept from ::/0 for domain x.example\n"
	    "route local to host \"[IPv6:::1]\" port 1\nresolver ::1\n"
	    "mx addresses allow ::/0\ntls protocols 1.3\n"
	    "tls certificate \"/c \\\"\" key /k\n"
	    "listen on any port 465 tls certificate /d key /l\n";
	struct conf_error error = { 0 };
	struct buf first, second;
	struct conf a, b;

	(void)state;
	buf_init(&first, PRINT_MAX);
	buf_init(&second, PRINT_MAX);
	check_int(text, parse(&a, text, &error), true);
	conf_print(&a, &first);
	conf_init(&b);
	check_int("again", conf_parse(&b, buf_view(&first), &error), true);
	conf_print(&b, &second);
	check_str("same", buf_string(&second), buf_string(&first));
	buf_free(&first);
	buf_free(&second);
	conf_clear(&a);
	conf_clear(&b);
}

/* Every default fits its own row, and every row explains itself. */
static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct setting *s = setting_of((enum conf_key)i);
		struct conf_value v = { .number = s->number };

		view_copy(view_of(s->text), v.text, sizeof(v.text));
		check_int(s->words, setting_fits(s, &v), true);
		check_int(s->words, s->help[0] != '\0', true);
	}
}

static void
test_full_lists(void **state)
{
	struct conf_listener l = { .any = true };
	struct conf c;

	(void)state;
	conf_init(&c);
	for (int i = 0; i < CONF_LISTENERS_MAX; i++) {
		l.port = (uint16_t)(i + 1);
		check_int("room", conf_add_listener(&c, &l), true);
	}
	check_int("full", conf_add_listener(&c, &l), false);
	check_int("count", c.nlisteners, CONF_LISTENERS_MAX);
	conf_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_print_reads_back),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_full_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
