/* SPDX-License-Identifier: ISC */
/* common/base/utf8.h - is it UTF-8? (RFC 3629) */
#ifndef COMMON_BASE_UTF8_H
#define COMMON_BASE_UTF8_H

#include "common/base/view.h"

/* Bytes of the character at the front: 1..4, or 0 when it is not valid (cut
 * short, too long a form, a surrogate, beyond U+10FFFF). */
size_t utf8_length(struct view);
bool utf8_valid(struct view);
/* In valid UTF-8: U+0080 to U+009F, which terminals obey. */
bool utf8_has_control(struct view);

#endif
