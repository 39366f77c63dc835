/* SPDX-License-Identifier: Apache-2.0 */
#include "record/playhead.h"

const char *
playhead_model_name(enum playhead_model model)
{
	switch (model) {
	case PLAYHEAD_EXPLICIT:
		return "explicit";
	case PLAYHEAD_OFFSET:
		return "offset + constant";
	case PLAYHEAD_HEAD:
		return "head - constant";
	case PLAYHEAD_FIRST_RECEIVED:
		return "first-received + constant";
	}
	return "unknown";
}
