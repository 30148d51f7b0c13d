/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_params.c - what may stand behind the path of MAIL and RCPT
 * (smtpd/extensions.h).
 *
 * The first byte chooses the command and the surroundings. What is accepted
 * was offered, came once and is sound; written for the next server and read
 * again it is the same; what is refused is refused for good, with a reason.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/esmtp.h"
#include "smtpd/extensions.h"

#include <string.h>

enum { RCPT = 1, HELO = 2, LOGINS = 4 };

static const char *const known[] = { "SIZE", "BODY", "RET", "ENVID", "SMTPUTF8",
	"AUTH", "NOTIFY", "ORCPT" };

struct stage {
	struct conf conf;
	struct service service;
	struct session session;
	uint8_t choice;
};

static void
begin(struct stage *t, uint8_t choice)
{
	struct accept_client client = { .local_socket = false };
	struct conf_error error;

	memset(t, 0, sizeof(*t));
	t->choice = choice;
	conf_init(&t->conf);
	must(conf_parse(&t->conf, view_of("hostname mx.test\n"), &error),
	    "it reads");
	service_init(&t->service, &t->conf, false);
	session_begin(&t->session, &t->service, &client);
	if ((choice & LOGINS) != 0)
		t->session.auth = AUTH_CLEAR;
	session_helo(&t->session, view_of("c.test"), (choice & HELO) == 0);
	session_mail_begin(&t->session);
}

static void
end(struct stage *t)
{
	session_end(&t->session);
	conf_clear(&t->conf);
}

static const struct smtp_reply *
read_params(struct stage *t, struct view params)
{
	return (t->choice & RCPT) != 0 ? extensions_rcpt(&t->session, params)
				       : extensions_mail(&t->session, params);
}

static size_t
place_of(struct view keyword)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (view_is_nocase(keyword, known[i]))
			return i;
	must(false, "only what is known is accepted");
	return 0;
}

/* By another count than that of the code under test. */
static void
check_keywords(struct view rest, bool esmtp)
{
	bool seen[sizeof(known) / sizeof(*known)] = { false };
	struct view keyword, value;
	bool has_value;

	while (esmtp_next(&rest, &keyword, &value, &has_value) == ESMTP_PARAM) {
		size_t i = place_of(keyword);

		must(esmtp, "HELO offers no parameters");
		must(!seen[i], "each comes once");
		seen[i] = true;
		must(fuzz_printable(value), "values are printable");
	}
	must(rest.len == 0 || view_trim(rest).len == 0, "all of it was read");
}

static void
check_kept(const struct mail *m)
{
	must(ret_sound(m->ret) && envid_sound(m->envid), "RET and ENVID");
	must(notify_sound(m->notify) && orcpt_sound(m->orcpt),
	    "NOTIFY and ORCPT");
	must(fuzz_printable(view_of(m->envid)), "ENVID is printable");
	must(fuzz_printable(view_of(m->orcpt)), "ORCPT is printable");
}

/* As the next server would read it. */
static void
check_again(const struct mail *m, uint8_t choice)
{
	struct stage next;
	struct buf out;

	buf_init(&out, 4096);
	if ((choice & RCPT) != 0)
		notify_print_rcpt(m->notify, m->orcpt, &out);
	else
		notify_print_mail(m->ret, m->envid, &out);
	must(buf_ok(&out) && fuzz_printable(buf_view(&out)), "it is written");
	begin(&next, choice & RCPT);
	must(read_params(&next, buf_view(&out)) == NULL, "it is read again");
	must(next.session.mail->ret == m->ret &&
		 next.session.mail->notify == m->notify &&
		 strcmp(next.session.mail->envid, m->envid) == 0 &&
		 strcmp(next.session.mail->orcpt, m->orcpt) == 0,
	    "and is the same");
	end(&next);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	const struct smtp_reply *wrong;
	struct stage t;

	begin(&t, fuzz_byte(&in));
	wrong = read_params(&t, in);
	if (wrong == NULL) {
		check_keywords(in, (t.choice & HELO) == 0);
		check_kept(t.session.mail);
		check_again(t.session.mail, t.choice);
	} else {
		must(wrong->code >= 500 && wrong->status[0] == '5' &&
			 wrong->text[0] != '\0',
		    "refused for good, with a reason");
	}
	end(&t);
	return 0;
}
