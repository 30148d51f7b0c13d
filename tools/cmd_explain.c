/* SPDX-License-Identifier: ISC */
/* tools/cmd_explain.c - postern explain: what would become of mail.
 *
 * Exit 0: it may go; 1: it would wait, or come back; else there was no answer.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/mail/mailbox.h"
#include "common/mail/status.h"
#include "tools/ask.h"
#include "tools/command.h"
#include "tools/explanation.h"
#include "tools/output.h"

#include <string.h>
#include <sysexits.h>

enum { STAYS = 1 };

/* NULL, or what is wrong with it. */
static const char *
flaw_of(const char *address)
{
	const char *at = strrchr(address, '@');
	char domain[DOMAIN_MAX + 1];
	struct mailbox box;

	if (address[0] == '\0')
		return "it is empty";
	if (strchr(address, '<') != NULL || strchr(address, ' ') != NULL)
		return "an address alone, without name or brackets";
	if (at == NULL)
		return NULL; /* a name of this machine: queue knows that */
	if (at == address || at[1] == '\0')
		return "a part of it is missing";
	if (mailbox_parse(view_of(address), &box, true))
		return NULL;
	if (at[1] != '[' && !(domain_normalise(view_of(at + 1), domain) &&
				domain_valid(view_of(domain))))
		return "there can be no such domain";
	return "it is not of the form that RFC 5321 has";
}

static bool
parse_text(const char *value, char *out, size_t size)
{
	return value != NULL && view_copy(view_of(value), out, size);
}

/* What takes a value; EX_OK if it is one of those. */
static int
option(const struct command *self, struct msg_ask_explain *m, const char *word,
    const char *value)
{
	const char *flaw;

	if (strcmp(word, "--login") == 0)
		return parse_text(value, m->login, sizeof(m->login))
			   ? EX_OK
			   : command_usage(self, "--login: expected a login");
	if (strcmp(word, "--from") != 0)
		return command_usage(self, "unknown argument: %s", word);
	if (!parse_text(value, m->sender, sizeof(m->sender)))
		return command_usage(self, "--from: expected an address");
	flaw = value[0] == '\0' ? NULL : flaw_of(value);
	return flaw == NULL ? EX_OK
			    : command_usage(self, "--from %s: %s", value, flaw);
}

static int
take_address(
    const struct command *self, struct msg_ask_explain *m, const char *word)
{
	const char *flaw = flaw_of(word);

	if (m->address[0] != '\0')
		return command_usage(self, "one address at a time");
	if (flaw == NULL &&
	    !view_copy(view_of(word), m->address, sizeof(m->address)))
		flaw = "it is too long";
	return flaw == NULL
		   ? EX_OK
		   : command_usage(self, "not an address: %s: %s", word, flaw);
}

static int
arguments(const struct command *self, struct msg_ask_explain *m, bool *json,
    int argc, char *argv[])
{
	int code = EX_OK;

	for (int i = 0; i < argc && code == EX_OK; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			*json = true;
		} else if (strcmp(argv[i], "--connect") == 0) {
			m->connect = 1;
		} else if (argv[i][0] == '-') {
			code = option(self, m, argv[i],
			    i + 1 < argc ? argv[i + 1] : NULL);
			i++;
		} else {
			code = take_address(self, m, argv[i]);
		}
	}
	if (code == EX_OK && m->address[0] == '\0')
		return command_usage(self, "which address?");
	return code;
}

static bool
take(void *arg, const struct ipc_type *type, const void *msg)
{
	return explanation_take(arg, type, msg);
}

int
cmd_explain(
    const struct command *self, const char *control, int argc, char *argv[])
{
	struct explanation *x = mem_zero(1, sizeof(*x));
	struct msg_ask_explain m = { 0 };
	struct output output;
	struct ask *ask = NULL;
	bool json = false;
	int code = arguments(self, &m, &json, argc, argv);

	if (code == EX_OK)
		code = ask_open(&ask, control);
	if (code != EX_OK) {
		mem_free(x);
		return code;
	}
	output_init(&output);
	code = ask_explain(ask, &m, take, x);
	ask_close(ask);
	x->connect = m.connect != 0;
	x->now = clock_wall_ms();
	x->utf8 = output.utf8;
	if (json && code == EX_OK)
		explanation_json(x, &output.text);
	else if (!json)
		explanation_text(x, &output.text);
	if (code == EX_OK && x->end.verdict != VERDICT_DONE)
		code = STAYS;
	mem_free(x);
	return output_end(&output, code);
}
