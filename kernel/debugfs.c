// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/famfs_dax/devices: all devices in a table, those too that are gone
 * but of which files live. For people; programs read sysfs.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "internal.h"

static struct dentry *famfs_debugfs;

static int famfs_devices_show(struct seq_file *seq, void *unused)
{
	famfs_device_list(seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(famfs_devices);

/* Not there is not an error, as usual for debugfs. */
void famfs_debugfs_init(void)
{
	famfs_debugfs = debugfs_create_dir("famfs_dax", NULL);
	debugfs_create_file("devices", 0400, famfs_debugfs, NULL, &famfs_devices_fops);
}

void famfs_debugfs_exit(void)
{
	debugfs_remove(famfs_debugfs);
}
