/*
 * options - one table a command: parsing, help, man page and completion.
 *
 * A command is a row: name, purpose, arguments, examples and its options; an
 * option is a row too: name, type, range, default, text, and where in the
 * command's struct its value goes. Defaults are set first, then the environment
 * (SWARMSCOPE_ and the option's name in capitals), then the command line (argp).
 * Everything that a user reads about an option is made from its row.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_type {
	OPTION_FLAG,     /* bool; given = true */
	OPTION_COUNT,    /* int; + 1 each time; a digit sets it */
	OPTION_STRING,   /* const char *; NULL if not given and without a default */
	OPTION_ENUM,     /* int: index in values */
	OPTION_INT,      /* int64_t in min..max */
	OPTION_SIZE,     /* int64_t bytes: 4096, 512K, 10M, 2G (powers of 1024) */
	OPTION_RATE,     /* int64_t bit/s: 96kbit/s, 2.5Mbit/s, 1Gbit/s (powers of 1000) */
	OPTION_NUMBER,   /* double in min..max */
	OPTION_DURATION, /* int64_t ns: 250ms, 10s, 5m, 2h; a bare number is seconds */
};

struct option_row {
	const char *name;     /* without --; NULL ends a table */
	char letter;          /* 0 none */
	enum option_type type;
	const char *arg;      /* what the value is called; NULL for flags */
	const char *const *values; /* OPTION_ENUM: NULL-terminated */
	double min, max;      /* of INT, SIZE, RATE, NUMBER; DURATION in seconds; equal: any */
	const char *preset;   /* default, as a user would write it; NULL none */
	const char *group;    /* heading in the help */
	const char *text;     /* one sentence, without a capital or a stop */
	size_t offset;        /* in the struct that options_parse fills */
};

struct command_row {
	const char *name;
	const char *purpose;          /* one line */
	const char *args;             /* "INPUT..." */
	int least_args, most_args;    /* most_args -1: any number */
	const char *const *examples;  /* NULL-terminated: command line, then what it does */
	const char *about;            /* paragraphs for the man page */
	const struct option_row *options;
	int (*run)(const struct command_row *row, int argc, char **argv);
};

/* The program that commands belong to. */
struct program {
	const char *name, *version, *purpose;
	const char *about;                  /* for the man page, as its date YYYY-MM-DD */
	const char *date;
	const struct command_row *commands; /* name NULL ends it */
	const struct option_row *global;    /* before or after the command's name */
};

extern const struct program *options_program; /* set once by main */

/* Where the command's name stands in argv: the first word that is neither an option
 * nor a global option's value. 0: nowhere. */
int options_find_command(int argc, char **argv);

/*
 * Fills opt (of the row's options) and global (of the program's, may be NULL) with
 * defaults, environment and argv (argv[0] is the command). Arguments that are no
 * options move to *args, n of them, freed by the caller. On a user's mistake prints
 * one line on stderr and answers ERR_USAGE; on --help prints the help and answers 1
 * (ERR_IO if that cannot be written).
 * row NULL: no command, only global options.
 */
int options_parse(const struct command_row *row, int argc, char **argv, void *opt,
                  void *global, char ***args, int *n);

/* A mistake in what the command was given: one line on stderr, as options_parse's
 * own. Answers ERR_USAGE. */
int options_complain(const struct command_row *row, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

const struct command_row *options_command(const char *name); /* NULL: no such one */
int options_unknown_command(const char *name); /* complains, with the nearest */

/* The name most like the given one; NULL if none is near. */
const char *options_nearest(const char *name, const char *const *names, size_t n);

void options_help(FILE *out, const struct command_row *row); /* NULL: the program's */
void options_man(FILE *out, const struct command_row *row);  /* man(7) source */
void options_completion_bash(FILE *out);
void options_completion_zsh(FILE *out);
void options_completion_fish(FILE *out);

/* The environment's variable for an option. */
void options_env_name(const struct option_row *row, char *name, size_t size);

/* What is told of an option: text, values, default, variable. */
void options_text(const struct option_row *row, char *text, size_t size);

/* One value as text into *to (see the types). False, and *why says what it must be
 * in a few words (until the next call), if it is not one; then *to is untouched. */
bool options_value(const struct option_row *row, const char *text, void *to, const char **why);

#endif
