/*
 * Modes as chmod(1) has them.
 */
#include "dockerfile/chmod.h"

#include <stdlib.h>
#include <string.h>

#define MODE_MAX 07777

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "01234567")];
}

/* The bits of the classes that stand in front of a sign; *text is behind them then. */
static unsigned read_classes(const char **text)
{
	unsigned bits = 0;

	for (; **text && strchr("ugoa", **text); (*text)++)
		bits |= **text == 'u' ? 04700 : **text == 'g' ? 02070 :
			**text == 'o' ? 01007 : 07777;
	return bits ? bits : 07777;
}

/* What the letters behind a sign mean for all classes; X looks at the mode as it was
 * in the beginning, u g and o at what it is by now. */
static unsigned read_permissions(const char **text, unsigned old, unsigned now, bool dir)
{
	unsigned bits = 0;

	for (;; (*text)++) {
		switch (**text) {
		case 'r':
			bits |= 0444;
			break;
		case 'w':
			bits |= 0222;
			break;
		case 'x':
			bits |= 0111;
			break;
		case 'X':
			bits |= dir || (old & 0111) ? 0111 : 0;
			break;
		case 's':
			bits |= 06000;
			break;
		case 't':
			bits |= 01000;
			break;
		case 'u':
			bits |= 0111 * (now >> 6 & 7);
			break;
		case 'g':
			bits |= 0111 * (now >> 3 & 7);
			break;
		case 'o':
			bits |= 0111 * (now & 7);
			break;
		default:
			return bits;
		}
	}
}

static bool apply(const char *text, unsigned old, bool dir, unsigned *ret)
{
	unsigned now = old;

	for (;;) {
		unsigned classes = read_classes(&text);

		if (!*text || !strchr("+-=", *text))
			return false;
		while (*text && strchr("+-=", *text)) {
			char sign = *text++;
			unsigned bits = read_permissions(&text, old, now, dir) & classes;

			now = sign == '-' ? now & ~bits : sign == '+' ? now | bits :
			      (now & ~classes) | bits;
		}
		if (!*text)
			break;
		if (*text++ != ',')
			return false;
	}
	*ret = now;
	return true;
}

bool sp_chmod_valid(const char *text)
{
	unsigned ignored;

	if (is_number(text))
		return strlen(text) <= 20 && strtoul(text, NULL, 8) <= MODE_MAX;
	return apply(text, 0, false, &ignored);
}

unsigned sp_chmod_apply(const char *text, unsigned old, bool dir)
{
	unsigned mode = old;

	if (is_number(text))
		return (unsigned)strtoul(text, NULL, 8);
	apply(text, old, dir, &mode);
	return mode;
}
