/* SPDX-License-Identifier: ISC */
/* smtpd/limits.c - what one address may do, over all sessions and workers. */
#include "smtpd/limits.h"

#include "common/conf/number.h"

static const enum conf_key keys[CENSUS_RATES] = {
	[CENSUS_CONNECTS] = KEY_CLIENT_CONNECTS,
	[CENSUS_MESSAGES] = KEY_CLIENT_MESSAGES,
	[CENSUS_RCPTS] = KEY_CLIENT_RCPTS,
	[CENSUS_ERRORS] = KEY_CLIENT_ERRORS,
};

static struct number_rate
rate_of(const struct service *sv, enum census_rate which)
{
	return number_unpack_rate(conf_number(sv->conf, keys[which]));
}

static bool
is_over(const struct service *sv, uint64_t key, enum census_rate which)
{
	struct number_rate max = rate_of(sv, which);

	return max.count != 0 && census_rate(sv->census, key, which,
				     max.seconds, sv->now_ms) >= max.count;
}

static bool
is_exempt(const struct service *sv, const struct accept_client *client)
{
	const struct conf *c = sv->conf;

	if (client->local_socket ||
	    accept_trusts(c->accepts, c->naccepts, client))
		return true;
	for (size_t i = 0; i < c->nexempt; i++)
		if (network_has(&c->exempt[i], &client->ip))
			return true;
	return false;
}

const struct smtp_reply *
limits_enter(
    const struct service *sv, const struct accept_client *client, uint64_t *key)
{
	uint64_t max = conf_number(sv->conf, KEY_CLIENT_CONNECTIONS), who, n;

	*key = 0;
	if (sv->census == NULL || is_exempt(sv, client))
		return NULL;
	if (sv->level > 1 && sv->strangers)
		return &reply_overload;
	who = census_key(&client->ip);
	n = census_connections(sv->census, who);
	if (max != 0 && n >= max)
		return &reply_client_connections;
	if (sv->level > 0 && n >= LIMITS_STRESSED)
		return &reply_client_stress;
	if (is_over(sv, who, CENSUS_CONNECTS))
		return &reply_client_connects;
	if (is_over(sv, who, CENSUS_ERRORS))
		return &reply_client_errors;
	if (!census_enter(sv->census, who, sv->now_ms))
		return &reply_busy;
	*key = who;
	limits_note(sv, who, CENSUS_CONNECTS);
	return NULL;
}

void
limits_leave(const struct service *sv, uint64_t key)
{
	if (key != 0)
		census_leave(sv->census, key);
}

const struct smtp_reply *
limits_message(const struct service *sv, uint64_t key)
{
	return key != 0 && is_over(sv, key, CENSUS_MESSAGES)
		   ? &reply_client_messages
		   : NULL;
}

const struct smtp_reply *
limits_rcpt(const struct service *sv, uint64_t key)
{
	return key != 0 && is_over(sv, key, CENSUS_RCPTS) ? &reply_client_rcpts
							  : NULL;
}

void
limits_note(const struct service *sv, uint64_t key, enum census_rate which)
{
	if (key != 0)
		census_note(sv->census, key, which, rate_of(sv, which).seconds,
		    sv->now_ms);
}
