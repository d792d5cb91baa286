/*
 * --base: the image below a target, for the platform of its program, and what our
 * layers and documents say of it.
 */
#include <string.h>

#include "api/build.h"
#include "base/root_over.h"
#include "base/vec.h"
#include "image/schema.h"
#include "rootfs/script.h"

#define SCRIPTS 5	/* that interpret each other, as the kernel has it */

/* The platform of the program at path, or of what interprets it.  A script whose
 * interpreter is not in this root has none that is known yet: *ret_known false. */
static int platform_at(struct sp_build *build, struct sp_root *root, const char *path,
		       struct sp_platform *ret, bool *ret_known, struct sp_err *err)
{
	*ret_known = false;
	for (int i = 0; i <= SCRIPTS; i++) {
		sp_autofile struct sp_file file = SP_FILE_INIT;
		sp_autoelf struct sp_elf *elf = NULL;
		struct sp_script script;
		struct sp_found found;

		if (sp_root_resolve(root, path, &found, err))
			return -1;
		/* what is wrong with a program is said when it is analysed */
		if (!found.real || found.st.type != SP_FILE || sp_root_open(root, found.real, &file, err))
			return 0;
		if (sp_elf_is(&file)) {
			*ret_known = !sp_elf_read(&file, &elf, err) && !sp_platform_of(elf, ret, err);
			return 0;
		}
		if (!sp_script_is(&file) || sp_script_read(&file, &build->arena, &script, err))
			return 0;
		path = script.interpreter;
		root = build->libs;
	}
	return 0;
}

/* Which platform of the base: what --platform says, the program's, or this machine's. */
static int want_platform(struct sp_build *build, struct sp_target *target,
			 struct sp_stored_want *ret, struct sp_err *err)
{
	struct sp_platform platform = sp_platform_host();
	struct sp_err ignored = { 0 };
	bool known;

	if (platform_at(build, target->root, target->path, &platform, &known, &ignored))
		*err = ignored;
	if (build->o->platform && build->targets_nr == 1 &&
	    sp_platform_parse(build->o->platform, &build->arena, &platform, err))
		return sp_err_wrap(err, "--platform");
	*ret = (struct sp_stored_want){ .os = platform.os, .arch = platform.arch,
					.variant = platform.variant };
	return 0;
}

int sp_target_base(struct sp_build *build, struct sp_target *target, struct sp_err *err)
{
	struct sp_stored_want want;

	target->libs = build->libs;
	if (!build->o->base)
		return 0;
	if (want_platform(build, target, &want, err) ||
	    sp_opened_open(build->job, build->o->base, &want, &target->base, err))
		return sp_err_wrap(err, "--base");
	if (target->base.stored->docker && build->o->compress.kind == SP_COMPRESS_ZSTD)
		return sp_err_set(err, SP_EUSAGE,
				  "--compress zstd: %s has Docker's media types, which know no zstd; take gzip or none",
				  build->o->base);
	target->over = sp_root_over_new(target->base.root, build->libs);
	target->libs = target->over;
	return 0;
}

static void annotate(struct sp_build *build, struct sp_target *target, const char *key,
		     const char *value)
{
	struct sp_strings *list = &target->config.annotations;

	/* what the user says of it stands */
	if (!sp_pairs_get(list, key))
		sp_pairs_set(list, &build->arena, sp_arena_strf(&build->arena, "%s=%s", key, value));
}

/* image-spec annotations.md: the image that this one shares its first layers with. */
void sp_target_base_notes(struct sp_build *build, struct sp_target *target)
{
	const struct sp_stored *stored = target->base.stored;
	const char *name;

	if (!stored)
		return;
	name = sp_opened_name(&target->base, &build->arena);
	if (name)
		annotate(build, target, "org.opencontainers.image.base.name", name);
	annotate(build, target, "org.opencontainers.image.base.digest",
		 stored->manifest_doc ? stored->manifest.digest.str : stored->config.digest.str);
	if (!stored->manifest_doc)
		sp_plan_note(target->rootfs->plan, "base-without-manifest",
			     "%s is a docker archive and has no manifest: what is recorded as the digest of the base is that of its configuration, the image ID",
			     target->base.text);
	if (sp_json_len(sp_json_get(sp_json_get(stored->config_doc, "config"), "OnBuild")))
		sp_plan_note(target->rootfs->plan, "base-onbuild",
			     "%s has ONBUILD triggers, which docker build would carry out; they are not",
			     target->base.text);
}

/* --- its layers --- */

static int copy_bytes(struct sp_build *build, struct sp_blob_reader *reader,
		      struct sp_sink *sink, const struct sp_desc *desc, struct sp_err *err)
{
	const size_t room = 256 * 1024;
	sp_autofree char *buf = sp_malloc(room);
	uint64_t done = 0;
	size_t got;

	if (sink->begin(sink, desc->size, err))
		return -1;
	do {
		if (build->job->cancelled)
			return sp_err_set(err, SP_ECANCELLED, "interrupted");
		if (reader->read(reader, buf, room, &got, err) ||
		    (got && sink->write(sink, buf, got, err)))
			return -1;
		done += got;
		sp_job_progress(build->job, "copy", desc->digest.str, done, desc->size);
	} while (got);
	return sink->end(sink, desc, err);
}

/* One layer as it is, unless it is there already. */
static int copy_layer(struct sp_build *build, const struct sp_opened *base, size_t i,
		      struct sp_sink *sink, struct sp_err *err)
{
	const struct sp_desc *desc = &base->stored->layers[i].desc;
	sp_autoreader struct sp_blob_reader *reader = NULL;
	bool there = false;

	if (sink->has && sink->has(sink, desc, &there, err))
		return -1;
	if (there)
		return 0;
	if (sp_stored_open_layer(base->stored, i, &reader, err) ||
	    copy_bytes(build, reader, sink, desc, err))
		return err->code == SP_ECANCELLED ? -1 : sp_err_wrap(err, "%s", base->text);
	return 0;
}

/* Docker's name for the media type of a layer. */
static const char *docker_type(const char *type)
{
	return strcmp(type, SP_MT_LAYER "+gzip") == 0 ? SP_MT_DOCKER_LAYER ".gzip" :
	       strcmp(type, SP_MT_LAYER) == 0	      ? SP_MT_DOCKER_LAYER : type;
}

int sp_target_base_layers(struct sp_build *build, struct sp_target *target,
			  struct sp_sink *sink, struct sp_err *err)
{
	const struct sp_stored *stored = target->base.stored;

	for (size_t i = 0; stored && i < stored->layers_nr; i++) {
		const struct sp_stored_layer *layer = &stored->layers[i];

		if (copy_layer(build, &target->base, i, sink, err))
			return -1;
		*SP_VEC_PUSH(target->layers) = (struct sp_layer){ .desc = layer->desc,
								  .diff_id = layer->diff_id };
	}
	return 0;
}

void sp_target_base_types(struct sp_target *target)
{
	size_t below = target->base.stored ? target->base.stored->layers_nr : 0;

	for (size_t i = below; target->config.docker && i < target->layers_nr; i++)
		target->layers[i].desc.media_type = docker_type(target->layers[i].desc.media_type);
}
