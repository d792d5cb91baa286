/*
 * The strict JSON reader: what it takes, what it refuses and with which words.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "image/json.h"
#include "test.h"

/* RFC 8259, and keys that may stand beside each other. */
static const char *const accepted[] = {
	"{}",
	"[]",
	" \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
	"\"text\"",
	"true",
	"false",
	"null",
	"0",
	"-0",
	"-1",
	"1.5",
	"1e400",
	"1E+2",
	"0.0e-0",
	"9007199254740993",
	"[1,[2,[3]]]",
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
	"\"\\ud83d\\ude00\"",
	"\"\\uFFFF\"",
	"\"\x7f\xc3\xa9\"",
	"{\"\":1}",
	"{\"a\":1,\"b\":1,\"A\\u0062\":1}",
	"{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
	"[{\"a\":1},{\"a\":1}]",
	"{\"\xc3\xa9\":1,\"\xc3\x89\":1}",	/* Go decodes into no such field */
	"{\"config\":{\"Labels\":{\"a\":\"1\",\"A\":\"2\"}}}",
	"{\"annotations\":{\"a\":\"1\",\"A\":\"2\"}}",
	"{\"ExposedPorts\":{\"1/tcp\":{},\"1/TCP\":{}},\"Volumes\":{\"/a\":{},\"/A\":{}}}",
};

/* The length is counted, since some hold NUL bytes. */
#define REFUSED(text, why) { text, sizeof(text) - 1, why }

static const struct {
	const char *text;
	size_t len;
	const char *why;	/* part of the message */
} refused[] = {
	/* the grammar of RFC 8259 */
	REFUSED("", "the document ends where a value should be"),
	REFUSED("   ", "the document ends where a value should be"),
	REFUSED("{", "expected a string in double quotes"),
	REFUSED("[", "the document ends where a value should be"),
	REFUSED("[1", "expected ',' or ']'"),
	REFUSED("[1,", "the document ends where a value should be"),
	REFUSED("[1,]", "expected a value"),
	REFUSED("[,1]", "expected a value"),
	REFUSED("[1 2]", "expected ',' or ']'"),
	REFUSED("{\"a\":1,}", "expected a string in double quotes"),
	REFUSED("{\"a\" 1}", "expected ':' after a key"),
	REFUSED("{\"a\":}", "expected a value"),
	REFUSED("{\"a\":1 \"b\":2}", "expected ',' or '}'"),
	REFUSED("{a:1}", "expected a string in double quotes"),
	REFUSED("{1:1}", "expected a string in double quotes"),
	REFUSED("['a']", "expected a value"),
	REFUSED("[1}", "expected ',' or ']'"),
	REFUSED("]", "expected a value"),
	REFUSED("nul", "expected a value"),
	REFUSED("True", "expected a value"),
	REFUSED("NaN", "expected a value"),
	REFUSED("Infinity", "expected a value"),
	REFUSED("-Infinity", "expected a value"),
	REFUSED("undefined", "expected a value"),
	REFUSED("// c\n{}", "expected a value"),
	REFUSED("{}/**/", "more bytes after the end"),
	/* numbers */
	REFUSED("01", "more bytes after the end"),
	REFUSED("-01", "more bytes after the end"),
	REFUSED("+1", "expected a value"),
	REFUSED(".5", "expected a value"),
	REFUSED("1.", "expected a digit after the point"),
	REFUSED("1.e1", "expected a digit after the point"),
	REFUSED("1e", "expected a digit in the exponent"),
	REFUSED("1e+", "expected a digit in the exponent"),
	REFUSED("-", "expected a value"),
	REFUSED("0x10", "more bytes after the end"),
	REFUSED("1_000", "more bytes after the end"),
	/* strings */
	REFUSED("\"", "ends within a string"),
	REFUSED("\"a", "ends within a string"),
	REFUSED("\"\\", "no such escape"),
	REFUSED("\"\\x41\"", "no such escape"),
	REFUSED("\"\\U0041\"", "no such escape"),
	REFUSED("\"\\u12\"", "expected four hex digits"),
	REFUSED("\"\\u12g4\"", "expected four hex digits"),
	REFUSED("\"a\nb\"", "a control character"),
	REFUSED("\"a\tb\"", "a control character"),
	REFUSED("\"\x1f\"", "a control character"),
	REFUSED("\"a\0b\"", "a control character"),
	REFUSED("\"\\u0000\"", "\\u0000"),
	REFUSED("{\"a\\u0000\":1}", "\\u0000"),
	REFUSED("\"\\ud800\"", "half a surrogate pair"),
	REFUSED("\"\\ud800x\"", "half a surrogate pair"),
	REFUSED("\"\\ud800\\n\"", "half a surrogate pair"),
	REFUSED("\"\\ud800\\ud800\"", "half a surrogate pair"),
	REFUSED("\"\\ud800\\u0041\"", "half a surrogate pair"),
	REFUSED("\"\\udc00\"", "without the first"),
	/* encodings */
	REFUSED("\xef\xbb\xbf{}", "byte order mark"),
	REFUSED("\xff\xfe{\0}\0", "must be UTF-8"),
	REFUSED("\"\xff\"", "must be UTF-8"),
	REFUSED("\"\xc0\xaf\"", "must be UTF-8"),
	REFUSED("\"\xed\xa0\x80\"", "must be UTF-8"),
	REFUSED("\"\xf4\x90\x80\x80\"", "must be UTF-8"),
	REFUSED("\"\xc3\"", "must be UTF-8"),
	REFUSED("\xc3\xa9", "expected a value"),
	REFUSED("\xc2\xa0{}", "expected a value"),
	/* the end */
	REFUSED("{}{}", "more bytes after the end"),
	REFUSED("{} x", "more bytes after the end"),
	REFUSED("{}\0", "more bytes after the end"),
	REFUSED("{}]", "more bytes after the end"),
	/* keys */
	REFUSED("{\"a\":1,\"a\":1}", "the key \"a\" is there twice"),
	REFUSED("{\"a\":1,\"b\":{},\"a\":2}", "byte 14: the key \"a\" is there twice"),
	REFUSED("{\"a\":1,\"\\u0061\":2}", "the key \"a\" is there twice"),
	REFUSED("{\"x\":[{\"k\":1,\"k\":1}]}", "the key \"k\" is there twice"),
	REFUSED("{\"\":1,\"\":1}", "the key \"\" is there twice"),
	REFUSED("{\"layers\":1,\"Layers\":1}", "there twice, but for case"),
	REFUSED("{\"layers\":1,\"LAYERS\":1}", "there twice, but for case"),
	REFUSED("{\"layers\":1,\"layer\\u017f\":1}", "there twice, but for case"),
	REFUSED("{\"k\":1,\"\\u212a\":1}", "there twice, but for case"),
	REFUSED("{\"labels\":{\"a\":1,\"A\":1}}", "there twice, but for case"),
	REFUSED("{\"Labels\":{\"a\":\"1\",\"a\":\"2\"}}", "the key \"a\" is there twice"),
	REFUSED("{\"Labels\":{\"annotations\":{\"a\":1,\"A\":1}}}", "there twice, but for case"),
	REFUSED("{\"Labels\":[{\"a\":1,\"A\":1}]}", "there twice, but for case"),
	REFUSED("{\"Labels\":{},\"labels\":{}}", "there twice, but for case"),
};

/* The text is copied to just as many bytes, so that a sanitizer sees reading
 * behind the end. */
static int parse(const char *text, size_t len, struct sp_json **ret, struct sp_err *err)
{
	sp_autofree char *copy = sp_malloc(len);

	memcpy(copy, text, len);
	return sp_json_parse(copy, len, ret, err);
}

static void test_accepted(void)
{
	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
		sp_autojson struct sp_json *doc = NULL;
		struct sp_err err = { 0 };

		ok(parse(accepted[i], strlen(accepted[i]), &doc, &err) == 0 && doc,
		   "document %zu is read %s", i, err.msg);
	}
}

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		sp_autojson struct sp_json *doc = NULL;
		struct sp_err err = { 0 };
		int rc = parse(refused[i].text, refused[i].len, &doc, &err);

		if (!ok(rc == -1 && !doc && err.code == SP_EVERIFY &&
			strstr(err.msg, refused[i].why), "document %zu is refused: %s", i,
			refused[i].why))
			note("got: %s", err.msg);
	}
}

static void test_depth(void)
{
	static const struct {
		size_t depth;
		bool fine;
	} depths[] = { { 1, true }, { 64, true }, { 65, false }, { 1000, false },
		       { 100000, false } };

	for (size_t i = 0; i < sizeof(depths) / sizeof(*depths); i++) {
		for (int objects = 0; objects < 2; objects++) {
			sp_autobuf struct sp_buf buf = { 0 };
			sp_autojson struct sp_json *doc = NULL;
			struct sp_err err = { 0 };

			for (size_t d = 0; d < depths[i].depth; d++)
				sp_buf_addstr(&buf, !objects ? "[" : d ? "\"a\":{" : "{");
			for (size_t d = 0; d < depths[i].depth; d++)
				sp_buf_addch(&buf, objects ? '}' : ']');
			int rc = parse(buf.data, buf.len, &doc, &err);
			is_int(rc, depths[i].fine ? 0 : -1, "%zu %s deep", depths[i].depth,
			       objects ? "objects" : "arrays");
			ok(depths[i].fine || strstr(err.msg, "nested too deep"), "%s", err.msg);
			if (!depths[i].fine)
				continue;
			sp_autofree char *text = sp_json_text(doc, false);
			is_str(text, buf.data, "and printed again");
		}
	}
	struct sp_err err = { 0 };
	sp_autojson struct sp_json *wide = NULL;
	ok(!parse("[[[]],[[]],[[]]]", 16, &wide, &err), "what is closed does not count");
}

static void test_strings(void)
{
	static const struct {
		const char *json, *want;
	} strings[] = {
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
		  "\x01\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf" },
		{ "\"\\uD83D\\uDE00\\ud800\\udc00\\udbff\\udfff\"",
		  "\xf0\x9f\x98\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
		{ "\"\"", "" },
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		sp_autojson struct sp_json *doc = NULL;
		struct sp_err err = { 0 };

		ok(!parse(strings[i].json, strlen(strings[i].json), &doc, &err), "string %zu",
		   i);
		is_str(sp_json_str(doc, NULL), strings[i].want, "means what it should");
	}
}

static void test_numbers(void)
{
	static const struct {
		const char *json;
		int64_t want;		/* -1: no integer that we take */
	} numbers[] = {
		{ "0", 0 }, { "7", 7 }, { "9007199254740991", SP_JSON_INT_MAX },
		{ "9007199254740992", -1 }, { "9007199254740993", -1 },
		{ "18446744073709551617", -1 }, { "1e400", -1 }, { "-1", -1 }, { "1.5", -1 },
		{ "1.0", -1 }, { "1e3", -1 }, { "\"1\"", -1 }, { "true", -1 }, { "null", -1 },
		{ "1000000000000000000000000000000000000000000000000000000000000000000", -1 },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		sp_autojson struct sp_json *doc = NULL;
		struct sp_err err = { 0 };
		int64_t got = -1;

		ok(!parse(numbers[i].json, strlen(numbers[i].json), &doc, &err), "%s is JSON",
		   numbers[i].json);
		is_int(sp_json_int(doc, NULL, &got), numbers[i].want >= 0, "%s is %s",
		       numbers[i].json, numbers[i].want >= 0 ? "an integer" : "none");
		is_int(got, numbers[i].want, "and its value");
		sp_autofree char *text = sp_json_text(doc, false);
		is_str(text, numbers[i].json, "and is printed as it was");
	}
}

/* A quarter of a million keys, whose order and hash are an attacker's to choose. */
static void test_size(void)
{
	sp_autobuf struct sp_buf buf = { 0 };
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err err = { 0 };

	sp_buf_addch(&buf, '{');
	for (int i = 0; i < 200000; i++)
		sp_buf_addf(&buf, "%s\"%06d\":0", i ? "," : "", i ^ 0x2aaa);
	sp_buf_addstr(&buf, ",\"000001\":0}");
	ok(parse(buf.data, buf.len, &doc, &err) == -1 &&
	   strstr(err.msg, "\"000001\" is there twice"), "one duplicate in 200,000 keys: %s",
	   err.msg);
	sp_buf_reset(&buf);
	for (int i = 0; i <= SP_JSON_VALUES_MAX; i++)
		sp_buf_addstr(&buf, i ? ",0" : "[0");
	sp_buf_addch(&buf, ']');
	ok(parse(buf.data, buf.len, &doc, &err) == -1 && strstr(err.msg, "too many values"),
	   "more values than we hold: %s", err.msg);
}

/* Every prefix of a document is refused, and none is read beyond its end. */
static void test_truncation(void)
{
	static const char text[] = "{\"a\":[1.5e+3,true,null,\"\\u00e9\\ud83d\\ude00\"],"
				   "\"b\":{\"\xe2\x82\xac\":-0}}";

	for (size_t len = 0; len < strlen(text); len++) {
		sp_autojson struct sp_json *doc = NULL;
		struct sp_err err = { 0 };

		if (parse(text, len, &doc, &err) == 0 || doc || !err.msg[0]) {
			ok(false, "a document of %zu of %zu bytes is refused", len,
			   strlen(text));
			return;
		}
	}
	ok(true, "a document that was cut short is refused, whatever its length");
}

int main(void)
{
	test_accepted();
	test_refused();
	test_depth();
	test_strings();
	test_numbers();
	test_size();
	test_truncation();
	return test_done();
}
