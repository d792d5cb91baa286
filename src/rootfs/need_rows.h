/*
 * The functions behind the rows of the table of needs, by file.
 */
#ifndef SP_ROOTFS_NEED_ROWS_H
#define SP_ROOTFS_NEED_ROWS_H

#include "rootfs/needs.h"

/* need_system.c: the C library's own companions */
int sp_need_add_libgcc(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_users(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_tmp(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_netdb(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_mime(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_idn(struct sp_needs *needs, struct sp_err *err);

/* need_accounts.c: the accounts that programs name, into rootfs->named_users */
int sp_need_find_accounts(struct sp_needs *needs, struct sp_err *err);

/* need_nss.c */
int sp_need_add_nss(struct sp_needs *needs, struct sp_err *err);

/* need_pam.c */
int sp_need_add_pam(struct sp_needs *needs, struct sp_err *err);

/* need_languages.c */
int sp_need_add_python(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_shell(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_settings(struct sp_needs *needs, struct sp_err *err);

/* need_tls.c */
int sp_need_add_certificates(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_openssl(struct sp_needs *needs, struct sp_err *err);

/* need_text.c: zones, languages, terminals */
int sp_need_add_zones(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_gconv(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_locales(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_terminfo(struct sp_needs *needs, struct sp_err *err);
int sp_need_add_magic(struct sp_needs *needs, struct sp_err *err);

/* need_dlopen.c: the libraries that the object with this index opens: those among names,
 * with that strength, and those of its .note.dlopen.  What is not there is told if asked
 * for. */
struct sp_names;
SP_CHECKED int sp_need_dlopen(struct sp_needs *needs, struct sp_closure *closure, size_t index,
			      const struct sp_names *names, enum sp_strength strength,
			      bool tell, struct sp_err *err);

/* need_xml.c */
int sp_need_add_xml(struct sp_needs *needs, struct sp_err *err);

/* need_fonts.c */
int sp_need_add_fonts(struct sp_needs *needs, struct sp_err *err);

#endif
