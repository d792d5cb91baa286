/*
 * The modes of --chmod: an octal number, or what chmod(1) takes: "u=rwX,go=rX".
 */
#ifndef SP_DOCKERFILE_CHMOD_H
#define SP_DOCKERFILE_CHMOD_H

#include <stdbool.h>

/* Is the text a mode? */
bool sp_chmod_valid(const char *text);

/* The mode that something of mode old comes to have.  text is valid.  Without a class
 * in front of the sign all three are meant, whatever the umask. */
unsigned sp_chmod_apply(const char *text, unsigned old, bool dir);

#endif
