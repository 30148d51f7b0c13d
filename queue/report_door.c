/* SPDX-License-Identifier: ISC */
/* queue/report_door.c - the control socket's listeners. */
#include "queue/report_door.h"

#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/run/process.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>

enum { LISTENERS_MAX = 4, ACCEPTS_PER_TURN = 16 };

static struct {
	struct event *listeners[LISTENERS_MAX];
	size_t n;
	bool is_shut;
	void (*enter)(int fd);
	void (*shut)(void);
} door;

static void
shut_it(void)
{
	door.is_shut = true;
	door.shut();
	for (size_t i = 0; i < door.n; i++)
		event_del(door.listeners[i]);
}

static void
on_knock(evutil_socket_t fd, short what, void *arg)
{
	int client;

	(void)what;
	(void)arg;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client != -1) {
			door.enter(client);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS) {
			log_warn("accept: %m");
			shut_it();
		}
		return;
	}
}

void
door_again(void)
{
	if (!door.is_shut)
		return;
	door.is_shut = false;
	for (size_t i = 0; i < door.n; i++)
		event_add(door.listeners[i], NULL);
}

void
door_open(void (*enter)(int fd), void (*shut)(void))
{
	struct listening l;

	door.enter = enter;
	door.shut = shut;
	while (door.n < LISTENERS_MAX && process_listener(door.n, &l)) {
		door.listeners[door.n] = event_new(
		    process_base(), l.fd, EV_READ | EV_PERSIST, on_knock, NULL);
		if (door.listeners[door.n] == NULL)
			fatal("no event for the control socket");
		door.n++;
	}
	door.is_shut = true;
	door_again();
}
