/* verify_run.c: what cannot be started. */
#include "made_image.h"

/* --- starting --- */
static const struct {
	const char *config, *problem, *note, *layer;
} run_cases[] = {
	{ "{\"Entrypoint\":[\"/app\"],\"Cmd\":[\"/nonsense\"]}", NULL, NULL, NULL },
	{ "{\"Cmd\":[\"/app\"]}", NULL, NULL, NULL },
	{ "{}", NULL, "no-entrypoint", NULL },
	{ "{\"Entrypoint\":[],\"Cmd\":[]}", NULL, "no-entrypoint", NULL },
	{ "{\"Entrypoint\":[\"/none\"]}", "entrypoint-missing", NULL, NULL },
	{ "{\"Entrypoint\":[\"\"]}", "entrypoint-missing", NULL, NULL },
	{ "{\"Entrypoint\":[\"/d\"]}", "entrypoint-not-file", NULL, "d d" },
	{ "{\"Entrypoint\":[\"/p\"]}", "entrypoint-not-file", NULL, "p p" },
	{ "{\"Entrypoint\":[\"/f\"]}", "entrypoint-not-executable", NULL, "f f 644" },
	{ "{\"Entrypoint\":[\"/bin/app\"]}", NULL, NULL, "s bin usr/bin\nf usr/bin/app 755" },
	{ "{\"Entrypoint\":[\"/l\"]}", NULL, NULL, "s l /../app\nf app 755" },
	{ "{\"Entrypoint\":[\"/l\"]}", "entrypoint-missing", NULL, "s l l" },
	{ "{\"Entrypoint\":[\"/h\"]}", NULL, NULL, "f app 755\nh h app" },
	{ "{\"Entrypoint\":[\"app\"]}", "entrypoint-missing", NULL, NULL },
	{ "{\"Entrypoint\":[\"app\"]}", NULL, NULL, "f usr/bin/app 755" },
	{ "{\"Entrypoint\":[\"app\"],\"Env\":[\"A=b\",\"PATH=/x:/\"]}", NULL, NULL, NULL },
	{ "{\"Entrypoint\":[\"app\"],\"Env\":[\"PATH=/x:/y\"]}", "entrypoint-missing", NULL, NULL },
	{ "{\"Entrypoint\":[\"app\"],\"Env\":[\"PATH=/x:/y\"]}", NULL, NULL,
	  "f x/app 644\nf y/app 755" },
	{ "{\"Entrypoint\":[\"./app\"],\"WorkingDir\":\"/w\"}", NULL, NULL, "f w/app 755" },
	{ "{\"Entrypoint\":[\"./app\"]}", NULL, NULL, NULL },
	{ "{\"Entrypoint\":[\"/app\"],\"WorkingDir\":\"/w\"}", NULL, "workdir-missing", NULL },
	{ "{\"Entrypoint\":[\"/app\"],\"WorkingDir\":\"/app\"}", "workdir-not-directory", NULL, NULL },
	{ "{\"Entrypoint\":[\"/app\"],\"User\":\"1000:1000\"}", NULL, NULL, NULL },
	{ "{\"Entrypoint\":[\"/app\"],\"User\":\"me\"}", "user-without-passwd", NULL, NULL },
	{ "{\"Entrypoint\":[\"/app\"],\"User\":\"me\"}", NULL, NULL, "f app 755\nf etc/passwd" },
	{ "{\"Entrypoint\":[\"/app\"],\"User\":\"me\"}", "user-without-passwd", NULL,
	  "f app 755\nd etc/passwd" },
	{ "{\"Entrypoint\":[\"/app\"],\"User\":\"1:us\"}", "user-without-group", NULL, NULL },
	{ "{\"Entrypoint\":[\"/app\"],\"User\":\"1:us\"}", NULL, NULL, "f app 755\nf etc/group" },
};

static void running(void)
{
	for (size_t i = 0; i < sizeof(run_cases) / sizeof(*run_cases); i++) {
		struct recipe r = { .config = run_cases[i].config,
				    .layers = { run_cases[i].layer } };

		check(&r, run_cases[i].problem, run_cases[i].note, run_cases[i].config);
	}
	check(&(struct recipe){ .layers = { "f app 755", "e .wh.app" } }, "entrypoint-missing",
	      NULL, "an entry point that was deleted");
	check(&(struct recipe){ .layers = { "f app 755", "e .wh..wh..opq\nf x" } },
	      "entrypoint-missing", NULL, "a lower layer that was hidden");
	check(&(struct recipe){ .layers = { "f app 644", "f app 755" } }, NULL, NULL,
	      "an entry point of two layers");
}

int main(void)
{
	running();
	return test_done();
}
