/*
 * Copying an image from a source to destinations: every byte as it is.
 */
#ifndef SP_TRANSPORT_COPY_H
#define SP_TRANSPORT_COPY_H

#include "transport/graph.h"
#include "transport/transport.h"

#define SP_COPY_JOBS 4		/* blobs at a time */

/*
 * Write all blobs and documents of the graph to the destinations, blobs first, what
 * is named before what names it.  What is there already is not written.  The caller
 * prepares and commits, with graph->image.  SP_ECHANGED if a blob is not what its
 * digest says.
 */
SP_CHECKED int sp_copy(struct sp_graph *graph, struct sp_dest *const *dests, size_t dests_nr,
		       const struct sp_transport_options *options, struct sp_err *err);

#endif
