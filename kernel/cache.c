// SPDX-License-Identifier: GPL-2.0
/*
 * CPU caches of a file's memory, for hosts that share it without coherence.
 * dax_flush() would do nothing here: it obeys a flag that fsdev_dax leaves unset.
 */
#include <linux/libnvdimm.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "internal.h"

/* Between two of these the device may go, and the caller may be killed. */
#define FAMFS_CACHE_STEP ((u64)SZ_2M)

/*
 * Return: bytes done from @pos on, up to @length; or a negative errno, EHWPOISON if the
 * page at @pos has a memory error.
 */
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
		return -EHWPOISON;
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

/*
 * Does what it can of a range that ends inside the file: pages with a memory error are
 * passed over, and make the result EIO.
 */
static int famfs_cache_range(struct inode *inode, u64 pos, u64 end, u32 op)
{
	enum famfs_stat stat = op == FAMFS_DAX_CACHE_WRITEBACK ?
			       FAMFS_STAT_WRITTEN_BACK_BYTES : FAMFS_STAT_INVALIDATED_BYTES;
	struct address_space *mapping = inode->i_mapping;
	int ret = 0;

	while (pos < end) {
		ssize_t done;

		/* Not the inode's lock: a writer holds that as long as its buffer takes. */
		filemap_invalidate_lock_shared(mapping);
		done = famfs_cache_step(famfs_file(inode), pos, end - pos, op);
		filemap_invalidate_unlock_shared(mapping);
		if (done == -EHWPOISON) {
			ret = -EIO;
			pos = round_down(pos, PAGE_SIZE) + PAGE_SIZE;
			continue;
		}
		if (done < 0)
			return done;
		famfs_stat_add(stat, done);
		pos += done;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	/* Writing a line back is ordered by a fence only. */
	wmb();
	return ret;
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
	u64 end;

	if (arg->reserved || arg->op > FAMFS_DAX_CACHE_INVALIDATE ||
	    check_add_overflow(arg->offset, arg->length, &end))
		return -EINVAL;
	if (!IS_ENABLED(CONFIG_ARCH_HAS_PMEM_API))
		return -EOPNOTSUPP;
	return famfs_cache_range(inode, arg->offset, min_t(u64, end, i_size_read(inode)), arg->op);
}

/**
 * famfs_write_back() - write a range's dirty lines back
 * @inode: extent file
 * @pos: in the file
 * @length: bytes; the range is cut at the end of the file
 *
 * Where the architecture cannot do it (the ioctl says so), nothing is done.
 *
 * Return: 0 or a negative errno; on failure a part may be done.
 */
int famfs_write_back(struct inode *inode, u64 pos, u64 length)
{
	u64 end;

	if (!IS_ENABLED(CONFIG_ARCH_HAS_PMEM_API))
		return 0;
	if (check_add_overflow(pos, length, &end))
		end = U64_MAX;
	return famfs_cache_range(inode, pos, min_t(u64, end, i_size_read(inode)),
				 FAMFS_DAX_CACHE_WRITEBACK);
}
