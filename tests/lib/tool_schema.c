/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_schema.c - an empty queue.db, for tests that fill it.
 *
 *	schema FOLDER
 *
 * Made by the code that queue makes it with.
 */
#include "common/base/fatal.h"
#include "queue/schema.h"

#include <sqlite3.h>
#include <sysexits.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	if (argc != 2)
		fatal_code(EX_USAGE, "usage: schema FOLDER");
	if (chdir(argv[1]) == -1)
		fatal_code(EX_NOINPUT, "%s: %m", argv[1]);
	sqlite3_close(schema_open());
	return 0;
}
