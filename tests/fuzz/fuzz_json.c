/*
 * JSON from others: what is accepted means the same when it is printed and read
 * again, and no check of a document trips over it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/json.h"
#include "image/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct sp_json *doc)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	struct sp_desc desc;
	int64_t number;

	for (int kind = SP_SCHEMA_LAYOUT; kind <= SP_SCHEMA_DESCRIPTOR; kind++)
		sp_schema_check((enum sp_schema)kind, doc, NULL, NULL);
	if (sp_desc_parse(doc, &arena, &desc, &err) == 0 && !desc.media_type)
		abort();
	for (const struct sp_json *i = sp_json_first(doc); i; i = sp_json_next(i))
		if (sp_json_int(i, NULL, &number) && (number < 0 || number > SP_JSON_INT_MAX))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	sp_autojson struct sp_json *doc = NULL, *again = NULL;
	struct sp_err err = { 0 };

	if (sp_json_parse((const char *)data, size, &doc, &err)) {
		if (doc || !err.msg[0])
			abort();
		return 0;
	}
	look(doc);
	sp_autofree char *text = sp_json_text(doc, false);
	if (sp_json_parse(text, strlen(text), &again, &err))
		abort();
	sp_autofree char *same = sp_json_text(again, false);
	if (strcmp(text, same) != 0)
		abort();
	sp_autofree char *pretty = sp_json_text(doc, true);
	sp_autojson struct sp_json *third = NULL;
	if (sp_json_parse(pretty, strlen(pretty), &third, &err))
		abort();
	return 0;
}
