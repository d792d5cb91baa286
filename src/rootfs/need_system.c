/*
 * Needs that come from the C library itself: unwinding, accounts, names
 * of services, a place for temporary files.
 */
#include "rootfs/need_rows.h"

static bool glibc(const struct sp_needs *n)
{
	return sp_need_closure(n)->loader.libc == SP_LIBC_GLIBC;
}

int sp_need_add_libgcc(struct sp_needs *n, struct sp_err *err)
{
	bool found;

	if (!glibc(n))
		return 0;
	if (sp_need_library(n, "libgcc_s.so.1", &found, err))
		return -1;
	if (!found)
		sp_need_note(n, "no-libgcc",
			     "libgcc_s.so.1 is not there: the first thread that ends by pthread_exit or pthread_cancel will abort the program");
	return 0;
}

int sp_need_add_users(struct sp_needs *n, struct sp_err *err)
{
	struct sp_accounts accounts;

	if (sp_need_find_accounts(n, err) || sp_need_accounts(n, &accounts, err))
		return -1;
	/* engines take HOME from passwd, so the directory must be there */
	return sp_need_text(n, "/etc/passwd", accounts.passwd, err) ||
	       sp_need_text(n, "/etc/group", accounts.group, err) ||
	       sp_need_dir(n, "/root", 0700, err) ? -1 : 0;
}

int sp_need_add_tmp(struct sp_needs *n, struct sp_err *err)
{
	const char *dir = sp_need_env(n, "TMPDIR");

	return sp_need_dir(n, dir && dir[0] == '/' ? dir : "/tmp", 01777, err);
}

int sp_need_add_netdb(struct sp_needs *n, struct sp_err *err)
{
	return sp_need_path(n, "/etc/services", NULL, err) ||
	       sp_need_path(n, "/etc/protocols", NULL, err) ||
	       sp_need_path(n, "/etc/networks", NULL, err) ? -1 : 0;
}

/* GLib reads what was compiled of the shared database; Go the source of it (mime.typeFiles,
 * globs2), and the other if that is not there. */
int sp_need_add_mime(struct sp_needs *n, struct sp_err *err)
{
	bool glib = sp_need_shown(n, SP_SIGN_IMPORT, "g_content_type_guess");

	if (glib && sp_need_path(n, "/usr/share/mime/mime.cache", NULL, err))
		return -1;
	if (glib && !sp_need_shown(n, SP_SIGN_GO, "mime.loadMimeFile"))
		return 0;
	return sp_need_path(n, "/usr/share/mime/globs2", NULL, err) ||
	       sp_need_path(n, "/etc/mime.types", NULL, err) ? -1 : 0;
}

/* getaddrinfo(3) opens it for AI_IDN and for names beyond ASCII. */
int sp_need_add_idn(struct sp_needs *n, struct sp_err *err)
{
	return glibc(n) ? sp_need_library(n, "libidn2.so.0", NULL, err) : 0;
}
