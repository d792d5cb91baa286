/*
 * What an independent validator says of documents: python3-jsonschema with the
 * schemas of the image specification, through validate_schema.py.
 */
#ifndef SP_TEST_ORACLE_H
#define SP_TEST_ORACLE_H

#include "base/buf.h"
#include "base/mem.h"
#include "image/schema.h"
#include "test.h"

#define ORACLE_LINE 512

struct oracle {
	struct sp_buf command;
	size_t nr;
};

/* Queue a document; kind is as sp_schema_check() has it. */
TEST_FN void oracle_add(struct oracle *o, enum sp_schema kind, const char *text)
{
	static const char *const kinds[] = {
		[SP_SCHEMA_LAYOUT] = "image-layout",
		[SP_SCHEMA_INDEX] = "image-index",
		[SP_SCHEMA_MANIFEST] = "image-manifest",
		[SP_SCHEMA_CONFIG] = "config",
		[SP_SCHEMA_DESCRIPTOR] = "content-descriptor",
	};
	sp_autofree char *path = sp_strf("%s/%zu.json", scratch_dir(), o->nr++);
	const char *top = getenv("TOP");
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file)) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
	if (!o->command.len)
		sp_buf_addf(&o->command, "python3 '%s/tests/unit/validate_schema.py'",
			    top ? top : ".");
	sp_buf_addf(&o->command, " %s '%s'", kinds[kind], path);
}

/* Ask.  An array of nr malloc'ed lines ("valid", "invalid: ..."), NULL when there
 * is nobody to ask. */
TEST_FN char (*oracle_ask(struct oracle *o))[ORACLE_LINE]
{
	char (*lines)[ORACLE_LINE] = sp_calloc(o->nr, sizeof(*lines));
	FILE *pipe = popen(sp_buf_str(&o->command), "r");
	size_t got = 0;

	while (pipe && got < o->nr && fgets(lines[got], ORACLE_LINE, pipe))
		got++;
	int status = pipe ? pclose(pipe) : -1;
	sp_buf_release(&o->command);
	if (status == 0 && got == o->nr)
		return lines;
	free(lines);
	/* 77 is the script's own word for it; all else is an error of the test */
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 77)
		ok(false, "the validator ran (status %d)", status);
	return NULL;
}

TEST_FN bool oracle_said_valid(const char *line)
{
	return strcmp(line, "valid\n") == 0;
}

#endif
