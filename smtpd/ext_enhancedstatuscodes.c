/* SPDX-License-Identifier: ISC */
/* smtpd/ext_enhancedstatuscodes.c - RFC 2034: see replies.c. */
#include "smtpd/extensions.h"

const struct extension ext_enhancedstatuscodes = {
	.keyword = "ENHANCEDSTATUSCODES",
};
