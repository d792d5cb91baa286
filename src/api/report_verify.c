/*
 * What verifying an image found, as JSON.
 */
#include "api/report_verify.h"

static void add_layers(const struct sp_verify_image *image, struct sp_json *item)
{
	struct sp_json *layers = sp_json_add_array(item, "layers");

	for (size_t i = 0; i < image->layers_nr; i++) {
		const struct sp_verify_layer *l = &image->layers[i];
		struct sp_json *layer = sp_json_push_object(layers);

		sp_json_add_optional(layer, "digest", l->digest);
		sp_json_add_optional(layer, "diff_id", l->diff_id);
		sp_json_add_optional(layer, "media_type", l->media_type);
		sp_json_add_int(layer, "size", (int64_t)l->size);
		sp_json_add_int(layer, "tar_size", (int64_t)l->tar_size);
		sp_json_add_int(layer, "entries", (int64_t)l->entries);
	}
}

static void add_findings(struct sp_json *report, const char *key,
			 const struct sp_verify_finding *findings, size_t nr)
{
	struct sp_json *list = sp_json_add_array(report, key);

	for (size_t i = 0; i < nr; i++) {
		struct sp_json *item = sp_json_push_object(list);

		sp_json_add_str(item, "id", findings[i].id);
		sp_json_add_optional(item, "where", findings[i].where);
		sp_json_add_str(item, "what", findings[i].what);
	}
}

void sp_report_verify(const struct sp_verify_report *found, const char *image,
		      struct sp_json *report)
{
	struct sp_json *images = sp_json_add_array(report, "images");

	sp_json_add_str(report, "image", image);
	sp_json_add_bool(report, "ok", !found->problems_total);
	for (size_t i = 0; i < found->images_nr; i++) {
		const struct sp_verify_image *v = &found->images[i];
		struct sp_json *item = sp_json_push_object(images);

		sp_json_add_optional(item, "name", v->name);
		sp_json_add_optional(item, "digest", v->digest);
		sp_json_add_optional(item, "config", v->config);
		sp_json_add_optional(item, "platform", v->platform);
		sp_json_add_optional(item, "media_type", v->media_type);
		add_layers(v, item);
	}
	add_findings(report, "problems", found->problems, found->problems_nr);
	add_findings(report, "notes", found->notes, found->notes_nr);
	sp_json_add_int(report, "problems_total", (int64_t)found->problems_total);
}
