/* SPDX-License-Identifier: ISC */
/* deliver/identity.c - whom this worker is to servers.
 *
 * Must never let a password go to a server of another route.
 */
#include "deliver/identity.h"

#include "common/base/log.h"
#include "common/run/process.h"

#include <string.h>
#include <unistd.h>

static struct {
	struct credential credential;
	char path[MSG_TEXT_MAX + 1];
} self;

/* The login that we are for; NULL: none. */
static const struct route_login *
our_login(void)
{
	const struct conf *c = process_conf();
	const struct msg_boot *boot = process_boot();

	if (boot->class_ != CLASS_LOGIN || boot->index >= c->nlogins)
		return NULL;
	return &c->logins[boot->index];
}

const struct credential *
identity_credential(void)
{
	return our_login() == NULL ? NULL : &self.credential;
}

static void
refused(const struct msg_file *m, const char *why)
{
	log_begin("password-refused");
	log_text("path", m->path);
	log_u64("line", m->line);
	log_text("text", why);
	log_end();
	process_file_read(m, 0, why);
}

bool
identity_file(const struct msg_file *m, int fd)
{
	const struct route_login *l = our_login();
	const char *why;

	if (m->kind != FILE_LOGIN || l == NULL ||
	    m->number != process_boot()->index) {
		close(fd);
		return false;
	}
	memcpy(self.path, m->path, sizeof(self.path));
	why = credential_read(&self.credential, fd);
	close(fd);
	if (why != NULL) {
		refused(m, why);
		return true;
	}
	memcpy(self.credential.user, l->user, sizeof(l->user));
	self.credential.cleartext = l->cleartext;
	log_begin("password-read");
	log_text("path", m->path);
	log_text("user", l->user);
	log_end();
	process_file_read(m, 0, "");
	return true;
}

bool
identity_fits(const struct job *j, struct status *st)
{
	const struct routing routing = conf_routing(process_conf());
	const struct msg_boot *boot = process_boot();
	size_t login = route_hop_login(
	    &routing, (enum transport)j->transport, j->host, j->port);
	size_t ours = boot->class_ == CLASS_LOGIN ? boot->index + 1 : 0;

	if (login != ours) {
		status_later(st, 451, 3, 5, "not the worker of this route");
		return false;
	}
	if (login == 0 || self.credential.kind != CREDENTIAL_NONE)
		return true;
	status_later(st, 451, 3, 5, "no password in %s, see the log",
	    self.path[0] == '\0' ? "its file" : self.path);
	return false;
}

void
identity_log_refused(const struct job *j)
{
	log_begin("login-refused");
	log_text("host", route_hop_host(j->host));
	log_u64("port", j->port);
	log_text("user", self.credential.user);
	log_text("text", j->t.status.text);
	log_end();
}
