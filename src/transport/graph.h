/*
 * All of an image as it is in a source: the documents under a name, each read and
 * checked, and the blobs that they name.  For copies, which keep every byte.
 */
#ifndef SP_TRANSPORT_GRAPH_H
#define SP_TRANSPORT_GRAPH_H

#include "base/map.h"
#include "image/image.h"
#include "image/stored.h"


#define SP_GRAPH_DOCUMENTS_MAX 2048
#define SP_GRAPH_TEXT_MAX (32 * 1024 * 1024)	/* bytes of all documents together */
#define SP_GRAPH_BLOBS_MAX 65536

/* A document in memory: manifest, index, or the configuration of an image. */
struct sp_graph_document {
	struct sp_desc desc;
	struct sp_buf text;
};

struct sp_graph {
	struct sp_arena arena;
	struct sp_source source;	/* what blobs are opened from: see graph.c */
	struct sp_source *origin;	/* borrowed */
	struct sp_stored *stored;	/* of a docker archive, else NULL */
	const char *name;		/* as the source calls it, or NULL */
	struct sp_graph_document *documents;	/* whatever is named before what names it */
	size_t documents_nr, documents_alloc;
	struct sp_desc *blobs;		/* the rest, each once */
	size_t blobs_nr, blobs_alloc;
	uint64_t text_size;
	struct sp_image *image;		/* the images in it, and its root */
	struct sp_map seen;		/* digests */
};

/*
 * Read the image called ref (NULL: the only one).  With want the one platform of it,
 * else all of it, whatever an index lists.  SP_EVERIFY and SP_ECHANGED for documents
 * that are not what they should be; cycles and depths have limits.
 */
SP_CHECKED int sp_graph_read(struct sp_source *source, const char *ref,
			     const struct sp_stored_want *want, struct sp_graph *ret,
			     struct sp_err *err);

/*
 * Is its manifest one that was made for it, because a docker archive has none?  Then the
 * layers may be others with the same tars, as many as there were: what is written of
 * them is no blob of the graph any more, and the manifest names them.
 */
bool sp_graph_is_made(const struct sp_graph *graph);
SP_CHECKED int sp_graph_set_layers(struct sp_graph *graph, const struct sp_layer *layers,
				   struct sp_err *err);
void sp_graph_release(struct sp_graph *graph);

#endif
