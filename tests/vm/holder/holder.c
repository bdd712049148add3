// SPDX-License-Identifier: GPL-2.0
/*
 * A test's stand-in for another file system: holds a dax device as long as it is
 * loaded. Loading fails with what fs_dax_get() says.
 */
#include <linux/dax.h>
#include <linux/kdev_t.h>
#include <linux/module.h>

static char *device;
module_param(device, charp, 0);
MODULE_PARM_DESC(device, "MAJOR:MINOR of a dax device");

static struct dax_device *held;
static int holder;

static int holder_notify_failure(struct dax_device *dax_dev, u64 offset, u64 length,
				 int flags)
{
	return -EOPNOTSUPP;
}

static const struct dax_holder_operations holder_operations = {
	.notify_failure = holder_notify_failure,
};

static int __init holder_init(void)
{
	unsigned int major, minor;
	int ret;

	if (!device || sscanf(device, "%u:%u", &major, &minor) != 2)
		return -EINVAL;
	held = dax_dev_get(MKDEV(major, minor));
	if (!held)
		return -ENODEV;
	ret = fs_dax_get(held, &holder, &holder_operations);
	put_dax(held);
	return ret;
}

static void __exit holder_exit(void)
{
	fs_put_dax(held, &holder);
}

module_init(holder_init);
module_exit(holder_exit);

MODULE_DESCRIPTION("Holds a dax device, for tests");
MODULE_LICENSE("GPL");
