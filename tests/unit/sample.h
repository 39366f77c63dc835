/*
 * sample - observations for tests: of any kind, every field filled by chance, all
 * valid; or a fixed one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_UNIT_SAMPLE_H
#define TESTS_UNIT_SAMPLE_H

#include <stdint.h>

#include "record/observation.h"

/* Next of a sequence that *seed begins. */
uint64_t sample_random(uint64_t *seed);

/* A valid observation of this kind. Small and extreme values are frequent. */
struct observation *sample_any(union obs_buf *buf, unsigned kind, uint64_t *seed);

/* The largest of this kind. */
struct observation *sample_largest(union obs_buf *buf, unsigned kind);

#endif
