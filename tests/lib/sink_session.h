/* SPDX-License-Identifier: ISC */
/* tests/lib/sink_session.h - one SMTP session of the recording sink. */
#ifndef TESTS_LIB_SINK_SESSION_H
#define TESTS_LIB_SINK_SESSION_H

#include "tests/lib/sink.h"

/* Takes a connected socket and greets; frees itself when it is over. */
void sink_session_start(struct sink *, int fd);
/* The hold file is gone: every session that waits for that answers. */
void sink_session_release_all(struct sink *);
void sink_session_free_all(struct sink *);

#endif
