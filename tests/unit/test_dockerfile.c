/*
 * Dockerfiles: lines, directives, here-documents, and the typed list of instructions.
 */
#include "dockerfile/dockerfile.h"

#include "base/buf.h"
#include "test.h"

static struct sp_dockerfile *parse(const char *text, struct sp_err *err)
{
	struct sp_dockerfile *file = NULL;

	*err = (struct sp_err){ 0 };
	if (sp_dockerfile_parse("Dockerfile", text, strlen(text), &file, err))
		return NULL;
	return file;
}

/* "LINE KEYWORD {flag=value}<arg>..." of each instruction. */
static char *shown(const struct sp_dockerfile *file)
{
	struct sp_buf out = { 0 };

	for (size_t i = 0; i < file->instructions_nr; i++) {
		const struct sp_instruction *in = &file->instructions[i];

		sp_buf_addf(&out, "%s%u %s%s", i ? "; " : "", in->line, in->keyword,
			    in->json ? " json" : "");
		for (size_t k = 0; k < in->flags_nr; k++)
			sp_buf_addf(&out, "{%s=%s}", in->flags[k].name,
				    in->flags[k].value ? in->flags[k].value : "-");
		for (size_t k = 0; k < in->args_nr; k++)
			sp_buf_addf(&out, "<%s>", in->args[k] ? in->args[k] : "-");
		for (size_t k = 0; k < in->heredocs_nr; k++)
			sp_buf_addf(&out, "[%s%s:%s]", in->heredocs[k].name,
				    in->heredocs[k].expand ? "" : "!", in->heredocs[k].text);
	}
	return sp_buf_detach(&out);
}

#define F "FROM scratch\n"

static const struct { const char *text, *want, *about; } good[] = {
	{ "FROM scratch", "1 FROM<scratch>", "no newline at the end" },
	{ "\xef\xbb\xbf" "from a AS Build\r\ncmd x\r\n", "1 FROM<a><Build>; 2 CMD<x>",
	  "a byte order mark, small letters, carriage returns" },
	{ "# c\n\n" F "  # d\n\tCMD x", "3 FROM<scratch>; 5 CMD<x>", "comments and white space" },
	{ F "CMD a \\\n  # c\n\n  b \\\n", "1 FROM<scratch>; 2 CMD<a   b>",
	  "comments and empty lines inside an instruction" },
	{ F "CMD a\\\\\nCMD b", "1 FROM<scratch>; 2 CMD<a\\\\>; 3 CMD<b>",
	  "an escaped escape continues nothing" },
	{ F "CMD a \\ \t\nb", "1 FROM<scratch>; 2 CMD<a b>", "blanks behind a continuation" },
	{ "# escape=`\n" F "CMD a `\nb\\", "2 FROM<scratch>; 3 CMD<a b\\>", "the escape directive" },
	{ "#syntax = docker/dockerfile:1\n# other=1\n# escape = `\n" F "CMD a`\nb",
	  "4 FROM<scratch>; 5 CMD<ab>", "directives in a row" },
	{ "# a comment\n# escape=`\n" F "CMD a`\nCMD b", "3 FROM<scratch>; 4 CMD<a`>; 5 CMD<b>",
	  "a directive behind a comment is a comment" },
	{ F "ENV a=1 b=\"x y\" c=d\\ e", "1 FROM<scratch>; 2 ENV<a><1><b><\"x y\"><c><d\\ e>",
	  "pairs" },
	{ F "ENV a b c=d", "1 FROM<scratch>; 2 ENV<a><b c=d>", "the old form of ENV" },
	{ "ARG V\nARG W=1 X\n" F, "1 ARG<V><->; 2 ARG<W><1><X><->; 3 FROM<scratch>",
	  "arguments before FROM" },
	{ F "COPY --chown=1:2 --link a b/ /c/", "1 FROM<scratch>; 2 COPY{chown=1:2}{link=-}<a><b/></c/>",
	  "flags" },
	{ F "COPY [\"a b\", \"/c\"]", "1 FROM<scratch>; 2 COPY json<a b></c>", "names with spaces" },
	{ F "COPY -- --a /c", "1 FROM<scratch>; 2 COPY<--a></c>", "names with dashes" },
	{ F "CMD", "1 FROM<scratch>; 2 CMD", "no command" },
	{ F "CMD [\"a\", \"b\"]", "1 FROM<scratch>; 2 CMD json<a><b>", "a command in words" },
	{ F "CMD ['a']", "1 FROM<scratch>; 2 CMD<['a']>", "a command for a shell" },
	{ F "HEALTHCHECK --interval=5s --retries=2 CMD [\"/a\"]",
	  "1 FROM<scratch>; 2 HEALTHCHECK json{interval=5s}{retries=2}</a>", "a health check" },
	{ F "HEALTHCHECK none", "1 FROM<scratch>; 2 HEALTHCHECK<NONE>", "no health check" },
	{ F "COPY <<EOF /a\nx $y\n\tz\nEOF\nCMD b",
	  "1 FROM<scratch>; 2 COPY<<<EOF></a>[EOF:x $y\n\tz\n]; 6 CMD<b>", "a here-document" },
	{ F "COPY <<-\"A\" <<B /a/\n\tx\n\tA\ny\nB\n",
	  "1 FROM<scratch>; 2 COPY<<<-\"A\"><<<B></a/>[A!:x\n][B:y\n]", "two, with tabs and quotes" },
	{ F "RUN --mount=type=cache,target=/x cat <<E | sh\n# not a comment\nE\nCMD x",
	  "1 FROM<scratch>; 2 RUN{mount=type=cache,target=/x}<cat <<E | sh>[E:# not a comment\n]; 5 CMD<x>",
	  "RUN, which a stage that is not needed may have" },
	{ F "RUN echo $((1<<2))\nCMD x", "1 FROM<scratch>; 2 RUN<echo $((1<<2))>; 3 CMD<x>",
	  "a shift is no here-document" },
	{ F "LABEL a=\"b\\\nc\"", "1 FROM<scratch>; 2 LABEL<a><\"bc\">", "a label on two lines" },
	{ F "EXPOSE 80 81/udp", "1 FROM<scratch>; 2 EXPOSE<80><81/udp>", "ports" },
	{ F "WORKDIR a b", "1 FROM<scratch>; 2 WORKDIR<a b>", "a directory with a space" },
	{ "FROM --platform=$X a", "1 FROM{platform=$X}<a>", "a platform" },
	{ F "ONBUILD COPY a b", "1 FROM<scratch>; 2 ONBUILD<COPY a b>", "an instruction for later" },
};

static const struct { const char *text, *why; } bad[] = {
	{ "", "there is no FROM" }, { "# c\n", "there is no FROM" },
	{ "CMD a", "1: CMD stands before the first FROM" },
	{ F "FORM x", "2: FORM: is no instruction" }, { F "\nCOPY a", "3: COPY lacks arguments" },
	{ F "ENV a", "ENV lacks arguments" }, { F "ENV a=1 b", "b: expected NAME=VALUE" },
	{ F "ENV =1", "expected a name" }, { F "ARG =1", "expected a name" },
	{ F "LABEL", "LABEL lacks arguments" }, { "FROM", "FROM lacks arguments" },
	{ "FROM a b", "expected FROM IMAGE" }, { "FROM a AS 1", "the name of a stage" },
	{ "FROM a AS b c", "expected FROM IMAGE" },
	{ F "COPY --chwon=1 a b", "--chwon: COPY has no such flag" },
	{ F "COPY --link --link a b", "given twice" }, { F "ADD --from=x a b", "no such flag" },
	{ F "SHELL a b", "JSON form alone" }, { F "CMD [1]", "JSON array of strings alone" },
	{ F "HEALTHCHECK x", "expected CMD or NONE" }, { F "HEALTHCHECK CMD", "lacks arguments" },
	{ F "HEALTHCHECK NONE x", "takes nothing else" }, { F "HEALTHCHECK CMD []", "lacks arguments" },
	{ F "COPY <<EOF /a\nx", "2: the here-document <<EOF has no end" },
	{ "# escape=x\n" F, "1: the escape directive allows" },
	{ "# escape=`\n# escape=`\n" F, "2: a second escape" },
	{ "# syntax=a\n# syntax=b\n" F, "2: a second syntax" },
	{ F "COPY --chown='1 a b", "single quote" },
};

static void test_good(void)
{
	struct sp_err err;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct sp_dockerfile *file = parse(good[i].text, &err);
		sp_autofree char *text = file ? shown(file) : NULL;

		is_str(text ? text : err.msg, good[i].want, "%s", good[i].about);
		sp_dockerfile_free(file);
	}
}

static void test_bad(void)
{
	struct sp_err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ok(!parse(bad[i].text, &err) && err.code == SP_EUSAGE &&
		   strncmp(err.msg, "Dockerfile:", 11) == 0, "number %zu is refused", i);
		ok(strstr(err.msg, bad[i].why), "saying why: %s", err.msg);
	}
	struct sp_dockerfile *file = NULL;
	ok(sp_dockerfile_parse("f", F "\0", sizeof(F "\0") - 1, &file, &err) == -1 &&
	   strstr(err.msg, "no text"), "bytes that are no text: %s", err.msg);
	sp_autofree char *big = sp_calloc(1, SP_DOCKERFILE_SIZE_MAX + 2);
	memset(big, '#', SP_DOCKERFILE_SIZE_MAX + 1);
	ok(sp_dockerfile_parse("f", big, SP_DOCKERFILE_SIZE_MAX + 1, &file, &err) == -1 &&
	   strstr(err.msg, "larger than"), "too many: %s", err.msg);
	sp_autobuf struct sp_buf many = { 0 };
	for (int i = 0; i <= SP_STAGES_MAX; i++)
		sp_buf_addstr(&many, F);
	ok(!parse(many.data, &err) && strstr(err.msg, "one stage too many"), "too many stages");
}

static void test_stages(void)
{
	struct sp_err err;
	struct sp_dockerfile *file = parse("ARG A\nFROM a AS One\nCMD x\nCMD y\nFROM b\n", &err);

	ok(file && file->stages_nr == 2, "two stages");
	is_str(file->stages[0].name, "one", "a name in small letters");
	is_str(file->stages[1].name, NULL, "no name");
	ok(file->stages[0].first == 2 && file->stages[0].end == 4 &&
	   file->stages[1].first == 5 && file->stages[1].end == 5, "and what they hold");
	is_str(sp_instruction_flag(&file->instructions[0], "x"), NULL, "a flag that is not there");
	sp_dockerfile_free(file);
	sp_dockerfile_free(NULL);
}

int main(void)
{
	test_good();
	test_bad();
	test_stages();
	return test_done();
}
