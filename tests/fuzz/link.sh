#!/bin/sh
# Replays the corpus; files, not the folder, on which libFuzzer would go on.
#
# SPDX-License-Identifier: Apache-2.0
exec ./tests/fuzz/fuzz_link "${srcdir:-.}"/tests/fuzz/corpus/link/*
