/*
 * The guard against packing secrets: by the name of a file, and by what it begins with.
 * Nothing here touches the disk.
 */
#ifndef SP_ROOTFS_SECRETS_H
#define SP_ROOTFS_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#define SP_SECRET_HEAD 65536	/* bytes of a file that are worth a look */

/*
 * What secret the file at this absolute path is by its name, as in "the passwords of
 * this machine's users", or NULL.
 */
const char *sp_secret_name(const char *path);

/*
 * What secret a file that begins with these bytes is, or NULL.  A key counts when it is
 * there: header and data.  Programs and libraries that only know the header, or public
 * keys and certificates, do not.
 */
const char *sp_secret_content(const void *head, size_t len);

/* secret_texts.c: what sp_secret_content() asks first: passwords, tokens and the like in
 * a text, NULL if there are none; and whether it is a secret key of OpenPGP. */
const char *sp_secret_text(const void *head, size_t len);
bool sp_secret_pgp(const void *head, size_t len);

#endif
