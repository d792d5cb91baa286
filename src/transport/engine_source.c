/*
 * A local engine as a source: what it gives for GET /images/NAME/get, which is what
 * docker save writes, goes into a file without a name and is read from there.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "image/digest.h"
#include "image/ref.h"
#include "transport/engine_link.h"
#include "transport/source.h"

#define HEX_ID_MIN 12		/* digits of a short image ID, as docker prints it */
#define ERROR_MAX (64 * 1024)	/* bytes of an answer that is no archive */

struct fetch {
	const struct sp_transport_options *options;
	struct sp_outfile out;
	const char *name;
};

static void fetch_release(struct fetch *f)
{
	sp_outfile_abort(&f->out);
}

static int on_data(void *ctx, const void *data, size_t len, struct sp_err *err)
{
	struct fetch *f = ctx;

	if (f->options->progress)
		f->options->progress(f->options->progress_ctx, &(struct sp_progress){
			.phase = "fetch", .item = f->name, .done = f->out.size });
	return sp_outfile_write(&f->out, data, len, err);
}

/* An ID stays what it is; of a name without a tag the engine would give all tags. */
static int name_of(const char *text, struct sp_arena *arena, const char **ret,
		   struct sp_err *err)
{
	size_t hex = strspn(text, "0123456789abcdef");
	struct sp_digest digest;
	struct sp_ref ref;

	*ret = text;
	if ((!text[hex] && hex >= HEX_ID_MIN) || sp_digest_parse(text, &digest))
		return 0;
	if (sp_ref_parse(text, arena, &ref, err))
		return sp_err_wrap(err, "docker-daemon:%s", text);
	sp_ref_complete(&ref);
	*ret = sp_ref_familiar(&ref, arena);
	return 0;
}

static int refused(struct fetch *f, const struct sp_engine_link *link, long status,
		   struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	ssize_t n = pread(f->out.fd, sp_buf_reserve(&text, ERROR_MAX), ERROR_MAX, 0);

	text.len = n > 0 ? (size_t)n : 0;
	text.data[text.len] = '\0';
	sp_autofree char *why = sp_engine_error_text(&text);
	if (status == 404)
		return sp_err_set(err, SP_EFAIL, "%s: has no image called %s", link->host, f->name);
	return sp_err_set(err, SP_ENETWORK, "%s: does not give the image %s: status %ld: %s",
			  link->host, f->name, status, why);
}

static int fetch(struct fetch *f, const struct sp_engine_link *link, struct sp_err *err)
{
	sp_autofree char *url = sp_strf("%s/images/%s/get", link->base, f->name);
	struct sp_http_response response = { 0 };
	long status;

	if (sp_http_do(link->http, &(struct sp_http_request){
			.method = "GET", .url = url, .write = on_data, .write_ctx = f },
		       &response, err))
		return sp_engine_explain(link, err);
	status = response.status;
	sp_http_response_release(&response);
	return status == 200 ? 0 : refused(f, link, status, err);
}

static void link_release(struct sp_engine_link *link)
{
	sp_engine_disconnect(link);
}

int sp_engine_source_open(const char *text, const struct sp_transport_options *options,
			  struct sp_source **ret, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	SP_CLEANUP(link_release) struct sp_engine_link link = { 0 };
	static const struct sp_transport_options none = { 0 };
	SP_CLEANUP(fetch_release) struct fetch f = { .options = options ? options : &none,
						     .out = SP_OUTFILE_INIT };

	options = f.options;
	if (name_of(text, &arena, &f.name, err) || sp_engine_connect(options, &link, err) ||
	    sp_outfile_open_unnamed(&f.out, options->temp_dir ? options->temp_dir : "/tmp", err) ||
	    fetch(&f, &link, err))
		return -1;
	int fd = fcntl(f.out.fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return sp_err_sys(err, SP_EFAIL, "docker-daemon:%s", text);
	sp_autofree char *shown = sp_strf("docker-daemon:%s", f.name);
	return sp_archive_source_open_fd(fd, shown, SP_FORM_BOTH, ret, err);
}
