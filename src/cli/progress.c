/*
 * Progress: a bar with a rate on a terminal, plain lines elsewhere, nothing when
 * that was asked for.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define REDRAW_NS 100000000LL	/* ten times a second is as often as one can see */
#define BAR_WIDTH 24

static struct {
	bool on, bar, verbose, drawn;
	char phase[16];
	long long began, drew;
} state;

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

void cli_progress_init(const struct cli *cli)
{
	const char *term = getenv("TERM");
	bool terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;

	state.on = !cli->quiet && cli->progress != CLI_NONE;
	state.verbose = cli->verbose;
	state.bar = terminal && cli->progress == CLI_AUTO;
}

void cli_progress_done(void)
{
	if (state.drawn)
		fputs("\r\033[K", stderr);
	state.drawn = false;
}

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

static void draw(const struct sp_progress *p, long long now)
{
	char done[16], rate[16], line[160], bar[BAR_WIDTH + 1];
	double seconds = (double)(now - state.began) / 1e9;
	uint64_t filled = p->total ? p->done * BAR_WIDTH / p->total : 0;

	for (uint64_t i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < filled ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	cli_size(done, sizeof(done), (int64_t)p->done);
	cli_size(rate, sizeof(rate),
		 seconds > 0.05 ? (int64_t)((double)p->done / seconds) : 0);
	if (p->total)
		snprintf(line, sizeof(line), "%s [%s] %3" PRIu64 "%% %s %s/s", p->phase, bar,
			 p->done * 100 / p->total, done, rate);
	else
		snprintf(line, sizeof(line), "%s %s", p->phase, p->done ? done : "");
	fprintf(stderr, "\r\033[K%.*s", (int)(columns() - 1), line);
	fflush(stderr);
	state.drawn = true;
	state.drew = now;
}

/* A plain line when something begins that may take a while. */
static void say_phase(const struct sp_progress *p)
{
	char total[16];

	if (p->total)
		cli_say("%s %s", p->phase, cli_size(total, sizeof(total), (int64_t)p->total));
	else if (state.verbose && p->item)
		cli_say("%s %s", p->phase, p->item);
}

void cli_progress(void *ctx, const struct sp_progress *p)
{
	(void)ctx;
	if (!state.on)
		return;
	long long now = now_ns();
	bool fresh = strncmp(state.phase, p->phase, sizeof(state.phase) - 1) != 0;

	if (fresh) {
		snprintf(state.phase, sizeof(state.phase), "%s", p->phase);
		state.began = now;
		if (!state.bar)
			say_phase(p);
	}
	/* a fast run shows no bar at all, rather than one that flashes */
	if (state.bar && now - state.began > REDRAW_NS && now - state.drew > REDRAW_NS)
		draw(p, now);
}
