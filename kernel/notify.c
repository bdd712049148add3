// SPDX-License-Identifier: GPL-2.0
/*
 * What the dax core tells a device's holder: memory failed, or the device goes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

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
 *
 * Nor may anybody still ask the device for an address: the device is marked dead
 * next, and fsdev_dax, asked in that moment, follows a null pointer (up to 7.3.4; dax_alive()
 * holds, and dax_get_private() then does not). Faults and cache operations look
 * at the mark with the mapping's lock, reads and writes with the inode's.
 */
static void famfs_file_kill(struct inode *inode)
{
	struct famfs_file *file = famfs_file(inode);
	int busy;

	WRITE_ONCE(file->dead, true);
	inode_lock(inode);
	inode_unlock(inode);
	for (;;) {
		filemap_invalidate_lock(inode->i_mapping);
		busy = dax_break_layout(inode, 0, LLONG_MAX, NULL);
		filemap_invalidate_unlock(inode->i_mapping);
		if (!busy)
			break;
		msleep(20);
	}
	WRITE_ONCE(file->abandoned, true);
}

/*
 * Signal those who must know at once that a page is bad (the task that came upon it,
 * and who asked for early signals), and take it from all others, who get theirs
 * when they touch it. The lock lets faults finish that have not seen the mark.
 */
static void famfs_page_kill(struct inode *inode, u64 pos, int mf_flags)
{
	struct address_space *mapping = inode->i_mapping;
	pgoff_t index = pos >> PAGE_SHIFT;

	mf_dax_kill_procs(mapping, index, 1, mf_flags);
	filemap_invalidate_lock(mapping);
	unmap_mapping_pages(mapping, index, 1, false);
	filemap_invalidate_unlock(mapping);
}

/*
 * Keep the inode of a claim over a time without famfs_claims_lock. The reference on
 * the superblock stands for a mount: without it, the last user's unmount could find
 * our reference on the inode. Drops the lock.
 *
 * Return: the inode, or NULL if it is about to go by itself.
 */
static struct inode *famfs_inode_pin_unlock(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	bool active = atomic_inc_not_zero(&sb->s_active);

	if (active)
		inode = igrab(inode);
	mutex_unlock(&famfs_claims_lock);
	if (!active)
		return NULL;
	if (!inode)
		deactivate_super(sb);
	return inode;
}

static void famfs_inode_unpin(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	iput(inode);
	deactivate_super(sb);
}

/*
 * Waits for all pages, inside the dax core's SRCU section: until it returns, no other dax
 * device can change its driver. There is no later moment to wait in, for fsdev_dax resets
 * all folios next, pinned or not. So it is shown.
 */
static void famfs_device_kill(struct famfs_device *dev)
{
	struct famfs_extent *extent;
	u64 offset = 0;

	mutex_lock(&famfs_claims_lock);
	WRITE_ONCE(dev->dead, true);	/* from here on, no new claims */
	WRITE_ONCE(dev->leaving, true);
	while ((extent = famfs_claim_first_after(dev, offset))) {
		u64 next = extent->offset + extent->length;
		struct inode *inode = extent->map->inode;
		unsigned int generation = famfs_claims_generation();

		if (READ_ONCE(famfs_file(inode)->abandoned)) {
			offset = next;
			continue;
		}
		inode = famfs_inode_pin_unlock(inode);
		if (inode) {
			famfs_file_kill(inode);
			famfs_inode_unpin(inode);
			offset = next;
		} else {
			famfs_claims_wait(generation);
		}
		mutex_lock(&famfs_claims_lock);
	}
	WRITE_ONCE(dev->leaving, false);
	mutex_unlock(&famfs_claims_lock);
	/* Before the device can be bound, and attached, again: the name is free for that. */
	famfs_sysfs_device_remove(dev);
	famfs_stat_add(FAMFS_STAT_DEVICES_REMOVED, 1);
}

static void famfs_poison_page(struct famfs_device *dev, u64 offset, int mf_flags)
{
	void *old = xa_store(&dev->poison, offset >> PAGE_SHIFT, xa_mk_value(1),
			     GFP_KERNEL);
	struct famfs_extent *extent;
	struct inode *inode;
	u64 pos;

	if (xa_is_err(old)) {
		pr_warn_ratelimited("%s: cannot remember the memory error at %#llx\n",
				    dev->name, offset);
	} else if (!old) {
		WRITE_ONCE(dev->nr_poisoned, dev->nr_poisoned + 1);
		famfs_stat_add(FAMFS_STAT_POISONED_PAGES, 1);
	}

	mutex_lock(&famfs_claims_lock);
	extent = famfs_claim_first_after(dev, offset);
	if (!extent || extent->offset > offset) {
		mutex_unlock(&famfs_claims_lock);
		return;
	}
	pos = famfs_map_position(extent, offset);
	inode = famfs_inode_pin_unlock(extent->map->inode);
	if (!inode)
		return;
	famfs_page_kill(inode, pos, mf_flags);
	famfs_inode_unpin(inode);
}

static void famfs_device_poison(struct famfs_device *dev, u64 offset, u64 length,
				int mf_flags)
{
	u64 end;

	if (offset >= dev->size)
		return;
	end = offset + min(length, dev->size - offset);
	for (offset = round_down(offset, PAGE_SIZE); offset < end; offset += PAGE_SIZE)
		famfs_poison_page(dev, offset, mf_flags);
}

static int famfs_notify_failure(struct dax_device *dax_dev, u64 offset, u64 length,
				int mf_flags)
{
	struct famfs_device *dev = famfs_device_find_get(dax_dev);

	if (!dev)
		return -EOPNOTSUPP;
	if (mf_flags & MF_MEM_PRE_REMOVE)
		famfs_device_kill(dev);
	else
		famfs_device_poison(dev, offset, length, mf_flags);
	famfs_device_put(dev);
	return 0;
}

const struct dax_holder_operations famfs_holder_operations = {
	.notify_failure = famfs_notify_failure,
};
