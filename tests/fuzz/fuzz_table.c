/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_table.c - files of recipients and of senders.
 *
 * The first byte says which of the two.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/table.h"

static void
check_recipient(struct table_entry *e, void *arg)
{
	(void)arg;
	must(e->line > 0 && e->values == NULL, "a recipient has a line");
	for (const char *p = e->key; *p != '\0'; p++)
		must(*p == ascii_lower(*p), "keys are lower case");
}

static void
check_sender(struct table_entry *e, void *arg)
{
	struct mailbox box;

	must(e->values != NULL && e->values->text[0] != '\0',
	    "a sender has an owner");
	if (mailbox_parse(view_of(e->key), &box, true))
		must(senders_allow(arg, &box, view_of(e->values->text)),
		    "an owner may send as what is his");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	bool owners = (fuzz_byte(&in) & 1) != 0;
	struct table_error e = { 0 };
	struct table *t = owners ? senders_parse(in, &e)
				 : recipients_parse(in, "x.example", &e);

	if (t == NULL) {
		must(e.line > 0 && e.text[0] != '\0', "a refusal has a line");
		return 0;
	}
	table_each(t, owners ? check_sender : check_recipient, t);
	table_free(t);
	return 0;
}
