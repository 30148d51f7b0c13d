/* SPDX-License-Identifier: ISC */
/* common/sys/hash.c - hashes of passwords, by crypt(3).
 *
 * What the library works with lies here, and is wiped after each use.
 */
#include "common/sys/hash.h"

#include <crypt.h>
#include <string.h>

static struct crypt_data work; /* 32 KiB */

/* As long for every pair of texts of this length. */
static bool
same_text(const char *a, const char *b)
{
	size_t len = strlen(a);
	unsigned int differ = 0;

	if (strlen(b) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		differ |= (unsigned int)(unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

bool
hash_matches(const char *hash, const char *password)
{
	const char *made = crypt_r(password, hash, &work);
	bool same = made != NULL && made[0] != '*' && same_text(made, hash);

	explicit_bzero(&work, sizeof(work));
	return same;
}

bool
hash_make(const char *password, char out[HASH_TEXT])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *made;
	bool fine;

	if (crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) ==
	    NULL)
		return false;
	made = crypt_r(password, setting, &work);
	fine = made != NULL && made[0] != '*' &&
	       strlcpy(out, made, HASH_TEXT) < HASH_TEXT;
	explicit_bzero(&work, sizeof(work));
	return fine;
}
