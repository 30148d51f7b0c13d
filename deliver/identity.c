/* SPDX-License-Identifier: ISC */
/* deliver/identity.c - whom this worker is to servers.
 *
 * Must never let a secret go to a server of another route.
 */
#include "deliver/identity.h"

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/moment.h"
#include "common/run/process.h"

#include <string.h>
#include <unistd.h>

static struct {
	struct credential credential;
	char path[MSG_TEXT_MAX + 1];
	bool told;       /* the log, that this token has expired */
	bool news;       /* there is another than queue knows of */
	int64_t read_at; /* when that was, monotonic, ms */
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

bool
identity_is_token(void)
{
	const struct route_login *l = our_login();

	return l != NULL && l->secret == ROUTE_TOKEN;
}

static void
refused(const struct msg_file *m, const char *why)
{
	log_begin(identity_is_token() ? "token-refused" : "password-refused");
	log_text("path", m->path);
	log_u64("line", m->line);
	log_text("text", why);
	log_end();
	process_file_read(m, 0, why);
}

static void
log_read(const struct msg_file *m)
{
	const struct credential *c = &self.credential;
	char until[MOMENT_TEXT];

	log_begin(c->kind == CREDENTIAL_TOKEN ? "token-read" : "password-read");
	log_text("path", m->path);
	log_text("user", c->user);
	if (c->expires != 0)
		log_text("until", moment_print(c->expires, until));
	log_end();
}

bool
identity_file(const struct msg_file *m, int fd)
{
	const struct route_login *l = our_login();
	char why[CREDENTIAL_WHY];
	bool fine;

	if (m->kind != FILE_LOGIN || l == NULL ||
	    m->number != process_boot()->index) {
		close(fd);
		return false;
	}
	memcpy(self.path, m->path, sizeof(self.path));
	fine = credential_read(&self.credential,
	    identity_is_token() ? CREDENTIAL_TOKEN : CREDENTIAL_PASSWORD, fd,
	    why);
	close(fd);
	if (!fine) {
		refused(m, why);
		return true;
	}
	memcpy(self.credential.user, l->user, sizeof(l->user));
	self.credential.cleartext = l->cleartext;
	self.told = false;
	self.news = true;
	self.read_at = clock_mono_ms();
	log_read(m);
	process_file_read(m, 0, "");
	return true;
}

/* Once of each; what waits for another is in the lines of its deferral. */
static void
log_expired(const struct status *st)
{
	if (self.told)
		return;
	self.told = true;
	log_begin("token-expired");
	log_text("path", self.path);
	log_text("user", self.credential.user);
	log_text("text", st->text);
	log_end();
}

void
identity_turn(struct channel *queue)
{
	struct status st;

	if (!self.news || queue == NULL)
		return;
	self.news = false;
	if (!credential_expired(&self.credential, clock_wall_ms(), &st))
		channel_send(queue, NULL, &msg_renewed, NULL, -1);
}

bool
identity_fits(struct job *j, struct status *st)
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
	if (login == 0)
		return true;
	if (self.credential.kind == CREDENTIAL_NONE) {
		status_later(st, 451, 3, 5, "no %s in %s, see the log",
		    identity_is_token() ? "token" : "password",
		    self.path[0] == '\0' ? "its file" : self.path);
		return false;
	}
	if (!credential_expired(&self.credential, clock_wall_ms(), st))
		return true;
	j->t.login = JOB_LOGIN_EXPIRED;
	log_expired(st);
	return false;
}

void
identity_refused(const struct job *j, int64_t began)
{
	/* perhaps that was the one before */
	self.news = self.news || began <= self.read_at;
	if (j->t.login == JOB_LOGIN_EXPIRED) {
		log_expired(&j->t.status);
		return;
	}
	log_begin("login-refused");
	log_text("host", route_hop_host(j->host));
	log_u64("port", j->port);
	log_text("user", self.credential.user);
	log_text("text", j->t.status.text);
	log_end();
}
