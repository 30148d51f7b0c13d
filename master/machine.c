/* SPDX-License-Identifier: ISC */
/* master/machine.c - defaults that depend on the machine. */
#include "master/machine.h"

#include "master/readfile.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	DNS_PORT = 53,
	NAMESERVERS = 3,             /* as resolv.conf(5) */
	RESOLV_CONF_MAX = 64 * 1024, /* bytes */
	WORKERS_DEFAULT_MAX = 16     /* more cores than this help little */
};

static bool
complete_hostname(struct conf *c, struct trouble *t)
{
	char name[DOMAIN_MAX + 1] = "";
	struct conf_value v = { 0 };

	if (conf_text(c, KEY_HOSTNAME)[0] != '\0')
		return true;
	if (gethostname(name, sizeof(name)) == -1)
		return trouble_set(t, EX_OSERR, "gethostname: %m");
	name[DOMAIN_MAX] = '\0';
	if (name[0] != '\0' && domain_normalise(view_of(name), v.text) &&
	    conf_set(c, KEY_HOSTNAME, &v))
		return true;
	return trouble_set(t, EX_CONFIG,
	    "the system's host name \"%s\" is not a domain name: set "
	    "\"hostname\" in the configuration",
	    name);
}

static void
complete_workers(struct conf *c, enum conf_key key)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (conf_number(c, key) != 0)
		return;
	if (cores < 1)
		cores = 1;
	if (cores > WORKERS_DEFAULT_MAX)
		cores = WORKERS_DEFAULT_MAX;
	c->values[key].number = (uint64_t)cores;
}

void
machine_resolvers(struct conf *c, struct view text)
{
	struct conf_resolver r = { .port = DNS_PORT };
	struct view line;
	size_t end;

	while (text.len > 0 && c->nresolvers < NAMESERVERS) {
		end = view_find(text, '\n');
		line = view_make(text.data, end);
		text = view_skip(text, end + 1);
		if (view_is(view_word(&line), "nameserver") &&
		    ip_parse(view_word(&line), &r.ip))
			conf_add_resolver(c, &r);
	}
}

static void
complete_resolvers(struct conf *c)
{
	struct conf_resolver here = { .port = DNS_PORT };
	struct buf text;

	if (c->nresolvers > 0)
		return;
	buf_init(&text, RESOLV_CONF_MAX);
	if (readfile("/etc/resolv.conf", &text))
		machine_resolvers(c, buf_view(&text));
	buf_free(&text);
	if (c->nresolvers == 0 && ip_parse(view_of("127.0.0.1"), &here.ip))
		conf_add_resolver(c, &here);
}

bool
machine_complete(struct conf *c, struct trouble *t)
{
	complete_workers(c, KEY_WORKERS_SMTPD);
	complete_workers(c, KEY_WORKERS_DELIVER);
	complete_workers(c, KEY_WORKERS_TLS);
	complete_resolvers(c);
	return complete_hostname(c, t);
}
