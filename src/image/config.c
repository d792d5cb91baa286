/*
 * The configuration document of one platform: image-spec config.md, and Docker's
 * Healthcheck.  Keys come in the order of the Go struct that everybody uses, maps
 * sorted by key, lists as they were given; what is not set is not there.
 */
#include "image/config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TIME_MAX INT64_C(253402300799)	/* 9999-12-31T23:59:59Z */
#define DAY (24 * 60 * 60)

/* --- time --- */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_year(int year)
{
	return is_leap(year) ? 366 : 365;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 1 && is_leap(year) ? 29 : days[month];
}

/* No gmtime(): it looks at TZ, and the library must not.  Counting years one by
 * one takes 8000 steps at most. */
int sp_time_format(int64_t seconds, char ret[SP_TIME_STR], struct sp_err *err)
{
	int year = 1970, month = 0;

	if (seconds < 0 || seconds > TIME_MAX)
		return sp_err_set(err, SP_EUSAGE,
				  "%" PRId64 ": expected a time in seconds since 1970, up to "
				  "the end of 9999", seconds);
	int day = (int)(seconds / DAY), second = (int)(seconds % DAY);
	for (; day >= days_in_year(year); year++)
		day -= days_in_year(year);
	for (; day >= days_in_month(year, month); month++)
		day -= days_in_month(year, month);
	snprintf(ret, SP_TIME_STR, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month + 1,
		 day + 1, second / 3600, second / 60 % 60, second % 60);
	return 0;
}

/* --- parts --- */

/* JSON cannot hold other bytes, and a label or path that comes out as another one
 * would be worse than an error. */
static int check_utf8(const char *value, const char *field, struct sp_err *err)
{
	if (sp_json_is_utf8(value, strlen(value)))
		return 0;
	return sp_err_set(err, SP_EUSAGE,
			  "%s \"%.200s\": expected UTF-8, since the image's documents are JSON",
			  field, value);
}

static int add_str(struct sp_json *object, const char *key, const char *value,
		   const char *field, struct sp_err *err)
{
	if (!value)
		return 0;
	if (check_utf8(value, field, err))
		return -1;
	sp_json_add_str(object, key, value);
	return 0;
}

static int add_list(struct sp_json *object, const char *key,
		    const struct sp_strings *list, const char *field, struct sp_err *err)
{
	if (!list->items_nr)
		return 0;
	struct sp_json *array = sp_json_add_array(object, key);
	for (size_t i = 0; i < list->items_nr; i++) {
		if (check_utf8(list->items[i], field, err))
			return -1;
		sp_json_push_str(array, list->items[i]);
	}
	return 0;
}

struct pair {
	const char *key, *value;
};

static int by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* The strings cut at their first '=' and sorted; NULL when there are none. */
static struct pair *sorted_pairs(const struct sp_strings *strings, bool cut,
				 struct sp_arena *arena)
{
	if (!strings->items_nr)
		return NULL;
	struct pair *pairs = sp_arena_alloc(arena, strings->items_nr * sizeof(*pairs));
	for (size_t i = 0; i < strings->items_nr; i++) {
		const char *item = strings->items[i];
		const char *equals = cut ? strchr(item, '=') : NULL;
		size_t len = equals ? (size_t)(equals - item) : strlen(item);

		pairs[i].key = sp_arena_strndup(arena, item, len);
		pairs[i].value = equals ? equals + 1 : "";
	}
	qsort(pairs, strings->items_nr, sizeof(*pairs), by_key);
	return pairs;
}

int sp_config_add_map(struct sp_json *object, const char *key,
		      const struct sp_strings *strings, const char *field,
		      struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct pair *pairs = sorted_pairs(strings, true, &arena);

	if (!pairs)
		return 0;
	struct sp_json *map = sp_json_add_object(object, key);
	for (size_t i = 0; i < strings->items_nr; i++) {
		if (!pairs[i].key[0])
			return sp_err_set(err, SP_EUSAGE,
					  "%s \"=%.200s\": expected KEY=VALUE", field,
					  pairs[i].value);
		if (i && strcmp(pairs[i - 1].key, pairs[i].key) == 0)
			return sp_err_set(err, SP_EUSAGE,
					  "%s \"%.200s\" is given twice", field, pairs[i].key);
		if (check_utf8(pairs[i].key, field, err) ||
		    check_utf8(pairs[i].value, field, err))
			return -1;
		sp_json_add(map, pairs[i].key, sp_json_new_str(pairs[i].value));
	}
	return 0;
}

/* A Go set, as config.md has them: an object of empty objects. */
static int add_set(struct sp_json *object, const char *key,
		   const struct sp_strings *strings, const char *field,
		   struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct pair *pairs = sorted_pairs(strings, false, &arena);

	if (!pairs)
		return 0;
	struct sp_json *set = sp_json_add_object(object, key);
	for (size_t i = 0; i < strings->items_nr; i++) {
		if (i && strcmp(pairs[i - 1].key, pairs[i].key) == 0)
			continue;
		if (check_utf8(pairs[i].key, field, err))
			return -1;
		sp_json_add(set, pairs[i].key, sp_json_object());
	}
	return 0;
}

static int add_duration(struct sp_json *object, const char *key, int64_t ns,
			struct sp_err *err)
{
	if (ns < 0)
		return sp_err_set(err, SP_EUSAGE,
				  "health check: %s cannot be negative", key);
	if (ns)
		sp_json_add_int(object, key, ns);
	return 0;
}

/* Docker's extension; nanoseconds, and 0 stands for the engine's default. */
static int add_healthcheck(struct sp_json *object, const struct sp_healthcheck *check,
			   struct sp_err *err)
{
	if (!check->set)
		return 0;
	struct sp_json *json = sp_json_add_object(object, "Healthcheck");
	if (add_list(json, "Test", &check->test, "health check", err) ||
	    add_duration(json, "Interval", check->interval_ns, err) ||
	    add_duration(json, "Timeout", check->timeout_ns, err) ||
	    add_duration(json, "StartPeriod", check->start_period_ns, err) ||
	    add_duration(json, "StartInterval", check->start_interval_ns, err) ||
	    add_duration(json, "Retries", check->retries, err))
		return -1;
	return 0;
}

/* --- the history --- */

static size_t base_layers(const struct sp_config *config)
{
	return sp_json_len(sp_json_get(sp_json_get(config->base, "rootfs"), "diff_ids"));
}

/* The history of the base as it is; layers of which it tells nothing get a line, since
 * engines refuse an image where the two numbers differ. */
static void add_base_history(struct sp_json *history, const struct sp_config *config)
{
	const struct sp_json *i = sp_json_first(sp_json_get(config->base, "history"));
	size_t told = 0;

	for (; i; i = sp_json_next(i)) {
		told += !sp_json_bool(i, "empty_layer");
		sp_json_push(history, sp_json_copy(i));
	}
	for (; told < base_layers(config); told++)
		sp_json_add_str(sp_json_push_object(history), "comment", "layer of the base image");
}

static int add_line(struct sp_json *history, const struct sp_history *line,
		    const char *created, struct sp_err *err)
{
	struct sp_json *entry = sp_json_push_object(history);

	sp_json_add_str(entry, "created", created);
	if (add_str(entry, "created_by", line->created_by, "history", err) ||
	    add_str(entry, "comment", line->comment, "history", err))
		return -1;
	if (line->empty)
		sp_json_add_bool(entry, "empty_layer", true);
	return 0;
}

/* One entry a layer: `docker history` shows nothing without them. */
static int add_history(struct sp_json *doc, const struct sp_config *config,
		       const char *created, size_t layers_nr, struct sp_err *err)
{
	static const struct sp_history unnamed = { .created_by = "scratchpack" };
	struct sp_json *history = sp_json_add_array(doc, "history");
	size_t own = layers_nr - base_layers(config), told = 0;

	add_base_history(history, config);
	for (size_t i = 0; i < config->history_nr; i++) {
		told += !config->history[i].empty;
		if (add_line(history, &config->history[i], created, err))
			return -1;
	}
	if (told > own)
		return sp_err_set(err, SP_EUSAGE, "%zu history entries for %zu layers", told, own);
	for (; told < own; told++)
		if (add_line(history, &unnamed, created, err))
			return -1;
	return 0;
}

/* --- what a base has beyond that --- */

/* Known here, or telling of how the base itself was built, or done with. */
static const char *const own_keys[] = {
	"created", "author", "architecture", "os", "variant", "config", "rootfs", "history",
	"container", "container_config", "docker_version", "id", "parent", "parent_id",
	"throwaway", "Size", "moby.buildkit.cache.v0", "moby.buildkit.buildinfo.v1", NULL,
};
static const char *const own_config_keys[] = {
	"Shell", "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir",
	"Labels", "StopSignal", "Healthcheck", "Image", "OnBuild", NULL,
};

static void add_rest(struct sp_json *object, const struct sp_json *base,
		     const char *const *known)
{
	for (const struct sp_json *i = sp_json_first(base); i; i = sp_json_next(i)) {
		size_t k = 0;

		while (known[k] && strcmp(known[k], sp_json_key(i)) != 0)
			k++;
		if (!known[k] && !sp_json_get(object, sp_json_key(i)))
			sp_json_add(object, sp_json_key(i), sp_json_copy(i));
	}
}

/* --- the document --- */

static int add_config(struct sp_json *doc, const struct sp_config *config,
		      struct sp_err *err)
{
	struct sp_json *json = sp_json_add_object(doc, "config");

	for (size_t i = 0; i < config->env.items_nr; i++)
		if (strcspn(config->env.items[i], "=") == 0 ||
		    !strchr(config->env.items[i], '='))
			return sp_err_set(err, SP_EUSAGE,
					  "environment \"%.200s\": expected NAME=VALUE",
					  config->env.items[i]);
	if (add_str(json, "User", config->user, "user", err) ||
	    add_set(json, "ExposedPorts", &config->ports, "port", err) ||
	    add_list(json, "Env", &config->env, "environment", err) ||
	    add_list(json, "Entrypoint", &config->entrypoint, "entry point", err) ||
	    add_list(json, "Cmd", &config->cmd, "argument", err) ||
	    add_set(json, "Volumes", &config->volumes, "volume", err) ||
	    add_str(json, "WorkingDir", config->workdir, "working directory", err) ||
	    sp_config_add_map(json, "Labels", &config->labels, "label", err) ||
	    add_str(json, "StopSignal", config->stop_signal, "stop signal", err) ||
	    add_healthcheck(json, &config->healthcheck, err) ||
	    add_list(json, "OnBuild", &config->onbuild, "trigger", err))
		return -1;
	if (add_list(json, "Shell", &config->shell, "shell", err))
		return -1;
	/* the shell of the base goes on unless there is another one */
	add_rest(json, sp_json_get(config->base, "config"),
		 own_config_keys + !config->shell.items_nr);
	return 0;
}

int sp_config_json(const struct sp_config *config, const struct sp_layer *layers,
		   size_t layers_nr, struct sp_json **ret, struct sp_err *err)
{
	sp_autojson struct sp_json *doc = sp_json_object();
	char created[SP_TIME_STR];

	assert(config->arch && config->os);
	if (sp_time_format(config->created, created, err))
		return sp_err_wrap(err, "creation time");
	sp_json_add_str(doc, "created", created);
	if (add_str(doc, "author", config->author, "author", err) ||
	    add_str(doc, "architecture", config->arch, "architecture", err) ||
	    add_str(doc, "os", config->os, "operating system", err) ||
	    add_str(doc, "variant", config->variant, "variant", err) ||
	    add_config(doc, config, err))
		return -1;
	struct sp_json *rootfs = sp_json_add_object(doc, "rootfs");
	sp_json_add_str(rootfs, "type", "layers");
	struct sp_json *diff_ids = sp_json_add_array(rootfs, "diff_ids");
	for (size_t i = 0; i < layers_nr; i++)
		sp_json_push_str(diff_ids, layers[i].diff_id.str);
	if (add_history(doc, config, created, layers_nr, err))
		return -1;
	add_rest(doc, config->base, own_keys);
	*ret = sp_steal_ptr(&doc);
	return 0;
}
