/* SPDX-License-Identifier: ISC */
/* queue/report_caller.c - who is at the other end of the control socket.
 *
 * Nothing that the caller says about itself counts.
 */
#include "queue/report_caller.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

/* Supplementary groups, where the kernel can tell them; else none. */
static void
read_groups(int fd, struct caller *c)
{
#ifdef SO_PEERGROUPS
	gid_t groups[CALLER_GROUPS - 1];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1)
		return;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		c->groups[c->ngroups++] = groups[i];
#else
	(void)fd;
	(void)c;
#endif
}

bool
caller_read(int fd, struct caller *c)
{
	uid_t uid;
	gid_t gid;

	if (getpeereid(fd, &uid, &gid) == -1)
		return false;
	c->uid = uid;
	c->groups[0] = gid;
	c->ngroups = 1;
	read_groups(fd, c);
	return true;
}

bool
caller_is_operator(const struct caller *c, uint32_t own, uint32_t operators)
{
	if (c->uid == 0 || c->uid == own)
		return true;
	for (size_t i = 0; operators != 0 && i < c->ngroups; i++)
		if (c->groups[i] == operators)
			return true;
	return false;
}
