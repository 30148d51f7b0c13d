/* SPDX-License-Identifier: ISC */
/* smtpd/ext_chunking.c - CHUNKING, RFC 3030: see cmd_bdat.c.
 *
 * BINARYMIME is not offered: next servers that take it are rare, and a body
 * that has no lines could only be returned.
 */
#include "smtpd/extensions.h"

const struct extension ext_chunking = {
	.keyword = "CHUNKING",
};
