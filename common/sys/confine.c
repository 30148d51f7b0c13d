/* SPDX-License-Identifier: ISC */
/* common/sys/confine.c - giving up root, and proving that it is gone.
 *
 * Order matters: the folder while we are root, groups before the gid, the
 * gid before the uid; afterwards every way back is tried and must fail.
 */
#include "common/sys/confine.h"

#include "common/base/fatal.h"
#include "common/sys/privilege.h"

#include <grp.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

static void
prove(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) == -1 || r != uid || e != uid || s != uid)
		fatal("still not uid %u", (unsigned int)uid);
	if (getresgid(&rg, &eg, &sg) == -1 || rg != gid || eg != gid ||
	    sg != gid)
		fatal("still not gid %u", (unsigned int)gid);
	if (getgroups(0, NULL) > 0)
		fatal("supplementary groups remain");
	if (setuid(0) != -1 || seteuid(0) != -1 || setgid(0) != -1)
		fatal("root can be regained");
}

bool
confine_identity(const char *root, uid_t uid, gid_t gid)
{
	if (geteuid() != 0) {
		if (chdir(root) == -1)
			fatal("chdir %s: %m", root);
		privilege_drop_held();
		return false;
	}
	if (uid == 0 || gid == 0)
		fatal("no account to become");
	if (chroot(root) == -1 || chdir("/") == -1)
		fatal("chroot %s: %m", root);
	privilege_drop_bounds();
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		fatal("cannot become uid %u: %m", (unsigned int)uid);
	privilege_drop_held();
	prove(uid, gid);
	return true;
}

void
confine_resources(bool may_clone)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    (!may_clone && setrlimit(RLIMIT_NPROC, &none) == -1))
		fatal("setrlimit: %m");
#ifdef __linux__
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		fatal("prctl: %m");
#endif
}
