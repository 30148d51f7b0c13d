/* SPDX-License-Identifier: ISC */
/* common/conf/nearest.h - the known word that was probably meant. */
#ifndef COMMON_CONF_NEAREST_H
#define COMMON_CONF_NEAREST_H

#include "common/base/view.h"

/* Collects the best of the known words for one unknown word. */
struct nearest {
	struct view wanted;
	struct view best; /* empty while none is near enough */
	size_t distance;  /* of the best */
};

void nearest_init(struct nearest *, struct view wanted);
void nearest_try(struct nearest *, struct view known);

#endif
