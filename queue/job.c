/* SPDX-License-Identifier: ISC */
/* queue/job.c - the recipients of one attempt and what was heard of each. */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "queue/outcome.h"

struct job *
job_new(struct group *g, size_t nrcpts)
{
	struct job *j = mem_zero(1, sizeof(*j));

	j->group = g;
	j->rcpts = mem_zero(nrcpts, sizeof(*j->rcpts));
	j->started = clock_mono_ms();
	return j;
}

void
job_free(struct job *j)
{
	mem_free(j->rcpts);
	mem_free(j);
}

/* A peer's numbers into a status; false when they cannot be one. */
static bool
status_of(struct status *st, uint8_t verdict, uint16_t smtp, uint16_t subject,
    uint16_t detail, const char *text)
{
	if ((verdict != VERDICT_DONE && verdict != VERDICT_LATER &&
		verdict != VERDICT_NEVER) ||
	    smtp / 100 != verdict || subject > 999 || detail > 999)
		return false;
	st->verdict = (enum verdict)verdict;
	st->smtp = smtp;
	st->subject = subject;
	st->detail = detail;
	return view_copy(view_of(text), st->text, sizeof(st->text));
}

bool
job_result(struct job *j, const struct msg_result *m)
{
	for (size_t i = 0; i < j->nrcpts; i++) {
		if (j->rcpts[i].n != m->rcpt)
			continue;
		if (j->rcpts[i].known)
			return false;
		j->rcpts[i].known = true;
		return status_of(&j->rcpts[i].status, m->verdict, m->smtp,
		    m->subject, m->detail, m->text);
	}
	return false;
}

bool
job_rest(struct job *j, const struct msg_job_done *m)
{
	struct status st;

	if (m->login > JOB_LOGIN_EXPIRED || !status_of(&st, m->verdict, m->smtp,
						m->subject, m->detail, m->text))
		return false;
	for (size_t i = 0; i < j->nrcpts; i++) {
		if (!j->rcpts[i].known)
			j->rcpts[i].status = st;
		j->rcpts[i].known = true;
	}
	return true;
}
