/*
 * Places: the tables.  They follow the file system hierarchy standard (FHS 3.0) and the
 * specifications of freedesktop.org, not a distribution.
 */
#include "rootfs/places.h"

#include <stddef.h>
#include <string.h>

#include "base/path.h"

/* Below /etc: what tells one machine from another, and who may use it. */
static const char *const machine[] = {
	"passwd*", "group*", "shadow*", "gshadow*", "subuid*", "subgid*", "sudoers*",
	"hosts", "hosts.*", "hostname", "host.conf", "resolv.conf", "nsswitch.conf",
	"machine-id", "machine-info", "mtab", "fstab", "crypttab", "exports", "exports.d",
	"adjtime", "localtime", "timezone", "ld.so.*", "issue*", "motd*", "os-release",
	"*_version", "*-release", "securetty", "shells", "default", "sysconfig", "init.d",
	"rc?.d", "inittab", "cron*", "anacrontab", "at.deny", "at.allow", "alternatives",
	"environment*", "profile*", "skel", "bash.bashrc", "network", "networks",
	"NetworkManager", "netplan", "wpa_supplicant", "apt", "dpkg", "yum*", "dnf", "docker",
	"containerd", "containers", "kubernetes", "letsencrypt", "cups", "systemd", "udev",
	"selinux", "apparmor*", "audit*", "dbus-1", "polkit-1", "xdg", "modprobe.d", "modules*",
	"sysctl*", "kernel", "grub.d", "initramfs-tools", "tmpfiles.d", "sysusers.d", "binfmt.d",
	"logrotate*", "X11", "opensc", "pkcs11", "aliases", "mail", "mailname", "krb5.keytab", "krb5kdc", "ethers", "samba",
	"iscsi", "lvm", "mdadm*", "multipath*", "firewalld", "iptables", "nftables*",
	/* other needs see to these */
	"ssl", "pki", "ca-certificates*", "services", "protocols", "rpc", "mime.types", "magic*",
	"pam.d", "pam.conf", "fonts", "terminfo",
};

/* Below a lib or share directory: of the system itself, or another need's. */
static const char *const system_dirs[] = {
	"debug", "modules", "firmware", "systemd", "udev", "dpkg", "apt", "tmpfiles.d",
	"sysusers.d", "binfmt.d", "sysctl.d", "modprobe.d", "modprobe.d", "modules-load.d",
	"environment.d", "kernel", "kernels", "init", "lsb", "os-release", "pkgconfig", "cmake",
	"locale", "zoneinfo*", "terminfo", "tabset", "gconv", "ssl", "engines-*", "ossl-modules",
	"ca-certificates*", "fontconfig", "doc", "doc-base", "man", "info", "lintian", "bug",
	"common-licenses", "licenses", "bash-completion", "menu", "reportbug", "selinux",
	"file", "pam.d", "security", "pam-configs", "factory", "python-wheels", "sensible-utils",
};

/* ...and everybody's: many packages put files there. */
static const char *const shared_trees[] = {
	"icons", "fonts", "themes", "sounds", "pixmaps", "applications", "mime", "help",
	"gtk-doc", "metainfo", "appdata", "wallpapers", "backgrounds", "javadoc",
	"perl5", "dist-packages", "site-packages", "node_modules", "dbus-1", "polkit-1",
	"glib-2.0", "gir-1.0", "girepository-1.0", "vala", "aclocal",
};

/* ...and drivers of devices: graphics, video, tokens and cards. */
static const char *const device_trees[] = {
	"dri", "vdpau", "gallium-pipe", "libv4l*", "pkcs11", "p11-kit", "pcsc", "opensc", "hal",
};

/* ...and directories of which a file or directory inside may be a program's own. */
static const char *const shared_dirs[] = {
	"misc", "dict", "X11", "java", "jvm", "php", "python3", "nodejs",
	"xml", "sgml", "keyrings", "games", "cups", "mozilla", "cgi-bin",
	"xdg", "gettext",
};

/* Libraries that others open to ask for the policies of the machine: SELinux, TPM. */
static const char *const machine_libraries[] = { "libsepol.so*", "libtss2-*.so*" };

static bool in(const char *const *globs, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (sp_path_match(globs[i], name))
			return true;
	return false;
}
#define IN(table, name) in(table, sizeof(table) / sizeof(*(table)), name)

/* The rest of path behind the directory dir and its slash, or NULL. */
static const char *behind(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

/* "x86_64-linux-gnu", "lib" is followed by one of these where several machines share. */
static bool is_tuple(const char *name)
{
	return strstr(name, "-linux-") || strstr(name, "-linux.");
}

static const char *const bases[] = {
	"/usr/share", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libexec", "/lib",
	"/lib64", "/lib32", "/usr/local/share", "/usr/local/lib", "/usr/local/lib64",
	"/usr/local/libexec", "/opt",
};

/* What path has behind the directory for everybody's data or libraries, or NULL. */
static const char *behind_base(const char *path)
{
	const char *rest = NULL;

	for (size_t i = 0; !rest && i < sizeof(bases) / sizeof(*bases); i++)
		rest = behind(path, bases[i]);
	return rest;
}

/* The first component of rest as a string in buf, and what is behind it. */
static const char *first(const char *rest, char buf[SP_NAME_LIMIT + 1])
{
	size_t len = strcspn(rest, "/");

	if (len > SP_NAME_LIMIT)
		len = SP_NAME_LIMIT;
	memcpy(buf, rest, len);
	buf[len] = '\0';
	rest += len;
	return *rest == '/' ? rest + 1 : NULL;
}

static bool is_program_dir(const char *path)
{
	static const char *const dirs[] = { "/bin", "/sbin", "/usr/bin", "/usr/sbin",
					    "/usr/local/bin", "/usr/local/sbin", "/usr/games" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		if (behind(path, dirs[i]))
			return true;
	return false;
}

enum sp_place sp_place_of(const char *path)
{
	char name[SP_NAME_LIMIT + 1];
	const char *rest = behind(path, "/etc"), *deeper;

	if (!rest)
		rest = behind(path, "/usr/local/etc");
	if (rest) {
		first(rest, name);
		return IN(machine, name) ? SP_PLACE_NONE : SP_PLACE_OWN;
	}
	if (is_program_dir(path))
		return SP_PLACE_PROGRAM;
	/* what was computed when it was installed; its directory is where more will be */
	rest = behind(path, "/var/cache");
	if (rest)
		return first(rest, name) && !IN(system_dirs, name) ? SP_PLACE_OWN :
								      SP_PLACE_NONE;
	/* also in a home of its own, "/usr/lib/app/bin" */
	const char *base = sp_path_basename(path);
	if (strcmp(base, "bin") == 0 || strcmp(base, "sbin") == 0 || strcmp(base, "man") == 0 ||
	    strcmp(base, "include") == 0)
		return SP_PLACE_NONE;
	for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++)
		if (strcmp(path, bases[i]) == 0)
			return SP_PLACE_BASE;
	rest = behind_base(path);
	if (!rest)
		return SP_PLACE_NONE;
	deeper = first(rest, name);
	if (is_tuple(name)) {
		if (!deeper)
			return SP_PLACE_BASE;
		deeper = first(deeper, name);
	}
	if (IN(system_dirs, name))
		return SP_PLACE_NONE;
	if (IN(device_trees, name))
		return SP_PLACE_DEVICE;
	if (IN(shared_trees, name) || (!deeper && IN(shared_dirs, name)))
		return SP_PLACE_SHARED;
	return SP_PLACE_OWN;
}

bool sp_place_is_base(const char *path)
{
	char name[SP_NAME_LIMIT + 1];
	const char *rest = behind_base(path);
	enum sp_place place = sp_place_of(path);

	if (place != SP_PLACE_SHARED)
		return place == SP_PLACE_BASE;
	return rest && !first(rest, name) && IN(shared_dirs, name);
}

unsigned sp_place_package(const char *path)
{
	char name[SP_NAME_LIMIT + 1];
	const char *rest = behind(path, "/etc"), *deeper;

	if (sp_place_of(path) != SP_PLACE_OWN)
		return 0;
	if (!rest)
		rest = behind_base(path);
	deeper = rest ? first(rest, name) : NULL;
	if (deeper && is_tuple(name)) {
		rest = deeper;
		deeper = first(rest, name);
	}
	if (deeper && IN(shared_dirs, name)) {
		rest = deeper;
		first(rest, name);
	}
	return rest ? (unsigned)(rest - path + strlen(name)) : 0;
}

bool sp_place_is_public(const struct sp_stat *st)
{
	unsigned wanted = st->type == SP_DIR ? 05 : 04;

	return (st->mode & wanted) == wanted;
}

bool sp_place_is_library(const char *name)
{
	for (const char *so = name; (so = strstr(so, ".so")); so += 3)
		if (so[3] == '\0' || so[3] == '.')
			return true;
	return false;
}

bool sp_place_is_machine_library(const char *name)
{
	return IN(machine_libraries, name);
}

unsigned sp_place_home(const char *path)
{
	const char *rest = behind_base(path), *bin;

	if (!rest)
		return 0;
	bin = strstr(rest, "/bin/");
	if (!bin)
		bin = strrchr(rest, '/');
	if (!bin)
		return 0;
	/* a directory of libraries is nobody's home */
	char name[SP_NAME_LIMIT + 1];
	const char *deeper = first(rest, name);
	if (is_tuple(name) && (!deeper || deeper > bin))
		return 0;
	return (unsigned)(bin - path);
}
