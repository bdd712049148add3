// SPDX-License-Identifier: GPL-2.0
/*
 * What the dax core tells a device's holder: memory failed, or the device goes.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "internal.h"
#include "notify.h"

/*
 * Take a file's memory away: no mapping and no entry of the mapping tree may refer
 * to the device's pages when this returns, for they cease to exist. Short-lived
 * pins (I/O to or from a mapping) are waited for, without the lock: their owner
 * may be about to fault in the next page, which fails now instead of blocking.
 */
static void famfs_file_kill(struct inode *inode)
{
	int busy;

	WRITE_ONCE(famfs_file(inode)->dead, true);
	for (;;) {
		filemap_invalidate_lock(inode->i_mapping);
		busy = dax_break_layout(inode, 0, LLONG_MAX, NULL);
		filemap_invalidate_unlock(inode->i_mapping);
		if (!busy)
			return;
		msleep(20);
	}
}

/*
 * Kill a file found in the tree of claims. Drops and retakes famfs_claims_lock.
 * The reference on the superblock stands for a mount: without it the last user's
 * unmount could find our reference on the inode.
 *
 * Return: false if the file is about to go by itself, which was waited for.
 */
static bool famfs_file_kill_unlocked(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	unsigned int state = famfs_claims_state();
	bool active = atomic_inc_not_zero(&sb->s_active);

	if (active)
		inode = igrab(inode);
	mutex_unlock(&famfs_claims_lock);
	if (active && inode) {
		famfs_file_kill(inode);
		iput(inode);
	}
	if (active)
		deactivate_super(sb);
	if (!active || !inode)
		famfs_claims_wait(state);
	mutex_lock(&famfs_claims_lock);
	return active && inode;
}

static void famfs_device_kill(struct famfs_device *dev)
{
	struct famfs_map *map;
	u64 offset = 0, next;

	mutex_lock(&famfs_claims_lock);
	WRITE_ONCE(dev->dead, true);	/* from here on, no new claims */
	while ((map = famfs_claim_from(dev, offset, &next)))
		if (READ_ONCE(famfs_file(map->inode)->dead) ||
		    famfs_file_kill_unlocked(map->inode))
			offset = next;
	mutex_unlock(&famfs_claims_lock);
	famfs_stat_add(FAMFS_STAT_DEVICES_REMOVED, 1);
}

static void famfs_device_poison(struct famfs_device *dev, u64 offset, u64 length)
{
	unsigned long index, last;

	if (!length || offset >= dev->size)
		return;
	length = min(length, dev->size - offset);
	last = (offset + length - 1) >> PAGE_SHIFT;
	for (index = offset >> PAGE_SHIFT; index <= last; index++) {
		void *old = xa_store(&dev->poison, index, xa_mk_value(1), GFP_KERNEL);

		if (xa_is_err(old)) {
			pr_warn_ratelimited("%s: cannot remember the memory error at %#lx\n",
					    dev->name, index << PAGE_SHIFT);
		} else if (!old) {
			WRITE_ONCE(dev->nr_poisoned, dev->nr_poisoned + 1);
			famfs_stat_add(FAMFS_STAT_POISONED_PAGES, 1);
		}
	}
}

/*
 * EOPNOTSUPP leaves it to the memory management to unmap a poisoned page and to
 * kill those who have it mapped, which it can: a page belongs to one file.
 */
static int famfs_notify_failure(struct dax_device *dax_dev, u64 offset, u64 length,
				int mf_flags)
{
	struct famfs_device *dev = famfs_device_find_get(dax_dev);
	int ret = -EOPNOTSUPP;

	if (!dev)
		return ret;
	if (mf_flags & MF_MEM_PRE_REMOVE) {
		famfs_device_kill(dev);
		ret = 0;
	} else {
		famfs_device_poison(dev, offset, length);
	}
	famfs_device_put(dev);
	return ret;
}

const struct dax_holder_operations famfs_holder_operations = {
	.notify_failure = famfs_notify_failure,
};
