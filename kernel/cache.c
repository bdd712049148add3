// SPDX-License-Identifier: GPL-2.0
/*
 * CPU caches of a file's memory, for hosts that share it without coherence.
 * dax_flush() would do nothing here: it obeys a flag that fsdev_dax leaves unset.
 */
#include <linux/libnvdimm.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "internal.h"

/* Between two of these the device may go, and the caller may be killed. */
#define FAMFS_CACHE_STEP ((u64)SZ_2M)

/* Return: bytes done from @pos on, up to @length; or a negative errno. */
static ssize_t famfs_cache_step(struct famfs_file *file, u64 pos, u64 length, u32 op)
{
	struct famfs_piece piece;
	u64 offset, skip;
	void *address;
	long ret;
	int id;

	if (READ_ONCE(file->dead))
		return -EIO;
	famfs_map_find(file->map, pos, &piece);
	skip = pos - piece.start;
	length = min3(length, piece.length - skip, FAMFS_CACHE_STEP);
	offset = piece.offset + skip;
	/* Up to the next page with a memory error, which must not be touched. */
	skip = offset_in_page(offset);
	length = min(length + skip,
		     famfs_device_healthy(piece.device, offset - skip,
					  PAGE_ALIGN(length + skip)));
	if (!length)
		return -EIO;
	length -= skip;

	id = dax_read_lock();
	ret = dax_direct_access(piece.device->dax_dev, offset >> PAGE_SHIFT,
				PFN_UP(length + skip), DAX_ACCESS, &address, NULL);
	if (ret > 0 && op == FAMFS_DAX_CACHE_WRITEBACK)
		arch_wb_cache_pmem(address + skip, length);
	else if (ret > 0)
		arch_invalidate_pmem(address + skip, length);
	dax_read_unlock(id);
	return ret > 0 ? length : -EIO;
}

/**
 * famfs_cache() - write back or invalidate a range of a file
 * @inode: extent file
 * @arg: as user space passed it
 *
 * Return: 0 or a negative errno; on failure a part may be done.
 */
int famfs_cache(struct inode *inode, const struct famfs_dax_cache *arg)
{
	u64 size = i_size_read(inode);
	u64 pos = arg->offset;
	u64 end;

	if (arg->reserved || arg->op > FAMFS_DAX_CACHE_INVALIDATE ||
	    check_add_overflow(arg->offset, arg->length, &end))
		return -EINVAL;
	if (!IS_ENABLED(CONFIG_ARCH_HAS_PMEM_API))
		return -EOPNOTSUPP;

	end = min(end, size);
	while (pos < end) {
		ssize_t done;

		inode_lock_shared(inode);
		done = famfs_cache_step(famfs_file(inode), pos, end - pos, arg->op);
		inode_unlock_shared(inode);
		if (done < 0)
			return done;
		pos += done;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	/* Writing a line back is ordered by a fence only. */
	wmb();
	return 0;
}
