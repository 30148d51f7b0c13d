/* SPDX-License-Identifier: ISC */
/* tools/span.h - spans of time as people write them: 90s, 15m, 2h, 3d, 1w. */
#ifndef TOOLS_SPAN_H
#define TOOLS_SPAN_H

#include "common/base/view.h"

/* A number and a unit (none: seconds); false: something else, or too long. */
bool span_parse(struct view, int64_t *ms);

#endif
