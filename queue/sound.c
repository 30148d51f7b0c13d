/* SPDX-License-Identifier: ISC */
/* queue/sound.c - can this be a message of ours? */
#include "queue/sound.h"

#include "common/base/ip.h"
#include "common/ipc/msg_intake.h"
#include "common/mail/mailbox.h"

static bool
is_address(const char *text)
{
	struct mailbox box;

	return mailbox_parse(view_of(text), &box, true);
}

static bool
is_client(const char *text)
{
	struct ip ip;

	return text[0] == '\0' || ip_parse(view_of(text), &ip);
}

const char *
sound_message(const struct message *m)
{
	if (m->id == 0 || m->id > INT64_MAX)
		return "its id cannot be";
	if (m->size > INT64_MAX)
		return "its size cannot be";
	if (m->class_ < CLASS_STRANGER || m->class_ > CLASS_LOCAL)
		return "its class is unknown";
	if (m->uid < UID_NONE || m->uid > UINT32_MAX)
		return "its owner cannot be";
	if (m->sender[0] != '\0' && !is_address(m->sender))
		return "its sender is not an address";
	if (!is_client(m->client))
		return "its client is not an address";
	if (view_of(m->helo).len > MSG_HELO_MAX)
		return "its helo is too long";
	if (view_of(m->message_id).len > MSG_DOMAIN_MAX)
		return "its message-id is too long";
	return NULL;
}

const char *
sound_group(const struct group *g)
{
	const char *flaw = sound_message(g->message);

	if (flaw != NULL)
		return flaw;
	if (g->error != NULL && view_of(g->error).len > MSG_TEXT_MAX)
		return "its last error is too long";
	if (g->nrcpts == 0)
		return "it has no recipients";
	for (size_t i = 0; i < g->nrcpts; i++) {
		const struct rcpt *r = &g->rcpts[i];

		if (!is_address(r->address))
			return "a recipient is not an address";
		if (r->original != NULL && !is_address(r->original))
			return "an original recipient is not an address";
	}
	return NULL;
}
