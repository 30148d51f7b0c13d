/* SPDX-License-Identifier: ISC */
/* common/mail/alert.c - writes a letter to the postmaster. */
#include "common/mail/alert.h"

#include "common/base/id.h"
#include "common/mail/date.h"
#include "common/mail/fold.h"

#include <stdio.h>

enum { WORD_MAX = 640 };

static void
field(struct buf *out, const char *name, const char *before, const char *value,
    const char *after)
{
	char word[WORD_MAX];
	struct fold f;

	snprintf(word, sizeof(word), "%s%s%s", before, value, after);
	fold_begin(&f, out, name, "\t");
	fold_word(&f, view_of(word));
	fold_end(&f);
}

static void
paragraph(struct buf *out, const char *text)
{
	struct fold f;

	buf_add_string(out, "\r\n");
	fold_begin(&f, out, "", "");
	fold_text(&f, text);
	fold_end(&f);
}

void
alert_write(const struct alert *a, uint64_t id, int64_t now_ms, struct buf *out)
{
	char number[ID_TEXT], date[DATE_TEXT];

	id_print(id, number);
	field(out, "From:", "Mail Delivery System <MAILER-DAEMON@", a->hostname,
	    ">");
	field(out, "To:", "<", a->to, ">");
	field(out, "Subject:", "", a->subject, "");
	field(out, "Date:", "", date_print(now_ms, date), "");
	buf_printf(out, "Message-ID: <%s.alert@", number);
	field(out, "", "", a->hostname, ">");
	buf_add_string(out, "Auto-Submitted: auto-generated\r\n"
			    "MIME-Version: 1.0\r\n"
			    "Content-Type: text/plain; charset=us-ascii\r\n");
	for (size_t i = 0; i < ALERT_PARAGRAPHS && a->paragraphs[i] != NULL;
	     i++)
		paragraph(out, a->paragraphs[i]);
}
