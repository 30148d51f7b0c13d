/* SPDX-License-Identifier: ISC */
/* common/sys/privilege.c - capabilities: what posternd keeps, what children
 * lose. */
#include "common/sys/privilege.h"

#include "common/base/fatal.h"

#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* clang-format off */
static const unsigned int kept[] = {
	CAP_NET_BIND_SERVICE, /* ports below 1024 */
	CAP_SETUID, CAP_SETGID, CAP_SYS_CHROOT, /* children confine themselves */
	CAP_SETPCAP, /* and give up what they could get back */
	CAP_KILL, /* children that have become somebody else */
	CAP_CHOWN, CAP_FOWNER, CAP_DAC_OVERRIDE, /* folders of the spool */
};
/* clang-format on */

enum { CAPABILITY_WORDS = 2, CAPABILITIES = 64 };

static bool
is_kept(unsigned int cap)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i] == cap)
			return true;
	return false;
}

/* Out of reach of this process and of all that it starts. */
static void
bounds_drop(bool (*stays)(unsigned int))
{
	for (unsigned int cap = 0; cap < CAPABILITIES; cap++) {
		/* 0: it is no longer there; -1: the kernel has no such */
		if (!stays(cap) &&
		    prctl(PR_CAPBSET_READ, (unsigned long)cap, 0, 0, 0) == 1 &&
		    prctl(PR_CAPBSET_DROP, (unsigned long)cap, 0, 0, 0) == -1)
			fatal("cannot drop capability %u: %m", cap);
	}
}

static void
held_drop(bool (*stays)(unsigned int))
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[CAPABILITY_WORDS] = { 0 };

	if (syscall(SYS_capget, &header, data) == -1)
		fatal("capget: %m");
	for (unsigned int cap = 0; cap < CAPABILITIES; cap++) {
		if (!stays(cap))
			data[cap / 32].permitted &= ~(UINT32_C(1) << cap % 32);
		data[cap / 32].effective = data[cap / 32].permitted;
		data[cap / 32].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) == -1)
		fatal("capset: %m");
}

static void
reduce(void)
{
	if (geteuid() == 0) {
		bounds_drop(is_kept);
		held_drop(is_kept);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("no_new_privs: %m");
}

static bool
is_never(unsigned int cap)
{
	(void)cap;
	return false;
}

void
privilege_drop_bounds(void)
{
	bounds_drop(is_never);
}

void
privilege_drop_held(void)
{
	held_drop(is_never); /* what is ambient goes with it */
}
#else
static void
reduce(void)
{
}

void
privilege_drop_bounds(void)
{
}

void
privilege_drop_held(void)
{
}
#endif

void
privilege_reduce(void)
{
	if (geteuid() == 0 && setgroups(0, NULL) == -1)
		fatal("setgroups: %m");
	reduce();
}

void
privilege_raise_files(size_t want)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_max >= want)
		return;
	r.rlim_max = want;
	(void)setrlimit(RLIMIT_NOFILE, &r); /* only root may */
}
