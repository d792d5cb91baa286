/*
 * An engine as a destination that only its own command reaches: the archive is made
 * in a file without a name, which the command gets as its standard input.
 */

#include "base/vec.h"
#include "transport/archive.h"
#include "transport/local.h"

struct line {
	const char *words[SP_COMMAND_WORDS_MAX + 1];
};

struct command {
	struct sp_dest dest;
	struct sp_transport_options options;
	struct sp_archive archive;
	struct sp_outfile out;
	struct sp_arena arena;
	const char *where;
	struct line *lines;
	size_t lines_nr, lines_alloc;
};

static int command_prepare(struct sp_dest *dest, const struct sp_image *image,
			   const struct sp_ref *refs, size_t refs_nr, struct sp_err *err)
{
	struct command *c = (struct command *)dest;

	return sp_archive_finish(&c->archive, image, refs, refs_nr, err);
}

static int command_commit(struct sp_dest *dest, struct sp_err *err)
{
	struct command *c = (struct command *)dest;

	for (size_t i = 0; i < c->lines_nr; i++) {
		struct sp_buf output = { 0 };

		if (c->options.progress)
			c->options.progress(c->options.progress_ctx, &(struct sp_progress){
				.phase = "load", .item = c->where, .total = c->out.size });
		int rc = sp_command_run(&c->options, c->lines[i].words, c->out.fd, &output, err);

		sp_buf_release(&output);
		if (rc && err->code == SP_ECANCELLED)
			return -1;
		if (rc) {
			sp_err_wrap(err, "%s: the image was not loaded", c->where);
			return sp_archive_advise(&c->archive, err);
		}
	}
	return 0;
}

static void command_free(struct sp_dest *dest)
{
	struct command *c = (struct command *)dest;

	sp_outfile_abort(&c->out);
	sp_archive_release(&c->archive);
	sp_arena_release(&c->arena);
	free(c->lines);
	free(c);
}

static const struct sp_dest_ops command_ops = {
	.prepare = command_prepare, .commit = command_commit, .free = command_free,
};

static void copy_line(struct command *c, const struct sp_local_line *from)
{
	struct line *line = SP_VEC_PUSH(c->lines);

	*line = (struct line){ 0 };
	for (size_t k = 0; k < SP_COMMAND_WORDS_MAX && from->words[k]; k++)
		line->words[k] = sp_arena_strdup(&c->arena, from->words[k]);
}

bool sp_local_command(struct sp_local *local, const char *name, const char *where,
		      const struct sp_local_line *lines, size_t nr)
{
	const char *dir = local->options->temp_dir ? local->options->temp_dir : "/tmp";
	struct command *c = sp_calloc(1, sizeof(*c));
	struct sp_err err = { 0 };

	c->dest.ops = &command_ops;
	c->dest.final = true;
	c->dest.sink = &c->archive.sink;
	c->options = *local->options;
	c->out = (struct sp_outfile)SP_OUTFILE_INIT;
	c->where = sp_arena_strdup(&c->arena, where);
	sp_archive_init(&c->archive, &c->out, local->form, &c->options);
	for (size_t i = 0; i < nr; i++)
		copy_line(c, &lines[i]);
	if (sp_outfile_open_unnamed(&c->out, dir, &err)) {
		sp_local_tried(local, name, err.msg);
		command_free(&c->dest);
		return false;
	}
	c->dest.where = sp_strdup(where);
	local->dest = &c->dest;
	return true;
}
