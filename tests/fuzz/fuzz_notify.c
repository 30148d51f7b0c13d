/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_notify.c - DSN parameters (common/mail/notify.h).
 *
 * What is accepted is printable, and means the same when it is written for
 * the next server and read again; nothing written can leave its command.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/esmtp.h"
#include "common/mail/notify.h"

#include <string.h>

/* The one parameter in what was written. */
static struct view
only(const struct buf *out, const char *name)
{
	struct view rest = buf_view(out), keyword, value;
	bool has_value;

	must(buf_ok(out), "it fits");
	must(fuzz_printable(rest), "no control is written");
	must(esmtp_next(&rest, &keyword, &value, &has_value) == ESMTP_PARAM,
	    "what is written is a parameter");
	must(view_is(keyword, name) && has_value && rest.len == 0, "and one");
	return value;
}

static void
check_notify(struct view in, struct buf *out)
{
	uint8_t bits = 0, again = 0;

	if (!notify_parse(in, &bits))
		return;
	must(bits != 0 && notify_sound(bits), "something was asked");
	buf_clear(out);
	notify_print_rcpt(bits, "", out);
	must(notify_parse(only(out, "NOTIFY"), &again) && bits == again,
	    "NOTIFY comes back");
}

static void
check_envid(struct view in, struct buf *out)
{
	char envid[ENVID_MAX + 1], again[ENVID_MAX + 1];

	if (!envid_parse(in, envid))
		return;
	must(fuzz_printable(view_of(envid)) && envid_sound(envid),
	    "ENVID is printable");
	buf_clear(out);
	notify_print_mail(RET_NONE, envid, out);
	must(
	    envid_parse(only(out, "ENVID"), again) && strcmp(envid, again) == 0,
	    "ENVID comes back");
}

static void
check_orcpt(struct view in, struct buf *out)
{
	char orcpt[ORCPT_MAX + 1], again[ORCPT_MAX + 1];

	if (!orcpt_parse(in, orcpt))
		return;
	must(fuzz_printable(view_of(orcpt)) && orcpt_sound(orcpt),
	    "ORCPT is printable");
	buf_clear(out);
	notify_print_rcpt(0, orcpt, out);
	must(
	    orcpt_parse(only(out, "ORCPT"), again) && strcmp(orcpt, again) == 0,
	    "ORCPT comes back");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	uint8_t ret;
	struct buf out;

	buf_init(&out, 4096);
	check_notify(in, &out);
	check_envid(in, &out);
	check_orcpt(in, &out);
	if (ret_parse(in, &ret)) {
		buf_clear(&out);
		notify_print_mail(ret, NULL, &out);
		must(view_eq_nocase(only(&out, "RET"), in), "RET comes back");
	}
	buf_free(&out);
	return 0;
}
