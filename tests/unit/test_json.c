/*
 * JSON values: building, printing and looking at them.  Reading text has its own
 * test, test_json_parse.c.
 */
#include "image/json.h"

#include <limits.h>

#include "base/buf.h"
#include "base/mem.h"
#include "test.h"

static void is_text(const struct sp_json *doc, const char *want, const char *what)
{
	sp_autofree char *text = sp_json_text(doc, false);

	is_str(text, want, "%s", what);
}

static void test_order(void)
{
	sp_autojson struct sp_json *doc = sp_json_object();
	struct sp_json *list, *object;

	is_text(doc, "{}", "an empty object");
	sp_json_add_int(doc, "z", 2);
	sp_json_add_str(doc, "a", "x");
	sp_json_add_bool(doc, "yes", true);
	sp_json_add_bool(doc, "no", false);
	sp_json_add_null(doc, "nil");
	list = sp_json_add_array(doc, "m");
	sp_json_push_str(list, "1");
	object = sp_json_push_object(list);
	sp_json_add_object(object, "o");
	sp_json_push(list, sp_json_array());
	sp_json_add(doc, "b", sp_json_new_literal("-1.5e3"));
	is_text(doc,
		"{\"z\":2,\"a\":\"x\",\"yes\":true,\"no\":false,\"nil\":null,"
		"\"m\":[\"1\",{\"o\":{}},[]],\"b\":-1.5e3}",
		"keys come out in the order in which they were set");
	sp_autofree char *pretty = sp_json_text(doc, true);
	ok(strstr(pretty, "{\n\t\"z\":\t2,\n") == pretty, "pretty has tabs and newlines");
}

static void test_integers(void)
{
	static const struct {
		int64_t value;
		const char *text;
	} rows[] = {
		{ 0, "[0]" },
		{ -1, "[-1]" },
		{ INT64_C(1000000000000000), "[1000000000000000]" },
		{ SP_JSON_INT_MAX, "[9007199254740991]" },
		{ SP_JSON_INT_MAX + 2, "[9007199254740993]" },
		{ INT64_MAX, "[9223372036854775807]" },
		{ INT64_MIN, "[-9223372036854775808]" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		sp_autojson struct sp_json *doc = sp_json_object();
		sp_autofree char *want = sp_strf("{\"n\":%.*s}",
						 (int)strlen(rows[i].text) - 2,
						 rows[i].text + 1);
		int64_t back = -7;

		sp_json_add_int(doc, "n", rows[i].value);
		is_text(doc, want, "an integer keeps all its digits");
		bool fits = rows[i].value >= 0 && rows[i].value <= SP_JSON_INT_MAX;
		is_int(sp_json_int(doc, "n", &back), fits, "%s is %s", rows[i].text,
		       fits ? "read back" : "out of range for a reader");
		is_int(back, fits ? rows[i].value : -7, "and ret is %s", fits ? "set" : "left");
	}
}

static void test_strings(void)
{
	static const struct {
		const char *in, *out, *what;
	} rows[] = {
		{ "plain", "\"plain\"", "ASCII" },
		{ "\"\\/", "\"\\\"\\\\/\"", "quotes and backslashes" },
		{ "\b\f\n\r\t\x01\x1f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\"", "control characters" },
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"", "UTF-8 of 2, 3 and 4 bytes" },
		{ "a\xff" "b", "\"a\xef\xbf\xbd" "b\"", "a byte that is no UTF-8" },
		{ "\xff\xfe", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "two of them" },
		{ "\xc3", "\"\xef\xbf\xbd\"", "half a letter" },
		{ "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "two thirds of one" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "a surrogate" },
		{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "an overlong slash" },
		{ "", "\"\"", "nothing" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		sp_autojson struct sp_json *doc = sp_json_new_str(rows[i].in);
		sp_autojson struct sp_json *keyed = sp_json_object(), *back = NULL;
		struct sp_err err = { 0 };

		is_text(doc, rows[i].out, rows[i].what);
		sp_json_add(keyed, rows[i].in, sp_json_new_literal("1"));
		sp_autofree char *text = sp_json_text(keyed, false);
		ok(strncmp(text + 1, rows[i].out, strlen(rows[i].out)) == 0, "%s, in a key",
		   rows[i].what);
		ok(!sp_json_parse(text, strlen(text), &back, &err), "our reader takes it: %s",
		   err.msg);
	}
}

static void test_utf8(void)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
		{ "", true },
		{ "\x7f", true },
		{ "\xc2\x80", true },
		{ "\xdf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\x80", false },
		{ "\xc1\xbf", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xed\xa0\x80", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xc3" "a", false },
		{ "\xf0\x9f\x98", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		is_int(sp_json_is_utf8(rows[i].text, strlen(rows[i].text)), rows[i].valid,
		       "UTF-8 row %zu is %s", i, rows[i].valid ? "valid" : "not valid");
	ok(sp_json_is_utf8("a\0b", 3), "NUL is a character");
	ok(!sp_json_is_utf8("\xe2\x82\xac", 2), "a letter may not run over the end");
}

static void test_looking(void)
{
	static const char text[] = "{\"s\":\"x\",\"n\":5,\"b\":true,\"f\":false,\"z\":null,"
				   "\"l\":[1,\"two\",{}],\"o\":{\"k\":1}}";
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err err = { 0 };
	int64_t n = -1;

	if (!ok(!sp_json_parse(text, strlen(text), &doc, &err), "parses %s", err.msg))
		return;
	is_str(sp_json_str(doc, "s"), "x", "a string member");
	is_str(sp_json_str(doc, "n"), NULL, "a number is no string");
	is_str(sp_json_str(doc, "S"), NULL, "case counts");
	is_str(sp_json_str(sp_json_get(doc, "s"), NULL), "x", "the value itself");
	is_str(sp_json_str(NULL, "s"), NULL, "of NULL there is none");
	ok(sp_json_int(doc, "n", &n) && n == 5, "an integer member");
	ok(!sp_json_int(doc, "s", &n) && n == 5, "a string is no integer");
	ok(!sp_json_int(doc, "none", &n), "what is not there is no integer");
	ok(sp_json_bool(doc, "b") && !sp_json_bool(doc, "f") && !sp_json_bool(doc, "n") &&
	   !sp_json_bool(doc, "none"), "booleans");
	ok(sp_json_is_bool(sp_json_get(doc, "f")) && !sp_json_is_bool(sp_json_get(doc, "z")),
	   "what a boolean is");
	ok(sp_json_is_null(sp_json_get(doc, "z")) && !sp_json_is_null(NULL), "null");
	ok(sp_json_is_object(doc) && !sp_json_is_array(doc) && !sp_json_is_str(doc), "kinds");
	ok(sp_json_is_array(sp_json_get(doc, "l")), "an array");
	is_int(sp_json_len(doc), 7, "members");
	is_int(sp_json_len(sp_json_get(doc, "l")), 3, "elements");
	is_int(sp_json_len(sp_json_get(doc, "s")), 0, "a string has no elements");
	is_str(sp_json_key(sp_json_first(doc)), "s", "the first key");
	ok(!sp_json_first(NULL) && !sp_json_get(NULL, "a") &&
	   !sp_json_get(sp_json_get(doc, "l"), "a"), "looking into nothing");
	ok(sp_json_same_field("Layers", "layerS") && sp_json_same_field("layer\xc5\xbf", "layers") &&
	   sp_json_same_field("\xe2\x84\xaa", "k"), "keys that Go takes for one field");
	ok(!sp_json_same_field("layer", "layers") && !sp_json_same_field("", "x") &&
	   !sp_json_same_field("\xc3\x89", "\xc3\xa9"), "keys that it does not");
}

/* Quadratic appending would take minutes here. */
static void test_long_lists(void)
{
	sp_autojson struct sp_json *doc = sp_json_object(), *back = NULL;
	struct sp_json *list = sp_json_add_array(doc, "list");
	struct sp_json *map = sp_json_add_object(doc, "map");
	struct sp_err err = { 0 };
	char key[16];

	for (int i = 0; i < 100000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		sp_json_push_str(list, key);
		sp_json_add(map, key, sp_json_new_literal(key + 1));
	}
	sp_autofree char *text = sp_json_text(doc, false);
	ok(!sp_json_parse(text, strlen(text), &back, &err), "200,000 values are read: %s",
	   err.msg);
	is_int(sp_json_len(sp_json_get(back, "map")), 100000, "and all are there");
	sp_autofree char *again = sp_json_text(back, false);
	ok(strcmp(text, again) == 0, "and print as they were written");
}

int main(void)
{
	test_order();
	test_integers();
	test_strings();
	test_utf8();
	test_looking();
	test_long_lists();
	return test_done();
}
