/* First lines of scripts, and what env makes of its argument. */
#include "rootfs/script.h"

#include "test.h"

struct bytes {
	const char *data;
	size_t len;
	int error;
};

static ssize_t bytes_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	const struct bytes *b = file->ctx;

	if (b->error) {
		errno = b->error;
		return -b->error;
	}
	if (offset >= b->len)
		return 0;
	if (len > b->len - offset)
		len = b->len - offset;
	memcpy(buf, b->data + offset, len);
	return (ssize_t)len;
}

static const struct sp_file_ops bytes_ops = { .pread = bytes_pread };

#define BYTES(text) { text, sizeof(text) - 1, 0 }

static const struct {
	struct bytes bytes;
	const char *interpreter, *argument, *problem;
} lines[] = {
	{ BYTES("#!/a"), "/a", NULL, NULL },
	{ BYTES("#!/a\n"), "/a", NULL, NULL },
	{ BYTES("#! \t/a \t\n/b"), "/a", NULL, NULL },
	{ BYTES("#!/a b  c \n"), "/a", "b  c", NULL },
	{ BYTES("#!/a\tb"), "/a", "b", NULL },
	{ BYTES("#!/a\0b c\n"), "/a", NULL, NULL },
	{ BYTES("#!/a b\0c\n"), "/a", "b", NULL },
	{ BYTES("#!/a\\ b\n"), "/a\\", "b", NULL },
	{ BYTES("#!"), NULL, NULL, "names no interpreter" },
	{ BYTES("#!\n/a\n"), NULL, NULL, "names no interpreter" },
	{ BYTES("#! \t \n"), NULL, NULL, "names no interpreter" },
	{ BYTES("#!\0/a\n"), NULL, NULL, "names no interpreter" },
	{ BYTES("#!/a\r\n"), NULL, NULL, "carriage return" },
	{ BYTES("#!/a b\r\n"), NULL, NULL, "carriage return" },
	{ BYTES("#!/a\r"), NULL, NULL, "carriage return" },
	{ BYTES("#!a/b\n"), NULL, NULL, "relative path" },
	/* not what a script is, but never a reason to read before its beginning */
	{ BYTES(""), NULL, NULL, "names no interpreter" },
	{ BYTES("\r"), NULL, NULL, "carriage return" },
	{ { "", 0, EIO }, NULL, NULL, "" },
};

static void read_line(const struct bytes *bytes, const char *interpreter,
		      const char *argument, const char *problem, const char *name)
{
	struct sp_file file = { .ops = &bytes_ops, .ctx = (void *)bytes, .fd = -1 };
	struct sp_script script = { 0 };
	struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	int rc = sp_script_read(&file, &arena, &script, &err);

	is_int(rc, problem ? -1 : 0, "%s: %s", name, problem ? "refused" : "read");
	is_str(script.interpreter, interpreter, "%s: interpreter", name);
	is_str(script.argument, argument, "%s: argument", name);
	if (problem)
		ok(strstr(err.msg, problem) != NULL, "%s: %s", name, err.msg);
	if (problem && *problem)
		is_str(err.id, "bad-script-line", "%s: identifier", name);
	sp_arena_release(&arena);
}

/* A line of len bytes in all, ending with tail; "#!/aaa". */
static void long_line(size_t len, const char *tail, bool good, const char *argument)
{
	char text[600];
	size_t name = len - strlen(tail);

	memset(text, 'a', sizeof(text));
	memcpy(text, "#!/", 3);
	memcpy(text + name, tail, strlen(tail));
	const struct bytes bytes = { text, len, 0 };
	sp_autofree char *interpreter = sp_strndup(text + 2, name - 2);
	sp_autofree char *what = sp_strf("%zu bytes, %zu behind the name", len, strlen(tail));
	read_line(&bytes, good ? interpreter : NULL, argument,
		  good ? NULL : "longer than the 255 bytes", what);
}

/* binfmt_script.c: the name must end within 256 bytes, the argument is cut at 255. */
static void long_lines(void)
{
	char tail[400];

	long_line(255, "", true, NULL);
	long_line(256, "", false, NULL);
	long_line(256, "\n", true, NULL);
	long_line(257, "\n", false, NULL);
	long_line(258, " b", false, NULL);
	long_line(257, " b", true, NULL);
	long_line(256, " b", true, NULL);
	long_line(256, " b\n", true, "b");
	memset(tail, 'b', sizeof(tail) - 1);
	tail[0] = ' ';
	tail[sizeof(tail) - 1] = '\0';
	sp_autofree char *cut = sp_strndup(tail + 1, 54);
	long_line(200 + strlen(tail), tail, true, cut);
}

static const struct {
	const char *argument, *word;
} words[] = {
	{ NULL, NULL },
	{ "", NULL },
	{ "sh", "sh" },
	{ "/bin/sh", "/bin/sh" },
	{ "sh -e", "sh -e" },		/* the kernel splits nothing */
	{ "-i", NULL },
	{ "-", NULL },
	{ "-x", NULL },
	{ "-i sh", NULL },
	{ "A=1", NULL },
	{ "A=1 sh", NULL },
	{ "-S", NULL },
	{ "-S ", NULL },
	{ "-S sh", "sh" },
	{ "-Ssh", "sh" },
	{ "-S sh -e", "sh" },
	{ "-vS sh", "sh" },
	{ "-ivS sh", "sh" },
	{ "-0Ssh", "sh" },
	{ "-xS sh", NULL },
	{ "--split-string=sh -e", "sh" },
	{ "--split", NULL },
	{ "-S A=1 B= sh", "sh" },
	{ "-S A=1", NULL },
	{ "-S -i sh", "sh" },
	{ "-S -u A sh", "sh" },
	{ "-S -uA sh", "sh" },
	{ "-S -iu A sh", "sh" },
	{ "-S --unset A sh", "sh" },
	{ "-S --unset=A sh", "sh" },
	{ "-S -C / sh", "sh" },
	{ "-S --chdir / sh", "sh" },
	{ "-S -u", NULL },
	{ "-S -- -sh", "-sh" },
	{ "-S -- A=1 sh", "sh" },
	{ "-S A=1 -i", "-i" },
	{ "-S \t\"a b\" c", "a b" },
	{ "-S 'a b' c", "a b" },
	{ "-S a'b'\"c\"d e", "abcd" },
	{ "-S 'a\\'b' c", "a'b" },
	{ "-S 'a\\\\b\\nc'", "a\\b\\nc" },
	{ "-S a\\tb", "a\tb" },
	{ "-S a\\_b", "a" },
	{ "-S \"a\\_b\"", "a b" },
	{ "-S \\#a", "#a" },
	{ "-S \\$a", "$a" },
	{ "-S a\\cb", "a" },
	{ "-S #a", NULL },
	{ "-S a#b", "a#b" },
	{ "-S a\\", "a\\" },
	{ "-S 'a", "a" },
	{ "-S ''", "" },
};

int main(void)
{
	struct sp_arena arena = { 0 };

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		sp_autofree char *name = sp_strf("line %zu", i);

		read_line(&lines[i].bytes, lines[i].interpreter, lines[i].argument,
			  lines[i].problem, name);
	}
	long_lines();
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		is_str(sp_script_env_word(words[i].argument, &arena), words[i].word,
		       "env %s", words[i].argument ? words[i].argument : "(nothing)");
	sp_arena_release(&arena);
	return test_done();
}
