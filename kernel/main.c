// SPDX-License-Identifier: GPL-2.0
/*
 * famfs_dax: regular files that consist of given extents of dax devices.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/stringify.h>

#include "internal.h"

static struct miscdevice famfs_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "famfs_dax",
	.mode = 0600,
	.fops = &famfs_control_operations,
};

static int __init famfs_init(void)
{
	int ret;

	BUILD_BUG_ON(sizeof(struct famfs_dax_info) != 40);
	BUILD_BUG_ON(sizeof(struct famfs_dax_attach) != 24);
	BUILD_BUG_ON(sizeof(struct famfs_dax_detach) != 8);
	BUILD_BUG_ON(sizeof(struct famfs_dax_extent) != 24);
	BUILD_BUG_ON(sizeof(struct famfs_dax_create) != 40);
	BUILD_BUG_ON(sizeof(struct famfs_dax_device_info) != 40);
	BUILD_BUG_ON(sizeof(struct famfs_dax_file_info) != 40);
	BUILD_BUG_ON(sizeof(struct famfs_dax_cache) != 24);

	ret = famfs_inodes_init();
	if (ret)
		return ret;
	ret = famfs_sysfs_init();
	if (ret)
		goto err_inodes;
	ret = famfs_devices_init();
	if (ret)
		goto err_sysfs;
	/* Last: from here on it can be opened. */
	ret = misc_register(&famfs_misc);
	if (ret)
		goto err_devices;
	famfs_debugfs_init();
	pr_info("version %u of the interface\n", FAMFS_DAX_VERSION);
	return 0;

err_devices:
	famfs_devices_exit();
err_sysfs:
	famfs_sysfs_exit();
err_inodes:
	famfs_inodes_exit();
	return ret;
}

static void __exit famfs_exit(void)
{
	famfs_debugfs_exit();
	misc_deregister(&famfs_misc);
	famfs_devices_exit();
	famfs_sysfs_exit();
	famfs_inodes_exit();
}

module_init(famfs_init);
module_exit(famfs_exit);

MODULE_DESCRIPTION("Regular files that consist of extents of dax devices");
MODULE_AUTHOR("The famfs developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(__stringify(FAMFS_DAX_VERSION));
