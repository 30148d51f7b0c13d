/* SPDX-License-Identifier: ISC */
/* tools/json.h - members of the JSON lines that the tools print. Pure.
 *
 * Texts pass human_json().
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include "common/base/buf.h"
#include "common/ipc/msg_report.h"

/* "key": and what may follow it; no comma. */
void json_key(struct buf *, const char *key);
void json_text(struct buf *, const char *key, const char *text);
void json_time(struct buf *, const char *key, int64_t ms); /* <= 0: null */
void json_uid(struct buf *, uint32_t uid); /* UINT32_MAX: null */
/* What every message has, from its id to its uid. */
void json_head(struct buf *, const struct msg_row *);

#endif
