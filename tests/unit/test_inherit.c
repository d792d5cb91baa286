/* inherit.c, and config.c on top of a base: what is taken over, and what stays as it is. */
#include "image/inherit.h"

#include <string.h>

#include "image/config.h"
#include "test.h"

static const char base_text[] =
	"{\"created\":\"2020-01-01T00:00:00Z\",\"author\":\"them\",\"architecture\":\"amd64\","
	"\"os\":\"linux\",\"os.version\":\"7\",\"container\":\"x\",\"config\":{"
	"\"Env\":[\"A=1\",\"PATH=/bin\",\"odd\",\"B=2\"],\"Entrypoint\":[\"/old\"],"
	"\"Cmd\":[\"-x\"],\"User\":\"daemon\",\"WorkingDir\":\"/srv\",\"StopSignal\":\"SIGQUIT\","
	"\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/data\":{}},\"Labels\":{\"a\":\"1\","
	"\"b\":\"2\"},\"OnBuild\":[\"RUN x\"],\"Shell\":[\"/bin/sh\"],\"StopTimeout\":5,"
	"\"Healthcheck\":{\"Test\":[\"CMD\",\"/h\"],\"Interval\":1000000000,\"Retries\":3}},"
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
	"1111111111111111111111111111111111111111111111111111111111111111\"]},"
	"\"history\":[{\"created\":\"2020-01-01T00:00:00Z\",\"created_by\":\"ADD rootfs\"},"
	"{\"created\":\"2020-01-01T00:00:00Z\",\"created_by\":\"CMD x\",\"empty_layer\":true}]}";

static void has(const char *text, const char *part)
{
	if (!ok(strstr(text, part) != NULL, "has %s", part))
		note("%s", text);
}

static void lacks(const char *text, const char *part)
{
	ok(!strstr(text, part), "has no %s", part);
}

int main(void)
{
	struct sp_json *base = NULL, *doc = NULL;
	struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	struct sp_config c = { .os = "linux", .arch = "amd64" };
	struct sp_layer layers[2] = { 0 };

	ok(!sp_json_parse(base_text, strlen(base_text), &base, &err), "the base: %s", err.msg);
	sp_strings_add(&c.env, &arena, "B=ours");
	sp_strings_add(&c.env, &arena, "C=3");
	sp_strings_add(&c.labels, &arena, "b=ours");
	sp_strings_add(&c.ports, &arena, "80/tcp");
	sp_strings_add(&c.ports, &arena, "81/tcp");
	sp_strings_add(&c.entrypoint, &arena, "/app");
	c.workdir = "/app";
	c.base = base;
	sp_config_inherit(&c, base, &arena);
	sp_digest_of("1", 1, &layers[0].diff_id);
	sp_digest_of("2", 1, &layers[1].diff_id);
	ok(!sp_config_json(&c, layers, 2, &doc, &err), "made: %s", err.msg);
	char *text = sp_json_text(doc, false);
	has(text, "\"Env\":[\"A=1\",\"PATH=/bin\",\"B=ours\",\"C=3\"]");
	has(text, "\"Entrypoint\":[\"/app\"],\"Volumes\"");
	lacks(text, "\"Cmd\"");
	has(text, "\"User\":\"daemon\"");
	has(text, "\"WorkingDir\":\"/app\"");
	has(text, "\"StopSignal\":\"SIGQUIT\"");
	has(text, "\"ExposedPorts\":{\"80/tcp\":{},\"81/tcp\":{}}");
	has(text, "\"Labels\":{\"a\":\"1\",\"b\":\"ours\"}");
	has(text, "\"Healthcheck\":{\"Test\":[\"CMD\",\"/h\"],\"Interval\":1000000000,\"Retries\":3}");
	has(text, "\"author\":\"them\"");
	has(text, "\"Shell\":[\"/bin/sh\"],\"StopTimeout\":5");
	lacks(text, "OnBuild");
	lacks(text, "\"container\"");
	has(text, "\"os.version\":\"7\"");
	has(text, "\"history\":[{\"created\":\"2020-01-01T00:00:00Z\",\"created_by\":\"ADD rootfs\"},"
		  "{\"created\":\"2020-01-01T00:00:00Z\",\"created_by\":\"CMD x\","
		  "\"empty_layer\":true},{\"created\":\"1970-01-01T00:00:00Z\","
		  "\"created_by\":\"scratchpack\"}]");
	free(text);
	sp_json_free(doc);

	/* without an entry point of ours theirs stays, with its arguments */
	struct sp_config all = { .os = "linux", .arch = "amd64", .base = base };
	struct sp_history line = { .created_by = "LABEL x", .comment = "c", .empty = true };
	all.history = &line;
	all.history_nr = 1;
	sp_config_inherit(&all, base, &arena);
	ok(!sp_config_json(&all, layers, 1, &doc, &err), "made: %s", err.msg);
	text = sp_json_text(doc, false);
	has(text, "\"Entrypoint\":[\"/old\"],\"Cmd\":[\"-x\"]");
	has(text, "\"created_by\":\"LABEL x\",\"comment\":\"c\",\"empty_layer\":true}]");
	free(text);
	sp_json_free(doc);
	sp_json_free(base);

	/* a base whose history tells of no layer */
	static const char bare[] = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{"
				   "\"type\":\"layers\",\"diff_ids\":[\"x\",\"y\"]}}";
	struct sp_config none = { .os = "linux", .arch = "amd64" };
	ok(!sp_json_parse(bare, strlen(bare), &base, &err), "a bare base");
	none.base = base;
	ok(!sp_config_json(&none, layers, 2, &doc, &err), "made: %s", err.msg);
	text = sp_json_text(doc, false);
	has(text, "\"history\":[{\"comment\":\"layer of the base image\"},"
		  "{\"comment\":\"layer of the base image\"}]");
	free(text);
	sp_json_free(doc);
	sp_json_free(base);
	struct sp_strings *const lists[] = {
		&c.env, &c.labels, &c.ports, &c.volumes, &c.entrypoint, &c.healthcheck.test,
		&all.env, &all.labels, &all.ports, &all.volumes, &all.entrypoint, &all.cmd,
		&all.healthcheck.test,
	};
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		free(lists[i]->items);
	sp_arena_release(&arena);
	return test_done();
}
