/*
 * Search paths as written -> directories, where the program is and where it goes.
 */
#include "loader/search.h"

#include "base/buf.h"
#include "base/map.h"
#include "test.h"

#define G SP_TOKENS_GLIBC
#define M SP_TOKENS_MUSL
#define N SP_TOKENS_MUSL_NONE

/* A program /home/me/app that goes to some place, and a library it has found. */
static struct sp_object objects[2];

static void expand(const char *list, enum sp_tokens how, size_t owner, const char *to,
		   struct sp_buf *now, struct sp_buf *then, struct sp_buf *remarks)
{
	struct sp_closure closure = { .objects = objects, .objects_nr = 2,
				      .loader = { .lib = "lib64" } };
	struct sp_dirs dirs = { 0 };

	objects[0] = (struct sp_object){ .path = "/link/app", .image_path = to,
					 .rule = SP_RULE_PROGRAM,
					 .found = { .real = "/home/me/app" } };
	objects[1] = (struct sp_object){ .path = "/l/libx.so", .image_path = "/l/libx.so",
					 .rule = SP_RULE_RUNPATH,
					 .found = { .real = "/real/libx.so.1" } };
	sp_buf_reset(now);
	sp_buf_reset(then);
	sp_buf_reset(remarks);
	sp_search_expand(&closure, owner, list, how == G ? ":;" : ":\n", how, &dirs);
	for (size_t i = 0; i < dirs.dirs_nr; i++) {
		if (dirs.dirs[i].left_out)
			continue;
		sp_buf_addf(now, "%s%s", now->len ? " " : "", dirs.dirs[i].path);
		sp_buf_addf(then, "%s%s", then->len ? " " : "", dirs.dirs[i].image_path);
	}
	for (size_t i = 0; i < closure.remarks_nr; i++)
		sp_buf_addf(remarks, "%s%s", i ? " " : "", closure.remarks[i].id);
	ok(dirs.ready, "%s: expanded", list);
	free(dirs.dirs);
	free(closure.remarks);
	sp_arena_release(&closure.arena);
}

static void lists(void)
{
	static const struct {
		enum sp_tokens how;
		size_t owner;
		const char *list, *to, *now, *then, *remarks;
	} rows[] = {
		{ G, 0, "", "/app", "", "", "" },
		{ G, 0, "/a:/b;/c", "/app", "/a /b /c", "/a /b /c", "" },
		{ G, 0, "$ORIGIN", "/opt/x/app", "/home/me", "/opt/x", "" },
		{ G, 0, "$ORIGIN", "/app", "/home/me", "/", "" },
		{ G, 0, "$ORIGIN/lib", "/app", "/home/me/lib", "/lib", "" },
		{ G, 0, "${ORIGIN}/../l", "/a/app", "/home/me/../l", "/a/../l", "" },
		{ G, 1, "$ORIGIN", "/app", "/l", "/l", "" },
		{ G, 0, "/x/$LIB/${LIB}", "/app", "/x/lib64/lib64", "/x/lib64/lib64", "" },
		{ G, 0, "/x/$PLATFORM:/y", "/app", "/y", "/y", "platform-token" },
		{ G, 0, "/x/$LIBRARY/$x/$", "/app", "/x/$LIBRARY/$x/$", "/x/$LIBRARY/$x/$", "" },
		{ G, 0, "/x/${LIB:/${ORIGIN", "/app", "/x/${LIB /${ORIGIN", "/x/${LIB /${ORIGIN", "" },
		{ G, 0, ":/a", "/app", "/a", "/a", "relative-search-path" },
		{ G, 0, "/a:", "/app", "/a", "/a", "relative-search-path" },
		{ G, 0, "a:./b:/c", "/app", "/c", "/c", "relative-search-path" },
		{ G, SP_NO_OBJECT, "$ORIGIN/e", "/o/app", "/home/me/e", "/o/e", "" },
		{ M, 0, "/a:/b\n/c", "/app", "/a /b /c", "/a /b /c", "" },
		{ M, 0, "::/a:", "/app", "/a", "/a", "" },
		{ M, 0, "$ORIGIN:/a", "/o/app", "/home/me /a", "/o /a", "" },
		{ M, 0, "$ORIGIN:/a", "/app", "/a", "/a", "" },
		{ M, 0, "$ORIGIN/l", "/app", "/home/me/l", "/l", "" },
		{ M, 0, "$ORIGINAL", "/o/app", "/home/meAL", "/oAL", "" },
		{ G, 0, "$ORIGIN-x", "/app", "/home/me-x", "/-x", "" },
		{ M, 0, "$ORIGIN-x:/y", "/app", "/y", "/y", "relative-search-path" },
		{ M, 0, "$ORIGIN/l:$LIB", "/app", "", "", "" },
		{ M, 0, "$ORIGIN:/x/$", "/app", "", "", "" },
		{ N, SP_NO_OBJECT, "/x/$ORIGIN:/$LIB", "/app", "/x/$ORIGIN /$LIB", "/x/$ORIGIN /$LIB", "" },
	};
	struct sp_buf now = { 0 }, then = { 0 }, remarks = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		expand(rows[i].list, rows[i].how, rows[i].owner, rows[i].to, &now, &then, &remarks);
		is_str(sp_buf_str(&now), rows[i].now, "where it is now");
		is_str(sp_buf_str(&then), rows[i].then, "where it is in the image");
		is_str(sp_buf_str(&remarks), rows[i].remarks, "what is said");
	}
	sp_buf_release(&now);
	sp_buf_release(&then);
	sp_buf_release(&remarks);
}

static void single(void)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "$ORIGIN/libx.so", "/home/me/libx.so" }, { "/abs/$LIB/x", "/abs/lib64/x" },
		{ "rel/x", NULL }, { "", NULL }, { "/x/$PLATFORM", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_closure closure = { .objects = objects, .objects_nr = 2,
					      .loader = { .lib = "lib64" } };
		const struct sp_dir *dir = sp_search_expand_one(&closure, 0, rows[i].text, G);

		is_str(dir ? dir->path : NULL, rows[i].want, "one name: \"%s\"", rows[i].text);
		free(closure.remarks);
		sp_arena_release(&closure.arena);
	}
	ok(sp_search_has_token("a$LIB") && sp_search_has_token("$x${PLATFORM}"), "a token in a name");
	ok(!sp_search_has_token("a$LIBS$") && !sp_search_has_token("libx.so"), "none");
}

int main(void)
{
	lists();
	single();
	return test_done();
}
