/* SPDX-License-Identifier: ISC */
/* smtpd/login.h - what passes between us and auth. */
#ifndef SMTPD_LOGIN_H
#define SMTPD_LOGIN_H

#include "common/run/process.h"
#include "smtpd/client.h"

/* What auth may say. */
enum { LOGIN_RULES = 1 };
extern const struct channel_rule login_rules[LOGIN_RULES];

/* Asks about what the session has; false: auth is not there, or too busy. */
bool login_ask(struct client *);
/* The client leaves or waits no more: the answer finds nobody. */
void login_forget(struct client *);
/* The process is gone that was asked. */
void login_lost(struct channel *, struct conv *);

#endif
