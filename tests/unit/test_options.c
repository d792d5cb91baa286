/*
 * Options one by one: the table, and the values that have a grammar.
 */
#include "api/options.h"

#include <time.h>

#include "api/values.h"
#include "test.h"

static void table(void)
{
	struct sp_options o;
	struct sp_err err = { 0 };

	sp_options_init(&o);
	ok(sp_options_set(&o, "no-such", "x", &err) == -1 && err.code == SP_EUSAGE,
	   "an option that is none");
	ok(sp_options_set(&o, "--env", "A=B", &err) == -1, "names have no dashes");
	for (size_t i = 0; i < sp_option_table_nr; i++) {
		const struct sp_option *a = &sp_option_table[i];
		bool unique = true;

		for (size_t k = 0; k < i; k++)
			/* a letter means one thing to each command; login has two of its own */
			unique &= strcmp(a->name, sp_option_table[k].name) != 0 &&
				  (!a->letter || a->letter != sp_option_table[k].letter ||
				   !(a->about & sp_option_table[k].about));
		ok(unique && a->help && *a->help, "--%s has a name of its own, and help", a->name);
		if (a->arg)
			ok(sp_options_set(&o, a->name, NULL, &err) == -1 && strstr(err.msg, a->name),
			   "and needs its value");
	}
	sp_options_release(&o);
}

static void setting(void)
{
	static const struct { const char *name, *value; bool good; } rows[] = {
		{ "program", "x", true }, { "program", "", false },
		{ "output", "x", true }, { "output", "", false },
		{ "tag", "a/b:c", true }, { "tag", "A b", false },
		{ "tag", "a@sha256:0000000000000000000000000000000000000000000000000000000000000000", false },
		{ "at", "/a/b", true }, { "at", "a", false }, { "at", "/a/", false }, { "at", "/a/.wh.b", false },
		{ "at", "/", false },
		{ "add", "x:/y", true }, { "add", "", false }, { "add", ":/y", false },
		{ "exclude", "*", true }, { "exclude", "", false },
		{ "sysroot", "/x", true }, { "sysroot", "", false },
		{ "compress", "gzip:9", true }, { "compress", "lzma", false },
		{ "layers", "split", true }, { "layers", "two", false },
		{ "env", "A=B", true }, { "env", "A", false }, { "env", "=B", false }, { "env", "A=", true },
		{ "workdir", "/w", true }, { "workdir", "w", false },
		{ "label", "a", true }, { "label", "=x", false }, { "label", "a=b", true },
		{ "volume", "/v", true }, { "volume", "v", false },
		{ "annotation", "a=b", true }, { "annotation", "index:a=b", true },
		{ "annotation", "manifest:a=b", true }, { "annotation", "index:", false },
		{ "platform", "linux/amd64", true }, { "platform", "", false },
		{ "threads", "4", true }, { "threads", "0", false }, { "threads", "65", false },
		{ "health-retries", "3", true }, { "health-retries", "x", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_options o;
		struct sp_err err = { 0 };

		sp_options_init(&o);
		int rc = sp_options_set(&o, rows[i].name, rows[i].value, &err);
		ok((rc == 0) == rows[i].good && (rc == 0 || err.code == SP_EUSAGE), "--%s %s is %s",
		   rows[i].name, rows[i].value, rows[i].good ? "good" : "refused");
		sp_options_release(&o);
	}
}

static void pairs(void)
{
	struct sp_options o;
	struct sp_err err = { 0 };

	sp_options_init(&o);
	if (sp_options_set(&o, "env", "A=1", &err) || sp_options_set(&o, "env", "AB=2", &err) ||
	    sp_options_set(&o, "env", "A=3=4", &err) || sp_options_set(&o, "label", "empty", &err) ||
	    sp_options_set(&o, "annotation", "index:k=v", &err))
		return;
	is_int((long long)o.env.items_nr, 2, "a name is set once");
	is_str(sp_pairs_get(&o.env, "A"), "3=4", "to the last value");
	is_str(sp_pairs_get(&o.env, "AB"), "2", "also with a longer name");
	is_str(sp_pairs_get(&o.env, "B"), NULL, "and another is not set");
	is_str(sp_pairs_get(&o.labels, "empty"), "", "a label without a value");
	is_str(sp_pairs_get(&o.index_annotations, "k"), "v", "an annotation of the index");
	sp_options_release(&o);
}

static void durations(void)
{
	static const struct { const char *text; int64_t ns; } rows[] = {
		{ "30s", 30000000000 }, { "1m30s", 90000000000 }, { "500ms", 500000000 },
		{ "2h", 7200000000000 }, { "0s", 0 }, { "0", 0 }, { "1000us", 1000000 },
		{ "", -1 }, { "30", -1 }, { "1h30", -1 }, { "s", -1 }, { "-1s", -1 },
		{ "1ns", -1 }, { "1.5s", -1 }, { "1d", -1 }, { "1s ", -1 }, { " 1s", -1 },
		{ "99999999999999999999s", -1 }, { "5000000", -1 }, { "10000000h", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_err err = { 0 };
		int64_t ns = -1;
		int rc = sp_value_duration("--x", rows[i].text, &ns, &err);

		is_int(rc ? -1 : ns, rows[i].ns, "the time \"%s\"", rows[i].text);
	}
}

static void times(void)
{
	static const struct { const char *text; int64_t t; } rows[] = {
		{ "0", 0 }, { "1700000000", 1700000000 },
		{ "1970-01-01T00:00:00Z", 0 }, { "2000-02-29T12:00:00Z", 951825600 },
		{ "2024-05-01T12:00:00+02:00", 1714557600 }, { "2024-05-01t12:00:00z", 1714564800 },
		{ "2024-05-01 12:00:00-00:30", 1714566600 }, { "2024-05-01T12:00:00.123Z", 1714564800 },
		{ "9999-12-31T23:59:59Z", 253402300799 }, { "253402300799", 253402300799 },
		{ "253402300800", -1 }, { "1969-12-31T23:59:59Z", -1 },
		{ "1970-01-01T00:00:00+01:00", -1 }, { "2023-02-29T00:00:00Z", -1 },
		{ "1900-02-29T00:00:00Z", -1 }, { "2024-13-01T00:00:00Z", -1 },
		{ "2024-04-31T00:00:00Z", -1 }, { "2024-01-01T24:00:00Z", -1 },
		{ "2024-01-01T00:00:00", -1 }, { "2024-01-01", -1 }, { "", -1 }, { "now", -1 },
		{ "-1", -1 }, { "1 ", -1 }, { "2024-01-01T00:00:00.Z", -1 },
		{ "2024-01-01T00:00:00+0100", -1 }, { "2024-01-01T00:00:00Zx", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_err err = { 0 };
		int64_t t = -1;
		int rc = sp_value_time("--created", rows[i].text, &t, &err);

		is_int(rc ? -1 : t, rows[i].t, "the time \"%s\"", rows[i].text);
	}
	/* every day of some centuries, against the C library */
	bool same = true;
	for (int64_t day = 0; day < 200 * 365; day += 13) {
		time_t t = (time_t)(day * 86400);
		struct tm tm;
		char text[64];
		int64_t got = -1;
		struct sp_err err = { 0 };

		gmtime_r(&t, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		same &= sp_value_time("--created", text, &got, &err) == 0 && got == t;
	}
	ok(same, "every date is what the C library says");
}

/* The items of a list between spaces, or the error. */
static const char *joined(const struct sp_strings *list, int rc)
{
	static char text[512];

	if (rc)
		return "refused";
	text[0] = '\0';
	for (size_t i = 0; i < list->items_nr && strlen(text) < 400; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.99s", i ? "|" : "",
			 list->items[i]);
	return text;
}

static void lists(void)
{
	static const struct { const char *option, *value, *want; } rows[] = {
		{ "expose", "80", "80/tcp" }, { "expose", "53/udp", "53/udp" },
		{ "expose", "8000-8002", "8000/tcp|8001/tcp|8002/tcp" }, { "expose", "1/sctp", "1/sctp" },
		{ "expose", "0", "refused" }, { "expose", "65536", "refused" }, { "expose", "2-1", "refused" },
		{ "expose", "80/", "refused" }, { "expose", "80/TCP", "refused" }, { "expose", "x", "refused" },
		{ "expose", "1-", "refused" }, { "expose", "1-2-3", "refused" }, { "expose", "80:80", "refused" },
		{ "entrypoint", "/a", "/a" }, { "entrypoint", "[\"/a\",\"b c\"]", "/a|b c" },
		{ "entrypoint", "", "refused" }, { "entrypoint", "[]", "refused" },
		{ "entrypoint", "[1]", "refused" }, { "entrypoint", "[\"a\"", "refused" },
		{ "healthcheck", "/a b  c", "CMD|/a|b|c" }, { "healthcheck", "NONE", "NONE" },
		{ "healthcheck", "[\"/a\",\"b c\"]", "CMD|/a|b c" }, { "healthcheck", "", "refused" },
		{ "healthcheck", "  ", "refused" }, { "healthcheck", "[]", "refused" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_options o;
		struct sp_err err = { 0 };

		sp_options_init(&o);
		int rc = sp_options_set(&o, rows[i].option, rows[i].value, &err);
		const struct sp_strings *list = rows[i].option[0] == 'h' ? &o.healthcheck.test :
						rows[i].option[1] == 'x' ? &o.ports : &o.entrypoint;
		is_str(joined(list, rc), rows[i].want, "--%s '%s'", rows[i].option, rows[i].value);
		sp_options_release(&o);
	}
}

static void all_ports(void)
{
	struct sp_options o;
	struct sp_err err = { 0 };
	clock_t start = clock();

	sp_options_init(&o);
	ok(sp_options_set(&o, "expose", "80", &err) == 0 &&
	   sp_options_set(&o, "expose", "1-65535", &err) == 0, "every port there is");
	is_int((long long)o.ports.items_nr, 65535, "each once");
	ok(clock() - start < 2 * CLOCKS_PER_SEC, "does not take long");
	sp_options_release(&o);
}

static void signals(void)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "SIGTERM", "SIGTERM" }, { "TERM", "SIGTERM" }, { "15", "15" }, { "64", "64" },
		{ "SIGRTMIN+3", "SIGRTMIN+3" }, { "RTMAX-2", "SIGRTMAX-2" }, { "RTMIN", "SIGRTMIN" },
		{ "0", NULL }, { "65", NULL }, { "SIGNOPE", NULL }, { "", NULL }, { "SIG", NULL },
		{ "RTMIN-1", NULL }, { "RTMIN+", NULL }, { "RTMIN+31", NULL }, { "15 ", NULL },
		{ "SIGSIGTERM", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_options o;
		struct sp_err err = { 0 };

		sp_options_init(&o);
		int rc = sp_options_set(&o, "stop-signal", rows[i].text, &err);
		is_str(rc ? NULL : o.stop_signal, rows[i].want, "the signal \"%s\"", rows[i].text);
		sp_options_release(&o);
	}
}

int main(void)
{
	table();
	setting();
	pairs();
	durations();
	times();
	lists();
	all_ports();
	signals();
	return test_done();
}
