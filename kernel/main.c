// SPDX-License-Identifier: GPL-2.0
/*
 * famfs_dax: regular files that consist of given extents of dax devices.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "internal.h"

static struct miscdevice famfs_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "famfs_dax",
	.mode = 0600,
	.fops = &famfs_control_operations,
	.groups = famfs_attribute_groups,
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
	ret = misc_register(&famfs_misc);
	if (ret)
		goto err_inodes;
	ret = famfs_devices_init(famfs_misc.this_device);
	if (ret)
		goto err_misc;
	return 0;

err_misc:
	misc_deregister(&famfs_misc);
err_inodes:
	famfs_inodes_exit();
	return ret;
}

static void __exit famfs_exit(void)
{
	misc_deregister(&famfs_misc);
	famfs_devices_exit();
	famfs_inodes_exit();
}

module_init(famfs_init);
module_exit(famfs_exit);

MODULE_DESCRIPTION("Regular files that consist of extents of dax devices");
MODULE_AUTHOR("The famfs developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("1");
