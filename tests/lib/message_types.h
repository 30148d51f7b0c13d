/* SPDX-License-Identifier: ISC */
/* tests/lib/message_types.h - all message types, for tests of each. */
#ifndef TESTS_LIB_MESSAGE_TYPES_H
#define TESTS_LIB_MESSAGE_TYPES_H

#include "common/ipc/field.h"

/* In no order; NULL behind the last one. */
extern const struct ipc_type *const message_types[];

/* By its number; NULL when there is none. */
const struct ipc_type *message_type(uint16_t number);

#endif
