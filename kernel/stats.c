// SPDX-License-Identifier: GPL-2.0
/*
 * Counters, for people: one file each in /sys/fs/famfs_dax/stats/.
 */
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "internal.h"

DEFINE_PER_CPU(struct famfs_stats, famfs_stats);

struct famfs_stat_attribute {
	struct kobj_attribute attribute;
	enum famfs_stat which;
};

static ssize_t famfs_stat_show(struct kobject *kobj, struct kobj_attribute *attr,
			       char *buf)
{
	enum famfs_stat which =
		container_of(attr, struct famfs_stat_attribute, attribute)->which;
	u64 sum = 0;
	int cpu;

	/* One CPU's part may be negative: what is counted up here goes down there. */
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(&famfs_stats, cpu)->count[which]);
	return sysfs_emit(buf, "%llu\n", sum);
}

#define FAMFS_STAT_ATTRIBUTE(_name, _which)				\
static struct famfs_stat_attribute famfs_stat_##_name = {		\
	.attribute = __ATTR(_name, 0444, famfs_stat_show, NULL),	\
	.which = FAMFS_STAT_##_which,					\
}

FAMFS_STAT_ATTRIBUTE(faults_pte, FAULTS_PTE);
FAMFS_STAT_ATTRIBUTE(faults_pmd, FAULTS_PMD);
FAMFS_STAT_ATTRIBUTE(faults_pmd_fallback, FAULTS_PMD_FALLBACK);
FAMFS_STAT_ATTRIBUTE(faults_failed, FAULTS_FAILED);
FAMFS_STAT_ATTRIBUTE(reads, READS);
FAMFS_STAT_ATTRIBUTE(read_bytes, READ_BYTES);
FAMFS_STAT_ATTRIBUTE(writes, WRITES);
FAMFS_STAT_ATTRIBUTE(write_bytes, WRITE_BYTES);
FAMFS_STAT_ATTRIBUTE(written_back_bytes, WRITTEN_BACK_BYTES);
FAMFS_STAT_ATTRIBUTE(invalidated_bytes, INVALIDATED_BYTES);
FAMFS_STAT_ATTRIBUTE(files, FILES);
FAMFS_STAT_ATTRIBUTE(files_pinned, FILES_PINNED);
FAMFS_STAT_ATTRIBUTE(files_created, FILES_CREATED);
FAMFS_STAT_ATTRIBUTE(files_shared, FILES_SHARED);
FAMFS_STAT_ATTRIBUTE(devices, DEVICES);
FAMFS_STAT_ATTRIBUTE(poisoned_pages, POISONED_PAGES);
FAMFS_STAT_ATTRIBUTE(devices_removed, DEVICES_REMOVED);

static struct attribute *famfs_stat_attributes[] = {
	&famfs_stat_faults_pte.attribute.attr,
	&famfs_stat_faults_pmd.attribute.attr,
	&famfs_stat_faults_pmd_fallback.attribute.attr,
	&famfs_stat_faults_failed.attribute.attr,
	&famfs_stat_reads.attribute.attr,
	&famfs_stat_read_bytes.attribute.attr,
	&famfs_stat_writes.attribute.attr,
	&famfs_stat_write_bytes.attribute.attr,
	&famfs_stat_written_back_bytes.attribute.attr,
	&famfs_stat_invalidated_bytes.attribute.attr,
	&famfs_stat_files.attribute.attr,
	&famfs_stat_files_pinned.attribute.attr,
	&famfs_stat_files_created.attribute.attr,
	&famfs_stat_files_shared.attribute.attr,
	&famfs_stat_devices.attribute.attr,
	&famfs_stat_poisoned_pages.attribute.attr,
	&famfs_stat_devices_removed.attribute.attr,
	NULL,
};

const struct attribute_group famfs_stat_group = {
	.name = "stats",
	.attrs = famfs_stat_attributes,
};
