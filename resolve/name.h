/* SPDX-License-Identifier: ISC */
/* resolve/name.h - what smtpd may ask: the names of its clients. */
#ifndef RESOLVE_NAME_H
#define RESOLVE_NAME_H

#include "common/ipc/channel.h"

enum { NAME_RULES = 1 };
extern const struct channel_rule name_rules[NAME_RULES];

/* The asker is gone. */
void name_lost(struct channel *, struct conv *);

#endif
