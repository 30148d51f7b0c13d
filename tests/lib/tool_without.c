/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_without.c - runs a command on a system that lacks something.
 *
 *	without landlock|seccomp|chroot COMMAND ARGUMENT...
 *
 * A filter makes the calls fail as a kernel without them does.
 */
#include "common/base/alloc.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

struct lack {
	const char *word;
	int call;
	int error;
	int option; /* first argument, -1 any */
};

/* clang-format off */
static const struct lack lacks[] = {
	{ "landlock", SCMP_SYS(landlock_create_ruleset), ENOSYS, -1 },
	{ "seccomp", SCMP_SYS(seccomp), ENOSYS, -1 },
	{ "seccomp", SCMP_SYS(prctl), EINVAL, PR_SET_SECCOMP },
	{ "chroot", SCMP_SYS(chroot), EPERM, -1 },
};
/* clang-format on */

static int
lack_add(scmp_filter_ctx ctx, const struct lack *l)
{
	const struct scmp_arg_cmp is = { .arg = 0,
		.op = SCMP_CMP_EQ,
		.datum_a = (scmp_datum_t)(unsigned int)l->option };

	return seccomp_rule_add_array(ctx,
	    SCMP_ACT_ERRNO((unsigned int)l->error), l->call,
	    l->option == -1 ? 0 : 1, l->option == -1 ? NULL : &is);
}

int
main(int argc, char *argv[])
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int found = 0;

	if (argc < 3 || ctx == NULL)
		return EX_USAGE;
	for (size_t i = 0; i < nitems(lacks); i++)
		if (strcmp(lacks[i].word, argv[1]) == 0) {
			found++;
			if (lack_add(ctx, &lacks[i]) != 0)
				return EX_OSERR;
		}
	if (found == 0 || seccomp_load(ctx) != 0)
		return EX_OSERR;
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return EX_OSERR;
}
