/* SPDX-License-Identifier: ISC */
/* tools/human.h - values as people and programs want to read them. Pure.
 *
 * Whatever comes from a stranger (addresses, replies, names) goes to a
 * terminal through human_text() or into JSON through human_json(): neither
 * lets a control byte, an escape sequence or a direction mark through.
 */
#ifndef TOOLS_HUMAN_H
#define TOOLS_HUMAN_H

#include "common/base/buf.h"
#include "common/base/ip.h"

enum { HUMAN_TEXT = 32 }; /* the longest of the short forms, and some */

/* "3m", "2h", "4d": how long, in the largest unit; below zero "0s". */
const char *human_age(int64_t ms, char out[HUMAN_TEXT]);
/* "812", "1.2K", "14K", "3.4M": bytes in five columns. */
const char *human_size(uint64_t bytes, char out[HUMAN_TEXT]);
/* "812 bytes", "14 KiB", for a sentence. */
const char *human_bytes(uint64_t bytes, char out[HUMAN_TEXT]);
/* "2024-02-29T12:00:00Z", UTC; "" for a time that no calendar knows. */
const char *human_iso(int64_t wall_ms, char out[HUMAN_TEXT]);

/*
 * Appends the text, escaped, at most `columns` wide (0: no limit); what was
 * cut ends in an ellipsis.  Valid UTF-8 stays when utf8 is set, which takes a
 * UTF-8 locale.  Returns the columns used.
 */
size_t human_text(struct buf *, struct view, size_t columns, bool utf8);
/* Appends a JSON string, quotes and all; invalid UTF-8 becomes U+FFFD. */
void human_json(struct buf *, struct view);
/* The address of a row; "" without one. */
void human_client(uint8_t family, const uint8_t *bytes, char out[IP_TEXT]);

#endif
