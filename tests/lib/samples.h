/* SPDX-License-Identifier: ISC */
/* tests/lib/samples.h - times in microseconds, and their percentiles. */
#ifndef TESTS_LIB_SAMPLES_H
#define TESTS_LIB_SAMPLES_H

#include "common/base/buf.h"

struct samples {
	uint32_t *us;
	size_t n;
	size_t size;
};

void samples_add(struct samples *, int64_t us);
/* The time that percent of all samples do not exceed; 0 without samples. */
uint32_t samples_at(struct samples *, unsigned int percent);
/* Adds "NAME":{"p50":..,"p95":..,"p99":..,"max":..} to a JSON object. */
void samples_json(struct samples *, const char *name, struct buf *);
void samples_free(struct samples *);

#endif
