/*
 * yaml - a YAML document as a list of paths and values.
 *
 *   view: {loss: 5%}        ->  "view.loss"   = "5%"
 *   classes: [{up: 3}]      ->  "classes.0.up" = "3"
 *
 * Values are text; what they mean is the taker's business. One document without
 * anchors, aliases and tags; bounded depth, paths, values and number of values.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stddef.h>

#define YAML_DEPTH 8u
#define YAML_PATH 256u   /* bytes, with the final NUL */
#define YAML_TEXT 1024u  /* bytes of a value, with the final NUL */
#define YAML_VALUES 10000u

struct yaml_mistake {
	unsigned line;       /* from 1 */
	char why[256];
};

/* Answers NULL, or what is wrong with this value, in a few words. */
typedef const char *yaml_take_fn(void *ctx, const char *path, const char *text);

/* Gives each value to take in the order of the text. 0; or ERR_SYNTAX (not YAML, or
 * more than the limits) or ERR_CONFIG (take did not like it), and *m says where. */
int yaml_read(const char *text, size_t len, yaml_take_fn *take, void *ctx,
              struct yaml_mistake *m);

#endif
