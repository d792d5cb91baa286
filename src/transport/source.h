/*
 * How the kinds of sources are opened; source.c decides which.
 */
#ifndef SP_TRANSPORT_SOURCE_H
#define SP_TRANSPORT_SOURCE_H

#include "image/blob.h"
#include "transport/dest.h"

SP_CHECKED int sp_layout_source_open(const char *path, struct sp_source **ret,
				     struct sp_err *err);

/* form says which documents to show: SP_FORM_LAYOUT, SP_FORM_DOCKER or both. */
SP_CHECKED int sp_archive_source_open(const char *path, unsigned form,
				      struct sp_source **ret, struct sp_err *err);

/* name is a reference without "docker://". */
SP_CHECKED int sp_registry_source_open(const char *name,
				       const struct sp_transport_options *options,
				       struct sp_source **ret, struct sp_err *err);

/* The same of an open file, which the source closes, also when this fails. */
SP_CHECKED int sp_archive_source_open_fd(int fd, const char *name, unsigned form,
					 struct sp_source **ret, struct sp_err *err);

/* An image of a local engine, by its name or ID; it is fetched whole. */
SP_CHECKED int sp_engine_source_open(const char *name,
				     const struct sp_transport_options *options,
				     struct sp_source **ret, struct sp_err *err);

#endif
