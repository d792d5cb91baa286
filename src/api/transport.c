/*
 * What sources and destinations are told, made from the options of a job: the
 * one place that does so.
 */
#include <limits.h>

#include "api/build.h"
#include "elf/platform.h"

/* Of a duration, rounded up, and of a very long one as many as there can be; 0 stays 0. */
static unsigned seconds(int64_t ns)
{
	int64_t s = (ns + 999999999) / 1000000000;

	return s < INT_MAX ? (unsigned)s : INT_MAX;
}

const struct sp_transport_options *sp_job_transport(struct scratchpack *job)
{
	const struct sp_options *o = &job->options;
	struct sp_platform host = sp_platform_host();

	job->registry = (struct sp_registry_options){
		.env = o->host_env.items, .env_nr = o->host_env.items_nr,
		.creds = o->creds.items, .creds_nr = o->creds.items_nr,
		.authfile = o->authfile, .ca_file = o->ca_file, .cert_dir = o->cert_dir,
		.insecure = o->insecure.items, .insecure_nr = o->insecure.items_nr,
		.plain_http = o->plain_http.items, .plain_http_nr = o->plain_http.items_nr,
		.insecure_all = o->tls_any,
		.mount_from = job->mount_from.items, .mount_from_nr = job->mount_from.items_nr,
		.tries = o->tries, .retry_seconds = seconds(o->retry_ns),
		.stall_seconds = seconds(o->stall_ns), .jobs = o->jobs,
		.chunk_size = o->chunk_size, .note = job->note, .note_ctx = job->note_ctx,
		.explain = o->explain_auth,
	};
	job->transport = (struct sp_transport_options){
		.temp_dir = o->temp_dir, .docker_host = o->docker_host,
		.host_os = host.os, .host_arch = host.arch, .stdout_fd = 1,
		.cancelled = &job->cancelled, .progress = job->progress,
		.progress_ctx = job->progress_ctx, .registry = &job->registry,
	};
	return &job->transport;
}
