/*
 * The witness of a verification: keeps of an image's programs and libraries what
 * the loader would look at, and then proves for each image that its entry point
 * starts, by the same rules as for a program on disk.
 */
#ifndef SP_API_WITNESS_H
#define SP_API_WITNESS_H

#include "image/verify.h"

struct sp_witness;

/* Fill *ret with the functions of a new witness; free it after verifying. */
struct sp_witness *sp_witness_new(struct sp_verify_witness *ret);
void sp_witness_free(struct sp_witness *witness);

#endif
