/*
 * Values of options that have a grammar of their own.
 */
#include "api/values.h"

#include <string.h>

#include "image/json.h"

#define TIME_MAX INT64_C(253402300799)	/* 9999-12-31T23:59:59Z */

int sp_value_pair(const char *option, const char *value, struct sp_err *err)
{
	if (value[0] == '=' || !strchr(value, '='))
		return sp_err_set(err, SP_EUSAGE, "%s %s: expected KEY=VALUE", option, value);
	return 0;
}

/* Decimal digits at *p, no more than 18 of them; false if there are none. */
static bool digits(const char **p, uint64_t *ret)
{
	size_t n = strspn(*p, "0123456789");

	*ret = 0;
	if (!n || n > 18)
		return false;
	for (size_t i = 0; i < n; i++)
		*ret = *ret * 10 + (uint64_t)((*p)[i] - '0');
	*p += n;
	return true;
}

int sp_value_number(const char *option, const char *value, uint64_t max, uint64_t *ret,
		    struct sp_err *err)
{
	const char *p = value;

	if (!digits(&p, ret) || *p || *ret < 1 || *ret > max)
		return sp_err_set(err, SP_EUSAGE, "%s %s: expected a number from 1 to %llu",
				  option, value, (unsigned long long)max);
	return 0;
}

int sp_value_duration(const char *option, const char *value, int64_t *ret,
		      struct sp_err *err)
{
	static const struct { const char *name; uint64_t ns; } units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
		{ "m", UINT64_C(60000000000) }, { "h", UINT64_C(3600000000000) },
	};
	uint64_t sum = 0, n;
	const char *p = value;
	bool good = *p != '\0';

	while (good && *p && strcmp(value, "0") != 0) {
		size_t len, unit = 0;

		good = digits(&p, &n) && n <= 1000000 && sum <= INT64_MAX / 4;
		len = strcspn(p, "0123456789");
		while (unit < 6 && (strlen(units[unit].name) != len ||
				    memcmp(units[unit].name, p, len) != 0))
			unit++;
		good &= unit < 6 && n * units[unit].ns <= INT64_MAX / 2;
		sum += good ? n * units[unit].ns : 0;
		p += len;
	}
	/* docker refuses less than a millisecond, except for 0 */
	if (!good || (sum && sum < 1000000))
		return sp_err_set(err, SP_EUSAGE,
				  "%s %s: expected a time such as 30s, 1m30s or 500ms",
				  option, value);
	*ret = (int64_t)sum;
	return 0;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar, by counting March
 * as the first month, so that the leap day is the last of a year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* Exactly n digits, then the character after them (0: none). */
static bool field(const char **p, int n, char after, int64_t *ret)
{
	*ret = 0;
	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*ret = *ret * 10 + (**p - '0');
	}
	if (after && **p != after)
		return false;
	*p += after != 0;
	return true;
}

static bool zone(const char **p, int64_t *ret_seconds)
{
	int64_t hours, minutes;
	char sign = **p;

	*ret_seconds = 0;
	if (sign == 'Z' || sign == 'z') {
		(*p)++;
		return true;
	}
	if (sign != '+' && sign != '-')
		return false;
	(*p)++;
	if (!field(p, 2, ':', &hours) || !field(p, 2, 0, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_seconds = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return true;
}

static bool rfc3339(const char *p, int64_t *ret)
{
	static const int64_t month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t year, month, day, hour, minute, second, offset;

	if (!field(&p, 4, '-', &year) || !field(&p, 2, '-', &month) ||
	    !field(&p, 2, 0, &day) || (*p != 'T' && *p != 't' && *p != ' '))
		return false;
	p++;
	if (!field(&p, 2, ':', &hour) || !field(&p, 2, ':', &minute) ||
	    !field(&p, 2, 0, &second))
		return false;
	if (*p == '.') {
		size_t fraction = strspn(p + 1, "0123456789");

		if (!fraction)
			return false;
		p += 1 + fraction;
	}
	if (!zone(&p, &offset) || *p || month < 1 || month > 12 || day < 1 ||
	    day > month_days[month - 1] || hour > 23 || minute > 59 || second > 60)
		return false;
	if (month == 2 && day == 29 && (year % 4 || (year % 100 == 0 && year % 400)))
		return false;
	*ret = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
	return true;
}

int sp_value_time(const char *option, const char *value, int64_t *ret, struct sp_err *err)
{
	const char *p = value;
	uint64_t seconds;
	int64_t t;

	if (digits(&p, &seconds) && !*p)
		t = (int64_t)seconds;
	else if (!rfc3339(value, &t))
		return sp_err_set(err, SP_EUSAGE,
				  "%s %s: expected seconds since 1970 or a time such as 2024-05-01T12:00:00Z",
				  option, value);
	if (t < 0 || t > TIME_MAX)
		return sp_err_set(err, SP_EUSAGE,
				  "%s %s: expected a time from 1970 to 9999", option, value);
	*ret = t;
	return 0;
}

int sp_value_words(const char *option, struct sp_strings *list, struct sp_arena *arena,
		   const char *value, struct sp_err *err)
{
	sp_autojson struct sp_json *doc = NULL;

	if (value[0] != '[') {
		if (!*value)
			return sp_err_set(err, SP_EUSAGE, "%s is empty", option);
		sp_strings_add(list, arena, value);
		return 0;
	}
	if (sp_json_parse(value, strlen(value), &doc, err)) {
		err->code = SP_EUSAGE;
		return sp_err_wrap(err, "%s %s", option, value);
	}
	for (const struct sp_json *i = sp_json_first(doc); i; i = sp_json_next(i)) {
		if (!sp_json_str(i, NULL))
			return sp_err_set(err, SP_EUSAGE,
					  "%s %s: expected a JSON array of strings", option, value);
		sp_strings_add(list, arena, sp_json_str(i, NULL));
	}
	if (!sp_json_len(doc))
		return sp_err_set(err, SP_EUSAGE, "%s %s: the list is empty", option, value);
	return 0;
}

int sp_value_ports(const char *option, struct sp_options *o, const char *value,
		   struct sp_err *err)
{
	const char *p = value, *proto = "tcp";
	uint64_t first, last;

	if (!digits(&p, &first))
		goto bad;
	last = first;
	if (*p == '-') {
		p++;
		if (!digits(&p, &last))
			goto bad;
	}
	if (*p == '/')
		proto = p + 1;
	else if (*p)
		goto bad;
	if ((strcmp(proto, "tcp") && strcmp(proto, "udp") && strcmp(proto, "sctp")) ||
	    first < 1 || last > 65535 || first > last)
		goto bad;
	/* a range has no port twice: only what was there before can be the same */
	size_t before = o->ports.items_nr;
	for (uint64_t port = first; port <= last; port++) {
		const char *item = sp_arena_strf(&o->arena, "%u/%s", (unsigned)port, proto);
		bool known = false;

		for (size_t i = 0; i < before; i++)
			known |= strcmp(o->ports.items[i], item) == 0;
		if (!known)
			sp_strings_add(&o->ports, &o->arena, item);
	}
	return 0;
bad:
	return sp_err_set(err, SP_EUSAGE,
			  "%s %s: expected PORT, FIRST-LAST, each with /tcp, /udp or /sctp, from 1 to 65535",
			  option, value);
}

int sp_value_signal(const char *option, struct sp_options *o, const char *value,
		    struct sp_err *err)
{
	static const char *const names[] = {
		"HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "IOT", "BUS", "FPE", "KILL",
		"USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT",
		"STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
		"WINCH", "IO", "POLL", "PWR", "SYS",
	};
	const char *name = strncmp(value, "SIG", 3) == 0 ? value + 3 : value, *p = value;
	uint64_t n;

	if (digits(&p, &n) && !*p && n >= 1 && n <= 64) {
		o->stop_signal = sp_arena_strdup(&o->arena, value);
		return 0;
	}
	bool known = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		known |= strcmp(names[i], name) == 0;
	if (strncmp(name, "RTMIN", 5) == 0 || strncmp(name, "RTMAX", 5) == 0) {
		char sign = name[4] == 'N' ? '+' : '-';

		p = name + 6;
		known = !name[5] || (name[5] == sign && digits(&p, &n) && !*p && n <= 30);
	}
	if (!known)
		return sp_err_set(err, SP_EUSAGE,
				  "%s %s: expected a signal such as SIGTERM, SIGRTMIN+3 or 15",
				  option, value);
	o->stop_signal = sp_arena_strf(&o->arena, "SIG%s", name);
	return 0;
}

int sp_value_healthcheck(struct sp_options *o, const char *value, struct sp_err *err)
{
	struct sp_strings *test = &o->healthcheck.test;

	test->items_nr = 0;
	o->healthcheck.set = true;
	if (strcmp(value, "NONE") == 0) {
		sp_strings_add(test, &o->arena, "NONE");
		return 0;
	}
	sp_strings_add(test, &o->arena, "CMD");
	if (value[0] == '[')
		return sp_value_words("--healthcheck", test, &o->arena, value, err);
	for (const char *p = value; *p;) {
		p += strspn(p, " \t");
		size_t len = strcspn(p, " \t");

		if (len)
			sp_strings_add(test, &o->arena, sp_arena_strndup(&o->arena, p, len));
		p += len;
	}
	if (test->items_nr == 1)
		return sp_err_set(err, SP_EUSAGE, "--healthcheck is empty; expected a command or NONE");
	return 0;
}
