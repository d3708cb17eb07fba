/* judges — the functions behind the table of checks, by room: the ring, the CPUs, the limits of a
 * process, the network. */
#ifndef SQUALL_TOOLS_DOCTOR_JUDGES_H
#define SQUALL_TOOLS_DOCTOR_JUDGES_H

struct finding;
struct host;

void judge_kernel(const struct host *h, struct finding *f);
void judge_ring(const struct host *h, struct finding *f);
void judge_features(const struct host *h, struct finding *f);
void judge_tls(const struct host *h, struct finding *f);

void judge_cpus(const struct host *h, struct finding *f);
void judge_cores(const struct host *h, struct finding *f);
void judge_quota(const struct host *h, struct finding *f);
void judge_governor(const struct host *h, struct finding *f);
void judge_steal(const struct host *h, struct finding *f);
void judge_clock(const struct host *h, struct finding *f);
void judge_timer_slack(const struct host *h, struct finding *f);
void judge_interrupts(const struct host *h, struct finding *f);

void judge_descriptors(const struct host *h, struct finding *f);
void judge_locked_memory(const struct host *h, struct finding *f);
void judge_memory(const struct host *h, struct finding *f);

void judge_ports(const struct host *h, struct finding *f);
void judge_time_wait(const struct host *h, struct finding *f);
void judge_backlog(const struct host *h, struct finding *f);
void judge_tracking(const struct host *h, struct finding *f);

#endif
