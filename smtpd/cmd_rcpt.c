/* SPDX-License-Identifier: ISC */
/* smtpd/cmd_rcpt.c - RCPT, RFC 5321 4.1.1.3: one more recipient. */
#include "smtpd/commands.h"
#include "smtpd/extensions.h"
#include "smtpd/limits.h"
#include "smtpd/pending.h"
#include "smtpd/relay.h"

static const struct smtp_reply *
rcpt_parse(struct session *s, struct view argument, struct mailbox *rcpt)
{
	struct view rest, path;

	s->mail->notify = 0;
	s->mail->orcpt[0] = '\0';
	if (!view_starts_nocase(argument, "TO:"))
		return &reply_argument;
	path = rest = view_trim(view_skip(argument, 3));
	if (!path_parse_forward(&rest, rcpt, true))
		return &reply_bad_rcpt;
	path.len -= rest.len;
	if (!s->mail->utf8 && !view_is_ascii(path))
		return &reply_utf8;
	/* a bare postmaster (4.5.1) is ours */
	if (rcpt->domain[0] == '\0')
		view_copy(view_of(conf_text(s->service->conf, KEY_HOSTNAME)),
		    rcpt->domain, sizeof(rcpt->domain));
	return extensions_rcpt(s, rest);
}

void
cmd_rcpt(struct session *s, struct view argument)
{
	struct mailbox rcpt;
	const struct smtp_reply *wrong = rcpt_parse(s, argument, &rcpt);
	bool ask = false;

	/* 4.5.3.1.10: 452, and the client sends the rest anew */
	if (wrong == NULL &&
	    s->mail->nrcpts >= conf_number(s->service->conf, KEY_RECIPIENTS))
		wrong = &reply_rcpts;
	if (wrong == NULL && s->service->no_memory)
		wrong = &reply_memory;
	if (wrong == NULL)
		wrong = relay_judge(s->service, &s->client,
		    s->mail->null_sender ? NULL : &s->mail->sender, &rcpt,
		    &ask);
	if (wrong == NULL)
		wrong = limits_rcpt(s->service, s->trusted ? 0 : s->counted);
	/* replies keep their order: it waits behind one that is asked for */
	if (pending_any(s) || (wrong == NULL && ask))
		pending_add(s, &rcpt, wrong, ask);
	else
		rcpt_decide(s, &rcpt, wrong);
}
