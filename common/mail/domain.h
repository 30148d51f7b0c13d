/* SPDX-License-Identifier: ISC */
/* common/mail/domain.h - domain names and address literals, as text.
 *
 * The one form that the rest of postern sees is lower case without a final
 * dot.  RFC 5321 2.3.5, 4.1.2, 4.1.3; RFC 1035 2.3.4 for the lengths.
 */
#ifndef COMMON_MAIL_DOMAIN_H
#define COMMON_MAIL_DOMAIN_H

#include "common/base/ip.h"

enum { DOMAIN_MAX = 255, LABEL_MAX = 63 };

/*
 * A normalised name: labels of letters, digits, hyphens (inside only) and
 * underscores.  A last label of digits only is refused: such a "name" is an
 * IP address that somebody forgot to bracket.
 */
bool domain_valid(struct view);
/* Lower case, one final dot cut; false when too long.  Judges nothing else. */
bool domain_normalise(struct view, char out[DOMAIN_MAX + 1]);

/* Looks like "[...]"; the content may still be nonsense. */
bool domain_is_literal(struct view);
/* The address in "[192.0.2.1]" or "[IPv6:2001:db8::1]", any case. */
bool domain_literal_ip(struct view, struct ip *);

#endif
