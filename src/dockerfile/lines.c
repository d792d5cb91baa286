/*
 * Logical lines, as BuildKit's parser cuts them: a comment inside a continued
 * instruction is dropped, an empty line inside one as well, white space in front
 * of a continuation stays.
 */
#include "dockerfile/lines.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/vec.h"
#include "dockerfile/words.h"

/* Where the reader stands. */
struct reader {
	const char *name;
	const char *p, *end;
	unsigned number;	/* of the line that was read last */
	struct sp_lines *out;
	struct sp_err *err;
};

/* One line of the file, without its newline. */
struct piece {
	const char *s;
	size_t len;
};

static int fail(struct reader *r, unsigned number, const char *what)
{
	return sp_err_set(r->err, SP_EUSAGE, "%s:%u: %s", r->name, number, what);
}

static bool next_piece(struct reader *r, struct piece *ret)
{
	if (r->p == r->end)
		return false;
	const char *newline = memchr(r->p, '\n', (size_t)(r->end - r->p));
	const char *stop = newline ? newline : r->end;

	ret->s = r->p;
	ret->len = (size_t)(stop - r->p);
	if (ret->len && ret->s[ret->len - 1] == '\r')
		ret->len--;
	r->p = newline ? newline + 1 : stop;
	r->number++;
	return true;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

static struct piece trim_left(struct piece line)
{
	while (line.len && blank(*line.s))
		line.s++, line.len--;
	return line;
}

static bool is_comment(struct piece line)
{
	line = trim_left(line);
	return line.len && *line.s == '#';
}

/* "# key = value"; false if the line is nothing like that. */
static bool split_directive(struct reader *r, struct piece line, char **ret_key,
			    char **ret_value)
{
	struct sp_arena *arena = &r->out->arena;
	size_t len = 0;

	if (!line.len || *line.s != '#')
		return false;
	line.s++, line.len--;
	line = trim_left(line);
	while (len < line.len && (line.s[len] | 32) >= 'a' && (line.s[len] | 32) <= 'z')
		len++;
	struct piece value = trim_left((struct piece){ line.s + len, line.len - len });
	if (!len || !value.len || *value.s != '=')
		return false;
	value = trim_left((struct piece){ value.s + 1, value.len - 1 });
	while (value.len && blank(value.s[value.len - 1]))
		value.len--;
	*ret_key = sp_arena_strndup(arena, line.s, len);
	*ret_value = sp_arena_strndup(arena, value.s, value.len);
	return value.len > 0;
}

/* The directives stand at the top; the first line that is none ends them. */
static int read_directives(struct reader *r)
{
	struct sp_lines *out = r->out;
	bool escape_seen = false;
	struct piece line;
	char *key, *value;

	for (;;) {
		struct reader before = *r;

		if (!next_piece(r, &line) || !split_directive(r, line, &key, &value)) {
			*r = before;
			return 0;
		}
		if (strcasecmp(key, "syntax") == 0) {
			if (out->syntax)
				return fail(r, r->number, "a second syntax directive; expected one");
			out->syntax = value;
		} else if (strcasecmp(key, "escape") == 0) {
			if (escape_seen)
				return fail(r, r->number, "a second escape directive; expected one");
			if (strcmp(value, "\\") != 0 && strcmp(value, "`") != 0)
				return fail(r, r->number,
					    "the escape directive allows \\ and ` alone; expected \"# escape=`\"");
			out->escape = *value;
			escape_seen = true;
		}
	}
}

/* Take a continuation mark off the end: the escape character, but not one that is
 * itself escaped, and white space. */
static bool continues(struct reader *r, struct piece *line)
{
	size_t len = line->len;

	while (len && (line->s[len - 1] == ' ' || line->s[len - 1] == '\t'))
		len--;
	if (!len || line->s[len - 1] != r->out->escape ||
	    (len > 1 && line->s[len - 2] == r->out->escape))
		return false;
	line->len = len - 1;
	return true;
}

/* A whole instruction into text; false at the end of the file. */
static bool next_logical(struct reader *r, struct sp_buf *text, unsigned *ret_number)
{
	struct piece line;
	bool more;

	do {
		if (!next_piece(r, &line))
			return false;
		line = trim_left(line);
	} while (!line.len || is_comment(line));
	*ret_number = r->number;
	for (;;) {
		more = continues(r, &line);
		sp_buf_add(text, line.s, line.len);
		if (!more)
			return true;
		do {
			if (!next_piece(r, &line))
				return true;
		} while (is_comment(line) || !trim_left(line).len);
	}
}

static int read_heredoc(struct reader *r, unsigned number, struct sp_heredoc *doc,
			bool tabs)
{
	sp_autobuf struct sp_buf text = { 0 };
	struct piece line;

	while (next_piece(r, &line)) {
		while (tabs && line.len && *line.s == '\t')
			line.s++, line.len--;
		if (strlen(doc->name) == line.len && memcmp(doc->name, line.s, line.len) == 0) {
			doc->text = sp_arena_strdup(&r->out->arena, sp_buf_str(&text));
			return 0;
		}
		sp_buf_add(&text, line.s, line.len);
		sp_buf_addch(&text, '\n');
	}
	return sp_err_set(r->err, SP_EUSAGE,
			  "%s:%u: the here-document <<%s has no end; expected a line with %s alone",
			  r->name, number, doc->name, doc->name);
}

/* "<<EOF", "<<-EOF", "<<'EOF'", "3<<EOF". */
static bool is_heredoc(struct reader *r, const char *word, struct sp_heredoc *ret, bool *ret_tabs)
{
	struct sp_err ignored = { 0 };

	word += strspn(word, "0123456789");
	if (word[0] != '<' || word[1] != '<')
		return false;
	word += 2;
	*ret_tabs = *word == '-';
	word += *ret_tabs;
	if (!*word || strchr(word, '<'))
		return false;
	*ret = (struct sp_heredoc){ 0 };
	if (sp_words_unquote(word, r->out->escape, &r->out->arena, &ret->name, &ignored))
		return false;
	ret->expand = strcmp(ret->name, word) == 0;
	return *ret->name != '\0';
}

static bool takes_heredocs(const struct sp_line *line)
{
	static const char *const keywords[] = { "ADD", "COPY", "RUN", "ONBUILD" };

	for (size_t i = 0; i < 4; i++)
		if (strcmp(line->keyword, keywords[i]) == 0)
			return strstr(line->rest, "<<") && line->rest[0] != '[';
	return false;
}

static int read_heredocs(struct reader *r, struct sp_line *line)
{
	struct { struct sp_heredoc *docs; size_t docs_nr, docs_alloc; } v = { 0 };
	SP_CLEANUP(sp_words_release) struct sp_words words = { 0 };
	int rc = 0;

	sp_words_split(line->rest, r->out->escape, &r->out->arena, &words);
	for (size_t i = 0; !rc && i < words.items_nr; i++) {
		struct sp_heredoc doc;
		bool tabs;

		if (!is_heredoc(r, words.items[i], &doc, &tabs))
			continue;
		rc = read_heredoc(r, line->number, &doc, tabs);
		*SP_VEC_PUSH(v.docs) = doc;
	}
	if (v.docs_nr)
		line->heredocs = sp_arena_memdup(&r->out->arena, v.docs,
						 v.docs_nr * sizeof(*v.docs));
	line->heredocs_nr = v.docs_nr;
	free(v.docs);
	return rc;
}

static void add_line(struct reader *r, unsigned number, struct sp_buf *text)
{
	struct sp_line *line = SP_VEC_PUSH(r->out->lines);
	char *all = text->data;
	size_t len = 0;

	while (text->len && blank(all[text->len - 1]))
		all[--text->len] = '\0';
	while (all[len] && !blank(all[len]))
		len++;
	char *keyword = sp_arena_strndup(&r->out->arena, all, len);
	for (char *p = keyword; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 32);
	while (blank(all[len]))
		len++;
	*line = (struct sp_line){
		.number = number, .keyword = keyword,
		.rest = sp_arena_strdup(&r->out->arena, all + len),
	};
}

int sp_lines_read(const char *name, const char *text, size_t len, struct sp_lines *ret,
		  struct sp_err *err)
{
	struct reader r = { .name = name, .p = text, .end = text + len, .out = ret, .err = err };
	sp_autobuf struct sp_buf line = { 0 };
	unsigned number;

	*ret = (struct sp_lines){ .escape = '\\' };
	if (len > SP_DOCKERFILE_SIZE_MAX)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: is larger than %d bytes; expected a Dockerfile", name,
				  SP_DOCKERFILE_SIZE_MAX);
	if (memchr(text, '\0', len))
		return sp_err_set(err, SP_EUSAGE,
				  "%s: holds bytes that are no text; expected a Dockerfile", name);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		r.p += 3;
	if (read_directives(&r))
		return -1;
	while (next_logical(&r, &line, &number)) {
		add_line(&r, number, &line);
		struct sp_line *last = &ret->lines[ret->lines_nr - 1];

		if (takes_heredocs(last) && read_heredocs(&r, last))
			return -1;
		sp_buf_reset(&line);
	}
	return 0;
}

void sp_lines_release(struct sp_lines *lines)
{
	free(lines->lines);
	sp_arena_release(&lines->arena);
}
