/*
 * The report as the document that it is, for the command: so that it need not read
 * back the text of what the library has just written.
 */
#ifndef SP_API_DOCUMENT_H
#define SP_API_DOCUMENT_H

#include "image/json.h"
#include "scratchpack.h"

/* The report of the last operation, which scratchpack_report() has as text, or NULL.
 * It belongs to the job and lives until the next operation. */
const struct sp_json *scratchpack_document(const struct scratchpack *job);

/* Leave out of reports what a short one does not show: the entries of the plan, which
 * are counted all the same, the edges of a closure, and what its tree does not tell of
 * objects. */
void scratchpack_set_brief(struct scratchpack *job, bool brief);

#endif
