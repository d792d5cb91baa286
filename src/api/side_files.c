/*
 * Files beside the image, for scripts: the digest, a description in the form of
 * docker buildx's --metadata-file, and a rule for make.
 */
#include <assert.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/stages.h"
#include "base/io.h"
#include "base/path.h"
#include "transport/address.h"

static int write_text(const char *path, const char *text, size_t len, struct sp_err *err)
{
	SP_CLEANUP(sp_outfile_abort) struct sp_outfile out = SP_OUTFILE_INIT;

	if (sp_outfile_open(&out, path, err) || sp_outfile_write(&out, text, len, err))
		return -1;
	return sp_outfile_commit(&out, err);
}

/* The first output that is a file or folder, which is what a make rule makes. */
static const char *make_target(const struct sp_build *build)
{
	for (size_t i = 0; i < build->o->outputs.items_nr; i++) {
		const char *out = build->o->outputs.items[i], *rest;
		const char *path = sp_address_path(out, &build->job->options.arena);

		if (path)
			return path;
		if (sp_address_of(out, &rest) == SP_AT_PATH && strcmp(out, "-") != 0 &&
		    strncmp(out, SP_LOCAL_PREFIX, strlen(SP_LOCAL_PREFIX)) != 0)
			return out;
	}
	return NULL;
}

/* What cannot be written is said before the image is.  Devices and FIFOs are not
 * opened, for whoever reads them would see an end. */
static int check_place(const char *option, const char *path, struct sp_err *err)
{
	struct sp_arena arena = { 0 };
	struct stat st;
	int rc = 0;

	if (!path)
		return 0;
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ?
			       sp_err_set(err, SP_EOUTPUT,
					  "%s: %s: is a directory, expected a file", option, path) :
			       0;
	const char *dir = strchr(path, '/') ? sp_path_dirname(&arena, path) : ".";
	if (lstat(path, &st) && access(dir, W_OK | X_OK))
		rc = sp_err_sys(err, SP_EOUTPUT, "%s: %s: cannot write in the directory %s",
				option, path, dir);
	sp_arena_release(&arena);
	return rc;
}

int sp_side_files_check(const struct sp_build *build, struct sp_err *err)
{
	const struct sp_options *o = build->o;

	if (check_place("--digest-file", o->digest_file, err) ||
	    check_place("--metadata-file", o->metadata_file, err) ||
	    check_place("--depfile", o->depfile, err))
		return -1;
	if (build->o->depfile && !make_target(build))
		return sp_err_set(err, SP_EUSAGE,
				  "--depfile %s: no output is a file or folder that make could know",
				  build->o->depfile);
	return 0;
}

static int write_metadata(const struct sp_build *build, const struct sp_image *image,
			  struct sp_err *err)
{
	sp_autojson struct sp_json *doc = sp_json_object();
	struct sp_arena arena = { 0 };
	sp_autobuf struct sp_buf names = { 0 };

	for (size_t i = 0; i < build->refs_nr; i++)
		sp_buf_addf(&names, "%s%s", i ? "," : "", sp_ref_full(&build->refs[i], &arena));
	sp_arena_release(&arena);
	sp_json_add_str(doc, "containerimage.config.digest",
			image->manifests[0].config.digest.str);
	struct sp_json *desc = sp_json_add_object(doc, "containerimage.descriptor");
	sp_json_add_str(desc, "mediaType", image->root.media_type);
	sp_json_add_str(desc, "digest", image->root.digest.str);
	sp_json_add_int(desc, "size", (int64_t)image->root.size);
	sp_json_add_str(doc, "containerimage.digest", image->root.digest.str);
	sp_json_add_str(doc, "image.name", sp_buf_str(&names));
	sp_autofree char *text = sp_json_text(doc, true);
	return write_text(build->o->metadata_file, text, strlen(text), err);
}

/* make reads a space as the end of a name and a dollar as a variable. */
static void add_name(struct sp_buf *rule, const char *name)
{
	for (; *name; name++) {
		if (*name == ' ' || *name == '#' || *name == '\\')
			sp_buf_addch(rule, '\\');
		if (*name == '$')
			sp_buf_addch(rule, '$');
		sp_buf_addch(rule, *name);
	}
}

/* A name with a newline cannot be written in a makefile. */
static void add_source(struct sp_buf *rule, const char *name)
{
	if (strchr(name, '\n'))
		return;
	sp_buf_addstr(rule, " \\\n ");
	add_name(rule, name);
}

/* The file of this machine that changes when an image does, if it is one of this
 * machine: an archive, or the index of a layout. */
static void add_image(struct sp_buf *rule, const struct sp_opened *image)
{
	const char *text = "";
	enum sp_address address = sp_address_of(image->text ? image->text : "", &text);
	struct stat st;

	if (address == SP_AT_ENGINE || address == SP_AT_REGISTRY)
		return;
	size_t ref = image->ref ? strlen(image->ref) + 1 : 0, len = strlen(text);
	sp_autofree char *path = sp_strndup(text, len > ref ? len - ref : 0);
	if (!*path || stat(path, &st))
		return;
	sp_autofree char *file = S_ISDIR(st.st_mode) ? sp_strf("%s/index.json", path) :
						       sp_strdup(path);
	add_source(rule, file);
}

/* What comes out of an image has no name on this machine, but that image may. */
static bool out_of_image(const struct sp_build *build, const struct sp_target *target,
			 const struct sp_root *root)
{
	return build->from.root && (root == build->from.root || root == target->over);
}

static int write_depfile(const struct sp_build *build, struct sp_err *err)
{
	const char *target = make_target(build);
	sp_autobuf struct sp_buf rule = { 0 };

	assert(target);	/* sp_side_files_check() has seen to that */
	add_name(&rule, target);
	sp_buf_addch(&rule, ':');
	for (size_t i = 0; build->stages && i < build->stages->sources.items_nr; i++)
		add_source(&rule, build->stages->sources.items[i]);
	add_image(&rule, &build->from);
	for (size_t t = 0; t < build->targets_nr && !build->stages; t++) {
		const struct sp_plan *plan = build->targets[t].rootfs->plan;

		add_image(&rule, &build->targets[t].base);

		for (size_t i = 0; i < plan->entries_nr; i++) {
			const struct sp_entry *e = &plan->entries[i];

			if (e->root && !out_of_image(build, &build->targets[t], e->root))
				add_source(&rule, sp_root_show(e->root, e->source));
		}
	}
	sp_buf_addch(&rule, '\n');
	return write_text(build->o->depfile, rule.data, rule.len, err);
}

int sp_side_files_write(const struct sp_build *build, const struct sp_image *image,
			struct sp_err *err)
{
	const struct sp_options *o = build->o;

	if (o->digest_file && write_text(o->digest_file, image->root.digest.str,
					 strlen(image->root.digest.str), err))
		return sp_err_wrap(err, "--digest-file");
	if (o->metadata_file && write_metadata(build, image, err))
		return sp_err_wrap(err, "--metadata-file");
	if (o->depfile && write_depfile(build, err))
		return sp_err_wrap(err, "--depfile");
	return 0;
}
