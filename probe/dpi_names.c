/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/dpi.h"

const char *
dpi_confidence_name(unsigned confidence)
{
	static const char *const names[DPI_CONFIDENCES] = {
		[DPI_NOTHING] = "none", [DPI_PORT] = "port", [DPI_ADDRESS] = "address",
		[DPI_CACHE] = "cache", [DPI_PAYLOAD] = "payload", [DPI_RULE] = "rule",
		[DPI_OWN] = "decoder",
	};

	return confidence < DPI_CONFIDENCES ? names[confidence] : (const char *)0;
}
