/*
 * A local engine (Docker, or podman's service) as a destination: the archive is
 * made in a file without a name and sent to POST /images/load when it is whole.
 */
#include "transport/dest.h"

#include "image/json.h"
#include "transport/archive.h"
#include "transport/engine_link.h"

#define LINE_MAX_BYTES (64 * 1024)	/* of one line of the answer */

struct engine {
	struct sp_dest dest;
	struct sp_transport_options options;
	struct sp_archive archive;
	struct sp_outfile out;
	struct sp_engine_link link;
	struct sp_buf line;		/* of the answer, as it comes */
	char *refused;		/* the error that the engine reported, or NULL */
};

/* One line of the answer to a load: progress, or why it failed. */
static void take_line(struct engine *e)
{
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err ignored = { 0 };
	const char *text;

	if (!e->refused && e->line.len &&
	    sp_json_parse(e->line.data, e->line.len, &doc, &ignored) == 0) {
		text = sp_json_str(sp_json_get(doc, "errorDetail"), "message");
		text = text ? text : sp_json_str(doc, "error");
		/* of a status that is no success */
		text = text ? text : sp_json_str(doc, "message");
		if (text)
			e->refused = sp_strf("%.1000s", text);
	}
	sp_buf_reset(&e->line);
}

static int on_answer(void *ctx, const void *data, size_t len, struct sp_err *err)
{
	struct engine *e = ctx;
	const char *p = data, *end = p + len;

	(void)err;
	for (; p < end; p++) {
		if (*p == '\n')
			take_line(e);
		else if (e->line.len < LINE_MAX_BYTES)
			sp_buf_addch(&e->line, *p);
	}
	return 0;
}

static int on_body(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		   struct sp_err *err)
{
	struct engine *e = ctx;

	if (sp_outfile_read(&e->out, offset, buf, len, ret_len, err))
		return -1;
	if (e->options.progress)
		e->options.progress(e->options.progress_ctx, &(struct sp_progress){
			.phase = "load", .item = e->link.host, .done = offset + *ret_len,
			.total = e->out.size });
	return 0;
}

static int engine_prepare(struct sp_dest *dest, const struct sp_image *image,
			  const struct sp_ref *refs, size_t refs_nr, struct sp_err *err)
{
	struct engine *e = (struct engine *)dest;

	return sp_archive_finish(&e->archive, image, refs, refs_nr, err);
}

static int engine_commit(struct sp_dest *dest, struct sp_err *err)
{
	static const char *const headers[] = { "Content-Type: application/x-tar" };
	struct engine *e = (struct engine *)dest;
	sp_autofree char *url = sp_strf("%s/images/load?quiet=0", e->link.base);
	struct sp_http_response response = { 0 };
	long status;

	/* not quiet: lines of progress show that the engine is alive */
	if (sp_http_do(e->link.http, &(struct sp_http_request){
			.method = "POST", .url = url,
			.headers = headers, .headers_nr = 1,
			.read = on_body, .read_ctx = e, .body_len = e->out.size,
			.write = on_answer, .write_ctx = e }, &response, err))
		return sp_engine_explain(&e->link, err);
	status = response.status;
	sp_http_response_release(&response);
	take_line(e);
	if (!e->refused && status == 200)
		return 0;
	if (e->refused)
		sp_err_set(err, SP_ENETWORK, "%s: the engine refused the image: %s",
			   e->link.host, e->refused);
	else
		sp_err_set(err, SP_ENETWORK, "%s: the engine refused the image: status %ld",
			   e->link.host, status);
	return sp_archive_advise(&e->archive, err);
}

static void engine_free(struct sp_dest *dest)
{
	struct engine *e = (struct engine *)dest;

	sp_engine_disconnect(&e->link);
	sp_outfile_abort(&e->out);
	sp_archive_release(&e->archive);
	sp_buf_release(&e->line);
	free(e->refused);
	free(e);
}

static const struct sp_dest_ops engine_ops = {
	.prepare = engine_prepare, .commit = engine_commit, .free = engine_free,
};

static int start(struct engine *e, struct sp_err *err)
{
	const char *dir = e->options.temp_dir ? e->options.temp_dir : "/tmp";

	if (sp_engine_connect(&e->options, &e->link, err))
		return -1;
	return sp_outfile_open_unnamed(&e->out, dir, err);
}

/* where is the image's name, which transport.c keeps for sp_dest_names(). */
int sp_engine_open(const char *where, unsigned form,
		   const struct sp_transport_options *options, struct sp_dest **ret,
		   struct sp_err *err)
{
	struct engine *e = sp_calloc(1, sizeof(*e));

	(void)where;
	e->dest.ops = &engine_ops;
	e->dest.final = true;
	e->dest.sink = &e->archive.sink;
	e->options = *options;
	e->out = (struct sp_outfile)SP_OUTFILE_INIT;
	sp_archive_init(&e->archive, &e->out, form, &e->options);
	if (start(e, err)) {
		engine_free(&e->dest);
		return -1;
	}
	*ret = &e->dest;
	return 0;
}
