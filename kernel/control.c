// SPDX-License-Identifier: GPL-2.0
/*
 * The control node: attach devices, make files.
 */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

struct famfs_attachment {
	struct famfs_device *device;	/* NULL: number is free */
	bool exclusive;
	bool writable;
};

struct famfs_control {
	struct mutex lock;		/* of attachments */
	struct famfs_attachment attachments[FAMFS_DAX_MAX_DEVICES];
};

int famfs_copy_in(void *to, size_t size, unsigned int cmd, const void __user *from)
{
	return copy_struct_from_user(to, size, from, _IOC_SIZE(cmd));
}

int famfs_copy_out(void __user *to, unsigned int cmd, const void *from, size_t size)
{
	return copy_struct_to_user(to, _IOC_SIZE(cmd), from, size, NULL);
}

static int famfs_control_open(struct inode *inode, struct file *filp)
{
	struct famfs_control *control;
	int ret;

	control = kzalloc_obj(*control, GFP_KERNEL_ACCOUNT);
	if (!control)
		return -ENOMEM;
	ret = famfs_mount_pin();
	if (ret) {
		kfree(control);
		return ret;
	}
	mutex_init(&control->lock);
	filp->private_data = control;
	return nonseekable_open(inode, filp);
}

static void famfs_attachment_close(struct famfs_attachment *attachment)
{
	famfs_device_detach(attachment->device, attachment->exclusive);
	memset(attachment, 0, sizeof(*attachment));
}

static int famfs_control_release(struct inode *inode, struct file *filp)
{
	struct famfs_control *control = filp->private_data;

	for (unsigned int i = 0; i < FAMFS_DAX_MAX_DEVICES; i++)
		if (control->attachments[i].device)
			famfs_attachment_close(&control->attachments[i]);
	famfs_mount_unpin();
	kfree(control);
	return 0;
}

/* The attachment of a user's number, or NULL. */
static struct famfs_attachment *famfs_attachment(struct famfs_control *control,
						 u32 number)
{
	struct famfs_attachment *attachment;

	lockdep_assert_held(&control->lock);
	if (number >= FAMFS_DAX_MAX_DEVICES)
		return NULL;
	attachment = &control->attachments[array_index_nospec(number,
							      FAMFS_DAX_MAX_DEVICES)];
	return attachment->device ? attachment : NULL;
}

static long famfs_ioctl_info(unsigned int cmd, void __user *user)
{
	const struct famfs_dax_info info = {
		.version = FAMFS_DAX_VERSION,
		.granule = PAGE_SIZE,
		.max_devices = FAMFS_DAX_MAX_DEVICES,
		.max_extents = FAMFS_DAX_MAX_EXTENTS,
		.max_strips = FAMFS_DAX_MAX_STRIPS,
		.caps = IS_ENABLED(CONFIG_ARCH_HAS_PMEM_API) ? FAMFS_DAX_CAP_CACHE : 0,
	};

	return famfs_copy_out(user, cmd, &info, sizeof(info));
}

/* Return: the number of the new attachment, or a negative errno. */
static int famfs_attach(struct famfs_control *control, struct file *node, u32 flags)
{
	bool exclusive = flags & FAMFS_DAX_ATTACH_EXCLUSIVE;
	struct famfs_attachment *attachments = control->attachments;
	struct famfs_device *dev;
	int number = -1;

	dev = famfs_device_attach(node, exclusive);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	for (int i = FAMFS_DAX_MAX_DEVICES - 1; i >= 0; i--) {
		if (attachments[i].device == dev) {
			famfs_device_detach(dev, exclusive);
			return -EEXIST;
		}
		if (!attachments[i].device)
			number = i;
	}
	if (number < 0) {
		famfs_device_detach(dev, exclusive);
		return -ENOSPC;
	}
	attachments[number].device = dev;
	attachments[number].exclusive = exclusive;
	attachments[number].writable = node->f_mode & FMODE_WRITE;
	return number;
}

static long famfs_ioctl_attach(struct famfs_control *control, unsigned int cmd,
			       void __user *user)
{
	struct famfs_dax_attach arg;
	struct file *node;
	int number, ret;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	ret = famfs_copy_in(&arg, sizeof(arg), cmd, user);
	if (ret)
		return ret;
	if ((arg.flags & ~FAMFS_DAX_ATTACH_EXCLUSIVE) || arg.reserved || arg.device ||
	    arg.size)
		return -EINVAL;
	node = fget(arg.fd);
	if (!node)
		return -EBADF;

	mutex_lock(&control->lock);
	number = famfs_attach(control, node, arg.flags);
	if (number < 0) {
		ret = number;
		goto out;
	}
	arg.device = number;
	arg.size = control->attachments[number].device->size;
	ret = famfs_copy_out(user, cmd, &arg, sizeof(arg));
	if (ret)
		famfs_attachment_close(&control->attachments[number]);
out:
	mutex_unlock(&control->lock);
	fput(node);
	return ret;
}

static long famfs_ioctl_detach(struct famfs_control *control, unsigned int cmd,
			       void __user *user)
{
	struct famfs_attachment *attachment;
	struct famfs_dax_detach arg;
	int ret;

	ret = famfs_copy_in(&arg, sizeof(arg), cmd, user);
	if (ret)
		return ret;
	if (arg.reserved)
		return -EINVAL;

	mutex_lock(&control->lock);
	attachment = famfs_attachment(control, arg.device);
	if (attachment)
		famfs_attachment_close(attachment);
	else
		ret = -EINVAL;
	mutex_unlock(&control->lock);
	return ret;
}

struct famfs_lookup {
	struct famfs_control *control;
	bool write;
};

static struct famfs_device *famfs_lookup_device(void *context, u32 number)
{
	const struct famfs_lookup *lookup = context;
	const struct famfs_attachment *attachment =
		famfs_attachment(lookup->control, number);

	if (!attachment)
		return ERR_PTR(-EINVAL);
	if (lookup->write && !attachment->writable)
		return ERR_PTR(-EACCES);
	return attachment->device;
}

/* Context: control->lock is held, which keeps the devices. */
static struct file *famfs_create(struct famfs_control *control,
				 const struct famfs_dax_create *arg)
{
	bool write = !(arg->flags & FAMFS_DAX_CREATE_RDONLY);
	struct famfs_lookup lookup = { .control = control, .write = write };
	struct famfs_map *map;

	map = famfs_map_create(arg, famfs_lookup_device, &lookup);
	if (IS_ERR(map))
		return ERR_CAST(map);
	return famfs_file_create(map, (write ? O_RDWR : O_RDONLY) | O_LARGEFILE,
				 arg->flags & FAMFS_DAX_CREATE_SHARE);
}

static long famfs_ioctl_create(struct famfs_control *control, unsigned int cmd,
			       void __user *user)
{
	struct famfs_dax_create arg;
	struct file *filp;
	int ret, fd;

	ret = famfs_copy_in(&arg, sizeof(arg), cmd, user);
	if (ret)
		return ret;
	if (arg.flags & ~(FAMFS_DAX_CREATE_RDONLY | FAMFS_DAX_CREATE_SHARE))
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;

	mutex_lock(&control->lock);
	filp = famfs_create(control, &arg);
	mutex_unlock(&control->lock);
	if (IS_ERR(filp)) {
		put_unused_fd(fd);
		return PTR_ERR(filp);
	}
	fd_install(fd, filp);
	return fd;
}

static long famfs_ioctl_device_info(struct famfs_control *control, unsigned int cmd,
				    void __user *user)
{
	const struct famfs_attachment *attachment;
	struct famfs_dax_device_info info;
	u32 number;
	int ret;

	ret = famfs_copy_in(&info, sizeof(info), cmd, user);
	if (ret)
		return ret;
	number = info.device;
	info.device = 0;
	if (memchr_inv(&info, 0, sizeof(info)))
		return -EINVAL;
	info.device = number;

	mutex_lock(&control->lock);
	attachment = famfs_attachment(control, number);
	if (attachment) {
		famfs_device_info(attachment->device, &info);
		if (!attachment->writable)
			info.flags |= FAMFS_DAX_DEVICE_RDONLY;
	}
	mutex_unlock(&control->lock);
	if (!attachment)
		return -EINVAL;
	return famfs_copy_out(user, cmd, &info, sizeof(info));
}

static long famfs_control_ioctl(struct file *filp, unsigned int cmd,
				unsigned long address)
{
	struct famfs_control *control = filp->private_data;
	void __user *user = (void __user *)address;

	if (_IOC_TYPE(cmd) != FAMFS_DAX_IOC_MAGIC)
		return -ENOTTY;
	/* The number carries the structure's size, so it is not compared whole. */
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(FAMFS_DAX_IOC_INFO):
		return famfs_ioctl_info(cmd, user);
	case _IOC_NR(FAMFS_DAX_IOC_ATTACH):
		return famfs_ioctl_attach(control, cmd, user);
	case _IOC_NR(FAMFS_DAX_IOC_DETACH):
		return famfs_ioctl_detach(control, cmd, user);
	case _IOC_NR(FAMFS_DAX_IOC_CREATE):
		return famfs_ioctl_create(control, cmd, user);
	case _IOC_NR(FAMFS_DAX_IOC_DEVICE_INFO):
		return famfs_ioctl_device_info(control, cmd, user);
	default:
		return -ENOTTY;
	}
}

const struct file_operations famfs_control_operations = {
	.owner = THIS_MODULE,
	.open = famfs_control_open,
	.release = famfs_control_release,
	.unlocked_ioctl = famfs_control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
