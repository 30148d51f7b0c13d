/* SPDX-License-Identifier: ISC */
/* common/mail/idna.c - internationalised domain names: the only user of
 * libidn2, whose tables say which characters a name may have.
 */
#include "common/mail/idna.h"

#include "common/base/utf8.h"

#include <idn2.h>

/* UTS 46 without transition: case and width are folded, as typed by people,
 * and what RFC 5892 forbids is refused. */
enum { IDNA_FLAGS = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL };

/* More is never a name: every character takes a byte at least. */
enum { NAME_BYTES_MAX = 4 * DOMAIN_MAX };

static bool
convert(const char *name, char out[DOMAIN_MAX + 1])
{
	uint8_t *ascii = NULL;
	bool fine = false;

	if (idn2_lookup_u8((const uint8_t *)name, &ascii, IDNA_FLAGS) ==
	    IDN2_OK)
		fine = domain_normalise(view_of((const char *)ascii), out);
	idn2_free(ascii);
	/* mapping may bring forth what is no letter of a name */
	return fine && domain_valid(view_of(out));
}

bool
idna_to_ascii(struct view v, char out[DOMAIN_MAX + 1])
{
	char name[NAME_BYTES_MAX + 1];

	if (view_is_ascii(v))
		return domain_normalise(v, out) && domain_valid(view_of(out));
	return utf8_valid(v) && view_copy(v, name, sizeof(name)) &&
	       convert(name, out);
}
