/*
 * What a directory of a system is to a program that names it: its own, everybody's, or
 * the machine's.
 *
 * Programs have the directories of their data and plugins compiled in, as absolute paths.
 * Whether such a path may go into an image is told by its place in the file hierarchy, not
 * by what the program is called.
 */
#ifndef SP_ROOTFS_PLACES_H
#define SP_ROOTFS_PLACES_H

#include <stdbool.h>

#include "base/root.h"

enum sp_place {
	SP_PLACE_NONE,		/* none of a program's business, or another need's */
	SP_PLACE_BASE,		/* everybody's directory, in which names may be a program's own */
	SP_PLACE_PROGRAM,	/* a program in a directory of programs */
	SP_PLACE_SHARED,	/* what many packages share: documents, icons, fonts */
	SP_PLACE_DEVICE,	/* drivers of devices that the machine may have */
	SP_PLACE_OWN		/* data, plugins, helpers or configuration of one package */
};

/* path is absolute and clean. */
enum sp_place sp_place_of(const char *path);

/* Is it a directory in which a program may have something of its own by one more name:
 * SP_PLACE_BASE, or "/usr/share/misc" and the like? */
bool sp_place_is_base(const char *path);

/* How many bytes of path, which is SP_PLACE_OWN, are the directory (or file) of its package
 * among everybody's: "/usr/share/app" of "/usr/share/app/1.2/data".  0 if it is not. */
unsigned sp_place_package(const char *path);

/* May everybody read it, or list it?  What only some may is the machine's, not the program's. */
bool sp_place_is_public(const struct sp_stat *st);

/* Is this file name one of a library or plugin: "x.so", "libx.so.1"? */
bool sp_place_is_library(const char *name);

/* Does a library of this name only see to the machine's own policies, which are not those
 * of a container? */
bool sp_place_is_machine_library(const char *name);

/* How many bytes of path are the home of a program that has a directory of its own:
 * "/usr/lib/jvm/java-17" of "/usr/lib/jvm/java-17/bin/java", "/opt/app" of
 * "/opt/app/app".  0 for a program in a directory of programs, or elsewhere. */
unsigned sp_place_home(const char *path);

#endif
