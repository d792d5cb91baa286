/*
 * What sources and destinations are told, made from the options of a job: the
 * one place that does so.
 */
#include "api/build.h"
#include "elf/platform.h"

const struct sp_transport_options *sp_job_transport(struct scratchpack *job)
{
	const struct sp_options *o = &job->options;
	struct sp_platform host = sp_platform_host();

	job->registry = (struct sp_registry_options){
		.env = o->host_env.items, .env_nr = o->host_env.items_nr,
	};
	job->transport = (struct sp_transport_options){
		.temp_dir = o->temp_dir, .docker_host = o->docker_host,
		.host_os = host.os, .host_arch = host.arch, .stdout_fd = 1,
		.cancelled = &job->cancelled, .progress = job->progress,
		.progress_ctx = job->progress_ctx, .registry = &job->registry,
	};
	return &job->transport;
}
