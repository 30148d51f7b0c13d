/* SPDX-License-Identifier: ISC */
/* tools/json.c - members of the JSON lines that the tools print. */
#include "tools/json.h"

#include "common/base/id.h"
#include "tools/human.h"

#include <inttypes.h>

/* Added, not printed: a list of a million has ten million of them. */
void
json_key(struct buf *out, const char *key)
{
	buf_add_string(out, "\"");
	buf_add_string(out, key);
	buf_add_string(out, "\":");
}

void
json_text(struct buf *out, const char *key, const char *text)
{
	json_key(out, key);
	human_json(out, view_of(text));
}

void
json_time(struct buf *out, const char *key, int64_t ms)
{
	char iso[HUMAN_TEXT];

	json_key(out, key);
	if (ms <= 0) {
		buf_add_string(out, "null");
		return;
	}
	buf_add_string(out, "\"");
	buf_add_string(out, human_iso(ms, iso));
	buf_add_string(out, "\"");
}

void
json_uid(struct buf *out, uint32_t uid)
{
	json_key(out, "uid");
	if (uid == UINT32_MAX)
		buf_add_string(out, "null");
	else
		buf_printf(out, "%" PRIu32, uid);
}

void
json_head(struct buf *out, const struct msg_row *m)
{
	char id[ID_TEXT], client[IP_TEXT];

	human_client(m->client_family, m->client, client);
	buf_printf(out, "\"id\":\"%s\",", id_print(m->id, id));
	json_time(out, "received", m->received);
	buf_printf(out, ",\"size\":%" PRIu64 ",", m->size);
	json_text(out, "sender", m->sender);
	buf_add_string(out, ",");
	json_text(out, "client", client);
	buf_add_string(out, ",");
	json_text(out, "helo", m->helo);
	buf_add_string(out, ",");
	json_text(out, "message_id", m->message_id);
	buf_add_string(out, ",");
	json_text(out, "login", m->login);
	buf_add_string(out, ",");
	json_uid(out, m->uid);
}
