#!/bin/sh
# Replays the corpora; files, not the folders, on which libFuzzer would go on.
#
# SPDX-License-Identifier: Apache-2.0
corpus=${srcdir:-.}/tests/fuzz/corpus
./tests/fuzz/fuzz_codec "$corpus"/codec/* && ./tests/fuzz/fuzz_sso "$corpus"/sso/*
