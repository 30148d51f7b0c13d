/* SPDX-License-Identifier: ISC */
/* smtpd/ext_pipelining.c - PIPELINING, RFC 2920: nothing to do.
 *
 * The session answers in order whatever came with a command; the driver
 * writes the answers together.
 */
#include "smtpd/extensions.h"

const struct extension ext_pipelining = {
	.keyword = "PIPELINING",
};
