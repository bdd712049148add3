// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/fs/famfs_dax/: the version of the interface, the counters, and a directory
 * for each living device, one value a file.
 */
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "internal.h"

static struct kobject *famfs_root;
static struct kobject *famfs_device_directories;

static ssize_t interface_version_show(struct kobject *kobj, struct kobj_attribute *attr,
				      char *buf)
{
	return sysfs_emit(buf, "%u\n", FAMFS_DAX_VERSION);
}

static struct kobj_attribute famfs_interface_version = __ATTR_RO(interface_version);

static struct attribute *famfs_root_attributes[] = {
	&famfs_interface_version.attr,
	NULL,
};

static const struct attribute_group famfs_root_group = {
	.attrs = famfs_root_attributes,
};

static const struct attribute_group *famfs_root_groups[] = {
	&famfs_root_group,
	&famfs_stat_group,
	NULL,
};

/*
 * Showing a value takes no lock: a directory is removed with locks held, and that
 * waits for whoever reads a file of it.
 */
#define FAMFS_DEVICE_ATTRIBUTE(_name, _format, _value)				\
static ssize_t _name##_show(struct kobject *kobj, struct kobj_attribute *attr,	\
			    char *buf)						\
{										\
	const struct famfs_device *dev =					\
		container_of(kobj, struct famfs_device, kobj);			\
										\
	return sysfs_emit(buf, _format "\n", _value);				\
}										\
static struct kobj_attribute famfs_device_##_name = __ATTR_RO_MODE(_name, 0400)

FAMFS_DEVICE_ATTRIBUTE(size, "%llu", dev->size);
FAMFS_DEVICE_ATTRIBUTE(claimed, "%llu", READ_ONCE(dev->claimed));
FAMFS_DEVICE_ATTRIBUTE(pinned, "%llu", READ_ONCE(dev->pinned));
FAMFS_DEVICE_ATTRIBUTE(attachments, "%u", READ_ONCE(dev->attachments));
FAMFS_DEVICE_ATTRIBUTE(exclusive, "%u", READ_ONCE(dev->exclusive));
FAMFS_DEVICE_ATTRIBUTE(poisoned_pages, "%llu", READ_ONCE(dev->nr_poisoned));
FAMFS_DEVICE_ATTRIBUTE(state, "%s", famfs_device_state_name(dev));

static struct attribute *famfs_device_attrs[] = {
	&famfs_device_size.attr,
	&famfs_device_claimed.attr,
	&famfs_device_pinned.attr,
	&famfs_device_attachments.attr,
	&famfs_device_exclusive.attr,
	&famfs_device_poisoned_pages.attr,
	&famfs_device_state.attr,
	NULL,
};
ATTRIBUTE_GROUPS(famfs_device);

static void famfs_device_free(struct kobject *kobj)
{
	kfree(container_of(kobj, struct famfs_device, kobj));
}

static const struct kobj_type famfs_device_ktype = {
	.release = famfs_device_free,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = famfs_device_groups,
};

/**
 * famfs_sysfs_device_init() - make a device one that can have a directory
 * @dev: zeroed device; from here on kobject_put() of its kobj frees it
 */
void famfs_sysfs_device_init(struct famfs_device *dev)
{
	kobject_init(&dev->kobj, &famfs_device_ktype);
}

/**
 * famfs_sysfs_device_add() - show a device
 * @dev: device whose directory was never added
 *
 * Context: the lock of the dax device is held, so that its removal comes later.
 * Return: 0 or a negative errno.
 */
int famfs_sysfs_device_add(struct famfs_device *dev)
{
	return kobject_add(&dev->kobj, famfs_device_directories, "%s", dev->name);
}

/**
 * famfs_sysfs_device_remove() - show a device no more
 * @dev: device; nothing is done if it is not shown
 *
 * Context: any of the module's locks may be held. Not to be called twice at a time.
 */
void famfs_sysfs_device_remove(struct famfs_device *dev)
{
	if (dev->kobj.state_in_sysfs)
		kobject_del(&dev->kobj);
}

int famfs_sysfs_init(void)
{
	int ret = -ENOMEM;

	famfs_root = kobject_create_and_add("famfs_dax", fs_kobj);
	if (!famfs_root)
		return -ENOMEM;
	famfs_device_directories = kobject_create_and_add("devices", famfs_root);
	if (!famfs_device_directories)
		goto err_root;
	ret = sysfs_create_groups(famfs_root, famfs_root_groups);
	if (ret)
		goto err_directories;
	return 0;

err_directories:
	kobject_put(famfs_device_directories);
err_root:
	kobject_put(famfs_root);
	return ret;
}

void famfs_sysfs_exit(void)
{
	sysfs_remove_groups(famfs_root, famfs_root_groups);
	kobject_put(famfs_device_directories);
	kobject_put(famfs_root);
}
