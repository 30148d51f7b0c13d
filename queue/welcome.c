/* SPDX-License-Identifier: ISC */
/* queue/welcome.c - whether new mail is welcome, as all workers are told. */
#include "queue/welcome.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/ipc/msg_intake.h"
#include "queue/stock.h"
#include "queue/store.h"
#include "queue/strain.h"

#include <errno.h>

static struct {
	struct strain strain;
	struct msg_intake_state state;
	struct spool_room space;
	bool asking; /* how much space there is */
} welcome;

/* What is said to MAIL at the third level. */
static const struct {
	uint16_t detail;
	const char *text;
} refusals[STRAIN_GAUGES] = {
	[STRAIN_SPACE] = { 1, "insufficient system storage" },
	[STRAIN_INODES] = { 1, "insufficient system storage" },
	[STRAIN_BACKLOG] = { 2, "the disk is slow: try again later" },
	[STRAIN_DISK] = { 1, "the disk has failed: try again later" },
	[STRAIN_LATENCY] = { 2, "the disk is slow: try again later" },
};

void
welcome_tell(struct peer *p)
{
	if (p->channel != NULL)
		channel_send(
		    p->channel, NULL, &msg_intake_state, &welcome.state, -1);
}

static void
log_level(unsigned int was, const struct ladder_gauge *worst)
{
	log_begin("overload");
	log_u64("level", worst->level);
	log_u64("was", was);
	if (worst->level > 0)
		log_word("cause", worst->cause);
	log_u64("free-bytes", welcome.space.bytes);
	log_u64("free-inodes", welcome.space.inodes);
	log_i64("behind-ms", store_behind());
	log_end();
}

/* Looks anew; tells the workers and the log what has changed. */
static void
judge(void)
{
	const struct conf *conf = process_conf();
	const struct strain_limits limits = {
		.space = conf_number(conf, KEY_SPACE_FREE),
		.delay_ms = 1000 * (int64_t)conf_number(conf, KEY_DISK_DELAY),
	};
	const struct ladder_gauge *worst = strain_judge(&welcome.strain,
	    &limits, &welcome.space, store_behind(), clock_mono_ms());
	struct msg_intake_state state = { .level = (uint8_t)worst->level };
	size_t cause = (size_t)(worst - welcome.strain.gauges);
	struct peer *p;

	if (worst->level == LADDER_TOP) {
		state.smtp = 452;
		state.subject = 3;
		state.detail = refusals[cause].detail;
		(void)view_copy(view_of(refusals[cause].text), state.text,
		    sizeof(state.text));
	}
	if (state.level == welcome.state.level &&
	    state.detail == welcome.state.detail)
		return;
	log_level(welcome.state.level, worst);
	welcome.state = state;
	for (size_t n = 0; (p = process_peer(PEER_SMTPD, n)) != NULL; n++)
		welcome_tell(p);
}

void
welcome_stored(int64_t took_ms)
{
	strain_stored(&welcome.strain, took_ms, clock_mono_ms());
}

/* What is full may be full for this message only: its space is looked at. */
void
welcome_failed(int error)
{
	if (error == ENOSPC || error == EDQUOT)
		return;
	strain_failed(&welcome.strain, clock_mono_ms());
	judge();
}

const char *
welcome_refuses(void)
{
	return welcome.state.text;
}

static void
on_space(struct store_op *op)
{
	welcome.asking = false;
	if (!op->failed)
		welcome.space = op->u.space;
	store_op_free(op);
	judge();
	/* what a full disk refused, it may give by now */
	if (welcome.state.smtp == 0)
		stock_fill();
}

void
welcome_second(void)
{
	judge();
	if (!welcome.asking)
		store_submit(store_op_new(STORE_SPACE, on_space, NULL));
	welcome.asking = true; /* one question at a time */
}

void
welcome_start(void)
{
	strain_init(&welcome.strain);
	welcome.space.bytes = welcome.space.inodes = UINT64_MAX;
	welcome_second();
}
