/*
 * The rules for what stands in a layer, and what breaks them as findings.
 */
#include <string.h>

#include "image/layer_rules.h"
#include "image/verify_state.h"

struct place {
	struct sp_verify_state *v;
	const char *where;		/* of the layer */
};

/* Where an entry stands, for the report; malloc'ed. */
static char *name_place(const char *where, const char *name, size_t len)
{
	sp_autofree char *shown = sp_show(name, len);

	return sp_strf("%s: %s", where, len ? shown : "(no name)");
}

static void found(void *ctx, bool is_note, const char *id, const struct sp_tar_item *item,
		  const char *what)
{
	const struct place *p = ctx;
	sp_autofree char *at = item ? name_place(p->where, item->name, item->name_len) :
				      sp_strdup(p->where);

	if (is_note)
		sp_verify_note(p->v, id, at, "%s", what);
	else
		sp_verify_problem(p->v, id, at, "%s", what);
}

bool sp_verify_entry(struct sp_verify_state *v, const char *where,
		     const struct sp_tar_item *item, struct sp_tree_entry *ret)
{
	struct place p = { v, where };

	return sp_rules_entry(item, &v->arena, &(struct sp_rules_watch){ found, &p }, ret);
}

static void duplicate(void *ctx, const char *path)
{
	const struct place *p = ctx;
	sp_autofree char *at = name_place(p->where, path, strlen(path));

	sp_verify_problem(p->v, "duplicate-path", at, "stands in the layer more than once");
}

void sp_verify_duplicates(struct sp_verify_state *v, const char *where,
			  const struct sp_verify_stratum *layer)
{
	struct place p = { v, where };

	sp_rules_duplicates(layer->entries, layer->entries_nr, duplicate, &p);
}
