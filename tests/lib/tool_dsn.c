/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_dsn.c - prints a notification made of its arguments.
 *
 *	dsn KIND HOST SENDER ENVID [ADDRESS ORCPT MTA CODE TEXT]...
 *
 * KIND is failed, delayed or relayed; with a "+" behind it the mail goes back
 * whole, if it can.  The mail comes on standard input.
 */
#include "common/base/alloc.h"
#include "common/mail/date.h"
#include "common/mail/dsn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 5, PER_RECIPIENT = 5, RECIPIENTS_MAX = 100 };

static void
fill_recipient(struct dsn_recipient *r, enum dsn_action action, char *argv[])
{
	int smtp = (int)strtol(argv[3], NULL, 10);

	r->action = action;
	r->address = argv[0];
	r->original = argv[1];
	r->remote_mta = argv[2];
	if (smtp / 100 == 4)
		status_later(&r->status, smtp, 4, 1, "%s", argv[4]);
	else
		status_never(&r->status, smtp, 1, 1, "%s", argv[4]);
	/* as if a status had been read from somewhere unclean */
	strlcpy(r->status.text, argv[4], sizeof(r->status.text));
}

int
main(int argc, char *argv[])
{
	struct dsn_recipient recipients[RECIPIENTS_MAX];
	char *header = mem_alloc(1 << 20);
	struct dsn dsn = { .id = 1234567,
		.own_id = 7654321,
		.arrival_ms = 1700000000000,
		.now_ms = 1700000300000,
		.until_ms = 1700432000000 };
	enum dsn_action action;
	struct buf out;

	if (argc < FIRST || (argc - FIRST) % PER_RECIPIENT != 0 ||
	    (argc - FIRST) / PER_RECIPIENT > RECIPIENTS_MAX)
		return 64;
	date_prepare();
	action = argv[1][0] == 'f'   ? DSN_FAILED
		 : argv[1][0] == 'd' ? DSN_DELAYED
				     : DSN_RELAYED;
	dsn.whole = strchr(argv[1], '+') != NULL;
	dsn.hostname = argv[2];
	dsn.to = argv[3];
	dsn.envelope_id = argv[4];
	for (int i = FIRST; i < argc; i += PER_RECIPIENT)
		fill_recipient(
		    &recipients[dsn.nrecipients++], action, argv + i);
	dsn.recipients = recipients;
	dsn.content = view_make(header, fread(header, 1, 1 << 20, stdin));
	buf_init(&out, 4 << 20);
	dsn_write(&dsn, &out);
	if (!buf_ok(&out) || fwrite(out.data, 1, out.len, stdout) != out.len)
		return 1;
	buf_free(&out);
	mem_free(header);
	return 0;
}
