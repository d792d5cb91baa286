/*
 * The configuration document: times, maps, and what is written for what is set.
 * That the whole is what the specification says is checked in test_image.c.
 */
#include "image/config.h"

#include <time.h>

#include "test.h"

#define HISTORY(...) .history = (struct sp_history[]){ __VA_ARGS__ }, .history_nr = \
	sizeof((struct sp_history[]){ __VA_ARGS__ }) / sizeof(struct sp_history)
#define LIST(...)                                                             \
	{ .items = (const char *[]){ __VA_ARGS__ },                           \
	  .items_nr = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *) }

static const struct sp_layer layers[2] = {
	{ .diff_id = { "sha256:1111111111111111111111111111111111111111111111111111111111111111" } },
	{ .diff_id = { "sha256:2222222222222222222222222222222222222222222222222222222222222222" } },
};

/* The document as text, to be freed, or NULL and err. */
static char *document(const struct sp_config *config, size_t layers_nr, struct sp_err *err)
{
	sp_autojson struct sp_json *doc = NULL;

	if (sp_config_json(config, layers, layers_nr, &doc, err))
		return NULL;
	return sp_json_text(doc, false);
}

static void test_time(void)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 1, "1970-01-01T00:00:01Z" },
		{ 86399, "1970-01-01T23:59:59Z" },
		{ 86400, "1970-01-02T00:00:00Z" },
		{ 31535999, "1970-12-31T23:59:59Z" },
		{ 68169600, "1972-02-29T00:00:00Z" },
		{ 951782399, "2000-02-28T23:59:59Z" },
		{ 951782400, "2000-02-29T00:00:00Z" },
		{ 951868800, "2000-03-01T00:00:00Z" },
		{ 1700000000, "2023-11-14T22:13:20Z" },
		{ 2147483648, "2038-01-19T03:14:08Z" },
		{ 4107542400, "2100-03-01T00:00:00Z" },
		{ INT64_C(253402300799), "9999-12-31T23:59:59Z" },
	};
	static const int64_t outside[] = { -1, INT64_MIN, INT64_C(253402300800), INT64_MAX };
	char text[SP_TIME_STR] = "left alone";
	struct sp_err err = { 0 };

	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++)
		ok(sp_time_format(outside[i], text, &err) == -1 && err.code == SP_EUSAGE &&
		   strcmp(text, "left alone") == 0, "%s", err.msg);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ok(!sp_time_format(rows[i].seconds, text, &err), "a time in range");
		is_str(text, rows[i].text, "%lld", (long long)rows[i].seconds);
	}
	/* against the C library, over all years in steps of some 101 days */
	int wrong = 0;
	for (int64_t s = 0; s < INT64_C(253402300800); s += 8765432) {
		time_t t = (time_t)s;
		struct tm tm;
		char want[64];

		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
		wrong += sp_time_format(s, text, &err) || strcmp(text, want) != 0;
	}
	is_int(wrong, 0, "times on which the C library disagrees");
}

static void test_least(void)
{
	const struct sp_config config = { .os = "linux", .arch = "amd64" };
	struct sp_err err = { 0 };
	sp_autofree char *text = document(&config, 1, &err);

	is_str(text,
	       "{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"amd64\","
	       "\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
	       "\"sha256:1111111111111111111111111111111111111111111111111111111111111111\"]},"
	       "\"history\":[{\"created\":\"1970-01-01T00:00:00Z\","
	       "\"created_by\":\"scratchpack\"}]}", "what is not set is not there");
}

static void test_all(void)
{
	const struct sp_config config = {
		.os = "linux", .arch = "arm", .variant = "v7", .created = 1700000000,
		.author = "A <a@example.org>", .user = "65532:65532", .workdir = "/data",
		.stop_signal = "SIGINT",
		.env = LIST("PATH=/bin", "A=", "B=x=y"),
		.entrypoint = LIST("/app"), .cmd = LIST("--serve", ""),
		.labels = LIST("b=2", "a=1=x", "a-b=3", "A=4", "empty", "\xc3\xa9=\xc3\xa9"),
		.ports = LIST("80/tcp", "53/udp", "80/tcp"),
		.volumes = LIST("/z", "/a"),
		.healthcheck = {
			.set = true, .test = LIST("CMD", "/app", "--check"),
			.interval_ns = INT64_C(30000000000), .timeout_ns = INT64_MAX,
			.start_period_ns = 1, .start_interval_ns = 2, .retries = 3,
		},
		HISTORY({ .created_by = "COPY lib /" }, { .created_by = "COPY app /" }),
	};
	struct sp_err err = { 0 };
	sp_autofree char *text = document(&config, 2, &err);

	is_str(text,
	       "{\"created\":\"2023-11-14T22:13:20Z\",\"author\":\"A <a@example.org>\","
	       "\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\",\"config\":{"
	       "\"User\":\"65532:65532\",\"ExposedPorts\":{\"53/udp\":{},\"80/tcp\":{}},"
	       "\"Env\":[\"PATH=/bin\",\"A=\",\"B=x=y\"],\"Entrypoint\":[\"/app\"],"
	       "\"Cmd\":[\"--serve\",\"\"],\"Volumes\":{\"/a\":{},\"/z\":{}},"
	       "\"WorkingDir\":\"/data\",\"Labels\":{\"A\":\"4\",\"a\":\"1=x\",\"a-b\":\"3\","
	       "\"b\":\"2\",\"empty\":\"\",\"\xc3\xa9\":\"\xc3\xa9\"},"
	       "\"StopSignal\":\"SIGINT\",\"Healthcheck\":{\"Test\":[\"CMD\",\"/app\","
	       "\"--check\"],\"Interval\":30000000000,\"Timeout\":9223372036854775807,"
	       "\"StartPeriod\":1,\"StartInterval\":2,\"Retries\":3}},"
	       "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
	       "\"sha256:1111111111111111111111111111111111111111111111111111111111111111\","
	       "\"sha256:2222222222222222222222222222222222222222222222222222222222222222\"]},"
	       "\"history\":[{\"created\":\"2023-11-14T22:13:20Z\",\"created_by\":\"COPY lib /\"},"
	       "{\"created\":\"2023-11-14T22:13:20Z\",\"created_by\":\"COPY app /\"}]}",
	       "every field, in its place");
	sp_autojson struct sp_json *back = NULL;
	ok(!sp_json_parse(text, strlen(text), &back, &err), "our reader takes it %s", err.msg);
}

#define BAD "\xff"

static void test_refused(void)
{
	const struct {
		const char *why;
		struct sp_config config;
	} rows[] = {
		{ "creation time", { .created = -1 } },
		{ "author \"" BAD "\"", { .author = BAD } },
		{ "architecture", { .arch = BAD } },
		{ "operating system", { .os = BAD } },
		{ "variant", { .variant = BAD } },
		{ "user", { .user = "a" BAD } },
		{ "port", { .ports = LIST("80/tcp", BAD) } },
		{ "environment \"A=" BAD "\": expected UTF-8", { .env = LIST("A=" BAD) } },
		{ "environment \"A\": expected NAME=VALUE", { .env = LIST("A") } },
		{ "environment \"=x\": expected NAME=VALUE", { .env = LIST("=x") } },
		{ "entry point", { .entrypoint = LIST("/a", BAD) } },
		{ "argument", { .cmd = LIST(BAD) } },
		{ "volume", { .volumes = LIST("/" BAD) } },
		{ "working directory", { .workdir = "/" BAD } },
		{ "label \"" BAD "\"", { .labels = LIST(BAD "=1") } },
		{ "label \"" BAD "\"", { .labels = LIST("a=" BAD) } },
		{ "label \"=x\": expected KEY=VALUE", { .labels = LIST("a=1", "=x") } },
		{ "label \"a\" is given twice", { .labels = LIST("a=1", "b=1", "a=2") } },
		{ "stop signal", { .stop_signal = BAD } },
		{ "health check", { .healthcheck = { .set = true, .test = LIST(BAD) } } },
		{ "Interval cannot be negative",
		  { .healthcheck = { .set = true, .interval_ns = -1 } } },
		{ "Retries cannot be negative", { .healthcheck = { .set = true, .retries = -1 } } },
		{ "history", { HISTORY({ .created_by = BAD }) } },
		{ "3 history entries for 1 layers", { HISTORY({ .created_by = "1" }, { .created_by = "2" }, { .created_by = "3" }) } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_config config = rows[i].config;
		struct sp_err err = { 0 };

		if (!config.os)
			config.os = "linux";
		if (!config.arch)
			config.arch = "amd64";
		sp_autofree char *text = document(&config, 1, &err);
		ok(!text && err.code == SP_EUSAGE && strstr(err.msg, rows[i].why),
		   "row %zu is refused, and the message says why", i);
	}
}

static void test_map(void)
{
	sp_autojson struct sp_json *doc = sp_json_object();
	const struct sp_strings none = { 0 }, one = LIST("k=v");
	struct sp_err err = { 0 };

	ok(!sp_config_add_map(doc, "none", &none, "x", &err), "no pairs");
	ok(!sp_config_add_map(doc, "m", &one, "x", &err), "one pair");
	sp_autofree char *text = sp_json_text(doc, false);
	is_str(text, "{\"m\":{\"k\":\"v\"}}", "nothing is added for none");
}

int main(void)
{
	test_time();
	test_least();
	test_all();
	test_refused();
	test_map();
	return test_done();
}
