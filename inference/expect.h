/*
 * expect - how soon an observation that is known already will be put.
 *
 * Tables larger than any cache are read at random: who knows what comes next can hide the
 * time that memory takes, some other observations apart.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INFERENCE_EXPECT_H
#define INFERENCE_EXPECT_H

enum expect_stage {
	EXPECT_FAR,  /* brings the place in the table nearer */
	EXPECT_NEAR, /* what stands there */
	EXPECT_NEXT, /* and what that points to */
};

#endif
