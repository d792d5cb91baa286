/*
 * Image references, by the grammar of distribution/reference: what the user
 * writes ("myapp", "ghcr.io/me/app:v1"), what files hold ("docker.io/library/
 * myapp:latest") and what people are shown ("myapp:latest").
 */
#ifndef SP_IMAGE_REF_H
#define SP_IMAGE_REF_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

#define SP_REF_DEFAULT_TAG "latest"

/* Strings live in the arena given to sp_ref_parse(). */
struct sp_ref {
	const char *domain;	/* "docker.io", "localhost:5000" */
	const char *path;	/* "library/myapp" */
	const char *tag;	/* NULL if there was none */
	const char *digest;	/* "sha256:...", NULL if there was none */
};

/* SP_EUSAGE says which rule the text breaks, and what a right one looks like. */
SP_CHECKED int sp_ref_parse(const char *text, struct sp_arena *arena,
			    struct sp_ref *ret, struct sp_err *err);

/* A name with neither tag nor digest means the tag "latest": give it that. */
void sp_ref_complete(struct sp_ref *ref);

/* Could text be a tag? */
bool sp_ref_is_tag(const char *text);

/* "docker.io/library/myapp:latest", "...@sha256:..." */
const char *sp_ref_full(const struct sp_ref *ref, struct sp_arena *arena);

/* "myapp:latest" */
const char *sp_ref_familiar(const struct sp_ref *ref, struct sp_arena *arena);

/* The same without tag and digest. */
const char *sp_ref_name_full(const struct sp_ref *ref, struct sp_arena *arena);
const char *sp_ref_name_familiar(const struct sp_ref *ref, struct sp_arena *arena);

/* Do two names mean the same image?  "a", "a:latest", "docker.io/library/a:latest"
 * do, and a tag alone means every name with that tag. */
bool sp_ref_same(const char *a, const char *b);

/* A name that may be used for a file of this name: lower case, others than
 * [a-z0-9._-] become '-', ends trimmed; "image" if nothing is left. */
const char *sp_ref_name_from(const char *file_name, struct sp_arena *arena);

#endif
