// SPDX-License-Identifier: GPL-2.0
/*
 * Dax devices this module holds: find one by its open node, become its holder,
 * learn its ranges, let it go.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "internal.h"
#include "notify.h"

/* A dax device made of more pieces than this is refused. */
#define FAMFS_MAX_RANGES 1024

/* One attach at a time: two would race to create the one device. */
static DEFINE_MUTEX(famfs_attach_lock);
/* The list, and the members of a device that say so. */
static DEFINE_MUTEX(famfs_devices_lock);
static LIST_HEAD(famfs_devices);

/*
 * The dax core calls notify_failure() inside its own SRCU section and exports no
 * way to wait for it. Killing a dax device waits for that very SRCU, so one that
 * is never used for anything else serves as the barrier before unloading.
 */
static struct dax_device *famfs_dax_barrier;

/*
 * dax_dev_get() makes an inode for any number it is given, so first make sure
 * that the node belongs to a device of the dax bus. The character device of such
 * a one is a child of that device. Valid while @node is open.
 */
static struct device *famfs_dax_bus_device(const struct file *node)
{
	const struct inode *inode = file_inode(node);
	struct kobject *parent;
	struct device *dev;

	if (!S_ISCHR(inode->i_mode) || (node->f_mode & FMODE_PATH) || !inode->i_cdev)
		return NULL;
	parent = inode->i_cdev->kobj.parent;
	/* All struct device share one type, which the driver core does not export. */
	if (!parent || parent->ktype != platform_bus.kobj.ktype)
		return NULL;
	dev = kobj_to_dev(parent);
	if (dev->devt != inode->i_rdev || !dev->bus || strcmp(dev->bus->name, "dax"))
		return NULL;
	return dev;
}

static bool famfs_can_access(struct famfs_device *dev, u64 page, u64 nr_pages)
{
	return dax_direct_access(dev->dax_dev, page, nr_pages, DAX_ACCESS, NULL,
				 NULL) > 0;
}

/*
 * The dax interface does not tell a device's size, only whether a run of pages
 * is there in one piece. Search for the longest run at @page: 0 if none.
 */
static u64 famfs_run_length(struct famfs_device *dev, u64 page)
{
	u64 good = 0, bad = 1;

	while (famfs_can_access(dev, page, bad)) {
		good = bad;
		if (bad > LONG_MAX >> (PAGE_SHIFT + 1))
			return 0;
		bad *= 2;
	}
	while (bad - good > 1) {
		u64 middle = good + (bad - good) / 2;

		if (famfs_can_access(dev, page, middle))
			good = middle;
		else
			bad = middle;
	}
	return good;
}

static int famfs_find_ranges(struct famfs_device *dev)
{
	u64 page = 0, run;
	int id, ret = 0;

	dev->ranges = kvcalloc(FAMFS_MAX_RANGES, sizeof(*dev->ranges), GFP_KERNEL);
	if (!dev->ranges)
		return -ENOMEM;

	id = dax_read_lock();
	while ((run = famfs_run_length(dev, page))) {
		if (dev->nr_ranges == FAMFS_MAX_RANGES) {
			ret = -E2BIG;
			break;
		}
		dev->ranges[dev->nr_ranges].start = page << PAGE_SHIFT;
		page += run;
		dev->ranges[dev->nr_ranges++].end = page << PAGE_SHIFT;
	}
	dax_read_unlock(id);

	dev->size = page << PAGE_SHIFT;
	if (!ret && !dev->size)
		ret = -ENODEV;
	return ret;
}

/**
 * famfs_device_contiguous() - how much of a range is in one physical piece
 * @dev: device
 * @offset: in the device, below its size
 * @length: bytes wanted
 *
 * Return: bytes from @offset on, 1 to @length.
 */
u64 famfs_device_contiguous(const struct famfs_device *dev, u64 offset, u64 length)
{
	unsigned int low = 0, high = dev->nr_ranges;

	while (high - low > 1) {
		unsigned int middle = low + (high - low) / 2;

		if (dev->ranges[middle].start <= offset)
			low = middle;
		else
			high = middle;
	}
	return min(length, dev->ranges[low].end - offset);
}

/**
 * famfs_device_healthy() - how much of a range is free of memory errors
 * @dev: device
 * @offset: in the device, a multiple of the page size
 * @length: bytes wanted
 *
 * Return: bytes from @offset on, 0 to @length.
 */
u64 famfs_device_healthy(struct famfs_device *dev, u64 offset, u64 length)
{
	unsigned long index = offset >> PAGE_SHIFT;
	unsigned long last = (offset + length - 1) >> PAGE_SHIFT;

	if (likely(xa_empty(&dev->poison)))
		return length;
	if (!xa_find(&dev->poison, &index, last, XA_PRESENT))
		return length;
	return ((u64)index << PAGE_SHIFT) - offset;
}

static struct famfs_device *famfs_device_find(const struct dax_device *dax_dev)
{
	struct famfs_device *dev;

	lockdep_assert_held(&famfs_devices_lock);
	list_for_each_entry(dev, &famfs_devices, list)
		if (dev->dax_dev == dax_dev && !READ_ONCE(dev->dead))
			return dev;
	return NULL;
}

/**
 * famfs_device_find_get() - the living device of a dax device
 * @dax_dev: dax device
 *
 * Return: the device with a reference of the caller's, or NULL.
 */
struct famfs_device *famfs_device_find_get(const struct dax_device *dax_dev)
{
	struct famfs_device *dev;

	mutex_lock(&famfs_devices_lock);
	dev = famfs_device_find(dax_dev);
	if (dev)
		dev->references++;
	mutex_unlock(&famfs_devices_lock);
	return dev;
}

void famfs_device_get(struct famfs_device *dev)
{
	mutex_lock(&famfs_devices_lock);
	dev->references++;
	mutex_unlock(&famfs_devices_lock);
}

static void famfs_device_put_locked(struct famfs_device *dev)
{
	lockdep_assert_held(&famfs_devices_lock);
	if (--dev->references)
		return;

	list_del(&dev->list);
	/*
	 * kill_dax() has dropped a dead device's holder, and another may hold it
	 * by now. The lock is kept until the device is free: whoever does not find
	 * it in the list can become the holder at once.
	 */
	if (!dev->dead && dax_holder(dev->dax_dev) == dev)
		fs_put_dax(dev->dax_dev, dev);
	else
		put_dax(dev->dax_dev);
	if (dev->held)
		famfs_stat_add(FAMFS_STAT_DEVICES, -1);
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&dev->claims));
	famfs_sysfs_device_remove(dev);
	xa_destroy(&dev->poison);
	kvfree(dev->ranges);
	kobject_put(&dev->kobj);
}

void famfs_device_put(struct famfs_device *dev)
{
	mutex_lock(&famfs_devices_lock);
	famfs_device_put_locked(dev);
	mutex_unlock(&famfs_devices_lock);
}

/*
 * Become the holder. The device is in the list before, so that a removal at any
 * moment finds it; one that came between the holder and its operations being set
 * has lost us without a word, which shows once the dax device's lock, held over
 * the whole removal, is free.
 */
static int famfs_device_hold(struct famfs_device *dev, struct device *bus_device)
{
	int ret;

	ret = fs_dax_get(dev->dax_dev, dev, &famfs_holder_operations);
	if (ret)
		return ret;
	put_dax(dev->dax_dev);	/* it took a reference of its own */

	device_lock(bus_device);
	if (!bus_device->driver || dax_holder(dev->dax_dev) != dev)
		ret = -ENODEV;
	else
		ret = famfs_find_ranges(dev);
	if (!ret)
		ret = famfs_sysfs_device_add(dev);
	device_unlock(bus_device);
	if (!ret && READ_ONCE(dev->dead))
		ret = -ENODEV;
	return ret;
}

static struct famfs_device *famfs_device_create(struct dax_device *dax_dev,
						struct device *bus_device)
{
	struct famfs_device *dev;
	int ret;

	dev = kzalloc_obj(*dev);
	if (!dev) {
		put_dax(dax_dev);
		return ERR_PTR(-ENOMEM);
	}
	famfs_sysfs_device_init(dev);
	dev->dax_dev = dax_dev;
	dev->references = 1;
	dev->claims = RB_ROOT;
	xa_init(&dev->poison);
	strscpy(dev->name, dev_name(bus_device));

	mutex_lock(&famfs_devices_lock);
	list_add(&dev->list, &famfs_devices);
	mutex_unlock(&famfs_devices_lock);

	ret = famfs_device_hold(dev, bus_device);

	mutex_lock(&famfs_devices_lock);
	if (ret) {
		famfs_device_put_locked(dev);
		dev = ERR_PTR(ret);
	} else {
		dev->held = true;
		famfs_stat_add(FAMFS_STAT_DEVICES, 1);
	}
	mutex_unlock(&famfs_devices_lock);
	return dev;
}

static int famfs_device_count_attachment(struct famfs_device *dev, bool exclusive)
{
	lockdep_assert_held(&famfs_devices_lock);
	/* The caller's reference is one; others are attachments and files. */
	if (dev->exclusive || (exclusive && dev->references > 1))
		return -EBUSY;
	WRITE_ONCE(dev->attachments, dev->attachments + 1);
	WRITE_ONCE(dev->exclusive, exclusive);
	return 0;
}

/**
 * famfs_device_attach() - hold the dax device of a node
 * @node: open descriptor of the device's node
 * @exclusive: for the caller alone
 *
 * Return: the device, with a reference and an attachment that are the caller's.
 */
struct famfs_device *famfs_device_attach(struct file *node, bool exclusive)
{
	struct device *bus_device = famfs_dax_bus_device(node);
	struct dax_device *dax_dev;
	struct famfs_device *dev;
	int ret;

	if (!bus_device)
		return ERR_PTR(-ENOTTY);
	dax_dev = dax_dev_get(bus_device->devt);
	if (!dax_dev)
		return ERR_PTR(-ENODEV);

	mutex_lock(&famfs_attach_lock);
	dev = famfs_device_find_get(dax_dev);
	if (dev)
		put_dax(dax_dev);
	else
		dev = famfs_device_create(dax_dev, bus_device);
	if (!IS_ERR(dev)) {
		mutex_lock(&famfs_devices_lock);
		ret = famfs_device_count_attachment(dev, exclusive);
		if (ret) {
			famfs_device_put_locked(dev);
			dev = ERR_PTR(ret);
		}
		mutex_unlock(&famfs_devices_lock);
	}
	mutex_unlock(&famfs_attach_lock);
	return dev;
}

/**
 * famfs_device_detach() - undo famfs_device_attach()
 * @dev: device
 * @exclusive: as it was attached
 */
void famfs_device_detach(struct famfs_device *dev, bool exclusive)
{
	mutex_lock(&famfs_devices_lock);
	WRITE_ONCE(dev->attachments, dev->attachments - 1);
	if (exclusive)
		WRITE_ONCE(dev->exclusive, false);
	famfs_device_put_locked(dev);
	mutex_unlock(&famfs_devices_lock);
}

/**
 * famfs_device_info() - state of a device
 * @dev: device
 * @info: all but @info->device is filled in
 */
void famfs_device_info(struct famfs_device *dev, struct famfs_dax_device_info *info)
{
	mutex_lock(&famfs_claims_lock);
	mutex_lock(&famfs_devices_lock);
	info->flags = (dev->dead ? FAMFS_DAX_DEVICE_DEAD : 0) |
		      (dev->exclusive ? FAMFS_DAX_DEVICE_EXCLUSIVE : 0);
	info->size = dev->size;
	info->claimed = dev->claimed;
	info->poisoned = READ_ONCE(dev->nr_poisoned);
	info->attachments = dev->attachments;
	mutex_unlock(&famfs_devices_lock);
	mutex_unlock(&famfs_claims_lock);
}

/**
 * famfs_device_list() - all devices as text, one a line
 * @seq: file to write to
 */
void famfs_device_list(struct seq_file *seq)
{
	const struct famfs_device *dev;

	mutex_lock(&famfs_claims_lock);
	mutex_lock(&famfs_devices_lock);
	list_for_each_entry(dev, &famfs_devices, list)
		seq_printf(seq,
			   "%s size=%llu claimed=%llu pinned=%llu attachments=%u exclusive=%u poisoned_pages=%llu state=%s\n",
			   dev->name, dev->size, dev->claimed, dev->pinned,
			   dev->attachments, dev->exclusive, READ_ONCE(dev->nr_poisoned),
			   famfs_device_state_name(dev));
	mutex_unlock(&famfs_devices_lock);
	mutex_unlock(&famfs_claims_lock);
}

/**
 * famfs_devices_init() - prepare
 *
 * Return: 0 or a negative errno.
 */
int famfs_devices_init(void)
{
	famfs_dax_barrier = alloc_dax(NULL, NULL);
	return PTR_ERR_OR_ZERO(famfs_dax_barrier);
}

/* After this, no notify_failure() of ours is running or can start. */
void famfs_devices_exit(void)
{
	WARN_ON(!list_empty(&famfs_devices));
	kill_dax(famfs_dax_barrier);
	put_dax(famfs_dax_barrier);
}
